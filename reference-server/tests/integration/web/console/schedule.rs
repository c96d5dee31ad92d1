//! The timetable and the codes at the console: what is drawn, what is taken away, and who sees which city.

use std::io::{Cursor, Read as _};

use reference_server::contest::organiser::Role;

use super::{send, signed_in_as};
use crate::{
    app::{FIRST_CITY, SECOND_CITY, TestApp},
    web::{browser::Browser, document::Document},
};

const SCHEDULE: &str = "/api/v1/console/schedule";
const CODES: &str = "/api/v1/console/cities/{city}/codes";

/// Asks both calls for every answer that they document.
pub(super) async fn describe(test: &TestApp, document: &mut Document) {
    let mut nobody = Browser::new(test);
    let mut editor = signed_in_as(test, "planner", Role::CityEditor).await;
    for browser in [&mut nobody, &mut editor] {
        document.assert_describes("get", SCHEDULE, &browser.get(SCHEDULE).await);
        for city in [FIRST_CITY, SECOND_CITY] {
            let target = CODES.replace("{city}", city);
            document.assert_describes("get", CODES, &browser.get(&target).await);
        }
    }
}

#[tokio::test]
async fn the_timetable_stands_as_chart_table_and_calendar_and_says_what_may_move() {
    let test = TestApp::starting("2020-04-30 12:00:00").await;
    let mut browser = signed_in_as(&test, "auditor", Role::Auditor).await;
    let page = browser.get("/console/schedule").await;
    let edition = test.app.season.edition();
    let rounds = edition.rounds();
    page.assert_page(
        200,
        &[
            "赛程",
            "今天",
            "不能：已经结束",
            "不能：正在竞赛",
            "可以：红包还没有封存",
        ],
    );
    assert_eq!(
        page.body.matches("<rect class=\"ahead\"").count(),
        rounds.len() - 2
    );
    assert_eq!(page.body.matches("<rect class=\"past\"").count(), 1);
    assert_eq!(page.body.matches("<rect class=\"open\"").count(), 1);
    for round in rounds {
        page.assert_page(200, &[round.city().name()]);
    }
    let calendar = browser.get("/console/schedule/calendar").await;
    assert_eq!(
        calendar.header("content-type"),
        "text/calendar; charset=utf-8"
    );
    let n_contests = calendar.body.matches("UID:contest.").count();
    assert_eq!(n_contests, rounds.len());
    let call = browser.get(SCHEDULE).await.json();
    let cities = call["cities"].as_array().unwrap();
    assert_eq!(cities.len(), rounds.len());
    let (past, open, ahead) = (&cities[0], &cities[1], &cities[2]);
    assert_eq!(
        (&past["standing"], &past["sealed"]),
        (&"past".into(), &true.into())
    );
    assert_eq!(
        (&open["standing"], &open["city"]),
        (&"open".into(), &SECOND_CITY.into())
    );
    assert_eq!(
        (&ahead["standing"], &ahead["sealed"]),
        (&"ahead".into(), &false.into())
    );
    assert_eq!(open["opens"], "2020-04-29T00:00:00+08:00");
    assert_eq!(open["n_days"], 7);
}

/// What a picture's code says, read by another program.
fn read_code(png: &[u8]) -> String {
    let grey = image::load_from_memory(png).unwrap().to_luma8();
    let (width, height) = grey.dimensions();
    let side = |length: u32| usize::try_from(length).unwrap();
    let at = |x: usize, y: usize| {
        let [value] = grey
            .get_pixel(x.try_into().unwrap(), y.try_into().unwrap())
            .0;
        value
    };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side(width), side(height), at);
    picture.detect_grids()[0].decode().unwrap().1
}

#[tokio::test]
async fn every_code_of_a_city_is_there_for_print_and_for_pages() {
    let test = TestApp::new().await;
    let mut browser = signed_in_as(&test, "chief", Role::ProvinceAdmin).await;
    let page = format!("/console/cities/{FIRST_CITY}/codes");
    let before = browser.get(&page).await;
    before.assert_page(200, &["盐城市", "去生成区县码", "SVG（印刷）"]);
    assert_eq!(before.body.matches("<svg class=\"code\"").count(), 2);
    let making = format!("/console/cities/{FIRST_CITY}/district-codes");
    send(&mut browser, &making, "").await.assert_leads(&making);
    let codes = browser
        .get(&CODES.replace("{city}", FIRST_CITY))
        .await
        .json();
    let codes = codes.as_array().unwrap();
    let after = browser.get(&page).await;
    assert!(!after.body.contains("去生成区县码"));
    assert_eq!(
        after.body.matches("<svg class=\"code\"").count(),
        codes.len()
    );
    let all = browser.bytes(&format!("{page}/all")).await;
    let mut zip = zip::ZipArchive::new(Cursor::new(all)).unwrap();
    for code in codes {
        let of = code["of"].as_str().unwrap();
        let mut png = Vec::new();
        let mut file = zip.by_name(&format!("{of}.png")).unwrap();
        file.read_to_end(&mut png).unwrap();
        assert_eq!(read_code(&png), code["address"].as_str().unwrap());
        drop(file);
        let mut svg = String::new();
        let mut file = zip.by_name(&format!("{of}.svg")).unwrap();
        file.read_to_string(&mut svg).unwrap();
        assert!(
            svg.contains("viewBox=\"-4 -4 ") && svg.contains("mm\""),
            "{svg}"
        );
    }
    let url = &test.app.public_url;
    assert_eq!(codes[0]["address"], format!("{url}/"));
    assert_eq!(codes[1]["address"], format!("{url}/city/{FIRST_CITY}"));
    let svg = browser.get(&format!("{page}/file?of=city&form=svg")).await;
    assert_eq!(svg.header("content-type"), "image/svg+xml");
    browser
        .get(&format!("{page}/file?of=nowhere"))
        .await
        .assert_page(404, &["没有找到"]);
}
