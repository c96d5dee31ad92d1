//! Questions of formats that say themselves what is stem, option and key, so that nothing has to be guessed.

use chrono::NaiveDate;

use super::{Import, Place, Positioned, row::code_of};
use crate::{
    Finding, FindingCode, MAX_CHOICES, MIN_CHOICES, Position, Question, QuestionDraft,
    folding::fold_width,
};

/// First words of the line on which explanations of foreign formats name the source.
pub(crate) const SOURCE_LINE: &str = "依据：";

/// First words of the last line of such an explanation, before the day of the law as `2020-04-22`.
pub(crate) const LAW_AS_OF_LINE: &str = "法条时点：";

/// One item of a file, each text taken to the letter.
pub(super) struct LiteralItem {
    pub(super) place: Place,
    pub(super) stem: Positioned<String>,
    pub(super) options: Vec<LiteralOption>,
    /// Explanation, followed by lines of source and day.
    pub(super) explanation: Option<String>,
    pub(super) findings: Vec<Finding>,
}

/// One option and what the format states about it.
pub(super) struct LiteralOption {
    pub(super) words: Positioned<String>,
    pub(super) is_key: bool,
    pub(super) is_pinned: bool,
}

impl LiteralItem {
    /// The question, or the errors that refuse it.
    pub(super) fn judge(self) -> Import {
        let Self {
            place,
            stem,
            options,
            explanation,
            mut findings,
        } = self;
        let mut errors = errors(&stem, &options);
        let (explanation, source, law_as_of) = parted(explanation.unwrap_or_default());
        let positions = |wanted: fn(&LiteralOption) -> bool| {
            let all = Position::ALL.into_iter().zip(&options);
            all.filter(move |(_, option)| wanted(option))
                .map(|(position, _)| position)
                .collect::<Vec<_>>()
        };
        let keys = positions(|option| option.is_key);
        let question = keys.first().filter(|_| errors.is_empty()).map(|key| {
            let draft = QuestionDraft {
                stem: stem.value.clone(),
                choices: options.iter().map(|o| o.words.value.clone()).collect(),
                key: *key,
                explanation,
                source,
                law_as_of,
            };
            Question::new(draft)
                .and_then(|question| question.with_pinned(&positions(|option| option.is_pinned)))
        });
        let question = match question {
            Some(Ok(value)) => Some(Positioned { place, value }),
            Some(Err(error)) => {
                errors.push(Finding::new(code_of(error), place, stem.value.trim()));
                None
            }
            None => None,
        };
        findings.extend(errors);
        Import::of_item(question, findings)
    }
}

/// The item refused because of its type.
#[cfg(feature = "rich")]
pub(super) fn refused_kind(place: Place, words: &str, kind: &str) -> Import {
    let finding = Finding::new(FindingCode::UnsupportedType, place, words.trim()).read_as(kind);
    Import::of_item(None, vec![finding])
}

fn errors(stem: &Positioned<String>, options: &[LiteralOption]) -> Vec<Finding> {
    let mut errors = Vec::new();
    let mut raise = |code: FindingCode, words: &Positioned<String>| {
        errors.push(Finding::new(code, words.place.clone(), words.value.trim()));
    };
    if stem.value.trim().is_empty() {
        raise(FindingCode::MissingStem, stem);
    }
    if options.len() < MIN_CHOICES {
        raise(FindingCode::MissingOptions, stem);
    }
    if let Some(seventh) = options.get(MAX_CHOICES) {
        raise(FindingCode::TooManyOptions, &seventh.words);
    }
    let judged = || options.iter().take(MAX_CHOICES);
    for empty in judged().filter(|o| o.words.value.trim().is_empty()) {
        raise(FindingCode::EmptyOption, &empty.words);
    }
    let mut keys = options.iter().filter(|option| option.is_key);
    match (keys.next(), keys.next()) {
        (None, _) => raise(FindingCode::MissingKey, stem),
        (Some(_), Some(second)) => raise(FindingCode::SeveralKeys, &second.words),
        (Some(_), None) => {}
    }
    let forms: Vec<String> = judged().map(|o| fold_width(&o.words.value)).collect();
    for (index, (option, form)) in judged().zip(&forms).enumerate() {
        let mut earlier = judged().zip(&forms).take(index);
        let same = earlier.find(|(_, other)| *other == form && !form.is_empty());
        if let Some((first, _)) = same {
            let finding = Finding::new(
                FindingCode::SameOptions,
                option.words.place.clone(),
                option.words.value.trim(),
            );
            errors.push(finding.related_to(first.words.place.clone()));
        }
    }
    errors
}

/// Parts an explanation from the lines of source and day behind it.
fn parted(text: String) -> (Option<String>, Option<String>, Option<NaiveDate>) {
    let mut rest = text.as_str();
    let mut law_as_of = None;
    let (before, last) = match rest.rsplit_once('\n') {
        Some((before, last)) => (before, last),
        None => ("", rest),
    };
    if let Some(day) = last.strip_prefix(LAW_AS_OF_LINE)
        && let Ok(day) = NaiveDate::parse_from_str(day.trim(), "%Y-%m-%d")
    {
        law_as_of = Some(day);
        rest = before;
    }
    let mark = format!("\n{SOURCE_LINE}");
    let (explanation, source) = match rest.rsplit_once(&mark) {
        Some((explanation, source)) => (explanation, Some(source)),
        None => match rest.strip_prefix(SOURCE_LINE) {
            Some(source) => ("", Some(source)),
            None => (rest, None),
        },
    };
    (
        Some(explanation.to_owned()),
        source.map(str::to_owned),
        law_as_of,
    )
}
