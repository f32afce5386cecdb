// SPDX-License-Identifier: MIT
#include "cli/boot_record.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace comar::cli {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

/// More than any boot takes: sums of such times do not overflow.
constexpr Span longest = std::chrono::hours(24 * 3650);

constexpr int known_version = 1;

Failure unreadable(const std::string& reason) {
    return failure(ErrorKind::invalid, "cannot read the record of a boot: " + reason);
}

std::string text_at(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<Span> span_at(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_integer()) return std::nullopt;
    const Span span(found->get<std::int64_t>());
    if (span < 0us || span > longest) return std::nullopt;
    return span;
}

std::vector<std::string> texts_at(const Json& object, const char* key) {
    std::vector<std::string> texts;
    const auto found = object.find(key);
    if (found == object.end() || !found->is_array()) return texts;
    for (const Json& item : *found)
        if (item.is_string()) texts.push_back(item.get<std::string>());
    return texts;
}

/// None where it lies before `earliest`: what is drawn and subtracted is in order.
std::optional<Span> not_before(std::optional<Span> span, std::optional<Span> earliest) {
    return span && earliest && *span >= *earliest ? span : std::nullopt;
}

ServiceTimes read_service(const std::string& name, const Json& object) {
    ServiceTimes service;
    service.name = name;
    if (!object.is_object()) return service;
    service.method = text_at(object, "method");
    service.after = texts_at(object, "after");
    service.began = span_at(object, "began");
    service.ended = not_before(span_at(object, "ended"), service.began);
    service.returned = not_before(span_at(object, "returned"), service.began);
    if (service.returned && service.ended)
        service.returned = std::min(*service.returned, *service.ended);
    service.fate = text_at(object, "fate");
    service.error = text_at(object, "error");
    return service;
}

/// A record that was cut short, or is still being written, has no duration that fits.
Span whole_duration(const BootRecord& record) {
    Span duration = record.duration;
    for (const ServiceTimes& service : record.services)
        for (const auto& moment : {service.began, service.returned, service.ended})
            duration = std::max(duration, moment.value_or(0us));
    return duration;
}

}  // namespace

Result<BootRecord> read_boot_record(std::string_view json) {
    const Json document = Json::parse(json, nullptr, false);
    if (!document.is_object()) return unreadable("it is no JSON object");
    const Json version = document.value("version", Json());
    if (version != known_version)
        return unreadable(fmt::format("it has version {}, and this comar knows {}", version.dump(),
                                      known_version));
    BootRecord record;
    record.id = text_at(document, "id");
    record.kind = text_at(document, "kind");
    record.group = text_at(document, "group");
    record.duration = span_at(document, "duration").value_or(0us);
    record.planning = span_at(document, "planning").value_or(0us);
    record.since_kernel = span_at(document, "since_kernel").value_or(0us);
    const Json services = document.value("services", Json::object());
    if (!services.is_object()) return unreadable("its services are no JSON object");
    for (const auto& [name, object] : services.items())
        record.services.push_back(read_service(name, object));
    std::ranges::sort(record.services, {}, &ServiceTimes::name);
    record.duration = whole_duration(record);
    return record;
}

const ServiceTimes* find_service(const BootRecord& record, std::string_view name) {
    const auto found = std::ranges::lower_bound(record.services, name, {}, &ServiceTimes::name);
    return found != record.services.end() && found->name == name ? &*found : nullptr;
}

std::optional<Span> end_of(const BootRecord& record, const ServiceTimes& service) {
    if (service.ended) return service.ended;
    const bool was_its_turn = service.fate == "in flight" || service.fate == "late";
    if (was_its_turn && service.began) return record.duration;
    return std::nullopt;
}

std::optional<Span> own_time(const BootRecord& record, const ServiceTimes& service) {
    const auto end = end_of(record, service);
    if (!end || !service.began) return std::nullopt;
    return *end - *service.began;
}

bool has_failed(const ServiceTimes& service) {
    return service.fate == "failed" || service.fate == "late";
}

std::vector<const ServiceTimes*> slowest_first(const BootRecord& record) {
    std::vector<const ServiceTimes*> services;
    for (const ServiceTimes& service : record.services)
        if (own_time(record, service)) services.push_back(&service);
    std::ranges::stable_sort(services, std::greater(), [&](const ServiceTimes* service) {
        return *own_time(record, *service);
    });
    return services;
}

std::string exact_span(Span span) {
    const auto count = static_cast<double>(span.count());
    if (span < 10ms) return fmt::format("{:.1f} ms", count / 1e3);
    // Below the point where rounding would write "1000 ms" or "60.000 s".
    if (span < 999500us) return fmt::format("{:.0f} ms", count / 1e3);
    if (span < 59999500us) return fmt::format("{:.3f} s", count / 1e6);
    const auto thousandths = (span + 500us) / 1ms;
    return fmt::format("{} min {}.{:03} s", thousandths / 60000, thousandths / 1000 % 60,
                       thousandths % 1000);
}

}  // namespace comar::cli
