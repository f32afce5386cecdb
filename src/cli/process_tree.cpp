// SPDX-License-Identifier: MIT
#include "cli/process_tree.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>

#include "cli/text.h"

namespace comar::cli {
namespace {

constexpr std::size_t longest_command = 4096;

std::string read(pid_t pid, const char* name) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/" + name, std::ios::binary);
    std::string text(longest_command, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

/// "312 (nginx) S 1 ...": the name may hold anything, so what counts is its last parenthesis.
bool read_stat(pid_t pid, TreeProcess& process) {
    const std::string text = read(pid, "stat");
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 4 > text.size()) {
        return false;
    }
    process.pid = pid;
    process.command = "[" + text.substr(open + 1, close - open - 1) + "]";
    const char* begin = text.data() + close + 4;
    return std::from_chars(begin, text.data() + text.size(), process.parent).ec == std::errc();
}

std::string command_line(pid_t pid) {
    std::string text = read(pid, "cmdline");
    while (!text.empty() && text.back() == '\0') text.pop_back();
    std::ranges::replace(text, '\0', ' ');
    return text;
}

void add(const std::multimap<pid_t, const TreeProcess*>& children, const TreeProcess& process,
         std::size_t depth, std::vector<std::string>& lines) {
    lines.push_back(std::string(2 * depth, ' ') + std::to_string(process.pid) + " " +
                    escape_line(process.command));
    const auto [begin, end] = children.equal_range(process.pid);
    for (auto child = begin; child != end; ++child) add(children, *child->second, depth + 1, lines);
}

}  // namespace

std::vector<TreeProcess> read_processes(const std::vector<std::uint32_t>& pids) {
    std::vector<TreeProcess> processes;
    for (const std::uint32_t pid : pids) {
        TreeProcess process;
        if (!read_stat(static_cast<pid_t>(pid), process)) continue;
        if (auto command = command_line(process.pid); !command.empty()) process.command = command;
        processes.push_back(std::move(process));
    }
    return processes;
}

std::vector<std::string> tree_lines(const std::vector<TreeProcess>& processes) {
    std::map<pid_t, const TreeProcess*> by_pid;
    for (const TreeProcess& process : processes) by_pid[process.pid] = &process;
    std::multimap<pid_t, const TreeProcess*> children;
    for (const auto& [pid, process] : by_pid) {
        if (process->parent != pid && by_pid.contains(process->parent)) {
            children.emplace(process->parent, process);
        }
    }
    std::vector<std::string> lines;
    for (const auto& [pid, process] : by_pid) {
        if (!by_pid.contains(process->parent)) add(children, *process, 0, lines);
    }
    return lines;
}

}  // namespace comar::cli
