// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// What outlives comard of each service, its state or its part in a boot: one file, to which each
/// change is appended, for services change often and a file of each would cost more than all else
/// in a start. A record is a line "comar-state 2 LENGTH CHECKSUM" and JSON of that length, a line
/// again. The last one of a service counts. Rewritten, atomically, when most of it is out of date.
/// It need not survive a power cut, for neither do the processes it speaks of.
///
/// What a comard has written another one believes, so a file with anything else in it is refused
/// whole (CVE-2018-15686 is what happens otherwise). Only the end may be missing: that is a record
/// whose comard was killed while writing it.
class StateJournal {
public:
    using States = std::map<std::string, nlohmann::json>;

    explicit StateJournal(std::string path) : path_(std::move(path)) {}

    /// By app. Empty where there is no file. Invalid: it is damaged, and kept as PATH.damaged.
    Result<States> load();

    /// An error leaves what was written before, and is tried again with the next change.
    /// `state` is an object of JSON.
    Result<> put(const std::string& app, std::string_view state);
    Result<> remove(const std::string& app);

private:
    Result<> append(const std::string& record);
    Result<> rewrite();

    std::string path_;
    UniqueFd file_;  ///< none: to be rewritten with the next change
    std::size_t size_ = 0;
    std::map<std::string, std::string> records_;  ///< the last one of each service
    std::size_t live_ = 0;                        ///< bytes of these
};

/// The states in the text of a journal, or Invalid.
[[nodiscard]] Result<StateJournal::States> decode_journal(std::string_view text);
/// `state` is JSON; empty: the service is forgotten.
[[nodiscard]] std::string encode_record(const std::string& app, std::string_view state);

}  // namespace comar
