//! `/rules`: the rules in force, printed from the values that the program obeys.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};
use reward_core::{ClaimScope, Fen, ReferralPolicy, Release, RewardRules};

use super::{
    error::PageError,
    frame::{self, Frame},
    moment,
    session::Visitor,
    share::Profile,
};
use crate::{
    app::App,
    contest::{
        Error,
        publication::{self, CityRecord},
    },
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/rules", get(rules))
}

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage {
    frame: Frame,
    sentences: Vec<String>,
    edition: String,
    /// From when the rules are in force.
    since: String,
    /// What was published of the city that is open, or opens next.
    published: Option<CityRecord>,
    questions: Vec<(&'static str, String)>,
}

async fn rules(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, PageError> {
    let page = RulesPage {
        frame: Frame::of(&app, &visitor),
        sentences: sentences(&app),
        edition: app.season.edition().title().to_owned(),
        since: moment::minute(app.season.edition().season().start()),
        published: published(&app).await?,
        questions: questions(&app),
    };
    Ok(frame::rendered(&page, "private, max-age=30"))
}

/// What was published of the city that is open, or else of the one that opens next.
async fn published(app: &App) -> Result<Option<CityRecord>, Error> {
    let edition = app.season.edition();
    let round = edition.contest_at(app.now());
    let Some(round) = round.or_else(|| edition.next_opening(app.now())) else {
        return Ok(None);
    };
    publication::city(app, round.city().slug().as_str()).await
}

/// Yuan without needless decimals.
fn yuan(amount: Fen) -> String {
    let text = amount.to_string();
    text.strip_suffix(".00").unwrap_or(&text).to_owned()
}

fn sentences(app: &App) -> Vec<String> {
    let season = &app.season;
    let rules = &season.rules;
    let account = &app.wechat.account_name;
    let edition = season.edition();
    let rounds = edition.rounds();
    let window = season.edition().season();
    let mut all = vec![
        format!("关注微信公众号“{account}”的用户都可以参加，不收任何费用。"),
        format!(
            "全省 {} 个设区市依次举办，每市 {} 天，{}。各市当周 00:00 开赛，最后一天 24:00 结束。",
            rounds.len(),
            rules.days(),
            moment::days(window.start(), window.end())
        ),
        format!(
            "每次从题库随机抽 {} 道单选题；题库共 {} 题，其中省库 {} 题、本市题 {} 题。",
            season.n_questions(),
            season.bank_size.total().unwrap_or_default(),
            season.bank_size.province,
            season.bank_size.city
        ),
        format!(
            "不限时，不限次数。答对 {} 题及以上为通过，交卷后可看答案与解析。",
            season.pass_mark.right()
        ),
        scope(rules),
    ];
    if let Some(sentence) = referral(rules, account) {
        all.push(sentence);
    }
    all.extend(money(rules));
    all.push(format!(
        "红包由微信发到“{account}”对话里，{} 小时内点开有效，过期自动退回，不再补发。",
        season.channel.refund_after_seconds / 3_600
    ));
    let in_force = season.editions.in_force();
    if let Some(since) = in_force.since {
        all.push(format!(
            "赛程于 {} 调整，现行的是第 {} 版；已经开赛的城市不受影响。",
            moment::day(since),
            in_force.ordinal
        ));
    }
    all.push("同一机会、同一份答卷只发一个红包。发现刷奖的，暂停发放并人工核实。".to_owned());
    all
}

fn scope(rules: &RewardRules) -> String {
    match rules.claim_scope() {
        ClaimScope::Season => {
            "通过后可以拆一个红包。每人在整个活动中可拆 1 次，在哪座城市拆都可以。"
        }
        ClaimScope::City => "通过后可以拆一个红包。每人在每座城市可拆 1 次。",
    }
    .to_owned()
}

fn referral(rules: &RewardRules, account: &str) -> Option<String> {
    match rules.referral() {
        ReferralPolicy::Off => None,
        ReferralPolicy::OnePerNewFollower => Some(format!(
            "好友通过您的海报首次关注“{account}”，您增加 1 次拆红包的机会，在当周城市结束前有效；每次机会都需要再通过一次答题。已关注过的好友不计入。"
        )),
    }
}

fn money(rules: &RewardRules) -> Vec<String> {
    let bounds = rules.bounds();
    let mut all = vec![
        format!(
            "每市红包总额 {} 元，每天最多发放 {} 元、{} 个，发完为止，不透支、不挪用。",
            yuan(rules.pool()),
            yuan(rules.daily_cap()),
            rules.packets_per_day()
        ),
        format!(
            "每个红包最少 {} 元，最多 {} 元，金额随机；每市有一个 {} 元的红包。金额在开赛前全部抽定，与谁先谁后、是谁来拆无关。",
            yuan(bounds.min()),
            yuan(bounds.max()),
            yuan(rules.top_packet())
        ),
        release(rules.release()),
    ];
    if rules.residual() > Fen::ZERO {
        all.push(format!(
            "{} 天每天 {} 元，合计 {} 元；总额与它相差的 {} 元不发放，如实公布。",
            rules.days(),
            yuan(rules.daily_cap()),
            yuan(rules.spendable()),
            yuan(rules.residual())
        ));
    }
    all
}

fn release(release: Release) -> String {
    match release {
        Release::Immediate => "每天的红包从 00:00 起全部可以拆。".to_owned(),
        Release::Linear => "每天的红包从 00:00 到 24:00 匀速放出，白天晚上都有。".to_owned(),
        Release::Curve {
            head_permille,
            full_at_ms,
        } => {
            let minutes = full_at_ms / 60_000;
            let head = if head_permille.is_multiple_of(10) {
                format!("{}%", head_permille / 10)
            } else {
                format!("{}.{}%", head_permille / 10, head_permille % 10)
            };
            format!(
                "每天 00:00 先放出当天红包的 {head}，其余匀速放出，{:02}:{:02} 全部放完，照顾不同时间有空的人。",
                minutes / 60,
                minutes % 60
            )
        }
        _ => "每天的红包分批放出。".to_owned(),
    }
}

fn questions(app: &App) -> Vec<(&'static str, String)> {
    let account = &app.wechat.account_name;
    let pass = app.season.pass_mark.right();
    let hours = app.season.channel.refund_after_seconds / 3_600;
    let entry = |question: &'static str, answer: &str| (question, answer.to_owned());
    let sharing = entry(
        "分享了为什么没有增加机会？",
        "只计算通过您海报上的二维码、第一次关注的好友。以前关注过的不计入。",
    );
    let mut all = vec![
        entry(
            "答错了会扣机会吗？",
            "不会。想答几次就答几次，每次都是新抽的题。",
        ),
        ("答对多少题算通过？", format!("{pass} 题。不要求全对。")),
        entry(
            "有时间限制吗？",
            "没有。可以慢慢看，答案会存在手机里，断网也不丢。",
        ),
        (
            "红包发到哪里？",
            format!("发到您微信里“{account}”的对话，点开后存入零钱。"),
        ),
        (
            "红包没点开会怎样？",
            format!("{hours} 小时后自动退回，记录里会写“已退回”。"),
        ),
        entry(
            "“已获得”和“已到账”有什么不同？",
            "“已获得”是红包已经归您，正在发放；“已到账”是您已经点开，钱进了零钱。",
        ),
        entry(
            "今天的红包发完了怎么办？",
            "资格为您保留，到本市结束前都有效，第二天 00:00 起可以再拆。",
        ),
        entry(
            "我在外地可以参加吗？",
            "可以。每周哪座城市在竞赛，就答哪座城市的题。",
        ),
        entry(
            "金额是怎么定的？",
            "开赛前由程序一次抽定，密封保存，公布承诺值；结束后公布种子，谁都能核对。",
        ),
        entry(
            "答到一半要走开怎么办？",
            "答案存在您的手机里。回来点“开始答题”，可以接着答，也可以重新抽题。",
        ),
        entry(
            "会要我的手机号或密码吗？",
            "不会。任何向您要验证码、密码或付款的，都不是本活动。",
        ),
        (
            "有疑问找谁？",
            format!("在“{account}”里留言，写明时间和红包单号尾号。"),
        ),
    ];
    if Profile::of(&app.season).rewards_friends() {
        all.insert(all.len().saturating_sub(2), sharing);
    }
    all
}
