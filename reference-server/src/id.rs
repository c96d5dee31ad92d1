//! Identifiers made by us from the clock and the generator, never by the database.

use chrono::{DateTime, Utc};

use crate::entropy::Entropy;

/// A time-ordered identifier: UUID version 7 (RFC 9562), 32 hexadecimal digits.
#[must_use]
pub fn time_ordered(now: DateTime<Utc>, entropy: &dyn Entropy) -> String {
    let ms = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(ms, &entropy.bytes::<10>())
        .into_uuid()
        .simple()
        .to_string()
}
