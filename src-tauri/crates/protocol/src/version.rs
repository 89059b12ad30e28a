//! Kept versions of a file: bytes that a save, a merge or a restoration put something else in the place of, and its checkpoint.

use crate::DiskContent;
use serde::{Deserialize, Serialize};

/// Why bytes were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// The file, before a save wrote over it.
    Saved,
    /// The document as it was here, before a change of the file was merged into it.
    Here,
    /// The file as another program had written it, before it was merged.
    Disk,
    /// The document, before an earlier version was put back.
    Restored,
    /// The file, when somebody asked for a checkpoint. A file has one at most, which stays until the next or until it is
    /// forgotten.
    Checkpoint,
    /// What only the history of a Jupyter server had.
    Imported,
}

impl Why {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Saved, Self::Here, Self::Disk, Self::Restored, Self::Checkpoint, Self::Imported];

    /// As it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Here => "here",
            Self::Disk => "disk",
            Self::Restored => "restored",
            Self::Checkpoint => "checkpoint",
            Self::Imported => "imported",
        }
    }
}

/// Bytes to be kept. Shared by `rooms`, which decides, and `store`, which keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// [`Version::time`].
    pub time: u64,
    /// Why.
    pub why: Why,
    /// The bytes.
    pub content: DiskContent,
}

/// A kept version, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Version {
    /// Names it; rising.
    pub id: u64,
    /// When it was kept, in Unix milliseconds; of a checkpoint, when the file was written that it holds.
    pub time: u64,
    /// Why.
    pub why: Why,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub digest: String,
}

/// Answer of `GET versions/{path}` below `{base}api/commonplace/`. `GET versions/{path}?id=N` gives the bytes of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct VersionList {
    /// API path of the file.
    pub path: String,
    /// The newest first.
    pub versions: Vec<Version>,
}

/// Body of `POST versions/{path}`: the version becomes an edit of the document, as if somebody had typed it. The answer is
/// empty (204); what the document said before is kept as a version too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Restore {
    /// [`Version::id`].
    pub restore: u64,
}
