//! The top packet is awarded in every city with a claimant, and no cap is passed by it.

use proptest::prelude::*;
use reward_core::{
    ClosingError, ClosingFacts, DayOffset, DayProgress, Fen, JackpotOutcome, Next, PacketPlan,
    PlanSeed, RewardRules, closing_draw, next_packet,
};

const RULES: RewardRules = RewardRules::JIANGSU_2020;

/// The amounts awarded on each day of a city with claims at the given moments of each day.
fn play(seed: &PlanSeed, claims: &[Vec<u32>]) -> Vec<Vec<Fen>> {
    let plan = PacketPlan::draw(&RULES, seed);
    let mut top_awarded = false;
    (1..=7)
        .zip(claims)
        .map(|(day, moments)| {
            let kind = plan.deck_for(day, top_awarded);
            let rule = plan.day_rule(day, kind).unwrap();
            let deck = plan.deck(day, kind).unwrap();
            let mut progress = DayProgress {
                taken: 0,
                top_taken: false,
            };
            let mut awarded = Vec::new();
            for &moment in moments {
                let now = DayOffset::from_ms(moment).unwrap();
                if let Next::Take { sequence } = next_packet(&rule, progress, now).unwrap() {
                    progress.taken += 1;
                    progress.top_taken |= rule.top_sequence == Some(sequence);
                    awarded.push(deck.amount(sequence).unwrap());
                }
            }
            top_awarded |= progress.top_taken;
            awarded
        })
        .collect()
}

fn sum(amounts: impl IntoIterator<Item = Fen>) -> Fen {
    Fen::checked_sum(amounts).unwrap()
}

/// A week: few or many claims a day, early or late, some days without any.
fn weeks() -> impl Strategy<Value = Vec<Vec<u32>>> {
    let day = prop_oneof![
        Just(Vec::new()),
        proptest::collection::vec(0_u32..43_200_000, 1..40),
        proptest::collection::vec(0_u32..86_400_000, 1..400),
    ];
    proptest::collection::vec(
        day.prop_map(|mut moments| {
            moments.sort_unstable();
            moments
        }),
        7,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whoever claims and whenever: one top packet if there is any award, none otherwise, and every cap holds.
    #[test]
    fn the_top_packet_is_awarded_whenever_anybody_claims(
        week in weeks(), seed in any::<[u8; 32]>(), value in proptest::option::of(any::<[u8; 8]>()),
    ) {
        let seed = PlanSeed::from_bytes(seed);
        let days = play(&seed, &week);
        let awards: Vec<Fen> = days.concat();
        let facts = ClosingFacts {
            awards: &awards,
            awarded_on_last_day: sum(days[6].iter().copied()),
        };
        let value = value.as_ref().map(<[u8; 8]>::as_slice);
        let top_up = match closing_draw(&RULES, &seed, value, &facts).unwrap() {
            JackpotOutcome::Taken { award } => {
                prop_assert_eq!(awards[usize::try_from(award).unwrap()], RULES.top_packet());
                Fen::ZERO
            }
            JackpotOutcome::ToppedUp(won) => {
                prop_assert_eq!(awards[usize::try_from(won.award).unwrap()], won.awarded);
                prop_assert_eq!(sum([won.awarded, won.top_up]), RULES.top_packet());
                won.top_up
            }
            JackpotOutcome::NoClaimant => {
                prop_assert!(awards.is_empty());
                Fen::ZERO
            }
        };
        let tops = awards.iter().filter(|&&amount| amount == RULES.top_packet()).count();
        prop_assert!(tops + usize::from(top_up > Fen::ZERO) == usize::from(!awards.is_empty()));
        prop_assert!(sum([facts.awarded_on_last_day, top_up]) <= RULES.daily_cap());
        prop_assert!(sum([sum(awards), top_up]) <= RULES.pool());
    }
}

/// 2,000 seeds over 5 awards: 400 each, five standard deviations are 89.
#[test]
fn every_award_is_drawn_equally_often() {
    let awards = [100, 200, 300, 400, 500].map(Fen::new);
    let facts = ClosingFacts {
        awards: &awards,
        awarded_on_last_day: Fen::ZERO,
    };
    let mut counts = [0_i32; 5];
    for number in 0..2_000_u16 {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        let outcome = closing_draw(&RULES, &PlanSeed::from_bytes(bytes), None, &facts).unwrap();
        let JackpotOutcome::ToppedUp(won) = outcome else {
            panic!("{outcome:?}")
        };
        counts[usize::try_from(won.award).unwrap()] += 1;
    }
    assert!(
        counts.iter().all(|count| (count - 400).abs() < 89),
        "{counts:?}"
    );
}

#[test]
fn facts_that_break_the_rules_pay_nothing() {
    let seed = PlanSeed::from_bytes([1; 32]);
    let draw = |awards: &[Fen], last_day| {
        let facts = ClosingFacts {
            awards,
            awarded_on_last_day: Fen::new(last_day),
        };
        closing_draw(&RULES, &seed, None, &facts)
    };
    assert!(matches!(
        draw(&[Fen::new(10), Fen::new(10_001)], 0),
        Err(ClosingError::AwardAboveTopPacket { award: 1, .. })
    ));
    assert!(draw(&[Fen::new(10)], 142_800 - 9_990).is_ok());
    assert_eq!(
        draw(&[Fen::new(10)], 142_800 - 9_989),
        Err(ClosingError::LastDayHasNoRoom {
            on_last_day: Fen::new(142_800 - 9_989),
            top_up: Fen::new(9_990),
            cap: Fen::new(142_800),
        })
    );
    assert_eq!(draw(&[], u64::MAX), Ok(JackpotOutcome::NoClaimant));
}

/// Computed by an independent program from the documentation of [`closing_draw`].
#[test]
fn value_stability_of_the_closing_draw() {
    let mut bytes = [0; 32];
    for (byte, value) in bytes.iter_mut().zip(0..) {
        *byte = value;
    }
    let seed = PlanSeed::from_bytes(bytes);
    let awards = vec![Fen::new(50); 1_000];
    let facts = ClosingFacts {
        awards: &awards,
        awarded_on_last_day: Fen::new(50_000),
    };
    for (value, winner) in [(None, 645), (Some(b"42".as_slice()), 91)] {
        let outcome = closing_draw(&RULES, &seed, value, &facts).unwrap();
        let JackpotOutcome::ToppedUp(won) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!((won.award, won.top_up), (winner, Fen::new(9_950)));
    }
}
