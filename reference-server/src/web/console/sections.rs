//! A page of sections, each of facts, lists and forms; what needs more than one list is one.

use askama::Template;

use super::{form::Form, frame::Frame, list::List};

/// What a section is made of.
pub(super) enum Part {
    /// A table.
    List(List),
    /// A form.
    Form(Form),
    /// Forms of a button each, side by side.
    Buttons(Vec<Form>),
    /// Label, value and tone.
    Facts(Vec<(&'static str, String, &'static str)>),
}

/// A part of the page with a heading.
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) lead: String,
    pub(super) parts: Vec<Part>,
}

impl Section {
    /// A section of these parts.
    pub(super) fn new(
        heading: impl Into<String>,
        lead: impl Into<String>,
        parts: Vec<Part>,
    ) -> Self {
        Self {
            heading: heading.into(),
            lead: lead.into(),
            parts,
        }
    }

    /// Whether it has nothing as wide as a table.
    fn is_narrow(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.all(|part| !matches!(part, Part::List(_)))
    }
}

/// A page of sections.
#[derive(Template)]
#[template(path = "console/sections.html")]
pub(super) struct Sections {
    pub(super) frame: Frame,
    pub(super) title: String,
    pub(super) lead: String,
    /// Links beside the heading: label and where each leads.
    pub(super) tools: Vec<(&'static str, String)>,
    /// Tone and sentence of what wants somebody.
    pub(super) alarms: Vec<(&'static str, String)>,
    pub(super) sections: Vec<Section>,
}
