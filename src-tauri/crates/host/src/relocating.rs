//! Moving and discarding files of a folder from here: the ids, rooms and people of what is moved follow in the same step.
//!
//! Not here: what other programs move (`watching`), and who may do it (`writing`).

use crate::Result;
use crate::folder::Folder;
use crate::shared::{Shared, change_fault};
use files::Trash;
use protocol::FileId;
use protocol::event::Person;
use std::sync::Arc;

/// The folder in the state directory that takes what the system's trash does not.
const TRASH: &str = "trash";

impl Folder {
    /// Moves a file or folder to where nothing is. Whether a room tells of it.
    pub(crate) async fn relocate(&self, shared: &Arc<Shared>, from: &str, to: &str, by: &Person) -> Result<bool> {
        let root = self.root()?;
        let _one_at_a_time = self.naming.lock().await;
        let _nobody_looks = self.paths.write().await;
        root.rename(from, to).await.map_err(change_fault)?;
        let is_here = |id: &FileId| self.ids.row(id).is_some_and(|row| !row.missing);
        let mut told = false;
        for file in self.ids.moved(from, to).into_iter().filter(|file| is_here(&file.id)) {
            told |= file.from == from && !self.rooms.of_file(&file.id, None).is_empty();
            self.rename(shared, file, Some(by)).await;
        }
        Ok(told)
    }

    /// Moves a file or folder into the trash, or deletes it for good. Open documents stay as deleted, and ids wait for files that come back.
    pub(crate) async fn discard(&self, shared: &Arc<Shared>, path: &str) -> Result<()> {
        let root = self.root()?;
        let naming = self.naming.lock().await;
        let done = if shared.config.delete_to_trash {
            let trash = Trash { system: shared.config.system_trash, own: shared.state_dir.join(TRASH) };
            root.discard(path, trash).await
        } else {
            root.delete(path).await
        };
        done.map_err(change_fault)?;
        let rows = self.ids.at(path).into_iter().chain(self.ids.below(path)).filter(|row| !row.missing);
        let rows: Vec<_> = rows.collect();
        for row in &rows {
            // Its inode may be another file's soon.
            self.note(shared, &row.id, |row| (row.missing, row.inode) = (true, None)).await?;
        }
        drop(naming);
        rows.iter().for_each(|row| self.look(&row.id, None));
        Ok(())
    }
}
