//! Paragraphs and tables gathered in order, within limits.

use super::{
    content::{Block, Table},
    limits::{MOST_CELL_CHARACTERS, MOST_PARAGRAPHS},
    refusal::Refusal,
};

/// The text of a document, growing.
#[derive(Debug, Default)]
pub(super) struct Flow {
    blocks: Vec<Block>,
    n_paragraphs: usize,
}

impl Flow {
    /// Adds a paragraph, which may be blank.
    pub(super) fn paragraph(&mut self, text: String) -> Result<(), Refusal> {
        self.n_paragraphs = self.n_paragraphs.saturating_add(1);
        if self.n_paragraphs > MOST_PARAGRAPHS {
            return Err(Refusal::TooManyParagraphs);
        }
        if text.chars().nth(MOST_CELL_CHARACTERS).is_some() {
            return Err(Refusal::ParagraphTooLong {
                paragraph: self.n_paragraphs,
            });
        }
        self.blocks.push(Block::Paragraph(text));
        Ok(())
    }

    /// Adds a table.
    pub(super) fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(table));
    }

    pub(super) fn into_blocks(self) -> Vec<Block> {
        self.blocks
    }
}
