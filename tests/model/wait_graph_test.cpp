// SPDX-License-Identifier: MIT
#include "core/wait_graph.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "model/histories.h"
#include "support/print.h"

namespace comar {
namespace {

/// A graph, and a plain list of the same waits that is searched by brute force.
class Waits {
public:
    explicit Waits(test::History& history) : history_(history) {}

    void step() {
        const std::size_t chance = history_.below(10);
        if (nodes_.size() < 2 || (chance == 0 && nodes_.size() < 10)) return add();
        if (chance == 1) return remove();
        if (chance <= 3) return stop_waiting();
        wait();
    }

    void check() {
        if (nodes_.empty()) return;
        const Ticket node = history_.pick(nodes_);
        const Ticket other = history_.pick(nodes_);
        EXPECT_EQ(graph_.waits(node),
                  std::any_of(waits_.begin(), waits_.end(),
                              [&](const Wait& wait) { return wait.waiter == node; }));
        EXPECT_EQ(graph_.reaches(node, other), reaches(node, other, Follow::answers));
    }

private:
    struct Wait {
        Ticket waiter;
        Ticket awaited;
        WaitFor what;
        bool operator==(const Wait&) const = default;
    };

    static std::string label(Ticket node) {
        return "n" + std::to_string(static_cast<std::uint64_t>(node));
    }
    static std::string told(const Wait& wait) {
        return label(wait.waiter) + (wait.what == WaitFor::turn ? " for a turn of " : " for ") +
               label(wait.awaited);
    }

    enum class Follow { all, answers };

    [[nodiscard]] bool reaches(Ticket from, Ticket to, Follow which) const {
        std::set<Ticket> reached{from};
        for (bool grew = true; grew;) {
            grew = false;
            for (const Wait& wait : waits_) {
                if (which == Follow::answers && wait.what != WaitFor::answer) continue;
                if (reached.contains(wait.waiter)) grew |= reached.insert(wait.awaited).second;
            }
        }
        return reached.contains(to);
    }

    Wait any_wait() {
        return {history_.pick(nodes_), history_.pick(nodes_),
                history_.coin() ? WaitFor::answer : WaitFor::turn};
    }

    void add() {
        const Ticket node = tickets_.next();
        history_.note("add " + label(node));
        graph_.add(node, label(node));
        nodes_.push_back(node);
    }

    void remove() {
        const Ticket node = history_.pick(nodes_);
        history_.note("remove " + label(node));
        graph_.remove(node);
        std::erase(nodes_, node);
        std::erase_if(waits_,
                      [&](auto& wait) { return wait.waiter == node || wait.awaited == node; });
    }

    void stop_waiting() {
        const Wait wait = waits_.empty() || history_.one_in(5) ? any_wait() : history_.pick(waits_);
        history_.note("stop " + told(wait));
        graph_.stop_waiting(wait.waiter, wait.awaited, wait.what);
        const auto found = std::find(waits_.begin(), waits_.end(), wait);
        if (found != waits_.end()) waits_.erase(found);
    }

    void wait() {
        const Wait wait = any_wait();
        history_.note(told(wait));
        const bool circle = reaches(wait.awaited, wait.waiter, Follow::all);
        const auto result = graph_.wait(wait.waiter, wait.awaited, wait.what);
        EXPECT_EQ(result.has_value(), !circle);
        if (result) {
            waits_.push_back(wait);
        } else {
            check_circle(result.error().message, wait);
        }
    }

    /// A refusal names a circle that is there: the wait that was refused first, each node once.
    void check_circle(const std::string& message, const Wait& refused) const {
        const auto circle = names_in(message);
        ASSERT_GE(circle.size(), 2U) << message;
        EXPECT_EQ(circle[0], label(refused.waiter)) << message;
        EXPECT_EQ(circle[1], label(refused.awaited)) << message;
        EXPECT_EQ(circle.back(), label(refused.waiter)) << message;
        EXPECT_EQ(std::set(circle.begin(), circle.end()).size(), circle.size() - 1) << message;
        for (std::size_t i = 1; i + 1 < circle.size(); ++i) {
            EXPECT_TRUE(std::any_of(waits_.begin(), waits_.end(),
                                    [&](auto& wait) {
                                        return label(wait.waiter) == circle[i] &&
                                               label(wait.awaited) == circle[i + 1];
                                    }))
                << message << ": no wait from " << circle[i] << " to " << circle[i + 1];
        }
    }

    static std::vector<std::string> names_in(const std::string& message) {
        static const std::string before = "cannot wait in a circle: ";
        static const std::string between = " -> ";
        if (!message.starts_with(before)) return {};
        std::vector<std::string> names;
        std::size_t from = before.size();
        for (std::size_t to = 0; to != std::string::npos; from = to + between.size()) {
            to = message.find(between, from);
            names.push_back(message.substr(from, to == std::string::npos ? to : to - from));
        }
        return names;
    }

    test::History& history_;
    TicketCounter tickets_;
    WaitGraph graph_;
    std::vector<Ticket> nodes_;
    std::vector<Wait> waits_;
};

TEST(WaitGraphModel, ExactlyTheWaitsThatCloseACircleAreRefusedAndTheCircleIsNamed) {
    test::explore(20'000, [](test::History& history) {
        Waits waits(history);
        for (int step = 0; step < 50 && !testing::Test::HasFailure(); ++step) {
            waits.step();
            waits.check();
        }
    });
}

}  // namespace
}  // namespace comar
