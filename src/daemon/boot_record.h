// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/result.h"

namespace comar {

/// How one boot, switch or shutdown went, for `comar analyze`. Times are microseconds since its
/// beginning.
struct BootRecord {
    struct Service {
        std::string method;              ///< "ready", "start" or "stop"
        std::vector<std::string> after;  ///< who came first
        std::int64_t began = -1;         ///< when all of them were over; -1: never
        std::int64_t returned = -1;      ///< its script had done its part; -1: unknown
        std::int64_t ended = -1;         ///< it was ready, or had failed; -1: not yet
        std::string fate;                ///< as Campaign::Fate
        std::string error;
    };

    std::string id;    ///< its beginning, "2026-11-27T04:30:00.123456Z"; names sort by time
    std::string kind;  ///< "boot", "switch" or "shutdown"
    std::string group;
    std::int64_t duration = -1;      ///< -1: it goes on
    std::int64_t planning = 0;       ///< of that for finding out in which order
    std::int64_t since_kernel = -1;  ///< when it began, since the machine was switched on
    std::uint64_t limit = 0;         ///< how many were allowed at once
    std::map<std::string, Service> services;
};

[[nodiscard]] nlohmann::json to_json(const BootRecord& record);
[[nodiscard]] nlohmann::json to_json(const BootRecord::Service& service);
/// As text; what is no UTF-8, in what a service has printed say, is replaced.
[[nodiscard]] std::string to_text(const nlohmann::json& record);
/// The other way round, for what comard has written itself. Throw json::exception.
[[nodiscard]] BootRecord boot_record_of(const nlohmann::json& record);
[[nodiscard]] BootRecord::Service boot_service_of(const nlohmann::json& service);

/// Keeps the last ones, a file each.
class BootRecords {
public:
    explicit BootRecords(std::string folder) : folder_(std::move(folder)) {}

    Result<> keep(const BootRecord& record) const;
    /// Oldest first.
    [[nodiscard]] std::vector<std::string> ids() const;
    /// The JSON text. not_found: there is none of that name.
    [[nodiscard]] Result<std::string> text(const std::string& id) const;

private:
    std::string folder_;
};

}  // namespace comar
