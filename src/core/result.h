// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace comar {

/// What a caller may branch on. Everything else about a failure is text for people.
enum class ErrorKind { not_found, invalid, denied, busy, timed_out, unavailable, internal };

struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string message;  ///< begins with "cannot"; names the service, or file and line
    int os_error = 0;     ///< errno of the system call that failed; 0: none

    /// "cannot start sshd: cannot open /run/sshd.pid: Permission denied"
    [[nodiscard]] Error while_trying(std::string_view doing) && {
        message.insert(0, std::string("cannot ").append(doing).append(": "));
        return std::move(*this);
    }
};

template <class T = void>
using Result = tl::expected<T, Error>;
using Failure = tl::unexpected<Error>;

[[nodiscard]] inline Failure failure(ErrorKind kind, std::string message, int os_error = 0) {
    return Failure(Error{kind, std::move(message), os_error});
}

}  // namespace comar
