//! What a packet costs, as a ratio to one word of the generator, in processor time.

use std::{error::Error, hint::black_box};

use rand::{Rng as _, SeedableRng as _, rngs::ChaCha12Rng};
use reward_core::{Fen, FolkLaw, PacketBounds, Split as _, SplitSpec, Uniform, WordStream};
use rustix::time::{ClockId, clock_gettime};

use crate::{
    figure::{Figure, Mark, Series},
    study::{Findings, Table},
};

/// A batch is long enough that reading the clock is nothing.
const BATCH_NS: f64 = 3e6;
const BATCHES: usize = 21;
const CASES: [(u32, u64, u64); 6] = [
    (100, 143, 10_000),
    (1_000, 143, 10_000),
    (10_000, 143, 10_000),
    (1_000_000, 143, 10_000),
    (100, 143, 300),
    (1_000, 143, 300),
];

/// Processor time of this thread, which other work on the machine does not touch.
fn cpu_ns() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let part = |value: i64| f64::from(i32::try_from(value).unwrap_or(i32::MAX));
    part(time.tv_sec) * 1e9 + part(time.tv_nsec)
}

/// Least and middle of the batch means, in ns for one unit of `units` in each call.
fn measure(units: f64, mut call: impl FnMut()) -> (f64, f64) {
    call();
    let start = cpu_ns();
    call();
    let calls = (BATCH_NS / (cpu_ns() - start).max(1.0))
        .ceil()
        .clamp(1.0, 1e6);
    let batches = if cpu_ns() - start > 3e7 { 5 } else { BATCHES };
    let mut means: Vec<f64> = (0..batches)
        .map(|_| {
            let start = cpu_ns();
            let mut done = 0.0;
            while done < calls {
                call();
                done += 1.0;
            }
            (cpu_ns() - start) / (calls * units)
        })
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    (means[0], means[batches / 2])
}

type Timed = (String, (f64, f64));

/// Everything timed for one problem, the yardstick first: name, least and middle.
fn case(parts: u32, mean: u64, greatest: u64) -> Result<Vec<Timed>, Box<dyn Error>> {
    let mut words = WordStream::new([7; 32]);
    let mut generator = ChaCha12Rng::from_seed([7; 32]);
    let bounds = PacketBounds::new(Fen::new(10), Fen::new(greatest))?;
    let spec = SplitSpec::new(parts, Fen::new(mean * u64::from(parts)), bounds)?;
    let units = f64::from(parts);
    let mut buffer = vec![0_u8; 4 * usize::try_from(parts)?];
    let word = measure(units, || {
        generator.fill_bytes(&mut buffer);
        black_box(&buffer);
    });
    let single = measure(units, || {
        for _ in 0..parts {
            black_box(words.next_word());
        }
    });
    let law = Uniform::new(spec);
    let name = format!("uniform, {:?}", law.engine());
    let mut timed = vec![
        ("ChaCha12 word, filled".to_owned(), word),
        ("ChaCha12 word, one by one".to_owned(), single),
        (
            name,
            measure(units, || drop(black_box(law.draw(&mut words)))),
        ),
        (
            "uniform, prepared anew".to_owned(),
            measure(units, || {
                drop(black_box(Uniform::new(spec).draw(&mut words)));
            }),
        ),
    ];
    for folk in FolkLaw::ALL {
        let name = folk.name().replace('_', " ");
        timed.push((
            name,
            measure(units, || drop(black_box(folk.draw(&spec, &mut words)))),
        ));
    }
    Ok(timed)
}

fn reading(day: (f64, f64)) -> String {
    format!(
        "A packet of the contest's day costs {:.1} words under the exact law and {:.1} by double mean on the same stream: an \
         exact draw within bounds is {:.1} times the price of the popular one that has neither.",
        day.0,
        day.1,
        day.0 / day.1
    )
}

/// What the study does.
fn method() -> String {
    format!(
        "Processor time of the thread, least and middle of {BATCHES} batch means of at least 3 ms (5 where one deck takes \
             longer), of decks with a mean of 143 fen and a least packet of 10. All laws draw from the same `WordStream`; the \
             yardstick is one word of the same cipher, filled in bulk, in the same run. Times depend on the machine and the seed plays no part; \
             the ratio is what should be compared."
    )
}

pub(super) fn speed(_seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings {
        method: method(),
        ..Findings::default()
    };
    let mut rows = Vec::new();
    let mut curves: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    let mut day = (0.0, 1.0);
    for (parts, mean, greatest) in CASES {
        let units = f64::from(parts);
        let timed = case(parts, mean, greatest)?;
        let word = timed.first().map_or(1.0, |(_, (_, middle))| *middle);
        for (name, (least, middle)) in timed {
            let ratio = middle / word;
            if greatest == 10_000 {
                if parts == 1_000 && name == "double mean" {
                    day.1 = ratio;
                }
                if parts == 1_000 && name.starts_with("uniform, ") && !name.ends_with("anew") {
                    day.0 = ratio;
                }
                let name = if name.starts_with("uniform, ") && !name.ends_with("anew") {
                    "uniform".to_owned()
                } else {
                    name.clone()
                };
                match curves.iter_mut().find(|(other, _)| *other == name) {
                    Some((_, points)) => points.push((units, ratio)),
                    None => curves.push((name, vec![(units, ratio)])),
                }
            }
            rows.push(vec![
                format!("{parts}, {greatest}"),
                name,
                format!("{least:.1}"),
                format!("{middle:.1}"),
                format!("{ratio:.2}"),
            ]);
        }
    }
    findings.tables = vec![Table {
        name: "ns",
        header: vec![
            "packets, greatest",
            "law",
            "least, ns a packet",
            "middle, ns a packet",
            "words",
        ],
        rows,
    }];
    findings.reading = reading(day);
    curves.retain(|(name, points)| name != "ChaCha12 word, filled" && points.len() > 1);
    findings.figure = Some(
        Figure::new(
            "Cost of a packet, in words of the generator",
            "packets in the deck",
            "words",
            curves
                .into_iter()
                .map(|(name, points)| Series::new(name, Mark::Line, points))
                .collect(),
        )
        .log_log(),
    );
    Ok(findings)
}
