//! The Aiken format.

use quiz_core::{
    FindingCode::{self, *},
    Position,
    export::{self, ExportError, Part},
    import::aiken::read,
};

use crate::sample::{codes, draft, question, shape};

#[test]
fn the_documented_example_is_read() {
    let text = "What is the correct answer to this question?\n\
                A. Is it this one?\nB) Maybe this answer?\nC.\tPossibly this one?\nD. Must be this one!\nANSWER: D\n\n\
                Which LMS has the most quiz import formats?\r\nA) Moodle\r\nB) ATutor\r\nANSWER: A\r\n";
    let import = read("f", text);
    let shapes: Vec<_> = import.questions.iter().map(|q| shape(&q.value)).collect();
    assert_eq!(shapes[0].1[2], "Possibly this one?");
    assert_eq!((shapes[0].2, shapes[1].2), (Position::D, Position::A));
    assert_eq!(shapes[1].0, "Which LMS has the most quiz import formats?");
    assert_eq!(codes(&import), []);
    assert_eq!(import.questions[1].place.row, 8);
}

#[test]
fn broken_items_are_refused_and_the_next_is_read() {
    for (item, expected) in [
        ("问\nA. 甲\nB. 乙", &[MissingKey][..]),
        ("问\nA. 甲\nB. 乙\nANSWER: C", &[KeyOutsideOptions]),
        ("问\nA. 甲\nB. 乙\nANSWER: A, B", &[SeveralKeys]),
        ("问\nA. 甲\nB. 乙\nANSWER: both", &[KeyNotUnderstood]),
        ("问\nA. 甲\nC. 乙\nANSWER: A", &[OptionOutOfOrder]),
        ("问\nA. 甲\nANSWER: A", &[MissingOptions]),
        ("A. 甲\nANSWER: A", &[UnreadLine, UnreadLine]),
    ] {
        let import = read("f", &format!("{item}\n\n二\nA. 甲\nB. 乙\nANSWER: A\n"));
        let found: Vec<FindingCode> = codes(&import);
        assert_eq!(found, expected, "{item}");
        assert_eq!(import.questions.len(), 1, "{item}");
    }
    assert_eq!(codes(&read("f", "")), [NoQuestions]);
}

#[test]
fn what_aiken_cannot_say_is_refused() {
    let explained = quiz_core::Question::new(quiz_core::QuestionDraft {
        explanation: Some("因".to_owned()),
        ..draft("问", &["甲", "乙"], Position::A)
    })
    .unwrap();
    let print = |question| export::aiken::print(&[question]).map(|_| ());
    let no_place = |part| Err(ExportError::NoPlace { index: 0, part });
    assert_eq!(print(explained), no_place(Part::Explanation));
    let stem_of_two_lines = question("一\n二", &["甲", "乙"], Position::A);
    assert_eq!(print(stem_of_two_lines), no_place(Part::Stem));
    let like_an_option = question("A. 问", &["甲", "乙"], Position::A);
    assert_eq!(print(like_an_option), Err(ExportError::Lost { index: 0 }));
}
