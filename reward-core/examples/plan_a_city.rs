//! Draws one city under the preset rules and prints what an organiser would look at before sealing it.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use reward_core::{
    DayOffset, DeckDigest, DeckKind, Fen, PacketPlan, RewardRules, SeasonSeed, SeedCommitment,
    canonical_spec,
};

fn main() {
    let rules = RewardRules::JIANGSU_2020;
    // A real season takes 32 bytes from the operating system and keeps them secret until it is over.
    let seed = SeasonSeed::from_bytes([7; 32]).city_seed("nanjing");
    let plan = PacketPlan::draw(&rules, &seed);

    println!(
        "Published before the city opens:\n\n{}",
        canonical_spec(&rules)
    );
    println!("commitment {}\n", SeedCommitment::new(&seed, &rules));

    println!("Sealed until it closes (shown here because this seed is no secret):\n");
    println!("day  deck   packets      sum   least  median  greatest  digest");
    for deck in plan.decks() {
        let mut sorted = deck.amounts().to_vec();
        sorted.sort_unstable();
        let amount = |index: usize| sorted.get(index).copied().unwrap_or_default();
        let sum = Fen::checked_sum(deck.amounts().iter().copied()).unwrap_or_default();
        println!(
            "{:>3}  {:<5}  {:>7}  {:>7}  {:>6}  {:>6}  {:>8}  {:.16}",
            deck.day(),
            deck.kind(),
            deck.packets(),
            sum,
            amount(0),
            amount(sorted.len() / 2),
            amount(sorted.len().saturating_sub(1)),
            DeckDigest::new(&seed, deck),
        );
    }

    println!(
        "\nThe deck with the top packet of {} yuan is played from day {} on.",
        rules.top_packet(),
        plan.top_day()
    );
    if let Some(place) = plan
        .deck(plan.top_day(), DeckKind::Top)
        .and_then(|deck| deck.top_sequence())
    {
        println!(
            "There it lies at place {} of {}.",
            place.saturating_add(1),
            rules.packets_per_day()
        );
    }
    println!(
        "If nobody has reached it by day {}, {}, the next claim takes it.",
        rules.days(),
        plan.rescue_offset()
    );

    println!("\nReleased on every day:");
    for hour in [0_u32, 6, 12, 18, 20] {
        if let Some(now) = DayOffset::from_ms(hour.saturating_mul(3_600_000)) {
            println!(
                "{hour:>4}:00  {:>5} packets",
                rules.release().released(rules.packets_per_day(), now)
            );
        }
    }
    println!(
        "\nNever paid under these rules: {} yuan of the pool of {}.",
        rules.residual(),
        rules.pool()
    );
}
