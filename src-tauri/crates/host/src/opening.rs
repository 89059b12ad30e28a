//! A room's material: its history (loaded, shortened) and its file (tidied up after an interrupted save, read, written).

use crate::folder::Folder;
use crate::leftovers::tidy;
use crate::random;
use crate::registry::Status;
use crate::shared::Shared;
use crate::views::{Shown, Way};
use files::{ReadError, Root, WriteError};
use protocol::{BaseAt, BaseRecord, Digest, DiskContent, FileId, Model, Seq};
use rooms::{Backing, DiskRead, Opened, WriteOutcome};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use store::{FolderId, History, Store};
use ydoc::{Document, UpdateError};

/// How often a file that is being written is read at most, and the pause in between.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// A room's material, and the number of the session in which its history began.
pub(crate) struct Material {
    pub(crate) since: u64,
    pub(crate) opened: Opened,
}

/// Gathers what a room opens with; an error is a sentence. `status` is that of the room.
pub(crate) async fn gather(way: &Way, status: &Status) -> Result<Material, String> {
    let Way { shared, folder, room, file, .. } = way;
    // First of all: what the primary says it took must be stored when it is looked for.
    let primary = way.primary_read().await;
    let history = shared.store.history(folder.id, &room.to_string()).await.map_err(|error| error.to_string())?;
    let path = folder.ids.path(file).ok_or_else(|| format!("{room} has no file"))?;
    let (disk, backing, taken, shown) = match primary {
        Some(Shown { content, saved, merges }) => {
            (DiskRead::Content(content), Backing::Primary { saved }, way.taken().await, Some(merges))
        }
        None => {
            status.direct.store(true, Ordering::Relaxed);
            // Another room of this file may be in the middle of a save of its own.
            let others = folder.rooms.of_file(file, Some(room));
            if !others.iter().any(|other| other.status.direct.load(Ordering::Relaxed))
                && let Ok(root) = folder.root()
            {
                tidy(shared, folder, &root, (file, &path), history.intent.map(|intent| intent.digest)).await;
            }
            (read(shared, folder, file).await, Backing::File, None, None)
        }
    };
    let since = if history.since == 0 { folder.session().0 } else { history.since };
    let History { log, base, intent, merges, .. } = history;
    let merges = shown.unwrap_or_else(|| merges.into());
    Ok(Material { since, opened: Opened { log, base, intent, merges, disk, path, backing, taken } })
}

/// Reads a file for its rooms and remembers what was seen.
pub(crate) async fn read(shared: &Shared, folder: &Folder, file: &FileId) -> DiskRead {
    let _at_its_path = folder.paths.read().await;
    let (root, path) = match (folder.root(), folder.ids.path(file)) {
        (Ok(root), Some(path)) => (root, path),
        (Err(error), _) => return DiskRead::Failed(error.message),
        (_, None) => return DiskRead::Gone,
    };
    match settled(&root, &path, shared.config.max_file, folder.ids.row(file).is_some_and(|row| row.size > 0)).await {
        Ok(content) => {
            folder.saw(shared, file, &content).await;
            DiskRead::Content(content)
        }
        // While the whole folder is gone (an unplugged disk), no file of it was deleted.
        Err(ReadError::NotFound(_)) if folder.is_gone(&path).await => DiskRead::Gone,
        Err(ReadError::NotFound(_)) if !root.is_there().await => DiskRead::Failed(folder.absence()),
        Err(error) => DiskRead::Failed(error.to_string()),
    }
}

/// Reads a file that nobody is in the middle of writing: many programs empty a file before they fill it, and half of a text would
/// be taken for a deletion. One that is written all the time is taken as it is. `filled`: it had content when it was last seen.
async fn settled(root: &Root, path: &str, limit: u64, filled: bool) -> Result<DiskContent, ReadError> {
    let mut tries = 0;
    loop {
        let before = root.metadata(path).await?;
        let content = root.read(path, limit).await?;
        let is_steady = before.size == content.bytes.len() as u64
            && (before.size > 0 || !filled)
            && root.metadata(path).await.is_ok_and(|after| after == before);
        tries += 1;
        if is_steady || tries == TRIES {
            return Ok(content);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What a write found may be half of what its writer has put into the file by `now`: then that counts.
fn whole(found: DiskContent, now: DiskRead) -> DiskContent {
    match now {
        DiskRead::Content(now) if now.bytes.starts_with(&found.bytes) => now,
        _ => found,
    }
}

/// Writes a file for a room.
pub(crate) async fn write(
    shared: &Shared,
    folder: &Folder,
    file: &FileId,
    bytes: Arc<[u8]>,
    expect: Option<Digest>,
) -> WriteOutcome {
    let at_its_path = folder.paths.read().await;
    let (root, path) = match (folder.root(), folder.ids.path(file)) {
        (Ok(root), Some(path)) => (root, path),
        (Err(error), _) => return WriteOutcome::Failed(error.message),
        (_, None) => return WriteOutcome::Failed(format!("the file {file} is unknown")),
    };
    if !root.is_there().await {
        return WriteOutcome::Failed(folder.absence());
    }
    let written = root.write_if(&path, bytes.clone(), expect).await;
    drop(at_its_path);
    match written {
        Ok(digest) => {
            folder.saw(shared, file, &DiskContent { bytes, digest }).await;
            WriteOutcome::Done(digest)
        }
        Err(WriteError::Changed(None)) if !folder.is_gone(&path).await => WriteOutcome::Failed(folder.absence()),
        Err(WriteError::Changed(Some(content))) => {
            WriteOutcome::Changed(Some(whole(content, read(shared, folder, file).await)))
        }
        Err(WriteError::Changed(None)) => WriteOutcome::Changed(None),
        Err(error @ (WriteError::Outside(_) | WriteError::Other { .. })) => WriteOutcome::Failed(error.to_string()),
    }
}

/// Replaces a stored log, as far as neither the base nor a save needs it, by the state that it makes. The live document is not
/// asked: what is stored is rebuilt from what is stored. `upto`: as far as its room lets it ([`rooms::DocumentRoom::steady`]).
pub(crate) async fn shorten(
    store: &Store,
    folder: FolderId,
    room: &str,
    model: Model,
    mut upto: Seq,
) -> Result<(), String> {
    let History { since, log, base, intent, .. } =
        store.history(folder, room).await.map_err(|error| error.to_string())?;
    if let Some(BaseRecord { at: BaseAt::Log(seq), .. }) = base {
        upto = upto.min(seq);
    }
    if let Some(intent) = intent {
        upto = upto.min(intent.seq);
    }
    let (rows, updates): (Vec<Seq>, Vec<_>) = log.into_iter().filter(|(seq, _)| *seq <= upto).unzip();
    let [_, .., last] = rows[..] else { return Ok(()) };
    let rebuilding = tokio::task::spawn_blocking(move || {
        let mut document = Document::new(model, random::author());
        updates.iter().try_for_each(|update| document.apply(update).map(drop))?;
        let state = document.state();
        Ok(document.is_all_of(&state).then_some(state))
    });
    let state = rebuilding.await.map_err(|error| error.to_string())?;
    let state = state.map_err(|error: UpdateError| error.to_string())?;
    let state = state.ok_or_else(|| format!("the log of {room} says more than the state that it makes; it stays"))?;
    store.compact(folder, room, since, last, state).await.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Batch;

    /// Texts typed one after the other, as updates of authors of their own.
    fn typed(texts: &[&str]) -> Vec<ydoc::Update> {
        let mut document = Document::new(Model::Text, 1);
        let mut updates = vec![document.load(b"\n").unwrap()];
        for (number, text) in texts.iter().enumerate() {
            let (state, bytes) = (document.state(), document.to_bytes(b""));
            let base = ydoc::Base { state, digest: Digest::of(&bytes) };
            let disk = [text.as_bytes(), &bytes].concat();
            let merge = ydoc::merge_disk(Model::Text, &base.state, &base, &disk, 100 + number as u64).unwrap();
            updates.push(merge.update.unwrap());
            document.apply(&updates[number + 1]).unwrap();
        }
        updates
    }

    #[tokio::test]
    async fn store_93_a_log_is_shortened_only_to_a_state_that_says_all_of_it() {
        let store = Store::temporary().await.unwrap();
        let folder = store.add_folder("/tides", "tides").await.unwrap().id;
        let all = typed(&["one ", "two ", "three "]);
        let log = |updates: &[ydoc::Update]| (1..).zip(updates.iter().cloned()).collect::<Vec<_>>();
        let add = async |room: &str, updates: &[ydoc::Update]| {
            store.commit(folder, room, 1, Batch { append: log(updates), ..Batch::default() }).await.unwrap();
        };
        add("whole", &all).await;
        shorten(&store, folder, "whole", Model::Text, Seq::MAX).await.unwrap();
        let short = store.history(folder, "whole").await.unwrap().log;
        assert_eq!(short.len(), 1);
        // As far as its room lets it, and no further.
        add("part", &all).await;
        shorten(&store, folder, "part", Model::Text, 3).await.unwrap();
        let part = store.history(folder, "part").await.unwrap().log;
        assert_eq!(part.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [3, 4]);
        let document = Document::from_state(Model::Text, 9, &short[0].1).unwrap();
        assert_eq!(document.to_bytes(b""), b"three two one \n");

        // What the third builds on is missing: it waits, and no state would say it.
        let [first, _, third, fourth] = &all[..] else { panic!("four updates") };
        let gap = [first.clone(), third.clone(), fourth.clone()];
        add("gap", &gap).await;
        assert!(shorten(&store, folder, "gap", Model::Text, Seq::MAX).await.unwrap_err().contains("it stays"));
        assert_eq!(store.history(folder, "gap").await.unwrap().log, log(&gap));
    }

    #[test]
    fn disk_70_half_of_a_file_that_a_save_found_is_not_taken_for_the_whole() {
        let content = |text: &str| DiskContent::new(text.as_bytes());
        let check = |found: &str, now: DiskRead, expect: &str| assert_eq!(whole(content(found), now), content(expect));
        check("", DiskRead::Content(content("all of it")), "all of it");
        check("all", DiskRead::Content(content("all of it")), "all of it");
        // Only handed over: it could not be put back.
        check("theirs", DiskRead::Content(content("ours")), "theirs");
        check("theirs", DiskRead::Gone, "theirs");
    }
}
