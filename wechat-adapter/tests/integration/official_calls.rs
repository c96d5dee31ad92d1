//! The calls of the Official Account: what they send, what they read, what a refusal asks for.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use wechat_adapter::official::{
    CachedToken, CreateQrCode, FetchAccessToken, FetchJsTicket, FetchUser, JsSigner, ListFollowers,
    Official, OfficialAction, TokenStatus,
};
use wechat_adapter::{
    ApiError, AppId, Endpoints, Nonce, OpenId, Request, Response, SceneStr, Secret, Unreadable,
};

fn official() -> Official {
    Official::new(
        AppId::new("wx1").unwrap(),
        Secret::new("s1").unwrap(),
        Endpoints::wechat(),
    )
}

fn token() -> Secret {
    Secret::new("T").unwrap()
}

fn answer(body: &str) -> Response {
    http::Response::new(body.as_bytes().to_vec())
}

fn json_body(request: &Request) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_600_000_000, 0).unwrap()
}

#[test]
fn a_stable_token_is_asked_for_in_the_body() {
    let request = FetchAccessToken::new().request(&official());
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.uri(),
        "https://api.weixin.qq.com/cgi-bin/stable_token"
    );
    assert_eq!(
        json_body(&request),
        json!({"grant_type":"client_credential","appid":"wx1","secret":"s1","force_refresh":false})
    );
    assert_eq!(
        json_body(&FetchAccessToken::forced().request(&official()))["force_refresh"],
        true
    );
}

#[test]
fn a_lifetime_may_be_a_number_or_a_text_but_is_positive() {
    for seconds in ["1500", "\"1500\""] {
        let body = format!(r#"{{"access_token":"T","expires_in":{seconds}}}"#);
        assert_eq!(
            FetchAccessToken::parse(&answer(&body))
                .unwrap()
                .lifetime_seconds,
            1_500
        );
    }
    for seconds in ["0", "-1", "\"soon\"", "1.5", "99999999999", "null"] {
        let body = format!(r#"{{"access_token":"T","expires_in":{seconds}}}"#);
        assert!(
            FetchAccessToken::parse(&answer(&body)).is_err(),
            "{seconds}"
        );
    }
}

#[test]
fn a_token_is_renewed_before_it_dies() {
    let status = |life: i64, age: i64| {
        let expires_at = start() + TimeDelta::seconds(life);
        CachedToken::new(token(), start(), expires_at).status(start() + TimeDelta::seconds(age))
    };
    assert_eq!(status(7_200, 6_479), TokenStatus::Fresh);
    assert_eq!(status(7_200, 6_480), TokenStatus::RenewalDue);
    assert_eq!(status(7_200, 7_199), TokenStatus::RenewalDue);
    assert_eq!(status(7_200, 7_200), TokenStatus::Expired);
    assert_eq!(
        status(300, 0),
        TokenStatus::Fresh,
        "the shortest life is still used"
    );
    assert_eq!(status(300, 239), TokenStatus::Fresh);
    assert_eq!(status(300, 240), TokenStatus::RenewalDue);
}

#[test]
fn a_kept_token_knows_when_it_was_obtained() {
    let issued =
        FetchAccessToken::parse(&answer(r#"{"access_token":"T","expires_in":7200}"#)).unwrap();
    let kept = issued.obtained_at(start());
    assert_eq!(kept.obtained_at(), start());
    assert_eq!(kept.expires_at(), start() + TimeDelta::hours(2));
    assert!(kept.is(&token()));
    assert!(!kept.is(&Secret::new("older").unwrap()));
}

#[test]
fn a_follower_is_described_and_a_stranger_has_only_an_openid() {
    let request = FetchUser::new(OpenId::new("o1").unwrap()).request(&official(), &token());
    assert_eq!(
        request.uri(),
        "https://api.weixin.qq.com/cgi-bin/user/info?access_token=T&openid=o1&lang=zh_CN"
    );
    let follower = FetchUser::parse(&answer(
        r#"{"subscribe":1,"openid":"o1","subscribe_time":1600000000,"subscribe_scene":"ADD_SCENE_QR_CODE","qr_scene":0,"qr_scene_str":"i:1","tagid_list":[]}"#,
    ))
    .unwrap();
    assert!(follower.following);
    assert_eq!(follower.last_followed_at, Some(start()));
    assert_eq!(follower.scene.unwrap().as_str(), "i:1");
    assert_eq!(follower.way.as_deref(), Some("ADD_SCENE_QR_CODE"));
    let stranger = FetchUser::parse(&answer(r#"{"subscribe":0,"openid":"o2"}"#)).unwrap();
    assert!(!stranger.following);
    assert_eq!(stranger.last_followed_at, None);
}

#[test]
fn an_answer_that_does_not_say_whether_somebody_follows_is_not_understood() {
    let refused = FetchUser::parse(&answer(r#"{"openid":"o1"}"#)).unwrap_err();
    assert_eq!(
        refused,
        ApiError::NotUnderstood {
            status: 200,
            problem: Unreadable::MissingField { field: "subscribe" },
        }
    );
}

#[test]
fn followers_are_listed_until_a_page_is_empty() {
    let first = ListFollowers::from_start().request(&official(), &token());
    assert_eq!(
        first.uri(),
        "https://api.weixin.qq.com/cgi-bin/user/get?access_token=T&next_openid="
    );
    let page = ListFollowers::parse(&answer(
        r#"{"total":3,"count":2,"data":{"openid":["o1","o2"]},"next_openid":"o2"}"#,
    ))
    .unwrap();
    assert_eq!((page.total, page.openids.len()), (3, 2));
    let second = page.next().unwrap().request(&official(), &token());
    assert_eq!(second.uri().query(), Some("access_token=T&next_openid=o2"));
    let end = ListFollowers::parse(&answer(r#"{"total":3,"count":0,"next_openid":""}"#)).unwrap();
    assert_eq!(end.next(), None);
    assert!(
        ListFollowers::parse(&answer(r#"{"total":1,"count":1,"data":{"openid":[1]}}"#)).is_err()
    );
}

#[test]
fn a_temporary_code_always_says_how_long_it_lives() {
    let scene = SceneStr::new("i:1").unwrap();
    let seconds = |lifetime_seconds| {
        let call = CreateQrCode::Temporary {
            scene: scene.clone(),
            lifetime_seconds,
        };
        json_body(&call.request(&official(), &token()))["expire_seconds"].clone()
    };
    assert_eq!(seconds(0), 1);
    assert_eq!(seconds(86_400), 86_400);
    assert_eq!(seconds(u32::MAX), 2_592_000);
    let permanent = CreateQrCode::Permanent {
        scene: SceneStr::new("玄武区").unwrap(),
    };
    let request = permanent.request(&official(), &token());
    assert_eq!(
        String::from_utf8(request.body().clone()).unwrap(),
        r#"{"action_info":{"scene":{"scene_str":"玄武区"}},"action_name":"QR_LIMIT_STR_SCENE"}"#,
        "raw UTF-8, as the vendor demands"
    );
}

#[test]
fn a_code_is_drawn_from_its_address_or_shown_by_its_ticket() {
    let ticket = CreateQrCode::parse(&answer(
        r#"{"ticket":"gQH+/=","expire_seconds":60,"url":"http://weixin.qq.com/q/k"}"#,
    ))
    .unwrap();
    assert_eq!(ticket.lifetime_seconds, Some(60));
    assert_eq!(ticket.url, "http://weixin.qq.com/q/k");
    assert_eq!(
        ticket.image_url(&Endpoints::wechat()),
        "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQH%2B%2F%3D"
    );
}

#[test]
fn a_page_configuration_has_the_names_that_the_page_expects() {
    let request = FetchJsTicket::new().request(&official(), &token());
    assert_eq!(
        request.uri(),
        "https://api.weixin.qq.com/cgi-bin/ticket/getticket?access_token=T&type=jsapi"
    );
    let issued = FetchJsTicket::parse(&answer(
        r#"{"errcode":0,"errmsg":"ok","ticket":"K","expires_in":7200}"#,
    ))
    .unwrap();
    let signer = JsSigner::new(AppId::new("wx1").unwrap(), ["e.cn"]);
    let nonce = Nonce::new("n").unwrap();
    let config = signer
        .sign(&issued.token, "https://e.cn/?a=1", &nonce, start())
        .unwrap();
    let json = serde_json::to_value(&config).unwrap();
    assert_eq!(json["appId"], "wx1");
    assert_eq!(json["timestamp"], 1_600_000_000);
    assert_eq!(json["nonceStr"], "n");
    assert_eq!(json["signature"].as_str().unwrap().len(), 40);
}

#[test]
fn every_listed_code_has_its_action_and_others_are_unknown() {
    let table = [
        (-1, OfficialAction::Retry),
        (45_011, OfficialAction::Retry),
        (40_001, OfficialAction::RefreshToken),
        (42_001, OfficialAction::RefreshToken),
        (42_007, OfficialAction::RestartLogin),
        (43_004, OfficialAction::PersonUnreachable),
        (40_164, OfficialAction::StopAndAlarm),
        (45_009, OfficialAction::QuotaSpent),
        (47_001, OfficialAction::MendRequest),
        (99_999, OfficialAction::Unknown),
    ];
    for (errcode, action) in table {
        let body = format!(r#"{{"errcode":{errcode},"errmsg":"m, rid: 6"}}"#);
        assert_eq!(
            FetchUser::parse(&answer(&body)).unwrap_err(),
            ApiError::Refused {
                code: errcode.to_string(),
                message: "m, rid: 6".to_owned(),
                action,
            }
        );
    }
}

#[test]
fn a_broken_answer_is_worth_another_try() {
    let mut unavailable = answer("<html>502</html>");
    *unavailable.status_mut() = http::StatusCode::BAD_GATEWAY;
    for (response, problem) in [
        (unavailable, Unreadable::Status),
        (answer("{\"open"), Unreadable::NotJson),
        (answer("[]"), Unreadable::NotJson),
    ] {
        let error = FetchUser::parse(&response).unwrap_err();
        assert_eq!(error.action(), OfficialAction::Retry);
        let status = response.status().as_u16();
        assert_eq!(error, ApiError::NotUnderstood { status, problem });
    }
}
