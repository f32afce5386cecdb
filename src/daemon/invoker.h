// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bus/model_table.h"
#include "daemon/calls.h"
#include "daemon/jobs.h"
#include "script/registry.h"

namespace comar {

/// The way to a method of a model, for clients and scripts alike: what no model names does not
/// exist, arguments and results fit the model's signature, and changes of a service become jobs.
class Invoker {
public:
    /// Gets the results as an array.
    using Done = std::function<void(CallReply)>;

    /// All of them outlive the invoker.
    Invoker(const bus::ModelTable& models, const Registry& registry, Calls& calls, Jobs& jobs)
        : models_(models), registry_(registry), calls_(calls), jobs_(jobs) {}

    void invoke(CallRequest request, Done done);

    /// Ends the request with this id; `done` gets the error Cancelled. False: there is none.
    bool cancel(std::uint64_t id) { return jobs_.cancel(id) || calls_.cancel(id); }

private:
    const bus::ModelTable& models_;
    const Registry& registry_;
    Calls& calls_;
    Jobs& jobs_;
};

inline constexpr const char* service_model = "System.Service";

}  // namespace comar
