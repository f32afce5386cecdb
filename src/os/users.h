// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"

namespace comar {

/// Who a process is.
struct Credentials {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  ///< supplementary ones, `gid` among them
};

/// Resolves "user" or "user:group"; both may be numbers. With a group, it takes the place of the
/// user's own one; the supplementary groups are the user's in either case. A number that no user
/// has needs a group, and has no other groups.
/// not_found: no such user or group. Asks NSS, which may wait for the network: comard never calls
/// it. Never cached: a name may be another user tomorrow.
Result<Credentials> find_credentials(const std::string& user_and_group);

/// The uid of "user", a name or a number. As find_credentials().
Result<uid_t> find_uid(const std::string& user);

}  // namespace comar
