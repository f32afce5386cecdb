// SPDX-License-Identifier: MIT
#include "script/settings.h"

#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace comar {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

ServiceSettings parsed(const char* text) {
    auto settings = parse_service_settings(json::parse(text));
    EXPECT_TRUE(settings) << text << ": " << settings.error().message;
    return settings ? *settings : ServiceSettings();
}

TEST(ScriptSettings, NothingSetIsTheDefaults) {
    const auto settings = parsed("{}");
    EXPECT_EQ(settings.restart.policy, RestartPolicy::no);
    EXPECT_EQ(settings.restart.delay, 0ms);
    EXPECT_EQ(settings.restart.longest_delay, 60s);
    EXPECT_EQ(settings.restart.reset, 10s);
    EXPECT_EQ(settings.restart.limit, (RestartSettings::Limit{10, 60s}));
    EXPECT_FALSE(settings.readiness);
    EXPECT_EQ(settings.ready_timeout, 60s);
    EXPECT_FALSE(settings.health);
    EXPECT_FALSE(settings.watchdog);
    EXPECT_EQ(settings.stop_timeout, 10s);
    EXPECT_EQ(settings.kill_mode, KillMode::sessions);
    EXPECT_EQ(settings.log, "file");
}

TEST(ScriptSettings, EachIsRead) {
    const auto settings = parsed(R"({
        "restart": "on-failure", "restart_delay": 0.25, "restart_max_delay": 5,
        "restart_limit": [3, 1.5], "restart_reset": 0, "ready_timeout": 2, "watchdog": 0.1,
        "stop_timeout": 0, "kill_mode": "none", "log": "journal", "nice": 5,
        "readiness": {"kind": "tcp", "host": "::1", "port": 80},
        "health": {"check": {"kind": "command", "command": "true"}, "every": 1, "timeout": 0.5,
                   "failures": 2, "then": "restart"}})");
    EXPECT_EQ(settings.restart.policy, RestartPolicy::on_failure);
    EXPECT_EQ(settings.restart.delay, 250ms);
    EXPECT_EQ(settings.restart.longest_delay, 5s);
    EXPECT_EQ(settings.restart.limit, (RestartSettings::Limit{3, 1500ms}));
    EXPECT_EQ(settings.restart.reset, 0ms);
    EXPECT_EQ(settings.ready_timeout, 2s);
    EXPECT_EQ(settings.watchdog, 100ms);
    EXPECT_EQ(settings.stop_timeout, 0ms);
    EXPECT_EQ(settings.kill_mode, KillMode::none);
    EXPECT_EQ(settings.log, "journal");
    EXPECT_EQ(settings.readiness, (Probe{Probe::Kind::tcp, "::1", 80}));
    ASSERT_TRUE(settings.health);
    EXPECT_EQ(settings.health->check, (Probe{Probe::Kind::command, "true", 0}));
    EXPECT_EQ(settings.health->every, 1s);
    EXPECT_EQ(settings.health->timeout, 500ms);
    EXPECT_EQ(settings.health->failures, 2U);
    EXPECT_TRUE(settings.health->restarts);
}

TEST(ScriptSettings, ForEverIsNoLimit) {
    EXPECT_FALSE(parsed(R"({"restart_limit": null})").restart.limit);
}

TEST(ScriptSettings, EveryKindOfProbeIsRead) {
    const auto probe = [](const char* text) {
        return parsed((std::string(R"({"readiness": )") + text + "}").c_str()).readiness.value();
    };
    EXPECT_EQ(probe(R"({"kind": "exit"})"), (Probe{Probe::Kind::exit, "", 0}));
    EXPECT_EQ(probe(R"({"kind": "pidfile"})"), (Probe{Probe::Kind::pidfile, "", 0}));
    EXPECT_EQ(probe(R"({"kind": "notify"})"), (Probe{Probe::Kind::notify, "", 0}));
    EXPECT_EQ(probe(R"({"kind": "fd", "fd": 7})"), (Probe{Probe::Kind::fd, "", 7}));
    EXPECT_EQ(probe(R"({"kind": "unix", "path": "/x"})"),
              (Probe{Probe::Kind::unix_socket, "/x", 0}));
    EXPECT_EQ(probe(R"({"kind": "http", "url": "http://a/"})"),
              (Probe{Probe::Kind::http, "http://a/", 0}));
    EXPECT_EQ(probe(R"({"kind": "function", "name": "up"})"),
              (Probe{Probe::Kind::function, "up", 0}));
}

TEST(ScriptSettings, WhatDoesNotFitIsInvalidAndNeverThrown) {
    for (const char* text : {"null",
                             "[]",
                             "1",
                             "\"x\"",
                             R"({"restart": "sometimes"})",
                             R"({"restart": 1})",
                             R"({"restart": null})",
                             R"({"restart_delay": -1})",
                             R"({"restart_delay": "1"})",
                             R"({"restart_delay": 1e300})",
                             R"({"restart_delay": null})",
                             R"({"restart_limit": 5})",
                             R"({"restart_limit": []})",
                             R"({"restart_limit": [1]})",
                             R"({"restart_limit": [1, -1]})",
                             R"({"restart_limit": ["a", 1]})",
                             R"({"restart_limit": [-1, 60]})",
                             R"({"restart_limit": [1.5, 60]})",
                             R"({"restart_limit": [4294967296, 60]})",
                             R"({"readiness": {}})",
                             R"({"readiness": "exit"})",
                             R"({"readiness": {"kind": "x"}})",
                             R"({"readiness": {"kind": "tcp"}})",
                             R"({"readiness": {"kind": "tcp", "host": 1, "port": 1}})",
                             R"({"readiness": {"kind": "tcp", "host": "::1", "port": "80"}})",
                             R"({"readiness": {"kind": "http"}})",
                             R"({"readiness": {"kind": "function"}})",
                             R"({"health": {}})",
                             R"({"health": []})",
                             R"({"health": {"check": "true"}})",
                             R"({"health": {"check": {"kind": "exit"}, "failures": "many"}})",
                             R"({"kill_mode": "some"})",
                             R"({"kill_mode": null})",
                             R"({"log": 5})",
                             R"({"stop_timeout": [1]})",
                             R"({"watchdog": {}})"}) {
        const auto settings = parse_service_settings(json::parse(text));
        ASSERT_FALSE(settings) << text;
        EXPECT_EQ(settings.error().kind, ErrorKind::invalid);
        EXPECT_TRUE(settings.error().message.starts_with("cannot use "))
            << settings.error().message;
    }
}

TEST(ScriptSettings, TheWorkerGetsWhatItPutsIntoEffectAndNothingElse) {
    const json values = json::parse(R"({"environment": {"A": "b"}, "environment_files": ["/x"],
        "directory": "/", "umask": 18, "limits": {"nofile": [1, 2]}, "nice": 1, "oom_score_adj": 5,
        "groups": ["tty"], "watchdog": 1, "restart": "always", "stop_timeout": 1, "log": "file",
        "made_up": 1})");
    json expected = values;
    for (const char* key : {"restart", "stop_timeout", "log", "made_up"}) expected.erase(key);
    EXPECT_EQ(settings_for_worker(values), expected);
    EXPECT_TRUE(settings_for_worker(json::object()).empty());
}

TEST(ScriptSettings, TheDefaultsThatAreShownAreThoseThatAreUsed) {
    json values = json::object();
    std::set<std::string> keys;
    for (const auto& [key, value] : default_settings()) {
        EXPECT_TRUE(keys.insert(key).second) << key << " is shown twice";
        if (!value.is_null()) values[key] = value;
    }
    const auto shown = parse_service_settings(values);
    ASSERT_TRUE(shown);
    const ServiceSettings used;
    EXPECT_EQ(shown->restart.policy, used.restart.policy);
    EXPECT_EQ(shown->restart.delay, used.restart.delay);
    EXPECT_EQ(shown->restart.longest_delay, used.restart.longest_delay);
    EXPECT_EQ(shown->restart.reset, used.restart.reset);
    EXPECT_EQ(shown->restart.limit, used.restart.limit);
    EXPECT_EQ(shown->ready_timeout, used.ready_timeout);
    EXPECT_EQ(shown->stop_timeout, used.stop_timeout);
    EXPECT_EQ(shown->kill_mode, used.kill_mode);
    EXPECT_EQ(shown->log, used.log);
}

}  // namespace
}  // namespace comar
