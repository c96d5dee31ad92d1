//! IMS QTI 2.2 and 3.0.

use quiz_core::{FindingCode, Position, import::qti::read};

use crate::sample::{codes, shape};

/// An item of version 2.2 as the specification lays it out.
fn item(response: &str, interaction: &str, rest: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <assessmentItem xmlns=\"http://www.imsglobal.org/xsd/imsqti_v2p2\" identifier=\"i\" title=\"t\">\n\
         <responseDeclaration identifier=\"RESPONSE\" cardinality=\"single\" baseType=\"identifier\">{response}\
         </responseDeclaration>\n<itemBody>\n  <p>阅读下列说明。</p>\n  {interaction}\n</itemBody>{rest}</assessmentItem>"
    )
}

const CORRECT: &str = "<correctResponse><value>ChoiceB</value></correctResponse>";
const CHOICES: &str = "<prompt>信用代码共 <b>几</b> 位？</prompt>\n    <simpleChoice identifier=\"ChoiceA\">15</simpleChoice>\n    \
    <simpleChoice identifier=\"ChoiceB\">18</simpleChoice>\n    <simpleChoice identifier=\"ChoiceC\" fixed=\"true\">其他</simpleChoice>";

fn choice(attributes: &str) -> String {
    format!(
        "<choiceInteraction responseIdentifier=\"RESPONSE\" {attributes}>{CHOICES}</choiceInteraction>"
    )
}

#[test]
fn a_single_choice_is_read_with_fixed_options() {
    let text = item(CORRECT, &choice("shuffle=\"true\" maxChoices=\"1\""), "");
    let import = read("i.xml", &text);
    let (stem, choices, key) = shape(&import.questions[0].value);
    assert_eq!(stem, "阅读下列说明。\n信用代码共 几 位？");
    assert_eq!(choices, ["15", "18", "其他"]);
    assert_eq!(key, Position::B);
    assert_eq!(import.questions[0].value.pinned(), [Position::C]);
    assert_eq!(
        codes(&import),
        [FindingCode::MarkupRemoved, FindingCode::OptionsPinned]
    );
    assert_eq!(import.questions[0].place.row, 2);
}

#[test]
fn options_that_are_not_shuffled_are_pinned() {
    for attributes in ["shuffle=\"false\" maxChoices=\"1\"", "maxChoices=\"1\"", ""] {
        let import = read("f", &item(CORRECT, &choice(attributes), ""));
        let pinned = import.questions[0].value.pinned();
        assert_eq!(pinned.len(), 3, "{attributes}");
    }
}

#[test]
fn the_key_may_be_the_highest_mapped_value() {
    let entry =
        |key: &str, value: &str| format!("<mapEntry mapKey=\"{key}\" mappedValue=\"{value}\"/>");
    let mapping = |entries: String| format!("<mapping defaultValue=\"0\">{entries}</mapping>");
    let read = |response: &str| {
        read(
            "f",
            &item(response, &choice("shuffle=\"true\" maxChoices=\"1\""), ""),
        )
    };
    let found = |import: &quiz_core::import::Import| {
        let skipped = [FindingCode::MarkupRemoved, FindingCode::OptionsPinned];
        let codes = codes(import)
            .into_iter()
            .filter(|c| !skipped.contains(c))
            .collect::<Vec<_>>();
        (import.questions.first().map(|q| q.value.key()), codes)
    };
    let one = read(&mapping(entry("ChoiceA", "0") + &entry("ChoiceC", "1.0")));
    assert_eq!(found(&one), (Some(Position::C), vec![]));
    let partial = read(&mapping(entry("ChoiceA", "0.5") + &entry("ChoiceC", "10")));
    assert_eq!(
        found(&partial),
        (Some(Position::C), vec![FindingCode::LeftOut])
    );
    let stated = read(&(CORRECT.to_owned() + &mapping(entry("ChoiceA", "9"))));
    assert_eq!(found(&stated), (Some(Position::B), vec![]));
    let tied = read(&mapping(entry("ChoiceA", "2") + &entry("ChoiceC", "2.00")));
    assert_eq!(
        found(&tied),
        (None, vec![FindingCode::LeftOut, FindingCode::SeveralKeys])
    );
    let negative = read(&mapping(entry("ChoiceA", "-2") + &entry("ChoiceC", "-1")));
    assert_eq!(
        found(&negative),
        (None, vec![FindingCode::LeftOut, FindingCode::MissingKey])
    );
    assert_eq!(found(&read("")), (None, vec![FindingCode::MissingKey]));
}

#[test]
fn everything_else_is_refused_by_its_kind() {
    let other = |name: &str| format!("<{name} responseIdentifier=\"RESPONSE\"/>");
    for (interaction, kind) in [
        (choice("shuffle=\"true\" maxChoices=\"2\""), "多选题"),
        (choice("shuffle=\"true\" maxChoices=\"0\""), "多选题"),
        (other("extendedTextInteraction"), "问答题"),
        (other("textEntryInteraction"), "填空题"),
        (other("matchInteraction"), "匹配题"),
        (other("orderInteraction"), "排序题"),
        (other("qti-order-interaction"), "排序题"),
        (other("hotspotInteraction"), "hotspotInteraction"),
        (
            choice("maxChoices=\"1\"") + &choice("maxChoices=\"1\""),
            "复合题",
        ),
        (String::new(), "说明文字"),
    ] {
        let import = read("f", &item(CORRECT, &interaction, ""));
        let refusal = import.findings.last().unwrap();
        assert_eq!(refusal.code, FindingCode::UnsupportedType, "{interaction}");
        assert_eq!(refusal.reading.as_deref(), Some(kind), "{interaction}");
        assert_eq!(import.questions, [], "{interaction}");
    }
}

#[test]
fn several_items_of_one_file_and_feedback_are_read() {
    let feedback = "<modalFeedback outcomeIdentifier=\"F\" identifier=\"x\" showHide=\"show\"><p>因</p><p>依据：《条例》</p></modalFeedback>";
    let one = item(
        CORRECT,
        &choice("shuffle=\"true\" maxChoices=\"1\""),
        feedback,
    );
    let bare = one.split_once("?>").unwrap().1;
    let import = read("f", &format!("<items>{bare}{bare}</items>"));
    assert_eq!(import.questions.len(), 2);
    assert_eq!(import.questions[0].value.explanation(), Some("因"));
    assert_eq!(import.questions[1].value.source(), Some("《条例》"));
    let two = item(CORRECT, &choice("maxChoices=\"1\""), &feedback.repeat(2));
    let left_out = codes(&read("f", &two))
        .into_iter()
        .filter(|c| *c == FindingCode::LeftOut);
    assert_eq!(left_out.count(), 2);
}

#[test]
fn document_types_are_refused() {
    let text = item(CORRECT, &choice("maxChoices=\"1\""), "");
    let text = text.replace("?>\n", "?>\n<!DOCTYPE x SYSTEM \"file:///etc/passwd\">\n");
    assert_eq!(codes(&read("f", &text)), [FindingCode::Malformed]);
}
