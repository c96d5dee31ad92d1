//! The canary scan: openids, secrets and keys are looked for wherever a stranger could read, and none is found.
//!
//! The scanner proves itself each time: leaks planted in a row, a log line and a page are found.

use std::{
    fs,
    io::{self, Write},
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use axum::body::Body;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::TimeDelta;
use http::Request;
use http_body_util::BodyExt as _;
use reference_server::{
    contest::{organiser::Role, publication, records},
    rail::Rail,
    web,
};
use reward_core::SeasonSeed;
use serde_json::json;
use tower::ServiceExt as _;
use tracing_subscriber::fmt::MakeWriter;
use wechat_adapter::simulator::{SimulatorConfig, TransferSetup};

use super::{
    browser::Browser,
    console::settings::{at, configured},
};
use crate::app::{FIRST_CITY, Person, SECOND_CITY, Setting, TestApp, shanghai};

/// A key of version 2 that somebody gives at the console.
const GIVEN: &str = "9f8e7d6c5b4a39281706f5e4d3c2b1a0";

/// Somebody gives a secret at the console, rightly and wrongly, and somebody else takes it.
async fn give_a_secret(test: &TestApp) -> Vec<(String, Vec<u8>)> {
    let app = configured(test);
    let mut security = at(test, &app, "security", Role::SecurityAdmin).await;
    let mut chief = at(test, &app, "chief", Role::ProvinceAdmin).await;
    let mut shown = Vec::new();
    let secrets = "/api/v1/console/settings/secrets";
    let body = |name: &str| json!({ "name": name, "value": GIVEN, "reason": "rotation" });
    for body in [
        body("red-packet-key"),
        body("encoding-aes-key"),
        body("moon"),
        json!(GIVEN),
    ] {
        let answer = security.call(secrets, &body).await;
        shown.push((format!("POST {secrets}"), answer.body.into_bytes()));
    }
    let board = chief.get("/api/v1/console/settings").await.json();
    let waiting = &board["waiting"][0];
    let word = json!({ "proposal": waiting["proposal"], "digest": waiting["digest"],
        "verdict": "approve", "reason": "compared" });
    let decided = chief.call(&format!("{secrets}/decide"), &word).await;
    assert_eq!(decided.status.as_u16(), 204, "{}", decided.body);
    for path in [
        "/console/settings",
        "/console/preflight",
        "/console/audit-log",
        "/api/v1/console/settings",
        "/api/v1/console/audit-log",
    ] {
        let answer = chief.get(path).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        shown.push((path.to_owned(), answer.body.into_bytes()));
    }
    shown
}

/// What must not be found, each under a name that may be printed.
#[derive(Default)]
struct Canaries(Vec<(String, Vec<u8>)>);

impl Canaries {
    /// A text, and the forms in which it is usually written down.
    fn add(&mut self, name: &str, value: &[u8]) {
        let mut forms = vec![
            value.to_vec(),
            hex::encode(value).into_bytes(),
            hex::encode_upper(value).into_bytes(),
        ];
        // In base 64 a text looks different at each of three places; two letters at its ends depend on the neighbours.
        for skipped in 0..3 {
            let shifted = [vec![0; skipped], value.to_vec()].concat();
            for text in [STANDARD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
                let inner = text.trim_end_matches('=');
                forms.push(inner.as_bytes()[4..inner.len() - 2].to_vec());
            }
        }
        forms.sort();
        forms.dedup();
        assert!(
            forms.iter().all(|form| form.len() >= 12),
            "{name} is too short to be told apart"
        );
        self.0
            .extend(forms.into_iter().map(|form| (name.to_owned(), form)));
    }

    /// The names of those that stand in these bytes.
    fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let mut found: Vec<&str> = self
            .0
            .iter()
            .filter(|(_name, form)| contains(bytes, form))
            .map(|(name, _form)| name.as_str())
            .collect();
        found.dedup();
        found
    }

    fn assert_absent(&self, place: &str, bytes: &[u8]) {
        assert!(!bytes.is_empty(), "there is no {place} to look through");
        let found = self.found_in(bytes);
        assert!(found.is_empty(), "{found:?} in {place}");
    }
}

/// Whether the bytes hold this form, by looking closer only where its first byte stands.
fn contains(bytes: &[u8], form: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == form[0]) {
        rest = &rest[at..];
        if rest.starts_with(form) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// A log that is kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn bytes(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Whatever must not be read by anybody, of a contest that was played.
fn canaries(test: &TestApp, people: &[&Person], packages: &[String]) -> Canaries {
    let mut canaries = Canaries::default();
    for person in people {
        canaries.add("an openid", person.openid.as_bytes());
    }
    let simulator = SimulatorConfig::rehearsal("", "");
    canaries.add("the app secret", simulator.app_secret.as_bytes());
    canaries.add("the merchant's key", simulator.merchant_key.as_bytes());
    canaries.add(
        "the callback's key",
        SimulatorConfig::REHEARSAL_AES_KEY.as_bytes(),
    );
    canaries.add("a secret given at the console", GIVEN.as_bytes());
    canaries.add("the master key", &test.master());
    canaries.add("the key of sessions", test.app.keys.session_key());
    canaries.add("the season's seed", &test.app.keys.season_seed());
    let seed = SeasonSeed::from_bytes(test.app.keys.season_seed()).city_seed(SECOND_CITY);
    canaries.add("the seed of a city to come", &seed.reveal());
    canaries.add("the access token", test.access_token().as_bytes());
    for package in packages {
        canaries.add("what opens a confirm page", package.as_bytes());
    }
    canaries.add(
        "the key of version 3",
        TransferSetup::rehearsal().api_key.as_bytes(),
    );
    let mut lines = TransferSetup::REHEARSAL_MERCHANT_KEY.lines();
    let within = lines.nth(5).unwrap();
    canaries.add("the merchant's private key", within.as_bytes());
    canaries
}

/// Everything a browser and a monitor can be shown of a contest with these people.
async fn shown(test: &TestApp, person: &Person, browser: &mut Browser) -> Vec<(String, Vec<u8>)> {
    let mut shown = Vec::new();
    let packet = award_of(test, person);
    let paths = [
        "/",
        "/status",
        "/rules",
        "/summary",
        "/consent",
        "/follow",
        "/me",
        "/me/mistakes",
        "/me/certificate",
        "/me/district",
        "/me/erase",
        "/poster",
        "/verify",
        "/api/v1/contest",
        "/api/v1/me",
        "/api/v1/openapi.json",
        "/nowhere",
        "/packet/NOBODYS",
        "/result/NOBODYS",
        "/quiz/forged",
        "/login/return?code=forged&state=forged",
        &format!("/city/{FIRST_CITY}"),
        &format!("/verify/{FIRST_CITY}.json"),
        &format!("/verify/{SECOND_CITY}.json"),
        &format!("/packet/{packet}"),
        &format!("/packet/{packet}/receipt"),
        &format!("/packet/{packet}/receipt.txt"),
    ];
    for path in paths {
        let answer = browser.get(path).await;
        let text = format!("{:?}\n{}", answer.headers, answer.body);
        shown.push((path.to_owned(), text.into_bytes()));
    }
    for (path, fields) in [
        ("/claims", "attempt=forged"),
        ("/quiz/forged", "1=A"),
        ("/me/district", "district=atlantis%2Fwest"),
    ] {
        let answer = browser.form(path, fields).await;
        shown.push((format!("POST {path}"), answer.body.into_bytes()));
    }
    let metrics = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = web::private_router(Arc::clone(&test.app))
        .oneshot(metrics)
        .await
        .unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(contains(&body, b"contest_payouts"));
    shown.push(("/metrics".to_owned(), body.to_vec()));
    shown
}

#[tokio::test]
async fn nothing_that_is_stored_logged_or_shown_holds_an_openid_a_secret_or_a_key() {
    // One after the other: two logs at once would each miss lines of the other's making.
    for rail in Rail::ALL {
        scan(rail).await;
    }
}

/// What opens the confirm page of each person's transfer, if there is one.
async fn packages(test: &TestApp, people: &[&Person]) -> Vec<String> {
    let mut packages = Vec::new();
    for person in people {
        let award = award_of(test, person);
        let packet = records::packet(&test.app, &person.id, &award);
        let call = packet.await.unwrap().confirmation;
        packages.extend(call.map(|call| call.package));
    }
    packages
}

fn award_of(test: &TestApp, person: &Person) -> String {
    let person = person.id.as_str();
    let sql = format!("SELECT award FROM award WHERE person = '{person}'");
    test.raw().text(&sql)
}

/// Plays a contest on a rail, and looks for what must not be found in all that is left of it.
#[expect(clippy::too_many_lines, reason = "one season, told in its order")]
async fn scan(rail: Rail) {
    let log = Log::default();
    let lines = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(lines);
    let test = TestApp::with(Setting {
        rail,
        ..Setting::usual()
    })
    .await;
    let (person, mut browser) = Browser::of_follower(&test, "canary").await;
    let attempt = browser.answer(&test, 7).await;
    browser.claim(&attempt, "key").await;
    browser.get("/poster").await;
    let (other, _packet) = test.winner("other").await;
    let code = test.code_of(&person).await;
    let friend = test.stranger("friend").await;
    test.follow(&friend, Some(&code)).await;
    test.settle().await;
    let packages = packages(&test, &[&person, &other]).await;
    match rail {
        Rail::RedPacket => assert_eq!((packages.len(), test.open_packets(&person)), (0, 1)),
        Rail::Transfer => {
            assert_eq!(packages.len(), 2);
            // Its own page, and no other, holds what opens the confirm page.
            let page = format!("/packet/{}", award_of(&test, &person));
            assert!(browser.get(&page).await.body.contains(&packages[0]));
            let (openid, now) = (&person.openid, test.app.now());
            let confirmed = test.simulator.confirm_transfer(openid, &packages[0], now);
            confirmed.unwrap();
            let waiting = canaries(&test, &[&person, &other, &friend], &packages);
            waiting.assert_absent("the database while they wait", &test.stored());
        }
    }
    test.settle_for(TimeDelta::hours(30)).await;
    test.sleep_until(shanghai("2020-04-29 00:10:00"));
    let canaries = canaries(&test, &[&person, &other, &friend], &packages);
    let console = give_a_secret(&test).await;
    for (place, bytes) in shown(&test, &person, &mut browser)
        .await
        .into_iter()
        .chain(console)
    {
        canaries.assert_absent(&place, &bytes);
    }
    let file = publication::city_file(&test.app, FIRST_CITY).await.unwrap();
    canaries.assert_absent(
        "a city's file",
        serde_json::to_string(&file).unwrap().as_bytes(),
    );
    // A person's export holds the person's own openid, and nothing else that is looked for.
    let export = browser.get("/me/export").await.body;
    assert!(export.contains(&person.openid));
    let without = export.replace(&person.openid, "");
    canaries.assert_absent("the export", without.as_bytes());
    assert!(
        contains(&log.bytes(), b"/me/mistakes"),
        "requests are logged"
    );
    canaries.assert_absent("the log", &log.bytes());
    canaries.assert_absent("the database", &test.stored());

    // The scanner itself: a leak planted in a row, in a log line and on a page is found.
    let leaked = STANDARD.encode(format!("re={}", person.openid));
    test.raw().run(&format!(
        "UPDATE person SET district = '{leaked}' WHERE person = '{}'",
        other.id.as_str()
    ));
    assert_eq!(canaries.found_in(&test.stored()), ["an openid"]);
    tracing::debug!(openid = person.openid, "planted");
    assert_eq!(canaries.found_in(&log.bytes()), ["an openid"]);
    let page = format!("<p>{}</p>", hex::encode(test.master()));
    assert_eq!(canaries.found_in(page.as_bytes()), ["the master key"]);
    for (name, form) in &canaries.0 {
        assert!(canaries.found_in(form).contains(&name.as_str()));
    }
}

/// A whole process that logs all it can, with its threads: the file it wrote and all it said.
#[test]
fn a_rehearsed_city_leaves_no_openid_in_its_file_its_report_or_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_reference-server"))
        .args(["rehearse", "--city", FIRST_CITY, "--people", "8", "--data"])
        .arg(dir.path())
        .env("RUST_LOG", "trace")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    // What the simulated WeChat remembers names everybody.
    let wechat = fs::read_to_string(dir.path().join("simulated-wechat.jsonl")).unwrap();
    let mut canaries = Canaries::default();
    let mut openids: Vec<&str> = wechat
        .split("\"openid\":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    openids.sort_unstable();
    openids.dedup();
    assert!(openids.len() >= 8, "{openids:?}");
    for openid in openids {
        canaries.add("an openid", openid.as_bytes());
    }
    let simulator = SimulatorConfig::rehearsal("", "");
    canaries.add("the app secret", simulator.app_secret.as_bytes());
    canaries.add("the merchant's key", simulator.merchant_key.as_bytes());
    assert!(!canaries.found_in(wechat.as_bytes()).is_empty());
    canaries.assert_absent("the report", &output.stdout);
    canaries.assert_absent("the log", &output.stderr);
    for name in ["contest.db", "contest.db-wal"] {
        if let Ok(bytes) = fs::read(dir.path().join(name))
            && !bytes.is_empty()
        {
            canaries.assert_absent(name, &bytes);
        }
    }
}
