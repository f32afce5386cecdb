// SPDX-License-Identifier: MIT
#include "script/registry.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>

#include <sys/stat.h>

#include <fmt/format.h>

#include "core/digest.h"
#include "core/fault_point.h"
#include "core/name.h"
#include "os/atomic_file.h"
#include "os/file_stamp.h"

namespace comar {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* script_ending = ".py";
constexpr const char* facts_ending = ".facts";
constexpr std::size_t max_facts_size = std::size_t{1} << 20;
constexpr std::size_t max_script_size = std::size_t{16} << 20;

/// Tells two versions of a file apart.
Result<std::string> stamp_of(const std::string& path) {
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) {
        const int error = errno;
        return failure(ErrorKind::not_found, "cannot look at " + path + ": " + std::strerror(error),
                       error);
    }
    if (!S_ISREG(info.st_mode)) {
        return failure(ErrorKind::invalid, "cannot use " + path + ": it is not a regular file");
    }
    return file_stamp(info);
}

std::string digest_of(std::string_view text) { return fmt::format("{:016x}", digest(text)); }

/// What was learned from exactly the file that is there now. One that was copied, as into an image,
/// has another stamp and the same text.
Result<Facts> read_facts(const std::string& path, const std::string& script,
                         const std::string& stamp) {
    const auto text = read_file(path, max_facts_size);
    if (!text) return Failure(text.error());
    const json stored = json::parse(*text, nullptr, false);
    const auto is_of_this_text = [&] {
        const auto current = read_file(script, max_script_size);
        return current && stored.value("digest", json()) == json(digest_of(*current));
    };
    const bool is_known =
        stored.is_object() && (stored.value("stamp", json()) == json(stamp) || is_of_this_text());
    if (!is_known) {
        return failure(ErrorKind::not_found, "cannot use " + path + ": it is of another version");
    }
    return parse_facts(stored.value("facts", json()));
}

/// The folders or files of `folder`, sorted; nothing where it does not exist.
Result<std::vector<fs::path>> list(const std::string& folder) {
    std::vector<fs::path> paths;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        paths.push_back(at->path());
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return failure(ErrorKind::unavailable, "cannot list " + folder + ": " + error.message(),
                       error.value());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

Result<> make_folder(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (!error) return {};
    return failure(ErrorKind::unavailable, "cannot create " + path + ": " + error.message(),
                   error.value());
}

Result<> remove_file(const std::string& path) {
    std::error_code error;
    fs::remove(path, error);
    if (!error) return {};
    return failure(ErrorKind::unavailable, "cannot remove " + path + ": " + error.message(),
                   error.value());
}

}  // namespace

std::vector<Error> Registry::load() {
    std::vector<Error> problems;
    scripts_.clear();
    const auto models = list(folder_);
    if (!models) return {models.error()};
    for (const fs::path& model : *models) load_model(model.filename().string(), problems);
    return problems;
}

void Registry::load_model(const std::string& model, std::vector<Error>& problems) {
    const auto files = list(folder_ + "/" + model);
    if (!files) {
        problems.push_back(files.error());
        return;
    }
    for (const fs::path& file : *files) {
        if (file.extension() != script_ending) continue;
        if (const std::string name = file.stem().string(); bus_safe_name(name) != name) {
            problems.push_back({ErrorKind::invalid, "cannot use " + file.string() +
                                                        ": a name has only letters of ASCII, "
                                                        "digits and _, and begins with no digit"});
            continue;
        }
        const auto stamp = stamp_of(file.string());
        if (!stamp) {
            problems.push_back(stamp.error());
            continue;
        }
        Script script{file.stem().string(), model, file.string(), {}, *stamp, false};
        if (auto facts =
                read_facts(path_of(model, script.app, facts_ending), script.path, *stamp)) {
            script.facts = std::move(*facts);
            script.facts_known = true;
        }
        scripts_[model].insert_or_assign(file.stem().string(), std::move(script));
    }
}

const Script* Registry::find(const std::string& model, const std::string& app) const {
    const auto of_model = scripts_.find(model);
    if (of_model == scripts_.end()) return nullptr;
    const auto found = of_model->second.find(app);
    return found == of_model->second.end() ? nullptr : &found->second;
}

std::vector<std::string> Registry::apps_of(const std::string& model) const {
    std::vector<std::string> apps;
    const auto of_model = scripts_.find(model);
    if (of_model == scripts_.end()) return apps;
    for (const auto& [app, script] : of_model->second) apps.push_back(app);
    std::sort(apps.begin(), apps.end());
    return apps;
}

std::vector<std::string> Registry::models_of(const std::string& app) const {
    std::vector<std::string> models;
    for (const auto& [model, of_model] : scripts_) {
        if (of_model.contains(app)) models.push_back(model);
    }
    return models;
}

std::vector<std::string> Registry::apps() const {
    std::set<std::string> apps;
    for (const auto& [model, of_model] : scripts_) {
        for (const auto& [app, script] : of_model) apps.insert(app);
    }
    return {apps.begin(), apps.end()};
}

Result<> Registry::install(const std::string& model, const std::string& app,
                           const std::string& text, Facts facts) {
    Script script{app, model, path_of(model, app, script_ending), std::move(facts), "", true};
    if (auto made = make_folder(folder_ + "/" + model); !made) return made;
    if (auto written = write_file_atomically(script.path, text, 0644); !written) return written;
    fault_point("register", "written");
    // The facts carry the stamp of the script, so a crash between the two writes is noticed.
    auto recorded = write_facts(script);
    scripts_[model].insert_or_assign(app, std::move(script));
    return recorded;
}

Result<> Registry::learn(const std::string& model, const std::string& app, Facts facts) {
    if (find(model, app) == nullptr) {
        return failure(ErrorKind::not_found, "cannot find script " + app + " of model " + model);
    }
    Script& script = scripts_.at(model).at(app);
    script.facts = std::move(facts);
    script.facts_known = true;
    return write_facts(script);
}

bool Registry::is_edited(const Script& script) {
    const auto stamp = stamp_of(script.path);
    return !stamp || *stamp != script.stamp;
}

bool Registry::has_text(const std::string& model, const std::string& app,
                        const std::string& text) const {
    const auto there = read_file(path_of(model, app, script_ending), max_script_size);
    return there && *there == text;
}

Result<> Registry::remove(const std::string& model, const std::string& app) {
    // The script goes first: facts without a script are nothing, a script without facts is one.
    if (auto gone = remove_file(path_of(model, app, script_ending)); !gone) return gone;
    if (const auto of_model = scripts_.find(model); of_model != scripts_.end()) {
        of_model->second.erase(app);
    }
    return remove_file(path_of(model, app, facts_ending));
}

std::string Registry::path_of(const std::string& model, const std::string& app,
                              const char* ending) const {
    return folder_ + "/" + model + "/" + app + ending;
}

/// Also records which file they are of.
Result<> Registry::write_facts(Script& script) const {
    const auto stamp = stamp_of(script.path);
    if (!stamp) return Failure(stamp.error());
    script.stamp = *stamp;
    json stored{{"stamp", *stamp}, {"facts", to_json(script.facts)}};
    const auto text = read_file(script.path, max_script_size);
    // Changed while it was read, it has no digest that could be believed.
    if (text && stamp_of(script.path).value_or("") == *stamp) stored["digest"] = digest_of(*text);
    // What the script sets in its environment is among them, which its own mode may keep secret.
    return write_file_atomically(path_of(script.model, script.app, facts_ending), stored.dump(),
                                 0600);
}

}  // namespace comar
