// SPDX-License-Identifier: MIT
#include "cli/shown_settings.h"

#include "cli/member.h"
#include "core/name.h"

namespace comar::cli {

tl::expected<std::vector<ShownSetting>, CallFailure> ask_settings(Bus& bus,
                                                                  const std::string& service) {
    const Reply reply = bus.call(
        bus.method(manager_member("Show"), "s", bus_safe_name(service).c_str()), Patience::reading);
    if (!reply) return tl::unexpected(reply.error());
    std::vector<ShownSetting> settings;
    sd_bus_message* const message = reply->get();
    if (sd_bus_message_enter_container(message, 'a', "(sss)") < 0) return settings;
    const char* key = nullptr;
    const char* value = nullptr;
    const char* origin = nullptr;
    while (sd_bus_message_read(message, "(sss)", &key, &value, &origin) > 0)
        settings.push_back({key, value, origin});
    return settings;
}

}  // namespace comar::cli
