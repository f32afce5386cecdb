// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/boot_record.h"

namespace comar::cli {

/// A service as comard records it; times in milliseconds, below 0: not known.
struct MadeService {
    std::string name;
    std::vector<std::string> after = {};
    int began = 0;
    int returned = -1;
    int ended = -1;
    std::string fate = "succeeded";
    std::string error = {};
};

inline std::int64_t microseconds(int milliseconds) {
    return milliseconds < 0 ? -1 : std::int64_t{1000} * milliseconds;
}

inline std::string boot_text(const std::vector<MadeService>& services, int duration = 0,
                             const std::string& id = "2026-11-27T04:30:00.123456Z",
                             const std::string& kind = "boot") {
    nlohmann::json document{{"version", 1},
                            {"id", id},
                            {"kind", kind},
                            {"group", "default"},
                            {"duration", microseconds(duration)},
                            {"planning", 2000},
                            {"since_kernel", 3210000},
                            {"limit", 64},
                            {"services", nlohmann::json::object()}};
    for (const MadeService& made : services)
        document["services"][made.name] = {{"method", "ready"},
                                           {"after", made.after},
                                           {"began", microseconds(made.began)},
                                           {"returned", microseconds(made.returned)},
                                           {"ended", microseconds(made.ended)},
                                           {"fate", made.fate},
                                           {"error", made.error}};
    return document.dump();
}

inline BootRecord made_boot(const std::vector<MadeService>& services, int duration = 0) {
    auto record = read_boot_record(boot_text(services, duration));
    EXPECT_TRUE(record);
    return record ? *record : BootRecord();
}

/// A boot of `count` services in layers of ten, each of which waits for two of the layer before.
inline std::vector<MadeService> made_services(int count) {
    std::vector<MadeService> services;
    for (int i = 0; i < count; ++i) {
        MadeService made{.name = fmt::format("service_{}", i)};
        for (const int offset : {10, 10 + i % 3})
            if (i >= offset) made.after.push_back(fmt::format("service_{}", i - offset));
        for (const MadeService& other : services)
            if (std::ranges::find(made.after, other.name) != made.after.end())
                made.began = std::max(made.began, other.ended);
        made.returned = made.began + 5 + i * 37 % 120;
        made.ended = made.returned + i * 53 % 90;
        if (i % 41 == 40) made.fate = "failed";
        services.push_back(std::move(made));
    }
    return services;
}

}  // namespace comar::cli
