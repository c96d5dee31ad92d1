//! Every push of the vendor's list in both notations, the compatible mode, and every kind of reply.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use wechat_adapter::official::{
    CallbackError, CallbackMode, CallbackVerifier, EncodingAesKey, Envelope, EnvelopeError, Event,
    NewsCard, NoticeOccasion, Push, ReplyContent, TemplateOutcome, signature,
};
use wechat_adapter::{AppId, Nonce, Secret};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_600_000_000, 0).unwrap()
}

fn verifier(mode: CallbackMode) -> CallbackVerifier {
    let key = Secret::new("A".repeat(43)).unwrap();
    let token = Secret::new("t").unwrap();
    CallbackVerifier::new(AppId::new("wx1").unwrap(), token, Some(&key), mode).unwrap()
}

fn envelope() -> Envelope {
    let key = EncodingAesKey::new(&Secret::new("A".repeat(43)).unwrap()).unwrap();
    Envelope::new(key, AppId::new("wx1").unwrap())
}

fn plain_query() -> String {
    let signature = signature(&["t", "1600000000", "n"]);
    format!("signature={signature}&timestamp=1600000000&nonce=n")
}

fn receive(body: &str) -> Push {
    verifier(CallbackMode::Plain)
        .receive(&plain_query(), body.as_bytes(), now())
        .unwrap()
}

fn xml(fields: &str) -> Event {
    receive(&format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1600000000</CreateTime>{fields}</xml>"
    ))
    .event
}

fn json(fields: &str) -> Event {
    receive(&format!(
        r#"{{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":1600000000,{fields}}}"#
    ))
    .event
}

#[test]
fn a_template_report_says_what_became_of_it() {
    for (status, outcome) in [
        ("success", TemplateOutcome::Delivered),
        ("failed:user block", TemplateOutcome::Blocked),
        ("failed: system failed", TemplateOutcome::Failed),
        ("failed:system failed", TemplateOutcome::Failed),
        ("new", TemplateOutcome::Other("new".to_owned())),
    ] {
        let event = Event::TemplateSent {
            message_number: "200163836".to_owned(),
            outcome,
        };
        assert_eq!(
            xml(&format!(
                "<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>200163836</MsgID><Status><![CDATA[{status}]]></Status>"
            )),
            event
        );
        assert_eq!(
            json(&format!(
                r#""MsgType":"event","Event":"TEMPLATESENDJOBFINISH","MsgID":200163836,"Status":"{status}""#
            )),
            event
        );
    }
}

#[test]
fn notices_list_their_templates_in_both_notations() {
    let from_xml = xml(
        "<MsgType>event</MsgType><Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent>\
         <List><TemplateId>t1</TemplateId><SubscribeStatusString>accept</SubscribeStatusString><PopupScene>2</PopupScene></List>\
         <List><TemplateId>t2</TemplateId><SubscribeStatusString>reject</SubscribeStatusString><PopupScene>2</PopupScene></List>\
         </SubscribeMsgPopupEvent>",
    );
    let from_json = json(
        r#""MsgType":"event","Event":"subscribe_msg_popup_event","List":[
            {"TemplateId":"t1","SubscribeStatusString":"accept","PopupScene":"2"},
            {"TemplateId":"t2","SubscribeStatusString":"reject","PopupScene":"2"}]"#,
    );
    assert_eq!(from_xml, from_json);
    let Event::Notices { occasion, entries } = from_xml else {
        panic!("{from_xml:?}");
    };
    assert_eq!(occasion, NoticeOccasion::Asked);
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].status, "reject");

    let single = json(
        r#""MsgType":"event","Event":"subscribe_msg_sent_event","List":{"TemplateId":"t1","ErrorCode":"0","ErrorStatus":"success"}"#,
    );
    assert!(matches!(
        single,
        Event::Notices { occasion: NoticeOccasion::Sent, entries } if entries[0].status == "0"
    ));
}

#[test]
fn media_and_places_are_told_apart() {
    for kind in ["image", "voice", "video", "shortvideo"] {
        assert_eq!(
            xml(&format!(
                "<MsgType>{kind}</MsgType><MediaId>m1</MediaId><MsgId>1</MsgId>"
            )),
            Event::Media {
                kind: kind.to_owned(),
                media_id: "m1".to_owned()
            }
        );
    }
    let place = Event::Place {
        latitude: "32.06".to_owned(),
        longitude: "118.79".to_owned(),
    };
    assert_eq!(
        xml(
            "<MsgType>location</MsgType><Location_X>32.06</Location_X><Location_Y>118.79</Location_Y><MsgId>1</MsgId>"
        ),
        place
    );
    assert_eq!(
        json(
            r#""MsgType":"event","Event":"LOCATION","Latitude":32.06,"Longitude":118.79,"Precision":119.3"#
        ),
        place
    );
}

/// A compatible body: the message in clear by `clear`, and encrypted by `hidden`.
fn compatible(clear: &str, hidden: &str) -> (String, String) {
    let message = |text: &str| {
        format!(
            "<ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1600000000</CreateTime>\
             <MsgType>text</MsgType><Content>{text}</Content><MsgId>1</MsgId>"
        )
    };
    let ciphertext = envelope()
        .encrypt(&format!("<xml>{}</xml>", message(hidden)), [7; 16])
        .unwrap();
    let msg_signature = signature(&["t", "1600000000", "n", &ciphertext]);
    let body = format!(
        "<xml>{}<Encrypt>{ciphertext}</Encrypt></xml>",
        message(clear)
    );
    (msg_signature, body)
}

#[test]
fn of_a_compatible_body_the_encrypted_half_counts() {
    let (msg_signature, body) = compatible("forged", "true");
    for more in ["&encrypt_type=aes", "", "&encrypt_type=raw"] {
        let query = format!("{}{more}&msg_signature={msg_signature}", plain_query());
        let push = verifier(CallbackMode::Compatible)
            .receive(&query, body.as_bytes(), now())
            .unwrap();
        let content = "true".to_owned();
        assert_eq!(push.event, Event::Text { content }, "{more}");
        assert!(push.encrypted);
    }
    let query = format!("{}&msg_signature=00", plain_query());
    assert_eq!(
        verifier(CallbackMode::Compatible).receive(&query, body.as_bytes(), now()),
        Err(CallbackError::SignatureMismatch)
    );
    assert_eq!(
        verifier(CallbackMode::Encrypted).receive(&query, body.as_bytes(), now()),
        Err(CallbackError::NotEncrypted)
    );
}

fn replied(push: &Push, content: &ReplyContent) -> String {
    let reply = verifier(CallbackMode::Plain)
        .reply(push, content, now(), &Nonce::new("n").unwrap(), [0; 16])
        .unwrap();
    String::from_utf8(reply.body).unwrap()
}

#[test]
fn value_stability_every_kind_of_reply() {
    let card = NewsCard {
        title: "t".to_owned(),
        description: "d".to_owned(),
        url: "u".to_owned(),
        picture_url: "p".to_owned(),
    };
    let from_xml = receive(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>x</Content></xml>",
    );
    let from_json = receive(
        r#"{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":1,"MsgType":"text","Content":"x"}"#,
    );
    let head = "<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName><CreateTime><![CDATA[1600000000]]></CreateTime>";
    let media = |kind: &str| format!("<MsgType><![CDATA[{kind}]]></MsgType>");
    assert_eq!(
        replied(&from_xml, &ReplyContent::Card(card.clone())),
        format!(
            "{head}{}<ArticleCount><![CDATA[1]]></ArticleCount><Articles><item><Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description><PicUrl><![CDATA[p]]></PicUrl><Url><![CDATA[u]]></Url></item></Articles></xml>",
            media("news")
        )
    );
    assert_eq!(
        replied(
            &from_xml,
            &ReplyContent::Image {
                media_id: "m".to_owned()
            }
        ),
        format!(
            "{head}{}<Image><MediaId><![CDATA[m]]></MediaId></Image></xml>",
            media("image")
        )
    );
    assert_eq!(
        replied(&from_xml, &ReplyContent::HumanAgent),
        format!("{head}{}</xml>", media("transfer_customer_service"))
    );
    assert_eq!(
        replied(&from_json, &ReplyContent::Card(card)),
        r#"{"ArticleCount":"1","Articles":[{"Description":"d","PicUrl":"p","Title":"t","Url":"u"}],"CreateTime":1600000000,"FromUserName":"gh_1","MsgType":"news","ToUserName":"o1"}"#
    );
    assert_eq!(
        replied(
            &from_json,
            &ReplyContent::Video {
                media_id: "m".to_owned(),
                title: "t".to_owned(),
                description: "d".to_owned()
            }
        ),
        r#"{"CreateTime":1600000000,"FromUserName":"gh_1","MsgType":"video","ToUserName":"o1","Video":{"Description":"d","MediaId":"m","Title":"t"}}"#
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Decrypting gives back what was encrypted, under any key a console may draw.
    #[test]
    fn every_drawn_key_opens_what_it_closed(
        key in "[0-9A-Za-z]{43}", other in "[0-9A-Za-z]{43}", message in "\\PC{0,100}", random: [u8; 16],
    ) {
        let envelope = |text: &str| {
            let key = EncodingAesKey::new(&Secret::new(text).unwrap()).unwrap();
            Envelope::new(key, AppId::new("wx1").unwrap())
        };
        let ciphertext = envelope(&key).encrypt(&message, random).unwrap();
        prop_assert_eq!(envelope(&key).decrypt(&ciphertext).unwrap(), message);
        // The last character holds two bits that no decoder sees.
        if key[..42] != other[..42] {
            prop_assert_eq!(envelope(&other).decrypt(&ciphertext), Err(EnvelopeError::Undecryptable));
        }
    }
}
