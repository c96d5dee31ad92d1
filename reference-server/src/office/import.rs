//! From cells and paragraphs to questions, by the importer of `quiz-core`.

use quiz_core::{
    Finding, FindingCode,
    import::{
        Import, Place,
        office_text::{self, Document},
        table::{self, Sheet},
    },
};

use super::content::{Block, OfficeContent, Table};

/// Recognises the questions of a file.
pub(super) fn recognise(file: &str, content: OfficeContent) -> Import {
    let mut import = match content {
        OfficeContent::Sheets(tables) => {
            let mut import = Import::default();
            for table in tables {
                import.extend(table::read(&sheet(file, table)));
            }
            import
        }
        OfficeContent::Text(blocks) => text(file, blocks),
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
    import
}

/// Reads tables that have a header as tables; the cells of any other only lay out text.
fn text(file: &str, blocks: Vec<Block>) -> Import {
    let mut import = Import::default();
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
                }
            }
        }
    }
    let read = office_text::read(&Document {
        file: file.to_owned(),
        paragraphs,
    });
    // Titles and notes around a table of questions need not hold questions themselves.
    let is_only_around_tables = read.questions.is_empty() && has(&read, FindingCode::NoQuestions);
    if import.questions.is_empty() || !is_only_around_tables {
        import.extend(read);
    }
    import
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
