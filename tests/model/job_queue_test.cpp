// SPDX-License-Identifier: MIT
#include "core/job_queue.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "model/histories.h"
#include "support/print.h"

namespace comar {
namespace {

/// A queue, and what those remember who asked it for something.
class Requests {
public:
    explicit Requests(test::History& history) : history_(history) {}

    void step() {
        switch (history_.below(6)) {
            case 0:
            case 1:
            case 2:
                return ask(history_.pick(all_job_kinds));
            case 3:
                return begin();
            case 4:
                return end();
            default:
                return withdraw();
        }
    }

    void check() const {
        EXPECT_EQ(queue_.idle(), order_.empty() && !running_);
        EXPECT_EQ(queue_.waiting().size(), order_.size());
        for (std::size_t i = 0; i < queue_.waiting().size() && i < order_.size(); ++i) {
            EXPECT_EQ(queue_.waiting()[i].ticket, order_[i]) << "not in the order of the requests";
            EXPECT_EQ(queue_.ahead_of(order_[i]), i > 0 ? std::optional(order_[i - 1]) : running_);
            if (i == 0 || withdrawn_) continue;  // what stood between may be gone
            EXPECT_FALSE(merged(queue_.waiting()[i - 1].kind, queue_.waiting()[i].kind))
                << "two neighbors that could be one";
        }
        if (running_) {
            EXPECT_EQ(queue_.ahead_of(*running_), std::nullopt);
        }
    }

    /// Runs what is left; nobody may stay without an answer.
    void finish() {
        while (!queue_.idle()) {
            end();
            begin();
        }
        EXPECT_TRUE(wishes_.empty()) << wishes_.size() << " without an answer";
    }

private:
    struct Wish {
        Ticket ticket;
        JobKind kind;
    };

    static bool gives(JobKind done, JobKind wanted) {
        return done == wanted || (done == JobKind::restart && wanted == JobKind::start);
    }

    void ask(JobKind kind) {
        history_.note("ask for " + std::string(to_string(kind)));
        const auto submitted = queue_.submit(kind);
        if (!submitted.joined) {
            EXPECT_GT(submitted.ticket, newest_) << "a ticket that was used before";
            newest_ = submitted.ticket;
            order_.push_back(submitted.ticket);
        } else {
            // Never one that another job follows: what was asked for in between would be undone.
            EXPECT_EQ(submitted.ticket, order_.empty() ? running_ : std::optional(order_.back()));
        }
        wishes_.push_back({submitted.ticket, kind});
    }

    void begin() {
        history_.note("begin");
        const auto job = queue_.begin_next();
        EXPECT_EQ(job.has_value(), !running_ && !order_.empty());
        if (!job) return;
        EXPECT_EQ(job->ticket, order_.front());
        order_.erase(order_.begin());
        running_ = job->ticket;
        kind_ = job->kind;
    }

    void end() {
        if (!running_) return;
        history_.note("end " + std::string(to_string(kind_)));
        for (const Wish& wish : wishes_) {
            if (wish.ticket != *running_) continue;
            EXPECT_TRUE(gives(kind_, wish.kind))
                << to_string(wish.kind) << " was answered by " << to_string(kind_);
        }
        std::erase_if(wishes_, [&](const Wish& wish) { return wish.ticket == *running_; });
        queue_.end_running();
        running_.reset();
    }

    void withdraw() {
        if (newest_ == Ticket{0}) return;
        const Ticket ticket{1 + history_.below(static_cast<std::size_t>(newest_))};
        history_.note("withdraw #" + std::to_string(static_cast<std::uint64_t>(ticket)));
        const bool waited = std::erase(order_, ticket) > 0;
        EXPECT_EQ(queue_.withdraw(ticket), waited);
        withdrawn_ = withdrawn_ || waited;
        std::erase_if(
            wishes_, [&](const Wish& wish) { return wish.ticket == ticket && ticket != running_; });
    }

    test::History& history_;
    TicketCounter tickets_;
    JobQueue queue_{tickets_};
    std::vector<Wish> wishes_;   ///< without an answer yet
    std::vector<Ticket> order_;  ///< of the jobs that wait
    std::optional<Ticket> running_;
    JobKind kind_ = JobKind::start;  ///< of the running one
    Ticket newest_{0};
    bool withdrawn_ = false;
};

TEST(JobQueueModel, EveryRequestIsAnsweredInOrderByAJobThatGivesIt) {
    test::explore(20'000, [](test::History& history) {
        Requests requests(history);
        for (int step = 0; step < 40 && !testing::Test::HasFailure(); ++step) {
            requests.step();
            requests.check();
        }
        requests.finish();
    });
}

}  // namespace
}  // namespace comar
