//! One model for all formats: what was read, what was found, and where.
//!
//! A format only gathers words into [`ImportedRow`]s; what makes them a question is decided in one place,
//! [`ImportedRow::diagnose`], so every format reads keys, dates and types alike.
//! Every row is diagnosed in one pass, and every reading that was not literal is a finding.

#[cfg(feature = "aiken")]
pub mod aiken;
mod brackets;
mod columns;
#[cfg(feature = "foreign")]
mod cursor;
mod date;
mod fixed_cells;
mod gathering;
#[cfg(feature = "gift")]
pub mod gift;
mod header;
#[cfg(any(feature = "gift", feature = "moodle-xml"))]
mod html;
mod key;
mod key_list;
mod kind;
mod labels;
#[cfg(feature = "foreign")]
mod literal;
mod markers;
#[cfg(feature = "rich")]
mod markup;
#[cfg(feature = "moodle-xml")]
pub mod moodle_xml;
mod numbering;
pub mod office_text;
mod options_in_cell;
mod place;
#[cfg(feature = "qti")]
pub mod qti;
mod row;
mod row_kinds;
pub mod table;
#[cfg(feature = "xml")]
mod xml;

#[cfg(feature = "rich")]
pub(crate) use self::literal::{LAW_AS_OF_LINE, SOURCE_LINE};
pub use self::{
    place::{Column, Place, Positioned},
    row::ImportedRow,
};
#[cfg(feature = "foreign")]
use crate::FindingCode;
use crate::{Finding, Question, Severity};

/// Number of findings after which a reader stops: nobody reads more, and a hostile file must not fill the memory.
pub const MOST_FINDINGS: usize = 200_000;

/// Everything read from a file, or from several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Import {
    /// Well-formed questions in the order read.
    pub questions: Vec<Positioned<Question>>,
    /// Findings in the order met.
    pub findings: Vec<Finding>,
    /// Questions with a warning about one of their lines.
    n_doubtful: usize,
    /// Items that gave no question because of an error.
    n_refused_items: usize,
    /// Errors of such items; an item may have several, on several lines.
    n_errors_of_items: usize,
}

impl Import {
    /// What came of one item of a file.
    fn of_item(question: Option<Positioned<Question>>, findings: Vec<Finding>) -> Self {
        let n = |severity| findings.iter().filter(|f| f.severity() == severity).count();
        let n_errors = n(Severity::Error);
        Self {
            n_doubtful: usize::from(question.is_some() && n(Severity::Warning) > 0),
            n_refused_items: usize::from(n_errors > 0),
            n_errors_of_items: n_errors,
            questions: question.into_iter().collect(),
            findings,
        }
    }

    /// Findings that belong to no item.
    fn of_findings(findings: Vec<Finding>) -> Self {
        Self {
            findings,
            ..Self::default()
        }
    }

    /// Takes the questions back, for an error that is reported beside it.
    fn without_questions(mut self) -> Self {
        self.questions.clear();
        self.n_doubtful = 0;
        self.n_refused_items = 0;
        self
    }

    /// Adds what was read from another sheet or file.
    pub fn extend(&mut self, other: Self) {
        let sum = |one: &mut usize, more: usize| *one = one.saturating_add(more);
        self.questions.extend(other.questions);
        self.findings.extend(other.findings);
        sum(&mut self.n_doubtful, other.n_doubtful);
        sum(&mut self.n_refused_items, other.n_refused_items);
        sum(&mut self.n_errors_of_items, other.n_errors_of_items);
    }

    /// Number of questions about which there is nothing to decide.
    #[must_use]
    pub fn n_ready(&self) -> usize {
        self.questions.len().saturating_sub(self.n_undecided())
    }

    /// Number of questions read with a warning, which somebody must look at.
    #[must_use]
    pub const fn n_undecided(&self) -> usize {
        self.n_doubtful
    }

    /// Number of items refused, each once however many errors it has, and of errors that belong to no item.
    #[must_use]
    pub fn n_refused(&self) -> usize {
        let errors = self
            .findings
            .iter()
            .filter(|f| f.severity() == Severity::Error);
        let of_no_item = errors.count().saturating_sub(self.n_errors_of_items);
        self.n_refused_items.saturating_add(of_no_item)
    }
}

/// Notes why a file was read no further, and that nothing was found in it.
#[cfg(feature = "foreign")]
fn close(import: &mut Import, place: Place, stopped: Option<(Place, String)>) {
    if import.findings.len() >= MOST_FINDINGS {
        let finding = Finding::new(FindingCode::TooManyFindings, place.clone(), "");
        import.findings.push(finding);
    }
    if let Some((place, reason)) = stopped {
        import
            .findings
            .push(Finding::new(FindingCode::Malformed, place, reason));
    }
    if import.questions.is_empty() && import.findings.is_empty() {
        import
            .findings
            .push(Finding::new(FindingCode::NoQuestions, place, ""));
    }
}

/// Contents of the brackets of a stem that are blank, letters of options, or a mark.
pub(crate) fn brackets_that_may_hold_a_key(stem: &str) -> impl Iterator<Item = &str> {
    brackets::brackets(stem)
        .into_iter()
        .map(|bracket| bracket.content)
        .filter(|content| row::may_hold_key(content))
}
