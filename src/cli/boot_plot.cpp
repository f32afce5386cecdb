// SPDX-License-Identifier: MIT
#include "cli/boot_plot.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/critical_chain.h"
#include "cli/svg.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

using namespace std::chrono_literals;

constexpr double row_height = 18;
constexpr double bar_height = 12;
/// Thin, as most of the picture is waiting.
constexpr double waiting_height = 4;
constexpr double edge = 16;
constexpr double chart_width = 1000;
constexpr double chart_top = 104;
/// Right of the chart, for what is written behind a bar that ends there.
constexpr double note_width = 260;
/// Of text of the size below in a usual font; a bit too much rather than too little.
constexpr double letter_width = 7;
constexpr std::size_t longest_name = 40;
constexpr std::size_t longest_note = 36;

// The colors are told apart without red and green, too: they differ in lightness.
constexpr std::string_view styles =
    "text{font:12px sans-serif;fill:#20262e}"
    ".title{font-size:16px;font-weight:bold}.dim{fill:#5c6670}.right{text-anchor:end}"
    // Notes have a margin, as lines of the critical path run below them.
    ".note{stroke:#fff;stroke-width:3;paint-order:stroke}"
    ".middle{text-anchor:middle}.bad{fill:#b3161b}.strong{font-weight:bold}"
    ".ground{fill:#fff}.stripe{fill:#f4f6f8}.grid{stroke:#d4d9df}"
    ".waiting{fill:#dde2e8}.script{fill:#2f6fb7}.ready{fill:#94bfe8}.failed{fill:#d92b2f}"
    ".critical{fill:none;stroke:#c26a00;stroke-width:2}";

/// Where things are in the picture.
class Scale {
public:
    explicit Scale(const BootRecord& record) : duration_(std::max(record.duration, Span(1000))) {
        std::size_t width = 0;
        for (const ServiceTimes& service : record.services)
            width = std::max(width, display_width(escape_line(service.name)));
        left_ = 2 * edge + letter_width * static_cast<double>(std::min(width, longest_name));
    }
    [[nodiscard]] double x(Span moment) const {
        return left_ + chart_width * static_cast<double>(moment.count()) /
                           static_cast<double>(duration_.count());
    }
    [[nodiscard]] static double y(std::size_t row) {
        return chart_top + row_height * static_cast<double>(row);
    }
    [[nodiscard]] static double middle(std::size_t row) { return y(row) + row_height / 2; }
    [[nodiscard]] double left() const { return left_; }
    [[nodiscard]] double width() const { return left_ + chart_width + note_width; }
    [[nodiscard]] Span duration() const { return duration_; }

private:
    Span duration_;
    double left_ = 0;
};

std::vector<const ServiceTimes*> rows_of(const BootRecord& record) {
    std::vector<const ServiceTimes*> rows;
    for (const ServiceTimes& service : record.services) rows.push_back(&service);
    std::ranges::sort(rows, {}, [&](const ServiceTimes* service) {
        return std::tuple(service->began.value_or(Span::max()),
                          end_of(record, *service).value_or(Span::max()), service->name);
    });
    return rows;
}

std::string tick_text(Span moment, Span distance) {
    if (distance < 1ms) return fmt::format("{:.1f} ms", static_cast<double>(moment / 1us) / 1e3);
    if (distance < 1s && moment < 1s) return fmt::format("{} ms", moment / 1ms);
    return fmt::format("{:g} s", static_cast<double>(moment / 1ms) / 1e3);
}

/// Draws one picture; its parts in the order in which they lie on each other.
class Plot {
public:
    explicit Plot(const BootRecord& record)
        : record_(record),
          scale_(record),
          rows_(rows_of(record)),
          chain_(critical_chain(record, "")),
          critical_(chain_.begin(), chain_.end()),
          svg_(scale_.width(), height(), title(), styles) {}

    std::string draw() && {
        svg_.rectangle("ground", 0, 0, scale_.width(), height());
        draw_head();
        for (std::size_t row = 1; row < rows_.size(); row += 2)
            svg_.rectangle("stripe", 0, Scale::y(row), scale_.width(), row_height);
        draw_axis();
        draw_critical_connections();
        for (std::size_t row = 0; row < rows_.size(); ++row) draw_row(row);
        return std::move(svg_).finish();
    }

private:
    [[nodiscard]] double bottom() const { return Scale::y(rows_.size()); }
    [[nodiscard]] double height() const { return bottom() + 2 * edge; }

    [[nodiscard]] std::string title() const {
        return fmt::format("{} of group {}", record_.kind, record_.group);
    }

    [[nodiscard]] std::string_view last_part() const {
        return record_.kind == "shutdown" ? "until it is down" : "until ready";
    }

    void draw_head() {
        const auto failed = std::ranges::count_if(record_.services, has_failed);
        svg_.text("title", edge, 26, title());
        svg_.text("dim", edge, 46,
                  fmt::format("{}: {} services in {}, {} failed", record_.id,
                              record_.services.size(), exact_span(record_.duration), failed));
        double x = edge;
        for (const auto& [style, meaning] : {std::pair("waiting", std::string_view("waiting")),
                                             {"script", "script running"},
                                             {"ready", last_part()},
                                             {"failed", "failed or late"},
                                             {"critical", "critical path"}}) {
            svg_.rectangle(style, x, 59, 20, bar_height);
            svg_.text("", x + 26, 69, meaning);
            x += 50 + letter_width * static_cast<double>(meaning.size());
        }
    }

    void draw_axis() {
        const Span distance = tick_distance(scale_.duration());
        for (Span moment(0); moment <= scale_.duration(); moment += distance) {
            const double x = scale_.x(moment);
            const std::string label = tick_text(moment, distance);
            svg_.line("grid", x, chart_top - 4, x, bottom() + 4);
            svg_.text("dim middle", x, chart_top - 8, label);
            svg_.text("dim middle", x, bottom() + 18, label);
        }
    }

    void draw_row(std::size_t row) {
        const ServiceTimes& service = *rows_[row];
        const std::string told = tooltip(service);
        std::string style = "right";
        if (critical_.contains(&service)) style += " strong";
        if (has_failed(service)) style += " bad";
        svg_.text(style, scale_.left() - edge / 2, Scale::y(row) + 13,
                  shorten(escape_line(service.name), longest_name), told);
        const auto end = end_of(record_, service);
        const Span turn = service.began.value_or(record_.duration);
        if (service.fate != "skipped") draw_part("waiting", row, Span(0), turn, told);
        if (end) draw_work(row, service, *end, told);
        svg_.text(has_failed(service) ? "note bad" : "note dim", scale_.x(end.value_or(turn)) + 6,
                  Scale::y(row) + 13, shorten(escape_line(note(service)), longest_note), told);
    }

    void draw_work(std::size_t row, const ServiceTimes& service, Span end,
                   const std::string& told) {
        if (has_failed(service)) {
            draw_part("failed", row, *service.began, end, told);
        } else {
            const Span returned = service.returned.value_or(end);
            draw_part("script", row, *service.began, returned, told);
            draw_part("ready", row, returned, end, told);
        }
        if (critical_.contains(&service)) draw_critical_outline(row);
    }

    void draw_part(std::string_view style, std::size_t row, Span from, Span to,
                   const std::string& told) {
        if (to <= from) return;
        const double height = style == "waiting" ? waiting_height : bar_height;
        svg_.rectangle(style, scale_.x(from), Scale::middle(row) - height / 2,
                       scale_.x(to) - scale_.x(from), height, told);
    }

    void draw_critical_outline(std::size_t row) {
        const double from = scale_.x(*rows_[row]->began);
        const double to = scale_.x(*end_of(record_, *rows_[row]));
        svg_.rectangle("critical", from, Scale::middle(row) - bar_height / 2,
                       std::max(to - from, 1.0), bar_height);
    }

    /// From the end of each service of the critical path to the turn of the next.
    void draw_critical_connections() {
        for (std::size_t i = 0; i + 1 < chain_.size(); ++i) {
            const ServiceTimes& before = *chain_[i + 1];
            svg_.corner("critical", scale_.x(*end_of(record_, before)),
                        Scale::middle(row_of(before)), scale_.x(*chain_[i]->began),
                        Scale::middle(row_of(*chain_[i])));
        }
    }

    [[nodiscard]] std::size_t row_of(const ServiceTimes& service) const {
        return static_cast<std::size_t>(std::ranges::find(rows_, &service) - rows_.begin());
    }

    /// What stands behind the bar.
    [[nodiscard]] std::string note(const ServiceTimes& service) const {
        const auto own = own_time(record_, service);
        if (!own) return service.fate;
        std::string text = exact_span(*own);
        if (service.fate != "succeeded") text += " " + service.fate;
        if (const ServiceTimes* last = last_waited_for(record_, service))
            text += ", after " + last->name;
        return text;
    }

    [[nodiscard]] std::string tooltip(const ServiceTimes& service) const {
        std::string text = fmt::format("{}: {}", service.name, service.fate);
        if (!service.error.empty()) text += " (" + service.error + ")";
        if (!service.after.empty())
            text += fmt::format("; waited for {}", fmt::join(service.after, ", "));
        const auto end = end_of(record_, service);
        if (!end) return text;
        const Span returned = service.returned.value_or(*end);
        return text + fmt::format("; began {}, script {}, {} {}", exact_span(*service.began),
                                  exact_span(returned - *service.began), last_part(),
                                  exact_span(*end - returned));
    }

    const BootRecord& record_;
    Scale scale_;
    std::vector<const ServiceTimes*> rows_;
    std::vector<const ServiceTimes*> chain_;
    std::set<const ServiceTimes*> critical_;
    Svg svg_;
};

}  // namespace

Span tick_distance(Span duration) {
    constexpr int most_ticks = 12;
    for (Span power = 100us;; power *= 10)
        for (const int factor : {1, 2, 5})
            if (duration / (power * factor) < most_ticks) return power * factor;
}

std::string plot_boot(const BootRecord& record) { return Plot(record).draw(); }

}  // namespace comar::cli
