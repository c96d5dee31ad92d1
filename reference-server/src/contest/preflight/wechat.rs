//! What WeChat answers, and what our own address answers to whoever speaks as WeChat would.

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use schedule_core::CHINA_STANDARD_TIME;
use wechat_adapter::{Request, official::FetchAccessToken};

use super::{
    super::{
        Error, Failure, payout,
        platform_keys::{self, Renewed},
    },
    Check, PATIENCE, Verdict, about,
};
use crate::{app::App, rail::Rail};

/// How far our clock may be from WeChat's.
const SKEW_MAX: TimeDelta = TimeDelta::seconds(30);
/// A certificate that ends so soon is to be replaced first.
const ENDS_SOON: TimeDelta = TimeDelta::days(60);
/// Where WeChat's pushes come in.
const CALLBACK_PATH: &str = "/wechat/callback";

/// What can be tried by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the page has a button for each of them"
)]
pub enum Part {
    /// The account's credentials give a token.
    Token,
    /// The merchant's credentials are taken, and whose signatures are believed does not end soon.
    Payment,
    /// Our address knows a push of WeChat's from a forged one.
    Callback,
    /// Our address echoes what WeChat asks it to.
    Echo,
}

impl Part {
    /// Every part, in the order in which it is set up.
    pub const ALL: [Self; 4] = [Self::Token, Self::Payment, Self::Callback, Self::Echo];

    /// The stable word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Payment => "payment",
            Self::Callback => "callback",
            Self::Echo => "echo",
        }
    }

    /// The part of this word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// Tries one part now.
///
/// # Errors
/// Fails when the database does.
pub(super) async fn probe(app: &App, part: Part) -> Result<Vec<Check>, Error> {
    Ok(match part {
        Part::Token => account(app).await,
        Part::Payment => merchant(app).await?,
        Part::Callback => vec![callback(app).await],
        Part::Echo => vec![echo(app).await],
    })
}

pub(super) async fn checks(app: &App) -> Result<Vec<Check>, Error> {
    let (account, merchant, callback, echo) =
        tokio::join!(account(app), merchant(app), callback(app), echo(app));
    let mut checks = account;
    checks.extend(merchant?);
    checks.extend([callback, echo]);
    Ok(checks)
}

/// Sends one request and waits no longer than somebody at a page would.
async fn ask(app: &App, request: Request) -> Result<wechat_adapter::Response, String> {
    match tokio::time::timeout(PATIENCE, app.wechat.http.send(request)).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_elapsed) => Err(format!("{} 秒没有答复", PATIENCE.as_secs())),
    }
}

/// The Official Account's credentials, and our clock against WeChat's.
async fn account(app: &App) -> Vec<Check> {
    let token = about("wechat-token", "公众号令牌");
    let skew = about("clock-skew", "本机时钟与微信");
    let request = FetchAccessToken::new().request(&app.wechat.official);
    let answer = ask(app, request).await;
    let received = app.now();
    let response = match answer {
        Ok(response) => response,
        Err(problem) => {
            let next = "检查服务器能不能访问 api.weixin.qq.com，稍后再试。";
            return vec![
                token.found(Verdict::Fault, format!("没有取到：{problem}。"), next),
                skew.found(Verdict::Unknown, "微信没有答复，比不了。", next),
            ];
        }
    };
    let token = match FetchAccessToken::parse(&response) {
        Ok(_issued) => token.good("微信给出了令牌，AppID、AppSecret 和 IP 白名单都对。"),
        Err(error) => token.found(
            Verdict::Fault,
            format!("微信不给令牌：{error}。"),
            "在公众平台核对 AppID 和 AppSecret，并把服务器的出口 IP 加进白名单。",
        ),
    };
    let theirs = response
        .headers()
        .get(http::header::DATE)
        .and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok());
    let Some(theirs) = theirs else {
        let detail = "微信的答复里没有时间，比不了。";
        return vec![token, skew.found(Verdict::Unknown, detail, "稍后再试。")];
    };
    if app.wechat.is_simulated {
        let detail = "微信是模拟的，比赛的时钟也是，没有可比的。";
        let next = "用真实的微信启动后再看。";
        return vec![token, skew.found(Verdict::Unknown, detail, next)];
    }
    let ahead = received - theirs.with_timezone(&Utc);
    let detail = match ahead.num_seconds() {
        0 => "与微信的时间一致。".to_owned(),
        seconds if seconds > 0 => format!("比微信快 {seconds} 秒。"),
        seconds => format!("比微信慢 {} 秒。", seconds.unsigned_abs()),
    };
    let skew = if ahead.abs() > SKEW_MAX {
        let next = "启用 NTP 对时：签名里带时间，差得太多微信会拒绝。";
        skew.found(Verdict::Fault, detail, next)
    } else {
        skew.good(detail)
    };
    vec![token, skew]
}

/// The merchant's credentials on each rail it has: an order that never was must be unknown to WeChat.
async fn merchant(app: &App) -> Result<Vec<Check>, Error> {
    let keys = wechat_keys(app).await?;
    let mut checks = Vec::new();
    for rail in Rail::ALL {
        let wechat = &app.wechat;
        let (is_set_up, word) = match rail {
            Rail::RedPacket => (wechat.red_packets.is_some(), "现金红包"),
            Rail::Transfer => (wechat.pay_v3.is_some(), "商家转账"),
        };
        if !is_set_up {
            continue;
        }
        let in_use = if rail == app.season.rail {
            "（在用）"
        } else {
            ""
        };
        let about = about(
            format!("merchant.{}", rail.name()),
            format!("支付凭证：{word}{in_use}"),
        );
        checks.push(match credentials(app, rail).await {
            Ok(()) => {
                about.good("微信支付认得商户号、密钥和证书；问的是一张不存在的单，没有付款。")
            }
            Err(problem) => about.found(
                Verdict::Fault,
                format!("微信支付不认：{problem}。"),
                "在商户平台核对商户号、密钥、证书和产品权限；换密钥在“设置”里。",
            ),
        });
    }
    checks.extend(own_certificate(app));
    checks.extend(keys);
    Ok(checks)
}

async fn credentials(app: &App, rail: Rail) -> Result<(), String> {
    let question = payout::question_about_nothing(app, rail);
    let question = question.map_err(|error| error.to_string())?;
    match tokio::time::timeout(PATIENCE, app.wechat.pay_http.send(question)).await {
        Ok(Ok(response)) => payout::knows_nothing(app, rail, &response),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_elapsed) => Err(format!("{} 秒没有答复", PATIENCE.as_secs())),
    }
}

/// The day, and how many days are left until then.
fn until(ends: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let day = ends.with_timezone(&CHINA_STANDARD_TIME).date_naive();
    if ends <= now {
        format!("已于 {day} 到期。")
    } else {
        format!("{day} 到期，还有 {} 天。", (ends - now).num_days())
    }
}

fn ending(ends: DateTime<Utc>, now: DateTime<Utc>) -> Verdict {
    if ends <= now {
        Verdict::Fault
    } else if ends - now < ENDS_SOON {
        Verdict::Doubt
    } else {
        Verdict::Good
    }
}

/// Something by which WeChat and we believe each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its serial, or the identifier of a public key; nothing for the merchant's own certificate.
    pub serial: Option<String>,
    /// When it ends; a public key never does.
    pub ends: Option<DateTime<Utc>>,
    /// Whether it lasts.
    pub verdict: Verdict,
}

/// Every certificate and public key in use, without asking anybody.
#[must_use]
pub fn certificates(app: &App) -> Vec<Certificate> {
    let now = app.now();
    let of = |serial: Option<String>, ends: Option<DateTime<Utc>>| Certificate {
        serial,
        ends,
        verdict: ends.map_or(Verdict::Good, |ends| ending(ends, now)),
    };
    let own = app.settings.certificate_ends;
    let mut all: Vec<Certificate> = own.into_iter().map(|ends| of(None, Some(ends))).collect();
    if let Some(v3) = &app.wechat.pay_v3 {
        let ring = platform_keys::ring(app, v3);
        let keys = ring.serials();
        all.extend(keys.map(|(serial, ends)| of(Some(serial.to_owned()), ends)));
    }
    all
}

/// The merchant's own certificate, where red packets show one.
fn own_certificate(app: &App) -> Option<Check> {
    let ends = app.settings.certificate_ends?;
    let about = about("merchant-certificate", "商户 API 证书");
    let (verdict, now) = (ending(ends, app.now()), app.now());
    Some(match verdict {
        Verdict::Good => about.good(until(ends, now)),
        Verdict::Unknown | Verdict::Doubt | Verdict::Fault => about.found(
            verdict,
            until(ends, now),
            "在商户平台申请新的 API 证书，在“设置”里换上；到期以后发不出现金红包。",
        ),
    })
}

/// Until when WeChat's keys can be believed; a public key does not end.
async fn wechat_keys(app: &App) -> Result<Vec<Check>, Error> {
    let Some(v3) = &app.wechat.pay_v3 else {
        return Ok(Vec::new());
    };
    let mut checks = vec![downloads(app).await?];
    let (ring, now) = (platform_keys::ring(app, v3), app.now());
    let is_covered = ring
        .serials()
        .any(|(_serial, ends)| ends.is_none_or(|ends| ending(ends, now) == Verdict::Good));
    for (serial, ends) in ring.serials() {
        let name = format!("wechat-key.{serial}");
        checks.push(match ends {
            None => about(name, "微信支付公钥").good(format!("{serial}，不会到期。")),
            Some(ends) if ending(ends, now) == Verdict::Good => {
                about(name, "微信支付平台证书").good(format!("{serial}，{}", until(ends, now)))
            }
            Some(ends) if is_covered => about(name, "微信支付平台证书").good(format!(
                "{serial}，{}另外的还在，不影响。",
                until(ends, now)
            )),
            Some(ends) => about(name, "微信支付平台证书").found(
                ending(ends, now),
                format!("{serial}，{}", until(ends, now)),
                "平台证书会自动更新；一直没有换新的话，看上面“平台证书下载”一项。",
            ),
        });
    }
    if checks.len() == 1 {
        let about = about("wechat-key", "微信支付公钥");
        checks.push(about.found(
            Verdict::Fault,
            "一个也没有：微信支付的答复都没法相信，付不出款。",
            "配置 merchant.v3.public_key_id 和 public_key_file，或者等平台证书下载成功。",
        ));
    }
    Ok(checks)
}

/// Whether platform certificates come by themselves.
async fn downloads(app: &App) -> Result<Check, Error> {
    let about = about("platform-certificates", "平台证书下载");
    let last = async || {
        let outlook = platform_keys::outlook(app).await?;
        let last = outlook.and_then(|outlook| outlook.downloaded);
        let last = last.map(|last| last.with_timezone(&CHINA_STANDARD_TIME));
        Ok::<_, Error>(last.map_or_else(
            || "还没有下载成功过".to_owned(),
            |last| format!("上一次是 {}", last.format("%Y-%m-%d %H:%M")),
        ))
    };
    Ok(match platform_keys::keep_up(app).await? {
        Renewed::NotWanted => about.good("不需要：微信用公钥签名。"),
        Renewed::NotDue => about.good(format!("每天自动下载两次，{}。", last().await?)),
        Renewed::Downloaded { n_new } => about.good(format!("刚刚下载，新增 {n_new} 张。")),
        Renewed::Failed(problem) => about.found(
            Verdict::Fault,
            format!("下载不了：{problem}；{}。", last().await?),
            "核对商户号、商户证书序列号、私钥和 APIv3 密钥。",
        ),
    })
}

/// A nonce of our own.
fn nonce(app: &App) -> String {
    app.entropy.alphanumeric(16)
}

fn own_address(app: &App, query: &str) -> String {
    format!("{}{CALLBACK_PATH}?{query}", app.public_url)
}

/// Our own address is asked as the console of WeChat asks it, and has to say the same word back.
async fn echo(app: &App) -> Check {
    let about = about("callback-domain", "回调域名");
    let word = nonce(app);
    let query = app
        .wechat
        .callback
        .address_test(app.now().timestamp(), &nonce(app), &word);
    let request = http::Request::get(own_address(app, &query)).body(Vec::new());
    let answer = match request.map_err(|error| error.to_string()) {
        Ok(request) => ask(app, request).await,
        Err(problem) => Err(problem),
    };
    let (next, place) = (
        "检查域名解析、证书和反向代理，让外网和本机都能打开这个地址；在公众平台填同一个地址。",
        format!("{}{CALLBACK_PATH}", app.public_url),
    );
    match answer {
        Ok(response) if response.body() == word.as_bytes() => {
            about.good(format!("{place} 回显正确，可以填进公众平台。"))
        }
        Ok(response) => about.found(
            Verdict::Fault,
            format!(
                "{place} 有答复（状态 {}），但不是要回显的内容。",
                response.status().as_u16()
            ),
            next,
        ),
        // From inside, an address may be out of reach that WeChat can reach.
        Err(problem) => about.found(
            Verdict::Doubt,
            format!("从本机打不开 {place}：{problem}。"),
            next,
        ),
    }
}

/// Token, key and `AppID` fit together, and our own address refuses whoever cannot sign.
async fn callback(app: &App) -> Check {
    let about = about("callback-signature", "回调签名");
    let now = app.now();
    if let Err(problem) = app.wechat.callback.self_test(now, app.entropy.bytes()) {
        return about.found(
            Verdict::Fault,
            format!("Token、EncodingAESKey 和 AppID 对不上：{problem}。"),
            "在公众平台“基本配置”里核对三项，在“设置”里换上。",
        );
    }
    let forged = format!(
        "encrypt_type=aes&timestamp={}&nonce={}&msg_signature={}",
        now.timestamp(),
        nonce(app),
        "0".repeat(40)
    );
    let body = b"<xml><Encrypt>AAAA</Encrypt></xml>".to_vec();
    let request = http::Request::post(own_address(app, &forged)).body(body);
    let answer = match request.map_err(Failure::defect) {
        Ok(request) => ask(app, request).await,
        Err(problem) => Err(problem.to_string()),
    };
    let own = "自己加密签名的推送能认出来";
    match answer {
        Ok(response) if response.status() == StatusCode::FORBIDDEN => {
            about.good(format!("{own}，冒充微信的推送被拒绝（403）。"))
        }
        Ok(response) => about.found(
            Verdict::Fault,
            format!(
                "{own}；但冒充微信的推送没有被本服务器拒绝（状态 {}）。",
                response.status().as_u16()
            ),
            "检查反向代理是不是把 /wechat/callback 转给了别的服务。",
        ),
        Err(problem) => about.found(
            Verdict::Doubt,
            format!("{own}；从本机打不开回调地址：{problem}。"),
            "检查域名解析和反向代理，让本机也能打开对外网址。",
        ),
    }
}
