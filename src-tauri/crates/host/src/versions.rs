//! Earlier versions of a file: which there are, their bytes, and putting one back.

use crate::access::Grant;
use crate::folder::Folder;
use crate::leftovers::tidy_if_free;
use crate::registry::Told;
use crate::shared::{read_fault, store_fault};
use crate::{Host, Result};
use files::Root;
use protocol::{DocumentKind, ErrorBody, ErrorCode, FileId, RoomId, Version, VersionList};
use std::sync::Arc;

impl Host {
    /// The versions that are kept of a file, the newest first; of a deleted file too.
    pub async fn versions(&self, grant: &Grant, path: &str) -> Result<VersionList> {
        let folder = self.shared().folder(&grant.slug)?;
        let (path, file) = find(&folder, path).await?;
        let versions = match file {
            Some(file) => {
                tidy_if_free(self.shared(), &folder, (&file, &path)).await;
                self.shared().store.versions(folder.id, &file).await.map_err(store_fault)?
            }
            None => Vec::new(),
        };
        Ok(VersionList { path, versions })
    }

    /// One of them, with its bytes.
    pub async fn version(&self, grant: &Grant, path: &str, id: u64) -> Result<(Version, Vec<u8>)> {
        let folder = self.shared().folder(&grant.slug)?;
        let (path, file) = find(&folder, path).await?;
        let found = match file {
            Some(file) => self.shared().store.version(folder.id, &file, id).await.map_err(store_fault)?,
            None => None,
        };
        found.ok_or_else(|| ErrorBody::new(ErrorCode::NotFound, format!("{path} has no version {id} any more.")))
    }

    /// Puts a version back: it becomes an edit of the document, whether somebody has that open or not, and is saved like one.
    pub async fn restore(&self, grant: &Grant, path: &str, id: u64) -> Result<()> {
        if !grant.role.may_edit() {
            let message = format!("You may view {path}, not put a version of it back.");
            return Err(ErrorBody::new(ErrorCode::Forbidden, message));
        }
        let folder = self.shared().folder(&grant.slug)?;
        let (_, bytes) = self.version(grant, path, id).await?;
        let (path, Some(file)) = find(&folder, path).await? else { return Ok(()) };
        let kind = match std::str::from_utf8(&bytes) {
            Ok(_) => DocumentKind::primary_for(&path),
            Err(_) => DocumentKind::new("base64", "file"),
        };
        let room = RoomId::document(kind, file);
        let bytes: Arc<[u8]> = bytes.into();
        let answer = folder.ask_room(self.shared(), &room, |answer| {
            let (by, bytes) = (grant.user.clone(), bytes.clone());
            Told::Restore { by, bytes, answer }
        });
        match answer.await {
            Some(Ok(())) => Ok(()),
            Some(Err(reason)) => {
                let message = format!("Version {id} cannot be put back. {reason}");
                Err(ErrorBody::new(ErrorCode::BadRequest, message))
            }
            None => {
                let message = format!("{path} cannot be opened, so no version of it was put back.");
                Err(ErrorBody::new(ErrorCode::Fault, message))
            }
        }
    }
}

/// The path by which a file is known, and its id if it has one. An error if there is no such file and never was.
async fn find(folder: &Folder, path: &str) -> Result<(String, Option<FileId>)> {
    let (path, file) = known(folder, path).await?;
    if file.is_none() {
        folder.root()?.metadata(&path).await.map_err(read_fault)?;
    }
    Ok((path, file))
}

/// The same of a file that need not be there.
pub(crate) async fn known(folder: &Folder, path: &str) -> Result<(String, Option<FileId>)> {
    let path = Root::normalise(path).map_err(read_fault)?;
    // A link is another name of one document; what was deleted is known by its last name.
    let path = folder.root()?.own_path(&path).await.unwrap_or(path);
    let file = folder.ids.at(&path).map(|row| row.id);
    Ok((path, file))
}
