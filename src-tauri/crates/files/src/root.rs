//! A folder that was opened, and the only way to its files.

use protocol::{Digest, DiskContent};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder that was opened. Cheap to clone. Every operation runs on a blocking thread.
#[derive(Clone, Debug)]
pub struct Root(Arc<PathBuf>);

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
    /// Device and inode, where the system has them.
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
    /// The path and the system's reason: full disk, no permission, …
    #[error("{path} cannot be written: {reason}")]
    Other {
        /// API path.
        path: String,
        /// The system's words.
        reason: String,
    },
}

#[allow(unused_variables, clippy::todo)]
impl Root {
    /// Opens a folder: it must exist and be a directory. Links in the folder's own path are resolved once, here.
    pub fn open(path: &Path) -> Result<Root, ReadError> {
        todo!()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Normalises a percent-decoded path of a request (`//`, `/./`, leading and trailing slashes). `NotFound` for `..` and
    /// hidden parts (a part that begins with a dot).
    pub fn normalise(path: &str) -> Result<String, ReadError> {
        todo!()
    }

    /// Reads a whole file. A link is followed while it stays inside the folder.
    pub async fn read(&self, path: &str, limit: u64) -> Result<DiskContent, ReadError> {
        todo!()
    }

    /// Replaces a file's content whole if it still has the expected digest (`None`: if it does not exist).
    pub async fn write_if(&self, path: &str, bytes: Arc<[u8]>, expect: Option<Digest>) -> Result<Digest, WriteError> {
        todo!()
    }

    /// Looks at one path.
    pub async fn metadata(&self, path: &str) -> Result<Metadata, ReadError> {
        todo!()
    }

    /// Direct children of a folder, sorted by name; hidden ones left out.
    pub async fn children(&self, path: &str) -> Result<Vec<Metadata>, ReadError> {
        todo!()
    }

    /// All files below, sorted by path, hidden and ignored ones left out; and whether there are more than `limit`.
    pub async fn files(&self, limit: usize) -> Result<(Vec<Metadata>, bool), ReadError> {
        todo!()
    }

    /// What an interrupted save of this file left behind, oldest first; each is removed once it was read. After a crash one may
    /// hold another program's last-instant write.
    pub async fn leftovers(&self, path: &str) -> Result<Vec<DiskContent>, ReadError> {
        todo!()
    }
}
