//! Replacing a file whole, and only if it still holds what the writer expects.
//!
//! A temporary file beside the target is written and flushed, then exchanged with it, and what came out is looked at: if another
//! program wrote in the last instant, the two are exchanged back. Where a file system cannot exchange, a plain rename is
//! what remains, and a foreign write between our last look and the rename is lost.

use crate::place::{is_hidden, locate, normalise, read_place, words, writable};
use crate::{ReadError, WriteError};
use protocol::{Digest, DiskContent};
use std::fs::{File, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Begins the name of every temporary file of ours.
pub(crate) const PREFIX: &str = ".commonplace-";

fn other(path: &str, reason: impl Into<String>) -> WriteError {
    WriteError::Other { path: path.to_owned(), reason: reason.into() }
}

fn failed(path: &str, what: &str, error: &io::Error) -> WriteError {
    other(path, format!("{what}: {}", words(error)))
}

/// See [`crate::Root::write_if`].
pub(crate) fn write_if(root: &Path, path: &str, bytes: &[u8], expect: Option<Digest>) -> Result<Digest, WriteError> {
    let target = target(root, path)?;
    let before = std::fs::symlink_metadata(&target).ok();
    if let Some(metadata) = &before {
        if metadata.is_dir() {
            return Err(other(path, "it is a folder"));
        }
        if !metadata.is_file() {
            return Err(other(path, "it is not a regular file"));
        }
        if !writable(&target, metadata) {
            return Err(other(path, "it is read-only"));
        }
    }
    let temporary = Temporary::write(&target, path, bytes, before.as_ref())?;
    // Two of ours that exchange back and forth with each other could put the wrong one in last.
    let _turn = turn(&target);
    let current = look(&target, path)?;
    if current.as_ref().map(|content| content.digest) != expect {
        return Err(WriteError::Changed(current));
    }
    match expect {
        None => place_new(&temporary.place, &target, path)?,
        Some(expected) => replace(&temporary.place, &target, path, Digest::of(bytes), expected)?,
    }
    if let Some(folder) = target.parent() {
        sync_folder(folder).map_err(|error| failed(path, "its folder cannot be flushed", &error))?;
    }
    Ok(Digest::of(bytes))
}

/// One after the other for each target, as seen from this process.
fn turn(target: &Path) -> MutexGuard<'static, ()> {
    static TURNS: [Mutex<()>; 16] = [const { Mutex::new(()) }; 16];
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    let number = hasher.finish() as usize % TURNS.len();
    TURNS[number].lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the bytes go: the end of a link that stays inside, or the name in its folder.
fn target(root: &Path, path: &str) -> Result<PathBuf, WriteError> {
    let outside = |_| other(path, "it is outside of the folder");
    let path_in = normalise(path).map_err(outside)?;
    if path_in.is_empty() {
        return Err(other(path, "it is a folder"));
    }
    let (folder, name) = path_in.rsplit_once('/').unwrap_or(("", &path_in));
    let folder = locate(root, folder).map_err(|_| other(path, "its folder does not exist"))?;
    let place = folder.join(name);
    match std::fs::symlink_metadata(&place) {
        Ok(metadata) if metadata.is_symlink() => {
            locate(root, path).map_err(|_| other(path, "it is a link that leads out of the folder or nowhere"))
        }
        _ => Ok(place),
    }
}

/// Content of a file that may be missing.
fn look(place: &Path, path: &str) -> Result<Option<DiskContent>, WriteError> {
    match read_place(place, path, u64::MAX) {
        Ok(content) => Ok(Some(content)),
        Err(ReadError::NotFound(_)) => Ok(None),
        Err(ReadError::Other { reason, .. }) => Err(other(path, reason)),
        Err(error) => Err(other(path, error.to_string())),
    }
}

/// A file beside the target that is removed when it goes out of scope, whatever it holds by then.
struct Temporary {
    place: PathBuf,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.place)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("{} cannot be removed: {error}", self.place.display());
        }
    }
}

impl Temporary {
    fn write(target: &Path, path: &str, bytes: &[u8], like: Option<&Metadata>) -> Result<Self, WriteError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Nanoseconds, because process numbers are used again.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let name = format!("{}{}-{now}-{number}.tmp", stem(target), std::process::id());
        let place = target.with_file_name(name);
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, if like.is_some() { 0o600 } else { 0o666 });
        let mut file = options.open(&place).map_err(|error| failed(path, "its folder cannot be written", &error))?;
        let temporary = Self { place };
        let write = |file: &mut File| {
            file.write_all(bytes)?;
            if let Some(like) = like {
                keep_owner(file, like);
                file.set_permissions(like.permissions())?;
            }
            file.sync_all()
        };
        write(&mut file).map_err(|error| other(path, words(&error)))?;
        Ok(temporary)
    }
}

/// Beginning of the names of all temporary files of this target: of one length, whatever the target's name is.
fn stem(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default();
    format!("{PREFIX}{}-", &Digest::of(name.as_encoded_bytes()).to_hex()[..16])
}

/// Owner and group as before, as far as we may.
fn keep_owner(file: &File, like: &Metadata) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let (user, group) = (rustix::fs::Uid::from_raw(like.uid()), rustix::fs::Gid::from_raw(like.gid()));
        if rustix::fs::fchown(file, Some(user), Some(group)).is_err() {
            rustix::fs::fchown(file, None, Some(group)).ok();
        }
    }
    #[cfg(not(unix))]
    let _ = (file, like);
}

/// Puts the temporary file where nothing must be.
fn place_new(temporary: &Path, target: &Path, path: &str) -> Result<(), WriteError> {
    let done = match rename_new(temporary, target) {
        // A second name is refused too where the first exists, on file systems that know nothing of the flag.
        Err(error) if cannot(&error) => std::fs::hard_link(temporary, target),
        other => other,
    };
    match done {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(WriteError::Changed(look(target, path)?)),
        Err(error) => Err(other(path, words(&error))),
        Ok(()) => Ok(()),
    }
}

/// Exchanges the two and looks at what came out; what nobody expected goes back.
fn replace(temporary: &Path, target: &Path, path: &str, ours: Digest, expected: Digest) -> Result<(), WriteError> {
    match exchange(temporary, target) {
        Ok(()) => {}
        Err(error) if cannot(&error) => {
            tracing::debug!("{} cannot exchange two files", target.display());
            return std::fs::rename(temporary, target).map_err(|error| other(path, words(&error)));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(WriteError::Changed(None)),
        Err(error) => return Err(other(path, words(&error))),
    }
    let displaced = look(temporary, path).inspect_err(|_| {
        exchange(temporary, target).ok();
    })?;
    let Some(mut foreign) = displaced else { return Ok(()) };
    if foreign.digest == expected {
        return Ok(());
    }
    // `inside` is what we put at the target last. If something else comes out, somebody wrote again: that is the newest.
    let mut inside = ours;
    loop {
        // What cannot be put back is still handed over.
        if exchange(temporary, target).is_err() {
            return Err(WriteError::Changed(Some(foreign)));
        }
        match look(temporary, path) {
            Ok(Some(out)) if out.digest != inside => {
                inside = foreign.digest;
                foreign = out;
            }
            _ => return Err(WriteError::Changed(Some(foreign))),
        }
    }
}

/// Whether the file system, not the moment, is the reason.
fn cannot(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_new(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::NOREPLACE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_new(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes the new name last. Where a folder cannot be flushed at all, the file is written all the same.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if cannot(&error) || error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

/// See [`crate::Root::leftovers`].
pub(crate) fn leftovers(root: &Path, path: &str) -> Result<Vec<DiskContent>, ReadError> {
    left_over(root, path)?.iter().map(|place| read_place(place, path, u64::MAX)).collect()
}

/// See [`crate::Root::clear_leftovers`].
pub(crate) fn clear_leftovers(root: &Path, path: &str) -> Result<(), ReadError> {
    for place in left_over(root, path)? {
        std::fs::remove_file(&place).map_err(|error| crate::place::read_error(path, &error))?;
    }
    Ok(())
}

/// Where they are, oldest first.
fn left_over(root: &Path, path: &str) -> Result<Vec<PathBuf>, ReadError> {
    let Ok(target) = target(root, path) else { return Ok(Vec::new()) };
    let (Some(folder), stem) = (target.parent(), stem(&target)) else { return Ok(Vec::new()) };
    let entries = std::fs::read_dir(folder).map_err(|error| crate::place::read_error(path, &error))?;
    let mut found: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(&stem) && is_hidden(name)))
        .filter_map(|entry| entry.metadata().ok().filter(Metadata::is_file).map(|metadata| (metadata, entry.path())))
        .filter_map(|(metadata, place)| Some((metadata.modified().ok()?, place)))
        .collect();
    found.sort();
    Ok(found.into_iter().map(|(_, place)| place).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instant that no test from outside can hit: the target changed between our last look and the exchange.
    #[test]
    fn file_4_a_write_in_the_last_instant_is_put_back_and_handed_over() {
        let place = tempfile::tempdir().unwrap();
        let (target, temporary) = (place.path().join("a.md"), place.path().join(".commonplace-x.tmp"));
        std::fs::write(&target, "theirs").unwrap();
        std::fs::write(&temporary, "ours").unwrap();
        let answer = replace(&temporary, &target, "a.md", Digest::of(b"ours"), Digest::of(b"before"));
        assert_eq!(answer, Err(WriteError::Changed(Some(DiskContent::new(b"theirs".as_slice())))));
        assert_eq!(std::fs::read(&target).unwrap(), b"theirs");
        assert_eq!(std::fs::read(&temporary).unwrap(), b"ours");

        std::fs::remove_file(&target).unwrap();
        let gone = replace(&temporary, &target, "a.md", Digest::of(b"ours"), Digest::of(b"before"));
        assert_eq!(gone, Err(WriteError::Changed(None)));
        std::fs::write(&target, "theirs").unwrap();
        let there = place_new(&temporary, &target, "a.md");
        assert_eq!(there, Err(WriteError::Changed(Some(DiskContent::new(b"theirs".as_slice())))));
    }
}
