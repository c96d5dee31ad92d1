//! One journey over real sockets: the server calls WeChat through its own listener, a client keeps the cookies.

use axum::serve;
use chrono::TimeDelta;
use reference_server::{contest::books, setup::Wire, web, worker};
use reqwest::{Client, Response, StatusCode};
use schedule_core::ShanghaiDay;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wechat_adapter::{WeChatHttp, simulator::PacketState};

use super::browser::answers;
use crate::app::{Setting, TestApp};

/// The next page of an answer that leads on, without following it.
fn location(answer: &Response) -> &str {
    answer.headers()["location"].to_str().unwrap()
}

async fn call(client: &Client, url: &str, body: &Value) -> Value {
    let answer = client.post(url).json(body).send().await.unwrap();
    let status = answer.status();
    let body: Value = answer.json().await.unwrap();
    assert!(status.is_success(), "{url}: {status} {body}");
    body
}

/// A new person who has logged in through WeChat's page; his openid.
async fn logged_in(client: &Client, url: &str) -> String {
    let made = call(
        client,
        &format!("{url}/simulator/api/people"),
        &json!({ "name": "张三" }),
    )
    .await;
    let openid = made["openid"].as_str().unwrap().to_owned();
    let away = client
        .get(format!("{url}/login?next=/me"))
        .send()
        .await
        .unwrap();
    let page = location(&away)
        .trim_end_matches("#wechat_redirect")
        .to_owned();
    let back = client
        .get(format!("{page}&as={openid}"))
        .send()
        .await
        .unwrap();
    let home = client.get(location(&back)).send().await.unwrap();
    assert_eq!(
        (home.status(), location(&home)),
        (StatusCode::SEE_OTHER, "/me")
    );
    openid
}

#[tokio::test]
async fn a_bill_longer_than_any_answer_is_fetched_over_real_sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let test = TestApp::with(Setting {
        wire: (Wire::Loopback, port),
        ..Setting::usual()
    })
    .await;
    tokio::spawn(serve(listener, web::router(test.app.clone())).into_future());
    let n_lines = 40_000;
    test.sleep(TimeDelta::seconds(1));
    for _ in 0..n_lines {
        test.simulator.top_up(1, test.app.now());
    }
    let day = ShanghaiDay::from_instant(test.app.now());
    test.sleep(TimeDelta::days(1));
    let imported = books::fetch(&test.app, day).await.unwrap();
    assert_eq!(imported.n_lines, n_lines);
    let lines = test.number("SELECT COUNT(*) FROM fund_flow");
    assert_eq!(usize::try_from(lines).unwrap(), n_lines);
    assert!(n_lines * 110 > WeChatHttp::MAX_ANSWER_BYTES, "it was short");
}

#[tokio::test]
async fn over_real_sockets_a_login_becomes_money_in_wechats_own_record() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let test = TestApp::with(Setting {
        wire: (Wire::Loopback, port),
        ..Setting::usual()
    })
    .await;
    let url = test.app.public_url.clone();
    let serving = tokio::spawn(serve(listener, web::router(test.app.clone())).into_future());
    let client = Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let openid = logged_in(&client, &url).await;
    let attempts = format!("{url}/api/v1/attempts");
    let refused = client.post(&attempts).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    call(
        &client,
        &format!("{url}/simulator/api/people/{openid}/follow"),
        &json!({}),
    )
    .await;
    let paper = call(&client, &attempts, &json!({})).await;
    let token = paper["attempt_id"].as_str().unwrap();
    let marked = call(
        &client,
        &format!("{attempts}/{token}/submission"),
        &answers(&test, &paper, 5),
    )
    .await;
    assert_eq!(
        (&marked["score"], &marked["passed"]),
        (&json!(5), &json!(true))
    );
    let packet = call(&client, &format!("{url}/api/v1/claims"), &json!({})).await;
    worker::settle_due(&test.app, 64).await.unwrap();
    let view = test.simulator.person(&openid).unwrap();
    let [sent] = view.packets.as_slice() else {
        panic!("not one packet: {:?}", view.packets);
    };
    assert_eq!(sent.state, PacketState::Sent);
    let open = format!("{url}/simulator/api/people/{openid}/open");
    call(&client, &open, &json!({ "bill_number": sent.bill_number })).await;
    let ledger: Value = client
        .get(format!("{url}/simulator/api/ledger"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let received = test.simulator.totals();
    assert_eq!(
        json!(received.received_fen),
        packet["amount_fen"],
        "{ledger}"
    );
    serving.abort();
    test.assert_sound().await;
}
