//! A city's page at the console: written by its editor, looked at as on a phone, approved by somebody else.

use std::io::Cursor;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use http::Method;
use image::{DynamicImage, ImageFormat};
use reference_server::contest::organiser::Role;
use serde_json::{Value, json};

use super::{send, signed_in_as};
use crate::{
    app::{FIRST_CITY, SECOND_CITY, TestApp, shanghai},
    web::{
        browser::{Answer, Browser, between},
        document::Document,
    },
};

const PAGE: &str = "/console/cities/suzhou/page";
const CALL: &str = "/api/v1/console/cities/{city}/page";
const CHECK: &str = "/api/v1/console/cities/{city}/page/check";
const PICTURES: &str = "/api/v1/console/cities/{city}/page/pictures";
const DECIDE: &str = "/api/v1/console/cities/{city}/page/decide";

fn form(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name, value);
    }
    form.finish()
}

/// Asks every call for every answer that it documents.
#[expect(
    clippy::too_many_lines,
    reason = "a list of calls, one after the other"
)]
pub(super) async fn describe(test: &TestApp, document: &mut Document) {
    let mut nobody = Browser::new(test);
    let mut editor = signed_in_as(test, "writer", Role::CityEditor).await;
    let mut approver = signed_in_as(test, "reader", Role::ContentApprover).await;
    let at = |call: &str, city: &str| call.replace("{city}", city);
    let (own, other) = (at(CALL, SECOND_CITY), at(CALL, FIRST_CITY));
    for (browser, target) in [(&mut nobody, &own), (&mut editor, &other)] {
        document.assert_describes("get", CALL, &browser.get(target).await);
    }
    let text = |markdown: &str, reason: &str| json!({ "markdown": markdown, "reason": reason });
    let too_long = json!("x".repeat(170_000));
    for body in [
        json!(7),
        too_long.clone(),
        text("", "why"),
        text("## 苏州", ""),
        text("## 苏州", "why"),
        text("## 苏州", "again"),
    ] {
        document.assert_describes("post", CALL, &editor.call(&own, &body).await);
    }
    document.assert_describes("post", CALL, &editor.call(&other, &text("a", "b")).await);
    document.assert_describes("post", CALL, &nobody.call(&own, &json!({})).await);
    document.assert_describes("post", CALL, &approver.call(&own, &json!({})).await);
    let board = approver.get(&own).await;
    document.assert_describes("get", CALL, &board);
    let waiting = board.json()["waiting"].clone();
    let word = |digest: &Value, verdict: &str, reason: &str| {
        json!({ "proposal": waiting["proposal"], "digest": digest, "verdict": verdict,
            "reason": reason })
    };
    for body in [
        json!(7),
        too_long.clone(),
        text("", ""),
        json!({ "markdown": "[a](b)" }),
    ] {
        document.assert_describes(
            "post",
            CHECK,
            &editor.call(&at(CHECK, SECOND_CITY), &body).await,
        );
    }
    let picture = json!({ "file": STANDARD.encode(png(40, 30)) });
    for body in [
        json!(7),
        json!({ "file": "*" }),
        json!({ "file": "AAAA" }),
        picture.clone(),
    ] {
        let target = at(PICTURES, SECOND_CITY);
        document.assert_describes("post", PICTURES, &editor.call(&target, &body).await);
    }
    for call in [CHECK, PICTURES] {
        let (own, other) = (at(call, SECOND_CITY), at(call, FIRST_CITY));
        document.assert_describes("post", call, &nobody.call(&own, &picture).await);
        document.assert_describes("post", call, &approver.call(&own, &picture).await);
        document.assert_describes("post", call, &editor.call(&other, &picture).await);
    }
    let decide = at(DECIDE, SECOND_CITY);
    document.assert_describes("post", DECIDE, &nobody.call(&decide, &json!({})).await);
    document.assert_describes("post", DECIDE, &editor.call(&decide, &json!({})).await);
    let unknown = at(DECIDE, "atlantis");
    document.assert_describes("post", DECIDE, &approver.call(&unknown, &json!({})).await);
    for body in [
        json!(7),
        too_long,
        word(&waiting["digest"], "perhaps", "why"),
        word(&json!("0"), "approve", "why"),
        word(&waiting["digest"], "approve", ""),
        word(&waiting["digest"], "approve", "well written"),
    ] {
        document.assert_describes("post", DECIDE, &approver.call(&decide, &body).await);
    }
}

#[tokio::test]
async fn a_version_is_shown_to_everybody_once_somebody_else_has_approved_it() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "writer", Role::CityEditor).await;
    let mut approver = signed_in_as(&test, "reader", Role::ContentApprover).await;
    let before = Browser::new(&test).get("/city/suzhou").await;
    assert!(!before.body.contains("诚信之城"));
    let written = [
        (
            "markdown",
            "## 诚信之城\n\n一诺千金。<script>alert(1)</script>",
        ),
        ("links", "苏州市人民政府 https://www.suzhou.gov.cn"),
        ("reason", "新的介绍"),
    ];
    let fields = form(&written);
    // A look changes nothing.
    let look = send(&mut editor, &format!("{PAGE}/preview"), &fields).await;
    look.assert_page(
        200,
        &["预览：还没有提交", "<h2>诚信之城</h2>", "www.suzhou.gov.cn"],
    );
    assert!(!look.body.contains("<script>alert"));
    assert_eq!(test.number("SELECT COUNT(*) FROM proposal"), 0);
    let bad = form(&[
        ("markdown", "字"),
        ("links", "坏 http://a.cn"),
        ("reason", "why"),
    ]);
    for path in [PAGE.to_owned(), format!("{PAGE}/preview")] {
        let refused = send(&mut editor, &path, &bad).await;
        refused.assert_page(
            422,
            &[
                "这一版还不能用",
                "链接 http://a.cn 写得不对",
                "坏 http://a.cn",
            ],
        );
    }
    send(&mut editor, PAGE, &fields).await.assert_leads(PAGE);
    let waits = editor.get(PAGE).await;
    waits.assert_page(200, &["等待审核的一版", "writer", "撤回，继续修改"]);
    assert!(!waits.body.contains("批准，立即公布"));
    let again = send(&mut editor, PAGE, &fields).await;
    again.assert_page(409, &["已经有人提出"]);
    let shown = Browser::new(&test).get("/city/suzhou").await;
    assert!(!shown.body.contains("诚信之城"));

    let asked = approver.get(PAGE).await;
    asked.assert_page(200, &["批准，立即公布", "<h2>诚信之城</h2>"]);
    let value = |name: &str| between(&asked.body, &format!("name=\"{name}\" value=\""), "\"");
    let word = [
        ("proposal", value("proposal")),
        ("digest", value("digest")),
        ("verdict", "approve".to_owned()),
        ("reason", "写得好".to_owned()),
    ];
    let word: Vec<(&str, &str)> = word
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let decided = send(&mut approver, &format!("{PAGE}/decide"), &form(&word)).await;
    decided.assert_leads(PAGE);
    let shown = Browser::new(&test).get("/city/suzhou").await;
    shown.assert_page(
        200,
        &["<h2>诚信之城</h2>", "href=\"https://www.suzhou.gov.cn\""],
    );
    assert!(!shown.body.contains("<script>alert"));
    let late = send(&mut approver, &format!("{PAGE}/decide"), &form(&word)).await;
    late.assert_page(409, &["已经处理过了"]);
    let page = approver.get(PAGE).await;
    page.assert_page(200, &["现在公布的是 writer 提交的一版"]);
}

#[tokio::test]
async fn a_version_that_was_taken_back_or_rejected_changes_nothing() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "writer", Role::CityEditor).await;
    let mut approver = signed_in_as(&test, "reader", Role::ContentApprover).await;
    let before = Browser::new(&test).get("/city/suzhou").await.body;
    for (verdict, path) in [("withdraw", "withdraw"), ("reject", "decide")] {
        let fields = form(&[("markdown", "## 不该出现"), ("reason", "试一试")]);
        send(&mut editor, PAGE, &fields).await.assert_leads(PAGE);
        let browser = if verdict == "withdraw" {
            &mut editor
        } else {
            &mut approver
        };
        let asked = browser.get(PAGE).await;
        let value = |name: &str| between(&asked.body, &format!("name=\"{name}\" value=\""), "\"");
        let (proposal, digest) = (value("proposal"), value("digest"));
        let word = form(&[
            ("proposal", &proposal),
            ("digest", &digest),
            ("verdict", verdict),
            ("reason", "不合适"),
        ]);
        let path = format!("{PAGE}/{path}");
        send(browser, &path, &word).await.assert_leads(PAGE);
    }
    assert_eq!(Browser::new(&test).get("/city/suzhou").await.body, before);
    assert_eq!(test.number("SELECT COUNT(*) FROM proposal_decision"), 2);
}

/// A picture of this size as a PNG file.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture = DynamicImage::new_rgb8(width, height);
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A photograph that tells where it was taken, with a program behind it.
fn told_jpeg() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(900, 600)
        .write_to(&mut file, ImageFormat::Jpeg)
        .unwrap();
    let file = file.into_inner();
    let exif = b"Exif\0\0MM\0\x2a GPS 31.2304N 121.4737E, owner secret-camera";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [
        &file[..2],
        b"\xff\xe1",
        &length,
        exif,
        &file[2..],
        b"<script>alert(1)</script>",
    ]
    .concat()
}

/// Uploads a file as a browser does.
async fn upload(browser: &mut Browser, city: &str, file: &[u8]) -> Answer {
    let page = browser.get("/console/account").await;
    let token = between(&page.body, "name=\"form_token\" value=\"", "\"");
    let head = format!(
        "--line\r\nContent-Disposition: form-data; name=\"form_token\"\r\n\r\n{token}\r\n\
         --line\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n"
    );
    let body = [head.as_bytes(), file, b"\r\n--line--\r\n"].concat();
    let request = browser
        .request(
            Method::POST,
            &format!("/console/cities/{city}/page/pictures"),
        )
        .header("content-type", "multipart/form-data; boundary=line")
        .header("sec-fetch-site", "same-origin");
    browser.send(request, body).await
}

/// Hands a version in by one and has it approved by another.
async fn publish(editor: &mut Browser, approver: &mut Browser, version: &Value) {
    let call = CALL.replace("{city}", SECOND_CITY);
    editor.call(&call, version).await.assert_status(201);
    let waiting = approver.get(&call).await.json()["waiting"].clone();
    let word = json!({ "proposal": waiting["proposal"], "digest": waiting["digest"],
        "verdict": "approve", "reason": "写得好" });
    let decide = DECIDE.replace("{city}", SECOND_CITY);
    approver.call(&decide, &word).await.assert_status(204);
}

#[tokio::test]
async fn an_uploaded_picture_is_written_anew_and_public_with_the_version_that_shows_it() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "writer", Role::CityEditor).await;
    let mut approver = signed_in_as(&test, "reader", Role::ContentApprover).await;
    upload(&mut editor, SECOND_CITY, &told_jpeg())
        .await
        .assert_leads(PAGE);
    // The same file again is the same picture; another city's editor finds no door.
    upload(&mut editor, SECOND_CITY, &told_jpeg())
        .await
        .assert_leads(PAGE);
    assert_eq!(test.number("SELECT COUNT(*) FROM page_picture"), 1);
    upload(&mut editor, FIRST_CITY, &told_jpeg())
        .await
        .assert_status(404);
    let name = test.raw().text("SELECT digest FROM page_picture");
    let page = editor.get(PAGE).await;
    let console = format!("/console/cities/suzhou/page/picture/{name}.jpg");
    page.assert_page(200, &[&name, &console, "750×500"]);
    let stored = editor.bytes(&console).await;
    assert!(stored.starts_with(b"\xff\xd8\xff"));
    for secret in ["GPS", "secret-camera", "<script"] {
        let found = stored
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{secret}");
    }
    let public = format!("/city/suzhou/picture/{name}.jpg");
    let mut anybody = Browser::new(&test);
    anybody.get(&public).await.assert_status(404);
    let text = |markdown: &str| json!({ "markdown": markdown, "reason": "why" });
    let call = CALL.replace("{city}", SECOND_CITY);
    for bad in [format!("![]({name})"), "![桥](0123456789abcdef)".to_owned()] {
        editor
            .call(&call, &text(&bad))
            .await
            .assert_problem(422, "page-unfit");
    }
    let good = text(&format!("## 苏州\n\n![宝带桥]({name})"));
    let look = editor
        .call(&CHECK.replace("{city}", SECOND_CITY), &good)
        .await
        .json();
    assert_eq!(look["problems"], json!([]));
    assert!(look["html"].as_str().unwrap().contains(&console), "{look}");
    publish(&mut editor, &mut approver, &good).await;
    let shown = anybody.get("/city/suzhou").await;
    shown.assert_page(
        200,
        &[&public, "alt=\"宝带桥\"", "width=\"750\" height=\"500\""],
    );
    let answer = anybody.head_of(&public).await;
    assert_eq!(answer.header("content-type"), "image/jpeg");
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(anybody.bytes(&public).await, stored);
    anybody
        .get(&format!("/city/yancheng/picture/{name}.jpg"))
        .await
        .assert_status(404);
}

#[tokio::test]
async fn what_is_no_picture_or_too_large_a_one_is_refused_with_its_size() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "writer", Role::CityEditor).await;
    // A header that promises 60,000 by 60,000 pixels in a few bytes, its checksum right.
    let mut bomb = png(1, 1);
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let crc = !bomb[12..29].iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    });
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    let torn = png(300, 300);
    for (file, sentence) in [
        (vec![0; 2 * 1024 * 1024 + 1], "文件有 2.1 MB，最多 2 MB"),
        (b"<svg onload=\"a()\"/>".to_vec(), "只收 JPEG、PNG、WebP"),
        (b"GIF89a\x01\x00\x01\x00".to_vec(), "只收 JPEG、PNG、WebP"),
        (bomb, "60000×60000 像素"),
        (torn[..torn.len() / 2].to_vec(), "可能已经损坏"),
    ] {
        let refused = upload(&mut editor, SECOND_CITY, &file).await;
        refused.assert_page(422, &["这张图片不能用", sentence]);
    }
    upload(&mut editor, SECOND_CITY, b"")
        .await
        .assert_page(400, &["没有收到图片"]);
    assert_eq!(test.number("SELECT COUNT(*) FROM page_picture"), 0);
}

#[tokio::test]
async fn links_are_checked_as_they_are_written_and_said_one_by_one() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "writer", Role::CityEditor).await;
    let fields = form(&[
        (
            "markdown",
            "[好](https://www.suzhou.gov.cn) [坏](javascript:alert(1)) [远](https://evil.example/a)",
        ),
        (
            "links",
            "百科 https://baike.example.com\n文章 https://mp.weixin.qq.com/s/a",
        ),
        ("publish_at", "2020-04-01T08:00"),
    ]);
    let look = send(&mut editor, &format!("{PAGE}/preview"), &fields).await;
    look.assert_page(
        422,
        &[
            "链接 javascript:alert(1) 写得不对",
            "链接指向 evil.example，不在允许的网站之内",
            "链接指向 baike.example.com",
            "公布时间 4月1日 08:00 已经过了",
            "value=\"2020-04-01T08:00\"",
        ],
    );
    assert!(!look.body.contains("链接 https://www.suzhou.gov.cn"));
    assert!(!look.body.contains("mp.weixin.qq.com，"));
    let odd = form(&[
        ("markdown", "字"),
        ("publish_at", "明早八点"),
        ("reason", "why"),
    ]);
    for path in [PAGE.to_owned(), format!("{PAGE}/preview")] {
        let refused = send(&mut editor, &path, &odd).await;
        refused.assert_page(422, &["公布时间读不懂", "明早八点"]);
    }
    let good = form(&[("markdown", "[好](https://www.suzhou.gov.cn)")]);
    let look = send(&mut editor, &format!("{PAGE}/preview"), &good).await;
    look.assert_page(200, &["链接和图片都检查过了"]);
}

#[tokio::test]
async fn a_version_with_an_hour_is_shown_from_its_very_millisecond() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "writer", Role::CityEditor).await;
    let mut approver = signed_in_as(&test, "reader", Role::ContentApprover).await;
    let mut anybody = Browser::new(&test);
    let now = json!({ "markdown": "## 现在这一版", "reason": "why" });
    publish(&mut editor, &mut approver, &now).await;
    let at = shanghai("2020-04-22 12:20:00.250");
    let later = json!({ "markdown": "## 到点这一版", "reason": "why",
        "publish_at": "2020-04-22T12:20:00.250+08:00" });
    publish(&mut editor, &mut approver, &later).await;
    approver
        .get(PAGE)
        .await
        .assert_page(200, &["已经批准，4月22日 12:20:00 起公布"]);
    let coming = approver
        .get(&CALL.replace("{city}", SECOND_CITY))
        .await
        .json();
    assert_eq!(
        coming["coming"]["text"]["publish_at"],
        "2020-04-22T04:20:00.250Z"
    );
    for (instant, sentence, kept) in [
        (
            at - TimeDelta::minutes(2),
            "现在这一版",
            "private, max-age=30",
        ),
        (
            at - TimeDelta::milliseconds(1),
            "现在这一版",
            "private, no-cache",
        ),
        (at, "到点这一版", "private, max-age=30"),
    ] {
        test.sleep_until(instant);
        let page = anybody.get("/city/suzhou").await;
        page.assert_page(200, &[sentence]);
        assert_eq!(page.header("cache-control"), kept);
    }
    assert!(!approver.get(PAGE).await.body.contains("起公布；"));
}

#[tokio::test]
async fn a_newer_version_takes_the_place_of_one_that_still_waits_for_its_hour() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "writer", Role::CityEditor).await;
    let mut approver = signed_in_as(&test, "reader", Role::ContentApprover).await;
    let mut anybody = Browser::new(&test);
    let later = json!({ "markdown": "## 到点这一版", "reason": "why",
        "publish_at": "2020-04-22T12:20:00+08:00" });
    publish(&mut editor, &mut approver, &later).await;
    let before = anybody.get("/city/suzhou").await;
    assert!(!before.body.contains("到点这一版"));
    let newer = json!({ "markdown": "## 更新的一版", "reason": "why" });
    publish(&mut editor, &mut approver, &newer).await;
    test.sleep_until(shanghai("2020-04-22 12:20:01"));
    anybody
        .get("/city/suzhou")
        .await
        .assert_page(200, &["更新的一版"]);
}

#[tokio::test]
async fn a_version_that_was_replaced_before_its_hour_is_never_shown_even_if_the_newer_hour_is_later()
 {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "writer", Role::CityEditor).await;
    let mut approver = signed_in_as(&test, "reader", Role::ContentApprover).await;
    let mut anybody = Browser::new(&test);
    upload(&mut editor, SECOND_CITY, &told_jpeg())
        .await
        .assert_leads(PAGE);
    let name = test.raw().text("SELECT digest FROM page_picture");
    let picture = format!("/city/suzhou/picture/{name}.jpg");
    for (text, at) in [
        ("## 先定的一版".to_owned(), None),
        (
            format!("## 有错的一版\n\n![桥]({name})"),
            Some("2020-04-22T12:20:00+08:00"),
        ),
        (
            "## 改好的一版".to_owned(),
            Some("2020-04-22T12:40:00+08:00"),
        ),
    ] {
        let version = json!({ "markdown": text, "reason": "why", "publish_at": at });
        publish(&mut editor, &mut approver, &version).await;
    }
    for (instant, sentence) in [
        ("2020-04-22 12:19:59", "先定的一版"),
        ("2020-04-22 12:20:01", "先定的一版"),
        ("2020-04-22 12:39:59", "先定的一版"),
        ("2020-04-22 12:40:00", "改好的一版"),
    ] {
        test.sleep_until(shanghai(instant));
        anybody
            .get("/city/suzhou")
            .await
            .assert_page(200, &[sentence]);
        anybody.get(&picture).await.assert_status(404);
    }
}

#[tokio::test]
async fn the_longest_page_fits_into_a_form_and_into_a_call() {
    let test = TestApp::new().await;
    let mut editor = signed_in_as(&test, "writer", Role::CityEditor).await;
    // Twelve bytes each, in a form and escaped in a call.
    let longest = "\u{1f338}".repeat(10_000);
    let reason = "\u{8bcd}".repeat(500);
    let form = form(&[("markdown", &longest), ("reason", &reason)]);
    send(&mut editor, PAGE, &form).await.assert_status(303);
    let longer = format!("{longest}x");
    let call = CHECK.replace("{city}", SECOND_CITY);
    let said = editor.call(&call, &json!({ "markdown": longer })).await;
    assert_ne!(
        said.status, 413,
        "refused by its characters, not by its bytes"
    );
}
