// SPDX-License-Identifier: MIT
#include "core/supervision.h"

#include <array>

#include <gtest/gtest.h>

#include "model/histories.h"
#include "support/print.h"

namespace comar {
namespace {

constexpr std::array methods{JobKind::start, JobKind::stop, JobKind::reload, JobKind::ready};
constexpr std::array states{ServiceState::unknown,  ServiceState::starting, ServiceState::running,
                            ServiceState::stopping, ServiceState::stopped,  ServiceState::failed,
                            ServiceState::done};

std::string told(const SupervisionEvent& event) {
    if (const auto* began = std::get_if<MethodBegan>(&event)) {
        return std::string(to_string(began->method)) + " begins";
    }
    if (const auto* ended = std::get_if<MethodEnded>(&event)) {
        return std::string(to_string(ended->method)) + (ended->succeeded ? " succeeds" : " fails") +
               (ended->alive ? ", alive" : "") + (ended->had_some ? ", had some" : "");
    }
    if (const auto* announced = std::get_if<ScriptAnnounced>(&event)) {
        return announced->running ? "the script says started" : "the script says stopped";
    }
    if (const auto* emptied = std::get_if<Emptied>(&event)) {
        return emptied->clean ? "the last process ends" : "the last process dies";
    }
    return std::holds_alternative<GivenUp>(event) ? "given up" : "found alive";
}

/// One service, and the world that hears of it. What holds here holds whatever happens.
class Watched {
public:
    explicit Watched(test::History& history) : history_(history) {
        if (history.coin()) return;
        const ServiceState state = history.pick(states);
        history.note("comes back " + std::string(to_string(state)));
        supervision_ = Supervision(state);
        heard_ = supervision_.running();
        expect_no_passing_state();
    }

    void on(const SupervisionEvent& event) {
        history_.note(told(event));
        const ServiceState before = supervision_.state();
        if (std::holds_alternative<MethodBegan>(event)) ++methods_;
        if (std::holds_alternative<MethodEnded>(event) && methods_ > 0) --methods_;
        if (const auto* announced = std::get_if<ScriptAnnounced>(&event))
            heard_ = announced->running;
        hear(supervision_.on(event), before);
        if (std::holds_alternative<GivenUp>(event)) expect_given_up(before);
        if (methods_ == 0) expect_no_passing_state();
        expect_running_as_state_says();
    }

    [[nodiscard]] ServiceState state() const { return supervision_.state(); }
    [[nodiscard]] std::optional<bool> running() const { return supervision_.running(); }
    [[nodiscard]] std::optional<bool> heard() const { return heard_; }

private:
    void hear(const SupervisionEffects& effects, ServiceState before) {
        bool said_so = false;
        for (const SupervisionEffect& effect : effects) {
            if (std::holds_alternative<StateChanged>(effect)) said_so = true;
            const auto* announce = std::get_if<Announce>(&effect);
            if (announce == nullptr) continue;
            EXPECT_NE(heard_, announce->running) << "the world hears the same twice";
            EXPECT_EQ(supervision_.running(), announce->running)
                << "the world hears what is not so";
            heard_ = announce->running;
        }
        EXPECT_TRUE(said_so || supervision_.state() == before) << "a change that nobody was told";
    }

    /// What is down, as far as is known, has failed; what runs, or is in somebody's hands, is as it
    /// was.
    void expect_given_up(ServiceState before) const {
        const bool is_down = before == ServiceState::stopped || before == ServiceState::unknown;
        EXPECT_EQ(state(), is_down && methods_ == 0 ? ServiceState::failed : before);
    }

    void expect_no_passing_state() const {
        EXPECT_NE(state(), ServiceState::starting) << "no method runs";
        EXPECT_NE(state(), ServiceState::stopping) << "no method runs";
    }

    void expect_running_as_state_says() const {
        const bool runs = state() == ServiceState::running || state() == ServiceState::stopping;
        EXPECT_EQ(running() == true, runs) << to_string(state());
    }

    test::History& history_;
    Supervision supervision_;
    std::optional<bool> heard_;
    int methods_ = 0;
};

/// A service with processes and a script, so that only what can happen happens.
class Life {
public:
    explicit Life(test::History& history) : history_(history), service_(history) {
        if (service_.running() != true) return;
        // What ran before comard was restarted still does, or does not.
        alive_ = true;
        if (history.coin()) die();
    }

    void step() {
        if (open_.empty()) return history_.coin() ? begin() : happen_between_methods();
        switch (history_.below(6)) {
            case 0:
                return open_.size() < 4 ? begin() : end(open_.size() - 1);
            case 1:
                return alive_ ? die() : appear();
            case 2:
                return service_.on(ScriptAnnounced{history_.coin()});
            case 3:
                // A caller may be killed while what it called goes on.
                return end(history_.below(open_.size()));
            default:
                return end(open_.size() - 1);
        }
    }

    void check() const {
        if (!open_.empty()) return;
        if (alive_) {
            EXPECT_EQ(service_.state(),
                      left_on_purpose_ ? ServiceState::stopped : ServiceState::running);
        } else {
            EXPECT_NE(service_.running(), true) << "nothing is alive";
        }
        // That something does not run is no news to a world that never heard it did.
        if (service_.running() == true || (service_.running() && service_.heard())) {
            EXPECT_EQ(service_.heard(), service_.running()) << "what the world heard last is wrong";
        }
    }

private:
    struct Method {
        JobKind kind;
        bool had_some;
    };

    void happen_between_methods() {
        if (alive_) return die();
        if (history_.coin()) return service_.on(GivenUp{});
        alive_ = true;
        service_.on(FoundAlive{});
    }

    void begin() {
        open_.push_back({history_.pick(methods), alive_});
        service_.on(MethodBegan{open_.back().kind});
    }

    void end(std::size_t which) {
        const Method method = open_[which];
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
        const bool succeeded = history_.coin();
        service_.on(MethodEnded{method.kind, succeeded, alive_, method.had_some});
        if (!open_.empty()) return;
        left_on_purpose_ = alive_ && succeeded && method.kind == JobKind::stop;
        if (succeeded && method.kind == JobKind::stop) {
            EXPECT_EQ(service_.state(), ServiceState::stopped);
            EXPECT_EQ(service_.running(), false) << "a stop that succeeded";
        }
    }

    void appear() {
        history_.note("a process appears");
        alive_ = true;
        for (Method& method : open_) method.had_some = true;
    }

    void die() {
        alive_ = left_on_purpose_ = false;
        service_.on(Emptied{history_.coin()});
    }

    test::History& history_;
    Watched service_;
    std::vector<Method> open_;      ///< methods that run, the outermost first
    bool alive_ = false;            ///< the service has a process that comar knows
    bool left_on_purpose_ = false;  ///< by a stop() that succeeded
};

SupervisionEvent any_event(test::History& history) {
    switch (history.below(6)) {
        case 0:
            return MethodBegan{history.pick(methods)};
        case 1:
            return MethodEnded{history.pick(methods), history.coin(), history.coin(),
                               history.coin()};
        case 2:
            return ScriptAnnounced{history.coin()};
        case 3:
            return Emptied{history.coin()};
        case 4:
            return GivenUp{};
        default:
            return FoundAlive{};
    }
}

TEST(SupervisionModel, NoOrderOfEventsHoweverOddMakesItSayTheSameTwiceOrStayInAPassingState) {
    test::explore(20'000, [](test::History& history) {
        Watched service(history);
        for (int step = 0; step < 40 && !testing::Test::HasFailure(); ++step) {
            service.on(any_event(history));
        }
    });
}

TEST(SupervisionModel, AServiceIsSaidToRunExactlyWhileItDoes) {
    test::explore(20'000, [](test::History& history) {
        Life life(history);
        for (int step = 0; step < 40 && !testing::Test::HasFailure(); ++step) {
            life.step();
            life.check();
        }
    });
}

}  // namespace
}  // namespace comar
