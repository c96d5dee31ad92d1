//! Tables as offices attach them: a heading and rows of cells, written as text, Markdown or CSV.

use unicode_width::UnicodeWidthStr as _;

/// A heading and rows of text cells, each row as long as the heading.
///
/// What the crate has to say in columns comes as a table, so that a caller can put it into a spreadsheet as well as on a terminal.
///
/// ```
/// use schedule_core::published;
///
/// let table = published::postponed_2020().timetable();
/// assert_eq!(table.heading(), ["序号", "日期", "竞赛", "预热"]);
/// assert_eq!(table.rows().nth(3), Some(&["5", "5月6日—12日", "南京市", "徐州市"].map(String::from)[..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(
        heading: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> Self {
        Self {
            heading: heading.map(Into::into).to_vec(),
            rows: rows.into_iter().map(Into::into).collect(),
        }
    }

    /// Returns the cells of the heading.
    #[must_use]
    pub fn heading(&self) -> &[String] {
        &self.heading
    }

    /// Returns the rows below the heading, each as long as it.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[String]> {
        self.rows.iter().map(Vec::as_slice)
    }

    /// Writes the table for a terminal: columns two spaces apart, wide characters counted as two (UAX #11).
    ///
    /// Control characters become spaces, so a cell cannot break its line.
    #[must_use]
    pub fn text(&self) -> String {
        let lines: Vec<Vec<String>> = self
            .lines()
            .map(|line| line.iter().map(|cell| on_one_line(cell)).collect())
            .collect();
        let width = |column: usize| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heading.len()).map(width).collect();
        let mut text = String::new();
        for line in &lines {
            let padded: Vec<String> = line
                .iter()
                .zip(&widths)
                .map(|(cell, width)| padded(cell, *width))
                .collect();
            text.push_str(padded.join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    /// Writes the table in Markdown, with pipes and line breaks inside cells escaped.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for (number, line) in self.lines().enumerate() {
            let cells: Vec<String> = line.iter().map(|cell| markdown_cell(cell)).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
            if number == 0 {
                text.push_str(&format!("|{}\n", " --- |".repeat(line.len())));
            }
        }
        text
    }

    /// Writes the table with tabs between cells, as it is copied out of a document.
    ///
    /// Control characters become spaces, and a cell with a quotation mark is quoted, as spreadsheets copy it.
    #[must_use]
    pub fn tab_separated(&self) -> String {
        let cell = |cell: &String| {
            let cell = on_one_line(cell);
            if cell.contains('"') {
                return quoted(&cell);
            }
            cell
        };
        let line = |line: &[String]| {
            let cells: Vec<String> = line.iter().map(cell).collect();
            cells.join("\t") + "\n"
        };
        self.lines().map(line).collect()
    }

    /// Writes the table as CSV (RFC 4180): lines end in CRLF, cells are quoted where they must be.
    #[must_use]
    pub fn csv(&self) -> String {
        let line = |line: &[String]| {
            let cells: Vec<String> = line.iter().map(|cell| csv_cell(cell)).collect();
            cells.join(",") + "\r\n"
        };
        self.lines().map(line).collect()
    }

    fn lines(&self) -> impl Iterator<Item = &[String]> {
        let heading = std::iter::once(self.heading.as_slice());
        heading.chain(self.rows.iter().map(Vec::as_slice))
    }
}

/// Fills a text with spaces up to a width in terminal columns.
pub(crate) fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}

/// Replaces control characters by spaces.
pub(crate) fn on_one_line(text: &str) -> String {
    let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(visible).collect()
}

fn markdown_cell(cell: &str) -> String {
    let escaped = on_one_line(cell).replace('\\', "\\\\");
    escaped.replace('|', "\\|")
}

fn csv_cell(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n']) {
        return quoted(cell);
    }
    cell.into()
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}
