//! The state out of a file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use iocd_core::matching::Shape;
use iocd_core::warning::WarningSet;

use super::header::{Anchor, Extent, HEADER, Header};
use super::{FILE, Part, SECTIONS, Section, Unfit};
use crate::facets::BitSet;
use crate::fetches::{self, Fetch};
use crate::log::Unread;
use crate::state::{KnownSource, State};

/// A checkpoint that is there, and of which only the header was read.
pub(crate) struct Saved {
    file: File,
    header: Header,
    /// Where each section begins.
    offsets: [u64; SECTIONS],
}

impl Saved {
    /// That of the store in `dir`, if there is one.
    pub(crate) fn open(dir: &Path) -> Result<Option<Saved>, Unfit> {
        let unreadable = |_| Unfit("it cannot be read");
        let file = match File::open(dir.join(FILE)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        let size = file.metadata().map_err(unreadable)?.len();
        if size < HEADER as u64 {
            return Err(Unfit("it is shorter than its header"));
        }
        let mut bytes = [0; HEADER];
        file.read_exact_at(&mut bytes, 0).map_err(unreadable)?;
        let header = Header::decode(&bytes)?;
        let mut end = HEADER as u64;
        let offsets = header.sections.map(|section| {
            let offset = end;
            end = end.saturating_add(section.length);
            offset
        });
        if end != size {
            return Err(Unfit("it is not as long as its header says"));
        }
        Ok(Some(Saved {
            file,
            header,
            offsets,
        }))
    }

    /// Whether it is of this store, and of a moment that the log and the
    /// fetches beside it have seen.
    pub(crate) fn fit(&self, unread: &Unread, epoch: u64, past: &[Fetch]) -> Result<(), Unfit> {
        if self.header.key != unread.key() {
            return Err(Unfit("it is of another store"));
        }
        if self.header.epoch != epoch {
            return Err(Unfit("it is of another epoch"));
        }
        if self.generation() != unread.generation().number {
            return Err(Unfit::OTHER_GENERATION);
        }
        let Anchor { start, end, sum } = self.header.anchor;
        if unread.log().sum(start, end) != Some(sum) {
            return Err(Unfit::NOT_OF_THIS_LOG);
        }
        match past.get(..self.fetched()) {
            Some(past) if fetches::sum(past) == self.header.fetched.sum => Ok(()),
            _ => Err(Unfit("the fetches that it has are not there")),
        }
    }

    /// Compares the checksums of all sections.
    pub(crate) fn verify(&self) -> Result<(), Unfit> {
        (0..SECTIONS).try_for_each(|number| self.section(number).verify())
    }

    /// The generation of the log that it is of.
    pub(crate) fn generation(&self) -> u32 {
        self.header.generation
    }

    /// The epoch of its store.
    pub(crate) fn epoch(&self) -> u64 {
        self.header.epoch
    }

    /// The last batch that it has.
    pub(crate) fn anchor(&self) -> Anchor {
        self.header.anchor
    }

    /// How many of the complete fetches it has.
    pub(crate) fn fetched(&self) -> usize {
        usize::try_from(self.header.fetched.count).unwrap_or(usize::MAX)
    }

    fn section(&self, number: usize) -> Section<'_> {
        let extent: Extent = self.header.sections[number];
        Section::new(&self.file, self.offsets[number], extent)
    }

    /// One section by what reads it.
    fn read<T>(
        &self,
        number: usize,
        load: impl FnOnce(&mut Section<'_>) -> Result<T, Unfit>,
    ) -> Result<T, Unfit> {
        let mut section = self.section(number);
        let part = load(&mut section)?;
        section.finish().map(|()| part)
    }

    /// The state, without its log. Sections are read side by side.
    pub(crate) fn load(&self, warnings: Arc<WarningSet>) -> Result<State, Unfit> {
        let state = State::new(self.header.key, warnings);
        let state = thread::scope(|scope| {
            let columns = scope.spawn(|| self.read(0, Part::load));
            let table = scope.spawn(|| self.read(1, Part::load));
            let order = scope.spawn(|| self.read(2, Part::load));
            let trigrams = scope.spawn(|| self.read(3, Part::load));
            let rest = self.load_rest(state);
            // Every one, before what was read is let go where another failed.
            let joined = "reading does not panic";
            let columns = columns.join().expect(joined);
            let table = table.join().expect(joined);
            let order = order.join().expect(joined);
            let trigrams = trigrams.join().expect(joined);
            Ok(State {
                columns: columns?,
                table: table?,
                order: order?,
                trigrams: trigrams?,
                ..rest?
            })
        })?;
        if state.revision() != self.header.revision {
            return Err(Unfit("it has not as many slots as revisions"));
        }
        Ok(state)
    }

    /// What is soon read.
    fn load_rest(&self, state: State) -> Result<State, Unfit> {
        let ties = self.read(4, Part::load)?;
        let expiries = self.read(5, Part::load)?;
        let state = self.read(6, |section| load_sets(section, state))?;
        let labels = self.read(7, Part::load)?;
        let state = self.read(8, |section| load_small(section, state))?;
        Ok(State {
            ties,
            expiries,
            labels,
            last_batch: Some(self.header.anchor.start),
            ..state
        })
    }
}

fn load_sets(section: &mut Section<'_>, mut state: State) -> Result<State, Unfit> {
    state.alive = BitSet::load(section)?;
    state.lapsed = BitSet::load(section)?;
    state.listable = BitSet::load(section)?;
    state.successors = BitSet::load(section)?;
    state.firsts = BitSet::load(section)?;
    let facets = state.kinds.iter_mut();
    let facets = facets.chain(&mut state.confidences);
    for set in facets.chain(&mut state.categories) {
        *set = BitSet::load(section)?;
    }
    Ok(state)
}

fn load_small(section: &mut Section<'_>, mut state: State) -> Result<State, Unfit> {
    state.revisions = Part::load(section)?;
    state.active = section.number()?;
    state.retained = section.number()?;
    state.last_commit = section.number()?;
    for byte in &mut state.judged_by {
        *byte = section.number()?;
    }
    state.shape = Shape {
        ipv4_lengths: section.number()?,
        ipv6_lengths: [section.number()?, section.number()?, section.number()?],
        subtree: section.number::<u8>()? != 0,
    };
    state.redescribed = section.list()?.into_iter().collect();
    for _ in 0..section.count()? {
        let json = section.text()?;
        let source = serde_json::from_str(&json);
        state.sources.push(KnownSource {
            source: source.map_err(|_| Unfit("a source is not described as one"))?,
            listed_at: None,
            listings: Vec::new(),
        });
    }
    state.strings = Part::load(section)?;
    Ok(state)
}
