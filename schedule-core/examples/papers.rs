//! Prints the papers that the postponed timetable of 2020 yields: charts, plan, notice, calendar, report, change and letter.
//!
//! `cargo run -p schedule-core --example papers -- text|svg|plan|notice|ics|ics-first|exposure|change|letter`
#![expect(clippy::print_stdout, reason = "an example program prints its answer")]

use std::error::Error;

use schedule_core::holidays::Holidays;
use schedule_core::ics::{Feed, Revision};
use schedule_core::published::{original_2020, postponed_2020};
use schedule_core::{EditionChange, EditionSlug, ExposureReport};

fn main() -> Result<(), Box<dyn Error>> {
    let edition = postponed_2020();
    let change = EditionChange::between(&original_2020(), &edition);
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let text = match wanted.as_str() {
        "svg" => edition.gantt_svg(),
        "plan" => edition.plan().text(),
        "notice" => edition.notice(),
        "exposure" => ExposureReport::new(&edition, &Holidays::china_2020())
            .table()
            .text(),
        "change" => change.table().text(),
        "letter" => change.letter(),
        "ics-first" | "ics" => {
            let feed = Feed::new(EditionSlug::new("jiangsu-2020")?, "contest.example.org")?;
            let modified = "2020-04-10T08:00:00Z".parse()?;
            let stamped = modified;
            let revision = |number| Revision {
                number,
                stamped,
                modified,
            };
            match wanted.as_str() {
                "ics-first" => feed.file(&original_2020(), revision(0))?,
                _ => feed.replacing(&original_2020(), &edition, revision(1))?,
            }
        }
        _ => edition.gantt_text(100),
    };
    print!("{text}");
    Ok(())
}
