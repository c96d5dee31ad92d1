//! What the offices publish, in a browser: a week is moved by two, a page gets a picture and an hour.

use reference_server::contest::organiser::Role;

use super::{
    bank::{assert_fits, fill, sign_in},
    chromium::Chromium,
    contest::Contest,
    phone::Phone,
};

const SCHEDULE: &str = "/console/schedule";

/// Follows a button that may be below the fold.
fn press(phone: &Phone<'_>, button: &str) {
    phone.size(1280, 1000);
    let at = serde_json::json!(button);
    phone.eval(&format!(
        "document.querySelector({at}).scrollIntoView({{ block: 'center' }}); 0"
    ));
    phone.follow(button);
}

#[test]
fn two_persons_move_a_week_and_everybody_reads_the_new_one() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let (maker, checker) = (
        Phone::new(&chromium, &contest.url),
        Phone::new(&chromium, &contest.url),
    );
    sign_in(&contest, &maker, "maker", Role::ProvinceAdmin);
    sign_in(&contest, &checker, "checker", Role::ContentApprover);
    maker.open(SCHEDULE);
    assert_fits(&maker, "console-schedule");
    press(&maker, ".tools a.button");
    assert_eq!(maker.path(), "/console/schedule/edit");
    fill(&maker, "input[name='contest.wuxi']", "2020-07-22");
    fill(&maker, "input[name='preheat.wuxi']", "2020-07-15");
    fill(&maker, "input[name='preheat_last.wuxi']", "2020-07-21");
    press(&maker, "button[formaction='/console/schedule/preview']");
    maker.assert_says("推迟 7 天");
    maker.assert_says("淮安市和无锡市之间有 7 天没有城市开赛");
    assert_fits(&maker, "console-schedule-edit");
    fill(
        &maker,
        "textarea[name=reason]",
        "主会场临时不能使用，顺延一周",
    );
    press(&maker, ".form p:last-of-type .button");
    assert_eq!(maker.path(), SCHEDULE);
    maker.assert_says("等第二个人批准：第 2 版");

    checker.open(SCHEDULE);
    assert_fits(&checker, "console-schedule-waiting");
    checker.without_script();
    checker.lend_script(|| {
        fill(
            &checker,
            "form[action$='decide'] textarea",
            "已与省文化馆核对",
        );
    });
    press(&checker, "form[action$='decide'] .button:not(.danger)");
    // The approval wants the second factor again.
    assert!(checker.path().starts_with("/console/step-up"));
    let code = contest.fresh_code("checker");
    checker.lend_script(|| fill(&checker, "input[name=code]", &code));
    press(&checker, ".form .button");
    checker.open(SCHEDULE);
    checker.lend_script(|| {
        fill(
            &checker,
            "form[action$='decide'] textarea",
            "已与省文化馆核对",
        );
    });
    press(&checker, "form[action$='decide'] .button:not(.danger)");
    assert_eq!(checker.path(), SCHEDULE);
    checker.assert_says("第 2 版，");
    assert_fits(&checker, "console-schedule-approved");
    let citizen = Phone::new(&chromium, &contest.url);
    citizen.open("/city/wuxi");
    citizen.assert_says("7月22日—7月28日");
}

/// Puts a made-up picture into a form's file field, as a hand would.
fn choose_picture(phone: &Phone<'_>, field: &str) {
    let field = serde_json::json!(field);
    phone.resolve(&format!(
        "new Promise(function (done) {{
            var canvas = document.createElement('canvas');
            canvas.width = 800; canvas.height = 500;
            var pen = canvas.getContext('2d');
            pen.fillStyle = '#8fb3d9'; pen.fillRect(0, 0, 800, 300);
            pen.fillStyle = '#4d7a5a'; pen.fillRect(0, 300, 800, 200);
            pen.fillStyle = '#b3121b'; pen.fillRect(330, 180, 140, 180);
            canvas.toBlob(function (blob) {{
                var chosen = new DataTransfer();
                chosen.items.add(new File([blob], 'IMG_0001.png', {{ type: 'image/png' }}));
                document.querySelector({field}).files = chosen.files;
                done(chosen.files.length);
            }}, 'image/png');
        }})"
    ));
}

#[test]
fn a_page_gets_a_picture_and_an_hour_and_changes_on_the_minute() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let (maker, checker, citizen) = (
        Phone::new(&chromium, &contest.url),
        Phone::new(&chromium, &contest.url),
        Phone::new(&chromium, &contest.url),
    );
    sign_in(&contest, &maker, "maker", Role::ProvinceAdmin);
    sign_in(&contest, &checker, "checker", Role::ContentApprover);
    let page = "/console/cities/nanjing/page";
    maker.open(page);
    choose_picture(&maker, "input[type=file]");
    press(&maker, "form[action$='pictures'] .button");
    assert_eq!(maker.path(), page);
    let name = maker.eval("document.querySelector('.shelf code').textContent");
    let name = name.as_str().unwrap().to_owned();
    assert_eq!(name.len(), 16, "{name}");
    let text = format!(
        "## 城门一角\n\n![城门前的红色灯箱]({name})\n\n诚信进万家。[市政府](https://www.nanjing.gov.cn)[百科](https://baike.example.com/nanjing)"
    );
    fill(&maker, "textarea[name=markdown]", &text);
    fill(&maker, "input[name=publish_at]", "2020-05-10T08:00");
    press(&maker, "button[formaction$='preview']");
    maker.assert_says("链接指向 baike.example.com，不在允许的网站之内");
    // A version that is refused is answered so.
    assert_eq!(maker.complaints().len(), 1);
    assert_fits(&maker, "console-city-page-checked");
    let text = text.replace("[百科](https://baike.example.com/nanjing)", "");
    fill(&maker, "textarea[name=markdown]", &text);
    fill(&maker, "textarea[name=reason]", "换成新拍的照片");
    press(&maker, "form[action$='page'] .button");
    assert_eq!(maker.path(), page);
    maker.assert_says("5月10日 08:00:00");
    checker.open(page);
    assert_fits(&checker, "console-city-page-waiting");
    fill(
        &checker,
        "form[action$='decide'] textarea",
        "照片和链接都看过",
    );
    press(&checker, "form[action$='decide'] .button:not(.danger)");
    checker.assert_says("5月10日 08:00:00 起公布");
    assert_fits(&checker, "console-city-page-coming");
    contest.wait_until("2020-05-10 07:59:59");
    citizen.open("/city/nanjing");
    let is_there = "document.body.textContent.indexOf('城门一角') > 0";
    assert_eq!(citizen.eval(is_there), false);
    contest.wait_until("2020-05-10 08:00:00");
    citizen.reload();
    citizen.assert_says("诚信进万家");
    let shown = citizen.eval("document.querySelector('article img').alt");
    assert_eq!(shown, "城门前的红色灯箱");
    citizen.whole_picture("city-page-with-uploaded-picture");
}
