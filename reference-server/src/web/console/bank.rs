//! The bank of a city that is in use: its questions, what is wrong with them, and who gains by that.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{
    extract::{Form as Sent, Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use chrono::DateTime;
use quiz_core::{Origin, Position, Question, QuestionId};
use serde::Deserialize;

use super::{
    bank_draft, bank_review, error,
    form::{Field, Form, Kind},
    frame::Frame,
    gate::Signed,
    list::{Cell, File, Kind as Column, List, columns},
    wording,
};
use crate::{
    app::App,
    contest::{
        bank::desk::{self, Readiness},
        organiser::{Error, Organiser, Refused, Role, proposal::Word},
        question_correction::{self as correction, CityBank, Fault, Waiting},
        rescore::{self, GAINS_IN_FILE, GAINS_SHOWN, Gain, Gains},
    },
    web::{frame, moment},
};

/// The page of a city's bank.
pub(super) const PAGE: &str = "/console/cities/{city}/bank";
/// One question of it.
pub(super) const QUESTION: &str = "/console/cities/{city}/bank/questions/{number}";
/// A correction is proposed.
pub(super) const CORRECT: &str = "/console/cities/{city}/bank/questions/{number}/correct";
/// A correction is approved.
pub(super) const APPROVE: &str = "/console/cities/{city}/bank/corrections/{proposal}/approve";
/// A correction is rejected.
pub(super) const REJECT: &str = "/console/cities/{city}/bank/corrections/{proposal}/reject";
/// A correction is taken back.
pub(super) const WITHDRAW: &str = "/console/cities/{city}/bank/corrections/{proposal}/withdraw";
/// Who gains.
pub(super) const GAINS: &str = "/console/cities/{city}/bank/gains";

/// Whoever proposes corrections.
pub(super) const MAKERS: &[Role] = &[Role::ProvinceAdmin, Role::CityEditor];
/// Whoever decides about them.
pub(super) const CHECKERS: &[Role] = &[Role::ContentApprover];
/// Whoever sees a bank with its keys.
pub(super) const READERS: &[Role] = &[
    Role::ProvinceAdmin,
    Role::CityEditor,
    Role::ContentApprover,
    Role::Auditor,
];

/// A correction that waits, with what this organiser may do about it.
struct WaitingView {
    number: u16,
    what: String,
    stem: String,
    reason: String,
    maker: String,
    proposed: String,
    forms: Vec<Form>,
}

#[derive(Template)]
#[template(path = "console/bank.html")]
struct BankPage {
    frame: Frame,
    lead: String,
    /// What wants somebody: tone and sentence.
    alarm: Option<(&'static str, String)>,
    draft_path: String,
    review_path: String,
    preview_path: Option<String>,
    waiting: Vec<WaitingView>,
    in_force: List,
    /// How far scoring again has come, if anything was corrected.
    progress: Option<String>,
    gains_path: String,
    questions: List,
}

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
    let frame = Frame::of_city(app, Some(organiser), PAGE, Some(city));
    let city_name = app.season.city_name(city);
    let in_force = format!(
        "{}?of=in_force",
        bank_draft::PREVIEW.replace("{city}", city)
    );
    let Some(known) = correction::city_bank(app, city).await? else {
        let readiness = desk::readiness_of(app, city).await?;
        return Ok(frame::personal(&BankPage {
            lead: format!("{city_name} · {}", not_sealed(readiness)),
            alarm: (!readiness.is_ready()).then(|| {
                let said = "题库未就绪，到时不能开赛。请城市编辑在题库草稿里上传并提交，由内容审核人批准。";
                ("bad", said.to_owned())
            }),
            draft_path: bank_draft::DESK.replace("{city}", city),
            review_path: bank_review::PAGE.replace("{city}", city),
            preview_path: (readiness == Readiness::InForce).then_some(in_force),
            frame,
            waiting: Vec::new(),
            in_force: corrections(&[], &[]),
            progress: None,
            gains_path: String::new(),
            questions: questions(city, None),
        }));
    };
    let gains = rescore::gains(app, city, None, 0).await?;
    let now = app.now();
    let phase = if now < known.opens {
        format!("现行题库，{} 开赛时冻结", moment::minute(known.opens))
    } else if now < known.closes {
        "已冻结，正在使用".to_owned()
    } else {
        format!("已冻结，{} 已结束", moment::end(known.closes))
    };
    Ok(frame::personal(&BankPage {
        lead: format!("{city_name} · {phase} · 指纹 {}", known.bank.digest()),
        alarm: None,
        draft_path: bank_draft::DESK.replace("{city}", city),
        review_path: bank_review::PAGE.replace("{city}", city),
        preview_path: Some(in_force),
        waiting: known
            .waiting
            .iter()
            .map(|waiting| waiting_view(&frame, organiser, city, &known, waiting))
            .collect(),
        in_force: corrections(&known.corrections, &stems(&known)),
        progress: progress(&gains),
        gains_path: GAINS.replace("{city}", city),
        questions: questions(city, Some(&known)),
        frame,
    }))
}

/// Where the bank of a city stands that is not sealed yet.
const fn not_sealed(readiness: Readiness) -> &'static str {
    match readiness {
        Readiness::InForce => "题库已批准，到了封存的日子随红包一起封存；开赛前还可以换",
        Readiness::Filed => "服务器上有题库文件，到了封存的日子冻结；在草稿里批准的题库代替它",
        Readiness::Submitted => "还没有题库，有一份在等审核",
        Readiness::Missing | Readiness::Drafted | Readiness::Frozen => "还没有题库",
    }
}

fn stems(known: &CityBank) -> Vec<String> {
    known
        .bank
        .questions()
        .map(|(_id, question)| question.stem().to_owned())
        .collect()
}

/// What is wrong, in words.
pub(super) fn what(fault: &Fault) -> String {
    if fault.is_void() {
        return "作废，全员按答对计".to_owned();
    }
    let letters: Vec<String> = fault
        .accepted
        .iter()
        .map(|place| place.letter().to_string())
        .collect();
    format!("选 {} 也按答对计", letters.join("、"))
}

fn progress(gains: &Gains) -> Option<String> {
    let n_gained = gains.n_gained;
    gains.is_done.map(|is_done| {
        if is_done {
            format!(
                "已重新计分 {} 份答卷，{n_gained} 份因更正而通过。",
                gains.n_attempts
            )
        } else {
            format!(
                "正在重新计分，已看过 {} 份答卷，目前 {n_gained} 份因更正而通过。刷新页面看最新的数字。",
                gains.n_attempts
            )
        }
    })
}

fn waiting_view(
    frame: &Frame,
    organiser: &Organiser,
    city: &str,
    known: &CityBank,
    waiting: &Waiting,
) -> WaitingView {
    let form = |path: &str, submit| {
        let action = path
            .replace("{city}", city)
            .replace("{proposal}", &waiting.proposal.to_string());
        let fields = vec![Field::hidden("digest", &waiting.digest), Field::reason()];
        Form::new(frame, action, submit, fields)
    };
    let is_own = waiting.maker == organiser.name;
    let mut forms = Vec::new();
    if is_own && organiser.roles.has_any(MAKERS) {
        forms.push(form(WITHDRAW, "撤回"));
    } else if !is_own && organiser.roles.has_any(CHECKERS) {
        forms.push(form(APPROVE, "批准，立即生效"));
        forms.push(form(REJECT, "驳回").danger());
    }
    WaitingView {
        number: waiting.fault.number,
        what: what(&waiting.fault),
        stem: question_of(known, waiting.fault.number)
            .map_or_else(String::new, |(_id, question)| question.stem().to_owned()),
        reason: waiting.reason.clone(),
        maker: waiting.maker.clone(),
        proposed: moment::minute(waiting.proposed),
        forms,
    }
}

fn question_of(known: &CityBank, number: u16) -> Option<(QuestionId, &Question)> {
    let id = QuestionId::new(number.checked_sub(1)?);
    known.bank.question(id).map(|question| (id, question))
}

fn corrections(made: &[correction::Correction], stems: &[String]) -> List {
    let rows = made.iter().map(|correction| {
        let index = usize::from(correction.fault.number).checked_sub(1);
        let stem = index.and_then(|index| stems.get(index));
        vec![
            Cell::text(correction.version.to_string()),
            Cell::text(correction.fault.number.to_string()),
            Cell::text(stem.map_or("", String::as_str)),
            Cell::text(what(&correction.fault)),
            Cell::text(correction.reason.as_str()),
            Cell::text(moment::second(correction.since)),
        ]
    });
    List::plain(
        "已生效的更正",
        columns([
            ("序号", Column::Number),
            ("题号", Column::Number),
            ("题目", Column::Text),
            ("更正", Column::Text),
            ("公开的原因", Column::Text),
            ("生效时间", Column::Text),
        ]),
        rows.collect(),
        "没有更正。发现题目有错时，在下面点开那一题提出更正。",
    )
}

fn questions(city: &str, known: Option<&CityBank>) -> List {
    let rows = known.map_or_else(Vec::new, |known| {
        known
            .bank
            .questions()
            .map(|(id, question)| question_row(city, known, id, question))
            .collect()
    });
    List::plain(
        "题目",
        columns([
            ("题号", Column::Number),
            ("来源", Column::Text),
            ("题目", Column::Text),
            ("答案", Column::Text),
            ("状态", Column::Chip),
        ]),
        rows,
        "批准以后在这里逐题查看。",
    )
}

fn question_row(city: &str, known: &CityBank, id: QuestionId, question: &Question) -> Vec<Cell> {
    let number = id.get().saturating_add(1);
    let path = QUESTION
        .replace("{city}", city)
        .replace("{number}", &number.to_string());
    let mut own = known
        .corrections
        .iter()
        .filter(|correction| correction.fault.number == number);
    let state = if own.clone().any(|correction| correction.fault.is_void()) {
        Cell::chip("已作废", "bad")
    } else if own.next().is_some() {
        Cell::chip("已更正", "warn")
    } else if known
        .waiting
        .iter()
        .any(|other| other.fault.number == number)
    {
        Cell::chip("更正待审", "warn")
    } else {
        Cell::chip("正常", "good")
    };
    vec![
        Cell::text(number.to_string()),
        Cell::text(origin(known.bank.origin(id))),
        Cell::link(question.stem(), path),
        Cell::text(question.key().letter().to_string()),
        state,
    ]
}

fn origin(origin: Option<Origin>) -> &'static str {
    match origin {
        Some(Origin::Province) => "省库",
        Some(Origin::City) => "市库",
        None => "",
    }
}

#[derive(Template)]
#[template(path = "console/question.html")]
struct QuestionPage {
    frame: Frame,
    back: String,
    title: String,
    stem: String,
    /// Letter, words, and whether it is the key.
    options: Vec<(char, String, bool)>,
    explanation: Option<String>,
    source: Option<String>,
    /// What was said of it before.
    corrections: Vec<String>,
    forms: Vec<(&'static str, Form)>,
    /// Why there is no form.
    stop: Option<&'static str>,
}

pub(super) async fn question(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, number)): Path<(String, u16)>,
) -> Response {
    match one(&app, &organiser, &city, number, None).await {
        Ok(page) => page,
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

async fn one(
    app: &App,
    organiser: &Organiser,
    city: &str,
    number: u16,
    problem: Option<(String, String)>,
) -> Result<Response, Error> {
    let known = correction::city_bank(app, city)
        .await?
        .ok_or(Refused::NotFound)?;
    let (id, question) = question_of(&known, number).ok_or(Refused::NotFound)?;
    let frame = Frame::of_city(app, Some(organiser), PAGE, Some(city));
    let is_foreign = known.bank.origin(id) == Some(Origin::Province) && organiser.city.is_some();
    let is_maker = organiser.roles.has_any(MAKERS);
    let form = (is_maker && !is_foreign).then(|| wish(&frame, city, number, question, problem));
    Ok(frame::personal(&QuestionPage {
        back: PAGE.replace("{city}", city),
        title: format!(
            "{} 第 {number} 题（{}）",
            app.season.city_name(city),
            origin(known.bank.origin(id))
        ),
        stem: question.stem().to_owned(),
        options: (0..)
            .filter_map(Position::from_index)
            .zip(question.choices())
            .map(|(place, choice)| {
                let is_key = place == question.key();
                (place.letter(), choice.text().to_owned(), is_key)
            })
            .collect(),
        explanation: question.explanation().map(str::to_owned),
        source: question.source().map(str::to_owned),
        corrections: known
            .corrections
            .iter()
            .filter(|correction| correction.fault.number == number)
            .map(|correction| {
                format!(
                    "{} 起{}。原因：{}",
                    moment::minute(correction.since),
                    what(&correction.fault),
                    correction.reason
                )
            })
            .collect(),
        forms: form.map(|form| ("", form)).into_iter().collect(),
        stop: (is_maker && is_foreign)
            .then_some("省库的题各市都在用，由省级管理员提出更正，批准后各市同时生效。"),
        frame,
    }))
}

fn wish(
    frame: &Frame,
    city: &str,
    number: u16,
    question: &Question,
    problem: Option<(String, String)>,
) -> Form {
    let action = CORRECT
        .replace("{city}", city)
        .replace("{number}", &number.to_string());
    let kinds = [
        ("void", "整题作废，全员按答对计"),
        ("accept", "另有选项也算对"),
    ];
    let kinds = kinds.map(|(value, label)| (value.to_owned(), label.to_owned()));
    let others = (0..)
        .filter_map(Position::from_index)
        .zip(question.choices())
        .filter(|(place, _choice)| *place != question.key())
        .map(|(place, choice)| {
            let letter = place.letter();
            (letter.to_string(), format!("{letter}. {}", choice.text()))
        });
    Form::new(
        frame,
        action,
        "提交审核",
        vec![
            Field::new("kind", "怎样更正", Kind::Choice(kinds.to_vec())),
            Field::new("accepted", "也算对的选项", Kind::Many(others.collect()))
                .hint("整题作废时不用选；选原定答案的人照样算对")
                .optional(),
            Field::new("reason", "公开的原因", Kind::Area)
                .hint("答题人和公众都会看到，一两句话，最多 500 个字；不要写出个人信息"),
        ],
    )
    .problem(problem)
}

/// What somebody wants corrected; each option ticked comes as a field of its own.
struct Wish {
    fault: Fault,
    reason: String,
}

impl Wish {
    fn of(number: u16, pairs: Vec<(String, String)>) -> Self {
        let (mut accepted, mut is_void, mut reason) = (BTreeSet::new(), true, String::new());
        for (name, value) in pairs {
            match name.as_str() {
                "kind" => is_void = value != "accept",
                "accepted" => {
                    let mut letters = value.chars();
                    accepted.extend(letters.next().and_then(Position::from_letter));
                }
                "reason" => reason = value,
                _ => {}
            }
        }
        if is_void {
            accepted.clear();
        }
        Self {
            fault: Fault { number, accepted },
            reason,
        }
    }
}

pub(super) async fn correct(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, number)): Path<(String, u16)>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Response {
    let names_none = pairs
        .iter()
        .any(|(name, value)| name == "kind" && value == "accept")
        && !pairs.iter().any(|(name, _value)| name == "accepted");
    let wish = Wish::of(number, pairs);
    let made = if names_none {
        Err(Refused::NothingToCorrect.into())
    } else {
        correction::propose(&app, &organiser, &city, &wish.fault, &wish.reason).await
    };
    match made {
        Ok(_proposal) => Redirect::to(&PAGE.replace("{city}", &city)).into_response(),
        Err(Error::Refused(refused @ (Refused::ReasonMissing | Refused::NothingToCorrect))) => {
            let said = Some(wording::refused(&refused));
            match one(&app, &organiser, &city, number, said).await {
                Ok(page) => error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page),
                Err(failed) => error::answer(&app, Some(&organiser), false, failed),
            }
        }
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// What somebody says about a correction that waits.
#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    digest: String,
    #[serde(default)]
    reason: String,
}

impl Said {
    fn word(&self, proposal: i64) -> Word<'_> {
        Word {
            proposal,
            digest: &self.digest,
            reason: &self.reason,
        }
    }
}

fn decided(app: &App, organiser: &Organiser, city: &str, done: Result<(), Error>) -> Response {
    match done {
        Ok(()) => Redirect::to(&PAGE.replace("{city}", city)).into_response(),
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}

pub(super) async fn approve(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, proposal)): Path<(String, i64)>,
    Sent(said): Sent<Said>,
) -> Response {
    let done = correction::approve(&app, &organiser, &city, said.word(proposal)).await;
    decided(&app, &organiser, &city, done)
}

pub(super) async fn reject(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, proposal)): Path<(String, i64)>,
    Sent(said): Sent<Said>,
) -> Response {
    let done = correction::reject(&app, &organiser, &city, said.word(proposal)).await;
    decided(&app, &organiser, &city, done)
}

pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, proposal)): Path<(String, i64)>,
    Sent(said): Sent<Said>,
) -> Response {
    let done = correction::withdraw(&app, &organiser, &city, said.word(proposal)).await;
    decided(&app, &organiser, &city, done)
}

/// Which part of the list of gains is asked for.
#[derive(Deserialize)]
pub(in crate::web) struct Asked {
    /// The instant and the identifier of the last attempt that was shown.
    after_ms: Option<i64>,
    #[serde(default)]
    after: String,
    file: Option<File>,
}

impl Asked {
    /// Behind which attempt.
    pub(super) fn place(&self) -> Option<(DateTime<chrono::Utc>, String)> {
        let at = DateTime::from_timestamp_millis(self.after_ms?)?;
        Some((at, self.after.clone()))
    }
}

#[derive(Template)]
#[template(path = "console/gains.html")]
struct GainsPage {
    frame: Frame,
    back: String,
    lead: String,
    list: List,
}

pub(super) async fn gains(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let n_max = if asked.file.is_some() {
        GAINS_IN_FILE
    } else {
        GAINS_SHOWN
    };
    let found = match rescore::gains(&app, &city, asked.place(), n_max).await {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed.into()),
    };
    let path = GAINS.replace("{city}", &city);
    let n_found = i64::try_from(found.gains.len()).unwrap_or(i64::MAX);
    let last = found.gains.last().filter(|_last| n_found == n_max);
    let list = List {
        files: Some(format!("{path}?")),
        more: last.map(|last| {
            let (at_ms, attempt) = (last.submitted.timestamp_millis(), &last.attempt);
            format!("{path}?after_ms={at_ms}&after={attempt}")
        }),
        ..List::plain(
            "因更正而通过",
            columns([
                ("交卷时间", Column::Text),
                ("答题人", Column::Id),
                ("答卷", Column::Id),
                ("更正前答对", Column::Number),
                ("更正后答对", Column::Number),
                ("第几号更正", Column::Number),
                ("红包", Column::Chip),
            ]),
            found.gains.iter().map(gain_row).collect(),
            "还没有人因更正而通过。",
        )
    };
    if let Some(file) = asked.file {
        return list.file(file);
    }
    frame::personal(&GainsPage {
        frame: Frame::of_city(&app, Some(&organiser), GAINS, Some(&city)),
        back: PAGE.replace("{city}", &city),
        lead: format!(
            "{} · {}",
            app.season.city_name(&city),
            progress(&found).unwrap_or_else(|| "没有更正。".to_owned())
        ),
        list,
    })
}

fn gain_row(gain: &Gain) -> Vec<Cell> {
    let (state, tone) = if gain.is_used {
        ("已拆", "good")
    } else {
        ("未拆", "")
    };
    vec![
        Cell::text(moment::second(gain.submitted)),
        Cell::text(gain.person.as_str()),
        Cell::text(gain.attempt.as_str()),
        Cell::text(gain.score_by_keys.to_string()),
        Cell::text(gain.score.to_string()),
        Cell::text(gain.version.to_string()),
        Cell::chip(state, tone),
    ]
}
