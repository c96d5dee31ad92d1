//! Questions in Moodle's own XML.
//!
//! Source: Moodle's documentation of the format, "Moodle XML format" (docs.moodle.org), and files Moodle exports.

use super::{
    Import, MOST_FINDINGS, Place, Positioned, close,
    html::{has_markup, plain},
    literal::{LiteralItem, LiteralOption, refused_kind},
    markup::{Plain, PlainText},
    xml::{Element, items},
};
use crate::{Finding, FindingCode};

/// Reads every question of a file.
///
/// `multichoice` with `<single>true</single>` is a question; every other type is refused by its name.
/// Texts in HTML, within CDATA or escaped, become plain text, and what is lost is a finding.
/// `<shuffleanswers>` false pins every option.
/// Lines at the end of the general feedback that begin with 依据： and 法条时点： are source and day;
/// without a general feedback that of the right option is the explanation.
/// Document types and entities are refused, so a small file stays small.
///
/// ```
/// let import = quiz_core::import::moodle_xml::read("moodle.xml", r#"<quiz><question type="multichoice">
///   <questiontext format="html"><text><![CDATA[<p>信用代码共（ ）位</p>]]></text></questiontext>
///   <answer fraction="0"><text>15</text></answer><answer fraction="100"><text>18</text></answer>
///   <single>true</single></question></quiz>"#);
/// assert_eq!(import.questions[0].value.stem(), "信用代码共（ ）位");
/// assert!(import.findings.is_empty());
/// ```
#[must_use]
pub fn read(file: &str, text: &str) -> Import {
    let mut import = Import::default();
    let done = items(file, text, "question", |item| {
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
    let stem = item.child("questiontext");
    let words = stem.map(|s| shown(s).text).unwrap_or_default();
    let place = item.place.whole_row();
    let kind = item.attribute("type").unwrap_or_default();
    match kind {
        "multichoice" if is_single(item) => single(item, stem),
        "multichoice" => refused_kind(place, &words, "多选题"),
        "category" => Import::default(),
        "description" => {
            let finding = Finding::new(FindingCode::SkippedLine, place, words);
            Import::of_item(None, vec![finding])
        }
        other => refused_kind(place, &words, kind_zh(other)),
    }
}

/// The name organisers know a type by; its own name if there is none.
fn kind_zh(kind: &str) -> &str {
    match kind {
        "truefalse" => "判断题",
        "shortanswer" => "简答题",
        "essay" => "问答题",
        "matching" | "match" | "randomsamatch" => "匹配题",
        "numerical" | "calculated" | "calculatedsimple" | "calculatedmulti" => "数值题",
        "cloze" | "multianswer" | "gapselect" | "ddwtos" => "填空题",
        "ordering" => "排序题",
        other => other,
    }
}

/// Moodle takes a missing `<single>` for true.
fn is_single(item: &Element) -> bool {
    item.child("single").is_none_or(is_true)
}

fn is_true(element: &Element) -> bool {
    matches!(element.text().trim(), "true" | "1" | "")
}

fn single(item: &Element, stem: Option<&Element>) -> Import {
    let mut findings = Vec::new();
    let stem = match stem {
        Some(stem) => placed(stem, &mut findings),
        None => Positioned {
            place: item.place.clone(),
            value: String::new(),
        },
    };
    let is_pinned = item.child("shuffleanswers").is_some_and(|e| !is_true(e));
    let mut options = Vec::new();
    let mut of_key = None;
    let mut left_out = None;
    for answer in item.elements().filter(|element| element.is("answer")) {
        let fraction = answer.attribute("fraction").unwrap_or("0").trim();
        let (whole, part) = fraction.split_once('.').unwrap_or((fraction, ""));
        let is_key = whole == "100" && part.chars().all(|c| c == '0');
        let is_wrong = fraction.chars().all(|c| matches!(c, '0' | '.'));
        let feedback = answer.child("feedback").map(|f| shown(f).text);
        let feedback = feedback.filter(|text| !text.trim().is_empty());
        if !is_key && (!is_wrong || feedback.is_some()) {
            left_out.get_or_insert((answer.place.clone(), feedback.clone(), fraction.to_owned()));
        }
        if is_key && of_key.is_none() {
            of_key = feedback.map(|text| (answer.place.clone(), text));
        }
        options.push(LiteralOption {
            words: placed(answer, &mut findings),
            is_key,
            is_pinned,
        });
    }
    let general = item
        .child("generalfeedback")
        .map(|e| placed(e, &mut findings).value);
    let general = general.filter(|text| !text.trim().is_empty());
    let explanation = match (general, of_key) {
        (None, Some((_, text))) => Some(text),
        (general, of_key) => {
            if let Some((place, text)) = of_key {
                left_out.get_or_insert((place, Some(text), String::new()));
            }
            general
        }
    };
    if let Some((place, feedback, fraction)) = left_out {
        let words = feedback.unwrap_or(fraction);
        findings.push(Finding::new(FindingCode::LeftOut, place, words));
    }
    let item = LiteralItem {
        place: item.place.whole_row(),
        stem,
        options,
        explanation,
        findings,
    };
    item.judge()
}

fn placed(element: &Element, findings: &mut Vec<Finding>) -> Positioned<String> {
    let shown = shown(element);
    shown.report(&element.place, findings);
    let mut files = PlainText::default();
    if element.child("file").is_some() {
        files.element("file", false);
    }
    let mut file = files.finish();
    file.text.clone_from(&shown.text);
    file.report(&element.place, findings);
    Positioned {
        place: element.place.clone(),
        value: shown.text,
    }
}

/// The `<text>` of an element in its format; HTML is the usual one.
fn shown(element: &Element) -> Plain {
    let text = element.child("text").map(Element::text).unwrap_or_default();
    match element.attribute("format") {
        Some("plain_text" | "markdown") => verbatim(&text),
        Some("html" | "moodle_auto_format") => plain(&text),
        _ if has_markup(&text) => plain(&text),
        _ => verbatim(&text),
    }
}

fn verbatim(text: &str) -> Plain {
    let mut out = PlainText::default();
    out.verbatim(text);
    out.finish()
}
