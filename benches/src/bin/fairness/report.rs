//! The report: every study with its question, method, table, figure and reading, in Markdown.

use std::fmt::Write as _;

use crate::{
    studies::Study,
    study::{Findings, digits, markdown},
};

/// Tables longer than this stand in their CSV file only.
const LONGEST: usize = 64;

/// Departures from theory over all studies: how many were compared, and how many lie beyond two and three errors.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Departures {
    pub(crate) compared: u32,
    pub(crate) beyond_two: u32,
    pub(crate) beyond_three: u32,
    pub(crate) greatest: f64,
}

impl Departures {
    /// Counts the comparisons of one study.
    pub(crate) fn count(&mut self, findings: &Findings) {
        for departure in findings
            .comparisons
            .iter()
            .filter_map(super::study::Comparison::departure)
        {
            self.compared += 1;
            self.beyond_two += u32::from(departure.abs() > 2.0);
            self.beyond_three += u32::from(departure.abs() > 3.0 || departure.is_nan());
            self.greatest = self.greatest.max(departure.abs());
        }
    }
}

/// Returns the report as the text of a Markdown file.
pub(crate) fn text(done: &[(&Study, Findings)], seed: u64) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _: std::fmt::Result = write(&mut out, done, seed);
    out
}

fn write(out: &mut String, done: &[(&Study, Findings)], seed: u64) -> std::fmt::Result {
    let mut departures = Departures::default();
    done.iter()
        .for_each(|(_, findings)| departures.count(findings));
    writeln!(
        out,
        "# Fairness of a red-packet contest: a laboratory report\n"
    )?;
    writeln!(
        out,
        "Written by `cargo run --release -p benches --bin fairness -- all --seed {seed}`; nothing on this page is typed by hand.\n\
         Everything random follows from the seed, whatever the number of cores; only the study of speed depends on the machine.\n"
    )?;
    writeln!(out, "## Summary\n")?;
    let Departures {
        compared,
        beyond_two,
        beyond_three,
        greatest,
    } = departures;
    writeln!(
        out,
        "{compared} measured values have a theory beside them: {beyond_two} lie beyond two standard errors, where chance alone \
         puts {:.0}, and {beyond_three} beyond three, where chance puts {:.1}; the greatest departure is {}.\n",
        0.0455 * f64::from(compared),
        0.0027 * f64::from(compared),
        digits(greatest)
    )?;
    writeln!(out, "| study | what it shows |\n| --- | --- |")?;
    for (study, findings) in done {
        let anchor = anchor(study.title);
        let first = findings
            .reading
            .split(". ")
            .next()
            .unwrap_or_default()
            .trim_end_matches('.');
        writeln!(out, "| [{}](#{anchor}) | {first}. |", study.title)?;
    }
    for (study, findings) in done {
        section(out, study, findings)?;
    }
    writeln!(
        out,
        "\n## Limits\n\n\
         Arrivals, rushes and scripts are models: their shape is stated with each study and nobody has measured a contest's own.\n\
         Shares of money are those of the model's populations; only their order and size should be carried over.\n\
         Standard errors are those of independent repetitions; places of one deck are slightly dependent, which matters for no \
         conclusion here."
    )
}

fn section(out: &mut String, study: &Study, findings: &Findings) -> std::fmt::Result {
    let name = study.name;
    writeln!(out, "\n## {}\n", study.title)?;
    writeln!(
        out,
        "**Method.** {}\n\n**Reading.** {}\n",
        findings.method, findings.reading
    )?;
    for (figure, file) in findings.figures(name) {
        writeln!(out, "![{}]({file})\n", figure.title)?;
    }
    for table in findings.all_tables() {
        let file = super::study::file_of(name, &table, "csv");
        if table.rows.len() <= LONGEST {
            writeln!(out, "{}", markdown(&table))?;
        } else {
            let mut head = table.clone();
            head.rows.truncate(12);
            writeln!(
                out,
                "{}\nThe first 12 of {} lines.",
                markdown(&head),
                table.rows.len()
            )?;
        }
        writeln!(out, "Table as CSV: [{file}]({file}).\n")?;
    }
    writeln!(
        out,
        "```text\ncargo run --release -p benches --bin fairness -- {name}\n```"
    )
}

/// The anchor that a heading gets, as Markdown viewers make it.
fn anchor(title: &str) -> String {
    let kept = title
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter })
        .flat_map(char::to_lowercase)
        .collect()
}
