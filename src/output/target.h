// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "output/log_folder.h"
#include "output/log_sink.h"

namespace comar {

/// Where what a service prints goes.
enum class OutputTarget : std::uint8_t { file, journal, syslog };

/// "file", "journal" or "syslog".
[[nodiscard]] std::optional<OutputTarget> parse_output_target(std::string_view name);

[[nodiscard]] std::string_view to_string(OutputTarget target);

/// `root`: what stands before the paths of the sockets of the journal and of syslog.
[[nodiscard]] std::unique_ptr<LogSink> make_sink(OutputTarget target, const std::string& app,
                                                 const std::string& root, LogFolder& folder);

}  // namespace comar
