//! `timetable` as an office runs it.

use std::{
    path::Path,
    process::{Command, Output},
};

fn timetable(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reference-server"))
        .arg("timetable")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn said(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The rows of the first sheet of a workbook.
fn cells(path: &Path) -> Vec<Vec<String>> {
    use calamine::Reader as _;
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
    let range = workbook.worksheet_range_at(0).unwrap().unwrap();
    let rows = range.rows();
    rows.map(|row| row.iter().map(ToString::to_string).collect())
        .collect()
}

#[test]
fn every_form_of_a_published_timetable_names_every_city() {
    let folder = tempfile::tempdir().unwrap();
    for form in ["plan", "markdown", "notice", "exposure", "gantt", "svg"] {
        let output = timetable(folder.path(), &["show", "postponed", "--form", form]);
        assert_eq!(output.status.code(), Some(0), "{form}");
        let text = said(&output.stdout);
        for city in schedule_core::jiangsu().cities() {
            assert!(text.contains(city.name()), "{form}: {}", city.name());
        }
    }
    let refused = timetable(folder.path(), &["show", "postponed", "--form", "workbook"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused.stderr).contains("--out"));
}

#[test]
fn a_plan_written_as_a_workbook_is_read_back_as_the_same_plan() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "show",
        "original",
        "--form",
        "workbook",
        "--out",
        "plan.xlsx",
    ];
    let output = timetable(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    let rows = cells(&folder.path().join("plan.xlsx"));
    let plan = schedule_core::published::original_2020().plan();
    assert_eq!(rows[2], plan.heading());
    assert!(plan.rows().eq(rows[3..].iter().map(Vec::as_slice)));
}

#[test]
fn a_printed_timetable_is_checked_with_its_missing_number() {
    let folder = tempfile::tempdir().unwrap();
    let notice = timetable(folder.path(), &["show", "postponed", "--form", "notice"]);
    for (name, bytes) in [
        ("rotation.txt", notice.stdout.clone()),
        (
            "rotation.csv",
            schedule_core::published::postponed_2020()
                .timetable()
                .csv()
                .into_bytes(),
        ),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let output = timetable(folder.path(), &["check", name]);
        assert_eq!(output.status.code(), Some(3), "{name}");
        let text = said(&output.stdout);
        assert!(text.contains("序号从3跳到5"), "{name}: {text}");
        assert!(text.contains("表中 14 行 / 竞赛 13 场"), "{name}: {text}");
        let same = timetable(folder.path(), &["diff", "postponed", name]);
        assert!(
            said(&same.stdout).contains("不变"),
            "{}",
            said(&same.stdout)
        );
    }
}

#[test]
fn a_wrong_cell_is_named_with_its_place_for_people_and_programs() {
    let folder = tempfile::tempdir().unwrap();
    let text = "序号,日期,竞赛,预热\n1,2月30日—3月6日,盐城市,\n2,3月7日—13日,杭州市,\n";
    std::fs::write(folder.path().join("bad.csv"), text).unwrap();
    let output = timetable(folder.path(), &["check", "bad.csv"]);
    assert_eq!(output.status.code(), Some(3));
    let table = said(&output.stdout);
    assert!(
        table.contains("第2行第2列 错误：日历上没有2020年2月30日"),
        "{table}"
    );
    assert!(table.contains("第3行第3列 错误：“杭州市”"), "{table}");
    let overlapping = "序号,日期,竞赛,预热\n1,3月1日—7日,盐城市,\n2,3月7日—13日（周三）,苏州市,\n";
    std::fs::write(folder.path().join("overlap.csv"), overlapping).unwrap();
    let output = timetable(folder.path(), &["check", "overlap.csv"]);
    let table = said(&output.stdout);
    assert!(table.contains("盐城市和苏州市的竞赛时段重叠"), "{table}");
    let output = timetable(folder.path(), &["check", "bad.csv", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"][0]["line"], 2);
    assert_eq!(report["findings"][0]["severity"], "error");
    let output = timetable(folder.path(), &["show", "bad.csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stderr).contains("2月30日"));
    let output = timetable(folder.path(), &["show", "nowhere.csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stderr).contains("nowhere.csv"));
}

#[test]
fn a_change_prints_as_table_and_letter_and_is_refused_once_a_city_has_played() {
    let folder = tempfile::tempdir().unwrap();
    let diff = ["diff", "original", "postponed"];
    let output = timetable(folder.path(), &diff);
    assert_eq!(output.status.code(), Some(0));
    let table = said(&output.stdout);
    assert_eq!(table.matches("60").count(), 13, "{table}");
    let letter = timetable(folder.path(), &[&diff[..], &["--letter"]].concat());
    assert!(said(&letter.stdout).contains("盐城市"));
    let at = |at| timetable(folder.path(), &[&diff[..], &["--at", at]].concat());
    assert_eq!(at("2020-02-20T09:00:00+08:00").status.code(), Some(0));
    let late = at("2020-03-01T09:00:00+08:00");
    assert_eq!(late.status.code(), Some(3));
    assert!(said(&late.stderr).contains("盐城市的竞赛已经结束"));
    let out = [&diff[..], &["--out", "change.xlsx"]].concat();
    assert_eq!(timetable(folder.path(), &out).status.code(), Some(0));
    assert_eq!(cells(&folder.path().join("change.xlsx")).len(), 3 + 13);
}

#[test]
fn a_postponed_calendar_moves_its_events_and_adds_none() {
    let folder = tempfile::tempdir().unwrap();
    let common = [
        "--domain",
        "credit.example.org",
        "--modified",
        "2020-04-10T08:00:00Z",
    ];
    let first = timetable(folder.path(), &[&["ics", "original"], &common[..]].concat());
    let moved = [
        &[
            "ics",
            "postponed",
            "--replaces",
            "original",
            "--revision",
            "1",
        ],
        &common[..],
    ];
    let moved = timetable(folder.path(), &moved.concat());
    let uids = |output: &Output| {
        let mut uids: Vec<String> = said(&output.stdout)
            .lines()
            .filter(|line| line.starts_with("UID:"))
            .map(str::to_owned)
            .collect();
        uids.sort();
        uids
    };
    let before = uids(&first);
    assert!(before.len() >= 26, "{}", said(&first.stderr));
    assert_eq!(before, uids(&moved));
    assert!(said(&moved.stdout).contains("SEQUENCE:1\r\n"));
    let refused = timetable(folder.path(), &["ics", "original", "--domain", "Bad Host"]);
    assert_eq!(refused.status.code(), Some(1));
}

#[test]
fn days_off_are_counted_by_the_calendar_given() {
    let folder = tempfile::tempdir().unwrap();
    let calendar = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20200506\r\nDTEND;VALUE=DATE:20200513\r\nSUMMARY:节（休）\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    std::fs::write(folder.path().join("days.ics"), calendar).unwrap();
    let exposure = |more: &[&str]| {
        let arguments = [&["show", "postponed", "--form", "exposure"], more].concat();
        let output = timetable(folder.path(), &arguments);
        let text = said(&output.stdout).to_owned();
        let line = text
            .lines()
            .find(|line| line.starts_with("南京市"))
            .unwrap();
        line.split_whitespace().nth(6).unwrap().to_owned()
    };
    assert_eq!(exposure(&[]), "1");
    assert_eq!(exposure(&["--holidays", "days.ics"]), "7");
    let arguments = [
        "show",
        "postponed",
        "--form",
        "exposure",
        "--holidays",
        "none.ics",
    ];
    assert_eq!(timetable(folder.path(), &arguments).status.code(), Some(1));
}
