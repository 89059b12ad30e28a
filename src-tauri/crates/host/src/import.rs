//! What only the history of a Jupyter server has: edits that never reached their files. They become versions of those files.
//!
//! Versions, not edits: how old a history is against its file nobody knows, because that server never noted which of its states a
//! file was. An edit made of it could undo newer work; a version changes nothing until somebody who looked at it puts it back.
//!
//! Not here: the layouts of the foreign files (`store::ystore`).

use crate::folder::Folder;
use crate::shared::{read_fault, store_fault};
use crate::{Host, Result, kinds, random};
use files::Root;
use protocol::guest::FileKind;
use protocol::{Digest, DiskContent, DocumentKind, ErrorBody, ErrorCode, Kept, Model, RoomId, Why};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use store::Batch;
use store::ystore::{self, YHistory};
use ydoc::Document;

/// Files that are compared with histories of which nobody knows the file.
const SEARCHED: usize = 2_000;
/// States of such a history that are compared with files.
const STATES: usize = 500;

/// What became of one history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Its name in the foreign file.
    pub name: String,
    /// API path of its file in the folder, if it has one.
    pub path: Option<String>,
    /// What was done.
    pub outcome: Outcome,
}

/// How the import of one history ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It says something else than its file: a version of that file now.
    Kept {
        /// Updates that it is made of.
        updates: usize,
    },
    /// It says what its file says, or what a version of that says already.
    Known,
    /// No file of the folder is known to be its file.
    NoFile,
    /// It cannot be read; the sentence says why.
    Unreadable(String),
    /// It could not be kept, and nothing of it was; the sentence says why.
    Failed(String),
}

/// Whether a file holds histories of a Jupyter server.
pub async fn is_jupyter_history(path: &Path) -> bool {
    ystore::is_history(path).await
}

impl Host {
    /// Takes over the histories of a Jupyter server's store (`.jupyter_ystore.db`), which is only read. `file_ids`: that server's
    /// database of file ids. Without it, the file of a history is the one at the path that the history names, else the one whose
    /// content the history once had.
    ///
    /// Each history becomes one version or nothing. One that fails keeps no other from it, and none is kept twice.
    pub async fn import_history(&self, slug: &str, from: &Path, file_ids: Option<&Path>) -> Result<Vec<Imported>> {
        let folder = self.shared().folder(slug)?;
        let root = folder.root()?;
        let ids = match file_ids {
            Some(place) => ystore::file_ids(place).await.map_err(unreadable)?,
            None => HashMap::new(),
        };
        let mut import = Import { host: self, folder: &folder, root, ids, known: None };
        let mut imported = Vec::new();
        for name in ystore::names(from).await.map_err(unreadable)? {
            let (path, outcome) = match ystore::history(from, &name).await {
                Ok(history) => import.take(&name, history).await,
                Err(error) => (None, Outcome::Unreadable(error.text)),
            };
            imported.push(Imported { name, path, outcome });
        }
        Ok(imported)
    }
}

fn unreadable(error: store::StoreError) -> ErrorBody {
    ErrorBody::new(ErrorCode::BadRequest, format!("Nothing was imported from {}.", error.text))
}

struct Import<'a> {
    host: &'a Host,
    folder: &'a Folder,
    root: Root,
    /// Absolute paths by file id.
    ids: HashMap<String, PathBuf>,
    /// What each file of the folder says, with its path and model; looked up once.
    known: Option<Vec<(String, Model, Digest)>>,
}

impl Import<'_> {
    /// Takes one history over: where its file is, and what came of it.
    async fn take(&mut self, name: &str, history: YHistory) -> (Option<String>, Outcome) {
        let Some((ty, id)) = parts(name) else {
            return (None, Outcome::Unreadable(format!("{name} is no name of a document")));
        };
        let model = DocumentKind::new("text", ty).model();
        let replay = tokio::task::spawn_blocking(move || {
            let rebuilt = rebuild(model, &history);
            (rebuilt, history)
        });
        let (rebuilt, history) = match replay.await {
            Ok((Ok(document), history)) => (document, history),
            Ok((Err(why), _)) => return (None, Outcome::Unreadable(why)),
            Err(error) => return (None, Outcome::Unreadable(error.to_string())),
        };
        let Some(path) = self.path(model, id, &rebuilt, &history).await else { return (None, Outcome::NoFile) };
        let outcome = self.keep(&path, &rebuilt, &history).await;
        (Some(path), outcome.unwrap_or_else(|error| Outcome::Failed(error.message)))
    }

    /// Makes what a history says a version of this file, unless that says it already.
    async fn keep(&self, path: &str, rebuilt: &Document, history: &YHistory) -> Result<Outcome> {
        let shared = self.host.shared();
        let like = self.root.read(path, self.host.config().max_file).await.map_err(read_fault)?;
        let bytes = rebuilt.to_bytes(&like.bytes);
        // A history that says nothing is one whose server lost it.
        if bytes == *like.bytes || says(rebuilt).is_none() {
            return Ok(Outcome::Known);
        }
        let content = DiskContent::new(bytes);
        let (file, _) = self.folder.identify(shared, self.root.metadata(path).await.map_err(read_fault)?).await?;
        let versions = shared.store.versions(self.folder.id, &file).await.map_err(store_fault)?;
        if versions.iter().any(|version| version.digest == content.digest.to_hex()) {
            return Ok(Outcome::Known);
        }
        // A clock that was ahead there makes nothing newer than now here.
        let now = shared.clock.unix_ms();
        let time = history.last.map_or(now, |last| last.min(now));
        let keep = vec![Kept { time, why: Why::Imported, content }];
        // A notebook that was opened as text is no notebook, and the other way round.
        let room = RoomId::document(DocumentKind::primary_for(path), file).to_string();
        let batch = Batch { at: shared.clock.steady_ms(), keep, ..Batch::default() };
        shared.store.commit(self.folder.id, &room, self.folder.session().0, batch).await.map_err(store_fault)?;
        Ok(Outcome::Kept { updates: history.updates.len() })
    }

    /// Where the file of a history is in the folder.
    async fn path(&mut self, model: Model, id: &str, document: &Document, history: &YHistory) -> Option<String> {
        let by_id = self.ids.get(id).map(|place| self.inside(place));
        let by_id = match by_id {
            // Its file is known, and elsewhere.
            Some(None) => return None,
            Some(found) => found,
            None => None,
        };
        // Old servers named histories by paths; new ones write the path into the document.
        for path in [by_id, Some(id.to_owned()), document.state_text("path")].into_iter().flatten() {
            let path = Root::normalise(&path).ok();
            let Some(path) = path.filter(|path| !path.is_empty()) else { continue };
            if let Ok(file) = self.root.metadata(&path).await
                && !file.directory
            {
                return Some(file.path);
            }
        }
        self.alike(model, history).await
    }

    /// An absolute path as one inside the folder.
    fn inside(&self, place: &Path) -> Option<String> {
        // The folder's own path has no links in it; the foreign one may.
        let real = std::fs::canonicalize(place).unwrap_or_else(|_| place.to_owned());
        let parts = real.strip_prefix(&self.folder.path).ok()?.components();
        let parts: Option<Vec<&str>> = parts.map(|part| part.as_os_str().to_str()).collect();
        Some(parts?.join("/"))
    }

    /// The only file that says what a history once said.
    async fn alike(&mut self, model: Model, history: &YHistory) -> Option<String> {
        if self.known.is_none() {
            self.known = Some(self.look().await);
        }
        let updates = history.updates.clone();
        let said = tokio::task::spawn_blocking(move || states(model, &updates)).await.unwrap_or_default();
        let known = self.known.iter().flatten();
        let mut found = known.filter(|(_, of, says)| *of == model && said.contains(says)).map(|(path, ..)| path);
        match (found.next(), found.next()) {
            (Some(path), None) => Some(path.clone()),
            _ => None,
        }
    }

    /// What the files of the folder say.
    async fn look(&self) -> Vec<(String, Model, Digest)> {
        let (files, _) = self.root.files(SEARCHED).await.unwrap_or_default();
        let mut known = Vec::new();
        for file in files.into_iter().filter(|file| kinds::kind(&file.path) != FileKind::Other) {
            let model = DocumentKind::primary_for(&file.path).model();
            let Ok(content) = self.root.read(&file.path, self.host.config().max_file).await else { continue };
            let says = tokio::task::spawn_blocking(move || {
                let mut document = Document::new(model, random::author());
                document.load(&content.bytes).ok().map(|_| says(&document))
            });
            known.extend(says.await.ok().flatten().flatten().map(|says| (file.path, model, says)));
        }
        known
    }
}

/// Type and file id of a name such as `.notebook:0e5c….y`.
fn parts(name: &str) -> Option<(&str, &str)> {
    let name = name.strip_prefix('.').unwrap_or(name);
    let (ty, id) = name.strip_suffix(".y").unwrap_or(name).split_once(':')?;
    // Some named the format as well.
    let ty_id = match (ty, id.split_once(':')) {
        ("json" | "text" | "base64", Some(rest)) => rest,
        _ => (ty, id),
    };
    (!ty_id.0.is_empty() && !ty_id.1.is_empty()).then_some(ty_id)
}

fn rebuild(model: Model, history: &YHistory) -> std::result::Result<Document, String> {
    let mut document = Document::new(model, random::author());
    // What the checkpoint says already is not said twice.
    for update in history.checkpoint.iter().chain(&history.updates) {
        document.apply(update).map_err(|error| error.to_string())?;
    }
    if !document.is_all_of(&document.state()) {
        return Err("some of its updates build on others that are not in it".to_owned());
    }
    Ok(document)
}

/// What a document says, however it is written; nothing for one that is empty, as all documents are at first. Of a notebook that is
/// its cells: servers put words of their own into its metadata.
fn says(document: &Document) -> Option<Digest> {
    let said = |document: &Document| {
        let bytes = document.to_bytes(b"");
        let notebook = if document.model() == Model::Notebook { serde_json::from_slice(&bytes).ok() } else { None };
        notebook.map_or(bytes, |notebook: serde_json::Value| notebook["cells"].to_string().into_bytes())
    };
    let says = said(document);
    (says != said(&Document::new(document.model(), 1))).then(|| Digest::of(&says))
}

/// What a document said in the course of its history.
fn states(model: Model, updates: &[Vec<u8>]) -> HashSet<Digest> {
    let mut document = Document::new(model, random::author());
    let stride = updates.len().div_ceil(STATES).max(1);
    let mut said = HashSet::new();
    for (number, update) in updates.iter().enumerate() {
        if document.apply(update).is_err() {
            break;
        }
        if number % stride == 0 || number + 1 == updates.len() {
            said.extend(says(&document));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn names_of_histories_are_taken_apart() {
        assert_eq!(parts(".notebook:0e5c-1.y"), Some(("notebook", "0e5c-1")));
        assert_eq!(parts(".file:a/b.txt.y"), Some(("file", "a/b.txt")));
        assert_eq!(parts("json:notebook:0e5c"), Some(("notebook", "0e5c")));
        assert_eq!(parts(".file:C:x.y"), Some(("file", "C:x")));
        for none in ["", ".y", "notebook", ":x", ".file:.y"] {
            assert_eq!(parts(none), None, "{none}");
        }
    }
}
