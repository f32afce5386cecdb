// SPDX-License-Identifier: MIT
// Compressed logs, by way of libzstd; log_text.h says why it is loaded here.
#include <algorithm>
#include <memory>

#include <dlfcn.h>
#include <zstd.h>

#include "cli/log_text.h"

namespace comar::cli {
namespace {

/// The functions of libzstd that are needed; null: the library is not there.
class Library {
public:
    Library() : opened_(::dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL)) {
        create = find<decltype(create)>("ZSTD_createDStream");
        free = find<decltype(free)>("ZSTD_freeDStream");
        decompress = find<decltype(decompress)>("ZSTD_decompressStream");
        is_error = find<decltype(is_error)>("ZSTD_isError");
        error_name = find<decltype(error_name)>("ZSTD_getErrorName");
    }
    [[nodiscard]] bool is_there() const {
        return create != nullptr && free != nullptr && decompress != nullptr &&
               is_error != nullptr && error_name != nullptr;
    }

    decltype(&::ZSTD_createDStream) create = nullptr;
    decltype(&::ZSTD_freeDStream) free = nullptr;
    decltype(&::ZSTD_decompressStream) decompress = nullptr;
    decltype(&::ZSTD_isError) is_error = nullptr;
    decltype(&::ZSTD_getErrorName) error_name = nullptr;

private:
    template <class Function>
    Function find(const char* name) {
        return opened_ == nullptr ? nullptr : reinterpret_cast<Function>(::dlsym(opened_, name));
    }
    void* opened_;
};

const Library& library() {
    static const Library loaded;
    return loaded;
}

class CompressedText : public LogText {
public:
    CompressedText(std::unique_ptr<LogText> file, std::string path)
        : file_(std::move(file)),
          path_(std::move(path)),
          stream_(library().create(), library().free) {}

    Result<bool> read(std::string& into) override {
        const std::size_t before = into.size();
        while (into.size() == before) {
            if (at_ == input_.size() && !is_full_) {
                input_.clear();
                at_ = 0;
                auto more = file_->read(input_);
                if (!more) return more;
                if (!*more && !is_within_frame_) return false;
                if (!*more) return damaged("its end is missing");
            }
            if (auto done = decompress(into); !done) return Failure(done.error());
        }
        return true;
    }

private:
    /// Of a frame the library wants to see that much first.
    static constexpr std::size_t frame_begins = 5;

    /// One block at a time, which is what the library asks for: of several it would give none, if
    /// one of them is damaged.
    Result<> decompress(std::string& into) {
        constexpr std::size_t room = std::size_t{1} << 17;
        const std::size_t before = into.size();
        into.resize(before + room);
        ZSTD_inBuffer input{input_.data(), std::min(input_.size(), at_ + wanted_), at_};
        ZSTD_outBuffer output{into.data() + before, room, 0};
        const std::size_t left = library().decompress(stream_.get(), &output, &input);
        into.resize(before + output.pos);
        at_ = input.pos;
        is_full_ = output.pos == room;
        if (library().is_error(left) != 0) {
            return damaged(library().error_name(left));
        }
        is_within_frame_ = left != 0;
        wanted_ = is_within_frame_ ? left : frame_begins;
        return {};
    }

    [[nodiscard]] Failure damaged(const char* how) const {
        return failure(ErrorKind::invalid,
                       "cannot read all of " + path_ + ": it is damaged: " + how);
    }

    std::unique_ptr<LogText> file_;
    std::string path_;
    std::unique_ptr<ZSTD_DStream, decltype(&::ZSTD_freeDStream)> stream_;
    std::string input_;
    std::size_t at_ = 0;
    std::size_t wanted_ = frame_begins;
    bool is_within_frame_ = false;
    bool is_full_ = false;  ///< the library may have more than it has given
};

}  // namespace

Result<std::unique_ptr<LogText>> compressed_text_of(std::unique_ptr<LogText> file,
                                                    const std::string& path) {
    if (!library().is_there()) {
        return failure(
            ErrorKind::unavailable,
            "cannot read " + path + ": it is compressed, and libzstd.so.1 is not installed");
    }
    return std::make_unique<CompressedText>(std::move(file), path);
}

}  // namespace comar::cli
