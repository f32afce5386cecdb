// SPDX-License-Identifier: MIT
#include "daemon/prober.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include <netdb.h>
#include <unistd.h>

#include "os/system_error.h"
#include "os/unix_address.h"

namespace comar {
namespace {

/// A status line is all that counts.
constexpr std::size_t most_said = 4096;
constexpr int first_good = 200;
constexpr int first_bad = 400;

struct FreeAddresses {
    void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

/// Names are not looked up: that could take minutes. The one that everybody uses is known.
std::string numeric(const std::string& host) { return host == "localhost" ? "127.0.0.1" : host; }

Result<UniqueFd> begin_connect(const sockaddr* address, socklen_t size, int family) {
    UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return system_failure("make a socket");
    // EAGAIN is no promise: of a Unix socket it says that too many wait there already.
    if (::connect(socket.get(), address, size) != 0 && errno != EINPROGRESS) {
        return system_failure("connect");
    }
    return socket;
}

Result<UniqueFd> connect_tcp(const std::string& host, int port) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(numeric(host).c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
        return failure(ErrorKind::invalid, "cannot use '" + host + "': it is no IP address");
    }
    const std::unique_ptr<addrinfo, FreeAddresses> list(found);
    return begin_connect(list->ai_addr, list->ai_addrlen, list->ai_family);
}

Result<UniqueFd> connect_unix(const std::string& path) {
    const auto address = unix_address(path);
    if (!address) return failure(ErrorKind::invalid, "cannot use " + path + ": it is too long");
    return begin_connect(as_sockaddr(*address), sizeof *address, AF_UNIX);
}

/// "[::1]:8080", as RFC 9110 wants it; servers refuse what is not.
std::string host_header(const HttpAddress& address) {
    const bool is_v6 = address.host.find(':') != std::string::npos;
    const std::string host = is_v6 ? "[" + address.host + "]" : address.host;
    return address.port == 80 ? host : host + ":" + std::to_string(address.port);
}

/// "HTTP/1.1 200 OK": empty where it is a good one.
std::string problem_of(std::string_view said) {
    const std::string_view line = said.substr(0, said.find_first_of("\r\n"));
    const std::size_t blank = line.find(' ');
    int status = 0;
    if (line.starts_with("HTTP/") && blank != std::string_view::npos) {
        const char* const end = line.data() + line.size();
        const auto [rest, error] = std::from_chars(line.data() + blank + 1, end, status);
        if (error != std::errc() || status < 0 || (rest != end && *rest != ' ')) status = 0;
    }
    if (status >= first_good && status < first_bad) return "";
    return status == 0 ? "no HTTP answer" : "HTTP status " + std::to_string(status);
}

}  // namespace

std::optional<HttpAddress> parse_http_url(const std::string& url) {
    constexpr std::string_view scheme = "http://";
    if (!url.starts_with(scheme)) return std::nullopt;
    HttpAddress address;
    const std::size_t slash = url.find('/', scheme.size());
    std::string authority = url.substr(scheme.size(), slash - scheme.size());
    if (slash != std::string::npos) address.path = url.substr(slash);
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
    if (colon != std::string::npos) {
        const char* begin = authority.data() + colon + 1;
        const char* end = authority.data() + authority.size();
        const auto [rest, error] = std::from_chars(begin, end, address.port);
        if (error != std::errc() || rest != end || address.port < 1 || address.port > 65535) {
            return std::nullopt;
        }
        authority.resize(colon);
    }
    if (authority.starts_with('[') && authority.ends_with(']')) {
        authority = authority.substr(1, authority.size() - 2);
    }
    if (authority.empty()) return std::nullopt;
    address.host = std::move(authority);
    return address;
}

Prober::Prober(Loop& loop, const Probe& probe, std::chrono::milliseconds timeout, Answer answer)
    : loop_(loop), probe_(probe), answer_(std::move(answer)), timer_(loop, [this] {
          finish(connected_ ? "it does not answer" : "no connection in time");
      }) {
    timer_.arm(timeout);
    loop_.defer([this, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) begin();
    });
}

void Prober::begin() {
    Result<UniqueFd> socket = failure(ErrorKind::invalid, "cannot use " + probe_.text);
    if (probe_.kind == Probe::Kind::tcp) {
        socket = connect_tcp(probe_.text, probe_.number);
    } else if (probe_.kind == Probe::Kind::unix_socket) {
        socket = connect_unix(probe_.text);
    } else if (const auto address = parse_http_url(probe_.text)) {
        socket = connect_tcp(address->host, address->port);
        request_ = "GET " + address->path + " HTTP/1.0\r\nHost: " + host_header(*address) +
                   "\r\nUser-Agent: comar\r\nConnection: close\r\n\r\n";
    }
    if (!socket) return finish(socket.error().message);
    socket_ = std::move(*socket);
    auto watch =
        IoWatch::create(loop_, socket_.get(), EPOLLOUT, [this](std::uint32_t) { on_event(); });
    if (!watch) return finish(watch.error().message);
    watch_ = std::move(*watch);
}

void Prober::on_event() {
    if (connected_) return read_answer();
    int error = 0;
    socklen_t size = sizeof(error);
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return finish(describe(error));
    on_connected();
}

void Prober::on_connected() {
    connected_ = true;
    if (request_.empty()) return finish("");
    // So little fits into any socket's buffer.
    const ssize_t sent = ::send(socket_.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request_.size())) return finish("it takes no request");
    watch_->set_events(EPOLLIN);
}

void Prober::read_answer() {
    std::array<char, 1024> piece;
    const ssize_t size = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size > 0) said_.append(piece.data(), static_cast<std::size_t>(size));
    const bool has_line = said_.find('\n') != std::string::npos;
    if (size <= 0 || has_line || said_.size() > most_said) finish(problem_of(said_));
}

void Prober::finish(std::string problem) {
    if (std::exchange(over_, true)) return;
    timer_.disarm();
    if (watch_) watch_->disable();
    // Whoever gets the answer may well destroy us.
    loop_.defer([this, alive = std::weak_ptr<bool>(alive_), problem = std::move(problem)] {
        if (alive.expired()) return;
        const Answer answer = std::move(answer_);
        answer(problem);
    });
}

}  // namespace comar
