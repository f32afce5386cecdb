// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "script/facts.h"

namespace comar {

/// A registered script.
struct Script {
    std::string app;    ///< bus-safe name
    std::string model;  ///< "System.Service"
    std::string path;   ///< the file that workers run
    Facts facts;
    std::string stamp;         ///< of the file when it was read, stamp_of()
    bool facts_known = false;  ///< false: it was put there by hand or edited; it wants a check
};

/// The registered scripts, `<folder>/<Model>/<app>.py`, each with what was learned from it beside
/// it (`<app>.facts`). Every change is atomic: a crash leaves the old script or the new one.
class Registry {
public:
    explicit Registry(std::string folder) : folder_(std::move(folder)) {}

    /// Reads the folder. What cannot be used is skipped and told; a folder that is not there yet is
    /// an empty registry.
    std::vector<Error> load();

    [[nodiscard]] const Script* find(const std::string& model, const std::string& app) const;
    /// Sorted.
    [[nodiscard]] std::vector<std::string> apps_of(const std::string& model) const;
    [[nodiscard]] std::vector<std::string> models_of(const std::string& app) const;
    /// All apps, sorted, each once.
    [[nodiscard]] std::vector<std::string> apps() const;

    /// Writes a script that was checked, over the one of that name if there is one. `app` and
    /// `model` are known to be safe as parts of a path.
    Result<> install(const std::string& model, const std::string& app, const std::string& text,
                     Facts facts);

    /// Records what a check of the file on disk has told.
    Result<> learn(const std::string& model, const std::string& app, Facts facts);

    /// Whether the script on disk is another one than when it was registered or last looked at.
    [[nodiscard]] static bool is_edited(const Script& script);

    /// Whether the script that is there says this, word for word.
    [[nodiscard]] bool has_text(const std::string& model, const std::string& app,
                                const std::string& text) const;

    Result<> remove(const std::string& model, const std::string& app);

private:
    [[nodiscard]] std::string path_of(const std::string& model, const std::string& app,
                                      const char* ending) const;
    void load_model(const std::string& model, std::vector<Error>& problems);
    Result<> write_facts(Script& script) const;

    std::string folder_;
    std::map<std::string, std::unordered_map<std::string, Script>> scripts_;  ///< by model and app
};

}  // namespace comar
