//! What is on at the edges of windows.

use schedule_core::Phase;
use schedule_core::published::{original_2020, postponed_2020};

use crate::{city, instant};

fn open_in_postponed(text: &str) -> Option<String> {
    let edition = postponed_2020();
    let round = edition.contest_at(instant(text))?;
    Some(round.city().name().to_owned())
}

#[test]
fn a_city_closes_at_the_instant_the_next_one_opens() {
    let open = |text| open_in_postponed(text);
    assert_eq!(
        open("2020-05-05T23:59:59.999+08:00").as_deref(),
        Some("苏州市")
    );
    assert_eq!(open("2020-05-06T00:00:00+08:00").as_deref(), Some("南京市"));
    assert_eq!(
        open("2020-05-12T23:59:59.999999999+08:00").as_deref(),
        Some("南京市")
    );
    assert_eq!(open("2020-05-13T00:00:00+08:00").as_deref(), Some("徐州市"));
}

#[test]
fn nobody_is_open_before_the_first_and_after_the_last_contest() {
    assert_eq!(open_in_postponed("2020-04-21T23:59:59.999+08:00"), None);
    assert_eq!(
        open_in_postponed("2020-04-22T00:00:00+08:00").as_deref(),
        Some("盐城市")
    );
    assert_eq!(
        open_in_postponed("2020-07-21T23:59:59.999+08:00").as_deref(),
        Some("无锡市")
    );
    assert_eq!(open_in_postponed("2020-07-22T00:00:00+08:00"), None);
}

#[test]
fn the_zone_an_instant_is_written_in_does_not_matter() {
    assert_eq!(
        open_in_postponed("2020-05-05T16:00:00Z").as_deref(),
        Some("南京市")
    );
    assert_eq!(
        open_in_postponed("2020-05-05T11:59:59.999-04:00").as_deref(),
        Some("苏州市")
    );
}

#[test]
fn the_leap_day_opens_suzhou_in_the_original_timetable() {
    let edition = original_2020();
    let round = edition
        .contest_at(instant("2020-02-29T00:00:00+08:00"))
        .unwrap();
    assert_eq!((round.city().slug(), round.label()), (&city("suzhou"), "4"));
}

#[test]
fn phases_of_a_contest_week_are_one_contest_and_the_next_preheat() {
    let edition = postponed_2020();
    let phases: Vec<_> = edition
        .phases_at(instant("2020-05-06T00:00:00+08:00"))
        .map(|scheduled| (scheduled.phase().clone(), scheduled.label()))
        .collect();
    let expected = [
        (Phase::Contest(city("nanjing")), Some("5")),
        (Phase::Preheat(city("xuzhou")), Some("5")),
    ];
    assert_eq!(phases, expected);
}

#[test]
fn publicity_goes_on_during_the_first_preheat() {
    let edition = original_2020();
    let on = |text| -> Vec<String> {
        let phases = edition.phases_at(instant(text));
        phases
            .map(|scheduled| scheduled.phase().to_string())
            .collect()
    };
    assert_eq!(on("2020-02-07T23:59:59.999+08:00"), [""; 0]);
    assert_eq!(on("2020-02-14T23:59:59.999+08:00"), ["publicity"]);
    assert_eq!(
        on("2020-02-15T00:00:00+08:00"),
        ["publicity", "preheat of yancheng"]
    );
    assert_eq!(
        on("2020-02-22T00:00:00+08:00"),
        ["contest of yancheng", "preheat of suzhou"]
    );
    assert_eq!(on("2020-05-23T00:00:00+08:00"), ["summary"]);
}

#[test]
fn preheat_passes_to_the_next_city_at_midnight_and_ends_before_the_last_contest() {
    let edition = postponed_2020();
    let preheat = |text| {
        edition
            .preheat_at(instant(text))
            .map(|r| r.city().slug().clone())
    };
    assert_eq!(preheat("2020-04-14T23:59:59.999+08:00"), None);
    assert_eq!(
        preheat("2020-04-21T23:59:59.999+08:00"),
        Some(city("yancheng"))
    );
    assert_eq!(preheat("2020-04-22T00:00:00+08:00"), Some(city("suzhou")));
    assert_eq!(preheat("2020-07-15T00:00:00+08:00"), None);
}

#[test]
fn the_next_opening_is_strictly_later() {
    let edition = postponed_2020();
    let next = |text| {
        edition
            .next_opening(instant(text))
            .map(|r| r.city().slug().clone())
    };
    assert_eq!(
        next("2020-04-21T23:59:59.999+08:00"),
        Some(city("yancheng"))
    );
    assert_eq!(next("2020-04-22T00:00:00+08:00"), Some(city("suzhou")));
    assert_eq!(next("2020-07-15T00:00:00+08:00"), None);
}

#[test]
fn the_last_closed_round_changes_at_its_end() {
    let edition = postponed_2020();
    let closed = |text| {
        edition
            .last_closed(instant(text))
            .map(|r| r.city().slug().clone())
    };
    assert_eq!(closed("2020-04-28T23:59:59.999+08:00"), None);
    assert_eq!(closed("2020-04-29T00:00:00+08:00"), Some(city("yancheng")));
    assert_eq!(closed("2030-01-01T00:00:00+08:00"), Some(city("wuxi")));
}

#[test]
fn the_next_change_is_strictly_later_and_there_is_none_after_the_summary() {
    let edition = postponed_2020();
    let change = |text| edition.next_change(instant(text));
    assert_eq!(
        change("2020-01-01T00:00:00+08:00"),
        Some(instant("2020-04-15T00:00:00+08:00"))
    );
    assert_eq!(
        change("2020-07-15T00:00:00+08:00"),
        Some(instant("2020-07-22T00:00:00+08:00"))
    );
    assert_eq!(
        change("2020-07-22T00:00:00+08:00"),
        Some(instant("2020-07-30T00:00:00+08:00"))
    );
    assert_eq!(change("2020-07-30T00:00:00+08:00"), None);
}

#[test]
fn neighbours_of_a_round_end_at_both_ends() {
    let edition = postponed_2020();
    let next = |slug| {
        edition
            .next_round(&city(slug))
            .map(|r| r.city().slug().clone())
    };
    let previous = |slug| {
        edition
            .previous_round(&city(slug))
            .map(|r| r.city().slug().clone())
    };
    assert_eq!(
        (previous("yancheng"), next("yancheng")),
        (None, Some(city("suzhou")))
    );
    assert_eq!(
        (previous("wuxi"), next("wuxi")),
        (Some(city("huaian")), None)
    );
    assert_eq!((previous("hangzhou"), next("hangzhou")), (None, None));
    assert_eq!(edition.round_of(&city("hangzhou")), None);
}

#[test]
fn the_contest_day_names_the_city_and_its_day_while_one_is_open() {
    let edition = postponed_2020();
    let day = |text| {
        let (round, day) = edition.contest_day(instant(text))?;
        Some((round.city().name().to_owned(), day.ordinal()))
    };
    let named = |name: &str, ordinal| Some((name.to_owned(), ordinal));
    assert_eq!(day("2020-04-21T23:59:59.999+08:00"), None);
    assert_eq!(day("2020-04-22T00:00:00+08:00"), named("盐城市", 1));
    assert_eq!(day("2020-04-28T23:59:59.999+08:00"), named("盐城市", 7));
    assert_eq!(day("2020-04-29T00:00:00+08:00"), named("苏州市", 1));
    assert_eq!(day("2020-07-22T00:00:00+08:00"), None);
}
