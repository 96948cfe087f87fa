//! Articles out of the store.

use std::fmt::Write as _;

use iocd_core::article::Topic;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, Row, params_from_iter};

use super::text_query::text_query;
use super::{Articles, ArticlesError, Stored};

/// Which articles are wanted: those that all of this admits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words that title, summary and tags have.
    pub text: Option<String>,
    /// What they are about.
    pub topic: Option<Topic>,
    /// The smallest score.
    pub least: Option<u8>,
    /// The score that they are below.
    pub below: Option<u8>,
    /// Published then or later.
    pub since: Option<Timestamp>,
    /// Changed here then or later.
    pub modified_since: Option<Timestamp>,
    /// Whether they accuse anything.
    pub has_iocs: Option<bool>,
    /// A group that they name, by its chief name.
    pub actor: Option<String>,
    /// The slug of a sector.
    pub sector: Option<String>,
    /// A technique, which stands for its sub-techniques, too.
    pub technique: Option<String>,
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Latest publication first.
    #[default]
    Newest,
    /// Earliest publication first.
    Oldest,
    /// Read last first.
    LastRead,
    /// Read first first.
    FirstRead,
    /// Latest change last: what a client follows by.
    Changed,
}

impl Sort {
    /// Every one.
    pub const ALL: [Sort; 5] = [
        Sort::Newest,
        Sort::Oldest,
        Sort::LastRead,
        Sort::FirstRead,
        Sort::Changed,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Sort::Newest => "-published_at",
            Sort::Oldest => "published_at",
            Sort::LastRead => "-fetched_at",
            Sort::FirstRead => "fetched_at",
            Sort::Changed => "modified_at",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Sort> {
        Sort::ALL.into_iter().find(|sort| sort.as_str() == name)
    }

    fn column(self) -> &'static str {
        match self {
            Sort::Newest | Sort::Oldest => "published_at",
            Sort::LastRead | Sort::FirstRead => "fetched_at",
            Sort::Changed => "change",
        }
    }

    fn falls(self) -> bool {
        matches!(self, Sort::Newest | Sort::LastRead)
    }

    /// The place of an article in this order.
    pub fn place(self, article: &Stored) -> After {
        let key = match self {
            Sort::Newest | Sort::Oldest => article.published_at.as_millisecond(),
            Sort::LastRead | Sort::FirstRead => article.fetched_at.as_millisecond(),
            Sort::Changed => article.change,
        };
        After {
            key,
            sequence: article.sequence,
        }
    }
}

/// A place in an order: what comes behind it is wanted. But for changes, what
/// an article is sorted by never changes, so a walk neither skips nor repeats;
/// an article that changes meanwhile comes again at the end of the changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// What is sorted by.
    pub key: i64,
    /// Among equal ones.
    pub sequence: i64,
}

/// A page of articles.
#[derive(Debug, Default)]
pub struct Page {
    /// In the order asked for.
    pub articles: Vec<Stored>,
    /// How many the filter admits, on all pages.
    pub total: u64,
    /// Whether there are more behind them.
    pub has_more: bool,
}

const COLUMNS: &str = "sequence, id, source, source_name, title, url, published_at, fetched_at,
    modified_at, change, summary, topic, severity, archived_at, body";

impl Articles {
    /// The article with this id, archived or not.
    pub fn get(&self, id: &str) -> Result<Option<Stored>, ArticlesError> {
        let sql = format!("SELECT {COLUMNS} FROM articles WHERE id = ?1");
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&sql)?;
        Ok(statement.query_row([id], read).optional()?)
    }

    /// A page of what a filter admits.
    pub fn page(
        &self,
        filter: &Filter,
        sort: Sort,
        after: Option<After>,
        limit: u32,
    ) -> Result<Page, ArticlesError> {
        let Some(mut condition) = Condition::of(filter) else {
            return Ok(Page::default());
        };
        // One transaction, so that count and page are of one moment.
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let sql = format!("SELECT count(*) FROM articles WHERE {}", condition.sql);
        let total: i64 = transaction
            .prepare_cached(&sql)?
            .query_row(params_from_iter(&condition.values), |row| row.get(0))?;
        let (column, falls) = (sort.column(), sort.falls());
        if let Some(after) = after {
            let sign = if falls { '<' } else { '>' };
            let number = condition.values.len();
            let place = format!(
                " AND ({column}, sequence) {sign} (?{}, ?{})",
                number + 1,
                number + 2
            );
            condition.sql.push_str(&place);
            condition
                .values
                .extend([after.key.into(), after.sequence.into()]);
        }
        let order = if falls { "DESC" } else { "ASC" };
        let sql = format!(
            "SELECT {COLUMNS} FROM articles WHERE {}
             ORDER BY {column} {order}, sequence {order} LIMIT {}",
            condition.sql,
            u64::from(limit) + 1
        );
        let mut statement = transaction.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(&condition.values), read)?;
        let mut articles = rows.collect::<Result<Vec<_>, _>>()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = articles.len() > limit;
        articles.truncate(limit);
        Ok(Page {
            articles,
            total: total.unsigned_abs(),
            has_more,
        })
    }

    /// The newest articles that name a vulnerability, published at `since` or
    /// later.
    pub fn naming(
        &self,
        cve: &str,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Stored>, ArticlesError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM articles
             WHERE archived_at IS NULL AND published_at >= ?2 AND sequence IN
                   (SELECT article FROM labels WHERE kind = 'cve' AND name = ?1)
             ORDER BY published_at DESC, sequence DESC LIMIT ?3"
        );
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&sql)?;
        let since = since.map_or(i64::MIN, Timestamp::as_millisecond);
        let rows = statement.query_map((cve.to_lowercase(), since, limit), read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// A filter as SQL. Whatever a client wrote is a parameter of it.
struct Condition {
    sql: String,
    values: Vec<Value>,
}

impl Condition {
    /// `None` where nothing can be admitted.
    fn of(filter: &Filter) -> Option<Condition> {
        let mut condition = Condition {
            sql: "archived_at IS NULL".to_owned(),
            values: Vec::new(),
        };
        if let Some(typed) = &filter.text {
            let within =
                "sequence IN (SELECT rowid FROM articles_text WHERE articles_text MATCH ?)";
            condition.and(within, [text_query(typed)?]);
        }
        if let Some(topic) = filter.topic {
            condition.and("topic = ?", [topic.as_str().to_owned()]);
        }
        if let Some(least) = filter.least {
            condition.and("severity >= ?", [i64::from(least)]);
        }
        if let Some(below) = filter.below {
            condition.and("severity < ?", [i64::from(below)]);
        }
        if let Some(since) = filter.since {
            condition.and("published_at >= ?", [since.as_millisecond()]);
        }
        if let Some(since) = filter.modified_since {
            condition.and("modified_at >= ?", [since.as_millisecond()]);
        }
        if let Some(has_iocs) = filter.has_iocs {
            condition.and("(indicators > 0) = ?", [i64::from(has_iocs)]);
        }
        for (kind, name) in [("actor", &filter.actor), ("sector", &filter.sector)] {
            if let Some(name) = name {
                let labelled =
                    "sequence IN (SELECT article FROM labels WHERE kind = ? AND name = ?)";
                condition.and(labelled, [kind.to_owned(), name.to_lowercase()]);
            }
        }
        if let Some(technique) = &filter.technique {
            let id = technique.to_lowercase();
            // A sub-technique follows a dot; a slash follows a dot in ASCII.
            condition.and(
                "sequence IN (SELECT article FROM labels
                 WHERE kind = 'technique' AND (name = ? OR name > ? AND name < ?))",
                [id.clone(), format!("{id}."), format!("{id}/")],
            );
        }
        Some(condition)
    }

    /// Adds a condition, in which each `?` stands for one of the values.
    fn and<const N: usize>(&mut self, sql: &str, values: [impl Into<Value>; N]) {
        self.sql.push_str(" AND ");
        let mut number = self.values.len();
        for piece in sql.split_inclusive('?') {
            self.sql.push_str(piece);
            if piece.ends_with('?') {
                number += 1;
                let _ = write!(self.sql, "{number}");
            }
        }
        self.values.extend(values.map(Into::into));
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let time = |column| -> rusqlite::Result<Timestamp> {
        let milliseconds = row.get(column)?;
        Ok(Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH))
    };
    let topic: String = row.get(11)?;
    let archived: Option<i64> = row.get(13)?;
    let body: String = row.get(14)?;
    Ok(Stored {
        sequence: row.get(0)?,
        id: row.get(1)?,
        source: row.get(2)?,
        source_name: row.get(3)?,
        title: row.get(4)?,
        url: row.get(5)?,
        published_at: time(6)?,
        fetched_at: time(7)?,
        modified_at: time(8)?,
        change: row.get(9)?,
        summary: row.get(10)?,
        // A topic that a later version knew is one of ours no more.
        topic: Topic::from_name(&topic).unwrap_or_default(),
        severity: row.get(12)?,
        is_archived: archived.is_some(),
        body: serde_json::from_str(&body).unwrap_or_default(),
    })
}
