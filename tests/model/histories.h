// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <vector>

/// Random histories against invariants.
///
/// `explore` lives through many of them, each from a seed of its own. The first one in which an
/// expectation fails ends the test and is told with its seed and all that happened in it;
/// COMAR_SEED=<that seed> makes the same history the first one of the next run.
namespace comar::test {

/// One history: where chance comes from, and what has happened.
class History {
public:
    explicit History(std::uint64_t seed) : random_(seed) {}

    /// A number from 0 to `end` - 1; `end` is not 0.
    [[nodiscard]] std::size_t below(std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
    }
    [[nodiscard]] bool one_in(std::size_t count) { return below(count) == 0; }
    [[nodiscard]] bool coin() { return one_in(2); }

    /// Any element of something that is not empty.
    template <class Container>
    [[nodiscard]] const auto& pick(const Container& from) {
        return *std::next(from.begin(), static_cast<std::ptrdiff_t>(below(from.size())));
    }

    /// Notes what happens next, for whoever reads of a failure.
    void note(std::string what) { notes_.push_back(std::move(what)); }
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

private:
    std::mt19937_64 random_;
    std::vector<std::string> notes_;
};

/// Lives through `count` histories, or as many as fit into two seconds.
void explore(std::size_t count, const std::function<void(History&)>& live);

}  // namespace comar::test
