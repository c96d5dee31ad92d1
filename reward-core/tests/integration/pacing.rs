//! Release curves are exact, monotone and complete within the day.

use chrono::DateTime;
use proptest::prelude::*;
use reward_core::{DAY_MS, DayOffset, Release};

fn at(offset_ms: u32) -> DayOffset {
    DayOffset::from_ms(offset_ms).unwrap()
}

pub(crate) fn releases() -> impl Strategy<Value = Release> {
    prop_oneof![
        Just(Release::Immediate),
        Just(Release::Linear),
        (0_u16..=1_000, 1_u32..DAY_MS).prop_map(|(head_permille, full_at_ms)| Release::Curve {
            head_permille,
            full_at_ms
        }),
    ]
}

#[test]
fn the_preset_curve_opens_with_a_tenth_and_is_full_at_twenty_hours() {
    let curve = Release::Curve {
        head_permille: 100,
        full_at_ms: 72_000_000,
    };
    assert_eq!(curve.released(1_000, at(0)), 100);
    assert_eq!(curve.released(1_000, at(79_999)), 100);
    assert_eq!(curve.released(1_000, at(80_000)), 101);
    assert_eq!(curve.released(1_000, at(71_999_999)), 999);
    assert_eq!(curve.released(1_000, at(72_000_000)), 1_000);
}

#[test]
fn linear_release_spreads_packets_from_midnight_on() {
    assert_eq!(Release::Linear.released(4, at(0)), 1);
    assert_eq!(Release::Linear.released(4, at(21_599_999)), 1);
    assert_eq!(Release::Linear.released(4, at(21_600_000)), 2);
    assert_eq!(Release::Linear.released(4, at(DAY_MS - 1)), 4);
    assert_eq!(Release::Linear.released(0, at(DAY_MS - 1)), 0);
}

#[test]
fn the_day_of_an_instant_is_that_of_shanghai() {
    let offset =
        |text: &str| DayOffset::of(text.parse::<DateTime<chrono::Utc>>().unwrap()).to_string();
    assert_eq!(offset("2020-04-22T15:59:59.999Z"), "23:59:59.999");
    assert_eq!(offset("2020-04-22T16:00:00Z"), "00:00:00.000");
    assert_eq!(offset("1969-12-31T23:59:59.999Z"), "07:59:59.999");
    assert_eq!(DayOffset::from_ms(DAY_MS), None);
}

proptest! {
    /// Time never takes a packet back, and the last moment of the day has released all.
    #[test]
    fn release_never_decreases_and_is_complete_by_the_end(
        release in releases(), packets in 0_u32..20_000, a in 0..DAY_MS, b in 0..DAY_MS,
    ) {
        let (early, late) = (release.released(packets, at(a.min(b))), release.released(packets, at(a.max(b))));
        prop_assert!(early <= late && late <= packets);
        prop_assert_eq!(release.released(packets, at(DAY_MS - 1)), packets);
    }

    /// The announced moment is the first at which the packet is released, to the millisecond.
    #[test]
    fn the_next_release_is_the_first_millisecond_that_releases(
        release in releases(), packets in 1_u32..20_000, k in any::<prop::sample::Index>(),
    ) {
        let k = u32::try_from(k.index(usize::try_from(packets).unwrap())).unwrap();
        let offset = release.next_release_at(packets, k).unwrap();
        prop_assert!(release.released(packets, offset) > k);
        if let Some(before) = offset.ms().checked_sub(1) {
            prop_assert!(release.released(packets, at(before)) <= k);
        }
        prop_assert_eq!(release.next_release_at(packets, packets), None);
    }
}
