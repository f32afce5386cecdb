// SPDX-License-Identifier: MIT
#include "script/settings.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace comar {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr double most_seconds = 10.0 * 366 * 86'400;

/// What json's own exceptions do not tell.
class Wrong : public std::exception {
public:
    explicit Wrong(std::string text) : text_(std::move(text)) {}
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

private:
    std::string text_;
};

milliseconds seconds_of(const json& value) {
    const double seconds = value.get<double>();
    if (!(seconds >= 0) || seconds > most_seconds) throw Wrong("a time is out of range");
    return std::chrono::round<milliseconds>(std::chrono::duration<double>(seconds));
}

unsigned count_of(const json& value) {
    constexpr std::int64_t most = 1'000'000'000;
    const auto count = value.is_number_integer() ? value.get<std::int64_t>() : -1;
    if (count < 0 || count > most) throw Wrong("a count is out of range");
    return static_cast<unsigned>(count);
}

void read_seconds(const json& values, const char* key, milliseconds& into) {
    if (const auto found = values.find(key); found != values.end()) into = seconds_of(*found);
}

template <class Value, std::size_t Count>
Value one_of(const json& word, const std::array<std::pair<const char*, Value>, Count>& words) {
    for (const auto& [name, value] : words) {
        if (word == name) return value;
    }
    throw Wrong("unknown word " + word.dump());
}

constexpr std::array<std::pair<const char*, RestartPolicy>, 3> policies{
    {{"no", RestartPolicy::no},
     {"on-failure", RestartPolicy::on_failure},
     {"always", RestartPolicy::always}}};
constexpr std::array<std::pair<const char*, KillMode>, 3> kill_modes{
    {{"sessions", KillMode::sessions}, {"all", KillMode::all}, {"none", KillMode::none}}};
constexpr std::array<std::pair<const char*, Probe::Kind>, 9> probe_kinds{
    {{"exit", Probe::Kind::exit},
     {"pidfile", Probe::Kind::pidfile},
     {"notify", Probe::Kind::notify},
     {"fd", Probe::Kind::fd},
     {"tcp", Probe::Kind::tcp},
     {"unix", Probe::Kind::unix_socket},
     {"http", Probe::Kind::http},
     {"function", Probe::Kind::function},
     {"command", Probe::Kind::command}}};

Probe probe_of(const json& value) {
    Probe probe;
    probe.kind = one_of(value.at("kind"), probe_kinds);
    switch (probe.kind) {
        case Probe::Kind::tcp:
            probe.text = value.at("host").get<std::string>();
            probe.number = value.at("port").get<int>();
            break;
        case Probe::Kind::fd:
            probe.number = value.at("fd").get<int>();
            break;
        case Probe::Kind::unix_socket:
            probe.text = value.at("path").get<std::string>();
            break;
        case Probe::Kind::http:
            probe.text = value.at("url").get<std::string>();
            break;
        case Probe::Kind::function:
            probe.text = value.at("name").get<std::string>();
            break;
        case Probe::Kind::command:
            probe.text = value.at("command").get<std::string>();
            break;
        default:
            break;
    }
    return probe;
}

RestartSettings restart_of(const json& values) {
    RestartSettings restart;
    if (const auto found = values.find("restart"); found != values.end()) {
        restart.policy = one_of(*found, policies);
    }
    read_seconds(values, "restart_delay", restart.delay);
    read_seconds(values, "restart_max_delay", restart.longest_delay);
    read_seconds(values, "restart_reset", restart.reset);
    if (const auto found = values.find("restart_limit"); found != values.end()) {
        restart.limit.reset();
        if (!found->is_null()) {
            restart.limit = {count_of(found->at(0)), seconds_of(found->at(1))};
        }
    }
    return restart;
}

HealthSettings health_of(const json& value) {
    HealthSettings health;
    health.check = probe_of(value.at("check"));
    read_seconds(value, "every", health.every);
    read_seconds(value, "timeout", health.timeout);
    if (const auto found = value.find("failures"); found != value.end()) {
        health.failures = count_of(*found);
    }
    health.restarts = value.value("then", "report") == "restart";
    return health;
}

ServiceSettings parse(const json& values) {
    ServiceSettings settings;
    settings.restart = restart_of(values);
    if (const auto found = values.find("readiness"); found != values.end()) {
        settings.readiness = probe_of(*found);
    }
    read_seconds(values, "ready_timeout", settings.ready_timeout);
    if (const auto found = values.find("health"); found != values.end()) {
        settings.health = health_of(*found);
    }
    if (const auto found = values.find("watchdog"); found != values.end()) {
        settings.watchdog = seconds_of(*found);
    }
    read_seconds(values, "stop_timeout", settings.stop_timeout);
    if (const auto found = values.find("kill_mode"); found != values.end()) {
        settings.kill_mode = one_of(*found, kill_modes);
    }
    settings.log = values.value("log", settings.log);
    return settings;
}

constexpr std::array<const char*, 9> worker_keys{
    "environment", "environment_files", "directory", "umask",   "limits",
    "nice",        "oom_score_adj",     "groups",    "watchdog"};

}  // namespace

Result<ServiceSettings> parse_service_settings(const json& values) {
    try {
        if (values.is_object()) return parse(values);
        return failure(ErrorKind::invalid, "cannot use settings that are no object");
    } catch (const std::exception& wrong) {
        return failure(ErrorKind::invalid,
                       std::string("cannot use the settings: ").append(wrong.what()));
    }
}

json settings_for_worker(const json& values) {
    json chosen = json::object();
    for (const char* key : worker_keys) {
        if (const auto found = values.find(key); found != values.end()) chosen[key] = *found;
    }
    return chosen;
}

const std::vector<std::pair<std::string, json>>& default_settings() {
    static const std::vector<std::pair<std::string, json>> all{{"restart", "no"},
                                                               {"restart_delay", 0},
                                                               {"restart_max_delay", 60},
                                                               {"restart_limit", {10, 60}},
                                                               {"restart_reset", 10},
                                                               {"readiness", nullptr},
                                                               {"ready_timeout", 60},
                                                               {"health", nullptr},
                                                               {"watchdog", nullptr},
                                                               {"stop_timeout", 10},
                                                               {"kill_mode", "sessions"},
                                                               {"requires", nullptr},
                                                               {"wants", nullptr},
                                                               {"after", nullptr},
                                                               {"before", nullptr},
                                                               {"conflicts", nullptr},
                                                               {"provides", nullptr},
                                                               {"requirement_lost", "mark"},
                                                               {"environment", nullptr},
                                                               {"environment_files", nullptr},
                                                               {"directory", nullptr},
                                                               {"umask", nullptr},
                                                               {"limits", nullptr},
                                                               {"nice", nullptr},
                                                               {"oom_score_adj", nullptr},
                                                               {"groups", nullptr},
                                                               {"log", "file"}};
    return all;
}

}  // namespace comar
