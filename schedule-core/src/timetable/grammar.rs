//! The grammar of a date cell: one day, or two with a sign between them.
//!
//! ```text
//! range  = point [ ("—" | "~" | "至" | "-" | …) point ]
//! point  = date [ weekday ] [ time ]
//! date   = [ year "年" ] month "月" day [ "日" ]
//!        | year "-" month "-" day
//!        | [ year "." ] month "." day      (also with "/")
//!        | day [ "日" ]                     (second point only)
//! time   = hour ":" minute [ ":" second [ "." fraction ] ]
//!        | hour "时" [ minute "分" ]
//! ```

use chrono::Weekday;

use super::token::{Kind, Token};

/// A day and perhaps a time as printed; what is not printed is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) offset: usize,
    pub(super) year: Option<i32>,
    pub(super) month: Option<u32>,
    pub(super) day: u32,
    pub(super) weekday: Option<Weekday>,
    pub(super) time: Option<Time>,
}

/// A time of day as printed; 24:00 is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    pub(super) nanosecond: u32,
}

/// Reads a whole cell, or says at which character it stops being readable.
pub(super) fn range(tokens: &[Token]) -> Result<(Point, Option<Point>), usize> {
    let mut reader = Reader { tokens, next: 0 };
    let start = reader.point(false).ok_or_else(|| reader.offset())?;
    if reader.tokens.get(reader.next).is_none() {
        return Ok((start, None));
    }
    if !(reader.take(Kind::Range) || reader.take(Kind::Hyphen)) {
        return Err(reader.offset());
    }
    let end = reader.point(true).ok_or_else(|| reader.offset())?;
    match reader.tokens.get(reader.next) {
        None => Ok((start, Some(end))),
        Some(token) => Err(token.offset),
    }
}

struct Reader<'t> {
    tokens: &'t [Token],
    next: usize,
}

impl Reader<'_> {
    /// Where the next token begins; at the end, where the last one did.
    fn offset(&self) -> usize {
        let token = self.tokens.get(self.next).or(self.tokens.last());
        token.map_or(0, |token| token.offset)
    }

    fn peek(&self, ahead: usize) -> Option<Kind> {
        let token = self.tokens.get(self.next.checked_add(ahead)?)?;
        Some(token.kind)
    }

    fn take(&mut self, kind: Kind) -> bool {
        let is_next = self.peek(0) == Some(kind);
        self.next = self.next.saturating_add(usize::from(is_next));
        is_next
    }

    fn number(&mut self) -> Option<(u32, usize)> {
        let Some(Kind::Number { value, n_digits }) = self.peek(0) else {
            return None;
        };
        self.next = self.next.saturating_add(1);
        Some((value, n_digits))
    }

    fn point(&mut self, may_be_short: bool) -> Option<Point> {
        let offset = self.offset();
        let (year, month, day) = self.date(may_be_short)?;
        let year = match year {
            Some(year) => Some(i32::try_from(year).ok()?),
            None => None,
        };
        let weekday = self.weekday()?;
        Some(Point {
            offset,
            year,
            month,
            day,
            weekday,
            time: self.time()?,
        })
    }

    fn date(&mut self, may_be_short: bool) -> Option<(Option<u32>, Option<u32>, u32)> {
        let (first, n_digits) = self.number()?;
        if self.take(Kind::Year) {
            let (month, _) = self.number()?;
            return self.after_month(Some(first), month);
        }
        if self.peek(0) == Some(Kind::Month) {
            return self.after_month(None, first);
        }
        let is_year = n_digits == 4;
        for separator in [Kind::Dot, Kind::Slash, Kind::Hyphen] {
            if self.peek(0) != Some(separator) || (separator == Kind::Hyphen && !is_year) {
                continue;
            }
            self.next = self.next.saturating_add(1);
            let (second, _) = self.number()?;
            if !is_year {
                self.take(Kind::Day);
                return Some((None, Some(first), second));
            }
            if !self.take(separator) {
                return None;
            }
            let (day, _) = self.number()?;
            self.take(Kind::Day);
            return Some((Some(first), Some(second), day));
        }
        (self.take(Kind::Day) || may_be_short).then_some(())?;
        may_be_short.then_some((None, None, first))
    }

    fn after_month(
        &mut self,
        year: Option<u32>,
        month: u32,
    ) -> Option<(Option<u32>, Option<u32>, u32)> {
        self.take(Kind::Month).then_some(())?;
        let (day, _) = self.number()?;
        self.take(Kind::Day);
        Some((year, Some(month), day))
    }

    /// The outer `None` says that brackets hold something else.
    fn weekday(&mut self) -> Option<Option<Weekday>> {
        let is_bracketed = self.take(Kind::Opening);
        let Some(Kind::Weekday(weekday)) = self.peek(0) else {
            return (!is_bracketed).then_some(None);
        };
        self.next = self.next.saturating_add(1);
        (!is_bracketed || self.take(Kind::Closing)).then_some(Some(weekday))
    }

    /// The outer `None` says that a time begins and breaks off.
    fn time(&mut self) -> Option<Option<Time>> {
        let is_time = matches!(self.peek(1), Some(Kind::Colon | Kind::Hour));
        if !is_time {
            return Some(None);
        }
        let (hour, _) = self.number()?;
        let mut time = Time {
            hour,
            minute: 0,
            second: 0,
            nanosecond: 0,
        };
        if self.take(Kind::Hour) {
            if matches!(self.peek(0), Some(Kind::Number { .. }))
                && self.peek(1) == Some(Kind::Minute)
            {
                (time.minute, _) = self.number()?;
                self.take(Kind::Minute);
            }
            return Some(Some(time));
        }
        self.take(Kind::Colon).then_some(())?;
        (time.minute, _) = self.number()?;
        if self.take(Kind::Colon) {
            (time.second, _) = self.number()?;
            if self.take(Kind::Dot) {
                let (fraction, n_digits) = self.number()?;
                let missing = u32::try_from(9_usize.checked_sub(n_digits)?).ok()?;
                time.nanosecond = fraction.checked_mul(10_u32.checked_pow(missing)?)?;
            }
        }
        Some(Some(time))
    }
}
