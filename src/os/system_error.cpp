// SPDX-License-Identifier: MIT
#include "os/system_error.h"

#include <system_error>

#include <fmt/format.h>

namespace comar {

ErrorKind kind_of(int os_error) {
    switch (os_error) {
        case ENOENT:
        case ENOTDIR:
        case ESRCH:
        case ECHILD:
        case ENODEV:
            return ErrorKind::not_found;
        case EACCES:
        case EPERM:
        case ELOOP:
        case EROFS:
            return ErrorKind::denied;
        case EINVAL:
        case EISDIR:
        case ENAMETOOLONG:
        case ENOEXEC:
        case E2BIG:
            return ErrorKind::invalid;
        case EBUSY:
        case ENOTEMPTY:
        case ETXTBSY:
        case EWOULDBLOCK:
            return ErrorKind::busy;
        case ETIMEDOUT:
            return ErrorKind::timed_out;
        case ENOSYS:
        case EOPNOTSUPP:
            return ErrorKind::unavailable;
        default:
            return ErrorKind::internal;
    }
}

std::string describe(int os_error) { return std::generic_category().message(os_error); }

Failure system_failure(std::string_view doing, int os_error) {
    return failure(kind_of(os_error), fmt::format("cannot {}: {}", doing, describe(os_error)),
                   os_error);
}

}  // namespace comar
