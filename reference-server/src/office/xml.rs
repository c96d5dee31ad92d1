//! The little of XML that office files need.

use encoding_rs::{Encoding, UTF_8};
use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesRef, BytesStart, Event},
};

use super::refusal::Refusal;

/// Decodes a part: UTF-8, or what its byte order mark says.
pub(super) fn decode(part: &str, bytes: &[u8]) -> Result<String, Refusal> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes.get(mark..).unwrap_or_default())
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| Refusal::Malformed {
            part: part.to_owned(),
            detail: "not Unicode text".to_owned(),
        })
}

/// What happens while walking through a part.
pub(super) trait Visitor {
    /// An element begins.
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), Refusal>;
    /// An element of a local name ends.
    fn end(&mut self, local_name: &str) -> Result<(), Refusal>;
    /// Characters stand between elements.
    fn characters(&mut self, text: &str);
}

/// Walks through a part; an element without content begins and ends.
pub(super) fn walk(part: &str, xml: &str, visitor: &mut impl Visitor) -> Result<(), Refusal> {
    let damaged = |error: quick_xml::Error| Refusal::Malformed {
        part: part.to_owned(),
        detail: error.to_string(),
    };
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().map_err(damaged)? {
            Event::Start(element) => visitor.start(&element)?,
            Event::End(element) => visitor.end(element.local_name().as_ref())?,
            Event::Text(text) => visitor.characters(&text.xml10_content()),
            Event::CData(text) => visitor.characters(&text.xml10_content()),
            Event::GeneralRef(reference) => visitor.characters(&resolve(&reference)),
            Event::Eof => return Ok(()),
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

/// The character of a reference; entities of the file's own are not expanded and shown as a mark.
fn resolve(reference: &BytesRef<'_>) -> String {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => character.to_string(),
        Ok(None) => resolve_xml_entity(reference)
            .unwrap_or("\u{FFFD}")
            .to_owned(),
        Err(_) => "\u{FFFD}".to_owned(),
    }
}

/// The value of an attribute by its local name.
pub(super) fn attribute(element: &BytesStart<'_>, local_name: &str) -> Option<String> {
    element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == local_name)
        .map(
            |attribute| match attribute.normalized_value(XmlVersion::Implicit1_0) {
                Ok(value) => value.into_owned(),
                Err(_) => attribute.value.into_owned(),
            },
        )
}

/// The value of an attribute that is a whole number.
pub(super) fn number(element: &BytesStart<'_>, local_name: &str) -> Option<usize> {
    attribute(element, local_name)?.trim().parse().ok()
}
