//! The one list of the console: a table on the page, and the same as a workbook and as CSV.
//!
//! Filters stand in the address. Nothing in a file is ever a formula: a workbook's texts are
//! texts, and a CSV field that a spreadsheet would calculate begins with an apostrophe.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use serde::Deserialize;

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Words.
    Text,
    /// A number, to the right.
    Number,
    /// Something long that is shortened on the page, with a button that copies the whole.
    Id,
    /// A state.
    Chip,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) label: &'static str,
    pub(super) kind: Kind,
}

/// Columns of these kinds and labels.
pub(super) fn columns<const N: usize>(columns: [(&'static str, Kind); N]) -> Vec<Column> {
    columns
        .into_iter()
        .map(|(label, kind)| Column { label, kind })
        .collect()
}

/// A cell.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    /// What stands in it; `无数据` where nothing is known, which differs from 0.
    pub(super) text: String,
    /// Where it leads, if anywhere.
    pub(super) href: Option<String>,
    /// `good`, `warn`, `bad` or nothing, for a chip.
    pub(super) tone: &'static str,
}

impl Cell {
    /// A cell of a text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A cell that leads somewhere.
    pub(super) fn link(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            href: Some(href.into()),
            tone: "",
        }
    }

    /// A state.
    pub(super) fn chip(text: impl Into<String>, tone: &'static str) -> Self {
        Self {
            text: text.into(),
            href: None,
            tone,
        }
    }
}

/// A filter, which stands in the address.
pub(super) struct Filter {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) value: String,
    /// Values and labels to choose from; a line to type without any.
    pub(super) options: Vec<(String, String)>,
}

/// Which form a list is asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum File {
    /// A workbook.
    Xlsx,
    /// Comma-separated values, in UTF-8 with the mark that spreadsheets want.
    Csv,
}

/// A list.
#[derive(Template)]
#[template(path = "console/list.html")]
pub(super) struct List {
    /// What it is; also the name of its files.
    pub(super) title: &'static str,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) filters: Vec<Filter>,
    /// Where its files are fetched from, with the filters; nowhere for a small table.
    pub(super) files: Option<String>,
    /// What is said when it is empty, with the next step.
    pub(super) empty: &'static str,
    /// Where further rows are, if there are any.
    pub(super) more: Option<String>,
}

impl List {
    /// A small table without filters and files.
    pub(super) fn plain(
        title: &'static str,
        columns: Vec<Column>,
        rows: Vec<Vec<Cell>>,
        empty: &'static str,
    ) -> Self {
        Self {
            title,
            columns,
            rows,
            filters: Vec::new(),
            files: None,
            empty,
            more: None,
        }
    }

    /// Columns and cells of a row together.
    fn pairs<'a>(&'a self, row: &'a [Cell]) -> impl Iterator<Item = (&'a Column, &'a Cell)> {
        self.columns.iter().zip(row)
    }

    /// Whether a text stays on one line even in a narrow column.
    fn is_short(text: &str) -> bool {
        text.chars().count() <= 6
    }

    /// A long identifier as the page shows it.
    fn short(text: &str) -> String {
        shortened(text)
    }

    /// The list as a file.
    pub(super) fn file(&self, file: File) -> Response {
        let (made, kind, ending) = match file {
            File::Xlsx => (
                self.workbook().map_err(|error| error.to_string()),
                XLSX,
                "xlsx",
            ),
            File::Csv => (
                self.csv().map_err(|error| error.to_string()),
                "text/csv; charset=utf-8",
                "csv",
            ),
        };
        let body = match made {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "a list could not be written");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let headers = [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, attached(self.title, ending)),
        ];
        (headers, body).into_response()
    }

    fn workbook(&self) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        self.write(workbook.add_worksheet())?;
        workbook.save_to_buffer()
    }

    /// Writes the list into a sheet.
    fn write(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let bold = Format::new().set_bold();
        for (number, column) in (0..).zip(&self.columns) {
            sheet.write_string_with_format(0, number, column.label, &bold)?;
        }
        for (line, row) in (1..).zip(&self.rows) {
            for (number, (column, cell)) in (0..).zip(self.pairs(row)) {
                match cell.text.parse::<f64>() {
                    Ok(value) if column.kind == Kind::Number && value.is_finite() => {
                        sheet.write_number(line, number, value)?;
                    }
                    _ => {
                        sheet.write_string(line, number, cell.text.as_str())?;
                    }
                }
            }
        }
        sheet.autofit();
        Ok(())
    }

    /// The list as comma-separated values, with the mark by which a spreadsheet knows UTF-8.
    pub(super) fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::WriterBuilder::new()
            .quote_style(csv::QuoteStyle::Always)
            .from_writer("\u{feff}".as_bytes().to_vec());
        writer.write_record(self.columns.iter().map(|column| column.label))?;
        for row in &self.rows {
            writer.write_record(self.pairs(row).map(|(column, cell)| {
                let is_number = column.kind == Kind::Number && cell.text.parse::<f64>().is_ok();
                if is_number {
                    cell.text.clone()
                } else {
                    harmless(&cell.text)
                }
            }))?;
        }
        writer
            .into_inner()
            .map_err(|error| csv::Error::from(error.into_error()))
    }
}

/// Several lists as the sheets of one workbook, each under its title.
pub(super) fn book(name: &str, lists: &[List]) -> Response {
    let made = || {
        let mut workbook = Workbook::new();
        for list in lists {
            let sheet = workbook.add_worksheet();
            sheet.set_name(sheet_name(list.title))?;
            list.write(sheet)?;
        }
        workbook.save_to_buffer()
    };
    match made() {
        Ok(body) => {
            let headers = [
                (header::CONTENT_TYPE, XLSX.to_owned()),
                (header::CONTENT_DISPOSITION, attached(name, "xlsx")),
            ];
            (headers, body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a workbook could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A title as the name of a sheet: without what a sheet's name must not have, at most 31 characters.
fn sheet_name(title: &str) -> String {
    let letters = title.chars().filter(|letter| !"[]:*?/\\".contains(*letter));
    letters.take(31).collect()
}

/// The header of a file that is kept under this name.
pub(super) fn attached(name: &str, ending: &str) -> String {
    let escaped: String =
        form_urlencoded::byte_serialize(format!("{name}.{ending}").as_bytes()).collect();
    format!("attachment; filename=\"list.{ending}\"; filename*=UTF-8''{escaped}")
}

/// The header of a file that is shown, and kept under this name if somebody keeps it.
pub(super) fn inline(name: &str) -> String {
    let escaped: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("inline; filename*=UTF-8''{escaped}")
}

/// The media type of a workbook.
pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A text that no spreadsheet takes for a formula, after blanks that it would skip as well.
pub(crate) fn harmless(text: &str) -> String {
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    let shown = text.trim_start_matches([' ', '\u{a0}', '\u{3000}', '\u{feff}']);
    if text.starts_with(STARTS) || shown.starts_with(STARTS) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// A long identifier as the page shows it.
fn shortened(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    match (letters.get(..4), letters.len().checked_sub(4)) {
        (Some(head), Some(tail_at)) if letters.len() > 12 => {
            let head: String = head.iter().collect();
            let tail: String = letters.iter().skip(tail_at).collect();
            format!("{head}…{tail}")
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> List {
        let row = |text: &&str| vec![Cell::text(*text), Cell::text("-3")];
        List::plain(
            "名单",
            columns([("名称", Kind::Text), ("数目", Kind::Number)]),
            texts.iter().map(row).collect(),
            "空的",
        )
    }

    #[test]
    fn a_field_that_a_spreadsheet_would_calculate_is_made_a_text() {
        for bad in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "＝1",
            " =1",
            "\u{3000}=1",
        ] {
            let csv = String::from_utf8(list(&[bad]).csv().expect("a file")).expect("text");
            let quoted = format!("\"'{}\"", bad.replace('"', "\"\""));
            assert!(csv.contains(&quoted), "{csv}");
            assert!(csv.contains("\"-3\""), "a number stays one: {csv}");
        }
        for good in ["南京市", "a=b", "3-2", ""] {
            assert_eq!(harmless(good), good);
        }
    }

    #[test]
    fn a_workbook_has_texts_and_numbers_and_no_formula() {
        use calamine::{Data, Reader as _, Xlsx};
        let bytes = list(&["=1+1", "0123", "平常"])
            .workbook()
            .expect("a workbook");
        let mut book = Xlsx::new(std::io::Cursor::new(bytes)).expect("a workbook");
        let sheet = book.worksheet_range_at(0).expect("a sheet").expect("cells");
        assert_eq!(sheet.get((1, 0)), Some(&Data::String("=1+1".to_owned())));
        assert_eq!(sheet.get((2, 0)), Some(&Data::String("0123".to_owned())));
        assert_eq!(sheet.get((1, 1)), Some(&Data::Float(-3.0)));
        let formulas = book.worksheet_formula("Sheet1").expect("a sheet");
        assert!(
            formulas
                .cells()
                .all(|(_row, _column, text)| text.is_empty())
        );
    }

    #[test]
    fn a_long_identifier_is_shortened_by_letters() {
        assert_eq!(shortened("0123456789ab"), "0123456789ab");
        assert_eq!(shortened("0123456789abc"), "0123…9abc");
        assert_eq!(shortened("一二三四五六七八九十一二三"), "一二三四…十一二三");
    }
}
