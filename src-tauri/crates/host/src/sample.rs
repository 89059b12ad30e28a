//! The sample folder: something to try things on, carried inside the program.

use std::io;
use std::path::{Path, PathBuf};

/// Name of the folder.
const NAME: &str = "Tide pools";

const FILES: [(&str, &[u8]); 5] = [
    ("README.md", include_bytes!("../sample/README.md")),
    ("counts.ipynb", include_bytes!("../sample/counts.ipynb")),
    ("shore-profile.ipynb", include_bytes!("../sample/shore-profile.ipynb")),
    ("quadrats.csv", include_bytes!("../sample/quadrats.csv")),
    ("methods/transect-protocol.md", include_bytes!("../sample/methods/transect-protocol.md")),
];

/// Writes the sample below this directory unless it is there, and returns its path. What somebody changed in it stays.
pub(crate) fn write(below: &Path) -> io::Result<PathBuf> {
    let folder = below.join(NAME);
    if folder.is_dir() {
        return Ok(folder);
    }
    // Made whole under another name first: an interrupted attempt is not taken for the sample.
    let making = below.join(format!(".{NAME}.new"));
    if making.exists() {
        std::fs::remove_dir_all(&making)?;
    }
    for (path, bytes) in FILES {
        let path = making.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, bytes)?;
    }
    std::fs::rename(&making, &folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_written_once() {
        let directory = tempfile::tempdir().unwrap();
        let folder = write(directory.path()).unwrap();
        assert_eq!(std::fs::read(folder.join("counts.ipynb")).unwrap(), FILES[1].1);
        std::fs::write(folder.join("README.md"), "mine").unwrap();
        assert_eq!(write(directory.path()).unwrap(), folder);
        assert_eq!(std::fs::read_to_string(folder.join("README.md")).unwrap(), "mine");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn setup_12_the_sample_notebooks_are_valid_and_canonical() {
        for (path, bytes) in FILES.into_iter().filter(|(path, _)| path.ends_with(".ipynb")) {
            let mut document = ydoc::Document::new(protocol::Model::Notebook, 1);
            document.load(bytes).unwrap();
            let written = String::from_utf8(document.to_bytes(&[])).unwrap();
            assert_eq!(written, std::str::from_utf8(bytes).unwrap(), "{path}");
        }
    }
}
