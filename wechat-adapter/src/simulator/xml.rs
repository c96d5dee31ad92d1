//! The simulator's own reading and writing of WeChat's small XML documents.

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 8;

/// One element without children.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// 1 for a child of the root.
    pub(super) depth: usize,
    pub(super) name: String,
    pub(super) text: String,
}

/// The leaves of an `<xml>` document in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaves(Vec<Leaf>);

struct Frame<'a> {
    name: &'a str,
    text: String,
    has_children: bool,
}

impl Leaves {
    /// Leaves that a document in another notation states.
    pub(super) fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let leaf = |(name, text)| Leaf {
            depth: 1,
            name,
            text,
        };
        Self(pairs.into_iter().map(leaf).collect())
    }

    /// Reads a document; `None` for anything that is not well formed, has a document type, or has attributes.
    pub(super) fn parse(document: &str) -> Option<Self> {
        let mut rest = document.trim_start_matches('\u{feff}').trim();
        let mut open: Vec<Frame<'_>> = Vec::new();
        let mut leaves = Vec::new();
        let mut rooted = false;
        while !rest.is_empty() {
            rest = if let Some(after) = rest.strip_prefix("<![CDATA[") {
                let (data, tail) = after.split_once("]]>")?;
                open.last_mut()?.text.push_str(data);
                tail
            } else if let Some(after) = rest.strip_prefix("<!--") {
                after.split_once("-->")?.1
            } else if let Some(after) = rest.strip_prefix("<?") {
                after.split_once("?>")?.1
            } else if let Some(after) = rest.strip_prefix("</") {
                let (name, tail) = after.split_once('>')?;
                close(&mut open, &mut leaves, name.trim_end())?;
                tail
            } else if let Some(after) = rest.strip_prefix('<') {
                let (tag, tail) = after.split_once('>')?;
                enter(&mut open, &mut leaves, tag)?;
                rooted = true;
                tail
            } else {
                let end = rest.find('<').unwrap_or(rest.len());
                let (run, tail) = rest.split_at_checked(end)?;
                match open.last_mut() {
                    Some(frame) => frame.text.push_str(&unescape(run)?),
                    None if run.trim().is_empty() => {}
                    None => return None,
                }
                tail
            };
            if rooted && open.is_empty() {
                return rest.is_empty().then_some(Self(leaves));
            }
        }
        None
    }

    /// The text of the first leaf called `name`, at any depth.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|leaf| leaf.name == name)
            .map(|leaf| leaf.text.as_str())
    }

    /// Name and text of every leaf, when all are children of the root and no name comes twice.
    pub(super) fn flat(&self) -> Option<Vec<(&str, &str)>> {
        let fields: Vec<(&str, &str)> = self
            .0
            .iter()
            .map(|leaf| (leaf.name.as_str(), leaf.text.as_str()))
            .collect();
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        let flat = self.0.iter().all(|leaf| leaf.depth == 1);
        (flat && names.len() == fields.len()).then_some(fields)
    }
}

fn enter<'a>(open: &mut Vec<Frame<'a>>, leaves: &mut Vec<Leaf>, tag: &'a str) -> Option<()> {
    let (name, empty) = match tag.strip_suffix('/') {
        Some(name) => (name.trim_end(), true),
        None => (tag.trim_end(), false),
    };
    let well_named = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !well_named || open.len() >= MAX_DEPTH || (open.is_empty() && name != "xml") {
        return None;
    }
    if let Some(parent) = open.last_mut() {
        parent.has_children = true;
    }
    open.push(Frame {
        name,
        text: String::new(),
        has_children: false,
    });
    if empty {
        close(open, leaves, name)
    } else {
        Some(())
    }
}

fn close(open: &mut Vec<Frame<'_>>, leaves: &mut Vec<Leaf>, name: &str) -> Option<()> {
    let frame = open.pop()?;
    if frame.name != name {
        return None;
    }
    if !frame.has_children && !open.is_empty() {
        leaves.push(Leaf {
            depth: open.len(),
            name: frame.name.to_owned(),
            text: frame.text,
        });
    }
    Some(())
}

fn unescape(run: &str) -> Option<String> {
    let mut text = String::with_capacity(run.len());
    let mut rest = run;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let (entity, tail) = after.split_once(';')?;
        text.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            number => numbered(number)?,
        });
        rest = tail;
    }
    text.push_str(rest);
    Some(text)
}

fn numbered(entity: &str) -> Option<char> {
    let digits = entity.strip_prefix('#')?;
    let code = match digits.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    char::from_u32(code.ok()?)
}

/// The same document with the children of its root in reverse order and an unknown one in front; `None` when it has no root.
pub(super) fn reordered(document: &str) -> Option<String> {
    let inner = document
        .trim()
        .strip_prefix("<xml>")?
        .strip_suffix("</xml>")?;
    let mut children: Vec<&str> = Vec::new();
    let (mut depth, mut start, mut at) = (0_usize, 0_usize, 0_usize);
    while let Some(open) = inner.get(at..)?.find('<') {
        let tag = at.checked_add(open)?;
        let rest = inner.get(tag..)?;
        if rest.starts_with("<![CDATA[") {
            at = tag.checked_add(rest.find("]]>")?)?.checked_add(3)?;
            continue;
        }
        if depth == 0 {
            start = tag;
        }
        at = tag.checked_add(rest.find('>')?)?.checked_add(1)?;
        depth = if rest.starts_with("</") {
            depth.checked_sub(1)?
        } else {
            depth.checked_add(1)?
        };
        if depth == 0 {
            children.push(inner.get(start..at)?);
        }
    }
    children.push("<simulated_field><![CDATA[nobody knows it]]></simulated_field>");
    children.reverse();
    Some(format!("<xml>{}</xml>", children.concat()))
}

/// Writes an `<xml>` document field by field.
#[derive(Debug, Clone)]
pub(super) struct Writer(String);

impl Writer {
    pub(super) fn new() -> Self {
        Self("<xml>".to_owned())
    }

    /// Fields without a root, to be put into another document.
    pub(super) fn inner() -> Self {
        Self(String::new())
    }

    /// The fields of a writer without a root.
    pub(super) fn into_inner(self) -> String {
        self.0
    }

    /// A field in CDATA.
    pub(super) fn text(mut self, name: &str, value: &str) -> Self {
        let safe = value.replace("]]>", "]]]]><![CDATA[>");
        self.push(&["<", name, "><![CDATA[", &safe, "]]></", name, ">\n"]);
        self
    }

    /// A field without CDATA, for numbers and for documents already written.
    pub(super) fn bare(mut self, name: &str, value: &str) -> Self {
        self.push(&["<", name, ">", value, "</", name, ">\n"]);
        self
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push_str("</xml>");
        self.0
    }

    fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.0.push_str(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Leaves, Writer, reordered};

    #[test]
    fn a_reordered_document_says_the_same_backwards() {
        let document = Writer::new()
            .text("first", "<b>]]>")
            .bare("list", "<item><a>1</a></item>")
            .finish();
        let turned = reordered(&document).unwrap();
        assert!(turned.starts_with("<xml><simulated_field>"));
        let leaves = Leaves::parse(&turned).unwrap();
        assert_eq!(leaves.find("first"), Some("<b>]]>"));
        assert_eq!(leaves.find("a"), Some("1"));
        assert!(turned.find("<list>").unwrap() < turned.find("<first>").unwrap());
        assert_eq!(reordered("nothing"), None);
    }

    #[test]
    fn written_fields_are_read_back() {
        let document = Writer::new()
            .text("wishing", "a]]>b & <c>")
            .bare("total_amount", "100")
            .finish();
        let leaves = Leaves::parse(&document).unwrap();
        assert_eq!(leaves.find("wishing"), Some("a]]>b & <c>"));
        assert_eq!(leaves.find("total_amount"), Some("100"));
    }

    #[test]
    fn entities_are_resolved_and_unknown_ones_refused() {
        let leaves = Leaves::parse("<xml><a>1 &lt; 2 &amp;&#26446;&#x4e8c;</a></xml>").unwrap();
        assert_eq!(leaves.find("a"), Some("1 < 2 &李二"));
        assert_eq!(Leaves::parse("<xml><a>&evil;</a></xml>"), None);
    }

    #[test]
    fn malformed_documents_are_refused() {
        for document in [
            "<!DOCTYPE xml><xml/>",
            "<xml><a></b></xml>",
            "<xml><a>",
            "<xml a=\"1\"/>",
            "<root><a>1</a></root>",
            "<xml/><xml/>",
            "text",
            "<xml><![CDATA[",
        ] {
            assert_eq!(Leaves::parse(document), None, "{document}");
        }
    }

    #[test]
    fn nested_or_repeated_fields_are_not_flat() {
        let nested = Leaves::parse("<xml><a><b>1</b></a></xml>").unwrap();
        assert_eq!(nested.find("b"), Some("1"));
        assert_eq!(nested.flat(), None);
        let repeated = Leaves::parse("<xml><a>1</a><a>2</a></xml>").unwrap();
        assert_eq!(repeated.flat(), None);
    }
}
