//! The tables, and how an older database becomes a current one.

use rusqlite::Connection;

use crate::control::ControlError;

/// One step from each version (`PRAGMA user_version`) to the next. Times are
/// milliseconds since 1970.
const STEPS: [&str; 2] = [
    "
    CREATE TABLE accounts (
        name TEXT PRIMARY KEY,
        tier TEXT NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE keys (
        id TEXT PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,
        prefix TEXT NOT NULL,
        account TEXT NOT NULL REFERENCES accounts (name),
        name TEXT NOT NULL,
        tier TEXT NOT NULL,
        scopes TEXT NOT NULL,
        networks TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        revoked_at INTEGER,
        last_used_at INTEGER
    ) STRICT;
    CREATE TABLE feed_state (
        feed TEXT PRIMARY KEY,
        condition TEXT NOT NULL,
        message TEXT,
        last_good_at INTEGER,
        last_attempt_at INTEGER,
        rows_accepted INTEGER NOT NULL,
        rows_refused INTEGER NOT NULL,
        stale_at INTEGER
    ) STRICT;
    CREATE TABLE refused (
        feed TEXT NOT NULL,
        position INTEGER NOT NULL,
        line INTEGER NOT NULL,
        text TEXT NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (feed, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE usage (
        key TEXT NOT NULL,
        hour INTEGER NOT NULL,
        succeeded INTEGER NOT NULL,
        client_errors INTEGER NOT NULL,
        server_errors INTEGER NOT NULL,
        limited INTEGER NOT NULL,
        PRIMARY KEY (key, hour)
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE rulings (
        stance TEXT NOT NULL,
        type TEXT NOT NULL,
        pattern TEXT NOT NULL,
        reason TEXT NOT NULL,
        added_at INTEGER NOT NULL,
        PRIMARY KEY (stance, type, pattern)
    ) STRICT, WITHOUT ROWID;
",
];

/// Brings the database to the current version, a step a transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), ControlError> {
    let done = check_version(connection)?;
    for (step, version) in STEPS.iter().zip(1_i64..).skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

/// How many steps the database has behind it; an error if more than there are.
pub(super) fn check_version(connection: &Connection) -> Result<usize, ControlError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(found).ok();
    done.filter(|done| *done <= STEPS.len())
        .ok_or(ControlError::Version {
            found,
            known: i64::try_from(STEPS.len()).expect("there are few steps"),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_database_keeps_what_it_has() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(STEPS[0]).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        let account = "INSERT INTO accounts VALUES ('team', 'free', 0)";
        connection.execute(account, []).unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        let count = |table: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("accounts"), count("rulings")), (1, 0));
    }
}
