//! What the guest page asks of the host, below `{base}api/commonplace/`.

use crate::event::Person;
use crate::{Role, User};
use serde::{Deserialize, Serialize};

/// Answer of `POST hello`. Folder and host are `null` for somebody who has neither a cookie nor a link nor the short code.
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
    /// The host is asked about you: knock instead of joining.
    pub ask: bool,
    /// The cookie is of somebody who was removed; knocking asks to come back.
    pub removed: bool,
    /// Whether the folder is shared now.
    pub sharing: bool,
    /// Whether JupyterLab can be opened at `lab`.
    pub jupyterlab: bool,
}

/// Body of `POST join`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Join {
    /// The share link's secret, for those who have the link.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub secret: Option<String>,
    /// The short code from the host's screen, for those who typed it.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub code: Option<String>,
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

/// Body of `POST knock`: asks to come in, with a link, the short code or nothing; or, with a guest's cookie, to edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Ask {
    /// Who asks, and by what. A guest who asks to edit has a name already; this one is not looked at.
    #[serde(flatten)]
    pub join: Join,
    /// `view` or `edit`; never more than the link gives.
    pub wants: Role,
}

/// Answer of `POST knock`, and of `POST knock/wait`, which is held back until there is news (20 s at most; then asked again).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Knocked {
    /// The host has not answered yet.
    Waiting {
        /// Names the knock to `wait` and `stop`; a secret of this page.
        ticket: String,
        /// Four digits that the host sees too.
        code: String,
        /// Since when, Unix milliseconds.
        since: u64,
    },
    /// Come in; the cookie is set.
    LetIn(Joined),
    /// The host said no.
    Refused,
    /// Nobody answered for long, the page was away, or sharing stopped: ask once more.
    Over,
}

/// Body of `POST knock/wait` and `POST knock/stop`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Ticket {
    /// From [`Knocked::Waiting`].
    pub ticket: String,
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct FileList {
    /// The files.
    pub files: Vec<FileEntry>,
    /// More files exist than are listed.
    pub truncated: bool,
}

/// Message of the WebSocket `GET files/live`: what is new in the list since the message before, in the first everything. One
/// that says nothing comes every 15 s, so that a page knows a line that died.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct FileNews {
    /// Files that came, or of which something is different: each whole.
    pub files: Vec<FileEntry>,
    /// Paths at which no file is any more.
    pub gone: Vec<String>,
    /// As in the list.
    pub truncated: bool,
}

impl FileNews {
    /// No file came, went or changed.
    pub fn is_nothing(&self) -> bool {
        self.files.is_empty() && self.gone.is_empty()
    }
}
