// SPDX-License-Identifier: MIT
// comard-faulty: comard that is killed at one of its own steps, COMAR_FAULT="start.begun". With the
// value "?" it writes the name of each step to stderr.
#include "core/fault_point.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace comar {

void fault_point(std::string_view work, std::string_view step) noexcept {
    static const char* const wanted = std::getenv("COMAR_FAULT");
    if (wanted == nullptr) return;
    const std::string here = std::string(work).append(".").append(step);
    if (here == wanted) std::raise(SIGKILL);
    if (std::string_view(wanted) == "?") std::fprintf(stderr, "step: %s\n", here.c_str());
}

}  // namespace comar
