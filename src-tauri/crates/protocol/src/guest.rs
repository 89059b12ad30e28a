//! What the guest page asks of the host, below `{base}api/commonplace/`.

use crate::event::Person;
use crate::{Role, User};
use serde::{Deserialize, Serialize};

/// Answer of `GET hello`. Folder and host are `null` for somebody who has neither a cookie nor a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Hello {
    /// Version of the host.
    pub version: String,
    /// Name of the folder.
    pub folder: Option<String>,
    /// Name of the person who shares it.
    pub host: Option<String>,
    /// Who the cookie says you are.
    pub me: Option<User>,
    /// What you may do, or would by this link.
    pub role: Option<Role>,
    /// Whether the folder is shared now.
    pub sharing: bool,
    /// Whether JupyterLab can be opened at `lab`.
    pub jupyterlab: bool,
}

/// Body of `POST join`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Join {
    /// The share link's secret.
    pub secret: String,
    /// 1 to 40 characters.
    pub name: String,
    /// `#rrggbb`, or `null` for the next free colour.
    pub color: Option<String>,
}

/// Answer of `POST join`; the credential itself is in an HttpOnly cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Joined {
    /// Who you are from now on.
    pub me: User,
    /// What you may do.
    pub role: Role,
}

/// How the page opens a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// `.ipynb`.
    Notebook,
    /// Text by its name.
    Text,
    /// Anything else: offered as a download.
    Other,
}

/// A file in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct FileEntry {
    /// API path.
    pub path: String,
    /// How to open it.
    pub kind: FileKind,
    /// Bytes.
    pub size: u64,
    /// Unix milliseconds.
    pub modified: u64,
    /// Who has it open now.
    pub people: Vec<Person>,
}

/// Answer of `GET files`: sorted by path, hidden and ignored files left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct FileList {
    /// The files.
    pub files: Vec<FileEntry>,
    /// More files exist than are listed.
    pub truncated: bool,
}
