//! Open documents, for programs that have the host inside: a copy that goes its own way, or the document that people are in.
//!
//! Looking opens nothing and keeps nothing open; a document that was opened stays so for as long as its handle is kept.

use crate::registry::{Handle, Told};
use crate::shared::read_fault;
use crate::{Closing, Device, Host, Outgoing, Result, random};
use files::Root;
use protocol::{CloseCode, DocumentKind, ErrorBody, ErrorCode, Model, RoomId, session};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;
use ydoc::{Document, State, Update};

/// A copy of an open document as it was at one moment. What is done to it reaches nobody.
pub struct DocumentCopy {
    /// The document.
    pub document: Document,
    like: Arc<[u8]>,
}

impl DocumentCopy {
    /// What its file would hold if it were saved.
    pub fn bytes(&self) -> Vec<u8> {
        self.document.to_bytes(&self.like)
    }
}

/// An open document itself: edits of it reach everybody in its room, its log and its file.
pub struct LiveDocument {
    room: Handle,
    /// The newest session when it was found: an edit of a history that began later would not fit.
    session: u64,
    path: String,
    model: Model,
    /// Keeps a place in the room, if that was opened for this.
    _place: Option<AbortOnDropHandle<()>>,
}

impl LiveDocument {
    /// The whole document as one update; `None`: it was closed.
    pub async fn state(&self) -> Option<State> {
        state(&self.room).await
    }

    /// Makes an edit, a Yjs v1 update against [`LiveDocument::state`] or a later one. When this returns, the edit is durable.
    pub async fn apply(&self, update: Update) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        let told = Told::Merge { by: None, update, session: self.session, answer: Some(answer) };
        self.room.tell(told);
        let failed = |code, why: &str| ErrorBody::new(code, format!("{} was not edited. {why}", self.path));
        match answered.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => Err(failed(ErrorCode::BadRequest, &why)),
            Err(_) => Err(failed(ErrorCode::NotFound, "It was closed.")),
        }
    }

    /// Kind of document.
    pub fn model(&self) -> Model {
        self.model
    }
}

impl Host {
    /// A copy of an open document, by any name of its file; `None` if it is not open as this kind.
    pub async fn document(&self, slug: &str, path: &str, kind: &DocumentKind) -> Result<Option<DocumentCopy>> {
        let Some(live) = self.live_document(slug, path, kind).await? else { return Ok(None) };
        let Some(state) = live.state().await else { return Ok(None) };
        let disk = match self.shared().folder(slug)?.root() {
            Ok(root) => root.read(&live.path, self.config().max_file).await.ok(),
            Err(_) => None,
        };
        let like: Arc<[u8]> = disk.map_or_else(|| Arc::from([]), |disk| disk.bytes);
        let model = live.model;
        let copying = tokio::task::spawn_blocking(move || Document::from_state(model, random::author(), &state));
        let failed = |why: String| ErrorBody::new(ErrorCode::Fault, format!("{path} cannot be copied: {why}"));
        let document = copying.await.map_err(|error| failed(error.to_string()))?;
        let document = document.map_err(|error| failed(error.to_string()))?;
        Ok(Some(DocumentCopy { document, like }))
    }

    /// An open document itself, by any name of its file; `None` if it is not open as this kind.
    pub async fn live_document(&self, slug: &str, path: &str, kind: &DocumentKind) -> Result<Option<LiveDocument>> {
        let folder = self.shared().folder(slug)?;
        let path = Root::normalise(path).map_err(read_fault)?;
        // A link is another name of one document; one whose file was deleted is known by its last name.
        let path = folder.root()?.own_path(&path).await.unwrap_or(path);
        let Some(row) = folder.ids.at(&path) else { return Ok(None) };
        let room = folder.rooms.get(&RoomId::document(kind.clone(), row.id));
        let (session, model) = (folder.session().0, kind.model());
        Ok(room.map(|room| LiveDocument { room, session, path, model, _place: None }))
    }

    /// A document itself, which is opened if it is not open: the owner is in it until the handle is dropped.
    pub async fn open_document(&self, slug: &str, path: &str, kind: &DocumentKind) -> Result<LiveDocument> {
        let owner = self.authenticate(slug, self.owner_token(), true)?;
        let DocumentKind { format, ty } = kind.clone();
        let (opened, _) = self.open_session(&owner, path, session::Request { format, ty }).await?;
        let room = RoomId::document(kind.clone(), opened.file_id.clone()).to_string();
        let refused = |closing: Closing| {
            let code = match closing.code {
                CloseCode::FileGone => ErrorCode::NotFound,
                CloseCode::BadContent => ErrorCode::BadRequest,
                _ => ErrorCode::Fault,
            };
            ErrorBody::new(code, format!("{path} cannot be opened. {}", closing.reason))
        };
        let joined = self.join(&owner, &room, &opened.session_id.0, Device::default()).await;
        let mut connection = joined.map_err(refused)?;
        // A room says nothing before it is open.
        match connection.receive().await {
            Some(Outgoing::Frame(_)) => {}
            Some(Outgoing::Close(closing)) => return Err(refused(closing)),
            None => return Err(ErrorBody::new(ErrorCode::Fault, format!("{path} cannot be opened. It was closed."))),
        }
        let folder = self.shared().folder(slug)?;
        let path = folder.ids.path(&opened.file_id).unwrap_or_else(|| path.to_owned());
        let room = connection.room.clone();
        let place = tokio::spawn(async move { while let Some(Outgoing::Frame(_)) = connection.receive().await {} });
        let place = Some(AbortOnDropHandle::new(place));
        Ok(LiveDocument { room, session: folder.session().0, path, model: kind.model(), _place: place })
    }
}

async fn state(room: &Handle) -> Option<State> {
    let (answer, state) = oneshot::channel();
    room.tell(Told::State(answer));
    state.await.ok().flatten()
}
