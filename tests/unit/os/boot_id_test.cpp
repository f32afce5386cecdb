// SPDX-License-Identifier: MIT
#include "os/boot_id.h"

#include <string>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::TemporaryFolder;

/// As proc(5) has it, of a process that began at that time.
std::string stat_of_first(const std::string& start_time) {
    return "1 (init) S 0 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 " + start_time +
           " 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n";
}

class BootIdTest : public testing::Test {
protected:
    std::string id(const std::string& kernel, const std::string& start_time) {
        proc_.write(
            {{"sys/kernel/random/boot_id", kernel + "\n"}, {"1/stat", stat_of_first(start_time)}});
        return boot_id(proc_.path());
    }

    TemporaryFolder proc_;
};

TEST_F(BootIdTest, IsTheSameWhileTheMachineRuns) { EXPECT_EQ(id("a", "3"), id("a", "3")); }

TEST_F(BootIdTest, IsAnotherAfterEachStartOfTheMachineOrTheContainer) {
    EXPECT_NE(id("a", "3"), id("b", "3"));
    EXPECT_NE(id("a", "3"), id("a", "900"));
}

TEST_F(BootIdTest, IsEmptyWhereNobodyTells) { EXPECT_EQ(boot_id(proc_.path()), ""); }

}  // namespace
}  // namespace comar
