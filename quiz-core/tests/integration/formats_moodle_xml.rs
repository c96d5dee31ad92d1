//! Moodle's own XML.

use quiz_core::{FindingCode, Position, import::moodle_xml::read};

use crate::sample::{codes, shape};

fn multichoice(inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>\n<question type=\"category\"><category><text>$course$/x</text>\
         </category></question>\n<question type=\"multichoice\">\n{inner}\n</question>\n</quiz>"
    )
}

const STEM: &str = "<questiontext format=\"html\"><text><![CDATA[<p>信用代码共<br>（ ）位</p>]]></text></questiontext>";
const ANSWERS: &str = "<answer fraction=\"0\" format=\"html\"><text>&lt;p&gt;15&lt;/p&gt;</text></answer>\
    <answer fraction=\"100.00000\"><text>18</text><feedback><text></text></feedback></answer>";

#[test]
fn html_in_cdata_or_escaped_is_read_as_the_text_it_shows() {
    let import = read(
        "moodle.xml",
        &multichoice(&format!("{STEM}{ANSWERS}<single>true</single>")),
    );
    assert_eq!(codes(&import), []);
    assert_eq!(
        shape(&import.questions[0].value),
        (
            "信用代码共\n（ ）位".to_owned(),
            vec!["15".to_owned(), "18".to_owned()],
            Position::B
        )
    );
    assert_eq!(import.questions[0].place.row, 4);
}

#[test]
fn fields_of_an_item_are_read() {
    let import = read(
        "f",
        &multichoice(&format!(
            "{STEM}{ANSWERS}<shuffleanswers>false</shuffleanswers><generalfeedback format=\"plain_text\"><text>因\n\
             依据：《条例》\n法条时点：2020-04-22</text></generalfeedback>"
        )),
    );
    let question = &import.questions[0].value;
    assert_eq!(question.pinned(), [Position::A, Position::B]);
    assert_eq!(question.explanation(), Some("因"));
    assert_eq!(question.source(), Some("《条例》"));
    assert!(question.law_as_of().is_some());
}

#[test]
fn other_types_are_refused_by_their_kind() {
    for (attribute, inner, kind) in [
        ("truefalse", "", "判断题"),
        ("shortanswer", "", "简答题"),
        ("essay", "", "问答题"),
        ("matching", "", "匹配题"),
        ("numerical", "", "数值题"),
        ("cloze", "", "填空题"),
        ("kprime", "", "kprime"),
        ("multichoice", "<single>false</single>", "多选题"),
        ("multichoice", "<single>0</single>", "多选题"),
    ] {
        let text = format!(
            "<quiz><question type=\"{attribute}\">{STEM}{inner}{ANSWERS}</question>\
             <question type=\"multichoice\">{STEM}{ANSWERS}</question></quiz>"
        );
        let import = read("f", &text);
        assert_eq!(
            codes(&import),
            [FindingCode::UnsupportedType],
            "{attribute}"
        );
        assert_eq!(import.findings[0].reading.as_deref(), Some(kind));
        assert_eq!(import.questions.len(), 1, "{attribute}");
    }
}

#[test]
fn marks_feedback_and_pictures_that_are_left_out_are_found() {
    use FindingCode::{LeftOut, MarkupRemoved, MediaRemoved, MissingKey, SeveralKeys};
    let answer = |fraction: &str, inner: &str| {
        format!("<answer fraction=\"{fraction}\"><text>{inner}</text></answer>")
    };
    let plain = answer("100", "甲") + &answer("0", "乙");
    for (inner, expected) in [
        (plain.clone() + &answer("50", "丙"), &[LeftOut][..]),
        (plain.clone() + &answer("-25", "丙"), &[LeftOut]),
        (
            plain.clone()
                + "<answer fraction=\"0\"><text>丙</text><feedback><text>错</text></feedback></answer>",
            &[LeftOut],
        ),
        (
            answer("100", "甲") + &answer("0", "&lt;img src=x&gt;乙"),
            &[MediaRemoved],
        ),
        (
            answer("100", "m&lt;sup&gt;2&lt;/sup&gt;") + &answer("0", "乙"),
            &[MarkupRemoved],
        ),
        (answer("100", "甲") + &answer("100", "乙"), &[SeveralKeys]),
        (answer("0", "甲") + &answer("0", "乙"), &[MissingKey]),
    ] {
        let import = read("f", &multichoice(&format!("{STEM}{inner}")));
        assert_eq!(codes(&import), expected, "{inner}");
    }
    let with_file = STEM.replace(
        "</questiontext>",
        "<file name=\"a.png\">aGk=</file></questiontext>",
    );
    let import = read("f", &multichoice(&format!("{with_file}{ANSWERS}")));
    assert_eq!(codes(&import), [MediaRemoved]);
}

#[test]
fn document_types_entities_and_broken_files_are_refused_with_their_place() {
    let laughs = "<!DOCTYPE quiz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><quiz><question type=\"multichoice\">\
                  <questiontext><text>&b;</text></questiontext></question></quiz>";
    let import = read("f", laughs);
    assert_eq!(codes(&import), [FindingCode::Malformed]);
    assert_eq!(import.findings[0].place.to_string(), "f, row 1, column 1");
    for inner in [
        "&b;",
        "<questiontext>",
        "</nothing>",
        "<a b=c>",
        "<a b=\"1\" b=\"2\"/>",
    ] {
        let good = format!("<quiz>\n<question type=\"multichoice\">{STEM}{ANSWERS}</question>");
        let import = read(
            "f",
            &format!("{good}\n<question type=\"multichoice\">{inner}"),
        );
        assert_eq!(codes(&import), [FindingCode::Malformed], "{inner}");
        assert_eq!(import.findings[0].place.row, 3, "{inner}");
        assert_eq!(import.questions.len(), 1, "{inner}");
    }
    let deep = format!("<quiz><question>{}", "<a>".repeat(100_000));
    assert_eq!(codes(&read("f", &deep)), [FindingCode::Malformed]);
    assert_eq!(codes(&read("f", "<quiz/>")), [FindingCode::NoQuestions]);
    assert_eq!(codes(&read("f", "")), [FindingCode::NoQuestions]);
}
