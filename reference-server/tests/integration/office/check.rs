//! `bank check` as an office runs it.

use std::{
    path::Path,
    process::{Command, Output},
};

use super::files::{text_row, workbook};

const HEADER: &str = "题目,选项A,选项B,选项C,选项D,答案,解析,依据,法条时点\n";

/// A table of that many sound questions.
fn table(n_questions: usize) -> String {
    let rows: String = (1..=n_questions)
        .map(|number| {
            format!("第{number}条说的是（ ）。,甲{number},乙{number},丙{number},丁{number},A,略,常识,2020-05-01\n")
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
        text_row(2, &["第7条说的是（ ）。", "甲7", "乙7", "丙7", "丁7", "A"]),
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
