// SPDX-License-Identifier: MIT
#include "daemon/start_up_states.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <unistd.h>

#include "os/atomic_file.h"
#include "os/system_error.h"

namespace comar {
namespace {

namespace fs = std::filesystem;

/// In the order in which they count.
constexpr std::array by_weight{StartUp::on, StartUp::conditional, StartUp::off};

}  // namespace

std::optional<StartUp> StartUpStates::chosen(const std::string& app) const {
    for (const StartUp state : by_weight) {
        if (::access(path_of(app, state).c_str(), F_OK) == 0) return state;
    }
    return std::nullopt;
}

std::map<std::string, StartUp> StartUpStates::all() const {
    std::map<std::string, StartUp> states;
    for (const StartUp state : by_weight) {
        std::error_code error;
        fs::directory_iterator at(folder_ + "/" + std::string(folder_of(state)), error);
        for (; !error && at != fs::directory_iterator(); at.increment(error)) {
            states.emplace(at->path().filename().string(), state);
        }
    }
    return states;
}

Result<> StartUpStates::set(const std::string& app, StartUp state) const {
    const std::string path = path_of(app, state);
    std::error_code error;
    fs::create_directories(fs::path(path).parent_path(), error);
    if (error) return system_failure("create the folder of " + path, error.value());
    if (auto written = write_file_atomically(path, "", 0644); !written) return written;
    for (const StartUp other : all_start_ups) {
        if (other == state) continue;
        if (::unlink(path_of(app, other).c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
            return system_failure("remove " + path_of(app, other));
        }
    }
    return {};
}

Result<> StartUpStates::clear(const std::string& app) const {
    for (const StartUp state : all_start_ups) {
        if (::unlink(path_of(app, state).c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
            return system_failure("remove " + path_of(app, state));
        }
    }
    return {};
}

std::string StartUpStates::path_of(const std::string& app, StartUp state) const {
    return folder_ + "/" + std::string(folder_of(state)) + "/" + app;
}

}  // namespace comar
