//! Jupyter's checkpoints: one for each file, kept with the histories and not in the folder. Going back to one is a save.

use crate::access::Grant;
use crate::encoding::rfc3339;
use crate::folder::Folder;
use crate::shared::{read_fault, store_fault};
use crate::writing::{Content, bad};
use crate::{Host, Result, kinds};
use files::Root;
use protocol::contents::Checkpoint;
use protocol::{Action, ErrorBody, ErrorCode, FileId};

/// The only one's id, as Jupyter has it.
const ID: &str = "checkpoint";

impl Host {
    /// The checkpoints of a file: one or none.
    pub async fn checkpoints(&self, grant: &Grant, path: &str) -> Result<Vec<Checkpoint>> {
        let folder = self.shared().folder(&grant.slug)?;
        let (_, file) = find(&folder, path).await?;
        let Some(file) = file else { return Ok(Vec::new()) };
        let time = self.shared().store.checkpoint_time(folder.id, &file).await.map_err(store_fault)?;
        Ok(time.map(dated).into_iter().collect())
    }

    /// Keeps what a file holds now in the place of what was kept before.
    pub async fn make_checkpoint(&self, grant: &Grant, path: &str) -> Result<Checkpoint> {
        let (folder, root) = self.to_write(grant)?;
        let (path, _) = find(&folder, path).await?;
        let found = root.metadata(&path).await.map_err(read_fault)?;
        if found.directory {
            return Err(bad(format!("{path} is a directory; only files have checkpoints.")));
        }
        let time = found.modified;
        let bytes = root.read(&path, self.shared().config.max_file).await.map_err(read_fault)?.bytes;
        let (file, _) = folder.identify(self.shared(), found).await?;
        self.shared().store.set_checkpoint(folder.id, &file, time, bytes).await.map_err(store_fault)?;
        Ok(dated(time))
    }

    /// Saves what was kept into the file; a document that is open merges it.
    pub async fn restore_checkpoint(&self, grant: &Grant, path: &str, id: &str) -> Result<()> {
        let (folder, _) = self.to_write(grant)?;
        let (path, file) = find(&folder, path).await?;
        let bytes = match file.filter(|_| id == ID) {
            Some(file) => self.shared().store.checkpoint(folder.id, &file).await.map_err(store_fault)?,
            None => None,
        };
        let bytes = bytes.ok_or_else(|| none(&path, id))?;
        self.put(&folder, &path, Content::Bytes(bytes)).await?;
        let line = format!("went back to the checkpoint of {}", kinds::name(&path));
        self.told(&folder, grant, Action::Save, &path, line);
        Ok(())
    }

    /// Forgets what was kept.
    pub async fn remove_checkpoint(&self, grant: &Grant, path: &str, id: &str) -> Result<()> {
        let (folder, _) = self.to_write(grant)?;
        let (path, file) = find(&folder, path).await?;
        let removed = match file.filter(|_| id == ID) {
            Some(file) => self.shared().store.remove_checkpoint(folder.id, &file).await.map_err(store_fault)?,
            None => false,
        };
        removed.then_some(()).ok_or_else(|| none(&path, id))
    }
}

fn dated(unix_ms: u64) -> Checkpoint {
    Checkpoint { id: ID.to_owned(), last_modified: rfc3339(unix_ms) }
}

fn none(path: &str, id: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::NotFound, format!("{path} has no checkpoint “{id}”"))
}

/// The path by which a file is known, and its id if it has one.
async fn find(folder: &Folder, path: &str) -> Result<(String, Option<FileId>)> {
    let path = Root::normalise(path).map_err(read_fault)?;
    // What was deleted is known by its last name.
    let path = folder.root()?.own_path(&path).await.unwrap_or(path);
    let file = folder.ids.at(&path).map(|row| row.id);
    Ok((path, file))
}
