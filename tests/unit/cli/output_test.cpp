// SPDX-License-Identifier: MIT
#include "cli/output.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli/json_output.h"
#include "os/unique_fd.h"

namespace comar::cli {
namespace {

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        reader.reset(ends[0]);
        writer.reset(ends[1]);
    }
    /// All that was written; the writer is closed.
    std::string text() {
        writer.reset();
        std::array<char, 4096> buffer{};
        const ssize_t size = ::read(reader.get(), buffer.data(), buffer.size());
        return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    }
    UniqueFd reader;
    UniqueFd writer;
};

TEST(OutputTest, WritesWhatWasPrintedAtTheFlush) {
    Pipe pipe;
    Output output(pipe.writer.get());
    output.print("one ");
    output.print("two\n");
    EXPECT_TRUE(output.flush());
    EXPECT_TRUE(output.flush());
    EXPECT_EQ(pipe.text(), "one two\n");
}

TEST(OutputTest, NothingToWriteIsNoErrorWhereverItGoes) {
    Output output(-1);
    EXPECT_TRUE(output.flush());
    EXPECT_EQ(output.error(), 0);
}

TEST(OutputTest, AFullDiskIsNoticed) {
    const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    Output output(full.get());
    output.print("x");
    EXPECT_FALSE(output.flush());
    EXPECT_EQ(output.error(), ENOSPC);
}

TEST(OutputTest, AnEarlierErrorIsNotForgotten) {
    Output output(-1);
    output.print("x");
    EXPECT_FALSE(output.flush());
    EXPECT_FALSE(output.flush());
    EXPECT_EQ(output.error(), EBADF);
}

TEST(OutputTest, AReaderThatLeftIsNoticed) {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    pipe.reader.reset();
    Output output(pipe.writer.get());
    output.print("x");
    EXPECT_FALSE(output.flush());
    EXPECT_EQ(output.error(), EPIPE);
    std::signal(SIGPIPE, before);
}

std::string printed(const nlohmann::ordered_json& document, JsonLayout layout) {
    Pipe pipe;
    Output output(pipe.writer.get());
    print_json(output, document, layout);
    EXPECT_TRUE(output.flush());
    return pipe.text();
}

TEST(JsonOutputTest, KeepsTheOrderOfKeysAndTheLettersOfEveryLanguage) {
    const nlohmann::ordered_json document{{"name", "yazıcı"}, {"a", 1}};
    EXPECT_EQ(printed(document, JsonLayout::one_line), "{\"name\":\"yazıcı\",\"a\":1}\n");
    EXPECT_EQ(printed(document, JsonLayout::indented),
              "{\n  \"name\": \"yazıcı\",\n  \"a\": 1\n}\n");
}

TEST(JsonOutputTest, IsHarmlessForATerminalAndStillMeansTheSame) {
    const nlohmann::ordered_json document{{"d", "\033[31m\u009b\x7f\u202e\n"}};
    const std::string text = printed(document, JsonLayout::one_line);
    EXPECT_EQ(text, "{\"d\":\"\\u001b[31m\\u009b\\u007f\\u202e\\n\"}\n");
    EXPECT_EQ(nlohmann::ordered_json::parse(text), document);
}

TEST(JsonOutputTest, TextThatIsNotUtf8IsReplacedAndNotThrownAt) {
    EXPECT_EQ(printed({{"d", "a\xff"}}, JsonLayout::one_line), "{\"d\":\"a\ufffd\"}\n");
}

}  // namespace
}  // namespace comar::cli
