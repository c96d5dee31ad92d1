//! `bank check` as an office runs it.

use std::{
    path::Path,
    process::{Command, Output},
};

use reference_server::office::questions;

use super::{
    files::{text_row, workbook},
    reader,
};

const HEADER: &str = "题目,选项A,选项B,选项C,选项D,答案,解析,依据,法条时点\n";

/// A stem that no other number's is like.
fn stem(number: u32) -> String {
    let words: String = (0..8)
        .filter_map(|index| char::from_u32(0x4E00 + (number * 8 + index) * 13))
        .collect();
    format!("{words}说的是（ ）。")
}

/// The letter of the key; all four are as frequent.
fn key(number: u32) -> char {
    char::from_u32(u32::from('A') + number % 4).unwrap()
}

/// A table of that many sound questions.
fn table(n_questions: u32) -> String {
    let rows: String = (1..=n_questions)
        .map(|number| {
            let (stem, key) = (stem(number), key(number));
            format!("{stem},甲{number},乙{number},丙{number},丁{number},{key},略,常识,2020-05-01\n")
        })
        .collect();
    format!("{HEADER}{rows}")
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reference-server"))
        .args(["bank", "check"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn said(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

#[test]
fn a_sound_bank_is_summed_up_in_one_line_and_ends_in_success() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("wuxi.csv"), table(50)).unwrap();
    let output = check(folder.path(), &["wuxi.csv"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        said(&output.stdout),
        "wuxi.csv：有效 50 / 错误 0 / 警告 0 / 提示 0 · 盲猜通过率 7.81%\n"
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn findings_are_a_table_in_chinese_and_end_in_three() {
    let folder = tempfile::tempdir().unwrap();
    let bad = format!("{}丙（ ）。,一,二,三,四,,略,常识,2020-05-01\n", table(50));
    std::fs::write(folder.path().join("wuxi.csv"), bad).unwrap();
    let output = check(folder.path(), &["wuxi.csv"]);
    assert_eq!(output.status.code(), Some(3));
    let said = said(&output.stdout);
    for part in [
        "文件",
        "工作表",
        "原文",
        "建议",
        "52",
        "F（答案）",
        "错误：缺少答案",
        "有效 50 / 错误 1",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!(
        !said.contains('\u{1b}'),
        "no colour where there is no screen"
    );
}

#[test]
fn programs_get_json_and_a_city_is_compared_with_the_province() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("province.csv"), table(50)).unwrap();
    let rows = [
        text_row(1, &["题目", "选项A", "选项B", "选项C", "选项D", "答案"]),
        text_row(
            2,
            &[&stem(7), "甲7", "乙7", "丙7", "丁7", &key(7).to_string()],
        ),
    ];
    let workbook = workbook(&[("单选题", "", &rows.concat())], "");
    std::fs::write(folder.path().join("wuxi.xlsx"), workbook).unwrap();
    let output = check(
        folder.path(),
        &["province.csv", "wuxi.xlsx", "--format", "json"],
    );
    assert_eq!(output.status.code(), Some(3));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["files"][0]["n_valid"], 50);
    assert_eq!(report["files"][0]["guess_floor_millionths"], 78_127);
    let findings = report["files"][1]["findings"].as_array().unwrap();
    let duplicate = findings
        .iter()
        .find(|finding| finding["code"] == "duplicate_across_halves")
        .unwrap();
    assert_eq!(duplicate["severity"], "error");
    assert_eq!(duplicate["place"]["file"], "wuxi.xlsx");
    assert_eq!(duplicate["place"]["sheet"], "单选题");
    assert_eq!(duplicate["place"]["row"], 2);
    assert_eq!(duplicate["related"]["row"], 8);
    assert!(
        findings
            .iter()
            .any(|finding| finding["code"] == "half_too_small")
    );
}

#[test]
fn a_file_that_cannot_be_read_ends_in_one_and_the_others_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("wuxi.csv"), table(50)).unwrap();
    std::fs::write(folder.path().join("old.doc"), "x").unwrap();
    let output = check(folder.path(), &["absent.xlsx", "old.doc", "wuxi.csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stdout).starts_with("wuxi.csv：有效 50"));
    let messages = said(&output.stderr);
    assert!(
        messages.contains("absent.xlsx：文件无法打开。"),
        "{messages}"
    );
    assert!(messages.contains("另存为 .docx"), "{messages}");
}

/// The cells of a sheet of a workbook, as text.
fn cells(path: &Path, sheet: &str) -> Vec<Vec<String>> {
    use calamine::Reader as _;
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
    let formulas = workbook.worksheet_formula(sheet).unwrap();
    assert!(formulas.used_cells().next().is_none(), "no formula");
    let range = workbook.worksheet_range(sheet).unwrap();
    let (height, width) = range.end().unwrap();
    let cell = |row, column| {
        range
            .get_value((row, column))
            .map_or_else(String::new, ToString::to_string)
    };
    (0..=height)
        .map(|row| (0..=width).map(|column| cell(row, column)).collect())
        .collect()
}

#[test]
fn an_annotated_workbook_has_every_cell_at_its_place_and_the_problem_beside_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        text_row(1, &["题目", "选项A", "选项B", "答案"]),
        text_row(
            2,
            &["=HYPERLINK(\"http://x\")说的是（ ）。", "甲", "乙", "A"],
        ),
        text_row(4, &["诚信是（ ）。", "甲", "乙", "Z"]),
    ]
    .concat();
    let bytes = workbook(&[("一/单选", "", &rows)], "");
    std::fs::write(folder.path().join("wuxi.xlsx"), bytes).unwrap();
    let output = check(folder.path(), &["wuxi.xlsx", "--annotate", "checked"]);
    assert_eq!(output.status.code(), Some(3));
    let path = folder.path().join("checked/wuxi.xlsx.checked.xlsx");
    let annotated = cells(&path, "一单选");
    assert_eq!(annotated[1][0], "=HYPERLINK(\"http://x\")说的是（ ）。");
    assert_eq!(annotated[3][..4], ["诚信是（ ）。", "甲", "乙", "Z"]);
    assert!(annotated[3][4].contains("错误："), "{:?}", annotated[3]);
    assert!(!annotated[2].iter().any(|cell| cell.contains("错误")));
    let listed = cells(&path, "检查结果");
    assert!(listed[0][0].starts_with("wuxi.xlsx："), "{:?}", listed[0]);
    let of_row_4: Vec<_> = listed.iter().filter(|row| row[2] == "4").collect();
    assert_eq!(of_row_4[0][1..4], ["一/单选", "4", "D"]);
}

#[test]
fn text_is_annotated_line_by_line_and_a_folder_that_cannot_be_made_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let text = "1. 诚信是（ ）。\nA. 甲\nB. 乙\n答案：D\n";
    std::fs::write(folder.path().join("wuxi.txt"), text).unwrap();
    std::fs::write(folder.path().join("taken"), "a file").unwrap();
    let output = check(folder.path(), &["wuxi.txt", "--annotate", "checked"]);
    assert_eq!(output.status.code(), Some(3));
    let annotated = cells(&folder.path().join("checked/wuxi.txt.checked.xlsx"), "原文");
    assert_eq!(annotated[1][0], "A. 甲");
    let problems: String = annotated.iter().map(|row| row[1].as_str()).collect();
    assert!(problems.contains("错误："), "{annotated:?}");
    let output = check(folder.path(), &["wuxi.txt", "--annotate", "taken"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stderr).contains("taken"));
}

#[test]
fn a_bank_keeps_every_word_through_every_format_that_can_say_it() {
    let folder = tempfile::tempdir().unwrap();
    let banks = Path::new(env!("CARGO_MANIFEST_DIR")).join("content/banks");
    let original = questions(&reader(), &super::sample("yancheng.csv")).unwrap();
    let convert = |file: &Path, to: &str, out: &str| {
        Command::new(env!("CARGO_BIN_EXE_reference-server"))
            .args(["bank", "convert"])
            .arg(file)
            .args(["--to", to, "--out", out])
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    for (to, out) in [
        ("xlsx", "b.xlsx"),
        ("csv", "b.csv"),
        ("tsv", "b.tsv"),
        ("text", "b.txt"),
        ("gift", "b.gift"),
        ("moodle-xml", "b.xml"),
        ("qti2", "b2.zip"),
        ("qti3", "b3.zip"),
    ] {
        let output = convert(&banks.join("yancheng.csv"), to, out);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{to}: {}",
            said(&output.stderr)
        );
        let bytes = std::fs::read(folder.path().join(out)).unwrap();
        let mut back = questions(&reader(), &super::file(out, bytes)).unwrap();
        // The items of a package come by name.
        let place =
            |question: &quiz_core::Question| original.iter().position(|other| other == question);
        back.sort_by_key(place);
        assert_eq!(back, original, "{to}");
    }
    let refused = convert(&banks.join("yancheng.csv"), "aiken", "b.aiken");
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused.stderr).contains("没有地方放解析"),
        "{}",
        said(&refused.stderr)
    );
    assert!(!folder.path().join("b.aiken").exists());
}
