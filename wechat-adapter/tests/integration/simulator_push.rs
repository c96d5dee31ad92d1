//! What the simulator pushes, and what it shows people of the replies.

use wechat_adapter::simulator::{
    Fault, FaultRule, MessageContent, PersonView, Push, PushMode, Simulator, SimulatorConfig,
    SimulatorError,
};

use crate::simulator_support::{
    at, config, err_code, send, send_fields, simulator, simulator_with,
};

fn last(simulator: &Simulator, openid: &str) -> Option<MessageContent> {
    let person: PersonView = simulator.person(openid).unwrap();
    person
        .dialogue
        .last()
        .map(|message| message.content.clone())
}

fn only(mut pushes: Vec<Push>) -> Push {
    assert_eq!(pushes.len(), 1);
    pushes.remove(0)
}

#[test]
fn following_pushes_subscribe_once() {
    let (simulator, openid) = simulator();
    let push = only(simulator.follow(&openid, None, at(0)).unwrap());
    assert!(
        push.message()
            .contains("<Event><![CDATA[subscribe]]></Event>")
    );
    assert!(push.message().contains("<EventKey><![CDATA[]]></EventKey>"));
    assert!(simulator.follow(&openid, None, at(1)).unwrap().is_empty());
    let again = only(simulator.follow(&openid, Some("poster"), at(1)).unwrap());
    assert!(again.message().contains("<Event><![CDATA[SCAN]]></Event>"));
    let push = only(simulator.unfollow(&openid, at(2)).unwrap());
    assert!(
        push.message()
            .contains("<Event><![CDATA[unsubscribe]]></Event>")
    );
    assert!(simulator.unfollow(&openid, at(3)).unwrap().is_empty());
    assert!(simulator.follow("oNobody", None, at(3)).is_err());
}

#[test]
fn only_a_follower_can_write() {
    let (simulator, openid) = simulator();
    assert_eq!(
        simulator.say(&openid, "hello", at(0)).unwrap_err(),
        SimulatorError::NotFollowing {
            openid: openid.clone()
        }
    );
    let _pushes = simulator.follow(&openid, None, at(0)).unwrap();
    let push = only(simulator.say(&openid, "]]> & 你好", at(1)).unwrap());
    assert!(
        push.message()
            .contains("<MsgType><![CDATA[text]]></MsgType>")
    );
    assert_eq!(
        last(&simulator, &openid),
        Some(MessageContent::FromPerson {
            text: "]]> & 你好".to_owned()
        })
    );
}

fn reply(simulator: &Simulator, openid: &str, message_type: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[{openid}]]></ToUserName><FromUserName><![CDATA[{}]]></FromUserName>\
         <CreateTime>1589000000</CreateTime><MsgType><![CDATA[{message_type}]]></MsgType>\
         <Content><![CDATA[welcome]]></Content></xml>",
        simulator.account_id()
    )
}

#[test]
fn a_passive_reply_joins_the_dialogue() {
    let (simulator, openid) = simulator();
    let push = only(simulator.follow(&openid, None, at(0)).unwrap());
    for (body, expected) in [
        ("success".to_owned(), None),
        (String::new(), None),
        (
            reply(&simulator, &openid, "text"),
            Some(MessageContent::FromAccount {
                text: "welcome".to_owned(),
            }),
        ),
        (
            reply(&simulator, &openid, "news"),
            Some(MessageContent::FromAccountOther {
                message_type: "news".to_owned(),
            }),
        ),
        (
            "<html>".to_owned(),
            Some(MessageContent::ServiceUnavailable),
        ),
        (
            reply(&simulator, "oNobody", "text"),
            Some(MessageContent::ServiceUnavailable),
        ),
    ] {
        let before = simulator.person(&openid).unwrap().dialogue.len();
        assert!(
            simulator
                .record_reply(&push, 200, body.as_bytes(), at(1))
                .is_none()
        );
        let after = simulator.person(&openid).unwrap().dialogue.len();
        assert_eq!(after - before, usize::from(expected.is_some()), "{body}");
        if expected.is_some() {
            assert_eq!(last(&simulator, &openid), expected, "{body}");
        }
    }
}

#[test]
fn a_plain_reply_is_not_accepted_where_pushes_are_encrypted() {
    let (simulator, openid) = simulator_with(SimulatorConfig {
        encoding_aes_key: Some("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG".to_owned()),
        push_mode: PushMode::Encrypted,
        ..config()
    });
    let push = only(simulator.follow(&openid, None, at(0)).unwrap());
    assert!(!String::from_utf8_lossy(push.request.body()).contains("subscribe"));
    let plain = reply(&simulator, &openid, "text");
    assert!(
        simulator
            .record_reply(&push, 200, plain.as_bytes(), at(1))
            .is_none()
    );
    assert_eq!(
        last(&simulator, &openid),
        Some(MessageContent::ServiceUnavailable)
    );
}

#[test]
fn an_unanswered_push_is_tried_three_times() {
    let (simulator, openid) = simulator();
    let first = only(simulator.follow(&openid, None, at(0)).unwrap());
    let second = simulator.record_no_reply(&first, at(5)).unwrap();
    let third = simulator.record_reply(&second, 503, b"", at(10)).unwrap();
    assert_eq!((first.attempt, second.attempt, third.attempt), (1, 2, 3));
    assert_eq!(third.message(), first.message());
    assert_eq!(last(&simulator, &openid), None);
    assert!(simulator.record_no_reply(&third, at(15)).is_none());
    assert_eq!(
        last(&simulator, &openid),
        Some(MessageContent::ServiceUnavailable)
    );
}

#[test]
fn callback_faults_lose_double_and_forge_pushes() {
    let (simulator, openid) = simulator();
    simulator.set_faults(vec![
        FaultRule::once(Fault::LoseCallback),
        FaultRule::once(Fault::DuplicateCallbacks),
        FaultRule::once(Fault::WrongCallbackSignature),
    ]);
    assert!(simulator.follow(&openid, None, at(0)).unwrap().is_empty());
    let doubled = simulator.unfollow(&openid, at(1)).unwrap();
    assert_eq!(doubled.len(), 2);
    assert_eq!(doubled[0].request.uri(), doubled[1].request.uri());
    assert_eq!(doubled[0].request.body(), doubled[1].request.body());
    let forged = only(simulator.follow(&openid, None, at(2)).unwrap());
    let honest = simulator.record_no_reply(&forged, at(2)).unwrap();
    assert_ne!(forged.request.uri(), honest.request.uri());
}

#[test]
fn a_red_packet_lies_in_the_dialogue_and_old_messages_fall_out() {
    let (simulator, openid) = simulator();
    let _pushes = simulator.follow(&openid, None, at(0)).unwrap();
    for number in 0..60 {
        let _pushes = simulator
            .say(&openid, &format!("{number}"), at(number))
            .unwrap();
    }
    assert_eq!(
        err_code(&simulator, &send(send_fields(&openid, "b1", 150)), at(60)),
        "SUCCESS"
    );
    let person = simulator.person(&openid).unwrap();
    assert_eq!(person.dialogue.len(), 50);
    assert!(matches!(
        &person.dialogue[49].content,
        MessageContent::RedPacket { bill_number, .. } if bill_number == "b1"
    ));
    assert_eq!(person.packets.len(), 1);
    let json = serde_json::to_value(&person).unwrap();
    assert_eq!(json["packets"][0]["state"], "SENT");
    assert_eq!(json["dialogue"][49]["kind"], "red_packet");
    assert_eq!(json["followed_at"], "2020-05-09T02:00:00+00:00");
}
