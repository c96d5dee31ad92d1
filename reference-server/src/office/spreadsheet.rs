//! Workbooks of Excel: the visible sheets, cell by cell, as the screen shows them.

use std::io::Cursor;

use calamine::{
    CellErrorType, Data, DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xls, Xlsx,
    XlsxCellReader,
};

use super::{
    archive,
    content::Table,
    grid::Grid,
    number_format::{as_typed, shown},
    refusal::Refusal,
};

/// Reads a workbook of 2007 and later; never builds the range a sheet claims to fill.
pub(super) fn xlsx(bytes: &[u8]) -> Result<Vec<Table>, Refusal> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut tables = Vec::new();
    for name in visible(book.sheets_metadata()) {
        let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
        tables.push(xlsx_sheet(name, &mut cells)?);
    }
    Ok(tables)
}

fn xlsx_sheet(
    name: String,
    cells: &mut XlsxCellReader<'_, Cursor<&[u8]>>,
) -> Result<Table, Refusal> {
    let codes: Vec<Option<String>> = cells
        .styles()
        .iter()
        .map(|style| {
            let format = style.number_format.as_ref();
            format.map(|format| format.format_code.clone())
        })
        .collect();
    let mut grid = Grid::new(Some(name));
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(damaged)? {
        let code = codes.get(style).and_then(Option::as_deref);
        let text = match cell.get_value() {
            DataRef::Empty => continue,
            DataRef::Int(value) => value
                .to_string()
                .parse()
                .map_or_else(|_| value.to_string(), |value| shown(value, code)),
            DataRef::Float(value) => shown(*value, code),
            DataRef::String(text) => text.clone(),
            DataRef::SharedString(text) => (*text).to_owned(),
            DataRef::Bool(value) => truth(*value),
            DataRef::DateTime(instant) => date(instant),
            DataRef::DateTimeIso(text) => iso_date(text),
            DataRef::DurationIso(text) => text.clone(),
            DataRef::Error(error) => error_shown(error),
        };
        let (row, column) = place(cell.get_position());
        grid.put(row, column, text)?;
    }
    Ok(grid.into_table())
}

/// Reads a workbook of 97 to 2003, whose sheets end at row 65,536 and column 256.
pub(super) fn xls(bytes: &[u8]) -> Result<Vec<Table>, Refusal> {
    if archive::is_archive(bytes) {
        return xlsx(bytes);
    }
    let mut book = Xls::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut tables = Vec::new();
    for name in visible(book.sheets_metadata()) {
        let range = book.worksheet_range(&name).map_err(damaged)?;
        let (first_row, first_column) = place(range.start().unwrap_or_default());
        let mut grid = Grid::new(Some(name.clone()));
        for (row, column, value) in range.used_cells() {
            let row = first_row.saturating_add(row);
            let column = first_column.saturating_add(column);
            let text = match value {
                Data::Empty => continue,
                Data::Int(value) => value.to_string(),
                Data::Float(value) if value.fract() != 0.0 => {
                    return Err(Refusal::UnshownNumber {
                        table: name,
                        row: row.saturating_add(1),
                        column: column.saturating_add(1),
                        value: as_typed(*value),
                    });
                }
                Data::Float(value) => as_typed(*value),
                Data::String(text) => text.clone(),
                Data::Bool(value) => truth(*value),
                Data::DateTime(instant) => date(instant),
                Data::DateTimeIso(text) => iso_date(text),
                Data::DurationIso(text) => text.clone(),
                Data::Error(error) => error_shown(error),
            };
            grid.put(row, column, text)?;
        }
        tables.push(grid.into_table());
    }
    Ok(tables)
}

/// Names of the sheets somebody who opens the workbook sees.
fn visible(sheets: &[calamine::Sheet]) -> Vec<String> {
    sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect()
}

fn place((row, column): (u32, u32)) -> (usize, usize) {
    let index = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    (index(row), index(column))
}

fn truth(value: bool) -> String {
    if value { "TRUE" } else { "FALSE" }.to_owned()
}

fn error_shown(error: &CellErrorType) -> String {
    error.to_string()
}

/// A date as yyyy-mm-dd, with its time if it has one; a mere time or duration as h:mm:ss.
fn date(instant: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = instant.to_ymd_hms_milli();
    if instant.is_duration() || instant.as_f64() < 1.0 {
        return format!("{hour}:{minute:02}:{second:02}");
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        date
    } else {
        format!("{date} {hour:02}:{minute:02}:{second:02}")
    }
}

/// A date stored as ISO 8601 text, without a time of midnight.
pub(super) fn iso_date(text: &str) -> String {
    match text.split_once('T') {
        Some((date, time)) if time.chars().all(|c| "0:.Z".contains(c)) => date.to_owned(),
        _ => text.to_owned(),
    }
}

fn damaged(error: impl std::fmt::Display) -> Refusal {
    Refusal::Malformed {
        part: "workbook".to_owned(),
        detail: error.to_string(),
    }
}
