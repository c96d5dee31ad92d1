//! How fast messages of 1 KB are signed and verified, beside the bare primitive over the same bytes.
//!
//! Measured in processor time, so that a busy machine does not show.

mod cpu_time;

use std::{error::Error, hint::black_box, time::Duration};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce as GcmNonce, UnboundKey},
    rand::SystemRandom,
    signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cpu_time::CpuTime;
use criterion::Criterion;
use md5::{Digest as _, Md5};
use sha1::Sha1;
use wechat_adapter::{
    Endpoints, MerchantId, Nonce, Secret,
    official::signature,
    pay::{
        SignType, sign,
        v3::{ApiV3Key, Credentials, Freshness, MerchantKey, WeChatKeys},
    },
};

/// What a body weighs, in bytes.
const BODY_BYTES: usize = 1_024;
/// The private key that wechatpay-go publishes for its tests; protects nothing.
const PRIVATE_KEY: &str = include_str!("../../wechat-adapter/tests/integration/published_key.pem");
const PUBLIC_KEY: &str =
    include_str!("../../wechat-adapter/tests/integration/published_public_key.pem");
const API_KEY: &str = "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb";

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    callbacks(&mut criterion);
    red_packets(&mut criterion)?;
    requests(&mut criterion)?;
    answers(&mut criterion)?;
    resources(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// A callback's signature over token, timestamp, nonce and a ciphertext of 1 KB.
fn callbacks(criterion: &mut Criterion<CpuTime>) {
    let ciphertext = "c".repeat(BODY_BYTES);
    let parts = ["token", "1714112445", "415670741", ciphertext.as_str()];
    let joined = parts.concat();
    let mut group = criterion.benchmark_group("callback_signature");
    group.bench_function("yardstick_sha1", |bencher| {
        bencher.iter(|| Sha1::digest(black_box(joined.as_bytes())));
    });
    group.bench_function("signature", |bencher| {
        bencher.iter(|| signature(black_box(&parts)));
    });
    group.finish();
}

/// A version 2 signature over fourteen parameters of 1 KB in all.
fn red_packets(criterion: &mut Criterion<CpuTime>) -> Outcome {
    let names = [
        "nonce_str",
        "mch_billno",
        "mch_id",
        "wxappid",
        "send_name",
        "re_openid",
        "total_amount",
        "total_num",
        "wishing",
        "client_ip",
        "act_name",
        "remark",
        "scene_id",
        "risk_info",
    ];
    let value = "v".repeat(BODY_BYTES / names.len() - 10);
    let parameters: Vec<(&str, &str)> = names.iter().map(|&name| (name, &*value)).collect();
    let key = Secret::new("192006250b4c09247ec02edce69f6a2d")?;
    let mut joined: Vec<String> = parameters.iter().map(|(n, v)| format!("{n}={v}")).collect();
    joined.push(format!("key={}", key.expose()));
    let joined = joined.join("&");
    let mut group = criterion.benchmark_group("version_2_signature");
    group.bench_function("yardstick_md5", |bencher| {
        bencher.iter(|| Md5::digest(black_box(joined.as_bytes())));
    });
    group.bench_function("sign", |bencher| {
        bencher.iter(|| sign(black_box(&parameters), &key, SignType::Md5));
    });
    group.finish();
    Ok(())
}

fn der(pem: &str) -> Result<Vec<u8>, base64::DecodeError> {
    STANDARD.decode(
        pem.lines()
            .filter(|l| !l.starts_with('-'))
            .collect::<String>(),
    )
}

/// The header of a version 3 request with a body of 1 KB.
fn requests(criterion: &mut Criterion<CpuTime>) -> Outcome {
    let body = vec![b'b'; BODY_BYTES];
    let pair = RsaKeyPair::from_pkcs8(&der(PRIVATE_KEY)?)?;
    let credentials = Credentials::new(
        MerchantId::new("1900001109")?,
        "F5765756002FDD77",
        MerchantKey::new(&Secret::new(PRIVATE_KEY)?)?,
        Endpoints::wechat(),
    )?;
    let freshness = Freshness {
        now: "2025-05-06T00:00:00Z".parse()?,
        nonce: Nonce::new("A1B2C3D4E5F6G7")?,
    };
    let random = SystemRandom::new();
    let mut signed = vec![0; pair.public_modulus_len()];
    let mut group = criterion.benchmark_group("version_3_request");
    group.bench_function("yardstick_rsa_sign", |bencher| {
        bencher.iter(|| pair.sign(&RSA_PKCS1_SHA256, &random, black_box(&body), &mut signed));
    });
    group.bench_function("authorization", |bencher| {
        bencher.iter(|| {
            credentials.authorization(
                &http::Method::POST,
                "/v3/fund-app/mch-transfer/transfer-bills",
                black_box(&body),
                &freshness,
            )
        });
    });
    group.finish();
    Ok(())
}

/// The signature of a version 3 answer with a body of 1 KB.
fn answers(criterion: &mut Criterion<CpuTime>) -> Outcome {
    let body = vec![b'b'; BODY_BYTES];
    let mut message = b"1746460800\nnonce\n".to_vec();
    message.extend_from_slice(&body);
    message.push(b'\n');
    let signature = MerchantKey::new(&Secret::new(PRIVATE_KEY)?)?.sign(&message)?;
    let bare = STANDARD.decode(&signature)?;
    let mut headers = http::HeaderMap::new();
    headers.insert("Wechatpay-Timestamp", "1746460800".parse()?);
    headers.insert("Wechatpay-Nonce", "nonce".parse()?);
    headers.insert("Wechatpay-Serial", "PUB_KEY_ID_1".parse()?);
    headers.insert("Wechatpay-Signature", signature.parse()?);
    let keys = WeChatKeys::of_public_key("PUB_KEY_ID_1", PUBLIC_KEY)?;
    let now = "2025-05-05T16:00:00Z".parse()?;
    keys.verify(&headers, &body, now)?;
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der(PUBLIC_KEY)?)?;
    let mut group = criterion.benchmark_group("version_3_answer");
    group.bench_function("yardstick_rsa_verify", |bencher| {
        bencher.iter(|| key.verify_sig(black_box(&message), &bare));
    });
    group.bench_function("verify", |bencher| {
        bencher.iter(|| keys.verify(&headers, black_box(&body), now));
    });
    group.finish();
    Ok(())
}

/// The resource of a notification, 1 KB in clear: from bytes, and from the base64 that it travels in.
fn resources(criterion: &mut Criterion<CpuTime>) -> Outcome {
    let key = ApiV3Key::new(&Secret::new(API_KEY)?)?;
    let text = key.encrypt("fdasflkja484", "mch_payment", &[b'b'; BODY_BYTES])?;
    let sealed = STANDARD.decode(&text)?;
    let bare = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, API_KEY.as_bytes())?);
    let open = |mut bytes: Vec<u8>| {
        let nonce = GcmNonce::try_assume_unique_for_key(b"fdasflkja484").ok()?;
        let aad = Aad::from(b"mch_payment");
        bare.open_in_place(nonce, aad, &mut bytes)
            .ok()
            .map(|plain| plain.len())
    };
    let mut group = criterion.benchmark_group("version_3_resource");
    group.bench_function("yardstick_aes_gcm", |bencher| {
        bencher.iter(|| open(black_box(&sealed).clone()));
    });
    group.bench_function("open_in_place", |bencher| {
        bencher.iter(|| {
            let mut bytes = black_box(&sealed).clone();
            key.open_in_place("fdasflkja484", "mch_payment", &mut bytes)
                .map(<[u8]>::len)
        });
    });
    group.finish();
    let mut group = criterion.benchmark_group("version_3_resource_in_base64");
    group.bench_function("yardstick_base64_then_aes_gcm", |bencher| {
        bencher.iter(|| STANDARD.decode(black_box(&text)).ok().and_then(open));
    });
    group.bench_function("decrypt", |bencher| {
        bencher.iter(|| key.decrypt("fdasflkja484", "mch_payment", black_box(&text)));
    });
    group.finish();
    Ok(())
}
