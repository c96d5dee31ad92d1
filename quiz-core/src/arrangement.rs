//! The order in which options are shown, and which of them may change places.

use std::{fmt, num::NonZeroU32};

use rand::Rng;

use crate::{MAX_CHOICES, Position, Question, draw::below, folding::fold};

/// The options of one question in the order in which they are shown: each once.
///
/// ```
/// use quiz_core::{OptionOrder, Position};
/// let order = OptionOrder::new(&[Position::B, Position::A])?;
/// assert!(order.iter().eq([Position::B, Position::A]));
/// assert!(OptionOrder::new(&[Position::A, Position::A]).is_err());
/// # Ok::<(), quiz_core::OptionOrderError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OptionOrder {
    /// Four bits for each place shown, from the lowest: the place in the bank.
    /// In one word, since bytes written one by one and read together stall a processor.
    places: u32,
    n_options: u8,
}

/// Places that do not name each of the first options once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the order {places:?} does not name each option once")]
#[non_exhaustive]
pub struct OptionOrderError {
    /// Places given.
    pub places: Vec<Position>,
}

impl OptionOrder {
    /// Order given by the place in the bank of each option, in the order shown.
    ///
    /// # Errors
    ///
    /// [`OptionOrderError`] unless each of the first letters, as many as are given, occurs once.
    pub fn new(places: &[Position]) -> Result<Self, OptionOrderError> {
        let refused = || OptionOrderError {
            places: places.to_vec(),
        };
        let each_once = Position::ALL
            .iter()
            .take(places.len())
            .all(|p| places.contains(p));
        if !each_once || places.len() > MAX_CHOICES {
            return Err(refused());
        }
        Ok(Self {
            places: packed(places),
            n_options: u8::try_from(places.len()).map_err(|_| refused())?,
        })
    }

    /// Places in the bank of the options, in the order shown.
    pub fn iter(self) -> impl Iterator<Item = Position> + Clone {
        self.indices().filter_map(Position::from_index)
    }

    /// Indices in the bank of the options, in the order shown.
    pub(crate) fn indices(self) -> impl Iterator<Item = usize> + Clone {
        (0..usize::from(self.n_options)).map(move |shown| unpacked(self.places, shown))
    }

    /// Number of options.
    #[must_use]
    pub fn n_options(&self) -> usize {
        usize::from(self.n_options)
    }

    /// Place in the bank of what is shown at a place, if something is.
    #[must_use]
    pub fn written(&self, shown: Position) -> Option<Position> {
        let index = unpacked(self.places, shown.index());
        Position::from_index(index).filter(|_| shown.index() < self.n_options())
    }

    /// Place at which an option of the bank is shown, if the question has it.
    #[must_use]
    pub fn shown(&self, written: Position) -> Option<Position> {
        let index = self.iter().position(|place| place == written)?;
        Position::from_index(index)
    }
}

impl fmt::Debug for OptionOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Positions in one word, four bits each, the first lowest; as many as there can be options.
fn packed(positions: &[Position]) -> u32 {
    positions.iter().rev().fold(0, |word, position| {
        let index = u32::try_from(position.index()).unwrap_or(0);
        word.wrapping_shl(4) | index
    })
}

/// Index of the position at a 0-based place of a packed word.
#[inline]
fn unpacked(word: u32, place: usize) -> usize {
    let shift = u32::try_from(place).unwrap_or(0).wrapping_mul(4);
    usize::try_from(word.wrapping_shr(shift) & 0xF).unwrap_or(0)
}

/// The word with what stands at two places exchanged.
#[inline]
fn exchanged(word: u32, first: usize, second: usize) -> u32 {
    let shift = |place: usize| u32::try_from(place).unwrap_or(0).wrapping_mul(4);
    let (first, second) = (shift(first), shift(second));
    let differing = (word.wrapping_shr(first) ^ word.wrapping_shr(second)) & 0xF;
    word ^ (differing.wrapping_shl(first) | differing.wrapping_shl(second))
}

/// How the options of one question may be arranged when it is drawn.
///
/// Worked out once, when a bank is frozen.
/// The reading of the texts is part of the value-stable draw: changing it changes drawn quizzes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrangement {
    /// The order before anything moves: those that stay are in their final places.
    start: OptionOrder,
    /// Places that those that move fill, packed.
    free: u32,
    /// Number of those places.
    n_moving: u8,
}

impl Arrangement {
    pub(crate) fn of(question: &Question) -> Self {
        let choices = question.choices();
        let n_options = choices.len();
        let folded: Vec<String> = choices.iter().map(|choice| fold(choice.text())).collect();
        let mut last = [false; MAX_CHOICES];
        for (folded, is_last) in folded.iter().zip(&mut last) {
            *is_last = speaks_of_all_others(folded);
        }
        let last = last.get(..n_options).unwrap_or_default();
        let names_letters = folded
            .iter()
            .any(|folded| refers_to_letters(folded, n_options));
        let is_stated = !question.pinned().is_empty();
        if names_letters || is_stated && !last.is_sorted() {
            return Self::new(Position::ALL, n_options, |_| false);
        }
        if is_stated {
            let keeps = |place: Position| {
                question.pinned().contains(&place) || last.get(place.index()) == Some(&true)
            };
            return Self::new(Position::ALL, n_options, |place| !keeps(place));
        }
        let mut places = Position::ALL;
        if let Some(places) = places.get_mut(..n_options) {
            places.sort_by_key(|place| last.get(place.index()).copied());
        }
        let n_moving = last.iter().filter(|is_last| !**is_last).count();
        Self::new(places, n_options, |place| place.index() < n_moving)
    }

    fn new(
        places: [Position; MAX_CHOICES],
        n_options: usize,
        is_free: impl Fn(Position) -> bool,
    ) -> Self {
        let shown = Position::ALL.into_iter().take(n_options);
        let free: Vec<Position> = shown.filter(|place| is_free(*place)).collect();
        let small = |n: usize| u8::try_from(n).unwrap_or(0);
        Self {
            start: OptionOrder {
                places: packed(places.get(..n_options).unwrap_or_default()),
                n_options: small(n_options),
            },
            free: packed(&free),
            n_moving: small(free.len()),
        }
    }

    /// Orders the options for one item: the partial shuffle of step 2 over the free places; step 4 of
    /// [`draw`](crate::draw).
    #[inline]
    pub(crate) fn order(self, rng: &mut impl Rng) -> OptionOrder {
        let mut order = self.start;
        for i in 0..self.n_moving {
            let left = self.n_moving.saturating_sub(i);
            let Some(left) = NonZeroU32::new(u32::from(left)) else {
                break;
            };
            let step = usize::try_from(below(rng, left)).unwrap_or(0);
            let i = usize::from(i);
            let from = unpacked(self.free, i);
            let to = unpacked(self.free, i.saturating_add(step));
            order.places = exchanged(order.places, from, to);
        }
        order
    }
}

/// Whether a folded option is of the kind "all of the above" or "none of the above".
///
/// A text that only looks like one is pinned behind the others, which harms nobody;
/// so the reading is generous.
pub(crate) fn speaks_of_all_others(folded: &str) -> bool {
    const WHOLE: [&str; 22] = [
        "都对",
        "都不对",
        "都正确",
        "都不正确",
        "都是",
        "都不是",
        "都可以",
        "都不可以",
        "全对",
        "全错",
        "全是",
        "全选",
        "全不对",
        "全部正确",
        "全部都是",
        "全部都对",
        "均可",
        "均是",
        "均不是",
        "均正确",
        "均不正确",
        "皆是",
    ];
    const LONGEST: usize = 18;
    const QUANTIFIERS: [char; 8] = ['都', '均', '皆', '全', '没', '无', '不', '所'];
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric());
    if WHOLE.contains(&bare) {
        return true;
    }
    if ["all of the above", "none of the above", "all the above"]
        .iter()
        .any(|english| bare.starts_with(english))
    {
        return true;
    }
    let Some(rest) = ["以上", "上述", "上列", "前述"]
        .iter()
        .find_map(|prefix| bare.strip_prefix(prefix))
    else {
        return false;
    };
    !rest.starts_with('海') && bare.chars().count() <= LONGEST && rest.contains(QUANTIFIERS)
}

/// Whether a folded option names other options of its question by their letters, as in "A和B" or "仅A".
///
/// Lists of grades such as "A、B、C、D" read the same way; the item is then shown in its written order.
pub(crate) fn refers_to_letters(folded: &str, n_choices: usize) -> bool {
    if !folded.chars().any(|c| c.is_ascii_alphabetic()) {
        return false;
    }
    let characters: Vec<char> = folded
        .to_uppercase()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let is_label = |c: char| Position::from_letter(c).is_some_and(|p| p.index() < n_choices);
    let mut labels = 0_usize;
    let mut joined = false;
    let mut previous = None::<char>;
    let mut index = 0_usize;
    while let Some(&character) = characters.get(index) {
        let run: Vec<char> = characters
            .iter()
            .skip(index)
            .take_while(|c| c.is_ascii_alphanumeric())
            .copied()
            .collect();
        if run.is_empty() {
            previous = Some(character);
            index = index.saturating_add(1);
            continue;
        }
        index = index.saturating_add(run.len());
        let ascending = run.iter().zip(run.iter().skip(1)).all(|(a, b)| a < b);
        if !(run.iter().copied().all(is_label) && ascending) {
            previous = None;
            continue;
        }
        let after: String = characters.iter().skip(index).take(2).collect();
        let before_names = previous.is_some_and(|c| matches!(c, '仅' | '只' | '有' | '选' | '项'));
        let after_names = ["项", "选项", "都", "均", "皆", "全", "对", "错"]
            .iter()
            .any(|w| after.starts_with(w));
        let separated = previous
            .is_some_and(|c| matches!(c, '和' | '与' | '及' | '或' | ',' | '/' | '+' | '&' | '跟'));
        joined |= run.len() > 1 && (after.is_empty() || after_names || before_names || separated);
        joined |= (labels > 0 && separated) || (before_names && after.is_empty()) || after_names;
        labels = labels.saturating_add(1);
        previous = None;
    }
    joined
}
