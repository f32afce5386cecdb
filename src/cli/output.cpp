// SPDX-License-Identifier: MIT
#include "cli/output.h"

#include <cerrno>
#include <cstdio>

#include <unistd.h>

#include "cli/text.h"

namespace comar::cli {
namespace {

// One call to the unbuffered stream, so that lines of several programs do not mix.
void write_to_stderr(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

/// Complaints and advice take this much to the right after their first line.
std::string indented(std::string_view message) {
    std::string text;
    for (const char letter : escape_message(message)) {
        text += letter;
        if (letter == '\n') text += "    ";
    }
    return text;
}

}  // namespace

bool Output::flush() {
    std::string_view left = waiting_;
    while (error_ == 0 && !left.empty()) {
        const ssize_t written = ::write(fd_, left.data(), left.size());
        if (written >= 0)
            left.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR)
            error_ = errno;
    }
    waiting_.clear();
    return error_ == 0;
}

void complain(std::string_view message) {
    const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
    write_to_stderr((is_terminal ? "comar: " : "") + indented(message) + "\n");
}

void advise(std::string_view advice) { write_to_stderr("  " + indented(advice) + "\n"); }

void note(std::string_view message) { write_to_stderr(escape_message(message) + "\n"); }

}  // namespace comar::cli
