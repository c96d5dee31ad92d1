//! Questions in rows of cells: csv, tsv, spreadsheets and tables of documents.

use super::{
    Column, Import, ImportedRow, Place, Positioned,
    columns::{Role, role},
    kind::{Kind, read_kind},
    office_text,
};
use crate::{Finding, FindingCode, folding::fold};

/// Cells of one sheet as shown on screen, numbers and dates included.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain record; readers of file formats write it as a literal"
)]
pub struct Sheet {
    /// Name of the file.
    pub file: String,
    /// Name of the sheet, if the format has sheets.
    pub name: Option<String>,
    /// 1-based number of the first row given.
    pub first_row: u32,
    /// 1-based number of the first column given.
    pub first_column: u32,
    /// Rows of cells; rows may differ in length.
    pub rows: Vec<Vec<String>>,
}

/// Columns of a sheet by role, with their 0-based index.
struct Header {
    row_index: usize,
    columns: Vec<(Role, usize, Column)>,
}

/// Reads every question of a sheet.
///
/// The header is the first row that names a column for the stem and one for options or the key; rows before it are
/// titles. Names of columns are compared after evening out width and spaces and taking off "（必填）" and the like.
/// Blank rows and repeated headers are passed over; row numbers stay those of the file.
/// A blank sheet is an empty import; a sheet without a header is one finding.
///
/// ```
/// use quiz_core::import::table::{Sheet, read};
/// let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
/// let import = read(&Sheet {
///     file: "南京.xlsx".to_owned(), name: None, first_row: 1, first_column: 1,
///     rows: vec![row(["题目（必填）", "选项A", "选项B", "答案"]), row(["信用代码共（ ）位", "16", "18", "Ｂ"])],
/// });
/// assert_eq!(import.questions.len(), 1);
/// assert!(import.findings.is_empty());
/// ```
#[must_use]
pub fn read(sheet: &Sheet) -> Import {
    let mut import = Import::default();
    if sheet.rows.iter().all(|row| is_blank(row)) {
        return import;
    }
    let Some(header) = find_header(sheet) else {
        let first = sheet
            .rows
            .iter()
            .position(|row| !is_blank(row))
            .unwrap_or(0);
        let words = sheet
            .rows
            .get(first)
            .map(|row| row.join(" "))
            .unwrap_or_default();
        import.findings.push(Finding::new(
            FindingCode::NoHeader,
            place(sheet, first, None),
            words.trim(),
        ));
        return import;
    };
    report_columns(sheet, &header, &mut import);
    let titles = sheet.rows.get(header.row_index);
    for (index, row) in sheet
        .rows
        .iter()
        .enumerate()
        .skip(header.row_index.saturating_add(1))
    {
        if !is_blank(row) && Some(row) != titles {
            import.extend(gather(sheet, &header, index, row));
        }
    }
    import
}

fn is_blank(row: &[String]) -> bool {
    row.iter().all(|cell| fold(cell).is_empty())
}

fn place(sheet: &Sheet, row_index: usize, column: Option<Column>) -> Place {
    let offset = u32::try_from(row_index).unwrap_or(u32::MAX);
    Place {
        file: sheet.file.clone(),
        sheet: sheet.name.clone(),
        row: sheet.first_row.saturating_add(offset),
        column,
    }
}

fn find_header(sheet: &Sheet) -> Option<Header> {
    const SEARCHED_ROWS: usize = 50;
    let candidates = sheet.rows.iter().enumerate().take(SEARCHED_ROWS);
    candidates.into_iter().find_map(|(row_index, row)| {
        let columns: Vec<(Role, usize, Column)> = row
            .iter()
            .enumerate()
            .filter_map(|(index, title)| {
                let offset = u32::try_from(index).ok()?;
                let column = Column::new(sheet.first_column.saturating_add(offset), title.trim());
                Some((role(title)?, index, column))
            })
            .collect();
        let has = |wanted: fn(Role) -> bool| columns.iter().any(|(role, _, _)| wanted(*role));
        let is_header = has(|r| r == Role::Stem)
            && has(|r| matches!(r, Role::Option(_) | Role::Options | Role::Key));
        is_header.then_some(Header { row_index, columns })
    })
}

/// Notes columns that are not read.
fn report_columns(sheet: &Sheet, header: &Header, import: &mut Import) {
    let titles = sheet
        .rows
        .get(header.row_index)
        .map(Vec::as_slice)
        .unwrap_or_default();
    for (index, title) in titles
        .iter()
        .enumerate()
        .filter(|(_, title)| !fold(title).is_empty())
    {
        let offset = u32::try_from(index).unwrap_or(u32::MAX);
        let column = Column::new(sheet.first_column.saturating_add(offset), title.trim());
        let known = header
            .columns
            .iter()
            .find(|(_, at, _)| *at == index)
            .map(|(role, _, _)| *role);
        let code = match known {
            None => FindingCode::UnknownColumn,
            Some(Role::Ignored) => continue,
            Some(role) if first_index(header, role) != Some(index) => FindingCode::RepeatedColumn,
            Some(_) => continue,
        };
        import.findings.push(Finding::new(
            code,
            place(sheet, header.row_index, Some(column)),
            title.trim(),
        ));
    }
}

fn first_index(header: &Header, wanted: Role) -> Option<usize> {
    header
        .columns
        .iter()
        .find(|(role, _, _)| *role == wanted)
        .map(|(_, index, _)| *index)
}

/// Gathers the cells of one row by role and judges them.
fn gather(sheet: &Sheet, header: &Header, index: usize, row: &[String]) -> Import {
    let row_place = place(sheet, index, None);
    let words = |wanted: Role| {
        let (_, at, column) = header.columns.iter().find(|(role, _, _)| *role == wanted)?;
        let value = row.get(*at).cloned().unwrap_or_default();
        Some(Positioned {
            place: place(sheet, index, Some(column.clone())),
            value,
        })
    };
    let missing = || Positioned {
        place: row_place.clone(),
        value: String::new(),
    };
    let n_options = header.columns.iter().filter_map(|(role, _, _)| match role {
        Role::Option(index) => Some(index.saturating_add(1)),
        Role::Stem
        | Role::Options
        | Role::Key
        | Role::Explanation
        | Role::Source
        | Role::LawAsOf
        | Role::Kind
        | Role::Ignored => None,
    });
    let mut options: Vec<_> = (0..n_options.max().unwrap_or(0))
        .map(|i| words(Role::Option(i)).unwrap_or_else(missing))
        .collect();
    if options.is_empty()
        && let Some(together) = words(Role::Options)
    {
        options = office_text::split_cell(&together);
    }
    let sheet_kind = sheet
        .name
        .as_ref()
        .filter(|name| read_kind(name) == Kind::Other);
    let kind = words(Role::Kind)
        .filter(|kind| !fold(&kind.value).is_empty())
        .or_else(|| {
            sheet_kind.map(|name| Positioned {
                place: row_place.clone(),
                value: name.clone(),
            })
        });
    let imported = ImportedRow {
        kind,
        stem: words(Role::Stem).unwrap_or_else(missing),
        options,
        key: words(Role::Key),
        explanation: words(Role::Explanation),
        source: words(Role::Source),
        law_as_of: words(Role::LawAsOf),
        place: row_place,
    };
    imported.diagnose()
}
