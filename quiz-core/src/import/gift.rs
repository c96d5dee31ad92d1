//! Questions in the GIFT format: text with the answers in braces.
//!
//! Source: Moodle's documentation of the format, "GIFT format" (docs.moodle.org).

use super::{
    Import, MOST_FINDINGS, Place, Positioned, close,
    cursor::Cursor,
    html::{has_markup, plain},
    literal::{LiteralItem, LiteralOption, refused_kind},
};
use crate::{Finding, FindingCode};

/// Reads every question of a text.
///
/// Blank lines part questions, `//` begins a comment, `$CATEGORY:` is passed over, a backslash takes the meaning
/// from `~ = # { } :` and makes a line feed of `n`.
/// One `=` among `~` is a question; several answers, true or false, numbers, matching, short answers and
/// essays are refused by their kind.
/// An option may have a weight or a feedback, which is left out; the feedback of the right one becomes the
/// explanation if there is no general one.
/// Lines at the end of the general feedback that begin with 依据： and 法条时点： are source and day.
///
/// ```
/// let import = quiz_core::import::gift::read("gift.txt", "::1:: 1 + 1 \\= {~1 =2 ####Count.}\n\nTrue? {T}\n");
/// assert_eq!(import.questions[0].value.stem(), "1 + 1 =");
/// assert_eq!(import.questions[0].value.explanation(), Some("Count."));
/// assert_eq!(import.findings[0].reading.as_deref(), Some("判断题"));
/// ```
#[must_use]
pub fn read(file: &str, text: &str) -> Import {
    let mut import = Import::default();
    let mut cursor = Cursor::new(file, text);
    let mut atoms: Vec<Atom> = Vec::new();
    let mut offset = 0_usize;
    for line in text.split('\n').chain([""]) {
        if line.trim().is_empty() {
            if import.findings.len() < MOST_FINDINGS {
                import.extend(block(&mut cursor, &atoms));
            }
            atoms.clear();
        } else {
            let is_passed_over = line.trim_start().starts_with("//")
                || (atoms.is_empty() && line.trim_start().starts_with("$CATEGORY:"));
            if !is_passed_over {
                read_line(line, offset, &mut atoms);
            }
        }
        offset = offset.saturating_add(line.len()).saturating_add(1);
    }
    close(&mut import, Place::line(file, 1), None);
    import
}

/// One character as it counts.
#[derive(Clone, Copy)]
struct Atom {
    character: char,
    /// Whether a backslash took its meaning.
    is_escaped: bool,
    offset: usize,
}

fn read_line(line: &str, offset: usize, atoms: &mut Vec<Atom>) {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut characters = line.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let offset = offset.saturating_add(at);
        let next = characters.peek().map(|(_, next)| *next);
        let escaped = next.filter(|n| character == '\\' && "~=#{}:\\n".contains(*n));
        if escaped.is_some() {
            characters.next();
        }
        let meant = if escaped == Some('n') {
            '\n'
        } else {
            escaped.unwrap_or(character)
        };
        atoms.push(Atom {
            character: meant,
            is_escaped: escaped.is_some(),
            offset,
        });
    }
    atoms.push(Atom {
        character: '\n',
        is_escaped: false,
        offset: offset.saturating_add(line.len()),
    });
}

fn is(atom: &Atom, character: char) -> bool {
    !atom.is_escaped && atom.character == character
}

fn is_space(atom: &Atom) -> bool {
    !atom.is_escaped && atom.character.is_whitespace()
}

/// Without unescaped white space at the ends.
fn trimmed(atoms: &[Atom]) -> &[Atom] {
    let begin = atoms
        .iter()
        .position(|a| !is_space(a))
        .unwrap_or(atoms.len());
    let end = atoms
        .iter()
        .rposition(|a| !is_space(a))
        .map_or(begin, |last| last.saturating_add(1));
    atoms.get(begin..end).unwrap_or_default()
}

fn split_at(atoms: &[Atom], index: usize) -> (&[Atom], &[Atom]) {
    atoms.split_at_checked(index).unwrap_or((atoms, &[]))
}

/// What is before and behind the first unescaped `mark`.
fn cut(atoms: &[Atom], mark: char) -> Option<(&[Atom], &[Atom])> {
    let at = atoms.iter().position(|atom| is(atom, mark))?;
    let (before, from) = split_at(atoms, at);
    Some((before, from.get(1..).unwrap_or_default()))
}

fn raw(atoms: &[Atom]) -> String {
    atoms.iter().map(|atom| atom.character).collect()
}

/// Format of a text, such as `[html]`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// HTML or not: Moodle's own.
    Unknown,
    Html,
    Plain,
}

/// The question of one block of lines.
fn block(cursor: &mut Cursor<'_>, atoms: &[Atom]) -> Import {
    let atoms = trimmed(atoms);
    let Some(first) = atoms.first() else {
        return Import::default();
    };
    let place = cursor.place(first.offset).whole_row();
    let body = trimmed(without_title(atoms));
    let refused = |code: FindingCode| {
        Import::of_item(None, vec![Finding::new(code, place.clone(), raw(body))])
    };
    let Some((before, from)) = cut(body, '{') else {
        let has_end = body.iter().any(|atom| is(atom, '}'));
        let code = if has_end {
            FindingCode::Malformed
        } else {
            FindingCode::SkippedLine
        };
        return refused(code);
    };
    let Some((answers, behind)) = cut(from, '}') else {
        return refused(FindingCode::Malformed);
    };
    if before.iter().chain(behind).any(|atom| is(atom, '}')) {
        return refused(FindingCode::Malformed);
    }
    let mut findings = Vec::new();
    let (stem_format, before) = format(trimmed(before), Format::Unknown);
    let mut stem = text(cursor, before, stem_format, &mut findings);
    let (answers, general) = general_feedback(trimmed(answers));
    if let Some(kind) = other_kind(answers) {
        return refused_kind(place, &stem.value, kind);
    }
    if !answers.first().is_some_and(|a| is(a, '~') || is(a, '=')) {
        return refused(FindingCode::Malformed);
    }
    let (options, mut explanation) = options(cursor, answers, stem_format, &mut findings);
    if let Some(general) = general {
        let (format, general) = format(trimmed(general), stem_format);
        let general = text(cursor, general, format, &mut findings);
        if !general.value.trim().is_empty()
            && let Some(left_out) = explanation.replace(general)
        {
            findings.push(Finding::new(
                FindingCode::LeftOut,
                left_out.place,
                left_out.value,
            ));
        }
    }
    let behind = trimmed(behind);
    if !behind.is_empty() {
        let rest = text(cursor, behind, stem_format, &mut findings);
        stem.value = format!("{}_____{}", stem.value, rest.value);
    }
    let item = LiteralItem {
        place,
        stem,
        options,
        explanation: explanation.map(|words| words.value),
        findings,
    };
    item.judge()
}

/// The block without its title between two pairs of colons.
fn without_title(atoms: &[Atom]) -> &[Atom] {
    let is_pair = |pair: &[Atom]| pair.iter().all(|atom| is(atom, ':'));
    let Some(inside) = atoms.get(..2).filter(|p| is_pair(p)).and(atoms.get(2..)) else {
        return atoms;
    };
    let end = inside.windows(2).position(is_pair);
    end.and_then(|at| inside.get(at.saturating_add(2)..))
        .unwrap_or(inside)
}

/// The answers, and what follows the last `####`.
fn general_feedback(answers: &[Atom]) -> (&[Atom], Option<&[Atom]>) {
    let is_mark = |four: &[Atom]| four.iter().all(|atom| is(atom, '#'));
    match answers.windows(4).rposition(is_mark) {
        Some(at) => {
            let (before, from) = split_at(answers, at);
            (trimmed(before), from.get(4..))
        }
        None => (answers, None),
    }
}

/// The kind of answers that are not single choice.
fn other_kind(answers: &[Atom]) -> Option<&'static str> {
    let has = |mark: char| answers.iter().any(|atom| is(atom, mark));
    let Some(first) = answers.first() else {
        return Some("问答题");
    };
    if is(first, '#') {
        return Some("数值题");
    }
    if has('~') {
        return (!is_single(answers)).then_some("多选题");
    }
    let word = cut(answers, '#').map_or(answers, |(before, _)| before);
    let word = raw(trimmed(word));
    if ["T", "TRUE", "F", "FALSE"].contains(&word.as_str()) {
        return Some("判断题");
    }
    let has_arrow = answers
        .windows(2)
        .any(|pair| matches!(pair, [dash, arrow] if is(dash, '-') && is(arrow, '>')));
    if has('=') {
        return Some(if has_arrow { "匹配题" } else { "简答题" });
    }
    None
}

/// Whether the answers are those of a single choice: one is marked `=`, or one alone weighs 100 %.
fn is_single(answers: &[Atom]) -> bool {
    let weights: Vec<Weight> = pieces(answers)
        .iter()
        .map(|piece| weight(piece).0)
        .collect();
    let n = |wanted: Weight| weights.iter().filter(|w| **w == wanted).count();
    n(Weight::Key) > 0 || (n(Weight::Whole) == 1 && n(Weight::Part) == 0)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// Marked `=`.
    Key,
    /// `~%100%`.
    Whole,
    /// `~%50%` and the like.
    Part,
    /// `~%-50%` and the like.
    Penalty,
    None,
}

/// Answers, each beginning with its `~` or `=`.
fn pieces(answers: &[Atom]) -> Vec<&[Atom]> {
    let mut begins: Vec<usize> = Vec::new();
    for (index, atom) in answers.iter().enumerate() {
        if is(atom, '~') || is(atom, '=') {
            let glued = is(atom, '=')
                && begins.last().is_some_and(|last| {
                    let between = answers.get(last.saturating_add(1)..index);
                    between.is_some_and(|atoms| atoms.iter().all(is_space))
                        && answers.get(*last).is_some_and(|a| is(a, '~'))
                });
            if glued {
                begins.pop();
            }
            begins.push(index);
        }
    }
    let ends = begins.iter().skip(1).copied().chain([answers.len()]);
    let piece = |(begin, end): (&usize, usize)| answers.get(*begin..end);
    begins.iter().zip(ends).filter_map(piece).collect()
}

/// Weight of an answer and the words behind it.
fn weight(piece: &[Atom]) -> (Weight, &[Atom]) {
    let Some((mark, words)) = piece.split_first() else {
        return (Weight::None, piece);
    };
    let words = trimmed(words);
    let plain = if is(mark, '=') {
        Weight::Key
    } else {
        Weight::None
    };
    let inside = words.first().filter(|a| is(a, '%')).and(words.get(1..));
    let Some((number, behind)) = inside.and_then(|inside| {
        const LONGEST: usize = 12;
        let end = inside.iter().take(LONGEST).position(|atom| is(atom, '%'))?;
        let (number, from) = split_at(inside, end);
        Some((raw(number), from.get(1..)?))
    }) else {
        return (plain, words);
    };
    let digits = number.strip_prefix('-').unwrap_or(&number);
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    if !is_number {
        return (plain, words);
    }
    let is_zero = digits.chars().all(|c| matches!(c, '0' | '.'));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let weight = if is_zero {
        Weight::None
    } else if number.starts_with('-') {
        Weight::Penalty
    } else if whole == "100" && part.chars().all(|c| c == '0') {
        if is(mark, '=') {
            Weight::Key
        } else {
            Weight::Whole
        }
    } else {
        Weight::Part
    };
    (weight, behind)
}

/// The options, and the feedback of the right one.
fn options(
    cursor: &mut Cursor<'_>,
    answers: &[Atom],
    stem_format: Format,
    findings: &mut Vec<Finding>,
) -> (Vec<LiteralOption>, Option<Positioned<String>>) {
    let mut of_key = None;
    let mut options = Vec::new();
    for piece in pieces(answers) {
        let (weight, words) = weight(piece);
        let (words, feedback) = cut(words, '#').map_or((words, None), |(w, f)| (w, Some(f)));
        let (format_of_option, words) = format(trimmed(words), stem_format);
        let words = text(cursor, words, format_of_option, findings);
        let is_key = matches!(weight, Weight::Key | Weight::Whole);
        if matches!(weight, Weight::Part | Weight::Penalty) {
            let finding = Finding::new(FindingCode::LeftOut, words.place.clone(), raw(piece));
            findings.push(finding);
        }
        if let Some(feedback) = feedback.map(trimmed).filter(|f| !f.is_empty()) {
            let (format, feedback) = format(feedback, stem_format);
            let feedback = text(cursor, feedback, format, findings);
            if is_key && of_key.is_none() {
                of_key = Some(feedback);
            } else {
                let finding = Finding::new(FindingCode::LeftOut, feedback.place, feedback.value);
                findings.push(finding);
            }
        }
        options.push(LiteralOption {
            words,
            is_key,
            is_pinned: false,
        });
    }
    (options, of_key)
}

/// Takes a format such as `[html]` off a text.
fn format(atoms: &[Atom], otherwise: Format) -> (Format, &[Atom]) {
    const LONGEST: usize = 12;
    let inside = atoms.first().filter(|a| is(a, '[')).and(atoms.get(1..));
    let found = inside.and_then(|inside| {
        let end = inside.iter().take(LONGEST).position(|atom| is(atom, ']'))?;
        let (name, from) = split_at(inside, end);
        let format = match raw(name).as_str() {
            "html" => Format::Html,
            "moodle" => Format::Unknown,
            "plain" | "markdown" => Format::Plain,
            _ => return None,
        };
        Some((format, trimmed(from.get(1..)?)))
    });
    found.unwrap_or((otherwise, atoms))
}

/// Text as shown, with its place.
fn text(
    cursor: &mut Cursor<'_>,
    atoms: &[Atom],
    format: Format,
    findings: &mut Vec<Finding>,
) -> Positioned<String> {
    let written = raw(atoms);
    let place = match atoms.first() {
        Some(first) => cursor.place(first.offset),
        None => cursor.place(0),
    };
    let is_html = match format {
        Format::Html => true,
        Format::Unknown => has_markup(&written),
        Format::Plain => false,
    };
    if !is_html {
        return Positioned {
            place,
            value: written,
        };
    }
    let shown = plain(&written);
    shown.report(&place, findings);
    Positioned {
        place,
        value: shown.text,
    }
}
