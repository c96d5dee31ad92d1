//! One integration binary: each module states the laws of one part of the crate.

mod attempt_laws;
mod bank_laws;
mod draw_laws;
mod findings;
mod import_office_text;
mod import_table;
mod no_input_panics;
mod sample;
mod value_stability;
