//! The tables, and how an older database becomes a current one.

use rusqlite::Connection;

use super::ArticlesError;

/// One step from each version (`PRAGMA user_version`) to the next. Times are
/// milliseconds since 1970.
const STEPS: [&str; 2] = [
    "
    CREATE TABLE articles (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        source TEXT NOT NULL,
        source_name TEXT NOT NULL,
        title TEXT NOT NULL,
        url TEXT NOT NULL,
        published_at INTEGER NOT NULL,
        fetched_at INTEGER NOT NULL,
        modified_at INTEGER NOT NULL,
        change INTEGER NOT NULL,
        summary TEXT NOT NULL,
        topic TEXT NOT NULL,
        severity INTEGER NOT NULL,
        indicators INTEGER NOT NULL,
        body TEXT NOT NULL,
        digest BLOB NOT NULL,
        archived_at INTEGER
    ) STRICT;
    CREATE INDEX articles_published ON articles (published_at, sequence);
    CREATE INDEX articles_fetched ON articles (fetched_at, sequence);
    CREATE UNIQUE INDEX articles_change ON articles (change);
    CREATE TABLE labels (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        article INTEGER NOT NULL REFERENCES articles (sequence),
        PRIMARY KEY (kind, name, article)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX labels_article ON labels (article);
    CREATE VIRTUAL TABLE articles_text USING fts5 (
        title, summary, tags, tokenize = 'unicode61 remove_diacritics 2'
    );
",
    // What is known of the pages of articles that came with a summary alone.
    // It is waited for while `due_at` is there, and was read if `read_at` is.
    "
    CREATE TABLE pages (
        article TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        item TEXT,
        digest BLOB NOT NULL,
        epoch INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        due_at INTEGER,
        tried_at INTEGER,
        read_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pages_due ON pages (source, due_at) WHERE due_at IS NOT NULL;
",
];

/// Brings the database to the current version, a step a transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), ArticlesError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(found).ok();
    let done = done.filter(|done| *done <= STEPS.len());
    let done = done.ok_or(ArticlesError::Version {
        found,
        known: i64::try_from(STEPS.len()).expect("there are few steps"),
    })?;
    for (step, version) in STEPS.iter().zip(1_i64..).skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
