//! The tables, and how an older database becomes a current one.

use rusqlite::Connection;

use crate::control::ControlError;

/// One step from each version (`PRAGMA user_version`) to the next. Times are
/// milliseconds since 1970.
const STEPS: [&str; 4] = [
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
    // Usage by status, endpoint and time taken; what was known before by class.
    "
    ALTER TABLE keys ADD COLUMN revoked_reason TEXT;
    ALTER TABLE keys ADD COLUMN total_requests INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE usage_status (
        key TEXT NOT NULL,
        hour INTEGER NOT NULL,
        status INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        PRIMARY KEY (key, hour, status)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO usage_status
        SELECT key, hour, 200, succeeded FROM usage WHERE succeeded > 0 UNION ALL
        SELECT key, hour, 400, client_errors FROM usage WHERE client_errors > 0 UNION ALL
        SELECT key, hour, 429, limited FROM usage WHERE limited > 0 UNION ALL
        SELECT key, hour, 500, server_errors FROM usage WHERE server_errors > 0;
    UPDATE keys SET total_requests = coalesce(
        (SELECT sum(requests) FROM usage_status WHERE usage_status.key = keys.id), 0);
    DROP TABLE usage;
    CREATE TABLE usage_endpoint (
        key TEXT NOT NULL,
        day INTEGER NOT NULL,
        endpoint TEXT NOT NULL,
        requests INTEGER NOT NULL,
        PRIMARY KEY (key, day, endpoint)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE usage_latency (
        key TEXT NOT NULL,
        day INTEGER NOT NULL,
        bucket INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        PRIMARY KEY (key, day, bucket)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE usage_peak (
        key TEXT NOT NULL,
        day INTEGER NOT NULL,
        width INTEGER NOT NULL,
        peak INTEGER NOT NULL,
        PRIMARY KEY (key, day, width)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE rate_window (
        key TEXT NOT NULL,
        width INTEGER NOT NULL,
        bucket INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        PRIMARY KEY (key, width, bucket)
    ) STRICT, WITHOUT ROWID;
",
    // Fetching. `held` is JSON; `epoch` has the bits of an unsigned number.
    "
    CREATE TABLE fetch_state (
        feed TEXT PRIMARY KEY,
        due_at INTEGER,
        failures INTEGER NOT NULL,
        bookmark TEXT,
        epoch INTEGER NOT NULL,
        list_rows INTEGER,
        held TEXT,
        rejected TEXT,
        accepted TEXT
    ) STRICT;
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
        let key = "INSERT INTO keys VALUES ('key_1', x'00', 'sk', 'team', 'a', 'free', '', '', 0,
                                            NULL, NULL, NULL)";
        connection.execute(key, []).unwrap();
        let usage = "INSERT INTO usage VALUES ('key_1', 7, 5, 1, 0, 2), ('key_1', 8, 3, 0, 0, 0)";
        connection.execute(usage, []).unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        let count = |table: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("accounts"), count("rulings")), (1, 0));
        assert_eq!(count("fetch_state"), 0);
        assert_eq!(count("usage_status"), 4);
        let total = "SELECT total_requests FROM keys";
        let total: i64 = connection.query_row(total, [], |row| row.get(0)).unwrap();
        assert_eq!(total, 11);
    }
}
