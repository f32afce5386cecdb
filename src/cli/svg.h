// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace comar::cli {

/// Foreign text for XML, in an element or an attribute: markup becomes entities, and what a
/// document may not contain or would garble the line becomes visible, as escape_line() has it.
[[nodiscard]] std::string xml_text(std::string_view text);

/// Writes an SVG document. Coordinates are pixels; styles are classes that the caller defines.
/// Text is escaped here.
class Svg {
public:
    /// `styles`: what stands in the style element, the caller's own.
    Svg(double width, double height, std::string_view title, std::string_view styles);

    void rectangle(std::string_view classes, double x, double y, double width, double height,
                   std::string_view tooltip = {});
    void line(std::string_view classes, double x1, double y1, double x2, double y2);
    /// From one point down or up, then to the side.
    void corner(std::string_view classes, double x1, double y1, double x2, double y2);
    void text(std::string_view classes, double x, double y, std::string_view text,
              std::string_view tooltip = {});

    /// The document, complete.
    [[nodiscard]] std::string finish() &&;

private:
    std::string document_;
};

}  // namespace comar::cli
