//! How fast a day's money is split and a city's plan is drawn, beside the raw words of the generator.

use std::{error::Error, hint::black_box, time::Duration};

use criterion::Criterion;
use rand::{Rng as _, SeedableRng as _, rngs::ChaCha12Rng};
use reward_core::{PacketPlan, PlanSeed, RewardRules, Split as _, Uniform, WordStream};

fn words(rng: &mut ChaCha12Rng, n_words: u32) -> u32 {
    (0..n_words).fold(0, |folded, _| folded ^ black_box(rng.next_u32()))
}

fn main() -> Result<(), Box<dyn Error>> {
    let rules = RewardRules::JIANGSU_2020;
    let law = Uniform::new(rules.plain_split());
    let n_day = rules.packets_per_day();
    let n_city = n_day
        .saturating_mul(2)
        .saturating_mul(u32::from(rules.days()));
    let mut rng = ChaCha12Rng::from_seed([7; 32]);

    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("split");
    group.bench_function("chacha12_words", |bencher| {
        bencher.iter(|| words(&mut rng, n_day));
    });
    let mut stream = WordStream::new([7; 32]);
    group.bench_function("uniform_day", |bencher| {
        bencher.iter(|| law.draw(&mut stream));
    });
    group.finish();

    let mut group = criterion.benchmark_group("plan");
    group.bench_function("chacha12_words", |bencher| {
        bencher.iter(|| words(&mut rng, n_city));
    });
    let seed = PlanSeed::from_bytes([7; 32]);
    group.bench_function("city_of_14_decks", |bencher| {
        bencher.iter(|| PacketPlan::draw(&rules, black_box(&seed)));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
