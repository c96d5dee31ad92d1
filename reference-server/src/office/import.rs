//! From cells and paragraphs to questions, by the importer of `quiz-core`.

use quiz_core::{
    Finding, FindingCode,
    import::{
        Import, Place, aiken, gift, moodle_xml,
        office_text::{self, Document},
        qti,
        table::{self, Sheet},
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
}

/// Recognises the questions of a file.
pub(super) fn recognise(file: &str, content: OfficeContent) -> Recognised {
    let Recognised { mut import, sheets } = match content {
        OfficeContent::Sheets(tables) => {
            let sheets: Vec<Sheet> = tables.into_iter().map(|table| sheet(file, table)).collect();
            let import = table::read_workbook(&sheets);
            Recognised { import, sheets }
        }
        OfficeContent::Text(blocks) => text(file, blocks),
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
    Recognised { import, sheets }
}

/// Reads tables that have a header as tables; the cells of any other only lay out text.
fn text(file: &str, blocks: Vec<Block>) -> Recognised {
    let mut import = Import::default();
    let mut sheets = Vec::new();
    let mut paragraphs = Vec::new();
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) => paragraphs.push(paragraph),
            Block::Table(table) => {
                let sheet = sheet(file, table);
                let read = table::read(&sheet);
                if has(&read, FindingCode::NoHeader) {
                    let cells = sheet.rows.into_iter().flatten();
                    paragraphs.extend(cells.flat_map(|cell| lines(&cell)));
                } else {
                    import.extend(read);
                    sheets.push(sheet);
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
    Recognised { import, sheets }
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
    Recognised { import, sheets }
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
