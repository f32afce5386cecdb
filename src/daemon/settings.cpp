// SPDX-License-Identifier: MIT
#include "daemon/settings.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <string_view>
#include <thread>

#include <toml++/toml.h>

#include "core/name.h"
#include "os/read_file.h"

namespace comar {
namespace {

constexpr std::size_t max_file = std::size_t{1} << 20;

struct Key {
    std::string_view table;
    std::string_view name;
    std::int64_t least;
    std::int64_t most;
    std::function<void(Settings&, std::int64_t)> set;
};

constexpr std::int64_t day = 24 * 60 * 60;

const std::array<Key, 11>& keys() {
    static const std::array<Key, 11> all{{
        {"calls", "concurrency", 0, 4096,
         [](Settings& s, std::int64_t v) { s.concurrency = static_cast<std::size_t>(v); }},
        {"calls", "start_seconds", 1, day,
         [](Settings& s, std::int64_t v) { s.change_limit = std::chrono::seconds(v); }},
        {"calls", "info_seconds", 1, day,
         [](Settings& s, std::int64_t v) { s.read_limit = std::chrono::seconds(v); }},
        {"calls", "output_bytes", 1024, std::int64_t{1} << 30,
         [](Settings& s, std::int64_t v) { s.output_bytes = v; }},
        {"boot", "deadline_seconds", 1, day,
         [](Settings& s, std::int64_t v) { s.boot_deadline = std::chrono::seconds(v); }},
        {"host", "idle_seconds", 1, day,
         [](Settings& s, std::int64_t v) { s.host_idle = std::chrono::seconds(v); }},
        {"host", "spare_workers", 0, 64,
         [](Settings& s, std::int64_t v) { s.spare_workers = static_cast<std::size_t>(v); }},
        {"log", "file_bytes", 4096, std::int64_t{1} << 40,
         [](Settings& s, std::int64_t v) { s.logs.bytes = static_cast<std::uint64_t>(v); }},
        {"log", "file_days", 1, 36500,
         [](Settings& s, std::int64_t v) { s.logs.age = std::chrono::days(v); }},
        {"log", "kept_files", 0, 1000,
         [](Settings& s, std::int64_t v) { s.logs.kept = static_cast<std::size_t>(v); }},
        {"log", "total_bytes", 65536, std::int64_t{1} << 50,
         [](Settings& s, std::int64_t v) { s.logs.total = static_cast<std::uint64_t>(v); }},
    }};
    return all;
}

Failure wrong(const std::string& path, const toml::node& node, const std::string& what) {
    return failure(ErrorKind::invalid, "cannot use " + path + ":" +
                                           std::to_string(node.source().begin.line) + ": " + what);
}

std::string place_of(const std::string& path, const toml::node& node) {
    return path + ":" + std::to_string(node.source().begin.line);
}

Result<> set_log_target(const std::string& path, const toml::node& value, Settings& settings) {
    const auto target = parse_output_target(value.value_exact<std::string>().value_or(""));
    if (!target) {
        return wrong(path, value, "log.target must be \"file\", \"journal\" or \"syslog\"");
    }
    settings.log_target = *target;
    settings.log_target_origin = place_of(path, value);
    return {};
}

/// One name, or a list of them.
Result<> set_names(const std::string& path, const std::string& full, const toml::node& value,
                   std::vector<std::string>& names) {
    const auto refused = [&] {
        return wrong(path, value, full + " must be a list of services, such as [\"sshd\"]");
    };
    names.clear();
    if (const auto name = value.value_exact<std::string>()) {
        names.push_back(bus_safe_name(*name));
        return name->empty() ? refused() : Result<>();
    }
    const toml::array* const list = value.as_array();
    if (list == nullptr) return refused();
    for (const toml::node& one : *list) {
        const std::string name = one.value_exact<std::string>().value_or("");
        if (name.empty()) return refused();
        names.push_back(bus_safe_name(name));
    }
    return {};
}

/// [groups.NAME]
Result<> set_group(const std::string& path, const toml::key& name, const toml::node& value,
                   Settings& settings) {
    const std::string full = "groups." + std::string(name.str());
    const toml::table* const group = value.as_table();
    if (group == nullptr || group->size() != 1 || !group->contains("services")) {
        return wrong(path, value, full + " must be a table with services = [...]");
    }
    return set_names(path, full + ".services", *group->get("services"),
                     settings.groups[std::string(name.str())]);
}

Result<> set_safe(const std::string& path, const toml::node& value, Settings& settings) {
    const auto is_safe = value.value_exact<bool>();
    if (!is_safe) return wrong(path, value, "boot.safe must be true or false");
    settings.safe = *is_safe;
    return {};
}

Result<> set_provider(const std::string& path, const toml::key& name, const toml::node& value,
                      Settings& settings) {
    const std::string provider = value.value_exact<std::string>().value_or("");
    if (provider.empty()) {
        return wrong(path, value,
                     "providers." + std::string(name.str()) +
                         " must be the name of a service, such as \"rsyslog\"");
    }
    settings.providers[std::string(name.str())] = provider;
    settings.provider_origins[std::string(name.str())] = place_of(path, value);
    return {};
}

Result<> apply(const std::string& path, std::string_view table, const toml::key& name,
               const toml::node& value, Settings& settings) {
    const std::string full = std::string(table) + "." + std::string(name.str());
    if (table == "providers") return set_provider(path, name, value, settings);
    if (table == "groups") return set_group(path, name, value, settings);
    if (full == "boot.safe") return set_safe(path, value, settings);
    if (full == "boot.essential") return set_names(path, full, value, settings.essential);
    if (full == "boot.head_start") return set_names(path, full, value, settings.head_start);
    if (full == "log.target") return set_log_target(path, value, settings);
    for (const Key& key : keys()) {
        if (key.table != table || key.name != name.str()) continue;
        const auto number = value.value_exact<std::int64_t>();
        if (!number || *number < key.least || *number > key.most) {
            return wrong(path, value,
                         full + " must be a whole number from " + std::to_string(key.least) +
                             " to " + std::to_string(key.most));
        }
        key.set(settings, *number);
        return {};
    }
    return wrong(path, value, "there is no setting " + full);
}

Result<Settings> read_table(const std::string& path, const toml::table& root) {
    Settings settings;
    for (const auto& [name, node] : root) {
        const auto* table = node.as_table();
        if (table == nullptr) {
            return wrong(path, node, "there is no setting " + std::string(name.str()));
        }
        for (const auto& [key, value] : *table) {
            if (auto set = apply(path, name.str(), key, value, settings); !set) {
                return Failure(std::move(set.error()));
            }
        }
    }
    return settings;
}

/// Calls mostly wait, so there may be many more than processors.
std::size_t suitable_concurrency() {
    return std::max<std::size_t>(32, std::size_t{8} * std::thread::hardware_concurrency());
}

Result<Settings> parse(const std::string& path, const std::string& text) {
    try {
        return read_table(path, toml::parse(text, path));
    } catch (const toml::parse_error& error) {
        return failure(ErrorKind::invalid, "cannot use " + path + ":" +
                                               std::to_string(error.source().begin.line) + ": " +
                                               std::string(error.description()));
    }
}

}  // namespace

Result<Settings> read_settings(const std::string& path) {
    Result<Settings> settings = Settings{};
    if (const auto text = read_file(path, max_file)) {
        settings = parse(path, *text);
    } else if (text.error().kind != ErrorKind::not_found) {
        return Failure(text.error());
    }
    if (settings && settings->concurrency == 0) settings->concurrency = suitable_concurrency();
    return settings;
}

}  // namespace comar
