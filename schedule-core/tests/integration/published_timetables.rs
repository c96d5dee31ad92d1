//! Every printed row of both timetables of 2020, written out a second time as the documents print them.

use schedule_core::published::{original_2020, postponed_2020};
use schedule_core::{Edition, EditionBuilder, Phase, Provenance};

use crate::{city, days};

const ORIGINAL: &str = "\
1	2020-02-08	2020-02-14	前期宣传	
2	2020-02-15	2020-02-21		盐城市
3	2020-02-22	2020-02-28	盐城市	苏州市
4	2020-02-29	2020-03-06	苏州市	南京市
5	2020-03-07	2020-03-13	南京市	徐州市
6	2020-03-14	2020-03-20	徐州市	扬州市
7	2020-03-21	2020-03-27	扬州市	常州市
8	2020-03-28	2020-04-03	常州市	泰州市
9	2020-04-04	2020-04-10	泰州市	镇江市
10	2020-04-11	2020-04-17	镇江市	宿迁市
11	2020-04-18	2020-04-24	宿迁市	连云港市
12	2020-04-25	2020-05-01	连云港市	南通市
13	2020-05-02	2020-05-08	南通市	淮安市
14	2020-05-09	2020-05-15	淮安市	无锡市
15	2020-05-16	2020-05-22	无锡市	
";

const POSTPONED: &str = "\
1	2020-04-15	2020-04-21		盐城市
2	2020-04-22	2020-04-28	盐城市	苏州市
3	2020-04-29	2020-05-05	苏州市	南京市
5	2020-05-06	2020-05-12	南京市	徐州市
6	2020-05-13	2020-05-19	徐州市	扬州市
7	2020-05-20	2020-05-26	扬州市	常州市
8	2020-05-27	2020-06-02	常州市	泰州市
9	2020-06-03	2020-06-09	泰州市	镇江市
10	2020-06-10	2020-06-16	镇江市	宿迁市
11	2020-06-17	2020-06-23	宿迁市	连云港市
12	2020-06-24	2020-06-30	连云港市	南通市
13	2020-07-01	2020-07-07	南通市	淮安市
14	2020-07-08	2020-07-14	淮安市	无锡市
15	2020-07-15	2020-07-21	无锡市	
";

/// Prints an edition's rows the way the annexes do.
fn print(edition: &Edition) -> String {
    let city_name = |phase: &Phase| {
        let city = phase.city().and_then(|slug| edition.province().city(slug));
        city.map_or(phase.chinese_name(), |city| city.name())
            .to_owned()
    };
    let row = |row: &schedule_core::Row| {
        let cell = |wanted: fn(&Phase) -> bool| {
            let phase = row.phases().iter().find(|phase| wanted(phase));
            phase.map_or(String::new(), city_name)
        };
        format!(
            "{}\t{}\t{}\t{}\t{}\n",
            row.label(),
            row.window().first_day(),
            row.window().last_day(),
            cell(|phase| matches!(phase, Phase::Contest(_) | Phase::Publicity)),
            cell(|phase| matches!(phase, Phase::Preheat(_))),
        )
    };
    edition.rows().iter().map(row).collect()
}

fn stage(edition: &Edition, phase: &Phase) -> Vec<(schedule_core::Window, Provenance)> {
    let stages = edition.phases().iter().filter(|s| s.phase() == phase);
    stages.map(|s| (s.window(), s.provenance())).collect()
}

#[test]
fn value_stability_every_row_of_the_original_timetable() {
    assert_eq!(print(&original_2020()), ORIGINAL);
}

#[test]
fn value_stability_every_row_of_the_postponed_timetable() {
    assert_eq!(print(&postponed_2020()), POSTPONED);
}

#[test]
fn both_published_timetables_pass_the_builders_checks_unchanged() {
    for edition in [original_2020(), postponed_2020()] {
        let rebuilt = EditionBuilder::from(edition.clone()).build();
        assert_eq!(rebuilt, Ok(edition));
    }
}

#[test]
fn both_timetables_play_the_same_cities_in_the_same_order() {
    let order = |edition: &Edition| -> Vec<_> {
        let rounds = edition.rounds().iter();
        rounds
            .map(|r| (r.index(), r.city().slug().clone()))
            .collect()
    };
    let expected = "yancheng suzhou nanjing xuzhou yangzhou changzhou taizhou zhenjiang suqian lianyungang nantong huaian wuxi";
    let expected: Vec<_> = (1..).zip(expected.split(' ').map(city)).collect();
    assert_eq!(order(&original_2020()), expected);
    assert_eq!(order(&postponed_2020()), expected);
}

#[test]
fn both_seasons_are_ninety_one_contiguous_days() {
    for (edition, season) in [
        (original_2020(), days("2020-02-22", "2020-05-22")),
        (postponed_2020(), days("2020-04-22", "2020-07-21")),
    ] {
        assert_eq!(edition.season(), season);
        assert_eq!(edition.gaps().count(), 0);
        let n_days: u32 = edition.rounds().iter().map(|r| r.window().n_days()).sum();
        assert_eq!((n_days, season.n_days()), (91, 91));
        assert!(edition.rounds().iter().all(|r| r.window().n_days() == 7));
    }
}

#[test]
fn every_city_is_in_preheat_in_the_week_before_its_contest() {
    for edition in [original_2020(), postponed_2020()] {
        for round in edition.rounds() {
            let preheat = round.preheat().unwrap();
            assert_eq!(
                (preheat.end(), preheat.n_days()),
                (round.window().start(), 7)
            );
        }
    }
}

#[test]
fn the_postponement_moves_every_contest_by_sixty_days() {
    let (original, postponed) = (original_2020(), postponed_2020());
    for (before, after) in original.rounds().iter().zip(postponed.rounds()) {
        let moved = after.window().start() - before.window().start();
        assert_eq!(moved.num_days(), 60);
    }
}

#[test]
fn the_missing_label_four_moves_no_index() {
    let edition = postponed_2020();
    let labels: Vec<_> = edition
        .rounds()
        .iter()
        .map(|r| (r.index(), r.label()))
        .collect();
    assert_eq!(labels[..4], [(1, "2"), (2, "3"), (3, "5"), (4, "6")]);
    assert!(edition.rows().iter().all(|row| row.label() != "4"));
}

#[test]
fn only_the_summary_of_the_postponed_edition_was_never_published() {
    let (original, postponed) = (original_2020(), postponed_2020());
    let summary = [(days("2020-05-23", "2020-05-30"), Provenance::Published)];
    assert_eq!(stage(&original, &Phase::Summary), summary);
    let summary = [(days("2020-07-22", "2020-07-29"), Provenance::Derived)];
    assert_eq!(stage(&postponed, &Phase::Summary), summary);
    let derived = |edition: &Edition| {
        let phases = edition.phases().iter();
        phases
            .filter(|s| s.provenance() == Provenance::Derived)
            .count()
    };
    assert_eq!((derived(&original), derived(&postponed)), (0, 1));
}

#[test]
fn publicity_has_one_window_per_edition() {
    let expected = [(days("2020-02-08", "2020-02-21"), Provenance::Published)];
    assert_eq!(stage(&original_2020(), &Phase::Publicity), expected);
    let expected = [(days("2020-04-15", "2020-04-21"), Provenance::Published)];
    assert_eq!(stage(&postponed_2020(), &Phase::Publicity), expected);
}
