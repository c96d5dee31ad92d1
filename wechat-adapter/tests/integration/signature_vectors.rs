//! The vendor's published signatures, and two of ours that independent clients agree with.

use chrono::DateTime;
use wechat_adapter::official::{InvalidPageUrl, JsSigner, signature, signature_matches};
use wechat_adapter::pay::{SignType, sign};
use wechat_adapter::{AppId, Nonce, Secret};

const DOCUMENTED_KEY: &str = "192006250b4c09247ec02edce69f6a2d";
const TICKET: &str =
    "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg";

fn js_signature(url: &str) -> Result<String, InvalidPageUrl> {
    let signer = JsSigner::new(AppId::new("wx1").unwrap(), ["MP.weixin.qq.com"]);
    signer
        .sign(
            &Secret::new(TICKET).unwrap(),
            url,
            &Nonce::new("Wm3WZYTPz0wzccnW").unwrap(),
            DateTime::from_timestamp(1_414_587_457, 0).unwrap(),
        )
        .map(|config| config.signature)
}

#[test]
fn value_stability_callback_addresses() {
    let vectors = [
        (
            ["AAAAA", "1714036504", "1514711492"],
            "f464b24fc39322e44b38aa78f5edd27bd1441696",
        ),
        (
            ["AAAAA", "1714037059", "486452656"],
            "899cf89e464efb63f54ddac96b0a0a235f53aa78",
        ),
        (
            ["AAAAA", "1714112445", "415670741"],
            "6c5c811b55cc85e0e1b54100749188c20beb3f5d",
        ),
        (
            ["test", "1410685589", "test"],
            "f21891de399b4e33a1a93c9a7b8a8fffb5a443ff",
        ),
        (["c", "a", "b"], "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ];
    for (parts, expected) in vectors {
        assert_eq!(signature(&parts), expected);
        assert!(signature_matches(&parts, expected));
    }
}

#[test]
fn a_signature_in_another_form_does_not_match() {
    let parts = ["a", "b", "c"];
    assert!(!signature_matches(&parts, ""));
    assert!(!signature_matches(
        &parts,
        "A9993E364706816ABA3E25717850C26C9CD0D89D"
    ));
    assert!(!signature_matches(
        &parts,
        "a9993e364706816aba3e25717850c26c9cd0d89"
    ));
    assert!(!signature_matches(
        &parts,
        "a9993e364706816aba3e25717850c26c9cd0d89e"
    ));
}

#[test]
fn value_stability_pages() {
    assert_eq!(
        js_signature("http://mp.weixin.qq.com?params=value#part").unwrap(),
        "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
    );
    assert_eq!(
        js_signature("http://mp.weixin.qq.com").unwrap(),
        "f4d90daf4b3bca3078ab155816175ba34c443a7b"
    );
}

#[test]
fn a_page_of_another_host_is_not_signed() {
    for url in [
        "http://weixin.qq.com/",
        "https://evil.example/?mp.weixin.qq.com",
    ] {
        assert!(
            matches!(
                js_signature(url),
                Err(InvalidPageUrl::HostNotAllowed { .. })
            ),
            "{url}"
        );
    }
    for url in [
        "",
        "/relative",
        "ftp://mp.weixin.qq.com/",
        "http://a@mp.weixin.qq.com/",
        "http://evil.example\\@mp.weixin.qq.com/",
    ] {
        assert_eq!(
            js_signature(url),
            Err(InvalidPageUrl::NotAnAddress),
            "{url}"
        );
    }
}

#[test]
fn value_stability_the_documented_order_in_both_digests() {
    let parameters = [
        ("appid", "wxd930ea5d5a258f4f"),
        ("body", "test"),
        ("device_info", "1000"),
        ("mch_id", "10000100"),
        ("nonce_str", "ibuaiVcKdpRxkhJA"),
    ];
    let key = Secret::new(DOCUMENTED_KEY).unwrap();
    assert_eq!(
        sign(&parameters, &key, SignType::Md5),
        "9A0A8659F005D6984697E2CA0A9CF3B7"
    );
    assert_eq!(
        sign(&parameters, &key, SignType::HmacSha256),
        "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6"
    );
}

#[test]
fn value_stability_a_red_packet() {
    let mut parameters = vec![
        ("nonce_str", "50780e0cca98c8c8e814883e5caa672e"),
        ("mch_billno", "0010010404201411170000046545"),
        ("mch_id", "10000098"),
        ("wxappid", "wxcbda96de0b165486"),
        ("send_name", "send_name"),
        ("re_openid", "onqOjjmM1tad-3ROpncN-yUfa6uI"),
        ("total_amount", "200"),
        ("total_num", "1"),
        ("wishing", "恭喜发财"),
        ("client_ip", "127.0.0.1"),
        ("act_name", "新年红包"),
        ("remark", "新年红包"),
        ("scene_id", "PRODUCT_2"),
        (
            "risk_info",
            "posttime%3d123123412%26clientversion%3d234134%26mobile%3d122344545%26deviceid%3dIOS",
        ),
    ];
    let key = Secret::new(DOCUMENTED_KEY).unwrap();
    let expected = "40AE41643FF15034193C75ED856DFE36";
    assert_eq!(sign(&parameters, &key, SignType::Md5), expected);
    parameters.push(("consume_mch_id", ""));
    parameters.push(("sign", "does not sign itself"));
    parameters.reverse();
    assert_eq!(sign(&parameters, &key, SignType::Md5), expected);
}

#[test]
fn value_stability_a_query() {
    let parameters = [
        ("nonce_str", "50780e0cca98c8c8e814883e5caa672e"),
        ("mch_billno", "0010010404201411170000046545"),
        ("mch_id", "10000098"),
        ("appid", "wxcbda96de0b165486"),
        ("bill_type", "MCHT"),
    ];
    let key = Secret::new(DOCUMENTED_KEY).unwrap();
    assert_eq!(
        sign(&parameters, &key, SignType::Md5),
        "585D5B8A3E1DF85812CECA34E25A4217"
    );
}
