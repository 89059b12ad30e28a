//! Replacing a file whole, and only if it still holds what the writer expects.
//!
//! A temporary file beside the target is written and flushed, then exchanged with it, and what came out is looked at: if another
//! program wrote in the last instant, the two are exchanged back. Then the folder is flushed, and only after that the temporary
//! file goes: on some disks a removal is kept and the exchange before it is not. Where a file system cannot exchange, a plain
//! rename is what remains, and a foreign write between our last look and the rename is lost.

use crate::folder::{Spot, cannot, reach};
use crate::place::{locate, normalise, words};
use crate::temporary::{Step, Temporary, is_foreign, is_only_here, left};
use crate::volume::Volume;
use crate::{ReadError, WriteError};
use protocol::{Digest, DiskContent};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) fn other(path: &str, reason: impl Into<String>) -> WriteError {
    WriteError::Other { path: path.to_owned(), reason: reason.into() }
}

pub(crate) fn failed(path: &str, what: &str, error: &io::Error) -> WriteError {
    other(path, format!("{what}: {}", words(error)))
}

/// See [`crate::Root::write_if`].
pub(crate) fn write_if(root: &Path, path: &str, bytes: &[u8], expect: Option<Digest>) -> Result<Digest, WriteError> {
    let Spot { folder, name, .. } = target(root, path)?;
    let before = folder.metadata(&name).ok();
    if let Some(metadata) = &before {
        if metadata.is_dir() {
            return Err(other(path, "it is a folder"));
        }
        if !metadata.is_file() {
            return Err(other(path, "it is not a regular file"));
        }
        if !folder.writable(&name, metadata) {
            return Err(other(path, "it is read-only"));
        }
    }
    save(&folder, &name, path, bytes, expect, before.as_ref())
}

/// Puts bytes into a place that has the expected content; with these rights, or those of a new file.
pub(crate) fn save<V: Volume>(
    volume: &V,
    target: &Path,
    path: &str,
    bytes: &[u8],
    expect: Option<Digest>,
    rights: Option<&V::Rights>,
) -> Result<Digest, WriteError> {
    let step = Step { ours: Digest::of(bytes), expected: expect };
    let mut temporary = Temporary::write(volume, target, path, (step, bytes), rights)?;
    // Two of ours that exchange back and forth with each other could put the wrong one in last.
    let _turn = turn(target);
    let current = look(volume, target, path)?;
    if current.as_ref().map(|content| content.digest) != expect {
        return Err(WriteError::Changed(current));
    }
    match expect {
        None => place_new(volume, &temporary.place, target, path)?,
        Some(expected) => replace(volume, &mut temporary, target, path, (step.ours, expected))?,
    }
    sync_folder(volume, path).inspect_err(|_| undo(volume, &mut temporary, target, path, step.ours))?;
    Ok(step.ours)
}

fn sync_folder<V: Volume>(volume: &V, path: &str) -> Result<(), WriteError> {
    volume.sync_folder().map_err(|error| failed(path, "its folder cannot be flushed", &error))
}

/// One after the other for each target, as seen from this process. Names decide, so that some wait in vain.
fn turn(target: &Path) -> MutexGuard<'static, ()> {
    static TURNS: [Mutex<()>; 16] = [const { Mutex::new(()) }; 16];
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    let number = hasher.finish() as usize % TURNS.len();
    TURNS[number].lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the bytes go: the end of a link that stays inside, or the name in its folder, which is open from here on.
fn target(root: &Path, path: &str) -> Result<Spot, WriteError> {
    let outside = |_| other(path, "it is outside of the folder");
    let path_in = normalise(path).map_err(outside)?;
    if path_in.is_empty() {
        return Err(other(path, "it is a folder"));
    }
    let (folder, name) = path_in.rsplit_once('/').unwrap_or(("", &path_in));
    let missing = || other(path, "its folder does not exist");
    let folder = locate(root, folder).map_err(|_| missing())?;
    let place = folder.join(name);
    let place = match std::fs::symlink_metadata(&place) {
        Ok(metadata) if metadata.is_symlink() => {
            locate(root, path).map_err(|_| WriteError::Outside(path.to_owned()))?
        }
        _ => place,
    };
    reach(root, &place).map_err(|_| missing())
}

/// Content of a file that may be missing.
fn look<V: Volume>(volume: &V, place: &Path, path: &str) -> Result<Option<DiskContent>, WriteError> {
    match volume.read(place, path) {
        Ok(content) => Ok(Some(content)),
        Err(ReadError::NotFound(_)) => Ok(None),
        Err(ReadError::Other { reason, .. }) => Err(other(path, reason)),
        Err(error) => Err(other(path, error.to_string())),
    }
}

/// Puts the temporary file where nothing must be.
fn place_new<V: Volume>(volume: &V, temporary: &Path, target: &Path, path: &str) -> Result<(), WriteError> {
    let done = match volume.rename_new(temporary, target) {
        // A second name is refused too where the first exists, on file systems that know nothing of the flag.
        Err(error) if cannot(&error) => match volume.link(temporary, target) {
            // No second names either. Nothing was there a moment ago.
            Err(error) if cannot(&error) || error.kind() == io::ErrorKind::PermissionDenied => {
                volume.rename(temporary, target)
            }
            other => other,
        },
        other => other,
    };
    match done {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(WriteError::Changed(look(volume, target, path)?))
        }
        Err(error) => Err(other(path, words(&error))),
        Ok(()) => Ok(()),
    }
}

/// Exchanges the two and looks at what came out; what nobody expected goes back. `ours` is in the temporary file, `expected` at
/// the target. The temporary file stays wherever it may hold what is nowhere else.
fn replace<V: Volume>(
    volume: &V,
    temporary: &mut Temporary<'_, V>,
    target: &Path,
    path: &str,
    (ours, expected): (Digest, Digest),
) -> Result<(), WriteError> {
    let aside = temporary.place.clone();
    match volume.exchange(&aside, target) {
        Ok(()) => {}
        Err(error) if cannot(&error) => {
            tracing::debug!("two files cannot be exchanged where {path} is");
            return volume.rename(&aside, target).map_err(|error| other(path, words(&error)));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(WriteError::Changed(None)),
        Err(error) => {
            undo(volume, temporary, target, path, ours);
            return Err(other(path, words(&error)));
        }
    }
    let displaced = look(volume, &aside, path).inspect_err(|_| undo(volume, temporary, target, path, ours))?;
    let Some(mut foreign) = displaced else { return Ok(()) };
    if foreign.digest == expected {
        return Ok(());
    }
    // `inside` is what we put at the target last. If something else comes out, somebody wrote again: that is the newest.
    let mut inside = ours;
    loop {
        // What cannot be put back is still handed over.
        if volume.exchange(&aside, target).is_err() {
            temporary.spare();
            break;
        }
        match look(volume, &aside, path) {
            Ok(Some(out)) if out.digest != inside => {
                inside = foreign.digest;
                foreign = out;
            }
            Ok(_) if sync_folder(volume, path).is_ok() => break,
            _ => {
                temporary.spare();
                break;
            }
        }
    }
    Err(WriteError::Changed(Some(foreign)))
}

/// After a failure nobody knows what of it happened. A content that can be seen but may not last must not stay: what came back
/// after a power cut would look like an edit.
fn undo<V: Volume>(volume: &V, temporary: &mut Temporary<'_, V>, target: &Path, path: &str, ours: Digest) {
    let aside = temporary.place.clone();
    let is_ours = || look(volume, &aside, path).map(|content| content.map(|content| content.digest == ours));
    match is_ours() {
        // It did not happen, or is over.
        Ok(Some(true) | None) => {}
        _ if volume.exchange(&aside, target).is_err() => temporary.spare(),
        _ if is_ours() == Ok(Some(true)) => {}
        _ => {
            // Somebody wrote meanwhile: that is the newest.
            volume.exchange(&aside, target).ok();
            temporary.spare();
        }
    }
}

/// See [`crate::Root::left_beside`].
pub(crate) fn left_beside(root: &Path, path: &str, intended: Option<Digest>) -> Result<Vec<DiskContent>, WriteError> {
    let Ok(Spot { folder, name: target, .. }) = target(root, path) else { return Ok(Vec::new()) };
    let places = left(&folder, &target, path)?;
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let inside = look(&folder, &target, path)?;
    let mut contents: Vec<DiskContent> = Vec::new();
    for place in places {
        let Some(content) = look(&folder, &place, path)? else { continue };
        let is_known = content.bytes.is_empty() || inside.iter().chain(&contents).any(|known| *known == content);
        if !is_known && is_only_here(&target, &place, intended.as_ref(), &content.digest) {
            contents.push(content);
        }
    }
    Ok(contents)
}

/// See [`crate::Root::recover`].
pub(crate) fn recover(root: &Path, path: &str, intended: Option<Digest>) -> Result<(), WriteError> {
    target(root, path).map_or(Ok(()), |spot| recover_at(&spot.folder, &spot.name, path, intended))
}

/// Tidies up after a save that was cut short. If its bytes are in the file, and what they displaced was another program's
/// write, that goes back: our bytes are in the log, and whoever reads the file merges the other's like any edit on disk.
pub(crate) fn recover_at<V: Volume>(
    volume: &V,
    target: &Path,
    path: &str,
    intended: Option<Digest>,
) -> Result<(), WriteError> {
    let places = left(volume, target, path)?;
    if places.is_empty() {
        return Ok(());
    }
    let _turn = turn(target);
    if let Some(ours) = intended {
        for aside in places.iter().rev() {
            let Some(content) = look(volume, aside, path)? else { continue };
            if is_foreign(target, aside, &ours, &content.digest)
                && look(volume, target, path)?.is_some_and(|inside| inside.digest == ours)
            {
                let mut temporary = Temporary::found(volume, aside.clone());
                temporary.spare();
                match replace(volume, &mut temporary, target, path, (content.digest, ours)) {
                    // Somebody wrote just now: that is newer.
                    Ok(()) | Err(WriteError::Changed(_)) => sync_folder(volume, path)?,
                    Err(error) => return Err(error),
                }
                break;
            }
        }
    }
    for place in &places {
        match volume.remove(place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(path, "what a save left beside it cannot be removed", &error));
            }
            _ => {}
        }
    }
    // Else one could come back after the next save and be taken for what that one left.
    sync_folder(volume, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instant that no test from outside can hit: the target changed between our last look and the exchange.
    #[test]
    fn file_4_a_write_in_the_last_instant_is_put_back_and_handed_over() {
        let place = tempfile::tempdir().unwrap();
        let folder = crate::folder::Folder::at(place.path()).unwrap();
        let (name, beside) = (Path::new("a.md"), Path::new(".commonplace-x.tmp"));
        let (target, aside) = (place.path().join(name), place.path().join(beside));
        let mut temporary = Temporary::found(&folder, beside.to_owned());
        let digests = (Digest::of(b"ours"), Digest::of(b"before"));
        std::fs::write(&target, "theirs").unwrap();
        std::fs::write(&aside, "ours").unwrap();
        let answer = replace(&folder, &mut temporary, name, "a.md", digests);
        assert_eq!(answer, Err(WriteError::Changed(Some(DiskContent::new(b"theirs".as_slice())))));
        assert_eq!(std::fs::read(&target).unwrap(), b"theirs");
        assert_eq!(std::fs::read(&aside).unwrap(), b"ours");

        std::fs::remove_file(&target).unwrap();
        let gone = replace(&folder, &mut temporary, name, "a.md", digests);
        assert_eq!(gone, Err(WriteError::Changed(None)));
        std::fs::write(&target, "theirs").unwrap();
        let there = place_new(&folder, beside, name, "a.md");
        assert_eq!(there, Err(WriteError::Changed(Some(DiskContent::new(b"theirs".as_slice())))));
    }
}
