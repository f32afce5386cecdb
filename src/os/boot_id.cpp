// SPDX-License-Identifier: MIT
#include "os/boot_id.h"

#include <string_view>

#include "os/proc_scan.h"
#include "os/read_file.h"

namespace comar {
namespace {

constexpr std::size_t most_bytes = 64;

}  // namespace

std::string boot_id(const std::string& proc) {
    const auto read = read_beginning(proc + "/sys/kernel/random/boot_id", most_bytes);
    if (!read) return "";
    const std::string kernel = read->substr(0, read->find('\n'));
    const auto first = read_stat(1, proc);
    return first ? kernel + " " + std::to_string(first->id.start_time) : kernel;
}

}  // namespace comar
