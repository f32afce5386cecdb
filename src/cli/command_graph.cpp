// SPDX-License-Identifier: MIT
// comar graph [NAME]: how services relate to each other, as text or as a picture.
#include <cerrno>
#include <csignal>
#include <cstring>

#include <sys/mman.h>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli/command.h"
#include "cli/graph_dot.h"
#include "cli/graph_tree.h"
#include "cli/json_output.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/service_graph.h"
#include "cli/session.h"
#include "core/name.h"
#include "os/unique_fd.h"

namespace comar::cli {
namespace {

using Json = nlohmann::ordered_json;

ExitCode fail(std::string_view reason) {
    complain("cannot draw the graph: " + std::string(reason));
    return ExitCode::failed;
}

/// A file of the memory with that text, to be read from its beginning; empty: no memory.
UniqueFd file_with(std::string_view text) {
    UniqueFd file(::memfd_create("comar-graph", MFD_CLOEXEC));
    while (file.get() >= 0 && !text.empty()) {
        const ssize_t size = ::write(file.get(), text.data(), text.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return UniqueFd();
        text.remove_prefix(static_cast<std::size_t>(size));
    }
    if (file.get() >= 0 && ::lseek(file.get(), 0, SEEK_SET) < 0) return UniqueFd();
    return file;
}

/// Becomes Graphviz, which draws to our standard output. Returns where it cannot.
ExitCode draw(std::string_view text) {
    const UniqueFd input = file_with(text);
    if (input.get() < 0 || ::dup2(input.get(), STDIN_FILENO) < 0) return fail(std::strerror(errno));
    ::signal(SIGPIPE, SIG_DFL);  // it would inherit that comar ignores it
    ::execlp("dot", "dot", "-Tsvg", static_cast<char*>(nullptr));
    if (errno != ENOENT) return fail(std::string("cannot run dot: ") + std::strerror(errno));
    const ExitCode code = fail("dot is not installed");
    advise("install graphviz, or draw it elsewhere from the text of: comar graph --dot");
    return code;
}

ExitCode show(const Invocation& invocation, const Json& document, const ServiceGraph& graph,
              const std::string& marked, Output& output) {
    if (invocation.json) {
        print_json(output, document, JsonLayout::indented);
    } else if (invocation.svg) {
        return draw(graph_dot(graph));
    } else if (invocation.dot) {
        output.print(graph_dot(graph));
    } else if (graph.services.empty()) {
        note("no service is registered");
    } else {
        output.print(graph_tree(graph, marked, style_of_stdout()));
    }
    return ExitCode::ok;
}

ExitCode show_related(const Invocation& invocation, const Json& document, const ServiceGraph& graph,
                      Output& output) {
    const std::string& wanted = invocation.operands[0];
    const auto name = resolve(graph, bus_safe_name(wanted));
    if (!name) {
        complain("cannot draw the graph of " + wanted + ": " + name.error().message);
        return name.error().kind == ErrorKind::not_found ? ExitCode::not_installed
                                                         : ExitCode::failed;
    }
    const Json kept = keep_only(document, related_to(graph, *name));
    const auto related = read_graph(kept);
    if (!related) return fail(related.error().message);
    return show(invocation, kept, *related, *name, output);
}

}  // namespace

ExitCode run_graph(const Invocation& invocation, Output& output) {
    if (invocation.json + invocation.dot + invocation.svg > 1) {
        complain("cannot use more than one of --dot, --svg and --json");
        return ExitCode::bad_usage;
    }
    auto session = open_session(invocation, Texts::none);
    if (!session) return ExitCode::failed;
    const Reply reply =
        session->bus.call(session->bus.method(manager_member("Graph")), Patience::reading);
    if (!reply) {
        report_failure(*session, "draw the graph", reply.error());
        return exit_code_of(reply.error());
    }
    const char* text = nullptr;
    if (sd_bus_message_read(reply->get(), "s", &text) <= 0) return fail("comard sent none");
    const Json document = Json::parse(text, nullptr, false);
    const auto graph = read_graph(document);
    if (!graph) return fail(graph.error().message);
    return invocation.operands.empty() ? show(invocation, document, *graph, "", output)
                                       : show_related(invocation, document, *graph, output);
}

}  // namespace comar::cli
