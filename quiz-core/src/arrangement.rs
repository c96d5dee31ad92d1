//! Which options of a question may change places.

use crate::{Position, Question, folding::fold};

/// How the options of one question may be arranged when it is drawn.
///
/// Worked out once, when a bank is frozen.
/// The reading of the texts is part of the value-stable draw: changing it changes drawn quizzes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// Options change places freely.
    Free,
    /// Options change places, except that those marked true stay behind the others, in their own order.
    Last([bool; 6]),
    /// An option speaks of other options by letter: nothing moves.
    Fixed,
}

impl Arrangement {
    pub(crate) fn of(question: &Question) -> Self {
        let n_choices = question.choices().len();
        let mut last = [false; 6];
        for (choice, is_last) in question.choices().iter().zip(&mut last) {
            if refers_to_letters(choice.text(), n_choices) {
                return Self::Fixed;
            }
            *is_last = speaks_of_all_others(choice.text());
        }
        if last.contains(&true) {
            Self::Last(last)
        } else {
            Self::Free
        }
    }
}

/// Whether an option is of the kind "all of the above" or "none of the above".
///
/// A text that only looks like one is pinned behind the others, which harms nobody;
/// so the reading is generous.
pub(crate) fn speaks_of_all_others(text: &str) -> bool {
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
    let folded = fold(text);
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

/// Whether an option names other options of its question by their letters, as in "A和B" or "仅A".
///
/// Lists of grades such as "A、B、C、D" read the same way; the item is then shown in its written order.
pub(crate) fn refers_to_letters(text: &str, n_choices: usize) -> bool {
    let folded = fold(text).to_uppercase();
    let characters: Vec<char> = folded.chars().filter(|c| !c.is_whitespace()).collect();
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
