//! Layouts of running text.

use quiz_core::{FindingCode, Position};

use crate::sample::{codes, read_text, shape};

fn check(text: &str, stem: &str, choices: &[&str], key: Position) {
    let import = read_text(text);
    assert_eq!(import.questions.len(), 1, "{text}\n{:?}", import.findings);
    let expected = (
        stem.to_owned(),
        choices.iter().map(|c| (*c).to_owned()).collect(),
        key,
    );
    assert_eq!(shape(&import.questions[0].value), expected, "{text}");
}

#[test]
fn numbers_options_and_keys_are_read_in_every_usual_layout() {
    for number in ["1.", "1、", "（1）", "第1题 ", "１．"] {
        check(
            &format!("{number}问（ ）\nA.甲\nB.乙\n答案：B"),
            "问（ ）",
            &["甲", "乙"],
            Position::B,
        );
    }
    for options in [
        "A.甲 B.乙 C.丙",
        "A、甲B、乙C、丙",
        "(A)甲 (B)乙 (C)丙",
        "A 甲 B 乙 C 丙",
        "Ａ．甲　Ｂ．乙\nC．丙",
    ] {
        check(
            &format!("1.问\n{options}\n正确答案:C"),
            "问",
            &["甲", "乙", "丙"],
            Position::C,
        );
    }
    check(
        "1.建于（ ）\nA2013年B2014年C2015年\n【答案】A",
        "建于（ ）",
        &["2013年", "2014年", "2015年"],
        Position::A,
    );
    check(
        "1.问（ ）。 A.甲 B.乙 C.丙 答案：C",
        "问（ ）。",
        &["甲", "乙", "丙"],
        Position::C,
    );
    check(
        "1、问（ B ）。\nA.甲\nB.乙",
        "问（ ）。",
        &["甲", "乙"],
        Position::B,
    );
    check(
        "1、问[单选题]\nA.甲\nB.乙(正确答案)",
        "问",
        &["甲", "乙"],
        Position::B,
    );
}

#[test]
fn letters_within_an_option_do_not_part_it() {
    check(
        "1.等级分为（ ）\nA.A、B、C、D四级 B.AAA、AA、A三级\nC.两级\n答案：A",
        "等级分为（ ）",
        &["A、B、C、D四级", "AAA、AA、A三级", "两级"],
        Position::A,
    );
}

#[test]
fn a_number_glued_to_the_key_begins_the_next_question() {
    let import = read_text("1.一\nA.甲\nB.乙\n答案:B2.二\nA.丙\nB.丁\n答案:A");
    let keys: Vec<Position> = import.questions.iter().map(|q| q.value.key()).collect();
    assert_eq!(keys, [Position::B, Position::A]);
    assert_eq!(codes(&import), [FindingCode::SplitGlued]);
}

#[test]
fn fields_after_the_key_are_read_from_one_line_or_several() {
    for text in [
        "答案：A。解析：因\n依据：《条例》\n时点：2020年4月22日",
        "答案:A 解析:因 依据:《条例》 时点:2020-04-22",
        "答案：A\n解析：因\n依据：《条例》\n法规截至：2020-04-22",
        "答案：A\n解析：因\n依据：《条例》\n法规截止日期：2020年4月22日",
    ] {
        let import = read_text(&format!("1.问\nA.甲\nB.乙\n{text}"));
        let question = &import.questions[0].value;
        assert_eq!(
            (question.explanation(), question.source()),
            (Some("因"), Some("《条例》"))
        );
        assert_eq!(
            question.law_as_of(),
            chrono::NaiveDate::from_ymd_opt(2020, 4, 22)
        );
        assert_eq!(codes(&import), []);
    }
}

#[test]
fn letters_out_of_order_refuse_the_question_and_not_the_next() {
    let import = read_text("1.一\nA.甲\nC.乙\n答案:A\n2.二\nA.甲\nB.乙\n答案:A");
    assert_eq!(codes(&import), [FindingCode::OptionOutOfOrder]);
    assert_eq!(import.questions.len(), 1);
    assert_eq!(import.findings[0].place.row, 3);
}

#[test]
fn a_section_of_another_type_is_refused() {
    let import = read_text(
        "一、单项选择题\n1.一\nA.甲\nB.乙\n答案:A\n二、多项选择题\n1.二\nA.甲\nB.乙\n答案:AB",
    );
    assert_eq!(codes(&import), [FindingCode::UnsupportedType]);
    assert_eq!(import.questions.len(), 1);
}

#[test]
fn text_without_questions_is_one_finding_and_blank_text_none() {
    assert_eq!(
        codes(&read_text("关于竞赛的通知\n请认真组织。")),
        [FindingCode::NoQuestions]
    );
    assert_eq!(codes(&read_text("\n \n")), []);
}
