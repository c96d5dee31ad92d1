//! Words that announce a key, an explanation or a source within a line of text.

/// What the words after a marker are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Key,
    Explanation,
    Source,
    LawAsOf,
    Kind,
    /// Known and of no use here, such as the answer of whoever exported the page.
    Ignored,
}

/// A part of a line: bare words before any marker, or the words after one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) field: Option<Field>,
    pub(super) words: String,
}

const NAMES: [(&str, Field); 39] = [
    ("正确答案", Field::Key),
    ("参考答案", Field::Key),
    ("标准答案", Field::Key),
    ("正确选项", Field::Key),
    ("答案解析", Field::Explanation),
    ("试题解析", Field::Explanation),
    ("题目解析", Field::Explanation),
    ("答题解析", Field::Explanation),
    ("答案", Field::Key),
    ("解析", Field::Explanation),
    ("解释", Field::Explanation),
    ("法律依据", Field::Source),
    ("政策依据", Field::Source),
    ("法规依据", Field::Source),
    ("依据日期", Field::LawAsOf),
    ("依据时点", Field::LawAsOf),
    ("依据", Field::Source),
    ("题目来源", Field::Source),
    ("来源", Field::Source),
    ("出处", Field::Source),
    ("法条时点", Field::LawAsOf),
    ("法规截至日期", Field::LawAsOf),
    ("法规截止日期", Field::LawAsOf),
    ("法规截至", Field::LawAsOf),
    ("法规截止", Field::LawAsOf),
    ("时点", Field::LawAsOf),
    ("题型", Field::Kind),
    ("您的答案", Field::Ignored),
    ("你的答案", Field::Ignored),
    ("我的答案", Field::Ignored),
    ("您的选择", Field::Ignored),
    ("你的选择", Field::Ignored),
    ("难度系数", Field::Ignored),
    ("难度", Field::Ignored),
    ("知识点", Field::Ignored),
    ("分值", Field::Ignored),
    ("答", Field::Key),
    ("Answer", Field::Key),
    ("ANSWER", Field::Key),
];

/// Parts a line at its markers.
///
/// A marker counts at the beginning of a line, after a space or a mark, and anywhere within the words of a key.
/// It is followed by a colon, or stands in square brackets; at the beginning a key may follow at once.
pub(super) fn segments(line: &str) -> Vec<Segment> {
    let mut parts = Vec::new();
    let mut field = None;
    let mut begin = 0_usize;
    let mut previous = None::<char>;
    let mut skip_to = 0_usize;
    for (index, character) in line.char_indices() {
        let before = previous.replace(character);
        if index < skip_to {
            continue;
        }
        let is_start = before.is_none();
        let may_begin = field == Some(Field::Key)
            || before.is_none_or(|c| c.is_whitespace() || "。；;.．!！?？)）】]，,".contains(c));
        let marker = line
            .get(index..)
            .filter(|_| may_begin)
            .and_then(|rest| marker(rest, is_start));
        if let Some((next, length)) = marker {
            parts.push(Segment {
                field,
                words: line.get(begin..index).unwrap_or_default().trim().to_owned(),
            });
            field = Some(next);
            begin = index.saturating_add(length);
            skip_to = begin;
        }
    }
    parts.push(Segment {
        field,
        words: line.get(begin..).unwrap_or_default().trim().to_owned(),
    });
    parts.retain(|part| part.field.is_some() || !part.words.is_empty());
    parts
}

/// The marker a text begins with, and its length in bytes.
fn marker(text: &str, is_start: bool) -> Option<(Field, usize)> {
    let opened = text.strip_prefix(['(', '（', '[', '【', '［']);
    let is_square = text.starts_with(['[', '【', '［']);
    let inner = opened.unwrap_or(text);
    // Names are Chinese, or begin with A; most places of a long line are neither.
    if !inner.starts_with(|c: char| !c.is_ascii() || c == 'A') {
        return None;
    }
    let (name, field) = NAMES
        .into_iter()
        .find(|(name, _)| inner.starts_with(name))?;
    let after_name = inner.strip_prefix(name)?;
    let closed = if is_square {
        after_name.strip_prefix([']', '】', '］'])
    } else {
        None
    };
    let rest = match closed {
        Some(rest) => rest.trim_start().strip_prefix([':', '：']).unwrap_or(rest),
        None => match after_name.trim_start().strip_prefix([':', '：']) {
            Some(rest) => rest,
            None if field == Field::Key && opened.is_none() => after_name
                .strip_prefix(['为', '是'])
                .map(|rest| rest.strip_prefix([':', '：']).unwrap_or(rest))
                .or_else(|| (is_start && is_letter_next(after_name)).then_some(after_name))?,
            None => return None,
        },
    };
    Some((field, text.len().saturating_sub(rest.len())))
}

fn is_letter_next(text: &str) -> bool {
    text.trim_start()
        .starts_with(|c: char| ('A'..='F').contains(&c) || ('Ａ'..='Ｆ').contains(&c))
}
