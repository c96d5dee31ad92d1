//! Which questions read nearly alike, found without comparing every pair.
//!
//! A question is the set of the pairs of neighbouring characters of its stem and of each option, after folding and
//! without punctuation;
//! the similarity of two is the Jaccard index of their sets: pairs in common over pairs in either.
//!
//! The search is exact. It is the prefix filter with the positional filter:
//! Bayardo, Ma, Srikant, "Scaling Up All Pairs Similarity Search", WWW 2007;
//! Xiao, Wang, Lin, Yu, "Efficient Similarity Joins for Near Duplicate Detection" (`PPJoin`), WWW 2008.
//! The pairs of each set are sorted from the rarest to the most frequent of all questions.
//! Two sets whose similarity reaches `t` share one of their first `|x| - ceil(t |x|) + 1` pairs, so only those are
//! indexed and looked up, and a partner whose size or place of the first common pair rules it out is passed over.
//! What is left is compared in full.

use std::collections::BTreeMap;

use crate::{Question, folding::fold};

/// Similarity in per cent from which [`examine`](super::examine) reports two questions as nearly alike.
pub const NEAR_DUPLICATE_PERCENT: u8 = 75;

/// Number of similar earlier questions after which the search for a question's most similar one ends.
const MOST_COMPARED: usize = 16;

/// A question that reads nearly like an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Similar {
    /// 0-based place of the earlier question.
    pub earlier: usize,
    /// 0-based place of the question.
    pub later: usize,
    /// Similarity in whole per cent, rounded down.
    pub percent: u8,
}

/// For each question that is similar to an earlier one, the most similar earlier one.
///
/// A question is in the result if and only if some earlier question reaches the similarity, 1 to 100 per cent;
/// other values are taken as the nearest of these.
/// With more than 16 such earlier questions, the most similar of the 16 met first is named.
///
/// On question papers the cost grows a little faster than the number of characters.
///
/// ```
/// # use quiz_core::{Position, Question, QuestionDraft};
/// use quiz_core::lint::similar_questions;
/// # let question = |stem: &str| Question::new(QuestionDraft {
/// #     stem: stem.to_owned(), choices: vec!["三年".to_owned(), "五年".to_owned()], key: Position::A,
/// #     explanation: None, source: None, law_as_of: None,
/// # });
/// let questions = [question("失信信息的公示期最长为（ ）。")?, question("失信信息公示期最长为（ ）")?];
/// let similar = similar_questions(questions.iter(), 75);
/// assert_eq!((similar[0].earlier, similar[0].later, similar[0].percent), (0, 1, 76));
/// # Ok::<(), quiz_core::QuestionError>(())
/// ```
#[must_use]
pub fn similar_questions<'a>(
    questions: impl Iterator<Item = &'a Question>,
    percent: u8,
) -> Vec<Similar> {
    let sets = questions.map(|question| {
        let choices = question.choices().iter().map(|choice| fold(choice.text()));
        character_pairs(std::iter::once(fold(question.stem())).chain(choices))
    });
    similar_sets(sets, percent)
}

/// Similarity of two questions in whole per cent, rounded down; 0 for texts without characters to compare.
pub(crate) fn similarity_percent(a: &Question, b: &Question) -> u8 {
    let pairs = |question: &Question| {
        let choices = question.choices().iter().map(|choice| fold(choice.text()));
        character_pairs(std::iter::once(fold(question.stem())).chain(choices))
    };
    let (a, b) = (pairs(a), pairs(b));
    let common = a
        .iter()
        .filter(|pair| b.binary_search(pair).is_ok())
        .count();
    let either = a.len().saturating_add(b.len()).saturating_sub(common);
    let percent = common.saturating_mul(100).checked_div(either).unwrap_or(0);
    u8::try_from(percent).unwrap_or(100)
}

/// A pair of neighbouring characters; a text of one character is paired with nothing.
pub(super) type CharacterPair = (Option<char>, char);

/// The set of the pairs of neighbouring characters of folded texts, sorted.
pub(super) fn character_pairs(texts: impl Iterator<Item = impl AsRef<str>>) -> Vec<CharacterPair> {
    let mut pairs = Vec::new();
    for text in texts {
        let mut before = None;
        let n_pairs = pairs.len();
        for character in text.as_ref().chars().filter(|c| !is_punctuation(*c)) {
            if let Some(before) = before {
                pairs.push((Some(before), character));
            }
            before = Some(character);
        }
        if pairs.len() == n_pairs {
            pairs.extend(before.map(|only| (None, only)));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

const fn is_punctuation(character: char) -> bool {
    matches!(
        character,
        '.' | ','
            | ';'
            | ':'
            | '!'
            | '?'
            | '"'
            | '\''
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | '《'
            | '》'
            | '【'
            | '】'
            | '…'
            | '_'
    )
}

/// As [`similar_questions`], of sets of character pairs.
pub(super) fn similar_sets(
    sets: impl Iterator<Item = Vec<CharacterPair>>,
    percent: u8,
) -> Vec<Similar> {
    let (sets, n_ranks) = ranked(sets);
    let threshold = Threshold(u32::from(percent.clamp(1, 100)));
    let mut index = Index {
        threshold,
        groups: vec![Vec::new(); n_ranks],
        compared_for: vec![usize::MAX; sets.len()],
    };
    let mut similar = Vec::new();
    for (later, set) in sets.iter().enumerate() {
        similar.extend(index.most_similar(later, set, &sets));
        index.add(later, set);
    }
    similar
}

/// The sets with each pair replaced by its rank, the rarest first, and the number of ranks.
fn ranked(sets: impl Iterator<Item = Vec<CharacterPair>>) -> (Vec<Vec<u32>>, usize) {
    let mut ranks_of: Vec<Vec<u32>> = Vec::new();
    let mut occurrences: Vec<(CharacterPair, usize)> = Vec::new();
    for (at, set) in sets.enumerate() {
        ranks_of.push(Vec::with_capacity(set.len()));
        occurrences.extend(set.into_iter().map(|pair| (pair, at)));
    }
    occurrences.sort_unstable();
    let mut by_pair: Vec<&[(CharacterPair, usize)]> =
        occurrences.chunk_by(|(a, _), (b, _)| a == b).collect();
    // Stable: pairs of the same frequency stay in their own order.
    by_pair.sort_by_key(|same| same.len());
    for (rank, same) in (0..).zip(&by_pair) {
        for (_, at) in *same {
            if let Some(ranks) = ranks_of.get_mut(*at) {
                ranks.push(rank);
            }
        }
    }
    (ranks_of, by_pair.len())
}

/// A similarity in per cent, and what follows from it for the sizes of sets.
#[derive(Clone, Copy)]
struct Threshold(u32);

impl Threshold {
    /// Least number in common of two sets of these sizes that are similar.
    fn least_common(self, a: u32, b: u32) -> u32 {
        let percent = u64::from(self.0);
        let sum = u64::from(a).saturating_add(u64::from(b));
        u32::try_from(
            percent
                .saturating_mul(sum)
                .div_ceil(percent.saturating_add(100)),
        )
        .unwrap_or(u32::MAX)
    }

    /// Number of rarest members of which two similar sets share one.
    fn prefix(self, size: u32) -> u32 {
        let least = u64::from(self.0)
            .saturating_mul(u64::from(size))
            .div_ceil(100);
        size.saturating_sub(u32::try_from(least).unwrap_or(u32::MAX))
            .saturating_add(1)
            .min(size)
    }

    /// Whether sets of these sizes can be similar at all.
    fn allows(self, a: u32, b: u32) -> bool {
        let (small, large) = (u64::from(a.min(b)), u64::from(a.max(b)));
        small.saturating_mul(100) >= large.saturating_mul(u64::from(self.0))
    }
}

/// Questions of one size that have a rank at one place of their sorted set.
#[derive(Clone)]
struct Group {
    size: u32,
    place: u32,
    questions: Vec<usize>,
}

/// The prefixes of the sets seen so far, by rank.
struct Index {
    threshold: Threshold,
    groups: Vec<Vec<Group>>,
    /// The later question an earlier one was last compared with.
    compared_for: Vec<usize>,
}

impl Index {
    fn add(&mut self, question: usize, set: &[u32]) {
        let size = size(set);
        for (place, rank) in (0..self.threshold.prefix(size)).zip(set) {
            let Some(groups) = usize::try_from(*rank)
                .ok()
                .and_then(|r| self.groups.get_mut(r))
            else {
                continue;
            };
            match groups
                .iter_mut()
                .find(|g| g.size == size && g.place == place)
            {
                Some(group) => group.questions.push(question),
                None => groups.push(Group {
                    size,
                    place,
                    questions: vec![question],
                }),
            }
        }
    }

    fn most_similar(&mut self, later: usize, set: &[u32], sets: &[Vec<u32>]) -> Option<Similar> {
        let size = size(set);
        let threshold = self.threshold;
        let mut best: BTreeMap<(std::cmp::Reverse<u8>, usize), u8> = BTreeMap::new();
        for (place, rank) in (0..threshold.prefix(size)).zip(set) {
            let groups = usize::try_from(*rank).ok().and_then(|r| self.groups.get(r));
            for group in groups.into_iter().flatten() {
                // This is the first common pair, or the question was compared at an earlier one.
                let left = size
                    .saturating_sub(place)
                    .min(group.size.saturating_sub(group.place));
                if !threshold.allows(size, group.size)
                    || left < threshold.least_common(size, group.size)
                {
                    continue;
                }
                for &earlier in &group.questions {
                    let Some(compared) = self.compared_for.get_mut(earlier) else {
                        continue;
                    };
                    if std::mem::replace(compared, later) == later {
                        continue;
                    }
                    let other = sets.get(earlier).map(Vec::as_slice).unwrap_or_default();
                    if let Some(percent) = similarity(set, other, threshold) {
                        best.insert((std::cmp::Reverse(percent), earlier), percent);
                        if best.len() >= MOST_COMPARED {
                            return first(&best, later);
                        }
                    }
                }
            }
        }
        first(&best, later)
    }
}

fn first(best: &BTreeMap<(std::cmp::Reverse<u8>, usize), u8>, later: usize) -> Option<Similar> {
    let ((_, earlier), percent) = best.first_key_value()?;
    Some(Similar {
        earlier: *earlier,
        later,
        percent: *percent,
    })
}

fn size(set: &[u32]) -> u32 {
    u32::try_from(set.len()).unwrap_or(u32::MAX)
}

/// Similarity of two sorted sets in whole per cent, if it reaches the threshold.
fn similarity(a: &[u32], b: &[u32], threshold: Threshold) -> Option<u8> {
    let least = threshold.least_common(size(a), size(b));
    let (mut rest_a, mut rest_b) = (a, b);
    let mut common = 0_u32;
    while let ([first_a, after_a @ ..], [first_b, after_b @ ..]) = (rest_a, rest_b) {
        let reachable = common.saturating_add(size(rest_a).min(size(rest_b)));
        if reachable < least {
            return None;
        }
        match first_a.cmp(first_b) {
            std::cmp::Ordering::Less => rest_a = after_a,
            std::cmp::Ordering::Greater => rest_b = after_b,
            std::cmp::Ordering::Equal => {
                common = common.saturating_add(1);
                (rest_a, rest_b) = (after_a, after_b);
            }
        }
    }
    let either = size(a).saturating_add(size(b)).saturating_sub(common);
    let percent = u64::from(common)
        .saturating_mul(100)
        .checked_div(u64::from(either))?;
    if common < least {
        return None;
    }
    u8::try_from(percent).ok()
}
