// SPDX-License-Identifier: MIT
#include "os/pipe.h"

#include <csignal>

#include <sys/stat.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/os/child_process.h"
#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::holds_in_child;
using test::TemporaryFolder;

TEST(PipeTest, BothEndsDoNotReachPrograms) {
    const auto pipe = make_pipe();
    ASSERT_TRUE(pipe);
    EXPECT_EQ(::fcntl(pipe->read_end.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(::fcntl(pipe->write_end.get(), F_GETFD), FD_CLOEXEC);
}

TEST(PipeTest, AReopenedEndIsTheSamePipe) {
    const auto pipe = make_pipe();
    ASSERT_TRUE(pipe);
    const auto both = reopen_read_write(pipe->write_end.get());
    ASSERT_TRUE(both);
    EXPECT_EQ(::fcntl(both->get(), F_GETFD), FD_CLOEXEC);
    ASSERT_EQ(::write(both->get(), "x", 1), 1);
    char byte = 0;
    EXPECT_EQ(::read(pipe->read_end.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
}

TEST(PipeTest, WhoHoldsAReopenedEndGetsNoSigpipe) {
    EXPECT_TRUE(holds_in_child([] {
        auto pipe = make_pipe();
        const auto both = reopen_read_write(pipe->write_end.get());
        pipe->read_end.reset();
        return ::write(both->get(), "x", 1) == 1;
    }));
}

TEST(PipeTest, AFifoCanBeReopenedToo) {
    const TemporaryFolder folder;
    const auto path = folder / "fifo";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const auto both = reopen_read_write(reader.get());
    ASSERT_TRUE(both);
    EXPECT_EQ(::fcntl(both->get(), F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
}

TEST(PipeTest, AnythingElseIsNotReopened) {
    const TemporaryFolder folder;
    const UniqueFd file(::open(folder.write("f", "").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(reopen_read_write(file.get()).error().kind, ErrorKind::invalid);
    EXPECT_EQ(reopen_read_write(1'000'000).error().os_error, EBADF);
}

}  // namespace
}  // namespace comar
