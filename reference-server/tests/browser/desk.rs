//! Desks of the console: people of the offices at their screens, and every page they can open.

use std::{collections::BTreeSet, process::Command};

use reference_server::{
    contest::{organiser::Role, statistics},
    web,
};
use serde_json::json;

use super::{axe, chromium::Chromium, contest::Contest, phone::Phone};

/// Who opens a page, the first of these who may: those whose pages have most buttons first.
const OFFICES: [(&str, Role); 5] = [
    ("lin", Role::ProvinceAdmin),
    ("zhao", Role::ContentApprover),
    ("wang", Role::FinanceOperator),
    ("qian", Role::SecurityAdmin),
    ("sun.li", Role::Auditor),
];

/// Signs somebody in at a desk.
pub(crate) fn sign_in(contest: &Contest, desk: &Phone<'_>, name: &str, password: &str) {
    desk.open("/console/sign-in");
    desk.fill("[name=name]", name);
    desk.fill("[name=password]", password);
    desk.fill("[name=code]", &contest.fresh_code(name));
    desk.follow(".form .button");
    desk.assert_says("总览");
}

/// What is wrong with the page that is open, at each width; pictures of it are kept.
fn faults(desk: &Phone<'_>, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for width in [768, 1280, 1920] {
        desk.size(width, 900);
        let is_wide = "document.documentElement.scrollWidth > window.innerWidth";
        if desk.eval(is_wide) == json!(true) {
            found.push(format!("{name} at {width}: wider than the screen"));
        }
        desk.whole_picture(&format!("console-{name}-{width}"));
        let rules = axe::findings(desk);
        found.extend(
            rules
                .iter()
                .map(|rule| format!("{name} at {width}: {rule}")),
        );
    }
    desk.size(1280, 900);
    found
}

/// The page is one that everybody can use, at each width.
#[track_caller]
pub(crate) fn assert_usable(desk: &Phone<'_>, name: &str) {
    assert_eq!(faults(desk, name), Vec::<String>::new());
}

/// A page of the console, by the address that stands for its route; nothing for what is none.
fn page_of(path: &str, contest: &Contest) -> Option<String> {
    let is_page = !path.starts_with("/api/") && !path.ends_with("/live");
    // A city that has closed has bulletins, reports and books to seal; the open one has the rest.
    let is_late = ["bulletin", "report", "seal"]
        .iter()
        .any(|late| path.contains(late));
    let path = path
        .replace("{city}", if is_late { "suzhou" } else { "nanjing" })
        .replace("{day}", "2020-05-08")
        .replace("{number}", "1")
        .replace("{name}", "sun.li");
    let path = if path.contains("{payment}") {
        path.replace(
            "{payment}",
            &contest.text("SELECT MIN(bill_number) FROM payment"),
        )
    } else {
        path
    };
    (is_page && !path.contains('{')).then_some(path)
}

/// The fourth day of the third city, with winners in two and every attempt counted.
fn played() -> Contest {
    let mut contest = Contest::at("2020-05-05 21:00:00");
    contest.learn();
    contest.winner("苏州的中奖人");
    contest.settle();
    contest.wait_until("2020-05-09 21:00:00");
    contest.learn();
    contest.winner("南京的中奖人");
    contest.settle();
    contest.winner("等待的人");
    contest.run(statistics::count_all(&contest.app)).unwrap();
    contest
}

#[test]
fn every_page_of_the_console_is_one_that_everybody_can_use() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = played();
    let desks = OFFICES.map(|(name, role)| {
        let desk = Phone::new(&chromium, &contest.url);
        desk.size(1280, 900);
        sign_in(&contest, &desk, name, &contest.colleague(name, role));
        desk
    });
    for (desk, (name, _role)) in desks.iter().zip(OFFICES) {
        desk.open("/console/step-up");
        desk.fill("[name=code]", &contest.fresh_code(name));
        desk.follow(".form .button");
    }
    // A day's bulletin is drafted and signed, so that its page is one.
    let [admin, ..] = &desks;
    admin.open("/console/cities/suzhou/bulletin");
    admin.follow("form[action$='/count'] .button");
    admin.follow("form[action$='/sign'] .button");
    admin.assert_says("第 1 版");
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for line in web::console_matrix().lines().skip(2) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let path = cells[1].trim_matches('`');
        let Some(page) = page_of(path, &contest).filter(|_page| cells[0] == "GET") else {
            continue;
        };
        let kind = format!(
            "fetch('{page}', {{ redirect: 'manual' }}).then(r => [String(r.status), \
             r.headers.get('content-disposition') || '', r.headers.get('content-type') || ''])"
        );
        for desk in &desks {
            let answer = desk.resolve(&kind);
            if answer[0] != "200" {
                continue;
            }
            let is_page = answer[2].as_str().unwrap().starts_with("text/html");
            if answer[1] == "" && is_page {
                desk.open(&page);
                let name = page.trim_start_matches("/console").replace('/', "-");
                found.extend(faults(desk, &format!("all{name}")));
                seen.insert(path.to_owned());
            }
            break;
        }
    }
    assert!(seen.len() > 30, "{seen:?}");
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// What the command says of an exported log, without a database.
fn verified(text: &str) -> Option<i32> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let said = Command::new(env!("CARGO_BIN_EXE_reference-server"))
        .args(["audit-log", "verify"])
        .arg(file.path())
        .output()
        .unwrap();
    said.status.code()
}

#[test]
fn an_auditor_verifies_the_chain_at_his_desk_and_with_the_exported_file() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = played();
    let desk = Phone::new(&chromium, &contest.url);
    desk.size(1280, 900);
    let password = contest.colleague("sun.li", Role::Auditor);
    sign_in(&contest, &desk, "sun.li", &password);
    desk.open("/console/audit-log");
    desk.assert_says("全部对得上");
    let whole = "fetch(document.querySelector('.top a.button').href).then(r => r.text())";
    let whole = desk.resolve(whole);
    let whole = whole.as_str().unwrap();
    assert!(whole.contains("award.granted"), "{whole}");
    assert_eq!(verified(whole), Some(0));
    // One word of one event is another.
    let forged = whole.replacen("award.granted", "award.withheld", 1);
    assert_eq!(verified(&forged), Some(3));
    assert_eq!(desk.complaints(), Vec::<String>::new());
}
