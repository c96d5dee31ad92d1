//! A city's bank in the console, from the office's Word file to the opening: the city's editor without
//! script, the approver with it, and a citizen who plays it.

use std::path::Path;

use reference_server::contest::organiser::Role;

use super::{
    chromium::Chromium,
    contest::Contest,
    desk::{assert_usable, sign_in},
    phone::Phone,
    quiz::{arrive, items},
};

const BANK: &str = "/console/cities/xuzhou/bank";
const DRAFT: &str = "/console/cities/xuzhou/bank/draft";
const REVIEW: &str = "/console/cities/xuzhou/bank/review";
/// What the office writes itself.
const WRITTEN: &str = "徐州市守信公约要求商户做到什么？";

/// Touches what stands at the end of a list of these.
fn follow_last(desk: &Phone<'_>, selector: &str) {
    desk.eval(&format!(
        "(function () {{ var all = document.querySelectorAll(\"{selector}\"); all[all.length - 1].id = 'last'; return 0; }})()"
    ));
    desk.eval("document.querySelector('#last').scrollIntoView({ block: 'center' }); 0");
    desk.follow("#last");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn a_word_file_becomes_the_bank_that_a_city_opens_with() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-12 20:00:00");
    let editor = Phone::new(&chromium, &contest.url);
    editor.size(1280, 900);
    let password = contest.colleague_of("zhou", Role::CityEditor, Some("xuzhou"));
    sign_in(&contest, &editor, "zhou", &password);
    editor.open(DRAFT);
    assert_usable(&editor, "draft-blank");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("content/banks/wuxi.docx");
    editor.choose_file("input[type=file]", &file);
    follow_last(&editor, "form[enctype] .button");
    editor.assert_says("wuxi.docx");
    editor.assert_says("50 / 需 50");
    assert_usable(&editor, "draft-read");

    // One question goes, and another is written in its place; the rest needs no script.
    follow_last(&editor, "td a[href*='/questions/']");
    assert_usable(&editor, "draft-question");
    follow_last(&editor, "form[action$='/leave'] .button");
    editor.assert_says("还差 1 题");
    editor.without_script();
    editor.lend_script(|| editor.open(&format!("{DRAFT}/questions")));
    editor.lend_script(|| {
        editor.fill("[name=stem]", WRITTEN);
        editor.fill("[name=choice_a]", "明码标价、诚信经营");
        editor.fill("[name=choice_b]", "只收现金");
        editor.fill("[name=choice_c]", "不开发票");
        editor.fill("[name=key]", "A");
        editor.fill("[name=explanation]", "公约第一条。");
        editor.fill("[name=source]", "徐州市守信公约");
        follow_last(&editor, "form[action$='/questions'] .button");
    });
    editor.lend_script(|| {
        editor.assert_says("50 / 需 50");
        editor.fill("form[action$='/submit'] textarea", "市信用办已核对");
        follow_last(&editor, "form[action$='/submit'] .button");
    });
    assert_eq!(editor.path(), REVIEW);

    let approver = Phone::new(&chromium, &contest.url);
    approver.size(1280, 900);
    let password = contest.colleague("zhao", Role::ContentApprover);
    sign_in(&contest, &approver, "zhao", &password);
    approver.open(REVIEW);
    approver.assert_says("市信用办已核对");
    approver.assert_says("新增");
    assert_usable(&approver, "draft-review");
    approver.open(&format!("{BANK}/preview?of=submitted"));
    approver.assert_says("和参赛人手机上的一样");
    approver.size(390, 844);
    approver.whole_picture("console-draft-preview-390");
    assert_usable(&approver, "draft-preview");
    approver.open(REVIEW);
    approver.fill("form[action$='/decide'] textarea", "逐题看过");
    follow_last(
        &approver,
        "input[value=approve] ~ .button, form:has(input[value=approve]) .button",
    );
    assert_eq!(approver.path(), BANK);
    approver.assert_says(WRITTEN);
    approver.assert_says("开赛时冻结");
    assert_usable(&approver, "draft-in-force");

    // From the first millisecond on a citizen plays it, and nobody exchanges it any more.
    contest.wait_until("2020-05-13 00:00:00");
    let stem = contest.run(reference_server::contest::question_correction::city_bank(
        &contest.app,
        "xuzhou",
    ));
    let bank = stem.unwrap().unwrap().bank;
    let citizen = Phone::new(&chromium, &contest.url);
    arrive(&contest, &citizen, "开赛时的市民");
    let drawn = items(&citizen);
    assert_eq!(drawn.len(), 10);
    for item in &drawn {
        let said = item["stem"].as_str().unwrap();
        let mut questions = bank.questions();
        assert!(
            questions.any(|(_id, question)| question.stem() == said),
            "{said}"
        );
    }
    citizen.whole_picture("05-quiz-of-a-new-bank");
    let admin = Phone::new(&chromium, &contest.url);
    let password = contest.colleague("lin", Role::ProvinceAdmin);
    sign_in(&contest, &admin, "lin", &password);
    admin.open(DRAFT);
    admin.assert_says("题库已经冻结，不能再换");
    let has_form = admin.eval("document.querySelector('form[enctype]') !== null");
    assert_eq!(has_form, false);
    assert_usable(&admin, "draft-frozen");
}
