//! Everything about files on disk: reading, atomic saving, watching, and the identity of a file across renames.
//!
//! Paths are *API paths*: relative to an opened folder, `/`-separated, without a leading slash, `""` for the folder itself;
//! none leaves the folder. Not here: documents, rooms, notebooks. This crate moves bytes.

mod atomic;
pub mod identity;
mod listing;
mod place;
mod root;
mod tree;
mod watcher;

pub use root::{Metadata, ReadError, Root, WriteError};
pub use watcher::{Change, Watcher};
