//! WeChat's half of version 3: checking requests, signing answers, encrypting resources.

use ::http::HeaderMap;
use ::http::header::{AUTHORIZATION, HeaderValue};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::error::SimulatorError;
use super::v3_setup::TransferSetup;

const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";
/// How far a request's clock may be off, in seconds.
const CLOCK_SECONDS: i64 = 300;

/// The keys of one simulated merchant and of WeChat, ready for use.
pub(super) struct Keys {
    wechat: RsaKeyPair,
    unsealing: OaepPrivateDecryptingKey,
    merchant: UnparsedPublicKey<Vec<u8>>,
    api: LessSafeKey,
}

/// What is wrong with an answer's signature, when a fault says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flaw {
    pub(super) wrong_serial: bool,
    pub(super) wrong_signature: bool,
    pub(super) probe: bool,
    pub(super) skew_seconds: i64,
    /// Whether the fields of the answer are in another order.
    pub(super) reordered: bool,
}

impl Keys {
    pub(super) fn new(setup: &TransferSetup) -> Result<Self, SimulatorError> {
        let invalid = |key| SimulatorError::InvalidTransferKey { key };
        let wechat_der = der(&setup.wechat_private_key).ok_or(invalid("wechat_private_key"))?;
        let wechat =
            RsaKeyPair::from_pkcs8(&wechat_der).map_err(|_| invalid("wechat_private_key"))?;
        let unsealing = PrivateDecryptingKey::from_pkcs8(&wechat_der)
            .ok()
            .and_then(|key| OaepPrivateDecryptingKey::new(key).ok())
            .ok_or(invalid("wechat_private_key"))?;
        let merchant = der(&setup.merchant_public_key).ok_or(invalid("merchant_public_key"))?;
        let api = UnboundKey::new(&AES_256_GCM, setup.api_key.as_bytes())
            .map_err(|_| invalid("api_key"))?;
        Ok(Self {
            wechat,
            unsealing,
            merchant: UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, merchant),
            api: LessSafeKey::new(api),
        })
    }

    /// Whether the merchant signed this request now; the reason if not.
    ///
    /// Clients that are given a base address with a path sign either the whole path or what follows the base.
    pub(super) fn check(
        &self,
        setup: &TransferSetup,
        merchant_id: &str,
        signed: &Signed<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), &'static str> {
        let header = signed
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix(SCHEME))
            .ok_or("no authorization of this scheme")?;
        let field = |name: &str| {
            header.split(',').find_map(|pair| {
                let (key, value) = pair.trim().split_once('=')?;
                (key == name).then(|| value.trim_matches('"'))
            })
        };
        let (Some(timestamp), Some(nonce), Some(signature)) =
            (field("timestamp"), field("nonce_str"), field("signature"))
        else {
            return Err("authorization is incomplete");
        };
        if field("mchid") != Some(merchant_id) {
            return Err("unknown mchid");
        }
        let serial = field("serial_no").unwrap_or_default();
        if !serial.eq_ignore_ascii_case(&setup.merchant_serial) {
            return Err("unknown serial_no");
        }
        let off = timestamp.parse::<i64>().map_or(i64::MAX, |at| {
            at.abs_diff(now.timestamp()).try_into().unwrap_or(i64::MAX)
        });
        if off >= CLOCK_SECONDS {
            return Err("timestamp is too far from now");
        }
        let signature = STANDARD
            .decode(signature)
            .map_err(|_| "signature is not base64")?;
        let matches = signed.targets.iter().any(|target| {
            let mut message =
                format!("{}\n{target}\n{timestamp}\n{nonce}\n", signed.method).into_bytes();
            message.extend_from_slice(signed.body);
            message.push(b'\n');
            self.merchant.verify(&message, &signature).is_ok()
        });
        if matches {
            Ok(())
        } else {
            Err("signature does not match")
        }
    }

    /// The headers that sign `body` at `now`.
    pub(super) fn sign(
        &self,
        serial: &str,
        body: &[u8],
        nonce: &str,
        flaw: Flaw,
        now: DateTime<Utc>,
    ) -> HeaderMap {
        let timestamp = now
            .timestamp()
            .saturating_add(flaw.skew_seconds)
            .to_string();
        let mut message = format!("{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        if flaw.wrong_signature {
            message.push(b'!');
        }
        let mut signature = vec![0; self.wechat.public_modulus_len()];
        let signed = self.wechat.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            &message,
            &mut signature,
        );
        let mut text = signed.map_or_else(|_| String::new(), |()| STANDARD.encode(signature));
        if flaw.probe {
            text = format!("WECHATPAY/SIGNTEST/{text}");
        }
        let serial = if flaw.wrong_serial {
            "PUB_KEY_ID_0000000000000000000000000000000000"
        } else {
            serial
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("Wechatpay-Timestamp", timestamp.as_str()),
            ("Wechatpay-Nonce", nonce),
            ("Wechatpay-Signature", &text),
            ("Wechatpay-Signature-Type", SCHEME),
            ("Wechatpay-Serial", serial),
            ("Request-ID", nonce),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// The text that somebody encrypted to WeChat's public key (RSA-OAEP with SHA-1); `None` for anything else.
    pub(super) fn unseal(&self, ciphertext: &str) -> Option<String> {
        let ciphertext = STANDARD.decode(ciphertext).ok()?;
        let mut plain = vec![0; self.unsealing.min_output_size()];
        let plain = self
            .unsealing
            .decrypt(&OAEP_SHA1_MGF1SHA1, &ciphertext, &mut plain, None)
            .ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }

    /// Base64 of ciphertext and tag; nothing when `nonce` is not 12 bytes.
    pub(super) fn encrypt(&self, nonce: &str, purpose: &str, plain: &str) -> Option<String> {
        let mut bytes = plain.as_bytes().to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).ok()?;
        self.api
            .seal_in_place_append_tag(nonce, Aad::from(purpose.as_bytes()), &mut bytes)
            .ok()?;
        Some(STANDARD.encode(bytes))
    }
}

/// What a request's signature covers.
#[derive(Debug)]
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    pub(super) targets: [&'a str; 2],
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// The bytes of the only block of a PEM text.
fn der(pem: &str) -> Option<Vec<u8>> {
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    STANDARD.decode(body).ok()
}
