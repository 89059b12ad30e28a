//! Single rows: settings, file ids, events.

use crate::connection::Fault;
use crate::history::digest_of;
use crate::{FileRow, FolderId};
use protocol::{EventRecord, FileId};
use rusqlite::{Connection, OptionalExtension, params};

type Outcome<T> = std::result::Result<T, Fault>;

/// Events that are kept.
const KEPT_EVENTS: i64 = 50_000;

pub(crate) fn setting(connection: &Connection, key: &str) -> Outcome<Option<String>> {
    Ok(connection.query_row("SELECT value FROM settings WHERE key = ?", [key], |row| row.get(0)).optional()?)
}

pub(crate) fn set_setting(connection: &Connection, key: &str, value: &str) -> Outcome<()> {
    connection.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", [key, value])?;
    Ok(())
}

pub(crate) fn forget_setting(connection: &Connection, key: &str) -> Outcome<()> {
    connection.execute("DELETE FROM settings WHERE key = ?", [key])?;
    Ok(())
}

pub(crate) fn files(connection: &Connection, folder: FolderId) -> Outcome<Vec<FileRow>> {
    let mut statement = connection.prepare(
        "SELECT id, path, device, inode, size, digest, missing FROM files WHERE folder = ? ORDER BY path, id",
    )?;
    let rows = statement.query_map([folder.0], |row| {
        let device: Option<i64> = row.get(2)?;
        let inode: Option<i64> = row.get(3)?;
        let file = FileRow {
            id: FileId(row.get(0)?),
            path: row.get(1)?,
            inode: device.zip(inode).map(|(device, inode)| (device as u64, inode as u64)),
            size: row.get::<_, i64>(4)? as u64,
            digest: None,
            missing: row.get(6)?,
        };
        Ok((file, row.get::<_, Option<Vec<u8>>>(5)?))
    })?;
    let mut files = Vec::new();
    for row in rows {
        let (file, digest) = row?;
        files.push(FileRow { digest: digest.as_deref().map(digest_of).transpose()?, ..file });
    }
    Ok(files)
}

pub(crate) fn put_file(connection: &Connection, folder: FolderId, file: &FileRow) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO files (folder, id, path, device, inode, size, digest, missing)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            folder.0,
            file.id.as_str(),
            file.path,
            file.inode.map(|(device, _)| device as i64),
            file.inode.map(|(_, inode)| inode as i64),
            file.size as i64,
            file.digest.as_ref().map(|digest| &digest.0[..]),
            file.missing
        ])?;
    Ok(())
}

pub(crate) fn append_events(connection: &Connection, events: &[EventRecord]) -> Outcome<()> {
    let mut insert =
        connection.prepare_cached("INSERT OR IGNORE INTO events (seq, time, folder, event) VALUES (?, ?, ?, ?)")?;
    for EventRecord { seq, time, folder, event } in events {
        insert.execute(params![*seq as i64, *time as i64, folder, serde_json::to_string(event)?])?;
    }
    connection.execute("DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?", [KEPT_EVENTS])?;
    Ok(())
}

pub(crate) fn last_event(connection: &Connection) -> Outcome<u64> {
    let last: Option<i64> = connection.query_row("SELECT max(seq) FROM events", [], |row| row.get(0))?;
    Ok(last.unwrap_or(0) as u64)
}

/// The newest events with lower numbers than this one, oldest first.
pub(crate) fn events_before(connection: &Connection, before: u64, count: usize) -> Outcome<Vec<EventRecord>> {
    let mut statement = connection
        .prepare_cached("SELECT seq, time, folder, event FROM events WHERE seq < ? ORDER BY seq DESC LIMIT ?")?;
    let (before, count) = (i64::try_from(before).unwrap_or(i64::MAX), i64::try_from(count).unwrap_or(i64::MAX));
    let rows = statement.query_map([before, count], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
    })?;
    let mut records = Vec::new();
    for row in rows {
        let (seq, time, folder, event) = row?;
        match serde_json::from_str(&event) {
            Ok(event) => records.push(EventRecord { seq: seq as u64, time: time as u64, folder, event }),
            // Words of another version: better one line less than no panel.
            Err(error) => tracing::warn!("event {seq} cannot be read: {error}"),
        }
    }
    records.reverse();
    Ok(records)
}
