//! Messages, menu, quotas, people and QR codes with numbers: what is sent, and what an answer means.

use std::num::NonZeroU32;

use serde_json::{Value, json};
use wechat_adapter::official::{
    AuthorizeUrl, CheckGrant, ClearQuota, CreateMenu, CreateQrCode, CustomerContent, DeleteMenu,
    ExchangeCode, ExplainRequest, FetchCallbackAddresses, FetchMenu, FetchProfile, FetchUsers,
    InvalidMenu, MassReceipt, Menu, MenuAction, MenuItem, MenuStep, NewsCard, NoticeTarget,
    OAuthScope, OAuthState, Official, OfficialAction, PermanentScene, QueryQuota, RenewGrant,
    SendCustomerMessage, SendNotice, SendTemplate, SendToEveryone,
};
use wechat_adapter::{AppId, Endpoints, OpenId, Request, Response, Secret};

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

fn person() -> OpenId {
    OpenId::new("o1").unwrap()
}

fn answer(body: &str) -> Response {
    http::Response::new(body.as_bytes().to_vec())
}

fn sent(request: &Request) -> (String, Value) {
    let body = serde_json::from_slice(request.body()).unwrap_or_default();
    (request.uri().to_string(), body)
}

#[test]
fn a_customer_message_has_the_documented_body() {
    let call =
        |content| sent(&SendCustomerMessage::new(person(), content).request(&official(), &token()));
    let (address, body) = call(CustomerContent::Text("你好".to_owned()));
    assert_eq!(
        address,
        "https://api.weixin.qq.com/cgi-bin/message/custom/send?access_token=T"
    );
    assert_eq!(
        body,
        json!({"touser":"o1","msgtype":"text","text":{"content":"你好"}})
    );
    let card = NewsCard {
        title: "t".to_owned(),
        description: "d".to_owned(),
        url: "u".to_owned(),
        picture_url: "p".to_owned(),
    };
    assert_eq!(
        call(CustomerContent::Card(card)).1["news"]["articles"],
        json!([{"title":"t","description":"d","url":"u","picurl":"p"}])
    );
    let menu = CustomerContent::Menu {
        head: "h".to_owned(),
        answers: vec![("1".to_owned(), "yes".to_owned())],
        tail: "t".to_owned(),
    };
    assert_eq!(
        call(menu).1["msgmenu"],
        json!({"head_content":"h","list":[{"id":"1","content":"yes"}],"tail_content":"t"})
    );
    let image = CustomerContent::Image {
        media_id: "m".to_owned(),
    };
    assert_eq!(call(image).1["image"], json!({"media_id":"m"}));
}

#[test]
fn chinese_is_sent_as_it_is_and_not_escaped() {
    let text = CustomerContent::Text("红包".to_owned());
    let request = SendCustomerMessage::new(person(), text).request(&official(), &token());
    let body = std::str::from_utf8(request.body()).unwrap();
    assert!(body.contains("红包"), "{body}");
}

#[test]
fn an_allowance_used_up_is_about_the_person() {
    for code in [45_015, 45_047, 43_004, 43_101] {
        let body = format!(r#"{{"errcode":{code},"errmsg":"x rid: 1-2-3"}}"#);
        let error = SendCustomerMessage::parse(&answer(&body)).unwrap_err();
        assert_eq!(error.action(), OfficialAction::PersonUnreachable, "{code}");
    }
    assert!(SendCustomerMessage::parse(&answer(r#"{"errcode":0,"errmsg":"ok"}"#)).is_ok());
}

#[test]
fn a_template_message_carries_its_key_and_its_target() {
    let fields = vec![("amount".to_owned(), "1.00".to_owned())];
    let call = SendTemplate::new(person(), "t1", fields.clone())
        .with_target(NoticeTarget::Page("https://contest.example/".to_owned()))
        .once("outbox7");
    let (address, body) = sent(&call.request(&official(), &token()));
    assert!(address.contains("/cgi-bin/message/template/send?"));
    assert_eq!(
        body,
        json!({"touser":"o1","template_id":"t1","url":"https://contest.example/",
               "client_msg_id":"outbox7","data":{"amount":{"value":"1.00"}}})
    );
    let answered = answer(r#"{"errcode":0,"errmsg":"ok","msgid":200228332}"#);
    assert_eq!(SendTemplate::parse(&answered).unwrap(), "200228332");

    let mini = NoticeTarget::MiniProgram {
        app_id: "wx2".to_owned(),
        page: "p".to_owned(),
    };
    let notice = SendNotice::new(person(), "t1", fields).with_target(mini);
    let (address, body) = sent(&notice.request(&official(), &token()));
    assert!(address.contains("/cgi-bin/message/subscribe/bizsend?"));
    assert_eq!(body["miniprogram"], json!({"appid":"wx2","pagepath":"p"}));
    assert!(SendNotice::parse(&answer(r#"{"errcode":0}"#)).is_ok());
}

#[test]
fn a_message_to_everyone_carries_its_key_and_a_repetition_is_no_error() {
    let call = SendToEveryone::new("南京站开赛", "season-nanjing").unwrap();
    let (address, body) = sent(&call.request(&official(), &token()));
    assert!(address.contains("/cgi-bin/message/mass/sendall?"));
    assert_eq!(
        body,
        json!({"filter":{"is_to_all":true},"msgtype":"text","text":{"content":"南京站开赛"},
               "clientmsgid":"season-nanjing"})
    );
    let taken = answer(r#"{"errcode":0,"errmsg":"send job submission success","msg_id":34182}"#);
    let message_number = "34182".to_owned();
    let receipt = SendToEveryone::parse(&taken).unwrap();
    assert_eq!(receipt, MassReceipt::Taken { message_number });
    let again = SendToEveryone::parse(&answer(r#"{"errcode":45065,"errmsg":"clientmsgid exist"}"#));
    assert_eq!(again.unwrap(), MassReceipt::TakenBefore);
    let spent = SendToEveryone::parse(&answer(r#"{"errcode":45028,"errmsg":"no quota"}"#));
    assert_eq!(spent.unwrap_err().action(), OfficialAction::QuotaSpent);
    for (text, key) in [("", "k"), ("t", ""), ("t", &*"k".repeat(65))] {
        assert!(SendToEveryone::new(text, key).is_err(), "{text:?} {key:?}");
    }
    assert!(SendToEveryone::new("t".repeat(2_048), "k").is_ok());
    assert!(SendToEveryone::new("t".repeat(2_049), "k").is_err());
}

fn menu(name: &str) -> Menu {
    let view = MenuAction::View {
        url: "https://contest.example/".to_owned(),
    };
    let click = MenuAction::Click {
        key: "help".to_owned(),
    };
    Menu::new(vec![
        MenuItem::Leaf {
            name: name.to_owned(),
            action: view,
        },
        MenuItem::Branch {
            name: "更多".to_owned(),
            leaves: vec![("帮助".to_owned(), click)],
        },
    ])
    .unwrap()
}

#[test]
fn a_menu_is_created_only_when_it_differs() {
    let present = |body: &str| FetchMenu::parse(&answer(body)).unwrap();
    // WeChat adds an empty `sub_button` to every item, and may order fields otherwise.
    let south = present(
        r#"{"menu":{"button":[{"sub_button":[],"url":"https://contest.example/","name":"南京","type":"view"},
           {"name":"更多","sub_button":[{"type":"click","name":"帮助","key":"help","sub_button":[]}]}]}}"#,
    );
    assert_eq!(menu("南京").step_from(&south), MenuStep::Keep);
    assert_eq!(menu("苏州").step_from(&south), MenuStep::Create);
    let none = present(r#"{"errcode":46003,"errmsg":"menu no exist"}"#);
    assert!(!none.exists());
    assert_eq!(menu("南京").step_from(&none), MenuStep::Create);
}

#[test]
fn a_menu_that_was_sent_is_the_one_wanted() {
    let (_, body) = sent(&CreateMenu::new(menu("南京")).request(&official(), &token()));
    let present = json!({ "menu": body }).to_string();
    let present = FetchMenu::parse(&answer(&present)).unwrap();
    assert_eq!(menu("南京").step_from(&present), MenuStep::Keep);
    assert!(CreateMenu::parse(&answer(r#"{"errcode":0}"#)).is_ok());
    assert!(DeleteMenu::parse(&answer(r#"{"errcode":0}"#)).is_ok());
    let (address, _) = sent(&DeleteMenu::new().request(&official(), &token()));
    assert!(address.contains("/cgi-bin/menu/delete?"));
}

#[test]
fn a_menu_beyond_its_limits_is_refused() {
    let leaf = |name: &str| MenuItem::Leaf {
        name: name.to_owned(),
        action: MenuAction::Click {
            key: "k".to_owned(),
        },
    };
    assert_eq!(
        Menu::new(Vec::new()),
        Err(InvalidMenu::Count {
            count: 0,
            maximum: 3
        })
    );
    assert!(Menu::new(vec![leaf("a"), leaf("b"), leaf("c")]).is_ok());
    assert!(Menu::new(vec![leaf("a"), leaf("b"), leaf("c"), leaf("d")]).is_err());
    assert!(Menu::new(vec![leaf(&"长".repeat(20))]).is_ok());
    assert!(Menu::new(vec![leaf(&"长".repeat(21))]).is_err());
    let long_key = MenuItem::Leaf {
        name: "a".to_owned(),
        action: MenuAction::Click {
            key: "k".repeat(129),
        },
    };
    assert!(Menu::new(vec![long_key]).is_err());
}

#[test]
fn four_fifths_of_a_quota_are_nearly_all() {
    let read = |used: u64| {
        let body = json!({"errcode":0,"quota":{"daily_limit":100,"used":used,"remain":100 - used}});
        QueryQuota::parse(&answer(&body.to_string())).unwrap()
    };
    assert!(!read(79).is_nearly_spent());
    assert!(read(80).is_nearly_spent());
    assert_eq!(read(79).left, 21);
    let (_, body) = sent(&QueryQuota::of("/cgi-bin/user/get").request(&official(), &token()));
    assert_eq!(body, json!({"cgi_path":"/cgi-bin/user/get"}));
}

#[test]
fn the_counts_are_cleared_with_or_without_a_token() {
    let (address, body) = sent(&ClearQuota::new().request(&official(), &token()));
    assert!(address.ends_with("/cgi-bin/clear_quota?access_token=T"));
    assert_eq!(body, json!({"appid":"wx1"}));
    let (address, body) = sent(&ClearQuota::new().request_by_secret(&official()));
    assert!(address.ends_with("/cgi-bin/clear_quota/v2"));
    assert_eq!(body, json!({"appid":"wx1","appsecret":"s1"}));
    let spent = answer(r#"{"errcode":48006,"errmsg":"forbid to clear quota"}"#);
    assert_eq!(
        ClearQuota::parse(&spent).unwrap_err().action(),
        OfficialAction::QuotaSpent
    );
    let (_, body) = sent(&ExplainRequest::of("1-2-3").request(&official(), &token()));
    assert_eq!(body, json!({"rid":"1-2-3"}));
}

#[test]
fn callback_addresses_are_single_or_ranges() {
    let listed = answer(r#"{"ip_list":["101.226.62.77","140.207.54.0/25","2402:4e00::/32"]}"#);
    let addresses = FetchCallbackAddresses::parse(&listed).unwrap();
    for (address, inside) in [
        ("101.226.62.77", true),
        ("101.226.62.78", false),
        ("140.207.54.127", true),
        ("140.207.54.128", false),
        ("2402:4e00:1::1", true),
        ("2402:4e01::1", false),
    ] {
        let parsed = address.parse().unwrap();
        assert_eq!(addresses.contains(parsed), inside, "{address}");
    }
    for entry in ["1.2.3", "1.2.3.4/33", "1.2.3.4/x", ""] {
        let body = json!({"ip_list": [entry]}).to_string();
        assert!(
            FetchCallbackAddresses::parse(&answer(&body)).is_err(),
            "{entry}"
        );
    }
}

#[test]
fn one_call_asks_about_a_hundred_people_at_most() {
    let people = |count: usize| vec![person(); count];
    assert!(FetchUsers::new(people(100)).is_ok());
    assert_eq!(FetchUsers::new(people(101)).unwrap_err().count, 101);
    assert_eq!(FetchUsers::new(people(0)).unwrap_err().count, 0);
    let (_, body) = sent(
        &FetchUsers::new(people(1))
            .unwrap()
            .request(&official(), &token()),
    );
    assert_eq!(body, json!({"user_list":[{"openid":"o1","lang":"zh_CN"}]}));
    let read = FetchUsers::parse(&answer(
        r#"{"user_info_list":[{"subscribe":1,"openid":"o1","subscribe_time":1600000000,"qr_scene":7,"qr_scene_str":""},
            {"subscribe":0,"openid":"o2","qr_scene":0}]}"#,
    ))
    .unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].scene_number, Some(7));
    assert!(!read[1].following);
    assert_eq!(read[1].scene_number, None);
    let gap = r#"{"user_info_list":[{"subscribe":1,"openid":"o1"},{"subscribe":1}]}"#;
    assert!(FetchUsers::parse(&answer(gap)).is_err());
}

#[test]
fn codes_with_numbers_have_their_own_names() {
    let scene = PermanentScene::new(100_000).unwrap();
    let (_, body) = sent(&CreateQrCode::PermanentNumber { scene }.request(&official(), &token()));
    assert_eq!(
        body,
        json!({"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":100_000}}})
    );
    let call = CreateQrCode::TemporaryNumber {
        scene: NonZeroU32::new(u32::MAX).unwrap(),
        lifetime_seconds: 9_999_999,
    };
    assert_eq!(
        sent(&call.request(&official(), &token())).1,
        json!({"expire_seconds":2_592_000,"action_name":"QR_SCENE",
               "action_info":{"scene":{"scene_id":4_294_967_295_u32}}})
    );
    assert!(PermanentScene::new(0).is_err());
    assert!(PermanentScene::new(100_001).is_err());
}

#[test]
fn a_made_up_person_is_no_login() {
    let grant = |snapshot: &str| {
        let body = format!(
            r#"{{"access_token":"A","expires_in":7200,"refresh_token":"R","openid":"o1","scope":"snsapi_base"{snapshot}}}"#
        );
        ExchangeCode::parse(&answer(&body)).unwrap()
    };
    assert_eq!(grant("").person(), Ok(&person()));
    assert_eq!(grant(r#","is_snapshotuser":0"#).person(), Ok(&person()));
    assert!(grant(r#","is_snapshotuser":1"#).person().is_err());
}

#[test]
fn a_persons_own_calls_carry_the_persons_token() {
    let body = r#"{"access_token":"A","expires_in":7200,"refresh_token":"R","openid":"o1","scope":"snsapi_userinfo"}"#;
    let grant = ExchangeCode::parse(&answer(body)).unwrap();
    assert_eq!(grant.lifetime_seconds, Some(7_200));
    let renewal = RenewGrant::new(grant.refresh_token.clone().unwrap());
    assert_eq!(
        renewal.request(&official()).uri(),
        "https://api.weixin.qq.com/sns/oauth2/refresh_token?appid=wx1&grant_type=refresh_token&refresh_token=R"
    );
    assert!(RenewGrant::parse(&answer(body)).is_ok());
    assert_eq!(
        CheckGrant::new(&grant).request(&official()).uri(),
        "https://api.weixin.qq.com/sns/auth?access_token=A&openid=o1"
    );
    assert!(CheckGrant::parse(&answer(r#"{"errcode":0,"errmsg":"ok"}"#)).is_ok());
    assert_eq!(
        FetchProfile::new(&grant).request(&official()).uri(),
        "https://api.weixin.qq.com/sns/userinfo?access_token=A&openid=o1&lang=zh_CN"
    );
    let profile =
        r#"{"openid":"o1","nickname":"<b>","headimgurl":"https://p","sex":0,"privilege":[]}"#;
    let profile = FetchProfile::parse(&answer(profile)).unwrap();
    assert_eq!(profile.nickname.as_deref(), Some("<b>"));
}

#[test]
fn consent_is_asked_again_behind_the_checked_parameters() {
    let state = OAuthState::new("s1").unwrap();
    let url = AuthorizeUrl::new("https://h/", OAuthScope::UserInfo, state)
        .asking_again()
        .url(&official());
    assert!(
        url.ends_with("&scope=snsapi_userinfo&state=s1&forcePopup=true#wechat_redirect"),
        "{url}"
    );
}
