// SPDX-License-Identifier: MIT
// comar logs [NAME...]: what services print, from the files of comard and without asking it.
#include <algorithm>
#include <charconv>

#include <sys/resource.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "cli/address.h"
#include "cli/bus.h"
#include "cli/command.h"
#include "cli/log_cursor.h"
#include "cli/log_follower.h"
#include "cli/log_printer.h"
#include "cli/log_tail.h"
#include "cli/moment.h"
#include "cli/output.h"
#include "cli/shown_settings.h"
#include "cli/since.h"
#include "cli/terminal.h"
#include "core/name.h"

namespace comar::cli {
namespace {

constexpr std::size_t lines_before_following = 10;

/// What the command line asks for.
struct Request {
    std::string folder;
    std::vector<std::string> services;
    LogFilter filter;
    std::optional<std::size_t> count;  ///< none: all
    bool follows = false;
};

ExitCode fail(const Error& error) {
    complain(error.message);
    if (error.kind == ErrorKind::denied) {
        advise("logs are not for everyone; as root: sudo comar logs");
        return ExitCode::not_authorized;
    }
    return error.kind == ErrorKind::invalid ? ExitCode::bad_usage : ExitCode::failed;
}

Result<std::optional<std::size_t>> parse_count(const std::string& text) {
    if (text.empty()) return std::nullopt;
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc() && end == text.data() + text.size()) return count;
    return failure(ErrorKind::invalid, "cannot show '" + text + "' lines: it is not a number");
}

Result<Request> understand(const Invocation& invocation) {
    Request request{log_folder(root_of(invocation)), {}, {}, {}, invocation.follow};
    const auto count = parse_count(invocation.lines);
    if (!count) return Failure(count.error());
    request.count = *count;
    if (!invocation.since.empty()) {
        const auto since = parse_since(invocation.since, WallTime(now()));
        if (!since) return Failure(since.error());
        request.filter.since = *since;
    }
    if (!invocation.grep.empty()) {
        auto pattern = Pattern::compile(invocation.grep);
        if (!pattern) return Failure(pattern.error());
        request.filter.pattern = std::move(*pattern);
    }
    if (request.follows && !request.count && !request.filter.since) {
        request.count = lines_before_following;
    }
    return request;
}

/// Only services print; scripts of other models have no log.
bool is_registered(const Invocation& invocation, const std::string& service) {
    const std::string scripts = root_of(invocation) + "/var/lib/comar/scripts/System.Service/";
    return ::access((scripts + service + ".py").c_str(), F_OK) == 0;
}

/// All files of all services are open at once.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

/// How its log is read where that is no file of comard.
std::string read_elsewhere(const std::string& service, const ShownSetting& log) {
    const std::string said = " (" + log.origin + " says so)";
    if (log.value == "\"journal\"")
        return fmt::format("to the journal{}; read it with: journalctl -t {}", said, service);
    if (log.value == "\"syslog\"") {
        return fmt::format(
            "to syslog{}; its daemon writes that where it is told to, as in: grep "
            "'{}:' /var/log/syslog",
            said, service);
    }
    return "";
}

/// Where it prints to, if comard runs and tells.
std::optional<ShownSetting> log_setting_of(const Invocation& invocation,
                                           const std::string& service) {
    auto bus = Bus::connect(address_of(invocation), Purpose::read);
    if (!bus) return std::nullopt;
    const auto settings = ask_settings(*bus, service);
    if (!settings) return std::nullopt;
    const auto log = std::ranges::find(*settings, "log", &ShownSetting::key);
    return log == settings->end() ? std::nullopt : std::optional(*log);
}

void tell_why_no_log(const Invocation& invocation, const std::string& service, bool follows) {
    const auto log = log_setting_of(invocation, service);
    const std::string way = log ? read_elsewhere(service, *log) : "";
    if (!way.empty()) return note(service + " has no log here, as it prints " + way);
    // Its first line may come.
    if (follows) return;
    note(service + " has no log: it has printed nothing" +
         (log ? ""
              : ", or it prints elsewhere, which 'comar show " + service +
                    "' tells when comard runs"));
}

/// Services that have neither a log nor a script are told; the others are what is to be shown.
ExitCode choose_services(const Invocation& invocation, Request& request) {
    const auto logged = services_with_logs(request.folder);
    if (!logged) return fail(logged.error());
    if (invocation.operands.empty()) request.services = *logged;
    for (const std::string& operand : invocation.operands) {
        const std::string service = bus_safe_name(operand);
        const bool has_log = std::ranges::find(*logged, service) != logged->end();
        if (!has_log && !is_registered(invocation, service)) {
            complain(fmt::format(
                "cannot show the log of {}: no such service; there are logs of: {}", operand,
                logged->empty() ? "none" : fmt::format("{}", fmt::join(*logged, ", "))));
            return ExitCode::not_installed;
        }
        if (!has_log) tell_why_no_log(invocation, service, request.follows);
        if (std::ranges::find(request.services, service) == request.services.end()) {
            request.services.push_back(service);
        }
    }
    return ExitCode::ok;
}

LogStyle style_for(const Invocation& invocation, const Request& request) {
    LogStyle style{invocation.json, style_of_stdout().colored, 0};
    const bool is_one = invocation.operands.size() == 1 || request.services.size() == 1;
    const bool may_grow = request.follows && invocation.operands.empty();
    if (is_one && !may_grow) return style;
    for (const std::string& service : request.services) {
        style.name_width = std::max(style.name_width, service.size());
    }
    style.name_width = std::max<std::size_t>(style.name_width, 1);
    return style;
}

using Logs = std::vector<std::vector<LogFile>>;

void print_last(const Request& request, const Logs& logs, UnreadLogs& unread, LogPrinter& printer) {
    std::vector<LogEntry> entries;
    for (std::size_t i = 0; i < logs.size(); ++i) {
        auto last =
            last_entries(logs[i], request.services[i], *request.count, request.filter, unread);
        std::ranges::move(last, std::back_inserter(entries));
    }
    std::ranges::stable_sort(entries, {}, &LogEntry::time);
    const std::size_t shown = std::min(*request.count, entries.size());
    for (auto entry = entries.end() - static_cast<std::ptrdiff_t>(shown); entry != entries.end();
         ++entry) {
        if (!printer.print(*entry)) break;
    }
}

void print_all(const Request& request, Logs logs, UnreadLogs& unread, LogPrinter& printer) {
    std::vector<LogCursor> cursors;
    for (std::size_t i = 0; i < logs.size(); ++i) {
        cursors.emplace_back(std::move(logs[i]), request.services[i], request.filter, unread);
    }
    merge(std::move(cursors), request.filter,
          [&](const LogEntry& entry) { return printer.print(entry); });
}

Result<Logs> open_all(const Request& request, UnreadLogs& unread) {
    Logs logs;
    for (const std::string& service : request.services) {
        auto files = open_logs(request.folder, service, unread);
        if (!files) return Failure(files.error());
        if (request.follows && !files->empty()) leave_out_open_line(files->front());
        logs.push_back(std::move(*files));
    }
    return logs;
}

void print_what_is_there(const Request& request, Logs logs, UnreadLogs& unread,
                         LogPrinter& printer) {
    if (request.count)
        print_last(request, logs, unread, printer);
    else
        print_all(request, std::move(logs), unread, printer);
}

/// The same files once more, as the first readers keep theirs.
Result<> follow(const Request& request, bool all, UnreadLogs& unread, Output& output,
                LogPrinter& printer) {
    auto follower = LogFollower::create(request.folder, unread);
    if (!follower) return Failure(follower.error());
    if (all) follower->welcome_new_services();
    auto logs = open_all(request, unread);
    if (!logs) return Failure(logs.error());
    for (std::size_t i = 0; i < logs->size(); ++i) {
        std::vector<LogFile> newest;
        if (!(*logs)[i].empty()) {
            LogFile& file = (*logs)[i].front();
            newest.push_back({file.path, file.number, file.compressed, file.inode, file.end,
                              UniqueFd(::fcntl(file.fd.get(), F_DUPFD_CLOEXEC, 3))});
        }
        follower->add(request.services[i], std::move(newest));
    }
    print_what_is_there(request, std::move(*logs), unread, printer);
    while (output.flush()) {
        const auto entries = follower->next();
        if (!entries) return Failure(entries.error());
        if (entries->empty()) break;
        for (const LogEntry& entry : *entries) {
            if (request.filter.accepts(entry) && !printer.print(entry)) break;
        }
    }
    return {};
}

}  // namespace

ExitCode run_logs(const Invocation& invocation, Output& output) {
    auto request = understand(invocation);
    if (!request) return fail(request.error());
    if (const ExitCode code = choose_services(invocation, *request); code != ExitCode::ok) {
        return code;
    }
    raise_descriptor_limit();
    LogPrinter printer(output, style_for(invocation, *request));
    UnreadLogs unread([](const Error& why) { complain(why.message); });
    if (request->follows) {
        const auto followed =
            follow(*request, invocation.operands.empty(), unread, output, printer);
        if (!followed) return fail(followed.error());
    } else {
        auto logs = open_all(*request, unread);
        if (!logs) return fail(logs.error());
        print_what_is_there(*request, std::move(*logs), unread, printer);
    }
    if (unread.empty()) return ExitCode::ok;
    advise("all else is shown; move what is of no use to you out of " + request->folder);
    return ExitCode::failed;
}

}  // namespace comar::cli
