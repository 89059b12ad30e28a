//! The headless host: shared folders, open documents, people, links and events, wired from `rooms`, `files` and `store`.
//!
//! Everything the product does works here without a window and without HTTP; `server` and the desktop shell are thin
//! callers. Not here: HTTP status codes, sockets, windows.

mod access;
mod actor;
mod bus;
mod carry;
mod checkpoints;
mod clients;
mod clock;
mod config;
mod connection;
mod contents;
mod documents;
mod edits;
mod encoding;
mod ending;
mod file_ids;
mod folder;
mod folders;
mod keeping;
mod kinds;
mod lifecycle;
mod log;
mod machine;
mod making;
mod names;
mod opening;
mod random;
mod registry;
mod relocating;
mod sample;
mod shared;
mod sharing;
mod untitled;
mod uploads;
mod versions;
mod views;
mod wake;
mod watching;
mod writing;

#[cfg(test)]
extern crate self as host;
#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;

pub use access::{Grant, LinkOffer};
pub use clock::{Clocks, Moment};
pub use config::HostConfig;
pub use connection::{Closing, Connection, Device, Outgoing};

use protocol::ErrorBody;
use protocol::panel::{Interface, Presence};
use std::sync::Arc;
use tokio_util::sync::DropGuard;

/// Result with an error that can be shown and acted on.
pub type Result<T> = std::result::Result<T, ErrorBody>;

/// The running host. Cheap to clone; [`Host::shutdown`] ends it for all clones. Dropping the last clone without it is merely
/// impolite: what was typed is in the log.
///
/// Its methods stand with their parts: `lifecycle` (start, observe, stop), `folders`, `sharing`, `documents`, `contents`,
/// `versions`, `writing`, `checkpoints`.
#[derive(Clone)]
pub struct Host(Arc<Running>);

struct Running {
    shared: Arc<shared::Shared>,
    /// Ends the tasks, which share the rest.
    _stop: DropGuard,
}

impl Host {
    pub(crate) fn shared(&self) -> &Arc<shared::Shared> {
        &self.0.shared
    }
}

/// What the contents API was asked for.
#[derive(Clone, Debug, Default)]
pub struct ContentsQuery {
    /// `content=1` (the default): with content.
    pub content: bool,
    /// `type=`, if given: `directory`, `notebook` or `file`.
    pub ty: Option<String>,
    /// `format=`, if given: `text`, `base64` or `json`.
    pub format: Option<String>,
    /// `hash=1`: with the digest.
    pub hash: bool,
}

/// A folder's sharing, as far as the host knows it; the listener is the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The interface that is bound.
    pub interface: Interface,
    /// The port.
    pub port: u16,
}

/// What the panel shows of one folder besides its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderState {
    /// Its id and the first part of its base URL.
    pub slug: String,
    /// Name to show.
    pub name: String,
    /// Path on this machine with `~` for the home directory.
    pub path: String,
    /// The directory exists and can be read.
    pub present: bool,
    /// `Some` while shared.
    pub bound: Option<Bound>,
    /// The secret of the folder's share link; only for the owner's eyes.
    pub secret: String,
    /// Remote addresses seen since it was shared.
    pub devices: u32,
    /// Who is in it.
    pub people: Vec<Presence>,
    /// Open documents.
    pub documents: u32,
    /// Of these, not written yet.
    pub unsaved: u32,
}
