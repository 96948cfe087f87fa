//! What indicators of compromise *mean*: the part of `iocd` that touches no
//! file, socket, clock or randomness.
//!
//! One direction of flow, one noun per arrow:
//!
//! ```text
//!  feed        fetch      parse            normalise    record      search     render
//!  Feed ─────▶ bytes ───▶ Observation ───▶ Claim ─────▶ a store ──▶ Entry ───▶ bytes
//!  feed/*.rs   (server)   feed/*.rs        normalize    (index)     matching   export/*.rs
//! ```
//!
//! | module | is |
//! | --- | --- |
//! | [`value`] | typed, canonical values: what a claim is about |
//! | `refang` | undoing the spellings that people use to make values harmless |
//! | [`defang`] | printing values so that nothing makes a link of them |
//! | [`normalize`] | one spelling of one type → its canonical value, or why not |
//! | [`extract`] | values out of prose, Markdown, HTML and logs |
//! | [`interpret`] | a free-form question → every sensible typed reading |
//! | [`warning`] | what is worth knowing about a value besides, and lists of such values |
//! | [`article`] | what people write about attacks, and what it says |
//! | [`attack`] | what MITRE ATT&CK calls its techniques |
//! | [`claim`] | who said what about which value, since when |
//! | [`matching`] | which stored values answer a question |
//! | [`query`] | questions and pages, in the words every store understands |
//! | [`sector`] | the sectors of industry that entries may be about |
//! | [`related`] | what else belongs to an answer |
//! | [`score`] | how much a value is worth acting on |
//! | [`lookup`] | all that is said of one value, summed up for a person |
//! | [`hunting`] | queries that look for a value in one's own logs |
//! | [`questions`] | many questions at a time |
//! | [`feed`] | feeds as data, and the connectors that read them |
//! | [`export`] | entries as bytes in the formats others read |

pub mod article;
pub mod attack;
pub mod claim;
pub mod defang;
pub mod export;
pub mod extract;
pub mod feed;
pub mod hunting;
pub mod interpret;
pub mod lookup;
pub mod matching;
pub mod normalize;
pub mod observation;
pub mod query;
pub mod questions;
mod refang;
pub mod related;
pub mod score;
pub mod sector;
mod uuid;
pub mod value;
pub mod warning;
