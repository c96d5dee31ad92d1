//! Prints the medians of the last criterion run as ratios to the yardstick of their group.
//!
//! Run it after `cargo bench -p benches`, from the folder that holds `target`, or name criterion's folder:
//! `cargo run -p benches --example ratios -- target/criterion`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{collections::BTreeMap, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let root = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "target/criterion".to_owned());
    for group in fs::read_dir(&root)? {
        let group = group?.path();
        let medians = medians(&group)?;
        let yardstick = medians
            .iter()
            .find(|(name, _)| name.starts_with("yardstick"))
            .or_else(|| medians.iter().find(|(name, _)| name.ends_with("words")));
        let Some((yardstick_name, yardstick)) = yardstick else {
            continue;
        };
        println!(
            "{} (1.00 = {yardstick_name}, {yardstick:.1} ns)",
            group.display()
        );
        for (name, median) in &medians {
            println!("  {:6.2}  {median:12.1} ns  {name}", median / yardstick);
        }
    }
    Ok(())
}

/// Median in nanoseconds of each function of a group.
fn medians(group: &Path) -> Result<BTreeMap<String, f64>, Box<dyn Error>> {
    let mut medians = BTreeMap::new();
    if !group.is_dir() {
        return Ok(medians);
    }
    for function in fs::read_dir(group)? {
        let function = function?;
        let Ok(estimates) = fs::read_to_string(function.path().join("new/estimates.json")) else {
            continue;
        };
        if let Some(median) = median(&estimates) {
            medians.insert(function.file_name().to_string_lossy().into_owned(), median);
        }
    }
    Ok(medians)
}

/// The number after `"point_estimate":` of the object `"median"`.
fn median(estimates: &str) -> Option<f64> {
    let (_, median) = estimates.split_once("\"median\":")?;
    let (_, estimate) = median.split_once("\"point_estimate\":")?;
    let end = estimate.find([',', '}'])?;
    estimate.get(..end)?.trim().parse().ok()
}
