// SPDX-License-Identifier: MIT
#include <array>
#include <cstdlib>
#include <map>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "unit/cli/boots.h"
#include "unit/cli/peer.h"

namespace comar::cli {
namespace {

using nlohmann::json;

/// What a command did: its exit code, what it wrote, and the calls that reached comard.
struct Ran {
    int code = -1;
    std::string out;
    std::string err;
    std::vector<std::string> calls;  ///< "path interface.member(text arguments)"
};

std::string describe(sd_bus_message* call) {
    std::string text = std::string(sd_bus_message_get_path(call)) + " " +
                       sd_bus_message_get_interface(call) + "." + sd_bus_message_get_member(call) +
                       "(";
    const char* argument = nullptr;
    const char* separator = "";
    while (sd_bus_message_at_end(call, 1) == 0 && sd_bus_message_read(call, "s", &argument) > 0) {
        text.append(separator).append(argument);
        separator = ",";
    }
    return text + ")";
}

std::string member_of(sd_bus_message* call) { return sd_bus_message_get_member(call); }

/// Answers of the peer by "path member" or, for any path, "member". What has none succeeds.
using Answers = std::map<std::string, Peer::Answer>;

Peer::Answer error(const char* name, const char* message) {
    return [=](sd_bus_message* call) {
        return sd_bus_reply_method_errorf(call, name, "%s", message) >= 0;
    };
}

bool answer_from(const Answers& answers, sd_bus_message* call) {
    const std::string member = member_of(call);
    for (const auto& key : {sd_bus_message_get_path(call) + (" " + member), member}) {
        if (const auto found = answers.find(key); found != answers.end())
            return found->second(call);
    }
    return sd_bus_reply_method_return(call, "") >= 0;
}

std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = ::read(fd, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(size));
    return text;
}

class CommandsTest : public ::testing::Test {
protected:
    void SetUp() override {
        ::setenv("LC_ALL", "tr_TR.UTF-8", 1);
        ::setenv("TZ", "UTC0", 1);
    }
    void TearDown() override {
        ::unsetenv("LC_ALL");
        ::unsetenv("TZ");
    }

    static Ran run(std::vector<std::string_view> words, const Answers& answers = {}) {
        Ran ran;
        const Peer peer([&](sd_bus_message* call) {
            if (sd_bus_message_get_expect_reply(call) > 0) {
                const bool goes_on = answer_from(answers, call);
                sd_bus_message_rewind(call, 1);
                ran.calls.push_back(describe(call));
                return goes_on;
            }
            ran.calls.push_back(describe(call));
            return true;
        });
        const std::string socket = peer.address().socket;
        words.insert(words.end(), {"--socket", socket});
        run_words(words, ran);
        return ran;
    }

    static void run_words(const std::vector<std::string_view>& words, Ran& ran) {
        const auto invocation = parse_arguments("comar", words, commands());
        ASSERT_TRUE(invocation) << invocation.error().message;
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        const UniqueFd reader(ends[0]);
        UniqueFd writer(ends[1]);
        testing::internal::CaptureStderr();
        Output output(writer.get());
        ran.code = static_cast<int>(invocation->command->run(*invocation, output));
        EXPECT_TRUE(output.flush());
        ran.err = testing::internal::GetCapturedStderr();
        writer.reset();
        ran.out = read_all(reader.get());
    }
};

constexpr const char* language_call = "/ tr.org.pardus.comar.setLocale(tr_TR)";

TEST_F(CommandsTest, EachVerbIsItsMemberAndSilentOnSuccess) {
    const std::map<std::string_view, std::string> members{
        {"start", "/package/my_app tr.org.pardus.comar.System.Service.start()"},
        {"stop", "/package/my_app tr.org.pardus.comar.System.Service.stop()"},
        {"reload", "/package/my_app tr.org.pardus.comar.System.Service.reload()"},
        {"ready", "/package/my_app tr.org.pardus.comar.System.Service.ready()"},
        {"restart", "/ tr.org.pardus.comar.Manager.Restart(my_app)"},
        {"on", "/package/my_app tr.org.pardus.comar.System.Service.setState(on)"},
        {"off", "/package/my_app tr.org.pardus.comar.System.Service.setState(off)"},
        {"conditional", "/package/my_app tr.org.pardus.comar.System.Service.setState(conditional)"},
        {"remove", "/ tr.org.pardus.comar.remove(my_app)"},
    };
    for (const auto& [verb, member] : members) {
        const Ran ran = run({verb, "my-app"});
        EXPECT_EQ(ran.code, 0) << verb;
        EXPECT_EQ(ran.out + ran.err, "") << verb;
        EXPECT_EQ(ran.calls, (std::vector<std::string>{language_call, member})) << verb;
    }
}

TEST_F(CommandsTest, WhatSucceededIsToldOnRequest) {
    EXPECT_EQ(run({"start", "-v", "a"}).out, "a: started\n");
    EXPECT_EQ(run({"conditional", "-v", "a"}).out, "a: conditional\n");
    EXPECT_EQ(run({"remove", "-v", "a"}).out, "a: removed\n");
}

TEST_F(CommandsTest, AFailureSaysWhatTheProgramSaidAndWhereToLookNext) {
    const Ran ran = run(
        {"start", "a"},
        {{"start", error("tr.org.pardus.comar.Exception", "bind() failed\nno \033[31mluck\n")}});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(
        ran.err.starts_with("cannot start a: bind() failed\n"
                            "    no \\x1b[31mluck\n"
                            "  see: comar --socket "))
        << ran.err;
    EXPECT_NE(ran.err.find(" status a"), std::string::npos) << ran.err;
}

TEST_F(CommandsTest, TheLogIsNamedWhereComardKeepsIt) {
    const std::string root = std::filesystem::temp_directory_path() / "comar-log-test";
    std::filesystem::create_directories(root + "/var/log/comar");
    const UniqueFd log(
        ::open((root + "/var/log/comar/a.log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    const auto tell_root = [&](sd_bus_message* call) {
        return sd_bus_reply_method_return(call, "v", "s", root.c_str()) >= 0;
    };
    const Ran ran = run({"start", "a"}, {{"start", error("tr.org.pardus.comar.Exception", "no")},
                                         {"Get", tell_root}});
    EXPECT_NE(ran.err.find("; log: " + root + "/var/log/comar/a.log\n"), std::string::npos)
        << ran.err;
    std::filesystem::remove_all(root);
}

TEST_F(CommandsTest, ComardsOwnWordingIsNotSaidTwice) {
    const Ran ran = run({"remove", "my-app"},
                        {{"remove", error("tr.org.pardus.comar.Internal",
                                          "cannot remove my_app: it does not stop: timed out")}});
    EXPECT_TRUE(ran.err.starts_with("cannot remove my_app: it does not stop: timed out\n"))
        << ran.err;
}

TEST_F(CommandsTest, EachKindOfFailureHasItsCode) {
    const std::map<int, Peer::Answer> codes{
        {3, error("tr.org.pardus.comar.Missing", "a does not define stop()")},
        {4, error("tr.org.pardus.comar.Comar.PolicyKit", "the.action")},
        {5, error("tr.org.pardus.comar.Internal", "Unable to find a")},
        {1, error("tr.org.pardus.comar.TimedOut", "too slow")},
    };
    for (const auto& [code, answer] : codes) {
        EXPECT_EQ(run({"stop", "a"}, {{"stop", answer}}).code, code);
        EXPECT_EQ(run({"on", "a"}, {{"setState", answer}}).code, code);
        EXPECT_EQ(run({"restart", "a"}, {{"Restart", answer}}).code, code);
        EXPECT_EQ(run({"remove", "a"}, {{"remove", answer}}).code, code);
        EXPECT_EQ(run({"info", "a"}, {{"info", answer}}).code, code);
        EXPECT_EQ(run({"list"}, {{"ListServices", answer}}).code, code);
    }
}

TEST_F(CommandsTest, ReloadingWhatDoesNotRunHasACodeOfItsOwn) {
    const auto state = [](const char* word) {
        return [=](sd_bus_message* call) {
            return sd_bus_reply_method_return(call, "v", "s", word) >= 0;
        };
    };
    const auto failure = error("tr.org.pardus.comar.Exception", "no process");
    EXPECT_EQ(run({"reload", "a"}, {{"reload", failure}, {"Get", state("stopped")}}).code, 7);
    EXPECT_EQ(run({"reload", "a"}, {{"reload", failure}, {"Get", state("running")}}).code, 1);
    EXPECT_EQ(run({"start", "a"}, {{"start", failure}, {"Get", state("stopped")}}).code, 1);
}

TEST_F(CommandsTest, OneOfSeveralThatFailsDoesNotHoldUpTheOthers) {
    const Ran ran =
        run({"start", "-v", "a", "b", "c"},
            {{"/package/b start", error("tr.org.pardus.comar.Internal", "Unable to find b")}});
    EXPECT_EQ(ran.code, 5);
    EXPECT_EQ(ran.out, "a: started\nc: started\n");
    EXPECT_TRUE(ran.err.starts_with("cannot start b: no such service is registered\n")) << ran.err;
}

TEST_F(CommandsTest, WhereNobodyListensTheSocketIsNamed) {
    for (const auto& [command, code] :
         std::map<std::string_view, int>{{"start", 1}, {"status", 4}, {"info", 1}}) {
        Ran ran;
        run_words({command, "a", "--root", "/nonexistent"}, ran);
        EXPECT_EQ(ran.code, code) << command;
        EXPECT_EQ(ran.err,
                  "cannot reach comard: cannot connect to /nonexistent/run/comar/bus: "
                  "No such file or directory\n"
                  "  start it with: comard --root /nonexistent\n");
    }
}

TEST_F(CommandsTest, AComardThatGoesAwayIsNoticed) {
    const Ran ran = run({"start", "a"}, {{"start", [](sd_bus_message*) { return false; }}});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(ran.err.starts_with("cannot start a: comard went away before it had answered\n"))
        << ran.err;
    EXPECT_EQ(run({"status", "a"}, {{"GetAll", [](sd_bus_message*) { return false; }}}).code, 4);
}

Peer::Answer status_of(std::string state) {
    return [state = std::move(state)](sd_bus_message* call) {
        return sd_bus_reply_method_return(call, "a{sv}", 2, "State", "s", state.c_str(),
                                          "Description", "a{ss}", 2, "en", "Server", "tr",
                                          "Sunucu") >= 0;
    };
}

TEST_F(CommandsTest, StatusIsOneCallAndItsCodeIsTheWorst) {
    const Ran one = run({"status", "a"}, {{"GetAll", status_of("running")}});
    EXPECT_EQ(one.code, 0);
    EXPECT_EQ(one.out, "a - Sunucu\n       State: running\n");
    EXPECT_EQ(one.calls,
              (std::vector<std::string>{"/package/a org.freedesktop.DBus.Properties.GetAll("
                                        "tr.org.pardus.comar.Supervision)"}));
    EXPECT_EQ(run({"status", "a"}, {{"GetAll", status_of("failed")}}).code, 3);
    const Ran two = run({"status", "a", "b"}, {{"/package/a GetAll", status_of("stopped")},
                                               {"/package/b GetAll", status_of("running")}});
    EXPECT_EQ(two.code, 3);
    EXPECT_EQ(two.out,
              "a - Sunucu\n       State: stopped\n"
              "\n"
              "b - Sunucu\n       State: running\n");
}

TEST_F(CommandsTest, TheStatusOfAServiceThatIsNotThereIsNotKnown) {
    const Ran ran = run(
        {"status", "a", "b"},
        {{"/package/a GetAll", error("org.freedesktop.DBus.Error.UnknownObject", "no such object")},
         {"/package/b GetAll", status_of("running")}});
    EXPECT_EQ(ran.code, 4);
    EXPECT_EQ(ran.out, "b - Sunucu\n       State: running\n");
    EXPECT_TRUE(ran.err.starts_with("cannot tell the status of a: no such service is registered\n"))
        << ran.err;
}

TEST_F(CommandsTest, StatusInJsonIsAnObjectForOneAndAnArrayForSeveral) {
    const Answers answers{{"GetAll", status_of("running")}};
    const auto one = json::parse(run({"status", "a", "--json"}, answers).out);
    EXPECT_EQ(one.at("name"), "a");
    EXPECT_EQ(one.at("description"), "Sunucu");
    const auto two = json::parse(run({"status", "a", "b", "--json"}, answers).out);
    ASSERT_EQ(two.size(), 2U);
    EXPECT_EQ(two[1].at("name"), "b");
}

bool list_three(sd_bus_message* call) {
    return sd_bus_reply_method_return(call, "a(sssssu)", 3,                           //
                                      "a", "server", "on", "on", "Su", 7U,            //
                                      "b", "local", "stopped", "on", "Uzun söz", 0U,  //
                                      "c", "local", "off", "off", "\033[2J", 0U) >= 0;
}

TEST_F(CommandsTest, ListIsATable) {
    const Ran ran = run({"list"}, {{"ListServices", list_three}});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.err, "");
    EXPECT_EQ(ran.out,
              "NAME  TYPE    STATE    START-UP  DESCRIPTION\n"
              "a     server  on       on        Su\n"
              "b     local   stopped  on        Uzun söz\n"
              "c     local   off      off       \\x1b[2J\n");
    EXPECT_EQ(ran.calls.front(), language_call);
}

TEST_F(CommandsTest, ListInJsonHasAllRowsAndNullForNoProcess) {
    const auto rows = json::parse(run({"list", "--json"}, {{"ListServices", list_three}}).out);
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].at("main_pid"), 7);
    EXPECT_TRUE(rows[1].at("main_pid").is_null());
    EXPECT_EQ(rows[1].at("start_up"), "on");
    EXPECT_EQ(rows[2].at("description"), "\033[2J");
}

TEST_F(CommandsTest, AnEmptyListSaysSoOnStandardError) {
    const auto list_nothing = [](sd_bus_message* call) {
        return sd_bus_reply_method_return(call, "a(sssssu)", 0) >= 0;
    };
    const Ran all = run({"list"}, {{"ListServices", list_nothing}});
    EXPECT_EQ(all.code, 0);
    EXPECT_EQ(all.out, "");
    EXPECT_EQ(all.err, "no service is registered\n");
    EXPECT_EQ(run({"list", "--type", "script"}, {{"ListServices", list_nothing}}).err,
              "no service of type script is registered\n");
    EXPECT_EQ(run({"list", "--json"}, {{"ListServices", list_nothing}}).out, "[]\n");
}

TEST_F(CommandsTest, StatusOfAllShowsWhatIsNotStopped) {
    const Ran ran = run({"status"}, {{"ListServices", list_three},
                                     {"/package/a GetAll", status_of("running")},
                                     {"/package/b GetAll", status_of("failed")},
                                     {"/package/c GetAll", status_of("stopped")}});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.out,
              "NAME  STATE    SINCE  PID  MEMORY  DESCRIPTION\n"
              "a     running                      Sunucu\n"
              "b     failed                       Sunucu\n");
    const Ran idle =
        run({"status"}, {{"ListServices", list_three}, {"GetAll", status_of("stopped")}});
    EXPECT_EQ(idle.code, 0);
    EXPECT_EQ(idle.out, "");
    EXPECT_EQ(idle.err, "no service runs, and none has failed\n");
}

TEST_F(CommandsTest, InfoShowsWhatTheScriptSays) {
    const Answers answers{{"info", [](sd_bus_message* call) {
                               return sd_bus_reply_method_return(call, "sss", "server", "Sunucu\n",
                                                                 "started") >= 0;
                           }}};
    EXPECT_EQ(run({"info", "my-app"}, answers).out,
              "my_app - Sunucu\\n\n       Type: server\n      State: started\n");
    EXPECT_EQ(json::parse(run({"info", "my-app", "--json"}, answers).out),
              json({{"name", "my_app"},
                    {"type", "server"},
                    {"description", "Sunucu\n"},
                    {"state", "started"}}));
}

/// A file that exists, as register insists on.
std::string some_file() { return std::filesystem::canonical("/proc/self/exe"); }

TEST_F(CommandsTest, RegisterSendsTheWholePathAndShowsWarningsAndChanges) {
    const std::string file = some_file();
    const Ran ran = run({"register", "-v", "my-app", file},
                        {{"Register", [](sd_bus_message* call) {
                              return sd_bus_reply_method_return(
                                         call, "a(suss)s", 2, "warning", 3U, "/s.py", "no en",
                                         "warning", 0U, "/s.py", "odd", "-old\n+new\n") >= 0;
                          }}});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.out, "my-app: registered\n");
    EXPECT_EQ(ran.err,
              "/s.py:3: warning: no en\n"
              "/s.py: warning: odd\n"
              "warning: my-app was written for Python 2; it is used with these changes:\n"
              "-old\n+new\n");
    EXPECT_EQ(ran.calls.back(),
              "/ tr.org.pardus.comar.Manager.Register(my_app,System.Service," + file + ")");
}

TEST_F(CommandsTest, AScriptWithErrorsIsNotRegistered) {
    const std::string file = some_file();
    const Ran ran = run({"register", "a", file, "--model", "System.Package"},
                        {{"Register", [](sd_bus_message* call) {
                              return sd_bus_reply_method_return(call, "a(suss)s", 1, "error", 2U,
                                                                "/s.py", "not closed", "") >= 0;
                          }}});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.err, "/s.py:2: error: not closed\ncannot register a: " + file + " has errors\n");
    EXPECT_EQ(ran.calls.back(),
              "/ tr.org.pardus.comar.Manager.Register(a,System.Package," + file + ")");
}

TEST_F(CommandsTest, RegisteringAFileThatIsNotThereAsksNobody) {
    Ran ran;
    run_words({"register", "a", "/nonexistent.py", "--root", "/nonexistent"}, ran);
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.err,
              "cannot register a: cannot open /nonexistent.py: No such file or directory\n");
}

Peer::Answer text_answer(const std::string& text) {
    return [=](sd_bus_message* call) {
        return sd_bus_reply_method_return(call, "s", text.c_str()) >= 0;
    };
}

TEST_F(CommandsTest, GraphIsATreeADocumentOrTextForGraphviz) {
    const json graph{
        {"services",
         {{"web", {{"state", "running"}}},
          {"db", {{"state", "failed"}}},
          {"lone", json::object()}}},
        {"edges",
         {{{"from", "web"}, {"to", "db"}, {"app", "db"}, {"kind", "needs"}, {"origin", "call"}}}}};
    const Answers answers{{"Graph", text_answer(graph.dump())}};
    EXPECT_EQ(run({"graph", "db"}, answers).out,
              "web running\n"
              "└─ requires db failed  call\n");
    EXPECT_EQ(run({"graph"}, answers).out,
              "web running\n"
              "└─ requires db failed  call\n"
              "lone\n");
    EXPECT_EQ(json::parse(run({"graph", "--json"}, answers).out), graph);
    EXPECT_EQ(json::parse(run({"graph", "lone", "--json"}, answers).out),
              json({{"services", {{"lone", json::object()}}}, {"edges", json::array()}}));
    EXPECT_TRUE(run({"graph", "--dot"}, answers).out.starts_with("digraph services {\n"));
    EXPECT_EQ(run({"graph", "nobody"}, answers).code, 5);
    EXPECT_EQ(run({"graph", "--dot", "--svg"}, answers).code, 2);
    EXPECT_EQ(run({"graph"}, {{"Graph", text_answer("{")}}).err,
              "cannot draw the graph: cannot read the graph of services\n");
}

/// Three records: two boots, and a switch after them.
Answers three_boots() {
    const auto record = [](const char* id, const char* kind, int end) {
        return text_answer(
            boot_text({{"db", {}, 0, 5, 10}, {"web", {"db"}, 10, 20, end}}, end, id, kind));
    };
    const std::map<std::string, Peer::Answer> records{{"A", record("A", "boot", 100)},
                                                      {"B", record("B", "boot", 300)},
                                                      {"C", record("C", "switch", 20)}};
    return {{"ListBoots",
             [](sd_bus_message* call) {
                 return sd_bus_reply_method_return(call, "as", 3, "A", "B", "C") >= 0;
             }},
            {"BootRecord", [records](sd_bus_message* call) {
                 const char* id = nullptr;
                 sd_bus_message_read(call, "s", &id);
                 return records.at(id)(call);
             }}};
}

TEST_F(CommandsTest, AnalyzeIsAboutTheLastRealBoot) {
    const Ran chain = run({"analyze", "critical-chain"}, three_boots());
    EXPECT_EQ(chain.code, 0);
    EXPECT_EQ(chain.out, "web @10 ms +290 ms\n└─db @0.0 ms +10 ms\n");
    for (const auto& words : std::vector<std::vector<std::string_view>>{
             {"analyze", "critical-chain", "-2"}, {"analyze", "critical-chain", "--boot", "A"}})
        EXPECT_EQ(run(words, three_boots()).out, "web @10 ms +90 ms\n└─db @0.0 ms +10 ms\n");
    EXPECT_EQ(json::parse(run({"analyze", "--json"}, three_boots()).out)["id"], "B");
    EXPECT_TRUE(run({"analyze", "plot"}, three_boots()).out.ends_with("</svg>\n"));
    EXPECT_NE(run({"analyze", "blame"}, three_boots()).out.find("290 ms  web"), std::string::npos);
    EXPECT_EQ(json::parse(run({"analyze", "list", "--json"}, three_boots()).out).size(), 3U);
}

TEST_F(CommandsTest, AnalyzeDiffComparesWhatIsAlike) {
    const auto compared = [](std::vector<std::string_view> words) {
        words.insert(words.begin(), {"analyze", "diff", "--json"});
        const auto document = json::parse(run(words, three_boots()).out);
        return document["before"]["id"].get<std::string>() +
               document["after"]["id"].get<std::string>();
    };
    EXPECT_EQ(compared({}), "AB");
    EXPECT_EQ(compared({"0"}), "CB");
    EXPECT_EQ(compared({"B", "A"}), "BA");
    const Ran alone = run({"analyze", "diff", "--boot", "C"}, three_boots());
    EXPECT_EQ(alone.code, 1);
    EXPECT_EQ(alone.err, "cannot compare boot C: no switch of group default is kept from before\n");
}

TEST_F(CommandsTest, AnalyzeWithoutABootSaysWhatToDo) {
    const Ran ran = run({"analyze"}, {{"ListBoots", [](sd_bus_message* call) {
                                           return sd_bus_reply_method_return(call, "as", 0) >= 0;
                                       }}});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(ran.err.starts_with("no boot is kept yet\n  comard keeps one whenever")) << ran.err;
    EXPECT_EQ(run({"analyze", "frob"}).code, 2);
    EXPECT_EQ(run({"analyze", "blame", "web"}).code, 2);
    EXPECT_EQ(run({"analyze", "critical-chain", "nobody"}, three_boots()).code, 5);
    EXPECT_EQ(run({"analyze", "time", "--boot", "9"}, three_boots()).code, 1);
}

TEST_F(CommandsTest, HelpKnowsEveryCommandAndItsOptions) {
    Ran all;
    run_words({"help"}, all);
    EXPECT_EQ(all.code, 0);
    for (const auto& command : commands())
        EXPECT_NE(all.out.find("  " + std::string(command.name) + " "), std::string::npos)
            << command.name;
    Ran one;
    run_words({"help", "list"}, one);
    EXPECT_NE(one.out.find("--type TYPE"), std::string::npos);
    EXPECT_EQ(one.out.find("--model"), std::string::npos);
    Ran none;
    run_words({"help", "frob"}, none);
    EXPECT_EQ(none.code, 2);
    EXPECT_EQ(none.out, "");
}

}  // namespace
}  // namespace comar::cli
