//! No text and no table makes an import or an examination panic.

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
