//! What the parts of a running host share: the store, the bus, the clocks, the folders.

use crate::bus::Bus;
use crate::clients::Clients;
use crate::clock::Clock;
use crate::folder::Folder;
use crate::keys::Keys;
use crate::uploads::Uploads;
use crate::{HostConfig, Result};
use protocol::{ErrorBody, ErrorCode, Event, EventKind, Level};
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Store;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What every part reaches.
pub(crate) struct Shared {
    pub(crate) config: HostConfig,
    pub(crate) state_dir: PathBuf,
    pub(crate) clock: Clock,
    /// By how much people's clock was set, as it was remembered last.
    pub(crate) lead: AtomicI64,
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) clients: Clients,
    pub(crate) changes: Changes,
    /// Ticks when the computer woke.
    pub(crate) wakes: Changes,
    pub(crate) uploads: Uploads,
    pub(crate) keys: Keys,
    pub(crate) host_name: String,
    /// Ends every task at once; for the polite way see [`crate::Host::shutdown`].
    pub(crate) stop: CancellationToken,
    /// Folders in the order they were added.
    pub(crate) folders: Mutex<Vec<Arc<Folder>>>,
    /// Adding and removing folders, one at a time.
    pub(crate) adding: tokio::sync::Mutex<()>,
}

impl Shared {
    pub(crate) fn folders(&self) -> MutexGuard<'_, Vec<Arc<Folder>>> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder with this slug.
    pub(crate) fn folder(&self, slug: &str) -> Result<Arc<Folder>> {
        let found = self.folders().iter().find(|folder| folder.slug == slug).cloned();
        found.ok_or_else(|| ErrorBody::new(ErrorCode::NotFound, format!("There is no folder “{slug}” here.")))
    }

    /// Tells an event of the host's own.
    pub(crate) fn event(&self, slug: &str, level: Level, action: protocol::Action, line: impl Into<String>) {
        self.bus.emit(slug, host_event(level, action, line));
        self.changes.tick();
    }
}

/// An event of the host's own.
pub(crate) fn host_event(level: Level, action: protocol::Action, line: impl Into<String>) -> Event {
    let msg = String::new();
    Event { level, kind: EventKind::Host, action, room: None, path: None, person: None, msg, line: line.into() }
}

/// A count that rises, for whoever wants to know that something happened, and not what.
pub(crate) struct Changes(watch::Sender<u64>);

impl Changes {
    pub(crate) fn new() -> Self {
        Self(watch::channel(0).0)
    }

    pub(crate) fn tick(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// The store's failures as answers.
pub(crate) fn store_fault(error: store::StoreError) -> ErrorBody {
    ErrorBody::new(ErrorCode::Fault, error.to_string())
}

/// A file's failures as answers.
pub(crate) fn read_fault(error: files::ReadError) -> ErrorBody {
    let code = match error {
        files::ReadError::NotFound(_) => ErrorCode::NotFound,
        files::ReadError::Directory(_) => ErrorCode::BadRequest,
        files::ReadError::TooBig { .. } => ErrorCode::TooBig,
        files::ReadError::Other { .. } => ErrorCode::Fault,
    };
    ErrorBody::new(code, error.to_string())
}

/// The failures of making, moving and discarding as answers.
pub(crate) fn change_fault(error: files::ChangeError) -> ErrorBody {
    let code = match error {
        files::ChangeError::NotFound(_) => ErrorCode::NotFound,
        files::ChangeError::Exists(_) => ErrorCode::Exists,
        files::ChangeError::Refused(_) => ErrorCode::BadRequest,
        files::ChangeError::TooBig { .. } => ErrorCode::TooBig,
        files::ChangeError::Other { .. } => ErrorCode::Fault,
    };
    ErrorBody::new(code, error.to_string())
}
