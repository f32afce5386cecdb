// SPDX-License-Identifier: MIT
#include "os/users.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <grp.h>
#include <gtest/gtest.h>

namespace comar {
namespace {

TEST(UsersTest, AUserIsFoundByName) {
    const auto root = find_credentials("root").value();
    EXPECT_EQ(root.uid, 0U);
    EXPECT_EQ(root.gid, 0U);
    EXPECT_NE(std::find(root.groups.begin(), root.groups.end(), 0U), root.groups.end());
}

TEST(UsersTest, AUserIsFoundByNumberWithTheGroupsOfTheName) {
    const auto by_name = find_credentials("root").value();
    const auto by_number = find_credentials("0").value();
    EXPECT_EQ(by_number.gid, by_name.gid);
    EXPECT_EQ(by_number.groups, by_name.groups);
}

TEST(UsersTest, AGroupTakesThePlaceOfTheUsersOwn) {
    const auto credentials = find_credentials("root:daemon").value();
    EXPECT_EQ(credentials.uid, 0U);
    EXPECT_EQ(credentials.gid, ::getgrnam("daemon")->gr_gid);
    EXPECT_NE(std::find(credentials.groups.begin(), credentials.groups.end(), credentials.gid),
              credentials.groups.end());
}

TEST(UsersTest, NumbersThatNobodyHasAreFineWithAGroup) {
    const auto credentials = find_credentials("4000000000:3999999999").value();
    EXPECT_EQ(credentials.uid, 4000000000U);
    EXPECT_EQ(credentials.gid, 3999999999U);
    EXPECT_EQ(credentials.groups, std::vector<gid_t>{3999999999U});
}

TEST(UsersTest, ANumberThatNobodyHasNeedsAGroup) {
    const auto credentials = find_credentials("4000000000");
    ASSERT_FALSE(credentials);
    EXPECT_EQ(credentials.error().kind, ErrorKind::not_found);
    EXPECT_EQ(credentials.error().message,
              "cannot find the group of user 4000000000: name it as '4000000000:group'");
}

TEST(UsersTest, UnknownNamesAreNotFoundAndNamed) {
    EXPECT_EQ(find_credentials("no-such-user").error().message, "cannot find user 'no-such-user'");
    EXPECT_EQ(find_credentials("root:no-such-group").error().message,
              "cannot find group 'no-such-group'");
    EXPECT_EQ(find_uid("no-such-user").error().kind, ErrorKind::not_found);
}

// setuid(2) takes the first for "no change"; the others would wrap around to root.
TEST(UsersTest, NumbersThatAreNoIdsAreNotFound) {
    for (const std::string text : {"4294967295", "4294967296", "18446744073709551616", "-1", "-0",
                                   "0x0", "00x", " 0", "0 "}) {
        EXPECT_FALSE(find_credentials(text + ":0")) << text;
        EXPECT_FALSE(find_credentials("root:" + text)) << text;
        EXPECT_FALSE(find_uid(text)) << text;
    }
}

TEST(UsersTest, HalfAPairIsInvalid) {
    for (const std::string text : {"", ":", "root:", ":root"})
        EXPECT_EQ(find_credentials(text).error().kind, ErrorKind::invalid) << text;
    EXPECT_EQ(find_credentials({"root\0x", 6}).error().kind, ErrorKind::invalid);
}

/// A user and a group that lists them, of this machine.
std::optional<std::pair<std::string, gid_t>> find_member() {
    std::optional<std::pair<std::string, gid_t>> found;
    ::setgrent();
    while (const group* entry = ::getgrent())
        if (entry->gr_mem[0] != nullptr && find_uid(entry->gr_mem[0])) {
            found.emplace(entry->gr_mem[0], entry->gr_gid);
            break;
        }
    ::endgrent();
    return found;
}

TEST(UsersTest, SupplementaryGroupsAreTheUsers) {
    const auto member = find_member();
    if (!member) GTEST_SKIP() << "no user of this machine is in a supplementary group";
    for (const auto& text : {member->first, member->first + ":0"}) {
        const auto groups = find_credentials(text).value().groups;
        EXPECT_NE(std::find(groups.begin(), groups.end(), member->second), groups.end()) << text;
    }
}

}  // namespace
}  // namespace comar
