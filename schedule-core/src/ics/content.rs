//! Content lines of iCalendar: escaping, folding, and taking both back (RFC 5545, 3.1 and 3.3.11).

/// The most octets of a line, its end not counted.
const MAX_OCTETS: usize = 75;

/// Appends `NAME:value`, folded between characters, never inside one.
pub(super) fn push_line(file: &mut String, name: &str, value: &str) {
    let mut n_octets = 0_usize;
    for letter in name.chars().chain([':']).chain(value.chars()) {
        let after = n_octets.saturating_add(letter.len_utf8());
        if after > MAX_OCTETS {
            file.push_str("\r\n ");
            n_octets = letter.len_utf8().saturating_add(1);
        } else {
            n_octets = after;
        }
        file.push(letter);
    }
    file.push_str("\r\n");
}

/// Escapes a text; a line break becomes `\n`, other control characters become spaces.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.replace("\r\n", "\n").chars() {
        match letter {
            '\\' | ';' | ',' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            '\n' => escaped.push_str("\\n"),
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Takes the escapes back; an unknown one keeps its letter.
pub(super) fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(letter) => text.push(letter),
                None => {}
            },
            letter => text.push(letter),
        }
    }
    text
}

/// One unfolded content line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    /// Where it begins, from 1.
    pub(super) line: u32,
    /// In capitals.
    pub(super) name: String,
    pub(super) value: String,
}

/// Unfolds a file; lines without a colon are dropped. Ends of lines may be bare.
pub(super) fn properties(file: &str) -> Vec<Property> {
    let file = file.strip_prefix('\u{feff}').unwrap_or(file);
    let mut unfolded: Vec<(u32, String)> = Vec::new();
    for (number, line) in (1..).zip(file.lines()) {
        match (line.strip_prefix([' ', '\t']), unfolded.last_mut()) {
            (Some(rest), Some((_, above))) => above.push_str(rest),
            _ => unfolded.push((number, line.into())),
        }
    }
    let property = |(line, text): (u32, String)| {
        let colon = value_colon(&text)?;
        let (head, value) = text.split_at_checked(colon)?;
        let name = head.split(';').next().unwrap_or(head);
        Some(Property {
            line,
            name: name.trim().to_ascii_uppercase(),
            value: value.get(1..)?.to_owned(),
        })
    };
    unfolded.into_iter().filter_map(property).collect()
}

/// The colon before the value; parameters may hold colons inside quotes.
fn value_colon(line: &str) -> Option<usize> {
    let mut is_quoted = false;
    let mut letters = line.char_indices();
    letters.find_map(|(at, letter)| {
        is_quoted ^= letter == '"';
        (letter == ':' && !is_quoted).then_some(at)
    })
}
