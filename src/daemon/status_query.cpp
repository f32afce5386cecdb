// SPDX-License-Identifier: MIT
#include "daemon/status_query.h"

#include <algorithm>
#include <utility>

#include "daemon/invoker.h"

namespace comar {
namespace {

using nlohmann::json;

/// Fewer are not worth a second worker.
constexpr std::size_t worth_splitting = 16;

std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

CallRequest status_of(const CallRequest& by, const std::string& app) {
    CallRequest request = by;
    request.app = app;
    request.model = service_model;
    request.method = "status";
    request.arguments = json::array();
    return request;
}

}  // namespace

void StatusQuery::ask(Calls& calls, const ScriptBridge& bridge, const CallRequest& by,
                      std::vector<std::string> apps, Done done) {
    if (apps.empty()) return done({});
    const auto query = std::make_shared<StatusQuery>(calls, bridge, by, std::move(done));
    // Whoever gives no answer is there too.
    for (const std::string& app : apps) query->answers_[app];
    ++query->open_;  // until all batches are on their way
    if (apps.size() >= worth_splitting) {
        const auto middle = apps.begin() + static_cast<std::ptrdiff_t>(apps.size() / 2);
        query->run({middle, apps.end()});
        apps.erase(middle, apps.end());
    }
    query->run(std::move(apps));
    query->batch_over();
}

void StatusQuery::run(std::vector<std::string> apps, bool last_try) {
    if (apps.empty()) return;
    ++open_;
    json message = bridge_.common_message();
    message["op"] = "poll";
    message["language"] = by_.language;
    message["sender"] = by_.sender;
    message["items"] = json::array();
    const auto start_up = bridge_.start_up_states();
    for (const std::string& app : apps) {
        const auto found = start_up.find(app);
        message["items"].push_back(bridge_.script_message(
            status_of(by_, app),
            found == start_up.end() ? std::nullopt : std::optional(found->second)));
    }
    const auto batch = std::make_shared<Batch>(Batch{std::move(apps), 0, last_try});
    calls_.converse(
        status_of(by_, batch->apps.front()), std::move(message),
        [self = shared_from_this(), batch](const json& item) { self->on_item(*batch, item); },
        [self = shared_from_this(), batch](const CallReply& reply) {
            self->on_end(*batch, reply);
        });
}

void StatusQuery::on_item(Batch& batch, const json& item) {
    if (batch.answered >= batch.apps.size()) return;
    Answer& answer = answers_[batch.apps[batch.answered++]];
    const auto running = item.find("running");
    if (running != item.end() && running->is_boolean()) answer.running = running->get<bool>();
    answer.description = text_of(item, "description");
}

/// What has no answer now: the first one is to blame, the others only stood behind it. Unless no
/// script ran at all.
void StatusQuery::on_end(const Batch& batch, const CallReply& reply) {
    const bool never_ran =
        !reply && (reply.error().name == "Busy" || reply.error().name == "Cancelled");
    if (!never_ran && !batch.last_try && batch.answered < batch.apps.size()) {
        const auto culprit = batch.apps.begin() + static_cast<std::ptrdiff_t>(batch.answered);
        run({*culprit}, true);
        run({culprit + 1, batch.apps.end()});
    }
    batch_over();
}

void StatusQuery::batch_over() {
    if (--open_ == 0) done_(std::move(answers_));
}

}  // namespace comar
