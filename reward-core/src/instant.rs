//! Total arithmetic on instants: nothing here can overflow or panic.

use chrono::{DateTime, TimeDelta, Utc};

/// Asia/Shanghai is UTC+8 all the year.
const SHANGHAI_OFFSET_SECONDS: i64 = 8 * 3_600;
/// Seconds of a day without leap seconds, as Unix time counts them.
const DAY_SECONDS: i64 = 86_400;

/// Returns the instant `seconds` later, or the last representable one.
pub(crate) fn after_seconds(at: DateTime<Utc>, seconds: u32) -> DateTime<Utc> {
    at.checked_add_signed(TimeDelta::seconds(i64::from(seconds)))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Returns the instant `millis` later, or the last representable one.
pub(crate) fn after_millis(at: DateTime<Utc>, millis: u32) -> DateTime<Utc> {
    at.checked_add_signed(TimeDelta::milliseconds(i64::from(millis)))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Returns the second of the Shanghai day, `0..86_400`.
pub(crate) fn shanghai_second_of_day(at: DateTime<Utc>) -> u32 {
    let second = at
        .timestamp()
        .saturating_add(SHANGHAI_OFFSET_SECONDS)
        .rem_euclid(DAY_SECONDS);
    u32::try_from(second).unwrap_or_default()
}

/// Returns the first instant after `at` whose Shanghai clock shows `second` of the day.
pub(crate) fn next_shanghai_second(at: DateTime<Utc>, second: u32) -> DateTime<Utc> {
    let day: u32 = 86_400;
    let wanted = second.min(day.saturating_sub(1));
    let shown = shanghai_second_of_day(at);
    let wait = if wanted > shown {
        wanted.saturating_sub(shown)
    } else {
        day.saturating_sub(shown).saturating_add(wanted)
    };
    let whole = DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at);
    after_seconds(whole, wait)
}

/// Returns whether `now` is `seconds` or more after `start`.
pub(crate) fn aged(start: DateTime<Utc>, seconds: u32, now: DateTime<Utc>) -> bool {
    now >= after_seconds(start, seconds)
}
