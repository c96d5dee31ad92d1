//! Titles of columns and what they mean.

use crate::folding::fold;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Stem,
    /// Option with a 0-based index; may lie beyond the sixth.
    Option(usize),
    /// All options in one cell.
    Options,
    Key,
    Explanation,
    Source,
    LawAsOf,
    Kind,
    /// Known and of no use here, such as 序号.
    Ignored,
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
        ],
    ),
    (
        Role::Options,
        &["选项", "备选项", "备选答案", "options", "choices"],
    ),
];

/// Meaning of the title of a column, if it is known.
pub(super) fn role(title: &str) -> Option<Role> {
    let bare = title_form(title);
    let known = TITLES
        .into_iter()
        .find(|(_, names)| names.contains(&bare.as_str()));
    known.map(|(role, _)| role).or_else(|| option_role(&bare))
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

/// Reads titles such as 选项A, A选项, 选项1, 选项一, option a and a single letter.
fn option_role(bare: &str) -> Option<Role> {
    let words = ["选项", "备选项", "option", "choice", "项"];
    let label = words
        .iter()
        .find_map(|word| bare.strip_prefix(word).or_else(|| bare.strip_suffix(word)))
        .unwrap_or(bare);
    let is_worded = label.len() < bare.len();
    let mut characters = label.chars();
    let (first, None) = (characters.next()?, characters.next()) else {
        return None;
    };
    let lettered = || ('a'..='z').position(|letter| letter == first);
    let numbered = || {
        let digits = ('1'..='9').position(|digit| digit == first);
        digits.or_else(|| {
            "一二三四五六七八九"
                .chars()
                .position(|digit| digit == first)
        })
    };
    // A bare letter beyond F, or a bare number, is some other column.
    let index = if is_worded {
        lettered().or_else(numbered)
    } else {
        lettered().filter(|index| *index < 6)
    };
    index.map(Role::Option)
}
