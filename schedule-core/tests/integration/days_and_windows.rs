//! Civil days in Asia/Shanghai, half-open windows and contest days.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use schedule_core::{CivilTimeError, ContestDay, ShanghaiDay, Window, WindowError, Zone};

use crate::{civil, day, days, instant};

#[test]
fn value_stability_epoch_day_numbers() {
    for (text, number) in [
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("2000-01-01", 10_957),
        ("2020-02-29", 18_321),
        ("2020-04-22", 18_374),
        ("2020-07-22", 18_465),
    ] {
        assert_eq!(day(text).number(), number, "{text}");
        assert_eq!(ShanghaiDay::from_number(number), Ok(day(text)));
    }
}

#[test]
fn a_day_begins_at_sixteen_hundred_utc_of_the_day_before() {
    assert_eq!(day("2020-04-22").start(), instant("2020-04-21T16:00:00Z"));
    let last = instant("2020-04-22T15:59:59.999Z");
    assert_eq!(ShanghaiDay::from_instant(last), day("2020-04-22"));
    let next = instant("2020-04-22T16:00:00Z");
    assert_eq!(ShanghaiDay::from_instant(next), day("2020-04-23"));
}

#[test]
fn twenty_four_hundred_is_the_next_midnight() {
    let new_year_eve = day("2020-12-31");
    assert_eq!(new_year_eve.at(24, 0), Ok(day("2021-01-01").start()));
    assert_eq!(new_year_eve.at(0, 0), Ok(new_year_eve.start()));
    assert_eq!(
        new_year_eve.at(8, 30),
        Ok(instant("2020-12-31T08:30:00+08:00"))
    );
}

#[test]
fn times_outside_the_day_are_refused() {
    for (hour, minute) in [(24, 1), (25, 0), (12, 60), (u32::MAX, u32::MAX)] {
        let refusal = CivilTimeError::NoSuchTime { hour, minute };
        assert_eq!(day("2020-04-22").at(hour, minute), Err(refusal));
    }
}

#[test]
fn days_outside_the_calendar_are_refused() {
    for (year, month, day) in [(2019, 2, 29), (2020, 4, 31), (2020, 13, 1), (2020, 0, 1)] {
        let refusal = CivilTimeError::NoSuchDay { year, month, day };
        assert_eq!(ShanghaiDay::from_ymd(year, month, day), Err(refusal));
    }
    let number = i32::MAX;
    let refusal = CivilTimeError::NoSuchDayNumber { number };
    assert_eq!(ShanghaiDay::from_number(number), Err(refusal));
}

#[test]
fn only_the_canonical_spelling_of_a_day_is_read() {
    for text in [
        "2020-2-29",
        " 2020-02-29",
        "2020-02-30",
        "20200229",
        "",
        "2020-02-29T00:00",
    ] {
        let refusal = CivilTimeError::NotADate { text: text.into() };
        assert_eq!(text.parse::<ShanghaiDay>(), Err(refusal));
    }
}

#[test]
fn the_ends_of_the_calendar_break_nothing() {
    let all = Window::new(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC).unwrap();
    for instant in [all.start(), all.end()] {
        let day = ShanghaiDay::from_instant(instant);
        assert_eq!(day.to_string().parse(), Ok(day));
        assert!(day.start() < day.end());
    }
    assert_eq!(all.contest_day(all.start()), Some(ContestDay::FIRST));
    assert!(all.n_days() > 191_000_000);
    assert!(all.to_string().starts_with('['));
    let last = ContestDay::new(all.n_days()).unwrap();
    assert!(all.day_window(last).is_some());
    assert_eq!(all.day_window(ContestDay::new(u32::MAX).unwrap()), None);
}

#[test]
fn a_window_without_an_instant_is_refused() {
    let start = instant("2020-04-22T00:00:00+08:00");
    for end in [start, start - TimeDelta::milliseconds(1)] {
        assert_eq!(
            Window::new(start, end),
            Err(WindowError::Empty { start, end })
        );
    }
    let (first, last) = (civil("2020-04-22"), civil("2020-04-21"));
    let refusal = WindowError::DaysReversed { first, last };
    assert_eq!(Window::of_days(first..=last), Err(refusal));
}

#[test]
fn the_contest_days_of_a_week_count_from_one_to_seven() {
    let week = days("2020-05-06", "2020-05-12");
    let ordinal = |text| week.contest_day(instant(text)).map(ContestDay::ordinal);
    assert_eq!(ordinal("2020-05-05T23:59:59.999+08:00"), None);
    assert_eq!(ordinal("2020-05-06T00:00:00+08:00"), Some(1));
    assert_eq!(ordinal("2020-05-06T23:59:59.999+08:00"), Some(1));
    assert_eq!(ordinal("2020-05-07T00:00:00+08:00"), Some(2));
    assert_eq!(ordinal("2020-05-12T23:59:59.999+08:00"), Some(7));
    assert_eq!(ordinal("2020-05-13T00:00:00+08:00"), None);
    let all: Vec<_> = week.contest_days().map(ContestDay::ordinal).collect();
    assert_eq!(all, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(ContestDay::new(0), None);
    assert_eq!(week.civil_day(ContestDay::FIRST), Some(civil("2020-05-06")));
    assert_eq!(week.civil_day(ContestDay::new(8).unwrap()), None);
}

#[test]
fn a_window_opening_at_noon_changes_day_at_midnight() {
    let end = day("2020-05-08").at(9, 0).unwrap();
    let window = Window::new(day("2020-05-06").at(12, 0).unwrap(), end).unwrap();
    let midnight = day("2020-05-07").start();
    assert_eq!(
        (window.n_days(), window.last_day()),
        (3, civil("2020-05-08"))
    );
    assert_eq!(
        window.contest_day(midnight).map(ContestDay::ordinal),
        Some(2)
    );
    let first = window.day_window(ContestDay::FIRST).unwrap();
    assert_eq!((first.start(), first.end()), (window.start(), midnight));
    let third = window.day_window(ContestDay::new(3).unwrap()).unwrap();
    assert_eq!(third.end(), end);
}

#[test]
fn a_window_is_written_in_shanghai_time() {
    let written = "[2020-05-06T00:00:00+08:00, 2020-05-13T00:00:00+08:00)";
    assert_eq!(days("2020-05-06", "2020-05-12").to_string(), written);
}

#[test]
fn another_zone_has_other_days_at_the_same_instants() {
    let opening = instant("2020-05-06T00:00:00+08:00");
    let window = Window::new(opening, opening + TimeDelta::hours(24)).unwrap();
    let tokyo = window.in_zone("+09:00".parse().unwrap());
    assert_eq!((window.n_days(), tokyo.n_days()), (1, 2));
    assert_eq!(tokyo.first_day(), civil("2020-05-06"));
    let midnight = instant("2020-05-07T00:00:00+09:00");
    let ordinal = |window: Window| window.contest_day(midnight).map(ContestDay::ordinal);
    assert_eq!((ordinal(window), ordinal(tokyo)), (Some(1), Some(2)));
    assert!(
        tokyo
            .to_string()
            .starts_with("[2020-05-06T01:00:00+09:00, ")
    );
    assert_ne!(window, tokyo);
}

#[test]
fn a_zone_is_read_and_written_one_way_and_lies_between_minus_12_and_plus_14() {
    for text in ["+08:00", "-12:00", "+14:00", "+00:00", "-00:30", "+05:45"] {
        assert_eq!(text.parse::<Zone>().unwrap().to_string(), text);
    }
    for minutes in [-721, 841, i32::MIN, i32::MAX] {
        let refusal = CivilTimeError::NoSuchZone { minutes };
        assert_eq!(Zone::ahead_of_utc(minutes), Err(refusal));
    }
    for text in [
        "8", "+8:00", "08:00", "-00:00", "+08:60", "+08:-1", "", "北京",
    ] {
        let refusal = CivilTimeError::NotAnOffset { text: text.into() };
        assert_eq!(text.parse::<Zone>(), Err(refusal));
    }
}

#[test]
fn a_moved_window_keeps_its_length_and_its_zone() {
    let zone = "-03:30".parse().unwrap();
    let week = days("2020-02-22", "2020-02-28").in_zone(zone);
    let moved = week.moved(60).unwrap();
    assert_eq!(moved.moved(-60), Ok(week));
    assert_eq!((moved.duration(), moved.zone()), (week.duration(), zone));
    assert_eq!(moved.in_zone(Zone::CHINA), days("2020-04-22", "2020-04-28"));
    let n_days = i32::MAX;
    assert_eq!(week.moved(n_days), Err(WindowError::TooFar { n_days }));
}

prop_compose! {
    /// Any instant of the years 1900 to 2200, to the millisecond.
    fn any_instant()(ms in -2_208_988_800_000_i64..7_258_118_400_000) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(ms).unwrap()
    }
}

proptest! {
    /// number = floor((ms + 28 800 000) / 86 400 000), and an instant lies in its own day.
    #[test]
    fn a_day_number_is_the_floor_of_shifted_milliseconds(instant in any_instant()) {
        let day = ShanghaiDay::from_instant(instant);
        let floor = (instant.timestamp_millis() + 28_800_000).div_euclid(86_400_000);
        prop_assert_eq!(i64::from(day.number()), floor);
        prop_assert!(day.start() <= instant && instant < day.end());
        prop_assert_eq!(day.to_string().parse::<ShanghaiDay>(), Ok(day));
    }

    /// The day windows of a window are disjoint, adjoining, and their union is the window.
    #[test]
    fn day_windows_tile_their_window(start in any_instant(), minutes in 1_i64..60_000) {
        let window = Window::new(start, start + TimeDelta::minutes(minutes)).unwrap();
        let mut covered_to = window.start();
        for day in window.contest_days() {
            let part = window.day_window(day).unwrap();
            prop_assert_eq!(part.start(), covered_to);
            prop_assert_eq!(window.contest_day(part.start()), Some(day));
            let last = part.end() - TimeDelta::nanoseconds(1);
            prop_assert_eq!(window.contest_day(last), Some(day));
            covered_to = part.end();
        }
        prop_assert_eq!(covered_to, window.end());
    }

    /// Every zone cuts time into days without holes; an instant lies in its own day.
    #[test]
    fn an_instant_lies_in_its_day_in_every_zone(instant in any_instant(), minutes in -720_i32..=840) {
        let zone = Zone::ahead_of_utc(minutes).unwrap();
        let day = zone.day_of(instant);
        prop_assert!(zone.start_of(day) <= instant && instant < zone.end_of(day));
        prop_assert_eq!(zone.at(day, 24, 0), Ok(zone.start_of(day.next().unwrap())));
        let by_chrono = instant.with_timezone(&zone.offset()).date_naive();
        prop_assert_eq!(day.to_string(), by_chrono.to_string());
    }
}
