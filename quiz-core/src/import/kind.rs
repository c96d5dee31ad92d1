//! The announced type of a question: single choice or not.

use crate::folding::fold;

/// What a type cell, a tag or a heading announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Single,
    Other,
    Unknown,
}

/// Reads a type cell or a heading; `Unknown` if it names no type of question.
pub(super) fn read_kind(text: &str) -> Kind {
    const OTHER: [&str; 18] = [
        "多选",
        "多项",
        "不定项",
        "判断",
        "是非",
        "对错题",
        "填空",
        "简答",
        "问答",
        "论述",
        "名词解释",
        "案例分析",
        "multi",
        "truefalse",
        "true/false",
        "judg",
        "essay",
        "fillin",
    ];
    const SINGLE: [&str; 5] = ["单选", "单项", "选择", "single", "choice"];
    let folded = fold(text);
    if ["tf", "t/f"].contains(&folded.as_str()) {
        return Kind::Other;
    }
    let names = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    if names(&OTHER) {
        Kind::Other
    } else if names(&SINGLE) {
        Kind::Single
    } else {
        Kind::Unknown
    }
}

/// Reads the content of a bracket that may be a type tag, such as "单选题"; `Unknown` if it is anything longer.
pub(super) fn read_tag(content: &str) -> Kind {
    const LONGEST: usize = 6;
    let folded = fold(content);
    let is_tag = folded.chars().count() <= LONGEST
        && (folded.ends_with('题')
            || ["单选", "多选", "单项选择", "多项选择", "判断"].contains(&folded.as_str()));
    if is_tag {
        read_kind(&folded)
    } else {
        Kind::Unknown
    }
}
