//! What survives a restart: folders, sessions, file ids, document histories, guests, events and settings, in one SQLite file.
//!
//! Not here: documents and rooms; updates and states are opaque bytes. Every method runs on a blocking thread; commits that are
//! asked for at the same time share one transaction.

use protocol::{BaseRecord, Digest, Event, EventRecord, FileId, Intent, Role, Seq, SessionId, User};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the store failed; the text says at what.
#[derive(Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(pub String);

/// Result of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Number of a folder in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FolderId(pub i64);

/// The open store. Cheap to clone.
#[derive(Clone)]
pub struct Store;

/// A folder that was added. Removing and adding it again finds its old number, and with it all histories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderRecord {
    /// Its number.
    pub id: FolderId,
    /// Absolute path, UTF-8.
    pub path: String,
    /// First part of its base URL.
    pub slug: String,
    /// Secret of its share link.
    pub secret: String,
}

/// A file that has an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Its id.
    pub id: FileId,
    /// Its last known API path.
    pub path: String,
    /// Device and inode when it was last seen.
    pub inode: Option<(u64, u64)>,
    /// Size when it was last seen.
    pub size: u64,
    /// Digest of the content when it was last read.
    pub digest: Option<Digest>,
    /// It was missing when last looked for: its id and history wait for it.
    pub missing: bool,
}

/// A person who came in by a share link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestRow {
    /// SHA-256 of the token in the guest's cookie.
    pub token: Digest,
    /// Who.
    pub user: User,
    /// What they may do.
    pub role: Role,
    /// Digest of the link's secret they came by.
    pub link: Digest,
}

/// All that is kept of one room's document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Number of the session in which it began; 0: there is no history yet.
    pub since: u64,
    /// The log, oldest first; the first entry may be a whole state that stands for all before it.
    pub log: Vec<(Seq, Arc<[u8]>)>,
    /// The last state that disk and room agreed on.
    pub base: Option<BaseRecord>,
    /// A save that was begun and not confirmed.
    pub intent: Option<Intent>,
}

/// What is written to a room's history in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// To the end of the log.
    pub append: Vec<(Seq, Arc<[u8]>)>,
    /// The new base; forgets the intent.
    pub base: Option<BaseRecord>,
    /// The new intent.
    pub intent: Option<Intent>,
}

#[allow(unused_variables, clippy::todo)]
impl Store {
    /// Opens or makes the store and migrates it. A file that SQLite cannot read is moved aside; then its new path is answered
    /// too, and everything in it is lost to us.
    pub async fn open(path: &Path) -> Result<(Store, Option<PathBuf>)> {
        todo!()
    }

    /// An empty store that ends with the process.
    pub async fn in_memory() -> Result<Store> {
        todo!()
    }

    /// Finishes what was begun and closes the file. Later calls fail.
    pub async fn close(&self) {
        todo!()
    }

    /// A setting.
    pub async fn setting(&self, key: &str) -> Result<Option<String>> {
        todo!()
    }

    /// Sets a setting.
    pub async fn set_setting(&self, key: &str, value: &str) -> Result<()> {
        todo!()
    }

    /// Folders in the order they were added.
    pub async fn folders(&self) -> Result<Vec<FolderRecord>> {
        todo!()
    }

    /// Adds a folder by its path, or brings back the one that was removed (its old secret is replaced).
    pub async fn add_folder(&self, path: &str, slug: &str, secret: &str) -> Result<FolderRecord> {
        todo!()
    }

    /// Hides a folder; its ids and histories stay for the day it comes back.
    pub async fn remove_folder(&self, folder: FolderId) -> Result<()> {
        todo!()
    }

    /// Replaces the secret of a folder's link and forgets the guests who came by the old one.
    pub async fn set_secret(&self, folder: FolderId, secret: &str) -> Result<()> {
        todo!()
    }

    /// The folder's newest session and its number; `make` gives the id of the first.
    pub async fn current_session(&self, folder: FolderId, make: SessionId) -> Result<(u64, SessionId)> {
        todo!()
    }

    /// Issues the next session.
    pub async fn next_session(&self, folder: FolderId, id: SessionId) -> Result<u64> {
        todo!()
    }

    /// Number of a session that was issued for this folder.
    pub async fn session_number(&self, folder: FolderId, id: &SessionId) -> Result<Option<u64>> {
        todo!()
    }

    /// All files of a folder that have ids.
    pub async fn files(&self, folder: FolderId) -> Result<Vec<FileRow>> {
        todo!()
    }

    /// Adds a file or replaces what is known of it, by its id.
    pub async fn put_file(&self, folder: FolderId, file: FileRow) -> Result<()> {
        todo!()
    }

    /// History of the room of this name (`format:type:fileId`).
    pub async fn history(&self, folder: FolderId, room: &str) -> Result<History> {
        todo!()
    }

    /// Writes a batch durably. `since` is used when the history begins with it.
    pub async fn commit(&self, folder: FolderId, room: &str, since: u64, batch: Batch) -> Result<()> {
        todo!()
    }

    /// Replaces the log up to and including `seq` by one state. Never past a base that points into the log: then nothing happens.
    pub async fn compact(&self, folder: FolderId, room: &str, seq: Seq, state: Arc<[u8]>) -> Result<()> {
        todo!()
    }

    /// Forgets a history (kept under another name for a person to look at): the document begins anew in session `since`.
    pub async fn clear_history(&self, folder: FolderId, room: &str) -> Result<()> {
        todo!()
    }

    /// Guests of a folder.
    pub async fn guests(&self, folder: FolderId) -> Result<Vec<GuestRow>> {
        todo!()
    }

    /// Adds a guest.
    pub async fn add_guest(&self, folder: FolderId, guest: GuestRow) -> Result<()> {
        todo!()
    }

    /// Appends events `(unix ms, slug, event)` and numbers them. The oldest beyond 10,000 are dropped.
    pub async fn append_events(&self, events: Vec<(u64, String, Event)>) -> Result<Vec<EventRecord>> {
        todo!()
    }

    /// The newest `count` events, oldest first.
    pub async fn recent_events(&self, count: usize) -> Result<Vec<EventRecord>> {
        todo!()
    }
}
