//! The vendor's published ciphertexts, and damage done to them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use wechat_adapter::official::{EncodingAesKey, Envelope, EnvelopeError, signature};
use wechat_adapter::{AppId, Secret};

const OFFICIAL_APP: &str = "wxba5fad812f8e6fb9";
const OFFICIAL_PUSH: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";
const OFFICIAL_MESSAGE: &str = r#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#;
const PLATFORM_PUSH: &str = "D7yzvUNAL930rd28wf21s4hvXhz0L6Uit/p2Di6C5DHyYGpEgdBRnKjBec34JwoQXicwaZC7fOVihW80F4VtsdvE//1vr7oAbqjDv8KenVp+ajKYpJnyQ4zMRhIC+a31fCVOMC03FfzV/QuC94kBP55a+Za3sJgvAn+ZbsNqZI5DkyuzkhQN8OBqCzFhizGmy0xpM0MEA4agpvE+RuNO1rhHTtuJB5yltw1FiYzecSXJ+y/D2r81VkRn2eYjh2ltsoyfbDR7Is6ookXIFxTfyeNyeHxMeT4KN5WpCDmSbTcUYrbBUlkGLJ9n/rU8YOywma6G7aTb7KZKOqCxgfoUlYEZPk4FUL/TK7ShriFDMVCLyjQJ15Ob++agDWtcxhfUfe6HIoIpRW8mKNBQiY/Jd1svvuskA1wLef1RTtzKfMpagSCX/laZINmdnX4zrF6kIaR9P4xQrWXbsTFHTYe0Mg==";

fn envelope(key: &str, app_id: &str) -> Envelope {
    let key = EncodingAesKey::new(&Secret::new(key).unwrap()).unwrap();
    Envelope::new(key, AppId::new(app_id).unwrap())
}

fn official() -> Envelope {
    envelope(&"A".repeat(43), OFFICIAL_APP)
}

#[test]
fn value_stability_the_documented_push() {
    assert_eq!(official().decrypt(OFFICIAL_PUSH).unwrap(), OFFICIAL_MESSAGE);
    assert_eq!(
        official()
            .encrypt(OFFICIAL_MESSAGE, *b"a8eedb185eb2fecf")
            .unwrap(),
        OFFICIAL_PUSH
    );
    assert_eq!(
        signature(&["AAAAA", "1714112445", "415670741", OFFICIAL_PUSH]),
        "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
    );
}

#[test]
fn value_stability_the_documented_reply() {
    let ciphertext = official()
        .encrypt(r#"{"demo_resp":"good luck"}"#, *b"707722b803182950")
        .unwrap();
    assert_eq!(
        ciphertext,
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    );
    assert_eq!(
        signature(&["AAAAA", "1713424427", "415670741", &ciphertext]),
        "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
    );
}

#[test]
fn value_stability_a_key_with_bits_to_spare() {
    let envelope = envelope(
        "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        "wxb11529c136998cb6",
    );
    let ciphertext =
        "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==";
    assert_eq!(
        envelope
            .encrypt("我是中文abcd123", *b"aaaabbbbccccdddd")
            .unwrap(),
        ciphertext
    );
    assert_eq!(envelope.decrypt(ciphertext).unwrap(), "我是中文abcd123");
}

#[test]
fn value_stability_the_documented_platform_push() {
    let message = envelope(&"A".repeat(43), "wx134c8103faa5a59e")
        .decrypt(PLATFORM_PUSH)
        .unwrap();
    assert!(message.starts_with("<xml>"), "{message}");
    assert_eq!(
        signature(&["AAAAA", "1715943329", "1590219412", PLATFORM_PUSH]),
        "6c12a4205838198b8fa631b3220723bb07f1015c"
    );
}

#[test]
fn every_last_character_of_a_key_is_accepted() {
    for last in ('A'..='Z').chain('a'..='z').chain('0'..='9') {
        let text = format!("{}{last}", "k".repeat(42));
        let secret = Secret::new(text).unwrap();
        assert!(EncodingAesKey::new(&secret).is_ok(), "{last}");
    }
}

#[test]
fn a_key_of_another_length_or_alphabet_is_refused() {
    for text in [
        "A".repeat(42),
        "A".repeat(44),
        format!("{}!", "A".repeat(42)),
    ] {
        assert!(EncodingAesKey::new(&Secret::new(text).unwrap()).is_err());
    }
}

#[test]
fn a_message_for_another_account_is_refused() {
    assert_eq!(
        envelope(&"A".repeat(43), "wx0000000000000000").decrypt(OFFICIAL_PUSH),
        Err(EnvelopeError::OtherReceiver {
            receiver: OFFICIAL_APP.to_owned()
        })
    );
}

#[test]
fn a_message_under_another_key_is_refused() {
    assert_eq!(
        envelope(&"B".repeat(43), OFFICIAL_APP).decrypt(OFFICIAL_PUSH),
        Err(EnvelopeError::Undecryptable)
    );
}

#[test]
fn a_cut_or_foreign_ciphertext_is_refused() {
    let fifteen_bytes = STANDARD.encode([0; 15]);
    let cut = &OFFICIAL_PUSH[..OFFICIAL_PUSH.len() - 3];
    for ciphertext in [
        "",
        "=",
        "not base64!",
        &fifteen_bytes,
        cut,
        &OFFICIAL_PUSH[..64],
    ] {
        assert_eq!(
            official().decrypt(ciphertext),
            Err(EnvelopeError::Undecryptable),
            "{ciphertext}"
        );
    }
}

#[test]
fn a_message_above_the_limit_is_not_encrypted() {
    let longest = "a".repeat(Envelope::MAX_MESSAGE_BYTES);
    assert!(official().encrypt(&longest, [0; 16]).is_ok());
    let length_bytes = Envelope::MAX_MESSAGE_BYTES + 1;
    assert_eq!(
        official().encrypt(&"a".repeat(length_bytes), [0; 16]),
        Err(EnvelopeError::MessageTooLong { length_bytes })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Decrypting gives back what was encrypted, whatever its length.
    #[test]
    fn every_message_survives_its_envelope(message in "\\PC{0,100}", random: [u8; 16]) {
        let ciphertext = official().encrypt(&message, random).unwrap();
        prop_assert_eq!(official().decrypt(&ciphertext).unwrap(), message);
    }

    /// A flipped bit never lets the message through unchanged, unless it is one of the 16 random bytes.
    #[test]
    fn no_flipped_bit_goes_unnoticed_behind_the_random_bytes(bit in 0_usize..(224 * 8)) {
        let mut bytes = STANDARD.decode(OFFICIAL_PUSH).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(message) = official().decrypt(&STANDARD.encode(bytes)) {
            prop_assert_ne!(message, OFFICIAL_MESSAGE);
        }
    }
}
