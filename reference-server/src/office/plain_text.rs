//! Text files: decoded, and parted into cells or lines.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030};

use super::{
    content::OfficeContent,
    flow::Flow,
    foreign::{self, ForeignFile, ForeignFormat},
    grid::Grid,
    refusal::Refusal,
};

/// What parts the cells of a row, unless the file shows otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Tab,
}

/// Reads a table; rows are counted as a spreadsheet counts them, blank ones included.
pub(super) fn table(bytes: &[u8], separator: Separator) -> Result<OfficeContent, Refusal> {
    let text = decode(bytes)?;
    let separator = separator_of(&text, separator);
    if let Some(row) = unclosed_quote(&text, separator) {
        return Err(Refusal::UnclosedQuote { row });
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut grid = Grid::new(None);
    let mut row: usize = 0;
    let mut line: u64 = 1;
    let mut record = csv::StringRecord::new();
    loop {
        let is_record = reader
            .read_record(&mut record)
            .map_err(|error| Refusal::Malformed {
                part: String::new(),
                detail: error.to_string(),
            })?;
        if !is_record {
            break;
        }
        // The reader passes over blank lines without a word; they are rows all the same.
        let next_line = reader.position().line();
        let within: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        let passed = usize::try_from(next_line.saturating_sub(line)).unwrap_or(usize::MAX);
        row = row.saturating_add(passed.saturating_sub(within).max(1));
        line = next_line;
        for (column, cell) in record.iter().enumerate() {
            grid.put(row.saturating_sub(1), column, cell.to_owned())?;
        }
    }
    Ok(OfficeContent::Sheets(vec![grid.into_table()]))
}

/// Reads a text file: lines, unless it is written in the format of another question bank.
pub(super) fn paper(bytes: &[u8]) -> Result<OfficeContent, Refusal> {
    let text = decode(bytes)?;
    match foreign::of_text(&text) {
        Some(format) => Ok(alone(format, text)),
        None => paragraphs(&text),
    }
}

/// Reads the text of a file in the format of another question bank.
pub(super) fn foreign(bytes: &[u8], format: ForeignFormat) -> Result<OfficeContent, Refusal> {
    Ok(alone(format, decode(bytes)?))
}

/// Reads an XML file; its root says which format it is.
pub(super) fn xml(bytes: &[u8]) -> Result<OfficeContent, Refusal> {
    let text = decode(bytes)?;
    Ok(alone(foreign::of_xml(&text), text))
}

fn alone(format: ForeignFormat, text: String) -> OfficeContent {
    OfficeContent::Foreign(vec![ForeignFile::alone(format, text)])
}

fn paragraphs(text: &str) -> Result<OfficeContent, Refusal> {
    let mut flow = Flow::default();
    for line in text.lines() {
        flow.paragraph(line.to_owned())?;
    }
    Ok(OfficeContent::Text(flow.into_blocks()))
}

/// Decodes text: as its byte order mark says, else UTF-8, else GB18030; lines then end in one
/// line feed, the last one too.
pub(super) fn decode(bytes: &[u8]) -> Result<String, Refusal> {
    let text = if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        encoding.decode_without_bom_handling_and_without_replacement(
            bytes.get(mark..).unwrap_or_default(),
        )
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        Some(Cow::Borrowed(text))
    } else {
        GB18030.decode_without_bom_handling_and_without_replacement(bytes)
    };
    let text = text
        .filter(|text| !text.contains('\0'))
        .ok_or(Refusal::UnknownEncoding)?;
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// The separator that the first line with any of them has most often.
fn separator_of(text: &str, otherwise: Separator) -> u8 {
    let usual = match otherwise {
        Separator::Comma => b',',
        Separator::Tab => b'\t',
    };
    let count = |line: &str, separator: u8| line.bytes().filter(|byte| *byte == separator).count();
    let candidates = [b',', b'\t', b';'];
    text.lines()
        .find(|line| {
            candidates
                .iter()
                .any(|candidate| count(line, *candidate) > 0)
        })
        .filter(|line| count(line, usual) == 0)
        .and_then(|line| {
            candidates
                .into_iter()
                .max_by_key(|candidate| count(line, *candidate))
        })
        .unwrap_or(usual)
}

/// The row in which a quotation mark opens a cell that is never closed.
fn unclosed_quote(text: &str, separator: u8) -> Option<usize> {
    let mut opened = None;
    let mut row: usize = 1;
    let mut at_cell_start = true;
    for byte in text.bytes() {
        if opened.is_some() {
            if byte == b'"' {
                opened = None;
            }
            // A doubled mark closes and opens again.
            at_cell_start = byte == b'"';
            continue;
        }
        match byte {
            b'"' if at_cell_start => opened = Some(row),
            b'\n' => {
                row = row.saturating_add(1);
                at_cell_start = true;
            }
            other => at_cell_start = other == separator,
        }
    }
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        match table(text.as_bytes(), Separator::Comma) {
            Ok(OfficeContent::Sheets(tables)) => tables.into_iter().flat_map(|t| t.rows).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn blank_lines_and_lines_within_cells_keep_the_numbers_of_rows() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "\"two", "lines\",c", "", "", ",", "d,e"].join(end);
            let read = rows(&text);
            assert_eq!(read.len(), 7, "{end:?}");
            assert_eq!(read[0], ["a", "b"]);
            assert_eq!(read[2], ["two\nlines", "c"]);
            assert_eq!(read[6], ["d", "e"]);
        }
    }

    #[test]
    fn the_separator_is_the_one_of_the_first_line_that_has_one() {
        assert_eq!(rows("标题\n题目;答案\n甲,乙;A")[1], ["题目", "答案"]);
        assert_eq!(rows("题目\t答案\n")[0], ["题目", "答案"]);
        assert_eq!(rows("题目,答案\n甲;乙,A")[1], ["甲;乙", "A"]);
    }

    #[test]
    fn an_unclosed_quotation_mark_is_refused_with_its_row() {
        let refused = |text: &str| table(text.as_bytes(), Separator::Comma).unwrap_err();
        assert_eq!(
            refused("a,b\n\"c,d\ne,f\n"),
            Refusal::UnclosedQuote { row: 2 }
        );
        assert_eq!(
            refused("a,b\nx,\"c\"\"d\n"),
            Refusal::UnclosedQuote { row: 2 }
        );
        assert_eq!(rows("a,\"b \"\"c\"\" d\"\n")[0][1], "b \"c\" d");
        assert_eq!(rows("say \"hi\",b\n")[0], ["say \"hi\"", "b"]);
    }

    #[test]
    fn three_encodings_give_the_same_text_and_bytes_of_none_are_refused() {
        let text = "题目,答案\n“信用”镕,A\n";
        let (gb, _, _) = GB18030.encode(text);
        let utf16: Vec<u8> = std::iter::once(0xFEFF)
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
        for bytes in [gb.into_owned(), utf16, marked, text.as_bytes().to_vec()] {
            let read = table(&bytes, Separator::Comma).unwrap();
            let OfficeContent::Sheets(tables) = read else {
                panic!("not a table");
            };
            assert_eq!(tables[0].rows[1], ["“信用”镕", "A"]);
        }
        for bytes in [&b"\xFF\xFF\xFF"[..], b"a\0b"] {
            assert_eq!(
                table(bytes, Separator::Comma).unwrap_err(),
                Refusal::UnknownEncoding
            );
        }
    }
}
