//! How fast a city is sealed, a receipt made and checked, and an award logged, beside SHA-256 of one block.

use std::{error::Error, hint::black_box, time::Duration};

use criterion::Criterion;
use reward_core::{
    AwardEntry, Claimant, DeckKind, Fen, LogHead, PacketPlan, PlanSeed, RewardRules, SealedPlan,
};
use sha2::{Digest as _, Sha256};

/// So many digests of 32 bytes, each of the one before.
fn digests(count: u32) -> [u8; 32] {
    (0..count).fold([7; 32], |bytes, _| Sha256::digest(black_box(bytes)).into())
}

fn main() -> Result<(), Box<dyn Error>> {
    let rules = RewardRules::JIANGSU_2020;
    let mut half = rules.terms();
    // Two decks of 500 a day: 7,000 packets in all.
    half.packets_per_day = 500;
    let half = RewardRules::new(half)?;
    let seed = PlanSeed::from_bytes([7; 32]);

    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("seal");
    group.bench_function("sha256_block", |bencher| bencher.iter(|| digests(1)));
    group.bench_function("sha256_blocks_28000", |bencher| {
        bencher.iter(|| digests(28_000));
    });
    let draw_and_seal = |rules: &RewardRules| {
        SealedPlan::new(PacketPlan::draw(rules, black_box(&seed)), &seed).root()
    };
    group.bench_function("week_of_7000_packets", |bencher| {
        bencher.iter(|| draw_and_seal(&half));
    });
    group.bench_function("week_of_14000_packets", |bencher| {
        bencher.iter(|| draw_and_seal(&rules));
    });
    let sealed = SealedPlan::new(PacketPlan::draw(&rules, &seed), &seed);
    let root = sealed.root();
    group.bench_function("receipt", |bencher| {
        bencher.iter(|| sealed.receipt(black_box(3), DeckKind::Top, 500));
    });
    let receipt = sealed
        .receipt(3, DeckKind::Top, 500)
        .ok_or("no such packet")?;
    group.bench_function("receipt_check", |bencher| {
        bencher.iter(|| receipt.verify(&rules, black_box(&root)));
    });
    let entry = AwardEntry {
        number: 1_234,
        decided_ms: 1_588_694_400_000,
        day: 3,
        deck: DeckKind::Top,
        sequence: 500,
        amount: Fen::new(143),
        claimant: Claimant::from_bytes([5; 16]),
    };
    let head = LogHead::opening(&root);
    group.bench_function("award_logged", |bencher| {
        bencher.iter(|| head.after(black_box(&entry)));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
