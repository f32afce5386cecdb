// SPDX-License-Identifier: MIT
#include "cli/language.h"

#include <gtest/gtest.h>

#include "unit/cli/variables.h"

namespace comar::cli {
namespace {

TEST(LanguageTest, LcAllComesBeforeLcMessagesBeforeLang) {
    EXPECT_EQ(language_of(environment({{"LANG", "tr"}})), "tr");
    EXPECT_EQ(language_of(environment({{"LANG", "tr"}, {"LC_MESSAGES", "de"}})), "de");
    EXPECT_EQ(language_of(environment({{"LANG", "tr"}, {"LC_MESSAGES", "de"}, {"LC_ALL", "fr"}})),
              "fr");
}

TEST(LanguageTest, AnEmptyVariableIsNotSet) {
    EXPECT_EQ(language_of(environment({{"LC_ALL", ""}, {"LANG", "tr"}})), "tr");
}

TEST(LanguageTest, OtherCategoriesDoNotMatter) {
    EXPECT_EQ(language_of(environment({{"LC_TIME", "tr"}, {"LANGUAGE", "tr"}})), "en");
}

TEST(LanguageTest, CodeSetAndModifierAreNotPartOfIt) {
    EXPECT_EQ(language_of(environment({{"LANG", "pt_BR.UTF-8"}})), "pt_BR");
    EXPECT_EQ(language_of(environment({{"LANG", "ca_ES@valencia"}})), "ca_ES");
    EXPECT_EQ(language_of(environment({{"LANG", "de_DE.ISO-8859-15@euro"}})), "de_DE");
}

TEST(LanguageTest, TheLocaleOfNobodyReadsEnglish) {
    for (const char* value : {"C", "POSIX", "C.UTF-8", ".UTF-8"})
        EXPECT_EQ(language_of(environment({{"LANG", value}})), "en") << value;
    EXPECT_EQ(language_of(environment({})), "en");
    EXPECT_EQ(language_of(environment({{"LC_ALL", "C"}, {"LANG", "tr_TR"}})), "en");
}

TEST(InLanguageTest, TheExactLanguageComesBeforeItsMainOneBeforeEnglish) {
    EXPECT_EQ(in_language({{"pt_BR", "a"}, {"pt", "b"}, {"en", "c"}}, "pt_BR"), "a");
    EXPECT_EQ(in_language({{"pt", "b"}, {"en", "c"}}, "pt_BR"), "b");
    EXPECT_EQ(in_language({{"tr", "b"}, {"en", "c"}}, "pt_BR"), "c");
}

TEST(InLanguageTest, AnyTextIsBetterThanNone) {
    EXPECT_EQ(in_language({{"tr", "b"}}, "de"), "b");
    EXPECT_EQ(in_language({}, "de"), "");
}

}  // namespace
}  // namespace comar::cli
