//! Shared documents: notebook, text and binary, on yrs; how they are loaded from and written to bytes, and how an edit made
//! on disk is merged into one that people are typing in.
//!
//! Not here: files, clocks, networks, rooms, roles. Ids, time and randomness always come in as arguments.

#[cfg(feature = "mutations")]
pub mod mutation;

mod blob;
mod conflict;
mod diff;
mod document;
mod gate;
mod guard;
mod here;
mod json;
mod lines;
mod merge;
mod notebook;
mod origin;
mod stranger;
mod text;
mod words;

pub use document::Document;
pub use merge::{merge_disk, merge_room};
pub use origin::nearest;

use protocol::{Digest, MergeReport};
use std::sync::Arc;

/// Y client id of one of our own writers: random below 2^32, never 0 (some clients cut wider ids, and id 0 is the
/// reference server's).
pub type AuthorId = u64;

/// A whole document as one Yjs v1 update.
pub type State = Arc<[u8]>;
/// An incremental Yjs v1 update.
pub type Update = Arc<[u8]>;

/// The update that says nothing.
pub const NOTHING: [u8; 2] = [0, 0];

/// What applying an update brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The transaction's own update: exactly what was new. `None`: a duplicate, or not applicable before a predecessor arrives.
    pub update: Option<Update>,
    /// Something outside the `state` map changed.
    pub content: bool,
    /// `state.dirty` turned true.
    pub dirtied: bool,
    /// It was what earlier updates had waited for: `update` says more than the one that was applied.
    pub more: bool,
    /// Not all of the update is in the document before it has this much of these authors; empty: all is.
    pub awaits: Vec<Reach>,
}

/// So much of what an author wrote, in clock ticks.
pub type Reach = (AuthorId, u32);

/// The document state whose saved form is exactly the bytes last seen on disk.
#[derive(Clone, Debug)]
pub struct Base {
    /// The state.
    pub state: State,
    /// Digest of those bytes.
    pub digest: Digest,
}

/// The result of merging the disk into a live document.
#[derive(Clone, Debug)]
pub struct Merge {
    /// To apply to the live document like any peer's update; `None` if the disk says nothing new.
    pub update: Option<Update>,
    /// The new base.
    pub base: Base,
    /// What was merged.
    pub report: MergeReport,
    /// The result depends on the live document's structure (a cell deleted, moved or kept): if that changed since the
    /// snapshot, merge again.
    pub structural: bool,
}

/// Bytes that are no document of the wanted model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not UTF-8.
    #[error("not UTF-8 text: byte {0} cannot be read")]
    Encoding(usize),
    /// Not JSON: may be a half-written file.
    #[error("line {line}: {message}")]
    Json {
        /// 1-based.
        line: usize,
        /// The parser's words.
        message: String,
    },
    /// JSON, but no notebook.
    #[error("{0}")]
    NotANotebook(String),
}

/// A frame that is no update.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid update: {0}")]
pub struct UpdateError(pub String);

impl UpdateError {
    /// It can be read, but builds on something that is not what it was where it was made: on another history.
    pub fn is_conflict(&self) -> bool {
        self.0.ends_with(gate::CANNOT_HOLD)
    }
}

/// A value in the `state` map that the host writes.
#[derive(Clone, Debug, PartialEq)]
pub enum StateValue {
    /// For example `dirty`.
    Bool(bool),
    /// For example `path`, `hash`.
    Text(String),
}
