// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// A folder, and whether only root and the user we run as decide what is in it.
struct OpenFolder {
    UniqueFd fd;           ///< O_PATH: for openat(2) and the like
    bool trusted = false;  ///< owned by root or us, not writable by others (a sticky bit does not
                           ///< help), and nobody else can put another folder in its place
};

/// A path cut at its last slash; the folder of a bare name is ".".
struct SplitPath {
    std::string folder;
    std::string name;
};

/// invalid: the path ends in no name ("", "/", "a/", "a/..").
Result<SplitPath> split_path(const std::string& path);

/// Walks to `path` one part after the other. Symbolic links are followed where root or we put them
/// (/var/run), and refused (denied) where somebody else could have.
Result<OpenFolder> open_folder(const std::string& path);

}  // namespace comar
