//! The one connection to SQLite: opening, locking, setting an unreadable file aside, and the way every statement goes.
//!
//! Not here: what the statements say. A job waits for the connection without holding a thread, then runs on a blocking one
//! in a transaction of its own. Commits of histories wait in a queue that whoever comes first empties in one transaction.

use crate::history::{self, Waiting};
use crate::{Result, StoreError, migrations, versions, ystore};
use rusqlite::{Connection, ErrorCode, Transaction};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Suffix of an empty file that says: the store beside it is damaged.
const DAMAGED: &str = ".damaged";

/// Why a job failed; becomes a [`StoreError`] that says at what.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    text: String,
    corrupt: bool,
}

impl Fault {
    /// A failure that SQLite knows nothing of.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), corrupt: false }
    }

    fn about(self, what: &str) -> StoreError {
        StoreError { text: format!("{what}: {}", self.text), corrupt: self.corrupt }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let corrupt = matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase));
        Self { text: error.to_string(), corrupt }
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// The connection and the queue of commits, shared by all clones of a store.
#[derive(Clone)]
pub(crate) struct Shared {
    open: Arc<tokio::sync::Mutex<Option<Open>>>,
    queue: Arc<Mutex<Vec<Waiting>>>,
    /// Where the file is; `None`: it is temporary.
    path: Option<Arc<PathBuf>>,
}

struct Open {
    connection: Connection,
    /// Held as long as the connection lives, so that a second process stays out. Declared last: released last.
    _lock: Option<File>,
}

impl Shared {
    fn new(open: Open, path: Option<PathBuf>) -> Self {
        let open = Arc::new(tokio::sync::Mutex::new(Some(open)));
        Self { open, queue: Arc::default(), path: path.map(Arc::new) }
    }

    pub(crate) async fn temporary() -> Result<Self> {
        blocking("the temporary store", || {
            // SQLite's own name for a file that it unlinks as soon as it is open (on Windows: that the system deletes on closing).
            let mut connection = Connection::open("").map_err(Fault::from)?;
            prepare(&mut connection)?;
            Ok(Self::new(Open { connection, _lock: None }, None))
        })
        .await
    }

    pub(crate) async fn open(path: &Path) -> Result<(Self, Option<PathBuf>)> {
        let path = path.to_owned();
        blocking(format!("{}", path.display()), move || {
            // First of all: nothing is done to a file of another program.
            if ystore::is_foreign(&path) {
                return Err(Fault::new(
                    "another program made it; name a file for Commonplace alone (import-history takes over one of Jupyter's)",
                ));
            }
            let lock = make_place(&path)?;
            let damaged = beside(&path, DAMAGED);
            let first = match damaged.exists() {
                true => Err(Fault { text: "it was found damaged while it was in use".to_owned(), corrupt: true }),
                false => open_file(&path),
            };
            let (connection, aside) = match first {
                Err(fault) if fault.corrupt => {
                    let aside = set_aside(&path)?;
                    // After it: a crash in between sets aside once more, which is nothing then.
                    std::fs::remove_file(&damaged).or_else(absent)?;
                    tracing::error!(path = %path.display(), aside = %aside.display(), "the store was unreadable: {}", fault.text);
                    make_private(&path)?;
                    (open_file(&path)?, Some(aside))
                }
                other => (other?, None),
            };
            Ok((Self::new(Open { connection, _lock: Some(lock) }, Some(path)), aside))
        })
        .await
    }

    /// Runs a job in a transaction. `what` is what the job is about, for the error.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        what: impl Into<String>,
        job: impl FnOnce(&Transaction) -> std::result::Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let mut guard = Arc::clone(&self.open).lock_owned().await;
        let queue = Arc::clone(&self.queue);
        let done = blocking(what, move || {
            let open = guard.as_mut();
            let Some(open) = flush(open, &queue) else { return Err(closed()) };
            let transaction = open.connection.transaction()?;
            let answer = job(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        });
        done.await.inspect_err(|error| self.condemn(error))
    }

    /// What is damaged does not count any more: even if it looks whole at the next opening, it is set aside then.
    fn condemn(&self, error: &StoreError) {
        if let Some(path) = self.path.as_ref().filter(|_| error.corrupt)
            && let Err(error) = make_private(&beside(path, DAMAGED))
        {
            tracing::error!("{} cannot be marked as damaged: {}", path.display(), error.text);
        }
    }

    /// Commits a batch together with all others that wait, and answers when it is durable.
    pub(crate) async fn commit(&self, make: impl FnOnce(oneshot::Sender<history::Answer>) -> Waiting) -> Result<()> {
        let (answer, mut answered) = oneshot::channel();
        let waiting = make(answer);
        let what = format!("the history of {}", waiting.room);
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push(waiting);
        let mut guard = Arc::clone(&self.open).lock_owned().await;
        if let Ok(answer) = answered.try_recv() {
            return answer.map_err(|fault| fault.about(&what)).inspect_err(|error| self.condemn(error));
        }
        let queue = Arc::clone(&self.queue);
        blocking(what.as_str(), move || {
            flush(guard.as_mut(), &queue);
            Ok(())
        })
        .await?;
        let answer = answered.await.unwrap_or_else(|_| Err(Fault::new("the commit was given up")));
        answer.map_err(|fault| fault.about(&what)).inspect_err(|error| self.condemn(error))
    }

    pub(crate) async fn close(&self) {
        let mut guard = Arc::clone(&self.open).lock_owned().await;
        let queue = Arc::clone(&self.queue);
        let done = blocking("closing", move || {
            flush(guard.as_mut(), &queue);
            // Dropping the last connection moves the write-ahead log into the file.
            drop(guard.take());
            Ok(())
        });
        if let Err(error) = done.await {
            tracing::error!("{error}");
        }
    }
}

/// A file that is not there need not be removed.
fn absent(error: std::io::Error) -> std::result::Result<(), Fault> {
    match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(Fault::new(format!("the mark of its damage cannot be removed: {error}"))),
    }
}

fn closed() -> Fault {
    Fault::new("it is closed")
}

/// Empties the queue in one transaction and answers each; without a connection all fail.
fn flush<'a>(open: Option<&'a mut Open>, queue: &Mutex<Vec<Waiting>>) -> Option<&'a mut Open> {
    let batches = std::mem::take(&mut *queue.lock().unwrap_or_else(PoisonError::into_inner));
    let Some(open) = open else {
        for waiting in batches {
            waiting.answer.send(Err(closed())).ok();
        }
        return None;
    };
    if !batches.is_empty() {
        history::commit_all(&mut open.connection, batches);
    }
    Some(open)
}

pub(crate) async fn blocking<T: Send + 'static>(
    what: impl Into<String>,
    job: impl FnOnce() -> std::result::Result<T, Fault> + Send + 'static,
) -> Result<T> {
    let what = what.into();
    match tokio::task::spawn_blocking(job).await {
        Ok(answer) => answer.map_err(|fault| fault.about(&what)),
        Err(error) => Err(Fault::new(error.to_string()).about(&what)),
    }
}

/// Makes folder and file with rights for us alone and takes the lock beside it.
fn make_place(path: &Path) -> std::result::Result<File, Fault> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|error| Fault::new(format!("the folder cannot be made: {error}")))?;
    }
    let lock = open_private(&beside(path, ".lock"))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            return Err(Fault::new("another Commonplace is using it; close that one first"));
        }
        Err(std::fs::TryLockError::Error(error)) => return Err(Fault::new(format!("it cannot be locked: {error}"))),
    }
    make_private(path)?;
    Ok(lock)
}

fn make_private(path: &Path) -> std::result::Result<(), Fault> {
    open_private(path).map(drop)
}

fn open_private(path: &Path) -> std::result::Result<File, Fault> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let said = |error: std::io::Error| Fault::new(format!("{} cannot be opened: {error}", path.display()));
    let file = options.open(path).map_err(said)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(said)?;
    Ok(file)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn open_file(path: &Path) -> std::result::Result<Connection, Fault> {
    let mut connection = Connection::open(path)?;
    prepare(&mut connection)?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(Fault { text: verdict, corrupt: true });
    }
    versions::tidy(&connection)?;
    Ok(connection)
}

/// What is asked of SQLite for each file, and why. All but the first are of the connection, not of the file.
const SETTINGS: [(&str, &str); 8] = [
    // Commits append to a log beside the file: one flush each, and readers never see half of one.
    ("journal_mode", "wal"),
    // 2, FULL: that log is flushed before a commit returns. With NORMAL a power cut could take what was confirmed.
    ("synchronous", "2"),
    // On Apple systems a plain flush stops at the drive's cache; both for the log and for moving it into the file.
    ("fullfsync", "1"),
    ("checkpoint_fullfsync", "1"),
    ("foreign_keys", "1"),
    // The lock beside the file keeps other Commonplaces out; a backup or a curious person may hold SQLite's for a moment. Short,
    // because all others wait behind it; who gets the error tries again.
    ("busy_timeout", "1000"),
    // Pages (4 KiB) in the log after which it is moved into the file, and the size to which it is then cut.
    ("wal_autocheckpoint", "1000"),
    ("journal_size_limit", "16777216"),
];
// Not `auto_vacuum`: pages that a shortened log leaves free are used by the next edits, and moving pages costs writes.

fn prepare(connection: &mut Connection) -> std::result::Result<(), Fault> {
    for (name, value) in SETTINGS {
        connection.execute_batch(&format!("PRAGMA {name} = {value};"))?;
    }
    migrations::run(connection, &migrations::STEPS)
}

/// Moves the file and what SQLite keeps beside it to a free name; the file last, so that a crash in between repeats it.
fn set_aside(path: &Path) -> std::result::Result<PathBuf, Fault> {
    let mut number = 1;
    let aside = loop {
        let candidate = beside(path, &format!(".unreadable-{number}"));
        if !candidate.exists() && !beside(&candidate, "-wal").exists() {
            break candidate;
        }
        number += 1;
    };
    for suffix in ["-wal", "-shm", ""] {
        let from = beside(path, suffix);
        match std::fs::rename(&from, beside(&aside, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Fault::new(format!("{} is unreadable and cannot be moved aside: {error}", from.display())));
            }
            _ => {}
        }
    }
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_91_a_confirmed_commit_was_flushed_and_the_logs_size_is_bounded() {
        let place = tempfile::tempdir().unwrap();
        let connection = open_file(&place.path().join("commonplace.sqlite")).unwrap();
        for (name, value) in SETTINGS {
            let is: rusqlite::types::Value =
                connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap();
            let is = match is {
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                other => panic!("{name} is {other:?}"),
            };
            assert_eq!(is, value, "{name}");
        }
    }
}
