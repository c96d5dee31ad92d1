//! Rules are accepted exactly when a city can be planned and paid under them.

use reward_core::{
    Fen, Infeasible, PacketBounds, ReferralPolicy, Release, RewardRules, RewardTerms, RulesError,
};

fn changed(change: impl FnOnce(&mut RewardTerms)) -> Result<RewardRules, RulesError> {
    let mut terms = RewardRules::JIANGSU_2020.terms();
    change(&mut terms);
    RewardRules::new(terms)
}

fn fen(amount_fen: u64) -> Fen {
    Fen::new(amount_fen)
}

#[test]
fn the_preset_is_the_founding_document() {
    let rules = RewardRules::JIANGSU_2020;
    assert_eq!(rules.pool().to_string(), "10000.00");
    assert_eq!(rules.daily_cap().to_string(), "1428.00");
    assert_eq!(rules.days(), 7);
    assert_eq!(rules.bounds().min().to_string(), "0.10");
    assert_eq!(rules.bounds().max().to_string(), "100.00");
    assert_eq!(rules.top_packet().to_string(), "100.00");
    assert_eq!(rules.referral(), ReferralPolicy::OnePerNewFollower);
    assert_eq!(RewardRules::new(rules.terms()), Ok(rules));
}

#[test]
fn four_yuan_of_the_preset_can_never_be_paid() {
    assert_eq!(RewardRules::JIANGSU_2020.spendable(), fen(999_600));
    assert_eq!(RewardRules::JIANGSU_2020.residual(), fen(400));
}

#[test]
fn a_pool_that_days_at_their_cap_would_overdraw_is_refused() {
    assert!(changed(|terms| terms.pool = fen(999_600)).is_ok());
    assert_eq!(
        changed(|terms| terms.pool = fen(999_599)),
        Err(RulesError::PoolBelowDailyCaps {
            pool: fen(999_599),
            daily_cap: fen(142_800),
            days: 7
        })
    );
    assert!(matches!(
        changed(|terms| terms.daily_cap = fen(u64::MAX)),
        Err(RulesError::PoolBelowDailyCaps { .. })
    ));
}

#[test]
fn each_broken_inequality_is_named() {
    assert_eq!(changed(|terms| terms.days = 0), Err(RulesError::NoDays));
    assert_eq!(
        PacketBounds::new(Fen::ZERO, fen(5)),
        Err(RulesError::EmptyPacket)
    );
    assert_eq!(
        PacketBounds::new(fen(6), fen(5)),
        Err(RulesError::BoundsReversed {
            min: fen(6),
            max: fen(5)
        })
    );
    assert_eq!(
        changed(|terms| terms.top_packet = fen(10_001)),
        Err(RulesError::TopPacketAboveMaximum {
            top: fen(10_001),
            max: fen(10_000)
        })
    );
    assert_eq!(
        changed(|terms| terms.top_packet = fen(10)),
        Err(RulesError::TopPacketNotAboveMinimum {
            top: fen(10),
            min: fen(10)
        })
    );
    assert_eq!(
        changed(|terms| (terms.daily_cap, terms.packets_per_day) = (fen(9_999), 500)),
        Err(RulesError::TopPacketAboveDailyCap {
            top: fen(10_000),
            daily_cap: fen(9_999)
        })
    );
    assert_eq!(
        changed(|terms| terms.packets_per_day = 0),
        Err(RulesError::PlainDeck {
            source: Infeasible::NoParts
        })
    );
    assert!(matches!(
        changed(|terms| terms.packets_per_day = 14),
        Err(RulesError::PlainDeck {
            source: Infeasible::TotalAboveMaximum { parts: 14, .. }
        })
    ));
    let curve = |head_permille, full_at_ms| Release::Curve {
        head_permille,
        full_at_ms,
    };
    assert_eq!(
        changed(|terms| terms.release = curve(1_001, 1)),
        Err(RulesError::HeadAboveWholeDeck {
            head_permille: 1_001
        })
    );
    for full_at_ms in [0, 86_400_000] {
        assert_eq!(
            changed(|terms| terms.release = curve(0, full_at_ms)),
            Err(RulesError::FullReleaseOutsideDay { full_at_ms })
        );
    }
}

#[test]
fn a_channel_floor_raises_the_least_packet_and_nothing_else() {
    let rules = RewardRules::JIANGSU_2020;
    assert_eq!(rules.effective_for(fen(10)), Ok(rules));
    assert_eq!(rules.effective_for(fen(1)), Ok(rules));
    let raised = rules.effective_for(fen(100)).unwrap();
    assert_eq!(raised.bounds().min(), fen(100));
    assert_eq!(raised.bounds().max(), rules.bounds().max());
    assert_eq!(raised.daily_cap(), rules.daily_cap());
}

/// 1,000 packets of 1.43 yuan exceed 1,428 yuan; beside the top packet 999 of 1.33 already do.
#[test]
fn a_channel_floor_that_starves_a_deck_is_refused() {
    let rules = RewardRules::JIANGSU_2020;
    assert!(rules.effective_for(fen(132)).is_ok());
    assert!(matches!(
        rules.effective_for(fen(133)),
        Err(RulesError::TopDeck {
            source: Infeasible::TotalBelowMinimum { parts: 999, .. }
        })
    ));
    assert!(matches!(
        rules.effective_for(fen(143)),
        Err(RulesError::PlainDeck {
            source: Infeasible::TotalBelowMinimum { parts: 1_000, .. }
        })
    ));
    assert!(matches!(
        rules.effective_for(fen(10_001)),
        Err(RulesError::BoundsReversed { .. })
    ));
}

#[test]
fn no_packet_but_the_top_one_can_reach_its_amount() {
    let rules = RewardRules::JIANGSU_2020;
    assert_eq!(rules.plain_split().bounds().max(), fen(9_999));
    assert_eq!(rules.split_beside_top().bounds().max(), fen(9_999));
    assert_eq!(rules.split_beside_top().total(), fen(132_800));
}

#[cfg(feature = "serde")]
mod serialized {
    use super::*;

    #[test]
    fn rules_survive_a_file_unchanged() {
        let text = serde_json::to_string(&RewardRules::JIANGSU_2020).unwrap();
        assert!(text.contains(r#""pool":1000000"#), "{text}");
        assert_eq!(
            serde_json::from_str::<RewardRules>(&text).unwrap(),
            RewardRules::JIANGSU_2020
        );
    }

    #[test]
    fn a_file_cannot_smuggle_in_rules_that_break_an_inequality() {
        let text = serde_json::to_string(&RewardRules::JIANGSU_2020).unwrap();
        let tampered = text.replace(r#""pool":1000000"#, r#""pool":999599"#);
        let error = serde_json::from_str::<RewardRules>(&tampered).unwrap_err();
        assert!(error.to_string().contains("exceed the pool"), "{error}");
        let unknown = text.replacen('{', r#"{"bonus":1,"#, 1);
        assert!(serde_json::from_str::<RewardRules>(&unknown).is_err());
    }
}
