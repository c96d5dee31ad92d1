//! Laws of a city's money: the sealed plan, the caps, the release, the top packet.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use reference_server::contest::{Refusal, planning};
use reward_core::{
    DeckKind, Fen, PacketPlan, Refusal as ClaimRefusal, Release, RewardRules, RewardTerms,
    SeasonSeed, SeedCommitment,
};

use crate::app::{
    FIRST_CITY, Person, SECOND_CITY, SMALL, Setting, TestApp, code, refusal, shanghai,
};

/// The plan of a city, drawn again from the season's keys.
fn plan(test: &TestApp, city: &str) -> PacketPlan {
    let seed = SeasonSeed::from_bytes(test.app.keys.season_seed()).city_seed(city);
    PacketPlan::draw(&test.app.season.rules, &seed)
}

/// So many people pass and claim; what they got.
async fn claim_many(test: &TestApp, n: usize) -> Vec<Fen> {
    let mut amounts = Vec::new();
    for person in passers(test, n).await {
        amounts.push(test.claim(&person).await.unwrap().amount);
    }
    amounts
}

async fn passers(test: &TestApp, n: usize) -> Vec<Person> {
    let people = test.followers(n).await;
    for person in &people {
        test.answer(person, 5).await;
    }
    people
}

#[tokio::test]
async fn the_last_packet_of_a_day_spends_the_cap_to_the_last_fen() {
    let test = TestApp::new().await;
    let amounts = claim_many(&test, 8).await;
    let sum: u64 = amounts.iter().map(|amount| amount.get()).sum();
    assert_eq!(sum, 20_000);
    let person = &passers(&test, 1).await[0];
    assert_eq!(
        refusal(test.claim(person).await),
        Refusal::Claim(ClaimRefusal::DayExhausted {
            next_day: Some(shanghai("2020-04-23 00:00:00"))
        })
    );
    assert_eq!(test.number("SELECT COUNT(*) FROM award"), 8);
    // The chance is kept for the next day.
    test.sleep_until(shanghai("2020-04-23 00:00:00"));
    test.claim(person).await.unwrap();
    test.assert_sound().await;
}

#[tokio::test]
async fn on_the_last_day_an_empty_deck_empties_the_city() {
    let test = TestApp::starting("2020-04-28 12:00:00").await;
    claim_many(&test, 8).await;
    let person = &passers(&test, 1).await[0];
    assert_eq!(
        refusal(test.claim(person).await),
        Refusal::Claim(ClaimRefusal::CityExhausted)
    );
    test.assert_sound().await;
}

#[tokio::test]
async fn a_week_pays_seven_caps_and_keeps_the_residual() {
    let test = TestApp::starting("2020-04-22 00:00:00").await;
    for day in 0..7 {
        test.sleep_until(shanghai("2020-04-22 00:00:00") + TimeDelta::days(day));
        claim_many(&test, 8).await;
    }
    assert_eq!(test.number("SELECT SUM(amount_fen) FROM award"), 7 * 20_000);
    assert_eq!(
        test.number("SELECT pool_fen - used_fen FROM city WHERE ordinal = 1"),
        400
    );
    assert_eq!(
        test.number("SELECT COUNT(*) FROM award WHERE amount_fen = 10000"),
        1
    );
    test.sleep_until(shanghai("2020-04-29 00:00:00"));
    test.assert_sound().await;
}

#[tokio::test]
async fn packets_are_handed_out_in_the_order_of_the_sealed_plan() {
    let test = TestApp::starting("2020-04-22 00:00:00").await;
    let plan = plan(&test, FIRST_CITY);
    let mut top_awarded = false;
    for day in 1..=7_u8 {
        test.sleep_until(shanghai("2020-04-22 00:00:00") + TimeDelta::days(i64::from(day) - 1));
        let kind = plan.deck_for(day, top_awarded);
        let deck = plan.deck(day, kind).unwrap();
        let amounts = claim_many(&test, 8).await;
        assert_eq!(amounts, deck.amounts(), "day {day}");
        top_awarded |= kind == DeckKind::Top;
    }
    assert!(top_awarded);
}

#[tokio::test]
async fn the_stored_commitment_is_that_of_the_plan() {
    let test = TestApp::new().await;
    let rules = test.app.season.rules;
    for city in [FIRST_CITY, SECOND_CITY] {
        let seed = SeasonSeed::from_bytes(test.app.keys.season_seed()).city_seed(city);
        let sql = format!("SELECT plan_commitment FROM city WHERE city = '{city}'");
        let stored = test.raw().text(&sql);
        assert_eq!(stored, SeedCommitment::new(&seed, &rules).to_string());
        let commitment: SeedCommitment = stored.parse().unwrap();
        assert!(commitment.verify(&seed, &rules));
        let other = SeasonSeed::from_bytes([9; 32]).city_seed(city);
        assert!(!commitment.verify(&other, &rules));
    }
}

#[tokio::test]
async fn the_stored_packets_are_those_of_the_plan() {
    let test = TestApp::new().await;
    for city in [FIRST_CITY, SECOND_CITY] {
        let rows = test.raw().rows(&format!(
            "SELECT day - (SELECT MIN(day) FROM budget_day WHERE city = '{city}') + 1,
                    deck, sequence, amount_fen
             FROM packet WHERE city = '{city}'",
        ));
        let stored: BTreeMap<(u8, String, u32), i64> = rows
            .into_iter()
            .map(|row| {
                let [day, deck, sequence, amount] = row.try_into().unwrap();
                let key = (day.parse().unwrap(), deck, sequence.parse().unwrap());
                (key, amount.parse().unwrap())
            })
            .collect();
        let planned: BTreeMap<(u8, String, u32), i64> = plan(&test, city)
            .packets()
            .map(|packet| {
                let key = (packet.day, packet.deck.name().to_owned(), packet.sequence);
                (key, i64::try_from(packet.amount.get()).unwrap())
            })
            .collect();
        assert_eq!(stored, planned);
    }
}

#[tokio::test]
async fn preparing_again_changes_nothing() {
    let test = TestApp::new().await;
    let picture = || {
        [
            "SELECT COUNT(*) FROM packet",
            "SELECT COUNT(*) FROM city",
            "SELECT COUNT(*) FROM audit_event",
        ]
        .map(|sql| test.number(sql))
    };
    let before = picture();
    let prepared = planning::prepare(&test.app).await.unwrap();
    assert_eq!(prepared.planned, [FIRST_CITY, SECOND_CITY]);
    assert_eq!(picture(), before);
}

#[tokio::test]
async fn a_packet_is_not_given_before_its_release() {
    let test = TestApp::with(Setting {
        terms: RewardTerms {
            release: Release::Curve {
                head_permille: 250,
                full_at_ms: 72_000_000,
            },
            ..SMALL
        },
        ..Setting::starting("2020-04-22 00:00:00")
    })
    .await;
    claim_many(&test, 2).await;
    let person = &passers(&test, 1).await[0];
    // The six after the head of two are released every 200 minutes.
    let at = shanghai("2020-04-22 03:20:00");
    let not_yet = Refusal::Claim(ClaimRefusal::NotReleasedUntil { at });
    assert_eq!(refusal(test.claim(person).await), not_yet);
    test.sleep_until(at - TimeDelta::milliseconds(1));
    assert_eq!(refusal(test.claim(person).await), not_yet);
    test.sleep_until(at);
    test.claim(person).await.unwrap();
    let next = &passers(&test, 1).await[0];
    assert_eq!(code(test.claim(next).await), "not-released-until");
    test.assert_sound().await;
}

#[tokio::test]
async fn the_top_packet_waits_for_the_next_day_when_too_few_win() {
    for seed in [1, 2, 3, 7] {
        let test = TestApp::with(Setting {
            seed,
            ..Setting::starting("2020-04-22 00:00:00")
        })
        .await;
        let plan = plan(&test, FIRST_CITY);
        // One packet a day never reaches a top packet behind the first place, until the rescue.
        for day in 0..7_i64 {
            test.sleep_until(shanghai("2020-04-22 00:00:00") + TimeDelta::days(day));
            claim_many(&test, 1).await;
        }
        let last_day = shanghai("2020-04-28 00:00:00");
        let rescue = last_day + TimeDelta::milliseconds(i64::from(plan.rescue_offset().ms()));
        test.sleep_until(rescue);
        let amount = claim_many(&test, 1).await[0];
        let n_top = "SELECT COUNT(*) FROM award WHERE amount_fen = 10000";
        let given_before = amount != Fen::new(10_000);
        assert_eq!(test.number(n_top), 1, "seed {seed}: {given_before}");
        claim_many(&test, 3).await;
        assert_eq!(test.number(n_top), 1, "seed {seed}");
        assert_eq!(
            test.number(
                "SELECT COUNT(*) FROM budget_day WHERE used_fen <>
                 (SELECT COALESCE(SUM(amount_fen), 0) FROM award
                  WHERE award.city = budget_day.city AND award.day = budget_day.day)"
            ),
            0
        );
        test.sleep_until(shanghai("2020-04-29 00:00:00"));
        test.assert_sound().await;
    }
}

#[tokio::test]
async fn a_rescued_top_packet_is_not_given_again_in_its_place() {
    let test = TestApp::starting("2020-04-28 00:00:00").await;
    let plan = plan(&test, FIRST_CITY);
    let top_sequence = plan.deck(7, DeckKind::Top).unwrap().top_sequence().unwrap();
    let n_before = usize::try_from(top_sequence).unwrap().min(2);
    claim_many(&test, n_before).await;
    let rescue = shanghai("2020-04-28 00:00:00")
        + TimeDelta::milliseconds(i64::from(plan.rescue_offset().ms()));
    test.sleep_until(rescue);
    assert_eq!(claim_many(&test, 1).await, [Fen::new(10_000)]);
    let rest = claim_many(&test, 7 - n_before).await;
    assert!(rest.iter().all(|amount| *amount < Fen::new(10_000)));
    assert_eq!(test.number("SELECT SUM(amount_fen) FROM award"), 20_000);
    assert_eq!(test.number("SELECT COUNT(DISTINCT sequence) FROM award"), 8);
    test.assert_sound().await;
}

#[test]
fn the_small_rules_are_rules() {
    let rules = RewardRules::new(SMALL).unwrap();
    assert_eq!(rules.residual(), Fen::new(400));
}
