//! A page of articles as it is told.

use axum::http::HeaderValue;
use iocd_core::export::csv::{Cells, write_cell};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::asked::{Asked, Format};
use super::{entity_tag, fields};
use crate::articles::{Page, Stored};

/// Columns of CSV.
const COLUMNS: [&str; 12] = [
    "id",
    "title",
    "url",
    "source_name",
    "published_at",
    "category",
    "severity_label",
    "severity_score",
    "ioc_count",
    "cve_ids",
    "threat_actors",
    "tags",
];

/// What is told, but for the time.
pub(super) struct Told {
    /// The articles: JSON of each, or the whole table.
    parts: String,
    total: u64,
    next: Option<String>,
}

impl Told {
    pub(super) fn of(asked: &Asked, page: &Page) -> Told {
        let last = page.articles.last().filter(|_| page.has_more);
        let one = |article: &Stored| fields::some(article, &asked.fields).to_string();
        let parts = match asked.format {
            Format::Json => page.articles.iter().map(one).collect::<Vec<_>>().join(","),
            Format::Ndjson => page
                .articles
                .iter()
                .map(|article| one(article) + "\n")
                .collect(),
            Format::Csv => table(&page.articles),
        };
        Told {
            parts,
            total: page.total,
            next: last.map(|last| asked.next(asked.sort.place(last))),
        }
    }

    pub(super) fn tag(&self, asked: &Asked) -> HeaderValue {
        let next = self.next.as_deref().unwrap_or_default();
        entity_tag(&[&asked.target(), &self.parts, &self.total.to_string(), next])
    }

    pub(super) fn body(self, asked: &Asked, now: Timestamp) -> Vec<u8> {
        if asked.format != Format::Json {
            return self.parts.into_bytes();
        }
        let meta = json!({
            "total": self.total,
            "limit": asked.limit,
            "next_cursor": self.next,
            "generated_at": fields::time(now),
            "source": "iocd",
            "filters": asked.applied(),
        });
        format!("{{\"meta\":{meta},\"data\":[{}]}}", self.parts).into_bytes()
    }
}

/// RFC 4180, lists joined with `;`, cells guarded against spreadsheets.
fn table(articles: &[Stored]) -> String {
    let mut out = (COLUMNS.join(",") + "\r\n").into_bytes();
    for article in articles {
        for (number, column) in COLUMNS.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            let cell = match fields::field(article, column) {
                Json::String(text) => text,
                Json::Array(names) => {
                    let names = names.iter().filter_map(Json::as_str);
                    names.collect::<Vec<_>>().join(";")
                }
                other => other.to_string(),
            };
            write_cell(&mut out, &cell, Cells::Guarded);
        }
        out.extend_from_slice(b"\r\n");
    }
    String::from_utf8(out).expect("cells are text")
}
