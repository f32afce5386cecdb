// SPDX-License-Identifier: MIT
#include "core/boot_options.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/name.h"

namespace comar {
namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";
constexpr std::array<std::string_view, 2> parameters{"comar=", "mudur="};

/// The first word, without its quotes; takes it off the text. As the kernel splits them: quotes may
/// begin anywhere in a word, and one that never ends reaches to the end of the text.
std::string take_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    std::string word;
    bool quoted = false;
    while (!text.empty() && (quoted || blanks.find(text.front()) == std::string_view::npos)) {
        if (text.front() == '"') {
            quoted = !quoted;
        } else {
            word.push_back(text.front());
        }
        text.remove_prefix(1);
    }
    return word;
}

/// Whether the text was "name:value"; gives the value, which is not empty.
std::optional<std::string> value_of(std::string_view option, std::string_view name) {
    if (!option.starts_with(name)) return std::nullopt;
    option.remove_prefix(name.size());
    if (option.size() < 2 || option.front() != ':') return std::nullopt;
    return std::string(option.substr(1));
}

void read_option(std::string_view option, std::string_view parameter, BootOptions& options) {
    if (option.empty()) return;
    if (option == "safe") {
        options.safe = true;
    } else if (auto service = value_of(option, "head_start")) {
        options.head_start.push_back(bus_safe_name(*service));
    } else if (auto group = value_of(option, "group")) {
        options.group = std::move(group);
    } else {
        options.warnings.push_back(
            "\"" + std::string(option) + "\" in " + std::string(parameter) +
            " on the kernel command line means nothing here, ignoring; there are safe, "
            "head_start:SERVICE and group:NAME");
    }
}

void read_options(std::string_view list, std::string_view parameter, BootOptions& options) {
    while (true) {
        const std::size_t end = list.find(',');
        read_option(list.substr(0, end), parameter, options);
        if (end == std::string_view::npos) return;
        list.remove_prefix(end + 1);
    }
}

}  // namespace

BootOptions parse_boot_options(std::string_view kernel_command_line) {
    BootOptions options;
    while (kernel_command_line.find_first_not_of(blanks) != std::string_view::npos) {
        const std::string word = take_word(kernel_command_line);
        for (const std::string_view parameter : parameters) {
            if (!word.starts_with(parameter)) continue;
            read_options(std::string_view(word).substr(parameter.size()), parameter, options);
        }
    }
    return options;
}

}  // namespace comar
