// SPDX-License-Identifier: MIT
#include "daemon/builtin_interfaces.h"

namespace comar {
namespace {

using bus::Access;
using bus::EmitsChange;
using bus::Interface;
using bus::Method;
using bus::Property;

constexpr const char* register_action = "tr.org.pardus.comar.register";
constexpr const char* remove_action = "tr.org.pardus.comar.remove";
constexpr const char* reload_models_action = "tr.org.pardus.comar.reloadmodels";
constexpr const char* reexec_action = "tr.org.pardus.comar.reexec";
constexpr const char* boot_action = "tr.org.pardus.comar.boot";
constexpr const char* set_action = "tr.org.pardus.comar.system.service.set";

Method reads(std::string name, std::vector<bus::Argument> in, std::vector<bus::Argument> out) {
    return {std::move(name), std::move(in), std::move(out), std::nullopt, true};
}

Method changes(std::string name, std::vector<bus::Argument> in, std::vector<bus::Argument> out,
               const char* action) {
    return {std::move(name), std::move(in), std::move(out), action, false};
}

Property constant(std::string name) {
    return {std::move(name), "s", Access::read, EmitsChange::constant};
}

Property silent(std::string name, std::string type) {
    return {std::move(name), std::move(type), Access::read, EmitsChange::no};
}

Property told(std::string name, std::string type) {
    return {std::move(name), std::move(type), Access::read, EmitsChange::yes};
}

/// It takes a look at every process of the service, so it is told without its value.
Property invalidated(std::string name, std::string type) {
    return {std::move(name), std::move(type), Access::read, EmitsChange::invalidates};
}

Interface make_core() {
    return {"tr.org.pardus.comar",
            {changes("register", {{"app", "s"}, {"model", "s"}, {"script_path", "s"}}, {},
                     register_action),
             changes("remove", {{"app", "s"}}, {}, remove_action),
             reads("listModelApplications", {{"model", "s"}}, {{"apps", "as"}}),
             reads("listApplicationModels", {{"app", "s"}}, {{"models", "as"}}),
             reads("setLocale", {{"language", "s"}}, {}),
             // Everybody may end what he has asked for himself.
             reads("cancel", {{"method", "s"}}, {{"count", "i"}}),
             reads("listRunning", {{"all", "b"}}, {{"methods", "as"}})},
            {},
            {}};
}

Interface make_manager() {
    return {
        "tr.org.pardus.comar.Manager",
        {changes("Register", {{"app", "s"}, {"model", "s"}, {"script_path", "s"}},
                 {{"findings", "a(suss)"}, {"diff", "s"}}, register_action),
         changes("Restart", {{"app", "s"}}, {}, set_action),
         changes("Reset", {{"app", "s"}}, {}, set_action),
         reads("Show", {{"app", "s"}}, {{"settings", "a(sss)"}}),
         reads("ListServices", {{"options", "a{sv}"}}, {{"services", "a(sssssu)"}}),
         changes("Boot", {}, {{"record", "s"}}, boot_action),
         changes("Switch", {{"group", "s"}}, {{"record", "s"}}, boot_action),
         changes("Shutdown", {}, {{"record", "s"}}, boot_action),
         changes("StopWithDependents", {{"app", "s"}}, {}, set_action),
         reads("Plan", {{"verb", "s"}, {"apps", "as"}, {"with_dependents", "b"}}, {{"plan", "s"}}),
         // It runs a script, though one whose hands are bound.
         changes("Rehearse", {{"app", "s"}, {"method", "s"}}, {{"entries", "s"}}, set_action),
         reads("Graph", {}, {{"graph", "s"}}), reads("Check", {}, {{"findings", "a(sss)"}}),
         reads("ListBoots", {}, {{"ids", "as"}}),
         reads("BootRecord", {{"id", "s"}}, {{"record", "s"}}),
         changes("ReloadModels", {}, {{"problems", "as"}}, reload_models_action),
         changes("Reexec", {}, {}, reexec_action)},
        {{"Progress", {{"progress", "s"}}}},
        {constant("Version"), constant("Root")}};
}

Interface make_supervision() {
    return {"tr.org.pardus.comar.Supervision",
            {},
            {},
            {told("State", "s"),         told("SubState", "s"),        told("StartUp", "s"),
             told("Type", "s"),          told("Description", "a{ss}"), told("MainPID", "u"),
             invalidated("PIDs", "au"),  told("Since", "t"),           told("ExitCode", "i"),
             told("ExitSignal", "i"),    told("Restarts", "u"),        told("ControlGroup", "s"),
             silent("MemoryBytes", "t"), silent("CPUUsec", "t"),       silent("Requires", "as"),
             silent("RequiredBy", "as"), told("Script", "s"),          told("LastError", "s"),
             told("Cause", "s"),         silent("Lacks", "as"),        told("Wanted", "b"),
             told("Health", "s"),        told("StatusText", "s"),      silent("RetryUsec", "t"),
             silent("Edited", "b"),      silent("LostLines", "t")}};
}

}  // namespace

const Interface& core_interface() {
    static const Interface interface = make_core();
    return interface;
}

const Interface& manager_interface() {
    static const Interface interface = make_manager();
    return interface;
}

const Interface& supervision_interface() {
    static const Interface interface = make_supervision();
    return interface;
}

const Interface& introspectable_interface() {
    static const Interface interface{"org.freedesktop.DBus.Introspectable",
                                     {reads("Introspect", {}, {{"xml_data", "s"}})},
                                     {},
                                     {}};
    return interface;
}

const Interface& object_manager_interface() {
    static const Interface interface{
        "org.freedesktop.DBus.ObjectManager",
        {reads("GetManagedObjects", {}, {{"objects", "a{oa{sa{sv}}}"}})},
        {{"InterfacesAdded", {{"object_path", "o"}, {"interfaces_and_properties", "a{sa{sv}}"}}},
         {"InterfacesRemoved", {{"object_path", "o"}, {"interfaces", "as"}}}},
        {}};
    return interface;
}

/// Set is open because there is nothing to set: it always fails.
const Interface& properties_interface() {
    static const Interface interface{
        "org.freedesktop.DBus.Properties",
        {reads("Get", {{"interface_name", "s"}, {"property_name", "s"}}, {{"value", "v"}}),
         reads("GetAll", {{"interface_name", "s"}}, {{"props", "a{sv}"}}),
         reads("Set", {{"interface_name", "s"}, {"property_name", "s"}, {"value", "v"}}, {})},
        {},
        {}};
    return interface;
}

}  // namespace comar
