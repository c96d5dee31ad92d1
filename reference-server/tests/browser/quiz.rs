//! What a test does to a paper: reads it, answers it, arrives at it.

use serde_json::Value;

use super::{contest::Contest, phone::Phone};

/// Opens the landing page and goes to a paper, through login, privacy notice and following.
pub(crate) fn arrive(contest: &Contest, phone: &Phone<'_>, name: &str) -> String {
    let openid = contest.newcomer(name);
    phone.open("/");
    phone.follow("form[action='/quiz'] button");
    phone.assert_says("谁在用这部手机");
    phone.follow(&format!("a[href$='as={openid}']"));
    phone.assert_says("保存什么");
    phone.whole_picture("02-consent");
    phone.follow("form[action='/consent'] button");
    assert_eq!(phone.path(), "/follow");
    phone.picture("03-follow");
    contest.follow(&openid, None);
    phone.follow("form[action='/follow/check'] button");
    assert!(phone.path().starts_with("/quiz/"), "{}", phone.path());
    openid
}

/// The stems and options that the page shows, in order.
pub(crate) fn items(phone: &Phone<'_>) -> Vec<Value> {
    let items = phone.eval(
        "[].map.call(document.querySelectorAll('.item'), function (item) {
            return {
                stem: item.querySelector('legend').textContent.replace(/^.*?\\d+\\. /, ''),
                options: [].map.call(item.querySelectorAll('.opt span'), function (o) { return o.lastChild.textContent; })
            };
        })",
    );
    items.as_array().unwrap().clone()
}

/// The option to choose, from 0: the right one if it was learnt, else the first.
pub(crate) fn choice(contest: &Contest, item: &Value) -> usize {
    let right = contest.right(item["stem"].as_str().unwrap());
    let options = item["options"].as_array().unwrap();
    options
        .iter()
        .position(|option| option.as_str() == right)
        .unwrap_or(0)
}

/// Where an option stands on the page; both count from 0.
pub(crate) fn option(item: usize, option: usize) -> String {
    format!(
        ".item:nth-of-type({}) .opt:nth-of-type({}) span",
        item + 1,
        option + 1
    )
}

/// Answers every question, one after the other, and stops before handing in.
pub(crate) fn answer(contest: &Contest, phone: &Phone<'_>) {
    let items = items(phone);
    assert_eq!(items.len(), 10);
    for (number, item) in items.iter().enumerate() {
        if number == 3 {
            phone.picture("04-quiz");
        }
        phone.tap(&option(number, choice(contest, item)));
        if number + 1 < items.len() {
            phone.tap(".foot .on");
        }
    }
    phone.assert_says("交卷");
}
