//! What survives a restart: folders, sessions, file ids, document histories, versions of files, who may come in, events and settings, in
//! one SQLite file.
//!
//! Not here: documents and rooms; updates and states are opaque bytes. Every method runs on a blocking thread; commits that are
//! asked for at the same time share one transaction. A commit that was confirmed is on the disk: `connection` lists what is asked
//! of SQLite for that, and why.

mod access;
mod connection;
mod history;
mod migrations;
mod people;
mod records;
mod versions;
pub mod ystore;

pub use access::{AccessKey, AccessRow, AccessRows, DeviceRow, GuestRow, LinkRow, TokenRow};

use connection::Shared;
use history::Waiting;
use protocol::{BaseRecord, Digest, EventRecord, FileId, Intent, Kept, Merge, Seq, SessionId, Version};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
#[error("the store failed: {text}")]
pub struct StoreError {
    /// At what, and why.
    pub text: String,
    /// The file is damaged: the next opening sets it aside, so nothing in it counts any more.
    pub corrupt: bool,
}

/// Result of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Number of a folder in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FolderId(pub i64);

impl FolderId {
    fn what(self) -> String {
        format!("folder {}", self.0)
    }
}

fn of_room(room: &str) -> String {
    format!("the history of {room}")
}

fn of_file(file: &FileId) -> String {
    format!("the versions of {file}")
}

/// The open store. Cheap to clone.
#[derive(Clone)]
pub struct Store(Shared);

/// A folder that was added. Removing and adding it again finds its old number, and with it all histories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderRecord {
    /// Its number.
    pub id: FolderId,
    /// Absolute path, UTF-8.
    pub path: String,
    /// First part of its base URL.
    pub slug: String,
    /// Secret of its share link that an older version kept in clear, until [`Store::adopt_secret`].
    pub secret: Option<String>,
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
    /// The newest merges, the oldest first.
    pub merges: Vec<Merge>,
}

/// What is written to a room's history in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// When it is written, in milliseconds of a clock that nobody sets; tells the age of the log and of what is kept.
    pub at: u64,
    /// To the end of the log.
    pub append: Vec<(Seq, Arc<[u8]>)>,
    /// The new base; forgets the intent.
    pub base: Option<BaseRecord>,
    /// The new intent.
    pub intent: Option<Intent>,
    /// Texts of views that were taken, by the name of the view's room; only the newest of each is remembered.
    pub took: Vec<(String, Intent)>,
    /// Versions to be kept; older ones that need not be any more are removed.
    pub keep: Vec<Kept>,
    /// Merges to be remembered; only the newest 8 are.
    pub merges: Vec<Merge>,
}

impl Store {
    /// Opens or makes the store and migrates it. A file that SQLite cannot read is moved aside; then its new path is answered
    /// too, and everything in it is lost to us.
    pub async fn open(path: &Path) -> Result<(Store, Option<PathBuf>)> {
        let (shared, aside) = Shared::open(path).await?;
        Ok((Store(shared), aside))
    }

    /// An empty store in a temporary file that only this process can reach. The system removes it with the process, however that
    /// ends.
    pub async fn temporary() -> Result<Store> {
        Ok(Store(Shared::temporary().await?))
    }

    /// Finishes what was begun and closes the file. Later calls fail.
    pub async fn close(&self) {
        self.0.close().await;
    }

    /// A setting.
    pub async fn setting(&self, key: &str) -> Result<Option<String>> {
        let key = key.to_owned();
        self.0.run(format!("the setting {key}"), move |c| records::setting(c, &key)).await
    }

    /// Sets a setting.
    pub async fn set_setting(&self, key: &str, value: &str) -> Result<()> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.0.run(format!("the setting {key}"), move |c| records::set_setting(c, &key, &value)).await
    }

    /// Forgets a setting.
    pub async fn forget_setting(&self, key: &str) -> Result<()> {
        let key = key.to_owned();
        self.0.run(format!("the setting {key}"), move |c| records::forget_setting(c, &key)).await
    }

    /// What is kept for a person in a folder under a name.
    pub async fn kept(&self, folder: FolderId, username: &str, name: &str) -> Result<Option<String>> {
        let key = people::kept_key(folder, username, name);
        self.setting(&key).await
    }

    /// Keeps something for a person in a folder; forgotten with the guest.
    pub async fn keep(&self, folder: FolderId, username: &str, name: &str, value: &str) -> Result<()> {
        let key = people::kept_key(folder, username, name);
        self.set_setting(&key, value).await
    }

    /// Folders in the order they were added.
    pub async fn folders(&self) -> Result<Vec<FolderRecord>> {
        self.0.run("the list of folders", |c| people::folders(c)).await
    }

    /// Adds a folder by its path, or brings back the one that was removed, without its links and guests.
    pub async fn add_folder(&self, path: &str, slug: &str) -> Result<FolderRecord> {
        let (path, slug) = (path.to_owned(), slug.to_owned());
        self.0.run(format!("adding {path}"), move |c| people::add_folder(c, &path, &slug)).await
    }

    /// Hides a folder; its ids and histories stay for the day it comes back.
    pub async fn remove_folder(&self, folder: FolderId) -> Result<()> {
        self.0.run(folder.what(), move |c| people::remove_folder(c, folder)).await
    }

    /// Who may come into a folder.
    pub async fn access(&self, folder: FolderId) -> Result<AccessRows> {
        self.0.run(folder.what(), move |c| access::read(c, folder)).await
    }

    /// Keeps these as they are now, or forgets those that are `None`, all in one transaction. What was kept for a guest who is
    /// forgotten goes too.
    pub async fn set_access(&self, folder: FolderId, rows: Vec<(AccessKey, Option<AccessRow>)>) -> Result<()> {
        let set = move |c: &rusqlite::Transaction| {
            rows.iter().try_for_each(|(key, row)| access::set(c, folder, key, row.as_ref()))
        };
        self.0.run(folder.what(), set).await
    }

    /// Keeps the link whose secret an older version had in clear ([`FolderRecord::secret`]), and forgets that.
    pub async fn adopt_secret(&self, folder: FolderId, link: LinkRow) -> Result<()> {
        self.0.run(folder.what(), move |c| access::adopt(c, folder, link)).await
    }

    /// The folder's newest session and its number; `make` gives the id of the first.
    pub async fn current_session(&self, folder: FolderId, make: SessionId) -> Result<(u64, SessionId)> {
        self.0
            .run(folder.what(), move |c| match people::newest_session(c, folder)? {
                Some(newest) => Ok(newest),
                None => Ok((people::next_session(c, folder, &make)?, make)),
            })
            .await
    }

    /// Issues the next session.
    pub async fn next_session(&self, folder: FolderId, id: SessionId) -> Result<u64> {
        self.0.run(folder.what(), move |c| people::next_session(c, folder, &id)).await
    }

    /// Number of a session that was issued for this folder.
    pub async fn session_number(&self, folder: FolderId, id: &SessionId) -> Result<Option<u64>> {
        let id = id.clone();
        self.0.run(folder.what(), move |c| people::session_number(c, folder, &id)).await
    }

    /// All files of a folder that have ids.
    pub async fn files(&self, folder: FolderId) -> Result<Vec<FileRow>> {
        self.0.run(folder.what(), move |c| records::files(c, folder)).await
    }

    /// Adds a file or replaces what is known of it, by its id.
    pub async fn put_file(&self, folder: FolderId, file: FileRow) -> Result<()> {
        self.0.run(format!("the id of {}", file.path), move |c| records::put_file(c, folder, &file)).await
    }

    /// History of the room of this name (`format:type:fileId`).
    pub async fn history(&self, folder: FolderId, room: &str) -> Result<History> {
        let room = room.to_owned();
        self.0.run(of_room(&room), move |c| history::read(c, folder, &room)).await
    }

    /// Whether a save of one of this file's rooms was begun and not confirmed.
    pub async fn is_intended(&self, folder: FolderId, file: &FileId) -> Result<bool> {
        let file = file.clone();
        self.0.run(of_file(&file), move |c| history::is_intended(c, folder, &file)).await
    }

    /// Writes a batch durably. `since` is used when the history begins with it.
    pub async fn commit(&self, folder: FolderId, room: &str, since: u64, batch: Batch) -> Result<()> {
        self.write_ahead(folder, history::file_of(room), &batch.keep).await?;
        let room = room.to_owned();
        self.0.commit(|answer| Waiting { folder, room, since, batch, answer }).await
    }

    /// The last text of a view that its primary, the room of this name, took.
    pub async fn taken(&self, folder: FolderId, room: &str, view: &str) -> Result<Option<Intent>> {
        let (room, view) = (room.to_owned(), view.to_owned());
        self.0.run(of_room(&room), move |c| history::taken(c, folder, &room, &view)).await
    }

    /// Replaces the log up to and including `seq` by one state. Never past a base or an intent that points into the log, nor in
    /// another history than the one that began in session `since`: then nothing happens.
    pub async fn compact(&self, folder: FolderId, room: &str, since: u64, seq: Seq, state: Arc<[u8]>) -> Result<()> {
        let room = room.to_owned();
        self.0.run(of_room(&room), move |c| history::compact(c, folder, &room, since, (seq, &state))).await
    }

    /// Rooms, with their folders, whose log has more than one row and did not grow since `before`. They count as looked at `now`:
    /// none is answered again before it is as old once more. Times as in [`Batch::at`].
    pub async fn take_expired(&self, before: u64, now: u64) -> Result<Vec<(FolderId, String)>> {
        self.0.run("the ages of the histories", move |c| history::take_expired(c, before, now)).await
    }

    /// Forgets a history (kept under another name for a person to look at): the document begins anew in session `since`.
    pub async fn clear_history(&self, folder: FolderId, room: &str) -> Result<()> {
        let room = room.to_owned();
        self.0.run(of_room(&room), move |c| history::clear(c, folder, &room)).await
    }

    /// Kept versions of a file, of all its rooms, the newest first; its checkpoint is one of them.
    pub async fn versions(&self, folder: FolderId, file: &FileId) -> Result<Vec<Version>> {
        let file = file.clone();
        self.0.run(of_file(&file), move |c| versions::list(c, folder, &file)).await
    }

    /// One of them, with its bytes.
    pub async fn version(&self, folder: FolderId, file: &FileId, id: u64) -> Result<Option<(Version, Vec<u8>)>> {
        let (of, what) = (file.clone(), format!("version {id} of {file}"));
        let found = self.0.run(what.as_str(), move |c| versions::find(c, folder, &of, id)).await?;
        let Some((version, content)) = found else { return Ok(None) };
        let mut bytes = Vec::new();
        for part in 0.. {
            match self.0.run(what.as_str(), move |c| versions::piece(c, content, part)).await? {
                Some(piece) => bytes.extend(piece),
                None => break,
            }
        }
        // Others are served between the pieces, and may have taken its place.
        Ok((bytes.len() as u64 == version.size).then_some((version, bytes)))
    }

    /// Keeps a version beside those of the file's rooms. A checkpoint takes the place of the one before. `now` as in
    /// [`Batch::at`].
    pub async fn keep_version(&self, folder: FolderId, file: &FileId, now: u64, kept: Kept) -> Result<()> {
        let (file, kept) = (file.clone(), vec![kept]);
        self.write_ahead(folder, &file.0, &kept).await?;
        self.0.run(of_file(&file), move |c| versions::keep(c, folder, &file.0, now, &kept)).await
    }

    /// Forgets a version; whether it was there.
    pub async fn forget_version(&self, folder: FolderId, file: &FileId, id: u64) -> Result<bool> {
        let file = file.clone();
        self.0.run(format!("version {id} of {file}"), move |c| versions::forget(c, folder, &file, id)).await
    }

    /// Writes all but the last piece of each content, so that whoever else waits for the store is served in between. Nothing
    /// refers to them yet: what is missing when they are kept is written then, and what never is goes with the next opening.
    async fn write_ahead(&self, folder: FolderId, file: &str, kept: &[Kept]) -> Result<()> {
        for Kept { content, .. } in kept {
            for _ in 1..versions::pieces(&content.bytes).len() {
                let (file, content) = (file.to_owned(), content.clone());
                self.0.run("a version", move |c| versions::write_next(c, folder, &file, &content).map(drop)).await?;
            }
        }
        Ok(())
    }

    /// Appends numbered events. Those whose number is stored already are left as they are; the oldest beyond 50,000 are dropped.
    pub async fn append_events(&self, events: Vec<EventRecord>) -> Result<()> {
        self.0.run("the events", move |c| records::append_events(c, &events)).await
    }

    /// The highest number that an event ever had; 0: there was none.
    pub async fn last_event(&self) -> Result<u64> {
        self.0.run("the events", |c| records::last_event(c)).await
    }

    /// The newest `count` events, oldest first.
    pub async fn recent_events(&self, count: usize) -> Result<Vec<EventRecord>> {
        self.events_before(u64::MAX, count).await
    }

    /// The newest `count` events with numbers below `before`, oldest first.
    pub async fn events_before(&self, before: u64, count: usize) -> Result<Vec<EventRecord>> {
        self.0.run("the events", move |c| records::events_before(c, before, count)).await
    }
}
