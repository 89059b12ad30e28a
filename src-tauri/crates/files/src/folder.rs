//! A folder that is open. What is done through it is done in it, whatever takes its path meanwhile, and no name leads out of it.
//!
//! Not here: which folder a path means (`place`), and in which order a save makes its calls (`atomic`).

use crate::ReadError;
use crate::place::read_error;
use crate::volume::Volume;
use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, Metadata, OpenOptions, ReadDir};
use protocol::DiskContent;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// An open folder of this machine.
pub(crate) struct Folder(Dir);

/// A name in an open folder. There need not be anything of that name.
pub(crate) struct Spot {
    pub(crate) folder: Folder,
    /// One name; `.` for the opened root itself.
    pub(crate) name: PathBuf,
    /// Where that was when the folder was opened: for comparing, and for people.
    pub(crate) place: PathBuf,
}

/// Opens the folder that a place below `root` is in, one part after the other. A part that is a link by now is not there: it was none
/// when the place was found, so somebody put it there since.
pub(crate) fn reach(root: &Path, place: &Path) -> io::Result<Spot> {
    let inside = place.strip_prefix(root).map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
    let mut folder = Folder::at(root)?;
    let mut name = PathBuf::from(".");
    let mut parts = inside.components().peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(part) = part else { return Err(io::ErrorKind::NotFound.into()) };
        if parts.peek().is_some() {
            folder = folder.folder(part.as_ref())?;
        } else {
            name = part.into();
        }
    }
    Ok(Spot { folder, name, place: place.to_owned() })
}

impl Folder {
    /// The folder at a place of this machine, links followed.
    pub(crate) fn at(place: &Path) -> io::Result<Self> {
        Dir::open_ambient_dir(place, cap_std::ambient_authority()).map(Self)
    }

    /// A folder right in this one, and not by a link.
    pub(crate) fn folder(&self, name: &Path) -> io::Result<Self> {
        self.0.open_dir_nofollow(name).map(Self)
    }

    /// What is said of a name; of a link, not of what it leads to.
    pub(crate) fn metadata(&self, name: &Path) -> io::Result<Metadata> {
        self.0.symlink_metadata(name)
    }

    /// Whether we may write what has this name.
    pub(crate) fn writable(&self, name: &Path, metadata: &Metadata) -> bool {
        #[cfg(unix)]
        {
            use rustix::fs::{Access, AtFlags, accessat};
            let _ = metadata;
            accessat(&self.0, name, Access::WRITE_OK, AtFlags::empty()).is_ok()
        }
        #[cfg(not(unix))]
        {
            let _ = name;
            metadata.is_dir() || !metadata.permissions().readonly()
        }
    }

    /// What is in it.
    pub(crate) fn entries(&self) -> io::Result<ReadDir> {
        self.0.entries()
    }

    /// Reads a whole regular file of at most `limit` bytes: a link of this name is not followed.
    pub(crate) fn read_file(&self, name: &Path, path: &str, limit: u64) -> Result<DiskContent, ReadError> {
        let file = self.open(name).map_err(|error| read_error(path, &error))?;
        let metadata = file.metadata().map_err(|error| read_error(path, &error))?;
        if metadata.is_dir() {
            return Err(ReadError::Directory(path.to_owned()));
        }
        if !metadata.is_file() {
            return Err(ReadError::Other { path: path.to_owned(), reason: "it is not a regular file".to_owned() });
        }
        let too_big = |size| ReadError::TooBig { path: path.to_owned(), size, limit };
        if metadata.len() > limit {
            return Err(too_big(metadata.len()));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| read_error(path, &error))?;
        if bytes.len() as u64 > limit {
            return Err(too_big(bytes.len() as u64));
        }
        Ok(DiskContent::new(bytes))
    }

    fn open(&self, name: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No);
        // Opening a pipe would wait for its other end.
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
        #[cfg(windows)]
        if self.metadata(name)?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        self.0.open_with(name, &options).map(cap_std::fs::File::into_std)
    }

    /// Makes a folder where nothing is.
    pub(crate) fn make_folder(&self, name: &Path) -> io::Result<()> {
        self.0.create_dir(name)
    }

    /// Removes an empty folder.
    pub(crate) fn remove_folder(&self, name: &Path) -> io::Result<()> {
        self.0.remove_dir(name)
    }

    /// Removes a folder with all that is in it.
    pub(crate) fn remove_whole(&self, name: &Path) -> io::Result<()> {
        self.0.remove_dir_all(name)
    }

    /// Copies a file to where none is.
    pub(crate) fn copy_file(&self, name: &Path, to: &Folder, new: &Path) -> io::Result<()> {
        let mut from = self.open(name)?;
        let mut into = to.create(new, true)?;
        io::copy(&mut from, &mut into)?;
        into.set_permissions(from.metadata()?.permissions())
    }

    /// Makes a link to where another leads.
    #[cfg(unix)]
    pub(crate) fn copy_link(&self, name: &Path, to: &Folder, new: &Path) -> io::Result<()> {
        to.0.symlink_contents(self.0.read_link_contents(name)?, new)
    }

    #[cfg(not(unix))]
    pub(crate) fn copy_link(&self, _: &Path, _: &Folder, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Renames over what is there, into another folder.
    pub(crate) fn rename_into(&self, from: &Path, folder: &Folder, to: &Path) -> io::Result<()> {
        self.0.rename(from, &folder.0, to)
    }

    /// Renames to a name of another folder that must be free.
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    pub(crate) fn rename_new_into(&self, from: &Path, folder: &Folder, to: &Path) -> io::Result<()> {
        use rustix::fs::{RenameFlags, renameat_with};
        Ok(renameat_with(&self.0, from, &folder.0, to, RenameFlags::NOREPLACE)?)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    pub(crate) fn rename_new_into(&self, _: &Path, _: &Folder, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns when the names in it are on the disk as they are now.
    pub(crate) fn sync(&self) -> io::Result<()> {
        // Elsewhere a folder cannot be opened, and its names are in a journal of their own.
        if cfg!(not(unix)) {
            return Ok(());
        }
        match self.0.open(".").and_then(|folder| folder.sync_all()) {
            // Where a folder cannot be flushed at all, the file is written all the same.
            Err(error) if cannot(&error) || error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            other => other,
        }
    }
}

/// Whether the file system, not the moment, is the reason.
pub(crate) fn cannot(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}

/// Places are names in this folder.
impl Volume for Folder {
    type File = File;
    type Rights = Metadata;

    fn create(&self, place: &Path, private: bool) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::mode(&mut options, if private { 0o600 } else { 0o666 });
        #[cfg(not(unix))]
        let _ = private;
        self.0.open_with(place, &options).map(cap_std::fs::File::into_std)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn give(&self, file: &File, rights: &Metadata) -> io::Result<()> {
        #[cfg(unix)]
        {
            use cap_std::fs::MetadataExt;
            let (user, group) = (rustix::fs::Uid::from_raw(rights.uid()), rustix::fs::Gid::from_raw(rights.gid()));
            if rustix::fs::fchown(file, Some(user), Some(group)).is_err() {
                rustix::fs::fchown(file, None, Some(group)).ok();
            }
        }
        file.set_permissions(rights.permissions().into_std(file)?)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        // On Apple systems this asks for F_FULLFSYNC: a plain fsync stops at the drive's cache.
        file.sync_all()
    }

    fn read(&self, place: &Path, path: &str) -> Result<DiskContent, ReadError> {
        self.read_file(place, path, u64::MAX)
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn exchange(&self, a: &Path, b: &Path) -> io::Result<()> {
        use rustix::fs::{RenameFlags, renameat_with};
        Ok(renameat_with(&self.0, a, &self.0, b, RenameFlags::EXCHANGE)?)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn exchange(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.rename_into(from, self, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.rename_new_into(from, self, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.hard_link(from, &self.0, to)
    }

    fn remove(&self, place: &Path) -> io::Result<()> {
        self.0.remove_file(place)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.sync()
    }

    fn names(&self, beginning: &str) -> io::Result<Vec<String>> {
        let named = |name: std::ffi::OsString| name.into_string().ok().filter(|name| name.starts_with(beginning));
        let mut found: Vec<(SystemTime, String)> = self
            .entries()?
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok().filter(Metadata::is_file)?, named(entry.file_name())?)))
            .filter_map(|(metadata, name)| Some((metadata.modified().ok()?.into_std(), name)))
            .collect();
        found.sort();
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }
}
