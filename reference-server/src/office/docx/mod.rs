//! Documents of Word: paragraphs and tables in order, with the numbers that Word itself writes.

mod body;
mod numbering;
mod numerals;
mod styles;

use quick_xml::events::BytesStart;

use self::{body::Body, numbering::Numbering, styles::Styles};
use super::{
    archive::MeasuredArchive,
    content::Block,
    refusal::Refusal,
    xml::{Visitor, attribute, decode, walk},
};

const RELATIONSHIPS: &str = "_rels/.rels";
const USUAL_DOCUMENT: &str = "word/document.xml";

/// Reads a document.
pub(super) fn read(archive: &mut MeasuredArchive<'_>) -> Result<Vec<Block>, Refusal> {
    let document = document_part(archive)?;
    let folder = document
        .rsplit_once('/')
        .map_or_else(String::new, |(folder, _)| format!("{folder}/"));
    let numbering = match text(archive, &format!("{folder}numbering.xml"))? {
        Some(xml) => Numbering::parse(&xml)?,
        None => Numbering::default(),
    };
    let styles = match text(archive, &format!("{folder}styles.xml"))? {
        Some(xml) => Styles::parse(&xml)?,
        None => Styles::default(),
    };
    let xml = decode(&document, &archive.required_part(&document)?)?;
    let mut body = Body::new(numbering, styles);
    walk(&document, &xml, &mut body)?;
    Ok(body.into_blocks())
}

/// The name of the part that holds the text.
fn document_part(archive: &mut MeasuredArchive<'_>) -> Result<String, Refusal> {
    let mut relationships = Relationships::default();
    if let Some(xml) = text(archive, RELATIONSHIPS)? {
        walk(RELATIONSHIPS, &xml, &mut relationships)?;
    }
    Ok(relationships
        .document
        .unwrap_or_else(|| USUAL_DOCUMENT.to_owned()))
}

fn text(archive: &mut MeasuredArchive<'_>, part: &str) -> Result<Option<String>, Refusal> {
    archive
        .part(part)?
        .map(|bytes| decode(part, &bytes))
        .transpose()
}

/// Finds the part that the package names as its document.
#[derive(Debug, Default)]
struct Relationships {
    document: Option<String>,
}

impl Visitor for Relationships {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), Refusal> {
        let is_document =
            attribute(element, "Type").is_some_and(|kind| kind.ends_with("/officeDocument"));
        if is_document && let Some(target) = attribute(element, "Target") {
            self.document = Some(target.trim_start_matches('/').to_owned());
        }
        Ok(())
    }

    fn end(&mut self, _local_name: &str) -> Result<(), Refusal> {
        Ok(())
    }

    fn characters(&mut self, _text: &str) {}
}
