//! The laboratory: measures the laws, plans and releases of reward-core, beside theory, as CSV, SVG and a report.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program on the command line talks to its user"
)]

mod city;
mod continuous;
mod figure;
mod report;
mod sampling;
mod studies;
mod study;
mod theory;

use std::{env, error::Error, fs, path::PathBuf, process::ExitCode, time::Instant};

use studies::{STUDIES, Study};

const HELP: &str = "\
Measures how fair the laws, plans and releases of reward-core are, beside theory.

Usage: fairness [all | STUDY...] [--out DIR] [--seed N]

  all          every study, and the report over all of them
  STUDY        one or more of the names below
  --out DIR    where CSV, SVG and README.md go [default: target/fairness]
  --seed N     what everything random follows from [default: 20200422]
  --help       this text

Writes STUDY.csv and STUDY.svg for each study, and README.md over those that were run.
The committed report is made by: fairness all --out benches/report

Studies:
";

/// What the command line asks for.
struct Request {
    studies: Vec<&'static Study>,
    out: PathBuf,
    seed: u64,
}

fn names() -> String {
    let lines = STUDIES
        .iter()
        .map(|study| format!("  {:<18} {}\n", study.name, study.title));
    lines.collect()
}

/// Reads the arguments; `None` asks for the help.
fn request(arguments: impl Iterator<Item = String>) -> Result<Option<Request>, String> {
    let mut request = Request {
        studies: Vec::new(),
        out: PathBuf::from("target/fairness"),
        seed: 20_200_422,
    };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let mut value = |name: &str| arguments.next().ok_or(format!("{name} needs a value"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--out" => request.out = PathBuf::from(value("--out")?),
            "--seed" => {
                let text = value("--seed")?;
                request.seed = text
                    .parse()
                    .map_err(|_| format!("{text:?} is no whole number"))?;
            }
            "all" => request.studies.extend(&STUDIES),
            name => match STUDIES.iter().find(|study| study.name == name) {
                Some(study) => request.studies.push(study),
                None => {
                    return Err(format!(
                        "there is no study {name:?}; there are\n{}",
                        names()
                    ));
                }
            },
        }
    }
    if request.studies.is_empty() {
        request.studies.extend(&STUDIES);
    }
    Ok(Some(request))
}

fn run(request: &Request) -> Result<report::Departures, Box<dyn Error>> {
    fs::create_dir_all(&request.out)?;
    let start = Instant::now();
    let mut done = Vec::new();
    let mut departures = report::Departures::default();
    for study in &request.studies {
        let own = Instant::now();
        let findings = (study.run)(request.seed)?;
        findings.write(&request.out, study.name, request.seed)?;
        departures.count(&findings);
        println!("{:<18} {:>6.1} s", study.name, own.elapsed().as_secs_f64());
        done.push((*study, findings));
    }
    fs::write(
        request.out.join("README.md"),
        report::text(&done, request.seed),
    )?;
    println!(
        "{} comparisons with theory, {} beyond three standard errors; {:.0} s; written to {}",
        departures.compared,
        departures.beyond_three,
        start.elapsed().as_secs_f64(),
        request.out.display()
    );
    Ok(departures)
}

fn main() -> ExitCode {
    match request(env::args().skip(1)) {
        Ok(None) => {
            print!("{HELP}{}", names());
            ExitCode::SUCCESS
        }
        Ok(Some(request)) => match run(&request) {
            Ok(_) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        },
        Err(refusal) => {
            eprintln!("error: {refusal}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &[&str]) -> Result<Option<Request>, String> {
        request(words.iter().map(|&word| word.to_owned()))
    }

    #[test]
    fn an_unknown_study_is_answered_with_the_list_of_all() {
        let Err(answer) = asked(&["field", "fairness"]) else {
            panic!("there is no such study")
        };
        assert!(answer.contains("\"fairness\""));
        for study in &STUDIES {
            assert!(answer.contains(study.name), "{} is not listed", study.name);
        }
    }

    #[test]
    fn studies_folder_and_seed_are_taken_from_the_command_line() {
        let request = asked(&["field", "speed", "--out", "x", "--seed", "7"])
            .unwrap()
            .unwrap();
        let names: Vec<&str> = request.studies.iter().map(|study| study.name).collect();
        assert_eq!(names, ["field", "speed"]);
        assert_eq!((request.out, request.seed), (PathBuf::from("x"), 7));
        let everything = asked(&[]).unwrap().unwrap();
        assert_eq!(everything.studies.len(), STUDIES.len());
        assert!(asked(&["--help"]).unwrap().is_none());
        assert!(asked(&["--seed", "seven"]).is_err());
        assert!(asked(&["--out"]).is_err());
    }

    #[test]
    fn no_two_studies_share_a_name() {
        let names: std::collections::BTreeSet<&str> =
            STUDIES.iter().map(|study| study.name).collect();
        assert_eq!(names.len(), STUDIES.len());
    }
}
