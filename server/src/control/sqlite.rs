//! Control data in SQLite.

use std::fmt::Display;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use iocd_core::warning::Pattern;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use super::{
    Account, ControlError, Counted, Digest, FeedState, FetchState, KeyInfo, Records, RefusedRow,
    Ruling, Stance, StoredKey, StoredUsage, WindowCount, lock,
};

mod fetching;
mod ruling;
mod schema;
mod upkeep;
mod usage;

pub use upkeep::check_database;
pub(crate) use upkeep::integrity;

/// [`Records`] in one SQLite file, in write-ahead mode, synced at each commit.
pub struct SqliteRecords(Mutex<Connection>);

impl SqliteRecords {
    /// Opens a file, and makes it where there is none.
    pub fn open(path: &Path) -> Result<SqliteRecords, ControlError> {
        // Digests of keys are in it: for the owner's eyes, whatever the mode
        // of the directory. SQLite gives its other files the same mode.
        private_file(path).map_err(|error| ControlError::Storage(Box::new(error)))?;
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        SqliteRecords::prepare(connection)
    }

    /// A database that is gone with the value.
    pub fn in_memory() -> Result<SqliteRecords, ControlError> {
        SqliteRecords::prepare(Connection::open_in_memory()?)
    }

    fn prepare(mut connection: Connection) -> Result<SqliteRecords, ControlError> {
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        schema::migrate(&mut connection)?;
        Ok(SqliteRecords(Mutex::new(connection)))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        lock(&self.0)
    }
}

/// Makes a file that only its owner may read, if there is none.
pub(crate) fn private_file(path: &Path) -> std::io::Result<()> {
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

impl Records for SqliteRecords {
    fn copy_to(&self, path: &Path) -> Result<(), ControlError> {
        upkeep::copy(&self.connection(), path)
    }

    fn accounts(&self) -> Result<Vec<Account>, ControlError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached("SELECT name, tier, created_at FROM accounts ORDER BY name")?;
        let rows = statement.query_map([], |row| {
            Ok(Account {
                name: row.get(0)?,
                tier: row.get(1)?,
                created_at: time(row, 2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn insert_account(&self, account: &Account) -> Result<bool, ControlError> {
        let inserted = self.connection().execute(
            "INSERT INTO accounts (name, tier, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![account.name, account.tier, account.created_at.as_millisecond()],
        )?;
        Ok(inserted == 1)
    }

    fn keys(&self) -> Result<Vec<StoredKey>, ControlError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT id, digest, prefix, account, name, tier, scopes, networks, created_at,
                    expires_at, revoked_at, last_used_at, revoked_reason, total_requests
             FROM keys ORDER BY rowid",
        )?;
        let rows = statement.query_map([], read_key)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn insert_key(&self, StoredKey { info, digest }: &StoredKey) -> Result<(), ControlError> {
        let networks: Vec<String> = info.networks.iter().map(ToString::to_string).collect();
        self.connection().execute(
            "INSERT INTO keys (id, digest, prefix, account, name, tier, scopes, networks,
                               created_at, expires_at, revoked_at, last_used_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                info.id,
                digest.0,
                info.prefix,
                info.account,
                info.name,
                info.tier,
                info.scopes.to_string(),
                networks.join(" "),
                info.created_at.as_millisecond(),
                info.expires_at.map(Timestamp::as_millisecond),
                info.revoked_at.map(Timestamp::as_millisecond),
                info.last_used_at.map(Timestamp::as_millisecond),
            ],
        )?;
        Ok(())
    }

    fn revoke_key(
        &self,
        id: &str,
        at: Timestamp,
        reason: Option<&str>,
    ) -> Result<(), ControlError> {
        self.connection().execute(
            "UPDATE keys SET revoked_at = ?2, revoked_reason = ?3
             WHERE id = ?1 AND revoked_at IS NULL",
            params![id, at.as_millisecond(), reason],
        )?;
        Ok(())
    }

    fn put_feed_state(&self, state: &FeedState) -> Result<(), ControlError> {
        self.connection().execute(
            "INSERT OR REPLACE INTO feed_state (feed, condition, message, last_good_at,
                                                last_attempt_at, rows_accepted, rows_refused,
                                                stale_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                state.feed,
                state.condition.as_str(),
                state.message,
                state.last_good_at.map(Timestamp::as_millisecond),
                state.last_attempt_at.map(Timestamp::as_millisecond),
                as_signed(state.rows_accepted),
                as_signed(state.rows_refused),
                state.stale_at.map(Timestamp::as_millisecond),
            ],
        )?;
        Ok(())
    }

    fn feed_states(&self) -> Result<Vec<FeedState>, ControlError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT feed, condition, message, last_good_at, last_attempt_at, rows_accepted,
                    rows_refused, stale_at FROM feed_state ORDER BY feed",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(FeedState {
                feed: row.get(0)?,
                condition: parsed(row, 1)?,
                message: row.get(2)?,
                last_good_at: optional_time(row, 3)?,
                last_attempt_at: optional_time(row, 4)?,
                rows_accepted: count(row, 5)?,
                rows_refused: count(row, 6)?,
                stale_at: optional_time(row, 7)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn put_fetch_state(&self, state: &FetchState) -> Result<(), ControlError> {
        fetching::put(&self.connection(), state)
    }

    fn fetch_states(&self) -> Result<Vec<FetchState>, ControlError> {
        fetching::read_all(&self.connection())
    }

    fn put_refused(&self, feed: &str, rows: &[RefusedRow]) -> Result<(), ControlError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        transaction.execute("DELETE FROM refused WHERE feed = ?1", [feed])?;
        {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO refused (feed, position, line, text, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for (position, row) in (0_i64..).zip(rows) {
                let text: String = row.text.chars().take(MAX_TEXT).collect();
                let reason: String = row.reason.chars().take(MAX_TEXT).collect();
                statement.execute(params![feed, position, as_signed(row.line), text, reason])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn refused(&self, feed: &str) -> Result<Vec<RefusedRow>, ControlError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT line, text, reason FROM refused WHERE feed = ?1 ORDER BY position",
        )?;
        let rows = statement.query_map([feed], |row| {
            Ok(RefusedRow {
                line: count(row, 0)?,
                text: row.get(1)?,
                reason: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn rulings(&self, stance: Stance) -> Result<Vec<Ruling>, ControlError> {
        ruling::read_all(&self.connection(), stance)
    }

    fn put_ruling(&self, ruling: &Ruling) -> Result<(), ControlError> {
        ruling::put(&self.connection(), ruling)
    }

    fn remove_ruling(&self, stance: Stance, pattern: &Pattern) -> Result<bool, ControlError> {
        ruling::remove(&self.connection(), stance, pattern)
    }

    fn add_usage(&self, counted: &[Counted]) -> Result<(), ControlError> {
        usage::add(&mut self.connection(), counted)
    }

    fn usage(&self, key_id: &str, day: i64) -> Result<StoredUsage, ControlError> {
        usage::read(&self.connection(), key_id, day)
    }

    fn windows(&self) -> Result<Vec<WindowCount>, ControlError> {
        usage::windows(&self.connection())
    }

    fn forget_usage(&self, day: i64, now: Timestamp) -> Result<(), ControlError> {
        usage::forget(&mut self.connection(), day, now)
    }
}

/// Characters kept of a refused row and of the reason.
const MAX_TEXT: usize = 512;

fn read_key(row: &Row<'_>) -> rusqlite::Result<StoredKey> {
    let networks: String = row.get(7)?;
    let networks = networks
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>();
    Ok(StoredKey {
        digest: Digest(row.get(1)?),
        info: KeyInfo {
            id: row.get(0)?,
            prefix: row.get(2)?,
            account: row.get(3)?,
            name: row.get(4)?,
            tier: row.get(5)?,
            scopes: parsed(row, 6)?,
            networks: networks.map_err(|error| unreadable(7, &error))?,
            created_at: time(row, 8)?,
            expires_at: optional_time(row, 9)?,
            revoked_at: optional_time(row, 10)?,
            last_used_at: optional_time(row, 11)?,
            revoked_reason: row.get(12)?,
            total_requests: count(row, 13)?,
        },
    })
}

fn parsed<T: FromStr<Err: Display>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    row.get::<_, String>(column)?
        .parse()
        .map_err(|error| unreadable(column, &error))
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|error| unreadable(column, &error))
}

fn optional_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?
        .map(|milliseconds| {
            Timestamp::from_millisecond(milliseconds).map_err(|error| unreadable(column, &error))
        })
        .transpose()
}

fn unreadable(column: usize, error: &dyn Display) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.to_string().into())
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.max(0).unsigned_abs())
}

/// SQLite's integers are signed; no count here comes near their end.
fn as_signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
