//! Checks a finished city as a stranger would: from the commitment, the revealed seed and the awards that were published.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use reward_core::{
    DeckKind, Fen, PacketPlan, ParseDigestError, PlanSeed, RewardRules, SeasonSeed, SeedCommitment,
};

/// One line of a published award list: day, deck, place in the deck, amount.
type Award = (u8, DeckKind, u32, Fen);

fn main() -> Result<(), ParseDigestError> {
    let rules = RewardRules::JIANGSU_2020;

    // Before the contest the organiser publishes one line.
    let organiser_seed = SeasonSeed::from_bytes([7; 32]).city_seed("nanjing");
    let published = SeedCommitment::new(&organiser_seed, &rules).to_string();
    println!("published before:  {published}");

    // Afterwards he reveals the city's seed and the list of awards, here the first five of day 1.
    let revealed = organiser_seed.reveal();
    let mut awards: Vec<Award> = PacketPlan::draw(&rules, &organiser_seed)
        .packets()
        .take(5)
        .map(|packet| (packet.day, packet.deck, packet.sequence, packet.amount))
        .collect();

    // The stranger recomputes everything from these.
    let seed = PlanSeed::from_bytes(revealed);
    let commitment: SeedCommitment = published.parse()?;
    println!("commitment holds:  {}", commitment.verify(&seed, &rules));
    let plan = PacketPlan::draw(&rules, &seed);
    println!(
        "awards in plan:    {} of {}",
        matching(&plan, &awards),
        awards.len()
    );

    // One fen moved, or one bit of the seed, and the check says so.
    if let Some((.., amount)) = awards.first_mut() {
        *amount = amount.checked_add(Fen::new(1)).unwrap_or(*amount);
    }
    println!(
        "one fen moved:     {} of {} awards in plan",
        matching(&plan, &awards),
        awards.len()
    );
    let mut other = revealed;
    other[0] ^= 1;
    println!(
        "one bit of seed:   commitment holds: {}",
        commitment.verify(&PlanSeed::from_bytes(other), &rules)
    );
    Ok(())
}

/// Number of awards that the plan has at their place with their amount.
fn matching(plan: &PacketPlan, awards: &[Award]) -> usize {
    awards
        .iter()
        .filter(|&&(day, kind, sequence, amount)| {
            plan.deck(day, kind).and_then(|deck| deck.amount(sequence)) == Some(amount)
        })
        .count()
}
