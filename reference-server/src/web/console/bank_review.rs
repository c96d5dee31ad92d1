//! A bank that was submitted: what differs from the one in force, approved by somebody else.

use std::sync::Arc;

use axum::{
    extract::{Form as Sent, Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use quiz_core::{Difference, Origin, Question, QuestionId, QuestionPart, Severity};
use serde::Deserialize;

use super::{
    bank, bank_draft, error,
    form::{Field, Form},
    frame::Frame,
    gate::Signed,
    list::{Cell, Kind, List, columns},
    sections::{Part, Section, Sections},
};
use crate::{
    app::App,
    contest::{
        bank::{
            desk::Standing,
            submission::{self, Review},
            words,
        },
        city_page::Verdict,
        organiser::{Error, Organiser, Refused},
    },
    web::{frame, moment, quiz::origin_label},
};

/// The page.
pub(super) const PAGE: &str = "/console/cities/{city}/bank/review";
/// What was submitted is approved or rejected.
pub(super) const DECIDE: &str = "/console/cities/{city}/bank/review/decide";
/// Its maker takes it back.
pub(super) const WITHDRAW: &str = "/console/cities/{city}/bank/review/withdraw";

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match shown(&app, &organiser, &city).await {
        Ok(page) => page,
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

async fn shown(app: &App, organiser: &Organiser, city: &str) -> Result<Response, Error> {
    let review = submission::review(app, city).await?;
    let frame = Frame::of_city(app, Some(organiser), PAGE, Some(city));
    let path = |path: &str| path.replace("{city}", city);
    let city_name = app.season.city_name(city);
    let Some(review) = review else {
        return Ok(frame::personal(&Sections {
            title: format!("题库审核 · {city_name}"),
            lead: "现在没有等待审核的题库。".to_owned(),
            tools: vec![
                ("草稿", path(bank_draft::DESK)),
                ("现行题库", path(bank::PAGE)),
            ],
            alarms: Vec::new(),
            sections: Vec::new(),
            frame,
        }));
    };
    let submitted = &review.submission;
    let lead = format!(
        "{} 于 {} 提交：{}",
        submitted.maker,
        moment::second(submitted.at),
        submitted.reason
    );
    let preview = format!("{}?of=submitted", path(bank_draft::PREVIEW));
    let decision = decision(&frame, organiser, city, &review);
    Ok(frame::personal(&Sections {
        title: format!("题库审核 · {city_name}"),
        lead,
        tools: vec![("手机预览", preview), ("现行题库", path(bank::PAGE))],
        alarms: alarms(&review),
        sections: vec![
            Section::new("这一份题库", "", vec![Part::Facts(facts(&review))]),
            Section::new(
                "和现行题库的差别",
                if review.before.is_some() {
                    "只列有变化的题。"
                } else {
                    "本市还没有题库，全部列出。"
                },
                vec![Part::List(differences(&review))],
            ),
            Section::new("检查结果", "", vec![Part::List(findings(&review))]),
            decision,
        ],
        frame,
    }))
}

fn alarms(review: &Review) -> Vec<(&'static str, String)> {
    match &review.standing {
        Standing::Frozen { .. } | Standing::Over => vec![(
            "bad",
            "已经开赛，这一份不能再批准，只能驳回或撤回。".to_owned(),
        )],
        Standing::Corrected { .. } => vec![(
            "bad",
            "现行题库已有更正，不能再换，这一份只能驳回或撤回。".to_owned(),
        )],
        Standing::Missing | Standing::Filed | Standing::InForce { .. } => vec![(
            "warn",
            format!(
                "批准后立即成为现行题库；{} 开赛的那一刻冻结，此后不能再换。",
                moment::minute(review.opens)
            ),
        )],
    }
}

fn facts(review: &Review) -> Vec<(&'static str, String, &'static str)> {
    let count = |origin: Origin| {
        let ids = review.bank.questions().map(|(id, _question)| id);
        let own = ids.filter(|id| review.bank.origin(*id) == Some(origin));
        own.count().to_string()
    };
    let guess = review
        .report
        .guess_floor_millionths
        .map_or_else(|| "无数据".to_owned(), words::percent);
    let mut facts = vec![
        ("指纹", review.submission.bank.clone(), "digest"),
        ("省库题数", count(Origin::Province), ""),
        ("市库题数", count(Origin::City), ""),
        ("盲猜通过率", guess, ""),
    ];
    if let Some(before) = &review.before {
        facts.push(("现行题库指纹", before.digest().to_string(), "digest"));
    }
    facts
}

/// What becomes of a question, with a tone.
const fn change(difference: &Difference) -> (&'static str, &'static str) {
    match difference {
        Difference::Added { .. } => ("新增", "good"),
        Difference::Removed { .. } => ("删去", "bad"),
        Difference::Kept { parts, .. } if parts.is_empty() => ("移动", ""),
        _ => ("修改", "warn"),
    }
}

fn differences(review: &Review) -> List {
    let rows = review.differences.iter().map(|difference| {
        let (word, tone) = change(difference);
        let (bank, id, details) = match difference {
            Difference::Removed { old } => (review.before.as_deref(), *old, String::new()),
            Difference::Kept {
                old, new, parts, ..
            } => (
                Some(&*review.bank),
                *new,
                details(review, *old, *new, parts),
            ),
            Difference::Added { new } => (Some(&*review.bank), *new, whole(review, *new)),
            _ => (None, QuestionId::new(0), String::new()),
        };
        let question = bank.and_then(|bank| bank.question(id));
        let origin = bank.and_then(|bank| bank.origin(id));
        vec![
            Cell::chip(word, tone),
            Cell::text(id.get().saturating_add(1).to_string()),
            Cell::text(origin.map_or("", origin_label)),
            Cell::text(question.map_or("", Question::stem)),
            Cell::text(question.map_or_else(String::new, |q| q.key().letter().to_string())),
            Cell::text(details),
        ]
    });
    List::plain(
        "和现行题库的差别",
        columns([
            ("变化", Kind::Chip),
            ("题号", Kind::Number),
            ("来源", Kind::Text),
            ("题目", Kind::Text),
            ("答案", Kind::Text),
            ("内容", Kind::Text),
        ]),
        rows.collect(),
        "没有差别。",
    )
}

fn options(question: &Question) -> String {
    let letters = (0..).filter_map(quiz_core::Position::from_index);
    let lettered = letters.zip(question.choices());
    let written: Vec<String> = lettered
        .map(|(place, choice)| format!("{}. {}", place.letter(), choice.text()))
        .collect();
    written.join("　")
}

/// The options of a question that nobody has looked at before.
fn whole(review: &Review, id: QuestionId) -> String {
    review.bank.question(id).map_or_else(String::new, options)
}

fn details(review: &Review, old: QuestionId, new: QuestionId, parts: &[QuestionPart]) -> String {
    let before = review.before.as_deref().and_then(|bank| bank.question(old));
    let (Some(before), Some(after)) = (before, review.bank.question(new)) else {
        return String::new();
    };
    let mut said = Vec::new();
    for part in parts {
        let from_to = |name: &str, from: &str, to: &str| format!("{name}：{from} → {to}");
        let text = |text: Option<&str>| text.unwrap_or("（空）").to_owned();
        said.push(match part {
            QuestionPart::Stem => from_to("题干", before.stem(), after.stem()),
            QuestionPart::Choices => from_to("选项", &options(before), &options(after)),
            QuestionPart::ChoiceOrder => "选项顺序".to_owned(),
            QuestionPart::Key => from_to("答案", &key(before), &key(after)),
            QuestionPart::Explanation => from_to(
                "解析",
                &text(before.explanation()),
                &text(after.explanation()),
            ),
            QuestionPart::Source => from_to("依据", &text(before.source()), &text(after.source())),
            QuestionPart::LawAsOf => "法条时点".to_owned(),
            _ => "选项的固定位置".to_owned(),
        });
    }
    if old != new {
        said.push(format!("原第 {} 题", old.get().saturating_add(1)));
    }
    said.join("；")
}

/// The key with its words: a letter alone says nothing when options have changed places.
fn key(question: &Question) -> String {
    let text = question.choice(question.key());
    let text = text.map_or("", quiz_core::Choice::text);
    format!("{} {text}", question.key().letter())
}

fn findings(review: &Review) -> List {
    let found = review.report.findings.iter();
    let rows = found
        .filter(|found| found.severity > Severity::Note)
        .map(|found| {
            let row = found.finding.place.row;
            vec![
                Cell::chip(words::weight(found.severity), "warn"),
                Cell::text(if row == 0 {
                    "全卷".to_owned()
                } else {
                    format!("市库第 {row} 题")
                }),
                Cell::text(bank_draft::problem(found)),
                Cell::text(words::excerpt(&found.finding.original)),
            ]
        });
    List::plain(
        "检查结果",
        columns([
            ("程度", Kind::Chip),
            ("位置", Kind::Text),
            ("问题", Kind::Text),
            ("原文", Kind::Text),
        ]),
        rows.collect(),
        "没有错误，也没有警告。",
    )
}

fn decision(frame: &Frame, organiser: &Organiser, city: &str, review: &Review) -> Section {
    let submitted = &review.submission;
    let form = |path: &str, submit, verdict: &str| {
        let fields = vec![
            Field::hidden("proposal", &submitted.proposal.to_string()),
            Field::hidden("digest", &submitted.digest),
            Field::hidden("verdict", verdict),
            Field::reason(),
        ];
        Form::new(frame, path.replace("{city}", city), submit, fields).named(verdict)
    };
    let is_own = submitted.maker == organiser.name;
    let mut parts = Vec::new();
    if is_own && organiser.roles.has_any(bank::MAKERS) {
        parts.push(Part::Form(form(WITHDRAW, "撤回", "withdraw")));
    } else if !is_own && organiser.roles.has_any(bank::CHECKERS) {
        if review.standing.refusal().is_none() {
            parts.push(Part::Form(form(DECIDE, "批准，立即生效", "approve")));
        }
        parts.push(Part::Form(form(DECIDE, "驳回", "reject").danger()));
    }
    let lead = match (parts.is_empty(), is_own) {
        (true, _) => "等内容审核人决定；提交的人不能自己批准。",
        (false, true) => "等内容审核人决定；您可以撤回，草稿还在。",
        (false, false) => "请看过差别，最好在手机预览里做几题，再决定。",
    };
    Section::new("决定", lead, parts)
}

/// Somebody's word as a form sends it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Said {
    proposal: String,
    digest: String,
    verdict: String,
    reason: String,
}

/// The verdict of this word; taking back is not among them.
pub(super) fn verdict(word: &str) -> Option<Verdict> {
    match word {
        "approve" => Some(Verdict::Approve),
        "reject" => Some(Verdict::Reject),
        _ => None,
    }
}

pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    let verdict = verdict(&said.verdict);
    decided(&app, &organiser, &city, verdict, &said).await
}

pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    decided(&app, &organiser, &city, Some(Verdict::Withdraw), &said).await
}

async fn decided(
    app: &App,
    organiser: &Organiser,
    city: &str,
    verdict: Option<Verdict>,
    said: &Said,
) -> Response {
    let Some(verdict) = verdict else {
        return error::answer(app, Some(organiser), false, Refused::NotWaiting.into());
    };
    // A number that is none belongs to no proposal.
    let number = said.proposal.parse().unwrap_or_default();
    let bound = (number, said.digest.as_str());
    let done = submission::decide(app, city, verdict, bound, &said.reason, organiser).await;
    match done {
        Ok(()) => {
            let to = match verdict {
                Verdict::Approve => bank::PAGE,
                Verdict::Reject | Verdict::Withdraw => bank_draft::DESK,
            };
            Redirect::to(&to.replace("{city}", city)).into_response()
        }
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}
