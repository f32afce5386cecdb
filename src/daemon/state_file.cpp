// SPDX-License-Identifier: MIT
#include "daemon/state_file.h"

#include <cstdint>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "os/atomic_file.h"

namespace comar {
namespace {

using nlohmann::json;

constexpr std::size_t max_state = std::size_t{1} << 20;

/// FNV-1a: told apart are accidents, not attacks; nobody else may write these files.
std::uint64_t checksum(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3;
    }
    return hash;
}

std::string header_of(std::string_view body) {
    return fmt::format("comar-state 1 {} {:016x}\n", body.size(), checksum(body));
}

}  // namespace

std::string encode_state(const json& state) {
    const std::string body = state.dump(-1, ' ', false, json::error_handler_t::replace);
    return header_of(body) + body;
}

Result<json> decode_state(std::string_view text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
        return failure(ErrorKind::invalid, "cannot use the saved state: it is cut off");
    }
    const std::string_view body = text.substr(end + 1);
    if (text.substr(0, end + 1) != header_of(body)) {
        return failure(ErrorKind::invalid,
                       "cannot use the saved state: it is damaged or of another version");
    }
    json state = json::parse(body, nullptr, false);
    if (!state.is_object()) {
        return failure(ErrorKind::invalid, "cannot use the saved state: it is no JSON object");
    }
    return state;
}

Result<> write_state(const std::string& path, const std::string& text) {
    WithoutSync steps;
    return write_file_atomically(path, text, 0600, steps);
}

Result<json> read_state(const std::string& path) {
    const auto text = read_file(path, max_state);
    if (!text) return Failure(text.error());
    auto state = decode_state(*text);
    if (!state) state.error().message += " (" + path + ")";
    return state;
}

}  // namespace comar
