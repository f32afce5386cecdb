// SPDX-License-Identifier: MIT
// comar-log-compress: standard input to standard output, compressed, and safe on the disk when this
// has succeeded. comard runs it for old logs; what goes wrong is said on standard error.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>
#include <zstd.h>

namespace {

/// Text of services shrinks to a tenth with it; more costs much time for little.
constexpr int level = 3;

/// Error texts; empty: all is well.
using Problem = std::string;

Problem failed(const char* doing) {
    return std::string("cannot ") + doing + ": " + std::strerror(errno);
}

Problem write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("write");
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

class Compressor {
public:
    Compressor() : context_(::ZSTD_createCCtx()), room_(::ZSTD_CStreamOutSize()) {
        ::ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
        ::ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
    }
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;
    ~Compressor() { ::ZSTD_freeCCtx(context_); }

    Problem take(std::string_view bytes, ZSTD_EndDirective directive) {
        ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
        bool done = false;
        while (!done) {
            ZSTD_outBuffer output{room_.data(), room_.size(), 0};
            const std::size_t left = ::ZSTD_compressStream2(context_, &output, &input, directive);
            if (::ZSTD_isError(left) != 0) {
                return std::string("cannot compress: ") + ::ZSTD_getErrorName(left);
            }
            if (auto problem = write_all({room_.data(), output.pos}); !problem.empty()) {
                return problem;
            }
            done = directive == ZSTD_e_end ? left == 0 : input.pos == input.size;
        }
        return {};
    }

private:
    ZSTD_CCtx* context_;
    std::vector<char> room_;
};

Problem run() {
    Compressor compressor;
    std::vector<char> piece(std::size_t{1} << 17);
    for (;;) {
        const ssize_t count = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("read");
        if (count == 0) break;
        const std::string_view bytes(piece.data(), static_cast<std::size_t>(count));
        if (auto problem = compressor.take(bytes, ZSTD_e_continue); !problem.empty()) {
            return problem;
        }
    }
    if (auto problem = compressor.take({}, ZSTD_e_end); !problem.empty()) return problem;
    // A pipe cannot be synced, and need not.
    return ::fsync(STDOUT_FILENO) == 0 || errno == EINVAL ? Problem() : failed("sync");
}

}  // namespace

int main() {
    const Problem problem = run();
    if (problem.empty()) return 0;
    std::fprintf(stderr, "comar-log-compress: %s\n", problem.c_str());
    return 1;
}
