// SPDX-License-Identifier: MIT
#include "cli/svg.h"

#include <utility>

#include <fmt/format.h>

#include "cli/text.h"

namespace comar::cli {
namespace {

std::string_view entity_of(char letter) {
    switch (letter) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&apos;";
        default:
            return {};
    }
}

/// U+FFFE and U+FFFF are valid UTF-8, and yet not allowed in XML 1.0.
bool is_no_character(std::string_view bytes) {
    return bytes.starts_with("\xef\xbf\xbe") || bytes.starts_with("\xef\xbf\xbf");
}

std::string title_element(std::string_view text) {
    return text.empty() ? "" : fmt::format("<title>{}</title>", xml_text(text));
}

}  // namespace

std::string xml_text(std::string_view text) {
    const std::string visible = escape_line(text);
    std::string escaped;
    for (std::size_t at = 0; at < visible.size(); ++at) {
        if (is_no_character(std::string_view(visible).substr(at))) {
            escaped += "\xef\xbf\xbd";
            at += 2;
        } else if (const auto entity = entity_of(visible[at]); !entity.empty()) {
            escaped += entity;
        } else {
            escaped += visible[at];
        }
    }
    return escaped;
}

Svg::Svg(double width, double height, std::string_view title, std::string_view styles) {
    document_ = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
        "viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\">\n"
        "<title>{2}</title>\n<style>{3}</style>\n",
        width, height, xml_text(title), styles);
}

void Svg::rectangle(std::string_view classes, double x, double y, double width, double height,
                    std::string_view tooltip) {
    document_ += fmt::format(
        "<rect class=\"{}\" x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\"", classes,
        x, y, width, height);
    document_ += tooltip.empty() ? "/>\n" : ">" + title_element(tooltip) + "</rect>\n";
}

void Svg::line(std::string_view classes, double x1, double y1, double x2, double y2) {
    document_ += fmt::format(
        "<line class=\"{}\" x1=\"{:.2f}\" y1=\"{:.1f}\" x2=\"{:.2f}\" y2=\"{:.1f}\"/>\n", classes,
        x1, y1, x2, y2);
}

void Svg::corner(std::string_view classes, double x1, double y1, double x2, double y2) {
    document_ += fmt::format("<path class=\"{}\" d=\"M{:.2f} {:.1f}V{:.1f}H{:.2f}\"/>\n", classes,
                             x1, y1, y2, x2);
}

void Svg::text(std::string_view classes, double x, double y, std::string_view text,
               std::string_view tooltip) {
    document_ += fmt::format("<text class=\"{}\" x=\"{:.2f}\" y=\"{:.1f}\">{}{}</text>\n", classes,
                             x, y, title_element(tooltip), xml_text(text));
}

std::string Svg::finish() && { return std::move(document_) + "</svg>\n"; }

}  // namespace comar::cli
