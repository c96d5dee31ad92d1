//! One question of a draft, or a row of which none came: mended, left out, taken back in.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Form as Sent, Path, State},
    http::StatusCode,
    response::Response,
};
use quiz_core::{MAX_CHOICES, Position, Severity};
use serde::Deserialize;

use super::{
    bank_draft::{ADD, DESK, LEAVE, TAKE_BACK, is_maker, item_path, leads_back},
    error,
    form::{Field, Form, Kind},
    frame::Frame,
    gate::Signed,
    wording,
};
use crate::{
    app::App,
    contest::{
        bank::{
            desk::{self, Desk},
            draft::{Item, State as ItemState, Words},
            words,
        },
        organiser::{Error, Organiser, Refused},
    },
    web::frame,
};

#[derive(Template)]
#[template(path = "console/bank_item.html")]
struct ItemPage {
    frame: Frame,
    title: String,
    back: String,
    /// What was found here: tone and sentence.
    findings: Vec<(&'static str, String)>,
    /// The words of the file.
    original: Vec<String>,
    form: Option<Form>,
    others: Vec<Form>,
    stop: Option<&'static str>,
}

pub(super) async fn item(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, key)): Path<(String, String)>,
) -> Response {
    match one(&app, &organiser, &city, Some(&key), None).await {
        Ok(page) => page,
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match one(&app, &organiser, &city, None, None).await {
        Ok(page) => page,
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// What somebody has just sent, and why it was not taken.
type JustSent = (Words, (String, String));

async fn one(
    app: &App,
    organiser: &Organiser,
    city: &str,
    key: Option<&str>,
    sent: Option<JustSent>,
) -> Result<Response, Error> {
    let desk = desk::desk(app, city).await?;
    let item = match key {
        Some(key) => Some(desk.reading.item(key).ok_or(Refused::NotFound)?),
        None => None,
    };
    let frame = Frame::of_city(app, Some(organiser), DESK, Some(city));
    let is_maker = is_maker(organiser);
    let refusal = desk.standing.refusal();
    let may_write = is_maker && refusal.is_none();
    let (words, problem) = match (sent, item) {
        (Some((words, problem)), _) => (words, Some(problem)),
        (None, Some(item)) => (desk.reading.words(item), None),
        (None, None) => (Words::default(), None),
    };
    let version = desk.version.to_string();
    let action = match key {
        Some(key) => item_path(city, key),
        None => ADD.replace("{city}", city),
    };
    let form = may_write.then(|| question_form(&frame, action, &version, &words).problem(problem));
    let others = item.map_or_else(Vec::new, |item| {
        if may_write {
            vec![leaving_form(&frame, city, item, &version)]
        } else {
            Vec::new()
        }
    });
    Ok(frame::personal(&ItemPage {
        title: match item {
            None => "补写一题".to_owned(),
            Some(item) => match item.number {
                Some(number) => format!("草稿第 {number} 题"),
                None => format!("{} 第 {} 行", item_sheet(item), item.place.row),
            },
        },
        back: DESK.replace("{city}", city),
        findings: item.map_or_else(Vec::new, |item| findings_of(&desk, item)),
        original: item.map_or_else(Vec::new, |item| desk.reading.original(item)),
        form,
        others,
        stop: match (is_maker, refusal) {
            (false, _) => Some("由城市编辑或省级管理员修改，内容审核人批准。"),
            (true, Some(_refused)) => Some("题库已经冻结，草稿不能再改。"),
            (true, None) => None,
        },
        frame,
    }))
}

fn item_sheet(item: &Item) -> &str {
    item.place.sheet.as_deref().unwrap_or("文件")
}

fn findings_of(desk: &Desk, item: &Item) -> Vec<(&'static str, String)> {
    let here = desk.report.findings.iter().filter(|found| {
        let place = &found.finding.place;
        place.sheet == item.place.sheet && place.row == item.place.row
    });
    here.map(|found| {
        let tone = match found.severity {
            Severity::Error => "bad",
            Severity::Warning => "warn",
            Severity::Note => "",
        };
        let column = found.finding.place.column.as_ref();
        let column = column.filter(|column| !column.header.is_empty());
        let column = column.map_or_else(String::new, |column| format!("{} 列 ", column.letter));
        (
            tone,
            format!(
                "{column}{}。{}。",
                words::problem(found),
                found.suggestion_zh
            ),
        )
    })
    .collect()
}

/// The names of the fields of options, as forms send them.
const CHOICES: [(&str, &str); MAX_CHOICES] = [
    ("choice_a", "选项 A"),
    ("choice_b", "选项 B"),
    ("choice_c", "选项 C"),
    ("choice_d", "选项 D"),
    ("choice_e", "选项 E"),
    ("choice_f", "选项 F"),
];

fn question_form(frame: &Frame, action: String, version: &str, words: &Words) -> Form {
    let mut fields = vec![
        Field::hidden("version", version),
        Field::new("stem", "题干", Kind::Area).value(&words.stem),
    ];
    for (nth, (name, label)) in CHOICES.into_iter().enumerate() {
        let text = words.choices.get(nth).map_or("", String::as_str);
        let field = Field::new(name, label, Kind::Text).value(text);
        fields.push(if nth < 2 { field } else { field.optional() });
    }
    let letters = Position::ALL.into_iter().map(|place| {
        let letter = place.letter().to_string();
        (letter.clone(), letter)
    });
    let none = (String::new(), "请选择".to_owned());
    let letters = [none].into_iter().chain(letters).collect();
    fields.extend([
        Field::new("key", "答案", Kind::Choice(letters)).value(words.key.trim()),
        Field::new("explanation", "解析", Kind::Area)
            .value(&words.explanation)
            .hint("交卷后答题人会看到")
            .optional(),
        Field::new("source", "依据", Kind::Text)
            .value(&words.source)
            .optional(),
        Field::new("law_as_of", "法条时点", Kind::Text)
            .value(&words.law_as_of)
            .hint("法规文本的日期，例如 2020-04-22")
            .optional(),
    ]);
    Form::new(frame, action, "保存这道题", fields)
}

fn leaving_form(frame: &Frame, city: &str, item: &Item, version: &str) -> Form {
    let path = |path: &str| path.replace("{city}", city).replace("{item}", &item.key);
    let fields = vec![Field::hidden("version", version)];
    if item.state == ItemState::Left {
        return Form::new(frame, path(TAKE_BACK), "放回草稿", fields);
    }
    let label = if item.state == ItemState::Broken {
        "这一行不是题目，移出"
    } else {
        "移出这道题"
    };
    Form::new(frame, path(LEAVE), label, fields).danger()
}

/// A question as a form sends it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Typed {
    version: String,
    stem: String,
    choice_a: String,
    choice_b: String,
    choice_c: String,
    choice_d: String,
    choice_e: String,
    choice_f: String,
    key: String,
    explanation: String,
    source: String,
    law_as_of: String,
}

impl Typed {
    fn words(self) -> Words {
        let choices = [
            self.choice_a,
            self.choice_b,
            self.choice_c,
            self.choice_d,
            self.choice_e,
            self.choice_f,
        ];
        Words {
            stem: self.stem.replace("\r\n", "\n"),
            choices: choices.to_vec(),
            key: self.key,
            explanation: self.explanation.replace("\r\n", "\n"),
            source: self.source,
            law_as_of: self.law_as_of,
        }
    }
}

pub(super) async fn write(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, key)): Path<(String, String)>,
    Sent(typed): Sent<Typed>,
) -> Response {
    written(&app, &organiser, &city, Some(&key), typed).await
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(typed): Sent<Typed>,
) -> Response {
    written(&app, &organiser, &city, None, typed).await
}

async fn written(
    app: &App,
    organiser: &Organiser,
    city: &str,
    key: Option<&str>,
    typed: Typed,
) -> Response {
    let seen = typed.version.parse().unwrap_or(-1);
    let words = typed.words();
    match desk::write_question(app, organiser, city, (seen, key), &words).await {
        Ok(_version) => leads_back(city),
        Err(Error::Refused(refused @ Refused::QuestionUnfit { .. })) => {
            let sent = (words, wording::refused(&refused));
            match one(app, organiser, city, key, Some(sent)).await {
                Ok(page) => error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page),
                Err(failed) => error::answer(app, Some(organiser), false, failed),
            }
        }
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}

/// Which version of the draft a form has seen, and why something is done.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Seen {
    pub(super) version: String,
    pub(super) reason: String,
}

pub(super) async fn leave(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, key)): Path<(String, String)>,
    Sent(seen): Sent<Seen>,
) -> Response {
    left(&app, &organiser, &city, (&key, &seen), true).await
}

pub(super) async fn take_back(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, key)): Path<(String, String)>,
    Sent(seen): Sent<Seen>,
) -> Response {
    left(&app, &organiser, &city, (&key, &seen), false).await
}

async fn left(
    app: &App,
    organiser: &Organiser,
    city: &str,
    (key, seen): (&str, &Seen),
    is_left: bool,
) -> Response {
    let version = seen.version.parse().unwrap_or(-1);
    match desk::leave(app, organiser, city, (version, key), is_left).await {
        Ok(_version) => leads_back(city),
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}
