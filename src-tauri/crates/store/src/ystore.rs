//! Histories that Jupyter's collaboration keeps (`.jupyter_ystore.db`), and the names of its file ids, read and never written.
//!
//! Not here: what the updates mean, and which file a history belongs to.
//!
//! The files are opened read-only and as immutable, so that SQLite makes nothing beside them either. Every layout that was released
//! is read: rows that are an update and its metadata by turns (ypy-websocket 0.2 to 0.4), one row for both (0.5 on, and
//! pycrdt-websocket), and with checkpoints beside them (pycrdt-store).

use crate::connection::{Fault, blocking};
use crate::migrations::STEPS;
use crate::{Result, StoreError};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

type Outcome<T> = std::result::Result<T, Fault>;

/// The updates of one document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct YHistory {
    /// A state that stands for the first updates, of which some may be gone.
    pub checkpoint: Option<Vec<u8>>,
    /// Yjs v1 updates in the order in which they were written; the first may be a whole state.
    pub updates: Vec<Vec<u8>>,
    /// When the last one was written, in Unix milliseconds, if the layout says so.
    pub last: Option<u64>,
}

/// Names of the documents that a file has histories of, such as `.notebook:0e5c….y`.
pub async fn names(path: &Path) -> Result<Vec<String>> {
    reading(path, |connection| {
        if !has_table(connection, "yupdates")? {
            return Err(Fault::new("it holds no histories of Jupyter's collaboration"));
        }
        let mut statement =
            connection.prepare("SELECT DISTINCT path FROM yupdates WHERE path NOT NULL ORDER BY path")?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    })
    .await
}

/// Whether a file is one that holds such histories, be it in use or not.
pub async fn is_history(path: &Path) -> bool {
    let path = path.to_owned();
    let found = blocking(format!("{}", path.display()), move || {
        std::fs::File::open(&path).map_err(|error| Fault::new(error.to_string()))?;
        has_table(&open(&path)?, "yupdates")
    });
    found.await.unwrap_or(false)
}

/// One of these histories.
pub async fn history(path: &Path, name: &str) -> Result<YHistory> {
    let name = name.to_owned();
    reading(path, move |connection| updates(connection, &name)).await
}

/// Absolute paths by file id, of a database of `jupyter_server_fileid`.
pub async fn file_ids(path: &Path) -> Result<HashMap<String, PathBuf>> {
    reading(path, |connection| {
        if !has_table(connection, "Files")? {
            return Err(Fault::new("it holds no file ids of Jupyter's"));
        }
        let mut statement = connection.prepare("SELECT id, path FROM Files WHERE path NOT NULL")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, PathBuf::from(row.get::<_, String>(1)?))))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    })
    .await
}

/// Whether a file is a database of another program. What cannot be read, or may be of a newer version of this one, is not called so.
pub(crate) fn is_foreign(path: &Path) -> bool {
    let foreign = open(path).and_then(|connection| {
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
        let is_ours = has_table(&connection, "documents")? && has_table(&connection, "settings")?;
        Ok(tables > 0 && !is_ours && version <= STEPS.len() as i64)
    });
    path.exists() && foreign.unwrap_or(false)
}

async fn reading<T: Send + 'static>(
    path: &Path,
    read: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
) -> Result<T> {
    let path = path.to_owned();
    blocking(format!("{}", path.display()), move || {
        // What a transaction under way wrote is in these, and only the program that wrote it knows what to make of it.
        for suffix in ["-journal", "-wal"] {
            let mut beside = path.clone().into_os_string();
            beside.push(suffix);
            if std::fs::metadata(&beside).is_ok_and(|found| found.len() > 0) {
                return Err(Fault::new(
                    "Jupyter is using it, or was killed while it did; start Jupyter and stop it first",
                ));
            }
        }
        std::fs::File::open(&path).map_err(|error| Fault::new(error.to_string()))?;
        read(&open(&path)?)
    })
    .await
    // A foreign file says nothing of ours.
    .map_err(|error| StoreError { corrupt: false, ..error })
}

fn open(path: &Path) -> Outcome<Connection> {
    let absolute = std::path::absolute(path).map_err(|error| Fault::new(error.to_string()))?;
    let plain = absolute.to_str().ok_or_else(|| Fault::new("its name is not Unicode"))?;
    let plain = plain.replace('%', "%25").replace('?', "%3f").replace('#', "%23").replace('\\', "/");
    let slash = if plain.starts_with('/') { "" } else { "/" };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(format!("file:{slash}{plain}?immutable=1"), flags)?)
}

fn has_table(connection: &Connection, table: &str) -> Outcome<bool> {
    let sql = "SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = ?";
    Ok(connection.query_row(sql, [table], |row| row.get(0))?)
}

fn updates(connection: &Connection, name: &str) -> Outcome<YHistory> {
    let columns: Vec<String> = {
        let mut statement = connection.prepare("SELECT name FROM pragma_table_info('yupdates')")?;
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    let has = |column: &str| columns.iter().any(|name| name == column);
    let mut history = YHistory::default();
    if has_table(connection, "ycheckpoints")? {
        let mut statement = connection.prepare("SELECT checkpoint FROM ycheckpoints WHERE path = ?")?;
        history.checkpoint = statement.query_row([name], |row| row.get(0)).optional()?;
    }
    let time = if has("timestamp") { "timestamp" } else { "NULL" };
    let sql = format!("SELECT yupdate, {time} FROM yupdates WHERE path = ? ORDER BY rowid");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([name])?;
    let mut number = 0;
    while let Some(row) = rows.next()? {
        // In the oldest layout every second row is metadata.
        if (has("metadata") || number % 2 == 0)
            && let ValueRef::Blob(update) = row.get_ref(0)?
        {
            history.updates.push(update.to_vec());
        }
        if let ValueRef::Real(seconds) = row.get_ref(1)? {
            history.last = history.last.max(Some((seconds * 1000.0) as u64));
        }
        number += 1;
    }
    Ok(history)
}
