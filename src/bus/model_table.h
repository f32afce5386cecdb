// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bus/model.h"
#include "core/result.h"

namespace comar::bus {

/// All models that comard serves. What no model names does not exist.
class ModelTable {
public:
    struct Loaded;

    /// Reads each *.xml of `folder`, in the order of their names. A broken file, or one that
    /// describes a model again, is an error in the list and nothing more; so is a folder that
    /// cannot be read.
    [[nodiscard]] static Loaded load(const std::string& folder);

    /// invalid: there is a model of that name.
    Result<> add(Model model);

    /// By "System.Service". Null: there is none.
    [[nodiscard]] const Model* find(std::string_view name) const;
    /// By "tr.org.pardus.comar.System.Service". Null: there is none.
    [[nodiscard]] const Model* find_interface(std::string_view interface) const;
    /// Sorted.
    [[nodiscard]] std::vector<std::string> names() const;

private:
    std::map<std::string, Model, std::less<>> models_;
};

struct ModelTable::Loaded {
    ModelTable table;
    std::vector<Error> errors;
};

}  // namespace comar::bus
