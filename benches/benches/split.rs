//! How fast money is split by every engine and by the popular rules, beside the raw words of the generator.
//!
//! Processor time of the thread, not time on the wall: a shared machine must not decide.

use std::{error::Error, hint::black_box, time::Duration};

use criterion::{BenchmarkGroup, Criterion};
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::ChaCha12Rng};
use reward_core::{
    Engine, Fen, FolkLaw, Infeasible, Jackpot, Online, PacketBounds, PacketPlan, PlanSeed,
    RewardRules, RulesError, Split, SplitSpec, Uniform, WeightTable, Weighted, WordStream,
};

mod cpu_time;

use cpu_time::CpuTime;

const SIZES: [u32; 4] = [100, 1_000, 10_000, 1_000_000];
/// The mean packet of a contest day.
const MEAN_FEN: u64 = 143;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500))
        .sample_size(20)
        .configure_from_args();
    for parts in SIZES {
        let mut group = criterion.benchmark_group(format!("split_{parts}"));
        yardsticks(&mut group, parts);
        engines(&mut group, parts)?;
        folk(&mut group, parts)?;
        group.finish();
    }
    preparing(&mut criterion)?;
    online(&mut criterion)?;
    plan(&mut criterion);
    criterion.final_summary();
    Ok(())
}

fn spec(parts: u32, mean: u64, max: u64) -> Result<SplitSpec, Box<dyn Error>> {
    let bounds: Result<PacketBounds, RulesError> = PacketBounds::new(Fen::new(10), Fen::new(max));
    let total = Fen::new(mean.saturating_mul(u64::from(parts)));
    let spec: Result<SplitSpec, Infeasible> = SplitSpec::new(parts, total, bounds?);
    Ok(spec?)
}

fn yardsticks(group: &mut BenchmarkGroup<'_, CpuTime>, parts: u32) {
    let mut rng = ChaCha12Rng::from_seed([7; 32]);
    let bytes = usize::try_from(parts).unwrap_or(0).saturating_mul(4);
    let mut filled = vec![0; bytes];
    group.bench_function("chacha12_words", |bencher| {
        bencher.iter(|| rng.fill_bytes(black_box(&mut filled)));
    });
    group.bench_function("random_range", |bencher| {
        bencher.iter(|| (0..parts).fold(0, |folded, _| folded ^ rng.random_range(0..9_991_u32)));
    });
}

fn deck(group: &mut BenchmarkGroup<'_, CpuTime>, name: &str, law: &impl Split) {
    let mut words = WordStream::new([7; 32]);
    group.bench_function(name, |bencher| bencher.iter(|| law.draw(&mut words)));
}

fn engines(group: &mut BenchmarkGroup<'_, CpuTime>, parts: u32) -> Result<(), Box<dyn Error>> {
    // 100 packets of a whole day's money, as the smallest sensible deck; otherwise the contest's mean.
    let wide = if parts == 100 {
        spec(parts, 1_428, 10_000)?
    } else {
        spec(parts, MEAN_FEN, 10_000)?
    };
    deck(group, "exact_as_chosen", &Uniform::new(wide));
    deck(
        group,
        "exact_bars",
        &Uniform::with_engine(wide, Engine::Bars),
    );
    deck(
        group,
        "exact_tilted",
        &Uniform::with_engine(wide, Engine::Tilted),
    );
    deck(
        group,
        "exact_tight_maximum",
        &Uniform::new(spec(parts, MEAN_FEN, 300)?),
    );
    // A million packets of that mean would exceed the greatest surplus of one split.
    let middle = if parts == 1_000_000 {
        spec(parts, 2_005, 4_000)?
    } else {
        spec(parts, 5_005, 10_000)?
    };
    deck(group, "exact_middle", &Uniform::new(middle));
    deck(group, "exact_with_jackpot", &Jackpot::exactly(wide, 1)?);
    let few = spec(parts, MEAN_FEN, 1_000)?;
    let table = WeightTable::log_normal(few.bounds(), Fen::new(100), 800)?;
    deck(group, "exact_log_normal", &Weighted::new(few, &table)?);
    Ok(())
}

fn folk(group: &mut BenchmarkGroup<'_, CpuTime>, parts: u32) -> Result<(), Box<dyn Error>> {
    let wide = spec(parts, MEAN_FEN, 10_000)?;
    for law in FolkLaw::ALL {
        let mut words = WordStream::new([7; 32]);
        group.bench_function(format!("folk_{}", law.name()), |bencher| {
            bencher.iter(|| law.draw(&wide, &mut words));
        });
    }
    Ok(())
}

/// What has to be done once for a problem, at the size of a contest day.
fn preparing(criterion: &mut Criterion<CpuTime>) -> Result<(), Box<dyn Error>> {
    let mut group = criterion.benchmark_group("prepare_1000");
    yardsticks(&mut group, 1_000);
    for (name, spec) in [
        ("bars", spec(1_000, MEAN_FEN, 10_000)?),
        ("tight_maximum", spec(1_000, MEAN_FEN, 300)?),
        ("middle", spec(1_000, 5_005, 10_000)?),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| Uniform::new(black_box(spec)));
        });
    }
    group.finish();
    Ok(())
}

/// One packet from count and balance, averaged over a whole day drawn to its end.
fn online(criterion: &mut Criterion<CpuTime>) -> Result<(), Box<dyn Error>> {
    let mut group = criterion.benchmark_group("online_1000");
    yardsticks(&mut group, 1_000);
    let spec = spec(1_000, MEAN_FEN, 10_000)?;
    let mut words = WordStream::new([7; 32]);
    group.bench_function("day_packet_by_packet", |bencher| {
        bencher.iter(|| {
            let mut left = Online::new(spec);
            std::iter::from_fn(|| left.draw(&mut words))
                .fold(0, |folded, amount| folded ^ amount.get())
        });
    });
    group.finish();
    Ok(())
}

fn plan(criterion: &mut Criterion<CpuTime>) {
    let rules = RewardRules::JIANGSU_2020;
    let packets = rules
        .packets_per_day()
        .saturating_mul(2)
        .saturating_mul(u32::from(rules.days()));
    let mut group = criterion.benchmark_group("plan");
    yardsticks(&mut group, packets);
    let seed = PlanSeed::from_bytes([7; 32]);
    group.bench_function("city_of_14_decks", |bencher| {
        bencher.iter(|| PacketPlan::draw(&rules, black_box(&seed)));
    });
    group.finish();
}
