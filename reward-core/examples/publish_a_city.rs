//! Prints everything that becomes public about one city, as JSON: the input of `verify.py`, and the file in `vectors/`.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use reward_core::{
    AwardEntry, AwardLog, Claimant, DAY_MS, DayOffset, DayProgress, DeckKind, Next, PacketPlan,
    RewardRules, SealedPlan, SeasonSeed, SeedCommitment, canonical_spec_with_beacon, next_packet,
};
use serde_json::json;

/// 2020-05-06 00:00 in Shanghai.
const OPENS_MS: i64 = 1_588_694_400_000;
/// So few that the top packet is rescued in the evening of the last day.
const CLAIMS_PER_DAY: u32 = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let rules = RewardRules::JIANGSU_2020;
    let seed = SeasonSeed::from_bytes([7; 32]).city_seed("nanjing");

    // Weeks before: the commitment, which names a value that nobody knows yet.
    let source = "Welfare Lottery 3D, draw 2020090, three digits".parse()?;
    let commitment = SeedCommitment::with_beacon(&seed, &rules, &source);
    // Days before: the value is known, the plan is drawn and sealed.
    let value = "407".parse()?;
    let effective = seed.mixed_with(&rules, &source, &value);
    let sealed = SealedPlan::new(PacketPlan::draw(&rules, &effective), &effective);
    // During the week: awards, a receipt for each, and a head every evening.
    let (log, heads) = play(&sealed)?;
    let receipts: Vec<String> = log
        .iter()
        .rev()
        .step_by(40)
        .filter_map(|entry| sealed.receipt(entry.day, entry.deck, entry.sequence))
        .map(|receipt| receipt.to_string())
        .collect();

    let city = json!({
        "spec": canonical_spec_with_beacon(&rules, &source),
        "commitment": commitment.to_string(),
        "beacon_value": value.as_str(),
        "root": sealed.root().to_string(),
        "opens_ms": OPENS_MS,
        "heads": heads,
        "receipts": receipts,
        "log": log.iter().map(ToString::to_string).collect::<Vec<_>>(),
        // Afterwards: the seed.
        "seed": seed.reveal().iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
    });
    println!("{city:#}");
    Ok(())
}

/// Plays the week with claims evenly over each day; returns the entries and the daily heads.
fn play(sealed: &SealedPlan) -> Result<(Vec<AwardEntry>, Vec<String>), Box<dyn Error>> {
    let plan = sealed.plan();
    let (mut log, mut entries, mut heads) = (AwardLog::open(sealed.root()), Vec::new(), Vec::new());
    let mut top_awarded = false;
    for day in 1..=plan.rules().days() {
        let kind = plan.deck_for(day, top_awarded);
        let rule = plan.day_rule(day, kind).ok_or("no such day")?;
        let begins_ms = OPENS_MS + i64::from(day - 1) * i64::from(DAY_MS);
        let mut progress = DayProgress {
            taken: 0,
            top_taken: false,
        };
        for claim in 0..CLAIMS_PER_DAY {
            let now = DayOffset::from_ms(claim * (DAY_MS / CLAIMS_PER_DAY)).ok_or("not today")?;
            let Next::Take { sequence } = next_packet(&rule, progress, now)? else {
                continue;
            };
            let amount = plan.deck(day, kind).and_then(|deck| deck.amount(sequence));
            let entry = AwardEntry {
                number: log.entries(),
                decided_ms: begins_ms + i64::from(now.ms()),
                day,
                deck: kind,
                sequence,
                amount: amount.ok_or("no such packet")?,
                // A server takes a keyed hash of person and city.
                claimant: Claimant::from_bytes(u128::from(log.entries()).to_be_bytes()),
            };
            log.append(&entry)?;
            entries.push(entry);
            progress.taken += 1;
            progress.top_taken |= rule.top_sequence == Some(sequence);
        }
        top_awarded |= kind == DeckKind::Top && progress.top_taken;
        heads.push(log.daily_head(day).to_string());
    }
    Ok((entries, heads))
}
