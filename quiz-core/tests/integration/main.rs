//! One integration binary: each module states the laws of one part of the crate.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should fail where it stands"
)]

mod attempt_laws;
mod bank_laws;
mod draw_laws;
mod findings;
mod import_office_text;
mod import_table;
mod no_input_panics;
mod sample;
mod value_stability;
