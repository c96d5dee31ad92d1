//! What anybody may check, over HTTP: the page, a city's file, a receipt.

use reward_core::{CityFile, PlanRoot, Receipt};

use super::browser::Browser;
use crate::app::{FIRST_CITY, TestApp, shanghai};

#[tokio::test]
async fn a_city_shows_its_commitment_at_once_and_everything_after_its_end() {
    let test = TestApp::new().await;
    test.winner("甲").await;
    let mut anybody = Browser::new(&test);
    let root = test
        .raw()
        .text("SELECT plan_root FROM city WHERE city = 'yancheng'");
    let page = anybody.get("/verify").await;
    page.assert_page(200, &["公开核验", &root, "4月29日 00:10 公布"]);
    let file = format!("/verify/{FIRST_CITY}.json");
    let refused = anybody.get(&file).await;
    refused.assert_page(409, &["还没有公布", "4月29日 00:10"]);

    test.sleep_until(shanghai("2020-04-29 00:10:00"));
    anybody
        .get("/verify")
        .await
        .assert_page(200, &["已全部公布", &file, "day 7 entries 1 head"]);
    let city: CityFile = serde_json::from_str(&anybody.get(&file).await.body).unwrap();
    assert_eq!(city.root, root);
    assert_eq!(city.audit().unwrap().awards, 1);

    for unknown in ["/verify/hangzhou.json", "/verify/yancheng", "/verify/.json"] {
        assert_eq!(anybody.get(unknown).await.status, 404, "{unknown}");
    }
}

#[tokio::test]
async fn a_receipt_is_its_owners_and_leads_to_the_published_root() {
    let test = TestApp::new().await;
    let (person, packet) = test.winner("甲").await;
    let mut browser = Browser::of(&test, &person).await;
    let address = format!("/packet/{}/receipt", packet.award);
    let page = browser.get(&address).await;
    page.assert_page(200, &["核验这个红包", "reward-receipt 1", "data-root"]);
    let receipt: Receipt = browser
        .get(&format!("{address}.txt"))
        .await
        .body
        .parse()
        .unwrap();
    let root: PlanRoot = test
        .raw()
        .text("SELECT plan_root FROM city WHERE city = 'yancheng'")
        .parse()
        .unwrap();
    assert_eq!(receipt.verify(&test.app.season.rules, &root), Ok(()));

    let stranger = test.follower("乙").await;
    let mut other = Browser::of(&test, &stranger).await;
    for path in [address.clone(), format!("{address}.txt")] {
        assert_eq!(other.get(&path).await.status, 404, "{path}");
    }
}
