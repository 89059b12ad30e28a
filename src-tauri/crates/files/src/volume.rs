//! The calls by which a save reaches a disk. A trait, so that a test can put a disk in their place that loses its power at any of
//! them; [`System`] is the real one.
//!
//! Not here: in which order they are made, and what follows from an answer.

use crate::ReadError;
use crate::place::read_place;
use protocol::DiskContent;
use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

/// What a save asks of a disk. Places are absolute; links at a place itself are not followed.
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
    /// Returns when the names in a folder are on the disk as they are now.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Names of the regular files in a folder that begin so, the one changed longest ago first.
    fn names(&self, folder: &Path, beginning: &str) -> io::Result<Vec<String>>;
}

/// Whether the file system, not the moment, is the reason.
pub(crate) fn cannot(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

/// The disks of this machine.
pub(crate) struct System;

impl Volume for System {
    type File = File;
    type Rights = Metadata;

    fn create(&self, place: &Path, private: bool) -> io::Result<File> {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, if private { 0o600 } else { 0o666 });
        #[cfg(not(unix))]
        let _ = private;
        options.open(place)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn give(&self, file: &File, rights: &Metadata) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let (user, group) = (rustix::fs::Uid::from_raw(rights.uid()), rustix::fs::Gid::from_raw(rights.gid()));
            if rustix::fs::fchown(file, Some(user), Some(group)).is_err() {
                rustix::fs::fchown(file, None, Some(group)).ok();
            }
        }
        file.set_permissions(rights.permissions())
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        // On Apple systems this asks for F_FULLFSYNC: a plain fsync stops at the drive's cache.
        file.sync_all()
    }

    fn read(&self, place: &Path, path: &str) -> Result<DiskContent, ReadError> {
        read_place(place, path, u64::MAX)
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn exchange(&self, a: &Path, b: &Path) -> io::Result<()> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn exchange(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn rename_new(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::hard_link(from, to)
    }

    fn remove(&self, place: &Path) -> io::Result<()> {
        std::fs::remove_file(place)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Elsewhere a folder cannot be opened, and its names are in a journal of their own.
        if cfg!(not(unix)) {
            return Ok(());
        }
        match File::open(folder).and_then(|folder| folder.sync_all()) {
            // Where a folder cannot be flushed at all, the file is written all the same.
            Err(error) if cannot(&error) || error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            other => other,
        }
    }

    fn names(&self, folder: &Path, beginning: &str) -> io::Result<Vec<String>> {
        let named = |name: std::ffi::OsString| name.into_string().ok().filter(|name| name.starts_with(beginning));
        let mut found: Vec<(SystemTime, String)> = std::fs::read_dir(folder)?
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok().filter(Metadata::is_file)?, named(entry.file_name())?)))
            .filter_map(|(metadata, name)| Some((metadata.modified().ok()?, name)))
            .collect();
        found.sort();
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }
}
