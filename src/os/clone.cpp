// SPDX-License-Identifier: MIT
#include "os/clone.h"

#include <csignal>
#include <cstddef>

#include <sys/mman.h>

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

private:
    std::size_t guard_;
    std::size_t size_;
    void* memory_;
};

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

Result<NewProcess> clone_process(ChildFunction function, void* argument, Kinship kinship) {
    const BlockedSignals blocked;
    return clone_sharing_memory(function, argument, kinship);
}

}  // namespace comar
