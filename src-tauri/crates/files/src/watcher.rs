//! What changes in a folder: the system's notifications, coalesced, with polling of the files that matter as a fallback.

use crate::Root;
use std::time::Duration;

/// Something changed. Coalesced: trailing 100 ms, at most 1 s.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// This file was written, made or removed: look at it.
    Changed(String),
    /// This file or folder has another path now.
    Moved {
        /// Old API path.
        from: String,
        /// New API path.
        to: String,
    },
    /// Notifications were lost: look at everything.
    Rescan,
}

/// Watches a folder; drop it to stop.
pub struct Watcher;

#[allow(unused_variables, clippy::todo)]
impl Watcher {
    /// Watches a folder by the system's notifications, and the paths given to [`Watcher::focus`] by looking at them every `poll`
    /// (zero: never). Falls back to polling alone, with a warning in the log, where notifications cannot be had.
    pub fn start(root: &Root, poll: Duration) -> Watcher {
        todo!()
    }

    /// The files that are open now and therefore polled too (size, modification time and inode, any change counts).
    pub fn focus(&self, paths: Vec<String>) {
        todo!()
    }

    /// The next change; `None` after the watcher broke down.
    pub async fn next(&mut self) -> Option<Change> {
        todo!()
    }
}
