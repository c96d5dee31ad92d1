//! What the database holds: banks, accounts, the clock that decides, the books, the money.

use std::{cell::LazyCell, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use quiz_core::{QuestionBank, lint::GuessFloor};
use schedule_core::CHINA_STANDARD_TIME;

use super::{
    super::{
        Error, audit,
        bank::submission,
        merchant_balance,
        organiser::{
            self, Role,
            roster::{self, AccountState},
        },
        planning,
        safekeeping::{self, Event},
        sealed, season,
    },
    Check, Depth, Verdict, about,
};
use crate::{
    app::App,
    store::{books as duties, season as rows},
};

/// A guesser who passes more often than one time in ten makes the pass mark a lottery.
const GUESS_FLOOR_MAX_MILLIONTHS: u32 = 100_000;
/// A bank that is missing so shortly before its city opens stands against it.
const BANK_DUE: TimeDelta = TimeDelta::days(7);
/// A recount that is older was not made last night.
const RECOUNT_AGE: TimeDelta = TimeDelta::hours(30);

pub(super) async fn checks(app: &App, depth: Depth) -> Result<Vec<Check>, Error> {
    let mut checks = banks(app).await?;
    checks.push(accounts(app).await?);
    checks.push(clock(app).await?);
    checks.push(match depth {
        Depth::Recount => recounted(app).await?,
        Depth::Nightly => nightly(app).await?,
    });
    checks.push(balance(app).await?);
    checks.push(backup(app).await?);
    Ok(checks)
}

/// The time of day in Shanghai.
fn told(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&CHINA_STANDARD_TIME);
    local.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Each city's bank, and how far somebody gets who only guesses, in the city where that is farthest.
async fn banks(app: &App) -> Result<Vec<Check>, Error> {
    let planned = app
        .store
        .read(|read| Ok::<_, Error>(rows::cities(read)?))
        .await?;
    let province = LazyCell::new(|| planning::province_questions(app));
    let now = app.now();
    let mut checks = Vec::new();
    let mut farthest: Option<(u32, String)> = None;
    let mut unguessable = None;
    for round in app.season.edition().rounds() {
        let slug = round.city().slug().as_str();
        let city = app.season.city_name(slug);
        let about = about(format!("bank.{slug}"), format!("题库：{city}"));
        let bank = match planned.iter().find(|city| city.city == slug) {
            Some(city) => sealed::bank(app, &city.bank)
                .await
                .map(|bank| (bank, "已冻结"))
                .map_err(|error| error.to_string()),
            None => match submission::approved_bank(app, slug).await? {
                Some(bank) => Ok((bank, "已批准，还没有封存")),
                None => planning::filed_bank(app, slug, &province)
                    .map(|bank| (Arc::new(bank), "齐了，还没有冻结")),
            },
        };
        let opens = round.window().start();
        let next = "请该市交齐题库（省 50 题、市 50 题）并审核。";
        checks.push(match bank {
            Err(problem) if round.window().end() <= now => about.found(
                Verdict::Doubt,
                format!("这一站已经结束，没有题库：{problem}"),
                "",
            ),
            Err(problem) => {
                let verdict = if opens - now <= BANK_DUE {
                    Verdict::Fault
                } else {
                    Verdict::Doubt
                };
                let detail = format!("{} 开赛，题库还不能用：{problem}", told(opens));
                about.found(verdict, detail, next)
            }
            Ok((bank, state)) => {
                match guess_floor(app, &bank) {
                    Ok(floor) if farthest.as_ref().is_none_or(|(most, _)| *most < floor) => {
                        farthest = Some((floor, city));
                    }
                    Ok(_) => {}
                    Err(problem) => unguessable = Some((city, problem)),
                }
                about.good(format!("{state}，{} 题。", bank.len()))
            }
        });
    }
    checks.push(guessing(farthest, unguessable));
    Ok(checks)
}

/// How often whoever only guesses passes, in millionths.
fn guess_floor(app: &App, bank: &QuestionBank) -> Result<u32, String> {
    GuessFloor::of(bank, app.season.draw, app.season.pass_mark)
        .map(|floor| floor.millionths())
        .map_err(|error| error.to_string())
}

fn guessing(farthest: Option<(u32, String)>, unguessable: Option<(String, String)>) -> Check {
    let about = about("guess-floor", "乱猜的通过率");
    if let Some((city, problem)) = unguessable {
        return about.found(
            Verdict::Fault,
            format!("{city}的题库抽不出题：{problem}"),
            "请核对该市题库的题数和抽题规则。",
        );
    }
    let Some((millionths, city)) = farthest else {
        return about.found(
            Verdict::Unknown,
            "还没有一个城市的题库可以算。",
            "交齐题库后再看。",
        );
    };
    let detail = format!(
        "全靠猜也能通过的，最高是{city}：{}.{:02}%。",
        millionths / 10_000,
        millionths % 10_000 / 100
    );
    if millionths > GUESS_FLOOR_MAX_MILLIONTHS {
        let next = "请该市减少判断题，增加四个选项的题。";
        return about.found(Verdict::Doubt, detail, next);
    }
    about.good(detail)
}

/// Whether what takes two persons finds them.
async fn accounts(app: &App) -> Result<Check, Error> {
    let about = about("accounts", "两人制的账号");
    let accounts = match roster::accounts(app).await {
        Ok(accounts) => accounts,
        Err(organiser::Error::Failed(failure)) => return Err(failure.into()),
        Err(organiser::Error::Refused(refused)) => {
            return Ok(about.found(Verdict::Unknown, refused.code(), ""));
        }
    };
    let has = |role: Role| {
        accounts
            .iter()
            .any(|account| account.state == AccountState::Active && account.roles.has_any(&[role]))
    };
    let missing: Vec<&str> = [
        (Role::ProvinceAdmin, "省级管理员"),
        (Role::ContentApprover, "内容审核人"),
        (Role::FinanceOperator, "财务经办"),
        (Role::FinanceApprover, "财务复核"),
        (Role::SecurityAdmin, "安全管理员"),
    ]
    .into_iter()
    .filter_map(|(role, word)| (!has(role)).then_some(word))
    .collect();
    if missing.is_empty() {
        return Ok(about.good("五种角色都有人，提出和批准不会是同一个人。"));
    }
    Ok(about.found(
        Verdict::Doubt,
        format!("还没有人能用的角色：{}。", missing.join("、")),
        "请安全管理员在“账号”里新建，本人用链接设好密码和验证器。",
    ))
}

/// Our clock against the one that decides, and against the instants already decided.
async fn clock(app: &App) -> Result<Check, Error> {
    let about = about("clock", "本机时钟与数据库");
    let latest = app
        .store
        .read(|read| Ok::<_, Error>(rows::latest_decision_ms(read)?))
        .await?;
    let now = app.now();
    let next = "在这台机器上启用 NTP 对时；差得太多时本机不会发红包。";
    if let Some(by) = season::clock_far_off(app).await? {
        let detail = format!(
            "数据库的时钟比本机快 {} 毫秒，本机什么也决定不了。",
            by.num_milliseconds()
        );
        return Ok(about.found(Verdict::Fault, detail, next));
    }
    Ok(match latest.map(season::instant) {
        Some(latest) if latest > now => about.found(
            Verdict::Fault,
            format!(
                "现在是 {}，可是 {} 已经发过红包：时钟倒退了。",
                told(now),
                told(latest)
            ),
            next,
        ),
        _ => about.good(format!("{}，与数据库一致。", told(now))),
    })
}

async fn recounted(app: &App) -> Result<Check, Error> {
    let about = about("books", "全库复算");
    let violations = audit::violations(app, None).await?;
    Ok(match violations.first() {
        None => about.good("刚刚从每一行重新算过，全部相符。"),
        Some(first) => {
            let n = violations.len();
            let detail = format!("{n} 处不符，第一处：{}：{}", first.invariant, first.detail);
            about.found(Verdict::Fault, detail, RECOUNT_NEXT)
        }
    })
}

const RECOUNT_NEXT: &str = "停止发放，请技术人员执行 reference-server audit 看全部条目。";

/// What the night's recount came to: a page does not count a season again.
async fn nightly(app: &App) -> Result<Check, Error> {
    let about = about("books", "全库复算");
    let latest = app
        .store
        .read(|read| Ok::<_, Error>(duties::latest_duty(read, "audit")?))
        .await?;
    let Some(latest) = latest else {
        return Ok(about.found(
            Verdict::Unknown,
            "还没有做过夜间复算。",
            "开赛前执行一次 reference-server preflight，它会当场复算。",
        ));
    };
    let done = season::instant(latest.done_ms);
    if latest.n_findings > 0 {
        let detail = format!("{} 的复算有 {} 处不符。", told(done), latest.n_findings);
        return Ok(about.found(Verdict::Fault, detail, RECOUNT_NEXT));
    }
    if app.now() - done > RECOUNT_AGE {
        return Ok(about.found(
            Verdict::Doubt,
            format!("上一次复算是 {}，昨夜没有做。", told(done)),
            "请技术人员看服务器的后台任务是否在运行。",
        ));
    }
    Ok(about.good(format!("{} 从每一行重新算过，全部相符。", told(done))))
}

/// Whether last night's backup would save the contest.
async fn backup(app: &App) -> Result<Check, Error> {
    let about = about("backup", "备份与恢复演练");
    let now = app.wall.now();
    let is_old = |at: DateTime<Utc>| now - at > RECOUNT_AGE;
    let next = "请技术人员按运维手册“Backups”一节安排每夜的备份和演练。";
    let Some(taken) = safekeeping::last(app, Event::Taken).await? else {
        return Ok(about.found(Verdict::Doubt, "还没有做过备份。", next));
    };
    let Some(drilled) = safekeeping::last(app, Event::Drilled).await? else {
        let detail = format!("最近的备份是 {}，还没有演练过恢复。", told(taken.of));
        return Ok(about.found(Verdict::Doubt, detail, next));
    };
    let detail = format!(
        "最近的备份是 {}；{} 演练恢复，用时 {} 秒，{} 处不符。",
        told(taken.of),
        told(drilled.at),
        drilled.took.num_seconds(),
        drilled.n_findings
    );
    Ok(if drilled.n_findings > 0 {
        let next = "请技术人员执行 reference-server drill 看全部条目，并重新备份。";
        about.found(Verdict::Fault, detail, next)
    } else if is_old(taken.of) || is_old(drilled.at) {
        about.found(Verdict::Doubt, format!("{detail}昨夜没有做。"), next)
    } else {
        about.good(detail)
    })
}

async fn balance(app: &App) -> Result<Check, Error> {
    let about = about("merchant-balance", "商户号余额");
    let (balance, needed_fen) = merchant_balance::before_opening(app).await?;
    let needed = merchant_balance::yuan(needed_fen);
    let Some((last, left_fen)) = balance.last.zip(balance.left_fen()) else {
        return Ok(about.found(
            Verdict::Unknown,
            format!("还没有收入过有流水的资金账单，余额不知道；最近要备 {needed} 元。"),
            "请财务在商户平台看余额，并在“对账”里上传最近一天的资金账单。",
        ));
    };
    let left = merchant_balance::yuan(left_fen);
    let basis = format!(
        "按 {} 的资金账单，减去之后发出的，还有 {left} 元；最近要备 {needed} 元。",
        merchant_balance::day(last.day)
    );
    if left_fen < needed_fen {
        let next = "请财务充值；账单之后充的钱要等下一份账单才算进来。";
        return Ok(about.found(Verdict::Fault, basis, next));
    }
    Ok(about.good(basis))
}
