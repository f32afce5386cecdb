// SPDX-License-Identifier: MIT
// A service that prints, and the least that anybody must do who keeps what it prints.
//
//   bench-output write BYTES       lines of 100 bytes to standard output, 4 KiB a write
//   bench-output copy FILE         standard input to a file, which begins anew every 10 MiB
//
// Linked statically.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace {

enum ExitCode { done = 0, failed = 1, bad_usage = 2 };

constexpr std::size_t line_size = 100;
constexpr std::size_t write_size = 4096;  // what stdio does to a pipe
constexpr std::size_t piece_size = 65536;
constexpr off_t file_size = 10 << 20;

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

int write_lines(std::size_t bytes) {
    std::string lines;
    while (lines.size() < write_size * line_size) lines.append(line_size - 1, 'x').push_back('\n');
    const std::string_view all = lines;
    for (std::size_t at = 0; bytes > 0;) {
        const std::size_t size = std::min(bytes, write_size);
        if (!write_all(STDOUT_FILENO, all.substr(at, size))) return failed;
        bytes -= size;
        at = (at + size) % all.size();
    }
    return done;
}

int copy(const char* path) {
    const int file = ::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    std::vector<char> piece(piece_size);
    off_t written = 0;
    while (true) {
        const ssize_t count = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (count <= 0) return count == 0 ? done : failed;
        if (!write_all(file, {piece.data(), static_cast<std::size_t>(count)})) return failed;
        written += count;
        if (written < file_size) continue;
        if (::ftruncate(file, 0) != 0 || ::lseek(file, 0, SEEK_SET) != 0) return failed;
        written = 0;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view mode = argc == 3 ? argv[1] : "";
    if (mode == "write") return write_lines(std::strtoull(argv[2], nullptr, 10));
    if (mode == "copy") return copy(argv[2]);
    return bad_usage;
}
