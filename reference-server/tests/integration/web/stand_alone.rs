//! The simulated WeChat as a server of its own: what a program in another process meets there.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{Router, body::Bytes, http::HeaderMap, routing::post, serve};
use chrono::{DateTime, Utc};
use reference_server::{
    clock::{Clock, SimulatedClock, SystemClock},
    journal::JournaledSimulator,
    web::{SimulatedWeChat, keep_delivering, simulator_router},
};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};
use wechat_adapter::{
    BaseUrl, BillNumber, Endpoints, HttpClient as _, Nonce, OpenId, Secret, WeChatHttp,
    pay::v3::{
        ApiV3Key, CreateTransfer, Credentials, Freshness, MerchantKey, Notification,
        NotificationContent, QueryTransfer, TransferOrder, TransferScene, TransferState,
        WeChatKeys,
    },
    simulator::{SimulatorConfig, TransferSetup},
};

/// A simulator that listens, and the application it posts to.
struct Stage {
    url: String,
    client: Client,
    config: SimulatorConfig,
    /// What was posted to `/notify`.
    notified: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
    /// How often something was posted to `/callback`, which only answers from the third time on.
    pushed: Arc<AtomicU32>,
    notify_url: String,
    _stop: watch::Sender<bool>,
}

async fn stage() -> Stage {
    let (sender, notified) = mpsc::unbounded_channel();
    let pushed = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&pushed);
    let application = Router::new()
        .route(
            "/notify",
            post(|headers: HeaderMap, body: Bytes| async move {
                sender.send((headers, body)).unwrap();
                StatusCode::NO_CONTENT
            }),
        )
        .route(
            "/callback",
            post(move || {
                let count = counter.fetch_add(1, Ordering::SeqCst);
                let status = if count < 2 {
                    StatusCode::INTERNAL_SERVER_ERROR
                } else {
                    StatusCode::OK
                };
                std::future::ready(status)
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, application).into_future());

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = SimulatorConfig {
        path_prefix: String::new(),
        ..SimulatorConfig::rehearsal(&url, &format!("{own_url}/callback"))
    };
    let wall = SystemClock::new();
    let host = SimulatedWeChat::alone(
        JournaledSimulator::forgetful(config.clone()).unwrap(),
        SimulatedClock::running_from(wall.now()),
        Some(Arc::new(wall)),
        Arc::new(WeChatHttp::new().unwrap()),
        true,
        url.clone(),
    );
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(keep_delivering(host.clone(), stopped));
    tokio::spawn(serve(listener, simulator_router(host)).into_future());
    Stage {
        url,
        client: Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
        config,
        notified,
        pushed,
        notify_url: format!("{own_url}/notify"),
        _stop: stop,
    }
}

impl Stage {
    async fn control(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/simulator/api/{path}", self.url);
        let answer = self.client.post(url).json(body).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    async fn person(&self) -> OpenId {
        let made = self.control("people", &json!({"name": "张三"})).await;
        OpenId::new(made["openid"].as_str().unwrap()).unwrap()
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let url = format!("{}{path}", self.url);
        self.client.get(url).send().await.unwrap()
    }

    async fn token(&self) -> String {
        let SimulatorConfig {
            app_id, app_secret, ..
        } = &self.config;
        let path = format!(
            "/cgi-bin/token?grant_type=client_credential&appid={app_id}&secret={app_secret}"
        );
        let issued: Value = self.get(&path).await.json().await.unwrap();
        issued["access_token"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn the_picture_of_a_qr_code_says_what_the_code_says() {
    let stage = stage().await;
    let order = json!({
        "expire_seconds": 1800, "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": "i:42"}},
    });
    let url = format!(
        "{}/cgi-bin/qrcode/create?access_token={}",
        stage.url,
        stage.token().await
    );
    let made = stage.client.post(url).json(&order).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    let ticket = made["ticket"].as_str().unwrap().replace('=', "%3D");
    let picture = stage
        .get(&format!("/cgi-bin/showqrcode?ticket={ticket}"))
        .await;
    assert_eq!(picture.headers()["content-type"], "image/png");
    let bytes = picture.bytes().await.unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut grey = vec![0; reader.output_buffer_size().unwrap()];
    let side = usize::try_from(reader.next_frame(&mut grey).unwrap().width).unwrap();
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| grey[y * side + x]);
    let read = image.detect_grids()[0].decode().unwrap().1;
    assert_eq!(read, made["url"].as_str().unwrap());
    assert_eq!(
        stage.get("/cgi-bin/showqrcode?ticket=none").await.status(),
        404
    );

    let openid = stage.person().await;
    let scanned = stage
        .control(&format!("people/{openid}/scan"), &json!({"url": read}))
        .await;
    assert_eq!(scanned, json!({"outcome": "follow_page", "scene": "i:42"}));
}

#[tokio::test]
async fn a_push_is_tried_until_it_is_answered() {
    let stage = stage().await;
    let openid = stage.person().await;
    let person = stage
        .control(&format!("people/{openid}/follow"), &json!({}))
        .await;
    assert_eq!(stage.pushed.load(Ordering::SeqCst), 3);
    assert_eq!(person["dialogue"], json!([]));
}

#[tokio::test]
async fn the_authorize_page_asks_who_it_is_and_comes_back() {
    let stage = stage().await;
    let openid = stage.person().await;
    let path = format!(
        "/connect/oauth2/authorize?appid={}&redirect_uri=http%3A%2F%2F127.0.0.1%2Fback\
         &response_type=code&scope=snsapi_userinfo&state=s",
        stage.config.app_id
    );
    let page = stage.get(&path).await.text().await.unwrap();
    assert!(page.contains("昵称和头像") && page.contains(&format!("as={openid}")));
    let back = stage.get(&format!("{path}&as={openid}")).await;
    assert_eq!(back.status(), 302);
    let to = back.headers()["location"].to_str().unwrap();
    assert!(to.starts_with("http://127.0.0.1/back?code="), "{to}");
    let ban = json!([{"fault": {"kind": "link_banned"}}]);
    stage.control("faults", &ban).await;
    assert_eq!(stage.get(&path).await.status(), 403);
}

/// A merchant of version 3 on the clock of this machine, and whom it pays.
struct Merchant {
    credentials: Credentials,
    keys: WeChatKeys,
    wall: SystemClock,
    http: WeChatHttp,
    config: SimulatorConfig,
    openid: OpenId,
}

impl Merchant {
    fn of(stage: &Stage, openid: OpenId) -> Self {
        let setup = TransferSetup::rehearsal();
        let key = Secret::new(TransferSetup::REHEARSAL_MERCHANT_KEY).unwrap();
        let credentials = Credentials::new(
            stage.config.merchant_id.parse().unwrap(),
            &setup.merchant_serial,
            MerchantKey::new(&key).unwrap(),
            Endpoints::all_at(&BaseUrl::new(&stage.url).unwrap()),
        );
        let public_key = TransferSetup::REHEARSAL_WECHAT_PUBLIC_KEY;
        Self {
            credentials: credentials.unwrap(),
            keys: WeChatKeys::of_public_key(&setup.wechat_public_key_id, public_key).unwrap(),
            wall: SystemClock::new(),
            http: WeChatHttp::new().unwrap(),
            config: stage.config.clone(),
            openid,
        }
    }

    fn fresh(&self) -> Freshness {
        Freshness {
            now: self.wall.now(),
            nonce: Nonce::new("n1").unwrap(),
        }
    }

    fn order(&self, number: &str) -> TransferOrder {
        TransferOrder {
            bill_number: BillNumber::new(number).unwrap(),
            merchant_id: self.credentials.merchant_id().clone(),
            app_id: self.config.app_id.parse().unwrap(),
            openid: self.openid.clone(),
            amount_fen: 30,
            remark: "南京".to_owned(),
            scene: TransferScene::cash_marketing("知识竞赛", "五题全对"),
            name: None,
            notify_url: Some("https://contest.example/notify".to_owned()),
            style: None,
        }
    }

    /// Makes a transfer whose end is told to `notify_url`; WeChat wants https there, and this machine has none.
    async fn create(&self, number: &str, notify_url: &str) {
        let call = CreateTransfer::new(self.order(number)).unwrap();
        let request = call.request(&self.credentials, &self.keys, &self.fresh());
        let mut request = request.unwrap();
        let text = String::from_utf8(request.body().clone()).unwrap();
        let text = text.replace("https://contest.example/notify", notify_url);
        *request.body_mut() = text.into_bytes();
        let (method, path) = (request.method(), request.uri().path());
        let header = self
            .credentials
            .authorization(method, path, request.body(), &self.fresh());
        let header = header.unwrap().parse().unwrap();
        request.headers_mut().insert("authorization", header);
        let answer = self.http.send(request).await.unwrap();
        CreateTransfer::parse(&answer, &self.keys, self.wall.now()).unwrap();
    }

    async fn query(&self, number: &str) -> TransferState {
        let request = QueryTransfer::of(&self.order(number))
            .request(&self.credentials, &self.keys, &self.fresh())
            .unwrap();
        let answer = self.http.send(request).await.unwrap();
        let record = QueryTransfer::parse(&answer, &self.keys, self.wall.now());
        record.unwrap().state
    }

    /// Number and state of a notification.
    fn read(&self, headers: &HeaderMap, body: &[u8]) -> (String, TransferState) {
        let api_key = Secret::new(TransferSetup::rehearsal().api_key).unwrap();
        let api_key = ApiV3Key::new(&api_key).unwrap();
        let read = Notification::receive(headers, body, &self.keys, &api_key, self.wall.now());
        let NotificationContent::Transfer(record) = read.unwrap().content else {
            panic!("another notification");
        };
        (record.bill_number.to_string(), record.state)
    }
}

#[tokio::test]
async fn a_transfer_is_made_confirmed_notified_and_its_clock_can_be_turned() {
    let mut stage = stage().await;
    let openid = stage.person().await;
    let merchant = Merchant::of(&stage, openid.clone());
    for number in ["t1", "t2"] {
        merchant.create(number, &stage.notify_url).await;
    }
    let confirmed = stage
        .control(
            &format!("people/{openid}/confirm"),
            &json!({"bill_number": "t1"}),
        )
        .await;
    assert_eq!(confirmed["stage"], "TRANSFERING");
    stage
        .control("clock", &json!({"advance_seconds": 100_000}))
        .await;
    let mut ends = BTreeMap::new();
    for _ in 0..2 {
        let (headers, body) = stage.notified.recv().await.unwrap();
        let (number, state) = merchant.read(&headers, &body);
        ends.insert(number, state);
    }
    assert_eq!(ends["t1"], TransferState::Success);
    assert_eq!(ends["t2"], TransferState::Failed);
    // The clock of the simulation is a day ahead, and this merchant's is not.
    assert_eq!(merchant.query("t2").await, TransferState::Failed);
    let now: Value = stage
        .get("/simulator/api/clock")
        .await
        .json()
        .await
        .unwrap();
    let now: DateTime<Utc> = now["now"].as_str().unwrap().parse().unwrap();
    assert!(now > merchant.wall.now() + chrono::TimeDelta::days(1));
}

/// The program itself, ended with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn command(listen: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reference-server"));
    command
        .args(["simulator", "--listen", listen, "--out"])
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[tokio::test]
async fn the_command_writes_what_a_client_needs_and_answers_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("simulator.toml");
    let text = "app_id = 'wx0000000000000001'\nchannel.per_person_per_day = 1\n\
                [[people]]\nname = '张三'\nopenid = 'oZhangSan'\n\
                [[faults]]\noperation = 'user_info'\nfault.kind = 'status500'\n";
    std::fs::write(&config, text).unwrap();
    let out = dir.path().join("out");
    let mut child = Running(
        command("127.0.0.1:0", &out)
            .arg("--config")
            .arg(&config)
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().contains("Ctrl-C"));
    let list = std::fs::read_to_string(out.join("settings.json")).unwrap();
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["app_id"], "wx0000000000000001");
    for file in ["apiclient_key.pem", "apiclient_cert.pem", "pub_key.pem"] {
        assert!(out.join(file).exists(), "{file}");
    }
    let base = list["base"].as_str().unwrap();
    let order = json!({
        "grant_type": "client_credential",
        "appid": list["app_id"], "secret": list["app_secret"],
    });
    let client = Client::builder().build().unwrap();
    let url = format!("{base}/cgi-bin/stable_token");
    let issued = client.post(url).json(&order).send().await.unwrap();
    let issued: Value = issued.json().await.unwrap();
    let token = issued["access_token"].as_str().unwrap();
    let url = format!("{base}/cgi-bin/user/info?access_token={token}&openid=oZhangSan");
    assert_eq!(client.get(url).send().await.unwrap().status(), 500);
    assert_eq!(client.get(base).send().await.unwrap().status(), 404);
}

#[test]
fn the_command_listens_for_this_machine_only_unless_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let refused = command("0.0.0.0:0", dir.path()).output().unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("--open"), "{said}");
    assert!(!dir.path().join("settings.json").exists());
}
