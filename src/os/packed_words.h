// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace comar {

// Numbers and texts in one message between two processes of the same program: each text after its
// length, each list after its count. Whoever reads trusts whoever wrote, but not that the message
// is whole: what is missing reads as 0 and empty, and is_whole() tells.

class PackedWriter {
public:
    void number(std::uint64_t value) {
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void text(std::string_view value) {
        number(value.size());
        bytes_.append(value);
    }
    void list(const std::vector<std::string>& values) {
        number(values.size());
        for (const std::string& value : values) text(value);
    }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

class PackedReader {
public:
    explicit PackedReader(std::string_view bytes) : left_(bytes) {}

    std::uint64_t number() {
        std::uint64_t value = 0;
        const auto bytes = take(sizeof value);
        if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    std::string text() { return std::string(take(number())); }
    std::vector<std::string> list() {
        std::vector<std::string> values;
        for (auto count = number(); count > 0 && is_whole_; --count) values.push_back(text());
        return values;
    }
    [[nodiscard]] bool is_whole() const { return is_whole_; }

private:
    std::string_view take(std::uint64_t size) {
        is_whole_ = is_whole_ && size <= left_.size();
        if (!is_whole_) return {};
        const auto taken = left_.substr(0, size);
        left_.remove_prefix(size);
        return taken;
    }

    std::string_view left_;
    bool is_whole_ = true;
};

}  // namespace comar
