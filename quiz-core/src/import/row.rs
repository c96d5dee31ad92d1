//! The words of one question as gathered from a file, and what makes them a question.

use super::{
    Import, Place, Positioned,
    brackets::{brackets, replaced, underlined_letter},
    date::read_date,
    key::{KeyReading, read_key},
    kind::{Kind, read_kind, read_tag},
};
use crate::{
    Finding, FindingCode, MAX_CHOICES, MIN_CHOICES, Position, Question, QuestionDraft,
    QuestionError, Severity,
    folding::{fold, fold_width, is_blank},
};

/// Words of one question, each with its place, before any of them is judged.
///
/// Formats fill it; [`diagnose`](Self::diagnose) judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a plain record; callers that read their own formats write it as a literal"
)]
pub struct ImportedRow {
    /// Where the question begins.
    pub place: Place,
    /// Announced type, if any.
    pub kind: Option<Positioned<String>>,
    /// Stem; blank if missing.
    pub stem: Positioned<String>,
    /// Options in order, blank where one is missing.
    pub options: Vec<Positioned<String>>,
    /// Key, if written apart from stem and options.
    pub key: Option<Positioned<String>>,
    /// Explanation.
    pub explanation: Option<Positioned<String>>,
    /// Law, standard or page the question rests on.
    pub source: Option<Positioned<String>>,
    /// Day on which the law stood so.
    pub law_as_of: Option<Positioned<String>>,
}

impl ImportedRow {
    /// Judges the words: at most one question, and everything found in them.
    ///
    /// A row with an [`Error`](Severity::Error) yields no question.
    /// A row announced as another type than single choice yields that one finding and nothing else.
    #[must_use]
    pub fn diagnose(self) -> Import {
        let mut diagnosis = Diagnosis {
            findings: Vec::new(),
        };
        if diagnosis.is_other_kind(&self) {
            return Import::of_item(None, diagnosis.findings);
        }
        let mut stem = diagnosis.stem(&self.stem);
        let (options, marked) = diagnosis.options(&self);
        let key = diagnosis.key(&self, &options, marked, &mut stem);
        let law_as_of = self
            .law_as_of
            .as_ref()
            .and_then(|words| diagnosis.date(words));
        let text = |words: Option<Positioned<String>>| words.map(|w| w.value);
        let draft = key.map(|key| QuestionDraft {
            stem,
            choices: options,
            key,
            explanation: text(self.explanation),
            source: text(self.source),
            law_as_of,
        });
        let question = diagnosis.question(draft, &self.place);
        let question = question.map(|value| Positioned {
            place: self.place,
            value,
        });
        Import::of_item(question, diagnosis.findings)
    }
}

struct Diagnosis {
    findings: Vec<Finding>,
}

impl Diagnosis {
    fn note(&mut self, code: FindingCode, words: &Positioned<String>) {
        self.findings
            .push(Finding::new(code, words.place.clone(), words.value.trim()));
    }

    fn is_other_kind(&mut self, row: &ImportedRow) -> bool {
        if let Some(kind) = row
            .kind
            .as_ref()
            .filter(|words| !words.value.trim().is_empty())
        {
            match read_kind(&kind.value) {
                Kind::Single => {}
                Kind::Unknown => self.note(FindingCode::TypeNotUnderstood, kind),
                Kind::Other => {
                    self.note(FindingCode::UnsupportedType, kind);
                    return true;
                }
            }
        }
        let tagged = brackets(&row.stem.value)
            .iter()
            .any(|b| read_tag(b.content) == Kind::Other);
        if tagged {
            self.note(FindingCode::UnsupportedType, &row.stem);
            return true;
        }
        let shape = kind_by_shape(row);
        if let Some(kind) = shape {
            let finding = Finding::new(
                FindingCode::UnsupportedType,
                row.stem.place.clone(),
                row.stem.value.trim(),
            );
            self.findings.push(finding.read_as(kind));
        }
        shape.is_some()
    }

    /// The stem without a tag such as [单选题].
    fn stem(&mut self, words: &Positioned<String>) -> String {
        let stem = words.value.trim();
        let tag = brackets(stem)
            .into_iter()
            .find(|b| read_tag(b.content) == Kind::Single);
        let stem = match tag {
            Some(tag) => {
                let bare = replaced(stem, &tag.range, "").trim().to_owned();
                self.findings.push(
                    Finding::new(FindingCode::TypeTagRemoved, words.place.clone(), stem)
                        .read_as(bare.clone()),
                );
                bare
            }
            None => stem.to_owned(),
        };
        if is_blank(&stem) {
            self.note(FindingCode::MissingStem, words);
        }
        stem
    }

    /// The options without their letters and marks, and the option marked as right, if any.
    fn options(&mut self, row: &ImportedRow) -> (Vec<String>, Option<KeyMark>) {
        let words = &row.options;
        let n_options = words
            .iter()
            .rposition(|w| !is_blank(&w.value))
            .map_or(0, |i| i.saturating_add(1));
        let words: Vec<&Positioned<String>> = words.iter().take(n_options).collect();
        let judged = words.iter().take(MAX_CHOICES);
        for empty in judged.filter(|w| is_blank(&w.value)) {
            self.note(FindingCode::EmptyOption, empty);
        }
        if n_options < MIN_CHOICES {
            let found = words.first().copied().unwrap_or(&row.stem).value.trim();
            self.findings.push(Finding::new(
                FindingCode::MissingOptions,
                row.place.clone(),
                found,
            ));
        }
        if let Some(seventh) = words.get(MAX_CHOICES) {
            self.note(FindingCode::TooManyOptions, seventh);
        }
        // What is beyond is refused already.
        let words: Vec<_> = words
            .into_iter()
            .take(MAX_CHOICES.saturating_add(1))
            .collect();
        let mut options: Vec<String> = words.iter().map(|w| w.value.trim().to_owned()).collect();
        self.remove_labels(&words, &mut options);
        let mark = self.remove_marks(&words, &mut options);
        self.same_options(&words, &options);
        (options, mark)
    }

    /// Takes off letters written before the options, if every option has its own.
    fn remove_labels(&mut self, words: &[&Positioned<String>], options: &mut [String]) {
        let bare: Option<Vec<String>> = Position::ALL
            .into_iter()
            .zip(options.iter())
            .map(|(p, option)| without_label(p, option))
            .collect();
        let Some(bare) = bare.filter(|b| b.len() == options.len() && b.len() >= MIN_CHOICES) else {
            return;
        };
        for ((words, option), bare) in words.iter().zip(options.iter_mut()).zip(bare) {
            let finding = Finding::new(
                FindingCode::LabelRemoved,
                words.place.clone(),
                option.as_str(),
            );
            self.findings.push(finding.read_as(bare.clone()));
            *option = bare;
        }
    }

    /// Takes off marks such as (正确答案) written after an option.
    fn remove_marks(
        &mut self,
        words: &[&Positioned<String>],
        options: &mut [String],
    ) -> Option<KeyMark> {
        let mut mark = None;
        for ((position, words), option) in Position::ALL.into_iter().zip(words).zip(options) {
            let found = brackets(option).into_iter().next_back();
            let Some(bracket) = found.filter(|b| {
                b.range.end == option.len()
                    && ["正确答案", "正确选项", "correctanswer"]
                        .contains(&fold(b.content).replace(' ', "").as_str())
            }) else {
                continue;
            };
            let bare = replaced(option, &bracket.range, "").trim().to_owned();
            let finding = Finding::new(
                FindingCode::KeyReadFromOption,
                words.place.clone(),
                option.as_str(),
            );
            self.findings.push(finding.read_as(position.to_string()));
            *option = bare;
            mark = Some(match mark {
                None => KeyMark::One(position),
                Some(KeyMark::One(_) | KeyMark::Several) => KeyMark::Several,
            });
        }
        mark
    }

    fn same_options(&mut self, words: &[&Positioned<String>], options: &[String]) {
        let mut seen: Vec<(String, Place)> = Vec::new();
        for (words, option) in words.iter().zip(options) {
            let form = fold_width(option);
            if form.is_empty() {
                continue;
            }
            if let Some((_, earlier)) = seen.iter().find(|(f, _)| *f == form) {
                let finding = Finding::new(
                    FindingCode::SameOptions,
                    words.place.clone(),
                    option.as_str(),
                );
                self.findings.push(finding.related_to(earlier.clone()));
            }
            seen.push((form, words.place.clone()));
        }
    }

    /// The key: written apart, else marked after an option, else in the only bracket of the stem.
    fn key(
        &mut self,
        row: &ImportedRow,
        options: &[String],
        mark: Option<KeyMark>,
        stem: &mut String,
    ) -> Option<Position> {
        let marked = match mark {
            Some(KeyMark::Several) => {
                self.findings.push(Finding::new(
                    FindingCode::SeveralKeys,
                    row.place.clone(),
                    row.stem.value.trim(),
                ));
                return None;
            }
            Some(KeyMark::One(position)) => Some(position),
            None => None,
        };
        if let Some(words) = row.key.as_ref().filter(|words| !is_blank(&words.value)) {
            let position = self.written_key(words, options)?;
            if marked.is_some_and(|marked| marked != position) {
                self.note(FindingCode::ConflictingKeys, words);
                return None;
            }
            return Some(position);
        }
        if marked.is_some() {
            return marked;
        }
        self.bracket_key(row, options, stem)
    }

    fn written_key(&mut self, words: &Positioned<String>, options: &[String]) -> Option<Position> {
        match read_key(&words.value, options) {
            Ok(KeyReading { position, remark }) => {
                if let Some(code) = remark {
                    let finding = Finding::new(code, words.place.clone(), words.value.trim());
                    self.findings.push(finding.read_as(position.to_string()));
                }
                Some(position)
            }
            Err(code) => {
                self.note(code, words);
                None
            }
        }
    }

    /// Reads a key from the stem only if a single bracket could hold one; the bracket is then shown empty.
    fn bracket_key(
        &mut self,
        row: &ImportedRow,
        options: &[String],
        stem: &mut String,
    ) -> Option<Position> {
        let place = row.key.as_ref().map_or(&row.place, |words| &words.place);
        let mut candidates = brackets(stem)
            .into_iter()
            .filter(|b| may_hold_key(b.content));
        let only = match candidates.next() {
            Some(first) => candidates.next().is_none().then_some(first),
            None => underlined_letter(stem),
        };
        let Some(bracket) = only.filter(|b| !is_blank(b.content)) else {
            self.findings.push(Finding::new(
                FindingCode::MissingKey,
                place.clone(),
                stem.as_str(),
            ));
            return None;
        };
        match read_key(bracket.content, options) {
            Ok(KeyReading { position, .. }) => {
                let finding = Finding::new(
                    FindingCode::KeyReadFromBracket,
                    row.stem.place.clone(),
                    stem.as_str(),
                );
                self.findings.push(finding.read_as(position.to_string()));
                let emptied = replaced(stem, &bracket.range, "（ ）");
                *stem = emptied;
                Some(position)
            }
            Err(code) => {
                self.findings
                    .push(Finding::new(code, row.stem.place.clone(), bracket.content));
                None
            }
        }
    }

    fn date(&mut self, words: &Positioned<String>) -> Option<chrono::NaiveDate> {
        if is_blank(&words.value) {
            return None;
        }
        let day = read_date(&words.value);
        if day.is_none() {
            self.note(FindingCode::DateNotUnderstood, words);
        }
        day
    }

    /// The question, unless an error was found on the way.
    fn question(&mut self, draft: Option<QuestionDraft>, place: &Place) -> Option<Question> {
        let draft = draft.filter(|_| {
            self.findings
                .iter()
                .all(|f| f.severity() != Severity::Error)
        })?;
        let stem = draft.stem.clone();
        match Question::new(draft) {
            Ok(question) => Some(question),
            Err(error) => {
                self.findings
                    .push(Finding::new(code_of(error), place.clone(), stem));
                None
            }
        }
    }
}

/// The type a row without options shows by its key: a mark, or words of its own.
fn kind_by_shape(row: &ImportedRow) -> Option<&'static str> {
    let has_options = row.options.iter().any(|w| !is_blank(&w.value));
    if has_options || is_blank(&row.stem.value) {
        return None;
    }
    let key = row.key.as_ref().map(|w| fold(&w.value).to_uppercase());
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        let is_marked = brackets(&row.stem.value)
            .iter()
            .any(|b| is_mark(&fold(b.content).to_uppercase()));
        return is_marked.then_some("判断题");
    };
    if is_mark(key.trim_matches(|c: char| "()[].".contains(c))) {
        return Some("判断题");
    }
    let is_label = |c: char| Position::from_letter(c).is_some() || c.is_ascii_digit();
    if key.chars().all(|c| is_label(c) || !c.is_alphanumeric()) {
        return None;
    }
    let has_blank = row.stem.value.contains("__")
        || brackets(&row.stem.value)
            .iter()
            .any(|b| is_blank(b.content));
    Some(if has_blank { "填空题" } else { "问答题" })
}

#[derive(Clone, Copy)]
enum KeyMark {
    One(Position),
    Several,
}

pub(super) const fn code_of(error: QuestionError) -> FindingCode {
    match error {
        QuestionError::EmptyStem => FindingCode::MissingStem,
        QuestionError::ChoiceCount { found } if found > MAX_CHOICES => FindingCode::TooManyOptions,
        QuestionError::ChoiceCount { .. } => FindingCode::MissingOptions,
        QuestionError::EmptyChoice { .. } => FindingCode::EmptyOption,
        QuestionError::SameChoice { .. } => FindingCode::SameOptions,
        QuestionError::KeyOutsideChoices { .. } | QuestionError::PinOutsideChoices { .. } => {
            FindingCode::KeyOutsideOptions
        }
    }
}

/// The option without its own letter and the separator after it; `None` if it does not begin so.
fn without_label(position: Position, option: &str) -> Option<String> {
    let mut rest = option.chars();
    let letter = fold(&rest.next()?.to_string()).to_uppercase();
    if letter != position.to_string() {
        return None;
    }
    rest.next().filter(|c| ".．、:：)）".contains(*c))?;
    let bare = rest.as_str().trim();
    (!bare.is_empty()).then(|| bare.to_owned())
}

/// Whether the content of a bracket is blank, letters of options, or a mark.
pub(crate) fn may_hold_key(content: &str) -> bool {
    let folded = fold(content).to_uppercase();
    let letters = folded
        .chars()
        .filter(|c| *c != ',')
        .all(|c| Position::from_letter(c).is_some());
    letters || is_mark(&folded)
}

/// Whether a folded text in capitals is a mark of right or wrong.
fn is_mark(folded: &str) -> bool {
    [
        "√", "×", "✓", "✔", "✗", "✘", "X", "对", "错", "正确", "错误",
    ]
    .contains(&folded)
}
