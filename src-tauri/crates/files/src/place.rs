//! From an API path to a place on this machine, and back. Nothing leaves the folder: not by `..`, not by a link.

use crate::ReadError;
use crate::folder::{Spot, reach};
use protocol::DiskContent;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Folders that no person looks for files in, by name.
const NOISE: [&str; 3] = ["node_modules", "target", "__pycache__"];

/// Whether a part of a path is hidden.
pub(crate) fn is_hidden(part: &str) -> bool {
    part.starts_with('.')
}

/// Whether a folder of this name is left out of listings and watching.
pub(crate) fn is_noise(part: &str) -> bool {
    is_hidden(part) || NOISE.contains(&part)
}

/// See [`crate::Root::normalise`].
pub(crate) fn normalise(path: &str) -> Result<String, ReadError> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let strange = |part: &str| part.contains('\0') || (cfg!(windows) && part.contains(['\\', ':']));
    if parts.iter().any(|part| is_hidden(part) || strange(part)) {
        return Err(ReadError::NotFound(path.to_owned()));
    }
    Ok(parts.join("/"))
}

/// API path of a place in the folder; `None` outside of it and where a part is not UTF-8.
pub(crate) fn api_path(root: &Path, place: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for component in place.strip_prefix(root).ok()?.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            _ => return None,
        }
    }
    Some(parts.join("/"))
}

/// The place of something that exists, all links followed, inside the folder and not hidden.
pub(crate) fn locate(root: &Path, path: &str) -> Result<PathBuf, ReadError> {
    let place = root.join(normalise(path)?);
    let place = place.canonicalize().map_err(|error| read_error(path, &error))?;
    match api_path(root, &place) {
        Some(inside) if !inside.split('/').any(is_hidden) => Ok(place),
        _ => Err(ReadError::NotFound(path.to_owned())),
    }
}

/// What is at a path, its folder opened: nothing that happens to the path from here on leads elsewhere.
pub(crate) fn find(root: &Path, path: &str) -> Result<Spot, ReadError> {
    let place = locate(root, path)?;
    reach(root, &place).map_err(|error| read_error(path, &error))
}

/// Reads a whole file of at most `limit` bytes.
pub(crate) fn read(root: &Path, path: &str, limit: u64) -> Result<DiskContent, ReadError> {
    let Spot { folder, name, .. } = find(root, path)?;
    folder.read_file(&name, path, limit)
}

/// A system's error as one of ours.
pub(crate) fn read_error(path: &str, error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotFound(path.to_owned()),
        io::ErrorKind::IsADirectory => ReadError::Directory(path.to_owned()),
        _ if is_link(error) => ReadError::NotFound(path.to_owned()),
        _ => ReadError::Other { path: path.to_owned(), reason: words(error) },
    }
}

/// Whether a link stood where none may be.
fn is_link(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

/// The system's words without its number.
pub(crate) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
