// SPDX-License-Identifier: MIT
#include "os/file_stamp.h"

#include <fmt/format.h>

namespace comar {

std::string file_stamp(const struct stat& info) {
    return fmt::format("{}.{}.{}.{}", info.st_ino, info.st_size, info.st_mtim.tv_sec,
                       info.st_mtim.tv_nsec);
}

}  // namespace comar
