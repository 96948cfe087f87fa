//! The text of an article, and what stands where in it.

use std::ops::Range;

use super::heading::{Section, section_of};

/// What a piece of text stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A paragraph.
    Sentence,
    /// The title of what follows, and how high it stands: 1 is the highest.
    Heading(u8),
    /// An item of a list.
    Item,
    /// A cell of a table.
    Cell,
    /// Code, or anything else that is shown as it is.
    Code,
}

/// A piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where it stands: byte offsets in [`Prose::text`].
    pub span: Range<usize>,
    /// What it is.
    pub place: Place,
    /// What the headings above it say.
    pub section: Section,
}

/// A hyperlink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What is shown for it: byte offsets in [`Prose::text`].
    pub span: Range<usize>,
    /// Where it leads, as written.
    pub target: String,
}

/// Readable text: a line for each paragraph, item, row of a table or line of
/// code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prose {
    /// The text.
    pub text: String,
    /// Its pieces, in order; between them stand blanks and signs.
    pub blocks: Vec<Block>,
    /// Its links, in order.
    pub links: Vec<Link>,
}

impl Prose {
    /// The block in which a place stands.
    pub fn block_at(&self, at: usize) -> Option<&Block> {
        let next = self.blocks.partition_point(|block| block.span.end <= at);
        self.blocks
            .get(next)
            .filter(|block| block.span.contains(&at))
    }

    /// The link that is shown at a place.
    pub fn link_at(&self, at: usize) -> Option<&Link> {
        let next = self.links.partition_point(|link| link.span.end <= at);
        self.links.get(next).filter(|link| link.span.contains(&at))
    }

    /// Paragraphs that say something, in order.
    pub fn paragraphs(&self) -> impl Iterator<Item = &str> {
        self.blocks
            .iter()
            .filter(|block| block.place == Place::Sentence)
            .map(|block| &self.text[block.span.clone()])
    }

    /// Says of every block in which section it stands.
    pub(super) fn section(&mut self) {
        let mut above: Option<(u8, Section)> = None;
        for block in &mut self.blocks {
            let text = &self.text[block.span.clone()];
            let (level, own) = match block.place {
                Place::Heading(level) => (Some(level), section_of(text)),
                // A line that announces what follows.
                Place::Sentence if text.trim_end().ends_with(':') && text.len() < 120 => {
                    let own = section_of(text);
                    ((own != Section::Other).then_some(LEAD), own)
                }
                _ => (None, Section::Other),
            };
            if let Some(level) = level {
                let kept = above.filter(|(higher, section)| {
                    *higher < level && *section == Section::Indicators && own == Section::Other
                });
                above = kept.or(Some((level, own)));
            }
            block.section = above.map_or(Section::Other, |(_, section)| section);
        }
    }
}

/// Lower than any heading.
const LEAD: u8 = 9;
