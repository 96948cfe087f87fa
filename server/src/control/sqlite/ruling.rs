//! The operator's rulings in SQLite.

use iocd_core::value::Kind;
use iocd_core::warning::Pattern;
use rusqlite::{Connection, Row, params};

use super::{parsed, time, unreadable};
use crate::control::{ControlError, Ruling, Stance};

pub(super) fn read_all(
    connection: &Connection,
    stance: Stance,
) -> Result<Vec<Ruling>, ControlError> {
    let mut statement = connection.prepare_cached(
        "SELECT type, pattern, reason, added_at FROM rulings WHERE stance = ?1
         ORDER BY added_at, type, pattern",
    )?;
    let rows = statement.query_map([stance.as_str()], |row| {
        Ok(Ruling {
            stance,
            pattern: read_pattern(row)?,
            reason: row.get(2)?,
            added_at: time(row, 3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read_pattern(row: &Row<'_>) -> rusqlite::Result<Pattern> {
    let kind: Kind = parsed(row, 0)?;
    let written: String = row.get(1)?;
    Pattern::parse(kind, &written).map_err(|error| unreadable(1, &error))
}

pub(super) fn put(connection: &Connection, ruling: &Ruling) -> Result<(), ControlError> {
    connection.execute(
        "INSERT OR REPLACE INTO rulings (stance, type, pattern, reason, added_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            ruling.stance.as_str(),
            ruling.pattern.value().kind().as_str(),
            ruling.pattern.to_string(),
            ruling.reason,
            ruling.added_at.as_millisecond(),
        ],
    )?;
    Ok(())
}

pub(super) fn remove(
    connection: &Connection,
    stance: Stance,
    pattern: &Pattern,
) -> Result<bool, ControlError> {
    let removed = connection.execute(
        "DELETE FROM rulings WHERE stance = ?1 AND type = ?2 AND pattern = ?3",
        params![
            stance.as_str(),
            pattern.value().kind().as_str(),
            pattern.to_string()
        ],
    )?;
    Ok(removed > 0)
}
