//! The report as a table in Chinese.

use std::{collections::BTreeMap, env};

use comfy_table::{Cell, Color, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use quiz_core::Severity;

use super::examination::{FileReport, FindingReport};

/// Width where there is no screen to ask, in columns.
const WIDTH_WITHOUT_SCREEN: u16 = 160;

/// Longest excerpt of the words in a file, in characters.
const LONGEST_EXCERPT: usize = 40;

/// Notes of one kind that are shown for a file; a habit of an office shows in three rows.
const MOST_NOTES_ALIKE: usize = 3;

/// Renders the findings, then one line for each file.
pub(super) fn render(files: &[FileReport]) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["文件", "工作表", "行", "列", "问题", "原文", "建议"]);
    if !table.is_tty() {
        table.set_width(WIDTH_WITHOUT_SCREEN);
    }
    let is_coloured = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    for file in files {
        add_rows(&mut table, file, is_coloured);
    }
    let mut text = String::new();
    if !table.is_empty() {
        text.push_str(&table.to_string());
        text.push('\n');
    }
    for file in files {
        text.push_str(&summary(file));
        text.push('\n');
    }
    text
}

/// Every error and warning; of notes of one kind the first few, then how many more there are.
fn add_rows(table: &mut Table, file: &FileReport, is_coloured: bool) {
    let mut n_notes: BTreeMap<&str, usize> = BTreeMap::new();
    for report in &file.findings {
        if report.severity == Severity::Note {
            let n_alike = n_notes.entry(report.finding.code.message_zh()).or_default();
            *n_alike = n_alike.saturating_add(1);
            if *n_alike > MOST_NOTES_ALIKE {
                continue;
            }
        }
        table.add_row(row(report, is_coloured));
    }
    for (message, n_alike) in n_notes {
        let n_more = n_alike.saturating_sub(MOST_NOTES_ALIKE);
        if n_more > 0 {
            table.add_row([
                printable(&file.file),
                "—".to_owned(),
                "…".to_owned(),
                "—".to_owned(),
                format!("提示：{message}（同类还有 {n_more} 条）"),
                String::new(),
                "--format json 列出全部".to_owned(),
            ]);
        }
    }
}

fn row(report: &FindingReport, is_coloured: bool) -> Vec<Cell> {
    let finding = &report.finding;
    let place = &finding.place;
    let mut problem = Cell::new(problem(report));
    if is_coloured && let Some(colour) = colour(report.severity) {
        problem = problem.fg(colour);
    }
    vec![
        Cell::new(printable(&place.file)),
        Cell::new(printable(place.sheet.as_deref().unwrap_or("—"))),
        Cell::new(match place.row {
            0 => "—".to_owned(),
            row => row.to_string(),
        }),
        Cell::new(place.column.as_ref().map_or_else(
            || "—".to_owned(),
            |column| format!("{}（{}）", column.letter, printable(&column.header)),
        )),
        problem,
        Cell::new(excerpt(&finding.original)),
        Cell::new(finding.suggestion_zh()),
    ]
}

/// The weight and the problem, with the reading chosen and the other place, if any.
fn problem(report: &FindingReport) -> String {
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

const fn weight(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "错误",
        Severity::Warning => "警告",
        Severity::Note => "提示",
    }
}

const fn colour(severity: Severity) -> Option<Color> {
    match severity {
        Severity::Error => Some(Color::Red),
        Severity::Warning => Some(Color::Yellow),
        Severity::Note => None,
    }
}

fn summary(file: &FileReport) -> String {
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
fn percent(millionths: u32) -> String {
    let hundredths = millionths.saturating_add(50) / 100;
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

fn excerpt(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST_EXCERPT).collect();
    if text.chars().nth(LONGEST_EXCERPT).is_some() {
        shown.push('…');
    }
    printable(&shown)
}

/// The text without the control characters by which a file could command a terminal.
pub(super) fn printable(text: &str) -> String {
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
