//! What a study hands in: comparisons with theory, tables, figures and the words around them; and how it is written.

use std::{fs, io, path::Path};

use crate::{figure::Figure, sampling::Mean};

/// One measured value, with its standard error, beside what theory says.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub(crate) what: String,
    pub(crate) theory: Option<f64>,
    pub(crate) measured: f64,
    pub(crate) error: f64,
}

impl Comparison {
    /// Difference in standard errors; `None` without theory.
    pub(crate) fn departure(&self) -> Option<f64> {
        let difference = self.measured - self.theory?;
        // A value that cannot vary is either right or wrong.
        Some(if difference.abs() < 1e-12 {
            0.0
        } else {
            difference / self.error
        })
    }
}

/// A table of text.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) header: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Everything that one study found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Findings {
    /// What was done, with the number of repetitions; Markdown.
    pub(crate) method: String,
    /// What it shows; Markdown.
    pub(crate) reading: String,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) tables: Vec<Table>,
    pub(crate) figure: Option<Figure>,
    /// A second picture, if one is not enough.
    pub(crate) second_figure: Option<Figure>,
}

impl Findings {
    /// Adds a value that theory predicts.
    pub(crate) fn compare(
        &mut self,
        what: impl Into<String>,
        theory: f64,
        measured: f64,
        error: f64,
    ) {
        self.comparisons.push(Comparison {
            what: what.into(),
            theory: Some(theory),
            measured,
            error,
        });
    }

    /// Adds a value for which there is no formula.
    pub(crate) fn observe(&mut self, what: impl Into<String>, measured: f64, error: f64) {
        self.comparisons.push(Comparison {
            what: what.into(),
            theory: None,
            measured,
            error,
        });
    }

    /// Adds a mean that theory predicts.
    pub(crate) fn compare_mean(&mut self, what: impl Into<String>, theory: f64, mean: &Mean) {
        self.compare(what, theory, mean.mean(), mean.error());
    }

    /// All tables, the comparisons as the first one.
    pub(crate) fn all_tables(&self) -> Vec<Table> {
        let mut tables = Vec::new();
        if !self.comparisons.is_empty() {
            tables.push(Table {
                name: "",
                header: vec![
                    "quantity",
                    "theory",
                    "measured",
                    "standard error",
                    "difference / standard error",
                ],
                rows: self.comparisons.iter().map(compared).collect(),
            });
        }
        tables.extend(self.tables.iter().cloned());
        tables
    }

    /// The pictures of a study of this name, with the names of their files.
    pub(crate) fn figures(&self, name: &str) -> impl Iterator<Item = (&Figure, String)> {
        let first = self
            .figure
            .iter()
            .map(|figure| (figure, format!("{name}.svg")));
        let second = self.second_figure.iter();
        first
            .chain(second.map(|figure| (figure, format!("{name}-2.svg"))))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Writes the CSV files and the figures of a study of this name into a folder.
    pub(crate) fn write(&self, folder: &Path, name: &str, seed: u64) -> io::Result<()> {
        for table in self.all_tables() {
            fs::write(folder.join(file_of(name, &table, "csv")), csv(&table, seed))?;
        }
        for (figure, file) in self.figures(name) {
            fs::write(folder.join(file), figure.svg())?;
        }
        Ok(())
    }
}

/// Name of a table's file.
pub(crate) fn file_of(study: &str, table: &Table, ending: &str) -> String {
    if table.name.is_empty() {
        format!("{study}.{ending}")
    } else {
        format!("{study}-{}.{ending}", table.name)
    }
}

fn compared(comparison: &Comparison) -> Vec<String> {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    vec![
        comparison.what.clone(),
        or_dash(comparison.theory.map(digits)),
        digits(comparison.measured),
        digits(comparison.error),
        or_dash(
            comparison
                .departure()
                .map(|departure| format!("{departure:+.2}")),
        ),
    ]
}

/// Five significant digits.
pub(crate) fn digits(value: f64) -> String {
    if value.abs() < 1e-300 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor();
    let shown = match magnitude {
        m if m >= 4.0 => 0,
        m if m >= 3.0 => 1,
        m if m >= 2.0 => 2,
        m if m >= 1.0 => 3,
        m if m >= -1.0 => 4,
        m if m >= -3.0 => 6,
        _ => return format!("{value:.3e}"),
    };
    format!("{value:.shown$}")
}

fn csv(table: &Table, seed: u64) -> String {
    let mut header: Vec<String> = table.header.iter().map(|&name| name.to_owned()).collect();
    header.push("seed".to_owned());
    let mut text = line(&header);
    for row in &table.rows {
        let mut row = row.clone();
        row.push(seed.to_string());
        text.push_str(&line(&row));
    }
    text
}

/// RFC 4180: a cell with a comma or a quotation mark is quoted.
fn line(cells: &[String]) -> String {
    let quoted = cells.iter().map(|cell| {
        if cell.contains([',', '"']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    });
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}

/// A table in Markdown.
pub(crate) fn markdown(table: &Table) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let header: Vec<String> = table.header.iter().map(|&name| name.to_owned()).collect();
    let rule = vec!["---".to_owned(); header.len()];
    let rows = table.rows.iter().map(|cells| row(cells));
    [row(&header), row(&rule)].into_iter().chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_departure_is_counted_in_standard_errors_and_needs_a_theory() {
        let mut findings = Findings::default();
        findings.compare("a", 2.0, 2.5, 0.25);
        findings.compare("exact", 1.0, 1.0, 0.0);
        findings.compare("wrong without spread", 1.0, 0.5, 0.0);
        findings.observe("b", 3.0, 0.1);
        let departures: Vec<_> = findings
            .comparisons
            .iter()
            .map(Comparison::departure)
            .collect();
        assert_eq!(
            departures,
            [Some(2.0), Some(0.0), Some(f64::NEG_INFINITY), None]
        );
    }

    #[test]
    fn a_cell_with_a_comma_or_a_quotation_mark_is_quoted() {
        let table = Table {
            name: "",
            header: vec!["a", "b"],
            rows: vec![vec!["1, 2".to_owned(), "say \"x\"".to_owned()]],
        };
        assert_eq!(
            csv(&table, 7),
            "a,b,seed\r\n\"1, 2\",\"say \"\"x\"\"\",7\r\n"
        );
        assert_eq!(
            markdown(&table),
            "| a | b |\n| --- | --- |\n| 1, 2 | say \"x\" |\n"
        );
    }

    #[test]
    fn values_are_written_with_five_significant_digits() {
        let shown = [0.0, 0.333_333_3, 12.345_678, 1_004.12, 999_600.4, 1.234e-7].map(digits);
        assert_eq!(
            shown,
            ["0", "0.3333", "12.346", "1004.1", "999600", "1.234e-7"]
        );
    }
}
