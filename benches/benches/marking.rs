//! How fast an attempt is marked, beside the raw words of the generator.

use std::{error::Error, hint::black_box, time::Duration};

use criterion::Criterion;
use quiz_core::{Attempt, DrawRule, Position, Quiz};
use rand::{Rng as _, SeedableRng as _, rngs::ChaCha12Rng};

/// As in `draw`: the words that one quiz takes.
const WORDS_OF_ONE_DRAW: u32 = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let bank = benches::sample_bank()?;
    let mut rng = ChaCha12Rng::from_seed([7; 32]);
    let mut attempt = Attempt::new(Quiz::draw(&bank, DrawRule::JIANGSU_2020, &mut rng)?);
    while let Some(ordinal) = attempt.next_unanswered() {
        attempt.answer(ordinal, Position::A)?;
    }
    attempt.clone().submit(&bank)?;

    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("marking");
    group.bench_function("chacha12_words", |bencher| {
        bencher.iter(|| {
            (0..WORDS_OF_ONE_DRAW).fold(0_u32, |folded, _| folded ^ black_box(rng.next_u32()))
        });
    });
    group.bench_function("ten_answers", |bencher| {
        bencher.iter(|| black_box(&attempt).clone().submit(&bank));
    });
    group.bench_function("drawn_again_and_marked", |bencher| {
        bencher.iter(|| {
            let mut rng = ChaCha12Rng::from_seed(black_box([7; 32]));
            let mut again = Attempt::new(Quiz::draw(&bank, DrawRule::JIANGSU_2020, &mut rng)?);
            while let Some(ordinal) = again.next_unanswered() {
                again.answer(ordinal, Position::A)?;
            }
            Ok::<_, Box<dyn Error>>(again.submit(&bank)?)
        });
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
