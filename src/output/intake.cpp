// SPDX-License-Identifier: MIT
#include "output/intake.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include <sys/mman.h>

#include <fcntl.h>
#include <unistd.h>

#include "os/read_file.h"
#include "os/system_error.h"
#include "output/line_stamper.h"

namespace comar {

struct Intake::Memory {
    std::uint64_t format;
    std::atomic<std::uint32_t> busy;
    Stream stream;
    std::array<char, max_name> app;
    FilePlace place;
    std::size_t bytes;
    std::size_t rest_size;
    std::array<char, LineStamper::max_line> rest;
    std::array<char, capacity> data;
};

namespace {

/// Another one means another layout.
constexpr std::uint64_t format_now = 0x3130454b41544e49;

/// Stands at the end of where data will be, until it is. No line ends so.
constexpr std::string_view nothing_read("\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe", 12);

std::string_view mark_for(std::size_t bytes) {
    return nothing_read.substr(0, std::min(bytes, nothing_read.size()));
}

Result<void*> map_file(const std::string& path, std::size_t size) {
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return system_failure("open " + path);
    // All of it is there from the start: a full file system must be an error now, not SIGBUS later.
    if (const int error = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(size)); error != 0) {
        return system_failure("make room for " + path, error);
    }
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (memory == MAP_FAILED) return system_failure("map " + path);
    return memory;
}

void* ordinary_memory(std::size_t size) {
    void* memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::terminate();  // as for every other lack of memory
    return memory;
}

}  // namespace

Intake::Intake(const std::string& path) {
    auto mapped = map_file(path, sizeof(Memory));
    if (!mapped) error_ = std::move(mapped.error());
    memory_ = static_cast<Memory*>(mapped ? *mapped : ordinary_memory(sizeof(Memory)));
}

Intake::~Intake() { ::munmap(memory_, sizeof(Memory)); }

std::optional<Intake::Batch> Intake::left_over() const {
    const Memory& memory = *memory_;
    if (memory.format != format_now || memory.busy.load() == 0) return std::nullopt;
    if (memory.bytes > capacity || memory.rest_size > memory.rest.size()) return std::nullopt;
    const std::string_view data(memory.data.data(), memory.bytes);
    const bool was_read = !data.ends_with(mark_for(data.size()));
    return Batch{std::string(memory.app.data(), ::strnlen(memory.app.data(), max_name)),
                 memory.stream, memory.place, std::string(memory.rest.data(), memory.rest_size),
                 std::string(was_read ? data : std::string_view())};
}

void Intake::begin(std::string_view app, Stream stream, const FilePlace& place,
                   std::string_view rest, std::size_t bytes) {
    Memory& memory = *memory_;
    memory.busy.store(0);
    memory.format = format_now;
    memory.stream = stream;
    memory.app.fill('\0');
    app.copy(memory.app.data(), memory.app.size() - 1);
    memory.place = place;
    memory.bytes = std::min(bytes, capacity);
    memory.rest_size = rest.copy(memory.rest.data(), memory.rest.size());
    const std::string_view mark = mark_for(memory.bytes);
    mark.copy(memory.data.data() + memory.bytes - mark.size(), mark.size());
    memory.busy.store(1);
}

char* Intake::data() { return memory_->data.data(); }

void Intake::end() { memory_->busy.store(0); }

void save_rest(const std::string& path, std::string_view rest) {
    if (rest.empty()) {
        (void)::unlink(path.c_str());
        return;
    }
    const UniqueFd fd(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    // What cannot be saved is only lost if comard is killed before the end of the line comes.
    if (fd) (void)!::write(fd.get(), rest.data(), rest.size());
}

std::string load_rest(const std::string& path) {
    return read_beginning(path, LineStamper::max_line).value_or("");
}

}  // namespace comar
