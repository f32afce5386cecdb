// SPDX-License-Identifier: MIT
#include "cli/boot_text.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/table.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

constexpr std::size_t shown_slowest = 5;

std::string line(std::string_view label, std::string_view value) {
    return fmt::format("{:>12}: {}\n", label, value);
}

/// Fates in this order, where there are any: "40 succeeded, 1 failed".
std::string fates_text(const BootRecord& record) {
    std::string text;
    for (const std::string_view fate :
         {"succeeded", "failed", "late", "in flight", "waiting", "skipped"}) {
        const auto count = std::ranges::count(record.services, fate, &ServiceTimes::fate);
        if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, fate);
    }
    return text.empty() ? "none" : text;
}

/// Only at a boot is the time until it began part of it; later it is how long the machine is up.
std::string until_it_began(const BootRecord& record) {
    const std::string span = exact_span(record.since_kernel);
    if (record.kind != "boot") return line("Began", span + " after the kernel");
    return line("Kernel", span + " for it and what came before services");
}

std::string slowest_lines(const BootRecord& record) {
    std::string text;
    std::string_view label = "Slowest";
    for (const ServiceTimes* service : slowest_first(record)) {
        const std::string value = fmt::format("{} {}", escape_line(service->name),
                                              exact_span(*own_time(record, *service)));
        text += label.empty() ? fmt::format("{:>14}{}\n", "", value) : line(label, value);
        label = "";
        if (std::ranges::count(text, '\n') == static_cast<std::ptrdiff_t>(shown_slowest)) break;
    }
    return text;
}

std::string failed_lines(const BootRecord& record, bool in_color) {
    std::string text;
    for (const ServiceTimes& service : record.services) {
        if (!has_failed(service)) continue;
        const std::string name = escape_line(service.name);
        text += line(service.fate == "late" ? "Late" : "Failed",
                     (in_color ? colored(name, Color::red) : name) +
                         (service.error.empty() ? "" : ": " + escape_line(service.error)));
    }
    return text;
}

nlohmann::ordered_json head_json(const BootRecord& record) {
    return {{"id", record.id},
            {"kind", record.kind},
            {"group", record.group},
            {"since_kernel_microseconds", record.since_kernel.count()},
            {"duration_microseconds", record.duration.count()},
            {"planning_microseconds", record.planning.count()},
            {"services", record.services.size()},
            {"failed", std::ranges::count_if(record.services, has_failed)}};
}

nlohmann::ordered_json microseconds(const std::optional<Span>& span) {
    return span ? nlohmann::ordered_json(span->count()) : nlohmann::ordered_json();
}

}  // namespace

std::string time_text(const BootRecord& record, const OutputStyle& style) {
    const bool is_boot = record.kind == "boot";
    return line("Which", fmt::format("{} of group {}, {}", escape_line(record.kind),
                                     escape_line(record.group), escape_line(record.id))) +
           until_it_began(record) + line("Services", exact_span(record.duration)) +
           line("Planning", exact_span(record.planning)) +
           (is_boot ? line("Together", exact_span(record.since_kernel + record.duration)) : "") +
           line("Fates", fates_text(record)) + slowest_lines(record) +
           failed_lines(record, style.colored);
}

nlohmann::ordered_json time_json(const BootRecord& record) {
    auto document = head_json(record);
    auto slowest = slowest_first(record);
    slowest.resize(std::min(slowest.size(), shown_slowest));
    document["slowest"] = services_json(record, slowest);
    std::vector<const ServiceTimes*> failed;
    for (const ServiceTimes& service : record.services)
        if (has_failed(service)) failed.push_back(&service);
    document["failures"] = services_json(record, failed);
    return document;
}

std::string blame_text(const BootRecord& record, const OutputStyle& style) {
    std::vector<std::vector<Cell>> rows;
    for (const ServiceTimes* service : slowest_first(record)) {
        const bool succeeded = service->fate == "succeeded";
        rows.push_back(
            {{exact_span(*own_time(record, *service))},
             {service->name},
             {succeeded ? "" : service->fate, has_failed(*service) ? Color::red : Color::none}});
    }
    return render_table({{"TIME"}, {"NAME"}, {"FATE"}}, rows, style);
}

nlohmann::ordered_json services_json(const BootRecord& record,
                                     const std::vector<const ServiceTimes*>& services) {
    auto document = nlohmann::ordered_json::array();
    for (const ServiceTimes* service : services) {
        nlohmann::ordered_json error;
        if (!service->error.empty()) error = service->error;
        document.push_back({{"name", service->name},
                            {"began_microseconds", microseconds(service->began)},
                            {"microseconds", microseconds(own_time(record, *service))},
                            {"fate", service->fate},
                            {"error", error}});
    }
    return document;
}

std::string boots_text(const std::vector<BootRecord>& records, const OutputStyle& style) {
    std::vector<std::vector<Cell>> rows;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const BootRecord& record = records[i];
        const auto failed = std::ranges::count_if(record.services, has_failed);
        rows.push_back(
            {{std::to_string(static_cast<long>(i + 1) - static_cast<long>(records.size()))},
             {record.id},
             {record.kind},
             {record.group},
             {exact_span(record.duration)},
             {std::to_string(record.services.size())},
             {std::to_string(failed), failed > 0 ? Color::red : Color::none}});
    }
    return render_table(
        {{"N"}, {"ID"}, {"KIND"}, {"GROUP"}, {"DURATION"}, {"SERVICES"}, {"FAILED"}}, rows, style);
}

nlohmann::ordered_json boots_json(const std::vector<BootRecord>& records) {
    auto document = nlohmann::ordered_json::array();
    for (const BootRecord& record : records) document.push_back(head_json(record));
    return document;
}

nlohmann::ordered_json diff_json(const BootRecord& before, const BootRecord& after) {
    auto services = nlohmann::ordered_json::array();
    for (const ServiceDifference& service : compare_boots(before, after)) {
        services.push_back({{"name", service.name},
                            {"change", name_of(service.change)},
                            {"difference_microseconds", service.difference.count()},
                            {"before_microseconds", microseconds(service.before)},
                            {"after_microseconds", microseconds(service.after)},
                            {"fate_before", service.fate_before},
                            {"fate_after", service.fate_after}});
    }
    return {{"before", head_json(before)},
            {"after", head_json(after)},
            {"difference_microseconds", (after.duration - before.duration).count()},
            {"services", services}};
}

}  // namespace comar::cli
