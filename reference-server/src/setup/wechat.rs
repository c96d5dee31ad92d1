//! The way to WeChat, real or simulated: credentials read, and everything that is printed tried once.

use std::{net::Ipv4Addr, path::Path, sync::Arc};

use wechat_adapter::{
    AppId, BaseUrl, Endpoints, HttpClient, MerchantId, OpenId, Secret, WeChatHttp,
    official::{CallbackMode, CallbackVerifier, JsSigner, Official},
    pay::{
        Merchant, SendRedPacket,
        v3::{ApiV3Key, CreateTransfer, Credentials, MerchantKey, WeChatKeys},
    },
    simulator::{PushMode, SimulatorConfig, TransferSetup},
};

use super::{SetupError, Simulated};
use crate::{
    app::{ChanceNotice, NoticeKind, PacketWording, PayV3, RedPackets, TransferWording, WeChat},
    config::{
        self, Config, ConfigError, NoticeConfig, NoticeKindName, RedPacketConfig, TransferConfig,
        V3Config,
    },
    contest::payout::NOTIFICATION_PATH,
    privacy::Keys,
    rail::Rail,
    settings::{self, Given, SecretName},
};

/// The Official Account of the founding document.
const ACCOUNT_NAME: &str = "苏信服";

/// Where secrets come from: their files, or what was given at the console in place of them.
#[derive(Clone, Copy)]
struct Secrets<'a> {
    keys: &'a Keys,
    given: &'a Given,
}

impl Secrets<'_> {
    fn read(self, name: SecretName, path: &Path) -> Result<Secret, SetupError> {
        let value = settings::in_force(name, path, self.keys, self.given)?;
        Ok(Secret::new(value.as_str())?)
    }
}

/// The way to the real WeChat; `given` stands in for the files that it was given in place of.
pub(super) fn real(config: &Config, keys: &Keys, given: &Given) -> Result<WeChat, SetupError> {
    let secrets = Secrets { keys, given };
    let app_id = AppId::new(config.official.app_id.as_str())?;
    let merchant_id = MerchantId::new(config.merchant.merchant_id.as_str())?;
    let endpoints = match &config.trial {
        Some(trial) => Endpoints::all_at(&BaseUrl::new(trial.wechat_url.trim_end_matches('/'))?),
        None => Endpoints::wechat(),
    };
    let printed = Printed::new(config)?;
    printed.try_orders(config.merchant.rail, &merchant_id, &app_id)?;
    let v3 = config.merchant.v3.as_ref();
    let packets = config.merchant.red_packet.as_ref();
    let red_packets = packets.zip(printed.packet).map(|(packets, wording)| {
        Ok::<_, SetupError>(RedPackets {
            merchant: Merchant::new(
                secrets.read(SecretName::RedPacketKey, &packets.key_file)?,
                endpoints.clone(),
            ),
            wording,
        })
    });
    Ok(WeChat {
        account_name: config.official.account_name.clone(),
        follow_url: config.official.follow_url.clone(),
        official: Official::new(
            app_id.clone(),
            secrets.read(SecretName::AppSecret, &config.official.app_secret_file)?,
            endpoints.clone(),
        ),
        callback: CallbackVerifier::new(
            app_id.clone(),
            secrets.read(
                SecretName::CallbackToken,
                &config.official.callback_token_file,
            )?,
            Some(&secrets.read(
                SecretName::EncodingAesKey,
                &config.official.encoding_aes_key_file,
            )?),
            CallbackMode::Encrypted,
        )?,
        js: JsSigner::new(app_id, host_of(&config.public_url)),
        http: Arc::new(WeChatHttp::new()?),
        red_packets: red_packets.transpose()?,
        pay_v3: v3
            .map(|v3| pay_v3(v3, secrets, merchant_id.clone(), endpoints))
            .transpose()?,
        transfers: printed.transfer,
        merchant_id,
        pay_http: Arc::new(match (packets, &config.trial) {
            (Some(packets), None) => WeChatHttp::with_certificate(
                &secrets.read(SecretName::RedPacketIdentity, &packets.identity_file)?,
            )?,
            // Version 3 asks for none, and a simulated WeChat neither.
            _ => WeChatHttp::new()?,
        }),
        is_simulated: config.trial.is_some(),
        keeps_menu: config.official.sets_menu,
        chance_notice: config.official.chance_notice.as_ref().map(chance_notice),
    })
}

/// A simulated WeChat as it is configured for a demo or a rehearsal.
pub(super) fn simulator_config(options: &Simulated) -> SimulatorConfig {
    SimulatorConfig {
        encoding_aes_key: Some(SimulatorConfig::REHEARSAL_AES_KEY.to_owned()),
        push_mode: PushMode::Encrypted,
        seed: options.seed.unwrap_or(1),
        ..SimulatorConfig::rehearsal(
            &options.public_url,
            &format!("{}/wechat/callback", options.public_url),
        )
    }
}

/// The way to that simulated WeChat, with both rails.
pub(super) fn simulated(
    config: &SimulatorConfig,
    options: &Simulated,
    http: Arc<dyn HttpClient>,
) -> Result<WeChat, SetupError> {
    let app_id = AppId::new(config.app_id.as_str())?;
    let merchant_id = MerchantId::new(config.merchant_id.as_str())?;
    let base = BaseUrl::new(&format!("{}{}", options.public_url, config.path_prefix))?;
    let endpoints = Endpoints::all_at(&base);
    let aes_key = config
        .encoding_aes_key
        .as_deref()
        .map(Secret::new)
        .transpose()?;
    Ok(WeChat {
        account_name: ACCOUNT_NAME.to_owned(),
        follow_url: Some(format!("{}/simulator", options.public_url)),
        official: Official::new(
            app_id.clone(),
            Secret::new(config.app_secret.as_str())?,
            endpoints.clone(),
        ),
        callback: CallbackVerifier::new(
            app_id.clone(),
            Secret::new(config.callback_token.as_str())?,
            aes_key.as_ref(),
            CallbackMode::Encrypted,
        )?,
        js: JsSigner::new(app_id, host_of(&options.public_url)),
        pay_http: Arc::clone(&http),
        http,
        red_packets: Some(RedPackets {
            merchant: Merchant::new(
                Secret::new(config.merchant_key.as_str())?,
                endpoints.clone(),
            ),
            wording: PacketWording {
                send_name: "江苏省信用办".to_owned(),
                wishing: "守信有礼，与信用同行".to_owned(),
                act_name: "信用知识竞答".to_owned(),
                remark: "与信用同行 筑梦新时代".to_owned(),
                scene_id: Some("PRODUCT_2".to_owned()),
                client_ip: Ipv4Addr::LOCALHOST,
            },
        }),
        pay_v3: config
            .transfers
            .as_ref()
            .map(|setup| simulated_v3(setup, merchant_id.clone(), endpoints))
            .transpose()?,
        transfers: Some(TransferWording {
            activity: "信用知识竞答".to_owned(),
            reward: "答题通过奖励".to_owned(),
            remark: "守信有礼，与信用同行".to_owned(),
            // WeChat takes no address but https; the simulated one posts to the path, whatever the host.
            notify_url: Some(format!("https://contest.example.cn{NOTIFICATION_PATH}")),
        }),
        merchant_id,
        is_simulated: true,
        keeps_menu: true,
        chance_notice: Some(ChanceNotice {
            kind: NoticeKind::Subscription,
            template_id: "ChanceHasCome".to_owned(),
            what_field: "thing1".to_owned(),
            until_field: "date2".to_owned(),
        }),
    })
}

/// What is printed on packets and said on transfers.
struct Printed {
    packet: Option<PacketWording>,
    transfer: Option<TransferWording>,
}

impl Printed {
    fn new(config: &Config) -> Result<Self, SetupError> {
        let merchant = &config.merchant;
        let packet = merchant
            .red_packet
            .as_ref()
            .map(|packets| packet_wording(packets, &config.season.name));
        let transfer = match (&merchant.transfer, &merchant.v3) {
            (Some(transfer), Some(_)) => Some(transfer_wording(transfer, &config.public_url)),
            (Some(_), None) => return Err(missing("merchant.v3", "merchant.transfer needs it")),
            (None, _) => None,
        };
        Ok(Self {
            packet: packet.transpose()?,
            transfer,
        })
    }

    /// Makes orders that are never sent: a text too long for WeChat must show at the start
    /// and not after it was frozen into every payment.
    fn try_orders(
        &self,
        rail: Rail,
        merchant_id: &MerchantId,
        app_id: &AppId,
    ) -> Result<(), SetupError> {
        let number = || "0".repeat(28).parse();
        let openid = || "o".repeat(28).parse::<OpenId>();
        let unusable = |field, problem: String| ConfigError::Value { field, problem };
        if let Some(wording) = &self.packet {
            let (merchant_id, app_id) = (merchant_id.clone(), app_id.clone());
            let order = wording.order(number()?, merchant_id, app_id, openid()?, 100);
            SendRedPacket::new(order)
                .map_err(|error| unusable("merchant.red_packet", error.to_string()))?;
        }
        if let Some(wording) = &self.transfer {
            let (merchant_id, app_id) = (merchant_id.clone(), app_id.clone());
            let order = wording.order(number()?, merchant_id, app_id, openid()?, 100);
            CreateTransfer::new(order)
                .map_err(|error| unusable("merchant.transfer", error.to_string()))?;
        }
        match rail {
            Rail::RedPacket if self.packet.is_none() => Err(missing(
                "merchant.red_packet",
                "the rail red-packet needs it",
            )),
            Rail::Transfer if self.transfer.is_none() => {
                Err(missing("merchant.transfer", "the rail transfer needs it"))
            }
            Rail::RedPacket | Rail::Transfer => Ok(()),
        }
    }
}

fn missing(field: &'static str, why: &str) -> SetupError {
    let problem = format!("the table is missing; {why}");
    ConfigError::Value { field, problem }.into()
}

fn packet_wording(config: &RedPacketConfig, season: &str) -> Result<PacketWording, SetupError> {
    let client_ip: Ipv4Addr = config
        .client_ip
        .parse()
        .map_err(|_error| ConfigError::Value {
            field: "merchant.red_packet.client_ip",
            problem: format!("{:?} is not an IPv4 address", config.client_ip),
        })?;
    Ok(PacketWording {
        send_name: config.send_name.clone(),
        wishing: config.wishing.clone(),
        act_name: config.act_name.clone(),
        remark: season.to_owned(),
        scene_id: config.scene_id.clone(),
        client_ip,
    })
}

fn transfer_wording(config: &TransferConfig, public_url: &str) -> TransferWording {
    let base = public_url.trim_end_matches('/');
    TransferWording {
        activity: config.activity.clone(),
        reward: config.reward.clone(),
        remark: config.remark.clone(),
        notify_url: base
            .starts_with("https://")
            .then(|| format!("{base}{NOTIFICATION_PATH}")),
    }
}

fn pay_v3(
    config: &V3Config,
    secrets: Secrets<'_>,
    merchant_id: MerchantId,
    endpoints: Endpoints,
) -> Result<PayV3, SetupError> {
    let key = MerchantKey::new(&secrets.read(SecretName::V3PrivateKey, &config.key_file)?)?;
    Ok(PayV3 {
        credentials: Credentials::new(merchant_id, &config.serial, key, endpoints)?,
        keys: wechat_keys(config)?,
        downloads_certificates: config.public_key_id.is_none()
            || !config.certificate_files.is_empty(),
        api_key: ApiV3Key::new(&secrets.read(SecretName::ApiV3Key, &config.api_key_file)?)?,
    })
}

/// The keys by which WeChat signs: the public key first, as a merchant that has one asks for it.
fn wechat_keys(config: &V3Config) -> Result<WeChatKeys, SetupError> {
    let mut ring: Option<WeChatKeys> = None;
    match (&config.public_key_id, &config.public_key_file) {
        (Some(id), Some(path)) => {
            let pem = config::secret(path)?;
            let key = WeChatKeys::of_public_key(id, &pem);
            ring = Some(key.map_err(|source| SetupError::WeChatKey {
                path: path.clone(),
                source,
            })?);
        }
        (None, None) => {}
        (Some(_), None) | (None, Some(_)) => {
            return Err(ConfigError::Value {
                field: "merchant.v3",
                problem: "public_key_id and public_key_file belong together".to_owned(),
            }
            .into());
        }
    }
    for path in &config.certificate_files {
        let pem = config::secret(path)?;
        let joined = match ring {
            Some(ring) => ring.with_certificate(&pem),
            None => WeChatKeys::of_certificate(&pem),
        };
        ring = Some(joined.map_err(|source| SetupError::WeChatKey {
            path: path.clone(),
            source,
        })?);
    }
    // Without either, the certificates are downloaded before the first answer has to be believed.
    Ok(ring.unwrap_or_else(WeChatKeys::empty))
}

fn simulated_v3(
    setup: &TransferSetup,
    merchant_id: MerchantId,
    endpoints: Endpoints,
) -> Result<PayV3, SetupError> {
    let key = MerchantKey::new(&Secret::new(TransferSetup::REHEARSAL_MERCHANT_KEY)?)?;
    let public_key = WeChatKeys::of_public_key(
        &setup.wechat_public_key_id,
        TransferSetup::REHEARSAL_WECHAT_PUBLIC_KEY,
    );
    Ok(PayV3 {
        credentials: Credentials::new(merchant_id, &setup.merchant_serial, key, endpoints)?,
        keys: public_key.map_err(|source| SetupError::WeChatKey {
            path: Path::new("the simulator's public key").to_owned(),
            source,
        })?,
        downloads_certificates: false,
        api_key: ApiV3Key::new(&Secret::new(setup.api_key.as_str())?)?,
    })
}

/// The host of an address, for the list of pages that may be signed.
fn host_of(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    uri.host().map(str::to_owned)
}

fn chance_notice(config: &NoticeConfig) -> ChanceNotice {
    ChanceNotice {
        kind: match config.kind {
            NoticeKindName::Template => NoticeKind::Template,
            NoticeKindName::Subscription => NoticeKind::Subscription,
        },
        template_id: config.template_id.clone(),
        what_field: config.what_field.clone(),
        until_field: config.until_field.clone(),
    }
}
