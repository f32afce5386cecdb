// SPDX-License-Identifier: MIT
#include "daemon/campaign.h"

#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

namespace comar {
namespace {

using namespace std::chrono_literals;
using Done = std::function<void(CallReply)>;

/// Jobs that end when the test says so.
class CampaignTest : public ::testing::Test {
protected:
    static Campaign::Step step(const std::string& app, std::vector<Predecessor> after = {}) {
        Campaign::Step one;
        one.app = app;
        one.after = std::move(after);
        return one;
    }

    void begin(std::vector<Campaign::Step> steps, std::size_t limit = 100,
               std::chrono::milliseconds deadline = 0ms) {
        campaign_.emplace(
            *loop_, std::move(steps), Campaign::Options{limit, deadline},
            [this](const Campaign::Step& one, Done done) {
                begun_.push_back(one.app);
                jobs_[one.app] = std::move(done);
            },
            Campaign::Events{[](std::size_t) {},
                             [this] {
                                 ++over_;
                                 loop_->quit(0);
                             }});
        campaign_->begin();
    }

    void end(const std::string& app, bool well = true) {
        const Done done = std::move(jobs_.at(app));
        jobs_.erase(app);
        done(well ? CallReply(nlohmann::json()) : error_reply("Exception", "no disk"));
    }

    Campaign::Fate fate(std::size_t place) const { return campaign_->course(place).fate; }

    Result<Loop> loop_ = Loop::create();
    std::optional<Campaign> campaign_;
    std::vector<std::string> begun_;
    std::map<std::string, Done> jobs_;
    int over_ = 0;
};

TEST_F(CampaignTest, NothingToDoIsOverAtOnce) {
    begin({});
    EXPECT_EQ(over_, 1);
}

TEST_F(CampaignTest, WhatComesAfterAnotherWaitsForIt) {
    begin({step("a"), step("b", {{0, Until::succeeded}}), step("c")});
    EXPECT_EQ(begun_, (std::vector<std::string>{"a", "c"}));
    end("c");
    EXPECT_EQ(begun_.size(), 2U);
    end("a");
    EXPECT_EQ(begun_.back(), "b");
    EXPECT_EQ(over_, 0);
    end("b");
    EXPECT_EQ(over_, 1);
}

TEST_F(CampaignTest, AJobThatIsOverBeforeItsSubmissionReturnsIsNoTrouble) {
    std::vector<Campaign::Step> steps{step("0")};
    for (std::size_t i = 1; i < 1000; ++i) {
        steps.push_back(step(std::to_string(i), {{i - 1, Until::succeeded}}));
    }
    campaign_.emplace(
        *loop_, std::move(steps), Campaign::Options{1, 0ms},
        [](const Campaign::Step&, const Done& done) { done(nlohmann::json()); },
        Campaign::Events{[](std::size_t) {}, [this] { ++over_; }});
    campaign_->begin();
    EXPECT_EQ(over_, 1);
    EXPECT_EQ(fate(999), Campaign::Fate::succeeded);
}

TEST_F(CampaignTest, AFailureReachesThoseThatRequireItAndNobodyElse) {
    begin({step("a"), step("b", {{0, Until::succeeded}}), step("c", {{1, Until::succeeded}}),
           step("d", {{0, Until::over}})});
    end("a", false);
    EXPECT_EQ(fate(0), Campaign::Fate::failed);
    EXPECT_EQ(campaign_->course(0).error, "no disk");
    EXPECT_EQ(campaign_->course(1).error, "it requires a, which has failed");
    EXPECT_EQ(campaign_->course(2).error, "it requires b, which requires a, which has failed");
    EXPECT_EQ(begun_.back(), "d");
    end("d");
    EXPECT_EQ(over_, 1);
}

TEST_F(CampaignTest, NotMoreThanAllowedAtOnce) {
    begin({step("a"), step("b"), step("c")}, 2);
    EXPECT_EQ(begun_.size(), 2U);
    end("a");
    EXPECT_EQ(begun_.size(), 3U);
}

TEST_F(CampaignTest, OneThatHangsLeavesItsPlaceAndIsLateInTheEnd) {
    begin({step("hangs"), step("next")}, 1, 5s);
    EXPECT_EQ(begun_, std::vector<std::string>{"hangs"});
    Timer look(*loop_, [this] { end("next"); });
    look.arm(4s);
    ASSERT_TRUE(loop_->run());
    EXPECT_EQ(begun_.back(), "next");
    EXPECT_EQ(fate(0), Campaign::Fate::late);
    EXPECT_EQ(fate(1), Campaign::Fate::succeeded);
    EXPECT_EQ(over_, 1);
    // It ends after all; what was told stands.
    end("hangs");
    EXPECT_EQ(fate(0), Campaign::Fate::late);
    EXPECT_EQ(over_, 1);
}

TEST_F(CampaignTest, AJobThatOutlivesItsCampaignDoesNoHarm) {
    begin({step("a")});
    campaign_.reset();
    end("a");
    EXPECT_EQ(over_, 0);
}

/// 1,000 services in random graphs: the order is never violated, the limit never exceeded, and
/// failures reach exactly those below.
class RandomCampaign : public CampaignTest, public ::testing::WithParamInterface<unsigned> {};

TEST_P(RandomCampaign, KeepsTheOrderAndTheLimit) {
    constexpr std::size_t count = 1000;
    constexpr std::size_t limit = 40;
    std::minstd_rand random(GetParam());
    std::vector<Campaign::Step> steps;
    for (std::size_t i = 0; i < count; ++i) {
        steps.push_back(step(std::to_string(i)));
        for (unsigned edge = random() % 4; i > 0 && edge > 0; --edge) {
            steps.back().after.push_back(
                {random() % i, random() % 4 == 0 ? Until::over : Until::succeeded});
        }
    }
    begin(steps, limit);
    const auto ended = [&](std::size_t place) {
        return fate(place) != Campaign::Fate::waiting && fate(place) != Campaign::Fate::in_flight;
    };
    std::size_t widest = 0;
    while (!jobs_.empty()) {
        widest = std::max(widest, jobs_.size());
        auto chosen = jobs_.begin();
        std::advance(chosen, random() % jobs_.size());
        const std::size_t place = std::stoul(chosen->first);
        for (const auto& [before, until] : steps[place].after) {
            ASSERT_TRUE(ended(before)) << place << " began before " << before;
            ASSERT_TRUE(until == Until::over || fate(before) == Campaign::Fate::succeeded);
        }
        end(std::string(chosen->first), random() % 50 != 0);
    }
    EXPECT_EQ(over_, 1);
    EXPECT_EQ(widest, limit);
    for (std::size_t place = 0; place < count; ++place) {
        const bool lacks = std::any_of(steps[place].after.begin(), steps[place].after.end(),
                                       [&](const Predecessor& before) {
                                           return before.until == Until::succeeded &&
                                                  fate(before.step) != Campaign::Fate::succeeded;
                                       });
        EXPECT_EQ(fate(place) == Campaign::Fate::skipped, lacks) << place;
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCampaign, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace comar
