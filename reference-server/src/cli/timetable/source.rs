//! Where a timetable comes from: a published one by its name, or a file of an office.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use anyhow::Context as _;
use clap::ValueEnum as _;
use schedule_core::{
    Edition, EditionSlug, holidays::Holidays, ics::import_holidays, timetable::Reading,
};

use crate::{
    config::EditionName,
    content::BankFile,
    office::{self, OfficeReader},
    setup::edition_of,
};

/// A timetable, with what was found in it if it was read.
pub(super) enum Source {
    Published(Box<Edition>),
    Read(Box<Reading>),
}

/// The published timetable of that name, or the one in the file of that path.
pub(super) fn read(path: &Path, year: i32, reader: &OfficeReader) -> anyhow::Result<Source> {
    let named = path
        .to_str()
        .and_then(|name| EditionName::from_str(name, false).ok());
    if let Some(name) = named {
        return Ok(Source::Published(Box::new(edition_of(name))));
    }
    Ok(Source::Read(Box::new(file(path, year, reader)?)))
}

/// Reads a calendar of holidays; events that mark no day are left out, and said.
pub(super) fn holidays(path: &Path) -> anyhow::Result<Holidays> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let import = import_holidays(&text, path.display().to_string())
        .with_context(|| format!("{} is no holiday calendar", path.display()))?;
    for left_out in &import.not_imported {
        writeln!(
            io::stderr(),
            "{}：第{}行“{}”不是放假或上班的日子，未计入。",
            path.display(),
            left_out.line,
            left_out.summary
        )?;
    }
    Ok(import.holidays)
}

/// Reads the timetable in a file.
pub(super) fn file(path: &Path, year: i32, reader: &OfficeReader) -> anyhow::Result<Reading> {
    let file = BankFile::open(path).with_context(|| {
        format!(
            "cannot read {}; `original` and `postponed` are the published timetables",
            path.display()
        )
    })?;
    let title = path
        .file_stem()
        .map_or_else(String::new, |stem| stem.display().to_string());
    let slug = EditionSlug::new("file")?;
    office::timetable::read(reader, &file, (slug, &title), year)
        .map_err(|error| anyhow::anyhow!("{}\n  {error}", error.message_zh()))
}
