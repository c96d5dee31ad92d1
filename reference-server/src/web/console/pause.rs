//! What of a city stands still, and who lets it go on.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Form as Sent, Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    error,
    form::{Field, Form, Kind},
    frame::Frame,
    gate::Signed,
    list::{Cell, Kind as Column, List, columns},
    table, wording,
};
use crate::{
    app::App,
    contest::{
        organiser::{Error, Organiser, Refused},
        pause::{self, Board, Pause, Stop, Subject, Verdict, Waiting},
    },
    web::{frame, moment},
};

/// The page of a city, to which a pause is sent as well.
pub(super) const PAGE: &str = "/console/cities/{city}/pauses";
/// Where a pause of payouts is sent.
pub(super) const PAYOUTS: &str = "/console/cities/{city}/pauses/payouts";
/// Where something is let go on.
pub(super) const RESUME: &str = "/console/cities/{city}/pauses/resume";
/// Where payouts are proposed to go on.
pub(super) const PROPOSE: &str = "/console/cities/{city}/pauses/payouts/propose";
/// Where that is decided.
pub(super) const DECIDE: &str = "/console/cities/{city}/pauses/payouts/decide";

/// A subject with what can be done about it.
struct SubjectView {
    label: &'static str,
    sentence: Option<String>,
    since: String,
    means: &'static str,
    read: &'static str,
    lifted_by: &'static str,
    /// What it is called, the form, and whether it is open from the beginning.
    forms: Vec<(&'static str, Form, bool)>,
}

/// A proposal to let payouts go on.
struct ProposalView {
    maker: String,
    at: String,
    reason: String,
    form: Option<Form>,
    waits_for: &'static str,
}

#[derive(Template)]
#[template(path = "console/pause.html")]
struct PausePage {
    frame: Frame,
    city: String,
    subjects: Vec<SubjectView>,
    proposal: Option<ProposalView>,
    history: List,
}

/// Somebody who looks at a city's pauses.
struct Onlooker<'a> {
    organiser: &'a Organiser,
    frame: &'a Frame,
    city: &'a str,
    /// What was sent and not taken: its subject, the sentence, the reason, and why.
    refused: Option<(Subject, Said, (String, String))>,
}

impl Onlooker<'_> {
    fn may(&self, path: &str) -> bool {
        table::may_send(path, &self.organiser.roles)
    }

    fn form(
        &self,
        (path, word): (&'static str, &'static str),
        submit: &'static str,
        subject: Subject,
        fields: Vec<Field>,
    ) -> Form {
        let mut all = vec![Field::hidden("subject", subject.name())];
        all.extend(fields);
        let form = Form::new(self.frame, path.replace("{city}", self.city), submit, all);
        form.named(&format!("{}-{word}-", subject.name()))
    }

    /// The forms of a subject that this organiser may send.
    fn forms(
        &self,
        subject: Subject,
        is_paused: bool,
        waits: bool,
    ) -> Vec<(&'static str, Form, bool)> {
        let mut forms = Vec::new();
        let pauses = if subject == Subject::Payouts {
            PAYOUTS
        } else {
            PAGE
        };
        if is_paused && subject == Subject::Payouts && !waits && self.may(PROPOSE) {
            let form = self.form(
                (PROPOSE, "propose"),
                "提出恢复，请财务复核",
                subject,
                vec![Field::reason()],
            );
            forms.push(("提出恢复发放", form, false));
        }
        if is_paused && subject != Subject::Payouts && self.may(RESUME) {
            let form = self.form(
                (RESUME, "resume"),
                "立即恢复",
                subject,
                vec![Field::reason()],
            );
            forms.push(("恢复", form, false));
        }
        if self.may(pauses) {
            let sent = self.refused.as_ref();
            let sent = sent.filter(|(refused, ..)| *refused == subject);
            let said = sent.map_or_else(Said::default, |(_subject, said, _why)| said.clone());
            let problem = sent.map(|(_subject, _said, why)| why.clone());
            let mut fields = vec![
                Field::new("sentence", "给参赛人的一句话", Kind::Text)
                    .value(&said.sentence)
                    .hint("例如：系统维护，今晚 20:00 恢复，资格都为您保留。"),
                Field::reason().value(&said.reason),
            ];
            if subject == Subject::Payouts {
                let everywhere = [("yes".to_owned(), "所有城市一起停".to_owned())];
                fields.push(
                    Field::new("everywhere", "范围", Kind::Many(everywhere.into()))
                        .value(&said.everywhere)
                        .hint("不勾选只停本市；已经暂停的城市保留原来那句话"),
                );
            }
            let (title, submit) = if is_paused {
                ("换一句话", "换成这一句")
            } else {
                ("暂停", "立即暂停")
            };
            let is_open = problem.is_some();
            let form = self
                .form((pauses, "stop"), submit, subject, fields)
                .danger()
                .problem(problem);
            forms.push((title, form, is_open));
        }
        forms
    }

    fn subject(&self, board: &Board, subject: Subject) -> SubjectView {
        let running = board.running(subject);
        SubjectView {
            label: wording::subject(subject),
            sentence: running.map(|pause| pause.sentence.clone()),
            since: running.map_or_else(String::new, |pause| {
                format!(
                    "{} 由 {} 暂停。理由：{}",
                    moment::second(pause.begun),
                    pause.by,
                    pause.reason
                )
            }),
            means: wording::pause_means(subject),
            read: wording::pause_is_read(subject),
            lifted_by: wording::pause_is_lifted_by(subject),
            forms: self.forms(subject, running.is_some(), board.waiting.is_some()),
        }
    }

    fn proposal(&self, row: &Waiting) -> ProposalView {
        let is_own = row.maker == self.organiser.name;
        let verdicts = [("approve", "批准，恢复发放"), ("reject", "驳回，继续暂停")];
        let verdicts = verdicts.map(|(value, label)| (value.to_owned(), label.to_owned()));
        let form = (!is_own && self.may(DECIDE)).then(|| {
            self.form(
                (DECIDE, "decide"),
                "决定",
                Subject::Payouts,
                vec![
                    Field::hidden("proposal", &row.proposal.to_string()),
                    Field::hidden("digest", &row.digest),
                    Field::new("verdict", "决定", Kind::Choice(verdicts.into())),
                    Field::reason(),
                ],
            )
        });
        ProposalView {
            maker: row.maker.clone(),
            at: moment::second(row.at),
            reason: row.reason.clone(),
            waits_for: if is_own {
                "等另一位财务复核批准；提出的人不能自己批准。"
            } else {
                "等财务复核批准。"
            },
            form,
        }
    }
}

/// A city's pauses.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    shown(&app, &organiser, &city, None).await
}

async fn shown(
    app: &App,
    organiser: &Organiser,
    city: &str,
    refused: Option<(Subject, Said, (String, String))>,
) -> Response {
    let board = match pause::board(app, city).await {
        Ok(board) => board,
        Err(failed) => return error::answer(app, Some(organiser), false, failed),
    };
    let frame = Frame::of_city(app, Some(organiser), PAGE, Some(city));
    let onlooker = Onlooker {
        organiser,
        frame: &frame,
        city,
        refused,
    };
    let subjects = Subject::ALL.map(|subject| onlooker.subject(&board, subject));
    let proposal = board.waiting.as_ref();
    let proposal = proposal.map(|waiting| onlooker.proposal(waiting));
    frame::personal(&PausePage {
        city: app.season.city_name(city),
        subjects: subjects.into(),
        proposal,
        history: history(&board.pauses),
        frame,
    })
}

fn history(pauses: &[Pause]) -> List {
    let rows = pauses.iter().map(|pause| {
        let (state, ended) = match &pause.end {
            None => (Cell::chip("暂停中", "bad"), String::new()),
            Some(end) => {
                let who = match &end.proposed_by {
                    Some(maker) => format!("{maker} 提出，{} 批准", end.by),
                    None => end.by.clone(),
                };
                let word = if end.is_reworded {
                    "换了一句话"
                } else {
                    "已恢复"
                };
                let at = moment::second(end.at);
                (
                    Cell::chip(word, ""),
                    format!("{at} · {who} · {}", end.reason),
                )
            }
        };
        vec![
            Cell::text(wording::subject(pause.subject)),
            state,
            Cell::text(pause.sentence.as_str()),
            Cell::text(format!(
                "{} · {} · {}",
                moment::second(pause.begun),
                pause.by,
                pause.reason
            )),
            Cell::text(ended),
        ]
    });
    List::plain(
        "经过",
        columns([
            ("项目", Column::Text),
            ("状态", Column::Chip),
            ("参赛人看到", Column::Text),
            ("暂停：时间 · 谁 · 理由", Column::Text),
            ("结束：时间 · 谁 · 理由", Column::Text),
        ]),
        rows.collect(),
        "本市还没有暂停过。",
    )
}

/// A pause as a form sends it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    subject: String,
    #[serde(default)]
    sentence: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    everywhere: String,
}

/// A subject that one person may both stop and let go on.
pub(super) fn of_one_person(name: &str) -> Result<Subject, Error> {
    let subject = Subject::of_name(name).ok_or(Refused::SubjectUnknown)?;
    if subject == Subject::Payouts {
        return Err(Refused::TwoPersons.into());
    }
    Ok(subject)
}

fn leads_back(city: &str) -> Response {
    Redirect::to(&PAGE.replace("{city}", city)).into_response()
}

async fn stop(
    app: &App,
    organiser: &Organiser,
    city: &str,
    subject: Result<Subject, Error>,
    said: Said,
) -> Response {
    let subject = match subject {
        Ok(subject) => subject,
        Err(failed) => return error::answer(app, Some(organiser), false, failed),
    };
    let wanted = Stop {
        subject,
        sentence: said.sentence.clone(),
        reason: said.reason.clone(),
        everywhere: said.everywhere == "yes",
    };
    match pause::begin(app, city, wanted, &organiser.name).await {
        Ok(()) => leads_back(city),
        Err(Error::Refused(refused @ (Refused::SentenceForm | Refused::ReasonMissing))) => {
            let why = wording::refused(&refused);
            let page = shown(app, organiser, city, Some((subject, said, why))).await;
            error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
        }
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}

pub(super) async fn begin(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    let subject = of_one_person(&said.subject);
    stop(&app, &organiser, &city, subject, said).await
}

pub(super) async fn begin_payouts(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    stop(&app, &organiser, &city, Ok(Subject::Payouts), said).await
}

fn done(app: &App, organiser: &Organiser, city: &str, done: Result<(), Error>) -> Response {
    match done {
        Ok(()) => leads_back(city),
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}

pub(super) async fn resume(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    let lifted = lift(&app, &organiser, &city, &said.subject, &said.reason).await;
    done(&app, &organiser, &city, lifted)
}

pub(super) async fn lift(
    app: &App,
    organiser: &Organiser,
    city: &str,
    subject: &str,
    reason: &str,
) -> Result<(), Error> {
    let subject = of_one_person(subject)?;
    pause::lift(app, city, subject, reason, &organiser.name).await
}

pub(super) async fn propose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    let proposed = pause::propose_payouts(&app, &city, &said.reason, &organiser).await;
    done(&app, &organiser, &city, proposed.map(drop))
}

/// A decision as a form sends it; what is missing counts as nothing.
#[derive(Deserialize)]
pub(super) struct Decision {
    #[serde(default)]
    proposal: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(said): Sent<Decision>,
) -> Response {
    let approves = match said.verdict.as_str() {
        "approve" => true,
        "reject" => false,
        _ => return error::answer(&app, Some(&organiser), false, Refused::NotWaiting.into()),
    };
    let verdict = Verdict {
        // A number that is none belongs to no proposal.
        proposal: said.proposal.parse().unwrap_or_default(),
        digest: said.digest,
        approves,
        reason: said.reason,
    };
    let decided = pause::decide_payouts(&app, &city, verdict, &organiser).await;
    done(&app, &organiser, &city, decided)
}
