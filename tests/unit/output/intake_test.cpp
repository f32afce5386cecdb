// SPDX-License-Identifier: MIT
#include "output/intake.h"

#include <cstring>
#include <filesystem>
#include <memory>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::TemporaryFolder;

class IntakeTest : public ::testing::Test {
protected:
    void read(const std::string& text) { std::memcpy(intake_->data(), text.data(), text.size()); }
    /// As if comard had been killed.
    void kill() { intake_ = std::make_unique<Intake>(path_); }

    const TemporaryFolder place_;
    const std::string path_ = place_ / "intake";
    std::unique_ptr<Intake> intake_ = std::make_unique<Intake>(path_);
};

TEST_F(IntakeTest, WhatHasLeftTheFifoIsThereForTheNextComard) {
    intake_->begin("web", Stream::err, {7, 70}, "begin", 20);
    read("ning of a long line\n");
    kill();
    const auto left = intake_->left_over();
    ASSERT_TRUE(left);
    EXPECT_EQ(left->app, "web");
    EXPECT_EQ(left->stream, Stream::err);
    EXPECT_EQ(left->place.inode, 7U);
    EXPECT_EQ(left->place.offset, 70U);
    EXPECT_EQ(left->rest, "begin");
    EXPECT_EQ(left->data, "ning of a long line\n");
}

TEST_F(IntakeTest, WhatIsStillInTheFifoIsNotThere) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{5}, Intake::capacity}) {
        intake_->begin("web", Stream::out, {}, "", Intake::capacity);
        read(std::string(Intake::capacity, 'x'));
        intake_->begin("web", Stream::out, {7, 70}, "rest", size);
        kill();
        ASSERT_TRUE(intake_->left_over());
        EXPECT_EQ(intake_->left_over()->data, "");
        EXPECT_EQ(intake_->left_over()->rest, "rest");
    }
}

TEST_F(IntakeTest, AfterTheEndNothingIsLeft) {
    EXPECT_FALSE(intake_->left_over());
    intake_->begin("web", Stream::out, {}, "", 5);
    intake_->end();
    kill();
    EXPECT_FALSE(intake_->left_over());
}

TEST_F(IntakeTest, AFileOfAnotherLayoutIsIgnored) {
    intake_.reset();
    std::filesystem::remove(path_);
    place_.write("intake", std::string(1 << 20, 'x'));
    kill();
    EXPECT_FALSE(intake_->left_over());
}

TEST_F(IntakeTest, WithoutAFileItWorksAllTheSame) {
    Intake other(place_ / "none/intake");
    ASSERT_TRUE(other.error());
    other.begin("web", Stream::out, {}, "", 3);
    std::memcpy(other.data(), "abc", 3);
    EXPECT_EQ(other.left_over()->data, "abc");
}

TEST_F(IntakeTest, TheBeginningOfALineIsSavedUntilItIsWhole) {
    const std::string path = place_ / "web.out.rest";
    EXPECT_EQ(load_rest(path), "");
    save_rest(path, "begin");
    EXPECT_EQ(load_rest(path), "begin");
    save_rest(path, "");
    EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace comar
