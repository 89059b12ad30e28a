//! The contents API's other half: what people make, save, copy, move and delete.
//!
//! A save of a document that is open is an edit on disk: the room merges it, as it merges any program's.

use crate::access::Grant;
use crate::encoding::{from_base64, rfc3339};
use crate::folder::Folder;
use crate::leftovers::tidy_if_free;
use crate::making::{Thing, expect_directory};
use crate::shared::{change_fault, host_event, read_fault, store_fault};
use crate::uploads::Arrived;
use crate::{ContentsQuery, Host, Result, kinds, random, untitled};
use files::{ChangeError, Metadata, ReadError, Root, WriteError};
use protocol::contents::{Create, Model, Save};
use protocol::{Action, DiskContent, ErrorBody, ErrorCode, Event, Kept, Level, Why};
use serde_json::Value;
use std::sync::Arc;

impl Host {
    /// Makes something new in a folder, under a name that nothing has: empty, or a copy.
    pub async fn create(&self, grant: &Grant, directory: &str, create: Create) -> Result<Model> {
        let (folder, root) = self.to_write(grant)?;
        if let Some(from) = create.copy_from.filter(|from| !from.is_empty()) {
            return self.copy(grant, &folder, &from, directory).await;
        }
        let directory = Root::normalise(directory).map_err(read_fault)?;
        expect_directory(&root, &directory).await?;
        let ext = create.ext.unwrap_or_default();
        let kind = match create.ty.as_deref() {
            Some("directory") => "directory",
            Some("notebook") => "notebook",
            None | Some("") if ext == ".ipynb" => "notebook",
            _ => "file",
        };
        let (name, insert) = match kind {
            "directory" => ("Untitled Folder".to_owned(), " "),
            "notebook" => ("Untitled.ipynb".to_owned(), ""),
            _ => (format!("untitled{ext}"), ""),
        };
        if name.contains('/') {
            return Err(bad(format!("“{ext}” cannot be the ending of a file's name.")));
        }
        Root::new_path(&name).map_err(change_fault)?;
        let thing = match kind {
            "directory" => Thing::Directory,
            "notebook" => Thing::File(new_notebook().into()),
            _ => Thing::File([].as_slice().into()),
        };
        let path = thing.make_in(&root, &directory, &name, insert).await?;
        self.told(&folder, grant, Action::Create, &path, format!("made {}", kinds::name(&path)));
        self.described(grant, &path).await
    }

    /// Copies a file or folder into a folder, or, if `to` does not exist, to that path.
    async fn copy(&self, grant: &Grant, folder: &Folder, from: &str, to: &str) -> Result<Model> {
        let root = folder.root()?;
        let from = existing(from)?;
        let source = root.metadata(&from).await.map_err(read_fault)?;
        if from.is_empty() {
            return Err(bad("The folder itself cannot be copied here.".to_owned()));
        }
        let thing = match source.directory {
            true => Thing::CopyOf(from.clone()),
            false => Thing::File(root.read(&from, self.shared().config.max_file).await.map_err(read_fault)?.bytes),
        };
        let into = Root::normalise(to).map_err(read_fault)?;
        let path = match root.metadata(&into).await {
            Ok(found) if found.directory => {
                let name = untitled::original(kinds::name(&from));
                thing.make_in(&root, &into, &name, "-Copy").await?
            }
            Ok(_) => return Err(bad(format!("{into} is a file; nothing can be made in it."))),
            Err(ReadError::NotFound(_)) => {
                let path = Root::new_path(to).map_err(change_fault)?;
                thing.make(&root, &path).await?;
                path
            }
            Err(error) => return Err(read_fault(error)),
        };
        self.told(folder, grant, Action::Copy, &path, format!("copied {} to {path}", kinds::name(&from)));
        self.described(grant, &path).await
    }

    /// Saves or uploads a file, or makes a folder, at this path; `true` if it is new.
    pub async fn save(&self, grant: &Grant, path: &str, save: Save) -> Result<(Model, bool)> {
        let (folder, root) = self.to_write(grant)?;
        if save.copy_from.as_ref().is_some_and(|from| !from.is_null()) {
            return Err(bad("Copies are made with POST, not with PUT.".to_owned()));
        }
        let found = match Root::normalise(path) {
            Ok(path) => root.metadata(&path).await,
            Err(hidden) => Err(hidden),
        };
        let found = match found {
            Ok(file) => Some(file),
            Err(ReadError::NotFound(_)) => None,
            Err(error) => return Err(read_fault(error)),
        };
        let path = match &found {
            Some(file) => file.path.clone(),
            None => Root::new_path(path).map_err(change_fault)?,
        };
        if save.ty.as_deref() == Some("directory") {
            return self.save_directory(grant, &folder, &root, path, found).await;
        }
        if found.as_ref().is_some_and(|file| file.directory) {
            return Err(bad(format!("{path} is a directory, not a file.")).because("bad type"));
        }
        expect_directory(&root, path.rsplit_once('/').map_or("", |(directory, _)| directory)).await?;
        let new = found.is_none();
        let in_parts = save.chunk.is_some_and(|chunk| chunk != 0);
        let content = match save.chunk.filter(|chunk| *chunk != 0) {
            Some(chunk) => {
                if save.ty.as_deref() == Some("notebook") {
                    return Err(bad(format!("{path} cannot be sent in parts as a notebook, only as a file.")));
                }
                let part = file_bytes(&path, save)?;
                let key = (grant.slug.clone(), path.clone(), grant.user.username.clone());
                let (now, limit) = (self.shared().clock.now(), self.shared().config.max_file);
                match self.shared().uploads.add(now.elapsed, key, chunk, &part, limit)? {
                    Arrived::Whole(bytes) => Content::Bytes(bytes),
                    Arrived::Part(size) => return Ok((part_of(path, size, now.unix_ms), new && chunk == 1)),
                }
            }
            None => content(&path, save)?,
        };
        self.put(&folder, &path, content).await?;
        let (action, verb) = if new { (Action::Create, "made") } else { (Action::Save, "wrote") };
        self.told(&folder, grant, action, &path, format!("{verb} {}", kinds::name(&path)));
        // Its first part was answered as new.
        Ok((self.described(grant, &path).await?, new && !in_parts))
    }

    /// `PUT` of a folder; one that exists is fine.
    async fn save_directory(
        &self,
        grant: &Grant,
        folder: &Folder,
        root: &Root,
        path: String,
        found: Option<Metadata>,
    ) -> Result<(Model, bool)> {
        match found {
            Some(file) if file.directory => {}
            Some(_) => return Err(bad(format!("{path} is a file, not a directory."))),
            None => {
                root.make_directory(&path).await.map_err(change_fault)?;
                self.told(folder, grant, Action::Create, &path, format!("made {}", kinds::name(&path)));
            }
        }
        Ok((self.described(grant, &path).await?, true))
    }

    /// Puts content into a file, against what it holds now, which is kept as a version; its rooms look at once.
    pub(crate) async fn put(&self, folder: &Folder, path: &str, content: Content) -> Result<()> {
        let (root, limit) = (folder.root()?, self.shared().config.max_file);
        // A link is another name of one document.
        let own = match root.own_path(path).await {
            Ok(own) => own,
            Err(ReadError::NotFound(_)) => path.to_owned(),
            Err(error) => return Err(read_fault(error)),
        };
        if let Some(row) = folder.ids.at(&own) {
            tidy_if_free(self.shared(), folder, (&row.id, &own)).await;
        }
        let disk = match root.read(&own, limit).await {
            Ok(content) => Some(content),
            Err(ReadError::NotFound(_)) => None,
            Err(error) => return Err(read_fault(error)),
        };
        let like = disk.as_ref().map(|content| content.bytes.clone());
        // A large notebook takes a while to render.
        let named = path.to_owned();
        let render = move || content.bytes(&named, like.as_deref().unwrap_or_default()).map(DiskContent::new);
        let new = tokio::task::spawn_blocking(render).await;
        let new = new.map_err(|error| ErrorBody::new(ErrorCode::Fault, error.to_string()))??;
        let size = new.bytes.len();
        if size as u64 > limit {
            let message = format!("{path} has {size} bytes, more than the {limit} that are allowed.");
            return Err(ErrorBody::new(ErrorCode::TooBig, message));
        }
        let expect = disk.as_ref().map(|content| content.digest);
        if let Some(content) = disk.filter(|content| content.digest != new.digest) {
            let found = root.metadata(&own).await.map_err(read_fault)?;
            let (file, _) = folder.identify(self.shared(), found).await?;
            let (store, clock) = (&self.shared().store, &self.shared().clock);
            let kept = Kept { time: clock.unix_ms(), why: Why::Saved, content };
            store.keep_version(folder.id, &file, clock.steady_ms(), kept).await.map_err(store_fault)?;
        }
        root.write_if(&own, new.bytes, expect).await.map_err(|error| match error {
            // Whoever saves has not seen what was written in this moment.
            WriteError::Changed(_) => {
                let message = format!("{path} was changed in the same moment; nothing was saved. Load it again.");
                ErrorBody::new(ErrorCode::Exists, message)
            }
            WriteError::Outside(_) => ErrorBody::new(ErrorCode::NotFound, error.to_string()),
            WriteError::Other { .. } => ErrorBody::new(ErrorCode::Fault, error.to_string()),
        })?;
        if let Some(row) = folder.ids.at(&own) {
            let now = root.metadata(&own).await.ok();
            let noted = folder.note(self.shared(), &row.id, |row| {
                row.missing = false;
                row.inode = now.and_then(|now| now.inode);
            });
            noted.await?;
            folder.look(&row.id, None);
        }
        Ok(())
    }

    /// Moves a file or folder to another path, with its documents.
    pub async fn rename(&self, grant: &Grant, from: &str, to: Option<&str>) -> Result<Model> {
        let (folder, root) = self.to_write(grant)?;
        let from = existing(from)?;
        root.metadata(&from).await.map_err(read_fault)?;
        let Some(to) = to.filter(|to| to.trim_matches('/') != from) else {
            return self.described(grant, &from).await;
        };
        let to = Root::new_path(to).map_err(change_fault)?;
        let told = folder.relocate(self.shared(), &from, &to, &(&grant.user).into()).await?;
        if !told {
            // A name that stayed says nothing.
            let (old, new) = match kinds::name(&from) == kinds::name(&to) {
                true => (from.as_str(), to.as_str()),
                false => (kinds::name(&from), kinds::name(&to)),
            };
            self.told(&folder, grant, Action::Rename, &to, format!("renamed {old} to {new}"));
        }
        self.described(grant, &to).await
    }

    /// Moves a file or folder with all that is in it into the trash, or deletes it for good if the host is told to.
    pub async fn delete(&self, grant: &Grant, path: &str) -> Result<()> {
        let (folder, _) = self.to_write(grant)?;
        let path = existing(path)?;
        if path.is_empty() {
            return Err(bad("The folder itself cannot be deleted here.".to_owned()));
        }
        folder.discard(self.shared(), &path).await?;
        let name = kinds::name(&path);
        let line = match self.shared().config.delete_to_trash {
            true => format!("moved {name} to the trash"),
            false => format!("deleted {name} for good"),
        };
        self.told(&folder, grant, Action::Delete, &path, line);
        Ok(())
    }

    /// The folder, for somebody who may change it.
    pub(crate) fn to_write(&self, grant: &Grant) -> Result<(Arc<Folder>, Root)> {
        if !grant.role.may_edit() {
            let message = "You may view this folder, but not change what is in it.";
            return Err(ErrorBody::new(ErrorCode::Forbidden, message));
        }
        let folder = self.shared().folder(&grant.slug)?;
        let root = folder.root()?;
        Ok((folder, root))
    }

    async fn described(&self, grant: &Grant, path: &str) -> Result<Model> {
        self.contents(grant, path, ContentsQuery::default()).await
    }

    pub(crate) fn told(&self, folder: &Folder, grant: &Grant, action: Action, path: &str, line: String) {
        let event = host_event(Level::Info, action, line);
        let (path, person) = (Some(path.to_owned()), Some((&grant.user).into()));
        self.shared().bus.emit(&folder.slug, Event { path, person, ..event });
        self.shared().changes.tick();
        folder.listing.is_stale();
    }
}

/// What is to be in a file.
pub(crate) enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// This notebook, in the style that the file has.
    Notebook(Value),
}

impl Content {
    /// The bytes for a file that holds `like` now; an error is for whoever sent it.
    pub(crate) fn bytes(self, path: &str, like: &[u8]) -> Result<Vec<u8>> {
        let refuse = |why: String| bad(format!("{path} is no readable notebook: {why}"));
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Notebook(notebook) => {
                let sent = serde_json::to_vec(&notebook).map_err(|error| refuse(error.to_string()))?;
                // The author of a document that nobody ever sees.
                let mut document = ydoc::Document::new(protocol::Model::Notebook, 1);
                document.load(&sent).map_err(|error| refuse(error.to_string()))?;
                Ok(document.to_bytes(like))
            }
        }
    }
}

/// A new notebook.
fn new_notebook() -> Vec<u8> {
    untitled::notebook(&random::id()[..8])
}

/// The content of a `PUT`.
fn content(path: &str, save: Save) -> Result<Content> {
    let is_notebook = match save.ty.as_deref() {
        Some("notebook") => true,
        None | Some("") => path.to_ascii_lowercase().ends_with(".ipynb"),
        Some(_) => false,
    };
    if !is_notebook {
        return file_bytes(path, save).map(Content::Bytes);
    }
    Ok(save
        .content
        .filter(|content| !content.is_null())
        .map_or_else(|| Content::Bytes(new_notebook()), Content::Notebook))
}

/// The bytes of a `PUT` of a file.
fn file_bytes(path: &str, save: Save) -> Result<Vec<u8>> {
    let text = match save.content {
        None | Some(Value::Null) if save.format.as_deref() != Some("base64") => return Ok(Vec::new()),
        Some(Value::String(text)) => text,
        _ => return Err(bad(format!("The content of {path} must be a text."))),
    };
    match save.format.as_deref() {
        Some("text") => Ok(text.into_bytes()),
        Some("base64") => from_base64(&text).ok_or_else(|| bad(format!("The content of {path} is no base64."))),
        _ => Err(bad(format!("The format of the content of {path} must be `text` or `base64`."))),
    }
}

/// What is answered while a file is not whole: Jupyter's clients want a model.
fn part_of(path: String, size: u64, now: u64) -> Model {
    let now = rfc3339(now);
    Model {
        name: kinds::name(&path).to_owned(),
        mimetype: kinds::mimetype(&path).map(str::to_owned),
        path,
        last_modified: now.clone(),
        created: now,
        content: None,
        format: None,
        size: Some(size),
        writable: true,
        hash: None,
        hash_algorithm: None,
        ty: "file".to_owned(),
    }
}

pub(crate) fn bad(message: String) -> ErrorBody {
    ErrorBody::new(ErrorCode::BadRequest, message)
}

/// The path of something that should be there. A hidden one is refused like a name that nobody may use.
fn existing(path: &str) -> Result<String> {
    Root::normalise(path).map_err(|error| match Root::new_path(path) {
        Err(refused @ ChangeError::Refused(_)) => change_fault(refused),
        _ => read_fault(error),
    })
}
