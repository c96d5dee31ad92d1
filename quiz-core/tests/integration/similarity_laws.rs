//! Laws of the search for nearly the same questions, against the comparison of every pair.

use std::collections::BTreeSet;

use proptest::prelude::*;
use quiz_core::{Position, Question, lint::similar_questions};

use crate::sample::question;

/// Pairs of neighbouring characters of stem and options; all texts here fold to themselves.
fn pairs(question: &Question) -> BTreeSet<(Option<char>, char)> {
    let texts = std::iter::once(question.stem()).chain(question.choices().iter().map(|c| c.text()));
    texts
        .flat_map(|text| {
            let characters: Vec<char> = text.chars().collect();
            match characters.as_slice() {
                [only] => vec![(None, *only)],
                several => several.windows(2).map(|w| (Some(w[0]), w[1])).collect(),
            }
        })
        .collect()
}

/// Pairs in common and pairs in either.
fn overlap(a: &Question, b: &Question) -> (usize, usize) {
    let (a, b) = (pairs(a), pairs(b));
    (a.intersection(&b).count(), a.union(&b).count())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Nothing that reaches the similarity is missed, nothing below it is told, and the most similar is named.
    #[test]
    fn a_question_is_told_exactly_if_an_earlier_one_reaches_the_similarity(
        stems in proptest::collection::vec("[甲乙丙丁]{1,9}", 2..14), percent in 1_u8..=100,
    ) {
        let questions: Vec<Question> = stems.iter().map(|s| question(s, &["子", "丑寅"], Position::A)).collect();
        let similar = similar_questions(questions.iter(), percent);
        for (later, asked) in questions.iter().enumerate() {
            let reached: Vec<(usize, usize)> = questions[..later]
                .iter()
                .map(|earlier| overlap(earlier, asked))
                .filter(|(common, either)| common * 100 >= usize::from(percent) * either)
                .collect();
            let told = similar.iter().find(|s| s.later == later);
            prop_assert_eq!(told.is_some(), !reached.is_empty(), "{} {:?}", later, stems);
            if let Some(told) = told {
                let best = reached.iter().map(|(common, either)| common * 100 / either).max();
                prop_assert_eq!(Some(usize::from(told.percent)), best);
                let (common, either) = overlap(&questions[told.earlier], asked);
                prop_assert_eq!(usize::from(told.percent), common * 100 / either);
            }
        }
    }
}

#[test]
fn questions_that_are_all_alike_are_all_told() {
    let questions: Vec<Question> = (0..400)
        .map(|i| {
            let stem = format!("关于社会信用体系建设的下列说法中正确的一项是第{i}项");
            question(&stem, &["由政府主导推动", "由市场自行完成"], Position::A)
        })
        .collect();
    let similar = similar_questions(questions.iter(), 80);
    assert_eq!(similar.len(), 399);
    assert!(
        similar
            .iter()
            .all(|s| s.earlier < s.later && s.percent >= 80)
    );
}

#[test]
fn texts_without_characters_to_compare_are_like_nothing() {
    let blank = || question("\u{200B}", &["\u{200B}", "\u{200B}\u{200B}a"], Position::A);
    let questions = [question("问", &["甲", "乙"], Position::A), blank()];
    assert!(similar_questions(questions.iter(), 1).is_empty());
}
