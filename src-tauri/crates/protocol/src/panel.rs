//! What the host window shows and asks. The same types serve Tauri's commands and the owner's HTTP routes.

use crate::{EventRecord, Role};
use serde::{Deserialize, Serialize};

/// A network interface that sharing can bind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Interface {
    /// Name for people: `wlan0`, `en0`, …
    pub name: String,
    /// IPv4 or IPv6 address as text.
    pub address: String,
}

/// How far sharing of a folder is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Sharing {
    /// The interface that is bound.
    pub interface: Interface,
    /// `192.168.1.20:8787/tides`: what to read aloud.
    pub address: String,
    /// Different remote addresses that have opened it since it was shared.
    pub devices: u32,
    /// The share link: full URL with its secret in the fragment.
    pub link: String,
    /// Role that the link gives.
    pub role: Role,
}

/// A folder in the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Folder {
    /// Its id and the first part of its base URL.
    pub slug: String,
    /// Name to show: the directory's.
    pub name: String,
    /// Path on this machine, with the home directory as `~`.
    pub path: String,
    /// The directory exists and can be read.
    pub present: bool,
    /// `null`: only this computer can open it.
    pub sharing: Option<Sharing>,
    /// Who is in it now.
    pub people: Vec<Presence>,
    /// Documents that are open now.
    pub documents: u32,
    /// Of these, documents whose file lacks edits.
    pub unsaved: u32,
}

/// A connected person. Several tabs of one person are one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Presence {
    /// Identity.
    pub username: String,
    /// Name to show.
    pub name: String,
    /// `#rrggbb` or `null`.
    pub color: Option<String>,
    /// What they may do.
    pub role: Role,
    /// The person at the host.
    pub owner: bool,
    /// Paths of the documents they have open.
    pub documents: Vec<String>,
    /// Remote address and browser: `192.168.1.34 · Safari`.
    pub device: String,
    /// Unix milliseconds of the first connection.
    pub since: u64,
    /// Open connections.
    pub connections: u32,
}

/// All that the window shows besides events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct State {
    /// Version of the app.
    pub version: String,
    /// Name of the person at the host.
    pub host: String,
    /// Folders in the order they were added.
    pub folders: Vec<Folder>,
    /// Interfaces that can be shared on.
    pub interfaces: Vec<Interface>,
    /// The port in use.
    pub port: u16,
    /// Port that was asked for but taken by another program.
    pub taken_port: Option<u16>,
    /// Document edits in the last minute.
    pub edits_per_minute: u32,
    /// Whether a folder can be opened in JupyterLab.
    pub jupyterlab: bool,
}

/// What the window is told as it happens. The first message is a `State`, then the tail of events, then live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Message {
    /// The whole state, at most four times a second.
    State {
        /// The state.
        state: State,
    },
    /// Events, oldest first.
    Events {
        /// One or more.
        events: Vec<EventRecord>,
    },
}

/// What the window asks for; the answer is the new [`State`] or an [`crate::ErrorBody`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Command {
    /// Add a folder by its path on this machine.
    AddFolder {
        /// Absolute path.
        path: String,
    },
    /// Write the sample folder (if it is not there yet) and add it.
    AddSample,
    /// Forget a folder; nothing on disk changes.
    RemoveFolder {
        /// Which.
        slug: String,
    },
    /// Share a folder on an interface.
    Share {
        /// Which.
        slug: String,
        /// Address of the interface; `null` takes the first.
        address: Option<String>,
    },
    /// Stop sharing; guests are disconnected, links stay for the next time.
    Unshare {
        /// Which.
        slug: String,
    },
    /// End the folder's link and make another; who came by the old one leaves.
    RenewLink {
        /// Which.
        slug: String,
    },
}
