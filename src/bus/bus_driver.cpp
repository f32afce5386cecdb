// SPDX-License-Identifier: MIT
#include "bus/bus_driver.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <unistd.h>

#include "bus/introspection.h"
#include "bus/signature.h"

namespace comar::bus {
namespace {

constexpr const char* driver_name = "org.freedesktop.DBus";
constexpr const char* driver_path = "/org/freedesktop/DBus";
constexpr std::string_view properties_interface = "org.freedesktop.DBus.Properties";
constexpr std::string_view introspectable_interface = "org.freedesktop.DBus.Introspectable";

constexpr std::size_t max_rules = 512;
constexpr std::size_t max_rule_length = 1024;
constexpr std::uint32_t already_running = 2;  // D-Bus specification, StartServiceByName

BusError no_such_name(std::string_view name) {
    return {SD_BUS_ERROR_NAME_HAS_NO_OWNER,
            "The name " + std::string(name) + " has no owner on the private bus of comar"};
}

BusError no_such_service(std::string_view name) {
    return {SD_BUS_ERROR_SERVICE_UNKNOWN,
            "The name " + std::string(name) + " is not on the private bus of comar"};
}

void append(const Message& reply, const std::vector<std::string>& texts) {
    sd_bus_message_open_container(reply.get(), 'a', "s");
    for (const auto& text : texts) sd_bus_message_append_basic(reply.get(), 's', text.c_str());
    sd_bus_message_close_container(reply.get());
}

void append(const Message& reply, const std::string& text) {
    sd_bus_message_append_basic(reply.get(), 's', text.c_str());
}

void append(const Message& reply, std::uint32_t number) {
    sd_bus_message_append_basic(reply.get(), 'u', &number);
}

/// Rules for what the driver itself tells are no wish for signals of comard.
bool is_about_driver(std::string_view rule) {
    return rule.find("sender='org.freedesktop.DBus'") != std::string_view::npos;
}

}  // namespace

/// The arguments of a call, of the types that its row in the table names.
struct BusDriver::Call {
    Connection& connection;
    const Json& arguments;
    const Message& reply;

    [[nodiscard]] const std::string& text(std::size_t index) const {
        return arguments[index].get_ref<const std::string&>();
    }
};

struct BusDriver::Member {
    std::string_view interface;
    std::string_view name;
    std::string_view in;
    std::string_view out;
    Refusal (BusDriver::*answer)(const Call& call);
};

constexpr BusDriver::Member BusDriver::members[] = {
    {driver_name, "Hello", "", "s", &BusDriver::hello},
    {driver_name, "RequestName", "su", "u", &BusDriver::refuse_name},
    {driver_name, "ReleaseName", "s", "u", &BusDriver::refuse_name},
    {driver_name, "AddMatch", "s", "", &BusDriver::add_match},
    {driver_name, "RemoveMatch", "s", "", &BusDriver::remove_match},
    {driver_name, "StartServiceByName", "su", "u", &BusDriver::start_service},
    {driver_name, "ListNames", "", "as", &BusDriver::list_names},
    {driver_name, "ListActivatableNames", "", "as", &BusDriver::list_activatable_names},
    {driver_name, "NameHasOwner", "s", "b", &BusDriver::name_has_owner},
    {driver_name, "GetNameOwner", "s", "s", &BusDriver::get_name_owner},
    {driver_name, "ListQueuedOwners", "s", "as", &BusDriver::list_queued_owners},
    {driver_name, "GetConnectionUnixUser", "s", "u", &BusDriver::get_user},
    {driver_name, "GetConnectionUnixProcessID", "s", "u", &BusDriver::get_process},
    {driver_name, "GetConnectionCredentials", "s", "a{sv}", &BusDriver::get_credentials},
    {driver_name, "GetId", "", "s", &BusDriver::get_id},
    {introspectable_interface, "Introspect", "", "s", &BusDriver::introspect},
    {properties_interface, "Get", "ss", "v", &BusDriver::get_property},
    {properties_interface, "GetAll", "s", "a{sv}", &BusDriver::get_properties},
};

BusDriver::BusDriver(std::vector<std::string> names, Connection::Identity identity)
    : names_(std::move(names)), identity_(std::move(identity)) {}

// ---- dispatch

bool BusDriver::handle(Connection& connection, const Message& call) {
    const auto destination = call.destination();
    const bool addressed = !destination.empty();
    if (addressed ? is_ours(destination) : call.path() != driver_path) return false;

    auto reply = call.reply();
    if (!reply) return true;  // out of memory: the caller will notice by itself
    const auto refusal = answer(connection, call, *reply);
    if (refusal) reply = call.error_reply(*refusal);
    if (!reply) return true;
    sd_bus_message_set_sender(reply->get(), driver_name);
    (void)connection.send(*reply);  // who has gone needs no answer
    if (!refusal && call.member() == "Hello") announce_name(connection);
    return true;
}

bool BusDriver::is_ours(std::string_view name) const {
    return name == identity_.unique_name ||
           std::find(names_.begin(), names_.end(), name) != names_.end();
}

BusDriver::Refusal BusDriver::answer(Connection& connection, const Message& call,
                                     const Message& reply) {
    const auto destination = call.destination();
    if (!destination.empty() && destination != driver_name) return no_such_service(destination);
    const auto* member = find(call.interface(), call.member());
    if (member == nullptr)
        return BusError{SD_BUS_ERROR_UNKNOWN_METHOD,
                        "The private bus of comar has no method " + std::string(call.member())};
    if (call.signature() != member->in)
        return BusError{SD_BUS_ERROR_INVALID_ARGS,
                        "The arguments of " + std::string(call.member()) + " are of type '" +
                            std::string(member->in) + "'"};
    const auto arguments = read_body(call.get());
    if (!arguments) return BusError{SD_BUS_ERROR_INVALID_ARGS, arguments.error().message};
    return (this->*member->answer)({connection, *arguments, reply});
}

/// The interface may be missing in a call: D-Bus specification, "Method call".
const BusDriver::Member* BusDriver::find(std::string_view interface, std::string_view member) {
    const auto* const found =
        std::find_if(std::begin(members), std::end(members), [&](const Member& row) {
            return row.name == member && (interface.empty() || row.interface == interface);
        });
    return found == std::end(members) ? nullptr : found;
}

void BusDriver::announce_name(Connection& connection) const {
    const auto signal = Message::signal(connection, driver_path, driver_name, "NameAcquired");
    if (!signal) return;
    append(*signal, identity_.client_name);
    sd_bus_message_set_sender(signal->get(), driver_name);
    sd_bus_message_set_destination(signal->get(), identity_.client_name.c_str());
    (void)connection.send(*signal);
}

// ---- the client and its rules

BusDriver::Refusal BusDriver::hello(const Call& call) {
    if (std::exchange(said_hello_, true))
        return BusError{SD_BUS_ERROR_FAILED, "Hello was said already"};
    append(call.reply, identity_.client_name);
    return {};
}

BusDriver::Refusal BusDriver::add_match(const Call& call) {
    const auto& rule = call.text(0);
    if (is_about_driver(rule)) return {};
    if (rules_.size() >= max_rules || rule.size() > max_rule_length)
        return BusError{SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many match rules, or too long a one"};
    rules_.emplace(std::hash<std::string>()(rule), MatchRule(rule));
    return {};
}

BusDriver::Refusal BusDriver::remove_match(const Call& call) {
    const auto& rule = call.text(0);
    if (is_about_driver(rule)) return {};
    const auto found = rules_.find(std::hash<std::string>()(rule));
    if (found == rules_.end())
        return BusError{SD_BUS_ERROR_MATCH_RULE_NOT_FOUND, "There is no such match rule"};
    rules_.erase(found);
    return {};
}

bool BusDriver::asks_for(std::string_view interface, std::string_view member) const {
    return std::any_of(rules_.begin(), rules_.end(),
                       [&](const auto& rule) { return rule.second.covers(interface, member); });
}

// ---- names

BusDriver::Refusal BusDriver::refuse_name(const Call& call) {
    return BusError{SD_BUS_ERROR_ACCESS_DENIED,
                    "The private bus of comar has no names to give: " + call.text(0)};
}

BusDriver::Refusal BusDriver::start_service(const Call& call) {
    if (owner_of(call.text(0)).empty()) return no_such_service(call.text(0));
    append(call.reply, already_running);
    return {};
}

BusDriver::Refusal BusDriver::list_names(const Call& call) {
    std::vector<std::string> names{driver_name, identity_.unique_name, identity_.client_name};
    names.insert(names.end(), names_.begin(), names_.end());
    append(call.reply, names);
    return {};
}

BusDriver::Refusal BusDriver::list_activatable_names(const Call& call) {
    append(call.reply, std::vector<std::string>{driver_name});
    return {};
}

BusDriver::Refusal BusDriver::name_has_owner(const Call& call) {
    const int has_owner = owner_of(call.text(0)).empty() ? 0 : 1;
    sd_bus_message_append_basic(call.reply.get(), 'b', &has_owner);
    return {};
}

BusDriver::Refusal BusDriver::get_name_owner(const Call& call) {
    const auto owner = owner_of(call.text(0));
    if (owner.empty()) return no_such_name(call.text(0));
    append(call.reply, owner);
    return {};
}

BusDriver::Refusal BusDriver::list_queued_owners(const Call& call) {
    const auto owner = owner_of(call.text(0));
    if (owner.empty()) return no_such_name(call.text(0));
    append(call.reply, std::vector<std::string>{owner});
    return {};
}

std::string BusDriver::owner_of(std::string_view name) const {
    if (name == driver_name) return driver_name;
    if (is_ours(name)) return identity_.unique_name;
    return name == identity_.client_name ? identity_.client_name : std::string();
}

// ---- who they are

std::optional<PeerCredentials> BusDriver::credentials_of(const Call& call) const {
    const auto owner = owner_of(call.text(0));
    if (owner.empty()) return std::nullopt;
    if (owner == identity_.client_name) return call.connection.peer();
    return PeerCredentials{::getuid(), ::getgid(), ::getpid(), {}};
}

BusDriver::Refusal BusDriver::get_user(const Call& call) {
    const auto credentials = credentials_of(call);
    if (!credentials) return no_such_name(call.text(0));
    append(call.reply, static_cast<std::uint32_t>(credentials->uid));
    return {};
}

BusDriver::Refusal BusDriver::get_process(const Call& call) {
    const auto credentials = credentials_of(call);
    if (!credentials) return no_such_name(call.text(0));
    append(call.reply, static_cast<std::uint32_t>(credentials->pid));
    return {};
}

BusDriver::Refusal BusDriver::get_credentials(const Call& call) {
    const auto credentials = credentials_of(call);
    if (!credentials) return no_such_name(call.text(0));
    sd_bus_message_append(call.reply.get(), "a{sv}", 2, "UnixUserID", "u",
                          static_cast<std::uint32_t>(credentials->uid), "ProcessID", "u",
                          static_cast<std::uint32_t>(credentials->pid));
    return {};
}

BusDriver::Refusal BusDriver::get_id(const Call& call) {
    append(call.reply, identity_.server_id);
    return {};
}

// ---- what it is

BusDriver::Refusal BusDriver::introspect(const Call& call) {
    append(call.reply, description());
    return {};
}

const std::string& BusDriver::description() {
    static const std::string xml = [] {
        Interface interface{.name = driver_name, .methods = {}, .signals = {}, .properties = {}};
        const auto arguments = [](std::string_view signature) {
            std::vector<Argument> list;
            for (auto& type : split_signature(signature).value_or(std::vector<std::string>()))
                list.push_back({"", std::move(type)});
            return list;
        };
        for (const auto& row : members)
            if (row.interface == driver_name)
                interface.methods.push_back({.name = std::string(row.name),
                                             .in = arguments(row.in),
                                             .out = arguments(row.out)});
        interface.signals = {{"NameAcquired", arguments("s")},
                             {"NameLost", arguments("s")},
                             {"NameOwnerChanged", arguments("sss")}};
        return introspection_xml({interface_xml(interface)}, {});
    }();
    return xml;
}

BusDriver::Refusal BusDriver::get_property(const Call& call) {
    return BusError{SD_BUS_ERROR_UNKNOWN_PROPERTY, "There is no property " + call.text(1)};
}

BusDriver::Refusal BusDriver::get_properties(const Call& call) {
    sd_bus_message_append(call.reply.get(), "a{sv}", 0);
    return {};
}

}  // namespace comar::bus
