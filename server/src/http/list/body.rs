//! The body of a list, as it is written.

use iocd_core::export::csv;
use iocd_core::export::json::{self, write_string};
use iocd_core::export::{Format, txt, write_number, write_time};
use iocd_core::query::{ChangeSink, Entry, EntrySink, Gone};
use jiff::Timestamp;

use super::asked::{Asked, each_filter};
use super::cursor::Cursor;

/// A body, with what is told in its head.
pub(super) struct Body<'a> {
    pub(super) out: Vec<u8>,
    pub(super) asked: &'a Asked,
    pub(super) now: Timestamp,
    /// Of the store as it is shown.
    pub(super) revision: u64,
    /// Entries in the whole list.
    pub(super) total: u64,
    /// Elements of `data` so far.
    pub(super) elements: u64,
}

/// Where a list goes on.
pub(super) struct Links {
    pub(super) next: Option<Cursor>,
    pub(super) delta: Cursor,
}

impl<'a> Body<'a> {
    pub(super) fn new(asked: &'a Asked, now: Timestamp, revision: u64) -> Body<'a> {
        Body {
            out: Vec::with_capacity(64 << 10),
            asked,
            now,
            revision,
            total: 0,
            elements: 0,
        }
    }

    /// Ends it; `links` are known only now.
    pub(super) fn finish(mut self, links: &Links) -> Vec<u8> {
        if self.asked.format != Format::Json {
            return self.out;
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
        self.out
    }

    fn begin(&mut self, total: u64) {
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
        // None of the values has a character that JSON escapes.
        each_filter(&self.asked.filter, &mut |name, value| {
            let comma = if is_first { "" } else { "," };
            is_first = false;
            out.extend_from_slice(format!("{comma}\"{name}\":\"{value}\"").as_bytes());
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

impl EntrySink for Body<'_> {
    fn total(&mut self, total: u64) {
        self.begin(total);
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.write(entry);
    }
}

impl ChangeSink for Body<'_> {
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
}
