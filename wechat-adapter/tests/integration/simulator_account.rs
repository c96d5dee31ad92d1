//! The account's own calls, made by the adapter: people, messages, menu, quotas, grants; and the pushes they cause.

use wechat_adapter::official::{
    CallbackMode, CallbackVerifier, CheckGrant, ClearQuota, CreateMenu, CustomerContent,
    DeleteMenu, Event, ExchangeCode, ExplainRequest, FetchAccessToken, FetchCallbackAddresses,
    FetchMenu, FetchProfile, FetchUsers, MassReceipt, Menu, MenuAction, MenuItem, MenuStep,
    NewsCard, NoticeOccasion, OAuthGrant, OAuthReturn, Official, QueryQuota, RenewGrant,
    SendCustomerMessage, SendNotice, SendTemplate, SendToEveryone, TemplateOutcome,
};
use wechat_adapter::simulator::{
    AuthorizeOutcome, Fault, FaultRule, MessageContent, NewPerson, Operation, Push, Simulator,
    SimulatorError,
};
use wechat_adapter::{
    AppId, BaseUrl, Endpoints, OpenId, Request, Response, Secret,
    official::{OfficialAction, OfficialError},
};

use crate::simulator_support::{OFFICIAL, answered, at, config, get, simulator};

/// A simulator, the account, its token, and one follower.
struct Stage {
    simulator: Simulator,
    official: Official,
    token: Secret,
    openid: OpenId,
}

fn stage() -> Stage {
    let (simulator, openid) = simulator();
    let _pushes = simulator.follow(&openid, None, at(0)).unwrap();
    let config = config();
    let official = Official::new(
        AppId::new(config.app_id).unwrap(),
        Secret::new(config.app_secret).unwrap(),
        Endpoints::all_at(&BaseUrl::new(OFFICIAL).unwrap()),
    );
    let answer = answered(simulator.handle(&FetchAccessToken::new().request(&official), at(0)));
    Stage {
        token: FetchAccessToken::parse(&answer).unwrap().token,
        openid: OpenId::new(openid).unwrap(),
        simulator,
        official,
    }
}

impl Stage {
    fn send(&self, request: &Request, seconds: i64) -> Response {
        answered(self.simulator.handle(request, at(seconds)))
    }

    fn say(&self, content: CustomerContent, seconds: i64) -> Result<(), OfficialError> {
        let call = SendCustomerMessage::new(self.openid.clone(), content);
        let fetch = FetchAccessToken::new().request(&self.official);
        let issued = FetchAccessToken::parse(&self.send(&fetch, seconds)).unwrap();
        let request = call.request(&self.official, &issued.token);
        SendCustomerMessage::parse(&self.send(&request, seconds))
    }

    fn receive(&self, push: &Push, seconds: i64) -> Event {
        let config = config();
        let verifier = CallbackVerifier::new(
            AppId::new(config.app_id).unwrap(),
            Secret::new(config.callback_token).unwrap(),
            None,
            CallbackMode::Plain,
        )
        .unwrap();
        let query = push.request.uri().query().unwrap();
        let read = verifier.receive(query, push.request.body(), at(seconds));
        read.unwrap().event
    }

    fn last_line(&self) -> MessageContent {
        let person = self.simulator.person(self.openid.as_str()).unwrap();
        person.dialogue.last().unwrap().content.clone()
    }
}

fn text(text: &str) -> CustomerContent {
    CustomerContent::Text(text.to_owned())
}

fn code_of(error: &OfficialError) -> OfficialAction {
    error.action()
}

#[test]
fn a_message_to_everyone_reaches_followers_once_and_four_times_a_month() {
    let stage = stage();
    let stranger = NewPerson::named("Li Si");
    let stranger = stage.simulator.create_person(stranger, at(0)).unwrap();
    let send = |key: &str, seconds: i64| {
        let fetch = FetchAccessToken::new().request(&stage.official);
        let issued = FetchAccessToken::parse(&stage.send(&fetch, seconds)).unwrap();
        let call = SendToEveryone::new("开赛", key).unwrap();
        SendToEveryone::parse(&stage.send(&call.request(&stage.official, &issued.token), seconds))
    };
    let read = |openid: &str| {
        let person = stage.simulator.person(openid).unwrap();
        let is_it = |content: &MessageContent| matches!(content, MessageContent::FromAccount { text } if text == "开赛");
        person
            .dialogue
            .iter()
            .filter(|line| is_it(&line.content))
            .count()
    };
    assert!(matches!(send("one", 1), Ok(MassReceipt::Taken { .. })));
    assert_eq!(send("one", 2).unwrap(), MassReceipt::TakenBefore);
    assert_eq!(read(stage.openid.as_str()), 1);
    assert_eq!(read(&stranger.openid), 0);
    for key in ["two", "three", "four"] {
        assert!(send(key, 3).is_ok(), "{key}");
    }
    let refused = send("five", 4).unwrap_err();
    assert_eq!(refused.action(), OfficialAction::QuotaSpent);
    assert!(send("five", 31 * 86_400).is_ok());
    assert_eq!(read(stage.openid.as_str()), 5);
}

#[test]
fn several_people_are_described_in_one_answer() {
    let stage = stage();
    let stranger = stage
        .simulator
        .create_person(NewPerson::named("Li Si"), at(0))
        .unwrap();
    let people = vec![
        stage.openid.clone(),
        OpenId::new(stranger.openid.as_str()).unwrap(),
    ];
    let request = FetchUsers::new(people)
        .unwrap()
        .request(&stage.official, &stage.token);
    let users = FetchUsers::parse(&stage.send(&request, 1)).unwrap();
    let following: Vec<bool> = users.iter().map(|user| user.following).collect();
    assert_eq!(following, [true, false]);
    let unknown = vec![OpenId::new("oNobody").unwrap()];
    let request = FetchUsers::new(unknown)
        .unwrap()
        .request(&stage.official, &stage.token);
    assert!(FetchUsers::parse(&stage.send(&request, 1)).is_err());
}

#[test]
fn the_account_may_write_three_times_in_the_minute_after_a_follow_and_five_times_after_a_message() {
    let stage = stage();
    for number in 0..3 {
        stage.say(text(&format!("{number}")), 59).unwrap();
    }
    let refused = stage.say(text("4"), 59).unwrap_err();
    assert_eq!(code_of(&refused), OfficialAction::PersonUnreachable);
    assert!(refused.to_string().contains("45047"), "{refused}");
    let refused = stage.say(text("late"), 60).unwrap_err();
    assert!(refused.to_string().contains("45015"), "{refused}");
    let openid = stage.openid.as_str();
    let _pushes = stage.simulator.say(openid, "hello", at(100)).unwrap();
    let two_days = 100 + 2 * 86_400;
    for number in 0..5 {
        stage
            .say(text(&format!("{number}")), two_days - 1 - number)
            .unwrap_or_else(|error| panic!("{number}: {error}"));
    }
    assert!(stage.say(text("6"), two_days - 1).is_err());
    assert_eq!(
        stage.last_line(),
        MessageContent::FromAccount {
            text: "4".to_owned()
        }
    );
    let card = NewsCard {
        title: "t".to_owned(),
        description: "d".to_owned(),
        url: "https://example.cn/".to_owned(),
        picture_url: String::new(),
    };
    let _pushes = stage.simulator.say(openid, "more", at(two_days)).unwrap();
    stage.say(CustomerContent::Card(card), two_days).unwrap();
    assert_eq!(
        stage.last_line(),
        MessageContent::FromAccountOther {
            message_type: "news".to_owned()
        }
    );
}

#[test]
fn a_template_message_is_sent_once_for_its_key_and_its_delivery_is_reported() {
    let stage = stage();
    let fields = vec![("thing1".to_owned(), "南京".to_owned())];
    let call = SendTemplate::new(stage.openid.clone(), "TM-1", fields.clone()).once("key-1");
    let request = call.request(&stage.official, &stage.token);
    let number = SendTemplate::parse(&stage.send(&request, 1)).unwrap();
    let again = SendTemplate::parse(&stage.send(&request, 600)).unwrap();
    assert_eq!(number, again);
    let later = SendTemplate::parse(&stage.send(&request, 601)).unwrap();
    assert_ne!(number, later);
    let expected = MessageContent::Notice {
        template_id: "TM-1".to_owned(),
        fields: fields.into_iter().collect(),
    };
    assert_eq!(stage.last_line(), expected);
    let pushes = stage.simulator.due_pushes(at(602));
    assert_eq!(pushes.len(), 2);
    let first = stage.receive(&pushes[0], 602);
    assert!(
        matches!(&first, Event::TemplateSent { message_number, outcome: TemplateOutcome::Delivered } if *message_number == number),
        "{first:?}"
    );
    assert!(stage.simulator.due_pushes(at(603)).is_empty());

    let openid = stage.openid.as_str();
    let _pushes = stage.simulator.unfollow(openid, at(604)).unwrap();
    let refused = SendTemplate::parse(&stage.send(&request, 5_000)).unwrap_err();
    assert_eq!(code_of(&refused), OfficialAction::PersonUnreachable);
}

#[test]
fn a_subscription_notice_needs_a_consent_of_its_own() {
    let stage = stage();
    let openid = stage.openid.as_str();
    let fields = vec![("thing1".to_owned(), "南京".to_owned())];
    let call = SendNotice::new(stage.openid.clone(), "TN-1", fields);
    let request = call.request(&stage.official, &stage.token);
    let notice = |seconds| SendNotice::parse(&stage.send(&request, seconds));
    assert_eq!(
        code_of(&notice(1).unwrap_err()),
        OfficialAction::PersonUnreachable
    );
    let answered = |accepted, seconds| {
        let pushes = stage
            .simulator
            .answer_notice_window(openid, "TN-1", accepted, at(seconds));
        stage.receive(&pushes.unwrap()[0], seconds)
    };
    assert!(
        matches!(answered(false, 2), Event::Notices { occasion: NoticeOccasion::Asked, entries } if entries[0].status == "reject")
    );
    assert!(notice(3).is_err());
    assert!(
        matches!(answered(true, 4), Event::Notices { entries, .. } if entries[0].template_id == "TN-1" && entries[0].status == "accept")
    );
    notice(5).unwrap();
    assert!(notice(6).is_err());
    let pushes = stage.simulator.due_pushes(at(6));
    assert!(
        matches!(stage.receive(&pushes[0], 6), Event::Notices { occasion: NoticeOccasion::Sent, entries } if entries[0].status == "0")
    );
}

#[test]
fn a_menu_is_created_pressed_compared_and_removed() {
    let stage = stage();
    let (official, token) = (&stage.official, &stage.token);
    let fetch = |seconds| {
        let request = FetchMenu::new().request(official, token);
        FetchMenu::parse(&stage.send(&request, seconds)).unwrap()
    };
    assert!(!fetch(1).exists());
    let view = |name: &str, url: &str| MenuItem::Leaf {
        name: name.to_owned(),
        action: MenuAction::View {
            url: url.to_owned(),
        },
    };
    let key = MenuItem::Leaf {
        name: "我的".to_owned(),
        action: MenuAction::Click {
            key: "ME".to_owned(),
        },
    };
    let menu = Menu::new(vec![view("答题", "https://example.cn/quiz"), key]).unwrap();
    let request = CreateMenu::new(menu.clone()).request(official, token);
    CreateMenu::parse(&stage.send(&request, 2)).unwrap();
    assert!(matches!(menu.step_from(&fetch(3)), MenuStep::Keep));
    let drawn = stage.simulator.menu();
    assert_eq!(drawn[0].name, "答题");
    assert_eq!(drawn[0].url.as_deref(), Some("https://example.cn/quiz"));

    let openid = stage.openid.as_str();
    let press = |item: &str| stage.simulator.press_menu(openid, item, at(4));
    let pushes = press("ME").unwrap();
    assert_eq!(
        stage.receive(&pushes[0], 4),
        Event::Click {
            key: "ME".to_owned()
        }
    );
    let pushes = press("答题").unwrap();
    assert!(
        matches!(stage.receive(&pushes[0], 4), Event::View { url } if url == "https://example.cn/quiz")
    );
    assert_eq!(
        press("nothing").unwrap_err(),
        SimulatorError::UnknownMenuItem {
            item: "nothing".to_owned()
        }
    );
    let request = DeleteMenu::new().request(official, token);
    DeleteMenu::parse(&stage.send(&request, 5)).unwrap();
    assert!(!fetch(6).exists());
}

#[test]
fn quotas_are_counted_told_and_cleared_ten_times_a_month() {
    let stage = stage();
    let (official, token) = (&stage.official, &stage.token);
    let quota = |seconds| {
        let request = QueryQuota::of("/cgi-bin/user/get").request(official, token);
        QueryQuota::parse(&stage.send(&request, seconds)).unwrap()
    };
    let list = get(&format!(
        "/cgi-bin/user/get?access_token={}",
        token.expose()
    ));
    for _ in 0..499 {
        stage.send(&list, 1);
    }
    assert_eq!((quota(2).used, quota(2).left), (499, 1));
    stage.send(&list, 2);
    let refused = String::from_utf8(stage.send(&list, 2).into_body()).unwrap();
    assert!(refused.contains("45009"), "{refused}");
    let clear = |seconds| {
        let request = ClearQuota::new().request_by_secret(official);
        ClearQuota::parse(&stage.send(&request, seconds))
    };
    let request = ClearQuota::new().request(official, token);
    ClearQuota::parse(&stage.send(&request, 3)).unwrap();
    assert_eq!(quota(4).used, 0);
    for _ in 0..9 {
        clear(5).unwrap();
    }
    assert!(clear(6).is_err());
    assert!(clear(30 * 86_400).is_ok());
}

#[test]
fn a_refused_call_is_explained_by_its_rid() {
    let stage = stage();
    let request = get("/cgi-bin/user/info?access_token=wrong&openid=o");
    let refused = String::from_utf8(stage.send(&request, 1).into_body()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&refused).unwrap();
    let rid = ExplainRequest::rid_in(value["errmsg"].as_str().unwrap()).unwrap();
    let explain = |rid: &str| {
        let request = ExplainRequest::of(rid).request(&stage.official, &stage.token);
        ExplainRequest::parse(&stage.send(&request, 2))
    };
    assert!(explain(rid).unwrap().contains("access_token=wrong"));
    assert!(explain("00000000-00000000-00000000").is_err());
}

#[test]
fn pushes_come_from_the_addresses_that_are_listed() {
    let stage = stage();
    let request = FetchCallbackAddresses::new().request(&stage.official, &stage.token);
    let listed = FetchCallbackAddresses::parse(&stage.send(&request, 1)).unwrap();
    assert!(listed.contains("127.0.0.1".parse().unwrap()));
    assert!(!listed.contains("192.0.2.1".parse().unwrap()));
}

fn grant(stage: &Stage, scope: &str) -> OAuthGrant {
    let query = format!(
        "appid={}&redirect_uri=http%3A%2F%2F127.0.0.1%2Fback&response_type=code&scope={scope}&state=s",
        config().app_id
    );
    let openid = Some(stage.openid.as_str());
    let AuthorizeOutcome::Redirect(url) = stage.simulator.authorize(&query, openid, at(1)) else {
        panic!("no redirect");
    };
    let (_, query) = url.split_once('?').unwrap();
    let OAuthReturn::Granted { code, .. } = OAuthReturn::parse(query).unwrap() else {
        panic!("denied");
    };
    let request = ExchangeCode::new(code).request(&stage.official);
    ExchangeCode::parse(&stage.send(&request, 2)).unwrap()
}

#[test]
fn a_grant_is_checked_renewed_and_shows_a_profile_when_the_person_was_asked() {
    let stage = stage();
    let silent = grant(&stage, "snsapi_base");
    let profile = |grant: &OAuthGrant, seconds| {
        let request = FetchProfile::new(grant).request(&stage.official);
        FetchProfile::parse(&stage.send(&request, seconds))
    };
    assert!(profile(&silent, 3).is_err());
    let asked = grant(&stage, "snsapi_userinfo");
    assert_eq!(
        profile(&asked, 3).unwrap().nickname.as_deref(),
        Some("Zhang San")
    );
    let check = |grant: &OAuthGrant, seconds| {
        let request = CheckGrant::new(grant).request(&stage.official);
        CheckGrant::parse(&stage.send(&request, seconds))
    };
    check(&asked, 7_201).unwrap();
    assert!(check(&asked, 7_202).is_err());
    let refresh_token = asked.refresh_token.clone().unwrap();
    let request = RenewGrant::new(refresh_token).request(&stage.official);
    let renewed = RenewGrant::parse(&stage.send(&request, 7_300)).unwrap();
    check(&renewed, 7_301).unwrap();
    let month = 30 * 86_400;
    RenewGrant::parse(&stage.send(&request, month + 1)).unwrap();
    let refused = RenewGrant::parse(&stage.send(&request, month + 2)).unwrap_err();
    assert_eq!(code_of(&refused), OfficialAction::RestartLogin);
}

#[test]
fn a_push_that_is_held_back_comes_after_the_next_one_or_ten_seconds_later() {
    let stage = stage();
    let openid = stage.openid.as_str();
    stage
        .simulator
        .set_faults(vec![FaultRule::once(Fault::ReorderCallbacks)]);
    assert!(stage.simulator.unfollow(openid, at(1)).unwrap().is_empty());
    let pushes = stage.simulator.follow(openid, None, at(2)).unwrap();
    let events: Vec<Event> = pushes.iter().map(|push| stage.receive(push, 2)).collect();
    assert_eq!(
        events,
        [Event::Subscribe { scene: None }, Event::Unsubscribe]
    );
    stage
        .simulator
        .set_faults(vec![FaultRule::once(Fault::ReorderCallbacks)]);
    assert!(stage.simulator.unfollow(openid, at(3)).unwrap().is_empty());
    assert!(stage.simulator.due_pushes(at(12)).is_empty());
    assert_eq!(stage.simulator.due_pushes(at(13)).len(), 1);
}

#[test]
fn a_banned_link_leads_nowhere() {
    let stage = stage();
    let rule = FaultRule::always(Fault::LinkBanned);
    stage
        .simulator
        .set_faults(vec![rule.on(Operation::Authorize)]);
    let outcome = stage.simulator.authorize("", None, at(1));
    assert_eq!(outcome, AuthorizeOutcome::Banned);
    let request = get("/connect/oauth2/authorize?appid=x");
    assert_eq!(stage.send(&request, 1).status(), 403);
}

#[test]
fn a_rule_can_name_a_path_and_an_answer_can_come_in_any_order() {
    let stage = stage();
    let rule = FaultRule {
        path: Some("/cgi-bin/user/info/batchget".to_owned()),
        ..FaultRule::always(Fault::ReorderedFields)
    };
    stage.simulator.set_faults(vec![rule]);
    let request = FetchUsers::new(vec![stage.openid.clone()])
        .unwrap()
        .request(&stage.official, &stage.token);
    let answer = stage.send(&request, 1);
    assert!(answer.body().starts_with(b"{\"simulated_field\""));
    assert_eq!(FetchUsers::parse(&answer).unwrap().len(), 1);
    let list = get(&format!(
        "/cgi-bin/user/get?access_token={}",
        stage.token.expose()
    ));
    assert!(
        !stage
            .send(&list, 1)
            .body()
            .starts_with(b"{\"simulated_field\"")
    );
}
