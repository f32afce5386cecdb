// SPDX-License-Identifier: MIT
#include "os/users.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include "os/system_error.h"

namespace comar {

namespace {

constexpr std::size_t first_buffer_bytes = 1024;
constexpr std::size_t largest_buffer_bytes = 1024 * 1024;

struct User {
    std::string name;  ///< empty: nobody has that number
    uid_t uid = 0;
    gid_t gid = 0;
};

struct UserAndGroup {
    std::string user;
    std::optional<std::string> group;
};

/// Runs one of the reentrant look-ups with a buffer that grows as it asks. Empty: no such entry.
template <class Entry, class LookUp>
Result<std::optional<Entry>> look_up(LookUp look_up_with, std::vector<char>& buffer,
                                     const std::string& name) {
    for (buffer.resize(first_buffer_bytes); buffer.size() <= largest_buffer_bytes;
         buffer.resize(buffer.size() * 2)) {
        Entry entry{};
        Entry* found = nullptr;
        const int error = look_up_with(&entry, buffer.data(), buffer.size(), &found);
        if (found != nullptr) return entry;
        // What NSS modules give for "no such name" besides 0, getpwnam(3).
        if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM)
            return std::nullopt;
        if (error != ERANGE && error != EINTR) return system_failure("look up " + name, error);
    }
    return system_failure("look up " + name, ERANGE);
}

/// An id that chown(2) and setuid(2) take: the largest number means "no change" to them.
std::optional<std::uint32_t> parse_id(const std::string& text) {
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || id == std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return id;
}

Result<std::optional<User>> user_by_name(const std::string& name) {
    std::vector<char> buffer;
    auto entry = look_up<passwd>([&](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); },
                                 buffer, name);
    if (!entry) return Failure(std::move(entry.error()));
    if (!*entry) return std::nullopt;
    return User{.name = (*entry)->pw_name, .uid = (*entry)->pw_uid, .gid = (*entry)->pw_gid};
}

Result<std::optional<User>> user_by_uid(uid_t uid) {
    std::vector<char> buffer;
    auto entry = look_up<passwd>([&](auto... rest) { return ::getpwuid_r(uid, rest...); }, buffer,
                                 std::to_string(uid));
    if (!entry) return Failure(std::move(entry.error()));
    if (!*entry) return std::nullopt;
    return User{.name = (*entry)->pw_name, .uid = (*entry)->pw_uid, .gid = (*entry)->pw_gid};
}

/// A name goes before a number, as POSIX has it for chown(1).
Result<User> find_user(const std::string& text) {
    auto named = user_by_name(text);
    if (!named) return Failure(std::move(named.error()));
    if (*named) return std::move(**named);
    const auto uid = parse_id(text);
    if (!uid)
        return failure(ErrorKind::not_found, fmt::format("cannot find user '{}'", text), ENOENT);
    auto numbered = user_by_uid(*uid);
    if (!numbered) return Failure(std::move(numbered.error()));
    if (*numbered) return std::move(**numbered);
    return User{.name = {}, .uid = *uid, .gid = 0};
}

Result<gid_t> find_group(const std::string& text) {
    std::vector<char> buffer;
    const auto entry = look_up<group>(
        [&](auto... rest) { return ::getgrnam_r(text.c_str(), rest...); }, buffer, text);
    if (!entry) return Failure(entry.error());
    if (*entry) return (*entry)->gr_gid;
    if (const auto gid = parse_id(text)) return *gid;
    return failure(ErrorKind::not_found, fmt::format("cannot find group '{}'", text), ENOENT);
}

/// `gid` and all groups that list the user, getgrouplist(3).
std::vector<gid_t> groups_of(const User& user, gid_t gid) {
    if (user.name.empty()) return {gid};
    int count = 32;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    while (::getgrouplist(user.name.c_str(), gid, groups.data(), &count) < 0) {
        // Told how many there are; doubled in case it is not, or there are more by now.
        count = std::max(count, static_cast<int>(groups.size()) * 2);
        groups.resize(static_cast<std::size_t>(count));
    }
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

Result<UserAndGroup> split(const std::string& text) {
    const auto colon = text.find(':');
    UserAndGroup parts{.user = text.substr(0, colon), .group = std::nullopt};
    if (colon != std::string::npos) parts.group = text.substr(colon + 1);
    const bool nul = text.find('\0') != std::string::npos;
    if (nul || parts.user.empty() || (parts.group && parts.group->empty()))
        return failure(ErrorKind::invalid,
                       fmt::format("cannot read '{}' as 'user' or 'user:group'", text), EINVAL);
    return parts;
}

}  // namespace

Result<Credentials> find_credentials(const std::string& user_and_group) {
    const auto parts = split(user_and_group);
    if (!parts) return Failure(parts.error());
    const auto user = find_user(parts->user);
    if (!user) return Failure(user.error());
    if (user->name.empty() && !parts->group)
        return failure(ErrorKind::not_found,
                       fmt::format("cannot find the group of user {}: name it as '{}:group'",
                                   user->uid, user->uid),
                       ENOENT);
    const auto gid = parts->group ? find_group(*parts->group) : Result<gid_t>(user->gid);
    if (!gid) return Failure(gid.error());
    return Credentials{.uid = user->uid, .gid = *gid, .groups = groups_of(*user, *gid)};
}

Result<uid_t> find_uid(const std::string& user) {
    const auto found = find_user(user);
    if (!found) return Failure(found.error());
    return found->uid;
}

}  // namespace comar
