//! Jupyter's contents model, as `/api/contents/{path}` answers it.

use serde::{Deserialize, Serialize};

/// A file or folder. All keys are always present, `null` where not asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Last part of the path; `""` for the root.
    pub name: String,
    /// API path relative to the folder, `/`-separated, without a leading slash.
    pub path: String,
    /// RFC 3339 in UTC with `Z`.
    pub last_modified: String,
    /// RFC 3339 in UTC with `Z`; the modification time where the file system keeps no birth time.
    pub created: String,
    /// Text, notebook JSON, base64, or the list of children.
    pub content: Option<serde_json::Value>,
    /// `json`, `text`, `base64` or `null`.
    pub format: Option<String>,
    /// Guessed from the name for files, else `null`.
    pub mimetype: Option<String>,
    /// Bytes; `null` for folders.
    pub size: Option<u64>,
    /// Whether we may write it.
    pub writable: bool,
    /// Lower-case SHA-256 of the bytes on disk, if asked for.
    pub hash: Option<String>,
    /// `sha256` with `hash`.
    pub hash_algorithm: Option<String>,
    /// `directory`, `notebook` or `file`.
    #[serde(rename = "type")]
    pub ty: String,
}
