//! The adapter and the simulator, written apart, understand each other.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wechat_adapter::official::{
    AuthorizeUrl, CallbackError, CallbackMode, CallbackVerifier, CreateQrCode, Event, ExchangeCode,
    FetchAccessToken, FetchJsTicket, FetchUser, ListFollowers, OAuthReturn, OAuthScope, OAuthState,
    Official, PushFormat, Reply,
};
use wechat_adapter::pay::{
    Merchant, PayAction, QueryRedPacket, RedPacketOrder, RedPacketState, SendRedPacket,
};
use wechat_adapter::simulator::{
    AuthorizeOutcome, Fault, FaultRule, MessageContent, Push, PushBody, PushMode, Simulator,
    SimulatorClient, SimulatorConfig,
};
use wechat_adapter::{
    AppId, BaseUrl, BillNumber, Endpoints, HttpClient, MerchantId, Nonce, OpenId, Response,
    SceneStr, Secret, TransportError,
};

use crate::simulator_support::{OFFICIAL, answered, at, config, simulator, simulator_with};

const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fn endpoints() -> Endpoints {
    Endpoints::all_at(&BaseUrl::new(OFFICIAL).unwrap())
}

fn official() -> Official {
    let SimulatorConfig {
        app_id, app_secret, ..
    } = config();
    Official::new(
        AppId::new(app_id).unwrap(),
        Secret::new(app_secret).unwrap(),
        endpoints(),
    )
}

fn merchant() -> Merchant {
    Merchant::new(Secret::new(config().merchant_key).unwrap(), endpoints())
}

fn order(openid: &str) -> RedPacketOrder {
    let config = config();
    RedPacketOrder {
        bill_number: BillNumber::new("c1n000000001").unwrap(),
        merchant_id: MerchantId::new(config.merchant_id).unwrap(),
        app_id: AppId::new(config.app_id).unwrap(),
        openid: OpenId::new(openid).unwrap(),
        amount_fen: 88,
        send_name: "知识竞赛".to_owned(),
        wishing: "恭喜 <发财> & \"more\" ]]>".to_owned(),
        act_name: "答题".to_owned(),
        remark: "南京".to_owned(),
        scene_id: Some("PRODUCT_2".to_owned()),
        client_ip: "127.0.0.1".parse().unwrap(),
    }
}

fn nonce(text: &str) -> Nonce {
    Nonce::new(text).unwrap()
}

#[test]
fn a_red_packet_is_sent_opened_and_found_received() {
    let (simulator, openid) = simulator();
    let (order, merchant) = (order(&openid), merchant());
    let send = SendRedPacket::new(order.clone()).unwrap();
    let answer = answered(simulator.handle(&send.request(&merchant, &nonce("a1")), at(0)));
    let accepted = SendRedPacket::parse(&answer).unwrap();
    assert!(accepted.echoes(&order));

    let query = QueryRedPacket::of(&order);
    let record = |seconds| {
        let answer =
            answered(simulator.handle(&query.request(&merchant, &nonce("q1")), at(seconds)));
        QueryRedPacket::parse(&answer).unwrap()
    };
    assert_eq!(record(1).state, RedPacketState::Sent);
    assert_eq!(record(1).sent_at, Some(at(0)));
    let packet = simulator
        .open_packet(&openid, "c1n000000001", at(2))
        .unwrap();
    assert_eq!(packet.wishing, order.wishing);
    let received = record(3);
    assert!(received.echoes(&order));
    assert_eq!(received.state, RedPacketState::Received);
    assert_eq!(received.receipts[0].received_at, Some(at(2)));
    assert_eq!(received.receipts[0].openid, order.openid);
}

#[test]
fn a_refusal_is_understood_by_its_code() {
    let (simulator, openid) = simulator();
    let send = SendRedPacket::new(order(&openid)).unwrap();
    let action = |merchant: &Merchant, seconds| {
        let answer = answered(simulator.handle(&send.request(merchant, &nonce("a1")), at(seconds)));
        SendRedPacket::parse(&answer).unwrap_err().action()
    };
    let wrong_key = Merchant::new(Secret::new("f".repeat(32)).unwrap(), endpoints());
    assert_eq!(action(&wrong_key, 0), PayAction::PauseForRequest);
    for (seconds, (fault, expected)) in (0..).step_by(2).zip([
        (Fault::NotEnough, PayAction::PauseForBalance),
        (Fault::FreqLimit, PayAction::SlowDown),
        (Fault::NoAuth, PayAction::PersonRefused),
        (Fault::SendNumLimit, PayAction::PersonDayLimit),
        (Fault::CertificateError, PayAction::PauseForCertificate),
        (Fault::SystemErrorThenSuccess, PayAction::RepeatSameNumber),
        (Fault::UnknownErrCode, PayAction::OutcomeUnknown),
        (Fault::Status500, PayAction::OutcomeUnknown),
        (Fault::GarbledBody, PayAction::OutcomeUnknown),
    ]) {
        simulator.set_faults(vec![FaultRule::once(fault.clone())]);
        assert_eq!(action(&merchant(), seconds), expected, "{fault:?}");
    }
}

fn token(simulator: &Simulator) -> Secret {
    let answer = answered(simulator.handle(&FetchAccessToken::new().request(&official()), at(0)));
    FetchAccessToken::parse(&answer).unwrap().token
}

#[test]
fn tokens_tickets_followers_and_qr_codes_are_understood() {
    let (simulator, openid) = simulator();
    let (official, token) = (official(), token(&simulator));
    let answer = |request| -> Response { answered(simulator.handle(&request, at(1))) };
    let ticket = FetchJsTicket::parse(&answer(FetchJsTicket::new().request(&official, &token)));
    assert_eq!(ticket.unwrap().lifetime_seconds, 7200);

    let scene = SceneStr::new("i:42").unwrap();
    let create = CreateQrCode::Temporary {
        scene: scene.clone(),
        lifetime_seconds: 3600,
    };
    let code = CreateQrCode::parse(&answer(create.request(&official, &token))).unwrap();
    let image = http::Request::get(code.image_url(&endpoints()))
        .body(Vec::new())
        .unwrap();
    assert_eq!(answer(image).into_body(), code.url.as_bytes());

    let fetch = FetchUser::new(OpenId::new(openid.as_str()).unwrap());
    let user = || FetchUser::parse(&answer(fetch.request(&official, &token))).unwrap();
    assert!(!user().following);
    let _pushes = simulator.follow(&openid, Some("i:42"), at(1)).unwrap();
    assert_eq!(
        (user().following, user().last_followed_at),
        (true, Some(at(1)))
    );
    assert_eq!(user().scene, Some(scene));

    let page = ListFollowers::parse(&answer(
        ListFollowers::from_start().request(&official, &token),
    ))
    .unwrap();
    assert_eq!((page.total, page.openids.len()), (1, 1));
    let next = page.next().unwrap();
    let end = ListFollowers::parse(&answer(next.request(&official, &token))).unwrap();
    assert!(end.openids.is_empty());
}

#[test]
fn a_login_comes_back_with_the_person() {
    let (simulator, openid) = simulator();
    let official = official();
    let state = OAuthState::new("s1").unwrap();
    let login = AuthorizeUrl::new(
        "https://example.org/back?a=1",
        OAuthScope::Base,
        state.clone(),
    );
    let url: http::Uri = login.url(&official).parse().unwrap();
    let AuthorizeOutcome::Redirect(back) =
        simulator.authorize(url.query().unwrap(), Some(&openid), at(0))
    else {
        panic!("no redirect");
    };
    let back: http::Uri = back.parse().unwrap();
    let OAuthReturn::Granted {
        code,
        state: returned,
    } = OAuthReturn::parse(back.query().unwrap()).unwrap()
    else {
        panic!("denied");
    };
    assert!(returned.matches(&state));
    let answer = answered(simulator.handle(&ExchangeCode::new(code).request(&official), at(1)));
    let grant = ExchangeCode::parse(&answer).unwrap();
    assert_eq!(grant.openid.as_str(), openid);
    assert!(!grant.is_snapshot_user);
    let AuthorizeOutcome::Redirect(declined) = simulator.decline(url.query().unwrap(), at(0))
    else {
        panic!("no redirect");
    };
    let declined: http::Uri = declined.parse().unwrap();
    assert!(matches!(
        OAuthReturn::parse(declined.query().unwrap()),
        Ok(OAuthReturn::Denied { .. })
    ));
}

/// Every setting of the console for pushes.
fn settings() -> impl Iterator<Item = SimulatorConfig> {
    let modes = [PushMode::Plain, PushMode::Compatible, PushMode::Encrypted];
    let of_mode = |mode| {
        [PushBody::Xml, PushBody::Json].map(|push_body| SimulatorConfig {
            encoding_aes_key: (mode != PushMode::Plain).then(|| AES_KEY.to_owned()),
            push_mode: mode,
            push_body,
            ..config()
        })
    };
    modes.into_iter().flat_map(of_mode)
}

fn verifier(config: &SimulatorConfig) -> CallbackVerifier {
    let key = config.encoding_aes_key.as_deref();
    let key = key.map(|key| Secret::new(key).unwrap());
    let mode = match config.push_mode {
        PushMode::Plain => CallbackMode::Plain,
        PushMode::Compatible => CallbackMode::Compatible,
        PushMode::Encrypted => CallbackMode::Encrypted,
    };
    CallbackVerifier::new(
        AppId::new(config.app_id.as_str()).unwrap(),
        Secret::new(config.callback_token.as_str()).unwrap(),
        key.as_ref(),
        mode,
    )
    .unwrap()
}

fn receive(
    verifier: &CallbackVerifier,
    push: &Push,
) -> Result<wechat_adapter::official::Push, CallbackError> {
    let query = push.request.uri().query().unwrap();
    verifier.receive(query, push.request.body(), at(0))
}

#[test]
fn pushes_are_verified_read_and_answered_in_every_mode_and_notation() {
    for config in settings() {
        let (simulator, openid) = simulator_with(config.clone());
        let verifier = verifier(&config);
        let followed = simulator.follow(&openid, Some("i:42"), at(0)).unwrap();
        let push = receive(&verifier, &followed[0]).unwrap();
        assert_eq!((push.openid.as_str(), push.at), (openid.as_str(), at(0)));
        assert_eq!(push.account, simulator.account_id());
        assert_eq!(push.encrypted, config.push_mode != PushMode::Plain);
        let is_json = config.push_body == PushBody::Json;
        assert_eq!(push.format == PushFormat::Json, is_json);
        assert!(
            matches!(&push.event, Event::Subscribe { scene: Some(scene) } if scene.as_str() == "i:42")
        );

        let reply = verifier
            .text_reply(&push, "欢迎", at(1), &nonce("r1"), [7; 16])
            .unwrap();
        assert!(
            simulator
                .record_reply(&followed[0], 200, &reply.body, at(1))
                .is_none()
        );
        let success = Reply::success();
        assert!(
            simulator
                .record_reply(&followed[0], 200, &success.body, at(1))
                .is_none()
        );
        let dialogue = simulator.person(&openid).unwrap().dialogue;
        assert_eq!(dialogue.len(), 1);
        assert_eq!(
            dialogue[0].content,
            MessageContent::FromAccount {
                text: "欢迎".to_owned()
            }
        );

        let said = simulator.say(&openid, "]]> & 你好", at(0)).unwrap();
        let event = receive(&verifier, &said[0]).unwrap().event;
        assert!(matches!(event, Event::Text { content } if content == "]]> & 你好"));
        let left = simulator.unfollow(&openid, at(0)).unwrap();
        assert_eq!(
            receive(&verifier, &left[0]).unwrap().event,
            Event::Unsubscribe
        );
    }
}

#[test]
fn a_forged_push_is_refused_and_a_repeated_one_is_recognised() {
    for config in settings() {
        let (simulator, openid) = simulator_with(config.clone());
        let verifier = verifier(&config);
        simulator.set_faults(vec![FaultRule::once(Fault::WrongCallbackSignature)]);
        let forged = simulator.follow(&openid, None, at(0)).unwrap();
        assert_eq!(
            receive(&verifier, &forged[0]),
            Err(CallbackError::SignatureMismatch)
        );
        let again = simulator.record_reply(&forged[0], 403, b"", at(0)).unwrap();
        let third = simulator.record_no_reply(&again, at(0)).unwrap();
        assert_eq!(
            receive(&verifier, &again).unwrap().dedup_key,
            receive(&verifier, &third).unwrap().dedup_key
        );
    }
}

/// The result of a future that is ready at once, as those of the in-process client are.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the in-process client never waits"),
    }
}

#[test]
fn the_client_in_process_hides_whether_a_cut_call_took_effect() {
    let (simulator, openid) = simulator();
    let simulator = Arc::new(simulator);
    let client = SimulatorClient::new(Arc::clone(&simulator), Arc::new(|| at(0)));
    let send = SendRedPacket::new(order(&openid)).unwrap();
    let request = || send.request(&merchant(), &nonce("a1"));
    let mut errors = Vec::new();
    for fault in [Fault::DropBeforeExecute, Fault::ExecuteThenDrop] {
        simulator.set_faults(vec![FaultRule::once(fault)]);
        let error = ready(client.send(request())).unwrap_err();
        assert!(error.outcome_unknown());
        errors.push(error);
    }
    assert_eq!(errors[0], errors[1]);
    assert_eq!(simulator.totals().packets, 1);
    simulator.set_faults(vec![FaultRule::once(Fault::Delay {
        milliseconds: 10_000,
    })]);
    assert_eq!(
        ready(client.send(request())).unwrap_err(),
        TransportError::TimedOut
    );
    simulator.set_faults(vec![FaultRule::once(Fault::Delay {
        milliseconds: 9_999,
    })]);
    assert_eq!(ready(client.send(request())).unwrap().status(), 200);
}
