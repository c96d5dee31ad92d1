//! No text and no table makes an import or an examination panic.
//!
//! Texts are made of pieces that mean something, and of the seeds of the fuzz targets with pieces cut out, doubled,
//! swapped and put in; `quiz-core/fuzz` does the same for longer, led by coverage.

use proptest::{collection::vec, prelude::*};
use quiz_core::{
    BankSize,
    import::{Import, office_text, table},
    lint::{Candidates, examine},
};

use crate::sample::read_text;

/// Pieces out of which questions are made, in any order, and any characters at all.
fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "1、", "2.", "第3题", "（4）", "A", "B.", "Ｃ、", "(D)", "答案：", "【答案】", "解析:", "依据：", "时点：2020", "（ ）", "（B）",
            "题目", "选项A", "选项B", "答案", "题型", "\n", " ", "以上都对", "A和B", "√", "正确", "(正确答案)", "[单选题]", "二、多选题",
            "A2013年", "2020-04-22", "C2. ", "\u{200B}", "第1页",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
        1 => any::<String>(),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn check(import: &Import) {
    for finding in &import.findings {
        assert!(!finding.to_string().is_empty() && !finding.message_zh().is_empty());
    }
    let size = BankSize {
        province: 1,
        city: 1,
    };
    let found = examine(&Candidates {
        province: &import.questions,
        city: &import.questions,
        size,
        on: chrono::NaiveDate::from_ymd_opt(2020, 4, 22),
    });
    assert!(import.questions.is_empty() || !found.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_panics(lines in vec(words(), 0..10)) {
        check(&read_text(&lines.join("\n")));
        check(&office_text::read(&office_text::Document { file: String::new(), paragraphs: lines }));
    }

    #[test]
    fn no_table_panics(
        mut rows in vec(vec(words(), 0..7), 0..6), headed in any::<bool>(), first_row in any::<u32>(), first_column in any::<u32>(),
    ) {
        if headed {
            rows.insert(0, ["题目", "选项A", "选项B", "选项C", "答案", "时点"].map(str::to_owned).to_vec());
        }
        check(&table::read(&table::Sheet { file: String::new(), name: None, first_row, first_column, rows }));
    }
}

/// Small files of every format.
const SEEDS: [&str; 11] = [
    include_str!("../../fuzz/seeds/table/columns.txt"),
    include_str!("../../fuzz/seeds/table/one_cell.txt"),
    include_str!("../../fuzz/seeds/table/row_kinds.txt"),
    include_str!("../../fuzz/seeds/table/marks.txt"),
    include_str!("../../fuzz/seeds/office_text/paper.txt"),
    include_str!("../../fuzz/seeds/office_text/survey.txt"),
    include_str!("../../fuzz/seeds/gift/items.txt"),
    include_str!("../../fuzz/seeds/aiken/item.txt"),
    include_str!("../../fuzz/seeds/moodle_xml/item.xml"),
    include_str!("../../fuzz/seeds/qti/v2.xml"),
    include_str!("../../fuzz/seeds/qti/v3.xml"),
];

/// A seed after a number of mutations.
fn mutated() -> impl Strategy<Value = String> {
    let place = any::<prop::sample::Index>;
    let mutation = (0_u8..5, place(), place(), place(), words());
    (prop::sample::select(SEEDS.to_vec()), vec(mutation, 0..12)).prop_map(|(seed, mutations)| {
        let mut text: Vec<char> = seed.chars().collect();
        for (kind, one, two, three, words) in mutations {
            let at = |index: prop::sample::Index| index.index(text.len() + 1);
            let (begin, end) = (at(one).min(at(two)), at(one).max(at(two)));
            let part: Vec<char> = text[begin..end].to_vec();
            let to = at(three);
            match kind {
                0 => drop(text.drain(begin..end.min(begin + 20))),
                1 => drop(text.splice(to..to, part.into_iter().take(200))),
                2 => drop(text.splice(begin..end.min(begin + 3), words.chars())),
                3 => drop(text.splice(to..to, words.chars())),
                _ => text.truncate(end.max(10)),
            }
        }
        text.into_iter().collect()
    })
}

/// Reads a text as every format there is.
fn check_all(text: &str) {
    check(&read_text(text));
    let rows = text
        .lines()
        .map(|line| line.split('\t').map(str::to_owned).collect());
    check(&table::read(&table::Sheet {
        file: String::new(),
        name: Some("单选题".to_owned()),
        first_row: 1,
        first_column: 1,
        rows: rows.collect(),
    }));
    #[cfg(feature = "gift")]
    check(&quiz_core::import::gift::read("f", text));
    #[cfg(feature = "aiken")]
    check(&quiz_core::import::aiken::read("f", text));
    #[cfg(feature = "moodle-xml")]
    check(&quiz_core::import::moodle_xml::read("f", text));
    #[cfg(feature = "qti")]
    check(&quiz_core::import::qti::read("f", text));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_mutated_file_panics_in_any_format(text in mutated()) {
        check_all(&text);
    }
}

/// Long repetitions end in the time of the whole test run or never: each reader walks a text a bounded number of times.
#[test]
fn long_repetitions_are_read_by_every_format() {
    for piece in [
        "A.A.A.A.",
        "A B ",
        "A",
        "(((",
        "（",
        "[单选题]",
        "答案:A2.",
        "1.一\n",
        "A.\n",
        "a|",
        "_A",
        "__B__",
        "1.A ",
        "\t",
        "~a",
        "{",
        "x{=a ~b}\n\n",
        "#",
        "::",
        "\\",
        "<b>",
        "<a ",
        "<!--",
        "&",
        "&lt;",
        "<question>",
        "<question/>",
        "<a>",
        "x\nA. a\n",
        "<assessmentItem>",
        "&#10;",
        "\n依据：",
        "○x\n",
    ] {
        for before in [
            "",
            "1.问[单选题]\n",
            "题目\t选项A\t答案\n",
            "x{=a ~",
            "<quiz><question type=\"multichoice\">",
        ] {
            check_all(&format!("{before}{}", piece.repeat(20_000 / piece.len())));
        }
    }
}
