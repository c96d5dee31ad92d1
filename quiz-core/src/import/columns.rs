//! Titles of columns and what they mean.

use crate::{MAX_CHOICES, folding::fold};

/// What a column of a table of questions holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a reader that forgets one would lose a column; callers offer each"
)]
pub enum Role {
    /// The stem.
    Stem,
    /// Option with a 0-based index; may lie beyond the sixth.
    Option(usize),
    /// Whether the option with a 0-based index is the key.
    IsKey(usize),
    /// All options in one cell.
    Options,
    /// The key.
    Key,
    /// Why the key is right.
    Explanation,
    /// What the question rests on.
    Source,
    /// The day on which the law stood so.
    LawAsOf,
    /// The type of the question.
    Kind,
    /// Known and of no use here, such as 序号.
    Ignored,
}

impl Role {
    /// A title that gives a column this role, for a table whose own titles say something else.
    ///
    /// Options beyond the twenty-sixth have none, as no table has them.
    #[must_use]
    pub fn title_zh(self) -> String {
        let letter = |index: usize| {
            let offset = u8::try_from(index).ok().filter(|offset| *offset < 26);
            offset.map_or('?', |offset| char::from(b'A'.saturating_add(offset)))
        };
        match self {
            Self::Stem => "题目".to_owned(),
            Self::Option(index) => format!("选项{}", letter(index)),
            Self::IsKey(index) => format!("是否正确{}", letter(index)),
            Self::Options => "选项".to_owned(),
            Self::Key => "答案".to_owned(),
            Self::Explanation => "解析".to_owned(),
            Self::Source => "依据".to_owned(),
            Self::LawAsOf => "法条时点".to_owned(),
            Self::Kind => "题型".to_owned(),
            Self::Ignored => "备注".to_owned(),
        }
    }

    /// The role that a title gives a column, if it is known.
    ///
    /// ```
    /// use quiz_core::import::table::Role;
    /// assert_eq!(Role::of_title("正确答案（必填）"), Some(Role::Key));
    /// assert_eq!(Role::of_title("拼音"), None);
    /// ```
    #[must_use]
    pub fn of_title(title: &str) -> Option<Self> {
        role(title)
    }
}

/// Titles as [`title_form`] leaves them.
const TITLES: [(Role, &[&str]); 8] = [
    (
        Role::Stem,
        &[
            "题目",
            "题干",
            "问题",
            "试题",
            "题目内容",
            "试题内容",
            "题干内容",
            "问题内容",
            "试题题干",
            "题目题干",
            "题目名称",
            "题目描述",
            "竞赛题目",
            "竞赛题",
            "考题",
            "题目标题",
            "试题题目",
            "试题名称",
            "内容",
            "stem",
            "question",
            "title",
            "content",
        ],
    ),
    (
        Role::Key,
        &[
            "答案",
            "正确答案",
            "正确选项",
            "标准答案",
            "参考答案",
            "正确项",
            "答案选项",
            "试题答案",
            "题目答案",
            "正确选项序号",
            "正确答案序号",
            "key",
            "answer",
            "correctanswer",
            "correct",
        ],
    ),
    (
        Role::Explanation,
        &[
            "解析",
            "答案解析",
            "试题解析",
            "题目解析",
            "答题解析",
            "解释",
            "说明",
            "答案说明",
            "explanation",
            "analysis",
        ],
    ),
    (
        Role::Source,
        &[
            "来源",
            "依据",
            "出处",
            "题目来源",
            "题目出处",
            "法律依据",
            "政策依据",
            "法规依据",
            "文件依据",
            "来源依据",
            "参考依据",
            "答案依据",
            "答案来源",
            "答案出处",
            "source",
        ],
    ),
    (
        Role::LawAsOf,
        &[
            "法条时点",
            "时点",
            "依据日期",
            "依据时点",
            "法律时点",
            "法规时点",
            "法条日期",
            "截至日期",
            "法规截至",
            "法规截至日期",
            "法规截止",
            "法规截止日期",
            "lawasof",
            "asof",
        ],
    ),
    (
        Role::Kind,
        &["题型", "题目类型", "试题类型", "问题类型", "类型", "type"],
    ),
    (
        Role::Ignored,
        &[
            "序号",
            "编号",
            "题号",
            "难度",
            "难度系数",
            "题目难度",
            "难易程度",
            "难易度",
            "难度等级",
            "题目分类",
            "试题分类",
            "分类",
            "所属范围",
            "知识点",
            "知识点名称",
            "分值",
            "分数",
            "人员类型",
            "备注",
            "单位",
            "出题单位",
            "no",
            "id",
            "number",
            "index",
            "score",
            "difficulty",
            "time",
            "时长",
        ],
    ),
    (
        Role::Options,
        &["选项", "备选项", "备选答案", "options", "choices"],
    ),
];

/// Meaning of the title of a column, if it is known; what stands in brackets counts only if it must.
pub(super) fn role(title: &str) -> Option<Role> {
    let bare = title_form(title);
    role_of(&bare).or_else(|| role_of(&without_brackets(title)))
}

fn role_of(bare: &str) -> Option<Role> {
    let known = TITLES.into_iter().find(|(_, names)| names.contains(&bare));
    known
        .map(|(role, _)| role)
        .or_else(|| key_mark_role(bare))
        .or_else(|| option_role(bare))
}

/// The form of a title such as 答案（填字母） without its brackets.
fn without_brackets(title: &str) -> String {
    let mut depth = 0_usize;
    let outside = |c: &char| {
        if "([{（［【".contains(*c) {
            depth = depth.saturating_add(1);
        } else if ")]}）］】".contains(*c) {
            depth = depth.saturating_sub(1);
        }
        depth == 0
    };
    title_form(&title.chars().filter(outside).collect::<String>())
}

/// The title without "（必填）" and the like, spaces and marks, in lower case and half width.
fn title_form(title: &str) -> String {
    let mut bare = fold(title);
    for remark in [
        "(必填)",
        "(选填)",
        "(可选)",
        "(非必填)",
        "(必填项)",
        "[必填]",
        "(required)",
        "(optional)",
    ] {
        bare = bare.replace(remark, "");
    }
    bare.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Reads titles such as isCorrect1 and 是否正确A.
fn key_mark_role(bare: &str) -> Option<Role> {
    let words = ["iscorrect", "isright", "是否正确", "是否答案"];
    let label = words.iter().find_map(|word| bare.strip_prefix(word))?;
    index_of(label).map(Role::IsKey)
}

/// Reads titles such as 选项A, A选项, 选项1, 选项一, option a and a single letter.
fn option_role(bare: &str) -> Option<Role> {
    const WORDS: [&str; 10] = [
        "选项内容",
        "备选答案",
        "候选答案",
        "备选项",
        "选项",
        "答案",
        "项",
        "option",
        "choice",
        "answer",
    ];
    let labels = WORDS
        .iter()
        .filter_map(|word| bare.strip_prefix(word).or_else(|| bare.strip_suffix(word)));
    // A bare letter beyond F, or a bare number, is some other column.
    let bare_letter = || {
        index_of(bare).filter(|index| {
            *index < MAX_CHOICES && bare.starts_with(|c: char| c.is_ascii_alphabetic())
        })
    };
    labels
        .filter_map(index_of)
        .next()
        .or_else(bare_letter)
        .map(Role::Option)
}

/// 0-based index of a letter, a digit or a Chinese digit that stands alone.
fn index_of(label: &str) -> Option<usize> {
    let mut characters = label.chars();
    let (first, None) = (characters.next()?, characters.next()) else {
        return None;
    };
    let among = |list: &str| list.chars().position(|c| c == first);
    among("abcdefghijklmnopqrstuvwxyz")
        .or_else(|| among("123456789"))
        .or_else(|| among("一二三四五六七八九"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_given_by_its_own_title() {
        let roles = [
            Role::Stem,
            Role::Options,
            Role::Key,
            Role::Explanation,
            Role::Source,
            Role::LawAsOf,
            Role::Kind,
            Role::Ignored,
        ];
        let by_index = (0..26).flat_map(|index| [Role::Option(index), Role::IsKey(index)]);
        for one in roles.into_iter().chain(by_index) {
            assert_eq!(Role::of_title(&one.title_zh()), Some(one));
        }
    }
}
