// SPDX-License-Identifier: MIT
#include "daemon/state_journal.h"

#include <cstdint>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "core/digest.h"
#include "daemon/json_text.h"
#include "os/atomic_file.h"
#include "os/read_file.h"
#include "os/system_error.h"

namespace comar {
namespace {

using nlohmann::json;

constexpr std::size_t max_journal = std::size_t{256} << 20;
constexpr std::size_t longest_header = 64;
/// A file that small is not worth rewriting, nor one of which a good part is up to date.
constexpr std::size_t least_rewritten = std::size_t{256} << 10;
constexpr std::size_t most_outdated = 4;

/// The digest tells accidents; nobody else may write this file.
std::string header_of(std::string_view body) {
    return fmt::format("comar-state 2 {} {:016x}\n", body.size(), digest(body));
}

Failure damaged(std::size_t at) {
    return failure(ErrorKind::invalid,
                   fmt::format("cannot use the saved state: it is damaged, or of another version, "
                               "at byte {}",
                               at));
}

/// The length that the header of a record tells; none: it is no header.
std::optional<std::size_t> told_length(std::string_view header) {
    constexpr std::string_view begin = "comar-state 2 ";
    if (!header.starts_with(begin)) return std::nullopt;
    std::size_t length = 0;
    for (const char c : header.substr(begin.size())) {
        if (c == ' ') return length;
        if (c < '0' || c > '9' || length > max_journal) return std::nullopt;
        length = length * 10 + static_cast<std::size_t>(c - '0');
    }
    return std::nullopt;
}

bool take(const std::string_view body, StateJournal::States& states) {
    json record = json::parse(body, nullptr, false);
    if (!record.is_object() || !record.contains("app") || !record["app"].is_string()) return false;
    const std::string app = record["app"].get<std::string>();
    const auto state = record.find("state");
    if (state == record.end()) {
        states.erase(app);
        return true;
    }
    if (!state->is_object()) return false;
    states[app] = std::move(*state);
    return true;
}

}  // namespace

std::string encode_record(const std::string& app, std::string_view state) {
    JsonText record;
    record.add("app", app);
    if (!state.empty()) record.add_json("state", state);
    const std::string body = std::move(record).text() + "\n";
    std::string encoded = header_of(body) + body;
    encoded.shrink_to_fit();
    return encoded;
}

Result<StateJournal::States> decode_journal(std::string_view text) {
    StateJournal::States states;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::string_view rest = text.substr(at);
        const std::size_t end = rest.substr(0, longest_header).find('\n');
        // What no comard has finished writing; more than a header would have its end.
        if (end == std::string_view::npos && rest.size() < longest_header) break;
        if (end == std::string_view::npos) return damaged(at);
        const std::string_view header = rest.substr(0, end + 1);
        const auto length = told_length(header);
        if (!length) return damaged(at);
        if (header.size() + *length > rest.size()) break;
        const std::string_view body = rest.substr(header.size(), *length);
        if (header != header_of(body) || !take(body, states)) return damaged(at);
        at += header.size() + body.size();
    }
    return states;
}

Result<StateJournal::States> StateJournal::load() {
    const auto text = read_file(path_, max_journal);
    if (!text && text.error().kind == ErrorKind::not_found) return States{};
    if (!text) return Failure(text.error());
    auto states = decode_journal(*text);
    if (!states) {
        states.error().message += " (" + path_ + ")";
        (void)::rename(path_.c_str(), (path_ + ".damaged").c_str());
        return states;
    }
    for (const auto& [app, state] : *states) {
        const auto [record, is_new] = records_.emplace(app, encode_record(app, state.dump()));
        live_ += record->second.size();
    }
    return states;
}

Result<> StateJournal::put(const std::string& app, std::string_view state) {
    std::string record = encode_record(app, state);
    std::string& last = records_[app];
    if (file_ && record == last) return {};
    live_ += record.size() - last.size();
    last = std::move(record);
    auto written = append(last);
    // What is not in the file must not count as written there.
    if (!written) file_.reset();
    return written;
}

Result<> StateJournal::remove(const std::string& app) {
    const auto found = records_.find(app);
    if (found == records_.end()) return {};
    live_ -= found->second.size();
    records_.erase(found);
    auto written = append(encode_record(app, {}));
    if (!written) file_.reset();
    return written;
}

Result<> StateJournal::append(const std::string& record) {
    const bool is_mostly_outdated =
        size_ + record.size() > least_rewritten && size_ > most_outdated * live_;
    if (!file_ || is_mostly_outdated) return rewrite();
    const ssize_t written =
        ::pwrite(file_.get(), record.data(), record.size(), static_cast<off_t>(size_));
    if (written == static_cast<ssize_t>(record.size())) {
        size_ += record.size();
        return {};
    }
    // A full disk has perhaps taken a part of it, which is as a record cut off. What is out of date
    // may be room enough.
    return rewrite();
}

Result<> StateJournal::rewrite() {
    std::string all;
    for (const auto& [app, record] : records_) all += record;
    WithoutSync steps;
    if (auto written = write_file_atomically(path_, all, 0600, steps); !written) return written;
    UniqueFd file(::open(path_.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) return system_failure("open " + path_);
    file_ = std::move(file);
    size_ = all.size();
    return {};
}

}  // namespace comar
