//! "Nothing changed since": remembers under `target/xtask` the content from which something was made.

use crate::project::{Outcome, Project};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The content of some files, compared with what was remembered when the same thing was last made from them.
pub(crate) struct Stamp {
    file: PathBuf,
    content: String,
}

/// Folders that are made, not written.
const MADE: [&str; 5] = ["node_modules", "dist", "coverage", "__pycache__", "target"];

impl Stamp {
    /// The stamp `name` over the given files and folders as they are now.
    pub(crate) fn of(project: &Project, name: &str, sources: &[&str]) -> Outcome<Stamp> {
        let mut hasher = DefaultHasher::new();
        for source in sources {
            digest(&project.path(source), &mut hasher)?;
        }
        Ok(Stamp { file: project.target(&format!("xtask/{name}")), content: format!("{:016x}\n", hasher.finish()) })
    }

    /// Whether the same content was remembered and what was made from it is still there.
    pub(crate) fn is_current(&self, made: &[PathBuf]) -> bool {
        made.iter().all(|path| path.exists()) && fs::read_to_string(&self.file).is_ok_and(|old| old == self.content)
    }

    /// Remembers this content: call it when the thing has been made.
    pub(crate) fn remember(&self) -> Outcome {
        let written =
            self.file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&self.file, &self.content));
        written.map_err(|error| format!("cannot write {}: {error}", self.file.display()))
    }
}

/// Feeds names and content of a file, or of everything in a folder in a fixed order, to `hasher`.
fn digest(path: &Path, hasher: &mut DefaultHasher) -> Outcome {
    let unreadable = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    if !path.is_dir() {
        path.file_name().hash(hasher);
        fs::read(path).map_err(unreadable)?.hash(hasher);
        return Ok(());
    }
    let mut entries = fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>())
        .map_err(unreadable)?;
    entries.sort();
    for entry in entries {
        if !MADE.iter().any(|made| entry.file_name() == Some(made.as_ref())) {
            entry.file_name().hash(hasher);
            digest(&entry, hasher)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setup_3_a_stamp_is_current_until_content_or_result_changes() {
        let folder = std::env::temp_dir().join(format!("commonplace-stamp-{}", std::process::id()));
        let source = folder.join("source");
        fs::create_dir_all(source.join("dist")).unwrap();
        fs::write(source.join("a.ts"), "1").unwrap();
        let stamp = || {
            let mut hasher = DefaultHasher::new();
            digest(&source, &mut hasher).unwrap();
            Stamp { file: folder.join("stamp"), content: hasher.finish().to_string() }
        };
        assert!(!stamp().is_current(&[]), "never made");
        stamp().remember().unwrap();
        assert!(stamp().is_current(std::slice::from_ref(&source)));
        assert!(!stamp().is_current(&[folder.join("gone")]));
        fs::write(source.join("dist/made.js"), "result").unwrap();
        assert!(stamp().is_current(&[]), "results do not count as sources");
        fs::write(source.join("a.ts"), "2").unwrap();
        assert!(!stamp().is_current(&[]));
        fs::remove_dir_all(&folder).unwrap();
    }
}
