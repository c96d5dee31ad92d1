//! Laws of presenting, answering, submitting and marking.

use proptest::prelude::*;
use quiz_core::{
    AnswerError, Answers, Attempt, DrawRule, Item, OptionOrder, Ordinal, PassMark, Position,
    QuestionId, Quiz, QuizError, Score, ScoreError,
};
use rand::{SeedableRng as _, rngs::ChaCha12Rng};

use crate::sample::{bank_of, jiangsu, numbered, question};

fn quiz(seed: u8) -> Quiz {
    Quiz::draw(
        &jiangsu(),
        DrawRule::JIANGSU_2020,
        &mut ChaCha12Rng::from_seed([seed; 32]),
    )
    .unwrap()
}

fn ordinal(number: u16) -> Ordinal {
    Ordinal::new(number).unwrap()
}

/// Where the right option is shown, worked out from the texts alone.
fn shown_key(quiz: &Quiz, ordinal: Ordinal) -> Position {
    let bank = jiangsu();
    let written = bank
        .question(quiz.items()[ordinal.index()].question)
        .unwrap();
    let right = written.choice(written.key()).unwrap().text();
    let presented = quiz.present(&bank, ordinal).unwrap();
    presented
        .options
        .iter()
        .find(|(_, text)| text == right)
        .unwrap()
        .0
}

#[test]
fn a_presented_item_is_the_question_without_its_key() {
    let (bank, quiz) = (jiangsu(), quiz(1));
    for number in quiz.ordinals() {
        let item = quiz.present(&bank, number).unwrap();
        let written = quiz.question(&bank, number).unwrap();
        assert_eq!((item.ordinal, item.stem.as_str()), (number, written.stem()));
        assert!(
            item.options
                .iter()
                .map(|(shown, _)| *shown)
                .eq(Position::ALL.into_iter().take(4))
        );
        let mut shown: Vec<&str> = item.options.iter().map(|(_, text)| text.as_str()).collect();
        let mut choices: Vec<&str> = written.choices().iter().map(|c| c.text()).collect();
        shown.sort_unstable();
        choices.sort_unstable();
        assert_eq!(shown, choices);
    }
    let paper: Vec<_> = quiz
        .paper(&bank)
        .unwrap()
        .map(|item| item.to_presented())
        .collect();
    let one_by_one: Vec<_> = quiz
        .ordinals()
        .map(|o| quiz.present(&bank, o).unwrap())
        .collect();
    assert_eq!(paper, one_by_one);
    let shown = quiz.show(&bank, ordinal(1)).unwrap();
    assert_eq!(
        (shown.ordinal(), shown.origin()),
        (one_by_one[0].ordinal, one_by_one[0].origin)
    );
}

#[test]
fn another_bank_is_refused_everywhere() {
    let (other, quiz) = (bank_of(vec![numbered(1)], Vec::new()), quiz(1));
    let refused = QuizError::OtherBank {
        drawn_from: quiz.bank(),
        given: other.digest(),
    };
    assert_eq!(quiz.present(&other, ordinal(1)), Err(refused));
    assert_eq!(quiz.mark(&other, &Answers::new()), Err(refused));
    assert_eq!(quiz.score(&other, &Answers::new()), Err(refused));
    assert_eq!(quiz.paper(&other).map(|_| ()), Err(refused));
    assert_eq!(Attempt::new(quiz).submit(&other), Err(refused));
}

#[test]
fn an_item_beyond_the_last_is_refused() {
    let (bank, quiz) = (jiangsu(), quiz(1));
    assert!(quiz.present(&bank, ordinal(10)).is_ok());
    let refused = QuizError::NoSuchItem {
        ordinal: ordinal(11),
        n_items: 10,
    };
    assert_eq!(quiz.present(&bank, ordinal(11)), Err(refused));
}

#[test]
fn a_refused_answer_leaves_the_attempt_as_it_was() {
    let mut attempt = Attempt::new(quiz(1));
    attempt.answer(ordinal(1), Position::A).unwrap();
    let before = attempt.clone();
    let beyond = AnswerError::NoSuchItem {
        ordinal: ordinal(11),
        n_items: 10,
    };
    assert_eq!(attempt.answer(ordinal(11), Position::A), Err(beyond));
    let no_option = AnswerError::NoSuchOption {
        ordinal: ordinal(1),
        position: Position::E,
        n_options: 4,
    };
    assert_eq!(attempt.answer(ordinal(1), Position::E), Err(no_option));
    assert_eq!(attempt, before);
}

#[test]
fn the_same_answer_twice_is_the_same_attempt_and_another_replaces_it() {
    let mut attempt = Attempt::new(quiz(1));
    attempt.answer(ordinal(3), Position::B).unwrap();
    let once = attempt.clone();
    attempt.answer(ordinal(3), Position::B).unwrap();
    assert_eq!(attempt, once);
    attempt.answer(ordinal(3), Position::D).unwrap();
    assert_eq!(
        attempt.answers().iter().collect::<Vec<_>>(),
        [(ordinal(3), Position::D)]
    );
    assert_eq!(attempt.next_unanswered(), Some(ordinal(1)));
}

#[test]
fn a_blank_attempt_scores_nothing() {
    let submitted = Attempt::new(quiz(1)).submit(&jiangsu()).unwrap();
    assert_eq!(submitted.score(), Score::new(0, 10).unwrap());
    assert!(
        submitted
            .marking()
            .items
            .iter()
            .all(|item| item.chosen.is_none() && !item.right)
    );
}

#[test]
fn five_of_ten_passes_and_four_does_not() {
    assert_eq!(PassMark::new(5), Ok(PassMark::JIANGSU_2020));
    let passed = |right| PassMark::JIANGSU_2020.passed(Score::new(right, 10).unwrap());
    assert_eq!([0, 4, 5, 10].map(passed), [false, false, true, true]);
}

#[test]
fn impossible_scores_and_marks_are_refused() {
    assert_eq!(PassMark::new(0), Err(ScoreError::PassMarkIsZero));
    assert_eq!(
        Score::new(11, 10),
        Err(ScoreError::MoreRightThanItems { right: 11, of: 10 })
    );
}

#[test]
fn kept_items_that_do_not_fit_the_bank_are_refused() {
    let bank = bank_of(
        vec![question("问", &["甲", "乙"], Position::A), numbered(1)],
        Vec::new(),
    );
    let item = |index: u16, option_order: &[Position]| Item {
        question: QuestionId::new(index),
        option_order: OptionOrder::new(option_order).unwrap(),
    };
    let (id, good) = (QuestionId::new(0), item(0, &[Position::B, Position::A]));
    let refused = |items: Vec<Item>| Quiz::restore(&bank, items).unwrap_err();
    assert_eq!(refused(Vec::new()), QuizError::ItemCount { n_items: 0 });
    assert_eq!(
        refused(vec![item(2, &[])]),
        QuizError::NoSuchQuestion {
            question: QuestionId::new(2)
        }
    );
    assert_eq!(
        refused(vec![good, good]),
        QuizError::RepeatedQuestion { question: id }
    );
    for order in [&[Position::A][..], &[Position::A, Position::B, Position::C]] {
        assert_eq!(
            refused(vec![item(0, order)]),
            QuizError::OptionOrder { question: id }
        );
    }
    assert!(Quiz::restore(&bank, vec![good]).is_ok());
}

#[test]
fn an_order_names_each_of_the_first_options_once() {
    use Position::{A, B, C};
    for good in [&[][..], &[A], &[B, A], &[C, A, B], &Position::ALL] {
        assert_eq!(
            OptionOrder::new(good).unwrap().iter().collect::<Vec<_>>(),
            good
        );
    }
    let seven = [Position::ALL.as_slice(), &[A]].concat();
    for bad in [&[B][..], &[A, A], &[A, C], &seven] {
        assert_eq!(OptionOrder::new(bad).unwrap_err().places, bad);
    }
    let order = OptionOrder::new(&[C, A, B]).unwrap();
    assert_eq!((order.written(A), order.shown(C)), (Some(C), Some(A)));
    assert_eq!(
        (order.written(Position::D), order.shown(Position::D)),
        (None, None)
    );
}

#[test]
fn letters_and_numbers_read_back_and_others_are_refused() {
    for position in Position::ALL {
        assert_eq!(position.to_string().parse(), Ok(position));
        assert_eq!(Position::from_index(position.index()), Some(position));
    }
    for text in ["", "G", "a", "AB", "Ａ"] {
        assert!(text.parse::<Position>().is_err(), "{text}");
    }
    assert_eq!("10".parse(), Ok(ordinal(10)));
    for text in ["0", "-1", "65536", "", "x"] {
        assert!(text.parse::<Ordinal>().is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The score is the number of items whose chosen text is the text of the key, whatever else was answered before.
    #[test]
    fn the_score_counts_right_texts(seed in any::<u8>(), chosen in proptest::collection::vec((1_u16..=10, 0_usize..4), 0..30)) {
        let quiz = quiz(seed);
        let mut attempt = Attempt::new(quiz.clone());
        for (number, index) in chosen {
            attempt.answer(ordinal(number), Position::from_index(index).unwrap()).unwrap();
        }
        let expected = quiz.ordinals().filter(|o| attempt.answers().get(*o) == Some(shown_key(&quiz, *o))).count();
        prop_assert_eq!(attempt.answers().len(), attempt.answers().iter().count());
        let score = quiz.score(&jiangsu(), attempt.answers()).unwrap();
        let submitted = attempt.submit(&jiangsu()).unwrap();
        prop_assert_eq!(score, submitted.score());
        prop_assert_eq!(usize::from(submitted.score().right()), expected);
        for item in &submitted.marking().items {
            prop_assert_eq!(item.key, shown_key(&quiz, item.ordinal));
            prop_assert_eq!(item.right, item.chosen == Some(item.key));
        }
    }
}
