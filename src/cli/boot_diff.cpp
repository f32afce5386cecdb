// SPDX-License-Identifier: MIT
#include "cli/boot_diff.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "cli/table.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

using namespace std::chrono_literals;

constexpr Span noise = 1ms;

/// By Change.
constexpr std::string_view names[] = {"slower", "faster", "same", "new", "gone"};
static_assert(std::size(names) == static_cast<std::size_t>(Change::gone) + 1);

Change change_of(const ServiceDifference& service) {
    if (!service.before) return Change::appeared;
    if (!service.after) return Change::gone;
    if (service.difference >= noise) return Change::slower;
    return service.difference <= -noise ? Change::faster : Change::same;
}

ServiceDifference compare(const std::string& name, const BootRecord& before,
                          const BootRecord& after) {
    ServiceDifference found;
    found.name = name;
    if (const ServiceTimes* service = find_service(before, name)) {
        found.before = own_time(before, *service);
        found.fate_before = service->fate;
    }
    if (const ServiceTimes* service = find_service(after, name)) {
        found.after = own_time(after, *service);
        found.fate_after = service->fate;
    }
    found.difference = found.after.value_or(0us) - found.before.value_or(0us);
    found.change = change_of(found);
    return found;
}

std::string signed_span(Span span) {
    return span < 0us ? "-" + exact_span(-span) : "+" + exact_span(span);
}

std::string span_or_nothing(const std::optional<Span>& span) {
    return span ? exact_span(*span) : "";
}

bool fate_differs(const ServiceDifference& service) {
    return service.before && service.after && service.fate_before != service.fate_after;
}

/// A service that fails at once looks faster than ever, so that is told, too.
std::string fate_text(const ServiceDifference& service) {
    if (fate_differs(service)) return service.fate_before + ", then " + service.fate_after;
    const std::string& fate = service.after ? service.fate_after : service.fate_before;
    return fate == "succeeded" ? "" : fate;
}

Color color_of(Change change) {
    if (change == Change::slower) return Color::red;
    return change == Change::faster ? Color::green : Color::none;
}

std::string headline(const BootRecord& before, const BootRecord& after) {
    const Span difference = after.duration - before.duration;
    const std::string verdict =
        difference >= noise || difference <= -noise
            ? exact_span(std::chrono::abs(difference)) + (difference > 0us ? " slower" : " faster")
            : "no difference";
    return fmt::format("before: {}  {}\nafter:  {}  {}  ({})\n", escape_line(before.id),
                       exact_span(before.duration), escape_line(after.id),
                       exact_span(after.duration), verdict);
}

}  // namespace

std::string_view name_of(Change change) { return names[static_cast<std::size_t>(change)]; }

std::vector<ServiceDifference> compare_boots(const BootRecord& before, const BootRecord& after) {
    std::set<std::string> all;
    for (const BootRecord* record : {&before, &after})
        for (const ServiceTimes& service : record->services) all.insert(service.name);
    std::vector<ServiceDifference> differences;
    for (const std::string& name : all) {
        auto found = compare(name, before, after);
        if (found.before || found.after) differences.push_back(std::move(found));
    }
    std::ranges::sort(differences, {}, [](const ServiceDifference& service) {
        return std::tuple(-std::chrono::abs(service.difference), service.name);
    });
    return differences;
}

std::string diff_text(const BootRecord& before, const BootRecord& after, const OutputStyle& style) {
    std::vector<std::vector<Cell>> rows;
    for (const ServiceDifference& service : compare_boots(before, after)) {
        if (service.change == Change::same && !fate_differs(service)) continue;
        rows.push_back({{service.name},
                        {std::string(name_of(service.change)), color_of(service.change)},
                        {signed_span(service.difference)},
                        {span_or_nothing(service.before)},
                        {span_or_nothing(service.after)},
                        {fate_text(service)}});
    }
    const std::string head = headline(before, after);
    if (rows.empty()) return head + "no service differs\n";
    return head + "\n" +
           render_table({{"NAME"}, {"IS"}, {"DIFFERENCE"}, {"BEFORE"}, {"AFTER"}, {"FATE", true}},
                        rows, style);
}

}  // namespace comar::cli
