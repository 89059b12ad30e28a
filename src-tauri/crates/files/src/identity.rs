//! Which file is which, after files moved while nobody watched. Pure.

use crate::Metadata;
use protocol::{Digest, FileId};

/// What is remembered of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRecord {
    /// Its id.
    pub id: FileId,
    /// Its last known API path.
    pub path: String,
    /// Device and inode when it was last seen.
    pub inode: Option<(u64, u64)>,
    /// Size when it was last seen.
    pub size: u64,
    /// Digest of the content when it was last read.
    pub digest: Option<Digest>,
}

/// Whether a remembered file may be this one.
type Fits = fn(&FileRecord, &Metadata, Option<Digest>) -> bool;

/// Finds where remembered files that are missing at their path went: same inode first, then same content. `seen` are the files
/// in the folder that no record claims by path, with their digests where they were read. Answers `(id, new path)`.
pub fn resolve(missing: &[FileRecord], seen: &[(Metadata, Option<Digest>)]) -> Vec<(FileId, String)> {
    // Inodes are used again after a deletion; so the content must agree too, or at least the kind of file.
    let passes: [Fits; 3] = [
        |record, file, digest| same_inode(record, file) && same_content(record, file, digest),
        |record, file, _| same_inode(record, file) && extension(&record.path) == extension(&file.path),
        |record, file, digest| record.size > 0 && record.digest.is_some() && record.digest == digest && file.size > 0,
    ];
    let mut found: Vec<Option<usize>> = vec![None; missing.len()];
    let mut taken = vec![false; seen.len()];
    for fits in passes {
        // Of several candidates the one that kept its name goes first.
        for same_name in [true, false] {
            for (record, place) in missing.iter().zip(&mut found).filter(|(_, place)| place.is_none()) {
                let candidate = seen.iter().enumerate().position(|(index, (file, digest))| {
                    !taken[index]
                        && !file.directory
                        && (!same_name || name(&record.path) == name(&file.path))
                        && fits(record, file, *digest)
                });
                if let Some(index) = candidate {
                    taken[index] = true;
                    *place = Some(index);
                }
            }
        }
    }
    let resolved = missing.iter().zip(found);
    resolved.filter_map(|(record, place)| Some((record.id.clone(), seen[place?].0.path.clone()))).collect()
}

fn same_inode(record: &FileRecord, file: &Metadata) -> bool {
    record.inode.is_some() && record.inode == file.inode
}

fn same_content(record: &FileRecord, file: &Metadata, digest: Option<Digest>) -> bool {
    match (record.digest, digest) {
        (Some(before), Some(now)) => before == now,
        _ => record.size == file.size,
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn extension(path: &str) -> Option<&str> {
    name(path).rsplit_once('.').map(|(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, path: &str, inode: u64, content: &str) -> FileRecord {
        FileRecord {
            id: FileId(id.to_owned()),
            path: path.to_owned(),
            inode: Some((1, inode)),
            size: content.len() as u64,
            digest: Some(Digest::of(content.as_bytes())),
        }
    }

    fn file(path: &str, inode: u64, content: &str) -> (Metadata, Option<Digest>) {
        let metadata = Metadata {
            path: path.to_owned(),
            directory: false,
            size: content.len() as u64,
            modified: 0,
            created: 0,
            writable: true,
            inode: Some((1, inode)),
        };
        (metadata, Some(Digest::of(content.as_bytes())))
    }

    #[test]
    fn file_10_a_file_is_found_again_where_it_went() {
        type Case<'a> = (&'a str, Vec<FileRecord>, Vec<(Metadata, Option<Digest>)>, &'a [(&'a str, &'a str)]);
        let a = || record("a", "a.md", 1, "one");
        let mut unread = file("b.md", 1, "one");
        unread.1 = None;
        let mut folder = file("b", 1, "one");
        folder.0.directory = true;
        let mut nowhere = a();
        nowhere.inode = None;
        let cases: Vec<Case> = vec![
            ("nothing was seen", vec![a()], vec![], &[]),
            ("moved", vec![a()], vec![file("b.md", 1, "one")], &[("a", "b.md")]),
            ("moved, not read", vec![a()], vec![unread], &[("a", "b.md")]),
            ("moved and edited", vec![a()], vec![file("b.md", 1, "two")], &[("a", "b.md")]),
            ("copied, then deleted", vec![a()], vec![file("b.md", 2, "one")], &[("a", "b.md")]),
            (
                "moved and edited, an old copy beside it",
                vec![a()],
                vec![file("copy.md", 2, "one"), file("b.md", 1, "two")],
                &[("a", "b.md")],
            ),
            ("the inode was used again for another kind of file", vec![a()], vec![file("b.csv", 1, "1,2")], &[]),
            (
                "that, and the content elsewhere",
                vec![a()],
                vec![file("b.csv", 1, "1,2"), file("c.md", 3, "one")],
                &[("a", "c.md")],
            ),
            ("empty files are all alike", vec![record("a", "a.md", 1, "")], vec![file("b.md", 2, "")], &[]),
            ("a folder is no file", vec![a()], vec![folder], &[]),
            ("no inodes here", vec![nowhere], vec![file("b.md", 1, "one")], &[("a", "b.md")]),
            (
                "two alike moved: names decide",
                vec![record("x", "in/x.md", 1, "same"), record("y", "in/y.md", 2, "same")],
                vec![file("out/y.md", 8, "same"), file("out/x.md", 9, "same")],
                &[("x", "out/x.md"), ("y", "out/y.md")],
            ),
            (
                "one place for one file",
                vec![record("x", "x.md", 1, "same"), record("y", "y.md", 2, "same")],
                vec![file("z.md", 9, "same")],
                &[("x", "z.md")],
            ),
        ];
        for (name, missing, seen, expected) in cases {
            let expected: Vec<_> =
                expected.iter().map(|(id, path)| (FileId((*id).to_owned()), (*path).to_owned())).collect();
            assert_eq!(resolve(&missing, &seen), expected, "{name}");
        }
    }
}
