//! Who may draw, and which follow earns a chance, as tables.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use reward_core::{
    BaseUse, ChanceKind, ClaimFacts, ClaimPhase, ClaimScope, Credit, FollowFacts, FollowMoment,
    MoneyState, NoCredit, ReferralPolicy, Refusal,
};

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_588_694_400 + hour * 3_600, 0).unwrap()
}

/// Everything speaks for a first packet.
const GRANTED: ClaimFacts = ClaimFacts {
    phase: ClaimPhase::Open,
    following: true,
    passes_here: 1,
    passes_unused_here: 1,
    base_used: None,
    referral_chances_open_here: 0,
    scope: ClaimScope::Season,
    referral: ReferralPolicy::OnePerNewFollower,
    money: MoneyState::Available,
};

fn check(facts: ClaimFacts, expect: Result<ChanceKind, Refusal>) {
    assert_eq!(facts.decide().map(|claim| claim.kind), expect, "{facts:?}");
}

#[test]
fn the_base_chance_is_used_before_a_referral_chance() {
    check(GRANTED, Ok(ChanceKind::Base));
    let invited = ClaimFacts {
        referral_chances_open_here: 3,
        ..GRANTED
    };
    check(invited, Ok(ChanceKind::Base));
    let second = ClaimFacts {
        passes_here: 2,
        base_used: Some(BaseUse::Here { at: at(0) }),
        ..invited
    };
    check(second, Ok(ChanceKind::Referral));
}

#[test]
fn once_means_the_season_or_the_city_as_the_scope_says() {
    let here = BaseUse::Here { at: at(0) };
    let elsewhere = BaseUse::Elsewhere { at: at(0) };
    let claimed = |used, scope| ClaimFacts {
        base_used: Some(used),
        scope,
        ..GRANTED
    };
    let already = |used, scope| Err(Refusal::AlreadyClaimed { used, scope });
    use ClaimScope::{City, Season};
    check(claimed(here, Season), already(here, Season));
    check(claimed(here, City), already(here, City));
    check(claimed(elsewhere, Season), already(elsewhere, Season));
    check(claimed(elsewhere, City), Ok(ChanceKind::Base));
}

#[test]
fn a_chance_from_elsewhere_in_the_season_still_allows_a_referral_chance_here() {
    let facts = ClaimFacts {
        base_used: Some(BaseUse::Elsewhere { at: at(0) }),
        referral_chances_open_here: 1,
        ..GRANTED
    };
    check(facts, Ok(ChanceKind::Referral));
}

#[test]
fn referral_chances_are_void_while_referrals_are_off() {
    let used = BaseUse::Here { at: at(0) };
    let facts = ClaimFacts {
        base_used: Some(used),
        referral_chances_open_here: 5,
        referral: ReferralPolicy::Off,
        ..GRANTED
    };
    let scope = ClaimScope::Season;
    check(facts, Err(Refusal::AlreadyClaimed { used, scope }));
}

#[test]
fn every_award_needs_a_passing_attempt_of_its_own() {
    let facts = ClaimFacts {
        passes_here: 1,
        passes_unused_here: 0,
        base_used: Some(BaseUse::Here { at: at(0) }),
        referral_chances_open_here: 1,
        ..GRANTED
    };
    let chance = ChanceKind::Referral;
    check(facts, Err(Refusal::AnotherPassNeeded { chance }));
    let never = ClaimFacts {
        passes_here: 0,
        ..facts
    };
    check(never, Err(Refusal::NotPassed));
}

/// The worst facts, refusal after refusal made good in the order of the checks.
#[test]
fn the_first_reason_in_the_published_order_is_given() {
    let opens = at(1);
    let closed = at(2);
    let next_day = Some(at(3));
    let until = at(4);
    let used = BaseUse::Here { at: at(0) };
    let mut facts = ClaimFacts {
        phase: ClaimPhase::NotYet { opens },
        following: false,
        passes_here: 0,
        passes_unused_here: 0,
        base_used: Some(used),
        referral_chances_open_here: 0,
        scope: ClaimScope::City,
        referral: ReferralPolicy::OnePerNewFollower,
        money: MoneyState::CityExhausted,
    };
    let scope = ClaimScope::City;
    type Cure = fn(&mut ClaimFacts);
    let cures: [(Refusal, Cure); 10] = [
        (Refusal::NotOpenYet { opens }, |f| {
            f.phase = ClaimPhase::Closed { closed: at(2) };
        }),
        (Refusal::Closed { closed }, |f| f.phase = ClaimPhase::Paused),
        (Refusal::Paused, |f| f.phase = ClaimPhase::Open),
        (Refusal::NotFollowing, |f| f.following = true),
        (Refusal::NotPassed, |f| f.passes_here = 1),
        (Refusal::AlreadyClaimed { used, scope }, |f| {
            f.base_used = None;
        }),
        (
            Refusal::AnotherPassNeeded {
                chance: ChanceKind::Base,
            },
            |f| f.passes_unused_here = 1,
        ),
        (Refusal::CityExhausted, |f| {
            f.money = MoneyState::DayExhausted {
                next_day: Some(at(3)),
            };
        }),
        (Refusal::DayExhausted { next_day }, |f| {
            f.money = MoneyState::NotReleasedUntil(at(4));
        }),
        (Refusal::NotReleasedUntil { at: until }, |f| {
            f.money = MoneyState::Available;
        }),
    ];
    for (refusal, cure) in cures {
        check(facts, Err(refusal));
        cure(&mut facts);
    }
    check(facts, Ok(ChanceKind::Base));
}

#[test]
fn the_last_day_promises_no_next_one() {
    let facts = ClaimFacts {
        money: MoneyState::DayExhausted { next_day: None },
        ..GRANTED
    };
    check(facts, Err(Refusal::DayExhausted { next_day: None }));
}

#[test]
fn one_of_each_refusal_carries_each_code_once() {
    let codes = Refusal::one_of_each(at(0)).map(|refusal| refusal.code());
    assert_eq!(codes, Refusal::CODES);
}

/// Codes in the first column of the tables under a heading of the README.
fn codes_in_readme(from: &str, to: &str) -> Vec<&'static str> {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once(from).unwrap();
    let (section, _) = section.split_once(to).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split_once('`').unwrap().0).collect()
}

#[test]
fn the_readme_lists_every_refusal_and_no_other() {
    let follow = "`FollowFacts::decide` does the same";
    let mut listed = codes_in_readme("## Who may claim", follow);
    let mut known = Refusal::CODES.to_vec();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
    let listed = codes_in_readme(follow, "## The other half");
    assert_eq!(listed, NoCredit::ALL.map(NoCredit::code));
}

#[test]
fn the_readme_lists_refusals_in_the_order_of_the_checks() {
    let listed = codes_in_readme("## Who may claim", "`FollowFacts::decide`");
    let money = ["city-exhausted", "day-exhausted", "not-released-until"];
    let mut ordered: Vec<&str> = Refusal::CODES
        .into_iter()
        .filter(|code| !money.contains(code))
        .collect();
    ordered.extend(money);
    assert_eq!(listed, ordered);
}

#[test]
fn value_stability_of_the_codes() {
    let expect = "not-open-yet closed paused not-following not-passed already-claimed \
                  another-pass-needed not-released-until day-exhausted city-exhausted";
    assert_eq!(Refusal::CODES.join(" "), expect);
    let expect = "policy-off not-by-code own-code followed-before already-credited \
                  sharer-not-following no-city";
    assert_eq!(NoCredit::ALL.map(NoCredit::code).join(" "), expect);
}

#[cfg(feature = "serde")]
#[test]
fn the_written_code_is_the_code() {
    for refusal in Refusal::one_of_each(at(0)) {
        let value = serde_json::to_value(refusal).unwrap();
        assert_eq!(value["code"], refusal.code());
    }
    for reason in NoCredit::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
    }
}

fn facts() -> impl Strategy<Value = ClaimFacts> {
    let phase = prop::sample::select(vec![
        ClaimPhase::NotYet { opens: at(1) },
        ClaimPhase::Open,
        ClaimPhase::Open,
        ClaimPhase::Open,
        ClaimPhase::Closed { closed: at(2) },
        ClaimPhase::Paused,
    ]);
    let money = prop::sample::select(vec![
        MoneyState::Available,
        MoneyState::NotReleasedUntil(at(4)),
        MoneyState::DayExhausted { next_day: None },
        MoneyState::CityExhausted,
    ]);
    let base_used = prop::sample::select(vec![
        None,
        Some(BaseUse::Here { at: at(0) }),
        Some(BaseUse::Elsewhere { at: at(0) }),
    ]);
    let scope = prop::sample::select(vec![ClaimScope::Season, ClaimScope::City]);
    let referral =
        prop::sample::select(vec![ReferralPolicy::Off, ReferralPolicy::OnePerNewFollower]);
    let counts = (0_u32..3, 0_u32..3, 0_u32..3);
    (
        phase,
        any::<bool>(),
        counts,
        base_used,
        scope,
        referral,
        money,
    )
        .prop_map(
            |(phase, following, (passes, unused, chances), base_used, scope, referral, money)| {
                ClaimFacts {
                    phase,
                    following,
                    passes_here: passes.max(unused),
                    passes_unused_here: unused,
                    base_used,
                    referral_chances_open_here: chances,
                    scope,
                    referral,
                    money,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A packet is granted only if every condition of the founding document holds.
    #[test]
    fn a_grant_implies_every_condition(facts in facts()) {
        if let Ok(claim) = facts.decide() {
            prop_assert_eq!(facts.phase, ClaimPhase::Open);
            prop_assert_eq!(facts.money, MoneyState::Available);
            prop_assert!(facts.following && facts.passes_unused_here > 0);
            match claim.kind {
                ChanceKind::Base => {
                    let elsewhere = matches!(facts.base_used, Some(BaseUse::Elsewhere { .. }));
                    let unused = facts.base_used.is_none();
                    prop_assert!(unused || (elsewhere && facts.scope == ClaimScope::City));
                }
                ChanceKind::Referral => prop_assert!(
                    facts.base_used.is_some()
                        && facts.referral_chances_open_here > 0
                        && facts.referral == ReferralPolicy::OnePerNewFollower
                ),
            }
        }
    }

    /// Granted awards never exceed one base chance plus the referral chances, nor the passing attempts.
    #[test]
    fn repeated_claims_stop_at_the_chances_and_at_the_passes(chances in 0_u32..6, passes in 0_u32..9) {
        let mut facts = ClaimFacts {
            passes_here: passes,
            passes_unused_here: passes,
            referral_chances_open_here: chances,
            ..GRANTED
        };
        let mut granted = 0;
        while let Ok(claim) = facts.decide() {
            granted += 1;
            facts.passes_unused_here -= 1;
            match claim.kind {
                ChanceKind::Base => facts.base_used = Some(BaseUse::Here { at: at(0) }),
                ChanceKind::Referral => facts.referral_chances_open_here -= 1,
            }
        }
        prop_assert_eq!(granted, passes.min(1 + chances));
    }
}

const CREDITED: FollowFacts = FollowFacts {
    policy: ReferralPolicy::OnePerNewFollower,
    through_sharers_code: true,
    friend_is_sharer: false,
    friend_ever_followed: false,
    friend_already_credited: false,
    sharer_following: true,
    moment: FollowMoment::CityOpen,
};

#[test]
fn a_new_follower_by_the_sharers_code_earns_the_open_city_or_the_announced_one() {
    assert_eq!(CREDITED.decide(), Ok(Credit::OpenCity));
    let preheat = FollowFacts {
        moment: FollowMoment::Preheat,
        ..CREDITED
    };
    assert_eq!(preheat.decide(), Ok(Credit::NextCity));
}

#[test]
fn one_fact_against_it_denies_the_credit_for_its_own_reason() {
    type Spoil = fn(&mut FollowFacts);
    let spoils: [(NoCredit, Spoil); 7] = [
        (NoCredit::PolicyOff, |f| f.policy = ReferralPolicy::Off),
        (NoCredit::NotByCode, |f| f.through_sharers_code = false),
        (NoCredit::OwnCode, |f| f.friend_is_sharer = true),
        (NoCredit::FollowedBefore, |f| f.friend_ever_followed = true),
        (NoCredit::AlreadyCredited, |f| {
            f.friend_already_credited = true;
        }),
        (NoCredit::SharerNotFollowing, |f| f.sharer_following = false),
        (NoCredit::NoCity, |f| f.moment = FollowMoment::NoCity),
    ];
    let mut all_spoilt = CREDITED;
    for (reason, spoil) in spoils {
        let mut facts = CREDITED;
        spoil(&mut facts);
        assert_eq!(facts.decide(), Err(reason));
        spoil(&mut all_spoilt);
    }
    assert_eq!(all_spoilt.decide(), Err(NoCredit::PolicyOff));
    assert_eq!(spoils.map(|(reason, _)| reason), NoCredit::ALL);
}
