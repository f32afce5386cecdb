// SPDX-License-Identifier: MIT
#include "os/system_error.h"

#include <gtest/gtest.h>

namespace comar {
namespace {

TEST(SystemErrorTest, SaysWhatCouldNotBeDoneAndWhy) {
    errno = EACCES;
    const auto failed = system_failure("open /run/x");
    EXPECT_EQ(failed.value().message, "cannot open /run/x: Permission denied");
    EXPECT_EQ(failed.value().kind, ErrorKind::denied);
    EXPECT_EQ(failed.value().os_error, EACCES);
}

TEST(SystemErrorTest, KindsAreWhatCallersBranchOn) {
    EXPECT_EQ(kind_of(ENOENT), ErrorKind::not_found);
    EXPECT_EQ(kind_of(ESRCH), ErrorKind::not_found);
    EXPECT_EQ(kind_of(ELOOP), ErrorKind::denied);
    EXPECT_EQ(kind_of(EBUSY), ErrorKind::busy);
    EXPECT_EQ(kind_of(ENOSYS), ErrorKind::unavailable);
    EXPECT_EQ(kind_of(EIO), ErrorKind::internal);
    EXPECT_EQ(kind_of(0), ErrorKind::internal);
}

}  // namespace
}  // namespace comar
