//! What the pages say as the season goes by, from long before it until after its end.

use super::{
    chromium::Chromium,
    contest::{Contest, Terms},
    phone::Phone,
};

/// Where the first button ends.
const BUTTON_BOTTOM: &str = "document.querySelector('.ticket .btn').getBoundingClientRect().bottom";

/// Takes the luck out of the page's dice, and keeps what it waits for.
const DICE: &str = "
    window.waits = [];
    var later = window.setTimeout;
    Math.random = function () { return Number(new URLSearchParams(location.search).get('dice')); };
    window.setTimeout = function (act, ms) { window.waits.push(ms); return later(act, ms > 1000 ? 0 : ms); };
";

/// Opens the landing page, its button in sight on small phones, keeps a picture of it, and checks what it says.
fn door(phone: &Phone<'_>, picture: &str, words: &[&str]) {
    for (width, height, letters) in [
        (360, 640, "largest"),
        (360, 640, "standard"),
        (390, 844, "standard"),
    ] {
        phone.size(width, height);
        phone.open(&format!("/text-size/{letters}?back=/"));
        let bottom = phone.eval(BUTTON_BOTTOM).as_f64().unwrap();
        assert!(
            bottom <= f64::from(height),
            "{picture}, {letters}: the button ends at {bottom} of {height}"
        );
    }
    phone.whole_picture(picture);
    for word in words {
        phone.assert_says(word);
    }
    assert_eq!(phone.complaints(), Vec::<String>::new());
}

#[test]
fn the_landing_page_follows_the_season() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::with("2020-04-01 12:00:00", Terms::EightPacketsADay);
    let phone = Phone::new(&chromium, &contest.url);
    door(&phone, "50-before", &["即将开始", "距首站开赛", "查看赛程"]);
    contest.wait_until("2020-04-21 12:00:00");
    door(&phone, "51-preheat", &["预热中", "看城市风采", "开赛提醒"]);
    contest.wait_until("2020-04-28 12:00:00");
    door(&phone, "52-contest", &["竞赛进行中", "今日红包", "下一站"]);
    contest.learn();
    for number in 0..8 {
        contest.winner(&format!("赢家{number}"));
    }
    door(
        &phone,
        "53-city-money-gone",
        &["本市红包已全部发完", "开始答题"],
    );
    contest.wait_until("2020-04-29 12:00:00");
    contest.learn();
    for number in 0..8 {
        contest.winner(&format!("下一站赢家{number}"));
    }
    door(
        &phone,
        "54-day-money-gone",
        &["今日红包已发完，明日 00:00 继续", "开始答题"],
    );
    contest.pause("suzhou", "系统维护，今晚八点恢复。");
    door(
        &phone,
        "55-paused",
        &["暂停", "系统维护，今晚八点恢复。", "查看规则"],
    );
    contest.wait_until("2020-08-01 12:00:00");
    door(
        &phone,
        "56-after",
        &["已结束", "看成绩单", "感谢每一位参与者"],
    );
}

#[test]
fn a_page_that_waits_for_midnight_opens_by_itself() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-04-21 23:59:59");
    let phone = Phone::new(&chromium, &contest.url);
    phone.open("/");
    phone.assert_says("预热中");
    phone.wait_for("/正在开门，请稍候/.test(document.body.innerText)");
    phone.picture("57-opening");
    contest.wait_until("2020-04-22 00:00:00");
    phone.wait_for("document.querySelector('.ticket form')");
    phone.assert_says("竞赛进行中");
    assert_eq!(phone.complaints(), Vec::<String>::new());
}

#[test]
fn ten_thousand_waiting_pages_ask_over_four_seconds() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-04-21 23:59:59");
    let phone = Phone::new(&chromium, &contest.url);
    phone.bring(DICE);
    // Dice are even, so the ends and the middle tell how arrivals spread.
    for (dice, ms) in [("0", 0), ("0.5", 2_000), ("0.9999", 3_999)] {
        phone.open(&format!("/?dice={dice}"));
        phone.wait_for("/正在开门，请稍候/.test(document.body.innerText)");
        let waited = format!("waits.some(function (ms) {{ return Math.floor(ms) === {ms}; }})");
        assert_eq!(phone.eval(&waited), serde_json::json!(true), "{dice}");
        // Nobody loads the page again before the phase has changed: each asks for a few bytes.
        phone.wait_for("performance.getEntriesByName(location.origin + '/status').length > 1");
        let status = phone
            .eval("performance.getEntriesByName(location.origin + '/status')[0].encodedBodySize");
        assert!(status.as_u64().unwrap() <= 40, "{status}");
        assert_eq!(phone.path(), "/");
    }
    assert_eq!(phone.complaints(), Vec::<String>::new());
}
