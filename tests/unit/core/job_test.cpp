// SPDX-License-Identifier: MIT
#include "core/job.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "support/print.h"

namespace comar {
namespace {

using MaybeKind = std::optional<JobKind>;

/// `merged`, where what cannot be merged stays so whatever comes after it.
MaybeKind merged_all(MaybeKind one, MaybeKind other) {
    return one && other ? merged(*one, *other) : std::nullopt;
}

/// Whether those who asked for `wanted` have got it when a job of kind `done` has ended.
bool gives(JobKind done, JobKind wanted) {
    return done == wanted || (done == JobKind::restart && wanted == JobKind::start);
}

std::string names(std::initializer_list<JobKind> kinds) {
    std::string text;
    for (const JobKind kind : kinds) text.append(to_string(kind)).append(" ");
    return text;
}

TEST(JobKindTest, EachKindIsReadBackFromItsOwnName) {
    for (const JobKind kind : all_job_kinds) EXPECT_EQ(parse_job_kind(to_string(kind)), kind);
}

TEST(JobKindTest, NamesAreThoseOfTheScriptsMethods) {
    EXPECT_EQ(to_string(JobKind::start), "start");
    EXPECT_EQ(to_string(JobKind::stop), "stop");
    EXPECT_EQ(to_string(JobKind::restart), "restart");
    EXPECT_EQ(to_string(JobKind::reload), "reload");
    EXPECT_EQ(to_string(JobKind::ready), "ready");
}

TEST(JobKindTest, AnyOtherWordIsNoJob) {
    for (const std::string_view word :
         {"", "Start", "start ", "starts", "status", "info", "_start"})
        EXPECT_EQ(parse_job_kind(word), std::nullopt) << '"' << word << '"';
}

TEST(JobKindTest, TheListHoldsEachKindOnceAtItsOwnPlace) {
    std::set<JobKind> seen;
    for (std::size_t place = 0; place < all_job_kinds.size(); ++place) {
        EXPECT_EQ(static_cast<std::size_t>(all_job_kinds[place]), place);
        EXPECT_TRUE(seen.insert(all_job_kinds[place]).second);
    }
}

TEST(TicketCounterTest, NoTicketIsHandedOutTwiceAndNoneIsZero) {
    TicketCounter tickets;
    std::set<Ticket> seen{Ticket{0}};
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(tickets.next()).second);
}

TEST(MergedTest, IsCommutativeForEveryPair) {
    for (const JobKind a : all_job_kinds) {
        for (const JobKind b : all_job_kinds)
            EXPECT_EQ(merged(a, b), merged(b, a)) << names({a, b});
    }
}

TEST(MergedTest, IsAssociativeForEveryTriple) {
    for (const JobKind a : all_job_kinds) {
        for (const JobKind b : all_job_kinds) {
            for (const JobKind c : all_job_kinds) {
                EXPECT_EQ(merged_all(merged(a, b), c), merged_all(a, merged(b, c)))
                    << names({a, b, c});
            }
        }
    }
}

TEST(MergedTest, EveryKindMergesWithItselfIntoItself) {
    for (const JobKind kind : all_job_kinds) EXPECT_EQ(merged(kind, kind), kind);
}

TEST(MergedTest, WhatComesOutGivesBothOfThemWhatTheyWant) {
    for (const JobKind a : all_job_kinds) {
        for (const JobKind b : all_job_kinds) {
            if (const auto both = merged(a, b)) {
                EXPECT_TRUE(gives(*both, a) && gives(*both, b)) << names({a, b, *both});
            }
        }
    }
}

TEST(MergedTest, AStartAndARestartAreOneRestart) {
    EXPECT_EQ(merged(JobKind::start, JobKind::restart), JobKind::restart);
}

TEST(MergedTest, NothingElseIsMerged) {
    for (const JobKind a : all_job_kinds) {
        for (const JobKind b : all_job_kinds) {
            const bool start_and_restart = (a == JobKind::start && b == JobKind::restart) ||
                                           (a == JobKind::restart && b == JobKind::start);
            if (a == b || start_and_restart) continue;
            EXPECT_EQ(merged(a, b), std::nullopt) << names({a, b});
        }
    }
}

struct Satisfaction {
    JobKind running;
    std::set<JobKind> satisfied;
};

TEST(SatisfiesTest, EachPairIsAsTheTableSays) {
    const std::array<Satisfaction, all_job_kinds.size()> table{{
        {JobKind::start, {JobKind::start}},
        {JobKind::stop, {JobKind::stop}},
        {JobKind::restart, {JobKind::start}},
        {JobKind::reload, {}},
        {JobKind::ready, {JobKind::ready}},
    }};
    for (const auto& row : table) {
        for (const JobKind wanted : all_job_kinds) {
            EXPECT_EQ(satisfies(row.running, wanted), row.satisfied.contains(wanted))
                << names({row.running, wanted});
        }
    }
}

TEST(SatisfiesTest, WhatSatisfiesAlsoMergesIntoWhatRuns) {
    for (const JobKind running : all_job_kinds) {
        for (const JobKind wanted : all_job_kinds) {
            if (!satisfies(running, wanted)) continue;
            EXPECT_EQ(merged(running, wanted), running) << names({running, wanted});
        }
    }
}

}  // namespace
}  // namespace comar
