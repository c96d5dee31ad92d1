//! The rule for the next packet agrees with a naive reference that remembers every packet taken.

use std::collections::BTreeSet;

use proptest::prelude::*;
use reward_core::{
    DAY_MS, DayOffset, DayProgress, DayRule, InconsistentDay, Next, Release, next_packet,
};

fn at(offset_ms: u32) -> DayOffset {
    DayOffset::from_ms(offset_ms).unwrap()
}

/// The rule in terms of the set of sequences already taken.
fn reference(rule: &DayRule, taken: &BTreeSet<u32>, now: DayOffset) -> Next {
    let sealed_top = rule.top_sequence.filter(|top| !taken.contains(top));
    let Some(first_left) = (0..rule.packets).find(|sequence| !taken.contains(sequence)) else {
        return Next::DayExhausted;
    };
    if let (Some(top), Some(rescue_at)) = (sealed_top, rule.rescue_at)
        && now >= rescue_at
    {
        return Next::Take { sequence: top };
    }
    let released = |ms: u32| rule.release.released(rule.packets, at(ms));
    let n_taken = u32::try_from(taken.len()).unwrap();
    if released(now.ms()) > n_taken {
        return Next::Take {
            sequence: first_left,
        };
    }
    // The curve is monotone: search for the first millisecond that releases more.
    let (mut low, mut high) = (now.ms(), DAY_MS - 1);
    while low < high {
        let middle = u32::midpoint(low, high);
        if released(middle) > n_taken {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Next::NotReleasedUntil { offset: at(low) }
}

fn day_rules() -> impl Strategy<Value = DayRule> {
    let release = prop_oneof![
        Just(Release::Immediate),
        Just(Release::Linear),
        (0_u16..=1_000, 1_u32..DAY_MS).prop_map(|(head_permille, full_at_ms)| Release::Curve {
            head_permille,
            full_at_ms
        }),
    ];
    (
        1_u32..40,
        release,
        any::<prop::sample::Index>(),
        prop::option::of(0..DAY_MS),
        any::<bool>(),
    )
        .prop_map(|(packets, release, top, rescue_ms, has_top)| {
            let top = u32::try_from(top.index(usize::try_from(packets).unwrap())).unwrap();
            let top_sequence = has_top.then_some(top);
            let rescue_at = rescue_ms.filter(|_| has_top).map(at);
            DayRule {
                packets,
                release,
                top_sequence,
                rescue_at,
            }
        })
}

proptest! {
    /// Claim by claim through a day, the count and one flag decide exactly as the whole set would,
    /// and no packet is handed out twice.
    #[test]
    fn the_rule_equals_the_naive_reference(
        rule in day_rules(), mut moments in prop::collection::vec(0..DAY_MS, 0..80),
    ) {
        moments.sort_unstable();
        let mut taken = BTreeSet::new();
        for now in moments.into_iter().map(at) {
            let progress = DayProgress {
                taken: u32::try_from(taken.len()).unwrap(),
                top_taken: rule.top_sequence.is_some_and(|top| taken.contains(&top)),
            };
            let next = next_packet(&rule, progress, now);
            prop_assert_eq!(next, Ok(reference(&rule, &taken, now)));
            if let Ok(Next::Take { sequence }) = next {
                prop_assert!(sequence < rule.packets);
                prop_assert!(taken.insert(sequence), "packet {} taken twice", sequence);
            }
        }
    }

    /// From the rescue on, the first claim takes a top packet still sealed, even ahead of the release.
    #[test]
    fn one_claim_after_the_rescue_is_enough(rule in day_rules(), taken in 0_u32..40) {
        if let (Some(top_sequence), Some(rescue_at)) = (rule.top_sequence, rule.rescue_at) {
            let progress = DayProgress { taken: taken.min(top_sequence), top_taken: false };
            let next = next_packet(&rule, progress, rescue_at);
            prop_assert_eq!(next, Ok(Next::Take { sequence: top_sequence }));
        }
    }

    /// Whatever the facts, the rule answers or refuses, and never names a packet beyond the deck.
    #[test]
    fn any_facts_are_answered_or_refused(
        rule in day_rules(), taken in any::<u32>(), top_taken in any::<bool>(), now in 0..DAY_MS,
    ) {
        for taken in [taken, taken % 64] {
            if let Ok(Next::Take { sequence }) = next_packet(&rule, DayProgress { taken, top_taken }, at(now)) {
                prop_assert!(sequence < rule.packets);
            }
        }
    }
}

#[test]
fn a_claim_one_millisecond_before_the_rescue_takes_its_turn() {
    let rule = DayRule {
        packets: 10,
        release: Release::Immediate,
        top_sequence: Some(8),
        rescue_at: Some(at(70_000_000)),
    };
    let progress = DayProgress {
        taken: 3,
        top_taken: false,
    };
    assert_eq!(
        next_packet(&rule, progress, at(69_999_999)),
        Ok(Next::Take { sequence: 3 })
    );
    assert_eq!(
        next_packet(&rule, progress, at(70_000_000)),
        Ok(Next::Take { sequence: 8 })
    );
}

#[test]
fn a_rescue_ahead_of_the_release_makes_the_following_claim_wait() {
    let release = Release::Curve {
        head_permille: 200,
        full_at_ms: 80_000_000,
    };
    let rule = DayRule {
        packets: 10,
        release,
        top_sequence: Some(9),
        rescue_at: Some(at(1)),
    };
    let rescued = DayProgress {
        taken: 3,
        top_taken: true,
    };
    assert_eq!(
        next_packet(&rule, rescued, at(2)),
        Ok(Next::NotReleasedUntil {
            offset: at(20_000_000)
        })
    );
    assert_eq!(
        next_packet(&rule, rescued, at(20_000_000)),
        Ok(Next::Take { sequence: 2 })
    );
}

#[test]
fn contradictory_facts_are_refused() {
    let rule = DayRule {
        packets: 4,
        release: Release::Immediate,
        top_sequence: Some(1),
        rescue_at: None,
    };
    let check = |rule: DayRule, taken, top_taken, expect: InconsistentDay| {
        assert_eq!(
            next_packet(&rule, DayProgress { taken, top_taken }, at(0)),
            Err(expect)
        );
    };
    let plain = DayRule {
        top_sequence: None,
        ..rule
    };
    let beyond = DayRule {
        top_sequence: Some(4),
        ..rule
    };
    check(
        rule,
        5,
        true,
        InconsistentDay::MoreTakenThanPackets {
            taken: 5,
            packets: 4,
        },
    );
    check(plain, 1, true, InconsistentDay::NoTopPacketToTake);
    check(
        beyond,
        0,
        false,
        InconsistentDay::TopPacketBeyondDeck {
            top_sequence: 4,
            packets: 4,
        },
    );
    check(rule, 0, true, InconsistentDay::TopPacketNotCounted);
    check(
        rule,
        2,
        false,
        InconsistentDay::TopPacketPassedOver {
            taken: 2,
            top_sequence: 1,
        },
    );
}
