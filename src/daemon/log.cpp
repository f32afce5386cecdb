// SPDX-License-Identifier: MIT
#include "daemon/log.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include <sys/stat.h>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "bus/text.h"

namespace comar {
namespace {

/// "<4>": what journald reads as the priority of a line, sd-daemon(3).
class PriorityFlag : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&,
                spdlog::memory_buf_t& into) override {
        static constexpr std::array<const char*, 7> priorities{"<7>", "<7>", "<6>", "<4>",
                                                               "<3>", "<2>", "<6>"};
        static_assert(spdlog::level::off == priorities.size() - 1);
        const std::string_view text = priorities.at(static_cast<std::size_t>(message.level));
        into.append(text.data(), text.data() + text.size());
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return spdlog::details::make_unique<PriorityFlag>();
    }
};

/// The text of the message.
class MessageFlag : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&,
                spdlog::memory_buf_t& into) override {
        const std::string text = harmless({message.payload.data(), message.payload.size()});
        into.append(text.data(), text.data() + text.size());
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return spdlog::details::make_unique<MessageFlag>();
    }
};

std::unique_ptr<spdlog::formatter> formatter_of(LogTarget target) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<PriorityFlag>('*').add_flag<MessageFlag>('&');
    switch (target) {
        case LogTarget::syslog:
            formatter->set_pattern("%&");
            break;
        case LogTarget::journal:
            formatter->set_pattern("%*%&");
            break;
        default:
            formatter->set_pattern("comard: %Y-%m-%d %H:%M:%S.%e %^%l%$ %&");
    }
    return formatter;
}

/// JOURNAL_STREAM names the device and inode of the journal's end of stderr, systemd.exec(5).
bool stderr_is_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat info{};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &info) != 0) return false;
    return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) == stream;
}

std::vector<LogTarget> resolve(LogTarget target, bool for_machine) {
    if (target != LogTarget::automatic) return {target};
    if (stderr_is_journal()) return {LogTarget::journal};
    const bool watched = ::isatty(STDERR_FILENO) != 0;
    const bool has_syslog = ::access("/dev/log", W_OK) == 0;
    if (for_machine && !watched && has_syslog) {
        return {LogTarget::standard_error, LogTarget::syslog};
    }
    return {LogTarget::standard_error};
}

spdlog::sink_ptr make_sink(LogTarget target) {
    spdlog::sink_ptr sink;
    if (target == LogTarget::syslog) {
        sink = std::make_shared<spdlog::sinks::syslog_sink_st>("comard", 0, LOG_DAEMON, true);
    } else {
        sink = std::make_shared<spdlog::sinks::stderr_color_sink_st>();
    }
    sink->set_formatter(formatter_of(target));
    return sink;
}

}  // namespace

std::string harmless(std::string_view message) {
    const std::string valid = bus::to_bus_text(message);
    constexpr unsigned char c1_lead = 0xc2;  // of U+0080 to U+00BF in UTF-8
    constexpr unsigned char c1_end = 0xa0;
    std::string text;
    text.reserve(valid.size());
    for (std::size_t i = 0; i < valid.size(); ++i) {
        const auto letter = static_cast<unsigned char>(valid[i]);
        const bool is_last = i + 1 == valid.size();
        const auto next = is_last ? c1_end : static_cast<unsigned char>(valid[i + 1]);
        if (letter == '\n') {
            text += "\n    ";
        } else if ((letter < ' ' && letter != '\t') || letter == 0x7f) {
            text += '?';
        } else if (letter == c1_lead && next < c1_end) {
            text += '?';
            ++i;
        } else {
            text += valid[i];
        }
    }
    return text;
}

Result<> set_up_log(LogTarget target, const std::string& level, bool for_machine) {
    const auto parsed = spdlog::level::from_str(level);
    if (parsed == spdlog::level::off && level != "off") {
        return failure(ErrorKind::invalid,
                       "cannot use log level '" + level +
                           "': it must be trace, debug, info, warning, error or off");
    }
    std::vector<spdlog::sink_ptr> sinks;
    for (const LogTarget one : resolve(target, for_machine)) sinks.push_back(make_sink(one));
    auto logger = std::make_shared<spdlog::logger>("comard", sinks.begin(), sinks.end());
    logger->set_level(parsed);
    spdlog::set_default_logger(std::move(logger));
    return {};
}

}  // namespace comar
