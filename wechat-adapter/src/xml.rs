//! The small part of XML that WeChat speaks: elements, text, CDATA; no attributes, no declared entities.

use quick_xml::events::Event;
use quick_xml::reader::Reader;

use crate::error::Unreadable;

/// Deeper than any document of WeChat, and shallow enough for any stack.
const MAX_DEPTH: usize = 8;

/// One element: its own text, and its children in order.
#[derive(Debug, Default)]
pub(crate) struct Element {
    name: String,
    text: String,
    children: Vec<Self>,
}

impl Element {
    /// The text of the first child called `name`.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// The first child called `name`.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every child called `name`, in order.
    pub(crate) fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Name and text of every child that has no children itself, in order.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = (&str, &str)> {
        self.children
            .iter()
            .filter(|child| child.children.is_empty())
            .map(|child| (child.name.as_str(), child.text.as_str()))
    }
}

/// Reads a document and returns its root element; cost grows linearly with its length.
///
/// # Errors
/// [`Unreadable`] when the bytes are not UTF-8, not well-formed, declare a type or an entity, or nest too deep.
pub(crate) fn parse(bytes: &[u8]) -> Result<Element, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotUtf8)?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().map_err(|_| Unreadable::NotXml)? {
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    return Err(Unreadable::TooDeep { maximum: MAX_DEPTH });
                }
                open.push(named(start.name().as_ref()));
            }
            Event::Empty(start) => {
                let parent = open.last_mut().ok_or(Unreadable::NotXml)?;
                parent.children.push(named(start.name().as_ref()));
            }
            Event::End(_) => {
                let closed = open.pop().ok_or(Unreadable::NotXml)?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(closed),
                    None => return Ok(closed),
                }
            }
            Event::Text(piece) if piece.trim().is_empty() => {}
            Event::Text(piece) => append(&mut open, &piece.xml10_content())?,
            Event::CData(piece) => append(&mut open, &piece.xml10_content())?,
            Event::GeneralRef(reference) => {
                let character = referenced(&reference)?;
                append(&mut open, character.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err(Unreadable::Doctype),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return Err(Unreadable::NotXml),
        }
    }
}

fn named(name: &str) -> Element {
    Element {
        name: name.to_owned(),
        ..Element::default()
    }
}

fn append(open: &mut [Element], piece: &str) -> Result<(), Unreadable> {
    let element = open.last_mut().ok_or(Unreadable::NotXml)?;
    element.text.push_str(piece);
    Ok(())
}

/// The character of `&name;`: the five of the standard, or a number.
fn referenced(reference: &quick_xml::events::BytesRef<'_>) -> Result<char, Unreadable> {
    if let Some(character) = reference
        .resolve_char_ref()
        .map_err(|_| Unreadable::NotXml)?
    {
        return Ok(character);
    }
    match &**reference {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(Unreadable::Doctype),
    }
}

/// A part of a document to be written.
#[derive(Debug)]
pub(crate) enum Node<'a> {
    /// A name and its text.
    Leaf(&'a str, &'a str),
    /// A name and what is in it.
    Branch(&'a str, Vec<Self>),
}

/// `<xml>` with one CDATA child per pair, in the given order.
pub(crate) fn document<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let nodes: Vec<Node<'_>> = fields
        .into_iter()
        .map(|(name, value)| Node::Leaf(name, value))
        .collect();
    tree(&nodes)
}

/// `<xml>` around `nodes`, in the given order.
pub(crate) fn tree(nodes: &[Node<'_>]) -> String {
    let mut document = String::from("<xml>");
    write(&mut document, nodes);
    document.push_str("</xml>");
    document
}

fn write(document: &mut String, nodes: &[Node<'_>]) {
    for node in nodes {
        let (Node::Leaf(name, _) | Node::Branch(name, _)) = node;
        document.push('<');
        document.push_str(name);
        document.push('>');
        match node {
            Node::Leaf(_, value) => {
                let legal: String = value.chars().filter(|&c| is_xml_character(c)).collect();
                document.push_str("<![CDATA[");
                document.push_str(&legal.replace("]]>", "]]]]><![CDATA[>"));
                document.push_str("]]>");
            }
            Node::Branch(_, children) => write(document, children),
        }
        document.push_str("</");
        document.push_str(name);
        document.push('>');
    }
}

/// Whether XML 1.0 can carry the character (section 2.2 of the standard).
pub(crate) const fn is_xml_character(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_reads_back_what_it_was_written_from() {
        let written = document([("a", "x ]]> y & <z>"), ("b", " 红包 "), ("c", "")]);
        let root = parse(written.as_bytes()).unwrap();
        assert_eq!(root.text_of("a"), Some("x ]]> y & <z>"));
        assert_eq!(root.text_of("b"), Some(" 红包 "));
        assert_eq!(root.text_of("c"), Some(""));
        assert_eq!(root.text_of("d"), None);
    }

    #[test]
    fn a_declared_type_or_entity_is_refused() {
        let declared =
            "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><xml><a>&e;</a></xml>";
        assert_eq!(parse(declared.as_bytes()).unwrap_err(), Unreadable::Doctype);
        assert_eq!(
            parse(b"<xml><a>&e;</a></xml>").unwrap_err(),
            Unreadable::Doctype
        );
    }

    #[test]
    fn the_standard_references_are_resolved() {
        let root = parse(b"<xml><a>1 &lt; 2 &amp;&#x4e2d;</a></xml>").unwrap();
        assert_eq!(root.text_of("a"), Some("1 < 2 &中"));
    }

    #[test]
    fn nesting_below_the_limit_is_read_and_above_it_refused() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        parse(nested(MAX_DEPTH).as_bytes()).unwrap();
        assert_eq!(
            parse(nested(MAX_DEPTH.strict_add(1)).as_bytes()).unwrap_err(),
            Unreadable::TooDeep { maximum: MAX_DEPTH }
        );
    }

    #[test]
    fn an_unclosed_document_is_refused() {
        assert_eq!(parse(b"<xml><a>1</a>").unwrap_err(), Unreadable::NotXml);
        assert_eq!(parse(b"").unwrap_err(), Unreadable::NotXml);
    }
}
