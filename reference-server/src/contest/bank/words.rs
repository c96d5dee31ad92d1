//! What is found in question files, in the words that organisers read.

use quiz_core::Severity;

use super::examination::{FileReport, FindingReport};

/// Longest excerpt of the words in a file, in characters.
const LONGEST_EXCERPT: usize = 40;

/// The weight and the problem, with the reading chosen and the other place, if any.
pub(crate) fn problem(report: &FindingReport) -> String {
    let finding = &report.finding;
    let mut problem = format!("{}：{}", weight(report.severity), finding.code.message_zh());
    if let Some(reading) = &finding.reading {
        problem.push_str(&format!("，读作“{}”", excerpt(reading)));
    }
    if let Some(related) = &finding.related {
        problem.push_str(&format!("，另见{}", printable(&related.to_zh())));
    }
    problem
}

/// The word for how much a finding weighs.
pub(crate) const fn weight(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "错误",
        Severity::Warning => "警告",
        Severity::Note => "提示",
    }
}

/// What a file came to, in one line.
pub(crate) fn summary(file: &FileReport) -> String {
    let guess_floor = file
        .guess_floor_millionths
        .map_or_else(|| "题目不足，无法计算".to_owned(), percent);
    format!(
        "{}：有效 {} / 错误 {} / 警告 {} / 提示 {} · 盲猜通过率 {guess_floor}",
        printable(&file.file),
        file.n_valid,
        file.n_errors,
        file.n_warnings,
        file.n_notes
    )
}

/// Millionths as a percentage with two decimals, half upwards.
pub(crate) fn percent(millionths: u32) -> String {
    let hundredths = millionths.saturating_add(50) / 100;
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// The first words of a text, for one line.
pub(crate) fn excerpt(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST_EXCERPT).collect();
    if text.chars().nth(LONGEST_EXCERPT).is_some() {
        shown.push('…');
    }
    printable(&shown)
}

/// The text without the control characters by which a file could command a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_millionths_is_rounded_to_hundredths_of_a_percent() {
        assert_eq!(percent(78_127), "7.81%");
        assert_eq!(percent(78_150), "7.82%");
        assert_eq!(percent(1_000_000), "100.00%");
        assert_eq!(percent(0), "0.00%");
    }

    #[test]
    fn an_excerpt_cannot_command_a_terminal() {
        assert_eq!(excerpt("甲\u{1b}[2J\n乙\u{9b}"), "甲 [2J 乙 ");
        assert_eq!(excerpt(&"字".repeat(41)).chars().count(), 41);
    }
}
