//! The GIFT format.

use quiz_core::{FindingCode, Position, import::gift::read};

use crate::sample::{codes, shape};

fn texts(text: &str) -> Vec<String> {
    let import = read("题库.gift", text);
    let one = |q: &quiz_core::import::Positioned<quiz_core::Question>| {
        let (stem, choices, key) = shape(&q.value);
        format!("{stem}|{}={key}", choices.join("|"))
    };
    import.questions.iter().map(one).collect()
}

/// The examples of Moodle's own documentation that are single choice.
#[test]
fn documented_examples_are_read() {
    for (text, expected) in [
        (
            "Who's buried in Grant's tomb?{=Grant ~no one ~Napoleon ~Churchill ~Mother Teresa}",
            "Who's buried in Grant's tomb?|Grant|no one|Napoleon|Churchill|Mother Teresa=A",
        ),
        (
            "// comment\n::Q1:: Which one? {\n  ~yellow # wrong\n  =red # right\n  ~blue\n}",
            "Which one?|yellow|red|blue=B",
        ),
        (
            "Moodle costs {~lots of money =nothing ~a small amount} to download.",
            "Moodle costs_____to download.|lots of money|nothing|a small amount=B",
        ),
        (
            "What is 2\\+2\\: \\{x\\} \\# \\~ \\= \\\\?{ =4 ~3 }",
            "What is 2\\+2: {x} # ~ = \\?|4|3=A",
        ),
        ("一\\n二{=甲\\:乙 ~丙}", "一\n二|甲:乙|丙=A"),
        ("$CATEGORY: tom/dick\n\n问{~%0%甲 =%100%乙}", "问|甲|乙=B"),
        ("问{~%100%甲 ~乙 ~%-50%丙}", "问|甲|乙|丙=A"),
        ("[html]<p>问<br>二</p>{=&lt;甲&gt; ~乙}", "问\n二|<甲>|乙=A"),
        ("[plain]<p>{=&lt; ~乙}", "<p>|&lt;|乙=A"),
        ("a < b & c > d?{=x ~y}", "a < b & c > d?|x|y=A"),
        ("问\r\n{\r\n=甲\r\n~乙\r\n}\r\n\r\n", "问|甲|乙=A"),
    ] {
        assert_eq!(texts(text), [expected], "{text}");
    }
}

#[test]
fn other_types_are_refused_by_their_kind_and_the_rest_is_read() {
    for (item, kind) in [
        ("Grant was buried.{F}", "判断题"),
        ("Grant was buried.{TRUE#yes#no}", "判断题"),
        ("When?{#1822:5}", "数值题"),
        ("Match.{=Canada -> Ottawa =Italy -> Rome}", "匹配题"),
        ("Two plus two?{=four =4}", "简答题"),
        ("Write.{}", "问答题"),
        ("Who?{~%50%one ~%50%two ~%-100%none}", "多选题"),
    ] {
        let import = read("f", &format!("一{{=甲 ~乙}}\n\n{item}\n\n二{{=甲 ~乙}}"));
        assert_eq!(import.questions.len(), 2, "{item}");
        assert_eq!(codes(&import), [FindingCode::UnsupportedType], "{item}");
        assert_eq!(import.findings[0].reading.as_deref(), Some(kind), "{item}");
        assert_eq!(import.findings[0].place.row, 3, "{item}");
    }
}

#[test]
fn feedback_becomes_the_explanation_or_is_left_out() {
    let one = |text: &str| read("f", text);
    let import = one("问{=甲 ~乙 ####因\\n依据：《条例》\\n法条时点：2020-04-22}");
    let question = &import.questions[0].value;
    assert_eq!(question.explanation(), Some("因"));
    assert_eq!(question.source(), Some("《条例》"));
    assert_eq!(
        question.law_as_of(),
        chrono::NaiveDate::from_ymd_opt(2020, 4, 22)
    );
    assert_eq!(codes(&import), []);
    let import = one("问{=甲#因 ~乙}");
    assert_eq!(import.questions[0].value.explanation(), Some("因"));
    assert_eq!(codes(&import), []);
    let import = one("问{=甲#另 ~乙####因}");
    assert_eq!(import.questions[0].value.explanation(), Some("因"));
    assert_eq!(codes(&import), [FindingCode::LeftOut]);
    assert_eq!(codes(&one("问{=甲 ~乙#错}")), [FindingCode::LeftOut]);
    assert_eq!(codes(&one("问{=甲 ~%50%乙}")), [FindingCode::LeftOut]);
    assert_eq!(codes(&one("问{=甲 ~%0%乙}")), []);
}

#[test]
fn broken_items_are_refused_and_the_rest_is_read() {
    use FindingCode::{
        EmptyOption, Malformed, MissingOptions, MissingStem, SameOptions, SeveralKeys, SkippedLine,
        TooManyOptions,
    };
    for (item, code) in [
        ("问{=甲 ~乙", Malformed),
        ("问 =甲 ~乙}", Malformed),
        ("问{甲 ~乙}}", Malformed),
        ("只有说明", SkippedLine),
        ("{=甲 ~乙}", MissingStem),
        ("问{=甲 =乙 ~丙}", SeveralKeys),
        ("问{=甲 ~}", EmptyOption),
        ("问{=甲 ~甲}", SameOptions),
        ("问{~%100%甲}", MissingOptions),
        ("问{=1 ~2 ~3 ~4 ~5 ~6 ~7}", TooManyOptions),
    ] {
        let import = read("f", &format!("{item}\n\n二{{=甲 ~乙}}"));
        assert_eq!(codes(&import), [code], "{item}");
        assert_eq!(import.questions.len(), 1, "{item}");
    }
    assert_eq!(
        codes(&read("f", "// nothing\n")),
        [FindingCode::NoQuestions]
    );
}

#[test]
fn lost_markup_is_named_with_its_line_and_column() {
    let import = read(
        "题库.gift",
        "问\n{=甲 ~[html]m<sup>2</sup> ~<img src\\=x>乙}",
    );
    assert_eq!(
        codes(&import),
        [FindingCode::MarkupRemoved, FindingCode::MediaRemoved]
    );
    let finding = &import.findings[0];
    assert_eq!(finding.place.to_string(), "题库.gift, row 2, column 12");
    assert_eq!(finding.place.to_zh(), "题库.gift第2行第12字");
    assert_eq!(
        (finding.original.as_str(), finding.reading.as_deref()),
        ("<sup>", Some("m2"))
    );
    assert_eq!(import.questions[0].value.key(), Position::A);
}
