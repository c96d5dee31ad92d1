//! Laws of WeChat Pay's platform certificates: downloaded in time by one instance for all, several believed side by side.

use chrono::TimeDelta;
use reference_server::{
    app::App,
    contest::platform_keys::{self, Renewed},
};
use wechat_adapter::{
    pay::v3::WeChatKeys,
    simulator::{Fault, FaultRule, Operation, PlatformCertificate, TransferSetup},
};

use super::transfers;
use crate::app::{TestApp, shanghai};

/// Certificates of nobody over the simulator's key; made with `openssl ca` for these tests.
const OLD: &str = include_str!("platform-2015.pem");
const NEW: &str = include_str!("platform-2020.pem");

fn certificate(serial: &str, pem: &str, from: &str, until: &str) -> PlatformCertificate {
    PlatformCertificate {
        serial: serial.to_owned(),
        pem: pem.to_owned(),
        effective_time: from.to_owned(),
        expire_time: until.to_owned(),
    }
}

/// A WeChat that signs by certificates alone.
fn by_certificate() -> TransferSetup {
    TransferSetup {
        signs_by_certificate: true,
        ..TransferSetup::rehearsal()
    }
}

/// How many certificates were new, when it was time to ask.
async fn downloaded(app: &App) -> Option<usize> {
    match platform_keys::keep_up(app).await.unwrap() {
        Renewed::Downloaded { n_new } => Some(n_new),
        Renewed::NotDue => None,
        other => panic!("neither downloaded nor waiting: {other:?}"),
    }
}

async fn n_valid(app: &App) -> usize {
    platform_keys::outlook(app).await.unwrap().unwrap().n_valid
}

#[tokio::test]
async fn without_any_key_the_certificate_is_downloaded_and_people_are_paid() {
    let test = TestApp::signed_for(by_certificate(), WeChatKeys::empty()).await;
    assert_eq!(n_valid(&test.app).await, 0);
    assert_eq!(downloaded(&test.app).await, Some(1));
    assert_eq!(n_valid(&test.app).await, 1);
    let (person, packet) = test.winner("winner").await;
    test.settle().await;
    assert_eq!(test.payment_state(&packet.award), "sent");
    transfers::confirm(&test, &person, &packet.award).await;
    test.settle_for(TimeDelta::minutes(1)).await;
    assert_eq!(test.payment_state(&packet.award), "received");
    assert_eq!(
        test.number("SELECT COUNT(*) FROM audit_event WHERE action = 'certificate.added'"),
        1
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn what_one_instance_downloads_every_instance_believes_and_a_forged_row_nobody() {
    let test = TestApp::signed_for(by_certificate(), WeChatKeys::empty()).await;
    let other = test.another_instance(77);
    let both = tokio::join!(downloaded(&test.app), downloaded(&other));
    assert!(
        matches!(both, (Some(1), None) | (None, Some(1))),
        "{both:?}"
    );
    for app in [&test.app, &other] {
        assert_eq!(downloaded(app).await, None);
        assert_eq!(n_valid(app).await, 1);
    }
    // A hand in the database adds a certificate, in clear and as if it were sealed.
    for (serial, value) in [("3A02", NEW), ("3A03", "1a.AAAA")] {
        test.raw().run(&format!(
            "INSERT INTO platform_certificate (serial, pem_sealed, added_ms) VALUES ('{serial}', '{value}', 1)"
        ));
    }
    test.sleep_until(shanghai("2020-04-25 12:00:00"));
    assert_eq!(downloaded(&test.app).await, Some(0));
    assert_eq!(n_valid(&test.app).await, 1);
}

#[tokio::test]
async fn the_next_certificate_is_known_before_wechat_signs_by_it() {
    let setup = TransferSetup {
        certificate: certificate("3A01", OLD, "2015-05-01T00:00:00Z", "2020-05-01T00:00:00Z"),
        next_certificate: Some(certificate(
            "3A02",
            NEW,
            "2020-04-24T00:00:00Z",
            "2025-04-24T00:00:00Z",
        )),
        ..by_certificate()
    };
    let keys = WeChatKeys::of_certificate(OLD).unwrap();
    let test = TestApp::signed_for(setup, keys).await;
    let mut downloads = Vec::new();
    for hour in 0..24 * 11 {
        downloads.extend(downloaded(&test.app).await);
        if hour % 24 == 9 && test.app.now() < shanghai("2020-04-28 23:00:00") {
            let (person, packet) = test.winner(&format!("winner {hour}")).await;
            test.settle().await;
            assert_eq!(test.payment_state(&packet.award), "sent", "hour {hour}");
            transfers::confirm(&test, &person, &packet.award).await;
        }
        test.settle_for(TimeDelta::hours(1)).await;
    }
    // Twice a day, over eleven days; the first brought the old one into the database.
    assert_eq!(downloads.len(), 22);
    assert_eq!(downloads.iter().filter(|n_new| **n_new > 0).count(), 2);
    let outlook = platform_keys::outlook(&test.app).await.unwrap().unwrap();
    assert_eq!(outlook.n_valid, 1);
    assert_eq!(outlook.ends, Some(shanghai("2025-04-24 08:00:00")));
    // No answer was ever signed by a key that was not known yet, or not valid any more.
    assert_eq!(
        test.number(
            "SELECT COUNT(*) FROM payment_event WHERE evidence LIKE '%serial%'
                 OR evidence LIKE '%not valid%'"
        ),
        0
    );
    assert_eq!(
        test.number("SELECT COUNT(*) FROM payment WHERE state <> 'received'"),
        0
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn a_download_that_fails_is_tried_again_after_ten_minutes() {
    let test = TestApp::signed_for(by_certificate(), WeChatKeys::empty()).await;
    for fault in [
        Fault::DropBeforeExecute,
        Fault::Status500,
        Fault::WrongAnswerSignature,
        Fault::GarbledBody,
    ] {
        let rule = FaultRule::always(fault.clone()).on(Operation::Certificates);
        test.simulator.set_faults(vec![rule]);
        let renewed = platform_keys::keep_up(&test.app).await.unwrap();
        assert!(
            matches!(renewed, Renewed::Failed(_)),
            "{fault:?}: {renewed:?}"
        );
        assert_eq!(n_valid(&test.app).await, 0, "{fault:?}");
        test.sleep(TimeDelta::minutes(9));
        assert_eq!(downloaded(&test.app).await, None);
        test.sleep(TimeDelta::minutes(1));
    }
    test.no_faults();
    assert_eq!(downloaded(&test.app).await, Some(1));
}

#[tokio::test]
async fn a_merchant_with_the_public_key_alone_asks_for_none() {
    let test = TestApp::new().await;
    let renewed = platform_keys::keep_up(&test.app).await.unwrap();
    assert!(matches!(renewed, Renewed::NotWanted), "{renewed:?}");
    assert_eq!(platform_keys::outlook(&test.app).await.unwrap(), None);
}
