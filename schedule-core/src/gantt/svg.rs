//! A Gantt chart as SVG: no script, no outside font, readable on light and dark ground.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::{Lane, hull, is_derived, lanes, month_starts};
use crate::edition::Edition;
use crate::phase::{Phase, ScheduledPhase};
use crate::printing::chinese_days;
use crate::window::Window;

/// Lengths in hundredths of a pixel, so that no float is needed.
const PIXEL: i128 = 100;
const TOP: i128 = 76 * PIXEL;
const LANE: i128 = 28 * PIXEL;
const BAR: i128 = 16 * PIXEL;
/// Room for a date beside the last bar.
const RIGHT: i128 = 120 * PIXEL;
const CHART: i128 = 760 * PIXEL;
/// A longer edition gets a wider chart, a shorter one no wider days.
const LEAST_FOR_DAY: i128 = 2 * PIXEL;
const MOST_FOR_DAY: i128 = 40 * PIXEL;

const STYLE: &str = "\
text{font:13px system-ui,-apple-system,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;fill:#1f2933}\
.h{font-size:16px;font-weight:600}.a{font-size:12px;fill:#52606d}.g{stroke:#cbd2d9;stroke-width:1}\
.c{fill:#1d6fb8}.p{fill:#9ecae9}.s{fill:#9aa5b1}.d{fill:none;stroke:#7b8794;stroke-width:1.5;stroke-dasharray:4 3}\
@media(prefers-color-scheme:dark){text{fill:#e4e7eb}.a{fill:#9aa5b1}.g{stroke:#3e4c59}.c{fill:#4da3e8}.p{fill:#2b5c83}.s{fill:#616e7c}.d{stroke:#9aa5b1}}";

impl Edition {
    /// Draws the edition as an SVG document with title, description, and a tooltip for each bar.
    ///
    /// Bars are drawn to the instant; a window that was never published is dashed.
    /// Its size follows the edition: 28 pixels for each city, at least 2 for each day.
    #[must_use]
    pub fn gantt_svg(&self) -> String {
        let lanes = lanes(self);
        let chart = Chart::new(self, &lanes);
        let mut svg = chart.opening(self);
        chart.push_months(&mut svg);
        for (lane, top) in lanes.iter().zip(chart.tops()) {
            chart.push_lane(&mut svg, lane, top);
        }
        chart.push_legend(&mut svg);
        svg.push_str("</svg>\n");
        svg
    }
}

/// The measures of one drawing.
struct Chart {
    hull: Window,
    left: i128,
    width: i128,
    n_lanes: i128,
}

impl Chart {
    fn new(edition: &Edition, lanes: &[Lane<'_>]) -> Self {
        let hull = hull(edition);
        let n_days = i128::from(hull.n_days());
        let least = n_days.saturating_mul(LEAST_FOR_DAY);
        let most = n_days.saturating_mul(MOST_FOR_DAY);
        let widths = lanes
            .iter()
            .map(|lane| unicode_width::UnicodeWidthStr::width(lane.name));
        let widest = i128::try_from(widths.max().unwrap_or(0)).unwrap_or(0);
        let letter = 7 * PIXEL;
        Self {
            hull,
            left: widest.saturating_mul(letter).saturating_add(28 * PIXEL),
            width: CHART.min(most).max(least),
            n_lanes: i128::try_from(lanes.len()).unwrap_or(0),
        }
    }

    fn tops(&self) -> impl Iterator<Item = i128> + use<> {
        (0..self.n_lanes).map(|lane| TOP.saturating_add(lane.saturating_mul(LANE)))
    }

    fn bottom(&self) -> i128 {
        TOP.saturating_add(self.n_lanes.saturating_mul(LANE))
    }

    fn x(&self, instant: DateTime<Utc>) -> i128 {
        let ms = |from: DateTime<Utc>, to: DateTime<Utc>| {
            i128::from(to.signed_duration_since(from).num_milliseconds())
        };
        let whole = ms(self.hull.start(), self.hull.end()).max(1);
        let part = ms(self.hull.start(), instant).saturating_mul(self.width);
        self.left
            .saturating_add(part.checked_div(whole).unwrap_or(0))
    }

    fn opening(&self, edition: &Edition) -> String {
        let width = pixels(self.left.saturating_add(self.width).saturating_add(RIGHT));
        let height = pixels(self.bottom().saturating_add(44 * PIXEL));
        let title = escaped(edition.title());
        let season = escaped(&chinese_days(&edition.season(), None));
        let mut rounds = String::new();
        for round in edition.rounds() {
            let days = chinese_days(&round.window(), None);
            rounds.push_str(&escaped(&format!("；{}{days}", round.city().name())));
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"gantt-title gantt-desc\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" lang=\"zh-CN\">\n\
             <title id=\"gantt-title\">{title}竞赛日程图</title>\n\
             <desc id=\"gantt-desc\">竞赛时段{season}，共{}场{rounds}。</desc>\n\
             <style>{STYLE}</style>\n\
             <text class=\"h\" x=\"16\" y=\"28\">{title}　{season}</text>\n",
            edition.rounds().len(),
        )
    }

    /// A line and a name where each month begins.
    fn push_months(&self, svg: &mut String) {
        let zone = self.hull.zone();
        let first = self.hull.first_day();
        let mut previous_end = 0_i128;
        for begin in month_starts(first, self.hull.last_day()) {
            let x = self.x(zone.start_of(begin).max(self.hull.start()));
            let y = pixels(self.bottom());
            let at = pixels(x);
            push(
                svg,
                format_args!("<line class=\"g\" x1=\"{at}\" x2=\"{at}\" y1=\"48\" y2=\"{y}\"/>\n"),
            );
            let name = if begin == first || begin.month() == 1 {
                format!("{}年{}月", begin.year(), begin.month())
            } else {
                format!("{}月", begin.month())
            };
            let width = i128::try_from(unicode_width::UnicodeWidthStr::width(&*name)).unwrap_or(0);
            if x >= previous_end {
                let at = pixels(x.saturating_add(4 * PIXEL));
                push(
                    svg,
                    format_args!("<text class=\"a\" x=\"{at}\" y=\"60\">{name}</text>\n"),
                );
                previous_end = x.saturating_add(width.saturating_mul(7 * PIXEL));
            }
        }
    }

    fn push_lane(&self, svg: &mut String, lane: &Lane<'_>, top: i128) {
        let base = pixels(top.saturating_add(13 * PIXEL));
        let name = escaped(lane.name);
        push(
            svg,
            format_args!("<text x=\"16\" y=\"{base}\">{name}</text>\n"),
        );
        let mut end = self.left;
        for scheduled in &lane.bars {
            let window = scheduled.window();
            let (from, to) = (self.x(window.start()), self.x(window.end()));
            let (x, y) = (pixels(from), pixels(top));
            let width = pixels(to.saturating_sub(from).max(PIXEL));
            let days = chinese_days(&window, None);
            let phase = scheduled.phase().chinese_name();
            let tooltip = match scheduled.phase().city() {
                Some(_) => escaped(&format!("{} {phase} {days}", lane.name)),
                None => escaped(&format!("{phase} {days}")),
            };
            let height = pixels(BAR);
            let class = class(scheduled);
            push(
                svg,
                format_args!(
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\"><title>{tooltip}</title></rect>\n"
                ),
            );
            end = end.max(to);
        }
        let last = lane.bars.iter().map(|scheduled| scheduled.window());
        if let Some(window) = last.max_by_key(Window::end) {
            let x = pixels(end.saturating_add(6 * PIXEL));
            let days = escaped(&chinese_days(&window, Some(window.first_day().year())));
            push(
                svg,
                format_args!("<text class=\"a\" x=\"{x}\" y=\"{base}\">{days}</text>\n"),
            );
        }
    }

    fn push_legend(&self, svg: &mut String) {
        let y = self.bottom().saturating_add(12 * PIXEL);
        let base = pixels(y.saturating_add(11 * PIXEL));
        let y = pixels(y);
        let mut x = self.left;
        for (class, word) in [
            ("c", "竞赛"),
            ("p", "预热"),
            ("s", "宣传、总结"),
            ("d", "推定，未公布"),
        ] {
            let at = pixels(x);
            let text = pixels(x.saturating_add(26 * PIXEL));
            push(
                svg,
                format_args!(
                    "<rect class=\"{class}\" x=\"{at}\" y=\"{y}\" width=\"20\" height=\"12\" rx=\"2\"/>\
                     <text class=\"a\" x=\"{text}\" y=\"{base}\">{word}</text>\n"
                ),
            );
            let width = i128::try_from(unicode_width::UnicodeWidthStr::width(word)).unwrap_or(0);
            x = x
                .saturating_add(width.saturating_mul(6 * PIXEL))
                .saturating_add(44 * PIXEL);
        }
    }
}

fn class(scheduled: &ScheduledPhase) -> &'static str {
    match scheduled.phase() {
        _ if is_derived(scheduled) => "d",
        Phase::Contest(_) => "c",
        Phase::Preheat(_) => "p",
        Phase::Publicity | Phase::Summary => "s",
    }
}

/// Hundredths of a pixel as SVG writes them.
fn pixels(hundredths: i128) -> String {
    let (whole, part) = (hundredths / PIXEL, hundredths % PIXEL);
    match part {
        0 => whole.to_string(),
        part => format!("{whole}.{part:02}"),
    }
}

/// Escapes a text for XML 1.0, which has no place for control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

fn push(svg: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a string cannot fail.
    svg.write_fmt(text).unwrap_or_default();
}
