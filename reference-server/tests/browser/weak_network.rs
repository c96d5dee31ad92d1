//! How long a first visit takes on a weak network, on a slow phone: 400 kbit/s, 400 ms, a quarter of the processor.
//!
//! The figures are printed: `cargo test -p reference-server --test browser -- weak_network --nocapture`.
//! Where `BESIDE_URL` names another page, it is measured in turn with ours.

use std::env;

use serde_json::json;

use super::{chromium::Chromium, contest::Contest, phone::Phone, quiz::arrive};

/// Visits of each page; the middle one counts.
const VISITS: usize = 7;

/// Files without which the browser paints nothing.
const BLOCKING: &str = "performance.getEntriesByType('resource').filter(function (e) { return e.renderBlockingStatus === 'blocking'; }).map(function (e) { return e.name; })";
/// Files that the page names; what its script fetches for later is none of them, and nothing waits for the icon.
const FILES: &str = "performance.getEntriesByType('resource').filter(function (e) { return e.initiatorType !== 'xmlhttprequest' && !/\\/s\\/icon\\./.test(e.name); }).map(function (e) { return e.name; })";

/// Milliseconds from the request until a page can be seen, and until it can be used.
#[derive(Debug, Clone, Copy)]
struct Visit {
    painted_ms: u64,
    usable_ms: u64,
}

fn middle(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The middle of several visits with nothing kept from before.
#[expect(clippy::print_stdout, reason = "the figures are what this is for")]
fn measure(phone: &Phone<'_>, name: &str, mut visit: impl FnMut() -> Visit) -> Visit {
    let visits: Vec<Visit> = (0..VISITS)
        .map(|_| {
            phone.forget_files();
            visit()
        })
        .collect();
    let result = Visit {
        painted_ms: middle(visits.iter().map(|visit| visit.painted_ms).collect()),
        usable_ms: middle(visits.iter().map(|visit| visit.usable_ms).collect()),
    };
    println!(
        "{name}: painted {} ms, usable {} ms (middle of {VISITS})",
        result.painted_ms, result.usable_ms
    );
    result
}

#[test]
fn on_a_weak_network_the_first_screen_waits_for_nothing_but_the_page() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let phone = Phone::new(&chromium, &contest.url);
    arrive(&contest, &phone, "张三");
    let paper = phone.path();
    phone.weak_network();
    let when = |condition: &str| -> Visit {
        let [painted_ms, usable_ms] = phone.watch(condition);
        Visit {
            painted_ms,
            usable_ms,
        }
    };
    let button = "document.querySelector('.ticket .btn-big')";
    let landing = measure(&phone, "landing", || {
        phone.open_without_waiting("/");
        when(button)
    });
    // A file that the first screen waited for would take a second turn of 400 ms at least.
    assert_eq!(phone.eval(BLOCKING), json!([]));
    let scripted = "document.querySelector('html.js .item.now')";
    measure(&phone, "quiz", || {
        phone.open_without_waiting(&paper);
        when(scripted)
    });
    // All that a paper is made of has come with it.
    assert_eq!(phone.eval(FILES), json!([]));
    if let Ok(url) = env::var("BESIDE_URL") {
        let other = measure(&phone, &url, || {
            phone.open_elsewhere(&url);
            when(
                &env::var("BESIDE_USABLE")
                    .unwrap_or_else(|_unset| "document.querySelector('button')".to_owned()),
            )
        });
        assert!(other.usable_ms > 0, "{landing:?} {other:?}");
    }
}
