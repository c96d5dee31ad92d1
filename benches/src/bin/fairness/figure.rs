//! Plots as SVG: lines, points with error bars and bars on labelled axes, with text that stays text.

use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 60.0;
/// Height of one line of the legend below the title.
const LEGEND: f64 = 18.0;
/// Distinguishable with the usual defects of colour vision (Okabe and Ito).
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444",
];

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Line,
    Dashes,
    Points,
    Bars,
}

/// One labelled set of points `(x, y, error)`; an error of 0 draws no bar.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) label: String,
    pub(crate) mark: Mark,
    pub(crate) points: Vec<(f64, f64, f64)>,
}

impl Series {
    pub(crate) fn new(
        label: impl Into<String>,
        mark: Mark,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        Self {
            label: label.into(),
            mark,
            points: points.into_iter().map(|(x, y)| (x, y, 0.0)).collect(),
        }
    }

    pub(crate) fn with_errors(
        label: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64, f64)>,
    ) -> Self {
        Self {
            label: label.into(),
            mark: Mark::Points,
            points: points.into_iter().collect(),
        }
    }
}

/// One plot.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) title: String,
    pub(crate) x_label: &'static str,
    pub(crate) y_label: &'static str,
    pub(crate) log_x: bool,
    pub(crate) log_y: bool,
    /// Names at x = 0, 1, 2, ... in place of numbers.
    pub(crate) categories: Vec<String>,
    pub(crate) series: Vec<Series>,
}

/// One axis: the range of the data, widened to the ticks.
struct Axis {
    low: f64,
    high: f64,
    log: bool,
    from: f64,
    to: f64,
}

impl Axis {
    fn place(&self, value: f64) -> f64 {
        let scale = |v: f64| if self.log { v.max(1e-12).log10() } else { v };
        let (low, high) = (scale(self.low), scale(self.high));
        let share = (scale(value) - low) / (high - low);
        self.from + share * (self.to - self.from)
    }

    fn ticks(&self) -> Vec<f64> {
        if self.log {
            let decades = (self.high / self.low).log10();
            let steps: &[f64] = if decades > 2.5 {
                &[1.0]
            } else {
                &[1.0, 2.0, 5.0]
            };
            let mut decade = 10_f64.powf(self.low.log10().floor());
            let mut ticks = Vec::new();
            while decade <= self.high * 1.0001 {
                ticks.extend(steps.iter().map(|step| step * decade));
                decade *= 10.0;
            }
            ticks.retain(|tick| *tick >= self.low * 0.9999 && *tick <= self.high * 1.0001);
            return ticks;
        }
        let step = step(self.high - self.low);
        let mut tick = (self.low / step).ceil() * step;
        let mut ticks = Vec::new();
        while tick <= self.high + step * 1e-6 {
            ticks.push(tick);
            tick += step;
        }
        ticks
    }
}

/// A round step of which about six fit into the range.
fn step(range: f64) -> f64 {
    let rough = range / 6.0;
    let decade = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0];
    let fitting = round.iter().find(|step| **step * decade >= rough);
    fitting.copied().unwrap_or(10.0) * decade
}

impl Figure {
    /// A plot on linear axes.
    pub(crate) fn new(
        title: impl Into<String>,
        x_label: &'static str,
        y_label: &'static str,
        series: Vec<Series>,
    ) -> Self {
        Self {
            title: title.into(),
            x_label,
            y_label,
            log_x: false,
            log_y: false,
            categories: Vec::new(),
            series,
        }
    }

    /// With a logarithmic axis of x.
    pub(crate) fn log_x(mut self) -> Self {
        self.log_x = true;
        self
    }

    /// With a logarithmic axis of y.
    pub(crate) fn log_y(mut self) -> Self {
        self.log_y = true;
        self
    }

    /// With two logarithmic axes.
    pub(crate) fn log_log(self) -> Self {
        self.log_x().log_y()
    }

    /// With names at x = 0, 1, 2, ... in place of numbers.
    pub(crate) fn named(mut self, categories: Vec<String>) -> Self {
        self.categories = categories;
        self
    }

    /// Returns the picture as the text of an SVG file.
    pub(crate) fn svg(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _: std::fmt::Result = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let legend_rows = f64::from(u32::try_from(self.series.len().div_ceil(3)).unwrap_or(0));
        let top = TOP + LEGEND * legend_rows;
        let (x, y) = self.axes(top);
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n<title>{0}</title>\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
             <text x=\"{LEFT}\" y=\"24\" font-size=\"15\" font-weight=\"bold\">{0}</text>",
            escaped(&self.title)
        )?;
        self.write_axes(out, &x, &y)?;
        for (index, series) in self.series.iter().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            self.write_legend(out, index, series, colour)?;
            self.write_series(out, index, series, colour, &x, &y)?;
        }
        writeln!(out, "</svg>")
    }

    fn axes(&self, top: f64) -> (Axis, Axis) {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let (mut x_low, mut x_high) = range(points().map(|p| p.0));
        let (mut y_low, mut y_high) = range(
            points()
                .flat_map(|p| [p.1 - p.2, p.1 + p.2])
                .filter(|y| !self.log_y || *y > 0.0),
        );
        if !self.categories.is_empty() {
            (x_low, x_high) = (-0.5, real(self.categories.len()) - 0.5);
        }
        if self.log_y {
            (y_low, y_high) = (y_low / 1.2, y_high * 1.2);
        } else {
            let margin = 0.06 * (y_high - y_low);
            // A range that nearly reaches zero starts there, so that heights can be compared.
            y_low = if y_low >= 0.0 && y_low < 0.4 * y_high {
                0.0
            } else {
                y_low - margin
            };
            y_high += margin;
        }
        let x = Axis {
            low: x_low,
            high: x_high,
            log: self.log_x,
            from: LEFT,
            to: WIDTH - RIGHT,
        };
        let y = Axis {
            low: y_low,
            high: y_high,
            log: self.log_y,
            from: HEIGHT - BOTTOM,
            to: top,
        };
        (x, y)
    }

    fn write_axes(&self, out: &mut String, x: &Axis, y: &Axis) -> std::fmt::Result {
        let (left, right, low, high) = (x.from, x.to, y.from, y.to);
        for tick in y.ticks() {
            let at = y.place(tick);
            writeln!(
                out,
                "<path d=\"M{left:.1} {at:.1}H{right:.1}\" stroke=\"#ddd\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 8.0,
                at + 4.5,
                number(tick)
            )?;
        }
        let names: Vec<(f64, String)> = if self.categories.is_empty() {
            x.ticks()
                .into_iter()
                .map(|tick| (tick, number(tick)))
                .collect()
        } else {
            let names = self.categories.iter().enumerate();
            names.map(|(i, name)| (real(i), escaped(name))).collect()
        };
        for (tick, name) in names {
            let at = x.place(tick);
            writeln!(
                out,
                "<path d=\"M{at:.1} {low:.1}v5\" stroke=\"#222\"/>\
                 <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
                low + 20.0
            )?;
        }
        writeln!(
            out,
            "<path d=\"M{left:.1} {high:.1}V{low:.1}H{right:.1}\" fill=\"none\" stroke=\"#222\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n\
             <text transform=\"translate(18 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            f64::midpoint(left, right),
            HEIGHT - 14.0,
            escaped(self.x_label),
            f64::midpoint(low, high),
            escaped(self.y_label)
        )
    }

    fn write_legend(
        &self,
        out: &mut String,
        index: usize,
        series: &Series,
        colour: &str,
    ) -> std::fmt::Result {
        let x = LEFT + real(index % 3) * 224.0;
        let y = 44.0 + LEGEND * real(index / 3);
        let sample = match series.mark {
            Mark::Line => {
                format!("<path d=\"M{x:.1} {y:.1}h22\" stroke=\"{colour}\" stroke-width=\"2\"/>")
            }
            Mark::Dashes => format!(
                "<path d=\"M{x:.1} {y:.1}h22\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"6 4\"/>"
            ),
            Mark::Points => format!(
                "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>",
                x + 11.0
            ),
            Mark::Bars => format!(
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"14\" height=\"10\" fill=\"{colour}\"/>",
                x + 4.0,
                y - 5.0
            ),
        };
        let label = escaped(&series.label);
        writeln!(
            out,
            "{sample}<text x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
            x + 28.0,
            y + 4.5
        )
    }

    fn write_series(
        &self,
        out: &mut String,
        index: usize,
        series: &Series,
        colour: &str,
        x: &Axis,
        y: &Axis,
    ) -> std::fmt::Result {
        let shown = series.points.iter().filter(|p| !self.log_y || p.1 > 0.0);
        match series.mark {
            Mark::Line | Mark::Dashes => {
                let path: Vec<String> = shown
                    .map(|p| format!("{:.1} {:.1}", x.place(p.0), y.place(p.1)))
                    .collect();
                let dashes = if series.mark == Mark::Dashes {
                    " stroke-dasharray=\"6 4\""
                } else {
                    ""
                };
                writeln!(
                    out,
                    "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/>",
                    path.join("L")
                )?;
            }
            Mark::Points => {
                for &(at, value, error) in shown {
                    let (cx, cy) = (x.place(at), y.place(value));
                    if error > 0.0 {
                        let (down, up) = (y.place(value - error), y.place(value + error));
                        writeln!(
                            out,
                            "<path d=\"M{cx:.1} {down:.1}V{up:.1}\" stroke=\"{colour}\"/>"
                        )?;
                    }
                    writeln!(
                        out,
                        "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"3.5\" fill=\"{colour}\"/>"
                    )?;
                }
            }
            Mark::Bars => {
                let bars = self.series.iter().filter(|s| s.mark == Mark::Bars).count();
                let width = 0.8 * (x.place(1.0) - x.place(0.0)) / real(bars.max(1));
                for &(at, value, _) in shown {
                    let from = x.place(at) + width * (real(index) - real(bars) / 2.0);
                    let (high, low) = (y.place(value), y.from);
                    writeln!(
                        out,
                        "<rect x=\"{from:.1}\" y=\"{high:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
                        width * 0.92,
                        (low - high).max(0.0)
                    )?;
                }
            }
        }
        Ok(())
    }
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low < high {
        (low, high)
    } else {
        (low - 0.5, low + 0.5)
    }
}

/// Enough digits for a tick, and none too many.
fn number(value: f64) -> String {
    let text = if value.abs() >= 1_000.0 || (value.abs() > 1e-9 && value.abs() < 1e-3) {
        return if value.abs() >= 1e6 || value.abs() < 1e-3 {
            format!("{value:.0e}")
        } else {
            format!("{value:.0}")
        };
    } else {
        format!("{value:.3}")
    };
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_says_in_text_what_it_shows() {
        let points = [(1.0, 0.5), (10.0, 0.7), (100.0, 0.9)];
        let figure = Figure::new(
            "a < b",
            "rank",
            "share",
            vec![Series::new("left & right", Mark::Line, points)],
        );
        let svg = figure.log_x().svg();
        for text in [
            "<title>a &lt; b</title>",
            ">rank</text>",
            ">share</text>",
            ">left &amp; right</text>",
            ">100</text>",
        ] {
            assert!(svg.contains(text), "{text} is not in {svg}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn one_point_alone_can_be_drawn() {
        let figure = Figure::new(
            "one",
            "x",
            "y",
            vec![Series::new("p", Mark::Points, [(3.0, 3.0)])],
        );
        assert!(!figure.svg().contains("NaN"));
    }
}
