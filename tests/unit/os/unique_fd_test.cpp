// SPDX-License-Identifier: MIT
#include "os/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace comar {
namespace {

UniqueFd open_null() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(UniqueFdTest, ClosesItsDescriptorAtTheEnd) {
    int number = -1;
    {
        const auto fd = open_null();
        number = fd.get();
        ASSERT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(UniqueFdTest, MovingLeavesTheSourceEmpty) {
    auto first = open_null();
    const int number = first.get();
    const UniqueFd second(std::move(first));
    EXPECT_EQ(second.get(), number);
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that is the question
}

TEST(UniqueFdTest, AssigningClosesTheOneHeldBefore) {
    auto kept = open_null();
    const int replaced = kept.get();
    kept = open_null();
    EXPECT_FALSE(is_open(replaced));
    EXPECT_TRUE(is_open(kept.get()));
}

TEST(UniqueFdTest, AssigningToItselfKeepsIt) {
    auto fd = open_null();
    const int number = fd.get();
    auto& same = fd;
    fd = std::move(same);
    EXPECT_EQ(fd.get(), number);
    EXPECT_TRUE(is_open(number));
}

TEST(UniqueFdTest, ReleaseGivesItAway) {
    auto fd = open_null();
    const UniqueFd owner(fd.release());
    EXPECT_FALSE(fd);
    EXPECT_TRUE(is_open(owner.get()));
}

TEST(UniqueFdTest, ZeroIsADescriptorAndMinusOneIsNone) {
    UniqueFd standard_input(0);
    EXPECT_TRUE(standard_input);
    EXPECT_EQ(standard_input.release(), 0);
    EXPECT_FALSE(UniqueFd());
}

}  // namespace
}  // namespace comar
