//! Opening documents and joining rooms.

use crate::access::Grant;
use crate::clients::{Client, Line, Push};
use crate::connection::{Closing, Connection, Device, Exit};
use crate::folder::Folder;
use crate::outbox::outbox;
use crate::registry::{Entry, Joining, Refused, Told};
use crate::shared::read_fault;
use crate::{Host, Result, actor, random};
use files::Root;
use protocol::{CloseCode, DocumentKind, ErrorBody, ErrorCode, RoomId, SessionId, close, session};
use rooms::Member;
use std::sync::Arc;

/// Longest name of a room, in bytes.
const LONGEST_NAME: usize = 512;
/// Why no document is opened.
const SWITCHED_OFF: &str = "Editing together is switched off on this host (disable_rtc); files can be read and saved.";

impl Host {
    /// `PUT session`: file id and session id of a path; `true` if the id is new.
    pub async fn open_session(
        &self,
        grant: &Grant,
        path: &str,
        request: session::Request,
    ) -> Result<(session::Response, bool)> {
        if !self.config().collaboration {
            return Err(ErrorBody::new(ErrorCode::Forbidden, SWITCHED_OFF));
        }
        let folder = self.shared().folder(&grant.slug)?;
        let path = Root::normalise(path).map_err(read_fault)?;
        let root = folder.root()?;
        // A link is another name of one document.
        let path = root.own_path(&path).await.map_err(read_fault)?;
        let file = root.metadata(&path).await.map_err(read_fault)?;
        if file.directory {
            let name = if path.is_empty() { &folder.name } else { &path };
            return Err(ErrorBody::new(ErrorCode::BadRequest, format!("{name} is a directory, not a document.")));
        }
        let (file_id, new) = folder.identify(self.shared(), file).await?;
        let session_id = folder.session().1;
        Ok((session::Response { format: request.format, ty: request.ty, file_id, session_id }, new))
    }

    /// Joins a room by its decoded name. Dropping the connection leaves.
    pub async fn join(
        &self,
        grant: &Grant,
        room: &str,
        session: &str,
        device: Device,
    ) -> std::result::Result<Connection, Closing> {
        let refuse = |code, reason: &str| Err(Closing::new(code, reason));
        let Ok(folder) = self.shared().folder(&grant.slug) else {
            return refuse(CloseCode::NotShared, "The folder is not here any more.");
        };
        let Some(id) = RoomId::parse(room).filter(|_| room.len() <= LONGEST_NAME) else {
            return refuse(CloseCode::BadContent, "This is no name of a room.");
        };
        let (number, path) = match &id {
            RoomId::Document { .. } if !self.config().collaboration => {
                return refuse(CloseCode::Forbidden, SWITCHED_OFF);
            }
            RoomId::Transient(name) => {
                folder.enter_fork(name, session).await?;
                (0, None)
            }
            RoomId::Document { file, .. } => {
                let known = SessionId(session.to_owned());
                let number = match self.shared().store.session_number(folder.id, &known).await {
                    Ok(Some(number)) => number,
                    Ok(None) => {
                        let reason = close::unknown_session_reason(session);
                        return Err(Closing { code: CloseCode::UnknownSession, reason });
                    }
                    Err(error) => return refuse(CloseCode::Fault, &error.to_string()),
                };
                let Some(path) = folder.ids.path(file) else {
                    return refuse(CloseCode::FileGone, "This file is not here.");
                };
                (number, Some(path))
            }
        };
        self.enter(&folder, id, grant, (number, session), path, device)
    }

    /// Enters a room; nothing is awaited from here on.
    fn enter(
        &self,
        folder: &Arc<Folder>,
        id: RoomId,
        grant: &Grant,
        session: (u64, &str),
        path: Option<String>,
        device: Device,
    ) -> std::result::Result<Connection, Closing> {
        let shared = self.shared();
        let client = shared.clients.next_id();
        let exit = Arc::new(Exit::default());
        let (outbox, inbox) = outbox(&shared.clients.waiting);
        let line = {
            let (exit, folder, id) = (exit.clone(), folder.clone(), id.clone());
            Line(Arc::new(move |client, push| {
                let told = match push {
                    Push::Close(closing) => {
                        exit.at_once(closing);
                        Told::Leave { client }
                    }
                    Push::Role(role) => Told::Role { client, role },
                };
                if let Some(room) = folder.rooms.get(&id) {
                    room.tell(told);
                }
            }))
        };
        let remote = device.is_remote();
        let reached = remote.then(|| device.clone());
        let since = shared.clock.unix_ms();
        let entry = Entry::new(
            shared,
            client,
            Client { grant: grant.clone(), device, room: id.to_string(), path, since, line },
        );
        // Asked after the client is in the table: whoever changes something from now on finds it there. Held until the room was
        // told, so that what is changed then comes after it.
        let access = folder.access.lock();
        let role = if grant.owner { Some(grant.role) } else { access.role_of(&grant.user.username) };
        let Some(role) = role else {
            return Err(Closing::new(CloseCode::Forbidden, "You have no access any more."));
        };
        if remote && access.bound.is_none() {
            return Err(Closing::new(CloseCode::NotShared, "This folder is not shared at the moment."));
        }
        shared.clients.set_role_of(client, role);
        let member = Member { user: grant.user.clone(), role };
        let (session, session_id) = (session.0, session.1.to_owned());
        let join = Joining { client, member, session, session_id, outbox, exit: exit.clone(), entry };
        let entered = folder.rooms.enter(&id, join, |told, status| {
            let task = actor::run(shared.clone(), folder.clone(), id.clone(), status, told);
            folder.tasks.spawn(task);
        });
        drop(access);
        let room = entered.map_err(|refused| match refused {
            Refused::Closed => Closing::new(CloseCode::Quitting, "The folder is being closed."),
            Refused::TooMany => Closing::new(CloseCode::BadContent, "Too many rooms are open here."),
        })?;
        if let Some(device) = reached {
            self.reached(&folder.slug, &device);
        }
        Ok(Connection { client, room, inbox, exit, shared: Arc::downgrade(shared), ended: false })
    }

    /// A document as its file would hold it.
    pub(crate) async fn render(
        &self,
        folder: &Folder,
        path: &str,
        kind: &DocumentKind,
        state: ydoc::State,
    ) -> Result<Vec<u8>> {
        let disk = match folder.root() {
            Ok(root) => root.read(path, self.shared().config.max_file).await.ok(),
            Err(_) => None,
        };
        let model = kind.model();
        let rendering = tokio::task::spawn_blocking(move || {
            let document = ydoc::Document::from_state(model, random::author(), &state)?;
            Ok(document.to_bytes(disk.as_ref().map_or(&[], |disk| &disk.bytes)))
        });
        let failed = |why: String| ErrorBody::new(ErrorCode::Fault, format!("{path} cannot be rendered: {why}"));
        let rendered = rendering.await.map_err(|error| failed(error.to_string()))?;
        rendered.map_err(|error: ydoc::UpdateError| failed(error.to_string()))
    }
}
