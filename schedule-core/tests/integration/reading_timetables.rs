//! Timetables as offices print them: what is read, what is warned of, what is refused, and where.

use chrono::{TimeDelta, Weekday};
use schedule_core::published::{original_2020, postponed_2020};
use schedule_core::timetable::{CellRow, Finding, Matter, Reader, Reading, Severity};
use schedule_core::{EditionSlug, Phase, Round, Row, Window, jiangsu};

use crate::{city, civil, days, instant};

/// Section five and annex two of the plan of December 2019.
const PLAN: &str = include_str!("../fixtures/plan-of-december-2019.txt");
/// The annex of the notice of April 2020.
const NOTICE: &str = include_str!("../fixtures/notice-of-april-2020.txt");

fn reader(year: i32) -> Reader {
    let slug = EditionSlug::new("trial").unwrap();
    Reader::new(slug, "试运行", jiangsu(), year)
}

/// Reads one row of dates in which Wuxi plays.
fn window_in(year: i32, dates: &str) -> Result<Window, Vec<String>> {
    let row = CellRow::new(1, [(1, "1"), (2, dates), (3, "无锡市")]);
    let reading = reader(year).read_rows(&[heading(), row]);
    let edition = reading.into_edition();
    edition
        .map(|edition| edition.season())
        .map_err(|findings| findings.iter().map(ToString::to_string).collect())
}

fn heading() -> CellRow {
    CellRow::new(1, [(1, "序号"), (2, "日期"), (3, "竞赛"), (4, "预热")])
}

fn texts(reading: &Reading) -> Vec<String> {
    reading.findings().iter().map(ToString::to_string).collect()
}

/// Rounds without their districts: place, label, city, contest, preheat.
type Played = (u32, String, String, Window, Option<Window>);

fn played(rounds: &[Round]) -> Vec<Played> {
    let rounds = rounds.iter();
    let played = rounds.map(|round| {
        let name = round.city().name().to_owned();
        let label = round.label().to_owned();
        (round.index(), label, name, round.window(), round.preheat())
    });
    played.collect()
}

#[test]
fn the_plan_of_2019_reads_as_the_original_edition_with_its_15_rows() {
    let reading = reader(2020).read_text(PLAN);
    assert_eq!(
        texts(&reading),
        ["line 13, column 3: 2020-02-29 exists in leap years only"]
    );
    assert_eq!(reading.n_rows(), 15);
    let edition = reading.into_edition().unwrap();
    let original = original_2020();
    assert_eq!(edition.rows(), original.rows());
    assert_eq!(edition.phases(), original.phases());
    assert_eq!(edition.rounds().len(), 13);
    assert_eq!(edition.gaps().count(), 0);
    assert_eq!(edition.season().n_days(), 91);
}

#[test]
fn the_notice_of_2020_reads_as_the_postponed_edition_with_14_rows_and_one_warning() {
    let reading = reader(2020).read_text(NOTICE);
    assert_eq!(
        texts(&reading),
        ["line 7, column 1: row numbers skip from 3 to 5; kept as printed"]
    );
    assert_eq!(reading.findings()[0].severity(), Severity::Warning);
    assert_eq!(reading.n_rows(), 14);
    let edition = reading.into_edition().unwrap();
    assert_eq!(edition.rows(), postponed_2020().rows());
    assert_eq!(edition.rounds().len(), 13);
    assert_eq!(edition.gaps().count(), 0);
    assert_eq!(edition.season().n_days(), 91);
    let plan = reader(2020).read_text(PLAN).into_edition().unwrap();
    for (before, after) in plan.rounds().iter().zip(edition.rounds()) {
        let moved = after.window().start() - before.window().start();
        assert_eq!(moved, TimeDelta::days(60));
    }
}

#[test]
fn one_range_is_read_in_every_way_offices_write_it() {
    let expected = Ok(days("2020-02-29", "2020-03-06"));
    for dates in [
        "2月29日—3月6日",
        "2月29日——3月6日",
        "2月29日–3月6日",
        "2月29日-3月6日",
        "2月29日－3月6日",
        "2月29日--3月6日",
        "2月29日~3月6日",
        "2月29日～3月6日",
        "2月29日〜3月6日",
        "2月29日至3月6日",
        "2月29日 到 3月6日",
        "2 月 29 日 — 3 月 6 日",
        "２月２９日—３月６日",
        "2月29号-3月6号",
        "2月29—3月6日",
        "2.29-3.6",
        "2/29～3/6",
        "2020年2月29日—3月6日",
        "2020年2月29日—2020年3月6日",
        "2020.2.29-2020.3.6",
        "2020/02/29-2020/03/06",
        "2020-02-29至2020-03-06",
        "2020-02-29-2020-03-06",
        "二月二十九日至三月六日",
        "二〇二〇年二月二十九日至三月六日",
        "2月29日（周六）—3月6日（星期五）",
        "2月29日0时—3月6日24时",
        "2月29日零时至3月6日二十四时",
        "2020-02-29 00:00—2020-03-06 24:00",
        "2月29日—3月7日0:00",
    ] {
        assert_eq!(window_in(2020, dates), expected, "{dates}");
    }
}

#[test]
fn the_end_may_leave_out_its_month_and_a_day_may_stand_alone() {
    assert_eq!(
        window_in(2020, "2月8日—14日"),
        Ok(days("2020-02-08", "2020-02-14"))
    );
    assert_eq!(
        window_in(2020, "2月8-14日"),
        Ok(days("2020-02-08", "2020-02-14"))
    );
    assert_eq!(
        window_in(2020, "2.8-14"),
        Ok(days("2020-02-08", "2020-02-14"))
    );
    assert_eq!(
        window_in(2020, "5月4日"),
        Ok(days("2020-05-04", "2020-05-04"))
    );
}

#[test]
fn times_of_day_are_read_to_the_second_and_24_00_is_the_next_midnight() {
    let window = window_in(2020, "4月22日9:00—4月28日18:30:15").unwrap();
    assert_eq!(window.start(), instant("2020-04-22T09:00:00+08:00"));
    assert_eq!(window.end(), instant("2020-04-28T18:30:15+08:00"));
    let window = window_in(2020, "4月22日8时30分—4月28日24:00").unwrap();
    assert_eq!(window.start(), instant("2020-04-22T08:30:00+08:00"));
    assert_eq!(window.end(), instant("2020-04-29T00:00:00+08:00"));
}

#[test]
fn an_end_at_23_59_is_kept_and_warned_of() {
    let text = "序号,日期,竞赛\n1,4月22日0:00—4月28日23:59,无锡市\n";
    let reading = reader(2020).read_text(text);
    let day = civil("2020-04-28");
    let matters: Vec<_> = reading.findings().iter().map(Finding::matter).collect();
    assert_eq!(matters, [&Matter::EndsBeforeMidnight { day }]);
    let season = reading.edition().unwrap().season();
    assert_eq!(season.end(), instant("2020-04-28T23:59:00+08:00"));
}

#[test]
fn dates_without_a_year_turn_it_over_between_rows_and_inside_a_row() {
    let text = "序号\t日期\t竞赛\n1\t12月21日—27日\t无锡市\n2\t12月28日—1月3日\t苏州市\n3\t1月4日—10日\t南京市\n";
    let reading = reader(2020).read_text(text);
    assert_eq!(
        texts(&reading),
        [
            "line 3, column 10: taken to lie in 2021, since no year is printed",
            "line 4, column 3: taken to lie in 2021, since no year is printed"
        ]
    );
    let edition = reading.into_edition().unwrap();
    let windows: Vec<_> = edition.rounds().iter().map(Round::window).collect();
    assert_eq!(
        windows,
        [
            days("2020-12-21", "2020-12-27"),
            days("2020-12-28", "2021-01-03"),
            days("2021-01-04", "2021-01-10"),
        ]
    );
}

#[test]
fn the_leap_day_is_warned_of_in_leap_years_and_refused_in_others() {
    assert_eq!(
        window_in(2021, "2月29日—3月6日"),
        Err(vec![
            "line 1, column 2: there is no day 2021-02-29".to_owned()
        ])
    );
    assert_eq!(
        window_in(2021, "2月27日—2月29日"),
        Err(vec![
            "line 1, column 2: there is no day 2021-02-29".to_owned()
        ])
    );
    assert!(window_in(2024, "2月29日—3月6日").is_ok());
}

#[test]
fn a_weekday_that_disagrees_hints_at_a_wrong_year() {
    let text = "日期 | 竞赛\n4月22日(周三)—4月28日(周二) | 无锡市\n";
    assert_eq!(texts(&reader(2020).read_text(text)), [""; 0]);
    let reading = reader(2021).read_text(text);
    let day = civil("2021-04-22");
    let printed = Weekday::Wed;
    let expected = Matter::WeekdayDisagrees { day, printed };
    assert_eq!(reading.findings()[0].matter(), &expected);
    assert_eq!(
        reading.findings()[0].to_string(),
        "line 2, column 1: 2021-04-22 is a Thu, not a Wed"
    );
    assert!(reading.edition().is_some());
}

#[test]
fn what_is_no_range_of_dates_is_refused_with_its_place() {
    for dates in [
        "待定",
        "2月",
        "2月8日—",
        "—14日",
        "2月8日—14日起",
        "2-29-3-6",
        "2020-02.29",
        "8日—14日",
        "2月8日—3月9日—3月10日",
        "2月8日（待定）—14日",
        "99999999999月8日",
    ] {
        let refusal = window_in(2020, dates).unwrap_err();
        let expected = format!("not a range of dates: {dates:?}");
        assert_eq!(refusal, [format!("line 1, column 2: {expected}")]);
    }
    for (dates, expected) in [
        (
            "2月14日—8日",
            "the range ends before it begins: \"2月14日—8日\"",
        ),
        (
            "3月7日—2月13日",
            "the range ends before it begins: \"3月7日—2月13日\"",
        ),
        ("2月8日—14日25:00", "there is no time of day 25:00"),
        ("2月8日—14日24:01", "there is no time of day 24:01"),
        ("2月30日—3月6日", "there is no day 2020-02-30"),
        ("13月1日—7日", "there is no day 2020-13-01"),
    ] {
        let refusal = window_in(2020, dates).unwrap_err();
        assert_eq!(refusal, [format!("line 1, column 2: {expected}")]);
    }
}

#[test]
fn a_place_in_text_is_the_character_at_which_reading_stops() {
    let text = "序号\t日期\t竞赛\n1\t2月8日—14日起\t无锡市\n2\t2月15日—21日\t杭州市\n";
    assert_eq!(
        texts(&reader(2020).read_text(text)),
        [
            "line 2, column 11: not a range of dates: \"2月8日—14日起\"",
            "line 3, column 13: neither a city of the province nor a stage: \"杭州市\"",
        ]
    );
}

#[test]
fn the_same_table_is_read_with_tabs_commas_pipes_and_spaces() {
    let edition = postponed_2020();
    let table = edition.timetable();
    for text in [
        table.tab_separated(),
        table.csv(),
        table.markdown(),
        table.text(),
        format!("\u{feff}竞赛日程\n\n{}", table.csv()),
    ] {
        let reading = reader(2020).read_text(&text);
        assert_eq!(reading.n_rows(), 14, "{text}");
        let read = reading.into_edition().unwrap();
        assert_eq!(played(read.rounds()), played(edition.rounds()), "{text}");
    }
}

#[test]
fn a_cell_that_looks_like_another_table_does_not_change_how_the_text_is_cut() {
    let label = "| 序号 | 日期 | 竞赛 | 预热 |";
    let row = CellRow::new(2, [(1, label), (2, "2月8日—14日"), (3, "无锡市")]);
    let reading = reader(2020).read_rows(&[heading(), row]);
    let edition = reading.into_edition().unwrap();
    assert_eq!(edition.rows()[0].label(), label);
    let table = edition.timetable();
    for text in [table.tab_separated(), table.csv(), table.markdown()] {
        let read = reader(2020).read_text(&text).into_edition().unwrap();
        assert_eq!(read.rows()[0].label(), label, "{text}");
    }
}

#[test]
fn a_row_that_says_date_beside_a_city_is_no_heading() {
    let text = "序号\t日期\t竞赛\n1\t2月8日—14日\t无锡市\n2\t日期待定\t盐城市\n";
    assert_eq!(
        texts(&reader(2020).read_text(text)),
        ["line 3, column 3: not a range of dates: \"日期待定\""]
    );
}

#[test]
fn a_sheet_is_read_by_its_rows_and_columns() {
    let rows = [
        CellRow::new(2, [(3, "竞赛日程")]),
        CellRow::new(
            4,
            [
                (2, "预热城市"),
                (3, "起止日期"),
                (4, "备注"),
                (5, "竞赛城市"),
            ],
        ),
        CellRow::new(5, [(2, "无 锡"), (3, "2月8日—14日"), (4, ""), (5, "—")]),
        CellRow::new(6, [(3, "2月15日—21日"), (4, "重点"), (5, "wuxi")]),
    ];
    let reading = reader(2020).read_rows(&rows);
    assert_eq!(
        texts(&reading),
        [
            "line 4, column 4: not read: \"备注\"",
            "line 6, column 4: not read: \"重点\"",
        ]
    );
    let edition = reading.into_edition().unwrap();
    let phases: Vec<_> = edition.rows().iter().map(Row::phases).collect();
    let wuxi = || city("wuxi");
    assert_eq!(phases, [[Phase::Preheat(wuxi())], [Phase::Contest(wuxi())]]);
}

#[test]
fn a_table_without_heading_is_number_dates_contest_preheat() {
    let text = "1,2月8日—14日,,无锡\n2,2月15日—21日,无锡,\n";
    let edition = reader(2020).read_text(text).into_edition().unwrap();
    assert_eq!(
        edition.rounds()[0].preheat(),
        Some(days("2020-02-08", "2020-02-14"))
    );
}

#[test]
fn a_quoted_cell_may_hold_a_comma_a_quote_and_a_line_break() {
    let text = "序号,日期,竞赛,预热\r\n\"1\r\n\",\"2月8日—14日\",\"无锡市\",\"苏州市,\"\"\"\r\n2,\"2月15日\n—21日\",苏州市,\r\n";
    let reading = reader(2020).read_text(text);
    assert_eq!(
        texts(&reading),
        ["line 3, column 21: neither a city of the province nor a stage: \"\\\"\""]
    );
    let text = text.replace("\"\"\"", "\"");
    let edition = reader(2020).read_text(&text).into_edition().unwrap();
    assert_eq!(edition.rows()[1].window(), days("2020-02-15", "2020-02-21"));
}

#[test]
fn printed_numbers_are_kept_and_every_oddity_is_warned_of() {
    let text = "序号\t日期\t竞赛\n第2周\t3月1日—7日\t无锡\n二\t3月8日—14日\t苏州\n\t3月15日—21日\t南京\n甲\t3月22日—28日\t徐州\n６\t3月29日—4月4日\t扬州\n9\t4月5日—11日\t常州\n";
    let reading = reader(2020).read_text(text);
    assert_eq!(
        texts(&reading),
        [
            "line 3, column 1: row number \"二\" does not follow \"第2周\"; kept as printed",
            "line 4, column 3: the row has no number",
            "line 7, column 1: row numbers skip from 6 to 9; kept as printed",
        ]
        .map(|text| text.replace("line 4, column 3", "line 4, column 2"))
    );
    let edition = reading.into_edition().unwrap();
    let labels: Vec<_> = edition.rows().iter().map(Row::label).collect();
    assert_eq!(labels, ["第2周", "二", "", "甲", "６", "9"]);
}

#[test]
fn an_unsound_table_is_refused_at_its_rows() {
    let text = "序号\t日期\t竞赛\t预热\n1\t3月1日—7日\t无锡\t\n2\t3月7日—14日\t苏州\t无锡\n";
    let reading = reader(2020).read_text(text);
    assert!(reading.edition().is_none());
    let texts = texts(&reading);
    assert_eq!(texts.len(), 2);
    assert!(
        texts[0].starts_with("line 3, column 3: row \"2\": the contests of wuxi and suzhou overlap in [2020-03-07T00:00:00+08:00, 2020-03-08T00:00:00+08:00)"),
        "{texts:?}"
    );
    assert!(texts[1].contains("the preheat of wuxi"), "{texts:?}");
}

#[test]
fn gaps_and_missing_preheats_are_warned_of() {
    let text = "序号\t日期\t竞赛\t预热\n1\t3月1日—7日\t无锡\t\n2\t3月10日—14日\t苏州\t\n3\t2月1日—2日\t\t苏州\n";
    let rows: Vec<&str> = text.lines().collect();
    let text = [rows[0], rows[3], rows[1], rows[2]].join("\n");
    let matters: Vec<_> = reader(2020)
        .read_text(&text)
        .findings()
        .iter()
        .map(|finding| (finding.place().line(), finding.matter().clone()))
        .collect();
    let above = "3".to_owned();
    let label = "1".to_owned();
    let city = "无锡市".to_owned();
    assert_eq!(
        matters,
        [
            (3, Matter::NumberOutOfOrder { above, label }),
            (3, Matter::NoPreheat { city }),
            (4, Matter::Gap { n_days: 2 }),
        ]
    );
}

#[test]
fn text_without_a_table_and_a_second_table_are_refused() {
    for text in [
        "",
        "\n\n",
        "竞赛通知\n各市信用办：\n",
        "1,2,3\n",
        "\u{feff}",
    ] {
        let reading = reader(2020).read_text(text);
        let matters: Vec<_> = reading.findings().iter().map(Finding::matter).collect();
        assert_eq!(matters, [&Matter::NoTable], "{text:?}");
    }
    let twice = format!("{NOTICE}\n{NOTICE}");
    let reading = reader(2020).read_text(&twice);
    let second = reading
        .findings()
        .iter()
        .find(|finding| finding.matter() == &Matter::SecondTable);
    assert_eq!(second.unwrap().place().line(), 21);
    assert!(reading.edition().is_none());
}

#[test]
fn prose_below_the_table_is_said_to_be_left_out() {
    let text = format!("{NOTICE}注：各市赛序不变。\n");
    let last = reader(2020).read_text(&text).findings().last().cloned();
    let text = "注：各市赛序不变。".to_owned();
    assert_eq!(last.unwrap().matter(), &Matter::NotRead { text });
}

#[test]
fn another_zone_reads_the_same_dates_as_its_own_days() {
    let tokyo = "+09:00".parse().unwrap();
    let edition = reader(2020).zone(tokyo).read_text(NOTICE).into_edition();
    let edition = edition.unwrap();
    assert_eq!(edition.zone(), tokyo);
    assert_eq!(edition.season().n_days(), 91);
    assert_eq!(
        edition.season().start(),
        instant("2020-04-22T00:00:00+09:00")
    );
}

#[test]
fn a_name_that_two_cities_could_be_meant_by_is_refused() {
    use schedule_core::{City, CitySlug, Province};
    let named =
        |slug: &str, name: &str| City::new(CitySlug::new(slug).unwrap(), name, vec![]).unwrap();
    let cities = vec![named("a", "海南州"), named("b", "海南市")];
    let province = Province::new("某省", cities).unwrap();
    let slug = EditionSlug::new("trial").unwrap();
    let reader = Reader::new(slug, "试", province, 2027);
    let read = |name: &str| {
        reader
            .read_text(&format!("日期,竞赛\n3月1日,{name}\n"))
            .into_edition()
            .is_ok()
    };
    assert_eq!(
        [read("海南市"), read("海南州"), read("海南")],
        [true, true, false]
    );
}
