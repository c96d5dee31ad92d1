//! Finance at the console in a real browser: a difference that was put into a bill is found and ended by two persons.

use reference_server::contest::organiser::Role;

use super::{
    chromium::Chromium,
    contest::Contest,
    desk::{assert_usable, sign_in},
    phone::Phone,
};

/// The bill of a day on which somebody moved 1.20 yuan under a number that is not ours.
const BILL: &str = "\u{feff}记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号\r
`2020-05-08 10:00:00,`,`F1,`充值,`充值,`收入,`100.00,`100.00,`1900000109API,`,`\r
`2020-05-08 11:00:00,`SOMEBODYELSES,`F2,`现金红包,`现金红包,`支出,`1.20,`98.80,`1900000109API,`,`SOMEBODYELSES\r
资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r
`2,`1,`100.00,`1,`1.20\r
";

/// Two desks at which finance is signed in: who proposes, and who decides.
fn desks<'a>(contest: &Contest, chromium: &'a Chromium) -> [Phone<'a>; 2] {
    [
        ("wang", Role::FinanceOperator),
        ("li", Role::FinanceApprover),
    ]
    .map(|(name, role)| {
        let desk = Phone::new(chromium, &contest.url);
        desk.size(1280, 900);
        sign_in(contest, &desk, name, &contest.colleague(name, role));
        desk
    })
}

/// The bill comes in; its day cannot be closed.
fn hand_in(operator: &Phone<'_>) {
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    std::fs::write(file.path(), BILL).unwrap();
    operator.open("/console/books");
    operator.choose_file("[name=bill]", file.path());
    operator.follow("form[enctype] .button");
    operator.assert_says("已收入 2020-05-08 的账单");
    operator.open("/console/books");
    operator.assert_says("未说明的差额 1.20 元");
    assert_usable(operator, "books");
    operator.open("/console/books/2020-05-08");
    operator.assert_says("无主 R5");
    assert_usable(operator, "day");
    operator.follow("form[action$='/close'] .button");
    operator.assert_says("这一天还不能关账");
}

/// Somebody looks after the incident and proposes how it ends.
fn propose(operator: &Phone<'_>) {
    operator.open("/console/incidents");
    assert_usable(operator, "incidents");
    operator.follow("td a");
    operator.assert_says("无人负责");
    operator.follow("form[action$='/take'] .button");
    assert_usable(operator, "incident");
    let form = "form[action$='/propose']";
    operator.fill(
        &format!("{form} [name=reason]"),
        "别的单位的红包，误入本商户号",
    );
    operator.fill(&format!("{form} [name=evidence]"), "商户平台截图 17");
    operator.follow(&format!("{form} .button"));
    operator.assert_says("照此了结，不动钱");
}

/// Somebody else approves, which wants the second factor again.
fn approve(contest: &Contest, approver: &Phone<'_>) {
    let agree = || {
        approver.open("/console/decisions");
        approver.assert_says("别的单位的红包");
        approver.fill("form[action$='/approve'] [name=reason]", "看过截图，属实");
        approver.follow("form[action$='/approve'] .button");
    };
    approver.open("/console/decisions");
    assert_usable(approver, "decisions");
    agree();
    approver.fill("[name=code]", &contest.fresh_code("li"));
    approver.follow(".form .button");
    agree();
    approver.assert_says("没有等待复核的事项");
}

#[test]
fn a_finance_pair_ends_a_difference_that_was_put_into_a_bill() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let [operator, approver] = desks(&contest, &chromium);
    hand_in(&operator);
    propose(&operator);
    approve(&contest, &approver);
    operator.open("/console/incidents/1");
    operator.assert_says("两人核定，已了结");
    operator.open("/console/books/2020-05-08");
    operator.follow("form[action$='/close'] .button");
    operator.assert_says("已关账：wang");
    assert_usable(&operator, "day-closed");
    // The operator's browser tells of the answer 409, which is what it should get.
    assert_eq!(approver.complaints(), Vec::<String>::new());
}

#[test]
fn every_page_about_money_is_one_that_everybody_can_use() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::at("2020-05-09 21:00:00");
    contest.learn();
    contest.winner("中奖人");
    contest.settle();
    contest.winner("等待的人");
    let [operator, _approver] = desks(&contest, &chromium);
    for (path, name) in [
        ("/console/budget", "season-budget"),
        ("/console/payments", "payments"),
    ] {
        operator.open(path);
        assert_usable(&operator, name);
    }
    let city = operator.eval("document.querySelector('nav a').getAttribute('href')");
    let city = city.as_str().unwrap();
    for page in ["budget", "postings", "payments", "seal"] {
        operator.open(&format!("{city}/{page}"));
        assert_usable(&operator, page);
    }
    operator.open(&format!("{city}/payments"));
    operator.follow("td a");
    operator.assert_says("三方核对");
    assert_usable(&operator, "payment");
    assert_eq!(operator.complaints(), Vec::<String>::new());
}
