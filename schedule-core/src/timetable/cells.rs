//! Rows of cells, as a sheet has them or as text is cut into them.

use super::finding::Place;

/// One cell: its logical column, where it stands, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Which column of the table, from 0.
    pub(super) column: usize,
    pub(super) place: Place,
    /// Without white space at both ends.
    pub(super) text: String,
    /// Whether offsets inside the text count as columns of the place.
    pub(super) counts_characters: bool,
}

impl Cell {
    /// The place of a character of the text.
    pub(super) fn place_of(&self, offset: usize) -> Place {
        let offset = u32::try_from(offset).unwrap_or(0);
        let within = if self.counts_characters { offset } else { 0 };
        Place {
            line: self.place.line,
            column: self.place.column.saturating_add(within),
        }
    }
}

/// One row of a sheet: its number and its cells, each with its column.
///
/// The caller opens the file; this is what the reader wants to know about it.
///
/// ```
/// use schedule_core::timetable::CellRow;
///
/// let row = CellRow::new(3, [(1, "2"), (2, "4月22日—28日"), (3, "盐城市"), (4, "苏州市")]);
/// assert_eq!(row.number(), 3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellRow {
    number: u32,
    cells: Vec<Cell>,
}

impl CellRow {
    /// Makes a row from its number and its cells with their columns, both from 1 as a sheet shows them.
    ///
    /// Blank cells may be left out; of two cells in one column the first is read.
    pub fn new<T: Into<String>>(number: u32, cells: impl IntoIterator<Item = (u32, T)>) -> Self {
        let cell = |(column, text): (u32, T)| {
            let text: String = text.into();
            Cell {
                column: usize::try_from(column).unwrap_or(usize::MAX),
                place: Place {
                    line: number,
                    column,
                },
                text: text.trim().into(),
                counts_characters: false,
            }
        };
        let cells = cells.into_iter().map(cell).collect();
        Self { number, cells }
    }

    /// Returns the number of the row in its sheet, or of the line in its text, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(super) fn cell(&self, column: usize) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.column == column)
    }

    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.text.is_empty())
    }

    /// All its text, for saying what was not read.
    pub(super) fn text(&self) -> String {
        let texts = self.cells.iter().map(|cell| cell.text.as_str());
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        texts.join(" ")
    }
}

/// What stands between the cells of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiter {
    Tab,
    Comma,
    Pipe,
    /// Two spaces or more, or a wide one.
    Spaces,
}

/// Cuts a text into rows.
pub(super) fn rows_of(text: &str, delimiter: Delimiter) -> Vec<CellRow> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match delimiter {
        Delimiter::Tab => separated(text, '\t'),
        Delimiter::Comma => separated(text, ','),
        Delimiter::Pipe => lines(text, piped),
        Delimiter::Spaces => lines(text, spaced),
    }
}

/// A text with a separator and RFC 4180's quotes, inside which line breaks are text.
fn separated(text: &str, separator: char) -> Vec<CellRow> {
    let mut rows = Vec::new();
    let mut row = OpenRow::new(1);
    let (mut line, mut column) = (1_u32, 0_u32);
    let mut is_quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        column = column.saturating_add(1);
        let is_doubled_quote = letter == '"' && letters.peek() == Some(&'"');
        if is_quoted && is_doubled_quote {
            letters.next();
            column = column.saturating_add(1);
            row.push(letter, line, column);
        } else if letter == '"' && (is_quoted || row.text.trim().is_empty()) {
            is_quoted = !is_quoted;
        } else if letter == '\n' {
            line = line.saturating_add(1);
            column = 0;
            if is_quoted {
                row.push(' ', line, 1);
            } else {
                rows.push(std::mem::replace(&mut row, OpenRow::new(line)).close());
            }
        } else if letter == separator && !is_quoted {
            row.end_cell();
            row.start = (line, column.saturating_add(1));
        } else if letter != '\r' {
            row.push(letter, line, column);
        }
    }
    rows.push(row.close());
    rows
}

/// A row whose last cell is still being collected.
struct OpenRow {
    number: u32,
    cells: Vec<Cell>,
    text: String,
    /// Line and column of the cell's first character.
    start: (u32, u32),
}

impl OpenRow {
    fn new(number: u32) -> Self {
        Self {
            number,
            cells: Vec::new(),
            text: String::new(),
            start: (number, 1),
        }
    }

    fn push(&mut self, letter: char, line: u32, column: u32) {
        if self.text.is_empty() {
            self.start = (line, column);
        }
        if !(self.text.is_empty() && letter.is_whitespace()) {
            self.text.push(letter);
        }
    }

    fn end_cell(&mut self) {
        let cell = text_cell(self.cells.len(), self.start, &self.text);
        self.cells.push(cell);
        self.text.clear();
    }

    fn close(mut self) -> CellRow {
        self.end_cell();
        CellRow {
            number: self.number,
            cells: self.cells,
        }
    }
}

fn text_cell(column: usize, (line, start): (u32, u32), text: &str) -> Cell {
    Cell {
        column,
        place: Place {
            line,
            column: start,
        },
        text: text.trim().into(),
        counts_characters: true,
    }
}

fn lines(text: &str, cut: fn(&str) -> Vec<(usize, String)>) -> Vec<CellRow> {
    (1..)
        .zip(text.lines())
        .map(|(number, line)| {
            let cells = cut(line).into_iter().enumerate();
            let cells = cells.map(|(column, (offset, text))| {
                let start = u32::try_from(offset).unwrap_or(0).saturating_add(1);
                text_cell(column, (number, start), &text)
            });
            CellRow {
                number,
                cells: cells.collect(),
            }
        })
        .collect()
}

/// Cells between pipes, as in Markdown; the rule under a heading has none.
fn piped(line: &str) -> Vec<(usize, String)> {
    let letters: Vec<char> = line.chars().collect();
    let is_rule = |letter: &char| matches!(letter, '-' | ':' | '|' | '+' | ' ' | '─' | '┼');
    if letters.iter().all(is_rule) {
        return Vec::new();
    }
    let mut cells = vec![(0_usize, String::new())];
    let mut is_escaped = false;
    for (offset, letter) in letters.into_iter().enumerate() {
        let after = offset.saturating_add(1);
        if matches!(letter, '|' | '｜' | '│') && !is_escaped {
            cells.push((after, String::new()));
        } else if letter == '\\' && !is_escaped {
            is_escaped = true;
            continue;
        } else if let Some((start, text)) = cells.last_mut() {
            if text.is_empty() && letter.is_whitespace() {
                *start = after;
            } else {
                text.push(letter);
            }
        }
        is_escaped = false;
    }
    let is_framed = cells.len() > 2 && cells.first().is_some_and(|(_, text)| text.is_empty());
    if is_framed {
        cells.remove(0);
        if cells.last().is_some_and(|(_, text)| text.is_empty()) {
            cells.pop();
        }
    }
    cells
}

/// Cells with wide space between them; the column of a blank one cannot be seen here.
fn spaced(line: &str) -> Vec<(usize, String)> {
    let mut cells: Vec<(usize, String)> = Vec::new();
    let mut n_blank = 2_usize;
    for (offset, letter) in line.chars().enumerate() {
        if letter.is_whitespace() {
            let width = if letter == '\u{3000}' { 2 } else { 1 };
            n_blank = n_blank.saturating_add(width);
            continue;
        }
        match cells.last_mut() {
            Some((_, text)) if n_blank < 2 => {
                text.extend(std::iter::repeat_n(' ', n_blank));
                text.push(letter);
            }
            _ => cells.push((offset, letter.into())),
        }
        n_blank = 0;
    }
    cells
}

/// Gives the cells of a row cut at spaces the columns of the heading they stand nearest to.
///
/// Distances are counted in terminal columns, as the table was aligned.
pub(super) fn align(row: &CellRow, line: &str, heading: &CellRow, heading_line: &str) -> CellRow {
    let starts: Vec<(usize, usize)> = heading
        .cells
        .iter()
        .map(|cell| (cell.column, width_before(heading_line, cell.place.column)))
        .collect();
    let nearest = |cell: &Cell| {
        let at = width_before(line, cell.place.column);
        let distance = |(column, start): &(usize, usize)| (start.abs_diff(at), *column);
        starts.iter().min_by_key(|start| distance(start))
    };
    let cells = row.cells.iter().map(|cell| Cell {
        column: nearest(cell).map_or(cell.column, |(column, _)| *column),
        ..cell.clone()
    });
    CellRow {
        number: row.number,
        cells: cells.collect(),
    }
}

fn width_before(line: &str, column: u32) -> usize {
    let n_letters = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
    let before: String = line.chars().take(n_letters).collect();
    unicode_width::UnicodeWidthStr::width(before.as_str())
}
