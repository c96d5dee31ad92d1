//! Exposure: which days each city's contest had, so that a ranking can say what it compares.

use chrono::Weekday;

use crate::edition::Edition;
use crate::holidays::{DayKind, Holidays};
use crate::round::Round;
use crate::slug::CitySlug;
use crate::table::Table;
use crate::window::Window;

/// The days of one city's contest, counted by kind; a day that the window only touches counts whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exposure {
    /// The city.
    pub city: CitySlug,
    /// Its full name.
    pub name: String,
    /// Its contest.
    pub window: Window,
    /// Monday to Friday, and worked.
    pub workdays: u32,
    /// Saturdays and Sundays worked to make up for a holiday.
    pub make_up_workdays: u32,
    /// Saturdays and Sundays off, those inside a holiday not counted.
    pub weekend_days: u32,
    /// Days off by a holiday, on whatever weekday.
    pub holidays: u32,
    /// Days outside the span that the holiday calendar knows.
    pub unknown_days: u32,
    /// How many Mondays, Tuesdays, … Sundays.
    pub weekdays: [u32; 7],
    /// Whole days from the previous city's closing to this opening; 0 when they adjoin, `None` for the first.
    pub days_since_previous: Option<i64>,
}

impl Exposure {
    /// Returns the days off: weekends and holidays.
    #[must_use]
    pub const fn days_off(&self) -> u32 {
        self.weekend_days.saturating_add(self.holidays)
    }

    fn of(round: &Round, previous: Option<&Round>, holidays: &Holidays) -> Self {
        let window = round.window();
        let mut exposure = Self {
            city: round.city().slug().clone(),
            name: round.city().name().into(),
            window,
            workdays: 0,
            make_up_workdays: 0,
            weekend_days: 0,
            holidays: 0,
            unknown_days: 0,
            weekdays: [0; 7],
            days_since_previous: previous.map(|previous| {
                let since = window
                    .start()
                    .signed_duration_since(previous.window().end());
                since.num_days()
            }),
        };
        for day in window.first_day().through(window.last_day()) {
            let counter = match holidays.kind(day) {
                Some(DayKind::Workday) => &mut exposure.workdays,
                Some(DayKind::MakeUpWorkday) => &mut exposure.make_up_workdays,
                Some(DayKind::Weekend) => &mut exposure.weekend_days,
                Some(DayKind::Holiday) => &mut exposure.holidays,
                None => &mut exposure.unknown_days,
            };
            *counter = counter.saturating_add(1);
            let weekday = day.weekday().num_days_from_monday();
            let index = usize::try_from(weekday).unwrap_or(0);
            if let Some(counter) = exposure.weekdays.get_mut(index) {
                *counter = counter.saturating_add(1);
            }
        }
        exposure
    }
}

/// The exposure of every city of an edition, beside each other.
///
/// ```
/// use schedule_core::holidays::Holidays;
/// use schedule_core::{ExposureReport, published};
///
/// let report = ExposureReport::new(&published::postponed_2020(), &Holidays::china_2020());
/// let suzhou = &report.cities()[1];
/// assert_eq!((suzhou.days_off(), suzhou.holidays, suzhou.workdays), (5, 5, 2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposureReport {
    cities: Vec<Exposure>,
    source: String,
}

impl ExposureReport {
    /// Counts the days of every contest, in O(d log h) for d days and h special days.
    #[must_use]
    pub fn new(edition: &Edition, holidays: &Holidays) -> Self {
        let rounds = edition.rounds().iter();
        let cities = rounds.map(|round| {
            let previous = edition.previous_round(round.city().slug());
            Exposure::of(round, previous, holidays)
        });
        Self {
            cities: cities.collect(),
            source: holidays.source().into(),
        }
    }

    /// Returns the cities in order of play.
    #[must_use]
    pub fn cities(&self) -> &[Exposure] {
        &self.cities
    }

    /// Returns where the holiday calendar is published.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns whether every city had as many days, and as many of them off.
    #[must_use]
    pub fn is_even(&self) -> bool {
        let compared = |city: &Exposure| (city.window.n_days(), city.days_off());
        let mut cities = self.cities.iter().map(compared);
        let first = cities.next();
        cities.all(|city| Some(city) == first)
    }

    /// Returns the report as a table.
    #[must_use]
    pub fn table(&self) -> Table {
        let heading = [
            "城市",
            "天数",
            "工作日",
            "调休上班",
            "周末",
            "节假日",
            "休息日合计",
            "未知",
            "星期构成",
            "距上一城结束",
        ];
        let row = |city: &Exposure| {
            let since = |days: i64| format!("{days}天");
            [
                city.name.clone(),
                city.window.n_days().to_string(),
                city.workdays.to_string(),
                city.make_up_workdays.to_string(),
                city.weekend_days.to_string(),
                city.holidays.to_string(),
                city.days_off().to_string(),
                city.unknown_days.to_string(),
                weekday_mix(&city.weekdays),
                city.days_since_previous.map_or("—".into(), since),
            ]
        };
        Table::new(heading, self.cities.iter().map(row))
    }
}

/// `一二三四五六日` for one of each, `一二六×2` with counts above one.
fn weekday_mix(weekdays: &[u32; 7]) -> String {
    let names = ["一", "二", "三", "四", "五", "六", "日"];
    let mix = names.iter().zip(weekdays).map(|(name, count)| match count {
        0 => String::new(),
        1 => (*name).into(),
        count => format!("{name}×{count}"),
    });
    mix.collect()
}

/// The name of a weekday as one character.
pub(crate) const fn chinese_weekday(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "一",
        Weekday::Tue => "二",
        Weekday::Wed => "三",
        Weekday::Thu => "四",
        Weekday::Fri => "五",
        Weekday::Sat => "六",
        Weekday::Sun => "日",
    }
}
