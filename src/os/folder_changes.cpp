// SPDX-License-Identifier: MIT
#include "os/folder_changes.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/inotify.h>

#include <unistd.h>

namespace comar {
namespace {

constexpr std::uint32_t changes_of_files =
    IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVE;
constexpr std::uint32_t ends_of_folders = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

}  // namespace

FolderChanges::FolderChanges(std::vector<std::string> folders)
    : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    for (std::string& path : folders) folders_.push_back({std::move(path)});
}

FolderChanges::Changes FolderChanges::take() {
    Changes changes;
    changes.all = !std::exchange(was_asked_, true) || !inotify_;
    read_into(changes);
    for (Folder& folder : folders_) {
        if (folder.watch < 0 && begin_watch(folder)) changes.all = true;
    }
    return changes;
}

bool FolderChanges::begin_watch(Folder& folder) const {
    folder.watch = ::inotify_add_watch(inotify_.get(), folder.path.c_str(),
                                       changes_of_files | IN_DELETE_SELF | IN_MOVE_SELF);
    // One that is not there has no files.
    return folder.watch >= 0 || errno != ENOENT;
}

void FolderChanges::read_into(Changes& changes) {
    alignas(inotify_event) std::array<char, 16 * 1024> buffer;
    ssize_t size = 0;
    while ((size = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0) {
        for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* name = buffer.data() + at + sizeof event;
            at += sizeof event + event.len;
            if ((event.mask & (ends_of_folders | IN_Q_OVERFLOW)) == 0) {
                if (event.len > 0) changes.names.insert(name);
                continue;
            }
            changes.all = true;
            for (Folder& folder : folders_) {
                if (folder.watch != event.wd) continue;
                // A folder that was only moved would be told of for ever.
                (void)::inotify_rm_watch(inotify_.get(), event.wd);
                folder.watch = -1;
            }
        }
    }
}

}  // namespace comar
