// SPDX-License-Identifier: MIT
#include "os/listeners.h"

#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

namespace comar {
namespace {

constexpr std::string_view listening = "0A";

struct Entry {
    std::string address;  ///< "0100007F:1F90"
    std::string state;
    std::uint64_t inode = 0;
};

/// "sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …"
std::optional<Entry> read_entry(const std::string& line) {
    std::istringstream words(line);
    Entry entry;
    std::string other;
    words >> other >> entry.address >> other >> entry.state >> other >> other >> other >> other >>
        other >> entry.inode;
    return words ? std::optional(std::move(entry)) : std::nullopt;
}

struct UnixEntry {
    bool listens = false;
    std::uint64_t inode = 0;
    std::string path;
};

/// "Num: RefCount Protocol Flags Type St Inode Path"
std::optional<UnixEntry> read_unix_entry(const std::string& line) {
    constexpr std::uint64_t accepts = 0x10000;  // __SO_ACCEPTCON
    std::istringstream words(line);
    UnixEntry entry;
    std::string other;
    std::uint64_t flags = 0;
    words >> other >> other >> other >> std::hex >> flags >> other >> other >> std::dec >>
        entry.inode >> std::ws;
    std::getline(words, entry.path);
    entry.listens = (flags & accepts) != 0;
    return words ? std::optional(std::move(entry)) : std::nullopt;
}

int port_of(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos) return 0;
    int port = 0;
    constexpr int hexadecimal = 16;
    std::from_chars(address.data() + colon + 1, address.data() + address.size(), port, hexadecimal);
    return port;
}

}  // namespace

std::set<std::uint64_t> listeners_at(int port, const std::string& proc) {
    std::set<std::uint64_t> found;
    for (const char* name : {"/net/tcp", "/net/tcp6"}) {
        std::ifstream file(proc + name);
        std::string line;
        std::getline(file, line);  // the names of the columns
        while (std::getline(file, line)) {
            const auto entry = read_entry(line);
            // Those that listen come first, and of the others there may be a hundred thousand.
            if (!entry || entry->state != listening) break;
            if (port_of(entry->address) == port) found.insert(entry->inode);
        }
    }
    return found;
}

std::set<std::uint64_t> listeners_at(const std::string& path, const std::string& proc) {
    std::set<std::uint64_t> found;
    const std::string ending = " " + path;
    std::ifstream file(proc + "/net/unix");
    std::string line;
    std::getline(file, line);  // the names of the columns
    while (std::getline(file, line)) {
        if (!line.ends_with(ending)) continue;
        const auto entry = read_unix_entry(line);
        if (entry && entry->listens && entry->path == path) found.insert(entry->inode);
    }
    return found;
}

}  // namespace comar
