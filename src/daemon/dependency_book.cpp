// SPDX-License-Identifier: MIT
#include "daemon/dependency_book.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/dependency_circles.h"
#include "core/dependency_contradictions.h"
#include "daemon/invoker.h"

namespace comar {
namespace {

struct Declaration {
    const char* key;
    DependencyKind kind;
    const char* origin;
};

constexpr std::array declarations{
    Declaration{"requires", DependencyKind::needs, "serviceRequires"},
    Declaration{"wants", DependencyKind::wants, "serviceWants"},
    Declaration{"after", DependencyKind::after, "serviceAfter"},
    Declaration{"before", DependencyKind::before, "serviceBefore"},
    Declaration{"conflicts", DependencyKind::conflicts, "serviceConflicts"},
};

std::vector<std::string> names_in(const nlohmann::json& values, const char* key) {
    const auto found = values.find(key);
    if (found == values.end() || !found->is_array()) return {};
    return found->get<std::vector<std::string>>();
}

/// "/etc/comar/services/a.toml:3" in its parts.
void set_place(Dependency& edge, const std::string& place) {
    const auto colon = place.rfind(':');
    const char* const begin = place.data() + colon + 1;
    const char* const end = place.data() + place.size();
    if (colon != std::string::npos && std::from_chars(begin, end, edge.line).ptr == end) {
        edge.file = place.substr(0, colon);
    } else {
        edge.file = place;
    }
}

std::vector<Dependency> declared(const std::string& app, const EffectiveSettings& settings) {
    std::vector<Dependency> edges;
    for (const auto& [key, kind, origin] : declarations) {
        for (std::string& name : names_in(settings.values, key)) {
            Dependency edge{app, std::move(name), kind, "", 0, origin};
            const auto place = settings.origins.find(key);
            if (place != settings.origins.end()) set_place(edge, place->second);
            edges.push_back(std::move(edge));
        }
    }
    return edges;
}

std::string in_a_circle(const Circle& circle) {
    return "services wait for each other in a circle: " + describe(circle);
}

unsigned line_of(const Dependency& edge) { return static_cast<unsigned>(std::max(edge.line, 0)); }

/// Not only the order is told.
bool starts(const Dependency& edge) {
    return edge.kind == DependencyKind::needs || edge.kind == DependencyKind::wants ||
           is_shown_by_code(edge);
}

bool leads_to(const std::vector<Dependency>& edges, const std::string& name) {
    return std::any_of(edges.begin(), edges.end(),
                       [&](const Dependency& edge) { return edge.to == name; });
}

std::optional<Dependency> learned_in(const Circle& circle) {
    for (const StartOrder& order : circle) {
        if (is_learned(order.edge)) return order.edge;
    }
    return std::nullopt;
}

}  // namespace

DependencyBook::DependencyBook(Parts parts)
    : parts_(parts),
      graph_([this](const std::string& app) { return parts_.start_up.get(app) != StartUp::off; }) {
    for (const auto& [name, provider] : parts_.common.providers) graph_.choose(name, provider);
}

void DependencyBook::load() {
    for (const std::string& app : parts_.registry.apps_of(service_model)) put_script(app);
    add_learned();
    for (const auto& choice : graph_.names().doubtful_choices()) {
        if (is_sure(choice)) {
            spdlog::warn("{}: {}", graph_.names().text(choice.name), describe_choice(choice));
        }
    }
}

/// What an administrator has set for the service may not have been read yet.
bool DependencyBook::is_sure(const DependencyNames::DoubtfulChoice& choice) const {
    const std::string& provider = graph_.names().text(choice.provider);
    return !graph_.names().is_app(choice.provider) ||
           (parts_.book.facts_of(provider) != nullptr && !parts_.book.is_outdated(provider));
}

/// "/etc/comar/comard.toml:12 chooses zzz, which is not registered"
std::string DependencyBook::describe_choice(const DependencyNames::DoubtfulChoice& choice) const {
    std::string place = "[providers] of comard.toml";
    for (const auto& [name, origin] : parts_.common.provider_origins) {
        if (graph_.names().find(name) == choice.name) place = origin;
    }
    return place + " chooses " + graph_.names().text(choice.provider) + ", which " + choice.doubt;
}

void DependencyBook::refresh(const std::string& app) {
    put_script(app);
    add_learned();
}

void DependencyBook::remove(const std::string& app) {
    graph_.remove(app);
    forget_left_out(app);
    add_learned();
}

void DependencyBook::put_script(const std::string& app) {
    const Script* script = parts_.registry.find(service_model, app);
    if (script == nullptr) return remove(app);
    put(app, script->facts, parts_.book.settings_of(app), script->path);
}

/// What the text of start() shows only orders: whether that line is reached, only running it tells.
void DependencyBook::put(const std::string& app, const Facts& facts,
                         const EffectiveSettings& settings, const std::string& path) {
    auto edges = declared(app, settings);
    for (const Facts::Edge& start : facts.starts) {
        if (start.app == app || leads_to(edges, start.app)) continue;
        const bool raises = start.how == Facts::Edge::How::call;
        edges.push_back({app, start.app, DependencyKind::after, path, start.line,
                         raises ? "call" : "startDependencies"});
    }
    graph_.set(app, std::move(edges), names_in(settings.values, "provides"));
    forget_left_out(app);
    for (const std::string& other : parts_.memory.asked_by(app)) left_out_.emplace(app, other);
    leave_out_circles(app);
}

void DependencyBook::forget_left_out(const std::string& app) {
    for (AskedPairs* pairs : {&left_out_, &learned_}) {
        const auto first = pairs->lower_bound({app, ""});
        const auto last =
            std::find_if(first, pairs->end(), [&app](const auto& one) { return one.first != app; });
        pairs->erase(first, last);
    }
}

/// Once upon a time they were asked for, which says less than what anybody writes: whoever closes a
/// circle, what was learned gives way.
void DependencyBook::leave_out_circles(const std::string& app) {
    // To look for circles takes as long as there are edges, and this is done for each script.
    while (!learned_.empty()) {
        const auto learned = learned_in(circle_through(graph_, app));
        if (!learned) return;
        auto edges = graph_.edges(learned->from);
        std::erase(edges, *learned);
        graph_.set_edges(learned->from, std::move(edges));
        learned_.erase({learned->from, learned->to});
        left_out_.emplace(learned->from, learned->to);
    }
}

/// All that can be there; what closed a circle may do so no longer.
void DependencyBook::add_learned() {
    std::erase_if(left_out_, [this](const auto& one) {
        const auto& [app, other] = one;
        const auto before = graph_.edges(app);
        if (app == other || leads_to(before, other)) return false;
        auto edges = before;
        edges.push_back({app, other, DependencyKind::after, "", 0, "learned"});
        graph_.set_edges(app, std::move(edges));
        const bool is_kept = circle_through(graph_, app).empty();
        if (is_kept) learned_.insert(one);
        if (!is_kept) graph_.set_edges(app, before);
        return is_kept;
    });
}

void DependencyBook::asked(const std::string& app, const std::string& other) {
    if (parts_.memory.asked_by(app).contains(other)) return;
    parts_.memory.asked(app, other);
    refresh(app);
}

void DependencyBook::asked_only(const std::string& app, const std::set<std::string>& others) {
    if (parts_.memory.asked_only(app, others)) refresh(app);
}

void DependencyBook::replaced(const std::string& app) {
    parts_.memory.asked_only(app, {});
    refresh(app);
}

std::set<std::string> DependencyBook::starts_of(const std::string& app) const {
    std::set<std::string> names;
    for (const Dependency& edge : graph_.edges(app)) {
        if (starts(edge)) names.insert(graph_.resolve(edge.to).value_or(edge.to));
    }
    return names;
}

std::set<std::string> DependencyBook::starters_of(const std::string& app) const {
    std::set<std::string> names;
    for (const std::string& other : graph_.apps()) {
        for (const Dependency& edge : graph_.edges(other)) {
            if (starts(edge) && graph_.resolve(edge.to).value_or("") == app) names.insert(other);
        }
    }
    return names;
}

std::vector<Registrar::Finding> DependencyBook::judge(const std::string& app, const Facts& facts,
                                                      const std::string& path) {
    put(app, facts, parts_.book.settings_with(app, facts, path), path);
    auto findings = findings_of(app);
    refresh(app);
    return findings;
}

std::vector<Registrar::Finding> DependencyBook::findings_of(const std::string& app) const {
    std::vector<Registrar::Finding> findings;
    if (const Circle circle = circle_through(graph_, app); !circle.empty()) {
        findings.push_back({true, line_of(circle.front().edge), in_a_circle(circle)});
    }
    for (const Contradiction& one : contradictions(graph_, app)) {
        findings.push_back({true, one.edges.empty() ? 0 : line_of(one.edges.front()), one.text});
    }
    return findings;
}

std::vector<DependencyBook::Finding> DependencyBook::check_all() const {
    std::vector<Finding> all;
    for (const auto& choice : graph_.names().doubtful_choices()) {
        all.push_back({graph_.names().text(choice.name), false, describe_choice(choice)});
    }
    for (const Circle& circle : all_circles(graph_)) {
        all.push_back({circle.front().later, true, in_a_circle(circle)});
    }
    for (const std::string& app : graph_.apps()) {
        for (const Contradiction& one : contradictions(graph_, app)) {
            all.push_back({app, true, one.text});
        }
        for (const auto& [edge, error] : graph_.unresolved_names(app)) {
            const bool is_error = edge.kind == DependencyKind::needs;
            all.push_back({app, is_error, describe(edge) + ": " + error.message});
        }
    }
    return all;
}

}  // namespace comar
