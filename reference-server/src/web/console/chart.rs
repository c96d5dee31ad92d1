//! Charts as SVG from the server: lines over the hours of a day, bars with a target.
//!
//! Written by the templates and styled by the style sheet, so that they need neither script nor
//! inline style; each stands above a table of its numbers.

use askama::Template;

use super::list::{Cell, Kind, List, columns};

/// A point of a line, in the chart's own units.
struct Point {
    x: i64,
    y: i64,
}

/// A line of the chart.
struct Line {
    label: &'static str,
    class: &'static str,
    points: Vec<Point>,
}

/// A mark of the axis: where it stands and what is written at it.
struct Mark {
    at: i64,
    label: String,
}

/// Two counts over the hours of a day.
#[derive(Template)]
#[template(path = "console/hours.html")]
pub(super) struct Hours {
    title: &'static str,
    lines: Vec<Line>,
    marks: Vec<Mark>,
    hours: Vec<Mark>,
    table: List,
}

/// Width and height of the field that lines are drawn in, and where it begins.
const WIDTH: i64 = 600;
const HEIGHT: i64 = 180;
const LEFT: i64 = 48;
const TOP: i64 = 12;
const N_MARKS: i64 = 4;

impl Hours {
    /// The chart of these hours: hour of the day, first count, second count.
    pub(super) fn new(
        title: &'static str,
        labels: [&'static str; 2],
        hours: &[(i64, i64, i64)],
    ) -> Self {
        let greatest = hours.iter().map(|(_hour, a, b)| *a.max(b)).max();
        let step = step_for(greatest.unwrap_or(0));
        let ceiling = step.saturating_mul(N_MARKS).max(1);
        let x = |hour: i64| LEFT.saturating_add(hour.saturating_mul(WIDTH).div_euclid(23));
        let y = |count: i64| {
            let height = count.saturating_mul(HEIGHT).div_euclid(ceiling);
            TOP.saturating_add(HEIGHT).saturating_sub(height)
        };
        let line = |label, class, count: fn(&(i64, i64, i64)) -> i64| Line {
            label,
            class,
            points: hours
                .iter()
                .map(|hour| Point {
                    x: x(hour.0),
                    y: y(count(hour)),
                })
                .collect(),
        };
        let [first, second] = labels;
        Self {
            title,
            lines: vec![
                line(first, "first", |hour| hour.1),
                line(second, "second", |hour| hour.2),
            ],
            marks: (0..=N_MARKS)
                .map(|nth| step.saturating_mul(nth))
                .map(|count| Mark {
                    at: y(count),
                    label: count.to_string(),
                })
                .collect(),
            hours: (0..24)
                .step_by(2)
                .map(|hour| Mark {
                    at: x(hour),
                    label: format!("{hour:02}"),
                })
                .collect(),
            table: List::plain(
                title,
                columns([
                    ("时段", Kind::Text),
                    (first, Kind::Number),
                    (second, Kind::Number),
                ]),
                hours
                    .iter()
                    .map(|(hour, a, b)| {
                        vec![
                            Cell::text(format!("{hour:02}:00")),
                            Cell::text(a.to_string()),
                            Cell::text(b.to_string()),
                        ]
                    })
                    .collect(),
                "这一天还没有开始。",
            ),
        }
    }
}

/// The least of 1, 2, 5, 10, 20, 50, … of which four reach the greatest count.
fn step_for(greatest: i64) -> i64 {
    let mut unit = 1_i64;
    loop {
        for factor in [1, 2, 5] {
            let step = unit.saturating_mul(factor);
            if step.saturating_mul(N_MARKS) >= greatest {
                return step;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

/// A bar.
struct Bar {
    label: String,
    count: i64,
    y: i64,
    text_y: i64,
    width: i64,
    has_reached: bool,
}

/// Counts with the target that each is to reach.
#[derive(Template)]
#[template(path = "console/bars.html")]
pub(super) struct Bars {
    title: &'static str,
    bars: Vec<Bar>,
    height: i64,
    target_x: Option<i64>,
    table: List,
}

const BAR_LEFT: i64 = 104;
const BAR_WIDTH: i64 = 230;
const ROW: i64 = 28;

impl Bars {
    /// The districts' bars of these names and counts.
    pub(super) fn new(title: &'static str, target: i64, counts: &[(String, i64)]) -> Self {
        let labels = ["区县", "新增关注"];
        Self::of(title, labels, Some(target), counts, "这个城市没有区县。")
    }

    /// The bars of these labels and counts, under these two headings; a target is a line.
    pub(super) fn of(
        title: &'static str,
        labels: [&'static str; 2],
        target: Option<i64>,
        counts: &[(String, i64)],
        empty: &'static str,
    ) -> Self {
        let greatest = counts.iter().map(|(_label, count)| *count).max();
        let reach = target.map_or(0, |target| target.saturating_mul(6).div_euclid(5));
        let ceiling = greatest.unwrap_or(0).max(reach).max(1);
        let width = |count: i64| count.saturating_mul(BAR_WIDTH).div_euclid(ceiling);
        let bars: Vec<Bar> = (0_i64..)
            .zip(counts)
            .map(|(nth, (label, count))| Bar {
                label: label.clone(),
                count: *count,
                y: nth.saturating_mul(ROW).saturating_add(7),
                text_y: nth.saturating_mul(ROW).saturating_add(20),
                width: width(*count),
                has_reached: target.is_none_or(|target| *count >= target),
            })
            .collect();
        Self {
            title,
            height: i64::try_from(bars.len())
                .unwrap_or(0)
                .saturating_mul(ROW)
                .max(ROW),
            target_x: target.map(|target| BAR_LEFT.saturating_add(width(target))),
            table: List::plain(
                title,
                columns([(labels[0], Kind::Text), (labels[1], Kind::Number)]),
                counts
                    .iter()
                    .map(|(label, count)| {
                        vec![Cell::text(label.as_str()), Cell::text(count.to_string())]
                    })
                    .collect(),
                empty,
            ),
            bars,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_the_axis_are_round_and_reach_the_greatest() {
        for (greatest, step) in [(0, 1), (4, 1), (5, 2), (8, 2), (9, 5), (21, 10), (605, 200)] {
            assert_eq!(step_for(greatest), step, "{greatest}");
        }
        assert!(step_for(i64::MAX) > 0);
    }

    #[test]
    fn a_chart_stands_within_its_field_and_has_its_table() {
        let hours: Vec<(i64, i64, i64)> = (0..24).map(|hour| (hour, hour * 30, hour)).collect();
        let chart = Hours::new("每小时", ["交卷", "红包"], &hours);
        for point in chart.lines.iter().flat_map(|line| &line.points) {
            assert!((LEFT..=LEFT + WIDTH).contains(&point.x), "{}", point.x);
            assert!((TOP..=TOP + HEIGHT).contains(&point.y), "{}", point.y);
        }
        let html = chart.render().expect("a chart");
        assert!(html.contains("<table>") && html.contains("690"), "{html}");
        let bars = Bars::new(
            "各区",
            1_000,
            &[("鼓楼".to_owned(), 1_130), ("高淳".to_owned(), 4)],
        );
        assert!(
            bars.bars
                .iter()
                .all(|bar| (0..=BAR_WIDTH).contains(&bar.width))
        );
        assert!(bars.render().expect("bars").contains("1130"));
    }
}
