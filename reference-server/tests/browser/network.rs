//! Bad networks, impatient fingers, and pages that were killed: one attempt, one packet, nothing lost.

use serde_json::json;

use super::{
    chromium::Chromium,
    contest::Contest,
    phone::Phone,
    quiz::{answer, arrive, option},
};

#[test]
fn a_paper_survives_a_killed_page_and_a_dead_network() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::at("2020-05-09 21:00:00");
    contest.learn();
    let n_before = contest.count_attempts();
    let phone = Phone::new(&chromium, &contest.url);
    arrive(&contest, &phone, "王奶奶");
    let paper = phone.path();
    for number in 0..4 {
        phone.tap(&option(number, 1));
        phone.tap(".foot .on");
    }
    phone.assert_says("已自动保存");
    // The phone kills the page; later the person comes back by the front door.
    phone.open("/rules");
    phone.open("/");
    phone.follow("form[action='/quiz'] button");
    phone.assert_says("您有一次未完成的答题");
    phone.assert_says("已答 4 题");
    phone.picture("20-resume");
    phone.follow(".acts a");
    assert_eq!(phone.path(), paper);
    assert_eq!(
        phone.eval("document.querySelectorAll('input:checked').length"),
        json!(4)
    );
    // It goes on where it stopped.
    assert_eq!(
        phone.eval("document.querySelector('.at').textContent"),
        json!("5")
    );
    phone.tap(".quizhead .pill");
    phone.picture("21-answer-sheet");
    phone.tap(".grid li:first-child button");
    phone.offline(true);
    answer(&contest, &phone);
    phone.assert_says("网络不稳，答案已存在手机里");
    phone.tap(".foot .on");
    phone.wait_for("document.querySelector('.toast')");
    phone.assert_says("网络不太稳定，正在重试…");
    phone.picture("22-offline");
    assert_eq!(phone.path(), paper);
    assert_eq!(contest.count_attempts(), n_before);
    phone.leave(|| phone.offline(false));
    phone.assert_says("您获得 1 次拆红包机会");
    assert_eq!(contest.count_attempts(), n_before + 1);
    let kept = phone.eval(
        "Object.keys(localStorage).filter(function (k) { return /^answers-/.test(k); }).length",
    );
    assert_eq!(
        kept,
        json!(0),
        "answers of a finished paper stay on the phone"
    );
}

#[test]
fn two_taps_the_back_button_and_reloading_change_nothing() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::at("2020-05-09 21:00:00");
    contest.learn();
    let n_before = contest.count_attempts();
    let phone = Phone::new(&chromium, &contest.url);
    arrive(&contest, &phone, "张三");
    let paper = phone.path();
    answer(&contest, &phone);
    phone.leave(|| {
        phone.tap(".foot .on");
        phone.eval("var b = document.querySelector('.foot .on'); if (b) { b.click(); b.click(); }");
    });
    let result = phone.path();
    assert!(result.starts_with("/result/"), "{result}");
    // The paper has left the history: going back does not show it again.
    phone.back();
    phone.wait_for(
        "location.pathname.indexOf('/quiz/') !== 0 && document.readyState === 'complete'",
    );
    phone.open(&paper);
    assert_eq!(
        phone.path(),
        result,
        "a paper that is handed in leads to its result"
    );
    phone.tap("form.claim button");
    phone.tap(".seal");
    phone.eval("document.querySelector('.seal').click()");
    phone.wait_for("document.querySelector('.dark.opened')");
    phone.reload();
    phone.assert_says("您的红包已领取");
    phone.open("/me");
    phone.reload();
    contest.settle();
    contest.settle();
    assert_eq!(contest.count_attempts(), n_before + 1);
    assert_eq!(contest.simulator.totals().packets, 1);
    assert_eq!(phone.complaints(), Vec::<String>::new());
}

#[test]
fn a_claim_without_network_keeps_the_chance_and_says_so() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::at("2020-05-09 21:00:00");
    contest.learn();
    let phone = Phone::new(&chromium, &contest.url);
    arrive(&contest, &phone, "张三");
    answer(&contest, &phone);
    phone.follow(".foot .on");
    phone.tap("form.claim button");
    phone.offline(true);
    phone.tap(".seal");
    phone.wait_for("document.querySelector('.toast')");
    phone.assert_says("红包机会已为您保留，请再点一次");
    phone.picture("23-claim-offline");
    phone.offline(false);
    phone.tap(".seal");
    phone.wait_for("document.querySelector('.dark.opened')");
    contest.settle();
    assert_eq!(contest.simulator.totals().packets, 1);
}
