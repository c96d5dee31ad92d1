//! Layouts of tables.

use quiz_core::{FindingCode, Position, import::table};

use crate::sample::{codes, read_table, shape, sheet};

fn expected(stem: &str, choices: &[&str], key: Position) -> (String, Vec<String>, Position) {
    (
        stem.to_owned(),
        choices.iter().map(|c| (*c).to_owned()).collect(),
        key,
    )
}

#[test]
fn headers_are_known_by_their_synonyms_and_titles_keep_row_numbers() {
    for header in [
        [
            "序号",
            "题目（必填）",
            "选项A（必填）",
            "选项B",
            "选项C",
            "正确选项(必填)",
            "解析",
        ],
        ["编号", "试 题", "A", "B", "C", "标准答案", "答案解析"],
        [
            "id",
            "stem",
            "option a",
            "Option_B",
            "optionc",
            "Answer",
            "explanation",
        ],
        [
            "题号",
            "问题",
            "选项１",
            "选项２",
            "选项三",
            "答案",
            "试题解析",
        ],
    ] {
        let import = read_table(&[
            &["某市题库"],
            &[],
            &header,
            &["1", "问（ ）", "甲", "乙", "丙", "ｂ", "因"],
        ]);
        assert_eq!(codes(&import), [], "{header:?}");
        assert_eq!(
            shape(&import.questions[0].value),
            expected("问（ ）", &["甲", "乙", "丙"], Position::B)
        );
        assert_eq!(import.questions[0].place.row, 4);
        assert_eq!(import.questions[0].value.explanation(), Some("因"));
    }
}

#[test]
fn the_day_a_law_stands_at_is_read_under_every_usual_title() {
    for title in [
        "法条时点",
        "法规时点",
        "依据日期",
        "法规截至",
        "法规截至日期",
        "法规截止",
        "法规截止日期",
    ] {
        let import = read_table(&[
            &["题干", "A", "B", "答案", title],
            &["问", "甲", "乙", "A", "2020-05-01"],
        ]);
        assert_eq!(codes(&import), [], "{title}");
        assert_eq!(
            import.questions[0].value.law_as_of(),
            chrono::NaiveDate::from_ymd_opt(2020, 5, 1),
            "{title}"
        );
    }
}

#[test]
fn keys_are_read_in_every_usual_form() {
    for (written, key, code) in [
        ("C", Position::C, None),
        ("（Ｃ）", Position::C, None),
        ("3", Position::C, Some(FindingCode::KeyReadFromNumber)),
        ("[3]", Position::C, Some(FindingCode::KeyReadFromNumber)),
        ("丙", Position::C, Some(FindingCode::KeyReadFromText)),
        ("C.丙", Position::C, Some(FindingCode::KeyReadFromText)),
    ] {
        let import = read_table(&[
            &["题目", "选项A", "选项B", "选项C", "答案"],
            &["问", "甲", "乙", "丙", written],
        ]);
        assert_eq!(
            codes(&import),
            code.into_iter().collect::<Vec<_>>(),
            "{written}"
        );
        assert_eq!(import.questions[0].value.key(), key, "{written}");
    }
}

#[test]
fn marks_are_read_for_two_options() {
    for (written, key) in [
        ("√", Position::A),
        ("对", Position::A),
        ("×", Position::B),
        ("错", Position::B),
    ] {
        let import = read_table(&[
            &["题目", "选项A", "选项B", "答案"],
            &["问", "正确", "错误", written],
        ]);
        assert_eq!(import.questions[0].value.key(), key, "{written}");
        assert_eq!(codes(&import), [FindingCode::KeyReadFromMark], "{written}");
    }
}

#[test]
fn every_row_is_diagnosed_in_one_pass() {
    let import = read_table(&[
        &["题目", "选项A", "选项B", "答案"],
        &["一", "甲", "乙", "AB"],
        &["", "甲", "乙", "A"],
        &["三", "甲", "乙", "A"],
        &["四", "甲", "", "D"],
    ]);
    use FindingCode::{KeyOutsideOptions, MissingOptions, MissingStem, SeveralKeys};
    assert_eq!(
        codes(&import),
        [SeveralKeys, MissingStem, MissingOptions, KeyOutsideOptions]
    );
    assert_eq!(
        (import.questions.len(), import.n_refused(), import.n_ready()),
        (1, 3, 1)
    );
    let place = &import.findings[0].place;
    assert_eq!(place.to_string(), "题库.xlsx, row 2, column D (答案)");
    assert_eq!(place.to_zh(), "题库.xlsx第2行D列（答案）");
}

#[test]
fn a_sheet_named_for_another_type_is_refused_row_by_row() {
    let rows: [&[&str]; 2] = [
        &["题目", "选项A", "选项B", "答案"],
        &["问", "甲", "乙", "A"],
    ];
    assert_eq!(
        codes(&table::read(&sheet(Some("多选题"), &rows))),
        [FindingCode::UnsupportedType]
    );
    assert_eq!(codes(&table::read(&sheet(Some("单选题"), &rows))), []);
}

#[test]
fn options_in_one_cell_are_parted() {
    for cell in ["A.甲 B.乙 C.丙", "甲|乙|丙", "A、甲\nB、乙\nC、丙"] {
        let import = read_table(&[&["题目", "选项", "答案"], &["问", cell, "B"]]);
        assert_eq!(
            shape(&import.questions[0].value),
            expected("问", &["甲", "乙", "丙"], Position::B),
            "{cell}"
        );
    }
}

#[test]
fn a_blank_sheet_is_an_empty_import() {
    assert_eq!(
        read_table(&[&["", " "], &[]]),
        quiz_core::import::Import::default()
    );
}
