//! A timetable that an office hands in as a file, as turns that can be looked at.

use chrono::Datelike as _;
use schedule_core::{CHINA_STANDARD_TIME, timetable::Severity};

use super::{Turn, turns_of};
use crate::{
    app::App,
    content::BankFile,
    contest::{Failure, organiser::Error},
    office::timetable,
};

/// What a file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// The turns, when the file is a timetable.
    pub turns: Option<Vec<Turn>>,
    /// What is wrong with it, by line and column.
    pub problems: Vec<String>,
    /// What somebody should confirm, by line and column.
    pub notes: Vec<String>,
}

/// Reads a timetable as an office sends it; the years it does not print are those of the season.
///
/// # Errors
/// Fails when the reading was given up half-way.
pub async fn read_file(app: &App, file: BankFile) -> Result<ReadFile, Error> {
    let edition = app.season.edition();
    let begins = edition
        .phases()
        .first()
        .map_or_else(|| edition.season(), |phase| phase.window());
    let year = begins.start().with_timezone(&CHINA_STANDARD_TIME).year();
    let (reader, slug, title) = (
        app.office.clone(),
        edition.slug().clone(),
        edition.title().to_owned(),
    );
    let reading =
        tokio::task::spawn_blocking(move || timetable::read(&reader, &file, (slug, &title), year))
            .await
            .map_err(Failure::defect)?;
    let reading = match reading {
        Ok(reading) => reading,
        Err(error) => {
            return Ok(ReadFile {
                turns: None,
                problems: vec![error.message_zh()],
                notes: Vec::new(),
            });
        }
    };
    let said = |severity: Severity| {
        let findings = reading.findings().iter();
        let findings = findings.filter(|finding| finding.severity() == severity);
        findings.map(timetable::sentence).collect()
    };
    Ok(ReadFile {
        turns: reading.edition().map(turns_of),
        problems: said(Severity::Error),
        notes: said(Severity::Warning),
    })
}
