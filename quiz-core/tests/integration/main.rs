//! One integration binary: each module states the laws of one part of the crate.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should fail where it stands"
)]

mod attempt_laws;
mod bank_laws;
mod canonical_form;
mod clinic;
mod correction_laws;
mod draw_laws;
mod exact_draws;
mod findings;
#[cfg(feature = "aiken")]
mod formats_aiken;
#[cfg(feature = "gift")]
mod formats_gift;
#[cfg(feature = "moodle-xml")]
mod formats_moodle_xml;
mod formats_printed;
#[cfg(feature = "qti")]
mod formats_qti;
mod guess_laws;
mod import_layouts;
mod import_office_text;
mod import_table;
mod life_laws;
mod no_input_panics;
mod pinned_laws;
mod revision_laws;
mod sample;
mod similarity_laws;
mod statistics_laws;
mod value_stability;
