// SPDX-License-Identifier: MIT
#include "daemon/caller.h"

#include <algorithm>
#include <cctype>

#include "bus/text.h"
#include "core/job.h"

namespace comar {

CallRequest Caller::request(std::string app, std::string model, std::string method) const {
    CallRequest request;
    request.cause = cause_of(method);
    request.app = std::move(app);
    request.model = std::move(model);
    request.method = std::move(method);
    request.language = language;
    request.sender = name;
    request.caller = key;
    // Of a caller that is not known any more, nobody pays the account.
    if (!may_do_anything()) request.user = uid.value_or(nobody);
    return request;
}

std::string Caller::cause_of(const std::string& method) const {
    std::string cause = method + " asked for by " + (uid ? "uid " + std::to_string(*uid) : key);
    // Only what changes a service is told later on.
    if (program.empty() || !parse_job_kind(method)) return cause;
    // Any bytes at all may be a name.
    std::string name_of_program = program;
    std::ranges::replace_if(
        name_of_program, [](unsigned char letter) { return std::iscntrl(letter) != 0; }, '?');
    return cause + " (" + bus::to_bus_text(name_of_program) + ", process " + std::to_string(pid) +
           ")";
}

}  // namespace comar
