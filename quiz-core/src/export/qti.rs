//! Questions as items of IMS QTI 2.2 and 3.0.

use super::{
    ExportError, compare, feedback,
    xml::{push_text, refuse_characters},
};
use crate::{Position, Question, import::qti::read};

/// Version of QTI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the two versions in use; callers choose between them"
)]
pub enum Version {
    /// 2.2.
    V2_2,
    /// 3.0.
    V3_0,
}

/// One `assessmentItem` for each question, a file each, with the identifiers `q1`, `q2` and so on.
///
/// Pinned options are `fixed`; explanation, source and day are one modal feedback that is always shown.
///
/// # Errors
///
/// [`ExportError::Character`] for what XML cannot hold;
/// [`Misread`](ExportError::Misread) for an explanation whose last lines begin like those of source and day.
pub fn print(questions: &[Question], version: Version) -> Result<Vec<String>, ExportError> {
    refuse_characters(questions)?;
    let mut files = Vec::with_capacity(questions.len());
    for (index, question) in questions.iter().enumerate() {
        let file = item(index.saturating_add(1), question, version);
        compare(std::slice::from_ref(question), &read("", &file)).map_err(|error| match error {
            ExportError::NoPlace { part, .. } => ExportError::NoPlace { index, part },
            ExportError::Character { character, .. } => ExportError::Character { index, character },
            ExportError::Misread { part, .. } => ExportError::Misread { index, part },
            ExportError::Lost { .. } => ExportError::Lost { index },
        })?;
        files.push(file);
    }
    Ok(files)
}

fn item(number: usize, question: &Question, version: Version) -> String {
    let feedback = feedback(question);
    let mut out = Markup {
        text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
        version,
    };
    let (namespace, template) = match version {
        Version::V2_2 => (
            "http://www.imsglobal.org/xsd/imsqti_v2p2",
            "http://www.imsglobal.org/question/qti_v2p2/rptemplates/match_correct",
        ),
        Version::V3_0 => (
            "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
            "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml",
        ),
    };
    let name = format!("q{number}");
    out.begin(
        "assessment-item",
        &[
            ("xmlns", namespace),
            ("identifier", &name),
            ("title", &name),
            ("adaptive", "false"),
            ("time-dependent", "false"),
        ],
    );
    let declared = |name, kind| {
        [
            ("identifier", name),
            ("cardinality", "single"),
            ("base-type", kind),
        ]
    };
    out.begin("response-declaration", &declared("RESPONSE", "identifier"));
    out.begin("correct-response", &[]);
    out.words("value", &[], &question.key().to_string());
    out.end("correct-response");
    out.end("response-declaration");
    out.words("outcome-declaration", &declared("SCORE", "float"), "");
    if feedback.is_some() {
        out.words(
            "outcome-declaration",
            &declared("FEEDBACK", "identifier"),
            "",
        );
    }
    body(&mut out, question);
    out.words("response-processing", &[("template", template)], "");
    if let Some(feedback) = feedback {
        // Hidden only when the outcome, which nothing sets, is "never".
        let always = [
            ("outcome-identifier", "FEEDBACK"),
            ("identifier", "never"),
            ("show-hide", "hide"),
        ];
        match version {
            Version::V2_2 => out.words("modal-feedback", &always, &feedback),
            Version::V3_0 => {
                out.begin("modal-feedback", &always);
                out.words("content-body", &[], &feedback);
                out.end("modal-feedback");
            }
        }
    }
    out.end("assessment-item");
    out.text
}

fn body(out: &mut Markup, question: &Question) {
    out.begin("item-body", &[]);
    let interaction = [
        ("response-identifier", "RESPONSE"),
        ("shuffle", "true"),
        ("max-choices", "1"),
    ];
    out.begin("choice-interaction", &interaction);
    out.words("prompt", &[], question.stem());
    for (position, choice) in Position::ALL.iter().zip(question.choices()) {
        let letter = position.to_string();
        let attributes = [("identifier", letter.as_str()), ("fixed", "true")];
        let n_attributes = if question.pinned().contains(position) {
            2
        } else {
            1
        };
        let attributes = attributes.get(..n_attributes).unwrap_or_default();
        out.words("simple-choice", attributes, choice.text());
    }
    out.end("choice-interaction");
    out.end("item-body");
}

/// Elements with the names of a version; names are given as version 3 writes them, without its prefix.
struct Markup {
    text: String,
    version: Version,
}

impl Markup {
    /// `choice-interaction` is `choiceInteraction` in version 2 and `qti-choice-interaction` in version 3.
    fn name(&self, name: &str) -> String {
        match self.version {
            Version::V2_2 => camel_case(name),
            Version::V3_0 => format!("qti-{name}"),
        }
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.text.push_str(&format!("<{}", self.name(name)));
        for (key, value) in attributes {
            let key = match self.version {
                Version::V2_2 => camel_case(key),
                Version::V3_0 => (*key).to_owned(),
            };
            self.text.push_str(&format!(" {key}=\"{value}\""));
        }
        self.text.push('>');
    }

    fn begin(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.text.push('\n');
    }

    fn end(&mut self, name: &str) {
        self.text.push_str(&format!("</{}>\n", self.name(name)));
    }

    fn words(&mut self, name: &str, attributes: &[(&str, &str)], words: &str) {
        self.tag(name, attributes);
        push_text(&mut self.text, words, "<br/>");
        self.end(name);
    }
}

fn camel_case(name: &str) -> String {
    let mut cased = String::new();
    for (index, word) in name.split('-').enumerate() {
        match word.chars().next().filter(|_| index > 0) {
            Some(first) => {
                cased.push(first.to_ascii_uppercase());
                cased.extend(word.chars().skip(1));
            }
            None => cased.push_str(word),
        }
    }
    cased
}
