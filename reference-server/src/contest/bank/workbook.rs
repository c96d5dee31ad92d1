//! The office's own rows back as a workbook, with a column that says what is wrong in each.

use std::collections::BTreeMap;

use quiz_core::{Severity, import::table::Sheet};
use rust_xlsxwriter::{Color, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::{examination::FileReport, words};

/// Name of the sheet with every finding of the file.
const FINDINGS: &str = "检查结果";
/// Name of a sheet whose rows have no name in the file.
const TEXT: &str = "原文";
/// Widest column, in characters.
const WIDEST: f64 = 60.0;

/// The rows of a file with what is found in them.
///
/// The rows keep their numbers; cells are text as shown, so nothing in them can be a formula.
/// The office's formats, pictures and formulas are not in it.
pub(crate) fn annotated(sheets: &[Sheet], report: &FileReport) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    list_findings(workbook.add_worksheet(), report)?;
    let mut taken = vec![FINDINGS.to_owned()];
    for sheet in sheets {
        let name = sheet_name(sheet.name.as_deref().unwrap_or(TEXT), &taken);
        let worksheet = workbook.add_worksheet().set_name(&name)?;
        copy(worksheet, sheet, &beside(sheet, report))?;
        taken.push(name);
    }
    workbook.save_to_buffer()
}

/// Questions as a workbook that reads back as the same questions, for an office to begin with.
pub(crate) fn rows(name: &str, rows: &[Vec<String>]) -> Result<Vec<u8>, XlsxError> {
    let bold = Format::new().set_bold();
    let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let mut workbook = Workbook::new();
    let worksheet = workbook.add_worksheet();
    worksheet.set_name(name)?.set_freeze_panes(1, 0)?;
    for (row, cells) in (0..).zip(rows) {
        let format = if row == 0 { &bold } else { &text };
        for (column, cell) in (0..).zip(cells) {
            worksheet.write_string_with_format(row, column, cell, format)?;
        }
    }
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    for column in 0..u16::try_from(n_columns).unwrap_or(u16::MAX) {
        let cells = rows.iter().filter_map(|row| row.get(usize::from(column)));
        let longest = cells.map(|cell| cell_width(cell)).fold(8.0, f64::max);
        worksheet.set_column_width(column, longest.min(WIDEST))?;
    }
    workbook.save_to_buffer()
}

/// Width of a spreadsheet cell's longest line in columns of a Latin letter; a Han character takes two.
pub(crate) fn cell_width(cell: &str) -> f64 {
    let columns = |line: &str| -> u32 {
        let wide = |character: char| if character.is_ascii() { 1 } else { 2 };
        line.chars().map(wide).sum::<u32>().saturating_add(2)
    };
    f64::from(cell.lines().map(columns).max().unwrap_or(0))
}

/// What stands beside a row.
#[derive(Default)]
struct Beside {
    lines: Vec<String>,
    worst: Option<Severity>,
    /// 1-based columns in which something was found.
    columns: Vec<(String, Severity)>,
}

/// The findings of a sheet by row.
fn beside(sheet: &Sheet, report: &FileReport) -> BTreeMap<u32, Beside> {
    let mut rows: BTreeMap<u32, Beside> = BTreeMap::new();
    for found in &report.findings {
        let place = &found.finding.place;
        if place.sheet != sheet.name || place.row == 0 {
            continue;
        }
        let row = rows.entry(place.row).or_default();
        row.lines.push(format!(
            "{}。{}",
            words::problem(found),
            found.finding.suggestion_zh()
        ));
        row.worst = row.worst.max(Some(found.severity));
        if let Some(column) = &place.column {
            row.columns.push((column.letter.clone(), found.severity));
        }
    }
    rows
}

/// Copies the rows of a sheet and writes the problems into the first free column.
fn copy(
    worksheet: &mut Worksheet,
    sheet: &Sheet,
    rows: &BTreeMap<u32, Beside>,
) -> Result<(), XlsxError> {
    let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let widest = sheet.rows.iter().map(Vec::len).max().unwrap_or(0);
    let problems = u16::try_from(widest).unwrap_or(u16::MAX);
    for (row, cells) in (0..).zip(&sheet.rows) {
        let found = rows.get(&(row + sheet.first_row));
        for (column, cell) in (0..).zip(cells) {
            let marked = found.and_then(|found| {
                let letter = rust_xlsxwriter::utility::column_number_to_name(column);
                let hit = found.columns.iter().filter(|(named, _)| *named == letter);
                hit.map(|(_, severity)| *severity).max()
            });
            if !cell.is_empty() || marked.is_some() {
                let format = marked.map_or_else(|| text.clone(), |worst| coloured(&text, worst));
                worksheet.write_string_with_format(row, column, cell, &format)?;
            }
        }
        if let Some(found) = found {
            let format = found
                .worst
                .map_or_else(|| text.clone(), |worst| coloured(&text, worst));
            worksheet.write_string_with_format(row, problems, found.lines.join("\n"), &format)?;
        }
    }
    for column in 0..problems {
        let longest = sheet
            .rows
            .iter()
            .filter_map(|cells| cells.get(usize::from(column)))
            .map(|cell| cell_width(cell))
            .fold(8.0, f64::max);
        worksheet.set_column_width(column, longest.min(WIDEST))?;
    }
    worksheet.set_column_width(problems, WIDEST)?;
    Ok(())
}

/// The summary of the file and one row for each finding, which can be sorted and filtered.
fn list_findings(worksheet: &mut Worksheet, report: &FileReport) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    worksheet
        .set_name(FINDINGS)?
        .write_string_with_format(0, 0, words::summary(report), &bold)?;
    let header = ["程度", "工作表", "行", "列", "问题", "原文", "建议"];
    for (column, title) in (0..).zip(header) {
        worksheet.write_string_with_format(2, column, title, &bold)?;
    }
    let mut last = 2;
    for (row, found) in (3..).zip(&report.findings) {
        let place = &found.finding.place;
        let weight = coloured(&text, found.severity);
        worksheet.write_string_with_format(row, 0, words::weight(found.severity), &weight)?;
        let cells = [
            place.sheet.clone().unwrap_or_default(),
            match place.row {
                0 => String::new(),
                row => row.to_string(),
            },
            place
                .column
                .as_ref()
                .map_or_else(String::new, |column| column.letter.clone()),
            words::problem(found),
            found.finding.original.clone(),
            found.finding.suggestion_zh().to_owned(),
        ];
        for (column, cell) in (1..).zip(cells) {
            worksheet.write_string_with_format(row, column, cell, &text)?;
        }
        last = row;
    }
    for (column, width) in (0..).zip([8.0, 14.0, 6.0, 6.0, 40.0, 40.0, 50.0]) {
        worksheet.set_column_width(column, width)?;
    }
    worksheet
        .autofilter(2, 0, last, 6)?
        .set_freeze_panes(3, 0)?;
    Ok(())
}

fn coloured(format: &Format, severity: Severity) -> Format {
    let colour = match severity {
        Severity::Error => Color::RGB(0xF8_D0_CC),
        Severity::Warning => Color::RGB(0xFF_EE_BF),
        Severity::Note => Color::RGB(0xE8_EE_F4),
    };
    format.clone().set_background_color(colour)
}

/// A name a workbook takes, as near to the wanted one as can be.
fn sheet_name(wanted: &str, taken: &[String]) -> String {
    let allowed: String = wanted
        .chars()
        .filter(|character| !"[]:*?/\\'".contains(*character) && !character.is_control())
        .take(28)
        .collect();
    let base = if allowed.trim().is_empty() {
        TEXT.to_owned()
    } else {
        allowed
    };
    let is_free = |name: &String| {
        taken
            .iter()
            .all(|other| other.to_lowercase() != name.to_lowercase())
    };
    std::iter::once(base.clone())
        .chain((2..).map(|number| format!("{base}{number}")))
        .find(is_free)
        .unwrap_or(base)
}
