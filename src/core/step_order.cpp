// SPDX-License-Identifier: MIT
#include "core/step_order.h"

#include <unordered_map>

#include "core/strong_components.h"

namespace comar {
namespace {

using Steps = std::vector<std::size_t>;
using Predecessors = std::vector<std::vector<Predecessor>>;

Successors all_of(const Predecessors& predecessors) {
    Successors all(predecessors.size());
    for (std::size_t step = 0; step < all.size(); ++step) {
        for (const Predecessor& before : predecessors[step]) all[step].push_back(before.step);
    }
    return all;
}

/// The steps of a circle, in an order that what must succeed gives.
Steps untangle(const Steps& circle, const Predecessors& predecessors) {
    std::unordered_map<std::size_t, std::size_t> place;
    for (const std::size_t step : circle) place.emplace(step, place.size());
    Successors strict(circle.size());
    for (std::size_t i = 0; i < circle.size(); ++i) {
        for (const Predecessor& before : predecessors[circle[i]]) {
            const auto found = place.find(before.step);
            if (found == place.end() || before.until != Until::succeeded) continue;
            strict[i].push_back(found->second);
        }
    }
    Steps steps;
    for (const auto& group : strong_components(strict)) {
        for (const std::size_t member : group) steps.push_back(circle[member]);
    }
    return steps;
}

}  // namespace

StepOrder order_steps(const Predecessors& predecessors) {
    StepOrder order;
    for (const Steps& group : strong_components(all_of(predecessors))) {
        const Steps steps = group.size() == 1 ? group : untangle(group, predecessors);
        order.steps.insert(order.steps.end(), steps.begin(), steps.end());
    }
    Steps place(order.steps.size());
    for (std::size_t i = 0; i < place.size(); ++i) place[order.steps[i]] = i;
    for (std::size_t step = 0; step < place.size(); ++step) {
        for (const Predecessor& before : predecessors[step]) {
            if (place[before.step] >= place[step]) order.broken.emplace_back(step, before.step);
        }
    }
    return order;
}

}  // namespace comar
