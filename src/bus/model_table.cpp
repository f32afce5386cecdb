// SPDX-License-Identifier: MIT
#include "bus/model_table.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

#include "os/read_file.h"
#include "os/system_error.h"

namespace comar::bus {
namespace {

constexpr std::size_t max_file = std::size_t{1} << 20;

/// The *.xml of a folder, sorted.
Result<std::vector<std::string>> model_files(const std::string& folder) {
    std::error_code error;
    std::vector<std::string> files;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
        if (entry->path().extension() == ".xml") files.push_back(entry->path().string());
    if (error) return system_failure("read the models in " + folder, error.value());
    std::sort(files.begin(), files.end());
    return files;
}

Result<Model> load_model(const std::string& file) {
    return read_file(file, max_file).and_then([&](const std::string& text) {
        return parse_model(text, file);
    });
}

}  // namespace

ModelTable::Loaded ModelTable::load(const std::string& folder) {
    Loaded loaded;
    const auto files = model_files(folder);
    if (!files) loaded.errors.push_back(files.error());
    for (const auto& file : files.value_or(std::vector<std::string>())) {
        auto model = load_model(file);
        if (!model) {
            loaded.errors.push_back(std::move(model.error()));
        } else if (auto added = loaded.table.add(std::move(*model)); !added) {
            loaded.errors.push_back(std::move(added.error()).while_trying("load " + file));
        }
    }
    return loaded;
}

Result<> ModelTable::add(Model model) {
    auto name = model.name;
    if (models_.try_emplace(std::move(name), std::move(model)).second) return {};
    return failure(ErrorKind::invalid, "cannot add the model " + model.name + " twice");
}

const Model* ModelTable::find(std::string_view name) const {
    const auto found = models_.find(name);
    return found == models_.end() ? nullptr : &found->second;
}

const Model* ModelTable::find_interface(std::string_view interface) const {
    if (!interface.starts_with(interface_prefix)) return nullptr;
    return find(interface.substr(interface_prefix.size()));
}

std::vector<std::string> ModelTable::names() const {
    std::vector<std::string> names;
    for (const auto& [name, model] : models_) names.push_back(name);
    return names;
}

}  // namespace comar::bus
