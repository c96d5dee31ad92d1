//! What a newcomer does in the first five minutes: seven clicks to an opened packet, and the account's own ways.

use super::{
    chromium::Chromium,
    contest::Contest,
    phone::Phone,
    quiz::{answer, arrive},
};

#[test]
fn seven_clicks_lead_from_the_drawn_phone_to_an_opened_packet_and_two_more_to_the_money() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:30:00");
    let phone = Phone::new(&chromium, &contest.url);
    phone.size(1280, 900);
    phone.open("/simulator");
    phone.whole_picture("70-simulator");
    let mut n_clicks = 0;
    let mut click = |selector: &str| {
        n_clicks += 1;
        phone.follow(selector);
    };
    click(".menu .go");
    click("form[action='/quiz'] button");
    click("form[action='/consent'] button");
    click("form[action='/simulator/follow'] button");
    click("form[action^='/simulator/answer'] button");
    phone.assert_says("全部答对");
    phone.tap("form.claim button");
    phone.tap(".seal");
    n_clicks += 2;
    phone.wait_for("document.querySelector('.dark.opened')");
    assert_eq!(n_clicks, 7);
    phone.wait_for("document.querySelector('.env-after .mine') === document.activeElement");
    phone.picture("71-opened-wide");
    contest.settle();
    // In WeChat the packet lies in the dialogue; there the money is taken out.
    phone.open("/simulator");
    phone.follow(".packet button");
    phone.assert_says("已存入零钱");
    contest.settle();
    phone.whole_picture("72-simulator-after");
    assert_eq!(contest.simulator.totals().packets, 1);
    assert_eq!(phone.complaints(), Vec::<String>::new());
}

#[test]
fn the_menu_is_on_the_phone_and_a_reminder_can_be_agreed_to() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let phone = Phone::new(&chromium, &contest.url);
    let openid = arrive(&contest, &phone, "张三");
    answer(&contest, &phone);
    phone.follow(".foot .on");
    contest.reach_out();
    phone.size(1280, 900);
    phone.open(&format!("/simulator?person={openid}"));
    phone.assert_says("开始答题");
    phone.tap("nav.menu summary");
    phone.picture("73-menu");
    phone.tap("nav.menu .up form:nth-of-type(2) button");
    phone.wait_for("location.pathname === '/poster'");
    phone.size(390, 844);
    phone.tap("[data-opens=reminder]");
    phone.assert_says("每同意一次提醒一次");
    phone.picture("74-reminder-sheet");
    phone.key("Escape", 27);
    phone.wait_for("document.activeElement === document.querySelector('[data-opens=reminder]')");
    phone.tap("[data-opens=reminder]");
    phone.follow(".agree button");
    phone.assert_says("好的，新机会到账时提醒您一次");
    let code = phone.eval("document.querySelector('code').textContent");
    let friend = contest.newcomer("新朋友");
    let scene = contest.scene(&friend, code.as_str().unwrap());
    contest.follow(&friend, Some(&scene));
    contest.reach_out();
    phone.size(1280, 900);
    phone.open(&format!("/simulator?person={openid}"));
    phone.assert_says("新朋友已关注，答题机会 +1");
    phone.picture("75-chance-notice");
    assert_eq!(phone.complaints(), Vec::<String>::new());
}

#[test]
fn who_does_not_follow_gets_the_code_without_leaving_the_page() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let openid = contest.newcomer("张三");
    let phone = Phone::new(&chromium, &contest.url);
    phone.open("/");
    phone.follow("form[action='/quiz'] button");
    phone.follow(&format!("a[href$='as={openid}']"));
    phone.follow("form[action='/consent'] button");
    // The page begins with the sheet; without it, the page is all there.
    assert_eq!(phone.path(), "/follow");
    phone.tap("#follow .shut");
    phone.wait_for("document.querySelector('#follow').hidden");
    phone.open("/");
    phone.tap("form[action='/quiz'] button");
    phone.wait_for("!document.querySelector('#follow').hidden");
    assert_eq!(phone.path(), "/");
    phone.assert_says("关注“苏信服”后即可答题");
    phone.picture("03-follow-sheet");
    phone.key("Escape", 27);
    phone.wait_for("document.querySelector('#follow').hidden");
    phone.tap("form[action='/quiz'] button");
    phone.follow("#follow form[action='/follow/check'] button");
    phone.assert_says("还没有查到您的关注");
    phone.picture("03-follow-asked");
    contest.follow(&openid, None);
    phone.follow("#follow form[action='/follow/check'] button");
    assert!(phone.path().starts_with("/quiz/"), "{}", phone.path());
    assert_eq!(phone.complaints(), Vec::<String>::new());
}
