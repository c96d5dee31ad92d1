//! The audit log: searched, checked, given out as a list and whole.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Body,
    extract::{Query, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use serde::Deserialize;

use super::{
    error,
    frame::Frame,
    gate::Signed,
    list::{Cell, File, Filter, Kind, List, columns},
    wording,
};
use crate::{
    app::App,
    contest::{
        Failure,
        audit_log::{self, Checked, Event, Wanted},
        organiser::Error,
    },
    web::{frame, moment},
};

/// The page.
pub(super) const PAGE: &str = "/console/audit-log";

/// The whole chain as a file.
pub(super) const WHOLE: &str = "/console/audit-log/whole";

#[derive(Template)]
#[template(path = "console/audit_log.html")]
struct LogPage {
    frame: Frame,
    newest: i64,
    checked: Checked,
    list: List,
}

/// What is looked for, as it stands in the address.
#[derive(Deserialize)]
pub(in crate::web) struct Asked {
    /// `people` or everything.
    #[serde(default)]
    who: String,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    text: String,
    before: Option<i64>,
    file: Option<File>,
}

impl Asked {
    /// Everything that is looked for.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            before: self.before,
            is_of_people: self.who != "all",
            actor: self.actor.trim().to_owned(),
            action: self.action.trim().to_owned(),
            text: self.text.trim().to_owned(),
        }
    }

    /// The address of the same search, ready for another parameter.
    fn address(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("who", &self.who)
            .append_pair("actor", &self.actor)
            .append_pair("action", &self.action)
            .append_pair("text", &self.text)
            .finish();
        format!("{PAGE}?{query}&")
    }

    fn filters(&self) -> Vec<Filter> {
        let line = |name, label, value: &str| Filter {
            name,
            label,
            value: value.to_owned(),
            options: Vec::new(),
        };
        vec![
            Filter {
                name: "who",
                label: "范围",
                value: self.who.clone(),
                options: [("people", "人的操作"), ("all", "全部，含系统自动")]
                    .map(|(value, label)| (value.to_owned(), label.to_owned()))
                    .to_vec(),
            },
            line("actor", "谁", &self.actor),
            line("action", "做了什么（开头）", &self.action),
            line("text", "内容里有", &self.text),
        ]
    }
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(asked): Query<Asked>,
) -> Response {
    let n_max = asked.file.map(|_file| audit_log::FILE);
    let found = match audit_log::search(&app, asked.wanted(), n_max).await {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let address = asked.address();
    let list = List {
        title: "审计日志",
        columns: columns([
            ("序号", Kind::Number),
            ("时间", Kind::Text),
            ("谁", Kind::Text),
            ("做了什么", Kind::Text),
            ("内容", Kind::Text),
            ("指纹", Kind::Id),
        ]),
        rows: found.events.iter().map(row).collect(),
        filters: asked.filters(),
        more: found
            .before
            .map(|before| format!("{address}before={before}")),
        files: Some(address),
        empty: "这里没有符合的记录。放宽条件，或点“更早的”继续找。",
    };
    if let Some(file) = asked.file {
        return list.file(file);
    }
    match audit_log::state(&app).await {
        Ok((checked, newest)) => frame::personal(&LogPage {
            frame: Frame::of(&app, Some(&organiser), PAGE),
            newest,
            checked,
            list,
        }),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

fn row(event: &Event) -> Vec<Cell> {
    vec![
        Cell::text(event.number.to_string()),
        Cell::text(moment::second(event.at())),
        Cell::text(event.actor.as_str()),
        Cell::text(wording::action(&event.action)),
        Cell::text(event.detail.as_str()),
        Cell::text(event.hash.as_str()),
    ]
}

/// The whole chain, a JSON object a line, as the command `audit-log verify` reads it.
pub(super) async fn whole(State(app): State<Arc<App>>) -> Response {
    let pages = stream::try_unfold((app, 0), |(app, number)| async move {
        let events = audit_log::after(&app, number, audit_log::FILE).await?;
        let Some(last) = events.last().map(|event| event.number) else {
            return Ok(None);
        };
        let mut lines = Vec::new();
        for event in &events {
            serde_json::to_writer(&mut lines, event).map_err(Failure::defect)?;
            lines.push(b'\n');
        }
        Ok::<_, Error>(Some((lines, (app, last))))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"audit.jsonl\"",
        ),
    ];
    (headers, Body::from_stream(pages)).into_response()
}
