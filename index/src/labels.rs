//! Which slots are of a source, and which bear a label: a tag, a technique, a
//! malware family, a sector.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;

use iocd_core::query::{Filter, covers_technique, fold};

use crate::checkpoint::{Part, Section, Sink, Unfit};
use crate::error::IndexError;
use crate::facets::BitSet;
use crate::posting::Posting;
use crate::record::ClaimRecord;
use crate::state::State;

/// What a label is.
#[derive(Clone, Copy)]
pub(crate) enum Field {
    Tag,
    Technique,
    Malware,
    Sector,
}

/// How many fields there are.
const FIELDS: usize = 4;

/// The slots of every source and label. Slots are only added, in order, and
/// stay: what is in these lists of the slots that there are does not change.
#[derive(Default)]
pub(crate) struct Labels {
    /// By number of the source.
    sources: Vec<Slots>,
    fields: [Names; FIELDS],
}

/// The labels of one field.
#[derive(Default)]
struct Names {
    /// The place in `lists` by the name as filters compare it.
    places: BTreeMap<Box<str>, u32>,
    lists: Vec<Slots>,
    /// By number of a string: the place in `lists`, plus one; 0 for none.
    by_string: Vec<u32>,
}

/// Slots, ascending.
#[derive(Default)]
struct Slots {
    posting: Posting,
    /// Those before it are in the posting, if at all.
    next: u32,
}

impl Slots {
    /// Adds a slot once.
    fn push(&mut self, slot: u32) {
        if slot >= self.next {
            self.next = slot + 1;
            self.posting.push(slot);
        }
    }
}

impl Names {
    /// The list of the string with this number.
    fn list<'a>(
        &mut self,
        string: u32,
        text: impl Fn(u32) -> Result<&'a str, IndexError>,
    ) -> Result<&mut Slots, IndexError> {
        let number = string as usize;
        if number >= self.by_string.len() {
            self.by_string.resize(number + 1, 0);
        }
        if self.by_string[number] == 0 {
            let next = u32::try_from(self.lists.len()).expect("at most one a string");
            let name = fold(text(string)?).into_boxed_str();
            let place = *self.places.entry(name).or_insert(next);
            if place == next {
                self.lists.push(Slots::default());
            }
            self.by_string[number] = place + 1;
        }
        Ok(&mut self.lists[self.by_string[number] as usize - 1])
    }

    fn get(&self, name: &str) -> Option<&Posting> {
        let place = *self.places.get(&*fold(name))?;
        Some(&self.lists[place as usize].posting)
    }

    /// Names and lists from one name on.
    fn from(&self, name: &str) -> impl Iterator<Item = (&str, &Posting)> {
        let start = fold(name);
        let range = self
            .places
            .range::<str, _>((Bound::Included(&*start), Bound::Unbounded));
        range.map(|(name, &place)| (&**name, &self.lists[place as usize].posting))
    }

    fn memory(&self) -> usize {
        let names: usize = self.places.keys().map(|name| name.len() + 24).sum();
        let lists: usize = self.lists.iter().map(|list| list.posting.memory()).sum();
        names + lists + self.lists.capacity() * size_of::<Slots>() + self.by_string.capacity() * 4
    }
}

impl Labels {
    fn file<'a>(
        &mut self,
        slot: u32,
        claim: &ClaimRecord<'_>,
        string: impl Fn(u32) -> Result<&'a str, IndexError>,
    ) -> Result<(), IndexError> {
        let source = usize::from(claim.source);
        if source >= self.sources.len() {
            self.sources.resize_with(source + 1, Slots::default);
        }
        self.sources[source].push(slot);
        let [tags, techniques, malware, sectors] = &mut self.fields;
        for (names, numbers) in [
            (tags, claim.tags),
            (techniques, claim.techniques),
            (sectors, claim.sectors),
        ] {
            for number in numbers.iter() {
                names.list(number, &string)?.push(slot);
            }
        }
        if let Some(number) = claim.malware {
            malware.list(number, &string)?.push(slot);
        }
        Ok(())
    }

    /// The slots of a source.
    pub(crate) fn of_source(&self, number: u16) -> Option<&Posting> {
        let slots = self.sources.get(usize::from(number))?;
        Some(&slots.posting)
    }

    /// All labels of a field as filters compare them, with their slots.
    pub(crate) fn all(&self, field: Field) -> impl Iterator<Item = (&str, &Posting)> {
        self.fields[field as usize].from("")
    }

    /// Bytes on the heap, about.
    pub(crate) fn memory(&self) -> usize {
        let sources: usize = self.sources.iter().map(|list| list.posting.memory()).sum();
        sources + self.fields.iter().map(Names::memory).sum::<usize>()
    }
}

impl State {
    /// Files a slot under its source and the labels of a claim: its own, or
    /// that which it ends.
    pub(crate) fn label(&mut self, slot: u32, claim: &ClaimRecord<'_>) -> Result<(), IndexError> {
        // Taken out so that the strings can be read meanwhile.
        let mut labels = std::mem::take(&mut self.labels);
        let filed = labels.file(slot, claim, |number| self.string(number, slot));
        self.labels = labels;
        filed
    }

    /// The sets that a filter narrows a list to and that are not kept as such.
    /// Of the slots that there are they stay right, whatever is written
    /// meanwhile.
    pub(crate) fn made_sets(&self, filter: &Filter) -> Vec<BitSet> {
        let mut made = Vec::new();
        if !filter.sources.is_empty() {
            let known = (0..).zip(&self.sources);
            let asked = known.filter(|(_, known)| filter.sources.contains(&known.source.name));
            made.push(united(
                asked.filter_map(|(number, _)| self.labels.of_source(number)),
            ));
        }
        for (field, name) in [
            (Field::Tag, &filter.tag),
            (Field::Malware, &filter.malware),
            (Field::Sector, &filter.sector),
        ] {
            if let Some(name) = name {
                made.push(united(self.labels.fields[field as usize].get(name)));
            }
        }
        if let Some(asked) = &filter.technique {
            let names = &self.labels.fields[Field::Technique as usize];
            let start = fold(asked);
            let below = names.from(asked);
            let below = below.take_while(|(name, _)| name.starts_with(&start));
            let covered = below.filter(|(name, _)| covers_technique(asked, name));
            made.push(united(covered.map(|(_, slots)| slots)));
        }
        made
    }
}

fn united<'a>(lists: impl IntoIterator<Item = &'a Posting>) -> BitSet {
    let mut set = BitSet::default();
    for list in lists {
        list.fill(&mut set);
    }
    set
}

impl Part for Slots {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.number(self.next)?;
        self.posting.save(sink)
    }

    fn load(section: &mut Section<'_>) -> Result<Slots, Unfit> {
        Ok(Slots {
            next: section.number()?,
            posting: Part::load(section)?,
        })
    }
}

impl Part for Names {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.number(self.places.len() as u64)?;
        for (name, &place) in &self.places {
            sink.list(name.as_bytes())?;
            sink.number(place)?;
        }
        self.lists.iter().try_for_each(|list| list.save(sink))?;
        sink.list(&self.by_string)
    }

    fn load(section: &mut Section<'_>) -> Result<Names, Unfit> {
        let mut names = Names::default();
        let count = section.count()?;
        for _ in 0..count {
            let name = section.text()?.into_boxed_str();
            names.places.insert(name, section.number()?);
        }
        for _ in 0..count {
            names.lists.push(Part::load(section)?);
        }
        names.by_string = section.list()?;
        let is_list = |&place: &u32| place as usize <= count;
        if names.by_string.iter().all(is_list)
            && names.places.values().all(|&place| is_list(&(place + 1)))
        {
            Ok(names)
        } else {
            Err(Unfit("a label has no list of slots"))
        }
    }
}

impl Part for Labels {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.number(self.sources.len() as u64)?;
        self.sources.iter().try_for_each(|list| list.save(sink))?;
        self.fields.iter().try_for_each(|names| names.save(sink))
    }

    fn load(section: &mut Section<'_>) -> Result<Labels, Unfit> {
        let mut labels = Labels::default();
        for _ in 0..section.count()? {
            labels.sources.push(Part::load(section)?);
        }
        for names in &mut labels.fields {
            *names = Part::load(section)?;
        }
        Ok(labels)
    }
}
