//! The body of a list, as it is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use iocd_core::export::csv;
use iocd_core::export::json::{self, write_string};
use iocd_core::export::{Format, txt, write_number, write_time};
use iocd_core::query::{ChangeSink, Entry, EntrySink, Gone};
use jiff::Timestamp;

use super::asked::Asked;
use super::cursor::Cursor;
use super::narrowing::each_filter;

/// A body, with what is told in its head.
pub(super) struct Body {
    pub(super) out: Vec<u8>,
    asked: Arc<Asked>,
    pub(super) now: Timestamp,
    /// Of the store as it is shown.
    pub(super) revision: u64,
    /// Entries in the whole list.
    pub(super) total: u64,
    /// Whether the head is written: it is once.
    is_begun: bool,
    /// Elements of `data` so far.
    pub(super) elements: u64,
    /// Whether nobody waits for it any more.
    is_given_up: Arc<AtomicBool>,
}

/// Where a list goes on.
#[derive(Clone, Debug)]
pub(super) struct Links {
    pub(super) next: Option<Cursor>,
    pub(super) delta: Cursor,
}

impl Body {
    pub(super) fn new(asked: Arc<Asked>, now: Timestamp, is_given_up: Arc<AtomicBool>) -> Body {
        Body {
            out: Vec::with_capacity(64 << 10),
            asked,
            now,
            revision: 0,
            total: 0,
            is_begun: false,
            elements: 0,
            is_given_up,
        }
    }

    /// Ends it; `links` are known only now.
    pub(super) fn end(&mut self, links: &Links) {
        if self.asked.format != Format::Json {
            return;
        }
        let out = &mut self.out;
        out.extend_from_slice(b"],\"links\":{\"self\":");
        write_string(out, &self.asked.link(None));
        for (name, cursor) in [
            (",\"next\":", links.next.as_ref()),
            (",\"delta\":", Some(&links.delta)),
        ] {
            if let Some(cursor) = cursor {
                out.extend_from_slice(name.as_bytes());
                write_string(out, &self.asked.link(Some(cursor)));
            }
        }
        out.extend_from_slice(b"}}");
    }

    fn begin(&mut self, total: u64) {
        if std::mem::replace(&mut self.is_begun, true) {
            return;
        }
        self.total = total;
        match self.asked.format {
            Format::Json => self.write_head(),
            Format::Csv => self.out.extend_from_slice(csv::HEADER.as_bytes()),
            Format::Txt => {}
        }
    }

    fn write_head(&mut self) {
        let out = &mut self.out;
        let page = self.asked.page;
        out.extend_from_slice(b"{\"meta\":{\"total\":");
        write_number(out, self.total);
        out.extend_from_slice(b",\"limit\":");
        write_number(out, u64::from(page.limit));
        out.extend_from_slice(b",\"offset\":");
        write_number(out, page.offset);
        out.extend_from_slice(b",\"generated_at\":\"");
        write_time(out, self.now);
        out.extend_from_slice(b"\",\"feed_version\":\"");
        write_number(out, self.revision);
        out.extend_from_slice(b"\",\"source\":\"iocd\",\"filters\":{");
        let mut is_first = true;
        each_filter(&self.asked.filter, &mut |name, value| {
            if !is_first {
                out.push(b',');
            }
            is_first = false;
            write_string(out, name);
            out.push(b':');
            write_string(out, value);
        });
        out.extend_from_slice(b"}},\"data\":[");
    }

    fn write(&mut self, entry: &Entry<'_>) {
        self.next_element();
        match self.asked.format {
            Format::Json => json::write_entry(&mut self.out, entry),
            Format::Csv => csv::write_entry(&mut self.out, entry, self.asked.cells),
            Format::Txt => txt::write_entry(&mut self.out, entry),
        }
    }

    fn next_element(&mut self) {
        if self.elements > 0 && self.asked.format == Format::Json {
            self.out.push(b',');
        }
        self.elements += 1;
    }
}

impl EntrySink for Body {
    fn total(&mut self, total: u64) {
        self.begin(total);
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.write(entry);
    }

    fn is_abandoned(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }
}

impl ChangeSink for Body {
    fn total(&mut self, total: u64) {
        self.begin(total);
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.write(entry);
    }

    fn gone(&mut self, gone: &Gone<'_>) {
        self.next_element();
        json::write_gone(&mut self.out, gone);
    }

    fn is_abandoned(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }
}
