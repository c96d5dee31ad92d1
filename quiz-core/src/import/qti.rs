//! Questions as items of IMS QTI 2.1, 2.2 and 3.0.
//!
//! Sources: 1EdTech, "IMS Question & Test Interoperability Specification v2.2" and "QTI v3.0 Information Model":
//! `choiceInteraction` with `maxChoices` 1, `simpleChoice` with `fixed`, `correctResponse`, `mapping`, `modalFeedback`.

use super::{
    Import, MOST_FINDINGS, Place, Positioned, close,
    literal::{LiteralItem, LiteralOption, refused_kind},
    markup::PlainText,
    xml::{Element, Node, items, same_name},
};
use crate::{Finding, FindingCode};

/// Reads every `assessmentItem` of one file; a package is a file for each of its items.
///
/// One `choiceInteraction` of which one option may be chosen is a question; everything else is refused by its kind.
/// Names of version 3 (`qti-choice-interaction`) count as those of version 2.
/// Without `shuffle="true"` every option keeps its place, as the specification says; with it those with
/// `fixed="true"`.
/// The key is the one value of `correctResponse`, else the one entry with the highest mapped value.
/// A single `modalFeedback` is the explanation; lines at its end that begin with 依据： and 法条时点： are source and day.
/// Document types and entities are refused, so a small file stays small.
///
/// ```
/// let import = quiz_core::import::qti::read("item.xml", r#"<qti-assessment-item identifier="i" title="t">
///   <qti-response-declaration identifier="R" cardinality="single"><qti-correct-response>
///     <qti-value>b</qti-value></qti-correct-response></qti-response-declaration>
///   <qti-item-body><qti-choice-interaction response-identifier="R" shuffle="true" max-choices="1">
///     <qti-prompt>1 + 1 = ( )</qti-prompt><qti-simple-choice identifier="a">1</qti-simple-choice>
///     <qti-simple-choice identifier="b" fixed="true">2</qti-simple-choice></qti-choice-interaction></qti-item-body>
/// </qti-assessment-item>"#);
/// assert_eq!(import.questions[0].value.pinned(), [quiz_core::Position::B]);
/// ```
#[must_use]
pub fn read(file: &str, text: &str) -> Import {
    let mut import = Import::default();
    let done = items(file, text, "assessmentItem", |item| {
        if import.findings.len() < MOST_FINDINGS {
            import.extend(question(&item));
        }
    });
    close(
        &mut import,
        Place::line(file, 1),
        done.err().map(|stopped| *stopped),
    );
    import
}

fn question(item: &Element) -> Import {
    let place = item.place.whole_row();
    let Some(body) = item.child("itemBody") else {
        let finding = Finding::new(FindingCode::MissingStem, place, item.name.as_str());
        return Import::of_item(None, vec![finding]);
    };
    let mut findings = Vec::new();
    let stem = shown(body, &mut findings);
    let mut interactions = Vec::new();
    gather(body, &mut interactions);
    let (interaction, others) = match interactions.as_slice() {
        [] => return refused_kind(place, &stem.value, "说明文字"),
        [first, others @ ..] => (*first, others),
    };
    if !interaction.is("choiceInteraction") {
        return refused_kind(place, &stem.value, kind_zh(&interaction.name));
    }
    if !others.is_empty() {
        return refused_kind(place, &stem.value, "复合题");
    }
    let wanted = interaction
        .attribute("responseIdentifier")
        .unwrap_or("RESPONSE");
    let response = item
        .elements()
        .find(|e| e.is("responseDeclaration") && e.attribute("identifier") == Some(wanted));
    let cardinality = response.and_then(|r| r.attribute("cardinality"));
    let most = interaction.attribute("maxChoices").unwrap_or("1").trim();
    if most != "1" || cardinality.is_some_and(|c| c != "single") {
        return refused_kind(place, &stem.value, "多选题");
    }
    let keys = response.map_or_else(Vec::new, |r| keys(r, &mut findings));
    let options = options(interaction, &keys, &mut findings);
    let explanation = explanation(item, &mut findings);
    let item = LiteralItem {
        place,
        stem,
        options,
        explanation,
        findings,
    };
    item.judge()
}

/// Interactions within an element, in order; what is within an interaction is its own.
fn gather<'tree>(element: &'tree Element, found: &mut Vec<&'tree Element>) {
    for child in element.elements() {
        if is_interaction(child) {
            found.push(child);
        } else {
            gather(child, found);
        }
    }
}

fn is_interaction(element: &Element) -> bool {
    let name = element.name.to_ascii_lowercase();
    name.ends_with("interaction")
}

/// The name organisers know an interaction by; its own name if there is none.
fn kind_zh(name: &str) -> &str {
    const KINDS: [(&str, &str); 9] = [
        ("extendedTextInteraction", "问答题"),
        ("textEntryInteraction", "填空题"),
        ("inlineChoiceInteraction", "填空题"),
        ("gapMatchInteraction", "填空题"),
        ("matchInteraction", "匹配题"),
        ("associateInteraction", "匹配题"),
        ("orderInteraction", "排序题"),
        ("uploadInteraction", "上传题"),
        ("sliderInteraction", "数值题"),
    ];
    let known = KINDS.iter().find(|(known, _)| same_name(name, known));
    known.map_or(name, |(_, kind)| kind)
}

/// Identifiers of the right options.
fn keys(response: &Element, findings: &mut Vec<Finding>) -> Vec<String> {
    let stated: Vec<String> = response
        .child("correctResponse")
        .map_or_else(Vec::new, |c| {
            let values = c.elements().filter(|value| value.is("value"));
            values.map(|value| value.text().trim().to_owned()).collect()
        });
    let Some(mapping) = response.child("mapping") else {
        return stated;
    };
    let entries = mapping.elements().filter(|entry| entry.is("mapEntry"));
    let values: Vec<(&str, Decimal)> = entries
        .filter_map(|entry| {
            let value = Decimal::read(entry.attribute("mappedValue")?)?;
            Some((entry.attribute("mapKey")?, value))
        })
        .collect();
    let n_scored = values.iter().filter(|(_, v)| !v.is_zero()).count();
    let most = values.iter().map(|(_, value)| value).max();
    if n_scored > 1 {
        let words: Vec<&str> = values.iter().map(|(key, _)| *key).collect();
        let finding = Finding::new(
            FindingCode::LeftOut,
            mapping.place.clone(),
            words.join(", "),
        );
        findings.push(finding);
    }
    if !stated.is_empty() {
        return stated;
    }
    let best = values
        .iter()
        .filter(|(_, value)| Some(value) == most && value.is_positive());
    best.map(|(key, _)| (*key).to_owned()).collect()
}

/// A decimal number, compared exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    whole: String,
    part: String,
}

impl Decimal {
    /// Reads digits with at most one sign and one point; without an exponent.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, part) = bare.split_once('.').unwrap_or((bare, ""));
        let is_number = !(whole.is_empty() && part.is_empty())
            && whole
                .chars()
                .chain(part.chars())
                .all(|c| c.is_ascii_digit());
        is_number.then(|| Self {
            is_negative: text.starts_with('-'),
            whole: whole.trim_start_matches('0').to_owned(),
            part: part.trim_end_matches('0').to_owned(),
        })
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.part.is_empty()
    }

    fn is_positive(&self) -> bool {
        !self.is_negative && !self.is_zero()
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let size = |d: &Self| (d.whole.len(), d.whole.clone(), d.part.clone());
        let is_below_zero = |d: &Self| d.is_negative && !d.is_zero();
        match (is_below_zero(self), is_below_zero(other)) {
            (false, false) => size(self).cmp(&size(other)),
            (true, true) => size(other).cmp(&size(self)),
            (false, true) => std::cmp::Ordering::Greater,
            (true, false) => std::cmp::Ordering::Less,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn options(
    interaction: &Element,
    keys: &[String],
    findings: &mut Vec<Finding>,
) -> Vec<LiteralOption> {
    let is_shuffled = interaction.attribute("shuffle") == Some("true");
    let choices = interaction.elements().filter(|e| e.is("simpleChoice"));
    let options: Vec<LiteralOption> = choices
        .map(|choice| {
            let identifier = choice.attribute("identifier").unwrap_or_default();
            LiteralOption {
                words: shown(choice, findings),
                is_key: keys.iter().any(|key| key == identifier),
                is_pinned: !is_shuffled || choice.attribute("fixed") == Some("true"),
            }
        })
        .collect();
    if options.iter().any(|option| option.is_pinned) {
        let words = interaction.attribute("shuffle").unwrap_or_default();
        let finding = Finding::new(
            FindingCode::OptionsPinned,
            interaction.place.clone(),
            format!("shuffle=\"{words}\""),
        );
        findings.push(finding);
    }
    options
}

/// The text of the only modal feedback.
fn explanation(item: &Element, findings: &mut Vec<Finding>) -> Option<String> {
    let mut feedbacks = item.elements().filter(|e| e.is("modalFeedback"));
    let first = feedbacks.next()?;
    let words = shown(first, findings);
    let Some(second) = feedbacks.next() else {
        return Some(words.value);
    };
    findings.push(Finding::new(FindingCode::LeftOut, words.place, words.value));
    let words = shown(second, findings);
    findings.push(Finding::new(FindingCode::LeftOut, words.place, words.value));
    None
}

/// Text of an element as shown, without the options of interactions.
fn shown(element: &Element, findings: &mut Vec<Finding>) -> Positioned<String> {
    let mut out = PlainText::default();
    let mut left_out = None;
    lay_out(element, &mut out, &mut left_out);
    let shown = out.finish();
    shown.report(&element.place, findings);
    if let Some((place, words)) = left_out {
        findings.push(Finding::new(FindingCode::LeftOut, place, words));
    }
    Positioned {
        place: element.place.clone(),
        value: shown.text,
    }
}

fn lay_out(element: &Element, out: &mut PlainText, left_out: &mut Option<(Place, String)>) {
    for child in &element.children {
        match child {
            Node::Text(text) => out.text(text),
            Node::Verbatim(text) => out.verbatim(text),
            Node::Element(child) if child.is("simpleChoice") => {}
            Node::Element(child)
                if ["feedbackInline", "feedbackBlock", "rubricBlock"]
                    .iter()
                    .any(|name| child.is(name)) =>
            {
                left_out
                    .get_or_insert_with(|| (child.place.clone(), child.text().trim().to_owned()));
            }
            Node::Element(child) => {
                let is_layout = is_interaction(child) || child.is("contentBody");
                let name = if child.is("prompt") || is_layout {
                    "prompt".to_owned()
                } else {
                    child.name.to_ascii_lowercase()
                };
                let has_look = ["style", "class"]
                    .iter()
                    .any(|a| child.attribute(a).is_some());
                out.element(&name, has_look);
                if name != "br" {
                    lay_out(child, out, left_out);
                    out.element(&name, has_look);
                }
            }
        }
    }
}
