// SPDX-License-Identifier: MIT
#include "core/supervision.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/print.h"

namespace comar {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::array all_states{
    ServiceState::unknown, ServiceState::starting, ServiceState::running, ServiceState::stopping,
    ServiceState::stopped, ServiceState::failed,   ServiceState::done};

/// How a method ends; what a test does not say went well and left nothing.
struct End {
    bool succeeded = true;
    bool alive = false;
    bool had_some = false;
};
constexpr End left_process{.alive = true, .had_some = true};
constexpr End process_died{.had_some = true};
constexpr End left_nothing{};
constexpr End raised{.succeeded = false};
constexpr End raised_leaving_process{.succeeded = false, .alive = true, .had_some = true};

class SupervisionTest : public testing::Test {
protected:
    void on(const SupervisionEvent& event) {
        const ServiceState before = supervision_.state();
        bool said_so = false;
        for (const auto& effect : supervision_.on(event)) {
            if (const auto* announce = std::get_if<Announce>(&effect)) {
                announced_.push_back(announce->running);
            } else {
                said_so = true;
            }
        }
        EXPECT_TRUE(said_so || supervision_.state() == before) << "a change that nobody was told";
    }

    void begin(JobKind method) { on(MethodBegan{method}); }
    void end(JobKind method, End how) {
        on(MethodEnded{method, how.succeeded, how.alive, how.had_some});
    }
    void run(JobKind method, End how) {
        begin(method);
        end(method, how);
    }
    void announce(bool running) { on(ScriptAnnounced{running}); }

    /// A service in `state`, whose way there was announced as it should be.
    void restore(ServiceState state) { supervision_ = Supervision(state); }

    ServiceState state() const { return supervision_.state(); }
    std::optional<bool> running() const { return supervision_.running(); }

    Supervision supervision_;
    std::vector<bool> announced_;  ///< what comar said of its own accord
};

TEST(ServiceStateTest, EachStateIsReadBackFromItsOwnName) {
    for (const ServiceState state : all_states) {
        EXPECT_EQ(parse_service_state(to_string(state)), state);
    }
}

TEST(ServiceStateTest, NamesAreThoseOfTheInterface) {
    const std::array<std::string_view, all_states.size()> names{
        "unknown", "starting", "running", "stopping", "stopped", "failed", "done"};
    for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(to_string(all_states[i]), names[i]);
}

TEST(ServiceStateTest, AnyOtherWordIsNoState) {
    for (const std::string_view word : {"", "Running", "run", "on", "started"}) {
        EXPECT_EQ(parse_service_state(word), std::nullopt) << '"' << word << '"';
    }
}

// Starting

TEST_F(SupervisionTest, AServiceThatComarHasNotTouchedIsUnknown) {
    EXPECT_EQ(state(), ServiceState::unknown);
    EXPECT_EQ(running(), std::nullopt);
}

TEST_F(SupervisionTest, AStartThatLeavesAProcessRuns) {
    begin(JobKind::start);
    EXPECT_EQ(state(), ServiceState::starting);
    end(JobKind::start, left_process);
    EXPECT_EQ(state(), ServiceState::running);
    EXPECT_EQ(running(), true);
    EXPECT_THAT(announced_, ElementsAre(true));
}

TEST_F(SupervisionTest, AStartThatLeavesNothingIsDoneAndNobodyCanTellWhetherItRuns) {
    run(JobKind::start, left_nothing);
    EXPECT_EQ(state(), ServiceState::done);
    EXPECT_EQ(running(), std::nullopt);
    EXPECT_THAT(announced_, IsEmpty());
}

TEST_F(SupervisionTest, AStartWhoseProcessDiedAtOnceFailed) {
    run(JobKind::start, process_died);
    EXPECT_EQ(state(), ServiceState::failed);
    EXPECT_EQ(running(), false);
}

TEST_F(SupervisionTest, AStartThatRaisesFailed) {
    run(JobKind::start, raised);
    EXPECT_EQ(state(), ServiceState::failed);
    EXPECT_THAT(announced_, IsEmpty()) << "the world never heard that it ran";
}

TEST_F(SupervisionTest, AStartThatRaisesButLeavesAProcessRuns) {
    run(JobKind::start, raised_leaving_process);
    EXPECT_EQ(state(), ServiceState::running);
    EXPECT_THAT(announced_, ElementsAre(true));
}

TEST_F(SupervisionTest, AStartOfWhatRunsIsNoChange) {
    run(JobKind::start, left_process);
    begin(JobKind::start);
    EXPECT_EQ(state(), ServiceState::running);
    end(JobKind::start, left_process);
    EXPECT_EQ(state(), ServiceState::running);
    EXPECT_THAT(announced_, ElementsAre(true));
}

TEST_F(SupervisionTest, WhileAStoppedServiceStartsItDoesNotRunYet) {
    restore(ServiceState::stopped);
    begin(JobKind::start);
    EXPECT_EQ(running(), false);
}

TEST_F(SupervisionTest, WhileAnUnknownServiceStartsNobodyCanTellWhetherItRuns) {
    begin(JobKind::start);
    EXPECT_EQ(running(), std::nullopt);
}

TEST_F(SupervisionTest, AServiceThatDiesWhileItIsStartedAgainDoesNotStayAnnounced) {
    // It died just before the call began; comard learned so a moment later.
    run(JobKind::start, left_process);
    begin(JobKind::start);
    on(Emptied{.clean = false});
    end(JobKind::start, left_nothing);
    EXPECT_EQ(state(), ServiceState::failed);
    EXPECT_THAT(announced_, ElementsAre(true, false));
}

// ready

TEST_F(SupervisionTest, AReadyThatStartsSomethingRuns) {
    begin(JobKind::ready);
    EXPECT_EQ(state(), ServiceState::starting);
    end(JobKind::ready, left_process);
    EXPECT_EQ(state(), ServiceState::running);
}

TEST_F(SupervisionTest, AReadyThatDecidesAgainstStartingLeavesThingsAsTheyWere) {
    for (const ServiceState before :
         {ServiceState::unknown, ServiceState::stopped, ServiceState::done, ServiceState::failed}) {
        restore(before);
        run(JobKind::ready, left_nothing);
        EXPECT_EQ(state(), before) << to_string(before);
    }
    EXPECT_THAT(announced_, IsEmpty());
}

TEST_F(SupervisionTest, AReadyThatRaisesOrWhoseProcessDiesFailed) {
    run(JobKind::ready, raised);
    EXPECT_EQ(state(), ServiceState::failed);
    restore(ServiceState::stopped);
    run(JobKind::ready, process_died);
    EXPECT_EQ(state(), ServiceState::failed);
}

// Stopping

TEST_F(SupervisionTest, AStopEndsWhatRuns) {
    run(JobKind::start, left_process);
    begin(JobKind::stop);
    EXPECT_EQ(state(), ServiceState::stopping);
    EXPECT_EQ(running(), true) << "until it is over";
    end(JobKind::stop, process_died);
    EXPECT_EQ(state(), ServiceState::stopped);
    EXPECT_EQ(running(), false);
    EXPECT_THAT(announced_, ElementsAre(true, false));
}

TEST_F(SupervisionTest, AStopOfWhatIsStoppedAnnouncesNothing) {
    restore(ServiceState::stopped);
    run(JobKind::stop, left_nothing);
    EXPECT_EQ(state(), ServiceState::stopped);
    EXPECT_THAT(announced_, IsEmpty());
}

TEST_F(SupervisionTest, WhatAStopLeavesAliveOnPurposeDoesNotRun) {
    run(JobKind::start, left_process);
    run(JobKind::stop, left_process);
    EXPECT_EQ(state(), ServiceState::stopped);
    on(Emptied{.clean = false});
    EXPECT_EQ(state(), ServiceState::stopped) << "the last session has ended, that is all";
    EXPECT_THAT(announced_, ElementsAre(true, false));
}

TEST_F(SupervisionTest, AStopThatFailsAndLeavesItAliveLeavesItRunning) {
    run(JobKind::start, left_process);
    run(JobKind::stop, raised_leaving_process);
    EXPECT_EQ(state(), ServiceState::running);
    EXPECT_THAT(announced_, ElementsAre(true));
}

TEST_F(SupervisionTest, AStopThatFailsButEndsItLeavesItStopped) {
    run(JobKind::start, left_process);
    run(JobKind::stop, {.succeeded = false, .had_some = true});
    EXPECT_EQ(state(), ServiceState::stopped);
    EXPECT_THAT(announced_, ElementsAre(true, false));
}

TEST_F(SupervisionTest, AStopThatFailsOfAServiceComarDoesNotKnowTellsNothing) {
    // Started by hand, say, and stop() raised: it may well run still.
    run(JobKind::stop, raised);
    EXPECT_EQ(state(), ServiceState::unknown);
    EXPECT_EQ(running(), std::nullopt);
}

TEST_F(SupervisionTest, AStopThatFailsOfWhatIsDoneUndoesNothing) {
    run(JobKind::start, left_nothing);
    run(JobKind::stop, raised);
    EXPECT_EQ(state(), ServiceState::done);
}

TEST_F(SupervisionTest, AStopOfWhatIsDoneIsAnnouncedIfTheScriptHadSaidItStarted) {
    begin(JobKind::start);
    announce(true);
    end(JobKind::start, left_nothing);
    run(JobKind::stop, left_nothing);
    EXPECT_EQ(state(), ServiceState::stopped);
    EXPECT_THAT(announced_, ElementsAre(false));
}

// Reload

TEST_F(SupervisionTest, AReloadOfWhatRunsIsNoChange) {
    run(JobKind::start, left_process);
    begin(JobKind::reload);
    EXPECT_EQ(state(), ServiceState::running);
    end(JobKind::reload, left_process);
    EXPECT_EQ(state(), ServiceState::running);
    EXPECT_THAT(announced_, ElementsAre(true));
}

TEST_F(SupervisionTest, AReloadThatRaisesLeavesAStoppedServiceStopped) {
    restore(ServiceState::stopped);
    run(JobKind::reload, raised);
    EXPECT_EQ(state(), ServiceState::stopped);
}

TEST_F(SupervisionTest, AServiceThatDiesInAReloadFailed) {
    run(JobKind::start, left_process);
    begin(JobKind::reload);
    on(Emptied{.clean = false});
    end(JobKind::reload, process_died);
    EXPECT_EQ(state(), ServiceState::failed);
    EXPECT_THAT(announced_, ElementsAre(true, false));
}

TEST_F(SupervisionTest, AReloadThatStartsTheServiceRuns) {
    restore(ServiceState::stopped);
    run(JobKind::reload, left_process);
    EXPECT_EQ(state(), ServiceState::running);
    EXPECT_THAT(announced_, ElementsAre(true));
}

// What happens between methods

TEST_F(SupervisionTest, AServiceThatDiesByItselfFailedAndIsAnnouncedAsStopped) {
    run(JobKind::start, left_process);
    on(Emptied{.clean = false});
    EXPECT_EQ(state(), ServiceState::failed);
    EXPECT_EQ(running(), false);
    EXPECT_THAT(announced_, ElementsAre(true, false));
}

TEST_F(SupervisionTest, AServiceThatEndsCleanlyIsStopped) {
    run(JobKind::start, left_process);
    on(Emptied{.clean = true});
    EXPECT_EQ(state(), ServiceState::stopped);
    EXPECT_THAT(announced_, ElementsAre(true, false));
}

TEST_F(SupervisionTest, ComingAndGoingWhileAMethodRunsIsItsWork) {
    begin(JobKind::start);
    on(FoundAlive{});
    on(Emptied{.clean = false});
    on(FoundAlive{});
    EXPECT_EQ(state(), ServiceState::starting);
    EXPECT_THAT(announced_, IsEmpty());
    end(JobKind::start, left_process);
    EXPECT_THAT(announced_, ElementsAre(true));
}

TEST_F(SupervisionTest, OfAStartThatAStopHasOvertakenNothingIsSaid) {
    for (const ServiceState before : {ServiceState::unknown, ServiceState::stopped}) {
        restore(before);
        announced_.clear();
        begin(JobKind::start);
        on(MethodEnded{JobKind::start, false, true, true, true});
        EXPECT_EQ(state(), ServiceState::starting);
        run(JobKind::stop, left_nothing);
        EXPECT_EQ(state(), ServiceState::stopped);
        EXPECT_THAT(announced_, IsEmpty());
    }
}

TEST_F(SupervisionTest, WhereThatStopFailsItRuns) {
    begin(JobKind::start);
    on(MethodEnded{JobKind::start, false, true, true, true});
    run(JobKind::stop, raised_leaving_process);
    EXPECT_EQ(state(), ServiceState::running);
    EXPECT_THAT(announced_, ElementsAre(true));
}

TEST_F(SupervisionTest, WhatIsFoundAliveRunsWhateverItWasBefore) {
    for (const ServiceState before :
         {ServiceState::unknown, ServiceState::stopped, ServiceState::failed, ServiceState::done}) {
        restore(before);
        announced_.clear();
        on(FoundAlive{});
        EXPECT_EQ(state(), ServiceState::running) << to_string(before);
        EXPECT_THAT(announced_, ElementsAre(true)) << to_string(before);
    }
}

TEST_F(SupervisionTest, WhatRunsAndIsFoundAliveIsNoChange) {
    restore(ServiceState::running);
    EXPECT_THAT(supervision_.on(FoundAlive{}), IsEmpty());
}

TEST_F(SupervisionTest, NothingThatDiesChangesAServiceThatDidNotRun) {
    for (const ServiceState before :
         {ServiceState::unknown, ServiceState::stopped, ServiceState::failed, ServiceState::done}) {
        restore(before);
        EXPECT_THAT(supervision_.on(Emptied{.clean = false}), IsEmpty());
        EXPECT_EQ(state(), before);
    }
}

// What the script says itself

TEST_F(SupervisionTest, WhatTheScriptAnnouncedIsNotSaidAgain) {
    begin(JobKind::start);
    announce(true);
    end(JobKind::start, left_process);
    begin(JobKind::stop);
    announce(false);
    end(JobKind::stop, process_died);
    EXPECT_THAT(announced_, IsEmpty());
}

TEST_F(SupervisionTest, AScriptThatAnnouncedTooMuchIsCorrected) {
    begin(JobKind::start);
    announce(true);
    end(JobKind::start, process_died);
    EXPECT_THAT(announced_, ElementsAre(false));
}

TEST_F(SupervisionTest, AStopThatAnnouncedItsSuccessTooEarlyIsCorrected) {
    run(JobKind::start, left_process);
    begin(JobKind::stop);
    announce(false);
    end(JobKind::stop, raised_leaving_process);
    EXPECT_EQ(state(), ServiceState::running);
    EXPECT_THAT(announced_, ElementsAre(true, true)) << "with the script's own false between";
}

TEST_F(SupervisionTest, AnnouncingAloneChangesNoState) {
    announce(true);
    EXPECT_EQ(state(), ServiceState::unknown);
    announce(false);
    EXPECT_EQ(state(), ServiceState::unknown);
}

// Methods within methods

TEST_F(SupervisionTest, OnlyTheOutermostMethodDecides) {
    begin(JobKind::start);
    run(JobKind::stop, left_nothing);
    EXPECT_EQ(state(), ServiceState::starting);
    EXPECT_THAT(announced_, IsEmpty());
    end(JobKind::start, left_process);
    EXPECT_EQ(state(), ServiceState::running);
    EXPECT_THAT(announced_, ElementsAre(true));
}

TEST_F(SupervisionTest, AReloadThatStopsAndStartsIsOneChangeAtMost) {
    run(JobKind::start, left_process);
    begin(JobKind::reload);
    begin(JobKind::stop);
    EXPECT_EQ(state(), ServiceState::running) << "what a reload calls is part of the reload";
    end(JobKind::stop, process_died);
    run(JobKind::start, left_process);
    end(JobKind::reload, left_process);
    EXPECT_EQ(state(), ServiceState::running);
    EXPECT_THAT(announced_, ElementsAre(true));
}

TEST_F(SupervisionTest, AStopThatSucceededDoesNotRunWhateverItCalled) {
    run(JobKind::start, left_process);
    begin(JobKind::stop);
    run(JobKind::start, left_process);
    end(JobKind::stop, left_process);
    EXPECT_EQ(running(), false);
}

TEST_F(SupervisionTest, AMethodThatOutlivesItsCallerDecidesInTheEnd) {
    begin(JobKind::start);
    begin(JobKind::reload);
    end(JobKind::start, raised);
    EXPECT_EQ(state(), ServiceState::starting) << "one still runs";
    end(JobKind::reload, left_process);
    EXPECT_EQ(state(), ServiceState::running);
}

// After a restart of comard

TEST_F(SupervisionTest, AServiceComesBackInTheStateItWasIn) {
    for (const ServiceState before :
         {ServiceState::unknown, ServiceState::running, ServiceState::stopped, ServiceState::failed,
          ServiceState::done}) {
        EXPECT_EQ(Supervision(before).state(), before);
    }
}

TEST_F(SupervisionTest, AServiceThatRanAndIsGoneAfterARestartIsAnnounced) {
    restore(ServiceState::running);
    on(Emptied{.clean = false});
    EXPECT_EQ(state(), ServiceState::failed);
    EXPECT_THAT(announced_, ElementsAre(false));
}

TEST_F(SupervisionTest, AStartThatComardDidNotSeeTheEndOfIsNotStartingForEver) {
    restore(ServiceState::starting);
    EXPECT_EQ(state(), ServiceState::failed) << "no method runs";
    on(FoundAlive{});
    EXPECT_EQ(state(), ServiceState::running);
    EXPECT_THAT(announced_, ElementsAre(true)) << "nobody was told yet";
}

TEST_F(SupervisionTest, AStopThatComardDidNotSeeTheEndOfIsNotStoppingForEver) {
    restore(ServiceState::stopping);
    EXPECT_EQ(state(), ServiceState::running) << "until its processes are known to be gone";
    on(Emptied{.clean = true});
    EXPECT_EQ(state(), ServiceState::stopped);
    EXPECT_THAT(announced_, ElementsAre(false));
}

TEST_F(SupervisionTest, TheEndOfAMethodWhoseBeginningWasNotSeenCounts) {
    restore(ServiceState::stopped);
    end(JobKind::start, left_process);
    EXPECT_EQ(state(), ServiceState::running);
    run(JobKind::stop, process_died);
    EXPECT_EQ(state(), ServiceState::stopped);
}

// Giving up

TEST_F(SupervisionTest, WhatStaysDownThoughItEndedWellHasFailedAndNobodyHearsOfItAgain) {
    run(JobKind::start, left_process);
    on(Emptied{true});
    announced_.clear();
    on(GivenUp{});
    EXPECT_EQ(state(), ServiceState::failed);
    EXPECT_EQ(running(), false);
    EXPECT_THAT(announced_, IsEmpty());
}

TEST_F(SupervisionTest, WhatRunsOrIsBeingStartedIsNotGivenUp) {
    run(JobKind::start, left_process);
    on(GivenUp{});
    EXPECT_EQ(state(), ServiceState::running);
    on(Emptied{true});
    begin(JobKind::start);
    on(GivenUp{});
    EXPECT_EQ(state(), ServiceState::starting);
}

}  // namespace
}  // namespace comar
