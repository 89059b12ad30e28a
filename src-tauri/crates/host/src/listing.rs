//! The page's list of files: as it is, and what is new in it as long as somebody looks.
//!
//! A folder has one task that looks at the disk, for all who look at the list; it rests while nobody does. Not here: what is
//! left out of the list (`files`), and how a change on disk is noticed (`watching`).

use crate::access::Grant;
use crate::folder::Folder;
use crate::shared::{Shared, read_fault};
use crate::{Host, Result, kinds};
use protocol::event::Person;
use protocol::guest::{FileEntry, FileList, FileNews};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::{Instant, sleep, timeout};

/// Files that are listed at most.
const LISTED: usize = 5_000;
/// Shortest time between two looks.
const PACE: Duration = Duration::from_millis(500);
/// Looking takes at most one part of so many of the time.
const SHARE: u32 = 10;
/// How often to look although nothing was noticed: some disks tell nothing.
const UNASKED: Duration = Duration::from_secs(5);

/// Who has which file open, by its path.
type Inside = HashMap<String, Vec<Person>>;

/// What is known of the list of one folder.
#[derive(Default)]
pub(crate) struct Listing {
    /// Something changed.
    stale: Notify,
    /// The last look; nobody is in these files.
    seen: watch::Sender<Arc<FileList>>,
    /// One looks at a time, so that the last look is the newest.
    looking: Mutex<()>,
}

impl Listing {
    /// Something in the folder may have changed.
    pub(crate) fn is_stale(&self) {
        self.stale.notify_one();
    }
}

/// Looks at the folder when something changed, while somebody wants to know, until it is closed.
pub(crate) async fn keep(folder: Arc<Folder>) {
    let keeping = async {
        loop {
            drop(timeout(UNASKED, folder.listing.stale.notified()).await);
            if folder.listing.seen.receiver_count() == 0 {
                continue;
            }
            let begun = Instant::now();
            if let Err(error) = look(&folder).await {
                tracing::debug!(%error, folder = folder.slug, "the files cannot be listed");
            }
            sleep(PACE.max(begun.elapsed() * SHARE)).await;
        }
    };
    tokio::select! {
        () = folder.stop.cancelled() => {}
        () = keeping => {}
    }
}

/// What is in the folder now, for whoever asks and all who wait.
async fn look(folder: &Folder) -> Result<Arc<FileList>> {
    let root = folder.root()?;
    let _one_at_a_time = folder.listing.looking.lock().await;
    let (files, truncated) = root.files(LISTED).await.map_err(read_fault)?;
    let files = files.into_iter().map(|file| FileEntry {
        kind: kinds::kind(&file.path),
        size: file.size,
        modified: file.modified,
        people: Vec::new(),
        path: file.path,
    });
    let now = Arc::new(FileList { files: files.collect(), truncated });
    folder.listing.seen.send_if_modified(|seen| {
        let differs = *seen != now;
        *seen = now.clone();
        differs
    });
    Ok(now)
}

impl Host {
    /// The page's list of files.
    pub async fn files(&self, grant: &Grant) -> Result<FileList> {
        let folder = self.shared().folder(&grant.slug)?;
        let list = look(&folder).await?;
        Ok(with_people(&list, &self.shared().clients.open_documents(&grant.slug)))
    }

    /// The same as it changes.
    pub async fn watch_files(&self, grant: &Grant) -> Result<FileWatch> {
        let (shared, folder) = (self.shared().clone(), self.shared().folder(&grant.slug)?);
        // From here on every change of it is told.
        let (seen, changes) = (folder.listing.seen.subscribe(), shared.changes.subscribe());
        look(&folder).await?;
        Ok(FileWatch { shared, folder, seen, changes, looked: None, told: FileList::default() })
    }
}

/// The list of files of one folder, for somebody who looks at it.
pub struct FileWatch {
    shared: Arc<Shared>,
    folder: Arc<Folder>,
    seen: watch::Receiver<Arc<FileList>>,
    changes: watch::Receiver<u64>,
    /// What [`FileWatch::told`] was made of.
    looked: Option<(Arc<FileList>, Inside)>,
    told: FileList,
}

impl FileWatch {
    /// What is new since the last answer; the first time, everything. Waits until something is; `None`: the folder was closed.
    /// Nothing is lost if it is not waited for to its end.
    pub async fn next(&mut self) -> Option<FileNews> {
        loop {
            let seen = self.seen.borrow_and_update().clone();
            let people = self.shared.clients.open_documents(&self.folder.slug);
            let is_known = |(list, inside): &(Arc<FileList>, Inside)| Arc::ptr_eq(list, &seen) && *inside == people;
            if !self.looked.as_ref().is_some_and(is_known) {
                let now = with_people(&seen, &people);
                let news = difference(&self.told, &now);
                let is_first = self.looked.replace((seen, people)).is_none();
                let is_news = is_first || !news.is_nothing() || now.truncated != self.told.truncated;
                self.told = now;
                if is_news {
                    return Some(news);
                }
            }
            tokio::select! {
                () = self.folder.stop.cancelled() => return None,
                seen = self.seen.changed() => seen.ok()?,
                changed = self.changes.changed() => changed.ok()?,
            }
        }
    }

    /// What one says who has nothing to say.
    pub fn nothing(&self) -> FileNews {
        FileNews { truncated: self.told.truncated, ..FileNews::default() }
    }
}

fn with_people(list: &FileList, people: &Inside) -> FileList {
    let mut list = list.clone();
    for file in &mut list.files {
        file.people = people.get(&file.path).cloned().unwrap_or_default();
    }
    list
}

fn difference(before: &FileList, now: &FileList) -> FileNews {
    let known: HashMap<&str, &FileEntry> = before.files.iter().map(|file| (file.path.as_str(), file)).collect();
    let there: HashSet<&str> = now.files.iter().map(|file| file.path.as_str()).collect();
    let is_new = |file: &&FileEntry| known.get(file.path.as_str()) != Some(file);
    let is_gone = |file: &&FileEntry| !there.contains(file.path.as_str());
    FileNews {
        files: now.files.iter().filter(is_new).cloned().collect(),
        gone: before.files.iter().filter(is_gone).map(|file| file.path.clone()).collect(),
        truncated: now.truncated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::guest::FileKind;

    #[test]
    fn only_what_is_new_is_told() {
        let file = |path: &str, modified| FileEntry {
            path: path.to_owned(),
            kind: FileKind::Text,
            size: 1,
            modified,
            people: Vec::new(),
        };
        let list = |files: &[(&str, u64)]| FileList {
            files: files.iter().map(|(path, modified)| file(path, *modified)).collect(),
            truncated: false,
        };
        let (before, now) = (list(&[("a", 1), ("b", 1), ("c", 1)]), list(&[("a", 1), ("c", 2), ("d", 1)]));
        let news = difference(&before, &now);
        assert_eq!((news.files, news.gone), (vec![file("c", 2), file("d", 1)], vec!["b".to_owned()]));
        assert!(difference(&now, &now).is_nothing());
        let people =
            HashMap::from([("a".to_owned(), vec![Person { username: "u".into(), name: "Ana".into(), color: None }])]);
        let told = difference(&now, &with_people(&now, &people)).files;
        assert_eq!((told.len(), told[0].people.len()), (1, 1));
    }
}
