//! How fast a quiz is drawn, beside the raw words of its generator.

use std::{error::Error, hint::black_box, time::Duration};

use criterion::Criterion;
use quiz_core::{DrawRule, Quiz};
use rand::{Rng as _, SeedableRng as _, rngs::ChaCha12Rng};

/// Ten questions out of a hundred, and three words for the order of each question's four options.
const WORDS_OF_ONE_DRAW: u32 = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let bank = benches::sample_bank()?;
    let mut rng = ChaCha12Rng::from_seed([7; 32]);
    Quiz::draw(&bank, DrawRule::JIANGSU_2020, &mut rng)?;

    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("draw");
    group.bench_function("chacha12_words", |bencher| {
        bencher.iter(|| {
            (0..WORDS_OF_ONE_DRAW).fold(0_u32, |folded, _| folded ^ black_box(rng.next_u32()))
        });
    });
    let mut rng = ChaCha12Rng::from_seed([7; 32]);
    group.bench_function("simple_10_of_100", |bencher| {
        bencher.iter(|| Quiz::draw(&bank, DrawRule::JIANGSU_2020, &mut rng));
    });
    let halves = DrawRule::Stratified {
        province: 5,
        city: 5,
    };
    group.bench_function("stratified_5_and_5_of_100", |bencher| {
        bencher.iter(|| Quiz::draw(&bank, halves, &mut rng));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
