// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "bus/introspection.h"
#include "unit/bus/private_bus.h"

namespace comar::bus {
namespace {

constexpr const char* service_interface = "tr.org.pardus.comar.System.Service";

/// Programs that know nothing of comar, and take the private socket for the system bus. Those that
/// a machine lacks are skipped.
class ClientProgramsTest : public test::PrivateBusTest {
protected:
    void SetUp() override {
        listen();
        handler_ = [this](Connection& connection, Message& call) {
            return serve(connection, call);
        };
    }

    static bool is_missing(const std::string& program) {
        return ::access(program.c_str(), X_OK) != 0;
    }

    /// One object with a method, a property and a signal, as comard has many.
    bool serve(Connection& connection, Message& call) {
        auto reply = call.reply().value();
        const auto body = read_body(call.get()).value();
        Result<> filled;
        if (call.member() == "Introspect")
            filled = append_body(reply.get(), "s", {description(call.path())}, {.member = "x"});
        else if (call.path() != "/package/nginx")
            return false;
        else if (call.member() == "info")
            filled =
                append_body(reply.get(), "sss", {"server", "Web Sunucusu", "on"}, {.member = "x"});
        else if (call.member() == "GetAll")
            filled =
                append_body(reply.get(), "a{sv}",
                            Json::parse(R"([{"dict": [["Version", "1.2"]]}])"), {.member = "x"});
        else if (call.member() == "setState")
            return set_state(connection, call, body.at(0).get<std::string>());
        else
            return false;
        EXPECT_TRUE(filled) << filled.error().message;
        return connection.send(reply).has_value();
    }

    bool set_state(Connection& connection, const Message& call, const std::string& state) {
        if (state != "on")
            return connection
                .send(call.error_reply({"tr.org.pardus.comar.Exception", "no such state: " + state})
                          .value())
                .has_value();
        EXPECT_TRUE(server_->broadcast(
            "/package/nginx", service_interface, "Changed", [&](Message& signal) {
                return append_body(signal.get(), "ss", {"nginx", state}, {.member = "Changed"});
            }));
        return connection.send(call.reply().value()).has_value();
    }

    static std::string description(std::string_view path) {
        if (path == "/") return introspection_xml({}, {"package"});
        if (path == "/package") return introspection_xml({}, {"nginx"});
        const auto xml = interface_xml(Interface{
            .name = service_interface,
            .methods = {{.name = "info",
                         .in = {},
                         .out = {{"type", "s"}, {"description", "s"}, {"state", "s"}}},
                        {.name = "setState", .in = {{"state", "s"}}, .out = {}}},
            .signals = {{.name = "Changed", .arguments = {{"service", "s"}, {"state", "s"}}}},
            .properties = {{.name = "Version", .type = "s"}}});
        return introspection_xml({xml}, {});
    }

    void expect_output(std::vector<std::string> arguments, const std::string& part) {
        const auto output = run_program(std::move(arguments));
        EXPECT_EQ(output.exit_code, 0) << output.text;
        EXPECT_NE(output.text.find(part), std::string::npos) << output.text;
    }
};

TEST_F(ClientProgramsTest, BusctlCallsIntrospectsAndLists) {
    const std::string busctl = "/usr/bin/busctl";
    if (is_missing(busctl)) GTEST_SKIP();
    const std::vector<std::string> object{"tr.org.pardus.comar", "/package/nginx",
                                          service_interface};
    for (const auto& where : {std::string("--system"), "--address=" + address()}) {
        expect_output({busctl, where, "call", object[0], object[1], object[2], "info"},
                      "sss \"server\" \"Web Sunucusu\" \"on\"\n");
        expect_output({busctl, where, "introspect", object[0], object[1]}, ".setState");
        expect_output({busctl, where, "introspect", object[0], object[1]}, "\"1.2\"");
        expect_output({busctl, where, "tree", object[0]}, "/package/nginx");
        expect_output({busctl, where, "list"}, "tr.org.pardus.comar");
        expect_output({busctl, where, "status", object[0]}, "UniqueName=:1.0");
    }
    const auto refused =
        run_program({busctl, "call", object[0], object[1], object[2], "setState", "s", "maybe"});
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_EQ(refused.text, "Call failed: no such state: maybe\n");
}

TEST_F(ClientProgramsTest, GdbusCallsAndIntrospects) {
    const std::string gdbus = "/usr/bin/gdbus";
    if (is_missing(gdbus)) GTEST_SKIP();
    const std::string object = "/package/nginx";
    const std::string method = std::string(service_interface) + ".info";
    expect_output({gdbus, "call", "--system", "--dest", "tr.org.pardus.comar", "--object-path",
                   object, "--method", method},
                  "('server', 'Web Sunucusu', 'on')");
    expect_output({gdbus, "introspect", "--system", "--dest", "tr.org.pardus.comar",
                   "--object-path", "/", "--recurse"},
                  "setState(in  s state);");
    expect_output({gdbus, "call", "--address", address(), "--dest", "tr.org.pardus.comar",
                   "--object-path", object, "--method", method},
                  "('server', 'Web Sunucusu', 'on')");
}

TEST_F(ClientProgramsTest, DbusSendCalls) {
    const std::string dbus_send = "/usr/bin/dbus-send";
    if (is_missing(dbus_send)) GTEST_SKIP();
    expect_output({dbus_send, "--system", "--print-reply", "--dest=tr.org.pardus.comar",
                   "/package/nginx", std::string(service_interface) + ".info"},
                  "string \"Web Sunucusu\"");
}

TEST_F(ClientProgramsTest, PythonDbusProxiesCallAndHearSignals) {
    if (run_program({"/usr/bin/python3", "-c", "import dbus, gi"}).exit_code != 0)
        GTEST_SKIP() << "python3-dbus or python3-gi is not there";
    const auto output = run_program({"/usr/bin/python3", "-c", R"(
import dbus, dbus.mainloop.glib
from gi.repository import GLib
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
loop = GLib.MainLoop()
service = dbus.Interface(bus.get_object("tr.org.pardus.comar", "/package/nginx"),
                         "tr.org.pardus.comar.System.Service")
print(*service.info())
try:
    service.setState("maybe")
except dbus.DBusException as error:
    print(error.get_dbus_name(), error.get_dbus_message())
def changed(name, state, sender=None):
    print("changed", name, state, sender)
    if sender == ":1.0":
        loop.quit()
service.connect_to_signal("Changed", changed, sender_keyword="sender")
bus.add_signal_receiver(lambda *words: print("any", *words), "Changed")
service.setState("on", reply_handler=lambda: None, error_handler=print)
GLib.timeout_add_seconds(20, loop.quit)
loop.run()
print(bus.get_unique_name(), bus.get_name_owner("tr.org.pardus.comar"))
)"});
    EXPECT_EQ(output.exit_code, 0) << output.text;
    EXPECT_NE(output.text.find("server Web Sunucusu on\n"), std::string::npos) << output.text;
    EXPECT_NE(output.text.find("tr.org.pardus.comar.Exception no such state: maybe\n"),
              std::string::npos)
        << output.text;
    EXPECT_NE(output.text.find("changed nginx on :1.0\n"), std::string::npos) << output.text;
    EXPECT_NE(output.text.find("any nginx on\n"), std::string::npos) << output.text;
    EXPECT_NE(output.text.find(" :1.0\n"), std::string::npos) << output.text;
}

}  // namespace
}  // namespace comar::bus
