// SPDX-License-Identifier: MIT
#include "daemon/boot_record.h"

#include <algorithm>
#include <filesystem>

#include <unistd.h>

#include "os/atomic_file.h"
#include "os/read_file.h"

namespace comar {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int version = 1;
constexpr std::size_t kept = 10;
constexpr std::size_t most_bytes = std::size_t{16} << 20;
constexpr mode_t file_mode = 0644;
constexpr const char* ending = ".json";

/// It comes from whoever asks: no path leads out of the folder.
bool is_id(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789TZ:.-") == std::string::npos &&
           text.front() != '.';
}

}  // namespace

json to_json(const BootRecord::Service& service) {
    return {{"method", service.method}, {"after", service.after},       {"began", service.began},
            {"ended", service.ended},   {"returned", service.returned}, {"fate", service.fate},
            {"error", service.error}};
}

std::string to_text(const json& record) {
    return record.dump(-1, ' ', false, json::error_handler_t::replace);
}

BootRecord::Service boot_service_of(const json& service) {
    return {service.at("method"), service.at("after"), service.at("began"), service.at("returned"),
            service.at("ended"),  service.at("fate"),  service.at("error")};
}

BootRecord boot_record_of(const json& record) {
    BootRecord read;
    read.id = record.at("id");
    read.kind = record.at("kind");
    read.group = record.at("group");
    read.duration = record.at("duration");
    read.planning = record.at("planning");
    read.since_kernel = record.at("since_kernel");
    read.limit = record.at("limit");
    for (const auto& [app, service] : record.at("services").items()) {
        read.services[app] = boot_service_of(service);
    }
    return read;
}

json to_json(const BootRecord& record) {
    json services = json::object();
    for (const auto& [app, one] : record.services) services[app] = to_json(one);
    return {{"version", version},
            {"id", record.id},
            {"kind", record.kind},
            {"group", record.group},
            {"duration", record.duration},
            {"planning", record.planning},
            {"since_kernel", record.since_kernel},
            {"limit", record.limit},
            {"services", std::move(services)}};
}

/// Not synced: what a power cut takes is only a memory.
Result<> BootRecords::keep(const BootRecord& record) const {
    WithoutSync steps;
    const std::string path = folder_ + "/" + record.id + ending;
    if (auto written = write_file_atomically(path, to_text(to_json(record)), file_mode, steps);
        !written) {
        return written;
    }
    const auto all = ids();
    for (std::size_t i = 0; i + kept < all.size(); ++i) {
        (void)::unlink((folder_ + "/" + all[i] + ending).c_str());
    }
    return {};
}

std::vector<std::string> BootRecords::ids() const {
    std::vector<std::string> all;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder_, error)) {
        const std::string id = entry.path().stem().string();
        if (entry.path().extension() == ending && is_id(id)) all.push_back(id);
    }
    std::sort(all.begin(), all.end());
    return all;
}

Result<std::string> BootRecords::text(const std::string& id) const {
    if (!is_id(id)) return failure(ErrorKind::not_found, "there is no record " + id);
    return read_file(folder_ + "/" + id + ending, most_bytes);
}

}  // namespace comar
