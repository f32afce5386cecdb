// SPDX-License-Identifier: MIT
#include "cli/failure.h"

#include <gtest/gtest.h>

namespace comar::cli {
namespace {

CallFailure comar_error(std::string name, std::string message) {
    return {"tr.org.pardus.comar." + name, std::move(message)};
}

TEST(FailureTest, AScriptWithoutTheMethodIsUnimplemented) {
    const auto failure = comar_error("Missing", "nginx does not define reload");
    EXPECT_EQ(exit_code_of(failure), ExitCode::unimplemented);
    EXPECT_EQ(reason_of(failure), "nginx does not define reload");
}

TEST(FailureTest, AScriptThatIsNotThereIsNotInstalled) {
    const auto failure = comar_error("Internal", "Unable to find nginx");
    EXPECT_EQ(exit_code_of(failure), ExitCode::not_installed);
    EXPECT_EQ(reason_of(failure), "no such service is registered");
    EXPECT_EQ(exit_code_of({"org.freedesktop.DBus.Error.UnknownObject", "x"}),
              ExitCode::not_installed);
}

TEST(FailureTest, OtherInternalErrorsAreFailures) {
    const auto failure = comar_error("Internal", "the worker ended by signal 11");
    EXPECT_EQ(exit_code_of(failure), ExitCode::failed);
    EXPECT_EQ(reason_of(failure), "the worker ended by signal 11");
}

TEST(FailureTest, WhoMayNotIsToldTheAction) {
    const auto failure = comar_error("Comar.PolicyKit", "tr.org.pardus.comar.register");
    EXPECT_EQ(exit_code_of(failure), ExitCode::not_authorized);
    EXPECT_EQ(reason_of(failure), "not authorized (tr.org.pardus.comar.register)");
    EXPECT_EQ(exit_code_of({"org.freedesktop.DBus.Error.AccessDenied", ""}),
              ExitCode::not_authorized);
    EXPECT_EQ(reason_of({"org.freedesktop.DBus.Error.AccessDenied", ""}), "not authorized");
}

TEST(FailureTest, TheExceptionOfAScriptSpeaksForItself) {
    const auto failure = comar_error("Exception", "bind() failed");
    EXPECT_EQ(exit_code_of(failure), ExitCode::failed);
    EXPECT_EQ(reason_of(failure), "bind() failed");
}

TEST(FailureTest, AMessageThatIsABareValueHasTheNameOfItsErrorBefore) {
    EXPECT_EQ(reason_of(comar_error("KeyError", "'port'")), "KeyError: 'port'");
    EXPECT_EQ(reason_of(comar_error("SystemExit", "3")), "SystemExit: 3");
    EXPECT_EQ(reason_of(comar_error("OSError", "no disk")), "no disk");
}

TEST(FailureTest, AnErrorWithoutAMessageIsCalledByItsName) {
    EXPECT_EQ(reason_of(comar_error("KeyError", "")), "tr.org.pardus.comar.KeyError");
}

TEST(FailureTest, NoComardIsUnreachableAndAFailure) {
    for (const auto& failure :
         {CallFailure{std::string(unreachable_name), "gone"},
          CallFailure{"org.freedesktop.DBus.Error.ServiceUnknown", "not provided"},
          CallFailure{"org.freedesktop.DBus.Error.NameHasNoOwner", "not owned"}}) {
        EXPECT_TRUE(is_unreachable(failure)) << failure.name;
        EXPECT_EQ(exit_code_of(failure), ExitCode::failed) << failure.name;
    }
    EXPECT_FALSE(is_unreachable(comar_error("Exception", "comard is not running")));
    EXPECT_FALSE(is_unreachable(comar_error("Internal", "Unable to find x")));
}

}  // namespace
}  // namespace comar::cli
