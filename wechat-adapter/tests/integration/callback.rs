//! Receiving pushes: modes, downgrade, window, forms, and what tells two pushes apart.

use chrono::{DateTime, TimeDelta, Utc};
use wechat_adapter::official::{
    CallbackConfigError, CallbackError, CallbackMode, CallbackVerifier, EncodingAesKey, Envelope,
    EnvelopeError, Event, Push, PushFormat, Reply, ReplyError, signature,
};
use wechat_adapter::{AppId, Nonce, Secret, Unreadable};

const TOKEN: &str = "AAAAA";
const APP: &str = "wxba5fad812f8e6fb9";
const AT: i64 = 1_714_112_445;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(AT, 0).unwrap()
}

fn key() -> Secret {
    Secret::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").unwrap()
}

fn verifier(mode: CallbackMode) -> CallbackVerifier {
    CallbackVerifier::new(
        AppId::new(APP).unwrap(),
        Secret::new(TOKEN).unwrap(),
        Some(&key()),
        mode,
    )
    .unwrap()
}

fn envelope(app_id: &str) -> Envelope {
    Envelope::new(
        EncodingAesKey::new(&key()).unwrap(),
        AppId::new(app_id).unwrap(),
    )
}

fn plain_query(timestamp: i64) -> String {
    let seconds = timestamp.to_string();
    let signature = signature(&[TOKEN, &seconds, "n1"]);
    format!("signature={signature}&timestamp={seconds}&nonce=n1&openid=o1")
}

fn encrypted(message: &str, app_id: &str) -> (String, String) {
    let ciphertext = envelope(app_id).encrypt(message, [9; 16]).unwrap();
    let seconds = AT.to_string();
    let message_signature = signature(&[TOKEN, &seconds, "n1", &ciphertext]);
    (
        format!(
            "{}&encrypt_type=aes&msg_signature={message_signature}",
            plain_query(AT)
        ),
        format!(
            "<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>"
        ),
    )
}

fn event(name: &str, more: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName>\n<FromUserName><![CDATA[o1]]></FromUserName>\
         <CreateTime>{AT}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[{name}]]></Event>{more}</xml>"
    )
}

fn text(content: &str, message_number: &str) -> String {
    format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>{AT}</CreateTime>\
         <MsgType>text</MsgType><Content><![CDATA[{content}]]></Content><MsgId>{message_number}</MsgId></xml>"
    )
}

fn receive_plain(body: &str) -> Result<Push, CallbackError> {
    verifier(CallbackMode::Plain).receive(&plain_query(AT), body.as_bytes(), now())
}

fn scene_of(event: &Event) -> Option<&str> {
    match event {
        Event::Subscribe { scene } | Event::Scan { scene } => scene.as_ref().map(AsRef::as_ref),
        other => panic!("no scene in {other:?}"),
    }
}

#[test]
fn value_stability_the_console_test_of_the_documents() {
    let query = "signature=f464b24fc39322e44b38aa78f5edd27bd1441696&echostr=4375120948345356249&timestamp=1714036504&nonce=1514711492";
    let verifier = verifier(CallbackMode::Encrypted);
    assert_eq!(verifier.verify_url(query).unwrap(), "4375120948345356249");
    assert_eq!(
        verifier.verify_url(&query.replace("nonce=1", "nonce=2")),
        Err(CallbackError::SignatureMismatch)
    );
    assert_eq!(
        verifier.verify_url("timestamp=1&nonce=2&signature=3"),
        Err(CallbackError::MissingParameter {
            parameter: "echostr"
        })
    );
}

#[test]
fn value_stability_the_documented_push_is_received() {
    let key = Secret::new("A".repeat(43)).unwrap();
    let verifier = CallbackVerifier::new(
        AppId::new(APP).unwrap(),
        Secret::new(TOKEN).unwrap(),
        Some(&key),
        CallbackMode::Encrypted,
    )
    .unwrap();
    let query = "signature=6c5c811b55cc85e0e1b54100749188c20beb3f5d&timestamp=1714112445&nonce=415670741&openid=o9AgO5Kd5ggOC-bXrbNODIiE3bGY&encrypt_type=aes&msg_signature=046e02f8204d34f8ba5fa3b1db94908f3df2e9b3";
    let body = r#"{"ToUserName":"gh_97417a04a28d","Encrypt":"+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="}"#;
    let push = verifier.receive(query, body.as_bytes(), now()).unwrap();
    assert_eq!(push.openid.as_str(), "o9AgO5Kd5ggOC-bXrbNODIiE3bGY");
    assert_eq!(push.at, now());
    assert_eq!(push.format, PushFormat::Json);
    assert!(push.encrypted);
    let Event::Other { name, fields, .. } = push.event else {
        panic!("a debug event is none of the known ones");
    };
    assert_eq!(name.as_deref(), Some("debug_demo"));
    assert_eq!(fields["debug_str"], "hello world");
}

#[test]
fn a_follow_by_qr_code_loses_exactly_one_prefix() {
    let follow = |key: &str| {
        let key = format!("<EventKey><![CDATA[{key}]]></EventKey><Ticket>t</Ticket>");
        receive_plain(&event("subscribe", &key)).unwrap().event
    };
    assert_eq!(scene_of(&follow("qrscene_i:abc")), Some("i:abc"));
    assert_eq!(scene_of(&follow("qrscene_qrscene_x")), Some("qrscene_x"));
    assert_eq!(scene_of(&follow("")), None);
    assert_eq!(scene_of(&follow("last_trade_no_1")), None);
    assert_eq!(
        receive_plain(&event("subscribe", "")).unwrap().event,
        Event::Subscribe { scene: None }
    );
}

#[test]
fn a_scan_keeps_its_parameter_whole_and_is_no_follow() {
    let body = event("SCAN", "<EventKey>qrscene_x</EventKey>");
    let scan = receive_plain(&body).unwrap().event;
    assert!(matches!(scan, Event::Scan { .. }));
    assert_eq!(scene_of(&scan), Some("qrscene_x"));
}

#[test]
fn events_are_told_apart_whatever_their_case() {
    for name in ["unsubscribe", "Unsubscribe", "UNSUBSCRIBE"] {
        assert_eq!(
            receive_plain(&event(name, "")).unwrap().event,
            Event::Unsubscribe
        );
    }
    assert_eq!(
        receive_plain(&event("CLICK", "<EventKey>k</EventKey>"))
            .unwrap()
            .event,
        Event::Click {
            key: "k".to_owned()
        }
    );
    assert_eq!(
        receive_plain(&event(
            "VIEW",
            "<EventKey>https://e.cn/?a=1&amp;b=2</EventKey>"
        ))
        .unwrap()
        .event,
        Event::View {
            url: "https://e.cn/?a=1&b=2".to_owned()
        }
    );
    assert_eq!(
        receive_plain(&text(" 你好 <a> ", "1")).unwrap().event,
        Event::Text {
            content: " 你好 <a> ".to_owned()
        }
    );
}

#[test]
fn an_unknown_event_keeps_every_field() {
    let body = event(
        "MASSSENDJOBFINISH",
        "<MsgID>7</MsgID><Status>sendsuccess</Status>",
    );
    let Event::Other {
        message_type,
        name,
        fields,
    } = receive_plain(&body).unwrap().event
    else {
        panic!("a report of a mass sending is none of the known ones");
    };
    assert_eq!(message_type, "event");
    assert_eq!(name.as_deref(), Some("MASSSENDJOBFINISH"));
    assert_eq!(fields["Status"], "sendsuccess");
}

#[test]
fn json_and_xml_say_the_same() {
    let json = format!(
        r#" {{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":{AT},"MsgType":"event","Event":"subscribe","EventKey":"qrscene_a"}}"#
    );
    let json = receive_plain(&json).unwrap();
    let xml = receive_plain(&event("subscribe", "<EventKey>qrscene_a</EventKey>")).unwrap();
    assert_eq!(json.event, xml.event);
    assert_eq!(json.dedup_key, xml.dedup_key);
    assert_eq!(
        (json.format, xml.format),
        (PushFormat::Json, PushFormat::Xml)
    );
}

#[test]
fn an_encrypted_push_is_received_in_both_modes_that_decrypt() {
    let (query, body) = encrypted(&event("subscribe", ""), APP);
    for mode in [CallbackMode::Compatible, CallbackMode::Encrypted] {
        let push = verifier(mode)
            .receive(&query, body.as_bytes(), now())
            .unwrap();
        assert!(push.encrypted);
        assert_eq!(push.event, Event::Subscribe { scene: None });
    }
    assert_eq!(
        verifier(CallbackMode::Plain).receive(&query, body.as_bytes(), now()),
        Err(CallbackError::UnexpectedlyEncrypted)
    );
}

#[test]
fn clear_fields_beside_a_ciphertext_are_ignored() {
    let (query, body) = encrypted(&event("subscribe", ""), APP);
    let both = body.replace(
        "<Encrypt>",
        "<FromUserName>forged</FromUserName><MsgType>event</MsgType><Event>unsubscribe</Event><Encrypt>",
    );
    let push = verifier(CallbackMode::Compatible)
        .receive(&query, both.as_bytes(), now())
        .unwrap();
    assert_eq!(push.openid.as_str(), "o1");
    assert_eq!(push.event, Event::Subscribe { scene: None });
}

#[test]
fn an_encrypted_account_refuses_a_clear_push_with_a_true_address_signature() {
    let body = event("subscribe", "");
    let refused =
        verifier(CallbackMode::Encrypted).receive(&plain_query(AT), body.as_bytes(), now());
    assert_eq!(refused, Err(CallbackError::NotEncrypted));
    assert_eq!(refused.unwrap_err().status(), 403);
    assert!(
        verifier(CallbackMode::Compatible)
            .receive(&plain_query(AT), body.as_bytes(), now())
            .is_ok()
    );
}

#[test]
fn an_encrypted_push_needs_its_own_signature() {
    let (query, body) = encrypted(&event("subscribe", ""), APP);
    let verifier = verifier(CallbackMode::Encrypted);
    let forged = query.replace("msg_signature=", "msg_signature=0");
    assert_eq!(
        verifier.receive(&forged, body.as_bytes(), now()),
        Err(CallbackError::SignatureMismatch)
    );
    let without = query.split("&msg_signature").next().unwrap();
    assert_eq!(
        verifier.receive(without, body.as_bytes(), now()),
        Err(CallbackError::MissingParameter {
            parameter: "msg_signature"
        })
    );
}

#[test]
fn a_signed_push_for_another_account_is_refused() {
    let (query, body) = encrypted(&event("subscribe", ""), "wx0000000000000000");
    assert_eq!(
        verifier(CallbackMode::Encrypted).receive(&query, body.as_bytes(), now()),
        Err(CallbackError::Envelope(EnvelopeError::OtherReceiver {
            receiver: "wx0000000000000000".to_owned()
        }))
    );
}

#[test]
fn the_window_is_closed_one_second_behind_its_edge() {
    let verifier = verifier(CallbackMode::Plain).with_tolerance(TimeDelta::seconds(300));
    let body = event("subscribe", "");
    let receive = |offset: i64| verifier.receive(&plain_query(AT + offset), body.as_bytes(), now());
    for offset in [-300, 0, 300] {
        assert!(receive(offset).is_ok(), "{offset}");
    }
    for offset in [-301, 301, i64::MAX - AT, i64::MIN] {
        let timestamp = AT + offset;
        assert_eq!(
            receive(offset),
            Err(CallbackError::OutsideWindow { timestamp })
        );
    }
    let half_a_second_late = now() + TimeDelta::milliseconds(300_500);
    assert!(
        verifier
            .receive(&plain_query(AT), body.as_bytes(), half_a_second_late)
            .is_err()
    );
}

#[test]
fn a_timestamp_that_is_no_number_is_refused() {
    assert_eq!(
        verifier(CallbackMode::Plain).receive("timestamp=soon&nonce=1&signature=2", b"", now()),
        Err(CallbackError::InvalidTimestamp {
            timestamp: "soon".to_owned()
        })
    );
}

#[test]
fn a_body_above_the_limit_is_refused_unread() {
    let verifier = verifier(CallbackMode::Plain);
    let body = vec![b' '; CallbackVerifier::MAX_BODY_BYTES + 1];
    let refused = verifier
        .receive(&plain_query(AT), &body, now())
        .unwrap_err();
    assert_eq!(
        refused,
        CallbackError::BodyTooLarge {
            length_bytes: body.len()
        }
    );
    assert_eq!(refused.status(), 413);
}

#[test]
fn a_declared_entity_is_refused() {
    let body = "<!DOCTYPE xml [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><xml><ToUserName>&e;</ToUserName></xml>";
    assert_eq!(
        receive_plain(body),
        Err(CallbackError::Unreadable(Unreadable::Doctype))
    );
}

#[test]
fn a_push_without_a_sender_is_not_understood() {
    let body = event("subscribe", "").replace("FromUserName", "Sender");
    assert_eq!(
        receive_plain(&body),
        Err(CallbackError::Unreadable(Unreadable::MissingField {
            field: "FromUserName"
        }))
    );
}

#[test]
fn repetitions_share_a_key_and_different_pushes_do_not() {
    let key = |body: &str| receive_plain(body).unwrap().dedup_key;
    let follow = event(
        "subscribe",
        "<EventKey>qrscene_a</EventKey><Ticket>t</Ticket>",
    );
    assert_eq!(key(&follow), key(&follow));
    assert_eq!(key(&text("a", "1")), key(&text("a", "1")));
    let different = [
        follow.clone(),
        follow.replace("qrscene_a", "qrscene_b"),
        follow.replace("<Ticket>t", "<Ticket>u"),
        follow.replace("o1", "o2"),
        follow.replace("gh_1", "gh_2"),
        follow.replace(&AT.to_string(), &(AT + 1).to_string()),
        event("unsubscribe", ""),
        event("SCAN", "<EventKey>a</EventKey>"),
        text("a", "1"),
        text("a", "2"),
        text("a", "1").replace("o1", "o2"),
    ];
    let keys: std::collections::BTreeSet<String> = different.iter().map(|body| key(body)).collect();
    assert_eq!(keys.len(), different.len());
}

#[test]
fn value_stability_the_dedup_key() {
    assert_eq!(
        receive_plain(&event("subscribe", "")).unwrap().dedup_key,
        "b546d57fce4ad0b20a2f1e8bd90c0662faee23d2fb0179eae7af315233c562a1"
    );
    assert_eq!(
        receive_plain(&text("a", "1")).unwrap().dedup_key,
        "ca4ee4f1343fa4fcc746216a9813eeeaec6055635777a1f213ee500408a7841d"
    );
}

#[test]
fn a_mode_that_decrypts_needs_a_key() {
    let build = |key: Option<&Secret>, mode| {
        CallbackVerifier::new(
            AppId::new(APP).unwrap(),
            Secret::new(TOKEN).unwrap(),
            key,
            mode,
        )
    };
    for mode in [CallbackMode::Compatible, CallbackMode::Encrypted] {
        assert_eq!(
            build(None, mode).unwrap_err(),
            CallbackConfigError::KeyMissing { mode }
        );
    }
    assert!(build(None, CallbackMode::Plain).is_ok());
    let short = Secret::new("short").unwrap();
    assert!(matches!(
        build(Some(&short), CallbackMode::Encrypted),
        Err(CallbackConfigError::InvalidKey(_))
    ));
}

#[test]
fn a_reply_exchanges_sender_and_receiver() {
    let verifier = verifier(CallbackMode::Plain);
    let push = receive_plain(&event("subscribe", "")).unwrap();
    let nonce = Nonce::new("n2").unwrap();
    let reply = verifier
        .text_reply(&push, "欢迎 ]]> 你", now(), &nonce, [1; 16])
        .unwrap();
    assert_eq!(reply.content_type, "text/xml; charset=utf-8");
    assert_eq!(
        String::from_utf8(reply.body).unwrap(),
        "<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName>\
         <CreateTime><![CDATA[1714112445]]></CreateTime><MsgType><![CDATA[text]]></MsgType>\
         <Content><![CDATA[欢迎 ]]]]><![CDATA[> 你]]></Content></xml>"
    );
}

#[test]
fn a_reply_to_an_encrypted_push_is_encrypted_and_signed() {
    let verifier = verifier(CallbackMode::Encrypted);
    let (query, body) = encrypted(&event("subscribe", ""), APP);
    let push = verifier.receive(&query, body.as_bytes(), now()).unwrap();
    let nonce = Nonce::new("n2").unwrap();
    let reply = verifier
        .text_reply(&push, "欢迎", now(), &nonce, [1; 16])
        .unwrap();
    let reply = String::from_utf8(reply.body).unwrap();
    let inside = |name: &str| {
        let rest = reply.split(&format!("<{name}><![CDATA[")).nth(1).unwrap();
        rest.split("]]>").next().unwrap()
    };
    let ciphertext = inside("Encrypt");
    assert_eq!(
        inside("MsgSignature"),
        signature(&[TOKEN, inside("TimeStamp"), inside("Nonce"), ciphertext])
    );
    let message = envelope(APP).decrypt(ciphertext).unwrap();
    assert!(
        message.contains("<Content><![CDATA[欢迎]]></Content>"),
        "{message}"
    );
}

#[test]
fn a_reply_that_wechat_would_cut_is_refused() {
    let verifier = verifier(CallbackMode::Plain);
    let push = receive_plain(&event("subscribe", "")).unwrap();
    let nonce = Nonce::new("n2").unwrap();
    for length_bytes in [0, Reply::MAX_TEXT_BYTES + 1] {
        assert_eq!(
            verifier.text_reply(&push, &"a".repeat(length_bytes), now(), &nonce, [1; 16]),
            Err(ReplyError::TextLength { length_bytes })
        );
    }
    assert_eq!(Reply::success().body, b"success");
}
