// SPDX-License-Identifier: MIT
#include "daemon/outputs.h"

#include <filesystem>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "os/pipe.h"
#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::content_of;
using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;

/// No loop runs in these tests: what is read is read by drain() and close().
class OutputsTest : public ::testing::Test {
protected:
    OutputsTest() {
        std::filesystem::create_directories(place_ / "fifos");
        std::filesystem::create_directories(place_ / "logs");
        start_again();
    }
    void start_again() {
        outputs_.reset();
        outputs_.emplace(loop_, Outputs::Options{place_.path(), place_ / "fifos"}, logs_);
        outputs_->restore();
    }
    /// As a service holds it.
    static void print(const UniqueFd& fifo, const std::string& text) {
        ASSERT_EQ(::write(fifo.get(), text.data(), text.size()), std::ssize(text));
    }
    static UniqueFd hold(const std::string& fifo) {
        return UniqueFd(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
    }
    [[nodiscard]] std::string log() const { return content_of(place_ / "logs/web.log"); }

    const TemporaryFolder place_;
    Loop loop_ = std::move(*Loop::create());
    LogFolder logs_{place_ / "logs", {}};
    std::optional<Outputs> outputs_;
};

TEST_F(OutputsTest, TheLastLinesAreKnownOnceTheyWereRead) {
    const UniqueFd out = hold(outputs_->open("web")->out);
    EXPECT_THAT(outputs_->last_lines("web", 5), IsEmpty());
    print(out, "one\ntwo\nbegin");
    outputs_->drain("web");
    EXPECT_THAT(outputs_->last_lines("web", 5), ElementsAre("one", "two"));
    EXPECT_THAT(outputs_->last_lines("web", 1), ElementsAre("two"));
    EXPECT_THAT(outputs_->last_lines("other", 1), IsEmpty());
}

TEST_F(OutputsTest, APipeThatIsFollowedIsReadToo) {
    auto pipe = make_pipe();
    ASSERT_TRUE(pipe);
    ASSERT_TRUE(outputs_->follow("web", "err", std::move(pipe->read_end)));
    print(pipe->write_end, "from a pipe\n");
    outputs_->drain("web");
    EXPECT_THAT(log(), EndsWith("Z err from a pipe\n"));
}

TEST_F(OutputsTest, WhatIsLeftIsReadAtTheEndAlsoALineWithoutItsEnd) {
    const auto streams = outputs_->open("web");
    const UniqueFd out = hold(streams->out);
    print(out, "last words");
    outputs_->close("web");
    EXPECT_THAT(log(), EndsWith("Z out last words\n"));
    EXPECT_THAT(std::filesystem::directory_iterator(place_ / "fifos")->path().filename(), "intake");
}

TEST_F(OutputsTest, TheNextComardGoesOnWithTheBeginningOfALine) {
    const UniqueFd out = hold(outputs_->open("web")->out);
    print(out, "one\nbegin");
    outputs_->drain("web");
    print(out, "ning\n");
    start_again();
    outputs_->drain("web");
    EXPECT_THAT(outputs_->last_lines("web", 5), ElementsAre("beginning"));
    EXPECT_THAT(log(), EndsWith("Z out beginning\n"));
}

TEST_F(OutputsTest, AServiceMayHaveATargetOfItsOwn) {
    const UniqueFd out = hold(outputs_->open("web")->out);
    outputs_->set_target("web", OutputTarget::syslog);
    print(out, "nobody listens\n");
    outputs_->drain("web");
    EXPECT_EQ(log(), "");
    outputs_->set_target("web", OutputTarget::file);
    print(out, "kept\n");
    outputs_->drain("web");
    EXPECT_THAT(log(), EndsWith("Z out kept\n"));
}

TEST_F(OutputsTest, DrainingEndsThoughTheWriterGoesOn) {
    const UniqueFd out = hold(outputs_->open("web")->out);
    ASSERT_GE(::fcntl(out.get(), F_SETPIPE_SZ, 1 << 20), 0);
    print(out, std::string(1 << 20, '\n'));
    outputs_->drain("web");
    EXPECT_EQ(logs_.total(), (std::size_t{1} << 20) * (stamp_size + 1));
}

}  // namespace
}  // namespace comar
