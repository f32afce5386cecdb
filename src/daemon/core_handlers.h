// SPDX-License-Identifier: MIT
#pragma once

#include "bus/model_table.h"
#include "daemon/handlers.h"
#include "daemon/languages.h"
#include "daemon/ongoing_calls.h"
#include "daemon/registrar.h"
#include "script/registry.h"

namespace comar {

/// The interface tr.org.pardus.comar, on `/` (SPEC 4).
class CoreHandlers {
public:
    /// All of them outlive the handlers.
    struct Parts {
        const bus::ModelTable& models;
        const Registry& registry;
        Registrar& registrar;
        Languages& languages;
        OngoingCalls& ongoing;
    };

    explicit CoreHandlers(Parts parts) : parts_(parts) {}

    void add_to(Handlers& handlers);

private:
    void register_script(const IncomingCall& call);
    void remove(const IncomingCall& call);
    void list_model_applications(const IncomingCall& call);
    void list_application_models(const IncomingCall& call);
    void set_locale(const IncomingCall& call);
    void cancel(const IncomingCall& call);
    void list_running(const IncomingCall& call);

    Parts parts_;
};

}  // namespace comar
