//! From an API path to a place on this machine, and back. Nothing leaves the folder: not by `..`, not by a link.

use crate::ReadError;
use protocol::DiskContent;
use std::fs::File;
use std::io::{self, Read};
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

/// Reads a whole file of at most `limit` bytes.
pub(crate) fn read(root: &Path, path: &str, limit: u64) -> Result<DiskContent, ReadError> {
    let place = locate(root, path)?;
    let content = read_place(&place, path, limit)?;
    // A folder on the way may have become a link while we read: what was read then belongs to nobody.
    if locate(root, path)? != place {
        return Err(ReadError::NotFound(path.to_owned()));
    }
    Ok(content)
}

/// Reads a whole regular file that is at this place itself: a link there is not followed.
pub(crate) fn read_place(place: &Path, path: &str, limit: u64) -> Result<DiskContent, ReadError> {
    let file = open(place).map_err(|error| read_error(path, &error))?;
    let metadata = file.metadata().map_err(|error| read_error(path, &error))?;
    if metadata.is_dir() {
        return Err(ReadError::Directory(path.to_owned()));
    }
    if !metadata.is_file() {
        return Err(ReadError::Other { path: path.to_owned(), reason: "it is not a regular file".to_owned() });
    }
    let too_big = |size| ReadError::TooBig { path: path.to_owned(), size, limit };
    if metadata.len() > limit {
        return Err(too_big(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| read_error(path, &error))?;
    if bytes.len() as u64 > limit {
        return Err(too_big(bytes.len() as u64));
    }
    Ok(DiskContent::new(bytes))
}

fn open(place: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        // Without NONBLOCK, opening a pipe would wait for its other end.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    #[cfg(windows)]
    if place.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    options.open(place)
}

/// A system's error as one of ours.
pub(crate) fn read_error(path: &str, error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotFound(path.to_owned()),
        io::ErrorKind::IsADirectory => ReadError::Directory(path.to_owned()),
        _ => ReadError::Other { path: path.to_owned(), reason: words(error) },
    }
}

/// The system's words without its number.
pub(crate) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// Whether we may write what is at this place.
pub(crate) fn writable(place: &Path, metadata: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        let _ = metadata;
        rustix::fs::access(place, rustix::fs::Access::WRITE_OK).is_ok()
    }
    #[cfg(not(unix))]
    {
        let _ = place;
        metadata.is_dir() || !metadata.permissions().readonly()
    }
}
