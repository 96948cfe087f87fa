//! Which claim versions are tied by an article, a malware family or a campaign.

use std::collections::HashMap;
use std::hash::Hasher as _;
use std::io;

use iocd_core::query::EntrySink;
use iocd_core::related::{MAX_RELATED, Tie, Ties, is_campaign};
use iocd_core::value::{Value, ValueRef};
use jiff::Timestamp;
use siphasher::sip::SipHasher13;

use crate::Index;
use crate::checkpoint::{Part, Section, Sink, Unfit};
use crate::error::IndexError;
use crate::facets::BitSet;
use crate::moment::Moment;
use crate::read::Shown;
use crate::record::ClaimRecord;
use crate::score::Telling;
use crate::state::State;
use crate::time::seconds;

/// A list that is shorter grows before it is cleared of what has ended.
const SHORT: usize = 16;

/// Slots by the hash of what ties them, ascending: four bytes a tie. Whether a
/// slot is rightly there, its record tells.
#[derive(Default)]
pub(crate) struct TieLists {
    lists: HashMap<u64, Vec<u32>>,
}

impl TieLists {
    /// Adds a slot; `alive` tells which of those before it are worth keeping.
    fn push(&mut self, hash: u64, slot: u32, alive: &BitSet) {
        let list = self.lists.entry(hash).or_default();
        if list.last() == Some(&slot) {
            return;
        }
        if list.len() >= SHORT && list.len() == list.capacity() {
            list.retain(|&slot| alive.contains(slot));
            list.reserve_exact((list.len() / 4).max(SHORT));
        }
        list.push(slot);
    }

    /// Bytes on the heap, about.
    pub(crate) fn memory(&self) -> usize {
        let lists = self.lists.values().map(|list| list.capacity() * 4);
        lists.sum::<usize>() + self.lists.capacity() * (size_of::<(u64, Vec<u32>)>() + 1)
    }
}

impl Part for TieLists {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        // In an order, so that the same lists are the same bytes.
        let mut lists: Vec<_> = self.lists.iter().collect();
        lists.sort_unstable_by_key(|&(&hash, _)| hash);
        sink.number(lists.len() as u64)?;
        for (&hash, slots) in lists {
            sink.number(hash)?;
            sink.list(slots)?;
        }
        Ok(())
    }

    fn load(section: &mut Section<'_>) -> Result<TieLists, Unfit> {
        let mut lists = HashMap::new();
        for _ in 0..section.count()? {
            lists.insert(section.number()?, section.list()?);
        }
        Ok(TieLists { lists })
    }
}

impl State {
    /// Files a claim version under what ties it.
    pub(crate) fn tie(&mut self, slot: u32, claim: &ClaimRecord<'_>) -> Result<(), IndexError> {
        if let Some(article) = claim.article {
            let hash = self.tie_hash(Tie::Article, article.id);
            self.ties.push(hash, slot, &self.alive);
        }
        if let Some(number) = claim.malware {
            let hash = self.tie_hash(Tie::Malware, self.string(number, slot)?);
            self.ties.push(hash, slot, &self.alive);
        }
        for number in claim.tags.iter() {
            let tag = self.string(number, slot)?;
            if is_campaign(tag) {
                let hash = self.tie_hash(Tie::Campaign, tag);
                self.ties.push(hash, slot, &self.alive);
            }
        }
        Ok(())
    }

    fn tie_hash(&self, tie: Tie, text: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        hasher.write_u8(tie as u8);
        for byte in text.bytes() {
            hasher.write_u8(byte.to_ascii_lowercase());
        }
        hasher.finish()
    }

    /// Whether the record in `slot` is tied so.
    fn is_tied(&self, slot: u32, tie: Tie, text: &str) -> Result<bool, IndexError> {
        let claim = self.claim(slot)?;
        match tie {
            Tie::Article => Ok(claim.article.is_some_and(|article| article.id == text)),
            // Hashes are looked up.
            Tie::File => Ok(false),
            Tie::Malware => {
                let malware = claim.malware.map(|number| self.string(number, slot));
                Ok(malware
                    .transpose()?
                    .is_some_and(|name| name.eq_ignore_ascii_case(text)))
            }
            Tie::Campaign => {
                for number in claim.tags.iter() {
                    if self.string(number, slot)?.eq_ignore_ascii_case(text) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }
}

/// Entries that are related to an answer, as they are found.
struct Found<'a> {
    state: &'a State,
    now: u32,
    /// What is not to be told (again).
    known: Vec<Value>,
    /// Slots, each with its tie.
    told: Vec<(u32, Tie)>,
}

impl Found<'_> {
    fn is_active(&self, slot: u32) -> bool {
        self.state.alive.contains(slot) && !self.state.is_expired(slot, self.now)
    }

    fn is_known(&self, value: ValueRef<'_>) -> bool {
        self.known.iter().any(|known| known.as_ref() == value)
    }

    /// The newest slots that are tied by one text, of each value one; as many
    /// as could be told.
    fn tied(&self, tie: Tie, text: &str) -> Result<Vec<u32>, IndexError> {
        let hash = self.state.tie_hash(tie, text);
        let list = self.state.ties.lists.get(&hash);
        let mut slots = Vec::new();
        let mut values = Vec::new();
        for &slot in list.map_or(&[][..], Vec::as_slice).iter().rev() {
            if !self.is_active(slot) {
                continue;
            }
            let value = self.state.value(slot)?;
            if self.is_known(value) || values.contains(&value) {
                continue;
            }
            if self.state.is_tied(slot, tie, text)? {
                values.push(value);
                slots.push(slot);
                if slots.len() == MAX_RELATED {
                    break;
                }
            }
        }
        Ok(slots)
    }

    fn take_tied(&mut self, tie: Tie, texts: &[String]) -> Result<(), IndexError> {
        let mut slots = Vec::new();
        for text in texts {
            slots.extend(self.tied(tie, text)?);
        }
        self.take(slots, tie)
    }

    fn take_files(&mut self, hashes: &[Value]) -> Result<(), IndexError> {
        let mut slots = Vec::new();
        for hash in hashes {
            let ValueRef { kind, text } = hash.as_ref();
            let newest = self.state.newest(self.state.hash(kind, text), kind, text)?;
            let chain = self.state.chain(newest);
            slots.extend(chain.filter(|&slot| self.is_active(slot)));
        }
        self.take(slots, Tie::File)
    }

    /// Takes the newest of some slots over.
    fn take(&mut self, mut slots: Vec<u32>, tie: Tie) -> Result<(), IndexError> {
        slots.sort_unstable_by(|a, b| b.cmp(a));
        for slot in slots {
            if self.told.len() == MAX_RELATED {
                break;
            }
            let value = self.state.value(slot)?;
            if !self.is_known(value) {
                self.known.push(value.to_value());
                self.told.push((slot, tie));
            }
        }
        Ok(())
    }
}

impl Index {
    /// Tells `sink` the entries that are related to an answer, as
    /// [`Ties`] says.
    pub fn related<S: EntrySink>(
        &self,
        ties: &Ties,
        now: Timestamp,
        sink: &mut S,
    ) -> Result<(), IndexError> {
        let state = self.state.read();
        let mut found = Found {
            state: &state,
            now: seconds(now),
            known: ties.answered.clone(),
            told: Vec::new(),
        };
        found.take_tied(Tie::Article, &ties.articles)?;
        found.take_files(&ties.files)?;
        found.take_tied(Tie::Malware, &ties.malware)?;
        found.take_tied(Tie::Campaign, &ties.campaigns)?;
        sink.total(found.told.len() as u64);
        let telling = Telling {
            moment: Moment::present(seconds(now)),
            explained: sink.wants_explanations(),
        };
        for (slot, tie) in found.told {
            sink.entry(&state.entry(&Shown::listed(slot), Some(tie.matched()), telling)?);
        }
        Ok(())
    }
}
