// SPDX-License-Identifier: MIT
#include "os/cgroup_mount.h"

#include <string>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::TemporaryFolder;

class CgroupMountTest : public testing::Test {
protected:
    Result<std::string> find(const std::string& cgroups, const std::string& mounts) {
        proc_.write({{"self/cgroup", cgroups}, {"self/mountinfo", mounts}});
        return own_cgroup_folder(proc_.path());
    }

    TemporaryFolder proc_;
};

TEST_F(CgroupMountTest, PureVersion2) {
    EXPECT_EQ(find("0::/system.slice/comard.service\n",
                   "23 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                   "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"),
              "/sys/fs/cgroup/system.slice/comard.service");
}

TEST_F(CgroupMountTest, Hybrid) {
    EXPECT_EQ(find("4:memory:/a\n1:name=systemd:/b\n0::/c\n",
                   "36 30 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                   "40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"),
              "/sys/fs/cgroup/unified/c");
}

TEST_F(CgroupMountTest, TheRootCgroupIsTheMountItself) {
    EXPECT_EQ(find("0::/\n", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
              "/sys/fs/cgroup");
}

TEST_F(CgroupMountTest, AMountShowsWhatIsBelowItsRoot) {
    const std::string mounts = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    EXPECT_EQ(find("0::/docker/abc\n", mounts), "/sys/fs/cgroup");
    EXPECT_EQ(find("0::/docker/abc/init\n", mounts), "/sys/fs/cgroup/init");
    EXPECT_EQ(find("0::/docker/abcdef\n", mounts).error().kind, ErrorKind::unavailable);
    EXPECT_EQ(find("0::/other\n", mounts).error().kind, ErrorKind::unavailable);
}

TEST_F(CgroupMountTest, OfSeveralMountsTheOneThatShowsUsIsTaken) {
    EXPECT_EQ(find("0::/b/c\n",
                   "30 23 0:26 /a /mnt/a rw - cgroup2 cgroup rw\n"
                   "31 23 0:26 /b /mnt/b rw - cgroup2 cgroup rw\n"),
              "/mnt/b/c");
}

TEST_F(CgroupMountTest, TheFolderOfAnotherProcess) {
    const CgroupMount mount{.root = "/docker", .point = "/sys/fs/cgroup"};
    proc_.write({{"7/cgroup", "3:cpu:/x\n0::/docker/app\n"}, {"8/cgroup", "0::/elsewhere\n"}});
    EXPECT_EQ(mount.folder_of(7, proc_.path()), "/sys/fs/cgroup/app");
    EXPECT_EQ(mount.folder_of(8, proc_.path()), "");
    EXPECT_EQ(mount.folder_of(9, proc_.path()), "") << "there is none";
}

TEST_F(CgroupMountTest, BlanksInMountPointsAreWrittenInOctal) {
    EXPECT_EQ(find("0::/x\n", "30 23 0:26 / /my\\040mount\\134\\0 rw - cgroup2 cgroup rw\n"),
              "/my mount\\\\0/x");
}

// A path out of the cgroup namespace must not lead out of the mount.
TEST_F(CgroupMountTest, ACgroupOutsideOfOurNamespaceIsNotMounted) {
    EXPECT_EQ(find("0::/../other\n", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
                  .error()
                  .kind,
              ErrorKind::unavailable);
}

TEST_F(CgroupMountTest, WithoutVersion2ThereIsNone) {
    const std::string mounts = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    EXPECT_EQ(find("4:memory:/a\n", mounts).error().kind, ErrorKind::unavailable);
    EXPECT_EQ(find("0::/a\n", "36 30 0:33 / /c rw - cgroup cgroup rw,memory\n").error().kind,
              ErrorKind::unavailable);
    EXPECT_EQ(find("", "").error().kind, ErrorKind::unavailable);
}

TEST_F(CgroupMountTest, BrokenLinesAreNoMounts) {
    EXPECT_EQ(find("0::/a\n", "\n - \n - cgroup2 \n1 2 - cgroup2\n30 23 0:26 / /c rw - tmpfs x\n")
                  .error()
                  .kind,
              ErrorKind::unavailable);
}

TEST_F(CgroupMountTest, WithoutProcItIsNotFound) {
    EXPECT_EQ(own_cgroup_folder(proc_ / "none").error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace comar
