//! Prints what is on at an instant, in both timetables of 2020.
//!
//! Run with an instant in RFC 3339: `cargo run -p schedule-core --example what_is_on -- 2020-05-06T00:00:00+08:00`.
#![expect(clippy::print_stdout, reason = "an example program prints its answer")]

use std::error::Error;

use chrono::{DateTime, Utc};
use schedule_core::{CHINA_STANDARD_TIME, Edition, Provenance, published};

fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args().nth(1);
    let text = argument.as_deref().unwrap_or("2020-05-06T00:00:00+08:00");
    let instant: DateTime<Utc> = DateTime::parse_from_rfc3339(text)?.to_utc();
    println!("At {}", civil(instant));
    for edition in [published::original_2020(), published::postponed_2020()] {
        print_edition(&edition, instant);
    }
    Ok(())
}

fn print_edition(edition: &Edition, instant: DateTime<Utc>) {
    println!("\n{}  {}", edition.slug(), edition.title());
    for scheduled in edition.phases_at(instant) {
        let phase = scheduled.phase();
        let city = phase.city().and_then(|slug| edition.province().city(slug));
        let derived = match scheduled.provenance() {
            Provenance::Published => "",
            Provenance::Derived => "  (derived, never published)",
        };
        println!(
            "  on now   {}{}  until {}{derived}",
            city.map_or("", |city| city.name()),
            phase.chinese_name(),
            civil(scheduled.window().end()),
        );
    }
    match edition.contest_at(instant) {
        Some(round) => println!(
            "  open     {}, round {} of {}, day {} of {}, printed row {}",
            round.city().name(),
            round.index(),
            edition.rounds().len(),
            round.contest_day(instant).map_or(0, |day| day.ordinal()),
            round.window().n_days(),
            round.label(),
        ),
        None => println!("  open     no city"),
    }
    if let Some(round) = edition.next_opening(instant) {
        let opening = civil(round.window().start());
        println!("  next     {} opens {opening}", round.city().name());
    }
    if let Some(change) = edition.next_change(instant) {
        println!("  changes  {}", civil(change));
    }
}

fn civil(instant: DateTime<Utc>) -> String {
    let civil = instant.with_timezone(&CHINA_STANDARD_TIME);
    civil.format("%Y-%m-%d %H:%M:%S (UTC+8)").to_string()
}
