//! Jupyter's contents API: the model that `/api/contents/{path}` answers, and the bodies of its requests.
//!
//! Unknown keys of a body are ignored, and an unknown `type` counts as `file`, as Jupyter does it.

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

/// Body of `POST {folder}`: something new with a name that the host chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Create {
    /// Path of what is to be copied there.
    pub copy_from: Option<String>,
    /// `directory`, `notebook` or `file`, if nothing is copied.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// The ending of a file's name, with its dot.
    pub ext: Option<String>,
}

/// Body of `PUT {path}`: the whole content of a file, or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Save {
    /// `directory`, `notebook` or `file`; by default what fits the name.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// `json` for notebooks, `text` or `base64` for files.
    pub format: Option<String>,
    /// Notebook JSON, text or base64.
    pub content: Option<serde_json::Value>,
    /// Number of the part, from 1; the last one is -1.
    pub chunk: Option<i64>,
    /// Not allowed here: copies are made by `POST`.
    pub copy_from: Option<serde_json::Value>,
}

/// Body of `PATCH {path}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Move {
    /// The new path; by default the old one.
    pub path: Option<String>,
}

/// A checkpoint of a file, as `{path}/checkpoints` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    /// Names it among the file's.
    pub id: String,
    /// RFC 3339 in UTC with `Z`: when what it holds was written.
    pub last_modified: String,
}
