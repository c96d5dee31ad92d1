//! Questions in Moodle's own XML.

use super::{
    ExportError, Part, compare, feedback, refuse,
    xml::{push_text, refuse_characters},
};
use crate::{Position, Question, import::moodle_xml::read};

/// One `<quiz>` with a `multichoice` question each, every text as `plain_text`.
///
/// # Errors
///
/// [`ExportError::NoPlace`] if some options are pinned and others are not;
/// [`Character`](ExportError::Character) for what XML cannot hold;
/// [`Misread`](ExportError::Misread) for an explanation whose last lines begin like those of source and day.
pub fn print(questions: &[Question]) -> Result<String, ExportError> {
    refuse(questions, |question| {
        let n_pinned = question.pinned().len();
        (n_pinned > 0 && n_pinned < question.choices().len()).then_some(Part::Pinned)
    })?;
    refuse_characters(questions)?;
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>\n".to_owned();
    for (number, question) in (1_usize..).zip(questions) {
        let is_shuffled = question.pinned().is_empty();
        out.push_str(&format!(
            "<question type=\"multichoice\">\n<name><text>{number}</text></name>\n"
        ));
        text(&mut out, "questiontext", "", question.stem());
        if let Some(feedback) = feedback(question) {
            text(&mut out, "generalfeedback", "", &feedback);
        }
        out.push_str(&format!(
            "<defaultgrade>1</defaultgrade>\n<single>true</single>\n\
             <shuffleanswers>{is_shuffled}</shuffleanswers>\n"
        ));
        for (position, choice) in Position::ALL.into_iter().zip(question.choices()) {
            let fraction = if position == question.key() {
                "100"
            } else {
                "0"
            };
            let fraction = format!(" fraction=\"{fraction}\"");
            text(&mut out, "answer", &fraction, choice.text());
        }
        out.push_str("</question>\n");
    }
    out.push_str("</quiz>\n");
    compare(questions, &read("", &out))?;
    Ok(out)
}

fn text(out: &mut String, name: &str, attributes: &str, words: &str) {
    out.push_str(&format!("<{name}{attributes} format=\"plain_text\"><text>"));
    push_text(out, words, "\n");
    out.push_str(&format!("</text></{name}>\n"));
}
