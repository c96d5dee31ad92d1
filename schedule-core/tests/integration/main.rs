//! The one integration binary of schedule-core.
#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test reports a broken fixture"
)]

mod boundaries;
mod builder_refusals;
mod calendars;
mod changes;
mod charts;
mod days_and_windows;
mod edition_laws;
mod exposure;
mod names;
mod printing_laws;
mod published_timetables;
mod reading_timetables;
#[cfg(feature = "serde")]
mod serialisation;

use chrono::{DateTime, Utc};
use schedule_core::{
    CitySlug, CivilDay, EditionBuilder, EditionSlug, ShanghaiDay, Window, jiangsu,
};

/// An instant written in RFC 3339.
fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn day(text: &str) -> ShanghaiDay {
    text.parse().unwrap()
}

fn civil(text: &str) -> CivilDay {
    text.parse().unwrap()
}

fn days(first: &str, last: &str) -> Window {
    Window::of_days(day(first)..=day(last)).unwrap()
}

fn city(slug: &str) -> CitySlug {
    CitySlug::new(slug).unwrap()
}

fn builder() -> EditionBuilder {
    EditionBuilder::new(EditionSlug::new("trial").unwrap(), "试运行", jiangsu())
}
