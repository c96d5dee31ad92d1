//! The configuration with which `serve` runs a trial beside this simulator, and the secrets it names.

use std::net::SocketAddr;

use anyhow::Context as _;
use wechat_adapter::simulator::SimulatorConfig;

/// A file for a trial.
#[derive(Debug)]
pub(super) struct TrialFile {
    /// What it is.
    pub(super) what: &'static str,
    /// Its place in the simulator's folder.
    pub(super) name: &'static str,
    pub(super) content: String,
}

/// The files of a trial whose callback is the simulator's.
///
/// # Errors
/// Fails when that address is not one on which `serve` can listen.
pub(super) fn trial_files(config: &SimulatorConfig) -> anyhow::Result<Vec<TrialFile>> {
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
    Ok(vec![
        file(
            "a trial beside this simulator, for serve --config",
            "contest.toml",
            contest_toml(config, address),
        ),
        secret("secrets/app_secret", &config.app_secret),
        secret("secrets/callback_token", &config.callback_token),
        secret("secrets/encoding_aes_key", aes_key),
        secret("secrets/merchant_key", &config.merchant_key),
    ])
}

fn contest_toml(config: &SimulatorConfig, address: SocketAddr) -> String {
    let SimulatorConfig {
        app_id,
        merchant_id,
        public_base,
        ..
    } = config;
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
