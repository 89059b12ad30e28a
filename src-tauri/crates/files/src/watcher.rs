//! What changes in a folder: the system's notifications, coalesced, with polling of the files that matter as a fallback.
//!
//! One thread owns the system's watcher, collects what it says and looks at the disk; what it settled goes into a channel.

use crate::place::{api_path, find, is_noise};
use crate::tree::{Look, Tree};
use crate::{Root, listing};
use notify::event::{EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Something changed. Coalesced: trailing 100 ms, at most 1 s.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// This file was written, made or removed: look at it.
    Changed(String),
    /// This file or folder has another path now.
    Moved {
        /// Old API path.
        from: String,
        /// New API path.
        to: String,
    },
    /// Notifications were lost: look at everything.
    Rescan,
}

/// Notifications that may wait; more, and everything is looked at again.
const WAITING: usize = 4096;
/// How long the two halves of a rename wait for each other.
const PAIRING: Duration = Duration::from_millis(500);
/// How long the thread sleeps at most, and how long a start may take before the caller goes on.
const NAP: Duration = Duration::from_secs(1);

/// Watches a folder; drop it to stop.
pub struct Watcher {
    root: PathBuf,
    focused: Arc<Mutex<HashMap<String, Stamp>>>,
    stop: Arc<AtomicBool>,
    lost: Arc<AtomicBool>,
    wake: SyncSender<Told>,
    changes: mpsc::Receiver<Change>,
}

/// Size, modification time and inode of a file; `None`: it is missing.
type Stamp = Option<(u64, Option<std::time::SystemTime>, Option<(u64, u64)>)>;

enum Told {
    Event(notify::Result<notify::Event>),
    Wake,
}

impl Watcher {
    /// Watches a folder by the system's notifications, and the paths given to [`Watcher::focus`] by looking at them every `poll`
    /// (zero: never). Falls back to polling alone, with a warning in the log, where notifications cannot be had.
    ///
    /// Returns when the folder is watched, or after a second in a very large one; a [`Change::Rescan`] follows then.
    pub fn start(root: &Root, poll: Duration) -> Watcher {
        Self::start_with(root, poll, true)
    }

    fn start_with(root: &Root, poll: Duration, notified: bool) -> Watcher {
        let (wake, told) = sync_channel(WAITING);
        let (report, changes) = mpsc::channel(WAITING);
        let (ready, is_ready) = sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let lost = Arc::new(AtomicBool::new(false));
        let focused = Arc::new(Mutex::new(HashMap::new()));
        let mut work = Work {
            root: root.path().to_owned(),
            poll,
            focused: Arc::clone(&focused),
            stop: Arc::clone(&stop),
            lost: Arc::clone(&lost),
            system: None,
            tree: Tree::default(),
            halves: HashMap::new(),
        };
        let sender = wake.clone();
        let thread = std::thread::Builder::new().name("files-watcher".to_owned()).spawn(move || {
            let begun = Instant::now();
            if notified {
                work.connect(sender);
            }
            work.look_around();
            if ready.send(()).is_err() || begun.elapsed() > NAP {
                work.tree.lose(Instant::now());
            }
            work.run(&told, &report);
        });
        match thread {
            Ok(_) => drop(is_ready.recv_timeout(NAP)),
            Err(error) => tracing::error!("{} is not watched: {error}", root.path().display()),
        }
        Watcher { root: root.path().to_owned(), focused, stop, lost, wake, changes }
    }

    /// The files that are open now and therefore polled too (size, modification time and inode, any change counts).
    pub fn focus(&self, paths: Vec<String>) {
        let mut focused = self.focused.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *focused);
        for path in paths {
            let stamp = before.remove(&path).unwrap_or_else(|| stamp(&self.root, &path));
            focused.insert(path, stamp);
        }
    }

    /// Notifications may have been lost: a [`Change::Rescan`] follows, and everything is watched anew.
    pub fn rescan(&self) {
        self.lost.store(true, Ordering::Relaxed);
        // If the queue is full, the thread is awake.
        self.wake.try_send(Told::Wake).ok();
    }

    /// The next change; `None` after the watcher broke down.
    pub async fn next(&mut self) -> Option<Change> {
        self.changes.recv().await
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake.try_send(Told::Wake).ok();
    }
}

fn stamp(root: &Path, path: &str) -> Stamp {
    let spot = find(root, path).ok()?;
    let metadata = spot.folder.metadata(&spot.name).ok()?;
    let modified = metadata.modified().ok().map(|time| time.into_std());
    Some((metadata.len(), modified, listing::inode(&metadata)))
}

/// API path of something worth telling.
fn worthy(root: &Path, place: &Path) -> Option<String> {
    api_path(root, place).filter(|path| !path.is_empty() && !path.split('/').any(is_noise))
}

struct Disk<'a>(&'a Path, &'a Mutex<HashMap<String, Stamp>>);

impl Look for Disk<'_> {
    fn is_directory(&self, path: &str) -> Option<bool> {
        std::fs::symlink_metadata(self.0.join(path)).ok().map(|metadata| metadata.is_dir())
    }

    fn below(&self, path: &str) -> Vec<(String, bool)> {
        listing::walk(self.0, &self.0.join(path), false).filter(|(below, _)| below != path).collect()
    }

    fn is_open(&self, path: &str) -> bool {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).contains_key(path)
    }
}

/// What the thread owns.
struct Work {
    root: PathBuf,
    poll: Duration,
    focused: Arc<Mutex<HashMap<String, Stamp>>>,
    stop: Arc<AtomicBool>,
    /// The callback had no room for a notification.
    lost: Arc<AtomicBool>,
    system: Option<RecommendedWatcher>,
    tree: Tree,
    /// Halves of renames by the system's number: the paths, and since when they wait.
    halves: HashMap<usize, (Vec<PathBuf>, Instant)>,
}

impl Work {
    fn connect(&mut self, sender: SyncSender<Told>) {
        let (root, lost) = (self.root.clone(), Arc::clone(&self.lost));
        let callback = move |told: notify::Result<notify::Event>| {
            if let Ok(event) = &told {
                let noise = !event.paths.is_empty() && event.paths.iter().all(|place| worthy(&root, place).is_none());
                if matches!(event.kind, EventKind::Access(_)) || (noise && !event.need_rescan()) {
                    return;
                }
            }
            if sender.try_send(Told::Event(told)).is_err() {
                lost.store(true, Ordering::Relaxed);
            }
        };
        match notify::recommended_watcher(callback) {
            Ok(system) => self.system = Some(system),
            Err(error) => self.say_unwatched(&error),
        }
    }

    fn say_unwatched(&self, error: &notify::Error) {
        tracing::warn!("{} is not watched in full, open files are polled: {error}", self.root.display());
    }

    /// Watches and learns everything that is there.
    fn look_around(&mut self) {
        let root = self.root.clone();
        self.watch(&root);
        self.tree.reset(listing::walk(&root, &root, false));
    }

    /// Watches a folder and all below it that is worth it. Where each folder needs a watch of its own, `node_modules` and the
    /// like get none; elsewhere one watch at the root sees all.
    fn watch(&mut self, from: &Path) {
        let Some(system) = &mut self.system else { return };
        let each = cfg!(any(target_os = "linux", target_os = "android"));
        if !each && from != self.root {
            return;
        }
        let mode = if each { RecursiveMode::NonRecursive } else { RecursiveMode::Recursive };
        let mut outcome = system.watch(from, mode);
        if each {
            for (folder, _) in listing::walk(&self.root, from, false).filter(|(_, directory)| *directory) {
                match system.watch(&self.root.join(folder), mode) {
                    // It is gone again.
                    Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => {}
                    Err(error) => {
                        outcome = Err(error);
                        break;
                    }
                    Ok(()) => {}
                }
            }
        }
        match outcome {
            Err(error) if from == self.root || !matches!(error.kind, notify::ErrorKind::PathNotFound) => {
                self.say_unwatched(&error);
            }
            _ => {}
        }
    }

    fn run(&mut self, told: &Receiver<Told>, report: &mpsc::Sender<Change>) {
        let mut next_poll = Instant::now() + self.poll;
        loop {
            let mut until = Instant::now() + NAP;
            if !self.poll.is_zero() {
                until = until.min(next_poll);
            }
            let halves = self.halves.values().map(|(_, since)| *since + PAIRING);
            until = halves.chain(self.tree.deadline()).fold(until, Instant::min);
            let mut message = told.recv_timeout(until.saturating_duration_since(Instant::now()));
            let now = Instant::now();
            loop {
                match message {
                    Ok(Told::Event(event)) => self.take(event, now),
                    Ok(Told::Wake) | Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                message = told.try_recv().map_err(|_| RecvTimeoutError::Timeout);
            }
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            if self.lost.swap(false, Ordering::Relaxed) {
                self.tree.lose(now);
            }
            self.give_up_pairing(now);
            if !self.poll.is_zero() && next_poll <= now {
                self.poll(now);
                next_poll = Instant::now() + self.poll;
            }
            let changes = self.tree.due(now, &Disk(&self.root, &self.focused));
            if changes.contains(&Change::Rescan) {
                self.look_around();
            }
            for change in changes {
                if let Change::Changed(path) = &change {
                    self.restamp(path);
                }
                if report.blocking_send(change).is_err() {
                    return;
                }
            }
        }
    }

    fn take(&mut self, event: notify::Result<notify::Event>, now: Instant) {
        let event = match event {
            Ok(event) if event.need_rescan() => return self.tree.lose(now),
            Ok(event) => event,
            Err(error) => {
                self.say_unwatched(&error);
                return self.tree.lose(now);
            }
        };
        match (event.kind, event.tracker()) {
            (EventKind::Access(_), _) => {}
            (EventKind::Modify(ModifyKind::Name(RenameMode::Both)), tracker) => {
                tracker.map(|tracker| self.halves.remove(&tracker));
                let [from, to] = &event.paths[..] else { return };
                self.watch_if_folder(to);
                self.tree.rename(worthy(&self.root, from), worthy(&self.root, to), now);
            }
            (EventKind::Modify(ModifyKind::Name(RenameMode::From | RenameMode::To)), Some(tracker)) => {
                self.halves.entry(tracker).or_insert_with(|| (Vec::new(), now)).0.extend(event.paths);
            }
            // A watched folder says that it moved itself; its parent says more.
            (EventKind::Modify(ModifyKind::Name(RenameMode::From)), None) if cfg!(target_os = "linux") => {}
            _ => event.paths.into_iter().for_each(|place| self.touch(&place, now)),
        }
    }

    fn touch(&mut self, place: &Path, now: Instant) {
        let Some(path) = worthy(&self.root, place) else { return };
        self.watch_if_folder(place);
        self.tree.touch(path, now);
    }

    fn watch_if_folder(&mut self, place: &Path) {
        let folder = std::fs::symlink_metadata(place).is_ok_and(|metadata| metadata.is_dir());
        if folder && worthy(&self.root, place).is_some() {
            self.watch(place);
        }
    }

    /// The other half never came: it went out of the folder, or came into it.
    fn give_up_pairing(&mut self, now: Instant) {
        let alone: Vec<_> = self.halves.extract_if(|_, (_, since)| *since + PAIRING <= now).collect();
        for place in alone.into_iter().flat_map(|(_, (places, _))| places) {
            self.touch(&place, now);
        }
    }

    /// What is being reported need not be noticed again.
    fn restamp(&self, path: &str) {
        let mut focused = self.focused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = focused.get_mut(path) {
            *before = stamp(&self.root, path);
        }
    }

    fn poll(&mut self, now: Instant) {
        let mut focused = self.focused.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, before) in focused.iter_mut() {
            let current = stamp(&self.root, path);
            if current != *before {
                *before = current;
                self.tree.touch(path.clone(), now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn next(watcher: &mut Watcher) -> Change {
        let change = tokio::time::timeout(Duration::from_secs(60), watcher.next()).await;
        change.expect("nothing was reported").expect("the watcher broke down")
    }

    #[tokio::test]
    async fn file_9_open_files_are_polled_where_there_are_no_notifications() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a.md");
        std::fs::write(&file, "one").unwrap();
        let root = Root::open(place.path()).unwrap();
        let mut watcher = Watcher::start_with(&root, Duration::from_millis(20), false);
        watcher.focus(vec!["a.md".to_owned()]);
        let changed = Change::Changed("a.md".to_owned());

        // Same size, older than before: any difference counts.
        let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        std::fs::write(&file, "two").unwrap();
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
        assert_eq!(next(&mut watcher).await, changed);

        // Another file of the same size and time in its place.
        let other = place.path().join("b.md");
        std::fs::write(&other, "six").unwrap();
        std::fs::File::options().write(true).open(&other).unwrap().set_modified(old).unwrap();
        std::fs::rename(&other, &file).unwrap();
        assert_eq!(next(&mut watcher).await, changed);

        std::fs::remove_file(&file).unwrap();
        assert_eq!(next(&mut watcher).await, changed);
    }
}
