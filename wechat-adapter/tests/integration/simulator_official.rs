//! The simulated Official Account: tokens, followers, QR codes and OAuth.

use serde_json::{Value, json};
use wechat_adapter::simulator::{
    AuthorizeOutcome, NewPerson, ScanOutcome, Simulator, SimulatorConfig, SimulatorError,
};

use crate::simulator_support::{
    answered, at, body, config, get, json as json_of, post, simulator, simulator_with, stable_token,
};

fn errcode(simulator: &Simulator, request: &wechat_adapter::Request, seconds: i64) -> Option<i64> {
    json_of(simulator, request, at(seconds))["errcode"].as_i64()
}

fn user_info(token: &str, openid: &str) -> wechat_adapter::Request {
    get(&format!(
        "/cgi-bin/user/info?access_token={token}&openid={openid}&lang=zh_CN"
    ))
}

#[test]
fn a_stable_token_stays_until_five_minutes_before_its_end() {
    let (simulator, openid) = simulator();
    let first = stable_token(&simulator, at(0));
    assert_eq!(stable_token(&simulator, at(6899)), first);
    let second = stable_token(&simulator, at(6900));
    assert_ne!(second, first);
    assert_eq!(errcode(&simulator, &user_info(&first, &openid), 7199), None);
    assert_eq!(
        errcode(&simulator, &user_info(&first, &openid), 7200),
        Some(42001)
    );
    assert_eq!(
        errcode(&simulator, &user_info(&second, &openid), 7200),
        None
    );
    assert_eq!(
        errcode(&simulator, &user_info("made-up", &openid), 0),
        Some(40001)
    );
    assert_eq!(
        errcode(&simulator, &get("/cgi-bin/user/info?openid=o"), 0),
        Some(41001)
    );
}

#[test]
fn a_plain_token_call_ends_the_token_before_it() {
    let (simulator, openid) = simulator();
    let SimulatorConfig {
        app_id, app_secret, ..
    } = config();
    let request = get(&format!(
        "/cgi-bin/token?grant_type=client_credential&appid={app_id}&secret={app_secret}"
    ));
    let token = |seconds| {
        json_of(&simulator, &request, at(seconds))["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (first, second) = (token(0), token(10));
    assert_ne!(first, second);
    assert_eq!(errcode(&simulator, &user_info(&first, &openid), 309), None);
    assert_eq!(
        errcode(&simulator, &user_info(&first, &openid), 310),
        Some(42001)
    );
    assert_eq!(errcode(&simulator, &user_info(&second, &openid), 310), None);
}

#[test]
fn a_forced_refresh_kills_the_old_token_at_most_every_thirty_seconds() {
    let (simulator, openid) = simulator();
    let SimulatorConfig {
        app_id, app_secret, ..
    } = config();
    let order = json!({"grant_type": "client_credential", "appid": app_id, "secret": app_secret, "force_refresh": true});
    let request = post("/cgi-bin/stable_token", &order.to_string());
    let token = |seconds| {
        json_of(&simulator, &request, at(seconds))["access_token"]
            .as_str()
            .map(str::to_owned)
    };
    let first = token(0).unwrap();
    assert_eq!(token(29), Some(first.clone()));
    assert_ne!(token(30), Some(first.clone()));
    assert_eq!(
        errcode(&simulator, &user_info(&first, &openid), 30),
        Some(40001)
    );
    for number in 2..20 {
        assert!(token(number * 30).is_some());
    }
    assert_eq!(token(600), None);
}

#[test]
fn wrong_credentials_are_refused() {
    let (simulator, _) = simulator();
    let app_id = config().app_id;
    for (query, expected) in [
        (
            format!("grant_type=client_credential&appid={app_id}&secret=x"),
            40125,
        ),
        (
            "grant_type=client_credential&appid=wx&secret=x".to_owned(),
            40013,
        ),
        (
            format!("grant_type=password&appid={app_id}&secret=x"),
            40002,
        ),
        (
            format!("grant_type=client_credential&appid={app_id}"),
            41004,
        ),
    ] {
        let request = get(&format!("/cgi-bin/token?{query}"));
        assert_eq!(errcode(&simulator, &request, 0), Some(expected), "{query}");
    }
    assert_eq!(
        errcode(&simulator, &post("/cgi-bin/token", ""), 0),
        Some(43001)
    );
    assert_eq!(
        errcode(&simulator, &get("/cgi-bin/stable_token"), 0),
        Some(43002)
    );
}

#[test]
fn the_ticket_outlives_a_token() {
    let (simulator, _) = simulator();
    let ticket = |seconds| {
        let token = stable_token(&simulator, at(seconds));
        let request = get(&format!(
            "/cgi-bin/ticket/getticket?access_token={token}&type=jsapi"
        ));
        json_of(&simulator, &request, at(seconds))
    };
    let first = ticket(0);
    assert_eq!(first["errcode"], 0);
    assert_eq!(first["expires_in"], 7200);
    assert_eq!(ticket(7199)["ticket"], first["ticket"]);
    assert_ne!(ticket(7200)["ticket"], first["ticket"]);
}

#[test]
fn user_info_tells_followers_from_others() {
    let (simulator, openid) = simulator();
    let token = stable_token(&simulator, at(0));
    let info = |seconds| json_of(&simulator, &user_info(&token, &openid), at(seconds));
    assert_eq!(info(0)["subscribe"], 0);
    assert_eq!(info(0)["subscribe_time"], Value::Null);
    let _pushes = simulator.follow(&openid, Some("i:42"), at(5)).unwrap();
    assert_eq!(info(6)["subscribe_time"], at(5).timestamp());
    assert_eq!(info(6)["qr_scene_str"], "i:42");
    let _pushes = simulator.unfollow(&openid, at(7)).unwrap();
    assert_eq!(info(8)["subscribe"], 0);
    assert_eq!(
        errcode(&simulator, &user_info(&token, "oNobody"), 8),
        Some(40003)
    );
}

#[test]
fn the_list_of_followers_ends_with_an_empty_page() {
    let (simulator, first) = simulator();
    let mut openids = vec![first];
    for number in 1..5 {
        let person = NewPerson::named(&format!("follower {number}"));
        openids.push(simulator.create_person(person, at(0)).unwrap().openid);
    }
    openids.reverse();
    for openid in &openids {
        let _pushes = simulator.follow(openid, None, at(0)).unwrap();
    }
    let _pushes = simulator.unfollow(&openids[1], at(1)).unwrap();
    let token = stable_token(&simulator, at(0));
    let page = |next: &str| {
        json_of(
            &simulator,
            &get(&format!(
                "/cgi-bin/user/get?access_token={token}&next_openid={next}"
            )),
            at(2),
        )
    };
    let whole = page("");
    assert_eq!(whole["total"], 4);
    assert_eq!(
        whole["data"]["openid"],
        json!([openids[0], openids[2], openids[3], openids[4]])
    );
    let rest = page(&openids[2]);
    assert_eq!(rest["data"]["openid"], json!([openids[3], openids[4]]));
    let end = page(rest["next_openid"].as_str().unwrap());
    assert_eq!((&end["count"], &end["data"]), (&json!(0), &Value::Null));
}

fn qr_code(simulator: &Simulator, order: &Value, seconds: i64) -> Value {
    let token = stable_token(simulator, at(seconds));
    let request = post(
        &format!("/cgi-bin/qrcode/create?access_token={token}"),
        &order.to_string(),
    );
    json_of(simulator, &request, at(seconds))
}

#[test]
fn a_scanned_qr_code_leads_to_its_scene_until_it_expires() {
    let (simulator, openid) = simulator();
    let order = json!({"expire_seconds": 100, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "i:42"}}});
    let code = qr_code(&simulator, &order, 0);
    let (ticket, url) = (
        code["ticket"].as_str().unwrap(),
        code["url"].as_str().unwrap(),
    );
    assert_eq!(simulator.qr_url(ticket).as_deref(), Some(url));
    for scanned in [ticket, url, "i:42"] {
        let outcome = simulator.scan(&openid, scanned, at(99)).unwrap();
        assert!(matches!(outcome, ScanOutcome::FollowPage { scene } if scene == "i:42"));
    }
    let _pushes = simulator.follow(&openid, Some("i:42"), at(99)).unwrap();
    let ScanOutcome::Pushed(pushes) = simulator.scan(&openid, url, at(99)).unwrap() else {
        panic!("a follower's scan is pushed");
    };
    assert!(
        pushes[0]
            .message()
            .contains("<Event><![CDATA[SCAN]]></Event>")
    );
    assert!(
        pushes[0]
            .message()
            .contains("<EventKey><![CDATA[i:42]]></EventKey>")
    );
    assert!(pushes[0].message().contains(ticket));
    assert!(matches!(
        simulator.scan(&openid, url, at(100)),
        Err(SimulatorError::ExpiredQrCode { .. })
    ));
    assert!(matches!(
        simulator.scan(&openid, "x", at(0)),
        Err(SimulatorError::UnknownQrCode { .. })
    ));
    let shown = get(&format!(
        "/cgi-bin/showqrcode?ticket={}",
        ticket.replace('=', "%3D")
    ));
    assert_eq!(body(&simulator, &shown, at(0)), url);
    let unknown = simulator.handle(&get("/cgi-bin/showqrcode?ticket=x"), at(0));
    assert_eq!(answered(unknown).status(), 404);
}

#[test]
fn a_permanent_scene_has_one_ticket_and_bad_orders_are_refused() {
    let (simulator, _) = simulator();
    let order = json!({"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "poster"}}});
    let first = qr_code(&simulator, &order, 0);
    assert_eq!(first["expire_seconds"], Value::Null);
    assert_eq!(qr_code(&simulator, &order, 1)["ticket"], first["ticket"]);
    let scene = json!({"scene": {"scene_str": "a"}});
    for (order, expected) in [
        (json!({"action_name": "QR", "action_info": scene}), 40052),
        (
            json!({"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": ""}}}),
            40053,
        ),
        (
            json!({"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 0}}}),
            40053,
        ),
        (
            json!({"action_name": "QR_STR_SCENE", "expire_seconds": 2_592_001, "action_info": scene}),
            40097,
        ),
    ] {
        assert_eq!(
            qr_code(&simulator, &order, 2)["errcode"],
            expected,
            "{order}"
        );
    }
}

fn authorize_query(scope: &str) -> String {
    format!(
        "appid={}&redirect_uri=https%3A%2F%2Fexample.org%2Fback%3Fa%3D1&response_type=code&scope={scope}&state=s1",
        config().app_id
    )
}

fn code_for(simulator: &Simulator, openid: &str, seconds: i64) -> String {
    let outcome = simulator.authorize(&authorize_query("snsapi_base"), Some(openid), at(seconds));
    let AuthorizeOutcome::Redirect(url) = outcome else {
        panic!("no redirect: {outcome:?}");
    };
    let rest = url
        .strip_prefix("https://example.org/back?a=1&code=")
        .unwrap();
    rest.strip_suffix("&state=s1").unwrap().to_owned()
}

fn exchange(code: &str) -> wechat_adapter::Request {
    let SimulatorConfig {
        app_id, app_secret, ..
    } = config();
    get(&format!(
        "/sns/oauth2/access_token?appid={app_id}&secret={app_secret}&code={code}&grant_type=authorization_code"
    ))
}

#[test]
fn a_code_is_exchanged_once_within_five_minutes() {
    let (simulator, openid) = simulator();
    let code = code_for(&simulator, &openid, 0);
    let answer = json_of(&simulator, &exchange(&code), at(299));
    assert_eq!(answer["openid"], openid);
    assert_eq!(answer["is_snapshotuser"], Value::Null);
    assert_eq!(errcode(&simulator, &exchange(&code), 299), Some(40163));
    let late = code_for(&simulator, &openid, 300);
    assert_eq!(errcode(&simulator, &exchange(&late), 600), Some(42003));
    assert_eq!(
        errcode(&simulator, &exchange(&late), 600 + 3600),
        Some(40029)
    );
    assert_eq!(errcode(&simulator, &exchange("made-up"), 0), Some(40029));
}

#[test]
fn a_snapshot_user_shows_a_virtual_openid() {
    let (simulator, _) = simulator();
    let person = NewPerson {
        snapshot_user: true,
        ..NewPerson::named("snapshot")
    };
    let openid = simulator.create_person(person, at(0)).unwrap().openid;
    let answer = json_of(
        &simulator,
        &exchange(&code_for(&simulator, &openid, 0)),
        at(1),
    );
    assert_eq!(answer["is_snapshotuser"], 1);
    assert_ne!(answer["openid"], openid);
}

#[test]
fn the_authorize_page_checks_order_account_and_domain() {
    let (simulator, openid) = simulator_with(SimulatorConfig {
        web_auth_domain: Some("example.org".to_owned()),
        ..config()
    });
    let query = authorize_query("snsapi_base");
    assert!(matches!(
        simulator.authorize(&query, None, at(0)),
        AuthorizeOutcome::ChoosePerson { scope, .. } if scope == "snsapi_base"
    ));
    assert_eq!(
        simulator.decline(&query, at(0)),
        AuthorizeOutcome::Redirect("https://example.org/back?a=1&state=s1".to_owned())
    );
    let (head, tail) = query.split_once('&').unwrap();
    for wrong in [
        format!("{tail}&{head}"),
        query.replace("appid=wx", "appid=wy"),
        query.replace("example.org", "sub.example.org"),
        query.replace("state=s1", "state=s-1"),
        query.replace("snsapi_base", "snsapi_all"),
        query.replace("&state=s1", ""),
    ] {
        let outcome = simulator.authorize(&wrong, Some(&openid), at(0));
        assert!(
            matches!(outcome, AuthorizeOutcome::BadRequest(_)),
            "{wrong}"
        );
    }
}

#[test]
fn the_authorize_address_redirects_for_a_chosen_person() {
    let (simulator, openid) = simulator();
    let path = format!(
        "/connect/oauth2/authorize?{}",
        authorize_query("snsapi_base")
    );
    let chosen = answered(simulator.handle(&get(&format!("{path}&as={openid}")), at(0)));
    assert_eq!(chosen.status(), 302);
    assert!(
        chosen.headers()["location"]
            .to_str()
            .unwrap()
            .contains("code=")
    );
    let declined = answered(simulator.handle(&get(&format!("{path}&deny=1")), at(0)));
    assert!(
        !declined.headers()["location"]
            .to_str()
            .unwrap()
            .contains("code=")
    );
    assert_eq!(answered(simulator.handle(&get(&path), at(0))).status(), 300);
}

#[test]
fn the_same_seed_and_calls_give_the_same_world() {
    let run = |seed| {
        let (simulator, openid) = simulator_with(SimulatorConfig { seed, ..config() });
        let order =
            json!({"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "a"}}});
        let code = qr_code(&simulator, &order, 0);
        let pushes = simulator.follow(&openid, Some("a"), at(1)).unwrap();
        format!(
            "{openid} {code} {:?} {}",
            pushes,
            stable_token(&simulator, at(2))
        )
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
