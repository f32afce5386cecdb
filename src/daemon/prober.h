// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/service_settings.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/unique_fd.h"

namespace comar {

/// Asks once whether something answers at an address: a connection, or for http the status of an
/// answer. Destroying it ends the question without an answer.
class Prober {
public:
    /// Empty: it answers. Else why not.
    using Answer = std::function<void(const std::string& problem)>;

    /// `probe` is of kind tcp, unix_socket or http. `answer` is called once, later. `timeout` is
    /// for all of it.
    Prober(Loop& loop, const Probe& probe, std::chrono::milliseconds timeout, Answer answer);
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

private:
    void begin();
    void on_event();
    void on_connected();
    void read_answer();
    void finish(std::string problem);

    Loop& loop_;
    Probe probe_;
    Answer answer_;
    std::string request_;  ///< for http; empty: a connection is answer enough
    std::string said_;
    UniqueFd socket_;
    std::optional<IoWatch> watch_;
    Timer timer_;
    bool connected_ = false;
    bool over_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// Where the URL `http://host[:port][/path]` points to. None: it is no such URL.
struct HttpAddress {
    std::string host;  ///< without the brackets of IPv6
    int port = 80;
    std::string path = "/";
};
[[nodiscard]] std::optional<HttpAddress> parse_http_url(const std::string& url);

}  // namespace comar
