//! The headless host: shared folders, open documents, people, links and events, wired from `rooms`, `files` and `store`.
//!
//! Everything the product does works here without a window and without HTTP; `server` and the desktop shell are thin
//! callers. Not here: HTTP status codes, sockets, windows.

mod access;
mod config;
mod connection;

pub use access::{Grant, LinkOffer};
pub use config::HostConfig;
pub use connection::{Closing, Connection, Device, Outgoing};

use protocol::contents;
use protocol::guest::{FileList, Join, Joined};
use protocol::panel::{Interface, Presence};
use protocol::{DocumentKind, ErrorBody, EventRecord, session};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{broadcast, watch};

/// Result with an error that can be shown and acted on.
pub type Result<T> = std::result::Result<T, ErrorBody>;

/// The running host. Cheap to clone; [`Host::shutdown`] ends it for all clones.
#[derive(Clone)]
pub struct Host;

/// What the contents API was asked for.
#[derive(Clone, Debug, Default)]
pub struct ContentsQuery {
    /// `content=1` (the default): with content.
    pub content: bool,
    /// `type=`, if given: `directory`, `notebook` or `file`.
    pub ty: Option<String>,
    /// `format=`, if given: `text`, `base64` or `json`.
    pub format: Option<String>,
    /// `hash=1`: with the digest.
    pub hash: bool,
}

/// A folder's sharing, as far as the host knows it; the listener is the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The interface that is bound.
    pub interface: Interface,
    /// The port.
    pub port: u16,
}

/// What the panel shows of one folder besides its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderState {
    /// Its id and the first part of its base URL.
    pub slug: String,
    /// Name to show.
    pub name: String,
    /// Path on this machine with `~` for the home directory.
    pub path: String,
    /// The directory exists and can be read.
    pub present: bool,
    /// `Some` while shared.
    pub bound: Option<Bound>,
    /// The secret of the folder's share link; only for the owner's eyes.
    pub secret: String,
    /// Remote addresses seen since it was shared.
    pub devices: u32,
    /// Who is in it.
    pub people: Vec<Presence>,
    /// Open documents.
    pub documents: u32,
    /// Of these, not written yet.
    pub unsaved: u32,
}

#[allow(unused_variables, clippy::todo)]
impl Host {
    /// Opens the store, brings back the folders of the last run and adds those of the configuration.
    pub async fn start(config: HostConfig) -> Result<Host> {
        todo!()
    }

    // ---- Folders

    /// Adds a folder (or finds it, if it was added before) and returns its slug.
    pub async fn add_folder(&self, path: &Path, slug: Option<&str>) -> Result<String> {
        todo!()
    }

    /// Writes the sample folder into the state directory unless it is there, and adds it.
    pub async fn add_sample(&self) -> Result<String> {
        todo!()
    }

    /// Forgets a folder. Who is in it is disconnected; nothing on disk changes.
    pub async fn remove_folder(&self, slug: &str) -> Result<()> {
        todo!()
    }

    /// Folders in the order they were added.
    pub fn folders(&self) -> Vec<FolderState> {
        todo!()
    }

    /// Whether there is a folder with this slug.
    pub fn has_folder(&self, slug: &str) -> bool {
        todo!()
    }

    /// The slug of the only folder, if there is exactly one: it is also served at the root.
    pub fn only_folder(&self) -> Option<String> {
        todo!()
    }

    // ---- Sharing and access

    /// Tells the host that the server bound (or, with `None`, unbound) an address for this folder. Unsharing disconnects
    /// every guest with `NotShared`.
    pub async fn set_sharing(&self, slug: &str, bound: Option<Bound>) -> Result<()> {
        todo!()
    }

    /// Ends the folder's link, disconnects who came by it, and makes a new one.
    pub async fn renew_link(&self, slug: &str) -> Result<()> {
        todo!()
    }

    /// The owner's token, for the local pages and for stock clients.
    pub fn owner_token(&self) -> &str {
        todo!()
    }

    /// Name of the person at the host.
    pub fn host_name(&self) -> &str {
        todo!()
    }

    /// Who holds this token, in this folder. Constant-time. `local`: the request came over loopback; a folder that is not
    /// shared opens for nobody else.
    pub fn authenticate(&self, slug: &str, token: &str, local: bool) -> Result<Grant> {
        todo!()
    }

    /// Whether this is the owner's token. Constant-time.
    pub fn is_owner(&self, token: &str) -> bool {
        todo!()
    }

    /// What a link's secret offers in this folder.
    pub fn link_offer(&self, slug: &str, secret: &str) -> Result<LinkOffer> {
        todo!()
    }

    /// Redeems a link: a new guest, and the token for its cookie.
    pub async fn join_folder(&self, slug: &str, join: Join) -> Result<(String, Joined)> {
        todo!()
    }

    // ---- Documents

    /// `PUT session`: file id and session id of a path; `true` if the id is new.
    pub async fn open_session(
        &self,
        grant: &Grant,
        path: &str,
        request: session::Request,
    ) -> Result<(session::Response, bool)> {
        todo!()
    }

    /// Joins a room by its decoded name. Dropping the connection leaves.
    pub async fn join(
        &self,
        grant: &Grant,
        room: &str,
        session: &str,
        device: Device,
    ) -> std::result::Result<Connection, Closing> {
        todo!()
    }

    /// Content of an open document as its file would hold it, or `None` if it is not open.
    pub async fn get_document(&self, slug: &str, path: &str, kind: &DocumentKind) -> Result<Option<Vec<u8>>> {
        todo!()
    }

    /// Read-only contents API.
    pub async fn contents(&self, grant: &Grant, path: &str, query: ContentsQuery) -> Result<contents::Model> {
        todo!()
    }

    /// The guest page's list of files.
    pub async fn files(&self, grant: &Grant) -> Result<FileList> {
        todo!()
    }

    /// A file's bytes as they are on disk.
    pub async fn read_file(&self, grant: &Grant, path: &str) -> Result<Arc<[u8]>> {
        todo!()
    }

    // ---- Observation

    /// Live events of all folders; the store has the earlier ones.
    pub fn events(&self) -> broadcast::Receiver<EventRecord> {
        todo!()
    }

    /// The newest `count` events of all folders, oldest first.
    pub async fn recent_events(&self, count: usize) -> Result<Vec<EventRecord>> {
        todo!()
    }

    /// Ticks whenever [`Host::folders`] may say something new.
    pub fn changes(&self) -> watch::Receiver<u64> {
        todo!()
    }

    /// Document edits in the last minute.
    pub fn edits_per_minute(&self) -> u32 {
        todo!()
    }

    /// Disconnects everybody, writes what is unsaved, closes the store.
    pub async fn shutdown(&self) {
        todo!()
    }
}
