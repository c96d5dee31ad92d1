//! iCalendar (RFC 5545): a feed of an edition's phases, and holiday calendars read in.

mod content;
mod feed;
mod holidays;

pub use feed::{Feed, FeedError, Revision};
pub use holidays::{HolidayImport, IcsError, NotImported, Reason, import_holidays};
