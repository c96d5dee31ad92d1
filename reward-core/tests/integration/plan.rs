//! A plan keeps every cap by construction, holds the top packet, and is a function of its seed.

use proptest::prelude::*;
use reward_core::{
    ClaimScope, DayOffset, DayProgress, DeckDigest, DeckKind, Fen, Next, PacketBounds, PacketPlan,
    PlanSeed, ReferralPolicy, Release, Residual, RewardRules, RewardTerms, SeasonSeed, next_packet,
};

fn preset(seed: u8) -> PacketPlan {
    PacketPlan::draw(
        &RewardRules::JIANGSU_2020,
        &PlanSeed::from_bytes([seed; 32]),
    )
}

fn rules(
    pool: u64,
    daily_cap: u64,
    days: u8,
    packets_per_day: u32,
    top: u64,
) -> Option<RewardRules> {
    RewardRules::new(RewardTerms {
        pool: Fen::new(pool),
        daily_cap: Fen::new(daily_cap),
        days,
        bounds: PacketBounds::new(Fen::new(10), Fen::new(top)).ok()?,
        top_packet: Fen::new(top),
        packets_per_day,
        release: Release::Immediate,
        claim_scope: ClaimScope::Season,
        referral: ReferralPolicy::Off,
        residual: Residual::Unspendable,
    })
    .ok()
}

fn check_laws(plan: &PacketPlan) {
    let rules = *plan.rules();
    assert_eq!(plan.decks().len(), usize::from(rules.days()) * 2);
    for deck in plan.decks() {
        assert_eq!(deck.packets(), rules.packets_per_day());
        assert_eq!(
            Fen::checked_sum(deck.amounts().iter().copied()),
            Some(rules.daily_cap())
        );
        let mut handed_out = Fen::ZERO;
        for &amount in deck.amounts() {
            assert!(rules.bounds().contains(amount));
            handed_out = handed_out.checked_add(amount).unwrap();
            assert!(handed_out <= rules.daily_cap());
        }
        let tops = deck
            .amounts()
            .iter()
            .filter(|&&amount| amount >= rules.top_packet())
            .count();
        assert_eq!(tops, usize::from(deck.kind() == DeckKind::Top));
        if let Some(top_sequence) = deck.top_sequence() {
            assert_eq!(deck.amount(top_sequence), Some(rules.top_packet()));
        }
    }
    assert!((1..=rules.days()).contains(&plan.top_day()));
    assert!((64_800_000..84_600_000).contains(&plan.rescue_offset().ms()));
}

#[test]
fn the_preset_plan_keeps_every_law() {
    for seed in 0..8 {
        check_laws(&preset(seed));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever rules are accepted, the plan drawn under them keeps caps, bounds and the top packet.
    #[test]
    fn every_plan_of_accepted_rules_keeps_every_law(
        days in 1_u8..9, packets in 2_u32..60, mean in 12_u64..400, top in 20_u64..2_000, seed in any::<[u8; 32]>(),
    ) {
        let daily_cap = mean * u64::from(packets);
        if let Some(rules) = rules(daily_cap * u64::from(days), daily_cap, days, packets, top) {
            check_laws(&PacketPlan::draw(&rules, &PlanSeed::from_bytes(seed)));
        }
    }
}

/// Plays whole cities with so few claims a day that most days leave packets over.
#[test]
fn the_top_packet_is_awarded_exactly_once_however_few_claim() {
    for seed in 0..40 {
        let plan = preset(seed);
        let mut tops = 0;
        for day in 1..=7 {
            let kind = plan.deck_for(day, tops > 0);
            let rule = plan.day_rule(day, kind).unwrap();
            let mut progress = DayProgress {
                taken: 0,
                top_taken: false,
            };
            for hour in (0..24).chain([23]) {
                let now = DayOffset::from_ms(hour * 3_600_000 + 3_500_000).unwrap();
                if let Next::Take { sequence } = next_packet(&rule, progress, now).unwrap() {
                    progress.taken += 1;
                    progress.top_taken |= rule.top_sequence == Some(sequence);
                }
            }
            tops += u32::from(progress.top_taken);
        }
        assert_eq!(tops, 1, "seed {seed}");
    }
}

#[test]
fn the_deck_with_the_top_packet_is_played_from_its_day_until_it_is_awarded() {
    let plan = preset(3);
    for day in 1..=7 {
        let expect = if day < plan.top_day() {
            DeckKind::Plain
        } else {
            DeckKind::Top
        };
        assert_eq!(plan.deck_for(day, false), expect);
        assert_eq!(plan.deck_for(day, true), DeckKind::Plain);
    }
    assert_eq!(plan.deck_for(7, false), DeckKind::Top);
}

#[test]
fn only_the_last_day_with_the_top_packet_has_a_rescue() {
    let plan = preset(1);
    for day in 1..=7 {
        assert_eq!(plan.day_rule(day, DeckKind::Plain).unwrap().rescue_at, None);
        let rescue_at = plan.day_rule(day, DeckKind::Top).unwrap().rescue_at;
        assert_eq!(rescue_at, (day == 7).then_some(plan.rescue_offset()));
    }
    assert_eq!(plan.day_rule(0, DeckKind::Top), None);
    assert_eq!(plan.day_rule(8, DeckKind::Top), None);
}

/// 700 seeds; each day is expected 100 times, each tenth of the deck 70 times.
#[test]
fn day_and_place_of_the_top_packet_are_spread_evenly_over_seeds() {
    let rules = rules(7_000, 1_000, 7, 20, 300).unwrap();
    let (mut by_day, mut by_place) = ([0_u32; 7], [0_u32; 20]);
    for number in 0..700_u16 {
        let mut seed = [0; 32];
        seed[..2].copy_from_slice(&number.to_be_bytes());
        let plan = PacketPlan::draw(&rules, &PlanSeed::from_bytes(seed));
        by_day[usize::from(plan.top_day()) - 1] += 1;
        let deck = plan.deck(1, DeckKind::Top).unwrap();
        by_place[usize::try_from(deck.top_sequence().unwrap()).unwrap()] += 1;
    }
    assert!(
        by_day.iter().all(|count| (60..=140).contains(count)),
        "{by_day:?}"
    );
    assert!(
        by_place.iter().all(|count| (12..=64).contains(count)),
        "{by_place:?}"
    );
}

#[test]
fn packets_are_listed_once_each_in_the_order_of_storage() {
    let plan = preset(2);
    let keys: Vec<_> = plan
        .packets()
        .map(|packet| (packet.day, packet.deck, packet.sequence))
        .collect();
    assert_eq!(keys.len(), 14_000);
    assert!(keys.is_sorted_by(|a, b| a < b));
    for packet in plan.packets().step_by(997) {
        let deck = plan.deck(packet.day, packet.deck).unwrap();
        assert_eq!(deck.amount(packet.sequence), Some(packet.amount));
    }
}

#[test]
fn a_kind_of_deck_is_read_back_from_its_name() {
    for kind in DeckKind::ALL {
        assert_eq!(DeckKind::from_name(kind.name()), Some(kind));
    }
    assert_eq!(DeckKind::from_name("Top"), None);
}

#[test]
fn debug_reveals_nothing_that_is_sealed() {
    let plan = preset(9);
    let shown = format!("{plan:?}");
    assert!(shown.contains("[redacted]"));
    assert!(
        !shown.contains("top_day") && !shown.contains("rescue"),
        "{shown}"
    );
}

/// Recomputed by an independent program from the documentation of [`PacketPlan`].
#[test]
fn value_stability_of_a_whole_city() {
    let mut season = [0; 32];
    for (byte, value) in season.iter_mut().zip(0..) {
        *byte = value;
    }
    let seed = SeasonSeed::from_bytes(season).city_seed("nanjing");
    let plan = PacketPlan::draw(&RewardRules::JIANGSU_2020, &seed);
    assert_eq!(plan.top_day(), 6);
    assert_eq!(plan.rescue_offset().ms(), 67_346_969);
    let places: Vec<u32> = plan
        .decks()
        .iter()
        .filter_map(reward_core::Deck::top_sequence)
        .collect();
    assert_eq!(places, [703, 213, 907, 954, 860, 58, 950]);
    let head: Vec<u64> = plan.decks()[0].amounts()[..6]
        .iter()
        .map(|amount| amount.get())
        .collect();
    assert_eq!(head, [88, 235, 57, 28, 68, 253]);
    let digests: Vec<String> = plan
        .decks()
        .iter()
        .map(|deck| DeckDigest::new(&seed, deck).to_string())
        .collect();
    assert_eq!(
        digests[0],
        "ee0ba09afcab63757781e4950c715e35a0d30a8422b1628ca19642ee399451e0"
    );
    assert_eq!(
        digests[1],
        "9e94eb84aef3eda9a6c4e40ad8f0fdac12a1ebebe5c8b35b024cedbfc7e60915"
    );
    assert_eq!(
        digests[12],
        "52d152e7c957e14999f158e8999072e89e5c92461aebea14954a69a97620e3fd"
    );
    assert_eq!(
        digests[13],
        "ba80f365fde89d3011479b797f4e1ce919906c18c555caf2a26a5d5f6694fb34"
    );
}
