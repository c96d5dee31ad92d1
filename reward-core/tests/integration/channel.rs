//! The limits of a payment rail at their edges.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use reward_core::{ChannelError, ChannelProfile, Fen, QuietHours};

#[test]
fn both_ends_of_the_range_are_payable_and_nothing_beyond() {
    let channel = ChannelProfile::red_packet_with_scene();
    assert_eq!(channel.pays(Fen::new(10)), Ok(()));
    assert_eq!(channel.pays(Fen::new(20_000)), Ok(()));
    let (floor, ceiling) = (Fen::new(10), Fen::new(20_000));
    let amount = Fen::new(9);
    assert_eq!(
        channel.pays(amount),
        Err(ChannelError::BelowFloor { amount, floor })
    );
    let amount = Fen::new(20_001);
    assert_eq!(
        channel.pays(amount),
        Err(ChannelError::AboveCeiling { amount, ceiling })
    );
}

fn shanghai(clock: &str) -> DateTime<Utc> {
    format!("2020-05-06T{clock}+08:00").parse().unwrap()
}

fn quiet(from_minute: u16, until_minute: u16) -> ChannelProfile {
    ChannelProfile {
        quiet_hours: Some(QuietHours::new(from_minute, until_minute).unwrap()),
        ..ChannelProfile::red_packet_default()
    }
}

#[test]
fn quiet_hours_are_half_open() {
    let night = quiet(0, 480);
    let end = Some(shanghai("08:00:00"));
    assert_eq!(night.quiet_until(shanghai("00:00:00")), end);
    assert_eq!(night.quiet_until(shanghai("07:59:59.999")), end);
    assert_eq!(night.quiet_until(shanghai("08:00:00")), None);
    assert_eq!(night.quiet_until(shanghai("23:59:59.999")), None);
}

#[test]
fn quiet_hours_may_run_over_midnight() {
    let night = quiet(1_320, 360);
    let tomorrow = "2020-05-07T06:00:00+08:00".parse().ok();
    assert_eq!(night.quiet_until(shanghai("22:00:00")), tomorrow);
    assert_eq!(
        night.quiet_until(shanghai("05:59:59")),
        Some(shanghai("06:00:00"))
    );
    assert_eq!(night.quiet_until(shanghai("12:00:00")), None);
}

#[test]
fn quiet_hours_need_two_minutes_of_a_day() {
    let minute = 1_440;
    assert_eq!(
        QuietHours::new(0, minute),
        Err(ChannelError::NotAMinuteOfTheDay { minute })
    );
    let minute = 30;
    assert_eq!(
        QuietHours::new(minute, minute),
        Err(ChannelError::EmptyQuietHours { minute })
    );
}

proptest! {
    /// The rail pays at the instant it is said to, and at most a day later.
    #[test]
    fn quiet_hours_end_when_they_say(
        from in 0_u16..1_440,
        length in 1_u16..1_440,
        millis in -3_000_000_000_000_i64..3_000_000_000_000,
    ) {
        let channel = quiet(from, (from + length) % 1_440);
        let now = DateTime::from_timestamp_millis(millis).unwrap();
        if let Some(until) = channel.quiet_until(now) {
            prop_assert!(until > now);
            prop_assert!(until - now <= chrono::TimeDelta::minutes(i64::from(length)));
            prop_assert_eq!(channel.quiet_until(until), None);
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_written_profile_is_checked_when_it_is_read() {
    let text = serde_json::to_string(&quiet(0, 480)).unwrap();
    assert_eq!(
        serde_json::from_str::<ChannelProfile>(&text).unwrap(),
        quiet(0, 480)
    );
    let broken = text.replace("[0,480]", "[0,1440]");
    assert_ne!(broken, text);
    assert!(serde_json::from_str::<ChannelProfile>(&broken).is_err());
}
