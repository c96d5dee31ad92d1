//! `bank check`: what is in question files and what is wrong with them, before anybody uploads one.

mod convert;
mod table;

use std::{
    ffi::OsStr,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use chrono::NaiveDate;
use quiz_core::import::table::Sheet;

use super::EXIT_FINDINGS;
use crate::{
    content::BankFile,
    contest::bank::{
        examination::{Report, Unreadable, examine},
        words, workbook,
    },
    office::{self, OfficeReader},
};

pub(super) use self::convert::{Target, convert};

/// How the report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// A table in Chinese, for organisers.
    Table,
    /// JSON, for programs.
    Json,
}

/// Checks question files and writes a report to standard output.
///
/// The file whose name begins with `province.` is the province's half; each other file is a
/// city's half and is also compared with the province's when both are given.
/// With `on`, the day on which the questions are to be used, the age of the law is examined too.
/// With `annotate`, each file's rows are also written into that folder as a workbook with a
/// column of problems.
/// The result is 1 when a file cannot be read or written (why is said on standard error), otherwise
/// [`EXIT_FINDINGS`] when there is an error or a warning, otherwise 0: notes ask for nothing.
#[must_use]
pub fn check(
    files: &[PathBuf],
    format: ReportFormat,
    annotate: Option<&Path>,
    on: Option<NaiveDate>,
    reader: &OfficeReader,
) -> ExitCode {
    let (mut report, sheets) = read_and_examine(files, on, reader);
    if let Some(folder) = annotate {
        annotate_files(folder, &sheets, &mut report);
    }
    match write(&report, format) {
        Ok(()) if report.unreadable.is_empty() && !report.has_findings() => ExitCode::SUCCESS,
        Ok(()) if report.unreadable.is_empty() => ExitCode::from(EXIT_FINDINGS),
        Ok(()) | Err(_) => ExitCode::FAILURE,
    }
}

/// Writes the workbook of every file; one that cannot be written is reported like one that cannot be read.
fn annotate_files(folder: &Path, sheets: &[Vec<Sheet>], report: &mut Report) {
    for (file, sheets) in report.files.iter().zip(sheets) {
        let written = fs::create_dir_all(folder)
            .map_err(|error| error.to_string())
            .and_then(|()| workbook::annotated(sheets, file).map_err(|error| error.to_string()))
            .and_then(|workbook| {
                let name = format!("{}.checked.xlsx", file.file.replace('/', "_"));
                fs::write(folder.join(name), workbook).map_err(|error| error.to_string())
            });
        if let Err(problem) = written {
            report.unreadable.push(Unreadable {
                message_zh: format!(
                    "{}：检查结果无法写入文件夹“{}”。",
                    file.file,
                    folder.display()
                ),
                message: format!("{}: {problem}", folder.display()),
                file: file.file.clone(),
            });
        }
    }
}

/// The report, and the rows of each file in it.
fn read_and_examine(
    paths: &[PathBuf],
    on: Option<NaiveDate>,
    reader: &OfficeReader,
) -> (Report, Vec<Vec<Sheet>>) {
    let mut imports = Vec::new();
    let mut sheets = Vec::new();
    let mut unreadable = Vec::new();
    for path in paths {
        let name = name_among(path, paths);
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                unreadable.push(Unreadable {
                    message_zh: format!("{name}：文件无法打开。"),
                    message: format!("{name}: {error}"),
                    file: name,
                });
                continue;
            }
        };
        let file = BankFile { name, bytes };
        match office::recognise(reader, &file) {
            Ok(recognised) => {
                imports.push((file.name, recognised.import));
                sheets.push(recognised.sheets);
            }
            Err(error) => unreadable.push(Unreadable {
                message_zh: error.message_zh(),
                message: error.to_string(),
                file: file.name,
            }),
        }
    }
    let report = Report {
        files: examine(imports, on),
        unreadable,
    };
    (report, sheets)
}

/// The name of a file, with its folders only when another file given has the same name.
fn name_among(path: &Path, paths: &[PathBuf]) -> String {
    let name = path.file_name().unwrap_or(OsStr::new(""));
    let n_same = paths
        .iter()
        .filter(|other| other.file_name() == Some(name))
        .count();
    if n_same > 1 {
        path.display().to_string()
    } else {
        name.display().to_string()
    }
}

/// Writes data to standard output and messages to standard error.
fn write(report: &Report, format: ReportFormat) -> io::Result<()> {
    let mut output = io::stdout().lock();
    match format {
        ReportFormat::Table => output.write_all(table::render(&report.files).as_bytes())?,
        ReportFormat::Json => {
            serde_json::to_writer_pretty(&mut output, report)?;
            output.write_all(b"\n")?;
        }
    }
    output.flush()?;
    let mut messages = io::stderr().lock();
    for file in &report.unreadable {
        writeln!(messages, "{}", words::printable(&file.message_zh))?;
        writeln!(messages, "  {}", words::printable(&file.message))?;
    }
    messages.flush()
}
