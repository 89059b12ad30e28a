//! The headless host: shared folders, open documents, people, links and events, wired from `rooms`, `files` and `store`.
//!
//! Everything the product does works here without a window and without HTTP; `server` and the desktop shell are thin
//! callers. Not here: HTTP status codes, sockets, windows.

mod access;
mod actor;
mod asking;
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
mod entering;
mod file_ids;
mod folder;
mod folders;
mod forks;
mod import;
mod keeping;
mod keys;
mod kinds;
mod leftovers;
mod library;
mod lifecycle;
mod listing;
mod log;
mod machine;
mod making;
mod names;
mod opening;
mod outbox;
mod people;
mod random;
mod registry;
mod relocating;
mod retention;
mod sample;
mod settings;
mod shared;
mod sharing;
mod statistics;
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
pub use config::{HostConfig, Keeping};
pub use connection::{Closing, Connection, Device, Outgoing};
pub use entering::{Tokens, Visitor};
pub use forks::{Turn, Turned};
pub use import::{Imported, Outcome, is_jupyter_history};
pub use library::{DocumentCopy, LiveDocument};
pub use listing::FileWatch;
pub use statistics::{RoomCount, Statistics};

use protocol::ErrorBody;
use protocol::panel::{Code, Interface, Knock, Link, Presence, Remembered, Removed, Token};
use std::sync::Arc;
use tokio_util::sync::DropGuard;

/// Result with an error that can be shown and acted on.
pub type Result<T> = std::result::Result<T, ErrorBody>;

/// The running host. Cheap to clone; [`Host::shutdown`] ends it for all clones. Dropping the last clone without it is merely
/// impolite: what was typed is in the log.
///
/// Its methods stand with their parts: `lifecycle` (start, observe, stop), `statistics`, `settings`, `folders`, `sharing`, `entering`,
/// `people`, `documents`, `library`, `contents`, `listing`, `versions`, `writing`, `checkpoints`, `forks`, `import`.
#[derive(Clone)]
pub struct Host(Arc<Running>);

struct Running {
    shared: Arc<shared::Shared>,
    /// Ends the tasks, which share the rest.
    _stop: DropGuard,
}

impl Host {
    /// How it was started.
    pub fn config(&self) -> &HostConfig {
        &self.0.shared.config
    }

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
    /// Its links, the newest first, each with its secret if it is live and known; only for the owner's eyes.
    pub links: Vec<(Link, Option<String>)>,
    /// The short code, while it is shared and there is a link to lead to.
    pub code: Option<Code>,
    /// Who asks to come in, or to edit.
    pub knocks: Vec<Knock>,
    /// Who was removed, the last first.
    pub removed: Vec<Removed>,
    /// API tokens, the newest first.
    pub tokens: Vec<Token>,
    /// Remembered devices, the newest first.
    pub remembered: Vec<Remembered>,
    /// Remote addresses seen since it was shared.
    pub devices: u32,
    /// Who is in it.
    pub people: Vec<Presence>,
    /// Open documents.
    pub documents: u32,
    /// Of these, not written yet.
    pub unsaved: u32,
}

impl FolderState {
    /// The secret of the present link.
    pub fn secret(&self) -> Option<&str> {
        self.links.iter().find(|(link, _)| link.present).and_then(|(_, secret)| secret.as_deref())
    }
}
