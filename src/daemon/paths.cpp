// SPDX-License-Identifier: MIT
#include "daemon/paths.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "os/system_error.h"

namespace comar {
namespace {

namespace fs = std::filesystem;

/// The folder that the program is in: <prefix>/bin or <prefix>/sbin.
Result<fs::path> program_folder() {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    if (error) return system_failure("find my own program", error.value());
    return self.parent_path();
}

/// A program that only comar starts: lib/comar has it, or a build folder that has all in one.
std::string own_program(const fs::path& folder, const char* name) {
    const fs::path installed = folder.parent_path() / "lib/comar" / name;
    return ::access(installed.c_str(), X_OK) == 0 ? installed : folder / name;
}

Result<> make_folder(const std::string& path, mode_t mode) {
    std::error_code error;
    fs::create_directories(fs::path(path).parent_path(), error);
    if (error) return system_failure("create " + path, error.value());
    if (::mkdir(path.c_str(), mode) == 0) {
        return ::chmod(path.c_str(), mode) == 0 ? Result<>()
                                                : system_failure("set mode of " + path);
    }
    if (errno != EEXIST) return system_failure("create " + path);
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) return system_failure("look at " + path);
    if (!S_ISDIR(info.st_mode)) {
        return failure(ErrorKind::invalid, "cannot use " + path + ": it is not a folder");
    }
    // Whoever owns this folder decides what comard reads and writes there.
    if (info.st_uid != ::geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return failure(ErrorKind::denied, "cannot use " + path +
                                              ": it must belong to the user that comard runs as, "
                                              "and nobody else may write there");
    }
    return {};
}

}  // namespace

Result<Paths> find_paths(const std::string& root) {
    Paths paths;
    if (!root.empty()) {
        std::error_code error;
        fs::create_directories(root, error);
        const fs::path real = error ? fs::path() : fs::canonical(root, error);
        if (error) return system_failure("use root " + root, error.value());
        paths.root = real == "/" ? "" : real.string();
    }
    const std::string& base = paths.root;
    paths.data = base + "/var/lib/comar";
    paths.scripts = paths.data + "/scripts";
    paths.memory = paths.data + "/starts.json";
    paths.boots = paths.data + "/boots";
    paths.start_up = base + "/etc/mudur/services";
    paths.conf = base + "/etc/conf.d";
    paths.settings = base + "/etc/comar/comard.toml";
    paths.profile_env = base + "/etc/profile.env";
    paths.run = base + "/run/comar";
    paths.socket = paths.run + "/bus";
    paths.state = paths.run + "/state";
    paths.transition = paths.run + "/transition";
    paths.course = paths.run + "/transition-course";
    paths.boot_id = paths.run + "/boot-id";
    paths.notify = paths.run + "/notify";
    paths.ready = paths.run + "/ready";
    paths.overrides = base + "/etc/comar/services";
    paths.output = paths.run + "/output";
    paths.lock = base + "/run/lock/comar";
    paths.log = base + "/var/log/comar";
    const auto folder = program_folder();
    if (!folder) return Failure(folder.error());
    paths.models = folder->parent_path() / "share/comar/models";
    paths.host = own_program(*folder, "comar-script-host");
    paths.compressor = own_program(*folder, "comar-log-compress");
    return paths;
}

/// Where everybody may make folders in /run/lock, somebody may have made ours.
Result<> make_lock_folder(Paths& paths) {
    if (make_folder(paths.lock, 0700)) return {};
    paths.lock = paths.run + "/locks";
    return make_folder(paths.lock, 0700);
}

Result<> make_folders(Paths& paths) {
    struct Wanted {
        const std::string& path;
        mode_t mode;
    };
    // What services print and what comard remembers is not for everyone.
    for (const Wanted& folder :
         {Wanted{paths.data, 0755}, Wanted{paths.scripts, 0755}, Wanted{paths.boots, 0755},
          Wanted{paths.run, 0755}, Wanted{paths.notify, 0711}, Wanted{paths.ready, 0700},
          Wanted{paths.output, 0700}, Wanted{paths.log, 0750}}) {
        if (auto made = make_folder(folder.path, folder.mode); !made) return made;
    }
    return make_lock_folder(paths);
}

}  // namespace comar
