//! Making, moving, copying and discarding, never over something that is there.
//!
//! Not here: the content of files (`atomic`).

use crate::place::{is_hidden, locate, normalise, words};
use crate::volume::{System, Volume, cannot};
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
fn new_place(root: &Path, path: &str) -> Result<PathBuf> {
    let path = new_path(path)?;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let folder = locate(root, folder).map_err(missing)?;
    Ok(folder.join(name))
}

/// Where something is, a link itself and not what it leads to.
fn own_place(root: &Path, path: &str) -> Result<PathBuf> {
    let path = normalise(path).map_err(missing)?;
    if path.is_empty() {
        return Err(ChangeError::Refused("The folder itself cannot be moved or deleted.".to_owned()));
    }
    // A link that leads outside or nowhere is not there.
    locate(root, &path).map_err(missing)?;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    Ok(locate(root, folder).map_err(missing)?.join(name))
}

/// See [`crate::Root::make_directory`].
pub(crate) fn make_directory(root: &Path, path: &str) -> Result<()> {
    std::fs::create_dir(new_place(root, path)?).map_err(|error| failed(path, &error))
}

/// See [`crate::Root::rename`].
pub(crate) fn rename(root: &Path, from: &str, to: &str) -> Result<()> {
    let (source, target) = (own_place(root, from)?, new_place(root, to)?);
    if source == target {
        return Ok(());
    }
    if target.starts_with(&source) {
        return Err(ChangeError::Refused(format!("{from} cannot be moved into itself.")));
    }
    let done = match System.rename_new(&source, &target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_one(&source, &target) => {
            std::fs::rename(&source, &target)
        }
        // Without the system's help a look comes first; what is made at the new place in that instant is lost.
        Err(error) if cannot(&error) => match std::fs::symlink_metadata(&target) {
            Ok(_) if !is_one(&source, &target) => Err(io::ErrorKind::AlreadyExists.into()),
            _ => std::fs::rename(&source, &target),
        },
        done => done,
    };
    done.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => ChangeError::Exists(to.to_owned()),
        _ => failed(from, &error),
    })?;
    for folder in [source.parent(), target.parent()].into_iter().flatten() {
        System.sync_folder(folder).map_err(|error| failed(to, &error))?;
    }
    Ok(())
}

/// Two names of one thing: the file system does not tell upper and lower case apart.
fn is_one(a: &Path, b: &Path) -> bool {
    let is_link = |place: &Path| std::fs::symlink_metadata(place).map_or(true, |found| found.is_symlink());
    let real = |place: &Path| place.canonicalize().ok();
    !is_link(a) && !is_link(b) && real(a).is_some() && real(a) == real(b)
}

/// See [`crate::Root::copy_directory`].
pub(crate) fn copy_directory(root: &Path, from: &str, to: &str, limit: u64) -> Result<()> {
    let (source, target) = (locate(root, from).map_err(missing)?, new_place(root, to)?);
    // Listed before anything is made: the copy may be inside.
    let mut entries = Vec::new();
    let size = collect(&source, Path::new(""), false, &mut entries).map_err(|error| failed(from, &error))?;
    if size > limit {
        return Err(ChangeError::TooBig { path: from.to_owned(), limit });
    }
    std::fs::create_dir(&target).map_err(|error| failed(to, &error))?;
    put(&source, &target, &entries).map_err(|error| {
        std::fs::remove_dir_all(&target).ok();
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
fn collect(folder: &Path, below: &Path, all: bool, entries: &mut Vec<(PathBuf, Kind)>) -> io::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        let (entry, found) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
        let name = entry.file_name().unwrap_or_default();
        if !all && (name.to_str().is_none_or(is_hidden) || found.is_symlink()) {
            continue;
        }
        let path = below.join(name);
        if found.is_dir() {
            entries.push((path.clone(), Kind::Folder));
            size += collect(&entry, &path, all, entries)?;
        } else if found.is_file() {
            size += found.len();
            entries.push((path, Kind::File));
        } else if found.is_symlink() {
            entries.push((path, Kind::Link));
        }
    }
    Ok(size)
}

fn put(source: &Path, target: &Path, entries: &[(PathBuf, Kind)]) -> io::Result<()> {
    for (path, kind) in entries {
        let (from, to) = (source.join(path), target.join(path));
        match kind {
            Kind::Folder => std::fs::create_dir(&to)?,
            Kind::File => std::fs::copy(&from, &to).map(drop)?,
            Kind::Link => copy_link(&from, &to)?,
        }
    }
    Ok(())
}

#[cfg(unix)]
fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(std::fs::read_link(from)?, to)
}

#[cfg(not(unix))]
fn copy_link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// See [`crate::Root::discard`].
pub(crate) fn discard(root: &Path, path: &str, trash: &Trash) -> Result<()> {
    let place = own_place(root, path)?;
    if trash.system {
        match to_system(&place) {
            Ok(()) => return Ok(()),
            Err(error) => tracing::debug!("{} does not go into the system's trash: {error}", place.display()),
        }
    }
    let is_there = || std::fs::symlink_metadata(&place).is_ok();
    if !is_there() {
        return Ok(());
    }
    to_own(&place, &trash.own).map_err(|error| ChangeError::Other {
        path: path.to_owned(),
        reason: format!("it cannot be moved to the trash: {}", words(&error)),
    })
}

/// See [`crate::Root::delete`].
pub(crate) fn delete(root: &Path, path: &str) -> Result<()> {
    let place = own_place(root, path)?;
    let is_folder = std::fs::symlink_metadata(&place).is_ok_and(|found| found.is_dir());
    let done = if is_folder { std::fs::remove_dir(&place) } else { std::fs::remove_file(&place) };
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
fn to_own(place: &Path, own: &Path) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    let holder = own.join(format!("{now}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    let target = holder.join(place.file_name().unwrap_or_default());
    std::fs::create_dir_all(&holder)?;
    std::fs::write(
        holder.join(if target.ends_with("from") { "from.txt" } else { "from" }),
        place.as_os_str().as_encoded_bytes(),
    )?;
    let moved = match std::fs::rename(place, &target) {
        // The trash is on another disk.
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => move_over(place, &target),
        moved => moved,
    };
    // Nothing of value is in it.
    moved.inspect_err(|_| drop(std::fs::remove_dir_all(&holder)))
}

/// Copies everything, and removes it only then.
fn move_over(place: &Path, target: &Path) -> io::Result<()> {
    let found = std::fs::symlink_metadata(place)?;
    if found.is_dir() {
        let mut entries = Vec::new();
        collect(place, Path::new(""), true, &mut entries)?;
        std::fs::create_dir(target)?;
        put(place, target, &entries)?;
        return std::fs::remove_dir_all(place);
    }
    if found.is_symlink() {
        copy_link(place, target)?
    } else {
        std::fs::copy(place, target).map(drop)?
    }
    std::fs::remove_file(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No test from outside has two disks.
    #[test]
    fn what_goes_to_another_disk_is_copied_whole_before_it_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("d"), place.path().join("e"));
        std::fs::create_dir_all(from.join("in")).unwrap();
        std::fs::write(from.join("in/.hidden"), "h").unwrap();
        std::fs::write(from.join("a"), "a").unwrap();
        move_over(&from, &to).unwrap();
        assert!(!from.exists());
        assert_eq!(std::fs::read(to.join("in/.hidden")).unwrap(), b"h");
        move_over(&to.join("a"), &place.path().join("b")).unwrap();
        assert_eq!((std::fs::read(place.path().join("b")).unwrap(), to.join("a").exists()), (b"a".to_vec(), false));
    }
}
