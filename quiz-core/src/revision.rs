//! What changed from one frozen bank to the next.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    Origin, Question, QuestionBank, QuestionId, bank::sameness, folding::fold,
    lint::similarity_percent,
};

/// Similarity in per cent from which an unmatched question is taken for the reworded form of another.
const REWORDED_PERCENT: u8 = 50;

/// A part of a question that can differ between two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum QuestionPart {
    /// The stem.
    Stem,
    /// The texts of the options.
    Choices,
    /// The order of the same options.
    ChoiceOrder,
    /// The text of the right option.
    Key,
    /// The explanation.
    Explanation,
    /// The source.
    Source,
    /// The day the law stood so.
    LawAsOf,
    /// The options that keep their places.
    Pinned,
}

/// One difference between two versions of a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The question is new.
    Added {
        /// Place in the new version.
        new: QuestionId,
    },
    /// The question is gone.
    Removed {
        /// Place in the old version.
        old: QuestionId,
    },
    /// The question is there still, reworded or elsewhere.
    Kept {
        /// Place in the old version.
        old: QuestionId,
        /// Place in the new version.
        new: QuestionId,
        /// What differs; nothing if it has only moved.
        parts: Vec<QuestionPart>,
        /// Whether it stands in the other half, or in another order among the questions kept.
        moved: bool,
    },
}

/// The differences between two versions of a bank: those of the new version in its order, then those removed.
///
/// A question is the same if its content is; else if stem and options agree after folding; else if the stem does;
/// else if it is the most similar of those left, at 50 per cent or more.
/// Where questions were only put in between, those after them have not moved: moved are the fewest questions without
/// which all others are in their old order.
///
/// Costs a sorted map of the text, and comparing every pair of questions that neither stem nor content matches.
#[must_use]
pub fn differences(old: &QuestionBank, new: &QuestionBank) -> Vec<Difference> {
    let (old_questions, new_questions) = (all(old), all(new));
    let mut matches = Matches {
        old_of: vec![None; new_questions.len()],
        is_taken: vec![false; old_questions.len()],
    };
    matches.by(&old_questions, &new_questions, content);
    matches.by(&old_questions, &new_questions, |q| Some(sameness(q)));
    matches.by(&old_questions, &new_questions, |q| Some(fold(q.stem())));
    matches.by_similarity(&old_questions, &new_questions);
    let stays = longest_increasing(&matches.old_of);
    let id = |index: usize| QuestionId::new(u16::try_from(index).unwrap_or(u16::MAX));
    let mut differences = Vec::new();
    for (at, (found, question)) in matches.old_of.iter().zip(&new_questions).enumerate() {
        let new_id = id(at);
        let Some((old_at, before)) = found.and_then(|i| Some((i, *old_questions.get(i)?))) else {
            differences.push(Difference::Added { new: new_id });
            continue;
        };
        let parts = changed_parts(before, question);
        let crossed = half(old, id(old_at)) != half(new, new_id);
        let moved = crossed || stays.get(at) != Some(&true);
        if moved || !parts.is_empty() {
            differences.push(Difference::Kept {
                old: id(old_at),
                new: new_id,
                parts,
                moved,
            });
        }
    }
    let removed = matches
        .is_taken
        .iter()
        .enumerate()
        .filter(|(_, taken)| !**taken);
    differences.extend(removed.map(|(at, _)| Difference::Removed { old: id(at) }));
    differences
}

fn all(bank: &QuestionBank) -> Vec<&Question> {
    bank.questions().map(|(_, question)| question).collect()
}

fn half(bank: &QuestionBank, id: QuestionId) -> Option<Origin> {
    bank.origin(id)
}

/// Everything of a question that can be compared byte for byte.
fn content(question: &Question) -> Option<(String, Vec<String>, String)> {
    let choices = question
        .choices()
        .iter()
        .map(|c| c.text().to_owned())
        .collect();
    let rest = format!(
        "{} {:?} {:?} {:?} {:?}",
        question.key(),
        question.explanation(),
        question.source(),
        question.law_as_of(),
        question.pinned()
    );
    Some((question.stem().to_owned(), choices, rest))
}

struct Matches {
    /// Place in the old version of each question of the new one.
    old_of: Vec<Option<usize>>,
    /// Whether a question of the old version is matched.
    is_taken: Vec<bool>,
}

impl Matches {
    fn pair(&mut self, old: usize, new: usize) {
        if let (Some(old_of), Some(is_taken)) =
            (self.old_of.get_mut(new), self.is_taken.get_mut(old))
        {
            *old_of = Some(old);
            *is_taken = true;
        }
    }

    fn open_old<'a>(&self, old: &[&'a Question]) -> Vec<(usize, &'a Question)> {
        let open = old.iter().copied().enumerate().zip(&self.is_taken);
        open.filter(|(_, taken)| !**taken)
            .map(|(open, _)| open)
            .collect()
    }

    fn open_new<'a>(&self, new: &[&'a Question]) -> Vec<(usize, &'a Question)> {
        let open = new.iter().copied().enumerate().zip(&self.old_of);
        open.filter(|(_, found)| found.is_none())
            .map(|(open, _)| open)
            .collect()
    }

    /// Matches what agrees in a form, in order.
    fn by<Form: Ord>(
        &mut self,
        old: &[&Question],
        new: &[&Question],
        form: impl Fn(&Question) -> Option<Form>,
    ) {
        let mut places = BTreeMap::<Form, VecDeque<usize>>::new();
        for (at, question) in self.open_old(old) {
            if let Some(form) = form(question) {
                places.entry(form).or_default().push_back(at);
            }
        }
        for (at, question) in self.open_new(new) {
            let found = form(question).and_then(|form| places.get_mut(&form)?.pop_front());
            if let Some(found) = found {
                self.pair(found, at);
            }
        }
    }

    /// Matches the most similar first.
    fn by_similarity(&mut self, old: &[&Question], new: &[&Question]) {
        let (open_old, open_new) = (self.open_old(old), self.open_new(new));
        let mut pairs = Vec::new();
        for (new_at, question) in &open_new {
            for (old_at, before) in &open_old {
                let percent = similarity_percent(before, question);
                if percent >= REWORDED_PERCENT {
                    pairs.push((std::cmp::Reverse(percent), *new_at, *old_at));
                }
            }
        }
        pairs.sort_unstable();
        for (_, new_at, old_at) in pairs {
            let is_open =
                self.old_of.get(new_at) == Some(&None) && self.is_taken.get(old_at) == Some(&false);
            if is_open {
                self.pair(old_at, new_at);
            }
        }
    }
}

fn changed_parts(old: &Question, new: &Question) -> Vec<QuestionPart> {
    let texts =
        |q: &Question| -> Vec<String> { q.choices().iter().map(|c| c.text().to_owned()).collect() };
    let sorted = |q: &Question| {
        let mut texts = texts(q);
        texts.sort_unstable();
        texts
    };
    let key = |q: &Question| q.choice(q.key()).map(|c| c.text().to_owned());
    let same_choices = sorted(old) == sorted(new);
    let compared = [
        (QuestionPart::Stem, old.stem() != new.stem()),
        (QuestionPart::Choices, !same_choices),
        (
            QuestionPart::ChoiceOrder,
            same_choices && texts(old) != texts(new),
        ),
        (QuestionPart::Key, key(old) != key(new)),
        (
            QuestionPart::Explanation,
            old.explanation() != new.explanation(),
        ),
        (QuestionPart::Source, old.source() != new.source()),
        (QuestionPart::LawAsOf, old.law_as_of() != new.law_as_of()),
        (QuestionPart::Pinned, old.pinned() != new.pinned()),
    ];
    let changed = compared.into_iter().filter(|(_, differs)| *differs);
    changed.map(|(part, _)| part).collect()
}

/// Marks a longest increasing subsequence of the numbers that are there (patience sorting).
fn longest_increasing(numbers: &[Option<usize>]) -> Vec<bool> {
    // Last index of the best run of each length, and the index before each.
    let mut tails: Vec<(usize, usize)> = Vec::new();
    let mut before = vec![None; numbers.len()];
    for (at, number) in numbers.iter().enumerate() {
        let Some(number) = *number else { continue };
        let length = tails.partition_point(|(tail, _)| *tail < number);
        if let Some(slot) = before.get_mut(at) {
            *slot = length
                .checked_sub(1)
                .and_then(|l| tails.get(l))
                .map(|(_, at)| *at);
        }
        match tails.get_mut(length) {
            Some(tail) => *tail = (number, at),
            None => tails.push((number, at)),
        }
    }
    let mut is_in = vec![false; numbers.len()];
    let mut next = tails.last().map(|(_, at)| *at);
    while let Some(at) = next {
        if let Some(slot) = is_in.get_mut(at) {
            *slot = true;
        }
        next = before.get(at).copied().flatten();
    }
    is_in
}
