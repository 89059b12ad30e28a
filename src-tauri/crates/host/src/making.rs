//! Something new in a folder, never over something that is there.

use crate::shared::{change_fault, read_fault};
use crate::writing::bad;
use crate::{Result, untitled};
use files::{Root, WriteError};
use protocol::{ErrorBody, ErrorCode};
use std::sync::Arc;

/// Names that are tried at most.
const NAMES: u32 = 10_000;
/// Bytes of a folder that is copied, at most.
const COPIED: u64 = 500 * 1024 * 1024;

/// What is made.
pub(crate) enum Thing {
    /// An empty folder.
    Directory,
    /// A file with these bytes.
    File(Arc<[u8]>),
    /// A copy of the folder at this path.
    CopyOf(String),
}

impl Thing {
    /// Makes it at this path; `Exists` if something is there.
    pub(crate) async fn make(&self, root: &Root, path: &str) -> Result<()> {
        match self {
            Self::Directory => root.make_directory(path).await.map_err(change_fault),
            Self::CopyOf(from) => root.copy_directory(from, path, COPIED).await.map_err(change_fault),
            Self::File(bytes) => match root.write_if(path, bytes.clone(), None).await {
                Ok(_) => Ok(()),
                Err(error)
                    if matches!(error, WriteError::Changed(_) | WriteError::Outside(_))
                        || root.metadata(path).await.is_ok() =>
                {
                    Err(ErrorBody::new(ErrorCode::Exists, format!("{path} exists already")))
                }
                Err(error) => Err(ErrorBody::new(ErrorCode::Fault, error.to_string())),
            },
        }
    }

    /// Makes it in a folder under the first name that is free, and answers its path.
    pub(crate) async fn make_in(&self, root: &Root, directory: &str, name: &str, insert: &str) -> Result<String> {
        for number in 0..NAMES {
            let name = untitled::numbered(name, insert, number);
            let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
            match self.make(root, &path).await {
                Ok(()) => return Ok(path),
                Err(error) if error.code == ErrorCode::Exists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorBody::new(ErrorCode::Exists, format!("There are too many files named {name} here.")))
    }
}

/// An error unless this is a folder that is there.
pub(crate) async fn expect_directory(root: &Root, path: &str) -> Result<()> {
    match root.metadata(path).await.map_err(read_fault)? {
        found if found.directory => Ok(()),
        _ => Err(bad(format!("{path} is a file; nothing can be made in it."))),
    }
}
