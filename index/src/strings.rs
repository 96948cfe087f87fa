//! Interned strings: tags, techniques, sectors, malware families.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use crate::checkpoint::{Part, Section, Sink, Unfit};

/// Strings by number and numbers by string. Numbers are given in order and
/// are on disk.
#[derive(Default)]
pub(crate) struct Strings {
    by_number: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Strings {
    pub(crate) fn get(&self, number: u32) -> Option<&str> {
        self.by_number.get(number as usize).map(|text| &**text)
    }

    pub(crate) fn number(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.by_number.len()).expect("numbers are u32")
    }

    pub(crate) fn push(&mut self, text: &str) {
        let number = self.len();
        let text: Arc<str> = text.into();
        self.by_number.push(text.clone());
        self.numbers.insert(text, number);
    }

    /// Bytes on the heap, about.
    pub(crate) fn memory(&self) -> usize {
        self.by_number
            .iter()
            .map(|text| text.len() + 16 + 2 * size_of::<Arc<str>>() + 8)
            .sum()
    }
}

impl Part for Strings {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.number(self.by_number.len() as u64)?;
        let mut texts = self.by_number.iter();
        texts.try_for_each(|text| sink.list(text.as_bytes()))
    }

    fn load(section: &mut Section<'_>) -> Result<Strings, Unfit> {
        let mut strings = Strings::default();
        for _ in 0..section.count()? {
            strings.push(&section.text()?);
        }
        Ok(strings)
    }
}
