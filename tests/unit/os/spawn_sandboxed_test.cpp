// SPDX-License-Identifier: MIT
//
// What spawn() does where a sandbox or an old kernel lacks the system calls that it likes best.
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <unistd.h>

#include "os/pipe.h"
#include "os/read_file.h"
#include "os/reap.h"
#include "os/spawn.h"
#include "unit/os/child_process.h"

namespace comar {
namespace {

using test::holds_in_child;

constexpr auto patience = std::chrono::seconds(60);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
constexpr std::size_t low_half = 0;
#else
constexpr std::size_t low_half = 4;
#endif
constexpr auto flags_at = static_cast<std::uint32_t>(offsetof(seccomp_data, args) + low_half);

constexpr sock_filter load(std::size_t at) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(at));
}
constexpr sock_filter answer(std::uint32_t with) { return BPF_STMT(BPF_RET | BPF_K, with); }

/// From now on this process and its children have no clone(2) that shares memory, and no
/// close_range(2).
bool enter_sandbox() {
    std::array<sock_filter, 8> program{
        load(offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        answer(SECCOMP_RET_ERRNO | ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
        load(flags_at),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_VFORK, 0, 1),
        answer(SECCOMP_RET_ERRNO | EPERM),
        answer(SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{.len = program.size(), .filter = program.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

Result<Child> start(std::vector<std::string> arguments, int output) {
    SpawnRequest request;
    request.arguments = std::move(arguments);
    request.output = output;
    return spawn(request);
}

TEST(SpawnSandboxedTest, AProgramIsStartedWithNothingElseOpen) {
    EXPECT_TRUE(holds_in_child([] {
        auto pipe = make_pipe();
        const UniqueFd high(::fcntl(0, F_DUPFD, 700));
        if (!pipe || !enter_sandbox()) return false;
        const auto child = start({"/bin/sh", "-c", "ls /proc/$$/fd"}, pipe->write_end.get());
        pipe->write_end.reset();
        return child && child->id.start_time != 0 &&
               read_up_to(pipe->read_end.get(), 1000, "output") == "0\n1\n2\n" &&
               wait_exited(child->pidfd.get(), patience).value_or(false) &&
               reap(child->pidfd.get()).value() == ExitStatus();
    }));
}

TEST(SpawnSandboxedTest, AFailureIsToldAndLeavesNoChild) {
    EXPECT_TRUE(holds_in_child([] {
        if (!enter_sandbox()) return false;
        const auto child = start({"/none"}, -1);
        return !child && child.error().message == "cannot start /none: No such file or directory" &&
               ::waitpid(-1, nullptr, 0) == -1 && errno == ECHILD;
    }));
}

}  // namespace
}  // namespace comar
