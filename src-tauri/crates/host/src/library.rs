//! Open documents, for programs that have the host inside: a copy that goes its own way, or the document that people are in.
//!
//! Neither opens a document or keeps it open; whoever wants that joins its room.

use crate::registry::{Handle, Told};
use crate::shared::read_fault;
use crate::{Host, Result, random};
use files::Root;
use protocol::{DocumentKind, ErrorBody, ErrorCode, Model, RoomId};
use std::sync::Arc;
use tokio::sync::oneshot;
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
    /// A copy of an open document; `None` if it is not open as this kind.
    pub async fn document(&self, slug: &str, path: &str, kind: &DocumentKind) -> Result<Option<DocumentCopy>> {
        let Some(live) = self.live_document(slug, path, kind)? else { return Ok(None) };
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

    /// An open document itself; `None` if it is not open as this kind.
    pub fn live_document(&self, slug: &str, path: &str, kind: &DocumentKind) -> Result<Option<LiveDocument>> {
        let folder = self.shared().folder(slug)?;
        let path = Root::normalise(path).map_err(read_fault)?;
        let Some(row) = folder.ids.at(&path) else { return Ok(None) };
        let room = folder.rooms.get(&RoomId::document(kind.clone(), row.id));
        Ok(room.map(|room| LiveDocument { room, session: folder.session().0, path, model: kind.model() }))
    }
}

async fn state(room: &Handle) -> Option<State> {
    let (answer, state) = oneshot::channel();
    room.tell(Told::State(answer));
    state.await.ok().flatten()
}
