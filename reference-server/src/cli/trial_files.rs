//! The configuration with which `serve` runs a trial beside this simulator, and the secrets it names.

use std::net::SocketAddr;

use anyhow::Context as _;
use wechat_adapter::simulator::{SimulatorConfig, TransferSetup};

use crate::rail::Rail;

/// A file for a trial.
#[derive(Debug)]
pub(super) struct TrialFile {
    /// What it is.
    pub(super) what: &'static str,
    /// Its place in the simulator's folder.
    pub(super) name: &'static str,
    pub(super) content: String,
}

/// The files of a trial that pays by this rail, whose callback is the simulator's.
///
/// # Errors
/// Fails when that address is not one on which `serve` can listen, or the trial is to pay by
/// transfers that somebody else's key signs.
pub(super) fn trial_files(config: &SimulatorConfig, rail: Rail) -> anyhow::Result<Vec<TrialFile>> {
    let callback: http::Uri = config.callback_url.parse()?;
    let address = callback.authority().map(http::uri::Authority::as_str);
    let address: SocketAddr = address.unwrap_or_default().parse().with_context(|| {
        format!("{callback} names no address and port, such as http://127.0.0.1:8080")
    })?;
    let file = |what, name, content| TrialFile {
        what,
        name,
        content,
    };
    let secret = |name, content: &str| file("a secret of the trial", name, content.to_owned());
    let aes_key = config.encoding_aes_key.as_deref().unwrap_or_default();
    let v3 = config.transfers.as_ref().filter(|setup| is_ours(setup));
    if v3.is_none() && rail == Rail::Transfer {
        anyhow::bail!(
            "a trial pays by transfers only with the simulator's own merchant key; \
             leave transfers.merchant_public_key_file out"
        );
    }
    let mut toml = contest_toml(config, address, rail);
    let mut files = Vec::new();
    if let Some(setup) = v3 {
        toml.push_str(&v3_toml(setup));
        files.push(secret("secrets/api_v3_key", &setup.api_key));
    }
    files.extend([
        file(
            "a trial beside this simulator, for serve --config",
            "contest.toml",
            toml,
        ),
        secret("secrets/app_secret", &config.app_secret),
        secret("secrets/callback_token", &config.callback_token),
        secret("secrets/encoding_aes_key", aes_key),
        secret("secrets/merchant_key", &config.merchant_key),
    ]);
    Ok(files)
}

/// Whether the merchant's key is the one whose private half is written beside the configuration.
fn is_ours(setup: &TransferSetup) -> bool {
    setup.merchant_public_key == TransferSetup::rehearsal().merchant_public_key
}

/// What version 3 needs, whichever rail is chosen: bills are fetched by it, and the rail may be changed.
fn v3_toml(setup: &TransferSetup) -> String {
    let TransferSetup {
        merchant_serial,
        wechat_public_key_id,
        ..
    } = setup;
    format!(
        r#"
[merchant.v3]
serial = "{merchant_serial}"
key_file = "apiclient_key.pem"
api_key_file = "secrets/api_v3_key"
public_key_id = "{wechat_public_key_id}"
public_key_file = "pub_key.pem"

[merchant.transfer]
activity = "信用知识竞答"
reward = "答题通过奖励"
remark = "守信有礼，与信用同行"
"#
    )
}

fn contest_toml(config: &SimulatorConfig, address: SocketAddr, rail: Rail) -> String {
    let SimulatorConfig {
        app_id,
        merchant_id,
        public_base,
        ..
    } = config;
    let rail = rail.name();
    format!(
        r#"# A trial: WeChat is simulated and nobody is paid. Its pages say so, and its database is never a season's.
listen = "{address}"
public_url = "http://{address}"
data_dir = "contest"

[trial]
wechat_url = "{public_base}"

[season]
name = "jiangsu-2020"
edition = "postponed"

[official]
account_name = "苏信服"
app_id = "{app_id}"
app_secret_file = "secrets/app_secret"
callback_token_file = "secrets/callback_token"
encoding_aes_key_file = "secrets/encoding_aes_key"

[merchant]
merchant_id = "{merchant_id}"
rail = "{rail}"

[merchant.red_packet]
key_file = "secrets/merchant_key"
# Never read: the simulator asks for no certificate.
identity_file = "secrets/merchant.pem"
send_name = "江苏省信用办"
wishing = "守信有礼，与信用同行"
act_name = "信用知识竞答"
scene_id = "PRODUCT_2"
client_ip = "127.0.0.1"
"#
    )
}
