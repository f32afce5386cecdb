// SPDX-License-Identifier: MIT
#include "daemon/state_file.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using nlohmann::json;
using test::TemporaryFolder;

const json state{{"state", "running"}, {"main", {12, 3456789012345}}, {"last_error", "a\nb"}};

TEST(StateFileTest, WhatIsWrittenIsReadAgain) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/web";
    ASSERT_TRUE(write_state(path, encode_state(state)));
    const auto read = read_state(path);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, state);
}

TEST(StateFileTest, OneThatIsMissingIsNotFoundRatherThanDamaged) {
    const TemporaryFolder folder;
    const auto read = read_state(folder.path() + "/web");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::not_found);
}

TEST(StateFileTest, EveryCutIsRefused) {
    const std::string text = encode_state(state);
    for (std::size_t length = 0; length < text.size(); ++length) {
        EXPECT_FALSE(decode_state(text.substr(0, length))) << length;
    }
}

TEST(StateFileTest, EveryFlippedBitIsRefused) {
    const std::string text = encode_state(state);
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string damaged = text;
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
            EXPECT_FALSE(decode_state(damaged)) << at << "." << bit;
        }
    }
}

TEST(StateFileTest, AnythingBehindItIsRefused) {
    EXPECT_FALSE(decode_state(encode_state(state) + "\n"));
    EXPECT_FALSE(decode_state(encode_state(state) + encode_state(state)));
}

TEST(StateFileTest, WhatIsNoObjectIsRefused) {
    EXPECT_FALSE(decode_state(encode_state(json::array())));
    EXPECT_FALSE(decode_state(encode_state("text")));
}

}  // namespace
}  // namespace comar
