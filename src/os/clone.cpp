// SPDX-License-Identifier: MIT
#include "os/clone.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include <sys/mman.h>
#include <sys/syscall.h>

#include <linux/sched.h>
#include <sched.h>
#include <unistd.h>

#include "os/process.h"
#include "os/system_error.h"

namespace comar {

namespace {

constexpr std::size_t stack_bytes = 128 * 1024;

// A handler of ours that ran in the child would work on our memory.
class BlockedSignals {
public:
    BlockedSignals() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;
    ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

/// The memory below the stack is not accessible: running over ends the child, not us.
class ChildStack {
public:
    ChildStack()
        : guard_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))), size_(stack_bytes + guard_) {
        memory_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    }
    ChildStack(const ChildStack&) = delete;
    ChildStack& operator=(const ChildStack&) = delete;
    ~ChildStack() {
        if (memory_ != MAP_FAILED) ::munmap(memory_, size_);
    }

    [[nodiscard]] bool guard() const {
        return memory_ != MAP_FAILED && ::mprotect(memory_, guard_, PROT_NONE) == 0;
    }
    [[nodiscard]] void* top() const { return static_cast<std::byte*>(memory_) + size_; }
    [[nodiscard]] void* bottom() const { return static_cast<std::byte*>(memory_) + guard_; }

private:
    std::size_t guard_;
    std::size_t size_;
    void* memory_;
};

#ifdef __x86_64__
/// clone3(2) has no wrapper in the C library, and syscall(2) could not return in a child that has a
/// stack of its own. Negative: the error.
long call_clone3(const clone_args& arguments, ChildFunction function, void* argument) {
    long result = 0;
    asm volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"  // the outermost frame
        "mov %[argument], %%rdi\n\t"
        "call *%[function]\n\t"
        "mov %%eax, %%edi\n\t"
        "mov %[exit], %%eax\n\t"
        "syscall\n\t"
        "1:"
        : "=a"(result)
        : "a"(SYS_clone3), "D"(&arguments), "S"(sizeof arguments), [function] "r"(function),
          [argument] "r"(argument), [exit] "i"(SYS_exit)
        : "rcx", "r11", "memory");
    return result;
}
#else
long call_clone3(const clone_args&, ChildFunction, void*) { return -ENOSYS; }
#endif

/// True when a sandbox or an old kernel does not let us share memory with a child.
bool is_refused(int error) { return error == EPERM || error == ENOSYS || error == EINVAL; }

Result<NewProcess> fork_process(ChildFunction function, void* argument) {
    // Keeps a place for the child's pidfd, so that there is no child that we cannot hold.
    auto pidfd = open_pidfd(::getpid());
    if (!pidfd) return pidfd.map([](UniqueFd&) { return NewProcess(); });
    const pid_t pid = ::fork();
    if (pid < 0) return system_failure("make a process");
    if (pid == 0) ::_exit(function(argument));
    pidfd->reset();
    // Nobody but us can reap the child, so the number is still its own.
    pidfd = open_pidfd(pid);
    return pidfd.map([&](UniqueFd& fd) { return NewProcess{.pid = pid, .pidfd = std::move(fd)}; });
}

Result<NewProcess> clone_sharing_memory(ChildFunction function, void* argument, Kinship kinship) {
    const ChildStack stack;
    if (!stack.guard()) return system_failure("make a stack");
    int pidfd = -1;
    const int parent = kinship == Kinship::sibling ? CLONE_PARENT : 0;
    const pid_t pid =
        ::clone(function, stack.top(), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | parent,
                argument, &pidfd);
    if (pid >= 0) return NewProcess{.pid = pid, .pidfd = UniqueFd(pidfd)};
    if (is_refused(errno)) return fork_process(function, argument);
    return system_failure("make a process");
}

}  // namespace

Result<NewProcess> clone_into_cgroup(ChildFunction function, void* argument, Kinship kinship,
                                     int cgroup) {
    const BlockedSignals blocked;
    const ChildStack stack;
    if (!stack.guard()) return system_failure("make a stack");
    int pidfd = -1;
    clone_args arguments{};
    arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_INTO_CGROUP;
    if (kinship == Kinship::sibling) {
        // Whose exit signal it has, clone3(2): that of the calling process.
        arguments.flags |= CLONE_PARENT;
    } else {
        arguments.exit_signal = SIGCHLD;
    }
    arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    arguments.stack = reinterpret_cast<std::uintptr_t>(stack.bottom());
    arguments.stack_size = stack_bytes;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup);
    const long pid = call_clone3(arguments, function, argument);
    if (pid < 0) return system_failure("make a process in a cgroup", static_cast<int>(-pid));
    return NewProcess{.pid = static_cast<pid_t>(pid), .pidfd = UniqueFd(pidfd)};
}

Result<NewProcess> fork_into_cgroup(ChildFunction function, void* argument, int cgroup) {
    const BlockedSignals blocked;
    int pidfd = -1;
    clone_args arguments{};
    arguments.flags = CLONE_PIDFD;
    if (cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = static_cast<std::uint64_t>(cgroup);
    }
    arguments.exit_signal = SIGCHLD;
    arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) ::_exit(function(argument));
    if (pid < 0) return system_failure("make a process");
    return NewProcess{.pid = static_cast<pid_t>(pid), .pidfd = UniqueFd(pidfd)};
}

Result<NewProcess> clone_process(ChildFunction function, void* argument, Kinship kinship) {
    const BlockedSignals blocked;
    return clone_sharing_memory(function, argument, kinship);
}

}  // namespace comar
