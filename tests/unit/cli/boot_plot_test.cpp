// SPDX-License-Identifier: MIT
#include "cli/boot_plot.h"

#include <fstream>

#include <pugixml.hpp>

#include "cli/svg.h"
#include "unit/cli/boots.h"

namespace comar::cli {
namespace {

using namespace std::chrono_literals;

/// The svg element; the test fails where the text is not well-formed.
class Picture {
public:
    explicit Picture(const std::string& text) {
        const auto result = document_.load_buffer(text.data(), text.size());
        EXPECT_TRUE(result) << result.description() << " at " << result.offset << "\n" << text;
    }
    [[nodiscard]] pugi::xml_node root() const { return document_.child("svg"); }
    [[nodiscard]] std::vector<pugi::xml_node> of_class(const char* element,
                                                       std::string_view style) const {
        std::vector<pugi::xml_node> found;
        for (const pugi::xml_node node : root().children(element)) {
            const std::string words = " " + std::string(node.attribute("class").value()) + " ";
            if (words.find(" " + std::string(style) + " ") != std::string::npos)
                found.push_back(node);
        }
        return found;
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& node : of_class("text", "right")) names.emplace_back(node.text().get());
        return names;
    }

private:
    pugi::xml_document document_;
};

/// XML 1.0, 2.2: what pugixml lets through, other readers refuse.
void expect_only_xml_characters(std::string_view text) {
    for (const char letter : text)
        EXPECT_TRUE(static_cast<unsigned char>(letter) >= 0x20 || letter == '\n');
    EXPECT_EQ(text.find("\xef\xbf\xbe"), std::string_view::npos);
    EXPECT_EQ(text.find("\xef\xbf\xbf"), std::string_view::npos);
}

TEST(BootPlotTest, EachServiceHasARowSortedByItsTurn) {
    const Picture picture(plot_boot(made_boot({{"web", {"db"}, 300, 350, 500},
                                               {"db", {}, 100, 200, 300},
                                               {"off", {}, -1, -1, -1, "skipped"},
                                               {"net", {}, 0, 40, 60}},
                                              600)));
    EXPECT_EQ(picture.names(), (std::vector<std::string>{"net", "db", "web", "off"}));
    // One of each is in the legend.
    EXPECT_EQ(picture.of_class("rect", "waiting").size(), 1U + 2);
    EXPECT_EQ(picture.of_class("rect", "script").size(), 1U + 3);
    EXPECT_EQ(picture.of_class("rect", "ready").size(), 1U + 3);
    EXPECT_EQ(picture.of_class("rect", "critical").size(), 1U + 2);
    EXPECT_EQ(picture.of_class("path", "critical").size(), 1U);
}

TEST(BootPlotTest, WhatFailedIsRedAndSaysWhy) {
    const std::string text = plot_boot(made_boot({{"db", {}, 0, 50, 100, "failed", "no <disk>"}}));
    const Picture picture(text);
    EXPECT_EQ(picture.of_class("rect", "failed").size(), 1U + 1);
    EXPECT_EQ(picture.of_class("rect", "script").size(), 1U);
    EXPECT_NE(text.find("db: failed (no &lt;disk&gt;)"), std::string::npos);
}

TEST(BootPlotTest, HostileNamesAreTextAndNothingElse) {
    const std::vector<std::string> names{"</text><script>alert(1)</script>",
                                         "a&b;\"'",
                                         "]]>",
                                         "<!--",
                                         std::string("nul\0", 4),
                                         "\x01\x1b[31m\n\t",
                                         "\xef\xbf\xbf\xef\xbf\xbe",
                                         "\xe2\x80\xae"
                                         "evil",
                                         std::string(5000, 'W'),
                                         "日本語",
                                         ""};
    std::vector<MadeService> services;
    for (const std::string& name : names)
        services.push_back({.name = name, .after = names, .ended = 10, .error = name});
    const std::string text = plot_boot(made_boot(services));
    expect_only_xml_characters(text);
    const Picture picture(text);
    EXPECT_EQ(picture.names().size(), names.size());
    EXPECT_FALSE(picture.root().select_node("//script"));
    EXPECT_EQ(std::string(picture.root().select_node("//*[@href]").node().name()), "");
}

TEST(BootPlotTest, ABootOfNothingIsAPicture) {
    const Picture picture(plot_boot(made_boot({})));
    EXPECT_TRUE(picture.names().empty());
    const Picture unknown(plot_boot(made_boot({{"a", {}, -1, -1, -1, "waiting"}}, 0)));
    EXPECT_EQ(unknown.names(), std::vector<std::string>{"a"});
}

TEST(BootPlotTest, EverythingLiesInsideThePicture) {
    const Picture picture(plot_boot(made_boot(made_services(200))));
    const double width = picture.root().attribute("width").as_double();
    const double height = picture.root().attribute("height").as_double();
    for (const pugi::xml_node node : picture.root().children()) {
        EXPECT_GE(node.attribute("x").as_double(0), 0);
        EXPECT_LE(node.attribute("x").as_double(0) + node.attribute("width").as_double(0), width);
        EXPECT_LE(node.attribute("y").as_double(0) + node.attribute("height").as_double(0), height);
    }
}

/// For people to look at: build/pictures/boot-200.svg.
TEST(BootPlotTest, TwoHundredServicesAreReadable) {
    const std::string text = plot_boot(made_boot(made_services(200)));
    const Picture picture(text);
    EXPECT_EQ(picture.names().size(), 200U);
    EXPECT_GE(picture.root().attribute("height").as_double(), 200 * 18.0);
    EXPECT_LT(text.size(), 400000U);
    const auto folder = std::filesystem::canonical("/proc/self/exe").parent_path().parent_path();
    std::filesystem::create_directories(folder / "pictures");
    std::ofstream(folder / "pictures/boot-200.svg") << text;
    EXPECT_GT(std::filesystem::file_size(folder / "pictures/boot-200.svg"), 0U);
}

TEST(BootPlotTest, TicksAreRoundAndFew) {
    EXPECT_EQ(tick_distance(1ms), 100us);
    EXPECT_EQ(tick_distance(600ms), 100ms);
    EXPECT_EQ(tick_distance(5432ms), 500ms);
    EXPECT_EQ(tick_distance(90s), 10s);
    for (Span span = 1ms; span < std::chrono::hours(80000); span = span * 13 / 10)
        EXPECT_LT(span / tick_distance(span), 12);
}

TEST(SvgTest, EscapesMarkupAndMakesControlCharactersVisible) {
    EXPECT_EQ(xml_text("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&apos;");
    EXPECT_EQ(xml_text("\x1b\n"), "\\x1b\\n");
    EXPECT_EQ(xml_text("\xff\xef\xbf\xbfz"), "\\xff\xef\xbf\xbdz");
}

}  // namespace
}  // namespace comar::cli
