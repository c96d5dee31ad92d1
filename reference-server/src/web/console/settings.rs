//! What the season runs with: secrets that go in and never come out, certificates with the days they
//! have left, buttons that try the way to WeChat, and every value with where it comes from.

use std::sync::Arc;

use axum::{
    extract::{Form as Sent, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    error,
    form::{Field, Form, Kind as Input},
    frame::Frame,
    gate::Signed,
    list::{Cell, Kind, List, columns},
    preflight::{listed, verdict},
    sections::{Part as Piece, Section, Sections},
    table, wording,
};
use crate::{
    app::App,
    contest::{
        custody,
        organiser::{Error, Organiser, Refused},
        payout::NOTIFICATION_PATH,
        preflight::{self, Certificate, Check, Part},
        secrets::{self, Board, Slot, Verdict, Waiting},
    },
    settings::SecretName,
    web::{frame, moment},
};

/// The page.
pub(super) const PAGE: &str = "/console/settings";
/// Where the wish to try something is sent.
pub(super) const TRY: &str = "/console/settings/try";
/// Where a secret is given.
pub(super) const GIVE: &str = "/console/settings/secrets";
/// Where a secret that waits is decided about.
pub(super) const DECIDE: &str = "/console/settings/secrets/decide";

/// What is shown beside the page as it always is.
#[derive(Default)]
struct Extra {
    /// What was tried, and what was found.
    tried: Option<(Part, Vec<Check>)>,
    /// The secret that was not taken, and why.
    refused: Option<(SecretName, (String, String))>,
}

/// The page.
pub(super) async fn page(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    shown(&app, &organiser, Extra::default()).await
}

async fn shown(app: &App, organiser: &Organiser, extra: Extra) -> Response {
    let board = match secrets::board(app).await {
        Ok(board) => board,
        Err(failed) => return error::answer(app, Some(organiser), false, failed),
    };
    let frame = Frame::of(app, Some(organiser), PAGE);
    let may = |path| table::may_send(path, &organiser.roles);
    let alarms = alarms(&board, &extra);
    let mut sections = Vec::new();
    let mut trying = Vec::new();
    if may(TRY) {
        let buttons = Part::ALL.map(|part| try_form(&frame, part));
        trying.push(Piece::Buttons(buttons.into()));
    }
    if let Some((_part, found)) = &extra.tried {
        trying.push(Piece::List(listed("测试结果", found.iter())));
    }
    let lead = "用本服务器正在用的值问微信和自己的地址；不付款，不改设置。";
    sections.push(Section::new("测试", lead, trying));
    sections.push(Section::new(
        "证书到期",
        "",
        vec![Piece::List(certificates(app))],
    ));
    let waiting = board.waiting.iter();
    sections.extend(waiting.map(|one| waiting_section(&frame, organiser, one)));
    sections.push(secrets_section(&board));
    if may(GIVE) && !board.slots.is_empty() {
        sections.push(give_section(&frame, &board, extra.refused));
    }
    sections.push(Section::new(
        "正在执行的规则",
        "",
        vec![Piece::Facts(rules(app))],
    ));
    sections.push(Section::new(
        "配置",
        "这些值在配置文件里，改了要重启；环境变量盖过文件。密钥不在其中。",
        vec![Piece::List(stated(app))],
    ));
    frame::personal(&Sections {
        frame,
        title: "设置".to_owned(),
        lead: "密钥只能填进来，谁也看不到；能看到的是指纹、什么时候换的、是不是在用。".to_owned(),
        tools: vec![("开赛前检查", super::preflight::PAGE.to_owned())],
        alarms,
        sections,
    })
}

fn alarms(board: &Board, extra: &Extra) -> Vec<(&'static str, String)> {
    let mut alarms = Vec::new();
    if let Some((part, found)) = &extra.tried {
        let worst = found.iter().map(|check| check.verdict).max();
        let (word, tone) = worst.map_or(("不知道", "warn"), verdict);
        alarms.push((tone, format!("测试“{}”：{word}。", wording::part(*part))));
    }
    let late = board.slots.iter().filter(|slot| slot.wants_restart());
    let late: Vec<&str> = late.map(|slot| wording::secret(slot.slot.name)).collect();
    if !late.is_empty() {
        let detail = format!(
            "{}已经换过，本服务器还在用旧的：逐台重启服务器后生效。",
            late.join("、")
        );
        alarms.push(("warn", detail));
    }
    alarms
}

fn try_form(frame: &Frame, part: Part) -> Form {
    let label = match part {
        Part::Token => "测试令牌",
        Part::Payment => "测试支付证书",
        Part::Callback => "测试回调签名",
        Part::Echo => "测试回显",
    };
    let fields = vec![Field::hidden("part", part.name())];
    Form::new(frame, TRY, label, fields).named(&format!("try-{}-", part.name()))
}

/// Every certificate with the days it has left.
fn certificates(app: &App) -> List {
    let now = app.now();
    let row = |certificate: &Certificate| {
        let name = match &certificate.serial {
            None => "商户 API 证书".to_owned(),
            Some(serial) => format!("微信支付 {serial}"),
        };
        let (ends, left) = match certificate.ends {
            None => ("不会到期".to_owned(), String::new()),
            Some(ends) => {
                let days = (ends - now).num_days().max(0);
                (moment::date(ends), days.to_string())
            }
        };
        let (word, tone) = verdict(certificate.verdict);
        vec![
            Cell::text(name),
            Cell::text(ends),
            Cell::text(left),
            Cell::chip(word, tone),
        ]
    };
    List::plain(
        "证书到期",
        columns([
            ("证书或公钥", Kind::Text),
            ("到期", Kind::Text),
            ("还有几天", Kind::Number),
            ("状态", Kind::Chip),
        ]),
        preflight::certificates(app).iter().map(row).collect(),
        "没有会到期的证书。",
    )
}

fn waiting_section(frame: &Frame, organiser: &Organiser, waiting: &Waiting) -> Section {
    let facts = vec![
        ("新值的指纹", waiting.fingerprint.clone(), ""),
        (
            "填入",
            format!("{}，{}", waiting.maker, moment::second(waiting.at)),
            "",
        ),
        ("理由", waiting.reason.clone(), ""),
    ];
    let mut parts = vec![Piece::Facts(facts)];
    let form = |word: &'static str, label| {
        let fields = vec![
            Field::hidden("proposal", &waiting.proposal.to_string()),
            Field::hidden("digest", &waiting.digest),
            Field::hidden("verdict", word),
            Field::reason(),
        ];
        Form::new(frame, DECIDE, label, fields).named(&format!("{word}-{}-", waiting.proposal))
    };
    if table::may_send(DECIDE, &organiser.roles) {
        if waiting.maker == organiser.name {
            parts.push(Piece::Form(form("withdraw", "撤回").danger()));
        } else {
            parts.push(Piece::Form(form("approve", "批准，重启后生效")));
            parts.push(Piece::Form(form("reject", "驳回").danger()));
        }
    }
    let heading = format!("等另一人批准：更换{}", wording::secret(waiting.name));
    let lead = "填的人和批准的人不能是同一个；批准的人看不到值，请当面或电话核对指纹和来由。";
    Section::new(heading, lead, parts)
}

fn secrets_section(board: &Board) -> Section {
    let rows = board.slots.iter().map(|slot| {
        let (state, tone) = state(slot);
        vec![
            Cell::text(wording::secret(slot.slot.name)),
            Cell::chip(state, tone),
            Cell::text(slot.slot.in_use.as_deref().unwrap_or("无数据")),
            Cell::text(changed(slot)),
            Cell::text(if slot.slot.name.is_of_payment() {
                "两个人"
            } else {
                "安全管理员"
            }),
            Cell::text(slot.slot.name.key()),
        ]
    });
    let list = List::plain(
        "密钥",
        columns([
            ("密钥", Kind::Text),
            ("状态", Kind::Chip),
            ("在用的指纹", Kind::Text),
            ("最近更换", Kind::Text),
            ("谁能换", Kind::Text),
            ("文件由哪一项指定", Kind::Text),
        ]),
        rows.collect(),
        "演示和演练用的密钥是程序自带的，不在这里换。",
    );
    let lead = "指纹只用来核对是不是同一个值，推不出值。后台填的值加密存放，顶替当时文件里的那个值；以后文件再改，又以文件为准。";
    Section::new("密钥", lead, vec![Piece::List(list)])
}

fn state(slot: &Slot) -> (&'static str, &'static str) {
    match (&slot.slot.in_use, slot.wants_restart()) {
        (None, _) => ("没有设置", "bad"),
        (Some(_), true) => ("换过，等重启", "warn"),
        (Some(_), false) if slot.slot.is_given => ("后台填的，在用", "good"),
        (Some(_), false) => ("文件里的，在用", "good"),
    }
}

fn changed(slot: &Slot) -> String {
    match (&slot.kept, slot.slot.file_changed) {
        (Some(kept), _) if kept.counts => {
            let at = moment::minute(kept.at);
            format!("{at}，{} 在后台填的，指纹 {}", kept.by, kept.fingerprint)
        }
        (_, Some(at)) => format!("{}，文件", moment::date(at)),
        (_, None) => "无数据".to_owned(),
    }
}

fn give_section(
    frame: &Frame,
    board: &Board,
    refused: Option<(SecretName, (String, String))>,
) -> Section {
    let refused = refused.as_ref();
    let form = |label: &'static str, word: &str, is_long: bool| {
        let slots = board.slots.iter().map(|slot| slot.slot.name);
        let names = slots.filter(|name| name.is_pem() == is_long);
        let options: Vec<(String, String)> = names
            .map(|name| (name.name().to_owned(), wording::secret(name).to_owned()))
            .collect();
        let refused = refused.filter(|(name, _why)| name.is_pem() == is_long);
        let (kind, hint) = if is_long {
            (
                Input::Area,
                "以 -----BEGIN 开头的全部内容；证书和私钥放在一起的，一前一后贴进来。",
            )
        } else {
            (
                Input::Password,
                "AppSecret、APIv2 密钥、APIv3 密钥 32 位，Token 3 到 32 位，EncodingAESKey 43 位，都是字母和数字。",
            )
        };
        let chosen = refused.map_or("", |(name, _why)| name.name());
        let fields = vec![
            Field::new("name", label, Input::Choice(options.clone())).value(chosen),
            Field::new("value", "新的值", kind)
                .hint(hint)
                .autocomplete("new-password"),
            Field::reason(),
        ];
        let form = Form::new(frame, GIVE, "更换", fields).named(&format!("give-{word}-"));
        let form = form.problem(refused.map(|(_name, why)| why.clone()));
        (!options.is_empty()).then_some(Piece::Form(form))
    };
    let forms = [
        form("哪一个密钥", "short", false),
        form("哪一个证书或私钥", "pem", true),
    ];
    let lead = "填入要再验证一次本人；公众号的马上收下，支付用的要另一位安全管理员或省级管理员批准。换好以后逐台重启服务器，再按上面的按钮测试。";
    Section::new("更换密钥", lead, forms.into_iter().flatten().collect())
}

/// The terms that the program obeys.
fn rules(app: &App) -> Vec<(&'static str, String, &'static str)> {
    let season = &app.season;
    let rules = &season.rules;
    vec![
        ("赛季", season.name.clone(), ""),
        ("日程", season.edition().title().to_owned(), ""),
        (
            "每市总额、每日上限",
            format!("{} 元、{} 元", rules.pool(), rules.daily_cap()),
            "",
        ),
        (
            "每个红包",
            format!("{} 至 {} 元", rules.bounds().min(), rules.bounds().max()),
            "",
        ),
        ("付款方式", wording::rail(season.rail.name()).to_owned(), ""),
        ("商户号", app.wechat.merchant_id.as_str().to_owned(), ""),
        ("公众号", app.wechat.account_name.clone(), ""),
        (
            "AppID",
            app.wechat.official.app_id().as_str().to_owned(),
            "",
        ),
        (
            "回调地址",
            format!("{}/wechat/callback", app.public_url),
            "",
        ),
        (
            "支付通知地址",
            format!("{}{NOTIFICATION_PATH}", app.public_url),
            "",
        ),
        (
            "个人信息保留",
            format!(
                "最后一次封账满 {} 天后，由两人销毁密钥",
                custody::RETENTION.num_days()
            ),
            "",
        ),
    ]
}

/// Every value of the configuration that is no secret.
fn stated(app: &App) -> List {
    let rows = app.settings.stated.iter().map(|stated| {
        vec![
            Cell::text(stated.key.as_str()),
            Cell::text(stated.value.as_str()),
            Cell::text(wording::origin(stated.origin)),
        ]
    });
    List::plain(
        "配置",
        columns([("项", Kind::Text), ("值", Kind::Text), ("来自", Kind::Text)]),
        rows.collect(),
        "演示和演练没有配置文件，规则就是上面这些。",
    )
}

/// What is to be tried.
#[derive(Deserialize, Default)]
pub(super) struct Tried {
    #[serde(default)]
    part: String,
}

/// Tries one part, and shows what was found.
pub(super) async fn attempt(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Sent(tried): Sent<Tried>,
) -> Response {
    let Some(part) = Part::of_name(&tried.part) else {
        return error::answer(
            &app,
            Some(&organiser),
            false,
            Refused::SubjectUnknown.into(),
        );
    };
    match preflight::try_part(&app, part, &organiser.name).await {
        Ok(found) => {
            let extra = Extra {
                tried: Some((part, found)),
                refused: None,
            };
            shown(&app, &organiser, extra).await
        }
        Err(failed) => error::answer(&app, Some(&organiser), false, failed.into()),
    }
}

/// A secret as a form sends it.
#[derive(Deserialize)]
pub(super) struct Handed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    reason: String,
}

/// Takes a secret, which is not shown again whatever becomes of it.
pub(super) async fn give(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Sent(handed): Sent<Handed>,
) -> Response {
    let Some(name) = SecretName::of_name(&handed.name) else {
        return error::answer(
            &app,
            Some(&organiser),
            false,
            Refused::SubjectUnknown.into(),
        );
    };
    let value = Zeroizing::new(handed.value);
    match secrets::give(&app, name, value, &handed.reason, &organiser).await {
        Ok(_proposal) => Redirect::to(PAGE).into_response(),
        Err(Error::Refused(refused @ (Refused::SecretForm(_) | Refused::ReasonMissing))) => {
            let extra = Extra {
                tried: None,
                refused: Some((name, wording::refused(&refused))),
            };
            let page = shown(&app, &organiser, extra).await;
            error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
        }
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// A decision as a form sends it.
#[derive(Deserialize, Default)]
pub(super) struct Decided {
    #[serde(default)]
    proposal: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    reason: String,
}

/// Approves, rejects or takes back a secret that waits.
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Sent(decided): Sent<Decided>,
) -> Response {
    let Some(verdict) = Verdict::of_name(&decided.verdict) else {
        return error::answer(&app, Some(&organiser), false, Refused::NotWaiting.into());
    };
    // A number that is none belongs to no proposal.
    let number = decided.proposal.parse().unwrap_or_default();
    let word = (number, decided.digest.as_str(), decided.reason.as_str());
    match secrets::decide(&app, word, verdict, &organiser).await {
        Ok(()) => Redirect::to(PAGE).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}
