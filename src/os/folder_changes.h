// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <vector>

#include "os/unique_fd.h"

namespace comar {

/// Which files of some folders have changed since somebody asked last, inotify(7). Nobody is woken
/// up for it: who wants to know asks, and that costs little while nothing changes.
class FolderChanges {
public:
    /// Folders need not be there yet.
    explicit FolderChanges(std::vector<std::string> folders);

    struct Changes {
        bool all = false;             ///< any file may have changed
        std::set<std::string> names;  ///< of files, without their folders
    };
    /// All of them at the first time.
    [[nodiscard]] Changes take();

private:
    struct Folder {
        std::string path;
        int watch = -1;  ///< none: it is not there, or cannot be watched
    };

    /// Whether any of its files may have changed.
    [[nodiscard]] bool begin_watch(Folder& folder) const;
    void read_into(Changes& changes);

    std::vector<Folder> folders_;
    UniqueFd inotify_;
    bool was_asked_ = false;
};

}  // namespace comar
