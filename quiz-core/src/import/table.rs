//! Questions in rows of cells: csv, tsv, spreadsheets and tables of documents.

pub use super::columns::Role;
use super::{
    Column, Import, ImportedRow, MOST_FINDINGS, Place, Positioned, fixed_cells,
    header::Header,
    kind::{Kind, read_kind},
    numbering::heading,
    options_in_cell::{split_options, split_question},
    row_kinds,
};
use crate::{
    Finding, FindingCode, Position,
    folding::{fold, is_blank},
};

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

/// Reads every question of a sheet.
///
/// The header is the first row that names a column for the stem and one for options or the key; rows before it are
/// titles. Names of columns are compared after evening out width and spaces and taking off "（必填）" and the like.
/// Only the first 256 columns may have a meaning.
/// The letters of the options may stand in a second row, under a merged title.
/// Blank rows and repeated headers are passed over; row numbers stay those of the file.
/// A row that holds nothing but a heading such as 二、多选题 announces the type of the rows below it, as the name of
/// the sheet does for all of them.
/// Options may also stand in one cell, or behind the stem in its cell.
///
/// Without a header, rows that begin with M, S, Q and A (`TCExam`) and the fixed cells of `ClassQuiz` are known.
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
    if sheet.rows.iter().all(|row| is_blank_row(row)) {
        return import;
    }
    let Some(header) = Header::find(sheet) else {
        return row_kinds::read(sheet)
            .or_else(|| fixed_cells::read(sheet))
            .unwrap_or_else(|| without_header(sheet));
    };
    header.report(sheet, &mut import);
    let titles = header.titles(sheet);
    let mut section = None;
    for (index, row) in sheet.rows.iter().enumerate().skip(header.first_data_row()) {
        if is_blank_row(row) || row == titles {
            continue;
        }
        if import.findings.len() >= MOST_FINDINGS {
            let place = place(sheet, index, None);
            let finding = Finding::new(FindingCode::TooManyFindings, place, row.join(" "));
            import.findings.push(finding);
            break;
        }
        if let Some((words, kind)) = section_heading(row) {
            section = (kind == Kind::Other).then_some(words);
            continue;
        }
        if let Some(words) = closing_words(row) {
            let place = place(sheet, index, None);
            let finding = Finding::new(FindingCode::UnreadLine, place, words);
            import.findings.push(finding);
            continue;
        }
        import.extend(gather(sheet, &header, section, index, row));
    }
    import
}

/// How the columns of a sheet are read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// 0-based index of the row that names the columns.
    pub header: usize,
    /// Every column with a title, in order.
    pub columns: Vec<LaidOut>,
}

/// A column of a [`Layout`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaidOut {
    /// 0-based index among the cells of a row.
    pub index: usize,
    /// Its letter, and its title as written.
    pub column: Column,
    /// What it holds; nothing when it is not read.
    pub role: Option<Role>,
}

/// How the columns of a sheet are read, as [`read`] finds it; nothing without a header.
///
/// Of two columns with one role the first is read, as the finding about the second says.
///
/// ```
/// use quiz_core::import::table::{Role, Sheet, layout};
/// let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
/// let layout = layout(&Sheet {
///     file: "南京.xlsx".to_owned(), name: None, first_row: 1, first_column: 1,
///     rows: vec![row(["题目", "选项A", "选项B", "拼音"])],
/// }).unwrap();
/// assert_eq!(layout.columns[0].role, Some(Role::Stem));
/// assert_eq!(layout.columns[3].role, None);
/// ```
#[must_use]
pub fn layout(sheet: &Sheet) -> Option<Layout> {
    let header = Header::find(sheet)?;
    let row = header.row_index();
    let subtitles = header
        .first_data_row()
        .checked_sub(1)
        .filter(|last| *last != row)
        .and_then(|last| sheet.rows.get(last));
    let titles = sheet.rows.get(row).map(Vec::as_slice).unwrap_or_default();
    let n_columns = titles.len().max(subtitles.map_or(0, Vec::len));
    let title_at = |index: usize| {
        let below = subtitles.and_then(|row| row.get(index));
        let written = below.filter(|title| !is_blank(title));
        written
            .or_else(|| titles.get(index))
            .filter(|title| !is_blank(title))
    };
    let columns = (0..n_columns).filter_map(|index| {
        let offset = u32::try_from(index).ok()?;
        let number = sheet.first_column.saturating_add(offset);
        Some(LaidOut {
            index,
            column: Column::new(number, title_at(index)?.trim()),
            role: header.role_at(index),
        })
    });
    Some(Layout {
        header: row,
        columns: columns.collect(),
    })
}

/// The words of a row that closes a table: a sum or a remark in a single cell.
fn closing_words(row: &[String]) -> Option<&str> {
    let mut filled = row.iter().filter(|cell| !is_blank(cell));
    let words = filled.next()?.trim();
    let closes = [
        "合计",
        "总计",
        "共计",
        "小计",
        "备注",
        "注：",
        "注:",
        "填表人",
        "审核人",
    ]
    .iter()
    .any(|word| words.starts_with(word));
    (closes && filled.next().is_none()).then_some(words)
}

/// Reads every question of a workbook.
///
/// A sheet of notes beside sheets of questions is passed over with a note: none of its rows fills three cells, which
/// the shortest question needs.
#[must_use]
pub fn read_workbook(sheets: &[Sheet]) -> Import {
    let imports: Vec<Import> = sheets.iter().map(read).collect();
    let has_questions = imports.iter().any(|import| !import.questions.is_empty());
    let mut workbook = Import::default();
    for (sheet, mut import) in sheets.iter().zip(imports) {
        if has_questions && holds_notes(sheet) {
            for finding in &mut import.findings {
                if finding.code == FindingCode::NoHeader {
                    finding.code = FindingCode::SheetNotRead;
                }
            }
        }
        workbook.extend(import);
    }
    workbook
}

fn holds_notes(sheet: &Sheet) -> bool {
    let n_filled = |row: &Vec<String>| row.iter().filter(|cell| !fold(cell).is_empty()).count();
    sheet.rows.iter().all(|row| n_filled(row) < 3)
}

fn without_header(sheet: &Sheet) -> Import {
    let rows = sheet.rows.iter().enumerate();
    let (first, row) = rows
        .clone()
        .find(|(_, row)| !is_blank_row(row))
        .map_or((0, &[][..]), |(index, row)| (index, row.as_slice()));
    let words = row.join(" ");
    let finding = Finding::new(
        FindingCode::NoHeader,
        place(sheet, first, None),
        words.trim(),
    );
    Import::of_findings(vec![finding])
}

/// A row of one text, in one cell or in the cells of a merged one, that is a heading.
fn section_heading(row: &[String]) -> Option<(&str, Kind)> {
    let mut filled = row.iter().filter(|cell| !is_blank(cell));
    let first = filled.next()?;
    filled
        .all(|cell| cell == first)
        .then(|| heading(first))
        .flatten()
        .map(|kind| (first.trim(), kind))
}

pub(super) fn is_blank_row(row: &[String]) -> bool {
    row.iter().all(|cell| is_blank(cell))
}

pub(super) fn place(sheet: &Sheet, row_index: usize, column: Option<Column>) -> Place {
    let offset = u32::try_from(row_index).unwrap_or(u32::MAX);
    Place {
        file: sheet.file.clone(),
        sheet: sheet.name.clone(),
        row: sheet.first_row.saturating_add(offset),
        column,
    }
}

/// The cell with an apostrophe before what a spreadsheet would take for a formula.
pub(crate) fn guarded_from_formulas(cell: String) -> String {
    if may_be_formula(&cell) {
        format!("'{cell}")
    } else {
        cell
    }
}

/// The cell without the apostrophe that [`guarded_from_formulas`] puts there.
fn unguarded(cell: &str) -> &str {
    let bare = cell.strip_prefix('\'');
    bare.filter(|bare| may_be_formula(bare)).unwrap_or(cell)
}

/// Whether a cell, any apostrophes aside, begins like a formula.
fn may_be_formula(cell: &str) -> bool {
    let bare = cell.trim_start_matches('\'');
    bare.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// Gathers the cells of one row by role and judges them.
fn gather(
    sheet: &Sheet,
    header: &Header,
    section: Option<&str>,
    index: usize,
    row: &[String],
) -> Import {
    let row_place = place(sheet, index, None);
    let words = |wanted: Role| {
        let (at, column) = header.column(wanted)?;
        let value = row.get(at).map_or("", |cell| unguarded(cell)).to_owned();
        Some(Positioned {
            place: place(sheet, index, Some(column.clone())),
            value,
        })
    };
    let missing = || Positioned {
        place: row_place.clone(),
        value: String::new(),
    };
    let filled = |words: &Positioned<String>| !is_blank(&words.value);
    let mut findings = Vec::new();
    let mut stem = words(Role::Stem).unwrap_or_else(missing);
    let mut options: Vec<_> = (0..header.n_options())
        .map(|i| words(Role::Option(i)).unwrap_or_else(missing))
        .collect();
    if options.is_empty() {
        options = match words(Role::Options) {
            Some(together) => split_options(&together, &mut findings),
            None => split_question(&mut stem, &mut findings),
        };
    }
    let announced = section
        .or(sheet.name.as_deref())
        .filter(|words| read_kind(words) == Kind::Other)
        .map(|words| Positioned {
            place: row_place.clone(),
            value: words.to_owned(),
        });
    let key = words(Role::Key).filter(filled);
    let imported = ImportedRow {
        kind: words(Role::Kind).filter(filled).or(announced),
        stem,
        key: key
            .or_else(|| marked_key(header.n_options(), &words))
            .or_else(|| words(Role::Key)),
        options,
        explanation: words(Role::Explanation),
        source: words(Role::Source),
        law_as_of: words(Role::LawAsOf),
        place: row_place,
    };
    let mut import = Import::of_findings(findings);
    import.extend(imported.diagnose());
    import
}

/// The key as columns such as isCorrect1 to isCorrect4 tell it; letters of all options marked.
fn marked_key(
    n_options: usize,
    words: &impl Fn(Role) -> Option<Positioned<String>>,
) -> Option<Positioned<String>> {
    let marked = (0..n_options).filter_map(|i| {
        let mark = words(Role::IsKey(i))?;
        let is_key = [
            "true", "1", "t", "yes", "y", "√", "✓", "✔", "是", "对", "正确",
        ]
        .contains(&fold(&mark.value).as_str());
        is_key.then(|| Some((Position::from_index(i)?, mark.place)))?
    });
    marked.fold(None, |key, (position, place)| {
        Some(match key {
            None => Positioned {
                place,
                value: position.to_string(),
            },
            Some(Positioned { place, value }) => Positioned {
                place,
                value: format!("{value},{position}"),
            },
        })
    })
}
