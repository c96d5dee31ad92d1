//! Ratios within a round, and their medians over all rounds.

use std::{io::Write, path::Path, time::Duration};

use benches::machine;

use crate::{Played, load::Driven, subject::Engine};

/// What one round came to.
pub(crate) struct Run {
    round: u32,
    before: String,
    after: String,
    syncs: Vec<Duration>,
    pub(crate) hello: Option<Driven>,
    pub(crate) played: Vec<(Engine, Played)>,
    /// Transactions of three inserts a second.
    pub(crate) three_inserts: Option<f64>,
}

impl Run {
    pub(crate) fn begin(round: u32, folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            round,
            before: machine::pressure(),
            after: String::new(),
            syncs: vec![machine::sync_probe(folder)?],
            hello: None,
            played: Vec::new(),
            three_inserts: None,
        })
    }

    pub(crate) fn end(&mut self, folder: &Path) -> anyhow::Result<()> {
        self.syncs.push(machine::sync_probe(folder)?);
        self.after = machine::pressure();
        Ok(())
    }

    pub(crate) fn print(&self, out: &mut impl Write) -> anyhow::Result<()> {
        writeln!(
            out,
            "round {}: {} / {}; fdatasync {:?}",
            self.round + 1,
            self.before,
            self.after,
            self.syncs
        )?;
        if let Some(hello) = &self.hello {
            print_driven(out, "hello", hello)?;
        }
        for (engine, played) in &self.played {
            print_driven(out, &format!("start+submit {engine}"), &played.journeys)?;
            print_driven(out, &format!("claim {engine}"), &played.claims)?;
        }
        if let Some(three_inserts) = self.three_inserts {
            writeln!(out, "  {:<22} {three_inserts:>9.0} /s", "ins3")?;
        }
        Ok(())
    }

    /// The round's ratios, by name.
    fn ratios(&self) -> Vec<(String, f64)> {
        let mut ratios = Vec::new();
        for (engine, played) in &self.played {
            let both = [
                ("start+submit", &played.journeys),
                ("claim", &played.claims),
            ];
            for (name, driven) in both {
                if let Some(hello) = &self.hello {
                    let ratio = driven.per_second() / hello.per_second();
                    ratios.push((format!("{name} {engine} / hello"), ratio));
                    let ratio = driven.cpu_us() / hello.cpu_us();
                    ratios.push((format!("processor time of {name} {engine} / hello"), ratio));
                }
                if let (Some(three_inserts), "claim") = (self.three_inserts, name) {
                    let ratio = driven.per_second() / three_inserts;
                    ratios.push((format!("{name} {engine} / ins3"), ratio));
                }
            }
        }
        ratios
    }
}

pub(crate) fn print_driven(
    out: &mut impl Write,
    name: &str,
    driven: &Driven,
) -> anyhow::Result<()> {
    let (half, most) = driven.latencies;
    writeln!(
        out,
        "  {name:<22} {:>9.0} /s  {:>7.1} us of processor a request ({:.0} % in the database)  p50 {:.1} ms, p99 {:.1} ms",
        driven.per_second(),
        driven.cpu_us(),
        100.0 * driven.database.as_secs_f64() / (driven.server + driven.database).as_secs_f64(),
        half.as_secs_f64() * 1e3,
        most.as_secs_f64() * 1e3,
    )?;
    Ok(())
}

/// All rounds.
#[derive(Default)]
pub(crate) struct Report {
    ratios: Vec<(String, Vec<f64>)>,
}

impl Report {
    pub(crate) fn add(&mut self, run: Run) {
        for (name, ratio) in run.ratios() {
            match self
                .ratios
                .iter_mut()
                .find(|(known, _ratios)| *known == name)
            {
                Some((_name, ratios)) => ratios.push(ratio),
                None => self.ratios.push((name, vec![ratio])),
            }
        }
    }

    pub(crate) fn print(mut self, out: &mut impl Write) -> anyhow::Result<()> {
        writeln!(out, "medians of the rounds' ratios (least to greatest)")?;
        for (name, ratios) in &mut self.ratios {
            ratios.sort_by(f64::total_cmp);
            let at = |place: usize| ratios.get(place).copied().unwrap_or(f64::NAN);
            writeln!(
                out,
                "  {name:<50} {:.2} ({:.2} to {:.2}), n = {}",
                at(ratios.len() / 2),
                at(0),
                at(ratios.len().saturating_sub(1)),
                ratios.len()
            )?;
        }
        Ok(())
    }
}
