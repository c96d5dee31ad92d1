//! Instants as people in Shanghai read them, and as programs do.

use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, Timelike, Utc};
use schedule_core::CHINA_STANDARD_TIME;

/// `5月9日 21:36`.
pub(super) fn minute(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&CHINA_STANDARD_TIME);
    format!(
        "{}月{}日 {:02}:{:02}",
        local.month(),
        local.day(),
        local.hour(),
        local.minute()
    )
}

/// `5月9日 21:36:07`.
pub(super) fn second(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&CHINA_STANDARD_TIME);
    format!("{}:{:02}", minute(at), local.second())
}

/// `21:36:07`.
pub(super) fn time(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&CHINA_STANDARD_TIME);
    format!(
        "{:02}:{:02}:{:02}",
        local.hour(),
        local.minute(),
        local.second()
    )
}

/// `5月9日`.
pub(super) fn day(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&CHINA_STANDARD_TIME);
    format!("{}月{}日", local.month(), local.day())
}

/// `2020年5月9日`.
pub(super) fn date(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&CHINA_STANDARD_TIME);
    format!("{}年{}", local.year(), day(at))
}

/// The end of a half-open window: midnight belongs to the day that ends, as `5月12日 24:00`.
pub(super) fn end(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&CHINA_STANDARD_TIME);
    if local.hour() == 0 && local.minute() == 0 && local.second() == 0 {
        format!("{} 24:00", day(at - TimeDelta::seconds(1)))
    } else {
        minute(at)
    }
}

/// `5月6日—5月12日`, of a half-open window.
pub(super) fn days(opens: DateTime<Utc>, closes: DateTime<Utc>) -> String {
    format!("{}—{}", day(opens), day(closes - TimeDelta::seconds(1)))
}

/// `2020-05-09T21:36:00+08:00`.
pub(super) fn rfc3339(at: DateTime<Utc>) -> String {
    at.with_timezone(&CHINA_STANDARD_TIME)
        .to_rfc3339_opts(SecondsFormat::Secs, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_window_that_ends_at_midnight_ends_on_the_day_before() {
        assert_eq!(end(at("2020-05-13T00:00:00+08:00")), "5月12日 24:00");
        assert_eq!(end(at("2020-05-13T00:01:00+08:00")), "5月13日 00:01");
        assert_eq!(
            days(
                at("2020-05-06T00:00:00+08:00"),
                at("2020-05-13T00:00:00+08:00")
            ),
            "5月6日—5月12日"
        );
    }

    #[test]
    fn instants_for_programs_carry_the_shanghai_offset() {
        assert_eq!(
            rfc3339(at("2020-05-09T13:36:00Z")),
            "2020-05-09T21:36:00+08:00"
        );
    }
}
