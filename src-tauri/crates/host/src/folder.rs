//! One shared folder: its files' ids, its rooms, its link and guests, and where it is on the disk.

use crate::access::Access;
use crate::edits::Edits;
use crate::file_ids::{FileIds, Renamed, record};
use crate::forks::Forks;
use crate::listing::Listing;
use crate::registry::{Rooms, Told};
use crate::shared::{Shared, host_event, store_fault};
use crate::{Result, random};
use files::{Metadata, ReadError, Root, identity};
use protocol::event::Person;
use protocol::panel::LinkWish;
use protocol::{Action, Digest, DiskContent, ErrorBody, ErrorCode, Event, FileId, Level, RoomId, SessionId};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{FileRow, FolderId, FolderRecord, LinkRow};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Files that are looked through for one that went missing.
const SEARCHED: usize = 20_000;
/// How long a room may take to save and close.
const CLOSING: Duration = Duration::from_secs(20);
/// How long it may then take to put what it has into its log.
const FORCED: Duration = Duration::from_secs(5);

/// A folder that was added.
pub(crate) struct Folder {
    pub(crate) id: FolderId,
    pub(crate) slug: String,
    /// Name of the directory.
    pub(crate) name: String,
    /// Absolute.
    pub(crate) path: PathBuf,
    pub(crate) access: Access,
    pub(crate) ids: FileIds,
    pub(crate) rooms: Rooms,
    pub(crate) edits: Edits,
    pub(crate) forks: Forks,
    /// The tasks of its rooms.
    pub(crate) tasks: TaskTracker,
    /// Ends its tasks at once.
    pub(crate) stop: CancellationToken,
    /// The set of open paths changed.
    pub(crate) focus: Notify,
    /// Everything in it is to be looked at: the computer slept.
    pub(crate) rescan: Notify,
    /// Its files as pages list them.
    pub(crate) listing: Listing,
    /// Files of which the store does not know yet what is known here.
    owed: Mutex<HashSet<FileId>>,
    /// Giving ids, one at a time.
    pub(crate) naming: tokio::sync::Mutex<()>,
    /// Read while a room reads or writes at its path, written while paths change: nobody finds the old one empty.
    pub(crate) paths: tokio::sync::RwLock<()>,
    /// `None` while the directory is not there.
    root: Mutex<Option<Root>>,
    /// Device and inode of the directory when it was last there.
    place: Mutex<Option<(u64, u64)>>,
    /// Number and id of the newest session.
    session: Mutex<(u64, SessionId)>,
}

impl Folder {
    /// Brings a folder to life from the store. The directory may be missing.
    pub(crate) async fn open(shared: &Shared, folder: FolderRecord) -> Result<Arc<Folder>> {
        let session = random::id();
        let session = shared.store.current_session(folder.id, SessionId(session)).await.map_err(store_fault)?;
        let rows = shared.store.files(folder.id).await.map_err(store_fault)?;
        let place = shared.store.setting(&place_key(folder.id)).await.map_err(store_fault)?;
        if let Some(secret) = &folder.secret {
            // Guests of an older version refer to their link by the digest of its secret.
            let digest = Digest::of(secret.as_bytes());
            let (id, wish) = (digest.to_hex(), LinkWish { ask: false, ..shared.first_wish() });
            let made = shared.clock.unix_ms();
            let link = LinkRow { id, secret: digest, wish, made, uses: 0, last_used: None, ended: None };
            shared.store.adopt_secret(folder.id, link).await.map_err(store_fault)?;
        }
        let access = shared.store.access(folder.id).await.map_err(store_fault)?;
        let path = PathBuf::from(folder.path);
        let name = path.file_name().map_or_else(|| "/".to_owned(), |name| name.to_string_lossy().into_owned());
        Ok(Arc::new(Folder {
            id: folder.id,
            slug: folder.slug,
            name,
            path,
            access: Access::new(access),
            ids: FileIds::new(rows),
            rooms: Rooms::default(),
            edits: Edits::default(),
            forks: Forks::default(),
            tasks: TaskTracker::new(),
            stop: shared.stop.child_token(),
            focus: Notify::new(),
            rescan: Notify::new(),
            listing: Listing::default(),
            owed: Mutex::default(),
            naming: tokio::sync::Mutex::default(),
            paths: tokio::sync::RwLock::default(),
            root: Mutex::default(),
            place: Mutex::new(place.as_deref().and_then(read_place)),
            session: Mutex::new(session),
        }))
    }

    /// The directory, or a sentence that says it is not there.
    pub(crate) fn root(&self) -> Result<Root> {
        let root = self.root.lock().unwrap_or_else(PoisonError::into_inner).clone();
        root.ok_or_else(|| ErrorBody::new(ErrorCode::NotFound, self.absence()))
    }

    /// The sentence for a directory that is not there.
    pub(crate) fn absence(&self) -> String {
        format!("The folder {} is not there.", self.name)
    }

    pub(crate) fn is_present(&self) -> bool {
        self.root.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn set_root(&self, root: Option<Root>) {
        *self.root.lock().unwrap_or_else(PoisonError::into_inner) = root;
    }

    /// Number and id of the newest session.
    pub(crate) fn session(&self) -> (u64, SessionId) {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A room's history cannot be read: it is laid aside and begins anew, in a new session, so that clients who hold the old
    /// document are refused instead of merged with its double.
    pub(crate) async fn begin_anew(&self, shared: &Shared, room: &RoomId) -> Result<()> {
        let id = SessionId(random::id());
        let number = shared.store.next_session(self.id, id.clone()).await.map_err(store_fault)?;
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = (number, id);
        shared.store.clear_history(self.id, &room.to_string()).await.map_err(store_fault)
    }

    /// Tries to open the directory; whether it is there.
    pub(crate) async fn find(&self, shared: &Shared) -> Option<Root> {
        let path = self.path.clone();
        let root = tokio::task::spawn_blocking(move || Root::open(&path)).await;
        let root = match root {
            Ok(Ok(root)) if self.is_ours(&root).await => Some(root),
            _ => None,
        };
        if let Some(root) = &root {
            self.remember_place(shared, root.place()).await;
        }
        self.set_root(root.clone());
        root
    }

    /// Remembers which directory it is, for this run and the next.
    async fn remember_place(&self, shared: &Shared, now: Option<(u64, u64)>) {
        let before = std::mem::replace(&mut *self.place.lock().unwrap_or_else(PoisonError::into_inner), now);
        if let Some((device, inode)) = now.filter(|_| now != before)
            && let Err(error) = shared.store.set_setting(&place_key(self.id), &format!("{device} {inode}")).await
        {
            tracing::warn!(%error, folder = self.slug, "which directory a folder is could not be remembered");
        }
    }

    /// Where a disk was unplugged, an empty directory often stays: that is another one than before, and nothing was deleted.
    async fn is_ours(&self, root: &Root) -> bool {
        let before = *self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = before.is_some() && before == root.place();
        is_same
            || self.ids.below("").iter().all(|row| row.missing)
            || root.children("").await.is_ok_and(|children| !children.is_empty())
    }

    /// Paths of the documents that are open.
    pub(crate) fn open_paths(&self) -> Vec<String> {
        self.rooms.files().into_iter().filter_map(|(file, ..)| self.ids.path(&file)).collect()
    }

    /// Rooms of this file (but for one) look at it.
    pub(crate) fn look(&self, file: &FileId, except: Option<&RoomId>) {
        for room in self.rooms.of_file(file, except) {
            room.tell(Told::Look);
        }
    }

    /// The id of a file that is there; `true` if it is new. A file that was missing and is back, or that moved while nobody
    /// looked, has its old one.
    pub(crate) async fn identify(&self, shared: &Shared, file: Metadata) -> Result<(FileId, bool)> {
        let _one_at_a_time = self.naming.lock().await;
        if let Some(row) = self.ids.at(&file.path) {
            if row.missing || row.inode != file.inode {
                self.note(shared, &row.id, |row| {
                    row.missing = false;
                    row.inode = file.inode;
                })
                .await?;
            }
            return Ok((row.id, false));
        }
        if let Some(id) = self.recognise(shared, &file).await {
            let from = self.ids.path(&id).unwrap_or_default();
            self.rename(shared, Renamed { id: id.clone(), from, to: file.path }, None).await;
            return Ok((id, false));
        }
        let id = FileId(random::id());
        let row = FileRow {
            id: id.clone(),
            path: file.path,
            inode: file.inode,
            size: file.size,
            digest: None,
            missing: false,
        };
        shared.store.put_file(self.id, row.clone()).await.map_err(store_fault)?;
        self.ids.put(row);
        Ok((id, true))
    }

    /// Follows a file that came to a path that no known file has, if it is one that is nowhere else.
    pub(crate) async fn adopt(&self, shared: &Shared, file: Metadata) {
        let _one_at_a_time = self.naming.lock().await;
        if let Some(id) = self.recognise(shared, &file).await {
            let from = self.ids.path(&id).unwrap_or_default();
            self.rename(shared, Renamed { id, from, to: file.path }, None).await;
        }
    }

    /// Which of the files that are nowhere this one is, by inode, then by content.
    async fn recognise(&self, shared: &Shared, file: &Metadata) -> Option<FileId> {
        let mut missing = Vec::new();
        for row in self.ids.below("") {
            let alike = (row.inode.is_some() && row.inode == file.inode) || row.size == file.size;
            if row.missing || (alike && self.is_gone(&row.path).await) {
                missing.push(row);
            }
        }
        self.find_missing(shared, &missing, vec![file.clone()]).await.pop().map(|(id, _)| id)
    }

    /// Whether nothing is at this path, in a folder that is there.
    pub(crate) async fn is_gone(&self, path: &str) -> bool {
        let Ok(root) = self.root() else { return false };
        // Twice: a disk may be unplugged or come back in between.
        root.is_there().await
            && matches!(root.metadata(path).await, Err(ReadError::NotFound(_)))
            && root.is_there().await
    }

    /// Changes what is known of a file, here and in the store.
    pub(crate) async fn note(&self, shared: &Shared, file: &FileId, change: impl FnOnce(&mut FileRow)) -> Result<()> {
        match self.ids.change(file, change) {
            Some(row) => self.keep(shared, row).await.map_err(store_fault),
            None => Ok(()),
        }
    }

    /// Stores what is known of a file, now or, if the store fails, later.
    async fn keep(&self, shared: &Shared, row: FileRow) -> store::Result<()> {
        let id = row.id.clone();
        let kept = shared.store.put_file(self.id, row).await;
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_ok() {
            owed.remove(&id)
        } else {
            owed.insert(id)
        };
        kept
    }

    /// Stores what the store would not take before.
    pub(crate) async fn keep_owed(&self, shared: &Shared) {
        let owed: Vec<_> = self.owed.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        for row in owed.iter().filter_map(|id| self.ids.row(id)) {
            if self.keep(shared, row).await.is_err() {
                return;
            }
        }
    }

    /// A room read or wrote this content.
    pub(crate) async fn saw(&self, shared: &Shared, file: &FileId, content: &DiskContent) {
        if let Some(row) = self.ids.saw(file, content.digest, content.bytes.len() as u64)
            && let Err(error) = self.keep(shared, row).await
        {
            tracing::error!(%error, %file, "what a file holds could not be remembered");
        }
    }

    /// Where missing files are among these: by inode, then by content.
    async fn find_missing(&self, shared: &Shared, missing: &[FileRow], among: Vec<Metadata>) -> Vec<(FileId, String)> {
        let Ok(root) = self.root() else { return Vec::new() };
        if missing.is_empty() {
            return Vec::new();
        }
        let mut seen = Vec::new();
        for file in among.into_iter().filter(|file| !file.directory && self.ids.at(&file.path).is_none()) {
            // Only a file of the right size is worth reading.
            let alike = missing.iter().any(|row| row.size == file.size && row.digest.is_some());
            let content = if alike { root.read(&file.path, shared.config.max_file).await.ok() } else { None };
            seen.push((file, content.map(|content| content.digest)));
        }
        identity::resolve(&missing.iter().map(record).collect::<Vec<_>>(), &seen)
    }

    /// Searches the folder for files that are not where they were: found ones have a new path, the others are missing.
    pub(crate) async fn search(&self, shared: &Shared, candidates: Vec<FileId>) {
        let Ok(root) = self.root() else { return };
        let mut missing = Vec::new();
        for row in candidates.iter().filter_map(|id| self.ids.row(id)) {
            if self.is_gone(&row.path).await {
                missing.push(row);
            } else {
                self.look(&row.id, None);
            }
        }
        if missing.is_empty() {
            return;
        }
        let _one_at_a_time = self.naming.lock().await;
        let among = root.files(SEARCHED).await.map_or_else(|_| Vec::new(), |(files, _)| files);
        let found = self.find_missing(shared, &missing, among).await;
        for (id, to) in &found {
            let from = self.ids.path(id).unwrap_or_default();
            self.rename(shared, Renamed { id: id.clone(), from, to: to.clone() }, None).await;
        }
        for row in missing.into_iter().filter(|row| !found.iter().any(|(id, _)| *id == row.id)) {
            // Its inode may be another file's soon.
            let noted = self.note(shared, &row.id, |row| {
                row.missing = true;
                row.inode = None;
            });
            if let Err(error) = noted.await {
                tracing::error!(%error, path = row.path, "that a file is missing could not be remembered");
            }
            self.look(&row.id, None);
        }
    }

    /// Looks at every known file, after a start or when notifications were lost, and answers which are not at their path.
    pub(crate) async fn look_at_all(&self, shared: &Shared) -> Vec<FileId> {
        let mut gone = Vec::new();
        let Ok(root) = self.root() else { return gone };
        for row in self.ids.below("") {
            match root.metadata(&row.path).await {
                Err(ReadError::NotFound(_)) if !row.missing => {
                    gone.push(row.id);
                    continue;
                }
                Ok(_) if row.missing => drop(self.note(shared, &row.id, |row| row.missing = false).await),
                _ => {}
            }
            self.look(&row.id, None);
        }
        gone
    }

    /// A file has another path: its rooms and its people are told. `by`: who did it here; then nobody else need be told.
    pub(crate) async fn rename(&self, shared: &Shared, file: Renamed, by: Option<&Person>) {
        let Renamed { id, from, to } = file;
        let moved = self.note(shared, &id, |row| {
            row.path.clone_from(&to);
            row.missing = false;
        });
        if let Err(error) = moved.await {
            tracing::error!(%error, from, to, "a new path could not be remembered");
        }
        shared.clients.moved(&self.slug, &from, &to);
        let rooms = self.rooms.of_file(&id, None);
        for room in &rooms {
            room.tell(Told::Moved { path: to.clone(), by: by.cloned() });
            room.tell(Told::Look);
        }
        if rooms.is_empty() && by.is_none() {
            let event = host_event(Level::Info, Action::Rename, format!("{from} is now {to}"));
            shared.bus.emit(&self.slug, Event { path: Some(to), ..event });
        }
        self.focus.notify_one();
        shared.changes.tick();
    }

    /// Disconnects everybody, saves what is unsaved, ends the tasks.
    pub(crate) async fn close(&self, reason: &str) {
        self.close_within(CLOSING, reason).await;
    }

    /// Closes every room; one that takes longer than this is ended by force, and stores what waits for that.
    pub(crate) async fn close_within(&self, limit: Duration, reason: &str) {
        let closing = async {
            // What views have goes to their primaries first.
            let is_view = |room: &RoomId| self.primary_of(room).is_some();
            self.rooms.close(reason, is_view);
            self.rooms.ended(is_view).await;
            self.rooms.close(reason, |_| true);
            self.tasks.close();
            self.tasks.wait().await;
        };
        if tokio::time::timeout(limit, closing).await.is_err() {
            tracing::error!(folder = self.slug, "a room did not close in time; what it has goes into its log");
        }
        self.stop.cancel();
        drop(tokio::time::timeout(FORCED, self.tasks.wait()).await);
    }
}

/// The setting that says which directory a folder was.
fn place_key(folder: FolderId) -> String {
    format!("place of folder {}", folder.0)
}

fn read_place(text: &str) -> Option<(u64, u64)> {
    let (device, inode) = text.split_once(' ')?;
    Some((device.parse().ok()?, inode.parse().ok()?))
}
