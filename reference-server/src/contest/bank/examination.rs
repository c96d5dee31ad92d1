//! What is found in question files, alone and against the province's.

use std::collections::HashSet;

use chrono::NaiveDate;
use quiz_core::{
    BankSize, DrawRule, Finding, FindingCode, Halves, PassMark, Question, QuestionBank, Severity,
    import::{Import, Place, Positioned},
    lint::{self, Candidates, GuessFloor},
};
use serde::Serialize;

use crate::content::PROVINCE;

/// What is found in all files.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) files: Vec<FileReport>,
    pub(crate) unreadable: Vec<Unreadable>,
}

impl Report {
    /// Whether somebody has something to decide.
    pub(crate) fn has_findings(&self) -> bool {
        self.files
            .iter()
            .any(|file| file.n_errors > 0 || file.n_warnings > 0)
    }
}

/// What is found in one file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FileReport {
    pub(crate) file: String,
    /// Number of questions that can be used.
    pub(crate) n_valid: usize,
    pub(crate) n_errors: usize,
    pub(crate) n_warnings: usize,
    pub(crate) n_notes: usize,
    /// Probability that somebody who only guesses passes, in millionths; of the whole bank
    /// when the province's file is given too. Nothing when no bank can be made of the questions.
    pub(crate) guess_floor_millionths: Option<u32>,
    pub(crate) findings: Vec<FindingReport>,
}

/// A finding with its weight and its sentences in both languages.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FindingReport {
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) message_zh: String,
    pub(crate) suggestion: &'static str,
    pub(crate) suggestion_zh: &'static str,
    #[serde(flatten)]
    pub(crate) finding: Finding,
}

impl FindingReport {
    fn new(finding: Finding) -> Self {
        Self {
            severity: finding.severity(),
            message: finding.to_string(),
            message_zh: finding.message_zh(),
            suggestion: finding.suggestion(),
            suggestion_zh: finding.suggestion_zh(),
            finding,
        }
    }
}

/// A file that gives no report.
#[derive(Debug, Serialize)]
pub(crate) struct Unreadable {
    pub(crate) file: String,
    pub(crate) message: String,
    pub(crate) message_zh: String,
}

/// Examines every file; rows first, then the questions as a half of a bank.
///
/// With a day on which they are to be used, the age of the law is examined too.
pub(crate) fn examine(imports: Vec<(String, Import)>, on: Option<NaiveDate>) -> Vec<FileReport> {
    let province: Vec<Positioned<Question>> = imports
        .iter()
        .find(|(file, _)| is_province(file))
        .map(|(_, import)| import.questions.clone())
        .unwrap_or_default();
    let terms = Terms::published(on);
    imports
        .into_iter()
        .map(|(file, import)| {
            let against = (!is_province(&file)).then_some(province.as_slice());
            report(file, import, against, &terms)
        })
        .collect()
}

fn is_province(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.split_once('.').map_or(name, |(slug, _ending)| slug) == PROVINCE
}

/// What a bank is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// How many questions each half has.
    pub(crate) size: BankSize,
    /// How a quiz is drawn.
    pub(crate) draw: DrawRule,
    /// How many right answers pass.
    pub(crate) pass_mark: PassMark,
    /// The day on which the questions are to be used, for the age of the law.
    pub(crate) on: Option<NaiveDate>,
}

impl Terms {
    /// Those of the founding document.
    pub(crate) const fn published(on: Option<NaiveDate>) -> Self {
        Self {
            size: BankSize::JIANGSU_2020,
            draw: DrawRule::JIANGSU_2020,
            pass_mark: PassMark::JIANGSU_2020,
            on,
        }
    }
}

/// Reports on a file: the province's own, or a city's against the province's.
pub(crate) fn report(
    file: String,
    import: Import,
    against: Option<&[Positioned<Question>]>,
    terms: &Terms,
) -> FileReport {
    let Import {
        questions,
        mut findings,
        ..
    } = import;
    let expected = terms.size;
    let candidates = match against {
        None => Candidates {
            province: &questions,
            city: &[],
            size: BankSize {
                city: 0,
                ..expected
            },
            on: terms.on,
        },
        // Without the province's file nothing is said about its half.
        Some(province) => Candidates {
            province,
            city: &questions,
            size: BankSize {
                province: u16::try_from(province.len()).unwrap_or(u16::MAX),
                ..expected
            },
            on: terms.on,
        },
    };
    let known: HashSet<(FindingCode, Place)> = findings
        .iter()
        .map(|finding| (finding.code, finding.place.whole_row()))
        .collect();
    for mut finding in lint::examine(&candidates) {
        if finding.place.file.is_empty() {
            finding.place.file.clone_from(&file);
        }
        let is_known = known.contains(&(finding.code, finding.place.whole_row()));
        if finding.place.file == file && !is_known {
            findings.push(finding);
        }
    }
    findings.sort_by(|a, b| {
        let by_weight = b.severity().cmp(&a.severity());
        by_weight.then_with(|| a.place.cmp(&b.place))
    });
    let count = |severity: Severity| findings.iter().filter(|f| f.severity() == severity).count();
    FileReport {
        n_valid: questions.len(),
        n_errors: count(Severity::Error),
        n_warnings: count(Severity::Warning),
        n_notes: count(Severity::Note),
        guess_floor_millionths: guess_floor(&candidates, terms),
        findings: findings.into_iter().map(FindingReport::new).collect(),
        file,
    }
}

fn guess_floor(candidates: &Candidates<'_>, terms: &Terms) -> Option<u32> {
    let values = |half: &[Positioned<Question>]| -> Vec<Question> {
        half.iter().map(|question| question.value.clone()).collect()
    };
    let halves = Halves {
        province: values(candidates.province),
        city: values(candidates.city),
    };
    let size = BankSize {
        province: u16::try_from(halves.province.len()).ok()?,
        city: u16::try_from(halves.city.len()).ok()?,
    };
    let bank = QuestionBank::freeze(size, halves).ok()?;
    GuessFloor::of(&bank, terms.draw, terms.pass_mark)
        .ok()
        .map(GuessFloor::millionths)
}
