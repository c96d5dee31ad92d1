//! What was configured, looked at without asking anybody.

use std::{fs, path::Path};

use chrono::{Days, NaiveDate};
use reward_core::{Fen, ReferralPolicy};

use super::{Check, Verdict, about};
use crate::{app::App, rail::Rail};

/// The least packet of the published rule.
const LEAST_PACKET: Fen = Fen::new(10);
/// How old WeChat Pay wants a merchant number to be before it pays people.
const MERCHANT_AGE: Days = Days::new(90);
/// A page shorter than this says nothing of the city.
const PAGE_CHARACTERS: usize = 50;

pub(super) fn checks(app: &App) -> Vec<Check> {
    let mut checks = vec![
        test_flags(app),
        address(app),
        least_packet(app),
        referral(app),
        quiet_hours(app),
        disclosure(app),
        merchant_age(app),
    ];
    checks.extend(app.settings.private_files.iter().map(|path| private(path)));
    checks
}

fn test_flags(app: &App) -> Check {
    let about = about("test-flags", "测试开关");
    if app.wechat.is_simulated {
        return about.found(
            Verdict::Fault,
            "微信是模拟的，谁也收不到钱。",
            "去掉配置里的 trial，用真实的公众号和商户号启动 serve。",
        );
    }
    about.good("都关着：微信是真实的，没有模拟器。")
}

fn address(app: &App) -> Check {
    let about = about("public-address", "对外网址");
    let url = &app.public_url;
    if !url.starts_with("https://") {
        return about.found(
            Verdict::Fault,
            format!("{url} 不是 https：微信不接受，登录状态也得不到保护。"),
            "申请证书，把 public_url 改成 https 开头的域名。",
        );
    }
    let host = url.trim_start_matches("https://");
    let is_domain = host.contains('.') && host.chars().any(|letter| letter.is_ascii_alphabetic());
    if !is_domain || host.contains(['/', ':']) {
        return about.found(
            Verdict::Fault,
            format!("{url} 不是单独的域名：网页授权和安全域名只认域名。"),
            "把 public_url 改成“https://域名”，并在公众平台填同一个域名。",
        );
    }
    about.good(format!(
        "{url}；公众平台的网页授权域名和 JS 安全域名要填 {host}。"
    ))
}

fn least_packet(app: &App) -> Check {
    let about = about("least-packet", "最小红包");
    let (least, floor) = (app.season.rules.bounds().min(), app.season.channel.floor);
    if least > LEAST_PACKET {
        let why = if floor > LEAST_PACKET {
            format!("通道最低只能发 {floor} 元")
        } else {
            "规则里的下限就是这么多".to_owned()
        };
        return about.found(
            Verdict::Doubt,
            format!("每个红包至少 {least} 元（{why}），而公布的规则是 {LEAST_PACKET} 元。"),
            "在商户平台开通场景并填 merchant.red_packet.scene_id，或者把实际的下限写进活动规则。",
        );
    }
    about.good(format!("{least} 元；通道最低可以发 {floor} 元。"))
}

fn referral(app: &App) -> Check {
    let about = about("referral", "邀请机会与平台规则");
    match app.season.rules.referral() {
        ReferralPolicy::Off => about.good("关着：分享没有任何奖励。"),
        ReferralPolicy::OnePerNewFollower => about.found(
            Verdict::Doubt,
            "开着（按活动方案）：微信禁止以奖励诱导分享和关注，公众号可能被限制。",
            "与平台运营确认；要关掉就在配置里写 season.strict = true，规则页会一起改。",
        ),
    }
}

fn quiet_hours(app: &App) -> Check {
    let about = about("quiet-hours", "夜间发放");
    let opens = "各市 00:00 开赛，夜里就有人拆红包";
    if app.season.channel.quiet_hours.is_some() {
        return about.found(
            Verdict::Doubt,
            format!("通道夜间不付款；{opens}，要到早上才发出。"),
            "请微信支付放开夜间时段；不放开也不会丢，红包页会写明几点发出。",
        );
    }
    match app.season.rail {
        Rail::RedPacket => about.found(
            Verdict::Unknown,
            format!(
                "{opens}；微信支付可能默认在 00:00—08:00 不发现金红包，这里看不到商户号的设置。"
            ),
            "请微信支付确认本商户号夜间可以发现金红包；没有放开时红包会推迟发出，不会丢。",
        ),
        Rail::Transfer => about.good(format!("商家转账没有夜间限制；{opens}。")),
    }
}

/// Whether everything that people are told is the offices' own: the rules page is made from the rules in force.
fn disclosure(app: &App) -> Check {
    let about = about("disclosure", "公示文字");
    let edition = app.season.edition();
    let rounds = edition.rounds().iter();
    let unready: Vec<String> = rounds
        .map(|round| round.city().slug().as_str())
        .filter_map(|slug| {
            let name = app.season.city_name(slug);
            match app.content.city(slug) {
                None => Some(format!("{name}没有页面")),
                Some(city) if city.sample => Some(format!("{name}还是示例")),
                Some(city) if city.page_markdown.chars().count() < PAGE_CHARACTERS => {
                    Some(format!("{name}的页面太短"))
                }
                Some(_) => None,
            }
        })
        .collect();
    if unready.is_empty() {
        return about.good("各市页面都是自己的；规则页由执行的数值生成，红包总额、每日上限、最小和最大金额、时间、资格都在上面。");
    }
    about.found(
        Verdict::Doubt,
        format!(
            "规则页由执行的数值生成，没有缺项；城市页面还不齐：{}。",
            unready.join("、")
        ),
        "请各市在“城市页面”里写好并送审，或放进内容文件夹。",
    )
}

fn merchant_age(app: &App) -> Check {
    let about = about("merchant-age", "商户号开通时间");
    let Some(opened) = app.settings.merchant_opened else {
        return about.found(
            Verdict::Unknown,
            "配置里没有写商户号是哪天开通的；微信支付要求开通满 90 天、连续 30 天有交易才能发红包。",
            "在商户平台查开通日期，写进 merchant.opened_on，例如 2019-06-01。",
        );
    };
    let edition = app.season.edition();
    let first = edition.next_opening(app.now());
    let needed = first.map_or(app.now(), |round| round.window().start());
    let needed: NaiveDate = needed
        .with_timezone(&schedule_core::CHINA_STANDARD_TIME)
        .date_naive();
    match opened.checked_add_days(MERCHANT_AGE) {
        Some(ripe) if ripe <= needed => about.good(format!(
            "{opened} 开通，到下一站开赛已满 90 天；是否连续 30 天有交易请在商户平台看。"
        )),
        _ => about.found(
            Verdict::Fault,
            format!("{opened} 开通，到 {needed} 还不满 90 天，微信支付不会发红包。"),
            "换一个开通满 90 天的商户号，或者请微信支付提前放开。",
        ),
    }
}

/// Whether a file can be read by its owner only.
#[cfg(unix)]
fn private(path: &Path) -> Check {
    use std::os::unix::fs::PermissionsExt as _;
    let about = about_file(path);
    let next = "以服务器的用户执行 chmod 0400。";
    match fs::metadata(path) {
        Err(error) => about.found(
            Verdict::Fault,
            format!("读不到：{error}。"),
            "检查配置里写的路径，以及服务器的用户能不能读。",
        ),
        Ok(file) => {
            let mode = file.permissions().mode() & 0o777;
            if mode & 0o077 == 0 {
                about.good(format!("权限 {mode:04o}，只有所有者能读。"))
            } else {
                let detail = format!("权限 {mode:04o}，别的用户也能读。");
                about.found(Verdict::Doubt, detail, next)
            }
        }
    }
}

/// Whether a file is there; who may read it cannot be told on this system.
#[cfg(not(unix))]
fn private(path: &Path) -> Check {
    let about = about_file(path);
    match fs::metadata(path) {
        Err(error) => about.found(
            Verdict::Fault,
            format!("读不到：{error}。"),
            "检查配置里写的路径。",
        ),
        Ok(_file) => about.found(
            Verdict::Unknown,
            "在这个系统上看不出谁能读它。",
            "请在系统里确认只有服务器的用户能读。",
        ),
    }
}

fn about_file(path: &Path) -> super::About {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy();
    about(format!("file.{name}"), format!("密钥文件 {name}"))
}
