//! A storm of requests that no browser sends, against the program itself: every one is answered or cut off, and none changes anything.
//!
//! `MALFORMED_REQUESTS` says how many; `MALFORMED_SEED` which ones. The figures are printed.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use reference_server::rail::Rail;
use reward_core::WordStream;
use tokio::task::spawn_blocking;

use super::rolling::Stage;
use crate::web::routes::{GETS, POSTS};

/// How long a server may think about what looks like the beginning of a request, before the sender hangs up.
const PAUSE: Duration = Duration::from_millis(20);
/// A connection that is open after that hangs.
const HANG: Duration = Duration::from_secs(10);
const SENDERS: u32 = 8;
/// What the storm may cost in memory that is not given back.
///
/// Two passwords at once may be looked at, of 64 MiB each; the allocator keeps what they took.
const GROWTH_KIB: u64 = (2 * 64 + 32) * 1024;
/// Nothing of these may change; the worker's own notes of time are not among them.
const TABLES: [&str; 20] = [
    "person",
    "follow",
    "invite",
    "referral",
    "attempt",
    "award",
    "payment",
    "payment_event",
    "transfer",
    "callback_seen",
    "fund_flow",
    "incident",
    "correction",
    "organiser",
    "organiser_session",
    "setup_link",
    "proposal",
    "secret",
    "pause",
    "bank_draft",
];

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// A number below `n`, or zero when there is none.
fn below(words: &mut WordStream, n: usize) -> usize {
    usize::try_from(words.next_word()).unwrap() % n.max(1)
}

fn pick<'a>(words: &mut WordStream, list: &[&'a str]) -> &'a str {
    list[below(words, list.len())]
}

fn noise(words: &mut WordStream, n_most: usize) -> Vec<u8> {
    let n = below(words, n_most) + 1;
    (0..n).map(|_| below(words, 256).to_le_bytes()[0]).collect()
}

/// A body that is wrong in its own language.
fn body(words: &mut WordStream) -> Vec<u8> {
    match below(words, 8) {
        0 => noise(words, 400),
        1 => "[".repeat(below(words, 4_000)).into_bytes(),
        2 => format!("{{\"answers\":{{\"a\":1e{}}}}}", below(words, 100_000)).into_bytes(),
        3 => b"{\"attempt_id\":\"\\ud800\",\"version\":-99999999999999999999}".to_vec(),
        4 => b"name=%ff%fe%00&password=%&code=&&&=&=x".to_vec(),
        5 => format!("attempt={}", "%".repeat(below(words, 3_000))).into_bytes(),
        6 => b"<xml><ToUserName><![CDATA[x]]><!DOCTYPE a [<!ENTITY b \"&b;\">]></xml>".to_vec(),
        _ => {
            b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\r\n\r\n--x".to_vec()
        }
    }
}

/// A route's address, at times with what no address has.
fn target(words: &mut WordStream, is_get: bool) -> String {
    const ENDS: [&str; 10] = [
        "%",
        "%zz",
        "%00",
        "%ff",
        "/../..",
        "//",
        "?%",
        "?a=%ff",
        "?file=csv&file=x",
        "\u{7f}",
    ];
    let mut path = if is_get {
        pick(words, &GETS)
    } else {
        pick(words, &POSTS)
    }
    .to_owned();
    match below(words, 6) {
        0 => path.push_str(pick(words, &ENDS)),
        1 => path.push_str(&"a".repeat(below(words, 20_000))),
        2 => {
            let ands = "&".repeat(below(words, 500));
            path.push_str(&format!("?city={ands}&after=%c3%28&n=-{}", u64::MAX));
        }
        _ => {}
    }
    path
}

/// The first line of a request.
fn first_line(words: &mut WordStream) -> String {
    const METHODS: [&str; 9] = [
        "PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS", "get", "P OST", "", "\u{1}",
    ];
    const VERSIONS: [&str; 6] = ["HTTP/0.9", "HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "HTTP", ""];
    let is_get = below(words, 2) == 0;
    let path = target(words, is_get);
    let method = match below(words, 6) {
        0 => pick(words, &METHODS),
        _ if is_get => "GET",
        _ => "POST",
    };
    let version = match below(words, 12) {
        0 => pick(words, &VERSIONS),
        _ => "HTTP/1.1",
    };
    format!("{method} {path} {version}\r\n")
}

/// How long the body is said to be, of so many bytes.
fn framing(words: &mut WordStream, length: usize) -> String {
    match below(words, 24) {
        0 => format!("Content-Length: {}\r\n", length + below(words, 50)),
        1 => format!(
            "Content-Length: {length}\r\nContent-Length: {}\r\n",
            length / 2
        ),
        2 => format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        3 => "Transfer-Encoding: chunked\r\n".to_owned(),
        4 => "Content-Length: -1\r\n".to_owned(),
        5 => format!("Content-Length: {}\r\n", u64::MAX),
        _ => format!("Content-Length: {length}\r\n"),
    }
}

/// A request for one of the routes, with headers that may contradict each other.
fn request(words: &mut WordStream) -> Vec<u8> {
    const HOSTS: [&str; 3] = ["", "Host: a\r\nHost: b\r\n", "Host: \u{0}\r\n"];
    const KINDS: [&str; 7] = [
        "application/json",
        "application/x-www-form-urlencoded",
        "text/xml",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "\u{2}",
        "application/json; charset=utf-7",
    ];
    let mut text = first_line(words);
    let body = body(words);
    text.push_str(match below(words, 8) {
        0 => pick(words, &HOSTS),
        _ => "Host: 127.0.0.1\r\n",
    });
    let kind = pick(words, &KINDS);
    let session = "z".repeat(below(words, 200));
    text.push_str(&format!(
        "Content-Type: {kind}\r\nCookie: session={session}; =; ;;\r\n"
    ));
    text.push_str(&framing(words, body.len()));
    if below(words, 10) == 0 {
        text.push_str(&"X-A: b\r\n".repeat(below(words, 300)));
    }
    text.push_str("Connection: close\r\n\r\n");
    let mut text = text.into_bytes();
    text.extend_from_slice(&body);
    text
}

/// A request with bytes flipped, put in or cut off, or no request at all.
fn malformed(words: &mut WordStream) -> Vec<u8> {
    let mut text = request(words);
    match below(words, 5) {
        0 => return noise(words, 2_000),
        1 => text.truncate(below(words, text.len())),
        2 => {
            for _ in 0..=below(words, 8) {
                let at = below(words, text.len());
                text[at] ^= 1 << below(words, 8);
            }
        }
        3 => {
            let at = below(words, text.len());
            let put = noise(words, 20);
            text.splice(at..at, put);
        }
        _ => {}
    }
    text
}

/// What came of a request: the status, 0 for a connection that was closed without one.
fn sent(address: &str, text: &[u8]) -> Result<u16, String> {
    let mut line = TcpStream::connect(address).map_err(|error| format!("connect: {error}"))?;
    // A server that refuses early closes before all is written.
    drop(line.write_all(text));
    let mut answer = Vec::new();
    line.set_read_timeout(Some(PAUSE)).unwrap();
    let is_quiet = |error: &std::io::Error| {
        matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
    };
    if let Err(error) = line.read_to_end(&mut answer)
        && is_quiet(&error)
    {
        drop(line.shutdown(Shutdown::Write));
        line.set_read_timeout(Some(HANG)).unwrap();
        if let Err(error) = line.read_to_end(&mut answer)
            && is_quiet(&error)
        {
            return Err(format!("hangs: {}", String::from_utf8_lossy(text)));
        }
    }
    let status = answer
        .strip_prefix(b"HTTP/1.1 ")
        .or(answer.strip_prefix(b"HTTP/1.0 "));
    let status = status.and_then(|rest| rest.get(..3));
    Ok(status.map_or(0, |digits| {
        String::from_utf8_lossy(digits).parse().unwrap_or(0)
    }))
}

/// Sends so many of them one after the other; the statuses, and what must not happen.
fn storm(address: &str, seed: u64, n: u64) -> (BTreeMap<u16, u64>, Vec<String>) {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut words = WordStream::new(key);
    let (mut statuses, mut wrong) = (BTreeMap::new(), Vec::new());
    for _ in 0..n {
        let text = malformed(&mut words);
        match sent(address, &text) {
            Ok(status) => {
                *statuses.entry(status).or_default() += 1;
                // What the server does not know of HTTP it may say so.
                if status >= 500 && !matches!(status, 501 | 505) {
                    wrong.push(format!("{status}: {}", String::from_utf8_lossy(&text)));
                }
            }
            Err(what) => wrong.push(what),
        }
    }
    (statuses, wrong)
}

/// Memory of a process, in KiB.
fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_requests_are_answered_and_change_nothing() {
    let (n, seed) = (
        number("MALFORMED_REQUESTS", 4_000),
        number("MALFORMED_SEED", 1),
    );
    let stage = Stage::new("http://127.0.0.1:1", Rail::RedPacket).await;
    let (instance, address) = stage.trial.serve();
    let address = address.trim_start_matches("http://").to_owned();
    let rows = || {
        TABLES.map(|table| {
            stage
                .database
                .raw()
                .text(&format!("SELECT COUNT(*) FROM {table}"))
        })
    };
    let before = rows();
    let mut told = BTreeMap::<u16, u64>::new();
    let mut memory_kib = Vec::new();
    for tenth in 0..10 {
        let each = n.div_ceil(10 * u64::from(SENDERS));
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (address, seed) = (
                    address.clone(),
                    seed * 1_000 + tenth * 10 + u64::from(sender),
                );
                spawn_blocking(move || storm(&address, seed, each))
            })
            .collect();
        for sender in senders {
            let (statuses, wrong) = sender.await.unwrap();
            assert_eq!(wrong, Vec::<String>::new(), "{}", stage.trial.log());
            for (status, n) in statuses {
                *told.entry(status).or_default() += n;
            }
        }
        memory_kib.push(resident_kib(instance.id()));
    }
    println!(
        "{} requests, by status {told:?}; KiB after each tenth {memory_kib:?}",
        told.values().sum::<u64>()
    );
    assert!(
        memory_kib[9] < memory_kib[4] + GROWTH_KIB,
        "{memory_kib:?} KiB"
    );
    assert_eq!(rows(), before);
    assert!(
        !stage.trial.log().contains("panicked"),
        "{}",
        stage.trial.log()
    );
    assert!(told.keys().any(|status| *status == 200), "{told:?}");
    assert!(told.keys().any(|status| *status == 400), "{told:?}");
    stage.assert_audit_is_clean();
}
