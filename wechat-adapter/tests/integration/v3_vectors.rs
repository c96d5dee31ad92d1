//! Version 3 against the vendor's published keys, signatures and ciphertexts.

use proptest::prelude::*;
use wechat_adapter::Secret;
use wechat_adapter::pay::v3::{ApiV3Key, MerchantKey, SignatureProblem, WeChatKeys};

use crate::v3_support::{
    CERTIFICATE, NOW_SECONDS, PRIVATE_KEY, PUBLIC_KEY, PUBLIC_KEY_ID, SERIAL, credentials,
    freshness, key, keys, now, signed,
};

/// The signature over `source` in wechatpay-go's `core/auth/signers`.
const SOURCE_SIGNATURE: &str = "BKyAfU4iMCuvXMXS0Wzam3V/cnxZ+JaqigPM5OhljS2iOT95OO6Fsuml2JkFANJU9K6q9bLlDhPXuoVz+pp4hAm6pHU4ld815U4jsKu1RkyaII+1CYBUYC8TK0XtJ8FwUXXz8vZHh58rrAVN1XwNyvD1vfpxrMT4SL536GLwvpUHlCqIMzoZUguLli/K8V29QiOhuH6IEqLNJn8e9b3nwNcQ7be3CzYGpDAKBfDGPCqCv8Rw5zndhlffk2FEA70G4hvMwe51qMN/RAJbknXG23bSlObuTCN7Ndj1aJGH6/L+hdwfLpUtJm4QYVazzW7DFD27EpSQEqA8bX9+8m1rLg==";

/// The key of wechatpay-java's `AeadAesCipherTest`.
const API_KEY: &str = "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb";

/// Made with two independent libraries of other languages.
const SEALED_BILL: &str = "Y/YEfUntgV3SlzeCVJexHPMC5g4topX3hqqbNeIaA/wZfxhQECIWqwLPf693H7MWwQKJ5gsIdh9XLHYjQPqmyDqaq7mNMm6RNgoA2WF4L43rytblDDQcMu9d9/YP8zfCtXfhLk2hWWFC5UeefayDNuqQDVi0OpasVoldiuV6XYsFspxaR0didTZYZ7dHN9oQGxn4bpVpuo2MO2aBb6zt3EQ4qc3dOV5o/hlkS2ATIvhesfLbvjeXqe6GTxFcUKYBbkBsh/LcXL2AZMKqnvmi1ZhP0fdMRuxXEVcqFEHE78BAKqnFE+sUF7/te7hCbqTq1vnCiX6ti4wa+NXe4oqIE2MMLnwzCLEM4aAmQEXSeEmF6kWe3Txon8XBZxtV1vBpX38o0EqCWQ==";
const BILL: &str = r#"{"mch_id":"1900001109","out_bill_no":"plfk2020042013","transfer_bill_no":"1330000071100999991182020050700019480001","transfer_amount":30,"state":"SUCCESS","openid":"o-MYE42l80oelYMDE34nYD456Xoy","create_time":"2025-05-06T00:00:01+08:00","update_time":"2025-05-06T00:00:05+08:00"}"#;

fn api_key(text: &str) -> ApiV3Key {
    ApiV3Key::new(&Secret::new(text).unwrap()).unwrap()
}

#[test]
fn value_stability_the_documented_signature() {
    assert_eq!(key().sign(b"source").unwrap(), SOURCE_SIGNATURE);
}

#[test]
fn the_documented_signature_verifies_by_certificate_and_by_public_key() {
    let ring = WeChatKeys::of_certificate(CERTIFICATE)
        .unwrap()
        .with_public_key(PUBLIC_KEY_ID, PUBLIC_KEY)
        .unwrap();
    for serial in [SERIAL, "00f5765756002fdd77", PUBLIC_KEY_ID] {
        ring.verify_text(serial, b"source", SOURCE_SIGNATURE, now())
            .unwrap();
        assert_eq!(
            ring.verify_text(serial, b"wrong source", SOURCE_SIGNATURE, now()),
            Err(SignatureProblem::Mismatch)
        );
    }
    assert!(matches!(
        ring.verify_text("77", b"source", SOURCE_SIGNATURE, now()),
        Err(SignatureProblem::UnknownSerial { .. })
    ));
}

#[test]
fn value_stability_the_documented_certificate() {
    let ring = WeChatKeys::of_certificate(CERTIFICATE).unwrap();
    let until = "2031-04-25T08:40:32Z".parse().unwrap();
    assert_eq!(ring.preferred(), SERIAL);
    assert_eq!(ring.serials().collect::<Vec<_>>(), [(SERIAL, Some(until))]);
}

#[test]
fn a_certificate_proves_nothing_outside_its_validity() {
    let ring = WeChatKeys::of_certificate(CERTIFICATE).unwrap();
    let verify = |at: &str| {
        ring.verify_text(SERIAL, b"source", SOURCE_SIGNATURE, at.parse().unwrap())
            .is_ok()
    };
    assert!(!verify("2021-04-27T08:40:31Z"));
    assert!(verify("2021-04-27T08:40:32Z"));
    assert!(verify("2031-04-25T08:40:31Z"));
    assert!(!verify("2031-04-25T08:40:32Z"));
}

#[test]
fn value_stability_the_documented_text_to_sign() {
    let credentials = credentials();
    let mut freshness = freshness();
    freshness.now = chrono::DateTime::from_timestamp(1_624_523_846, 0).unwrap();
    for (method, body, text) in [
        (
            http::Method::GET,
            "",
            "GET\n/v3/certificates\n1624523846\nA1B2C3D4E5F6G7\n\n",
        ),
        (
            http::Method::POST,
            "Hello World!\n",
            "POST\n/v3/certificates\n1624523846\nA1B2C3D4E5F6G7\nHello World!\n\n",
        ),
    ] {
        let authorization = credentials
            .authorization(&method, "/v3/certificates", body.as_bytes(), &freshness)
            .unwrap();
        let (front, signature) = authorization.split_once(",signature=").unwrap();
        assert_eq!(
            front,
            "WECHATPAY2-SHA256-RSA2048 mchid=\"1900001109\",nonce_str=\"A1B2C3D4E5F6G7\",\
             timestamp=\"1624523846\",serial_no=\"F5765756002FDD77\""
        );
        keys()
            .verify_text(
                PUBLIC_KEY_ID,
                text.as_bytes(),
                signature.trim_matches('"'),
                now(),
            )
            .unwrap();
    }
}

#[test]
fn value_stability_the_documented_resource() {
    let key = api_key(API_KEY);
    let ciphertext = "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=";
    assert_eq!(
        key.encrypt("uluk4a9R25RW", "associatedData", b"message")
            .unwrap(),
        ciphertext
    );
    assert_eq!(
        key.decrypt("uluk4a9R25RW", "associatedData", ciphertext)
            .unwrap(),
        b"message"
    );
}

#[test]
fn value_stability_a_finished_transfer() {
    let key = api_key(API_KEY);
    assert_eq!(
        key.encrypt("fdasflkja484", "mch_payment", BILL.as_bytes())
            .unwrap(),
        SEALED_BILL
    );
    assert_eq!(
        key.decrypt("fdasflkja484", "mch_payment", SEALED_BILL)
            .unwrap(),
        BILL.as_bytes()
    );
}

#[test]
fn a_resource_of_another_key_nonce_purpose_or_length_does_not_decrypt() {
    let key = api_key(API_KEY);
    let other = api_key("A7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb");
    let cut = &SEALED_BILL[..SEALED_BILL.len() - 4];
    for (key, nonce, purpose, ciphertext) in [
        (&other, "fdasflkja484", "mch_payment", SEALED_BILL),
        (&key, "fdasflkja485", "mch_payment", SEALED_BILL),
        (&key, "fdasflkja48", "mch_payment", SEALED_BILL),
        (&key, "fdasflkja484", "certificate", SEALED_BILL),
        (&key, "fdasflkja484", "mch_payment", cut),
        (&key, "fdasflkja484", "mch_payment", "AAAA"),
        (&key, "fdasflkja484", "mch_payment", "no base64"),
        (&key, "fdasflkja484", "mch_payment", ""),
    ] {
        assert!(
            key.decrypt(nonce, purpose, ciphertext).is_err(),
            "{nonce} {purpose} {ciphertext}"
        );
    }
}

#[test]
fn a_key_of_another_length_or_kind_is_refused() {
    for text in ["short".to_owned(), "a".repeat(33), "é".repeat(16)] {
        assert!(ApiV3Key::new(&Secret::new(text).unwrap()).is_err());
    }
    for text in [
        "nothing",
        PUBLIC_KEY,
        &PRIVATE_KEY.replace("MIIEv", "MIIEw"),
    ] {
        assert!(MerchantKey::new(&Secret::new(text).unwrap()).is_err());
    }
    assert!(WeChatKeys::of_certificate(PUBLIC_KEY).is_err());
    assert!(WeChatKeys::of_public_key(PUBLIC_KEY_ID, CERTIFICATE).is_err());
    assert!(WeChatKeys::of_public_key("", PUBLIC_KEY).is_err());
    let cut = CERTIFICATE.replace("MIIDVzCC", "MIIDVzC");
    assert!(WeChatKeys::of_certificate(&cut).is_err());
}

#[test]
fn no_key_prints_a_character_of_itself() {
    let printed = format!("{:?}{:?}", credentials(), api_key(API_KEY));
    assert!(printed.contains("redacted"), "{printed}");
    assert!(!printed.contains("a7cde"), "{printed}");
    assert!(!printed.contains("MIIEv"), "{printed}");
}

/// What is wrong with an answer after `change`.
fn problem(change: impl FnOnce(&mut http::HeaderMap)) -> SignatureProblem {
    let mut answer = signed(200, b"{}", PUBLIC_KEY_ID, NOW_SECONDS);
    change(answer.headers_mut());
    keys()
        .verify(answer.headers(), answer.body(), now())
        .unwrap_err()
}

#[test]
fn every_missing_header_is_named() {
    for name in [
        "Wechatpay-Timestamp",
        "Wechatpay-Nonce",
        "Wechatpay-Signature",
        "Wechatpay-Serial",
    ] {
        let found = problem(|headers| {
            headers.remove(name);
        });
        assert_eq!(found, SignatureProblem::Header { name });
    }
}

#[test]
fn a_header_that_was_changed_does_not_verify() {
    let set = |name: &'static str, value: &'static str| {
        problem(|headers| {
            headers.insert(name, http::HeaderValue::from_static(value));
        })
    };
    assert_eq!(set("Wechatpay-Nonce", "other"), SignatureProblem::Mismatch);
    assert_eq!(
        set("Wechatpay-Timestamp", "1746460801"),
        SignatureProblem::Mismatch
    );
    assert_eq!(
        set("Wechatpay-Signature", "AAAA"),
        SignatureProblem::Mismatch
    );
    assert_eq!(
        set("Wechatpay-Signature", "WECHATPAY/SIGNTEST/AAAA"),
        SignatureProblem::Probe
    );
    assert!(matches!(
        set("Wechatpay-Serial", "PUB_KEY_ID_0"),
        SignatureProblem::UnknownSerial { .. }
    ));
    assert!(matches!(
        set("Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3"),
        SignatureProblem::Type { .. }
    ));
    assert!(matches!(
        set("Wechatpay-Timestamp", "soon"),
        SignatureProblem::Timestamp { .. }
    ));
}

#[test]
fn an_answer_without_a_signature_type_verifies() {
    let mut answer = signed(200, b"{}", PUBLIC_KEY_ID, NOW_SECONDS);
    answer.headers_mut().remove("Wechatpay-Signature-Type");
    keys()
        .verify(answer.headers(), answer.body(), now())
        .unwrap();
}

#[test]
fn the_window_is_open_below_five_minutes_either_way() {
    let verify = |seconds: i64| {
        let answer = signed(200, b"{}", PUBLIC_KEY_ID, NOW_SECONDS + seconds);
        keys()
            .verify(answer.headers(), answer.body(), now())
            .is_ok()
    };
    assert!(verify(299));
    assert!(verify(-299));
    assert!(!verify(300));
    assert!(!verify(-300));
    assert!(!verify(-301));
}

#[test]
fn a_name_is_sealed_to_the_preferred_key_and_opens_with_its_private_half() {
    use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let sealed = keys().seal_name("张三").unwrap();
    assert_eq!(sealed.serial(), PUBLIC_KEY_ID);
    let pkcs8: String = PRIVATE_KEY
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let private = PrivateDecryptingKey::from_pkcs8(&STANDARD.decode(pkcs8).unwrap()).unwrap();
    let private = OaepPrivateDecryptingKey::new(private).unwrap();
    let mut plain = vec![0; private.min_output_size()];
    let ciphertext = STANDARD.decode(sealed.ciphertext()).unwrap();
    let name = private
        .decrypt(&OAEP_SHA1_MGF1SHA1, &ciphertext, &mut plain, None)
        .unwrap();
    assert_eq!(name, "张三".as_bytes());
    assert!(keys().seal_name("").is_err());
    assert!(keys().seal_name(&"三".repeat(64)).is_ok());
    assert!(keys().seal_name(&"三".repeat(65)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is signed verifies, and verifies no more after one byte of it changed.
    #[test]
    fn a_changed_byte_never_verifies(body in prop::collection::vec(any::<u8>(), 1..200), at: prop::sample::Index) {
        let answer = signed(200, &body, PUBLIC_KEY_ID, NOW_SECONDS);
        prop_assert!(keys().verify(answer.headers(), &body, now()).is_ok());
        let mut changed = body;
        let at = at.index(changed.len());
        changed[at] ^= 1;
        prop_assert_eq!(
            keys().verify(answer.headers(), &changed, now()),
            Err(SignatureProblem::Mismatch)
        );
    }

    /// Decrypting gives back what was encrypted, under any key, and no flipped bit goes unnoticed.
    #[test]
    fn every_resource_survives_and_no_damage_does(
        text in "[0-9A-Za-z]{32}", nonce in "[0-9A-Za-z]{12}", purpose in "[a-z_]{0,20}",
        plain in prop::collection::vec(any::<u8>(), 0..200), bit: prop::sample::Index,
    ) {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        let key = api_key(&text);
        let ciphertext = key.encrypt(&nonce, &purpose, &plain).unwrap();
        prop_assert_eq!(key.decrypt(&nonce, &purpose, &ciphertext).unwrap(), plain);
        let mut bytes = STANDARD.decode(ciphertext).unwrap();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(key.decrypt(&nonce, &purpose, &STANDARD.encode(bytes)).is_err());
    }

    /// No text panics as a key.
    #[test]
    fn no_text_panics_as_a_key(text in "\\PC{0,80}", der in prop::collection::vec(any::<u8>(), 0..120)) {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        let body = STANDARD.encode(der);
        for label in ["CERTIFICATE", "PUBLIC KEY", "PRIVATE KEY"] {
            let pem = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----");
            prop_assert!(WeChatKeys::of_certificate(&pem).is_err());
            prop_assert!(WeChatKeys::of_public_key("P", &pem).is_err());
            prop_assert!(MerchantKey::new(&Secret::new(pem).unwrap()).is_err());
        }
        prop_assert!(WeChatKeys::of_certificate(&text).is_err());
    }
}
