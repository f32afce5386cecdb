// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace comar::cli {

/// A process as a line of a tree.
struct TreeProcess {
    pid_t pid = 0;
    pid_t parent = 0;
    std::string command;  ///< its command line, or its name in brackets
};

/// What /proc tells of them; those that have ended meanwhile, or are hidden, are left out.
[[nodiscard]] std::vector<TreeProcess> read_processes(const std::vector<std::uint32_t>& pids);

/// One line each, children below their parents and further in: "312 nginx: master process". What
/// descends from none of the others comes in the order of pids.
[[nodiscard]] std::vector<std::string> tree_lines(const std::vector<TreeProcess>& processes);

}  // namespace comar::cli
