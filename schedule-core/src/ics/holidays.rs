//! Reading public holiday calendars of China: all-day events marked as off (休) or worked (班).

use std::ops::RangeInclusive;

use super::content::{Property, properties, unescaped};
use crate::day::CivilDay;
use crate::holidays::{Holidays, HolidaysError};

/// No holiday is longer; a file that says so is not believed.
const MAX_DAYS: i32 = 62;

/// Why a file is not a holiday calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IcsError {
    /// There is no `BEGIN:VCALENDAR`.
    #[error("not an iCalendar file")]
    NotACalendar,
    /// No event is marked as off or as worked.
    #[error("no event is marked as a day off or a make-up workday")]
    NoMarkedDay,
    /// The marked days contradict each other.
    #[error(transparent)]
    Holidays(#[from] HolidaysError),
}

/// Why an event was not imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Neither marked as off nor as worked: a festival that changes nothing.
    Unmarked,
    /// `调休` alone says neither which day is off nor which is worked.
    Ambiguous,
    /// It has no date of its own, or a time of day.
    NotAllDay,
    /// It repeats; holidays are announced for one year.
    Recurring,
    /// It lasts longer than any holiday, or ends before it begins.
    BadLength,
    /// It was cancelled.
    Cancelled,
}

/// An event that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotImported {
    /// Line of its `BEGIN:VEVENT`, from 1.
    pub line: u32,
    /// Its summary.
    pub summary: String,
    /// Why.
    pub reason: Reason,
}

/// A holiday calendar as read, and what was left out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HolidayImport {
    /// The calendar; it knows the whole years from its first marked day to its last.
    pub holidays: Holidays,
    /// Events that were left out, in order.
    pub not_imported: Vec<NotImported>,
}

/// Reads a holiday calendar as public ones are published: all-day events with `X-APPLE-SPECIAL-DAY`, or with 休 or 班 in the summary.
///
/// `source` is what the report will name.
/// `DTEND` is not part of the event (RFC 5545, 3.6.1); without it an event is one day.
/// Costs O(n log n) for n characters.
///
/// ```
/// use schedule_core::holidays::DayKind;
/// use schedule_core::{CivilDay, ics};
///
/// let file = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270501\nDTEND;VALUE=DATE:20270506\nSUMMARY:劳动节（休）\nEND:VEVENT\nEND:VCALENDAR\n";
/// let import = ics::import_holidays(file, "某日历")?;
/// let kind = |day| CivilDay::from_ymd(2027, 5, day).map(|day| import.holidays.kind(day));
/// assert_eq!((kind(5)?, kind(6)?), (Some(DayKind::Holiday), Some(DayKind::Workday)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// - [`IcsError::NotACalendar`] without a `VCALENDAR`;
/// - [`IcsError::NoMarkedDay`] when nothing is marked;
/// - [`IcsError::Holidays`] when a day is marked as off and as worked.
pub fn import_holidays(file: &str, source: impl Into<String>) -> Result<HolidayImport, IcsError> {
    let properties = properties(file);
    let begins = |property: &Property| is(property, "BEGIN", "VCALENDAR");
    if !properties.iter().any(begins) {
        return Err(IcsError::NotACalendar);
    }
    let (mut off, mut worked, mut not_imported) = (Vec::new(), Vec::new(), Vec::new());
    for event in events(&properties) {
        match event.days() {
            Ok((is_off, first, last)) => {
                let days = first.through(last);
                let days = days.map(|day| (day, event.summary.clone()));
                if is_off {
                    off.extend(days);
                } else {
                    worked.extend(days);
                }
            }
            Err(reason) => not_imported.push(NotImported {
                line: event.line,
                summary: event.summary,
                reason,
            }),
        }
    }
    let span = whole_years(off.iter().chain(&worked).map(|(day, _)| *day));
    let holidays = Holidays::new(source, span.ok_or(IcsError::NoMarkedDay)?, off, worked)?;
    Ok(HolidayImport {
        holidays,
        not_imported,
    })
}

fn is(property: &Property, name: &str, value: &str) -> bool {
    property.name == name && property.value.trim().eq_ignore_ascii_case(value)
}

fn whole_years(days: impl Iterator<Item = CivilDay> + Clone) -> Option<RangeInclusive<CivilDay>> {
    let first = CivilDay::from_ymd(days.clone().min()?.year(), 1, 1).ok()?;
    let last = CivilDay::from_ymd(days.max()?.year(), 12, 31).ok()?;
    Some(first..=last)
}

/// The properties of one event that matter here.
#[derive(Default)]
struct Event {
    line: u32,
    summary: String,
    start: Option<String>,
    end: Option<String>,
    duration: Option<String>,
    mark: Option<String>,
    is_recurring: bool,
    is_cancelled: bool,
}

fn events(properties: &[Property]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut open: Option<Event> = None;
    // Alarms inside an event have properties of the same names.
    let mut depth = 0_u32;
    for property in properties {
        if is(property, "BEGIN", "VEVENT") {
            open = Some(Event {
                line: property.line,
                ..Event::default()
            });
            depth = 0;
        } else if is(property, "END", "VEVENT") {
            events.extend(open.take());
        } else if property.name == "BEGIN" {
            depth = depth.saturating_add(1);
        } else if property.name == "END" {
            depth = depth.saturating_sub(1);
        } else if let Some(event) = open.as_mut().filter(|_| depth == 0) {
            event.take(property);
        }
    }
    events
}

impl Event {
    fn take(&mut self, property: &Property) {
        let value = || Some(property.value.trim().to_owned());
        match property.name.as_str() {
            "SUMMARY" => self.summary = unescaped(property.value.trim()),
            "DTSTART" => self.start = value(),
            "DTEND" => self.end = value(),
            "DURATION" => self.duration = value(),
            "X-APPLE-SPECIAL-DAY" => self.mark = value(),
            "RRULE" | "RDATE" => self.is_recurring = true,
            "STATUS" => self.is_cancelled = is(property, "STATUS", "CANCELLED"),
            _ => {}
        }
    }

    /// Whether the days are off, the first and the last.
    fn days(&self) -> Result<(bool, CivilDay, CivilDay), Reason> {
        if self.is_cancelled {
            return Err(Reason::Cancelled);
        }
        let is_off = self.is_off()?;
        if self.is_recurring {
            return Err(Reason::Recurring);
        }
        let date = |value: &Option<String>| value.as_deref().map(date);
        let first = date(&self.start).flatten().ok_or(Reason::NotAllDay)?;
        let n_days = match (date(&self.end), &self.duration) {
            (Some(end), _) => first.days_until(end.ok_or(Reason::NotAllDay)?),
            (None, Some(duration)) => whole_days(duration).ok_or(Reason::NotAllDay)?,
            (None, None) => 1,
        };
        // Some files end a one-day event on its own day.
        let n_more = n_days.max(1).saturating_sub(1);
        let n_more = u32::try_from(n_more).map_err(|_| Reason::BadLength)?;
        if !(0..=MAX_DAYS).contains(&n_days) {
            return Err(Reason::BadLength);
        }
        let last = first.checked_add_days(n_more).ok_or(Reason::BadLength)?;
        Ok((is_off, first, last))
    }

    fn is_off(&self) -> Result<bool, Reason> {
        match self.mark.as_deref() {
            Some("WORK-HOLIDAY") => return Ok(true),
            Some("ALTERNATE-WORKDAY") => return Ok(false),
            Some(_) | None => {}
        }
        let summary = &self.summary;
        if summary.contains('班') {
            return Ok(false);
        }
        if summary.contains("调休") {
            return Err(Reason::Ambiguous);
        }
        if summary.contains('休') || summary.contains("放假") || summary.contains("假期") {
            return Ok(true);
        }
        Err(Reason::Unmarked)
    }
}

/// `20200501`, and nothing with a time.
fn date(value: &str) -> Option<CivilDay> {
    if value.len() != 8 || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| value.get(range)?.parse::<u32>().ok();
    let year = i32::try_from(part(0..4)?).ok()?;
    CivilDay::from_ymd(year, part(4..6)?, part(6..8)?).ok()
}

/// `P5D` or `P1W`.
fn whole_days(duration: &str) -> Option<i32> {
    let number = duration.strip_prefix('P')?;
    if let Some(weeks) = number.strip_suffix('W') {
        return weeks.parse::<i32>().ok()?.checked_mul(7);
    }
    number.strip_suffix('D')?.parse().ok()
}
