//! Everything about files on disk: reading, atomic saving, moving, watching, and the identity of a file across renames.
//!
//! Paths are *API paths*: relative to an opened folder, `/`-separated, without a leading slash, `""` for the folder itself;
//! none leaves the folder. Not here: documents, rooms, notebooks. This crate moves bytes.
//!
//! A save survives a power cut at any of its calls: `atomic` says how, `volume` is what it asks of a disk, and `power` (only in
//! tests) is a disk that keeps nothing before it is flushed.

mod atomic;
mod change;
mod folder;
pub mod identity;
mod listing;
mod name;
mod place;
#[cfg(test)]
mod power;
mod root;
mod temporary;
mod tree;
mod volume;
mod watcher;

pub use change::{ChangeError, Trash};
pub use root::{Metadata, ReadError, Root, WriteError};
pub use watcher::{Change, Watcher};
