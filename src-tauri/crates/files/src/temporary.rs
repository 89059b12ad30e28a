//! The file beside a target that a save writes first: its name, and when it goes.
//!
//! Its name says what the save was: of which file, to which content, over which. After a crash that tells what the save had put
//! into it from what it had displaced.

use crate::WriteError;
use crate::atomic::{failed, other};
use crate::place::words;
use crate::volume::Volume;
use protocol::Digest;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Begins the name of every temporary file of ours.
const PREFIX: &str = ".commonplace-";

/// One save: this content over that one (`None`: over no file).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) ours: Digest,
    pub(crate) expected: Option<Digest>,
}

/// A file beside the target that is removed when it goes out of scope, unless it may hold what is nowhere else.
pub(crate) struct Temporary<'a, V: Volume> {
    volume: &'a V,
    pub(crate) place: PathBuf,
    spared: bool,
}

/// Those that saves of this process are working with: nobody takes them for what a save left behind.
fn in_use() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    static IN_USE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    IN_USE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<V: Volume> Drop for Temporary<'_, V> {
    fn drop(&mut self) {
        if !self.spared
            && let Err(error) = self.volume.remove(&self.place)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("{} cannot be removed: {error}", self.place.display());
        }
        in_use().remove(&self.place);
    }
}

impl<'a, V: Volume> Temporary<'a, V> {
    /// Writes one, with these rights, and returns when its content is on the disk.
    pub(crate) fn write(
        volume: &'a V,
        target: &Path,
        path: &str,
        (step, bytes): (Step, &[u8]),
        rights: Option<&V::Rights>,
    ) -> Result<Self, WriteError> {
        let place = target.with_file_name(name(target, step));
        in_use().insert(place.clone());
        let temporary = Self::found(volume, place);
        let created = volume.create(&temporary.place, rights.is_some());
        let mut file = created.map_err(|error| failed(path, "its folder cannot be written", &error))?;
        let write = |file: &mut V::File| {
            volume.write(file, bytes)?;
            if let Some(rights) = rights {
                volume.give(file, rights)?;
            }
            volume.sync(file)
        };
        write(&mut file).map_err(|error| other(path, words(&error)))?;
        Ok(temporary)
    }

    /// One that is there.
    pub(crate) fn found(volume: &'a V, place: PathBuf) -> Self {
        Self { volume, place, spared: false }
    }

    /// It stays, for [`crate::Root::recover`].
    pub(crate) fn spare(&mut self) {
        self.spared = true;
    }
}

/// What saves that were cut short left beside a target: names, the one changed longest ago first.
pub(crate) fn left<V: Volume>(volume: &V, target: &Path, path: &str) -> Result<Vec<PathBuf>, WriteError> {
    let names = volume.names(&stem(target)).map_err(|error| other(path, words(&error)))?;
    let mut places: Vec<PathBuf> = names.into_iter().map(|name| target.with_file_name(name)).collect();
    let in_use = in_use();
    places.retain(|place| !in_use.contains(place));
    Ok(places)
}

fn short(digest: &Digest) -> String {
    let mut hex = digest.to_hex();
    hex.truncate(16);
    hex
}

/// Beginning of the names of all temporary files of this target: of one length, whatever the target's name is.
pub(crate) fn stem(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default();
    format!("{PREFIX}{}-", short(&Digest::of(name.as_encoded_bytes())))
}

fn name(target: &Path, step: Step) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    // Nanoseconds, because process numbers are used again.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let expected = step.expected.as_ref().map_or_else(|| "new".to_owned(), short);
    format!("{}{}-{expected}-{}-{now}-{number}.tmp", stem(target), short(&step.ours), std::process::id())
}

/// What the name of a temporary file says: the beginnings of the digests of what was to be put there, and of what was expected.
fn said<'a>(target: &Path, place: &'a Path) -> Option<(&'a str, &'a str)> {
    let mut parts = place.file_name()?.to_str()?.strip_prefix(&stem(target))?.split('-');
    Some((parts.next()?, parts.next()?))
}

/// Whether a temporary file with this content belongs to a save of `ours` and holds what that save displaced without having
/// expected it.
pub(crate) fn is_foreign(target: &Path, place: &Path, ours: &Digest, content: &Digest) -> bool {
    let is_foreign = |(put, expected)| put == short(ours) && content != ours && expected != short(content);
    said(target, place).is_some_and(is_foreign)
}

/// Whether what a temporary file holds may be nowhere else: it is not of the save of `intended`, whose document knows it, and not
/// what a save expected, which was kept before.
pub(crate) fn is_only_here(target: &Path, place: &Path, intended: Option<&Digest>, content: &Digest) -> bool {
    let is_only_here =
        |(put, expected)| intended.is_none_or(|intended| put != short(intended)) && expected != short(content);
    said(target, place).is_some_and(is_only_here)
}
