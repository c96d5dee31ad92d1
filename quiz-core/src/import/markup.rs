//! From text with markup to the plain text it shows.

use std::fmt::Write as _;

use super::Place;
use crate::{Finding, FindingCode};

/// Plain text, and what of the original it does not show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) text: String,
    /// Names of the elements whose look is lost, such as `sup`, without repetition.
    looks: Vec<String>,
    /// Names of the elements that show something else than text, such as `img`.
    media: Vec<String>,
}

impl Plain {
    #[cfg(all(test, any(feature = "gift", feature = "moodle-xml")))]
    pub(super) fn looks(&self) -> &[String] {
        &self.looks
    }

    #[cfg(all(test, any(feature = "gift", feature = "moodle-xml")))]
    pub(super) fn media(&self) -> &[String] {
        &self.media
    }

    /// Notes what is lost.
    pub(super) fn report(&self, place: &Place, findings: &mut Vec<Finding>) {
        for (names, code) in [
            (&self.looks, FindingCode::MarkupRemoved),
            (&self.media, FindingCode::MediaRemoved),
        ] {
            if !names.is_empty() {
                let mut shown = String::new();
                for name in names {
                    // Writing to a `String` cannot fail; the result carries nothing.
                    let _: std::fmt::Result = write!(shown, "<{name}>");
                }
                let finding = Finding::new(code, place.clone(), shown);
                findings.push(finding.read_as(self.text.trim()));
            }
        }
    }
}

/// Gathers text as a browser would lay it out, near enough.
///
/// White space with a line feed in it is one space, or nothing between characters that need none;
/// other white space is kept.
#[derive(Default)]
pub(super) struct PlainText {
    plain: Plain,
    /// White space with a line feed was met.
    is_space_due: bool,
    /// The end of a block was met.
    is_line_due: bool,
    /// White space of the line that may turn out to hold a line feed.
    blanks: String,
}

impl PlainText {
    pub(super) fn text(&mut self, text: &str) {
        for character in text.chars() {
            if character == '\n' {
                self.is_space_due = true;
                self.blanks.clear();
            } else if character.is_whitespace() {
                if !self.is_space_due {
                    self.blanks.push(character);
                }
            } else {
                self.character(character);
            }
        }
    }

    /// One character that is not white space.
    pub(super) fn character(&mut self, character: char) {
        let out = &mut self.plain.text;
        let at_line_start = out.is_empty() || out.ends_with('\n');
        if self.is_line_due {
            if !at_line_start {
                out.push('\n');
            }
        } else if self.is_space_due {
            let needs_space = |c: char| u32::from(c) < 0x2E80;
            let both = out.ends_with(needs_space) && needs_space(character);
            if !at_line_start && both {
                out.push(' ');
            }
        } else {
            out.push_str(&self.blanks);
        }
        self.blanks.clear();
        self.is_line_due = false;
        self.is_space_due = false;
        out.push(character);
    }

    /// Text kept as it is, line feeds too.
    pub(super) fn verbatim(&mut self, text: &str) {
        self.flush_blanks();
        self.plain.text.push_str(text);
    }

    fn flush_blanks(&mut self) {
        if !self.is_space_due && !self.is_line_due {
            self.plain.text.push_str(&self.blanks);
        }
        self.blanks.clear();
        self.is_space_due = false;
        self.is_line_due = false;
    }

    /// Begins or ends an element by its name in lower case.
    pub(super) fn element(&mut self, name: &str, has_look: bool) {
        let list = match name {
            "br" => {
                self.flush_blanks();
                self.plain.text.push('\n');
                return;
            }
            "p" | "div" | "li" | "ul" | "ol" | "tr" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6"
            | "blockquote" | "section" | "article" | "pre" | "hr" | "prompt" => {
                self.is_line_due = true;
                return;
            }
            "span" if !has_look => return,
            "html" | "body" | "tbody" | "thead" | "wbr" => return,
            "img" | "audio" | "video" | "object" | "iframe" | "embed" | "svg" | "math"
            | "canvas" | "table" | "source" | "script" | "file" | "picture" => {
                &mut self.plain.media
            }
            _ => &mut self.plain.looks,
        };
        const MOST_NAMES: usize = 8;
        if list.len() < MOST_NAMES && !list.iter().any(|known| known == name) {
            list.push(name.to_owned());
        }
    }

    pub(super) fn finish(mut self) -> Plain {
        let trimmed = self.plain.text.trim().len();
        if trimmed < self.plain.text.len() {
            self.plain.text = self.plain.text.trim().to_owned();
        }
        self.plain
    }
}
