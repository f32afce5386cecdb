// SPDX-License-Identifier: MIT
#include "output/target.h"

#include "output/file_sink.h"
#include "output/socket_sink.h"

namespace comar {

std::optional<OutputTarget> parse_output_target(std::string_view name) {
    if (name == "file") return OutputTarget::file;
    if (name == "journal") return OutputTarget::journal;
    if (name == "syslog") return OutputTarget::syslog;
    return std::nullopt;
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
