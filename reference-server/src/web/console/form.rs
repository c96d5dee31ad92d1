//! The one form of the console: labelled fields, hints, a token, one button.

use askama::Template;

use super::frame::Frame;

/// What a field takes.
pub(super) enum Kind {
    /// A line.
    Text,
    /// A line that is not shown.
    Password,
    /// Six digits, or a recovery code.
    Code,
    /// A file of these endings, such as `.csv`.
    File(&'static str),
    /// A day and an hour in Shanghai, as `2020-05-12T08:00`.
    Instant,
    /// Several lines.
    Area,
    /// One of these: value and label.
    Choice(Vec<(String, String)>),
    /// Any of these: value and label.
    Many(Vec<(String, String)>),
    /// Nothing anybody sees.
    Hidden,
}

/// A field.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) kind: Kind,
    pub(super) value: String,
    pub(super) hint: &'static str,
    /// What a browser may fill in; empty for nothing.
    pub(super) autocomplete: &'static str,
    pub(super) is_required: bool,
}

impl Field {
    /// A required field without a value.
    pub(super) fn new(name: &'static str, label: &'static str, kind: Kind) -> Self {
        Self {
            name,
            label,
            kind,
            value: String::new(),
            hint: "",
            autocomplete: "off",
            is_required: true,
        }
    }

    /// A value that is sent along.
    pub(super) fn hidden(name: &'static str, value: &str) -> Self {
        Self {
            value: value.to_owned(),
            ..Self::new(name, "", Kind::Hidden)
        }
    }

    /// The same with a hint below.
    pub(super) fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// The same with what a browser may fill in.
    pub(super) fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self {
            autocomplete,
            ..self
        }
    }

    /// The same with what stands in it already.
    pub(super) fn value(self, value: &str) -> Self {
        Self {
            value: value.to_owned(),
            ..self
        }
    }

    /// The same, which may be left empty.
    pub(super) fn optional(self) -> Self {
        Self {
            is_required: false,
            ..self
        }
    }

    /// Whether this value is among those chosen.
    fn has(&self, value: &str) -> bool {
        self.value.split(',').any(|chosen| chosen == value)
    }

    /// Why something is done: every action that goes into the audit log has this field.
    pub(super) fn reason() -> Self {
        Self::new("reason", "理由", Kind::Area).hint("写进审计日志，最多 500 个字")
    }
}

/// A form.
#[derive(Template)]
#[template(path = "console/form.html")]
pub(super) struct Form {
    /// What its fields' identifiers begin with, since a page may have several forms.
    prefix: String,
    action: String,
    token: Option<String>,
    token_field: &'static str,
    fields: Vec<Field>,
    submit: &'static str,
    /// Another button, and where it sends the same fields.
    also: Option<(&'static str, String)>,
    is_danger: bool,
    /// Why it was not taken, if it was sent before.
    problem: Option<(String, String)>,
}

impl Form {
    /// A form that is sent to `action`.
    pub(super) fn new(
        frame: &Frame,
        action: impl Into<String>,
        submit: &'static str,
        fields: Vec<Field>,
    ) -> Self {
        let action = action.into();
        let sign = |letter: char| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        };
        Self {
            prefix: action.chars().map(sign).chain(['-']).collect(),
            action,
            token: frame.who.as_ref().map(|who| who.form_token.clone()),
            token_field: frame.token_field(),
            fields,
            submit,
            also: None,
            is_danger: false,
            problem: None,
        }
    }

    /// The same beside other forms of its page, by a name of its own.
    pub(super) fn named(self, name: &str) -> Self {
        Self {
            prefix: name.to_owned(),
            ..self
        }
    }

    /// The same with another button that sends the fields elsewhere, whole or not.
    pub(super) fn also(self, label: &'static str, action: String) -> Self {
        Self {
            also: Some((label, action)),
            ..self
        }
    }

    /// Whether a file comes with it.
    fn takes_file(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|field| matches!(field.kind, Kind::File(_)))
    }

    /// The same for what cannot be taken back.
    pub(super) fn danger(self) -> Self {
        Self {
            is_danger: true,
            ..self
        }
    }

    /// The same with why it was not taken.
    pub(super) fn problem(self, problem: Option<(String, String)>) -> Self {
        Self { problem, ..self }
    }
}
