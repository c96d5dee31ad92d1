//! The child process: limits itself, reads one file from its input, answers on its output, ends.

use std::{
    io::{self, Read, Write},
    process::ExitCode,
};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::{
    archive, content::OfficeContent, docx, foreign, limits, ods, process::Answer, refusal::Refusal,
    spreadsheet,
};

/// The formats that are parsed in a child process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Workbook of Excel 2007 and later.
    Xlsx,
    /// Workbook of Excel 97 to 2003.
    Xls,
    /// Workbook of the Open Document Format.
    Ods,
    /// Document of Word 2007 and later.
    Docx,
    /// Package of items of another question bank.
    Package,
}

impl Kind {
    /// The kind as the hidden subcommand takes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
            Self::Ods => "ods",
            Self::Docx => "docx",
            Self::Package => "package",
        }
    }
}

/// Is the child process: what the hidden subcommand `office-reader --kind KIND` does.
///
/// Takes memory, processor time, files and further processes away from this process for
/// good, so it must be the only thing the process does, before any thread is started.
/// The answer is JSON; a refused file is an answer too, and ends in success.
#[must_use]
pub fn run(kind: Kind) -> ExitCode {
    match limit_this_process().and_then(|()| answer(kind)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn limit_this_process() -> io::Result<()> {
    let limits = [
        (Resource::As, limits::CHILD_MEMORY_BYTES),
        (Resource::Data, limits::CHILD_MEMORY_BYTES),
        (Resource::Cpu, limits::CHILD_PROCESSOR_SECONDS),
        (Resource::Nofile, limits::CHILD_OPEN_FILES),
        (Resource::Nproc, 0),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)?;
    }
    Ok(())
}

fn answer(kind: Kind) -> io::Result<()> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    let answer: Answer = read(kind, &bytes);
    let mut output = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer(&mut output, &answer)?;
    output.flush()
}

/// Parses a file of a kind, within the limits of sizes but in this process.
fn read(kind: Kind, bytes: &[u8]) -> Result<OfficeContent, Refusal> {
    match kind {
        Kind::Xlsx => {
            // Measured here; the workbook's reader opens the same bytes again.
            drop(archive::MeasuredArchive::open(bytes)?);
            spreadsheet::xlsx(bytes).map(OfficeContent::Sheets)
        }
        Kind::Xls => spreadsheet::xls(bytes).map(OfficeContent::Sheets),
        Kind::Ods => {
            let mut archive = archive::MeasuredArchive::open(bytes)?;
            ods::read(&mut archive).map(OfficeContent::Sheets)
        }
        Kind::Docx => {
            let mut archive = archive::MeasuredArchive::open(bytes)?;
            docx::read(&mut archive).map(OfficeContent::Text)
        }
        Kind::Package => {
            let mut archive = archive::MeasuredArchive::open(bytes)?;
            foreign::package(&mut archive).map(OfficeContent::Foreign)
        }
    }
}
