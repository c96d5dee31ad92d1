//! The items of an XML file, one small tree at a time.
//!
//! Document types and entities other than the five of XML are refused, so nothing can expand;
//! depth and size of an item are bounded.

use quick_xml::{
    XmlVersion,
    events::{BytesRef, BytesStart, Event},
    reader::Reader,
};

use super::{Place, cursor::Cursor};

/// Deepest nesting that is read.
const DEEPEST: usize = 64;

/// Most elements and texts of one item.
const MOST_NODES: usize = 20_000;

/// Element with its content.
#[derive(Debug)]
pub(super) struct Element {
    /// Name without its prefix, as written.
    pub(super) name: String,
    /// Names without prefix, and values.
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
    /// Where it begins.
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum Node {
    Element(Element),
    /// Text as laid out in the file.
    Text(String),
    /// Text that was written out on purpose: a reference to a character, or CDATA.
    Verbatim(String),
}

impl Element {
    /// Value of an attribute; upper and lower case and hyphens do not matter.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut named = self.attributes.iter();
        named
            .find(|(key, _)| same_name(key, name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether it has a name; upper and lower case, hyphens and the prefix `qti-` do not matter.
    pub(super) fn is(&self, name: &str) -> bool {
        same_name(&self.name, name)
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) | Node::Verbatim(_) => None,
        })
    }

    /// The first child of a name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| element.is(name))
    }

    /// All text within, whatever its elements.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.gather(&mut text);
        text
    }

    fn gather(&self, text: &mut String) {
        for child in &self.children {
            match child {
                Node::Element(element) => element.gather(text),
                Node::Text(words) | Node::Verbatim(words) => text.push_str(words),
            }
        }
    }
}

/// Compares names as [`Element::is`] says.
pub(super) fn same_name(found: &str, wanted: &str) -> bool {
    let bare = |name: &str| {
        let name = name.strip_prefix("qti-").unwrap_or(name);
        name.chars()
            .filter(|c| *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect::<String>()
    };
    bare(found) == bare(wanted)
}

/// Why a file is read no further, and where.
pub(super) type Broken = Box<(Place, String)>;

/// Gives every outermost element of a name to `take`, in order, until the file ends or breaks.
pub(super) fn items(
    file: &str,
    text: &str,
    name: &str,
    mut take: impl FnMut(Element),
) -> Result<(), Broken> {
    let mut walk = Walk {
        reader: Reader::from_str(text),
        cursor: Cursor::new(file, text),
        begin: 0,
    };
    let mut depth = 0_usize;
    loop {
        match walk.next()? {
            Event::Start(start) if same_name(start.local_name().as_ref(), name) => {
                take(walk.tree(&start, false)?);
            }
            Event::Empty(start) if same_name(start.local_name().as_ref(), name) => {
                take(walk.tree(&start, true)?);
            }
            Event::Start(_) => {
                depth = depth.saturating_add(1);
                if depth > DEEPEST {
                    return Err(walk.broken("elements are nested too deeply"));
                }
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof if depth > 0 => return Err(walk.broken("the file ends within an element")),
            Event::Eof => return Ok(()),
            Event::Empty(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
}

struct Walk<'text> {
    reader: Reader<&'text [u8]>,
    cursor: Cursor<'text>,
    /// Byte where the last event begins.
    begin: usize,
}

impl<'text> Walk<'text> {
    fn next(&mut self) -> Result<Event<'text>, Broken> {
        self.begin = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        match self.reader.read_event() {
            Ok(Event::DocType(_)) => Err(self.broken("document types are not accepted")),
            Ok(event) => Ok(event),
            Err(error) => Err(self.broken(&error.to_string())),
        }
    }

    fn broken(&mut self, reason: &str) -> Broken {
        Box::new((self.cursor.place(self.begin), reason.to_owned()))
    }

    fn element(&mut self, start: &BytesStart<'_>) -> Result<Element, Broken> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let read = attribute.map_err(quick_xml::Error::from).and_then(|read| {
                let value = read.normalized_value(XmlVersion::Implicit1_0)?.into_owned();
                let name: &str = read.key.local_name().into_inner();
                Ok((name.to_owned(), value))
            });
            attributes.push(read.map_err(|error| self.broken(&error.to_string()))?);
        }
        let name: &str = start.local_name().into_inner();
        Ok(Element {
            name: name.to_owned(),
            attributes,
            children: Vec::new(),
            place: self.cursor.place(self.begin),
        })
    }

    /// The tree of an element whose beginning was just read.
    fn tree(&mut self, start: &BytesStart<'_>, is_empty: bool) -> Result<Element, Broken> {
        let mut root = self.element(start)?;
        if is_empty {
            return Ok(root);
        }
        let mut open: Vec<Element> = Vec::new();
        let mut n_nodes = 0_usize;
        loop {
            n_nodes = n_nodes.saturating_add(1);
            if n_nodes > MOST_NODES {
                return Err(self.broken("the item is too large"));
            }
            let event = self.next()?;
            let node = match event {
                Event::Start(start) => {
                    if open.len() >= DEEPEST {
                        return Err(self.broken("elements are nested too deeply"));
                    }
                    open.push(self.element(&start)?);
                    continue;
                }
                Event::Empty(start) => Node::Element(self.element(&start)?),
                Event::End(_) => match open.pop() {
                    Some(element) => Node::Element(element),
                    None => return Ok(root),
                },
                Event::Text(text) => Node::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Node::Verbatim(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => Node::Verbatim(self.referenced(&reference)?),
                Event::Eof => return Err(self.broken("the file ends within an item")),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
            };
            open.last_mut().unwrap_or(&mut root).children.push(node);
        }
    }

    fn referenced(&mut self, reference: &BytesRef<'_>) -> Result<String, Broken> {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            return Ok(character.to_string());
        }
        quick_xml::escape::resolve_xml_entity(reference)
            .map(str::to_owned)
            .ok_or_else(|| self.broken("entities are not accepted"))
    }
}
