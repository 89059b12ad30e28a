//! Adding, listing and removing folders.

use crate::connection::Closing;
use crate::folder::Folder;
use crate::shared::store_fault;
use crate::{FolderState, Host, Result, listing, names, sample, watching};
use protocol::panel::Code;
use protocol::{Action, CloseCode, ErrorBody, ErrorCode, Level};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::FolderRecord;

impl Host {
    /// Adds a folder (or finds it, if it was added before) and returns its slug.
    pub async fn add_folder(&self, path: &Path, slug: Option<&str>) -> Result<String> {
        let shared = self.shared();
        let path = directory(path).await?;
        let text = path.to_str().ok_or_else(|| {
            let message = format!("{} cannot be added: its name is not Unicode.", path.display());
            ErrorBody::new(ErrorCode::BadRequest, message)
        })?;
        let _one_at_a_time = shared.adding.lock().await;
        if let Some(folder) = shared.folders().iter().find(|folder| folder.path == path) {
            return Ok(folder.slug.clone());
        }
        // Folders that are remembered but not served keep their addresses.
        let stored = shared.store.folders().await.map_err(store_fault)?;
        let taken = |slug: &str| stored.iter().any(|record| record.slug == slug && record.path != text);
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let slug = match slug {
            Some(slug) if names::is_slug(slug) && !taken(slug) => slug.to_owned(),
            Some(slug) => {
                let message =
                    format!("“{slug}” cannot be the address of {name}: it is taken, or not made of a-z, 0-9 and -.");
                return Err(ErrorBody::new(ErrorCode::BadRequest, message));
            }
            None => names::slug(&name, taken),
        };
        let record = shared.store.add_folder(text, &slug).await.map_err(store_fault)?;
        let folder = self.bring_back(record).await?;
        shared.event(&folder.slug, Level::Info, Action::Add, format!("{} was added", folder.name));
        Ok(folder.slug.clone())
    }

    /// Brings a stored folder to life and watches it.
    pub(crate) async fn bring_back(&self, record: FolderRecord) -> Result<Arc<Folder>> {
        let shared = self.shared();
        let folder = Folder::open(shared, record).await?;
        let root = folder.find(shared).await;
        if root.is_none() {
            tracing::warn!(path = %folder.path.display(), "a folder is not there; it is waited for");
        }
        let gone = folder.look_at_all(shared).await;
        folder.search(shared, gone).await;
        if folder.access.lock().rows.links.is_empty() {
            self.ensure_link(&folder).await?;
        }
        shared.folders().push(folder.clone());
        // Not one of the folder's own tasks: those are waited for when it closes.
        tokio::spawn(listing::keep(folder.clone()));
        tokio::spawn(watching::watch(shared.clone(), folder.clone(), root));
        shared.changes.tick();
        Ok(folder)
    }

    /// Writes the sample folder into the state directory unless it is there, and adds it.
    pub async fn add_sample(&self) -> Result<String> {
        let directory = self.shared().state_dir.clone();
        let written = tokio::task::spawn_blocking(move || sample::write(&directory)).await;
        let failed =
            |why: String| ErrorBody::new(ErrorCode::Fault, format!("The sample folder cannot be written: {why}"));
        let path = written.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?;
        self.add_folder(&path, None).await
    }

    /// Forgets a folder. Who is in it is disconnected; nothing on disk changes.
    pub async fn remove_folder(&self, slug: &str) -> Result<()> {
        let shared = self.shared();
        let _one_at_a_time = shared.adding.lock().await;
        let folder = shared.folder(slug)?;
        // First: if the store cannot do it, nothing has happened. Histories of a folder that is hidden are kept like all others.
        shared.store.remove_folder(folder.id).await.map_err(store_fault)?;
        shared.folders().retain(|other| other.slug != slug);
        let reason = format!("{} is not shared any more.", folder.name);
        // Before the rooms close by themselves: they close as those of a host that quits, and may be tried again.
        shared.clients.close(&Closing::new(CloseCode::NotShared, reason.clone()), |client| client.grant.slug == slug);
        folder.close(&reason).await;
        shared.clients.forget_devices(slug);
        shared.event(slug, Level::Info, Action::Remove, format!("{} was removed from the list", folder.name));
        Ok(())
    }

    /// Folders in the order they were added.
    pub fn folders(&self) -> Vec<FolderState> {
        let folders = self.shared().folders().clone();
        folders.iter().map(|folder| self.state_of(folder)).collect()
    }

    fn state_of(&self, folder: &Folder) -> FolderState {
        let documents = folder.rooms.files();
        let links = self.links(folder);
        let mut people = self.shared().clients.people(&folder.slug);
        let access = folder.access.lock();
        for person in &mut people {
            person.by = access.came_by(&person.username);
        }
        let bound = access.bound.clone();
        let leads = bound.is_some() && links.iter().any(|(link, _)| link.present);
        let code = access.codes.shown().filter(|_| leads).map(|(code, until)| Code { code, until });
        FolderState {
            slug: folder.slug.clone(),
            name: folder.name.clone(),
            path: with_tilde(&folder.path),
            present: folder.is_present(),
            bound,
            links,
            code,
            knocks: access.shown_knocks(),
            removed: access.shown_removed(),
            tokens: access.shown_tokens(),
            remembered: access.shown_devices(),
            devices: self.shared().clients.devices(&folder.slug),
            people,
            documents: documents.iter().filter(|(_, open, _)| *open).count() as u32,
            unsaved: documents.iter().filter(|(_, _, dirty)| *dirty).count() as u32,
        }
    }

    /// Whether there is a folder with this slug.
    pub fn has_folder(&self, slug: &str) -> bool {
        self.shared().folders().iter().any(|folder| folder.slug == slug)
    }

    /// The slug of the only folder, if there is exactly one: it is also served at the root.
    pub fn only_folder(&self) -> Option<String> {
        match self.shared().folders().as_slice() {
            [folder] => Some(folder.slug.clone()),
            _ => None,
        }
    }
}

/// The directory's own path, without links in it.
async fn directory(path: &Path) -> Result<PathBuf> {
    let refuse = |code, why: String| Err(ErrorBody::new(code, format!("{} {why}.", path.display())));
    let real = match tokio::fs::canonicalize(path).await {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return refuse(ErrorCode::NotFound, "does not exist".to_owned());
        }
        Err(error) => return refuse(ErrorCode::BadRequest, format!("cannot be opened: {error}")),
    };
    match tokio::fs::read_dir(&real).await {
        Ok(_) => Ok(real),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            refuse(ErrorCode::BadRequest, "is a file, not a folder".to_owned())
        }
        Err(error) => refuse(ErrorCode::BadRequest, format!("cannot be read: {error}")),
    }
}

/// A path for people: the home directory as `~`.
fn with_tilde(path: &Path) -> String {
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    match home.as_ref().and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
        Some(rest) => format!("~{}{}", std::path::MAIN_SEPARATOR, rest.display()),
        None => path.display().to_string(),
    }
}
