//! Which days each city had, against figures counted by hand from the State Council's notices.

use schedule_core::holidays::Holidays;
use schedule_core::published::{original_2020, postponed_2020};
use schedule_core::{Exposure, ExposureReport, Phase};

use crate::{builder, city, days};

fn column<T>(report: &ExposureReport, value: impl Fn(&Exposure) -> T) -> Vec<T> {
    report.cities().iter().map(value).collect()
}

#[test]
fn the_days_off_of_both_editions_are_those_counted_by_hand() {
    let holidays = Holidays::china_2020();
    let original = ExposureReport::new(&original_2020(), &holidays);
    let postponed = ExposureReport::new(&postponed_2020(), &holidays);
    assert_eq!(
        column(&original, Exposure::days_off),
        [2, 2, 2, 2, 2, 2, 3, 2, 2, 2, 4, 1, 2]
    );
    assert_eq!(
        column(&postponed, Exposure::days_off),
        [1, 5, 1, 2, 2, 2, 2, 2, 2, 3, 2, 2, 2]
    );
    assert_eq!(
        column(&postponed, |city| city.make_up_workdays),
        [1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    );
    assert!(!original.is_even() && !postponed.is_even());
}

#[test]
fn every_day_is_counted_once_and_every_weekday_once_a_week() {
    for edition in [original_2020(), postponed_2020()] {
        let report = ExposureReport::new(&edition, &Holidays::china_2020());
        for city in report.cities() {
            let n_days =
                city.workdays + city.make_up_workdays + city.days_off() + city.unknown_days;
            assert_eq!((n_days, city.unknown_days), (7, 0));
            assert_eq!(city.weekdays, [1; 7]);
        }
        let since = column(&report, |city| city.days_since_previous);
        assert_eq!(since[0], None);
        assert!(since[1..].iter().all(|since| *since == Some(0)));
    }
}

#[test]
fn days_outside_the_known_span_are_unknown_and_gaps_are_counted() {
    let edition = builder()
        .row(
            "1",
            days("2020-12-29", "2021-01-02"),
            [Phase::Contest(city("wuxi"))],
        )
        .row(
            "2",
            days("2021-01-06", "2021-01-06"),
            [Phase::Contest(city("suzhou"))],
        )
        .build()
        .unwrap();
    let report = ExposureReport::new(&edition, &Holidays::china_2020());
    assert_eq!(column(&report, |city| city.unknown_days), [2, 1]);
    assert_eq!(report.cities()[1].days_since_previous, Some(3));
    assert_eq!(
        report.table().text(),
        "\
城市    天数  工作日  调休上班  周末  节假日  休息日合计  未知  星期构成    距上一城结束
无锡市  5     3       0         0     0       0           2     二三四五六  —
苏州市  1     0       0         0     0       0           1     三          3天
"
    );
}

#[test]
fn an_even_edition_is_said_to_be_even() {
    let edition = builder()
        .row(
            "1",
            days("2020-06-01", "2020-06-07"),
            [Phase::Contest(city("wuxi"))],
        )
        .row(
            "2",
            days("2020-06-08", "2020-06-14"),
            [Phase::Contest(city("suzhou"))],
        )
        .build()
        .unwrap();
    assert!(ExposureReport::new(&edition, &Holidays::china_2020()).is_even());
}
