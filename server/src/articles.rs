//! The articles that were read: one SQLite file with a full-text index.
//!
//! Articles are few beside claims, and asked in many ways. What an article
//! accuses is a claim in the claim store, too; here it is told as the article
//! tells it.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use iocd_core::article::{Severity, Topic};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

mod asking;
mod body;
mod pages;
mod recording;
mod schema;
mod text_query;

pub use self::asking::{After, Filter, Page, Sort};
pub use self::body::Body;
pub use self::pages::{DuePage, PageState, Wanted};

/// Its file, in the data directory and in backups.
pub const ARTICLES: &str = "articles.db";

/// Articles could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArticlesError {
    /// The database did not do what it was asked.
    #[error("the database of articles failed: {0}")]
    Storage(#[from] rusqlite::Error),
    /// The file could not be made.
    #[error("the database of articles cannot be made: {0}")]
    File(#[from] std::io::Error),
    /// The database was made by a later version of this program.
    #[error(
        "the database of articles has version {found}, and this program knows up to {known}: use a newer program"
    )]
    Version {
        /// What the database says.
        found: i64,
        /// The latest that is known.
        known: i64,
    },
}

/// An article as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its place among all: later ones have greater numbers.
    pub sequence: i64,
    /// See `Article::id`.
    pub id: String,
    /// Short name of its feed.
    pub source: String,
    /// Title of its feed.
    pub source_name: String,
    /// As plain text.
    pub title: String,
    /// Where it can be read.
    pub url: String,
    /// When it was published; where nobody says so, when it was first read.
    /// It stays as it was first told, so that lists keep their order.
    pub published_at: Timestamp,
    /// When it was first read.
    pub fetched_at: Timestamp,
    /// When what it says last changed here.
    pub modified_at: Timestamp,
    /// The number of that change: later ones are greater.
    pub change: i64,
    /// Its most telling sentences.
    pub summary: String,
    /// What it is about.
    pub topic: Topic,
    /// 0-100.
    pub severity: u8,
    /// Whether it has grown so old that lists leave it out.
    pub is_archived: bool,
    /// Everything else.
    pub body: Body,
}

impl Stored {
    /// The label of its score.
    pub fn label(&self) -> Severity {
        Severity::from_score(self.severity)
    }
}

/// The store. Waits for the disk.
pub struct Articles(Mutex<Connection>);

impl Articles {
    /// Opens a file, and makes it where there is none.
    pub fn open(path: &Path) -> Result<Articles, ArticlesError> {
        crate::control::private_file(path)?;
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        Articles::prepare(connection)
    }

    /// A store that is gone with the value.
    pub fn in_memory() -> Result<Articles, ArticlesError> {
        Articles::prepare(Connection::open_in_memory()?)
    }

    fn prepare(mut connection: Connection) -> Result<Articles, ArticlesError> {
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        schema::migrate(&mut connection)?;
        Ok(Articles(Mutex::new(connection)))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic broke off was rolled back.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies everything into a new file, while the store is in use.
    pub fn copy_to(&self, path: &Path) -> Result<(), ArticlesError> {
        crate::control::private_file(path)?;
        // SQLite takes an empty file for one that is not there.
        self.connection()
            .execute("VACUUM INTO ?1", [path.to_string_lossy()])?;
        Ok(())
    }

    /// Articles that are not archived.
    pub fn count(&self) -> Result<u64, ArticlesError> {
        let sql = "SELECT count(*) FROM articles WHERE archived_at IS NULL";
        let count: i64 = self
            .connection()
            .prepare_cached(sql)?
            .query_row([], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}

/// Verifies the database at `path`, reading only. Gives the problems.
pub fn check_articles(path: &Path) -> Result<Vec<String>, ArticlesError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // So damaged that it cannot be looked at is damaged, too.
    Ok(crate::control::integrity(&connection).unwrap_or_else(|error| vec![error.to_string()]))
}

#[cfg(test)]
mod tests;
