//! What a printer writes reads back as the same questions, or is refused with the reason.

use proptest::{collection::vec, option, prelude::*, sample::select};
use quiz_core::{
    Position, Question, QuestionDraft,
    export::{self, ExportError, Part},
    import::{Import, office_text, table},
};

/// Pieces that mean something in one format or another.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => select(vec![
            "信用", "代码", "（ ）", "（B）", "(A)", "[单选题]", "[多选题]", "【答案】A", "答案：B", "解析：", "依据：", "法条时点：2020-04-22",
            "A.", "B、", " C．", "D ", "1.", "2、", "第3题", "\n", "\n\n", "  ", "\t", "\u{3000}", "|", "；", ";", ",", "，", "\"", "'", "'=", "=1+1",
            "-5%", "+10", "@", "＝", "~", "=", "#", "####", "{", "}", ":", "::", "\\", "\\n", "//", "$CATEGORY:", "%50%", "[html]", "[plain]", "->",
            "<b>", "</b>", "<br/>", "<p>", "&amp;", "&lt;", "&", "<", ">", "]]>", "<![CDATA[", "<!--", "&#10;", "ANSWER: A", "√", "对", "以上都对",
            "A和B", "____", "__B__", "Ａ", "２", "①", "😀", "👨‍👩‍👧", "\u{200B}", "\u{FEFF}", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{A0}", "é", "e\u{301}",
            "单选题", "二、多选题", "正确答案", "(正确答案)", "ab", "x y", "12", "3.5", "\u{1}", "\u{0}", "\u{FFFE}",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 1..5).prop_map(|pieces| pieces.concat())
}

fn tame() -> impl Strategy<Value = String> {
    "[一-龥]{2,8}(，[一-龥]{2,6})?"
}

fn question_of(text: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = Question> {
    let day = option::of((1990_i32..2030, 1_u32..13, 1_u32..29));
    (
        text.clone(),
        vec(text.clone(), 2..7),
        any::<prop::sample::Index>(),
        option::of(text.clone()),
        option::of(text),
        day,
        vec(any::<prop::sample::Index>(), 0..2),
    )
        .prop_filter_map(
            "not a question",
            |(stem, choices, key, explanation, source, day, pins)| {
                let n_choices = choices.len();
                let at = |index: prop::sample::Index| Position::from_index(index.index(n_choices));
                let question = Question::new(QuestionDraft {
                    stem,
                    choices,
                    key: at(key)?,
                    explanation,
                    source,
                    law_as_of: day.and_then(|(y, m, d)| chrono::NaiveDate::from_ymd_opt(y, m, d)),
                });
                let pins: Vec<Position> = pins.into_iter().filter_map(at).collect();
                question.ok()?.with_pinned(&pins).ok()
            },
        )
}

fn banks() -> impl Strategy<Value = Vec<Question>> {
    vec(question_of(hostile().boxed()), 1..4)
}

fn tame_banks() -> impl Strategy<Value = Vec<Question>> {
    let unpinned = |question: Question| question.with_pinned(&[]).unwrap();
    vec(question_of(tame().boxed()).prop_map(unpinned), 1..5)
}

fn questions(import: Import) -> Vec<Question> {
    import.questions.into_iter().map(|q| q.value).collect()
}

/// Reads rows of separated values as a program of its own reads them.
fn read_separated(text: &str, delimiter: u8) -> Vec<Question> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let rows = reader
        .records()
        .map(|r| r.unwrap().iter().map(str::to_owned).collect());
    questions(table::read(&table::Sheet {
        file: String::new(),
        name: None,
        first_row: 1,
        first_column: 1,
        rows: rows.collect(),
    }))
}

fn read_paper(text: &str) -> Vec<Question> {
    questions(office_text::read(&office_text::Document {
        file: String::new(),
        paragraphs: text.split('\n').map(str::to_owned).collect(),
    }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn printed_tables_read_back_or_are_refused(bank in banks()) {
        for (separator, delimiter) in [(export::table::Separator::Comma, b','), (export::table::Separator::Tab, b'\t')] {
            if let Ok(text) = export::table::print(&bank, separator) {
                let back = read_separated(&text, delimiter);
                prop_assert_eq!(&back, &bank);
                prop_assert_eq!(export::table::print(&back, separator), Ok(text));
            }
        }
    }

    #[test]
    fn printed_papers_read_back_or_are_refused(bank in banks()) {
        if let Ok(text) = export::office_text::print(&bank) {
            let back = read_paper(&text);
            prop_assert_eq!(&back, &bank);
            prop_assert_eq!(export::office_text::print(&back), Ok(text));
        }
    }

    #[test]
    fn plain_questions_are_printed_in_every_format(bank in tame_banks()) {
        let text = export::table::print(&bank, export::table::Separator::Comma).unwrap();
        prop_assert_eq!(read_separated(&text, b','), bank.clone());
        let text = export::office_text::print(&bank).unwrap();
        prop_assert_eq!(read_paper(&text), bank.clone());
        #[cfg(feature = "gift")]
        prop_assert!(export::gift::print(&bank).is_ok());
        #[cfg(feature = "moodle-xml")]
        prop_assert!(export::moodle_xml::print(&bank).is_ok());
        #[cfg(feature = "qti")]
        prop_assert!(export::qti::print(&bank, export::qti::Version::V2_2).is_ok());
    }
}

/// Whether a refusal is one that text alone cannot avoid: lines that look like those of source and day.
#[cfg(feature = "rich")]
fn is_about_feedback(error: ExportError) -> bool {
    matches!(
        error,
        ExportError::Misread {
            part: Part::Explanation | Part::Source | Part::LawAsOf,
            ..
        }
    )
}

#[cfg(feature = "rich")]
fn has_pins(bank: &[Question]) -> bool {
    bank.iter().any(|q| !q.pinned().is_empty())
}

#[cfg(feature = "gift")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn printed_gift_reads_back(bank in banks()) {
        match export::gift::print(&bank) {
            Ok(text) => {
                let back = questions(quiz_core::import::gift::read("", &text));
                prop_assert_eq!(&back, &bank);
                prop_assert_eq!(export::gift::print(&back), Ok(text));
            }
            Err(ExportError::NoPlace { part, .. }) => {
                prop_assert_eq!(part, Part::Pinned);
                prop_assert!(has_pins(&bank));
            }
            Err(error) => prop_assert!(is_about_feedback(error), "{error} {bank:?}"),
        }
    }
}

#[cfg(feature = "aiken")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn printed_aiken_reads_back_or_is_refused(bank in banks(), plain in tame_banks()) {
        if let Ok(text) = export::aiken::print(&bank) {
            let back = questions(quiz_core::import::aiken::read("", &text));
            prop_assert_eq!(&back, &bank);
            prop_assert_eq!(export::aiken::print(&back), Ok(text));
        }
        let bare = |q: &Question| Question::new(QuestionDraft {
            explanation: None, source: None, law_as_of: None, ..q.to_draft()
        }).unwrap();
        let plain: Vec<Question> = plain.iter().map(bare).collect();
        let text = export::aiken::print(&plain).unwrap();
        prop_assert_eq!(questions(quiz_core::import::aiken::read("", &text)), plain);
    }
}

/// Characters XML 1.0 has no place for (section 2.2, `Char`).
#[cfg(feature = "xml")]
fn is_refused_in_xml(error: ExportError) -> bool {
    let refused = |c: char| u32::from(c) < 0x20 || matches!(c, '\u{FFFE}' | '\u{FFFF}');
    matches!(error, ExportError::Character { character, .. } if refused(character))
        || is_about_feedback(error)
}

#[cfg(feature = "moodle-xml")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn printed_moodle_xml_reads_back(bank in banks()) {
        match export::moodle_xml::print(&bank) {
            Ok(text) => {
                let back = questions(quiz_core::import::moodle_xml::read("", &text));
                prop_assert_eq!(&back, &bank);
                prop_assert_eq!(export::moodle_xml::print(&back), Ok(text));
            }
            Err(ExportError::NoPlace { part, .. }) => {
                prop_assert_eq!(part, Part::Pinned);
                prop_assert!(has_pins(&bank));
            }
            Err(error) => prop_assert!(is_refused_in_xml(error), "{error} {bank:?}"),
        }
    }
}

#[cfg(feature = "qti")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn printed_qti_reads_back(bank in banks()) {
        use export::qti::{Version, print};
        for version in [Version::V2_2, Version::V3_0] {
            match print(&bank, version) {
                Ok(files) => {
                    let read = |file: &String| questions(quiz_core::import::qti::read("", file));
                    let back: Vec<Question> = files.iter().flat_map(read).collect();
                    prop_assert_eq!(&back, &bank);
                    prop_assert_eq!(print(&back, version), Ok(files));
                }
                Err(error) => prop_assert!(is_refused_in_xml(error), "{error} {bank:?}"),
            }
        }
    }
}

#[test]
fn what_a_format_cannot_say_is_refused_with_the_part() {
    let one = crate::sample::question("问", &["甲", "乙"], Position::A);
    let pinned = one.clone().with_pinned(&[Position::A]).unwrap();
    let refused = Err(ExportError::NoPlace {
        index: 1,
        part: Part::Pinned,
    });
    let bank = [one, pinned];
    assert_eq!(export::table::rows(&bank).map(|_| ()), refused);
    assert_eq!(export::office_text::print(&bank).map(|_| ()), refused);
    let tagged = crate::sample::question("[多选题]问", &["甲", "乙"], Position::A);
    assert_eq!(
        export::table::rows(&[tagged]),
        Err(ExportError::Lost { index: 0 })
    );
    let labelled = crate::sample::question("问", &["A.甲", "B.乙"], Position::A);
    assert_eq!(
        export::table::rows(&[labelled]),
        Err(ExportError::Misread {
            index: 0,
            part: Part::Choices
        })
    );
}

#[test]
fn formulas_are_guarded_in_tables_and_come_back_bare() {
    let bank = [crate::sample::question(
        "=cmd()",
        &["-5%", "'+1", "＝甲", "'乙"],
        Position::A,
    )];
    let rows = export::table::rows(&bank).unwrap();
    assert_eq!(rows[1][..5], ["'=cmd()", "'-5%", "''+1", "'＝甲", "'乙"]);
    let text = export::table::print(&bank, export::table::Separator::Comma).unwrap();
    assert_eq!(read_separated(&text, b','), bank);
}
