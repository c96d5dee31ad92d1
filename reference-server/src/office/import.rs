//! From cells and paragraphs to questions, by the importer of `quiz-core`.

use std::collections::BTreeMap;

use quiz_core::{
    Finding, FindingCode,
    import::{
        Column, Import, Place, aiken, gift, moodle_xml,
        office_text::{self, Document},
        qti,
        table::{self, Role, Sheet},
    },
};

use super::{
    content::{Block, OfficeContent, Table},
    foreign::{ForeignFile, ForeignFormat},
};

/// What was recognised in a file, and the rows in which it stands.
#[derive(Debug)]
pub struct Recognised {
    /// The questions and the findings.
    pub import: Import,
    /// Rows as the places of findings count them: sheets and tables, and the text between
    /// tables as a sheet of one column without a name.
    pub sheets: Vec<Sheet>,
    /// How the columns of each table were read.
    pub layouts: Vec<SheetLayout>,
}

/// How the columns of a table were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetLayout {
    /// Name of the sheet, or of the table in a document.
    pub name: Option<String>,
    /// Whether a row names the columns.
    pub is_titled: bool,
    /// The columns, in order.
    pub columns: Vec<ColumnLayout>,
}

/// How a column was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLayout {
    /// Its letters.
    pub letter: String,
    /// Its title as written; empty in a table without titles.
    pub title: String,
    /// What it was read as; nothing when it was not read.
    pub role: Option<Role>,
    /// The first cells below the title.
    pub samples: Vec<String>,
}

/// How somebody wants columns read, whatever their own titles say.
///
/// A column is known by its title, or in a table without titles by `@` and its letters.
pub type Titles = BTreeMap<String, Role>;

/// How many rows are looked at for titles, and how many cells stand for a column.
const TITLE_ROWS: usize = 50;
const N_SAMPLES: usize = 2;

/// Recognises the questions of a file.
pub(super) fn recognise(file: &str, content: OfficeContent, titles: &Titles) -> Recognised {
    let Recognised {
        mut import,
        sheets,
        layouts,
    } = match content {
        OfficeContent::Sheets(tables) => {
            let sheets = tables.into_iter().map(|table| sheet(file, table));
            let (sheets, layouts): (Vec<Sheet>, _) =
                sheets.map(|sheet| titled(sheet, titles)).unzip();
            Recognised {
                import: table::read_workbook(&sheets),
                sheets,
                layouts,
            }
        }
        OfficeContent::Text(blocks) => text(file, blocks, titles),
        OfficeContent::Foreign(files) => foreign(file, files),
    };
    if import.questions.is_empty() && import.findings.is_empty() {
        let place = Place {
            file: file.to_owned(),
            sheet: None,
            row: 1,
            column: None,
        };
        import
            .findings
            .push(Finding::new(FindingCode::NoQuestions, place, ""));
    }
    Recognised {
        import,
        sheets,
        layouts,
    }
}

/// A table with the titles somebody wants, and how its columns are read then.
fn titled(mut sheet: Sheet, titles: &Titles) -> (Sheet, SheetLayout) {
    let written = sheet.rows.clone();
    let header = table::layout(&sheet).map(|layout| layout.header);
    let names = |row: &[String]| {
        row.iter()
            .filter(|cell| titles.contains_key(cell.trim()))
            .count()
    };
    let row = header.or_else(|| {
        let mut rows = written.iter().take(TITLE_ROWS);
        rows.position(|row| names(row) > 1)
    });
    match row.and_then(|row| sheet.rows.get_mut(row)) {
        Some(row) => {
            for cell in row {
                if let Some(role) = titles.get(cell.trim()) {
                    *cell = role.title_zh();
                }
            }
        }
        None => put_titles_above(&mut sheet, titles),
    }
    let layout = SheetLayout::of(&sheet, &written);
    (sheet, layout)
}

/// Puts titles above a table that has none; its rows keep their numbers.
fn put_titles_above(sheet: &mut Sheet, titles: &Titles) {
    let n_columns = sheet.rows.iter().map(Vec::len).max().unwrap_or(0);
    let above: Vec<String> = (1..)
        .take(n_columns)
        .map(|number| {
            let key = format!("@{}", Column::new(number, "").letter);
            titles
                .get(&key)
                .map_or_else(String::new, |role| role.title_zh())
        })
        .collect();
    if above.iter().any(|title| !title.is_empty()) && sheet.first_row == 1 {
        sheet.rows.insert(0, above);
        sheet.first_row = 0;
    }
}

impl SheetLayout {
    /// How a table is read that was `written` so.
    fn of(sheet: &Sheet, written: &[Vec<String>]) -> Self {
        let found = table::layout(sheet).filter(|_layout| sheet.first_row > 0);
        let samples = |skip: usize, index: usize| {
            let cells = written.iter().skip(skip).filter_map(|row| row.get(index));
            let filled = cells.filter(|cell| !cell.trim().is_empty());
            filled.take(N_SAMPLES).cloned().collect::<Vec<_>>()
        };
        if let Some(found) = found {
            let title = |index: usize| written.get(found.header)?.get(index);
            let columns = found.columns.iter().map(|column| ColumnLayout {
                letter: column.column.letter.clone(),
                title: title(column.index)
                    .filter(|title| !title.trim().is_empty())
                    .map_or_else(
                        || column.column.header.clone(),
                        |title| title.trim().to_owned(),
                    ),
                role: column.role,
                samples: samples(found.header.saturating_add(1), column.index),
            });
            return Self {
                name: sheet.name.clone(),
                is_titled: true,
                columns: columns.collect(),
            };
        }
        let above = (sheet.first_row == 0).then(|| sheet.rows.first()).flatten();
        let n_columns = written.iter().map(Vec::len).max().unwrap_or(0);
        let columns = (1..).zip(0..n_columns).map(|(number, index)| ColumnLayout {
            letter: Column::new(number, "").letter,
            title: String::new(),
            role: above.and_then(|row| Role::of_title(row.get(index)?)),
            samples: samples(0, index),
        });
        Self {
            name: sheet.name.clone(),
            is_titled: false,
            columns: columns.collect(),
        }
    }
}

/// Reads tables that have a header as tables; the cells of any other only lay out text.
fn text(file: &str, blocks: Vec<Block>, titles: &Titles) -> Recognised {
    let mut import = Import::default();
    let mut sheets = Vec::new();
    let mut layouts = Vec::new();
    let mut paragraphs = Vec::new();
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) => paragraphs.push(paragraph),
            Block::Table(table) => {
                let (sheet, layout) = titled(sheet(file, table), titles);
                let read = table::read(&sheet);
                if has(&read, FindingCode::NoHeader) {
                    let cells = sheet.rows.into_iter().flatten();
                    paragraphs.extend(cells.flat_map(|cell| lines(&cell)));
                } else {
                    import.extend(read);
                    sheets.push(sheet);
                    layouts.push(layout);
                }
            }
        }
    }
    let document = Document {
        file: file.to_owned(),
        paragraphs,
    };
    let read = office_text::read(&document);
    // Titles and notes around a table of questions need not hold questions themselves.
    let is_only_around_tables = read.questions.is_empty() && has(&read, FindingCode::NoQuestions);
    if import.questions.is_empty() || !is_only_around_tables {
        import.extend(read);
    }
    let rows = document.paragraphs.into_iter().map(|line| vec![line]);
    sheets.push(sheet(
        file,
        Table {
            name: None,
            rows: rows.collect(),
        },
    ));
    Recognised {
        import,
        sheets,
        layouts,
    }
}

/// Reads files of other question banks; a part of a package counts as a sheet of it.
fn foreign(file: &str, files: Vec<ForeignFile>) -> Recognised {
    let mut import = Import::default();
    let mut sheets = Vec::new();
    for ForeignFile { part, format, text } in files {
        let mut read = match format {
            ForeignFormat::Gift => gift::read(file, &text),
            ForeignFormat::Aiken => aiken::read(file, &text),
            ForeignFormat::MoodleXml => moodle_xml::read(file, &text),
            ForeignFormat::Qti => qti::read(file, &text),
        };
        let questions = read
            .questions
            .iter_mut()
            .map(|question| &mut question.place);
        let findings = read.findings.iter_mut().map(|finding| &mut finding.place);
        for place in questions.chain(findings) {
            place.sheet.clone_from(&part);
        }
        import.extend(read);
        let rows = text.lines().map(|line| vec![line.to_owned()]).collect();
        sheets.push(sheet(file, Table { name: part, rows }));
    }
    Recognised {
        import,
        sheets,
        layouts: Vec::new(),
    }
}

fn has(import: &Import, code: FindingCode) -> bool {
    import.findings.iter().any(|finding| finding.code == code)
}

fn lines(cell: &str) -> Vec<String> {
    cell.lines().map(str::to_owned).collect()
}

fn sheet(file: &str, table: Table) -> Sheet {
    Sheet {
        file: file.to_owned(),
        name: table.name,
        first_row: 1,
        first_column: 1,
        rows: table.rows,
    }
}
