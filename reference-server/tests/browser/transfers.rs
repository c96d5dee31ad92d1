//! A transfer is confirmed from the packet's own page: by script inside WeChat, by a plain sentence everywhere else.

use serde_json::json;

use super::{
    chromium::Chromium,
    contest::Contest,
    phone::Phone,
    quiz::{answer, arrive, choice, items, option},
};

/// WeChat's own objects in a page, which keep what they are asked.
const REAL_WECHAT: &str = "
    window.calls = [];
    window.theirs = { invoke: function (name, call, answer) { window.calls.push([name, call]); window.answer = answer; } };
    Object.defineProperty(window, 'WeixinJSBridge', { get: function () { return window.theirs; }, set: function () {} });
    window.wx = { checkJsApi: function (asked) { asked.success({ checkResult: { requestMerchantTransfer: window.able !== false } }); } };
";

const BUTTON: &str = "[data-confirm] button";
const SAID: &str = "document.querySelector('[data-confirm] p').textContent";

/// Passes and opens the envelope; then the packet's page is open and the transfer waits.
fn win(contest: &mut Contest, phone: &Phone<'_>) {
    contest.learn();
    arrive(contest, phone, "王奶奶");
    answer(contest, phone);
    phone.follow(".foot .on");
    phone.tap("form.claim button");
    phone.tap(".seal");
    phone.wait_for("document.querySelector('.env-after .mine') === document.activeElement");
    contest.settle();
    phone.follow(".env-after .mine");
    phone.assert_says("待确认");
}

#[test]
fn a_transfer_is_confirmed_on_the_page_that_wechat_opens() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::by_transfers("2020-05-09 21:00:00");
    let phone = Phone::new(&chromium, &contest.url);
    win(&mut contest, &phone);
    phone.assert_says("请在微信里打开本页，点“去微信确认收款”");
    phone.whole_picture("15-transfer");
    let scripts = phone.traffic();
    let script = scripts
        .iter()
        .find(|got| got.path.starts_with("/s/confirm."));
    assert!(script.unwrap().n_bytes <= 2 * 1_024, "{scripts:?}");
    phone.tap(BUTTON);
    phone.picture("16-transfer-confirm");
    // Pressed twice, it opens one page of WeChat's.
    phone.eval("document.querySelector('[data-confirm] button').click()");
    let n_open = phone.eval("document.querySelectorAll('[role=dialog]').length");
    assert_eq!(n_open, json!(1));
    phone.tap("[role=dialog] .btn-line");
    phone.wait_for(&format!("/还没有确认/.test({SAID})"));
    phone.tap(BUTTON);
    phone.tap("[role=dialog] .btn-gold");
    phone.wait_for(&format!("/正在到账/.test({SAID})"));
    contest.wait_until("2020-05-09 21:30:00");
    contest.settle();
    phone.wait_for("/已到账/.test(document.querySelector('.slip').textContent)");
    phone.whole_picture("17-transfer-received");
    assert_eq!(
        phone.eval(&format!("document.querySelector('{BUTTON}')")),
        json!(null)
    );
    assert_eq!(phone.complaints(), Vec::<String>::new());
    assert!(contest.simulator.totals().received_fen > 0);
}

#[test]
fn inside_wechat_the_button_calls_the_bridge_once_and_again_after_coming_back() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::by_transfers("2020-05-09 21:00:00");
    let phone = Phone::new(&chromium, &contest.url);
    win(&mut contest, &phone);
    phone.bring(REAL_WECHAT);
    phone.reload();
    phone.tap(BUTTON);
    phone.eval("document.querySelector('[data-confirm] button').click()");
    assert_eq!(phone.eval("calls.length"), json!(1));
    // Exactly what WeChat gave for this transfer, not a sign more or less.
    let bill = contest.simulator.transfers().remove(0);
    let wechat = &contest.app.wechat;
    assert_eq!(
        phone.eval("calls[0]"),
        json!(["requestMerchantTransfer", {
            "mchId": wechat.merchant_id.as_str(),
            "appId": wechat.official.app_id().as_str(),
            "package": bill.package_info,
        }])
    );
    // Back from WeChat's page without a word from it.
    phone.eval("document.dispatchEvent(new Event('visibilitychange'))");
    phone.tap(BUTTON);
    assert_eq!(phone.eval("calls.length"), json!(2));
    phone.eval("answer({ err_msg: 'requestMerchantTransfer:fail' })");
    phone.wait_for(&format!("/请再点一次/.test({SAID})"));
    phone.eval("window.able = false");
    phone.tap(BUTTON);
    phone.wait_for(&format!("/请更新微信/.test({SAID})"));
    assert_eq!(phone.eval("calls.length"), json!(2));
    assert_eq!(phone.complaints(), Vec::<String>::new());
}

#[test]
fn without_script_the_page_says_where_to_confirm() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::by_transfers("2020-05-09 21:00:00");
    contest.learn();
    let phone = Phone::new(&chromium, &contest.url);
    phone.without_script();
    arrive(&contest, &phone, "赵小明");
    for (number, item) in items(&phone).iter().enumerate() {
        phone.tap(&option(number, choice(&contest, item)));
    }
    phone.follow(".foot .on");
    phone.follow("form.claim button");
    contest.settle();
    phone.reload();
    phone.assert_says("还差一步：请在微信里打开本页，点“去微信确认收款”");
    let hidden = phone.eval("document.querySelector('[data-confirm] button').hidden");
    assert_eq!(hidden, json!(true));
    phone.picture("18-transfer-without-script");
    assert_eq!(phone.complaints(), Vec::<String>::new());
}
