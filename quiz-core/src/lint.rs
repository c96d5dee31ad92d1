//! Findings about a set of questions: sameness, contradictions, leaks, gaps and the guess floor.

use std::collections::BTreeMap;

use crate::{
    BankSize, DrawError, DrawRule, Finding, FindingCode, MAX_CHOICES, Origin, PassMark, Question,
    QuestionBank,
    arrangement::{refers_to_letters, speaks_of_all_others},
    bank::sameness,
    draw,
    folding::fold,
    import::{Place, Positioned, brackets_that_may_hold_a_key},
};

/// Number of two-option questions above which [`FindingCode::GuessFloorHigh`] is raised.
///
/// With 20 of 100 a pure guesser passes 5 of 10 about 15 % of the time, twice as often as with none.
pub const MOST_TWO_OPTION_QUESTIONS: usize = 20;

/// Questions to examine before they are frozen, with their places.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain record; callers write it as a literal"
)]
pub struct Candidates<'a> {
    /// Questions of the province.
    pub province: &'a [Positioned<Question>],
    /// Questions of the city.
    pub city: &'a [Positioned<Question>],
    /// Size the bank is to have.
    pub size: BankSize,
}

/// Examines all questions in one pass; findings of each question, then of the set.
///
/// Costs a sorted map of the text.
#[must_use]
pub fn examine(candidates: &Candidates<'_>) -> Vec<Finding> {
    let halves = [
        (Origin::Province, candidates.province),
        (Origin::City, candidates.city),
    ];
    let mut findings = Vec::new();
    let mut by_stem: BTreeMap<String, Vec<(Origin, &Positioned<Question>)>> = BTreeMap::new();
    for (origin, half) in halves {
        for question in half {
            examine_question(question, &mut findings);
            let earlier = by_stem.entry(fold(question.value.stem())).or_default();
            findings.extend(
                earlier
                    .iter()
                    .find_map(|first| compare(*first, (origin, question))),
            );
            earlier.push((origin, question));
        }
    }
    for (origin, half) in halves {
        findings.extend(wrong_size(half, candidates.size.of(origin)));
    }
    findings.extend(many_two_options(candidates));
    findings
}

fn examine_question(question: &Positioned<Question>, findings: &mut Vec<Finding>) {
    let Positioned { place, value } = question;
    let mut raise =
        |code: FindingCode, words: &str| findings.push(Finding::new(code, place.clone(), words));
    let choices = value.choices();
    if leaks_key(value) {
        raise(FindingCode::KeyInStem, value.stem());
    }
    match choices.len() {
        2 => raise(FindingCode::TwoOptions, value.stem()),
        3 => raise(FindingCode::ThreeOptions, value.stem()),
        _ => {}
    }
    let lettered = choices
        .iter()
        .find(|c| refers_to_letters(c.text(), choices.len()));
    if let Some(choice) = lettered {
        raise(FindingCode::LettersInOption, choice.text());
    }
    let last_plain = choices
        .iter()
        .rposition(|c| !speaks_of_all_others(c.text()));
    let early = choices
        .iter()
        .take(last_plain.unwrap_or(0))
        .find(|c| speaks_of_all_others(c.text()));
    if let Some(choice) = early.filter(|_| lettered.is_none()) {
        raise(FindingCode::AllOfTheAboveNotLast, choice.text());
    }
    if value.explanation().is_none() {
        raise(FindingCode::MissingExplanation, value.stem());
    }
    if value.source().is_none() {
        raise(FindingCode::MissingSource, value.stem());
    }
    if value.law_as_of().is_none() {
        raise(FindingCode::MissingLawAsOf, value.stem());
    }
}

/// Whether a bracket of the stem holds letters of options, or one of the marks of a right answer.
fn leaks_key(question: &Question) -> bool {
    brackets_that_may_hold_a_key(question.stem()).any(|content| !fold(content).is_empty())
}

/// Compares two questions with the same stem.
fn compare(
    first: (Origin, &Positioned<Question>),
    second: (Origin, &Positioned<Question>),
) -> Option<Finding> {
    let (first_origin, first) = first;
    let (origin, second) = second;
    let key = |question: &Question| {
        question
            .choice(question.key())
            .map(|choice| fold(choice.text()))
    };
    let first_key = key(&first.value);
    let code = if first_key != key(&second.value) {
        let offers = |choice: &crate::Choice| Some(fold(choice.text())) == first_key;
        second
            .value
            .choices()
            .iter()
            .any(offers)
            .then_some(FindingCode::ContradictoryKeys)?
    } else if sameness(&first.value) != sameness(&second.value) {
        return None;
    } else if first_origin == origin {
        FindingCode::DuplicateInHalf
    } else {
        FindingCode::DuplicateAcrossHalves
    };
    Some(
        Finding::new(code, second.place.clone(), second.value.stem())
            .related_to(first.place.clone()),
    )
}

/// A half that is too small or too large; placed at its last question, or at no file if there is none.
fn wrong_size(half: &[Positioned<Question>], expected: u16) -> Option<Finding> {
    let code = match half.len().cmp(&usize::from(expected)) {
        std::cmp::Ordering::Less => FindingCode::HalfTooSmall,
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => FindingCode::HalfTooLarge,
    };
    let nowhere = Place {
        file: String::new(),
        sheet: None,
        row: 0,
        column: None,
    };
    let place = half.last().map_or(nowhere, |last| last.place.whole_row());
    Some(Finding::new(
        code,
        place,
        format!("{}/{expected}", half.len()),
    ))
}

fn many_two_options(candidates: &Candidates<'_>) -> Option<Finding> {
    let mut two = candidates
        .province
        .iter()
        .chain(candidates.city)
        .filter(|q| q.value.choices().len() == 2);
    let place = two.nth(MOST_TWO_OPTION_QUESTIONS)?.place.clone();
    let n = MOST_TWO_OPTION_QUESTIONS
        .saturating_add(1)
        .saturating_add(two.count());
    Some(Finding::new(
        FindingCode::GuessFloorHigh,
        place,
        n.to_string(),
    ))
}

/// Probability that somebody who only guesses passes, in millionths, rounded to the nearest.
///
/// ```text
/// 10 of 100 four-option questions, 5 right: 78 127 (40961 of 524288)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GuessFloor(u32);

impl GuessFloor {
    /// Guess floor of a bank under a rule and a pass mark.
    ///
    /// Exact but for rounding: the draw is followed question by question, keeping the probability of every pair of
    /// number drawn and number guessed right.
    /// Costs the size of the bank times the square of the number drawn.
    ///
    /// # Errors
    ///
    /// [`DrawError`] if the rule cannot be followed on the bank.
    pub fn of(bank: &QuestionBank, rule: DrawRule, pass_mark: PassMark) -> Result<Self, DrawError> {
        draw::check(bank, rule)?;
        let options = |origin: Option<Origin>| -> Vec<usize> {
            let wanted = bank
                .questions()
                .filter(|(id, _)| origin.is_none_or(|o| bank.origin(*id) == Some(o)));
            wanted
                .map(|(_, question)| question.choices().len())
                .collect()
        };
        let right = match rule {
            DrawRule::Simple { n } => right_guesses(&options(None), n),
            DrawRule::Stratified { province, city } => convolve(
                &right_guesses(&options(Some(Origin::Province)), province),
                &right_guesses(&options(Some(Origin::City)), city),
            ),
        };
        Ok(Self(millionths(
            right.iter().skip(usize::from(pass_mark.right())),
        )))
    }

    /// The probability in millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

/// Probability of each number of right guesses when `n` of the questions are drawn.
///
/// Selection sampling: with `left` questions to come and `k` still to be drawn, the next is drawn with probability
/// `k / left`, and then guessed with probability one over its number of options.
#[expect(
    clippy::float_arithmetic,
    reason = "a probability to be shown; no draw and no money depends on it"
)]
fn right_guesses(n_options: &[usize], n: u16) -> Vec<f64> {
    let drawn_max = usize::from(n);
    let width = drawn_max.saturating_add(1);
    // weights[drawn][right]
    let mut weights = vec![vec![0.0_f64; width]; width];
    if let Some(start) = weights.first_mut().and_then(|row| row.first_mut()) {
        *start = 1.0;
    }
    for (index, options) in n_options.iter().enumerate() {
        let left = real(n_options.len().saturating_sub(index));
        let guess = 1.0 / real((*options).clamp(1, MAX_CHOICES));
        let mut next = vec![vec![0.0_f64; width]; width];
        for (drawn, row) in weights.iter().enumerate() {
            let taken = real(drawn_max.saturating_sub(drawn)) / left;
            for (right, weight) in row.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
                add(&mut next, drawn, right, weight * (1.0 - taken));
                add(
                    &mut next,
                    drawn.saturating_add(1),
                    right,
                    weight * taken * (1.0 - guess),
                );
                add(
                    &mut next,
                    drawn.saturating_add(1),
                    right.saturating_add(1),
                    weight * taken * guess,
                );
            }
        }
        weights = next;
    }
    weights.pop().unwrap_or_default()
}

#[expect(
    clippy::float_arithmetic,
    reason = "a probability to be shown; no draw and no money depends on it"
)]
fn add(weights: &mut [Vec<f64>], drawn: usize, right: usize, weight: f64) {
    if let Some(cell) = weights.get_mut(drawn).and_then(|row| row.get_mut(right)) {
        *cell += weight;
    }
}

/// Probability of each sum of two independent counts.
#[expect(
    clippy::float_arithmetic,
    reason = "a probability to be shown; no draw and no money depends on it"
)]
fn convolve(first: &[f64], second: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0_f64; first.len().saturating_add(second.len()).saturating_sub(1)];
    for (i, a) in first.iter().enumerate() {
        for (sum, b) in sums.iter_mut().skip(i).zip(second) {
            *sum += a * b;
        }
    }
    sums
}

fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "a probability between 0 and 1 in millionths, rounded and clamped, fits in 32 bits"
)]
fn millionths<'a>(probabilities: impl Iterator<Item = &'a f64>) -> u32 {
    let sum: f64 = probabilities.sum();
    (sum * 1_000_000.0).round().clamp(0.0, 1_000_000.0) as u32
}
