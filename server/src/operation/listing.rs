//! What the store holds, as it is written.

use iocd_core::export::csv::{self, Cells};
use iocd_core::export::{json as export_json, txt, write_number};
use iocd_core::query::{self, Entry, EntrySink, Filter, Page};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::{ListFormat, OperationError};
use crate::owner::Node;
use crate::store::ClaimStore as _;

/// The newest entries that a filter admits: `{"body": text}`.
pub(super) async fn list(
    node: &Node,
    filter: &Filter,
    limit: u32,
    format: ListFormat,
    now: Timestamp,
) -> Result<Json, OperationError> {
    let mut listing = Listing {
        format,
        entries: 0,
        body: Vec::new(),
    };
    let page = Page { offset: 0, limit };
    let newest = query::Listing {
        filter,
        page,
        now,
        revision: None,
    };
    node.store.list(&newest, &mut listing).await?;
    Ok(json!({"body": String::from_utf8_lossy(&listing.finish())}))
}

/// A list as it is written.
struct Listing {
    format: ListFormat,
    entries: usize,
    body: Vec<u8>,
}

impl EntrySink for Listing {
    fn total(&mut self, total: u64) {
        match self.format {
            ListFormat::Json => {
                self.body.extend_from_slice(b"{\"meta\":{\"total\":");
                write_number(&mut self.body, total);
                self.body.extend_from_slice(b"},\"data\":[");
            }
            ListFormat::Csv => self.body.extend_from_slice(csv::HEADER.as_bytes()),
            ListFormat::Txt => {}
        }
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        match self.format {
            ListFormat::Json => {
                if self.entries > 0 {
                    self.body.push(b',');
                }
                export_json::write_entry(&mut self.body, entry);
            }
            ListFormat::Csv => csv::write_entry(&mut self.body, entry, Cells::Guarded),
            ListFormat::Txt => txt::write_entry(&mut self.body, entry),
        }
        self.entries += 1;
    }
}

impl Listing {
    fn finish(mut self) -> Vec<u8> {
        if self.format == ListFormat::Json {
            self.body.extend_from_slice(b"]}");
        }
        self.body
    }
}
