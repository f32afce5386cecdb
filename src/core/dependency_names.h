// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.h"

namespace comar {

/// Stands for a name for as long as its table lives: whoever walks a graph compares numbers.
enum class NameId : std::uint32_t {};

[[nodiscard]] constexpr std::size_t index(NameId name) { return static_cast<std::size_t>(name); }

/// Who is meant by a name: the apps, the virtual names they provide, and what an administrator has
/// chosen where several provide one. "my-app" and "my_app" are one name.
class DependencyNames {
public:
    using IsEnabled = std::function<bool(const std::string& app)>;

    explicit DependencyNames(IsEnabled is_enabled) : is_enabled_(std::move(is_enabled)) {}

    /// The number of a name, a new one where it was never seen.
    NameId add(std::string_view name);
    [[nodiscard]] std::optional<NameId> find(std::string_view name) const;
    /// In its canonical form.
    [[nodiscard]] const std::string& text(NameId name) const { return at(name).text; }
    /// Numbers go from 0 up to, but not including, this one.
    [[nodiscard]] std::size_t size() const { return names_.size(); }

    void set_app(NameId app, const std::vector<std::string>& provides);
    void remove_app(NameId app);
    [[nodiscard]] bool is_app(NameId name) const { return at(name).is_app; }

    /// The administrator's choice. It holds even where `provider` does not say that it provides the
    /// name, and is passed over while there is no such app. An empty one takes the choice back.
    void choose(std::string_view virtual_name, std::string_view provider);

    /// An app of that name; else the chosen provider; else the only one; else the only enabled one.
    [[nodiscard]] std::optional<NameId> app_of(NameId name) const;
    /// Says why app_of has no answer: nobody has the name (not_found), or too many (invalid).
    [[nodiscard]] Error why_no_app(NameId name) const;
    /// The same as the end of a sentence that names it: "no service has or provides it".
    [[nodiscard]] std::string lack(NameId name) const;

    /// No app has the name, but some provide it, or an administrator has chosen one.
    [[nodiscard]] bool is_virtual(NameId name) const;
    /// A choice of the administrator that does not do what it says, or that a script does not
    /// expect.
    struct DoubtfulChoice {
        NameId name;
        NameId provider;
        std::string doubt;  ///< "is not registered", to follow the provider
    };
    [[nodiscard]] std::vector<DoubtfulChoice> doubtful_choices() const;

    /// All apps that the name may stand for.
    [[nodiscard]] std::vector<NameId> bearers(NameId name) const;
    /// The reverse: all names that may stand for the app.
    [[nodiscard]] std::vector<NameId> names_of(NameId app) const;

private:
    struct Name {
        std::string text;
        bool is_app = false;
        std::vector<NameId> provides;
        std::vector<NameId> providers;  ///< in the order in which they came
    };

    [[nodiscard]] const Name& at(NameId name) const { return names_[index(name)]; }
    [[nodiscard]] Name& at(NameId name) { return names_[index(name)]; }
    [[nodiscard]] std::optional<NameId> chosen(NameId name) const;
    [[nodiscard]] std::optional<NameId> only_enabled(const std::vector<NameId>& providers) const;

    IsEnabled is_enabled_;
    std::vector<Name> names_;
    std::unordered_map<std::string, NameId> ids_;
    std::map<NameId, NameId> choices_;
};

}  // namespace comar
