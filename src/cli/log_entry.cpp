// SPDX-License-Identifier: MIT
#include "cli/log_entry.h"

#include <array>

namespace comar::cli {

Result<Pattern> Pattern::compile(const std::string& expression) {
    auto compiled = std::make_unique<regex_t>();
    const int error = ::regcomp(compiled.get(), expression.c_str(), REG_EXTENDED | REG_NOSUB);
    if (error != 0) {
        std::array<char, 256> reason{};
        ::regerror(error, compiled.get(), reason.data(), reason.size());
        return failure(ErrorKind::invalid,
                       "cannot use '" + expression + "' as a regular expression: " + reason.data());
    }
    Pattern pattern;
    pattern.compiled_.reset(compiled.release());
    return pattern;
}

bool Pattern::matches(std::string_view text) const {
    // Text may hold any byte, NUL among them.
    regmatch_t range{0, static_cast<regoff_t>(text.size())};
    return ::regexec(compiled_.get(), text.data(), 1, &range, REG_STARTEND) == 0;
}

LogEntry EntryReader::read(std::string_view line) {
    const auto parsed = parse_log_line(line);
    if (!parsed) return {last_, Stream::out, service_, std::string(line)};
    last_ = parsed->time;
    return {parsed->time, parsed->stream, service_, std::string(parsed->text)};
}

}  // namespace comar::cli
