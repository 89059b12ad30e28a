//! What is in a folder.

use crate::folder::Spot;
use crate::place::{api_path, find, is_hidden, is_noise, locate, read_error};
use crate::{Metadata, ReadError};
use ignore::WalkBuilder;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// See [`crate::Root::metadata`].
pub(crate) fn metadata(root: &Path, path: &str) -> Result<Metadata, ReadError> {
    look(root, path).map(|(metadata, _)| metadata)
}

/// What is at a path, and whether that is a file or a folder.
fn look(root: &Path, path: &str) -> Result<(Metadata, bool), ReadError> {
    let Spot { folder, name, .. } = find(root, path)?;
    let found = folder.metadata(&name).map_err(|error| read_error(path, &error))?;
    if found.is_symlink() {
        return Err(ReadError::NotFound(path.to_owned()));
    }
    let modified = found.modified().ok().map(cap_std::time::SystemTime::into_std);
    let metadata = Metadata {
        path: crate::place::normalise(path)?,
        directory: found.is_dir(),
        size: found.len(),
        modified: millis(modified),
        created: millis(born(&found).or(modified)),
        writable: folder.writable(&name, &found),
        inode: inode(&found),
    };
    Ok((metadata, found.is_file() || found.is_dir()))
}

fn millis(time: Option<SystemTime>) -> u64 {
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// When it was made, where the system knows.
fn born(metadata: &cap_std::fs::Metadata) -> Option<SystemTime> {
    metadata.created().ok().map(cap_std::time::SystemTime::into_std)
}

/// Device and inode, where the system has them. Numbers are given again to new files, often at once; so the time of birth is mixed
/// into them where there is one: then equal means the same file.
pub(crate) fn inode(metadata: &cap_std::fs::Metadata) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use cap_std::fs::MetadataExt;
        let born = born(metadata).and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        // Odd, near 2^64 divided by the golden ratio: neighbouring times become distant numbers.
        let mixed = (born.as_nanos() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Some((metadata.dev(), metadata.ino().wrapping_add(mixed)))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}

/// Device and inode of a folder. Without the time of birth, which some file systems tell at one time and not at another.
pub(crate) fn place_of(folder: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(folder).ok().map(|metadata| (metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}

/// See [`crate::Root::own_path`].
pub(crate) fn own_path(root: &Path, path: &str) -> Result<String, ReadError> {
    api_path(root, &locate(root, path)?).ok_or_else(|| ReadError::NotFound(path.to_owned()))
}

/// See [`crate::Root::children`]. Links that lead outside or nowhere, and what is neither file nor folder, are left out.
pub(crate) fn children(root: &Path, path: &str) -> Result<Vec<Metadata>, ReadError> {
    let path = crate::place::normalise(path)?;
    let Spot { folder, name, .. } = find(root, &path)?;
    let folder = folder.folder(&name).map_err(|error| match error.kind() {
        io::ErrorKind::NotADirectory => {
            ReadError::Other { path: path.clone(), reason: "it is not a folder".to_owned() }
        }
        _ => read_error(&path, &error),
    })?;
    let entries = folder.entries().map_err(|error| read_error(&path, &error))?;
    let mut children = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !is_hidden(name)) else { continue };
        let child = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        children.extend(look(root, &child).ok().filter(|(_, is_either)| *is_either).map(|(child, _)| child));
    }
    children.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(children)
}

/// See [`crate::Root::files`].
pub(crate) fn files(root: &Path, limit: usize) -> (Vec<Metadata>, bool) {
    let mut files = Vec::new();
    for path in walk(root, root, true) {
        if !root.join(&path.0).is_file() {
            continue;
        }
        let Ok(file) = metadata(root, &path.0) else { continue };
        if files.len() == limit {
            return (sorted(files), true);
        }
        files.push(file);
    }
    (sorted(files), false)
}

fn sorted(mut files: Vec<Metadata>) -> Vec<Metadata> {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Everything below a place in the folder that is neither hidden nor noise: `(API path, is a directory)`, a folder before what is
/// in it. Links to folders are not entered. `ignored`: leave out what `.gitignore` says.
pub(crate) fn walk(root: &Path, from: &Path, ignored: bool) -> impl Iterator<Item = (String, bool)> {
    let mut builder = WalkBuilder::new(from);
    // The folder's own files say what is ignored in it, whether or not it is a repository; its surroundings say nothing.
    builder.standard_filters(false).hidden(true).git_ignore(ignored).git_exclude(ignored).require_git(false);
    builder.sort_by_file_name(|a, b| a.cmp(b)).filter_entry(|entry| {
        let directory = entry.file_type().is_some_and(|kind| kind.is_dir());
        entry.depth() == 0 || !directory || !entry.file_name().to_str().is_none_or(is_noise)
    });
    let root = root.to_owned();
    builder.build().flatten().filter_map(move |entry| {
        let directory = entry.file_type().is_some_and(|kind| kind.is_dir());
        Some((api_path(&root, entry.path())?, directory)).filter(|(path, _)| !path.is_empty())
    })
}
