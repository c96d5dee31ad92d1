//! `timetable`: a rotation shown, checked, compared and exported, without a server.

mod findings;
mod source;
mod workbook;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use chrono::{DateTime, FixedOffset, Utc};
use clap::Subcommand;
use schedule_core::{
    Edition, EditionChange, EditionSlug, ExposureReport, Table,
    holidays::Holidays,
    ics::{Feed, Revision},
};

use self::source::{Source, read};
use super::EXIT_FINDINGS;
use crate::{
    cli::Format,
    clock::{Clock as _, SystemClock},
    office::{self, OfficeReader},
};

/// Width of a Gantt chart where there is no screen to ask, in columns.
const GANTT_COLUMNS: usize = 100;

#[derive(Debug, Subcommand)]
pub(crate) enum TimetableCommand {
    /// Print a timetable as a table, a chart or a workbook.
    #[command(
        after_help = "Example:\n  reference-server timetable show postponed\n  reference-server timetable show postponed --form gantt\n  reference-server timetable show rotation.xlsx --year 2027 --form workbook --out rotation-plan.xlsx"
    )]
    Show {
        #[command(flatten)]
        edition: EditionArguments,
        /// What is printed of it.
        #[arg(long, value_enum, default_value = "plan")]
        form: Form,
        /// An .ics calendar of holidays and make-up workdays; without it, the official one of 2020.
        #[arg(long, value_name = "FILE")]
        holidays: Option<PathBuf>,
        /// Write into this file and not to the screen.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Read a timetable as an office sent it, and say what is odd or wrong in which line and column.
    #[command(
        after_help = "Example:\n  reference-server timetable check rotation.docx --year 2020\n\nExit code 0: nothing to decide; 3: findings; 1: the file cannot be read."
    )]
    Check {
        /// The file: .txt, .csv, .tsv, .xlsx, .xls, .ods or .docx.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The year of the first row, where the file prints none.
        #[arg(long, value_name = "YEAR", default_value_t = 2020)]
        year: i32,
        /// How the findings are printed.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Compare two timetables: which city moves by how many days, is new or cancelled.
    #[command(
        after_help = "Example:\n  reference-server timetable diff original postponed\n  reference-server timetable diff original postponed --letter --out 说明.txt\n  reference-server timetable diff original postponed --at 2020-03-01T09:00:00+08:00\n\nExit code 0: printed; 3: with --at, the change comes too late; 1: a timetable cannot be read."
    )]
    Diff {
        /// The timetable in force: `original`, `postponed`, or a file.
        #[arg(value_name = "BEFORE")]
        before: PathBuf,
        /// The timetable to come: `original`, `postponed`, or a file.
        #[arg(value_name = "AFTER")]
        after: PathBuf,
        /// The year of the first row of files that print none.
        #[arg(long, value_name = "YEAR", default_value_t = 2020)]
        year: i32,
        /// Print the text of an official letter instead of the table.
        #[arg(long)]
        letter: bool,
        /// Say whether the change may still be made at this instant.
        #[arg(long, value_name = "RFC3339")]
        at: Option<DateTime<FixedOffset>>,
        /// Write into this file and not to the screen; .xlsx makes a workbook, .md a Markdown table.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write an iCalendar file that people can subscribe to (RFC 5545).
    #[command(
        after_help = "Example:\n  reference-server timetable ics original --domain credit.example.org --out contest.ics\n  reference-server timetable ics postponed --replaces original --revision 1 --domain credit.example.org --out contest.ics"
    )]
    Ics {
        #[command(flatten)]
        edition: EditionArguments,
        /// The timetable that subscribers have now; what it held and the new one does not is cancelled.
        #[arg(long, value_name = "EDITION")]
        replaces: Option<PathBuf>,
        /// Counts the published changes; 0 is the first publication.
        #[arg(long, default_value_t = 0)]
        revision: u32,
        /// Names the events for ever; an own domain, the same in every revision.
        #[arg(long, value_name = "HOST")]
        domain: String,
        /// The season's name in the events' identifiers, the same in every revision.
        #[arg(long, value_name = "SLUG", default_value = "credit-contest")]
        series: String,
        /// When the timetable was last changed; the present instant unless stated.
        #[arg(long, value_name = "RFC3339")]
        modified: Option<DateTime<FixedOffset>>,
        /// Write into this file and not to the screen.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Which timetable is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct EditionArguments {
    /// `original` and `postponed` are the published ones of 2020; anything else is a file.
    #[arg(value_name = "EDITION")]
    edition: PathBuf,
    /// The year of the first row, where a file prints none.
    #[arg(long, value_name = "YEAR", default_value_t = 2020)]
    year: i32,
}

/// What `show` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// One row a city: contest, days, weekdays, preheat.
    Plan,
    /// The plan in Markdown.
    Markdown,
    /// The timetable as published: number, dates, contest, preheat.
    Notice,
    /// Workdays, weekends and holidays of each city, so that a ranking can say what it compares.
    Exposure,
    /// A chart for a terminal.
    Gantt,
    /// A chart as SVG.
    Svg,
    /// Plan, timetable and exposure as the sheets of an .xlsx workbook; needs --out.
    Workbook,
}

/// Runs a command about timetables.
pub(super) fn run(command: TimetableCommand, reader: &OfficeReader) -> anyhow::Result<ExitCode> {
    match command {
        TimetableCommand::Show {
            edition,
            form,
            holidays,
            out,
        } => {
            let edition = edition.read(reader)?;
            let holidays = match holidays {
                Some(path) => source::holidays(&path)?,
                None => Holidays::china_2020(),
            };
            show(&edition, form, &holidays, out.as_deref())
        }
        TimetableCommand::Check { file, year, format } => {
            findings::check(&file, year, format, reader)
        }
        TimetableCommand::Diff {
            before,
            after,
            year,
            letter,
            at,
            out,
        } => {
            let before = sound(&before, year, reader)?;
            let after = sound(&after, year, reader)?;
            let change = EditionChange::between(&before, &after);
            diff(&change, letter, out.as_deref())?;
            Ok(at.map_or(ExitCode::SUCCESS, |at| permitted(&change, at.to_utc())))
        }
        TimetableCommand::Ics {
            edition,
            replaces,
            revision,
            domain,
            series,
            modified,
            out,
        } => {
            let stamped = SystemClock::new().now();
            let revision = Revision {
                number: revision,
                stamped,
                modified: modified.map_or(stamped, |modified| modified.to_utc()),
            };
            let feed = Feed::new(EditionSlug::new(series)?, domain)?;
            let year = edition.year;
            let edition = edition.read(reader)?;
            let file = match replaces {
                Some(previous) => {
                    feed.replacing(&sound(&previous, year, reader)?, &edition, revision)
                }
                None => feed.file(&edition, revision),
            }?;
            put(out.as_deref(), file.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl EditionArguments {
    fn read(&self, reader: &OfficeReader) -> anyhow::Result<Edition> {
        sound(&self.edition, self.year, reader)
    }
}

/// An edition that can be used; its warnings are for `check`.
fn sound(path: &Path, year: i32, reader: &OfficeReader) -> anyhow::Result<Edition> {
    match read(path, year, reader)? {
        Source::Published(edition) => Ok(*edition),
        Source::Read(reading) => reading.into_edition().map_err(|found| {
            let lines: Vec<String> = found
                .iter()
                .filter(|finding| finding.severity() == schedule_core::timetable::Severity::Error)
                .map(office::timetable::sentence)
                .collect();
            anyhow::anyhow!("{}无法使用：\n{}", path.display(), lines.join("\n"))
        }),
    }
}

fn show(
    edition: &Edition,
    form: Form,
    holidays: &Holidays,
    out: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let exposure = || ExposureReport::new(edition, holidays);
    let text = match form {
        Form::Plan => titled(&dated(edition), &edition.plan()),
        Form::Markdown => format!("# {}\n\n{}", edition.title(), edition.plan().markdown()),
        Form::Notice => edition.notice(),
        Form::Exposure => {
            let report = exposure();
            let table = titled(edition.title(), &report.table());
            format!("{table}\n节假日依据：{}\n", report.source())
        }
        Form::Gantt => edition.gantt_text(terminal_columns()),
        Form::Svg => edition.gantt_svg(),
        Form::Workbook => {
            let Some(out) = out else {
                bail!("a workbook is no text: name a file with --out FILE.xlsx");
            };
            let sheets = [
                ("日程", edition.plan()),
                ("公布表", edition.timetable()),
                ("天数构成", exposure().table()),
            ];
            workbook::write(out, edition.title(), &sheets)?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    put(out, text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn diff(change: &EditionChange, letter: bool, out: Option<&Path>) -> anyhow::Result<()> {
    let table = change.table();
    let ending = out.and_then(Path::extension).and_then(|end| end.to_str());
    match (out, ending) {
        (Some(out), Some("xlsx")) if !letter => {
            workbook::write(out, "日程变更表", &[("日程变更表", table)])
        }
        (_, Some("md")) if !letter => put(out, table.markdown().as_bytes()),
        _ if letter => put(out, change.letter().as_bytes()),
        _ => put(out, titled("日程变更表", &table).as_bytes()),
    }
}

/// Says whether a change comes in time.
fn permitted(change: &EditionChange, at: DateTime<Utc>) -> ExitCode {
    match change.permitted_at(at) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            let said = writeln!(
                io::stderr(),
                "此时不能变更：{}",
                office::timetable::refusal(&refusal)
            );
            match said {
                Ok(()) => ExitCode::from(EXIT_FINDINGS),
                Err(_broken_pipe) => ExitCode::FAILURE,
            }
        }
    }
}

/// The title with the days of the season, since the tables print no year.
fn dated(edition: &Edition) -> String {
    let season = edition.season();
    format!(
        "{}（{} 至 {}）",
        edition.title(),
        season.first_day(),
        season.last_day()
    )
}

fn titled(title: &str, table: &Table) -> String {
    format!("{title}\n\n{}", table.text())
}

/// Columns of the terminal, if there is one.
fn terminal_columns() -> usize {
    comfy_table::Table::new()
        .width()
        .map_or(GANTT_COLUMNS, usize::from)
}

/// Writes to a file or to standard output.
fn put(out: Option<&Path>, bytes: &[u8]) -> anyhow::Result<()> {
    match out {
        Some(path) => {
            fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
        }
        None => {
            let mut output = io::stdout().lock();
            output.write_all(bytes)?;
            Ok(output.flush()?)
        }
    }
}
