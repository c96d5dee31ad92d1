//! How fast a quiz is drawn, shown and marked, beside the raw words of its generator and a bare index sample.

use std::{error::Error, hint::black_box, time::Duration};

use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use quiz_core::{
    Attempt, DrawRule, Position, QuestionBank, Quiz,
    draw::{Bands, Shown},
};
use rand::{Rng as _, SeedableRng as _, rngs::ChaCha12Rng};

/// Ten questions out of a hundred, and three words for the order of each question's four options.
const WORDS_OF_ONE_DRAW: u32 = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let bank = benches::sample_bank()?;
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("draw");
    yardsticks(&mut group);
    draws(&mut group, &bank)?;
    marking(&mut group, &bank)?;
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn generator() -> ChaCha12Rng {
    ChaCha12Rng::from_seed([7; 32])
}

fn words(rng: &mut ChaCha12Rng) -> u32 {
    (0..WORDS_OF_ONE_DRAW).fold(0_u32, |folded, _| folded ^ black_box(rng.next_u32()))
}

fn yardsticks(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut rng = generator();
    group.bench_function("chacha12_words", |bencher| bencher.iter(|| words(&mut rng)));
    group.bench_function("index_sample_10_of_100", |bencher| {
        bencher.iter(|| rand::seq::index::sample(&mut rng, 100, 10));
    });
    group.bench_function("yardstick_words_and_sample", |bencher| {
        bencher.iter(|| (words(&mut rng), rand::seq::index::sample(&mut rng, 100, 10)));
    });
}

fn draws(
    group: &mut BenchmarkGroup<'_, WallTime>,
    bank: &QuestionBank,
) -> Result<(), Box<dyn Error>> {
    let mut rng = generator();
    Quiz::draw(bank, DrawRule::JIANGSU_2020, &mut rng)?;
    group.bench_function("simple_10_of_100", |bencher| {
        bencher.iter(|| Quiz::draw(bank, DrawRule::JIANGSU_2020, &mut rng));
    });
    group.bench_function("simple_drawn_and_shown", |bencher| {
        bencher.iter(|| {
            let quiz = Quiz::draw(bank, DrawRule::JIANGSU_2020, &mut rng)?;
            // Every text is found; what a page then does with it is the page's.
            let mut n_bytes = 0_usize;
            for item in quiz.paper(bank)? {
                let options = item.options().map(|(_, text)| text.len()).sum::<usize>();
                n_bytes = n_bytes
                    .wrapping_add(item.stem().len())
                    .wrapping_add(options);
            }
            black_box(n_bytes);
            Ok::<_, Box<dyn Error>>(quiz)
        });
    });
    group.bench_function("simple_drawn_and_copied", |bencher| {
        bencher.iter(|| {
            let quiz = Quiz::draw(bank, DrawRule::JIANGSU_2020, &mut rng)?;
            let copied: Vec<_> = quiz.paper(bank)?.map(|item| item.to_presented()).collect();
            Ok::<_, Box<dyn Error>>((quiz, copied))
        });
    });
    let halves = DrawRule::Stratified {
        province: 5,
        city: 5,
    };
    group.bench_function("stratified_5_and_5_of_100", |bencher| {
        bencher.iter(|| Quiz::draw(bank, halves, &mut rng));
    });
    let facilities: Vec<u16> = (0..100_u16).map(|i| i.saturating_mul(10)).collect();
    let bands = Bands::by_facility(bank, &facilities, 5)?;
    group.bench_function("balanced_10_of_100", |bencher| {
        bencher.iter(|| Quiz::draw_balanced(bank, &bands, 10, &mut rng));
    });
    let mut shown = Shown::nothing(bank);
    shown.record(&Quiz::draw(bank, DrawRule::JIANGSU_2020, &mut rng)?)?;
    group.bench_function("fresh_10_of_100", |bencher| {
        bencher.iter(|| Quiz::draw_fresh(bank, DrawRule::JIANGSU_2020, &shown, &mut rng));
    });
    Ok(())
}

fn marking(
    group: &mut BenchmarkGroup<'_, WallTime>,
    bank: &QuestionBank,
) -> Result<(), Box<dyn Error>> {
    let quiz = Quiz::draw(bank, DrawRule::JIANGSU_2020, &mut generator())?;
    let mut attempt = Attempt::new(quiz);
    while let Some(ordinal) = attempt.next_unanswered() {
        attempt.answer(ordinal, Position::A)?;
    }
    let (quiz, answers) = (attempt.quiz(), attempt.answers());
    group.bench_function("ten_answers_scored", |bencher| {
        bencher.iter(|| black_box(quiz).score(bank, black_box(answers)));
    });
    group.bench_function("ten_answers_marked", |bencher| {
        bencher.iter(|| black_box(quiz).mark(bank, black_box(answers)));
    });
    Ok(())
}
