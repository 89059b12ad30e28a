//! Which path has which id, for one folder, in memory; the store has the same rows. Ids stay with a file across renames, and
//! a file that is missing keeps its id for the day it comes back.

use files::identity::FileRecord;
use protocol::{Digest, FileId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::FileRow;

/// The ids of one folder's files.
pub(crate) struct FileIds(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    rows: HashMap<FileId, FileRow>,
    paths: HashMap<String, FileId>,
}

impl Inside {
    /// Puts a row; whoever had its path before has none by which it could be found.
    fn put(&mut self, row: FileRow) {
        if let Some(before) = self.rows.get(&row.id)
            && before.path != row.path
            && self.paths.get(&before.path) == Some(&row.id)
        {
            self.paths.remove(&before.path);
        }
        self.paths.insert(row.path.clone(), row.id.clone());
        self.rows.insert(row.id.clone(), row);
    }
}

/// A file that has another path now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Renamed {
    pub(crate) id: FileId,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl FileIds {
    pub(crate) fn new(rows: Vec<FileRow>) -> Self {
        let mut inside = Inside::default();
        // Those that are there come last: of two rows with one path, the file that is there has it.
        let (missing, present): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.missing);
        missing.into_iter().chain(present).for_each(|row| inside.put(row));
        Self(Mutex::new(inside))
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Last known path of a file.
    pub(crate) fn path(&self, id: &FileId) -> Option<String> {
        self.lock().rows.get(id).map(|row| row.path.clone())
    }

    /// What is known of a file.
    pub(crate) fn row(&self, id: &FileId) -> Option<FileRow> {
        self.lock().rows.get(id).cloned()
    }

    /// The file with this path.
    pub(crate) fn at(&self, path: &str) -> Option<FileRow> {
        let inside = self.lock();
        inside.paths.get(path).and_then(|id| inside.rows.get(id)).cloned()
    }

    /// All files, or those below a folder.
    pub(crate) fn below(&self, folder: &str) -> Vec<FileRow> {
        let inside = self.lock();
        inside.rows.values().filter(|row| is_below(&row.path, folder)).cloned().collect()
    }

    /// Adds a file or replaces what is known of it.
    pub(crate) fn put(&self, row: FileRow) {
        self.lock().put(row);
    }

    /// Changes what is known of a file; the new row if that made a difference.
    pub(crate) fn change(&self, id: &FileId, change: impl FnOnce(&mut FileRow)) -> Option<FileRow> {
        let mut inside = self.lock();
        let before = inside.rows.get(id)?;
        let mut row = before.clone();
        change(&mut row);
        if row == *before {
            return None;
        }
        inside.put(row.clone());
        Some(row)
    }

    /// A digest was seen in a file; the new row if it was another one before.
    pub(crate) fn saw(&self, id: &FileId, digest: Digest, size: u64) -> Option<FileRow> {
        self.change(id, |row| {
            row.digest = Some(digest);
            row.size = size;
            row.missing = false;
        })
    }

    /// A file or folder has another path: what changes in consequence.
    pub(crate) fn moved(&self, from: &str, to: &str) -> Vec<Renamed> {
        let rows = self
            .lock()
            .rows
            .values()
            .filter(|row| row.path == from || is_below(&row.path, from))
            .cloned()
            .collect::<Vec<_>>();
        let mut renamed: Vec<Renamed> = rows
            .into_iter()
            .map(|row| Renamed { to: format!("{to}{}", &row.path[from.len()..]), id: row.id, from: row.path })
            .collect();
        renamed.sort_by(|a, b| a.from.cmp(&b.from));
        renamed
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// A row as `files` wants it to find where a file went.
pub(crate) fn record(row: &FileRow) -> FileRecord {
    FileRecord { id: row.id.clone(), path: row.path.clone(), inode: row.inode, size: row.size, digest: row.digest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, path: &str, missing: bool) -> FileRow {
        FileRow { id: FileId(id.into()), path: path.into(), inode: None, size: 1, digest: None, missing }
    }

    #[test]
    fn file_30_a_moved_folder_moves_the_ids_of_all_files_below_it() {
        let ids =
            FileIds::new(vec![row("1", "a/x.md", false), row("2", "a/b/y.md", false), row("3", "ab/z.md", false)]);
        let renamed = ids.moved("a", "c/d");
        let pairs: Vec<_> = renamed.iter().map(|file| (file.id.as_str(), file.to.as_str())).collect();
        assert_eq!(pairs, [("2", "c/d/b/y.md"), ("1", "c/d/x.md")]);
        for file in renamed {
            ids.change(&file.id, |row| row.path = file.to.clone());
        }
        assert_eq!(ids.at("c/d/x.md").map(|row| row.id), Some(FileId("1".into())));
        assert_eq!(ids.at("a/x.md"), None);
        assert_eq!(ids.at("ab/z.md").map(|row| row.id), Some(FileId("3".into())));
    }

    #[test]
    fn the_file_that_is_there_has_the_path() {
        let ids = FileIds::new(vec![row("new", "a.md", false), row("old", "a.md", true)]);
        assert_eq!(ids.at("a.md").map(|row| row.id), Some(FileId("new".into())));
        assert_eq!(ids.path(&FileId("old".into())), Some("a.md".into()));
    }
}
