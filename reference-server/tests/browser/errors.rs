//! What somebody sees for whom it did not go well: each has a page, a sentence and a next step.

use serde_json::json;

use super::{
    axe,
    chromium::Chromium,
    contest::Contest,
    phone::Phone,
    quiz::{answer, arrive, option},
};

/// Keeps a picture of a page of error, and checks that it is a page like the others.
fn assert_explained(phone: &Phone<'_>, picture: &str, words: &[&str]) {
    for word in words {
        phone.assert_says(word);
    }
    phone.whole_picture(picture);
    assert_eq!(axe::findings(phone), Vec::<String>::new(), "{picture}");
    assert_eq!(
        phone.eval("document.documentElement.scrollWidth <= innerWidth"),
        json!(true)
    );
}

#[test]
fn who_declines_the_login_and_who_only_previews_are_told_what_to_do() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let preview = contest.previewer("路人");
    let phone = Phone::new(&chromium, &contest.url);
    phone.open("/");
    phone.follow("form[action='/quiz'] button");
    phone.follow("a[href$='deny=1']");
    assert_explained(
        &phone,
        "60-login-declined",
        &["需要微信授权才能记录成绩", "重新进入"],
    );
    phone.follow(".acts a");
    phone.follow(&format!("a[href$='as={preview}']"));
    assert_explained(&phone, "61-preview", &["您正在预览页面", "使用完整服务"]);
}

#[test]
fn too_many_papers_in_a_minute_wait_and_none_is_lost() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let phone = Phone::new(&chromium, &contest.url);
    let openid = arrive(&contest, &phone, "张三");
    contest.answer_as(&openid, 20);
    answer(&contest, &phone);
    phone.tap(".foot .on");
    phone.wait_for("document.querySelector('.toast')");
    phone.assert_says("您点得太快了");
    phone.picture("62-too-fast");
    assert!(phone.path().starts_with("/quiz/"), "{}", phone.path());
    // Whoever has no script gets the page.
    let paper = phone.path();
    phone.without_script();
    phone.open(&paper);
    phone.tap(&option(0, 0));
    phone.follow(".foot .on");
    assert_explained(&phone, "63-too-fast-without-script", &["您点得太快了"]);
}

#[test]
fn a_failure_has_a_number_that_can_be_read_out() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let phone = Phone::new(&chromium, &contest.url);
    arrive(&contest, &phone, "张三");
    contest.damage();
    phone.open("/me");
    let number = phone.eval("document.querySelector('.msg .num').textContent");
    let number = number.as_str().unwrap();
    assert_eq!(number.len(), 7, "{number}");
    assert_explained(
        &phone,
        "64-failure",
        &["服务器开小差了，您的答案没有丢", "编号", number],
    );
}

#[test]
fn outside_wechat_one_scans_and_looks_around() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let url = contest.door_of_a_season();
    let phone = Phone::new(&chromium, &url);
    phone.open("/");
    assert_explained(&phone, "65-outside-landing", &["请用微信扫码打开，再答题"]);
    phone.open("/login?next=/me");
    assert_explained(&phone, "66-outside-login", &["请用微信扫码打开", "/me"]);
}

#[test]
fn a_full_house_asks_to_wait_and_costs_next_to_nothing() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let phone = Phone::new(&chromium, &contest.door_of_a_full_house());
    phone.open("/");
    // The request that takes the last place may come after ours.
    for _ in 0..100 {
        if phone.text().contains("人太多了") {
            break;
        }
        phone.reload();
    }
    phone.assert_says("人太多了，正在排队");
    phone.picture("67-full-house");
    // It comes back by itself: nothing is lost by it, and ten thousand people need not tap.
    let mut found = axe::findings(&phone);
    found.retain(|finding| !finding.contains("axe meta-refresh"));
    assert_eq!(found, Vec::<String>::new());
    let transfers = phone.traffic();
    assert_eq!(transfers.len(), 1, "{transfers:?}");
    assert!(transfers[0].n_bytes <= 2 * 1_024, "{transfers:?}");
}
