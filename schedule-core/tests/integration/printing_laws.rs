//! Printing and reading agree, and reading never breaks.

use chrono::TimeDelta;
use proptest::prelude::*;
use schedule_core::published::{original_2020, postponed_2020};
use schedule_core::timetable::{CellRow, Reader};
use schedule_core::{
    City, CitySlug, CivilDay, Edition, EditionBuilder, EditionSlug, Phase, Provenance, Province,
    Window, Zone,
};

use crate::civil;

/// Days of gap, days of contest, whether the preheat shares the row above, minutes shifted at both ends.
type Shape = (u32, u32, bool, i64, i64);

fn edition_of(first: CivilDay, zone: Zone, shapes: &[Shape]) -> Edition {
    let slug = |n| CitySlug::new(format!("city-{n}")).unwrap();
    let cities = (0..shapes.len()).map(|n| City::new(slug(n), format!("第{n}市"), vec![]).unwrap());
    let province = Province::new("某省", cities.collect()).unwrap();
    let mut builder = EditionBuilder::new(EditionSlug::new("random").unwrap(), "随机", province);
    let mut begin = first;
    let mut rows: Vec<(Window, Vec<Phase>)> = Vec::new();
    for (n, &(gap, length, is_preheated, later, earlier)) in shapes.iter().enumerate() {
        begin = begin.checked_add_days(gap).unwrap();
        let last = begin.checked_add_days(length - 1).unwrap();
        let whole = Window::of_days_in(zone, begin..=last).unwrap();
        let window = Window::new(
            whole.start() + TimeDelta::minutes(later),
            whole.end() - TimeDelta::milliseconds(earlier),
        );
        let window = window.unwrap().in_zone(zone);
        if let Some((above, phases)) = rows.last_mut().filter(|_| is_preheated)
            && above.end() <= window.start()
        {
            phases.push(Phase::Preheat(slug(n)));
        }
        rows.push((window, vec![Phase::Contest(slug(n))]));
        begin = last.next().unwrap();
    }
    let season_end = rows.last().unwrap().0.last_day();
    for (n, (window, phases)) in rows.into_iter().enumerate() {
        builder = builder.row((n * 2).to_string(), window, phases);
    }
    let summary = season_end.checked_add_days(2).unwrap();
    let summary = Window::of_days_in(zone, summary..=summary).unwrap();
    builder
        .summary(summary, Provenance::Derived)
        .build()
        .unwrap()
}

prop_compose! {
    fn any_edition()(
        // 2019-07-01 to 2021-06-30: leap days and turns of the year are common.
        number in 18_078_i32..18_808,
        minutes in prop_oneof![2 => Just(480_i32), 1 => -720_i32..=840],
        shapes in prop::collection::vec(
            (
                prop_oneof![2 => Just(0_u32), 1 => 0_u32..150],
                1_u32..60,
                any::<bool>(),
                prop_oneof![2 => Just(0_i64), 1 => 0_i64..600],
                prop_oneof![2 => Just(0_i64), 1 => 0_i64..40_000_000],
            ),
            1..12,
        ),
    ) -> Edition {
        let zone = Zone::ahead_of_utc(minutes).unwrap();
        edition_of(CivilDay::from_number(number).unwrap(), zone, &shapes)
    }
}

fn reader(edition: &Edition) -> Reader {
    let year = edition.rows()[0].window().first_day().year();
    let slug = edition.slug().clone();
    Reader::new(slug, edition.title(), edition.province().clone(), year).zone(edition.zone())
}

#[test]
fn both_published_editions_survive_being_printed_and_read() {
    for edition in [original_2020(), postponed_2020()] {
        let read = reader(&edition).read_text(&edition.notice());
        assert_eq!(read.into_edition(), Ok(edition));
    }
}

#[test]
fn the_postponed_table_is_printed_as_in_the_notice() {
    let notice = include_str!("../fixtures/notice-of-april-2020.txt");
    let printed = postponed_2020().timetable().tab_separated();
    assert!(notice.ends_with(&printed), "{printed}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Printing, reading and printing again changes neither the edition nor the print.
    #[test]
    fn what_is_printed_is_read_back(edition in any_edition()) {
        let notice = edition.notice();
        let read = reader(&edition).read_text(&notice).into_edition();
        let read = read.map_err(|findings| TestCaseError::fail(format!("{findings:?}\n{notice}")))?;
        prop_assert_eq!(read.notice(), notice);
        prop_assert_eq!(&read, &edition);
        let table = edition.timetable();
        for text in [table.csv(), table.markdown(), table.text(), table.tab_separated()] {
            let read = reader(&edition).read_text(&text).into_edition();
            let read = read.map_err(|findings| TestCaseError::fail(format!("{findings:?}\n{text}")))?;
            prop_assert_eq!(read.rows(), edition.rows());
        }
    }

    /// Any text gives a reading, and an edition exactly when no finding is an error.
    #[test]
    fn no_text_breaks_the_reader(text in any_text()) {
        let edition = postponed_2020();
        let reading = reader(&edition).read_text(&text);
        let has_error = reading.findings().iter().any(|f| f.severity() == schedule_core::timetable::Severity::Error);
        prop_assert_eq!(reading.edition().is_none(), has_error);
    }

    /// Any cells, in any columns, too.
    #[test]
    fn no_sheet_breaks_the_reader(
        rows in prop::collection::vec((any::<u32>(), prop::collection::vec((any::<u32>(), any_text()), 0..5)), 0..8),
    ) {
        let rows: Vec<CellRow> = rows.into_iter().map(|(number, cells)| CellRow::new(number, cells)).collect();
        let reading = reader(&postponed_2020()).read_rows(&rows);
        prop_assert!(reading.edition().is_some() || !reading.findings().is_empty());
    }
}

/// Arbitrary text, and texts made of the parts that timetables are made of.
fn any_text() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "序号",
        "日期",
        "竞赛",
        "预热",
        "\t",
        "\n",
        ",",
        "|",
        "  ",
        "\"",
        "\u{3000}",
        "2月29日",
        "—",
        "3月6日",
        "12月31日",
        "1月1日",
        "24:00",
        "0:00",
        "99",
        "南京市",
        "无锡",
        "前期宣传",
        "总结",
        "宣传阶段：",
        "（推定）",
        "二十",
        "十",
        "十十",
        "周",
        "周六",
        "星期",
        "2020年",
        "0",
        "-",
        "/",
        ".",
        "4294967296",
        "年",
        "月",
        "日",
        "时",
        "（",
        "）",
        "\\",
        "\r",
    ]);
    prop_oneof![
        1 => any::<String>(),
        3 => prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat()),
    ]
}

#[test]
fn the_first_day_decides_the_year_to_read_with() {
    let first = civil("2019-12-30");
    let edition = edition_of(first, Zone::CHINA, &[(0, 7, false, 0, 0)]);
    let text = edition.timetable().tab_separated();
    assert!(text.contains("12月30日—2020年1月5日"), "{text}");
}

#[test]
fn a_label_with_a_quotation_mark_is_printed_so_that_it_is_read_back() {
    let row = CellRow::new(1, [(1, "\"一"), (2, "3月1日"), (3, "无锡")]);
    let edition = reader(&postponed_2020())
        .read_rows(&[row])
        .into_edition()
        .unwrap();
    assert_eq!(edition.rows()[0].label(), "\"一");
    for text in [
        edition.notice(),
        edition.timetable().csv(),
        edition.timetable().markdown(),
    ] {
        let read = reader(&edition).read_text(&text).into_edition().unwrap();
        assert_eq!(read.rows(), edition.rows(), "{text}");
    }
}
