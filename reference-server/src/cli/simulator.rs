//! `simulator`: the simulated WeChat as a server of its own, for programs in any language.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use chrono::{DateTime, FixedOffset, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use wechat_adapter::{
    WeChatHttp,
    simulator::{
        ChannelLimits, FaultRule, NewPerson, PushBody, PushMode, SimulatorConfig, TransferSetup,
    },
};

use crate::{
    cli::{
        serve::{Signals, serving},
        trial_files::{TrialFile, trial_files},
    },
    clock::{Clock as _, SimulatedClock, SystemClock},
    config::LogFormat,
    journal::JournaledSimulator,
    rail::Rail,
    web::{self, SimulatedWeChat},
};

/// Where pushes would go if there were an address; nothing is ever sent there.
const NO_CALLBACK: &str = "http://127.0.0.1/no-callback";

#[derive(Debug, clap::Args)]
pub(super) struct SimulatorArguments {
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Listen where other machines reach it; its keys are public.
    #[arg(long)]
    open: bool,
    /// The address that clients and browsers use, when it is not the one listened on.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Where pushes of the Official Account go; without it nobody is told anything.
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
    /// How pushes are encrypted.
    #[arg(long, value_enum, default_value = "plain")]
    mode: Mode,
    /// The notation of pushes.
    #[arg(long, value_enum, default_value = "xml")]
    body: Body,
    /// A trial of `serve` at this address: pushes go there as `serve` takes them, signatures go by
    /// the simulation's clock, and contest.toml is written for it.
    #[arg(long, value_name = "URL", conflicts_with_all = ["callback", "mode", "body"])]
    trial: Option<String>,
    /// How the trial pays: red packets lie in the dialogue, transfers are confirmed on the packet's page.
    #[arg(long, value_enum, default_value = "red-packet", requires = "trial")]
    rail: Rail,
    /// A TOML file with other identifiers, secrets, limits, people and faults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder for keys, certificates and a list of all settings.
    #[arg(long, value_name = "DIR", default_value = "simulated-wechat")]
    out: PathBuf,
    /// The instant the clock starts from; the present unless stated.
    #[arg(long, value_name = "RFC3339")]
    now: Option<DateTime<FixedOffset>>,
    /// The clock stands still and moves only when it is told to.
    #[arg(long)]
    standing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    Plain,
    Compatible,
    Encrypted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Body {
    Xml,
    Json,
}

impl SimulatorArguments {
    /// Where pushes go.
    fn callback(&self) -> Option<String> {
        match &self.trial {
            Some(url) => Some(format!("{}/wechat/callback", url.trim_end_matches('/'))),
            None => self.callback.clone(),
        }
    }

    fn push_mode(&self) -> PushMode {
        match (&self.trial, self.mode) {
            (Some(_), _) | (None, Mode::Encrypted) => PushMode::Encrypted,
            (None, Mode::Plain) => PushMode::Plain,
            (None, Mode::Compatible) => PushMode::Compatible,
        }
    }
}

/// What the file of `--config` may say; everything else is that of a rehearsal.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    app_id: Option<String>,
    app_secret: Option<String>,
    callback_token: Option<String>,
    encoding_aes_key: Option<String>,
    web_auth_domain: Option<String>,
    merchant_id: Option<String>,
    merchant_key: Option<String>,
    balance_fen: Option<u64>,
    channel: Option<ChannelLimits>,
    transfers: TransferSettings,
    /// Decides every generated identifier and every fault drawn by chance.
    seed: Option<u64>,
    people: Vec<NewPerson>,
    faults: Vec<FaultRule>,
}

/// What is said of version 3.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TransferSettings {
    api_key: Option<String>,
    /// The merchant's own public key, in PEM; its serial must be given too.
    merchant_public_key_file: Option<PathBuf>,
    merchant_serial: Option<String>,
    signs_by_certificate: Option<bool>,
    min_fen: Option<u64>,
    max_fen: Option<u64>,
}

pub(super) fn run(arguments: &SimulatorArguments) -> anyhow::Result<ExitCode> {
    super::log("warn", LogFormat::Text);
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(simulate(arguments))?;
    Ok(ExitCode::SUCCESS)
}

async fn simulate(arguments: &SimulatorArguments) -> anyhow::Result<()> {
    if !arguments.open && !arguments.listen.ip().is_loopback() {
        anyhow::bail!(
            "{} can be reached from other machines and the keys of a simulation are public; \
             listen on 127.0.0.1, or add --open",
            arguments.listen
        );
    }
    let settings = read_settings(arguments.config.as_deref())?;
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .with_context(|| {
            format!(
                "cannot listen on {}; another program may be using it, try --listen 127.0.0.1:0",
                arguments.listen
            )
        })?;
    let base = match &arguments.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => super::demo::local_url(listener.local_addr()?),
    };
    let setup = transfers_of(&settings.transfers)?;
    let config = config_of(arguments, &settings, setup.clone(), &base);
    let list = settings_list(&config, &setup, &base, arguments);
    let simulator = JournaledSimulator::forgetful(config.clone())?;
    let wall = SystemClock::new();
    let start = arguments
        .now
        .map_or_else(|| wall.now(), |now| now.with_timezone(&Utc));
    let clock = if arguments.standing {
        SimulatedClock::standing_at(start)
    } else {
        SimulatedClock::running_from(start)
    };
    for person in settings.people {
        simulator.create_person(person, start)?;
    }
    simulator.set_faults(settings.faults);
    let contest = match &arguments.trial {
        Some(_) => trial_files(&config, arguments.rail)?,
        None => Vec::new(),
    };
    let files = write_files(&arguments.out, &setup, &list, &contest)?;
    let host = SimulatedWeChat::alone(
        simulator,
        clock,
        match &arguments.trial {
            Some(_) => None,
            None => Some(Arc::new(wall)),
        },
        Arc::new(WeChatHttp::new()?),
        arguments.callback().is_some(),
        base,
    );
    let signals = Signals::listen()?;
    welcome(&list, &files, start, arguments)?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let delivering = tokio::spawn(web::keep_delivering(host.clone(), stopped));
    let leave = std::future::ready(());
    let router = web::simulator_router(host);
    serving(router, listener, signals, &stop, leave).await?;
    stop.send_replace(true);
    delivering.await?;
    Ok(())
}

fn read_settings(path: Option<&Path>) -> anyhow::Result<Settings> {
    let Some(path) = path else {
        return Ok(Settings::default());
    };
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut settings: Settings =
        toml::from_str(&text).with_context(|| path.display().to_string())?;
    if let Some(key) = &mut settings.transfers.merchant_public_key_file {
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        *key = folder.join(&*key);
    }
    Ok(settings)
}

fn config_of(
    arguments: &SimulatorArguments,
    settings: &Settings,
    setup: TransferSetup,
    base: &str,
) -> SimulatorConfig {
    let callback = arguments.callback();
    let usual = SimulatorConfig::rehearsal(base, callback.as_deref().unwrap_or(NO_CALLBACK));
    let or = |given: &Option<String>, usual: String| given.clone().unwrap_or(usual);
    let push_body = match arguments.body {
        Body::Xml => PushBody::Xml,
        Body::Json => PushBody::Json,
    };
    let aes_key = or(
        &settings.encoding_aes_key,
        SimulatorConfig::REHEARSAL_AES_KEY.to_owned(),
    );
    SimulatorConfig {
        app_id: or(&settings.app_id, usual.app_id),
        app_secret: or(&settings.app_secret, usual.app_secret),
        callback_token: or(&settings.callback_token, usual.callback_token),
        encoding_aes_key: Some(aes_key),
        push_mode: arguments.push_mode(),
        push_body,
        callback_url: usual.callback_url,
        merchant_id: or(&settings.merchant_id, usual.merchant_id),
        merchant_key: or(&settings.merchant_key, usual.merchant_key),
        // Clients find every path where WeChat has it.
        path_prefix: String::new(),
        public_base: usual.public_base,
        web_auth_domain: settings.web_auth_domain.clone(),
        balance_fen: settings.balance_fen.unwrap_or(usual.balance_fen),
        channel: settings.channel.clone().unwrap_or(usual.channel),
        transfers: Some(setup),
        seed: settings.seed.unwrap_or(usual.seed),
    }
}

fn transfers_of(settings: &TransferSettings) -> anyhow::Result<TransferSetup> {
    let usual = TransferSetup::rehearsal();
    let (merchant_public_key, merchant_serial) = match (
        &settings.merchant_public_key_file,
        &settings.merchant_serial,
    ) {
        (None, None) => (usual.merchant_public_key, usual.merchant_serial),
        (Some(path), Some(serial)) => {
            let key = fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            (key, serial.clone())
        }
        _ => anyhow::bail!(
            "transfers.merchant_public_key_file and transfers.merchant_serial go together"
        ),
    };
    Ok(TransferSetup {
        api_key: settings.api_key.clone().unwrap_or(usual.api_key),
        merchant_serial,
        merchant_public_key,
        signs_by_certificate: settings
            .signs_by_certificate
            .unwrap_or(usual.signs_by_certificate),
        min_fen: settings.min_fen.unwrap_or(usual.min_fen),
        max_fen: settings.max_fen.unwrap_or(usual.max_fen),
        ..usual
    })
}

/// What was written for clients, each with what it is.
type Files = Vec<(&'static str, PathBuf)>;

/// Writes what clients read from files: keys, certificates, and every setting as JSON.
fn write_files(
    folder: &Path,
    setup: &TransferSetup,
    list: &Value,
    contest: &[TrialFile],
) -> anyhow::Result<Files> {
    let list = serde_json::to_string_pretty(list)?;
    let mut contents = vec![
        (
            "WeChat Pay's public key",
            "pub_key.pem",
            TransferSetup::REHEARSAL_WECHAT_PUBLIC_KEY,
        ),
        (
            "WeChat Pay's certificate",
            "wechatpay_cert.pem",
            setup.certificate.pem.as_str(),
        ),
        ("all settings, as JSON", "settings.json", list.as_str()),
    ];
    if setup.merchant_public_key == TransferSetup::rehearsal().merchant_public_key {
        contents.push((
            "the merchant's private key",
            "apiclient_key.pem",
            TransferSetup::REHEARSAL_MERCHANT_KEY,
        ));
        contents.push((
            "the merchant's certificate",
            "apiclient_cert.pem",
            TransferSetup::REHEARSAL_MERCHANT_CERTIFICATE,
        ));
    }
    contents.extend(
        contest
            .iter()
            .map(|file| (file.what, file.name, file.content.as_str())),
    );
    contents
        .into_iter()
        .map(|(what, name, content)| {
            let path = folder.join(name);
            let within = path.parent().unwrap_or(folder);
            fs::create_dir_all(within)
                .with_context(|| format!("cannot make {}", within.display()))?;
            fs::write(&path, content)
                .with_context(|| format!("cannot write {}", path.display()))?;
            Ok((what, path))
        })
        .collect()
}

fn settings_list(
    config: &SimulatorConfig,
    setup: &TransferSetup,
    base: &str,
    arguments: &SimulatorArguments,
) -> Value {
    json!({
        "base": base,
        "control": format!("{base}/simulator/api"),
        "app_id": config.app_id,
        "app_secret": config.app_secret,
        "callback_token": config.callback_token,
        "encoding_aes_key": config.encoding_aes_key,
        "callback": arguments.callback(),
        "push_mode": config.push_mode,
        "push_body": config.push_body,
        "merchant_id": config.merchant_id,
        "merchant_key": config.merchant_key,
        "api_v3_key": setup.api_key,
        "merchant_serial": setup.merchant_serial,
        "wechat_public_key_id": setup.wechat_public_key_id,
        "platform_serial": setup.certificate.serial,
    })
}

/// Says what a stranger needs to point a client here.
fn welcome(
    list: &Value,
    files: &Files,
    start: DateTime<Utc>,
    arguments: &SimulatorArguments,
) -> anyhow::Result<()> {
    let text = |name: &str| list.get(name).and_then(Value::as_str).unwrap_or_default();
    let base = text("base");
    let pushes = match text("callback") {
        "" => "to nobody; --callback URL names an address".to_owned(),
        url => format!("to {url}, {}, as {}", text("push_mode"), text("push_body")),
    };
    let clock = if arguments.standing {
        "standing"
    } else {
        "running"
    };
    let signed_by = match &arguments.trial {
        Some(_) => "it",
        None => "this machine's clock",
    };
    let files: Vec<String> = files
        .iter()
        .map(|(what, path)| format!("    {:<50} {what}", path.display().to_string()))
        .collect();
    let mut out = std::io::stdout().lock();
    write!(
        out,
        "
  A simulated WeChat on {base}: no account, no person and no money is real.

  Use {base} in place of
    https://api.weixin.qq.com      the Official Account's calls
    https://open.weixin.qq.com     the authorize page
    https://mp.weixin.qq.com       pictures of QR codes
    https://api.mch.weixin.qq.com  WeChat Pay, versions 2 and 3; no client certificate is asked for

  Official Account  appid {app_id}, secret {app_secret}
  Pushes            {pushes}
                    token {token}, EncodingAESKey {aes_key}
  Merchant          {merchant_id}, key of version 2 {merchant_key}
                    key of version 3 {api_v3_key}
                    certificate serial {merchant_serial}
  WeChat Pay's key  {public_key_id}, or certificate serial {platform_serial}
  Clock             {start}, {clock}; signatures go by {signed_by}

  Files
{files}

  Control: JSON under {base}/simulator/api
    people, people/{{openid}}/follow, unfollow, scan, say, press, notices, open, confirm
    clock, faults, top-up, ledger, transfers, calls

    curl {base}/simulator/api/people
    curl '{base}/cgi-bin/token?grant_type=client_credential&appid={app_id}&secret={app_secret}'

  Ctrl-C ends it, and nothing is kept.

",
        app_id = text("app_id"),
        app_secret = text("app_secret"),
        token = text("callback_token"),
        aes_key = text("encoding_aes_key"),
        merchant_id = text("merchant_id"),
        merchant_key = text("merchant_key"),
        api_v3_key = text("api_v3_key"),
        merchant_serial = text("merchant_serial"),
        public_key_id = text("wechat_public_key_id"),
        platform_serial = text("platform_serial"),
        start = start.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        files = files.join("\n"),
    )?;
    out.flush()?;
    Ok(())
}
