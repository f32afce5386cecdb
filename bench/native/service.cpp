// SPDX-License-Identifier: MIT
// The service that every manager is measured with: tells the scoreboard that it runs, and pauses
// until a signal ends it.
//
//   bench-service BOARD LINE
//
// Linked statically, so that its own start costs next to nothing.
#include <cstdlib>

#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "board.h"

namespace {

using namespace comar::bench;

enum ExitCode { bad_usage = 2, no_board = 3 };

/// Null: there is no such line.
char* map_board(const char* path, std::size_t size) {
    const int file = ::open(path, O_RDWR | O_CLOEXEC);
    struct stat info{};
    if (file < 0 || ::fstat(file, &info) != 0) return nullptr;
    if (static_cast<std::size_t>(info.st_size) < size) return nullptr;
    void* map = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    return map == MAP_FAILED ? nullptr : static_cast<char*>(map);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return bad_usage;
    const std::size_t offset =
        sizeof(BoardHead) + sizeof(BoardLine) * std::strtoul(argv[2], nullptr, 10);
    char* board = map_board(argv[1], offset + sizeof(BoardLine));
    if (board == nullptr) return no_board;
    auto& line = *reinterpret_cast<BoardLine*>(board + offset);
    line.pid = static_cast<std::uint32_t>(::getpid());
    line.started_at = monotonic_nanoseconds();
    ++line.starts;
    ++reinterpret_cast<BoardHead*>(board)->starts;
    while (true) ::pause();
}
