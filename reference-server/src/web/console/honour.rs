//! The organisation award: the ranking with what it leaves open, and what two persons decide about it.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form as Fields,
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    error,
    form::{Field, Form, Kind as FieldKind},
    frame::Frame,
    gate::Signed,
    list::{Cell, File, Kind, List, columns},
    statistics, wording,
};
use crate::{
    app::App,
    contest::{
        honour::{self, Formula, Place, Proposed, Standing, Verdict},
        organiser::{Organiser, Refused, Role},
        season,
    },
    web::{frame, moment},
};

/// The ranking.
pub(super) const PAGE: &str = "/console/award";
/// Proposes a formula.
pub(super) const FORMULA: &str = "/console/award/formula";
/// Proposes a result.
pub(super) const RESULT: &str = "/console/award/result";
/// Decides about a proposal.
pub(super) const DECIDE: &str = "/console/award/decide";

/// What waits for a second person, with its forms.
struct Waiting {
    title: String,
    detail: String,
    maker: String,
    at: String,
    reason: String,
    digest: String,
    forms: Vec<Form>,
}

#[derive(Template)]
#[template(path = "console/award.html")]
struct AwardPage {
    frame: Frame,
    stamp: String,
    formula: &'static str,
    fixed: String,
    holidays: String,
    list: List,
    /// The cities that got it, and who decided.
    result: Option<(String, String, String)>,
    waiting: Vec<Waiting>,
    choose: Option<Form>,
    propose: Option<Form>,
}

/// Which form the ranking is wanted in.
#[derive(Deserialize)]
pub(super) struct Asked {
    file: Option<File>,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(asked): Query<Asked>,
) -> Response {
    let standing = match honour::standing(&app).await {
        Ok(standing) => standing,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let list = ranking(&app, &standing);
    if let Some(file) = asked.file {
        return list.file(file);
    }
    let frame = Frame::of(&app, Some(&organiser), PAGE);
    let is_admin = organiser.roles.has_any(&[Role::ProvinceAdmin]);
    let choose = (is_admin && standing.can_choose).then(|| choose_form(&frame, standing.formula));
    let propose =
        (is_admin && standing.is_over && standing.result.is_none()).then(|| result_form(&frame));
    let waiting = standing
        .waiting
        .iter()
        .map(|one| waiting(&app, &frame, &organiser, one))
        .collect();
    frame::personal(&AwardPage {
        stamp: moment::second(standing.at),
        formula: wording::formula(standing.formula),
        fixed: fixed(&standing),
        holidays: standing.holidays.clone(),
        list,
        result: standing.result.as_ref().map(|(outcome, decided)| {
            let names = outcome
                .winners
                .iter()
                .map(|city| app.season.city_name(city));
            (
                names.collect::<Vec<_>>().join("、"),
                decided_by(decided),
                outcome.audit_hash.clone(),
            )
        }),
        waiting,
        choose,
        propose,
        frame,
    })
}

fn decided_by(decided: &Proposed) -> String {
    let at = |ms: i64| moment::minute(season::instant(ms));
    decided.decision.as_ref().map_or_else(String::new, |row| {
        format!(
            "{} 提出，{} 批准，{}",
            row.maker,
            row.checker,
            at(row.decided_ms)
        )
    })
}

fn fixed(standing: &Standing) -> String {
    match (&standing.fixed, standing.can_choose) {
        (Some(fixed), _) => format!("开赛前已确定：{}。", decided_by(fixed)),
        (None, true) => {
            "还没有另行确定，按活动方案的公式。开赛前可以改，开赛后不能再改。".to_owned()
        }
        (None, false) => "开赛前没有另行确定，按活动方案的公式，不能再改。".to_owned(),
    }
}

fn choose_form(frame: &Frame, formula: Formula) -> Form {
    let options = Formula::ALL.map(|formula| {
        (
            formula.name().to_owned(),
            wording::formula(formula).to_owned(),
        )
    });
    let fields = vec![
        Field::new("formula", "按什么排名", FieldKind::Choice(options.to_vec()))
            .value(formula.name()),
        Field::reason(),
    ];
    Form::new(frame, FORMULA, "提交复核", fields)
}

fn result_form(frame: &Frame) -> Form {
    let fields = vec![
        Field::new("winners", "取前几名", FieldKind::Text).hint("数字；并列的一起取"),
        Field::reason(),
    ];
    Form::new(frame, RESULT, "提交复核", fields)
}

fn waiting(app: &App, frame: &Frame, organiser: &Organiser, one: &Proposed) -> Waiting {
    let proposal = &one.proposal;
    let (title, detail) = if proposal.kind == honour::FORMULA {
        let formula = Formula::of_name(&proposal.content).unwrap_or_default();
        ("排名公式".to_owned(), wording::formula(formula).to_owned())
    } else {
        let outcome = serde_json::from_str::<honour::Outcome>(&proposal.content);
        let names = outcome.map_or_else(
            |_error| "内容读不出来，请驳回".to_owned(),
            |outcome| {
                let names = outcome
                    .winners
                    .iter()
                    .map(|city| app.season.city_name(city));
                names.collect::<Vec<_>>().join("、")
            },
        );
        ("获奖城市".to_owned(), names)
    };
    let decides = |verdict: &str, submit: &'static str| {
        let fields = vec![
            Field::hidden("proposal", &proposal.proposal.to_string()),
            Field::hidden("digest", &proposal.digest),
            Field::hidden("verdict", verdict),
            Field::reason(),
        ];
        Form::new(frame, DECIDE, submit, fields)
    };
    let is_own = proposal.maker == organiser.name;
    let may_decide = organiser
        .roles
        .has_any(&[Role::ProvinceAdmin, Role::ContentApprover]);
    let forms = match (may_decide, is_own) {
        (false, _) => Vec::new(),
        (true, true) => vec![decides("withdraw", "撤回")],
        (true, false) => vec![
            decides("approve", "批准"),
            decides("reject", "驳回").danger(),
        ],
    };
    Waiting {
        title,
        detail,
        maker: proposal.maker.clone(),
        at: moment::minute(season::instant(proposal.proposed_ms)),
        reason: proposal.reason.clone(),
        digest: proposal.digest.clone(),
        forms,
    }
}

/// The ranking with all that goes into it.
pub(super) fn ranking(app: &App, standing: &Standing) -> List {
    let rows = standing
        .places
        .iter()
        .map(|place| row(app, standing.formula, place));
    List {
        files: Some(format!("{PAGE}?")),
        ..List::plain(
            "优秀组织奖排名",
            columns([
                ("名次", Kind::Text),
                ("名次范围", Kind::Text),
                ("城市", Kind::Text),
                ("得分", Kind::Number),
                ("首次参加人数", Kind::Number),
                ("交卷人数", Kind::Number),
                ("开赛时已关注", Kind::Number),
                ("工作日", Kind::Number),
                ("休息日", Kind::Number),
                ("说明", Kind::Text),
            ]),
            rows.collect(),
            "还没有赛程。",
        )
    }
}

fn row(app: &App, formula: Formula, place: &Place) -> Vec<Cell> {
    let number = |n: Option<i64>| n.map_or_else(|| "无数据".to_owned(), |n| n.to_string());
    let span = match (place.best, place.worst) {
        (Some(best), Some(worst)) if best == worst => best.to_string(),
        (Some(best), Some(worst)) => format!("{best}—{worst}"),
        _ => "无数据".to_owned(),
    };
    let score = match (formula, place.score) {
        (Formula::NewPeoplePerFollower, Some(permille)) => format!("{permille}‰"),
        (_, score) => number(score),
    };
    let mut notes = Vec::new();
    if !place.is_over {
        notes.push("还没有结束，不排名".to_owned());
    } else if place.score.is_none() {
        notes.push("开赛时没有关注者，无法计算".to_owned());
    }
    if place.n_silent_days > 0 {
        notes.push(format!("{} 天没有人交卷", place.n_silent_days));
    }
    if place.n_unknown_days > 0 {
        notes.push(format!("{} 天不在节假日历内", place.n_unknown_days));
    }
    vec![
        Cell::text(number(place.rank)),
        Cell::text(span),
        Cell::link(
            app.season.city_name(&place.city),
            statistics::PAGE.replace("{city}", &place.city),
        ),
        Cell::text(score),
        Cell::text(place.n_new_people.to_string()),
        Cell::text(place.n_people.to_string()),
        Cell::text(place.n_followers_at_opening.to_string()),
        Cell::text(place.n_workdays.to_string()),
        Cell::text(place.n_days_off.to_string()),
        Cell::text(notes.join("；")),
    ]
}

/// A formula that is proposed.
#[derive(Deserialize)]
pub(super) struct FormulaFields {
    #[serde(default)]
    formula: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn propose_formula(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Fields(fields): Fields<FormulaFields>,
) -> Response {
    let proposed = match Formula::of_name(&fields.formula) {
        Some(formula) => honour::propose_formula(&app, &organiser, formula, &fields.reason).await,
        None => Err(Refused::OtherContent.into()),
    };
    done(&app, &organiser, proposed.map(|_number| ()))
}

/// A result that is proposed.
#[derive(Deserialize)]
pub(super) struct ResultFields {
    #[serde(default)]
    winners: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn propose_result(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Fields(fields): Fields<ResultFields>,
) -> Response {
    let n_winners = fields.winners.trim().parse().unwrap_or(0);
    let proposed = honour::propose_result(&app, &organiser, n_winners, &fields.reason).await;
    done(&app, &organiser, proposed.map(|_number| ()))
}

/// A word about a proposal.
#[derive(Deserialize)]
pub(super) struct WordFields {
    #[serde(default)]
    proposal: i64,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    reason: String,
}

/// The verdict of a word.
pub(super) fn verdict(word: &str) -> Option<Verdict> {
    match word {
        "approve" => Some(Verdict::Approve),
        "reject" => Some(Verdict::Reject),
        "withdraw" => Some(Verdict::Withdraw),
        _ => None,
    }
}

pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Fields(fields): Fields<WordFields>,
) -> Response {
    let decided = match verdict(&fields.verdict) {
        Some(verdict) => {
            let (number, digest) = (fields.proposal, &fields.digest);
            honour::decide(&app, &organiser, number, digest, verdict, &fields.reason).await
        }
        None => Err(Refused::NotWaiting.into()),
    };
    done(&app, &organiser, decided)
}

fn done(
    app: &App,
    organiser: &Organiser,
    outcome: Result<(), crate::contest::organiser::Error>,
) -> Response {
    match outcome {
        Ok(()) => Redirect::to(PAGE).into_response(),
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}
