//! The report as a table in Chinese.

use std::{collections::BTreeMap, env};

use comfy_table::{Cell, Color, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use quiz_core::Severity;

use crate::contest::bank::{
    examination::{FileReport, FindingReport},
    words::{excerpt, printable, problem, summary, weight},
};

/// Width where there is no screen to ask, in columns.
const WIDTH_WITHOUT_SCREEN: u16 = 160;

/// Rows that are named where findings of one kind are summed up.
const MOST_ROWS_NAMED: usize = 20;

/// Findings of one kind that are shown one by one for a file; a habit of an office shows in three rows.
const fn most_alike(severity: Severity) -> usize {
    match severity {
        Severity::Error => 50,
        Severity::Warning | Severity::Note => 3,
    }
}

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

/// The first findings of each kind, then in which rows there are more of it.
fn add_rows(table: &mut Table, file: &FileReport, is_coloured: bool) {
    let mut n_shown: BTreeMap<&str, usize> = BTreeMap::new();
    let mut more: Vec<(&FindingReport, Vec<u32>)> = Vec::new();
    for report in &file.findings {
        let message = report.finding.code.message_zh();
        let n_alike = n_shown.entry(message).or_default();
        *n_alike = n_alike.saturating_add(1);
        if *n_alike <= most_alike(report.severity) {
            table.add_row(row(report, is_coloured));
            continue;
        }
        let place = report.finding.place.row;
        match more
            .iter_mut()
            .find(|(first, _)| first.finding.code == report.finding.code)
        {
            Some((_, rows)) => rows.push(place),
            None => more.push((report, vec![place])),
        }
    }
    for (report, rows) in more {
        table.add_row([
            Cell::new(printable(&file.file)),
            Cell::new("—"),
            Cell::new("…"),
            Cell::new("—"),
            weighted(
                report.severity,
                format!(
                    "{}：{}（同类还有 {} 条）",
                    weight(report.severity),
                    report.finding.code.message_zh(),
                    rows.len()
                ),
                is_coloured,
            ),
            Cell::new(named(&rows)),
            Cell::new("--format json 列出全部"),
        ]);
    }
}

/// The rows by number, the first of them when they are many.
fn named(rows: &[u32]) -> String {
    let numbers: Vec<String> = rows
        .iter()
        .take(MOST_ROWS_NAMED)
        .map(u32::to_string)
        .collect();
    let and_more = if rows.len() > MOST_ROWS_NAMED {
        "等"
    } else {
        ""
    };
    format!("第 {} 行{and_more}", numbers.join("、"))
}

/// A cell in the colour of its weight, where there are colours.
fn weighted(severity: Severity, text: String, is_coloured: bool) -> Cell {
    match colour(severity) {
        Some(colour) if is_coloured => Cell::new(text).fg(colour),
        _ => Cell::new(text),
    }
}

fn row(report: &FindingReport, is_coloured: bool) -> Vec<Cell> {
    let finding = &report.finding;
    let place = &finding.place;
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
        weighted(report.severity, problem(report), is_coloured),
        Cell::new(excerpt(&finding.original)),
        Cell::new(finding.suggestion_zh()),
    ]
}

const fn colour(severity: Severity) -> Option<Color> {
    match severity {
        Severity::Error => Some(Color::Red),
        Severity::Warning => Some(Color::Yellow),
        Severity::Note => None,
    }
}
