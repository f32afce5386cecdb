// SPDX-License-Identifier: MIT
#include "daemon/system_bus.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <sys/epoll.h>
#include <sys/inotify.h>

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "bus/value.h"

namespace comar {
namespace {

using namespace std::chrono_literals;

constexpr auto driver = "org.freedesktop.DBus";
constexpr auto driver_path = "/org/freedesktop/DBus";
constexpr auto question_limit = 25s;
/// A bus that restarts is back within moments, but one that refuses us should not be asked often.
constexpr auto first_retry = 100ms;
constexpr auto longest_retry = 10'000ms;

/// The file behind "unix:path=…"; empty for other addresses.
std::string socket_path(const std::string& address) {
    const std::string prefix = "unix:path=";
    if (!address.starts_with(prefix)) return "";
    return address.substr(prefix.size(),
                          address.find_first_of(",;", prefix.size()) - prefix.size());
}

/// The nearest folder above `path` that exists.
std::string existing_folder(const std::string& path) {
    std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    while (!folder.empty() && folder != "/" && !std::filesystem::is_directory(folder, error)) {
        folder = folder.parent_path();
    }
    return folder.string();
}

}  // namespace

SystemBus::SystemBus(Loop& loop, Options options, bus::Connection::CallHandler handler,
                     std::function<void(const std::string&)> sender_gone)
    : loop_(loop),
      options_(std::move(options)),
      handler_(std::move(handler)),
      sender_gone_(std::move(sender_gone)),
      retry_(loop, [this] { connect(); }) {}

void SystemBus::start() { connect(); }

void SystemBus::connect() {
    folder_watch_.reset();
    const std::string path = socket_path(options_.address);
    if (!path.empty() && ::access(path.c_str(), F_OK) != 0) return watch_for_socket();
    auto connection = bus::Connection::connect(loop_, options_.address);
    if (!connection) {
        spdlog::debug("system bus: {}", connection.error().message);
        return on_lost();
    }
    connection_ = std::move(*connection);
    connection_->set_handler(handler_);
    connection_->on_ready([this] { on_ready(); });
    connection_->on_closed([this] { on_lost(); });
}

void SystemBus::on_ready() {
    retry_after_ = 0ms;
    announced_ = true;
    const std::string rule = std::string("type='signal',sender='") + driver + "',path='" +
                             driver_path + "',interface='" + driver + "',member='NameOwnerChanged'";
    auto changes = connection_->subscribe(
        rule, [this](bus::Message& message) { on_name_owner_changed(message); });
    if (changes) owner_changes_ = std::move(*changes);
    request_name();
}

void SystemBus::request_name() {
    auto name = connection_->request_name(options_.name, [this](const Result<>& outcome) {
        if (outcome) {
            spdlog::info("serving as {} on the system bus", options_.name);
        } else {
            spdlog::error("{}, serving on the private socket only", outcome.error().message);
        }
    });
    if (name) name_ = std::move(*name);
}

void SystemBus::on_lost() {
    if (std::exchange(announced_, false)) spdlog::warn("lost the system bus, retrying");
    name_.reset();
    owner_changes_.reset();
    connection_.reset();
    for (const auto& [sender, uid] : std::exchange(uids_, {})) sender_gone_(sender);
    for (auto& [sender, question] : std::exchange(questions_, {})) {
        for (const UidCallback& callback : question.callbacks) callback(std::nullopt);
    }
    retry_after_ =
        std::clamp<std::chrono::milliseconds>(retry_after_ * 2, first_retry, longest_retry);
    retry_.arm(retry_after_);
}

/// No bus, no ticking: the kernel tells when its socket, or the folder for it, appears.
void SystemBus::watch_for_socket() {
    folder_events_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    const std::string folder = existing_folder(socket_path(options_.address));
    if (!folder_events_ ||
        ::inotify_add_watch(folder_events_.get(), folder.c_str(), IN_CREATE | IN_MOVED_TO) < 0) {
        retry_.arm(longest_retry);
        return;
    }
    auto watch =
        IoWatch::create(loop_, folder_events_.get(), EPOLLIN, [this](std::uint32_t) { connect(); });
    if (watch) folder_watch_ = std::move(*watch);
    // It may have come before we watched.
    const bool came = ::access(socket_path(options_.address).c_str(), F_OK) == 0;
    if (!watch || came) retry_.arm(came ? first_retry : longest_retry);
}

void SystemBus::on_name_owner_changed(bus::Message& message) {
    const auto body = bus::read_body(message.get());
    if (message.signature() != "sss" || !body) return;
    const std::string name = (*body)[0].get<std::string>();
    const bool left = (*body)[2].get<std::string>().empty();
    // Whoever had our name has let it go.
    if (left && name == options_.name) request_name();
    if (!left || !name.starts_with(':')) return;
    uids_.erase(name);
    sender_gone_(name);
}

void SystemBus::uid_of(const std::string& sender, UidCallback callback) {
    if (const auto found = uids_.find(sender); found != uids_.end()) {
        return callback(found->second);
    }
    if (!connection_) return callback(std::nullopt);
    const auto [question, is_new] = questions_.try_emplace(sender);
    question->second.callbacks.push_back(std::move(callback));
    if (!is_new) return;
    auto call = bus::Message::method_call(*connection_, driver, driver_path, driver,
                                          "GetConnectionUnixUser");
    if (call && bus::append_body(call->get(), "s", {sender}, {"GetConnectionUnixUser"})) {
        auto slot = connection_->call_async(
            *call, question_limit, [this, sender](bus::Message& reply) { on_uid(sender, reply); });
        if (slot) {
            question->second.slot = std::move(*slot);
            return;
        }
    }
    auto failed = questions_.extract(sender);
    for (const UidCallback& waiting : failed.mapped().callbacks) waiting(std::nullopt);
}

void SystemBus::on_uid(const std::string& sender, bus::Message& reply) {
    std::optional<uid_t> uid;
    if (!reply.is_error()) {
        const auto body = bus::read_body(reply.get());
        if (body && reply.signature() == "u") uid = (*body)[0].get<uid_t>();
    }
    if (uid) uids_[sender] = *uid;
    auto question = questions_.extract(sender);
    if (question.empty()) return;
    for (const UidCallback& callback : question.mapped().callbacks) callback(uid);
}

}  // namespace comar
