//! Usage and rate windows in SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::{as_signed, count};
use crate::control::{ControlError, Counted, StoredUsage, WindowCount};
use crate::endpoint::Endpoint;
use crate::limit::Changed;

/// Adds what was counted, in one transaction.
pub(super) fn add(connection: &mut Connection, counted: &[Counted]) -> Result<(), ControlError> {
    let transaction = connection.transaction()?;
    for counted in counted {
        add_counts(&transaction, counted)?;
        for changed in &counted.windows {
            add_window(&transaction, counted, changed)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn add_counts(transaction: &Transaction<'_>, counted: &Counted) -> rusqlite::Result<()> {
    let (key, day) = (&counted.key, counted.hour.div_euclid(24));
    let mut statuses = transaction.prepare_cached(
        "INSERT INTO usage_status VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET requests = requests + excluded.requests",
    )?;
    for (status, requests) in &counted.statuses {
        statuses.execute(params![key, counted.hour, status, requests])?;
    }
    let mut endpoints = transaction.prepare_cached(
        "INSERT INTO usage_endpoint VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET requests = requests + excluded.requests",
    )?;
    for (endpoint, requests) in &counted.endpoints {
        let name = Endpoint::name_of(*endpoint);
        endpoints.execute(params![key, day, &*name, requests])?;
    }
    let mut latencies = transaction.prepare_cached(
        "INSERT INTO usage_latency VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET requests = requests + excluded.requests",
    )?;
    for (bucket, requests) in &counted.latencies {
        latencies.execute(params![key, day, bucket, requests])?;
    }
    transaction
        .prepare_cached(
            "UPDATE keys SET total_requests = total_requests + ?2,
                last_used_at = max(coalesce(last_used_at, 0), coalesce(?3, last_used_at, 0))
             WHERE id = ?1 AND ?2 > 0",
        )?
        .execute(params![
            key,
            as_signed(counted.total()),
            counted.last_used_at.map(Timestamp::as_millisecond),
        ])?;
    Ok(())
}

fn add_window(
    transaction: &Transaction<'_>,
    counted: &Counted,
    changed: &Changed,
) -> rusqlite::Result<()> {
    let (key, width) = (&counted.key, as_signed(changed.width));
    let [oldest, newest] = [changed.oldest, changed.newest].map(as_signed);
    transaction
        .prepare_cached(
            "DELETE FROM rate_window WHERE key = ?1 AND width = ?2 AND (bucket < ?3 OR bucket > ?4)",
        )?
        .execute(params![key, width, oldest, newest])?;
    let mut buckets =
        transaction.prepare_cached("INSERT OR REPLACE INTO rate_window VALUES (?1, ?2, ?3, ?4)")?;
    for (bucket, requests) in &changed.counts {
        buckets.execute(params![key, width, as_signed(*bucket), requests])?;
    }
    let day = counted.hour.div_euclid(24);
    transaction
        .prepare_cached(
            "INSERT INTO usage_peak VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET peak = max(peak, excluded.peak)",
        )?
        .execute(params![key, day, width, changed.peak])?;
    Ok(())
}

/// What is known of a key from `day` on.
pub(super) fn read(
    connection: &Connection,
    key: &str,
    day: i64,
) -> Result<StoredUsage, ControlError> {
    let mut statuses = connection.prepare_cached(
        "SELECT hour, status, requests FROM usage_status WHERE key = ?1 AND hour >= ?2
         ORDER BY hour, status",
    )?;
    let statuses = statuses.query_map(params![key, day.saturating_mul(24)], |row| {
        Ok((row.get(0)?, row.get(1)?, count(row, 2)?))
    })?;
    let mut endpoints = connection.prepare_cached(
        "SELECT endpoint, sum(requests) AS total FROM usage_endpoint WHERE key = ?1 AND day >= ?2
         GROUP BY endpoint ORDER BY total DESC, endpoint",
    )?;
    let endpoints =
        endpoints.query_map(params![key, day], |row| Ok((row.get(0)?, count(row, 1)?)))?;
    let mut latencies = connection.prepare_cached(
        "SELECT bucket, sum(requests) FROM usage_latency WHERE key = ?1 AND day >= ?2
         GROUP BY bucket ORDER BY bucket",
    )?;
    let latencies =
        latencies.query_map(params![key, day], |row| Ok((row.get(0)?, count(row, 1)?)))?;
    let mut peaks = connection.prepare_cached(
        "SELECT width, max(peak) FROM usage_peak WHERE key = ?1 AND day >= ?2 GROUP BY width",
    )?;
    let peaks = peaks.query_map(params![key, day], |row| Ok((count(row, 0)?, row.get(1)?)))?;
    Ok(StoredUsage {
        statuses: statuses.collect::<Result<_, _>>()?,
        endpoints: endpoints.collect::<Result<_, _>>()?,
        latencies: latencies.collect::<Result<_, _>>()?,
        peaks: peaks.collect::<Result<_, _>>()?,
    })
}

/// Every bucket of every rate window, oldest first within a window.
pub(super) fn windows(connection: &Connection) -> Result<Vec<WindowCount>, ControlError> {
    let mut statement = connection.prepare_cached(
        "SELECT key, width, bucket, requests FROM rate_window ORDER BY key, width, bucket",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(WindowCount {
            key: row.get(0)?,
            width: count(row, 1)?,
            bucket: count(row, 2)?,
            count: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes usage from before `day`, and rate windows that were over at `now`.
pub(super) fn forget(
    connection: &mut Connection,
    day: i64,
    now: Timestamp,
) -> Result<(), ControlError> {
    let transaction = connection.transaction()?;
    for table in ["usage_endpoint", "usage_latency", "usage_peak"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE day < ?1"), [day])?;
    }
    let hour = day.saturating_mul(24);
    transaction.execute("DELETE FROM usage_status WHERE hour < ?1", [hour])?;
    // Two days, so that a clock that is set back finds what it needs.
    transaction.execute(
        "DELETE FROM rate_window WHERE (bucket + 1) * width < ?1",
        [now.as_second() - 2 * 86_400],
    )?;
    transaction.commit()?;
    Ok(())
}
