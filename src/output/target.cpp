// SPDX-License-Identifier: MIT
#include "output/target.h"

#include "output/file_sink.h"
#include "output/socket_sink.h"

namespace comar {

std::optional<OutputTarget> parse_output_target(std::string_view name) {
    for (const auto target : {OutputTarget::file, OutputTarget::journal, OutputTarget::syslog}) {
        if (to_string(target) == name) return target;
    }
    return std::nullopt;
}

std::string_view to_string(OutputTarget target) {
    switch (target) {
        case OutputTarget::journal:
            return "journal";
        case OutputTarget::syslog:
            return "syslog";
        case OutputTarget::file:
            break;
    }
    return "file";
}

std::unique_ptr<LogSink> make_sink(OutputTarget target, const std::string& app,
                                   const std::string& root, LogFolder& folder) {
    switch (target) {
        case OutputTarget::journal:
            return std::make_unique<JournalSink>(root, app);
        case OutputTarget::syslog:
            return std::make_unique<SyslogSink>(root, app);
        case OutputTarget::file:
            break;
    }
    return std::make_unique<FileSink>(folder, app);
}

}  // namespace comar
