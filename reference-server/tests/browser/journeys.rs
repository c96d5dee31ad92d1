//! Whole ways through the contest, from the landing page to the packet.

use serde_json::json;

use super::{
    chromium::Chromium,
    contest::Contest,
    phone::Phone,
    quiz::{answer, arrive, choice, items, option},
};

/// Milliseconds until the last animation of the page has ended.
const LAST_ANIMATION: &str = "Math.max.apply(null, document.getAnimations().map(function (a) { return a.effect.getComputedTiming().endTime; }).concat([0]))";

#[test]
fn from_the_landing_page_to_the_packet() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::at("2020-05-09 21:00:00");
    contest.learn();
    let phone = Phone::new(&chromium, &contest.url);
    phone.open("/");
    phone.whole_picture("01-landing");
    arrive(&contest, &phone, "王奶奶");
    answer(&contest, &phone);
    phone.follow(".foot .on");
    assert!(phone.path().starts_with("/result/"), "{}", phone.path());
    phone.assert_says("您获得 1 次拆红包机会");
    phone.whole_picture("05-result");
    let result = phone.path();
    phone.tap("form.claim button");
    phone.picture("06-envelope");
    phone.tap(".seal");
    phone.wait_for("document.querySelector('.dark.opened')");
    let ends = phone.eval(LAST_ANIMATION).as_f64().unwrap();
    assert!((1_000.0..2_000.0).contains(&ends), "{ends} ms");
    phone.wait_for("document.querySelector('.env-after .mine') === document.activeElement");
    phone.picture("07-envelope-open");
    let said = phone.eval("document.querySelector('.say').textContent");
    assert!(
        said.as_str().unwrap().starts_with("恭喜，获得红包 "),
        "{said}"
    );
    contest.settle();
    phone.follow(".env-after .mine");
    phone.assert_says("待领取");
    phone.whole_picture("08-packet");
    // The phone itself finds that the packet was sealed before the opening.
    phone.follow("a[href$='/receipt']");
    phone.tap("#check");
    phone.wait_for("/核验通过/.test(document.querySelector('#verdict').textContent)");
    phone.whole_picture("09-receipt");
    // The result opened again shows the packet, and nothing to open.
    phone.open(&result);
    phone.assert_says("您的红包已领取");
    assert_eq!(
        phone.eval("document.querySelector('form.claim')"),
        json!(null)
    );
    phone.open("/me");
    phone.whole_picture("09-records");
    assert_eq!(phone.complaints(), Vec::<String>::new());
    assert_eq!(contest.simulator.totals().packets, 1);
}

#[test]
fn without_script_every_step_is_a_form() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::at("2020-05-09 21:00:00");
    contest.learn();
    let phone = Phone::new(&chromium, &contest.url);
    phone.without_script();
    arrive(&contest, &phone, "赵小明");
    assert_eq!(
        phone.eval("document.querySelectorAll('.js').length"),
        json!(0)
    );
    phone.whole_picture("10-quiz-without-script");
    for (number, item) in items(&phone).iter().enumerate() {
        phone.tap(&option(number, choice(&contest, item)));
    }
    phone.follow(".foot .on");
    phone.assert_says("您获得 1 次拆红包机会");
    phone.follow("form.claim button");
    assert!(phone.path().starts_with("/packet/"), "{}", phone.path());
    phone.assert_says("已获得");
    phone.picture("11-packet-without-script");
    phone.open("/poster");
    phone.assert_says("长按识别二维码");
    phone.picture("12-poster-without-script");
    assert_eq!(phone.complaints(), Vec::<String>::new());
}

#[test]
fn with_the_keyboard_alone_one_reaches_the_packet() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::at("2020-05-09 21:00:00");
    contest.learn();
    let phone = Phone::new(&chromium, &contest.url);
    phone.size(1280, 800);
    phone.prefer(&[("prefers-reduced-motion", "reduce")]);
    arrive(&contest, &phone, "李四");
    phone.picture("13-quiz-wide");
    let items = items(&phone);
    for (number, item) in items.iter().enumerate() {
        let letter = u32::try_from(choice(&contest, item)).unwrap() + u32::from(b'A');
        phone.key(&char::from_u32(letter).unwrap().to_string(), letter);
        phone.eval("document.querySelector('.foot .on').focus()");
        if number + 1 < items.len() {
            phone.key("Enter", 13);
            let now = format!(
                "document.activeElement === document.querySelector('.item:nth-of-type({}) legend')",
                number + 2
            );
            phone.wait_for(&now);
        }
    }
    phone.leave(|| phone.key("Enter", 13));
    phone.assert_says("您获得 1 次拆红包机会");
    phone.eval("document.querySelector('form.claim button').focus()");
    phone.key("Enter", 13);
    phone.wait_for("document.activeElement === document.querySelector('.seal')");
    // Focus stays within the envelope.
    for _ in 0..5 {
        phone.key("Tab", 9);
        assert_eq!(
            phone.eval("document.querySelector('.dark').contains(document.activeElement)"),
            json!(true)
        );
    }
    phone.eval("document.querySelector('.seal').focus()");
    phone.key("Enter", 13);
    phone.wait_for("document.querySelector('.dark.opened')");
    // Whoever asked for less motion gets the end of it at once.
    let ends = phone.eval(LAST_ANIMATION).as_f64().unwrap();
    assert!(ends <= 20.0, "{ends} ms");
    phone.wait_for("document.querySelector('.env-after .mine') === document.activeElement");
    phone.picture("14-envelope-still");
    phone.leave(|| phone.key("Enter", 13));
    assert!(phone.path().starts_with("/packet/"), "{}", phone.path());
    assert_eq!(phone.complaints(), Vec::<String>::new());
}
