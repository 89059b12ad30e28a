//! The task of one folder: waits for its directory, takes what the watcher reports, and tells the rooms to look.

use crate::file_ids::Renamed;
use crate::folder::Folder;
use crate::shared::Shared;
use files::{Change, ReadError, Root, Watcher};
use protocol::{Action, FileId, Level};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a file may be nowhere before it counts as gone: many programs delete and write again, or move in two steps.
const WINDOW: Duration = Duration::from_secs(2);
/// How often to look whether the directory is there.
const PRESENCE: Duration = Duration::from_secs(2);

/// Watches a folder until it is closed. `root`: it was opened already, and everything in it looked at.
pub(crate) async fn watch(shared: Arc<Shared>, folder: Arc<Folder>, root: Option<Root>) {
    let stop = folder.stop.clone();
    let watching = async {
        let mut root = root;
        loop {
            let here = match root.take() {
                Some(root) => root,
                None => wait_for(&shared, &folder).await,
            };
            shared.changes.tick();
            watch_root(&shared, &folder, &here).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = watching => {}
    }
}

/// Waits until the directory is there (again).
async fn wait_for(shared: &Shared, folder: &Folder) -> Root {
    let mut told = false;
    loop {
        if let Some(root) = folder.find(shared).await {
            if told {
                shared.event(&folder.slug, Level::Info, Action::Add, format!("{} is there again", folder.name));
            }
            return root;
        }
        if !std::mem::replace(&mut told, true) {
            let line = format!("{} is not there; its disk may be unplugged. It comes back by itself", folder.name);
            shared.event(&folder.slug, Level::Warning, Action::Fault, line);
        }
        tokio::time::sleep(PRESENCE).await;
        folder.keep_owed(shared).await;
    }
}

/// Watches the directory while it is there.
async fn watch_root(shared: &Arc<Shared>, folder: &Arc<Folder>, root: &Root) {
    let mut watcher = Watcher::start(root, shared.config.poll_interval);
    watcher.focus(folder.open_paths());
    let mut nowhere = Nowhere::default();
    folder.look_at_all(shared).await.into_iter().for_each(|file| nowhere.add(file));
    folder.listing.is_stale();
    let mut presence = tokio::time::interval(PRESENCE);
    presence.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            change = watcher.next() => match change {
                Some(change) => changed(shared, folder, root, change, &mut nowhere).await,
                None => {
                    tracing::warn!(folder = folder.slug, "watching broke down; it is begun again");
                    tokio::time::sleep(PRESENCE).await;
                    return;
                }
            },
            () = folder.focus.notified() => watcher.focus(folder.open_paths()),
            () = nowhere.wait() => folder.search(shared, nowhere.take()).await,
            () = folder.rescan.notified() => watcher.rescan(),
            _ = presence.tick() => {
                if !root.is_there().await {
                    return;
                }
                folder.keep_owed(shared).await;
            }
        }
    }
}

/// Files that are not at their path, and until when they are waited for.
#[derive(Default)]
struct Nowhere {
    files: HashSet<FileId>,
    until: Option<Instant>,
}

impl Nowhere {
    fn add(&mut self, file: FileId) {
        self.files.insert(file);
        self.until.get_or_insert_with(|| Instant::now() + WINDOW);
    }

    async fn wait(&self) {
        match self.until {
            Some(until) => tokio::time::sleep_until(until).await,
            None => std::future::pending().await,
        }
    }

    fn take(&mut self) -> Vec<FileId> {
        self.until = None;
        self.files.drain().collect()
    }
}

async fn changed(shared: &Arc<Shared>, folder: &Arc<Folder>, root: &Root, change: Change, nowhere: &mut Nowhere) {
    folder.listing.is_stale();
    match change {
        Change::Changed(path) => look_at(shared, folder, root, &path, nowhere).await,
        Change::Moved { from, to } => moved(shared, folder, root, from, to, nowhere).await,
        Change::Rescan => folder.look_at_all(shared).await.into_iter().for_each(|file| nowhere.add(file)),
    }
}

async fn look_at(shared: &Arc<Shared>, folder: &Arc<Folder>, root: &Root, path: &str, nowhere: &mut Nowhere) {
    match root.metadata(path).await {
        Ok(file) if file.directory => {}
        Ok(file) => match folder.ids.at(path) {
            Some(row) => {
                // Its id stays, whatever inode it has now: programs replace files when they save.
                let noted = folder.note(shared, &row.id, |row| {
                    row.inode = file.inode;
                    row.missing = false;
                });
                if let Err(error) = noted.await {
                    tracing::error!(%error, path, "what changed on disk could not be remembered");
                }
                folder.look(&row.id, None);
            }
            // A file that is nowhere may have come here.
            None if !nowhere.files.is_empty() => folder.adopt(shared, file).await,
            None => {}
        },
        Err(ReadError::NotFound(_)) => {
            let gone = folder.ids.at(path).into_iter().chain(folder.ids.below(path));
            gone.filter(|row| !row.missing).for_each(|row| nowhere.add(row.id));
        }
        Err(error) => {
            tracing::warn!(%error, "a changed file cannot be looked at");
            if let Some(row) = folder.ids.at(path) {
                folder.look(&row.id, None);
            }
        }
    }
}

async fn moved(
    shared: &Arc<Shared>,
    folder: &Arc<Folder>,
    root: &Root,
    from: String,
    to: String,
    nowhere: &mut Nowhere,
) {
    // A file that was moved away and written again (a back-up) keeps its id, and so does one that was moved onto another that
    // is known; what came there is a change of that one.
    let is_there_again = root.metadata(&from).await.is_ok();
    let is_known = folder.ids.at(&to).is_some_and(|row| !row.missing);
    let is_reachable = root.metadata(&to).await.is_ok();
    if is_there_again || is_known || !is_reachable {
        look_at(shared, folder, root, &from, nowhere).await;
    } else {
        for file in folder.ids.moved(&from, &to) {
            nowhere.files.remove(&file.id);
            let Renamed { id, from, to } = file.clone();
            folder.rename(shared, file, None).await;
            refresh(shared, folder, root, &id, &from, &to).await;
        }
    }
    look_at(shared, folder, root, &to, nowhere).await;
}

/// Remembers the inode that a moved file has now.
async fn refresh(shared: &Arc<Shared>, folder: &Arc<Folder>, root: &Root, id: &FileId, from: &str, to: &str) {
    if let Ok(file) = root.metadata(to).await
        && let Err(error) = folder.note(shared, id, |row| row.inode = file.inode).await
    {
        tracing::error!(%error, from, to, "a move could not be remembered");
    }
}
