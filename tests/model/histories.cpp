// SPDX-License-Identifier: MIT
#include "model/histories.h"

#include <chrono>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

namespace comar::test {
namespace {

/// COMAR_SEED, or another one at each run.
std::uint64_t first_seed() {
    if (const char* given = std::getenv("COMAR_SEED")) return std::strtoull(given, nullptr, 10);
    return std::random_device{}();
}

std::string told(std::uint64_t seed, const History& history) {
    std::string text = "in the history of COMAR_SEED=" + std::to_string(seed) + ":\n";
    for (const std::string& note : history.notes()) text += "    " + note + "\n";
    return text;
}

}  // namespace

void explore(std::size_t count, const std::function<void(History&)>& live) {
    using Clock = std::chrono::steady_clock;
    const auto enough = Clock::now() + std::chrono::seconds(2);
    const std::uint64_t first = first_seed();
    for (std::size_t i = 0; i < count && Clock::now() < enough; ++i) {
        History history(first + i);
        live(history);
        if (testing::Test::HasFailure()) {
            ADD_FAILURE() << told(first + i, history);
            return;
        }
    }
}

}  // namespace comar::test
