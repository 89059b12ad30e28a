//! Folders and the sessions issued for them.

use crate::connection::Fault;
use crate::{FolderId, FolderRecord, access};
use protocol::SessionId;
use rusqlite::{Connection, OptionalExtension, Row, params};

type Outcome<T> = std::result::Result<T, Fault>;

const FOLDER: &str = "SELECT id, path, slug, secret FROM folders";

fn folder_row(row: &Row) -> rusqlite::Result<FolderRecord> {
    let secret: String = row.get(3)?;
    let secret = (!secret.is_empty()).then_some(secret);
    Ok(FolderRecord { id: FolderId(row.get(0)?), path: row.get(1)?, slug: row.get(2)?, secret })
}

pub(crate) fn folders(connection: &Connection) -> Outcome<Vec<FolderRecord>> {
    let mut statement = connection.prepare(&format!("{FOLDER} WHERE removed = 0 ORDER BY position"))?;
    let rows = statement.query_map([], folder_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A folder that is there already stays as it is; one that was removed comes back, last, without links and guests.
pub(crate) fn add_folder(connection: &Connection, path: &str, slug: &str) -> Outcome<FolderRecord> {
    let known: Option<(FolderRecord, bool)> = connection
        .query_row("SELECT id, path, slug, secret, removed FROM folders WHERE path = ?", [path], |row| {
            Ok((folder_row(row)?, row.get(4)?))
        })
        .optional()?;
    match known {
        Some((record, false)) => return Ok(record),
        Some((record, true)) => {
            access::forget(connection, record.id)?;
            connection.execute(
                "UPDATE folders SET removed = 0, slug = ?, secret = '',
                 position = (SELECT max(position) + 1 FROM folders) WHERE id = ?",
                params![slug, record.id.0],
            )?;
        }
        None => {
            connection.execute(
                "INSERT INTO folders (path, slug, secret, position)
                 VALUES (?, ?, '', (SELECT coalesce(max(position), 0) + 1 FROM folders))",
                [path, slug],
            )?;
        }
    }
    Ok(connection.query_row(&format!("{FOLDER} WHERE path = ?"), [path], folder_row)?)
}

pub(crate) fn remove_folder(connection: &Connection, folder: FolderId) -> Outcome<()> {
    connection.execute("UPDATE folders SET removed = 1 WHERE id = ?", [folder.0])?;
    Ok(())
}

/// Where something is kept for a person: among the settings.
pub(crate) fn kept_key(folder: FolderId, username: &str, name: &str) -> String {
    format!("kept/{}/{username}/{name}", folder.0)
}

pub(crate) fn newest_session(connection: &Connection, folder: FolderId) -> Outcome<Option<(u64, SessionId)>> {
    let row = connection
        .query_row("SELECT number, id FROM sessions WHERE folder = ? ORDER BY number DESC LIMIT 1", [folder.0], |row| {
            Ok((row.get::<_, i64>(0)? as u64, SessionId(row.get(1)?)))
        })
        .optional()?;
    Ok(row)
}

pub(crate) fn next_session(connection: &Connection, folder: FolderId, id: &SessionId) -> Outcome<u64> {
    let number = newest_session(connection, folder)?.map_or(1, |(number, _)| number + 1);
    connection.execute(
        "INSERT INTO sessions (folder, number, id) VALUES (?, ?, ?)",
        params![folder.0, number as i64, id.as_str()],
    )?;
    Ok(number)
}

pub(crate) fn session_number(connection: &Connection, folder: FolderId, id: &SessionId) -> Outcome<Option<u64>> {
    let number = connection
        .query_row("SELECT number FROM sessions WHERE folder = ? AND id = ?", params![folder.0, id.as_str()], |row| {
            row.get::<_, i64>(0)
        })
        .optional()?;
    Ok(number.map(|number| number as u64))
}
