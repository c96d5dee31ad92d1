//! Tables as the sheets of a workbook.

use std::path::Path;

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, XlsxError};
use schedule_core::Table;

use crate::contest::bank::workbook::cell_width;

/// Writes each table on a sheet of its own, under a title.
pub(super) fn write(path: &Path, title: &str, sheets: &[(&str, Table)]) -> anyhow::Result<()> {
    sheets_of(title, sheets)
        .and_then(|mut workbook| workbook.save(path))
        .map_err(|error| anyhow::anyhow!("cannot write {}: {error}", path.display()))
}

fn sheets_of(title: &str, sheets: &[(&str, Table)]) -> Result<Workbook, XlsxError> {
    let bold = Format::new().set_bold().set_font_size(14);
    let cell = Format::new()
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::VerticalCenter);
    let heading = cell.clone().set_bold().set_align(FormatAlign::Center);
    let mut workbook = Workbook::new();
    for (name, table) in sheets {
        let worksheet = workbook.add_worksheet().set_name(*name)?;
        worksheet.write_string_with_format(0, 0, title, &bold)?;
        for (column, text) in (0..).zip(table.heading()) {
            worksheet.write_string_with_format(2, column, text, &heading)?;
            worksheet.set_column_width(column, width(table, usize::from(column)))?;
        }
        for (row, cells) in (3..).zip(table.rows()) {
            for (column, text) in (0..).zip(cells) {
                worksheet.write_string_with_format(row, column, text, &cell)?;
            }
        }
        worksheet.set_landscape().set_print_fit_to_pages(1, 0);
    }
    Ok(workbook)
}

/// Width of a column: that of its widest cell.
fn width(table: &Table, column: usize) -> f64 {
    let heading = table.heading().get(column);
    let cells = table.rows().filter_map(|row| row.get(column));
    let widths = cells.chain(heading).map(|text| cell_width(text));
    widths.fold(8.0, f64::max)
}
