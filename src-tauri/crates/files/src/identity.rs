//! Which file is which, after files moved while nobody watched. Pure.

use crate::Metadata;
use protocol::{Digest, FileId};

/// What is remembered of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRecord {
    /// Its id.
    pub id: FileId,
    /// Its last known API path.
    pub path: String,
    /// Device and inode when it was last seen.
    pub inode: Option<(u64, u64)>,
    /// Size when it was last seen.
    pub size: u64,
    /// Digest of the content when it was last read.
    pub digest: Option<Digest>,
}

/// Finds where remembered files that are missing at their path went: same inode first, then same content. `seen` are the files
/// in the folder that no record claims by path, with their digests where they were read. Answers `(id, new path)`.
#[allow(unused_variables, clippy::todo)]
pub fn resolve(missing: &[FileRecord], seen: &[(Metadata, Option<Digest>)]) -> Vec<(FileId, String)> {
    todo!()
}
