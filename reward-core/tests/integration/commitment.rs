//! A commitment binds seed and rules; a digest binds a deck.

use reward_core::{
    DeckDigest, DeckKind, Fen, PacketPlan, ParseDigestError, PlanSeed, Release, RewardRules,
    RewardTerms, SeasonSeed, SeedCommitment, canonical_spec,
};

fn season() -> SeasonSeed {
    let mut bytes = [0; 32];
    for (byte, value) in bytes.iter_mut().zip(0..) {
        *byte = value;
    }
    SeasonSeed::from_bytes(bytes)
}

/// `sha256sum` over the documented bytes gives the same.
#[test]
fn value_stability_of_city_seed_and_commitment() {
    let seed = season().city_seed("nanjing");
    assert_eq!(seed.reveal()[..4], [0xf3, 0x72, 0x41, 0x67]);
    assert_eq!(
        SeedCommitment::new(&seed, &RewardRules::JIANGSU_2020).to_string(),
        "b7de64c1bdd4efa4d7e693aae3864230d126a37b62c63629fddaa8e1fe200a74"
    );
}

#[test]
fn cities_have_different_seeds() {
    assert_ne!(season().city_seed("nanjing"), season().city_seed("wuxi"));
}

#[test]
fn a_commitment_notices_any_changed_rule() {
    let seed = PlanSeed::from_bytes([1; 32]);
    let rules = RewardRules::JIANGSU_2020;
    let commitment = SeedCommitment::new(&seed, &rules);
    assert!(commitment.verify(&seed, &rules));
    let changes: [fn(&mut RewardTerms); 10] = [
        |terms| terms.pool = Fen::new(1_000_001),
        |terms| terms.daily_cap = Fen::new(142_799),
        |terms| terms.days = 6,
        |terms| {
            terms.bounds =
                reward_core::PacketBounds::new(Fen::new(11), terms.bounds.max()).unwrap();
        },
        |terms| {
            terms.bounds = reward_core::PacketBounds::new(Fen::new(10), Fen::new(10_001)).unwrap();
        },
        |terms| terms.top_packet = Fen::new(9_999),
        |terms| terms.packets_per_day = 999,
        |terms| {
            terms.release = Release::Curve {
                head_permille: 100,
                full_at_ms: 72_000_001,
            }
        },
        |terms| terms.claim_scope = reward_core::ClaimScope::City,
        |terms| terms.referral = reward_core::ReferralPolicy::Off,
    ];
    for change in changes {
        let mut terms = rules.terms();
        change(&mut terms);
        let changed = RewardRules::new(terms).unwrap();
        assert!(
            !commitment.verify(&seed, &changed),
            "{}",
            canonical_spec(&changed)
        );
    }
}

#[test]
fn a_digest_notices_two_packets_exchanged_and_a_deck_relabelled() {
    let seed = PlanSeed::from_bytes([4; 32]);
    let plan = PacketPlan::draw(&RewardRules::JIANGSU_2020, &seed);
    let deck = plan.deck(3, DeckKind::Plain).unwrap();
    let digest = DeckDigest::new(&seed, deck);
    let mut amounts = deck.amounts().to_vec();
    assert_eq!(
        DeckDigest::of_amounts(&seed, 3, DeckKind::Plain, &amounts),
        digest
    );
    assert_ne!(
        DeckDigest::of_amounts(&seed, 4, DeckKind::Plain, &amounts),
        digest
    );
    assert_ne!(
        DeckDigest::of_amounts(&seed, 3, DeckKind::Top, &amounts),
        digest
    );
    let differing = amounts
        .iter()
        .position(|&amount| amount != amounts[0])
        .unwrap();
    amounts.swap(0, differing);
    assert_ne!(
        DeckDigest::of_amounts(&seed, 3, DeckKind::Plain, &amounts),
        digest
    );
}

#[test]
fn a_digest_is_read_back_from_its_text_and_from_nothing_else() {
    let digest = SeedCommitment::from_bytes([0xa5; 32]);
    let text = digest.to_string();
    assert_eq!(text.parse(), Ok(digest));
    let parse = |text: &str| text.parse::<SeedCommitment>();
    assert_eq!(parse(""), Err(ParseDigestError::Length { characters: 0 }));
    assert_eq!(
        parse(&text[1..]),
        Err(ParseDigestError::Length { characters: 63 })
    );
    assert_eq!(
        parse(&text.to_uppercase()),
        Err(ParseDigestError::NotHexadecimal { found: 'A' })
    );
    assert_eq!(
        parse(&text.replacen('5', "g", 1)),
        Err(ParseDigestError::NotHexadecimal { found: 'g' })
    );
}

#[test]
fn seeds_are_not_shown_by_debug() {
    assert_eq!(
        format!("{:?} {:?}", season(), season().city_seed("nanjing")),
        "SeasonSeed([redacted]) PlanSeed([redacted])"
    );
}
