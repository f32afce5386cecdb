// SPDX-License-Identifier: MIT
#include "cli/critical_chain.h"

#include <set>

#include <fmt/format.h>

#include "cli/text.h"

namespace comar::cli {
namespace {

/// The later of both; null loses, and so does what was never its turn.
const ServiceTimes* later(const BootRecord& record, const ServiceTimes* one,
                          const ServiceTimes* other) {
    if (other == nullptr || !own_time(record, *other)) return one;
    if (one == nullptr) return other;
    return *end_of(record, *other) > *end_of(record, *one) ? other : one;
}

const ServiceTimes* last_of_all(const BootRecord& record) {
    const ServiceTimes* last = nullptr;
    for (const ServiceTimes& service : record.services) last = later(record, last, &service);
    return last;
}

std::string link_text(const BootRecord& record, const ServiceTimes& service, bool in_color) {
    const std::string name = escape_line(service.name);
    std::string text = in_color && has_failed(service) ? colored(name, Color::red) : name;
    text +=
        fmt::format(" @{} +{}", exact_span(*service.began), exact_span(*own_time(record, service)));
    if (service.fate != "succeeded") text += " " + escape_line(service.fate);
    return text;
}

}  // namespace

const ServiceTimes* last_waited_for(const BootRecord& record, const ServiceTimes& service) {
    const ServiceTimes* last = nullptr;
    for (const std::string& name : service.after)
        last = later(record, last, find_service(record, name));
    return last;
}

std::vector<const ServiceTimes*> critical_chain(const BootRecord& record, std::string_view name) {
    std::vector<const ServiceTimes*> chain;
    std::set<const ServiceTimes*> seen;  // a record with a circle must not keep us for ever
    const ServiceTimes* service = name.empty() ? last_of_all(record) : find_service(record, name);
    if (service != nullptr && !own_time(record, *service)) return chain;
    for (; service != nullptr && seen.insert(service).second;
         service = last_waited_for(record, *service))
        chain.push_back(service);
    return chain;
}

std::string chain_text(const BootRecord& record, const std::vector<const ServiceTimes*>& chain,
                       const OutputStyle& style) {
    std::string text;
    for (std::size_t depth = 0; depth < chain.size(); ++depth) {
        if (depth > 0) text.append(2 * (depth - 1), ' ').append("└─");
        text += link_text(record, *chain[depth], style.colored) + "\n";
    }
    return text;
}

}  // namespace comar::cli
