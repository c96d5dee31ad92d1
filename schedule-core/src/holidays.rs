//! Holidays: which days of a country are worked, over a span that is known.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::Weekday;

use crate::day::CivilDay;

/// What kind of day a day is for people at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "a day is worked or not, by its weekday or against it"
)]
pub enum DayKind {
    /// Monday to Friday, and worked.
    Workday,
    /// Saturday or Sunday, and off.
    Weekend,
    /// Off by a holiday, whatever its weekday.
    Holiday,
    /// Saturday or Sunday, and worked to make up for a holiday.
    MakeUpWorkday,
}

impl DayKind {
    /// Returns whether the day is off.
    #[must_use]
    pub const fn is_off(self) -> bool {
        matches!(self, Self::Weekend | Self::Holiday)
    }
}

/// Why a list of days is not a holiday calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HolidaysError {
    /// A day is named as off and as worked.
    #[error("{day} is named both as off ({off:?}) and as worked ({worked:?})")]
    Contradiction {
        /// The day.
        day: CivilDay,
        /// Name of the holiday.
        off: String,
        /// Name under which it is worked.
        worked: String,
    },
    /// A day lies outside the span that the calendar is said to know.
    #[error("{day} is outside the known span from {first} to {last}")]
    OutsideSpan {
        /// The day.
        day: CivilDay,
        /// First day of the span.
        first: CivilDay,
        /// Last day of the span.
        last: CivilDay,
    },
}

/// A day that differs from its weekday: its name, and whether it is off.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SpecialDay {
    name: String,
    is_off: bool,
}

/// A holiday calendar: the days that differ from their weekday, and the span in which all of them are known.
///
/// ```
/// use schedule_core::holidays::{DayKind, Holidays};
/// use schedule_core::CivilDay;
///
/// let holidays = Holidays::china_2020();
/// let kind = |month, day| CivilDay::from_ymd(2020, month, day).map(|day| holidays.kind(day));
/// assert_eq!(kind(5, 5)?, Some(DayKind::Holiday));
/// assert_eq!(kind(5, 9)?, Some(DayKind::MakeUpWorkday));
/// assert_eq!(holidays.kind(CivilDay::from_ymd(2021, 1, 1)?), None);
/// # Ok::<(), schedule_core::CivilTimeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holidays {
    source: String,
    span: RangeInclusive<CivilDay>,
    days: BTreeMap<CivilDay, SpecialDay>,
}

impl Holidays {
    /// Makes a calendar that knows a span of days; `source` says where it is published.
    ///
    /// # Errors
    ///
    /// - [`HolidaysError::OutsideSpan`] for a day outside the span;
    /// - [`HolidaysError::Contradiction`] for a day that is both off and worked.
    pub fn new(
        source: impl Into<String>,
        span: RangeInclusive<CivilDay>,
        off: impl IntoIterator<Item = (CivilDay, String)>,
        worked: impl IntoIterator<Item = (CivilDay, String)>,
    ) -> Result<Self, HolidaysError> {
        let mut days: BTreeMap<CivilDay, SpecialDay> = BTreeMap::new();
        let off = off.into_iter().map(|(day, name)| (day, name, true));
        let worked = worked.into_iter().map(|(day, name)| (day, name, false));
        for (day, name, is_off) in off.chain(worked) {
            if !span.contains(&day) {
                let (first, last) = span.into_inner();
                return Err(HolidaysError::OutsideSpan { day, first, last });
            }
            if let Some(known) = days.get(&day).filter(|known| known.is_off != is_off) {
                let off = known.name.clone();
                let worked = name;
                return Err(HolidaysError::Contradiction { day, off, worked });
            }
            days.entry(day).or_insert(SpecialDay { name, is_off });
        }
        let source = source.into();
        Ok(Self { source, span, days })
    }

    /// Returns the holidays of 2020 in China with their make-up workdays, as in force from 27 January 2020.
    ///
    /// Source: notices 国办发明电〔2019〕16号 of 21 November 2019 and 国办发明电〔2020〕1号 of 26 January 2020 of the General Office of the State Council.
    /// The second one prolonged the Spring Festival to 2 February, so that 1 February, to be worked by the first, was off.
    #[must_use]
    pub fn china_2020() -> Self {
        let special = |days: &[(u32, u32, u32, &str)], is_off: bool| {
            let mut special = Vec::new();
            for &(month, first, last, name) in days {
                for day in first..=last {
                    let name = name.into();
                    let day = CivilDay::from_ymd(2020, month, day);
                    special.extend(day.map(|day| (day, SpecialDay { name, is_off })));
                }
            }
            special
        };
        let off = special(&OFF_2020, true);
        let worked = special(&WORKED_2020, false);
        Self {
            source: "国办发明电〔2019〕16号、国办发明电〔2020〕1号".into(),
            span: CivilDay::of_2020(1, 1)..=CivilDay::of_2020(12, 31),
            days: off.into_iter().chain(worked).collect(),
        }
    }

    /// Returns where the calendar is published.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the span in which every special day is known.
    #[must_use]
    pub const fn span(&self) -> &RangeInclusive<CivilDay> {
        &self.span
    }

    /// Returns what kind of day a day is, or `None` outside the span; O(log n) for n special days.
    #[must_use]
    pub fn kind(&self, day: CivilDay) -> Option<DayKind> {
        if !self.span.contains(&day) {
            return None;
        }
        let is_weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        let special = self.days.get(&day).map(|special| special.is_off);
        Some(match (special, is_weekend) {
            (Some(true), _) => DayKind::Holiday,
            (Some(false), true) => DayKind::MakeUpWorkday,
            (None, true) => DayKind::Weekend,
            (Some(false) | None, false) => DayKind::Workday,
        })
    }

    /// Returns the name under which a day is off or worked against its weekday.
    #[must_use]
    pub fn name(&self, day: CivilDay) -> Option<&str> {
        self.days.get(&day).map(|special| special.name.as_str())
    }

    /// Returns the special days in order, each with its name and whether it is off.
    pub fn special_days(&self) -> impl Iterator<Item = (CivilDay, &str, bool)> {
        let days = self.days.iter();
        days.map(|(day, special)| (*day, special.name.as_str(), special.is_off))
    }
}

/// Month, first and last day, name.
const OFF_2020: [(u32, u32, u32, &str); 7] = [
    (1, 1, 1, "元旦"),
    (1, 24, 31, "春节"),
    (2, 1, 2, "春节"),
    (4, 4, 6, "清明节"),
    (5, 1, 5, "劳动节"),
    (6, 25, 27, "端午节"),
    (10, 1, 8, "国庆节、中秋节"),
];

const WORKED_2020: [(u32, u32, u32, &str); 6] = [
    (1, 19, 19, "春节"),
    (4, 26, 26, "劳动节"),
    (5, 9, 9, "劳动节"),
    (6, 28, 28, "端午节"),
    (9, 27, 27, "国庆节、中秋节"),
    (10, 10, 10, "国庆节、中秋节"),
];
