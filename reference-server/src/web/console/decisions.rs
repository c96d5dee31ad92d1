//! What waits for a second person about money: read, approved, rejected or taken back.

use std::sync::Arc;

use axum::{
    extract::{Form as Sent, Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use reward_core::Resolution;
use serde::Deserialize;

use super::{
    error,
    form::{Field, Form},
    frame::Frame,
    gate::Signed,
    overview::yuan,
    sections::{Part, Section, Sections},
    wording,
};
use crate::{
    app::App,
    contest::{
        correction::Action,
        decision::{self, Asked, Id, Waiting},
        organiser::{Error, Organiser, Role},
    },
    web::{frame, moment},
};

/// Everything that waits.
pub(super) const PAGE: &str = "/console/decisions";
/// Somebody else agrees.
pub(super) const APPROVE: &str = "/console/decisions/{decision}/approve";
/// Somebody else does not.
pub(super) const REJECT: &str = "/console/decisions/{decision}/reject";
/// The maker takes it back.
pub(super) const WITHDRAW: &str = "/console/decisions/{decision}/withdraw";

/// What is asked for, in one sentence.
pub(super) fn asked_words(app: &App, asked: &Asked) -> String {
    match asked {
        Asked::Correction {
            action,
            bill_number,
            incident,
            class,
        } => {
            let about = format!(
                "第 {incident} 号差异（{}，单号 {bill_number}）",
                wording::class(class)
            );
            match action {
                Action::Explained => format!("{about}：说明原因，照此了结，不动钱"),
                Action::Transfer {
                    city,
                    debit,
                    credit,
                    amount_fen,
                } => format!(
                    "{about}：{}账上由“{}”转到“{}” {} 元",
                    app.season.city_name(city),
                    wording::account(debit.name()),
                    wording::account(credit.name()),
                    yuan(*amount_fen)
                ),
                Action::Held(resolution) => {
                    format!(
                        "单号 {bill_number} 被扣住的付款：{}",
                        resolution_words(*resolution)
                    )
                }
            }
        }
        Asked::Renewal { bill_number } => {
            format!("单号 {bill_number} 已作废，给同一个红包换新单号再发")
        }
        Asked::Seal { city, totals } => format!(
            "{}封账，以后只接受两人核定的更正；账簿：{totals}",
            app.season.city_name(city)
        ),
        Asked::ResumePayouts {
            city,
            sentence,
            paused,
        } => format!(
            "恢复{}的红包发放；参赛人现在看到“{sentence}”，暂停时写的是：{paused}",
            app.season.city_name(city)
        ),
        Asked::Resume { rail, paused } => {
            format!(
                "恢复付款通道（{}）；暂停时写的是：{paused}",
                wording::rail(rail)
            )
        }
    }
}

/// Where a held payment goes.
pub(super) const fn resolution_words(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Deferred => "用同一单号重发",
        Resolution::Unknown => "不重发，继续查单",
        Resolution::Dead => "此单号作废",
        Resolution::Received => "已付到本人，记为到账",
        Resolution::Refunded => "已退回，记为退回",
    }
}

pub(super) async fn page(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    let all = match decision::waiting(&app).await {
        Ok(all) => all,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let frame = Frame::of(&app, Some(&organiser), PAGE);
    let mut sections: Vec<Section> = all
        .iter()
        .map(|waiting| section(&app, &frame, &organiser, waiting))
        .collect();
    if sections.is_empty() {
        sections.push(Section::new("", "没有等待复核的事项。", Vec::new()));
    }
    frame::personal(&Sections {
        frame,
        title: "待复核".to_owned(),
        lead: "一人提出，另一人批准；批准即执行，都写进审计日志。".to_owned(),
        tools: Vec::new(),
        alarms: Vec::new(),
        sections,
    })
}

fn section(app: &App, frame: &Frame, organiser: &Organiser, waiting: &Waiting) -> Section {
    let mut facts = vec![
        (
            "提出",
            format!("{}，{}", waiting.maker, moment::second(waiting.proposed)),
            "",
        ),
        ("理由", waiting.reason.clone(), ""),
    ];
    if let Some(evidence) = &waiting.evidence {
        facts.push(("依据", evidence.clone(), ""));
    }
    if let Some(city) = &waiting.city {
        facts.push(("城市", app.season.city_name(city), ""));
    }
    let mut parts = vec![Part::Facts(facts)];
    let id = waiting.id.to_string();
    let form = |template: &str, label, fields: Vec<Field>| {
        let digest = Field::hidden("digest", &waiting.digest);
        let fields = std::iter::once(digest).chain(fields).collect();
        Form::new(frame, template.replace("{decision}", &id), label, fields)
    };
    if organiser.roles.has_any(&[Role::FinanceApprover]) && waiting.is_for(organiser) {
        parts.push(Part::Form(form(
            APPROVE,
            "批准并执行",
            vec![Field::reason()],
        )));
        parts.push(Part::Form(
            form(REJECT, "驳回", vec![Field::reason()]).danger(),
        ));
    } else if !waiting.is_for(organiser) {
        parts.push(Part::Form(
            form(WITHDRAW, "撤回", vec![Field::reason()]).danger(),
        ));
    }
    Section::new(asked_words(app, &waiting.asked), "", parts)
}

/// Why, and about what was looked at.
#[derive(Deserialize, Default)]
pub(super) struct Said {
    #[serde(default)]
    digest: String,
    #[serde(default)]
    reason: String,
}

fn done(app: &App, organiser: &Organiser, done: Result<(), Error>) -> Response {
    match done {
        Ok(()) => Redirect::to(PAGE).into_response(),
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}

/// Does what another person proposed.
pub(super) async fn approved(
    app: &App,
    organiser: &Organiser,
    id: &str,
    digest: &str,
    why: &str,
) -> Result<(), Error> {
    let id: Id = id.parse()?;
    decision::approve(app, organiser, id, digest, why).await
}

/// Rejects it, or takes it back; the word is digest and reason.
pub(super) async fn refused(
    app: &App,
    organiser: &Organiser,
    id: &str,
    (digest, why): (&str, &str),
    takes_back: bool,
) -> Result<(), Error> {
    let id: Id = id.parse()?;
    decision::refuse(app, organiser, id, (digest, why), takes_back).await
}

pub(super) async fn approve(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(id): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    let answer = approved(&app, &organiser, &id, &said.digest, &said.reason).await;
    done(&app, &organiser, answer)
}

pub(super) async fn reject(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(id): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    let word = (said.digest.as_str(), said.reason.as_str());
    let answer = refused(&app, &organiser, &id, word, false).await;
    done(&app, &organiser, answer)
}

pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(id): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    let word = (said.digest.as_str(), said.reason.as_str());
    let answer = refused(&app, &organiser, &id, word, true).await;
    done(&app, &organiser, answer)
}
