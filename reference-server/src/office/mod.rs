//! Office files: opened in a limited child process and handed to the importer as cells and paragraphs.
//!
//! A spreadsheet of 1,430 bytes can ask its reader for half a terabyte. Therefore the server
//! itself never parses one: it starts its own program again with a hidden subcommand, which
//! limits its memory and time before it looks at a byte ([`child`]). Text files are decoded here.

mod archive;
pub mod child;
mod content;
mod docx;
mod error;
mod flow;
mod foreign;
mod grid;
mod import;
pub mod limits;
mod number_format;
mod ods;
mod plain_text;
mod process;
mod refusal;
mod spreadsheet;
pub mod timetable;
mod xml;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use quiz_core::{Question, Severity, import::Import};

pub use self::{
    child::Kind,
    content::{Block, OfficeContent, Table},
    error::OfficeError,
    foreign::{ForeignFile, ForeignFormat},
    import::{ColumnLayout, Recognised, SheetLayout, Titles},
    refusal::Refusal,
};
use crate::content::BankFile;

/// Opens office files, the dangerous ones in a child process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeReader {
    program: PathBuf,
    longest: Duration,
}

impl OfficeReader {
    /// A reader that starts `program`, which must answer the subcommand `office-reader --kind KIND`
    /// by [`child::run`].
    #[must_use]
    pub const fn new(program: PathBuf) -> Self {
        Self {
            program,
            longest: limits::LONGEST_READING,
        }
    }

    /// The same reader with another patience than [`limits::LONGEST_READING`].
    #[must_use]
    pub fn with_longest_reading(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// Reads the cells or paragraphs of a file; its ending says how.
    ///
    /// Blocks until the child process has ended, or the reader's patience has.
    ///
    /// # Errors
    /// [`OfficeError::OldWord`] and [`UnknownEnding`](OfficeError::UnknownEnding) by the name,
    /// [`TooLarge`](OfficeError::TooLarge) by the size, [`Refused`](OfficeError::Refused) for
    /// what the file holds, and the others when the child process does not answer as it should.
    pub fn read(&self, file: &BankFile) -> Result<OfficeContent, OfficeError> {
        let name = || file.name.clone();
        if file.bytes.len() > limits::MOST_FILE_BYTES {
            return Err(OfficeError::TooLarge {
                file: name(),
                n_bytes: file.bytes.len(),
            });
        }
        let refused = |refusal| OfficeError::Refused {
            file: name(),
            refusal,
        };
        let foreign = |format| plain_text::foreign(&file.bytes, format).map_err(refused);
        match ending(&file.name).as_str() {
            "csv" => plain_text::table(&file.bytes, plain_text::Separator::Comma).map_err(refused),
            "tsv" => plain_text::table(&file.bytes, plain_text::Separator::Tab).map_err(refused),
            "txt" => plain_text::paper(&file.bytes).map_err(refused),
            "gift" => foreign(ForeignFormat::Gift),
            "aiken" => foreign(ForeignFormat::Aiken),
            "xml" => plain_text::xml(&file.bytes).map_err(refused),
            "zip" => self.read_in_child(Kind::Package, file),
            "xlsx" | "xlsm" => self.read_in_child(Kind::Xlsx, file),
            "xls" if archive::is_archive(&file.bytes) => self.read_in_child(Kind::Xlsx, file),
            "xls" => self.read_in_child(Kind::Xls, file),
            "ods" => self.read_in_child(Kind::Ods, file),
            "docx" => self.read_in_child(Kind::Docx, file),
            "doc" => Err(OfficeError::OldWord { file: name() }),
            _ => Err(OfficeError::UnknownEnding { file: name() }),
        }
    }

    fn read_in_child(&self, kind: Kind, file: &BankFile) -> Result<OfficeContent, OfficeError> {
        process::read(&self.program, kind, file, self.longest)
    }
}

/// The ending of a file's name, in lower case; empty when there is none.
fn ending(name: &str) -> String {
    Path::new(name)
        .extension()
        .and_then(|ending| ending.to_str())
        .map(str::to_lowercase)
        .unwrap_or_default()
}

/// Reads a file and recognises its questions, keeping its rows for those who want to write beside them.
///
/// Every row is diagnosed in one pass. A file in which nothing at all is found has the finding
/// [`NoQuestions`](quiz_core::FindingCode::NoQuestions).
///
/// # Errors
/// As [`OfficeReader::read`]. What is wrong with single rows is a finding and no error.
pub fn recognise(reader: &OfficeReader, file: &BankFile) -> Result<Recognised, OfficeError> {
    Ok(recognise_content(
        &file.name,
        reader.read(file)?,
        &Titles::new(),
    ))
}

/// Recognises the questions of a file that was read, its columns as somebody wants them.
#[must_use]
pub fn recognise_content(file: &str, content: OfficeContent, titles: &Titles) -> Recognised {
    import::recognise(file, content, titles)
}

/// Reads a file and recognises its questions, as [`recognise`] does.
///
/// # Errors
/// As [`OfficeReader::read`].
pub fn import_questions(reader: &OfficeReader, file: &BankFile) -> Result<Import, OfficeError> {
    Ok(recognise(reader, file)?.import)
}

/// The questions of a file without a single error.
///
/// # Errors
/// As [`OfficeReader::read`], and [`OfficeError::HasErrors`] when a finding has the severity
/// [`Severity::Error`], so that a row cannot be lost unnoticed.
pub fn questions(reader: &OfficeReader, file: &BankFile) -> Result<Vec<Question>, OfficeError> {
    let import = import_questions(reader, file)?;
    let mut errors = import
        .findings
        .into_iter()
        .filter(|finding| finding.severity() == Severity::Error);
    if let Some(first) = errors.next() {
        return Err(OfficeError::HasErrors {
            first: Box::new(first),
            n_more: errors.count(),
        });
    }
    Ok(import.questions.into_iter().map(|at| at.value).collect())
}
