//! The bank in the console: two persons correct a question, without and with script, and a citizen reads it.

use reference_server::contest::{attempt, organiser::Role, rescore};

use super::{axe, chromium::Chromium, contest::Contest, phone::Phone, quiz::arrive};

const BANK: &str = "/console/cities/nanjing/bank";

/// Signs somebody new of this role in at the console's door.
pub(crate) fn sign_in(contest: &Contest, phone: &Phone<'_>, name: &str, role: Role) {
    let password = contest.colleague(name, role);
    let code = contest.fresh_code(name);
    phone.open("/console/sign-in");
    fill(phone, "input[name=name]", name);
    fill(phone, "input[name=password]", &password);
    fill(phone, "input[name=code]", &code);
    phone.follow("form .button");
    assert_eq!(phone.path(), "/console/cities/nanjing");
}

pub(crate) fn fill(phone: &Phone<'_>, field: &str, value: &str) {
    let (field, value) = (serde_json::json!(field), serde_json::json!(value));
    phone.eval(&format!(
        "document.querySelector({field}).value = {value}; 0"
    ));
}

/// The page is for desks: nothing sticks out at these widths, and axe finds nothing.
pub(crate) fn assert_fits(phone: &Phone<'_>, picture: &str) {
    for width in [768, 1280, 1920] {
        phone.size(width, 1000);
        let wide = phone.eval("document.documentElement.scrollWidth > innerWidth");
        assert_eq!(wide, false, "{picture} at {width}");
        phone.whole_picture(&format!("{picture}-{width}"));
    }
    assert_eq!(axe::findings(phone), Vec::<String>::new(), "{picture}");
    assert_eq!(phone.complaints(), Vec::<String>::new(), "{picture}");
}

#[test]
fn two_persons_correct_a_question_and_whoever_had_it_reads_why() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let citizen = Phone::new(&chromium, &contest.url);
    let person = contest.login(&arrive(&contest, &citizen, "王奶奶"));
    let outcome = contest.answer_blindly(&person);
    let wrong = outcome.review.iter().find(|item| !item.right).unwrap();
    let (maker, checker) = (
        Phone::new(&chromium, &contest.url),
        Phone::new(&chromium, &contest.url),
    );
    sign_in(&contest, &maker, "maker", Role::ProvinceAdmin);
    sign_in(&contest, &checker, "checker", Role::ContentApprover);

    maker.open(BANK);
    assert_fits(&maker, "console-bank");
    let stem = serde_json::json!(wrong.stem);
    maker.eval(&format!(
        "[].find.call(document.querySelectorAll('td a'), function (a) {{ return a.textContent === {stem}; }}).id = 'wrong'; 0"
    ));
    maker.size(1280, 1000);
    maker.eval("document.querySelector('#wrong').scrollIntoView({ block: 'center' }); 0");
    maker.follow("#wrong");
    maker.assert_says("公开的原因");
    fill(&maker, "textarea[name=reason]", "题干漏印一行");
    assert_fits(&maker, "console-question");
    maker.size(1280, 1000);
    maker.eval("document.querySelector('.form .button').scrollIntoView({ block: 'center' }); 0");
    maker.follow(".form .button");
    assert_eq!(maker.path(), BANK);
    maker.assert_says("撤回");

    checker.without_script();
    checker.open(BANK);
    checker.lend_script(|| {
        fill(&checker, "form[action$='approve'] textarea", "核对过原件");
    });
    checker.size(1280, 1000);
    checker.whole_picture("console-bank-waiting-1280");
    checker.follow("form[action$='approve'] .button");
    assert_eq!(checker.path(), BANK);
    checker.assert_says("正在重新计分");
    contest.run(rescore::do_due(&contest.app)).unwrap();
    checker.reload();
    checker.assert_says("已重新计分 1 份答卷");
    assert_fits(&checker, "console-bank-corrected");

    let after = attempt::outcome(&contest.app, &person.id, &outcome.id);
    let after = contest.run(after).unwrap();
    assert_eq!(after.score, outcome.score + 1);
    citizen.open(&format!("/result/{}", outcome.id));
    citizen.assert_says("有题目更正，已为您多计 1 题答对");
    citizen.assert_says("原因：题干漏印一行");
    citizen.whole_picture("05-result-corrected");
    assert_eq!(axe::findings(&citizen), Vec::<String>::new());
    citizen.open("/me/mistakes");
    citizen.eval(
        "[].forEach.call(document.querySelectorAll('details'), function (one) { one.open = true; }); 0",
    );
    citizen.assert_says("原因：题干漏印一行");
    citizen.whole_picture("05-mistakes-corrected");
    assert_eq!(axe::findings(&citizen), Vec::<String>::new());
    checker.open("/verify");
    let said = checker.eval("document.body.textContent.indexOf('题目更正') > 0");
    assert_eq!(said, true);
}
