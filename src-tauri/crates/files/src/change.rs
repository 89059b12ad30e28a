//! Making, moving, copying and discarding, never over something that is there.
//!
//! Not here: the content of files (`atomic`).

use crate::folder::{Folder, Spot, cannot, reach};
use crate::place::{find, is_hidden, locate, normalise, words};
use crate::volume::Volume as _;
use crate::{ReadError, name};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// Why something was not made, moved, copied or discarded. Texts are sentences that name the path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// It does not exist, is hidden, or the path leaves the folder.
    #[error("{0} does not exist")]
    NotFound(String),
    /// Something is there already; nothing was changed.
    #[error("{0} exists already")]
    Exists(String),
    /// It cannot be done, whenever it is tried: a whole sentence.
    #[error("{0}")]
    Refused(String),
    /// It is more than was allowed.
    #[error("{path} has more than the {limit} bytes that can be copied at once")]
    TooBig {
        /// API path.
        path: String,
        /// Bytes.
        limit: u64,
    },
    /// Anything else: the path and the system's reason.
    #[error("{path} cannot be changed: {reason}")]
    Other {
        /// API path.
        path: String,
        /// The system's words.
        reason: String,
    },
}

type Result<T> = std::result::Result<T, ChangeError>;

/// Where discarded files go.
#[derive(Clone, Debug)]
pub struct Trash {
    /// The system's own trash first, if there is one.
    pub system: bool,
    /// The folder that takes what the system's trash does not: below it each discarded file has a folder of its own, with a
    /// file `from` that says where it was.
    pub own: PathBuf,
}

fn failed(path: &str, error: &io::Error) -> ChangeError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ChangeError::NotFound(path.to_owned()),
        io::ErrorKind::AlreadyExists => ChangeError::Exists(path.to_owned()),
        _ => ChangeError::Other { path: path.to_owned(), reason: words(error) },
    }
}

fn missing(error: ReadError) -> ChangeError {
    match error {
        ReadError::NotFound(path) | ReadError::Directory(path) | ReadError::TooBig { path, .. } => {
            ChangeError::NotFound(path)
        }
        ReadError::Other { path, reason } => ChangeError::Other { path, reason },
    }
}

/// See [`crate::Root::new_path`].
pub(crate) fn new_path(path: &str) -> Result<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err(ChangeError::NotFound(path.to_owned()));
    }
    let Some(last) = parts.last() else {
        return Err(ChangeError::Refused("The folder itself cannot be made or replaced.".to_owned()));
    };
    let hidden = parts.iter().find(|part| is_hidden(part)).and_then(|part| Some((*part, name::refuse(part)?)));
    match hidden.or_else(|| Some((*last, name::refuse(last)?))) {
        Some((part, why)) => Err(ChangeError::Refused(format!("“{part}” cannot be the name of a file: {why}."))),
        None => normalise(path).map_err(missing),
    }
}

/// Where something new would be: its folder must exist.
fn new_place(root: &Path, path: &str) -> Result<Spot> {
    let path = new_path(path)?;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let folder = locate(root, folder).map_err(missing)?;
    reach(root, &folder.join(name)).map_err(|error| failed(&path, &error))
}

/// Where something is, a link itself and not what it leads to.
fn own_place(root: &Path, path: &str) -> Result<Spot> {
    let path = normalise(path).map_err(missing)?;
    if path.is_empty() {
        return Err(ChangeError::Refused("The folder itself cannot be moved or deleted.".to_owned()));
    }
    // A link that leads outside or nowhere is not there.
    locate(root, &path).map_err(missing)?;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let folder = locate(root, folder).map_err(missing)?;
    reach(root, &folder.join(name)).map_err(|error| failed(&path, &error))
}

/// See [`crate::Root::make_directory`].
pub(crate) fn make_directory(root: &Path, path: &str) -> Result<()> {
    let new = new_place(root, path)?;
    new.folder.make_folder(&new.name).map_err(|error| failed(path, &error))
}

/// See [`crate::Root::rename`].
pub(crate) fn rename(root: &Path, from: &str, to: &str) -> Result<()> {
    let (source, target) = (own_place(root, from)?, new_place(root, to)?);
    if source.place == target.place {
        return Ok(());
    }
    if target.place.starts_with(&source.place) {
        return Err(ChangeError::Refused(format!("{from} cannot be moved into itself.")));
    }
    let over = || source.folder.rename_into(&source.name, &target.folder, &target.name);
    let done = match source.folder.rename_new_into(&source.name, &target.folder, &target.name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_one(&source.place, &target.place) => over(),
        // Without the system's help a look comes first; what is made at the new place in that instant is lost.
        Err(error) if cannot(&error) => match target.folder.metadata(&target.name) {
            Ok(_) if !is_one(&source.place, &target.place) => Err(io::ErrorKind::AlreadyExists.into()),
            _ => over(),
        },
        done => done,
    };
    done.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => ChangeError::Exists(to.to_owned()),
        _ => failed(from, &error),
    })?;
    [&source, &target].into_iter().try_for_each(|spot| spot.folder.sync().map_err(|error| failed(to, &error)))
}

/// Two names of one thing: the file system does not tell upper and lower case apart.
fn is_one(a: &Path, b: &Path) -> bool {
    let is_link = |place: &Path| std::fs::symlink_metadata(place).map_or(true, |found| found.is_symlink());
    let real = |place: &Path| place.canonicalize().ok();
    !is_link(a) && !is_link(b) && real(a).is_some() && real(a) == real(b)
}

/// See [`crate::Root::copy_directory`].
pub(crate) fn copy_directory(root: &Path, from: &str, to: &str, limit: u64) -> Result<()> {
    let (source, target) = (find(root, from).map_err(missing)?, new_place(root, to)?);
    let source = source.folder.folder(&source.name).map_err(|error| failed(from, &error))?;
    // Listed before anything is made: the copy may be inside.
    let mut entries = Vec::new();
    let size = collect(&source, Path::new(""), false, &mut entries).map_err(|error| failed(from, &error))?;
    if size > limit {
        return Err(ChangeError::TooBig { path: from.to_owned(), limit });
    }
    target.folder.make_folder(&target.name).map_err(|error| failed(to, &error))?;
    let copied = target.folder.folder(&target.name).and_then(|made| put(&source, &made, &entries));
    copied.map_err(|error| {
        target.folder.remove_whole(&target.name).ok();
        failed(to, &error)
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
    Link,
}

/// What is below a folder, a folder before what is in it, and the files' size. `all`: hidden things and links too.
fn collect(folder: &Folder, below: &Path, all: bool, entries: &mut Vec<(PathBuf, Kind)>) -> io::Result<u64> {
    let mut size = 0;
    for entry in folder.entries()? {
        let (name, found) = entry.and_then(|entry| Ok((entry.file_name(), entry.metadata()?)))?;
        if !all && (name.to_str().is_none_or(is_hidden) || found.is_symlink()) {
            continue;
        }
        let path = below.join(&name);
        if found.is_dir() {
            entries.push((path.clone(), Kind::Folder));
            size += collect(&folder.folder(name.as_ref())?, &path, all, entries)?;
        } else if found.is_file() {
            size += found.len();
            entries.push((path, Kind::File));
        } else if found.is_symlink() {
            entries.push((path, Kind::Link));
        }
    }
    Ok(size)
}

/// Copies what was collected below one folder into another.
fn put(source: &Folder, target: &Folder, entries: &[(PathBuf, Kind)]) -> io::Result<()> {
    let inside = |top: &Folder, path: &Path| -> io::Result<Option<Folder>> {
        let parts = path.parent().into_iter().flat_map(Path::iter);
        parts
            .map(Path::new)
            .try_fold(None, |at: Option<Folder>, part| at.as_ref().unwrap_or(top).folder(part).map(Some))
    };
    for (path, kind) in entries {
        let (from, to) = (inside(source, path)?, inside(target, path)?);
        let (from, to) = (from.as_ref().unwrap_or(source), to.as_ref().unwrap_or(target));
        let name = Path::new(path.file_name().unwrap_or_default());
        match kind {
            Kind::Folder => to.make_folder(name)?,
            Kind::File => from.copy_file(name, to, name)?,
            Kind::Link => from.copy_link(name, to, name)?,
        }
    }
    Ok(())
}

/// See [`crate::Root::discard`].
pub(crate) fn discard(root: &Path, path: &str, trash: &Trash) -> Result<()> {
    let spot = own_place(root, path)?;
    // The system's trash takes places, not what is open: one that means something else by now is not for it.
    if trash.system && is_still_there(root, path, &spot) {
        match to_system(&spot.place) {
            Ok(()) => return Ok(()),
            Err(error) => tracing::debug!("{} does not go into the system's trash: {error}", spot.place.display()),
        }
    }
    if spot.folder.metadata(&spot.name).is_err() {
        return Ok(());
    }
    to_own(&spot, &trash.own).map_err(|error| ChangeError::Other {
        path: path.to_owned(),
        reason: format!("it cannot be moved to the trash: {}", words(&error)),
    })
}

fn is_still_there(root: &Path, path: &str, spot: &Spot) -> bool {
    let identity = |spot: &Spot| spot.folder.metadata(&spot.name).ok().as_ref().and_then(crate::listing::inode);
    own_place(root, path).is_ok_and(|now| now.place == spot.place && identity(&now) == identity(spot))
}

/// See [`crate::Root::delete`].
pub(crate) fn delete(root: &Path, path: &str) -> Result<()> {
    let Spot { folder, name, .. } = own_place(root, path)?;
    let is_folder = folder.metadata(&name).is_ok_and(|found| found.is_dir());
    let done = if is_folder { folder.remove_folder(&name) } else { folder.remove(&name) };
    done.map_err(|error| match error.kind() {
        io::ErrorKind::DirectoryNotEmpty => {
            ChangeError::Refused(format!("{path} is not empty, and is not deleted for good with all that is in it."))
        }
        _ => failed(path, &error),
    })
}

fn to_system(place: &Path) -> std::result::Result<(), trash::Error> {
    #[cfg_attr(not(target_os = "macos"), allow(unused_mut))]
    let mut context = trash::TrashContext::new();
    #[cfg(target_os = "macos")]
    {
        // The Finder would ask for a permission and make a sound.
        use trash::macos::{DeleteMethod, TrashContextExtMacos};
        context.set_delete_method(DeleteMethod::NsFileManager);
    }
    context.delete(place)
}

/// Moves something into a folder of its own in our trash.
fn to_own(spot: &Spot, own: &Path) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    let holder = own.join(format!("{now}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    std::fs::create_dir_all(&holder)?;
    let from = if spot.name == Path::new("from") { "from.txt" } else { "from" };
    std::fs::write(holder.join(from), spot.place.as_os_str().as_encoded_bytes())?;
    let moved = Folder::at(&holder).and_then(|target| {
        match spot.folder.rename_into(&spot.name, &target, &spot.name) {
            // The trash is on another disk.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => move_over(&spot.folder, &spot.name, &target),
            moved => moved,
        }
    });
    // Nothing of value is in it.
    moved.inspect_err(|_| drop(std::fs::remove_dir_all(&holder)))
}

/// Copies everything under its name into another folder, and removes it only then.
fn move_over(folder: &Folder, name: &Path, target: &Folder) -> io::Result<()> {
    let found = folder.metadata(name)?;
    if found.is_dir() {
        let (source, mut entries) = (folder.folder(name)?, Vec::new());
        collect(&source, Path::new(""), true, &mut entries)?;
        target.make_folder(name)?;
        put(&source, &target.folder(name)?, &entries)?;
        return folder.remove_whole(name);
    }
    if found.is_symlink() {
        folder.copy_link(name, target, name)?
    } else {
        folder.copy_file(name, target, name)?
    }
    folder.remove(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No test from outside has two disks.
    #[test]
    fn what_goes_to_another_disk_is_copied_whole_before_it_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("one"), place.path().join("other"));
        std::fs::create_dir_all(from.join("d/in")).unwrap();
        std::fs::create_dir(&to).unwrap();
        std::fs::write(from.join("d/in/.hidden"), "h").unwrap();
        std::fs::write(from.join("d/a"), "a").unwrap();
        std::fs::write(from.join("b"), "b").unwrap();
        let (source, target) = (Folder::at(&from).unwrap(), Folder::at(&to).unwrap());
        move_over(&source, Path::new("d"), &target).unwrap();
        move_over(&source, Path::new("b"), &target).unwrap();
        assert_eq!(std::fs::read_dir(&from).unwrap().count(), 0);
        let read = |path: &str| std::fs::read_to_string(to.join(path)).unwrap();
        assert_eq!((read("d/in/.hidden"), read("d/a"), read("b")), ("h".into(), "a".into(), "b".into()));
    }
}
