//! Each reason why a timetable is not an edition, and what is not a reason.

use schedule_core::{
    EditionBuilder, EditionError, EditionSlug, MAX_PHASES, Phase, Provenance, Window, Zone, jiangsu,
};

use crate::{builder, city, civil, days};

fn contest(slug: &str) -> [Phase; 1] {
    [Phase::Contest(city(slug))]
}

fn preheat(slug: &str) -> [Phase; 1] {
    [Phase::Preheat(city(slug))]
}

fn week(n: u32) -> Window {
    let first = civil("2027-03-01").checked_add_days(n * 7).unwrap();
    Window::of_days(first..=first.checked_add_days(6).unwrap()).unwrap()
}

fn refusal(builder: EditionBuilder) -> EditionError {
    builder.build().unwrap_err()
}

#[test]
fn a_blank_title_is_refused() {
    let slug = EditionSlug::new("trial").unwrap();
    let builder = EditionBuilder::new(slug.clone(), " \u{3000}", jiangsu());
    let builder = builder.row("1", week(0), contest("wuxi"));
    assert_eq!(refusal(builder), EditionError::BlankTitle { slug });
}

#[test]
fn an_edition_without_contest_is_refused() {
    let slug = EditionSlug::new("trial").unwrap();
    let expected = EditionError::NoContest { slug };
    assert_eq!(refusal(builder()), expected);
    let builder = builder().row("1", week(0), [Phase::Publicity]);
    assert_eq!(refusal(builder), expected);
}

#[test]
fn a_row_without_phase_is_refused() {
    let builder = builder().row("7", week(0), []);
    let label = "7".into();
    assert_eq!(refusal(builder), EditionError::EmptyRow { label });
}

#[test]
fn a_city_outside_the_province_is_refused() {
    for phases in [contest("hangzhou"), preheat("hangzhou")] {
        let expected = EditionError::UnknownCity {
            label: "1".into(),
            city: city("hangzhou"),
        };
        assert_eq!(refusal(builder().row("1", week(0), phases)), expected);
    }
}

#[test]
fn a_row_that_starts_before_the_row_above_is_refused() {
    let builder = builder().row("1", week(1), contest("wuxi"));
    let expected = EditionError::RowsOutOfOrder {
        above: "1".into(),
        label: "2".into(),
    };
    assert_eq!(
        refusal(builder.row("2", week(0), contest("suzhou"))),
        expected
    );
}

#[test]
fn two_contests_that_share_a_day_are_refused_with_the_day() {
    let builder = builder().row("1", days("2027-03-01", "2027-03-07"), contest("wuxi"));
    let builder = builder.row("2", days("2027-03-07", "2027-03-13"), contest("suzhou"));
    let expected = EditionError::ContestsOverlap {
        first: city("wuxi"),
        second: city("suzhou"),
        label: "2".into(),
        overlap: days("2027-03-07", "2027-03-07"),
    };
    assert_eq!(refusal(builder), expected);
}

#[test]
fn two_contests_in_one_row_are_refused() {
    let both = [Phase::Contest(city("wuxi")), Phase::Contest(city("suzhou"))];
    let expected = EditionError::ContestsOverlap {
        first: city("wuxi"),
        second: city("suzhou"),
        label: "1".into(),
        overlap: week(0),
    };
    assert_eq!(refusal(builder().row("1", week(0), both)), expected);
}

#[test]
fn a_second_contest_of_a_city_is_refused() {
    let builder = builder().row("1", week(0), contest("wuxi"));
    let expected = EditionError::RepeatedContest {
        city: city("wuxi"),
        first_label: "1".into(),
        second_label: "2".into(),
    };
    assert_eq!(
        refusal(builder.row("2", week(1), contest("wuxi"))),
        expected
    );
}

#[test]
fn a_second_preheat_of_a_city_is_refused() {
    let builder = builder().row("1", week(0), preheat("wuxi"));
    let builder = builder.row("2", week(1), preheat("wuxi"));
    let expected = EditionError::RepeatedPreheat {
        city: city("wuxi"),
        first_label: "1".into(),
        second_label: "2".into(),
    };
    assert_eq!(
        refusal(builder.row("3", week(2), contest("wuxi"))),
        expected
    );
}

#[test]
fn a_preheat_without_contest_is_refused() {
    let builder = builder().row("1", week(0), preheat("suzhou"));
    let expected = EditionError::PreheatWithoutContest {
        city: city("suzhou"),
        label: "1".into(),
    };
    assert_eq!(
        refusal(builder.row("2", week(1), contest("wuxi"))),
        expected
    );
}

#[test]
fn a_preheat_that_runs_into_its_contest_is_refused() {
    let builder = builder().row("1", week(0), contest("wuxi"));
    let expected = EditionError::PreheatAfterOpening {
        city: city("wuxi"),
        label: "2".into(),
        preheat: week(1),
        opening: week(0).start(),
    };
    assert_eq!(
        refusal(builder.row("2", week(1), preheat("wuxi"))),
        expected
    );
}

#[test]
fn a_printed_stage_outside_the_declared_one_is_refused() {
    let builder = builder().row("1", week(0), [Phase::Publicity]);
    let builder = builder.row("2", week(2), contest("wuxi"));
    let expected = EditionError::RowOutsideStage {
        phase: Phase::Publicity,
        label: "1".into(),
        declared: week(1),
    };
    assert_eq!(
        refusal(builder.publicity(week(1), Provenance::Published)),
        expected
    );
}

#[test]
fn publicity_that_starts_with_the_first_contest_is_refused() {
    let builder = builder().row("1", week(0), contest("wuxi"));
    let expected = EditionError::PublicityAfterOpening {
        publicity: week(0),
        opening: week(0).start(),
    };
    assert_eq!(
        refusal(builder.publicity(week(0), Provenance::Published)),
        expected
    );
}

#[test]
fn a_summary_before_the_last_contest_closes_is_refused() {
    let builder = builder().row("1", week(0), contest("wuxi"));
    let expected = EditionError::SummaryBeforeClosing {
        summary: week(0),
        closing: week(0).end(),
    };
    let declared = builder.clone().summary(week(0), Provenance::Derived);
    assert_eq!(refusal(declared), expected);
    assert_eq!(
        refusal(builder.row("2", week(0), [Phase::Summary])),
        expected
    );
}

#[test]
fn one_phase_too_many_is_refused() {
    let fill = |n_phases| {
        let publicity = std::iter::repeat_n(Phase::Publicity, n_phases - 1);
        let builder = builder().row("1", week(0), publicity);
        builder.row("2", week(1), contest("wuxi")).build()
    };
    let n_phases = MAX_PHASES + 1;
    assert_eq!(
        fill(n_phases),
        Err(EditionError::TooManyPhases { n_phases })
    );
    assert_eq!(fill(MAX_PHASES).unwrap().phases().len(), MAX_PHASES);
}

#[test]
fn gaps_repeated_labels_and_overlapping_preheats_are_no_reason() {
    let preheats = [Phase::Preheat(city("wuxi")), Phase::Preheat(city("suzhou"))];
    let edition = builder()
        .row("一", week(0), preheats)
        .row("一", week(1), contest("wuxi"))
        .row("一", week(3), contest("suzhou"))
        .row("一", week(4), [Phase::Summary])
        .build()
        .unwrap();
    let gaps: Vec<_> = edition.gaps().collect();
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].window(), week(2));
    let neighbours = [gaps[0].after(), gaps[0].before()].map(|round| round.city().name());
    assert_eq!(neighbours, ["无锡市", "苏州市"]);
    assert_eq!(edition.contest_at(week(2).start()), None);
    let preheated = edition.preheat_at(week(0).start()).map(|r| r.city().slug());
    assert_eq!(preheated, Some(&city("wuxi")));
}

#[test]
fn every_fault_is_named_in_one_pass_with_its_row() {
    let tokyo: Zone = "+09:00".parse().unwrap();
    let builder = builder()
        .row("1", week(0), preheat("wuxi"))
        .row("2", week(1), contest("wuxi"))
        .row("3", week(1), contest("hangzhou"))
        .row("4", week(2), [])
        .row("5", week(0), preheat("wuxi"))
        .row("6", week(3), preheat("nanjing"))
        .row("7", week(4).in_zone(tokyo), [Phase::Summary]);
    let faults = builder.faults();
    let rows: Vec<_> = faults.iter().map(EditionError::row_label).collect();
    let named = ["3", "4", "5", "7", "3", "5", "6"].map(Some);
    assert_eq!(rows, named);
    assert!(matches!(faults[0], EditionError::UnknownCity { .. }));
    assert!(matches!(faults[1], EditionError::EmptyRow { .. }));
    assert!(matches!(faults[2], EditionError::RowsOutOfOrder { .. }));
    assert!(matches!(faults[3], EditionError::MixedZones { .. }));
    assert!(matches!(faults[4], EditionError::ContestsOverlap { .. }));
    assert!(matches!(faults[5], EditionError::RepeatedPreheat { .. }));
    assert!(matches!(
        faults[6],
        EditionError::PreheatWithoutContest { .. }
    ));
    assert_eq!(refusal(builder), faults[0]);
}

#[test]
fn a_long_contest_far_above_is_still_seen_to_overlap() {
    let builder = builder()
        .row("1", days("2027-03-01", "2027-03-31"), contest("wuxi"))
        .row("2", days("2027-03-03", "2027-03-04"), contest("suzhou"))
        .row("3", days("2027-03-10", "2027-03-11"), contest("nanjing"));
    let labels: Vec<_> = builder
        .faults()
        .iter()
        .map(|fault| fault.row_label().unwrap().to_owned())
        .collect();
    assert_eq!(labels, ["2", "3"]);
}
