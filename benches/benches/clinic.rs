//! How fast question files are examined, beside a sorted map of the same texts; and how that grows.

use std::{collections::BTreeMap, error::Error, hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion};
use quiz_core::{
    BankSize, Position, Question, QuestionDraft,
    import::{Place, Positioned},
    lint::{Candidates, examine},
};
use rand::{Rng, SeedableRng as _, rngs::ChaCha12Rng};

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("clinic");
    let varied = questions(12_000, varied)?;
    let alike = questions(12_000, alike)?;
    group.bench_function("yardstick_sorted_map_of_12000", |bencher| {
        bencher.iter_batched(
            || texts(&varied),
            |texts| texts.into_iter().zip(0_usize..).collect::<BTreeMap<_, _>>(),
            BatchSize::PerIteration,
        );
    });
    for n in [3_000, 6_000, 12_000] {
        for (name, all) in [("varied", &varied), ("templates", &alike)] {
            let some = all.get(..n).ok_or("there are as many")?;
            group.bench_function(format!("{name}_{n}"), |bencher| {
                bencher.iter(|| black_box(examine(&candidates(some))).len());
            });
        }
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn candidates(city: &[Positioned<Question>]) -> Candidates<'_> {
    Candidates {
        province: &[],
        city,
        size: BankSize::JIANGSU_2020,
        on: None,
    }
}

fn texts(questions: &[Positioned<Question>]) -> Vec<String> {
    let of = |question: &Question| {
        let choices = question.choices().iter().map(|c| c.text().to_owned());
        std::iter::once(question.stem().to_owned())
            .chain(choices)
            .collect::<Vec<_>>()
    };
    questions.iter().flat_map(|q| of(&q.value)).collect()
}

fn questions(
    n: u32,
    draft: fn(u32, &mut ChaCha12Rng) -> QuestionDraft,
) -> Result<Vec<Positioned<Question>>, Box<dyn Error>> {
    let mut rng = ChaCha12Rng::from_seed([7; 32]);
    let mut made = Vec::new();
    for row in 0..n {
        let place = Place {
            file: "12000.csv".to_owned(),
            sheet: None,
            row,
            column: None,
        };
        made.push(Positioned {
            place,
            value: Question::new(draft(row, &mut rng))?,
        });
    }
    Ok(made)
}

/// Thirty characters of stem and four options of eight, the frequent characters more often.
fn varied(_: u32, rng: &mut ChaCha12Rng) -> QuestionDraft {
    let stem = words(30, rng);
    let choices = (0..4).map(|_| words(8, rng)).collect();
    draft(stem, choices)
}

/// One sentence for all, with a number and a few other words: all are nearly the same.
fn alike(row: u32, rng: &mut ChaCha12Rng) -> QuestionDraft {
    let stem = format!(
        "第{row}题：根据社会信用体系建设的有关规定，下列关于{}的说法正确的是（ ）",
        words(4, rng)
    );
    let choices = ["由政府主导", "由市场主导", "由社会主导", "由协会主导"];
    let choices = choices.map(|c| format!("{c}{}", words(2, rng)));
    draft(stem, choices.to_vec())
}

fn draft(stem: String, choices: Vec<String>) -> QuestionDraft {
    QuestionDraft {
        stem,
        choices,
        key: Position::A,
        explanation: Some("依据规定".to_owned()),
        source: Some("《条例》".to_owned()),
        law_as_of: None,
    }
}

/// Characters of which the first of some 2,000 come more often, about as in running text.
fn words(n: usize, rng: &mut impl Rng) -> String {
    (0..n)
        .filter_map(|_| {
            let spread = rng.next_u32() % 2_000 + 1;
            char::from_u32(0x4E00_u32.saturating_add(rng.next_u32() % spread))
        })
        .collect()
}
