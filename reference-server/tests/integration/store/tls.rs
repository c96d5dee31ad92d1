//! Laws of the line to a database server: encrypted to a proven name, or plain because somebody said so, never by chance.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    thread,
};

use reference_server::{
    app::App,
    contest::claim::{self, ClaimRequest},
    store::{Database, DecisionClock, Durability, Line, Store, StoreError},
};
use std::sync::Arc;

use crate::app::TestApp;

/// A server that speaks TLS, when the environment names one.
fn encrypted_server() -> Option<(String, String)> {
    let address = env::var("TEST_POSTGRES_TLS_URL").ok()?;
    let folder = env::var("TEST_POSTGRES_TLS_FOLDER").ok()?;
    Some((address, folder))
}

fn verified(folder: &str, name: &str) -> Line {
    let authorities = fs::read_to_string(Path::new(folder).join(name)).unwrap();
    Line::Verified { authorities }
}

fn open(database: &Database) -> Result<Store, StoreError> {
    Store::open(database, Durability::None, DecisionClock::Caller)
}

#[tokio::test]
async fn a_contest_runs_over_an_encrypted_line_to_a_proven_server() {
    let Some((address, folder)) = encrypted_server() else {
        println!("SKIPPED: no server that speaks TLS is named");
        return;
    };
    let test = TestApp::new().await;
    let address = test.on_another_address(&format!("{address}?application_name=by-tls"));
    let line = verified(&folder, "authority.pem");
    let database = Database::server_over(&address, None, &line).unwrap();
    let app = Arc::try_unwrap(test.another_instance(11)).unwrap();
    let app = App {
        store: open(&database).unwrap(),
        ..app
    };
    let person = test.follower("by tls").await;
    test.answer(&person, 8).await;
    claim::claim(&app, &person.id, ClaimRequest::default())
        .await
        .unwrap();
    let versions = test.raw().texts(
        "SELECT COALESCE(version, 'plain') FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE application_name = 'by-tls'",
    );
    assert_eq!(versions.len(), 3, "a writer and two readers");
    assert!(
        versions.iter().all(|version| version == "TLSv1.3"),
        "{versions:?}"
    );
    test.assert_sound().await;
}

#[test]
fn a_server_that_cannot_prove_its_name_is_not_talked_to() {
    let Some((address, folder)) = encrypted_server() else {
        println!("SKIPPED: no server that speaks TLS is named");
        return;
    };
    let elsewhere = address.replace("localhost", "127.0.0.1");
    for (address, authority, complaint) in [
        (&address, "stranger.pem", "UnknownIssuer"),
        (&elsewhere, "authority.pem", "not valid for name"),
    ] {
        let line = verified(&folder, authority);
        let database = Database::server_over(address, None, &line).unwrap();
        let error = open(&database).unwrap_err();
        assert!(matches!(error, StoreError::Unreachable(_)), "{error:?}");
        assert!(error.to_string().contains(complaint), "{error}");
    }
}

/// Whoever answers in the server's place may say that there is no encryption; he hears nothing more.
#[test]
fn a_server_without_encryption_gets_neither_name_nor_password() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = thread::spawn(move || {
        let (mut line, _from) = listener.accept().unwrap();
        let mut request = [0; 8];
        line.read_exact(&mut request).unwrap();
        line.write_all(b"N").unwrap();
        let mut rest = Vec::new();
        line.read_to_end(&mut rest).unwrap();
        (request, rest)
    });
    let line = Line::Verified {
        authorities: AUTHORITY.to_owned(),
    };
    // Asked for politely, encryption would be given up here.
    let address = format!("postgres://contest@127.0.0.1:{port}/contest?sslmode=prefer");
    let database = Database::server_over(&address, Some("secret"), &line).unwrap();
    let error = open(&database).unwrap_err();
    assert!(
        error.to_string().contains("does not support TLS"),
        "{error}"
    );
    let (request, rest) = heard.join().unwrap();
    // The request for encryption: a length of 8 and the code 80877103.
    assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47]);
    assert_eq!(rest, b"");
}

#[test]
fn an_address_and_its_line_must_not_contradict_each_other() {
    let verified = Line::Verified {
        authorities: AUTHORITY.to_owned(),
    };
    let empty = Line::Verified {
        authorities: String::new(),
    };
    let distant = "postgres://contest@db.example.cn/contest";
    let socket = "postgres:///contest?user=contest&host=/run/postgresql";
    let cases = [
        (distant, "", &Line::Local, Some("on another machine")),
        (distant, "?hostaddr=127.0.0.1", &Line::Local, None),
        (
            distant,
            "?hostaddr=192.0.2.1",
            &Line::Local,
            Some("on another machine"),
        ),
        (distant, "", &Line::Unprotected, None),
        (distant, "", &verified, None),
        (distant, "?sslmode=prefer", &Line::Unprotected, None),
        (
            distant,
            "?sslmode=require",
            &Line::Unprotected,
            Some("asks for encryption"),
        ),
        (distant, "?sslmode=require", &verified, None),
        (
            distant,
            "?sslmode=disable",
            &verified,
            Some("asks for no encryption"),
        ),
        (distant, "?sslmode=verify-full", &verified, Some("address")),
        (distant, "", &empty, Some("none in the file")),
        (socket, "", &Line::Local, None),
        (socket, "", &verified, Some("asks for no encryption")),
        (
            "postgres://contest@localhost/contest",
            "",
            &Line::Local,
            None,
        ),
        ("postgres://contest@[::1]/contest", "", &Line::Local, None),
        (
            "postgres://contest@127.0.0.1,db.example.cn/contest",
            "",
            &Line::Local,
            Some("on another machine"),
        ),
    ];
    for (address, query, line, complaint) in cases {
        let address = format!("{address}{query}");
        match (Database::server_over(&address, None, line), complaint) {
            (Ok(_database), None) => {}
            (Err(error), Some(complaint)) => {
                assert!(
                    error.to_string().contains(complaint),
                    "{address} {line:?}: {error}"
                );
            }
            (outcome, _) => panic!("{address} {line:?}: {outcome:?}"),
        }
    }
}

/// An authority that signed nothing; made with `openssl req -x509` for these tests.
const AUTHORITY: &str = include_str!("authority.pem");
