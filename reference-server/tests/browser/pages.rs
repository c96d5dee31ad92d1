//! Every page at every width, size and colour: nothing sticks out, everything can be touched, nothing complains.

use serde_json::{Value, json};

use super::{
    axe,
    chromium::Chromium,
    contest::{Contest, Terms},
    phone::Phone,
    quiz::{answer, arrive},
};

/// Pages that are there for somebody who has played; a paper, a result and a packet come on top.
const PAGES: [&str; 13] = [
    "/",
    "/rules",
    "/verify",
    "/summary",
    "/city/nanjing",
    "/city/xuzhou",
    "/consent",
    "/follow",
    "/me",
    "/me/mistakes",
    "/me/certificate",
    "/me/district",
    "/poster",
];

/// What is smaller than a finger, or has no name, or sticks out.
const FAULTS: &str = "(function (least) {
    var found = [];
    if (document.documentElement.scrollWidth > innerWidth) { found.push('scrolls sideways: ' + document.documentElement.scrollWidth); }
    [].forEach.call(document.querySelectorAll('a[href], button, summary, select, label.opt'), function (n) {
        var r = n.getBoundingClientRect(), style = getComputedStyle(n);
        if (!r.width || style.visibility === 'hidden' || n.className === 'skip') { return; }
        var name = n.tagName + ' ' + (n.textContent || n.getAttribute('aria-label') || '').trim().slice(0, 20);
        if (!(n.textContent.trim() || n.getAttribute('aria-label') || n.querySelector('img[alt]'))) { found.push('has no name: ' + n.outerHTML.slice(0, 80)); }
        /* a link within a sentence is as high as its line */
        if (style.display === 'inline') { return; }
        if (r.height < least - 0.5) { found.push(name + ' is ' + Math.round(r.height) + ' high'); }
        if (r.right > innerWidth + 0.5 || r.left < -0.5) { found.push(name + ' sticks out'); }
    });
    [].forEach.call(document.querySelectorAll('img'), function (n) { if (!n.hasAttribute('alt')) { found.push('a picture without words'); } });
    [].forEach.call(document.querySelectorAll('input:not([type=hidden]), select'), function (n) { if (!n.labels.length) { found.push('a field without a label'); } });
    if (document.querySelectorAll('h1').length !== 1) { found.push(document.querySelectorAll('h1').length + ' main headings'); }
    if (document.querySelectorAll('main').length !== 1) { found.push('not one main part'); }
    return found;
})";

/// Text whose contrast with what lies behind it is below 4.5, or 3 where it is large.
const PALE: &str = "(function () {
    function channel(v) { v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); }
    function light(c) { return 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]); }
    function parse(text) { var m = /rgba?\\(([^)]+)\\)/.exec(text); return m ? m[1].split(',').map(Number) : [0, 0, 0, 0]; }
    function behind(n) {
        for (; n; n = n.parentElement) {
            var style = getComputedStyle(n);
            if (style.backgroundImage !== 'none') { return null; }
            var c = parse(style.backgroundColor);
            if (c.length === 3 || c[3] === 1) { return c; }
            if (c[3] > 0) { return null; }
        }
        return [255, 255, 255];
    }
    var found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (var t = walker.nextNode(); t; t = walker.nextNode()) {
        var n = t.parentElement, r = n.getBoundingClientRect(), style = getComputedStyle(n);
        if (!t.data.trim() || !r.width || r.width < 2 || style.visibility === 'hidden' || n.closest('svg, progress, [disabled], .vh, .skip')) { continue; }
        var back = behind(n);
        if (!back) { continue; }
        var a = light(parse(style.color)), b = light(back), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        var size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700);
        if (ratio < (large ? 3 : 4.5)) { found.push(t.data.trim().slice(0, 20) + ' ' + ratio.toFixed(2)); }
    }
    return found;
}())";

pub(crate) fn strings(found: &Value) -> Vec<String> {
    let found = found.as_array().unwrap();
    found.iter().map(|line| line.to_string()).collect()
}

/// Everything wrong with the page that is open, as far as it can be measured.
fn faults(phone: &Phone<'_>, least: u32, place: &str) -> Vec<String> {
    let mut found = strings(&phone.eval(&format!("{FAULTS}({least})")));
    found.extend(strings(&phone.eval(PALE)));
    found.extend(phone.complaints());
    found
        .into_iter()
        .map(|fault| format!("{place}: {fault}"))
        .collect()
}

/// What axe finds on the page that is open.
fn of_axe(phone: &Phone<'_>, place: &str) -> Vec<String> {
    let findings = axe::findings(phone).into_iter();
    findings.map(|fault| format!("{place}: {fault}")).collect()
}

/// Plays as somebody new; gives the addresses of a result and of an open paper.
fn played(contest: &Contest, phone: &Phone<'_>) -> (String, String) {
    let openid = arrive(contest, phone, "王奶奶");
    answer(contest, phone);
    phone.follow(".foot .on");
    let result = phone.path();
    contest.answer_as(&openid, 3);
    phone.open("/quiz");
    (result, phone.path())
}

#[test]
fn every_page_fits_every_width_and_size_in_light_and_dark() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::at("2020-05-09 21:00:00");
    contest.learn();
    let phone = Phone::new(&chromium, &contest.url);
    let (result, paper) = played(&contest, &phone);
    let all: Vec<String> = PAGES
        .into_iter()
        .map(str::to_owned)
        .chain([
            result,
            paper.clone(),
            "/me/erase".to_owned(),
            "/nowhere".to_owned(),
        ])
        .collect();
    let mut found = Vec::new();
    // Questions and options, in pixels.
    for (size, letters) in [
        ("standard", ["20px", "18px"]),
        ("large", ["23px", "21px"]),
        ("largest", ["30px", "28px"]),
    ] {
        phone.open(&format!("/text-size/{size}?back=/rules"));
        let least = if size == "largest" { 60 } else { 44 };
        phone.open(&paper);
        let sizes = phone.eval(
            "['.item.now legend', '.item.now .opt span'].map(function (s) { return getComputedStyle(document.querySelector(s)).fontSize; })",
        );
        assert_eq!(sizes, json!(letters), "{size}");
        for width in [320, 360, 390] {
            phone.size(width, 720);
            for path in &all {
                phone.open(path);
                let place = format!("{path} {width} {size}");
                found.extend(faults(&phone, least, &place));
            }
        }
    }
    phone.open("/text-size/standard?back=/rules");
    for (scheme, width) in [("dark", 390), ("light", 1280)] {
        phone.prefer(&[("prefers-color-scheme", scheme)]);
        phone.size(width, 844);
        for path in &all {
            phone.open(path);
            let place = format!("{path} {width} {scheme}");
            found.extend(faults(&phone, 44, &place));
            found.extend(of_axe(&phone, &place));
            let name: String = path.chars().take(16).collect();
            phone.whole_picture(&format!("30-{scheme}{}", name.replace('/', "-")));
        }
    }
    phone.without_script();
    phone.size(390, 844);
    for path in &all {
        phone.open(path);
        found.extend(of_axe(&phone, &format!("{path} without script")));
    }
    found.retain(|fault| !fault.contains("404"));
    assert!(
        found.is_empty(),
        "{} faults:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn the_first_visit_costs_less_than_fourteen_kilobytes() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let phone = Phone::new(&chromium, &contest.url);
    phone.open("/");
    let transfers = phone.traffic();
    let before_pictures: Vec<_> = transfers
        .iter()
        .filter(|transfer| !transfer.path.ends_with("hero.svg"))
        .collect();
    let n_bytes: u64 = before_pictures
        .iter()
        .map(|transfer| transfer.n_bytes)
        .sum();
    assert!(n_bytes > 1_000, "nothing was measured: {transfers:?}");
    assert!(n_bytes <= 14 * 1_024, "{n_bytes} bytes: {transfers:?}");
    assert!(before_pictures.len() <= 4, "{transfers:?}");
    // The second page brings itself and nothing else.
    phone.open("/rules");
    let (fresh, kept): (Vec<_>, Vec<_>) = phone
        .traffic()
        .into_iter()
        .partition(|transfer| !transfer.from_memory);
    assert_eq!(fresh.len(), 1, "{fresh:?}, {kept:?}");
    assert!(fresh[0].n_bytes <= 6 * 1_024, "{fresh:?}");
}

/// Bytes of a page and of the two files around it, compressed, as the specification bounds them.
#[test]
fn every_page_stays_within_its_budget() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let mut contest = Contest::at("2020-05-09 21:00:00");
    contest.learn();
    let phone = Phone::new(&chromium, &contest.url);
    let openid = arrive(&contest, &phone, "王奶奶");
    let mut paths = vec![phone.path()];
    answer(&contest, &phone);
    phone.follow(".foot .on");
    paths.push(phone.path());
    contest.answer_as(&openid, 10);
    paths.extend(PAGES.map(str::to_owned));
    for path in paths {
        phone.open(&path);
        for transfer in phone.traffic() {
            let budget = match transfer.path.rsplit('.').next() {
                Some("css") => 8,
                Some("js") => 6,
                Some("svg") => 60,
                // Its style and its script stand in it.
                _ if transfer.path.starts_with("/quiz/") => 9,
                // The book of mistakes grows with its owner.
                _ if transfer.path == "/me/mistakes" => 24,
                _ => 6,
            };
            assert!(transfer.n_bytes <= budget * 1_024, "{path}: {transfer:?}");
        }
    }
}

#[test]
fn where_friends_earn_nothing_the_poster_promises_nothing() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::with("2020-05-09 21:00:00", Terms::Strict);
    let phone = Phone::new(&chromium, &contest.url);
    arrive(&contest, &phone, "张三");
    phone.open("/poster");
    phone.assert_says("长按图片可以保存");
    phone.whole_picture("41-poster-strict");
    let text = phone.text();
    assert!(!text.contains("邀请") && !text.contains("机会"), "{text}");
}

#[test]
fn a_poster_is_drawn_on_the_phone_and_its_code_can_be_read() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let phone = Phone::new(&chromium, &contest.url);
    arrive(&contest, &phone, "张三");
    phone.open("/poster");
    phone.wait_for("document.querySelector('.poster-img').complete");
    phone.whole_picture("40-poster");
    // Half the size: what a screen shows of it, and less than a camera sees.
    let shot = phone.eval(
        "(function () {
            var img = document.querySelector('.poster-img'), c = document.createElement('canvas');
            c.width = img.naturalWidth / 2; c.height = img.naturalHeight / 2;
            var g = c.getContext('2d'); g.drawImage(img, 0, 0, c.width, c.height);
            var d = g.getImageData(0, 0, c.width, c.height).data, luma = [];
            for (var i = 0; i < d.length; i += 4) { luma.push(Math.round(0.299 * d[i] + 0.587 * d[i + 1] + 0.114 * d[i + 2])); }
            return { width: c.width, height: c.height, luma: luma };
        }())",
    );
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let (width, height) = (number(&shot["width"]), number(&shot["height"]));
    let luma: Vec<u8> = shot["luma"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| u8::try_from(value.as_u64().unwrap()).unwrap())
        .collect();
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| luma[y * width + x]);
    let codes = picture.detect_grids();
    assert_eq!(codes.len(), 1, "one code on the poster");
    let (_version, read) = codes[0].decode().unwrap();
    phone.assert_says(&read);
    let scene = read.rsplit('/').next().unwrap();
    assert!(
        read.starts_with(&contest.url) && !scene.is_empty(),
        "{read}"
    );
}
