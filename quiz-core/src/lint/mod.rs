//! Findings about a set of questions: sameness, contradictions, leaks, gaps and how well it can be guessed.

mod chance;
mod guess_floor;
mod question;
mod sameness;
mod similarity;

use chrono::NaiveDate;

pub(crate) use self::similarity::similarity_percent;
pub use self::{
    chance::{Coincidence, key_stands_at, longest_option_is_key},
    guess_floor::GuessFloor,
    question::OLD_LAW_DAYS,
    similarity::{NEAR_DUPLICATE_PERCENT, Similar, similar_questions},
};
use self::{
    question::examine_question,
    sameness::{Candidate, compare},
};
use crate::{
    BankSize, Finding, FindingCode, Origin, Position, Question,
    folding::fold,
    import::{Place, Positioned},
};

/// Chance in millionths below which a pattern of keys is reported.
const RARE_MILLIONTHS: u32 = 10_000;

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
    /// Day on which the bank is to be used, for the age of the law; nothing is said about it without.
    pub on: Option<NaiveDate>,
}

/// Texts of a question folded for comparison.
struct FoldedQuestion {
    stem: String,
    choices: Vec<String>,
}

impl FoldedQuestion {
    fn of(question: &Question) -> Self {
        Self {
            stem: fold(question.stem()),
            choices: question.choices().iter().map(|c| fold(c.text())).collect(),
        }
    }
}

/// Examines all questions in one pass; findings of each question, then of pairs, then of the set.
///
/// Costs little more than sorting the text: 12,000 questions take a small part of a second.
#[must_use]
pub fn examine(candidates: &Candidates<'_>) -> Vec<Finding> {
    let halves = [
        (Origin::Province, candidates.province),
        (Origin::City, candidates.city),
    ];
    let all: Vec<Candidate<'_>> = halves
        .iter()
        .flat_map(|(origin, half)| half.iter().map(|question| (*origin, question)))
        .map(|(origin, question)| Candidate {
            origin,
            question,
            folded: FoldedQuestion::of(&question.value),
        })
        .collect();
    let mut findings = Vec::new();
    for candidate in &all {
        examine_question(
            candidate.question,
            &candidate.folded,
            candidates.on,
            &mut findings,
        );
    }
    compare(&all, &mut findings);
    for (origin, half) in halves {
        findings.extend(wrong_size(half, candidates.size.of(origin)));
    }
    findings.extend(many_two_options(candidates));
    findings.extend(often_longest(&all));
    findings.extend(uneven_places(&all));
    findings
}

/// The longest option is the key more often than chance makes it; placed at the last question.
fn often_longest(candidates: &[Candidate<'_>]) -> Option<Finding> {
    let found = chance::coincidence(candidates.iter().filter_map(|candidate| {
        let lengths = candidate.folded.choices.iter().map(|c| c.chars().count());
        let longest = chance::unique_longest(lengths)?;
        let key = candidate.question.value.key().index();
        Some((candidate.folded.choices.len(), key == longest))
    }));
    pattern(candidates, FindingCode::LongestOptionIsKey, found, 1, "")
}

/// The key stands at one place more often than chance makes it; the place with the least chance.
fn uneven_places(candidates: &[Candidate<'_>]) -> Option<Finding> {
    let questions = || candidates.iter().map(|candidate| &candidate.question.value);
    let found = Position::ALL
        .into_iter()
        .map(|position| (key_stands_at(questions(), position), position))
        .filter(|(found, _)| found.n_items > 0);
    let n_places = found.clone().count();
    let (found, position) =
        found.min_by_key(|(found, position)| (found.chance_millionths, *position))?;
    let letter = format!("{position} ");
    pattern(
        candidates,
        FindingCode::KeyPlacesUneven,
        found,
        n_places,
        &letter,
    )
}

/// A pattern of keys that is rarer than chance, with as many patterns looked at as are given (Bonferroni).
fn pattern(
    candidates: &[Candidate<'_>],
    code: FindingCode,
    found: Coincidence,
    n_looked_at: usize,
    prefix: &str,
) -> Option<Finding> {
    let n_looked_at = u32::try_from(n_looked_at).unwrap_or(u32::MAX);
    if found.chance_millionths.saturating_mul(n_looked_at) >= RARE_MILLIONTHS {
        return None;
    }
    let place = candidates.last()?.question.place.whole_row();
    let words = format!("{prefix}{}/{}", found.n_keys, found.n_items);
    Some(Finding::new(code, place, words))
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
