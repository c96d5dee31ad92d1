//! Styles of paragraphs: which list their paragraphs are numbered by.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::{
    super::{
        refusal::Refusal,
        xml::{Visitor, attribute, number, walk},
    },
    numbering::ListPlace,
};

/// The lists that styles number their paragraphs by.
#[derive(Debug, Default)]
pub(super) struct Styles {
    by_id: HashMap<String, Style>,
    /// Style being read.
    open: Option<(String, Style)>,
}

#[derive(Debug, Default)]
struct Style {
    based_on: Option<String>,
    list: Option<usize>,
    level: Option<usize>,
}

impl Styles {
    pub(super) fn parse(xml: &str) -> Result<Self, Refusal> {
        let mut styles = Self::default();
        walk("styles.xml", xml, &mut styles)?;
        Ok(styles)
    }

    /// The list of a style, its own or that of a style it is based on.
    pub(super) fn list_place(&self, style: &str) -> Option<ListPlace> {
        const LONGEST_CHAIN: usize = 16;
        let mut id = style;
        let mut level = None;
        for _ in 0..LONGEST_CHAIN {
            let style = self.by_id.get(id)?;
            level = level.or(style.level);
            if let Some(list) = style.list {
                return Some(ListPlace {
                    list,
                    level: level.unwrap_or(0),
                });
            }
            id = style.based_on.as_deref()?;
        }
        None
    }
}

impl Visitor for Styles {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), Refusal> {
        let local_name = element.local_name();
        let name = local_name.as_ref();
        if name == "style" {
            self.open = attribute(element, "styleId").map(|id| (id, Style::default()));
        }
        let Some((_, style)) = &mut self.open else {
            return Ok(());
        };
        match name {
            "basedOn" => style.based_on = attribute(element, "val"),
            "numId" => style.list = number(element, "val"),
            "ilvl" => style.level = number(element, "val"),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, local_name: &str) -> Result<(), Refusal> {
        if local_name == "style" {
            self.by_id.extend(self.open.take());
        }
        Ok(())
    }

    fn characters(&mut self, _text: &str) {}
}
