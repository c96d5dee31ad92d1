//! Editions of the timetable: when a city is sealed, what may move until then, and who learns of it.

use chrono::TimeDelta;
use reference_server::{app::Sealing, contest::planning};

use crate::app::{FIRST_CITY, SECOND_CITY, Setting, TestApp, shanghai};

/// A contest whose cities are sealed three days before their preheat.
async fn sealing_late(start: &str) -> TestApp {
    TestApp::with(Setting {
        sealing: Sealing::DaysBefore(3),
        ..Setting::starting(start)
    })
    .await
}

#[tokio::test]
async fn a_city_is_sealed_three_days_before_its_preheat_and_not_before() {
    // The preheat of the first city begins on 15 April, that of the second on the 22nd.
    for (city, at) in [
        (FIRST_CITY, "2020-04-12 00:00:00"),
        (SECOND_CITY, "2020-04-19 00:00:00"),
    ] {
        let at = shanghai(at);
        let test = sealing_late("2020-04-01 00:00:00").await;
        assert_eq!(test.number("SELECT COUNT(*) FROM city"), 0);
        test.sleep_until(at - TimeDelta::milliseconds(1));
        let before = planning::seal_due(&test.app).await.unwrap();
        assert!(before.later.contains(&city.to_owned()), "{before:?}");
        test.sleep_until(at);
        assert!(planning::due(&test.app).contains(&city.to_owned()));
        let after = planning::seal_due(&test.app).await.unwrap();
        assert!(after.planned.contains(&city.to_owned()), "{after:?}");
        // Again it changes nothing, here or beside.
        let other = test.another_instance(9);
        planning::seal_due(&other).await.unwrap();
        let sealed = test.number("SELECT COUNT(*) FROM city");
        assert_eq!(usize::try_from(sealed).unwrap(), after.planned.len());
    }
}
