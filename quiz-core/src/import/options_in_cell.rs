//! Several options in one cell of a table, alone or behind the stem.

use super::{
    Positioned,
    labels::{Split, split_line, split_stem},
};
use crate::{Finding, FindingCode, MIN_CHOICES};

/// Options of a cell: a line each, between upright strokes or semicolons, or after their letters.
pub(super) fn split_options(
    cell: &Positioned<String>,
    findings: &mut Vec<Finding>,
) -> Vec<Positioned<String>> {
    let text = cell.value.trim();
    let parts = parts(text, &['\n', '|', '｜']);
    if parts.len() >= MIN_CHOICES {
        return placed(cell, &parts);
    }
    let split = split_line(text).filter(|split| split.first == 0 && !split.is_ambiguous);
    match split {
        Some(split) => {
            if !split.is_literal() {
                note(cell, &split.options, findings);
            }
            placed(cell, &split.options)
        }
        None => placed(cell, &self::parts(text, &[';', '；'])),
    }
}

/// Options behind the stem in its cell, which keeps the words before them; none if there are none.
pub(super) fn split_question(
    cell: &mut Positioned<String>,
    findings: &mut Vec<Finding>,
) -> Vec<Positioned<String>> {
    let text = cell.value.trim().trim_matches('"');
    let (stem, options) = match lettered(text) {
        Some(found) => found,
        None => {
            let mut parts = parts(text, &['|', '｜']);
            if parts.len() <= MIN_CHOICES {
                return Vec::new();
            }
            let options = parts.split_off(1);
            (parts.concat(), options)
        }
    };
    note(cell, &options, findings);
    let options = placed(cell, &options);
    cell.value = stem;
    options
}

/// Stem and options of a text with letters: on lines of their own, or all on the line of the stem.
fn lettered(text: &str) -> Option<(String, Vec<String>)> {
    if let Some(split) = split_stem(text).filter(|_| !text.contains('\n')) {
        return Some((split.before, split.options));
    }
    let mut stem = Vec::new();
    let mut options: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let next = split_line(line)
            .filter(|split: &Split| split.first == options.len() && !split.is_ambiguous);
        match next {
            Some(split) => options.extend(split.options),
            None if options.is_empty() => stem.push(line),
            None => return None,
        }
    }
    (options.len() >= MIN_CHOICES && !stem.is_empty()).then(|| (stem.join("\n"), options))
}

fn parts(text: &str, separators: &[char]) -> Vec<String> {
    text.split(separators)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn placed(cell: &Positioned<String>, texts: &[String]) -> Vec<Positioned<String>> {
    let part = |text: &String| Positioned {
        place: cell.place.clone(),
        value: text.clone(),
    };
    texts.iter().map(part).collect()
}

fn note(cell: &Positioned<String>, options: &[String], findings: &mut Vec<Finding>) {
    let finding = Finding::new(
        FindingCode::SplitOptions,
        cell.place.clone(),
        cell.value.trim(),
    );
    findings.push(finding.read_as(options.join(" | ")));
}
