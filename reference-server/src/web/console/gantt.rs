//! A timetable drawn as bars, a line for each city; two editions over each other.

use askama::Template;
use chrono::{DateTime, Utc};
use schedule_core::{Edition, EditionChange, Round, Window};

use crate::{
    contest::schedule::{self, Schedule, Standing},
    web::moment,
};

/// Where bars begin, and how wide the field is in which they are drawn.
const LEFT: i64 = 96;
const WIDTH: i64 = 880;
/// The height of a city's line, and of what stands above the first.
const LINE: i64 = 28;
const TOP: i64 = 30;

/// A bar of a city.
struct Bar {
    x: i64,
    width: i64,
    /// How far below the top of its line it begins, and its height.
    drop: i64,
    height: i64,
    class: &'static str,
    /// What a pointer that rests on it reads.
    title: String,
}

/// A city's line.
struct Lane {
    name: String,
    y: i64,
    bars: Vec<Bar>,
}

/// A month's beginning.
struct Month {
    x: i64,
    label: String,
}

/// A chart.
#[derive(Template)]
#[template(path = "console/gantt.html")]
pub(super) struct Gantt {
    heading: &'static str,
    /// Class and words of each kind of bar.
    legend: Vec<(&'static str, &'static str)>,
    height: i64,
    lanes: Vec<Lane>,
    months: Vec<Month>,
    /// Where today stands, within what is drawn.
    today: Option<i64>,
}

/// The span that a chart shows.
#[derive(Clone, Copy)]
struct Span {
    begins: DateTime<Utc>,
    ends: DateTime<Utc>,
}

/// Which half of a line a bar takes.
#[derive(Clone, Copy)]
enum Half {
    Whole,
    Upper,
    Lower,
}

impl Span {
    fn x(self, at: DateTime<Utc>) -> i64 {
        let whole = (self.ends - self.begins).num_minutes().max(1);
        let part = (at - self.begins).num_minutes();
        LEFT.saturating_add(part.saturating_mul(WIDTH).div_euclid(whole))
    }

    fn bar(
        self,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        half: Half,
        class: &'static str,
        word: &str,
    ) -> Bar {
        let (drop, height) = match half {
            Half::Whole => (3, 16),
            Half::Upper => (2, 8),
            Half::Lower => (12, 8),
        };
        Bar {
            x: self.x(from),
            width: self.x(to).saturating_sub(self.x(from)).max(1),
            drop,
            height,
            class,
            title: format!("{word} {}", moment::days(from, to)),
        }
    }

    fn chart(
        self,
        heading: &'static str,
        legend: &[(&'static str, &'static str)],
        lines: Vec<(String, Vec<Bar>)>,
        now: DateTime<Utc>,
    ) -> Gantt {
        let n_lines = i64::try_from(lines.len()).unwrap_or(0);
        let lanes = (0_i64..).zip(lines).map(|(nth, (name, bars))| Lane {
            name,
            y: TOP.saturating_add(nth.saturating_mul(LINE)),
            bars,
        });
        let months = schedule::months(self.begins, self.ends).into_iter();
        Gantt {
            heading,
            legend: legend.to_vec(),
            height: TOP
                .saturating_add(n_lines.saturating_mul(LINE))
                .saturating_add(8),
            lanes: lanes.collect(),
            months: months
                .map(|month| Month {
                    x: self.x(month),
                    label: moment::date(month),
                })
                .collect(),
            today: (self.begins..self.ends).contains(&now).then(|| self.x(now)),
        }
    }
}

impl Gantt {
    /// The edition in force, with where each city stands.
    pub(super) fn in_force(schedule: &Schedule) -> Self {
        let span = Span {
            begins: schedule.begins,
            ends: schedule.ends,
        };
        let lines = schedule.stations.iter().map(|station| {
            let class = match station.standing {
                Standing::Past => "past",
                Standing::Open => "open",
                Standing::Ahead => "ahead",
            };
            let preheat = station.preheat;
            let preheat = preheat.map(|window| span.bar(window, Half::Whole, "preheat", "预热"));
            let contest = (station.opens, station.closes);
            let contest = span.bar(contest, Half::Whole, class, "竞赛");
            let bars = preheat.into_iter().chain([contest]);
            (station.name.clone(), bars.collect())
        });
        let legend = [
            ("preheat", "预热"),
            ("past", "已结束"),
            ("open", "进行中"),
            ("ahead", "未开赛"),
        ];
        span.chart("全省接力", &legend, lines.collect(), schedule.now)
    }

    /// Two editions: what was above, what is to be below.
    pub(super) fn change(
        (before, after): (&Edition, &Edition),
        change: &EditionChange,
        now: DateTime<Utc>,
    ) -> Self {
        let phases = before.phases().iter().chain(after.phases());
        let of_cities = phases.filter(|phase| phase.phase().city().is_some());
        let windows: Vec<Window> = of_cities.map(|phase| phase.window()).collect();
        let span = Span {
            begins: windows.iter().map(Window::start).min().unwrap_or(now),
            ends: windows.iter().map(Window::end).max().unwrap_or(now),
        };
        let bars = |round: Option<&Round>, half: Half, classes: [&'static str; 2]| {
            let span_of = |window: Window| (window.start(), window.end());
            let word = match half {
                Half::Upper => ["原预热", "原竞赛"],
                Half::Whole | Half::Lower => ["新预热", "新竞赛"],
            };
            let preheat = round.and_then(Round::preheat);
            let preheat =
                preheat.map(|window| span.bar(span_of(window), half, classes[0], word[0]));
            let contest =
                round.map(|round| span.bar(span_of(round.window()), half, classes[1], word[1]));
            preheat.into_iter().chain(contest).collect::<Vec<Bar>>()
        };
        let mut lines = change
            .rounds()
            .iter()
            .filter_map(|round| {
                let was = bars(round.before(), Half::Upper, ["was-preheat", "was"]);
                let is = bars(round.after(), Half::Lower, ["preheat", "ahead"]);
                let first = round.after().or(round.before())?.window().start();
                let name = round.city().name().to_owned();
                let bars: Vec<Bar> = was.into_iter().chain(is).collect();
                Some((first, (name, bars)))
            })
            .collect::<Vec<_>>();
        lines.sort_by_key(|(first, _line)| *first);
        let lines = lines.into_iter().map(|(_first, line)| line).collect();
        let legend = [
            ("was", "现行"),
            ("preheat", "新的预热"),
            ("ahead", "新的竞赛"),
        ];
        span.chart("两版对照", &legend, lines, now)
    }
}
