// SPDX-License-Identifier: MIT
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "os/unique_fd.h"
#include "output/line_stamper.h"
#include "output/log_file.h"

namespace comar {

/// What services print: reads their FIFOs and the pipes that they keep open, and writes their logs
/// (docs/architecture.md, "Output").
class Outputs {
public:
    struct Streams {
        std::string out;  ///< FIFO for stdout
        std::string err;  ///< FIFO for stderr
    };

    Outputs(Loop& loop, std::string fifo_folder, std::string log_folder)
        : loop_(loop), fifo_folder_(std::move(fifo_folder)), log_folder_(std::move(log_folder)) {}

    /// Makes the FIFOs of a service where they are missing, and reads them from here on.
    Result<Streams> open(const std::string& app);

    /// Reads `pipe` into the log of the service until its writers are gone.
    Result<> follow(const std::string& app, const std::string& stream, UniqueFd pipe);

    /// The service is not registered any more: reads what is left, and removes its FIFOs.
    void close(const std::string& app);

    [[nodiscard]] std::string log_path(const std::string& app) const;

private:
    struct Source {
        std::string stream;
        UniqueFd fd;
        LineStamper lines;
        std::optional<IoWatch> watch;
        bool permanent = false;  ///< a FIFO: it has no end
    };
    struct Service {
        Streams paths;
        LogFile log;
        std::list<Source> sources;
        bool complained = false;
    };

    Service& service(const std::string& app);
    Result<> add_source(const std::string& app, const std::string& stream, UniqueFd fd,
                        bool permanent);
    void read(const std::string& app, Source& source);
    bool drain(Service& service, Source& source);
    void drain_all(Service& service, Source& source);
    void append(Service& service, const std::string& lines);

    Loop& loop_;
    std::string fifo_folder_;
    std::string log_folder_;
    std::map<std::string, Service> services_;
};

}  // namespace comar
