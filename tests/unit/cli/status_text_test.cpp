// SPDX-License-Identifier: MIT
#include "cli/status_text.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace comar::cli {
namespace {

using namespace std::chrono_literals;

constexpr Moment since = 1714566896s;  // 2024-05-01 12:34:56 UTC

class StatusTextTest : public ::testing::Test {
protected:
    void SetUp() override {
        ::setenv("TZ", "UTC0", 1);
        ::tzset();
    }
    void TearDown() override {
        ::unsetenv("TZ");
        ::tzset();
    }

    static std::string text_of(const ServiceStatus& status, bool in_color = false) {
        return status_text(status, "tr", since + 3min, {.colored = in_color, .width = {}});
    }
};

ServiceStatus running_service() {
    ServiceStatus status;
    status.name = "nginx";
    status.state = "running";
    status.start_up = "on";
    status.type = "server";
    status.descriptions = {{"en", "Web server"}, {"tr", "Web sunucusu"}};
    status.main_pid = 1234;
    status.pids = {1234, 1235};
    status.since = since;
    status.memory_bytes = 5 * 1024 * 1024 + 200 * 1024;
    status.cpu_time = 1234ms;
    status.control_group = "/sys/fs/cgroup/comar/nginx";
    status.script = "/var/lib/comar/scripts/System.Service/nginx.py";
    return status;
}

ServiceStatus failed_service() {
    ServiceStatus status;
    status.name = "redis";
    status.state = "failed";
    status.start_up = "off";
    status.since = since;
    status.exit_signal = 9;
    status.restarts = 2;
    status.last_error = "redis: no\nmemory";
    return status;
}

TEST_F(StatusTextTest, TellsAllThatIsKnownOfARunningService) {
    EXPECT_EQ(text_of(running_service()),
              "nginx - Web sunucusu\n"
              "       State: running since 2024-05-01 12:34:56 (3 min ago)\n"
              "    Start-up: on\n"
              "        Type: server\n"
              "    Main PID: 1234\n"
              "        PIDs: 1234 1235\n"
              "      Memory: 5.2 MiB\n"
              "    CPU time: 1.2 s\n"
              "      Script: /var/lib/comar/scripts/System.Service/nginx.py\n"
              "      Cgroup: /sys/fs/cgroup/comar/nginx\n");
}

TEST_F(StatusTextTest, TellsHowAServiceEndedAndWhy) {
    EXPECT_EQ(text_of(failed_service()),
              "redis\n"
              "       State: failed since 2024-05-01 12:34:56 (3 min ago)\n"
              "    Start-up: off\n"
              "  Last ended: signal 9 (Killed)\n"
              "    Restarts: 2\n"
              "  Last error: redis: no\n"
              "              memory\n");
}

TEST_F(StatusTextTest, SaysNothingOfWhatIsNotKnown) {
    ServiceStatus status;
    status.name = "x";
    EXPECT_EQ(text_of(status),
              "x\n"
              "       State: unknown\n");
}

TEST_F(StatusTextTest, ExitCodeZeroIsKnown) {
    ServiceStatus status;
    status.name = "x";
    status.state = "stopped";
    status.exit_code = 0;
    EXPECT_NE(text_of(status).find("  Last ended: exit code 0\n"), std::string::npos);
}

TEST_F(StatusTextTest, ColorsNameAndState) {
    const std::string text = text_of(failed_service(), true);
    EXPECT_TRUE(text.starts_with("\033[1mredis\033[0m\n       State: \033[31mfailed\033[0m since"))
        << text;
}

TEST_F(StatusTextTest, HostileTextIsHarmless) {
    ServiceStatus status = running_service();
    status.descriptions = {{"en", "\033]0;x\a\nfake"}};
    status.last_error = "a\033[2Jb";
    status.script = "\u202e/x";
    const std::string text = text_of(status);
    EXPECT_EQ(text.find('\033'), std::string::npos);
    EXPECT_TRUE(text.starts_with("nginx - \\x1b]0;x\\x07\\nfake\n")) << text;
    EXPECT_NE(text.find("Last error: a\\x1b[2Jb\n"), std::string::npos);
    EXPECT_NE(text.find("Script: \\u{202e}/x\n"), std::string::npos);
}

TEST_F(StatusTextTest, JsonHasTheSameKeysForEveryService) {
    EXPECT_EQ(
        status_json(running_service(), "en").dump(),
        R"({"name":"nginx","description":"Web server","state":"running",)"
        R"("since":"2024-05-01T12:34:56+00:00","start_up":"on","type":"server",)"
        R"("main_pid":1234,"pids":[1234,1235],"memory_bytes":5447680,)"
        R"("cpu_microseconds":1234000,"exit_code":null,"exit_signal":null,"restarts":0,)"
        R"("last_error":null,"cause":null,"health":null,"status_text":null,)"
        R"("wanted":false,"edited":false,"lacks":[],"lost_lines":0,"retry_microseconds":null,)"
        R"("script":"/var/lib/comar/scripts/System.Service/nginx.py",)"
        R"("control_group":"/sys/fs/cgroup/comar/nginx"})");
    ServiceStatus unknown;
    unknown.name = "x";
    EXPECT_EQ(
        status_json(unknown, "en").dump(),
        R"({"name":"x","description":null,"state":"unknown","since":null,"start_up":"",)"
        R"("type":"","main_pid":null,"pids":[],"memory_bytes":null,)"
        R"("cpu_microseconds":null,"exit_code":null,"exit_signal":null,"restarts":0,)"
        R"("last_error":null,"cause":null,"health":null,"status_text":null,)"
        R"("wanted":false,"edited":false,"lacks":[],"lost_lines":0,"retry_microseconds":null,"script":null,"control_group":null})");
}

TEST(SizeTextTest, UsesUnitsOf1024) {
    EXPECT_EQ(size_text(0), "0 B");
    EXPECT_EQ(size_text(1023), "1023 B");
    EXPECT_EQ(size_text(1024), "1.0 KiB");
    EXPECT_EQ(size_text(1536 * 1024), "1.5 MiB");
    EXPECT_EQ(size_text(1024 * 1024 - 1), "1.0 MiB");
    EXPECT_EQ(size_text(std::uint64_t{3} << 40U), "3.0 TiB");
    EXPECT_EQ(size_text(std::uint64_t{3} << 50U), "3072.0 TiB");
}

TEST(StatusCodeTest, OnlyARunningServiceIsFine) {
    const auto code = [](const char* state) {
        ServiceStatus status;
        status.state = state;
        return exit_code_of(status);
    };
    EXPECT_EQ(code("running"), ExitCode::ok);
    for (const char* state : {"stopped", "starting", "stopping", "failed"})
        EXPECT_EQ(code(state), ExitCode::status_not_running) << state;
    EXPECT_EQ(code("unknown"), ExitCode::status_unknown);
}

}  // namespace
}  // namespace comar::cli
