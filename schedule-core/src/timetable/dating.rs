//! From printed dates to windows: years, midnights, and what is odd about them.

use chrono::{DateTime, NaiveTime, Utc};

use super::finding::Matter;
use super::grammar::{self, Point, Time};
use super::token;
use crate::day::CivilDay;
use crate::window::Window;
use crate::zone::Zone;

/// A date this much earlier than the one before it lies in the next year.
const HALF_A_YEAR: i32 = 183;

/// Reads date cells of one table from top to bottom, carrying the year along.
pub(super) struct Dating {
    pub(super) zone: Zone,
    /// The year of dates without one.
    year: i32,
    previous: Option<CivilDay>,
}

/// What is to be said about a cell, and at which character of it.
pub(super) type Notes = Vec<(usize, Matter)>;

impl Dating {
    pub(super) fn new(zone: Zone, year: i32) -> Self {
        Self {
            zone,
            year,
            previous: None,
        }
    }

    /// Reads one cell; a window comes with warnings only, no window with at least one error.
    pub(super) fn window(&mut self, cell: &str) -> (Option<Window>, Notes) {
        let mut notes = Notes::new();
        let window = self.read(cell, &mut notes);
        match window {
            Ok(window) => {
                self.previous = Some(window.first_day());
                self.year = window.first_day().year();
                (Some(window), notes)
            }
            Err(note) => {
                notes.push(note);
                (None, notes)
            }
        }
    }

    /// Reads one cell that has its own year or takes the table's, and leaves the table's alone.
    pub(super) fn aside(&self, cell: &str) -> (Option<Window>, Notes) {
        Self::new(self.zone, self.year).window(cell)
    }

    fn read(&self, cell: &str, notes: &mut Notes) -> Result<Window, (usize, Matter)> {
        let unreadable = |offset| (offset, Matter::UnreadableDates { text: cell.into() });
        let (start, end) = grammar::range(&token::tokens(cell)).map_err(unreadable)?;
        let first = self.first_day(&start, notes)?;
        let last = match &end {
            Some(end) => last_day(end, &start, first, notes)?,
            None => first,
        };
        check_day(&start, first, notes);
        if let Some(end) = &end {
            check_day(end, last, notes);
        }
        let opening = match start.time {
            Some(time) => self.instant(&start, first, time)?,
            None => self.zone.start_of(first),
        };
        let closing = match end.and_then(|end| Some((end, end.time?))) {
            Some((end, time)) => {
                if (time.hour, time.minute) == (23, 59) {
                    notes.push((end.offset, Matter::EndsBeforeMidnight { day: last }));
                }
                self.instant(&end, last, time)?
            }
            None => self.zone.end_of(last),
        };
        let reversed = |_| (start.offset, Matter::Reversed { text: cell.into() });
        let window = Window::new(opening, closing).map_err(reversed)?;
        Ok(window.in_zone(self.zone))
    }

    fn first_day(&self, start: &Point, notes: &mut Notes) -> Result<CivilDay, (usize, Matter)> {
        let month = start.month.unwrap_or(0);
        let day = day_of(start, start.year.unwrap_or(self.year), month);
        let (None, Some(previous)) = (start.year, self.previous) else {
            return day;
        };
        // 29 February may exist in the next year only, so a missing day is looked for there too.
        let is_next_year = match &day {
            Ok(day) => day.days_until(previous) > HALF_A_YEAR,
            Err(_) => previous.month() > 6 && month < 6,
        };
        if !is_next_year {
            return day;
        }
        let day = day_of(start, self.year.saturating_add(1), month)?;
        notes.push((start.offset, Matter::YearTurned { year: day.year() }));
        Ok(day)
    }

    fn instant(
        &self,
        point: &Point,
        day: CivilDay,
        time: Time,
    ) -> Result<DateTime<Utc>, (usize, Matter)> {
        let Time {
            hour,
            minute,
            second,
            nanosecond,
        } = time;
        if (hour, minute, second, nanosecond) == (24, 0, 0, 0) {
            return Ok(self.zone.end_of(day));
        }
        let civil = NaiveTime::from_hms_nano_opt(hour, minute, second, nanosecond)
            .map(|time| day.0.and_time(time));
        let no_such_time = || (point.offset, Matter::NoSuchTime { hour, minute });
        civil
            .map(|civil| self.zone.instant(civil))
            .ok_or_else(no_such_time)
    }
}

fn last_day(
    end: &Point,
    start: &Point,
    first: CivilDay,
    notes: &mut Notes,
) -> Result<CivilDay, (usize, Matter)> {
    let month = end.month.or(start.month).unwrap_or(0);
    let day = day_of(end, end.year.unwrap_or(first.year()), month);
    let is_earlier = match &day {
        Ok(day) => *day < first,
        Err(_) => true,
    };
    if end.year.is_some() || !is_earlier || month >= first.month() {
        return day;
    }
    let Ok(next) = day_of(end, first.year().saturating_add(1), month) else {
        return day;
    };
    if first.days_until(next) > HALF_A_YEAR {
        return day;
    }
    notes.push((end.offset, Matter::YearTurned { year: next.year() }));
    Ok(next)
}

fn day_of(point: &Point, year: i32, month: u32) -> Result<CivilDay, (usize, Matter)> {
    let day = point.day;
    CivilDay::from_ymd(year, month, day)
        .map_err(|_| (point.offset, Matter::NoSuchDay { year, month, day }))
}

fn check_day(point: &Point, day: CivilDay, notes: &mut Notes) {
    if (day.month(), day.day_of_month()) == (2, 29) {
        notes.push((point.offset, Matter::LeapDay { day }));
    }
    if let Some(printed) = point.weekday.filter(|printed| *printed != day.weekday()) {
        notes.push((point.offset, Matter::WeekdayDisagrees { day, printed }));
    }
}
