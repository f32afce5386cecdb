// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace comar {

/// An object of JSON, written down key by key: for what is made so often that a tree of values,
/// built to be printed once, is too dear.
class JsonText {
public:
    /// Bytes that are no UTF-8 become U+FFFD. Keys are ours, and plain.
    void add(std::string_view key, std::string_view text);
    void add(std::string_view key, const char* text) { add(key, std::string_view(text)); }
    void add(std::string_view key, std::int64_t number);
    void add(std::string_view key, std::uint64_t number);
    void add(std::string_view key, bool value);
    void add(std::string_view key, const std::vector<std::string>& texts);
    /// What is JSON already.
    void add_json(std::string_view key, std::string_view json);

    [[nodiscard]] std::string text() && { return std::move(text_ += text_.empty() ? "{}" : "}"); }

private:
    std::string text_;
};

}  // namespace comar
