//! The calls by which a save reaches a disk. A trait, so that a test can put a disk in their place that loses its power at any of
//! them; [`crate::folder::Folder`] is the real one.
//!
//! Not here: in which order they are made, and what follows from an answer.

use crate::ReadError;
use protocol::DiskContent;
use std::io;
use std::path::Path;

/// What a save asks of one folder of a disk. Places are names in it; links at a place itself are not followed.
pub(crate) trait Volume {
    /// A file that is being written.
    type File;
    /// Owner and mode of a file.
    type Rights;

    /// Makes a file where none is; `private`: nobody else may read it yet.
    fn create(&self, place: &Path, private: bool) -> io::Result<Self::File>;
    /// Appends all of the bytes.
    fn write(&self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;
    /// Gives a file these rights; the owner as far as we may.
    fn give(&self, file: &Self::File, rights: &Self::Rights) -> io::Result<()>;
    /// Returns when content and length are on the disk.
    fn sync(&self, file: &Self::File) -> io::Result<()>;
    /// Reads a whole file.
    fn read(&self, place: &Path, path: &str) -> Result<DiskContent, ReadError>;
    /// Exchanges two names at once.
    fn exchange(&self, a: &Path, b: &Path) -> io::Result<()>;
    /// Renames over what is there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Renames to a name that must be free.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name, which must be free.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a name.
    fn remove(&self, place: &Path) -> io::Result<()>;
    /// Returns when the names in the folder are on the disk as they are now.
    fn sync_folder(&self) -> io::Result<()>;
    /// Names of the regular files that begin so, the one changed longest ago first.
    fn names(&self, beginning: &str) -> io::Result<Vec<String>>;
}
