//! Copying the database while it is in use, and verifying it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{private_file, schema};
use crate::control::ControlError;

/// Writes the database into a new file that only its owner may read.
pub(super) fn copy(connection: &Connection, path: &Path) -> Result<(), ControlError> {
    private_file(path).map_err(|error| ControlError::Storage(Box::new(error)))?;
    // SQLite takes an empty file for one that is not there.
    connection.execute("VACUUM INTO ?1", [path.to_string_lossy()])?;
    Ok(())
}

/// Verifies the database at `path`, reading only: its pages and indexes, that
/// rows refer to rows that are there, its version. Gives the problems.
pub fn check_database(path: &Path) -> Result<Vec<String>, ControlError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let mut problems = match integrity(&connection) {
        Ok(problems) => problems,
        // So damaged that it cannot be looked at.
        Err(error) => return Ok(vec![error.to_string()]),
    };
    if let Err(error) = schema::check_version(&connection) {
        problems.push(error.to_string());
    }
    Ok(problems)
}

pub(crate) fn integrity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut problems = lines.collect::<Result<Vec<_>, _>>()?;
    problems.retain(|line| line != "ok");
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let dangling = statement.query_map([], |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        Ok(format!(
            "a row of {table} refers to one of {parent} that is not there"
        ))
    })?;
    for problem in dangling {
        problems.push(problem?);
    }
    Ok(problems)
}
