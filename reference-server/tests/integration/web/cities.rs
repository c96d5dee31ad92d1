//! Laws of a city's page: its own pictures and video, made safe; and of the prizes, once they are decided.

use http::{Method, StatusCode, header};
use reference_server::content::{Honour, Honours};

use super::browser::Browser;
use crate::app::{FIRST_CITY, TestApp};

/// The addresses of pictures on a page.
fn pictures(html: &str) -> Vec<&str> {
    let after = html.split("<img src=\"").skip(1);
    after.filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn a_city_shows_its_own_pictures_written_anew() {
    let test = TestApp::new().await;
    let mut browser = Browser::new(&test);
    let page = browser.get(&format!("/city/{FIRST_CITY}")).await;
    page.assert_page(200, &["alt=\"大桥\"", "loading=\"lazy\""]);
    let found = pictures(&page.body);
    let own: Vec<_> = found
        .iter()
        .filter(|src| src.contains("/picture/"))
        .collect();
    assert_eq!(own.len(), 1, "{found:?}");
    let picture = browser.get(own[0]).await;
    assert_eq!(picture.status, StatusCode::OK);
    assert_eq!(picture.header("content-type"), "image/jpeg");
    assert!(picture.header("cache-control").contains("immutable"));
    let other = format!("/city/{FIRST_CITY}/picture/0123456789abcdef.jpg");
    assert_eq!(browser.get(&other).await.status, StatusCode::NOT_FOUND);
    let elsewhere = own[0].replace(FIRST_CITY, "suzhou");
    assert_eq!(browser.get(&elsewhere).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_video_comes_in_pieces_and_only_where_a_city_has_one() {
    let test = TestApp::new().await;
    let mut browser = Browser::new(&test);
    let path = format!("/city/{FIRST_CITY}/video.mp4");
    let page = browser.get(&format!("/city/{FIRST_CITY}")).await;
    page.assert_page(200, &["<video", "preload=\"none\"", &path]);
    let piece = browser
        .request(Method::GET, &path)
        .header(header::RANGE, "bytes=0-99");
    let piece = browser.send(piece, "").await;
    assert_eq!(piece.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(piece.header("content-type"), "video/mp4");
    assert_eq!(piece.header("content-length"), "100");
    let none = browser.get("/city/suzhou/video.mp4").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn prizes_are_named_once_they_are_decided() {
    let mut test = TestApp::starting("2020-08-01 12:00:00").await;
    let mut browser = Browser::new(&test);
    let page = browser.get("/summary").await;
    assert!(!page.body.contains("优秀组织奖"), "nothing is decided yet");
    test.publish_honours(Honours {
        title: "优秀组织奖".to_owned(),
        decided: "江苏省信用办 2020年8月1日".to_owned(),
        cities: vec![Honour {
            city: FIRST_CITY.to_owned(),
            reason: "每周参与人数增长最快".to_owned(),
        }],
    });
    let mut browser = Browser::new(&test);
    let page = browser.get("/summary").await;
    page.assert_page(
        200,
        &[
            "优秀组织奖",
            "盐城市",
            "每周参与人数增长最快",
            "2020年8月1日",
        ],
    );
}
