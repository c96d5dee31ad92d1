//! Files made to harm: refused fast, and only the child process notices.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use reference_server::office::{OfficeError, OfficeReader, Refusal, limits::MOST_PARAGRAPHS};

use super::{
    file,
    files::{archive, document, open_document, paragraph, text_cell, text_row, workbook},
    reader, refusal, rows,
};

const ONE_SECOND: Duration = Duration::from_secs(1);

/// Refused within a second, and an honest file is read right after.
fn refused_at_once(name: &str, bytes: Vec<u8>) -> Refusal {
    let bomb = file(name, bytes);
    let begin = Instant::now();
    let refusal = refusal(&bomb);
    assert!(begin.elapsed() < ONE_SECOND, "{:?}", begin.elapsed());
    let honest = workbook(&[("题库", "", &text_row(1, &["题目", "答案"]))], "");
    assert_eq!(rows(&file("honest.xlsx", honest))[0], ["题目", "答案"]);
    refusal
}

#[test]
fn a_tiny_workbook_that_claims_the_largest_sheet_is_refused_at_once() {
    let cells = format!(
        r#"<row r="1">{}</row><row r="1048576">{}</row>"#,
        text_cell("A1", "x"),
        text_cell("XFD1048576", "x")
    );
    let bytes = workbook(&[("s", "", &cells)], "");
    assert!(bytes.len() < 1_500, "{}", bytes.len());
    assert_eq!(
        refused_at_once("tiny.xlsx", bytes),
        Refusal::TooManyRows {
            table: "s".to_owned(),
            row: 1_048_576
        }
    );
}

#[test]
fn a_cell_far_to_the_right_is_refused_with_its_place() {
    let cells = format!(r#"<row r="2">{}</row>"#, text_cell("XFD2", "x"));
    assert_eq!(
        refused_at_once("wide.xlsx", workbook(&[("s", "", &cells)], "")),
        Refusal::TooManyColumns {
            table: "s".to_owned(),
            row: 2,
            column: 16_384
        }
    );
}

#[test]
fn an_archive_that_says_it_unpacks_to_a_thousand_times_its_size_is_refused_at_once() {
    let zeros = "0".repeat(40 * 1024 * 1024);
    let bytes = archive(&[("xl/worksheets/s0.xml", &zeros)]);
    assert_eq!(
        refused_at_once("dense.xlsx", bytes.clone()),
        Refusal::TooDense
    );
    assert_eq!(
        refused_at_once("dense.docx", bytes.clone()),
        Refusal::TooDense
    );
    assert_eq!(refused_at_once("dense.ods", bytes), Refusal::TooDense);
}

#[test]
fn an_archive_that_lies_about_its_size_is_refused_at_once() {
    let size: u32 = 40 * 1024 * 1024;
    let zeros = "0".repeat(usize::try_from(size).unwrap());
    let mut bytes = archive(&[("xl/worksheets/s0.xml", &zeros)]);
    let (declared, lie) = (size.to_le_bytes(), 100_u32.to_le_bytes());
    let places: Vec<usize> = (0..bytes.len() - 4)
        .filter(|at| bytes[*at..*at + 4] == declared)
        .collect();
    assert_eq!(
        places.len(),
        2,
        "the size stands before the entry and in the directory"
    );
    for place in places {
        bytes[place..place + 4].copy_from_slice(&lie);
    }
    let refusal = refused_at_once("liar.xlsx", bytes);
    assert!(
        matches!(refusal, Refusal::TooDense | Refusal::Malformed { .. }),
        "{refusal:?}"
    );
}

#[test]
fn an_archive_of_too_many_entries_is_refused() {
    let names: Vec<String> = (0..101).map(|number| format!("{number}.xml")).collect();
    let parts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "<x/>")).collect();
    assert_eq!(
        refused_at_once("many.xlsx", archive(&parts)),
        Refusal::TooManyEntries { found: 101 }
    );
    assert!(matches!(
        refusal(&file("few.xlsx", archive(&parts[..100]))),
        Refusal::Malformed { .. }
    ));
}

#[test]
fn a_cell_repeated_to_the_end_of_the_sheet_is_refused_and_a_blank_one_is_nothing() {
    let cell = |text: &str| {
        format!(
            r#"<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384">{text}</table:table-cell></table:table-row>"#
        )
    };
    assert!(matches!(
        refused_at_once("repeated.ods", open_document(&cell("<text:p>x</text:p>"))),
        Refusal::TooManyColumns { .. }
    ));
    assert!(rows(&file("blank.ods", open_document(&cell("")))).is_empty());
}

#[test]
fn a_text_without_end_is_refused() {
    let lines = |n_lines: usize| "题\n".repeat(n_lines);
    assert_eq!(
        refusal(&file("long.txt", lines(MOST_PARAGRAPHS + 1))),
        Refusal::TooManyParagraphs
    );
    assert!(
        reader()
            .read(&file("long.txt", lines(MOST_PARAGRAPHS)))
            .is_ok()
    );
    let body: String = (0..=MOST_PARAGRAPHS)
        .map(|number| paragraph("", &number.to_string()))
        .collect();
    assert_eq!(
        refused_at_once("long.docx", document(&body, None)),
        Refusal::TooManyParagraphs
    );
    assert_eq!(
        refusal(&file("broad.txt", format!("题\n{}", "题".repeat(32_768)))),
        Refusal::ParagraphTooLong { paragraph: 2 }
    );
    assert_eq!(
        refusal(&file("broad.csv", format!("题,{}", "题".repeat(32_768)))),
        Refusal::CellTooLong {
            table: String::new(),
            row: 1,
            column: 2
        }
    );
}

#[test]
fn a_file_that_would_fill_the_memory_ends_only_the_child() {
    let text: String = (0..6_000_u32)
        .map(|number| format!("{number:x} "))
        .collect();
    let row = format!(
        r#"<table:table-row table:number-rows-repeated="5000"><table:table-cell table:number-columns-repeated="40"><text:p>{text}</text:p></table:table-cell></table:table-row>"#
    );
    let greedy = file("greedy.ods", open_document(&row));
    // Long enough that on a loaded machine, too, the child's own limits end it.
    let patient = reader().with_longest_reading(Duration::from_secs(120));
    assert!(matches!(
        patient.read(&greedy),
        Err(OfficeError::ReadingFailed { status, .. }) if !status.success()
    ));
}

#[test]
fn references_that_multiply_are_not_expanded() {
    let body = document(&paragraph("", "&a;"), None);
    assert!(reader().read(&file("plain.docx", body)).is_ok());
    let laughs = r#"<!DOCTYPE d [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;&a;">]><office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><table:table><table:table-row><table:table-cell><text:p>[&b;]</text:p></table:table-cell></table:table-row></table:table></office:document-content>"#;
    let laughs = archive(&[("content.xml", laughs)]);
    assert_eq!(rows(&file("laughs.ods", laughs))[0], ["[\u{FFFD}]"]);
}

/// A program that does something else than to answer; written by another process, so that no
/// file open for writing in this one keeps it from being started.
fn program(folder: &Path, name: &str, script: &str) -> OfficeReader {
    let path = folder.join(name);
    let written = Command::new("/bin/sh")
        .args([
            "-c",
            r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod +x "$0""#,
        ])
        .args([path.as_os_str(), script.as_ref()])
        .status()
        .unwrap();
    assert!(written.success());
    OfficeReader::new(path)
}

#[test]
fn a_child_that_does_not_answer_as_agreed_is_an_error_and_no_content() {
    let folder = tempfile::tempdir().unwrap();
    let any = file("any.xlsx", vec![0_u8; 100_000]);
    let read = |name: &str, script: &str| {
        program(folder.path(), name, script)
            .with_longest_reading(ONE_SECOND)
            .read(&any)
    };
    assert!(matches!(
        read("silent", "exit 0"),
        Err(OfficeError::Answer { .. })
    ));
    assert!(matches!(
        read("failing", "echo '{\"Ok\":{\"Sheets\":[]}}'; exit 1"),
        Err(OfficeError::ReadingFailed { .. })
    ));
    assert!(matches!(
        read("hanging", "exec /bin/sleep 60"),
        Err(OfficeError::TimedOut {
            longest: ONE_SECOND,
            ..
        })
    ));
    assert!(matches!(
        read("deaf", "exec 1>&-; exec /bin/sleep 60"),
        Err(OfficeError::Answer { .. } | OfficeError::ReadingFailed { .. })
    ));
    assert!(matches!(
        program(folder.path(), "flooding", "exec /bin/cat /dev/zero").read(&any),
        Err(OfficeError::AnswerTooLong { .. })
    ));
    let absent = OfficeReader::new(PathBuf::from("/nowhere/at-all"));
    assert!(matches!(
        absent.read(&any),
        Err(OfficeError::Process { .. })
    ));
}

#[test]
fn the_child_sees_nothing_of_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let reader = program(
        folder.path(),
        "revealing",
        r#"if [ -n "$HOME$CARGO_MANIFEST_DIR" ]; then exit 1; fi; echo '{"Ok":{"Sheets":[]}}'"#,
    );
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert!(reader.read(&file("any.xlsx", "x")).is_ok());
}
