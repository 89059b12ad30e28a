//! Jupyter's checkpoints: one for each file, a version that is kept until the next. Going back to it is a save.

use crate::access::Grant;
use crate::encoding::rfc3339;
use crate::shared::{read_fault, store_fault};
use crate::versions::known;
use crate::writing::{Content, bad};
use crate::{Host, Result, kinds};
use protocol::contents::Checkpoint;
use protocol::{Action, ErrorBody, ErrorCode, FileId, Kept, Version, Why};
use store::FolderId;

/// The only one's id, as Jupyter has it.
const ID: &str = "checkpoint";

impl Host {
    /// The checkpoints of a file: one or none.
    pub async fn checkpoints(&self, grant: &Grant, path: &str) -> Result<Vec<Checkpoint>> {
        let folder = self.shared().folder(&grant.slug)?;
        let (_, file) = known(&folder, path).await?;
        let Some(file) = file else { return Ok(Vec::new()) };
        let kept = self.checkpoint(folder.id, &file).await?;
        Ok(kept.map(|version| dated(version.time)).into_iter().collect())
    }

    /// Keeps what a file holds now in the place of what was kept before.
    pub async fn make_checkpoint(&self, grant: &Grant, path: &str) -> Result<Checkpoint> {
        let (folder, root) = self.to_write(grant)?;
        let (path, _) = known(&folder, path).await?;
        let found = root.metadata(&path).await.map_err(read_fault)?;
        if found.directory {
            return Err(bad(format!("{path} is a directory; only files have checkpoints.")));
        }
        let time = found.modified;
        let content = root.read(&path, self.shared().config.max_file).await.map_err(read_fault)?;
        let (file, _) = folder.identify(self.shared(), found).await?;
        let kept = Kept { time, why: Why::Checkpoint, content };
        let (store, now) = (&self.shared().store, self.shared().clock.steady_ms());
        store.keep_version(folder.id, &file, now, kept).await.map_err(store_fault)?;
        Ok(dated(time))
    }

    /// Saves what was kept into the file; a document that is open merges it.
    pub async fn restore_checkpoint(&self, grant: &Grant, path: &str, id: &str) -> Result<()> {
        let (folder, _) = self.to_write(grant)?;
        let (path, file, kept) = self.named(folder.id, known(&folder, path).await?, id).await?;
        let found = self.shared().store.version(folder.id, &file, kept).await.map_err(store_fault)?;
        let (_, bytes) = found.ok_or_else(|| none(&path, id))?;
        self.put(&folder, &path, Content::Bytes(bytes)).await?;
        let line = format!("went back to the checkpoint of {}", kinds::name(&path));
        self.told(&folder, grant, Action::Save, &path, line);
        Ok(())
    }

    /// Forgets what was kept.
    pub async fn remove_checkpoint(&self, grant: &Grant, path: &str, id: &str) -> Result<()> {
        let (folder, _) = self.to_write(grant)?;
        let (path, file, kept) = self.named(folder.id, known(&folder, path).await?, id).await?;
        let removed = self.shared().store.forget_version(folder.id, &file, kept).await.map_err(store_fault)?;
        removed.then_some(()).ok_or_else(|| none(&path, id))
    }

    async fn checkpoint(&self, folder: FolderId, file: &FileId) -> Result<Option<Version>> {
        let versions = self.shared().store.versions(folder, file).await.map_err(store_fault)?;
        Ok(versions.into_iter().find(|version| version.why == Why::Checkpoint))
    }

    /// The checkpoint that an id names: the file's path and id, and the version's number.
    async fn named(
        &self,
        folder: FolderId,
        (path, file): (String, Option<FileId>),
        id: &str,
    ) -> Result<(String, FileId, u64)> {
        if let Some(file) = file.filter(|_| id == ID)
            && let Some(version) = self.checkpoint(folder, &file).await?
        {
            return Ok((path, file, version.id));
        }
        Err(none(&path, id))
    }
}

fn dated(unix_ms: u64) -> Checkpoint {
    Checkpoint { id: ID.to_owned(), last_modified: rfc3339(unix_ms) }
}

fn none(path: &str, id: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::NotFound, format!("{path} has no checkpoint “{id}”"))
}
