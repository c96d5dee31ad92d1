//! One model for all formats: what was read, what was found, and where.
//!
//! A format only gathers words into [`ImportedRow`]s; what makes them a question is decided in one place,
//! [`ImportedRow::diagnose`], so every format reads keys, dates and types alike.
//! Every row is diagnosed in one pass, and every reading that was not literal is a finding.

mod brackets;
mod columns;
mod date;
mod key;
mod kind;
mod labels;
mod markers;
mod numbering;
pub mod office_text;
mod place;
mod row;
pub mod table;

use std::collections::BTreeSet;

pub use self::{
    place::{Column, Place, Positioned},
    row::ImportedRow,
};
use crate::{Finding, Question, Severity};

/// Everything read from a file, or from several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Import {
    /// Well-formed questions in the order read.
    pub questions: Vec<Positioned<Question>>,
    /// Findings in the order met.
    pub findings: Vec<Finding>,
}

impl Import {
    /// Adds what was read from another sheet or file.
    pub fn extend(&mut self, other: Self) {
        self.questions.extend(other.questions);
        self.findings.extend(other.findings);
    }

    /// Number of questions about which there is nothing to decide.
    #[must_use]
    pub fn n_ready(&self) -> usize {
        self.questions.len().saturating_sub(self.n_undecided())
    }

    /// Number of questions somebody must look at.
    #[must_use]
    pub fn n_undecided(&self) -> usize {
        let doubtful = self.rows_with(Severity::Warning);
        self.questions
            .iter()
            .filter(|q| doubtful.contains(&q.place.whole_row()))
            .count()
    }

    /// Number of rows refused.
    #[must_use]
    pub fn n_refused(&self) -> usize {
        self.rows_with(Severity::Error).len()
    }

    fn rows_with(&self, severity: Severity) -> BTreeSet<Place> {
        self.findings
            .iter()
            .filter(|f| f.severity() == severity)
            .map(|f| f.place.whole_row())
            .collect()
    }
}

/// Contents of the brackets of a stem that are blank, letters of options, or a mark.
pub(crate) fn brackets_that_may_hold_a_key(stem: &str) -> impl Iterator<Item = &str> {
    brackets::brackets(stem)
        .into_iter()
        .map(|bracket| bracket.content)
        .filter(|content| row::may_hold_key(content))
}
