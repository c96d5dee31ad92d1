//! `tax-list`: who received how much, as a file for an office.

use std::{io::Write as _, path::Path, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::Args;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::tables::yuan;
use crate::{
    contest::tax::{self, TaxList, TwoPersons},
    web::harmless,
};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  reference-server tax-list --out received.xlsx --config contest.toml\n  reference-server tax-list --city nanjing --out nanjing.csv --config contest.toml\n  reference-server tax-list --out declared.xlsx --openids --by Wang --checker Li --config contest.toml"
)]
pub(crate) struct TaxListArguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The file to write, .csv or .xlsx; the sums by city are a second sheet, or lines at the end.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// One city; all of them unless stated.
    #[arg(long, value_name = "SLUG")]
    city: Option<String>,
    /// Add the openids; two persons answer for it, and the audit chain names them.
    #[arg(long, requires_all = ["by", "checker"])]
    openids: bool,
    /// Who asks for openids.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Who agrees.
    #[arg(long, value_name = "NAME")]
    checker: Option<String>,
}

/// Writes the list.
pub(crate) fn run(arguments: &TaxListArguments) -> anyhow::Result<ExitCode> {
    let ending = arguments.out.extension().and_then(|ending| ending.to_str());
    let write: fn(&Path, &Sheets) -> anyhow::Result<()> = match ending {
        Some("csv") => write_csv,
        Some("xlsx") => write_workbook,
        _ => bail!(
            "{}: the file must end in .csv or .xlsx",
            arguments.out.display()
        ),
    };
    let (app, runtime) = super::open(&arguments.config)?;
    let named = match (arguments.openids, &arguments.by, &arguments.checker) {
        (true, Some(maker), Some(checker)) => Some(TwoPersons {
            maker: maker.clone(),
            checker: checker.clone(),
        }),
        _ => None,
    };
    let list = runtime.block_on(tax::list(&app, arguments.city.as_deref(), named))?;
    write(&arguments.out, &sheets(&list, arguments.openids))?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} 人，共 {} 元，已写入 {}",
        list.recipients.len(),
        yuan(list.received_fen()),
        arguments.out.display()
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Both sheets: a heading and rows of text.
struct Sheets {
    recipients: Vec<Vec<String>>,
    cities: Vec<Vec<String>>,
}

fn sheets(list: &TaxList, with_openids: bool) -> Sheets {
    let owned = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
    let mut heading: Vec<String> =
        owned(&["编号", "红包个数", "金额（元）", "首次领取", "末次领取"]);
    if with_openids {
        heading.push("openid".to_owned());
    }
    let mut recipients = vec![heading];
    for row in &list.recipients {
        let mut cells = vec![
            row.person.clone(),
            row.n_packets.to_string(),
            yuan(row.received_fen),
            row.first.to_string(),
            row.last.to_string(),
        ];
        if with_openids {
            cells.push(row.openid.clone().unwrap_or_default());
        }
        recipients.push(cells);
    }
    let mut cities = vec![owned(&["城市", "人数", "红包个数", "金额（元）"])];
    for row in &list.cities {
        cities.push(vec![
            row.city.clone(),
            row.n_recipients.to_string(),
            row.n_packets.to_string(),
            yuan(row.received_fen),
        ]);
    }
    let n_packets: usize = list.cities.iter().map(|row| row.n_packets).sum();
    cities.push(vec![
        "合计".to_owned(),
        list.recipients.len().to_string(),
        n_packets.to_string(),
        yuan(list.received_fen()),
    ]);
    Sheets { recipients, cities }
}

fn write_csv(path: &Path, sheets: &Sheets) -> anyhow::Result<()> {
    let text = csv_text(sheets)?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Both tables one below the other; the mark at the beginning tells office programs that it is UTF-8.
fn csv_text(sheets: &Sheets) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer("\u{feff}".as_bytes().to_vec());
    for row in sheets.recipients.iter().chain(&sheets.cities) {
        writer.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    Ok(writer.into_inner()?)
}

fn write_workbook(path: &Path, sheets: &Sheets) -> anyhow::Result<()> {
    workbook(sheets)
        .and_then(|mut workbook| workbook.save(path))
        .map_err(|error| anyhow::anyhow!("cannot write {}: {error}", path.display()))
}

/// Every cell as text, so that nothing in it can be a formula.
fn workbook(sheets: &Sheets) -> Result<Workbook, XlsxError> {
    let bold = Format::new().set_bold();
    let plain = Format::new();
    let mut workbook = Workbook::new();
    for (name, rows) in [("领取人", &sheets.recipients), ("汇总", &sheets.cities)] {
        let worksheet = workbook.add_worksheet().set_name(name)?;
        for (row, cells) in (0..).zip(rows) {
            let format = if row == 0 { &bold } else { &plain };
            for (column, cell) in (0..).zip(cells) {
                worksheet.write_string_with_format(row, column, cell, format)?;
            }
        }
        worksheet.autofit();
    }
    Ok(workbook)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_list_becomes_a_formula() {
        for sign in ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'] {
            let cell = format!("{sign}HYPERLINK(\"http://evil\")");
            let sheets = Sheets {
                recipients: vec![vec![cell.clone()]],
                cities: Vec::new(),
            };
            let text = String::from_utf8(csv_text(&sheets).unwrap()).unwrap();
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let row = reader.records().next().unwrap().unwrap();
            assert_eq!(row.get(0), Some(format!("'{cell}").as_str()));
        }
        assert_eq!(harmless("oABC"), "oABC");
    }
}
