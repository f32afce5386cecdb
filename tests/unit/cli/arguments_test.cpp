// SPDX-License-Identifier: MIT
#include "cli/arguments.h"

#include <gtest/gtest.h>

#include "cli/command.h"

namespace comar::cli {
namespace {

using Words = std::vector<std::string_view>;

Result<Invocation> parse(const Words& words, std::string_view program = "comar") {
    return parse_arguments(program, words, commands());
}

/// "start(nginx,redis)", or the complaint.
std::string understood(const Words& words, std::string_view program = "comar") {
    const auto invocation = parse(words, program);
    if (!invocation) return invocation.error().message;
    std::string text(invocation->command->name);
    char separator = '(';
    for (const auto& operand : invocation->operands) {
        text.append(1, separator).append(operand);
        separator = ',';
    }
    return separator == '(' ? text : text + ")";
}

void expect_refused(const Words& words, const std::string& message,
                    std::string_view program = "comar") {
    const auto invocation = parse(words, program);
    ASSERT_FALSE(invocation) << understood(words, program);
    EXPECT_EQ(invocation.error().kind, ErrorKind::invalid);
    EXPECT_EQ(invocation.error().message, message);
}

TEST(ArgumentsTest, ACommandIsFollowedByItsOperands) {
    EXPECT_EQ(understood({"start", "nginx", "redis"}), "start(nginx,redis)");
    EXPECT_EQ(understood({"register", "nginx", "nginx.py"}), "register(nginx,nginx.py)");
    EXPECT_EQ(understood({"list"}), "list");
    EXPECT_EQ(understood({"status"}), "status");
}

TEST(ArgumentsTest, TheOldOrderWorksWhereTheFirstWordIsNoCommand) {
    for (const char* verb : {"start", "stop", "restart", "reload", "status", "on", "off",
                             "conditional", "info", "ready"})
        EXPECT_EQ(understood({"nginx", verb}), std::string(verb) + "(nginx)");
}

TEST(ArgumentsTest, ACommandAsFirstWordIsACommandEvenBeforeAVerb) {
    EXPECT_EQ(understood({"status", "start"}), "status(start)");
    EXPECT_EQ(understood({"start", "stop"}), "start(stop)");
}

TEST(ArgumentsTest, AShortOptionAndItsValueMayBeOneWord) {
    for (const Words& words : {Words{"logs", "-n50", "web"}, Words{"logs", "-n", "50", "web"},
                               Words{"logs", "--lines=50", "web"}}) {
        const auto invocation = parse(words);
        ASSERT_TRUE(invocation) << invocation.error().message;
        EXPECT_EQ(invocation->lines, "50");
        EXPECT_EQ(invocation->operands, std::vector<std::string>{"web"});
    }
    expect_refused({"logs", "-fx"}, "cannot find option '-fx'");
}

TEST(ArgumentsTest, ANumberWithADashIsABoot) {
    for (const Words& words : {Words{"analyze", "blame", "-2"}, Words{"analyze", "-2", "blame"},
                               Words{"analyze", "blame", "--boot", "-2"}}) {
        const auto invocation = parse(words);
        ASSERT_TRUE(invocation) << invocation.error().message;
        EXPECT_EQ(invocation->boot, "-2");
        EXPECT_EQ(invocation->operands, std::vector<std::string>{"blame"});
    }
    expect_refused({"start", "a", "-1"}, "cannot run 'start' with option '--boot'");
}

TEST(ArgumentsTest, CommandsThatAreNoVerbsOfAServiceHaveNoOldOrder) {
    for (const char* command : {"register", "remove", "list", "monitor", "check", "help"})
        expect_refused({"nginx", command}, "cannot find command 'nginx'; see: comar help");
}

TEST(ArgumentsTest, WordsThatAreNoCommandAreRefused) {
    expect_refused({"frob"}, "cannot find command 'frob'; see: comar help");
    expect_refused({"nginx", "frob"}, "cannot find command 'nginx' or 'frob'; see: comar help");
    expect_refused({"nginx", "start", "now"}, "cannot find command 'nginx'; see: comar help");
    expect_refused({}, "cannot run without a command; see: comar help");
}

TEST(ArgumentsTest, ServiceHasTheOldGrammar) {
    EXPECT_EQ(understood({}, "service"), "list");
    EXPECT_EQ(understood({"list"}, "service"), "list");
    EXPECT_EQ(understood({"help"}, "service"), "help");
    EXPECT_EQ(understood({"nginx"}, "service"), "status(nginx)");
    for (const char* verb : {"start", "stop", "restart", "reload", "status", "on", "off",
                             "conditional", "info", "ready"})
        EXPECT_EQ(understood({"nginx", verb}, "service"), std::string(verb) + "(nginx)");
}

TEST(ArgumentsTest, ServiceTakesTheFirstWordForANameWhateverItIs) {
    EXPECT_EQ(understood({"start", "stop"}, "service"), "stop(start)");
    EXPECT_EQ(understood({"list", "start"}, "service"), "start(list)");
    expect_refused({"nginx", "list"}, "cannot 'list' a service; see: service help", "service");
    expect_refused({"start", "nginx"}, "cannot 'nginx' a service; see: service help", "service");
}

TEST(ArgumentsTest, OptionsMayStandAnywhere) {
    for (const Words& words : {Words{"--root", "/r", "status", "--json", "nginx"},
                               Words{"status", "nginx", "--json", "--root=/r"},
                               Words{"nginx", "--root", "/r", "status", "--json"}}) {
        const auto invocation = parse(words);
        ASSERT_TRUE(invocation) << invocation.error().message;
        EXPECT_EQ(invocation->command->name, "status");
        EXPECT_EQ(invocation->operands, std::vector<std::string>{"nginx"});
        EXPECT_EQ(invocation->root, "/r");
        EXPECT_TRUE(invocation->json);
        EXPECT_FALSE(invocation->verbose);
    }
}

TEST(ArgumentsTest, EachOptionArrivesInItsPlace) {
    const auto list = parse({"list", "--type", "server", "--socket", "/s", "-v"});
    ASSERT_TRUE(list) << list.error().message;
    EXPECT_EQ(list->service_type, "server");
    EXPECT_EQ(list->socket, "/s");
    EXPECT_TRUE(list->verbose);
    EXPECT_FALSE(list->json);
    const auto registering = parse({"register", "a", "f", "--model=System.Package", "--verbose"});
    ASSERT_TRUE(registering) << registering.error().message;
    EXPECT_EQ(registering->model, "System.Package");
    EXPECT_TRUE(registering->verbose);
}

TEST(ArgumentsTest, TheLastOfAnOptionCounts) {
    EXPECT_EQ(parse({"list", "--root", "/a", "--root", "/b"})->root, "/b");
}

TEST(ArgumentsTest, TwoDashesEndTheOptions) {
    EXPECT_EQ(understood({"start", "--", "--json", "-v"}), "start(--json,-v)");
    EXPECT_EQ(understood({"--", "list"}), "list");
}

TEST(ArgumentsTest, ADashAloneIsAnOperand) { EXPECT_EQ(understood({"check", "-"}), "check(-)"); }

TEST(ArgumentsTest, OptionsThatMakeNoSenseAreRefused) {
    expect_refused({"list", "--frob"}, "cannot find option '--frob'");
    expect_refused({"list", "-x"}, "cannot find option '-x'");
    expect_refused({"list", "-vv"}, "cannot find option '-vv'");
    expect_refused({"reload", "a", "--json"}, "cannot run 'reload' with option '--json'");
    expect_refused({"status", "--type", "x"}, "cannot run 'status' with option '--type'");
    expect_refused({"list", "--json=yes"}, "cannot give option '--json' a value");
    expect_refused({"list", "--type"}, "cannot use option '--type' without TYPE");
    expect_refused({"list", "--root="}, "cannot use option '--root' without DIR");
    expect_refused({"list", "--root", ""}, "cannot use option '--root' without DIR");
}

TEST(ArgumentsTest, TooFewOrTooManyOperandsAreRefused) {
    expect_refused({"start"}, "cannot run 'start' with so few words; usage: comar start NAME...");
    expect_refused({"register", "a"},
                   "cannot run 'register' with so few words; usage: comar register NAME FILE");
    expect_refused({"list", "a"}, "cannot run 'list' with 'a'; usage: comar list");
    expect_refused({"info", "a", "b"}, "cannot run 'info' with 'b'; usage: comar info NAME");
    expect_refused({"start", ""},
                   "cannot run 'start' with an empty word; usage: comar start NAME...");
}

TEST(ArgumentsTest, HelpWinsOverWhatIsNotComplete) {
    EXPECT_EQ(understood({"--help"}), "help");
    EXPECT_EQ(understood({"-h"}), "help");
    EXPECT_EQ(understood({"start", "--help"}), "help(start)");
    EXPECT_EQ(understood({"help", "list"}), "help(list)");
    EXPECT_EQ(understood({"nginx", "--help"}, "service"), "help");
}

TEST(ArgumentsTest, VersionIsACommandAndAnOption) {
    EXPECT_EQ(understood({"--version"}), "version");
    EXPECT_EQ(understood({"version"}), "version");
    EXPECT_EQ(understood({"start", "--version"}), "version");
}

TEST(CommandTableTest, EachHasANameOfItsOwn) {
    for (const auto& command : commands())
        EXPECT_EQ(find_command(commands(), command.name), &command) << command.name;
    EXPECT_EQ(find_command(commands(), "frob"), nullptr);
    EXPECT_EQ(find_command(commands(), ""), nullptr);
}

TEST(CommandTableTest, UsageShowsTheOperands) {
    EXPECT_EQ(usage(*find_command(commands(), "start")), "comar start NAME...");
    EXPECT_EQ(usage(*find_command(commands(), "list")), "comar list");
}

}  // namespace
}  // namespace comar::cli
