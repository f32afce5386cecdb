// SPDX-License-Identifier: MIT
#include "cli/boots.h"

#include <charconv>

#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"

namespace comar::cli {
namespace {

/// How many boots before the last; none where it is no such number.
std::optional<std::size_t> counted_back(std::string_view wanted) {
    if (wanted.starts_with('-')) wanted.remove_prefix(1);
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    if (error != std::errc() || end != wanted.data() + wanted.size()) return std::nullopt;
    return number;
}

std::vector<std::string> read_ids(sd_bus_message* message) {
    std::vector<std::string> ids;
    if (sd_bus_message_enter_container(message, 'a', "s") < 0) return ids;
    const char* id = nullptr;
    while (sd_bus_message_read(message, "s", &id) > 0) ids.emplace_back(id);
    return ids;
}

Failure not_found(std::string_view wanted) {
    return failure(ErrorKind::not_found, "cannot find boot '" + std::string(wanted) + "'");
}

}  // namespace

Result<std::size_t> choose_boot(const std::vector<std::string>& ids, std::string_view wanted) {
    if (const auto number = counted_back(wanted)) {
        if (*number >= ids.size()) return not_found(wanted);
        return ids.size() - 1 - *number;
    }
    std::optional<std::size_t> found;
    for (std::size_t at = 0; at < ids.size(); ++at) {
        if (ids[at] == wanted) return at;
        if (!ids[at].starts_with(wanted)) continue;
        if (found)
            return failure(ErrorKind::invalid,
                           "cannot tell which boot is meant by '" + std::string(wanted) + "'");
        found = at;
    }
    if (!found) return not_found(wanted);
    return *found;
}

bool Boots::list() {
    const Reply reply =
        session_.bus.call(session_.bus.method(manager_member("ListBoots")), Patience::reading);
    if (!reply) {
        fail("list boots", reply.error());
        return false;
    }
    ids_ = read_ids(reply->get());
    kept_.resize(ids_.size());
    if (!ids_.empty()) return true;
    complain("no boot is kept yet");
    advise("comard keeps one whenever services are started with: comar" + session_.address.options +
           " boot");
    code_ = ExitCode::failed;
    return false;
}

std::optional<std::size_t> Boots::choose(std::string_view wanted) {
    const auto at = choose_boot(ids_, wanted);
    if (at) return *at;
    fail(at.error());
    advise("see: comar" + session_.address.options + " analyze list");
    return std::nullopt;
}

std::optional<std::size_t> Boots::last() {
    for (std::size_t at = ids_.size(); at-- > 0;) {
        const BootRecord* found = record(at);
        if (found == nullptr) return std::nullopt;
        if (found->kind == "boot") return at;
    }
    return ids_.size() - 1;
}

std::optional<std::size_t> Boots::last_like(std::size_t at) {
    const BootRecord* wanted = record(at);
    if (wanted == nullptr) return std::nullopt;
    for (std::size_t before = at; before-- > 0;) {
        const BootRecord* found = record(before);
        if (found == nullptr) return std::nullopt;
        if (found->kind == wanted->kind && found->group == wanted->group) return before;
    }
    fail({ErrorKind::not_found, "cannot compare boot " + wanted->id + ": no " + wanted->kind +
                                    " of group " + wanted->group + " is kept from before"});
    return std::nullopt;
}

const BootRecord* Boots::record(std::size_t at) {
    Kept& kept = kept_[at];
    if (kept.record) return &*kept.record;
    const Reply reply =
        session_.bus.call(session_.bus.method(manager_member("BootRecord"), "s", ids_[at].c_str()),
                          Patience::reading);
    if (!reply) {
        fail("read boot " + ids_[at], reply.error());
        return nullptr;
    }
    const char* text = nullptr;
    if (sd_bus_message_read(reply->get(), "s", &text) > 0) kept.text = text;
    auto record = read_boot_record(kept.text);
    if (!record) {
        fail(record.error());
        return nullptr;
    }
    kept.record = std::move(*record);
    return &*kept.record;
}

void Boots::fail(std::string_view doing, const CallFailure& failure) {
    report_failure(session_, doing, failure);
    code_ = exit_code_of(failure);
}

void Boots::fail(const Error& error) {
    complain(error.message);
    code_ = ExitCode::failed;
}

}  // namespace comar::cli
