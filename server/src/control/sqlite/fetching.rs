//! What is known of fetching, in SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{count, optional_time, unreadable};
use crate::control::{ControlError, FetchState};

pub(super) fn put(connection: &Connection, state: &FetchState) -> Result<(), ControlError> {
    let held = state.held.as_ref();
    let held = held.map(|held| serde_json::to_string(held).expect("plain data"));
    connection.execute(
        "INSERT OR REPLACE INTO fetch_state (feed, due_at, failures, bookmark, epoch, list_rows,
                                             held, rejected, accepted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            state.feed,
            state.due_at.map(Timestamp::as_millisecond),
            state.failures,
            state.bookmark,
            state.epoch.cast_signed(),
            state.list_rows.map(super::as_signed),
            held,
            state.rejected,
            state.accepted,
        ],
    )?;
    Ok(())
}

pub(super) fn read_all(connection: &Connection) -> Result<Vec<FetchState>, ControlError> {
    let mut statement = connection.prepare_cached(
        "SELECT feed, due_at, failures, bookmark, epoch, list_rows, held, rejected,
                accepted
         FROM fetch_state ORDER BY feed",
    )?;
    let rows = statement.query_map([], |row| {
        let held: Option<String> = row.get(6)?;
        let held = held.map(|text| serde_json::from_str(&text));
        let list_rows: Option<i64> = row.get(5)?;
        Ok(FetchState {
            feed: row.get(0)?,
            due_at: optional_time(row, 1)?,
            failures: u32::try_from(count(row, 2)?).unwrap_or(u32::MAX),
            bookmark: row.get(3)?,
            epoch: row.get::<_, i64>(4)?.cast_unsigned(),
            list_rows: list_rows.map(|rows| rows.max(0).unsigned_abs()),
            held: held.transpose().map_err(|error| unreadable(6, &error))?,
            rejected: row.get(7)?,
            accepted: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
