//! A folder that was opened, and the only way to its files. Not here: how a path becomes a place on this machine (`place`),
//! how a file is replaced (`atomic`), how things are made and moved (`change`), how a folder is listed (`listing`).

use crate::{ChangeError, Trash, atomic, change, listing, place};
use protocol::{Digest, DiskContent};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder that was opened. Cheap to clone. Every operation runs on a blocking thread.
#[derive(Clone, Debug)]
pub struct Root {
    path: Arc<PathBuf>,
    place: Option<(u64, u64)>,
}

/// A file or folder at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// API path.
    pub path: String,
    /// A directory, not a file.
    pub directory: bool,
    /// Bytes.
    pub size: u64,
    /// Modification time, Unix milliseconds.
    pub modified: u64,
    /// Birth time, Unix milliseconds; the modification time where there is none.
    pub created: u64,
    /// Whether we may write it.
    pub writable: bool,
    /// Device and inode, where the system has them, mixed with the time of birth: a number that tells files apart.
    pub inode: Option<(u64, u64)>,
}

/// Why something cannot be read. Texts are sentences that name the path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It does not exist, is hidden, or the path leaves the folder: outside nobody learns which.
    #[error("{0} does not exist")]
    NotFound(String),
    /// A folder where a file is needed.
    #[error("{0} is a directory")]
    Directory(String),
    /// Larger than was allowed.
    #[error("{path} has {size} bytes, more than the {limit} that are allowed")]
    TooBig {
        /// API path.
        path: String,
        /// Bytes.
        size: u64,
        /// Bytes.
        limit: u64,
    },
    /// Anything else: the path and the system's reason.
    #[error("{path} cannot be read: {reason}")]
    Other {
        /// API path.
        path: String,
        /// The system's words.
        reason: String,
    },
}

/// Why something was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Another content than expected is there (`None`: nothing is). Nothing was written, or, if it came in the last instant,
    /// it is what our write displaced, and our bytes were taken out again.
    #[error("changed by another program")]
    Changed(Option<DiskContent>),
    /// A link of this name leads out of the folder or nowhere: it is not followed, and not replaced.
    #[error("{0} is a link that leads out of the folder or nowhere")]
    Outside(String),
    /// The path and the system's reason: full disk, no permission, …
    #[error("{path} cannot be written: {reason}")]
    Other {
        /// API path.
        path: String,
        /// The system's words.
        reason: String,
    },
}

impl Root {
    /// Opens a folder: it must exist and be a directory. Links in the folder's own path are resolved once, here.
    pub fn open(path: &Path) -> Result<Root, ReadError> {
        let named = path.display().to_string();
        let folder = path.canonicalize().map_err(|error| place::read_error(&named, &error))?;
        if !folder.is_dir() {
            return Err(ReadError::Other { path: named, reason: "it is not a folder".to_owned() });
        }
        let place = listing::place_of(&folder);
        Ok(Root { path: Arc::new(folder), place })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Device and inode of the folder when it was opened, where the system has them.
    pub fn place(&self) -> Option<(u64, u64)> {
        self.place
    }

    /// Whether the folder that was opened is still at its path: where a disk was unplugged, another one, empty, may be there.
    pub async fn is_there(&self) -> bool {
        let now = self.reading("", |root, _| Ok((root.is_dir(), listing::place_of(root)))).await;
        now.is_ok_and(|(is_folder, place)| is_folder && place == self.place)
    }

    /// Normalises a percent-decoded path of a request (`//`, `/./`, leading and trailing slashes). `NotFound` for `..` and
    /// hidden parts (a part that begins with a dot).
    pub fn normalise(path: &str) -> Result<String, ReadError> {
        place::normalise(path)
    }

    /// Reads a whole file. A link is followed while it stays inside the folder.
    pub async fn read(&self, path: &str, limit: u64) -> Result<DiskContent, ReadError> {
        self.reading(path, move |root, path| place::read(root, path, limit)).await
    }

    /// Replaces a file's content whole if it still has the expected digest (`None`: if it does not exist).
    pub async fn write_if(&self, path: &str, bytes: Arc<[u8]>, expect: Option<Digest>) -> Result<Digest, WriteError> {
        self.writing(path, move |root, path| atomic::write_if(root, path, &bytes, expect)).await
    }

    /// Looks at one path.
    pub async fn metadata(&self, path: &str) -> Result<Metadata, ReadError> {
        self.reading(path, listing::metadata).await
    }

    /// The path of what is at this one without the links on the way: one name for each file that exists.
    pub async fn own_path(&self, path: &str) -> Result<String, ReadError> {
        self.reading(path, listing::own_path).await
    }

    /// Direct children of a folder, sorted by name; hidden ones left out.
    pub async fn children(&self, path: &str) -> Result<Vec<Metadata>, ReadError> {
        self.reading(path, listing::children).await
    }

    /// All files below, sorted by path, hidden and ignored ones left out; and whether there are more than `limit`.
    pub async fn files(&self, limit: usize) -> Result<(Vec<Metadata>, bool), ReadError> {
        self.reading("", move |root, _| Ok(listing::files(root, limit))).await
    }

    /// What saves of this file that were cut short left beside it and that may be nowhere else, the one changed longest ago
    /// first: to be kept before [`Root::recover`]. `intended` as there.
    pub async fn left_beside(&self, path: &str, intended: Option<Digest>) -> Result<Vec<DiskContent>, WriteError> {
        self.writing(path, move |root, path| atomic::left_beside(root, path, intended)).await
    }

    /// Tidies up after a save of this file that a crash cut short, before the file is read. `intended` is the content that the
    /// save was to put there, if it was never confirmed. Where it displaced another program's write of the last instant, that
    /// goes back into the file.
    pub async fn recover(&self, path: &str, intended: Option<Digest>) -> Result<(), WriteError> {
        self.writing(path, move |root, path| atomic::recover(root, path, intended)).await
    }

    async fn writing<T: Send + 'static>(
        &self,
        path: &str,
        job: impl FnOnce(&Path, &str) -> Result<T, WriteError> + Send + 'static,
    ) -> Result<T, WriteError> {
        let (root, path) = (self.clone(), path.to_owned());
        let named = path.clone();
        let done = tokio::task::spawn_blocking(move || job(&root.path, &path));
        done.await.unwrap_or_else(|error| Err(WriteError::Other { path: named, reason: error.to_string() }))
    }

    /// Normalises a path at which something new is to be. `Refused` for a name that a file should not have.
    pub fn new_path(path: &str) -> Result<String, ChangeError> {
        change::new_path(path)
    }

    /// Makes a folder where nothing is, in one that exists.
    pub async fn make_directory(&self, path: &str) -> Result<(), ChangeError> {
        self.changing(path, change::make_directory).await
    }

    /// Moves a file or folder to where nothing is. A link is moved itself.
    pub async fn rename(&self, from: &str, to: &str) -> Result<(), ChangeError> {
        let to = to.to_owned();
        self.changing(from, move |root, from| change::rename(root, from, &to)).await
    }

    /// Copies a folder of at most `limit` bytes to where nothing is. Hidden files and links are left out.
    pub async fn copy_directory(&self, from: &str, to: &str, limit: u64) -> Result<(), ChangeError> {
        let to = to.to_owned();
        self.changing(from, move |root, from| change::copy_directory(root, from, &to, limit)).await
    }

    /// Moves a file, link or folder with all that is in it into the trash.
    pub async fn discard(&self, path: &str, trash: Trash) -> Result<(), ChangeError> {
        self.changing(path, move |root, path| change::discard(root, path, &trash)).await
    }

    /// Deletes a file, link or empty folder for good.
    pub async fn delete(&self, path: &str) -> Result<(), ChangeError> {
        self.changing(path, change::delete).await
    }

    async fn changing(
        &self,
        path: &str,
        job: impl FnOnce(&Path, &str) -> Result<(), ChangeError> + Send + 'static,
    ) -> Result<(), ChangeError> {
        let (root, path) = (self.clone(), path.to_owned());
        let named = path.clone();
        let done = tokio::task::spawn_blocking(move || job(&root.path, &path));
        done.await.unwrap_or_else(|error| Err(ChangeError::Other { path: named, reason: error.to_string() }))
    }

    async fn reading<T: Send + 'static>(
        &self,
        path: &str,
        job: impl FnOnce(&Path, &str) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (root, path) = (self.clone(), path.to_owned());
        let named = path.clone();
        let done = tokio::task::spawn_blocking(move || job(&root.path, &path));
        done.await.unwrap_or_else(|error| Err(ReadError::Other { path: named, reason: error.to_string() }))
    }
}
