// SPDX-License-Identifier: MIT
#include "cli/log_text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace comar::cli {
namespace {

constexpr std::uint64_t piece = 65536;

class PlainText : public LogText {
public:
    explicit PlainText(const LogFile& file)
        : path_(file.path), fd_(file.fd.get()), end_(file.end) {}

    Result<bool> read(std::string& into) override {
        const std::size_t before = into.size();
        const auto wanted = static_cast<std::size_t>(std::min(piece, end_ - at_));
        into.resize(before + wanted);
        const ssize_t count = ::pread(fd_, into.data() + before, wanted, static_cast<off_t>(at_));
        const int error = errno;
        into.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (count < 0) {
            return failure(ErrorKind::internal,
                           "cannot read all of " + path_ + ": " + std::strerror(error), error);
        }
        at_ += static_cast<std::uint64_t>(count);
        return count > 0;
    }

private:
    std::string path_;
    int fd_;
    std::uint64_t end_;
    std::uint64_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<LogText>> text_of(const LogFile& file) {
    std::unique_ptr<LogText> plain = std::make_unique<PlainText>(file);
    return file.compressed ? compressed_text_of(std::move(plain), file.path) : std::move(plain);
}

std::string whole_text_of(const LogFile& file, UnreadLogs& unread) {
    std::string whole;
    const auto text = text_of(file);
    if (!text) unread.add(file.path, text.error());
    while (text) {
        const auto more = (*text)->read(whole);
        if (!more) unread.add(file.path, more.error());
        if (!more || !*more) break;
    }
    return whole;
}

}  // namespace comar::cli
