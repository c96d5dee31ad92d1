//! Questions that are the same, nearly the same, or the same with another key.

use std::collections::BTreeMap;

use super::{FoldedQuestion, NEAR_DUPLICATE_PERCENT, similarity};
use crate::{Finding, FindingCode, Origin, Question, import::Positioned};

/// A question with its half and its folded texts.
pub(super) struct Candidate<'a> {
    pub(super) origin: Origin,
    pub(super) question: &'a Positioned<Question>,
    pub(super) folded: FoldedQuestion,
}

impl Candidate<'_> {
    fn key(&self) -> &str {
        let index = self.question.value.key().index();
        self.folded.choices.get(index).map_or("", String::as_str)
    }
}

/// What is reported of two questions of the same half, and of two halves.
#[derive(Clone, Copy)]
struct Codes {
    in_half: FindingCode,
    across_halves: FindingCode,
}

const SAME: Codes = Codes {
    in_half: FindingCode::DuplicateInHalf,
    across_halves: FindingCode::DuplicateAcrossHalves,
};

const NEARLY_SAME: Codes = Codes {
    in_half: FindingCode::NearDuplicateInHalf,
    across_halves: FindingCode::NearDuplicateAcrossHalves,
};

const CONTRADICTORY: Codes = Codes {
    in_half: FindingCode::ContradictoryKeys,
    across_halves: FindingCode::ContradictoryKeys,
};

/// What questions have in common with earlier ones; at most one finding each.
pub(super) fn compare(candidates: &[Candidate<'_>], findings: &mut Vec<Finding>) {
    let mut is_same = vec![false; candidates.len()];
    let mut by_options: BTreeMap<(&str, Vec<&str>), usize> = BTreeMap::new();
    let mut by_key: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let stem = candidate.folded.stem.as_str();
        let key = candidate.key();
        let mut options: Vec<&str> = candidate
            .folded
            .choices
            .iter()
            .map(String::as_str)
            .collect();
        options.sort_unstable();
        let other_key = options
            .iter()
            .filter(|option| **option != key)
            .filter_map(|option| by_key.get(&(stem, *option)))
            .min();
        let same = by_options.get(&(stem, options.clone()));
        let found = match (other_key, same) {
            (Some(first), _) => Some((*first, CONTRADICTORY)),
            (None, Some(first)) => Some((*first, SAME)),
            (None, None) => None,
        };
        if let Some((first, codes)) = found {
            findings.extend(finding(candidates, first, at, codes));
            if let Some(is_same) = is_same.get_mut(at) {
                *is_same = true;
            }
        }
        by_options.entry((stem, options)).or_insert(at);
        by_key.entry((stem, key)).or_insert(at);
    }
    let sets = candidates.iter().map(|candidate| {
        let FoldedQuestion { stem, choices } = &candidate.folded;
        similarity::character_pairs(std::iter::once(stem).chain(choices))
    });
    for similar in similarity::similar_sets(sets, NEAR_DUPLICATE_PERCENT) {
        if is_same.get(similar.later) == Some(&false) {
            let found = finding(candidates, similar.earlier, similar.later, NEARLY_SAME);
            findings.extend(found.map(|f| f.with_similarity(similar.percent)));
        }
    }
}

/// The finding at the later place.
fn finding(
    candidates: &[Candidate<'_>],
    first: usize,
    second: usize,
    codes: Codes,
) -> Option<Finding> {
    let (first, second) = (candidates.get(first)?, candidates.get(second)?);
    let code = if first.origin == second.origin {
        codes.in_half
    } else {
        codes.across_halves
    };
    let place = second.question.place.clone();
    let related = first.question.place.clone();
    Some(Finding::new(code, place, second.question.value.stem()).related_to(related))
}
