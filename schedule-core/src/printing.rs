//! Timetables and windows in the words and signs offices print them with.

use chrono::{NaiveDateTime, NaiveTime, Timelike as _};

use crate::city::Province;
use crate::day::CivilDay;
use crate::edition::{Edition, Row};
use crate::phase::{Phase, Provenance};
use crate::table::Table;
use crate::window::Window;

impl Edition {
    /// Returns the rows as a timetable in the form of the published ones: number, dates, contest, preheat.
    ///
    /// As in those, a date carries a year only where the year changes; that of the first row belongs into the title above.
    /// [`timetable::Reader`](crate::timetable::Reader) reads every way a [`Table`] writes itself back into the same rows, provided that labels and names are single lines without `、` and the phases of a row stand contest first.
    #[must_use]
    pub fn timetable(&self) -> Table {
        let mut year = self.rows.first().map(|row| row.window.first_day().year());
        let row = |row: &Row| {
            let days = chinese_days(&row.window, year);
            year = Some(row.window.first_day().year());
            let is_preheat = |phase: &&Phase| matches!(phase, Phase::Preheat(_));
            let cell = |wanted: bool| {
                let phases = row.phases.iter();
                let chosen = phases.filter(|phase| is_preheat(phase) == wanted);
                let words: Vec<&str> = chosen.map(|phase| word(phase, &self.province)).collect();
                words.join("、")
            };
            [row.label.clone(), days, cell(false), cell(true)]
        };
        Table::new(["序号", "日期", "竞赛", "预热"], self.rows.iter().map(row))
    }

    /// Returns the timetable as a notice prints it: a line for each declared stage, then the rows with tabs.
    ///
    /// A derived window is followed by `（推定）`.
    /// [`timetable::Reader`](crate::timetable::Reader) reads it back into the same edition.
    #[must_use]
    pub fn notice(&self) -> String {
        let stage = |name: &str, stage: Option<(Window, Provenance)>| {
            stage.map_or(String::new(), |(window, provenance)| {
                let mark = match provenance {
                    Provenance::Published => "",
                    Provenance::Derived => "（推定）",
                };
                format!("{name}：{}{mark}\n", chinese_days(&window, None))
            })
        };
        let publicity = stage("宣传阶段", self.publicity);
        let summary = stage("总结阶段", self.summary);
        let year = self.rows.first().map(|row| row.window.first_day().year());
        let year = year.map_or(String::new(), |year| format!("竞赛日程（{year}年）\n"));
        format!(
            "{publicity}{summary}{year}{}",
            self.timetable().tab_separated()
        )
    }
}

/// The word a phase has in a cell: the city's name, or the stage's.
pub(crate) fn word<'e>(phase: &Phase, province: &'e Province) -> &'e str {
    let city = phase.city().and_then(|city| province.city(city));
    city.map_or(phase.chinese_name(), |city| city.name())
}

/// Prints a window as `2月29日—3月6日`, or `4月15日—21日` within one month.
///
/// The year is printed where it is not the one given; times of day are printed unless the window holds whole days.
pub(crate) fn chinese_days(window: &Window, year: Option<i32>) -> String {
    let zone = window.zone();
    let (first, last) = (window.first_day(), window.last_day());
    let is_whole = zone.start_of(first) == window.start() && zone.end_of(last) == window.end();
    let start = chinese_date(first, year, None);
    if is_whole && first == last {
        return start;
    }
    let end = chinese_date(last, Some(first.year()), Some(first));
    if is_whole {
        return format!("{start}—{end}");
    }
    let (opening, closing) = (zone.civil(window.start()), zone.civil(window.end()));
    let closing = if closing.time() == NaiveTime::MIN {
        "24:00".into()
    } else {
        time_of_day(closing)
    };
    format!("{start}{}—{end}{closing}", time_of_day(opening))
}

/// Prints a day, leaving out the year and the month that the reader knows already.
fn chinese_date(day: CivilDay, year: Option<i32>, after: Option<CivilDay>) -> String {
    let (month, day_of_month) = (day.month(), day.day_of_month());
    if year != Some(day.year()) {
        return format!("{}年{month}月{day_of_month}日", day.year());
    }
    if after.is_some_and(|after| after.month() == month) {
        return format!("{day_of_month}日");
    }
    format!("{month}月{day_of_month}日")
}

fn time_of_day(civil: NaiveDateTime) -> String {
    let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
    match civil.nanosecond() {
        0 if second == 0 => format!("{hour}:{minute:02}"),
        0 => format!("{hour}:{minute:02}:{second:02}"),
        nanos => format!("{hour}:{minute:02}:{second:02}.{nanos:09}"),
    }
}
