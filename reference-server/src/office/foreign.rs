//! Files of other question banks: recognised by ending or by content, and packages of them.

use quick_xml::{Reader, events::Event};
use serde::{Deserialize, Serialize};

use super::{archive::MeasuredArchive, plain_text, refusal::Refusal};

/// A format of another question bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForeignFormat {
    /// Moodle's text format.
    Gift,
    /// Moodle's plainest text format, with a line `ANSWER:`.
    Aiken,
    /// Moodle's XML.
    MoodleXml,
    /// Items of 1EdTech's Question and Test Interoperability.
    Qti,
}

/// A file in such a format, alone or as a part of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignFile {
    /// Its name within the package.
    pub part: Option<String>,
    /// What it is written in.
    pub format: ForeignFormat,
    /// Its text.
    pub text: String,
}

impl ForeignFile {
    /// A file that is no part of a package.
    pub(super) const fn alone(format: ForeignFormat, text: String) -> Self {
        Self {
            part: None,
            format,
            text,
        }
    }
}

/// The format of a plain text that is no office's: nobody writes these marks by chance.
pub(super) fn of_text(text: &str) -> Option<ForeignFormat> {
    let begins = |mark: &str| text.lines().any(|line| line.starts_with(mark));
    if begins("::") || begins("$CATEGORY:") {
        Some(ForeignFormat::Gift)
    } else if begins("ANSWER:") {
        Some(ForeignFormat::Aiken)
    } else {
        None
    }
}

/// The format of an XML file, by the name of its root.
pub(super) fn of_xml(text: &str) -> ForeignFormat {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(root) | Event::Empty(root)) => {
                return if root.local_name().as_ref() == "quiz" {
                    ForeignFormat::MoodleXml
                } else {
                    ForeignFormat::Qti
                };
            }
            // What is no XML is refused by whoever reads it, with its place.
            Ok(Event::Eof) | Err(_) => return ForeignFormat::Qti,
            Ok(_) => {}
        }
    }
}

/// The items of a QTI package: every XML file in it but the manifest, by name.
pub(super) fn package(archive: &mut MeasuredArchive<'_>) -> Result<Vec<ForeignFile>, Refusal> {
    archive.required_part("imsmanifest.xml")?;
    let mut files = Vec::new();
    for part in archive.parts() {
        if !part.ends_with(".xml") || part == "imsmanifest.xml" {
            continue;
        }
        let text = plain_text::decode(&archive.required_part(&part)?)?;
        files.push(ForeignFile {
            format: of_xml(&text),
            part: Some(part),
            text,
        });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_marks_and_an_office_text_has_none() {
        assert_eq!(
            of_text("// 注\n::一::题{=甲 ~乙}\n"),
            Some(ForeignFormat::Gift)
        );
        assert_eq!(
            of_text("题\nA. 甲\nB. 乙\nANSWER: A\n"),
            Some(ForeignFormat::Aiken)
        );
        assert_eq!(of_text("1. 题{一}\nA. 甲\nB. 乙\n答案：A\n"), None);
        assert_eq!(
            of_xml("<?xml version=\"1.0\"?><quiz/>"),
            ForeignFormat::MoodleXml
        );
        assert_eq!(
            of_xml("<q:assessmentItem xmlns:q=\"u\">"),
            ForeignFormat::Qti
        );
        assert_eq!(of_xml("no xml"), ForeignFormat::Qti);
    }
}
