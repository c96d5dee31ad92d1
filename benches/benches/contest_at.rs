//! How fast the open city is found, beside a binary search in a plain list of instants.

use std::{error::Error, hint::black_box, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use criterion::Criterion;
use rand::{Rng as _, SeedableRng as _, rngs::ChaCha12Rng};
use schedule_core::{
    City, CitySlug, Edition, EditionBuilder, EditionSlug, Phase, Province, Window, published,
};

/// As many instants are asked for in turn, so that no search is learnt by heart.
const N_INSTANTS: usize = 4_096;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("contest_at");
    for (name, edition) in [
        ("13", published::postponed_2020()),
        ("100000", long_edition(100_000)?),
    ] {
        let openings: Vec<_> = edition
            .rounds()
            .iter()
            .map(|r| r.window().start())
            .collect();
        let instants = instants(edition.season());
        let mut next = 0_usize;
        group.bench_function(format!("binary_search/{name}"), |bencher| {
            bencher.iter(|| {
                next = (next + 1) % N_INSTANTS;
                let instant = black_box(instants[next]);
                openings.partition_point(|opening| *opening <= instant)
            });
        });
        group.bench_function(format!("rounds/{name}"), |bencher| {
            bencher.iter(|| {
                next = (next + 1) % N_INSTANTS;
                edition.contest_at(black_box(instants[next]))
            });
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// An edition of this many adjoining hours, each another city's.
fn long_edition(n_rounds: i64) -> Result<Edition, Box<dyn Error>> {
    let slug = |n: i64| CitySlug::new(format!("city-{n}"));
    let cities = (0..n_rounds).map(|n| Ok(City::new(slug(n)?, format!("第{n}市"), vec![])?));
    let cities = cities.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let province = Province::new("某省", cities)?;
    let start: DateTime<Utc> = "2027-01-01T00:00:00Z".parse()?;
    let mut builder = EditionBuilder::new(EditionSlug::new("long")?, "长", province);
    for n in 0..n_rounds {
        let opening = start + TimeDelta::hours(n);
        let window = Window::new(opening, opening + TimeDelta::hours(1))?;
        builder = builder.row(n.to_string(), window, [Phase::Contest(slug(n)?)]);
    }
    Ok(builder.build()?)
}

/// Instants spread evenly over a season, in no order.
fn instants(season: Window) -> Vec<DateTime<Utc>> {
    let mut rng = ChaCha12Rng::from_seed([7; 32]);
    let length_ms = season.duration().num_milliseconds();
    let instant = |_| {
        let part = (i128::from(length_ms) * i128::from(rng.next_u32())) >> 32;
        season.start() + TimeDelta::milliseconds(i64::try_from(part).unwrap_or(0))
    };
    (0..N_INSTANTS).map(instant).collect()
}
