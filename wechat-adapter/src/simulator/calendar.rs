//! Beijing time, and how instants are written in views.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Timelike as _, Utc};
use serde::Serializer;

const BEIJING_OFFSET_SECONDS: i32 = 8 * 3600;

fn beijing(at: DateTime<Utc>) -> NaiveDateTime {
    FixedOffset::east_opt(BEIJING_OFFSET_SECONDS).map_or_else(
        || at.naive_utc(),
        |offset| at.with_timezone(&offset).naive_local(),
    )
}

pub(super) fn beijing_date(at: DateTime<Utc>) -> NaiveDate {
    beijing(at).date()
}

pub(super) fn beijing_hour(at: DateTime<Utc>) -> u32 {
    beijing(at).hour()
}

/// `yyyy-MM-dd HH:mm:ss` in Beijing, as WeChat Pay V2 writes instants.
pub(super) fn beijing_text(at: DateTime<Utc>) -> String {
    beijing(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// `at + by`, or `at` where the calendar ends.
pub(super) fn later(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_add_signed(by).unwrap_or(at)
}

pub(super) fn rfc3339<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339())
}

pub(super) fn rfc3339_option<S: Serializer>(
    at: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc3339(at, serializer),
        None => serializer.serialize_none(),
    }
}
