//! Forks: copies of open documents that people work on beside them. Each is a room without a file; here is the table of them, and
//! what is asked of them.
//!
//! They live in memory: until they are deleted or merged, their folder goes or the host stops. What may be lost with them is said
//! where they are made; the document they came from is never touched before somebody merges. Not here: what the rooms do
//! (`growing` has the room's side), and earlier versions (`timeline`).

mod growing;
mod timeline;

pub(crate) use growing::{Foreign, sprout};
pub use timeline::{Turn, Turned};

use crate::access::Grant;
use crate::connection::Closing;
use crate::folder::Folder;
use crate::registry::{Handle, Told};
use crate::{Host, Result, random};
use protocol::event::Person;
use protocol::fork::{Created, ForkInfo, Request};
use protocol::{Action, CloseCode, ErrorBody, ErrorCode, Event, EventKind, Level, RoomId, User};
use rooms::Seed;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use timeline::Timeline;
use tokio::sync::oneshot;
use ydoc::State;

/// Copies that one folder may have at a time, those that show earlier versions included.
const MOST: usize = 32;
/// Of one document.
const MOST_OF_DOCUMENT: usize = 16;
/// Of one person.
const MOST_OF_PERSON: usize = 8;
/// Bytes of the documents that were copied, all together.
const MOST_BYTES: usize = 256 << 20;
/// Bytes of a title and a description.
const LONGEST: usize = 4 << 10;

/// The forks of one folder, by the names of their rooms.
#[derive(Default)]
pub(crate) struct Forks(Mutex<BTreeMap<String, Fork>>);

/// One of them.
#[derive(Clone)]
pub(crate) struct Fork {
    /// The room that it is a copy of.
    root: RoomId,
    /// Username of whoever made it.
    by: String,
    /// Who sees it.
    kind: Kind,
    /// The folder's newest session when it was copied; `None`: it was not copied yet.
    session: Option<u64>,
    /// Bytes that were copied.
    size: usize,
    /// The copy, until its room takes it.
    seed: Option<Seed>,
    /// Rises with each that is made.
    number: u64,
}

#[derive(Clone)]
enum Kind {
    /// Somebody's own: it stays until it is deleted.
    Own(ForkInfo),
    /// Shows earlier versions: it goes with whoever looks. Moved by one at a time.
    Timeline(Arc<tokio::sync::Mutex<Timeline>>),
}

impl Forks {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Fork>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a fork a name.
    fn add(&self, root: RoomId, by: &User, kind: Kind) -> String {
        let name = random::username();
        let mut forks = self.lock();
        let number = forks.values().map(|fork| fork.number).max().map_or(0, |last| last + 1);
        let by = by.username.clone();
        forks.insert(name.clone(), Fork { root, by, kind, session: None, size: 0, seed: None, number });
        name
    }

    fn get(&self, name: &str) -> Option<Fork> {
        self.lock().get(name).cloned()
    }

    /// It is over. `false`: it was already.
    pub(crate) fn forget(&self, name: &str) -> bool {
        self.lock().remove(name).is_some()
    }

    /// A copy for a fork. An error is a sentence: it is over, or there are too many.
    fn plant(&self, name: &str, seed: Seed, session: u64) -> std::result::Result<(), String> {
        let mut forks = self.lock();
        let Some(fork) = forks.get(name) else { return Err("This copy is not here any more.".to_owned()) };
        if fork.session.is_some() {
            return Ok(());
        }
        let size = seed.state.len();
        has_room(fork, size, forks.values().filter(|fork| fork.session.is_some()))?;
        if let Some(fork) = forks.get_mut(name) {
            (fork.seed, fork.session, fork.size) = (Some(seed), Some(session), size);
        }
        Ok(())
    }

    /// The copy that a room of this name begins with.
    pub(crate) fn take_seed(&self, name: &str) -> Option<Seed> {
        self.lock().get_mut(name)?.seed.take()
    }

    /// Whether it is somebody's own.
    fn is_own(&self, name: &str) -> bool {
        self.lock().get(name).is_some_and(|fork| matches!(fork.kind, Kind::Own(_)))
    }

    /// Those that get what is edited in this room.
    fn followers(&self, root: &RoomId) -> Vec<String> {
        let follows = |fork: &Fork| fork.root == *root && matches!(&fork.kind, Kind::Own(info) if info.synchronize);
        self.lock().iter().filter(|(_, fork)| follows(fork)).map(|(name, _)| name.clone()).collect()
    }
}

/// Whether there may be one more beside those that were made; an error is a sentence.
fn has_room<'a>(fork: &Fork, size: usize, made: impl Iterator<Item = &'a Fork>) -> std::result::Result<(), String> {
    let (mut all, mut of_document, mut of_person, mut bytes) = (0, 0, 0, size);
    for other in made {
        all += 1;
        of_document += usize::from(other.root == fork.root);
        of_person += usize::from(other.by == fork.by);
        bytes += other.size;
    }
    let full = if of_person >= MOST_OF_PERSON {
        format!("You have {MOST_OF_PERSON} copies here")
    } else if of_document >= MOST_OF_DOCUMENT {
        format!("This document has {MOST_OF_DOCUMENT} copies")
    } else if all >= MOST {
        format!("This folder has {MOST} copies")
    } else if bytes > MOST_BYTES {
        format!("All copies in this folder would be {} MB, and may be {} MB", bytes >> 20, MOST_BYTES >> 20)
    } else {
        return Ok(());
    };
    Err(format!("{full}; merge or delete one, or leave a timeline."))
}

impl Folder {
    /// Copies a fork's root, if that was not done, and starts its room. An error is an answer.
    async fn grow(&self, name: &str) -> Result<Handle> {
        let missing = |what: &str| ErrorBody::new(ErrorCode::NotFound, what);
        let fork = self.forks.get(name).ok_or_else(|| missing("Fork room not found"))?;
        let id = RoomId::Transient(name.to_owned());
        if fork.session.is_none() {
            let root = self.rooms.get(&fork.root).ok_or_else(|| missing("Root room not found"))?;
            let (answer, planted) = oneshot::channel();
            root.tell(Told::Fork { name: name.to_owned(), answer });
            match planted.await {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => return Err(ErrorBody::new(ErrorCode::Exists, reason)),
                Err(_) => return Err(missing("Root room not found")),
            }
        }
        self.rooms.get(&id).ok_or_else(|| missing("Fork room not found"))
    }
}

/// Forgets a fork unless it was finished: whoever asked for it may have gone in the middle.
struct Unfinished<'a> {
    folder: &'a Folder,
    name: &'a str,
    finished: Cell<bool>,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.finished.get() && self.folder.forks.forget(self.name) {
            self.folder.end_fork(self.name, "This copy was not finished.");
        }
    }
}

impl Folder {
    /// Before somebody enters a room without a file: a fork is there, and grown; one that is over is not taken for a new room.
    pub(crate) async fn enter_fork(&self, name: &str, session: &str) -> std::result::Result<(), Closing> {
        if self.forks.get(name).is_some() {
            let code = |error: &ErrorBody| match error.code {
                ErrorCode::Exists => CloseCode::BadContent,
                _ => CloseCode::FileGone,
            };
            return self.grow(name).await.map(drop).map_err(|error| Closing::new(code(&error), error.message));
        }
        if is_name(name) && !session.is_empty() {
            return Err(Closing::new(CloseCode::FileGone, "This copy is not here any more."));
        }
        Ok(())
    }

    /// Ends a fork's room and lets everybody in it go; what it said last comes back. `None`: it is not there.
    fn end_fork(&self, name: &str, reason: &str) -> Option<oneshot::Receiver<State>> {
        let (last, said) = oneshot::channel();
        let room = self.rooms.get(&RoomId::Transient(name.to_owned()))?;
        room.tell(Told::Discard { reason: reason.to_owned(), last }).then_some(said)
    }
}

impl Host {
    /// The forks of a document's room, by name.
    pub fn forks(&self, grant: &Grant, root: &str) -> Result<BTreeMap<String, ForkInfo>> {
        let folder = self.shared().folder(&grant.slug)?;
        let own = |(name, fork): (&String, &Fork)| match &fork.kind {
            Kind::Own(info) if info.root_roomid == root && fork.session.is_some() => Some((name.clone(), info.clone())),
            _ => None,
        };
        Ok(folder.forks.lock().iter().filter_map(own).collect())
    }

    /// Copies an open document into a room of its own.
    pub async fn create_fork(&self, grant: &Grant, root: &str, request: Request) -> Result<Created> {
        may_edit(grant, "make a copy of it to work on")?;
        let folder = self.shared().folder(&grant.slug)?;
        let id = RoomId::parse(root).filter(|id| matches!(id, RoomId::Document { .. }));
        let id = id.ok_or_else(|| ErrorBody::new(ErrorCode::NotFound, "Root room not found"))?;
        let Request { synchronize, title, description } = request;
        if title.len() + description.len() > LONGEST {
            return Err(ErrorBody::new(ErrorCode::BadRequest, "Title and description are longer than 4 KB."));
        }
        let info = ForkInfo { root_roomid: root.to_owned(), synchronize, title, description };
        let name = folder.forks.add(id, &grant.user, Kind::Own(info.clone()));
        let unfinished = Unfinished { folder: &folder, name: &name, finished: Cell::new(false) };
        folder.grow(&name).await?;
        unfinished.finished.set(true);
        drop(unfinished);
        self.tell_of_fork(&folder, grant, &name, &info, Action::Create, "made a copy of");
        Ok(Created { session_id: folder.session().1, fork_roomid: name, fork_info: info })
    }

    /// Ends a fork, and before that merges what it has into its root, as edits of whoever asks, if so wanted.
    pub async fn delete_fork(&self, grant: &Grant, name: &str, merge: bool) -> Result<()> {
        may_edit(grant, "merge or delete a copy of it")?;
        let folder = self.shared().folder(&grant.slug)?;
        let missing = || ErrorBody::new(ErrorCode::NotFound, "Fork room not found");
        let fork = folder.forks.get(name).ok_or_else(missing)?;
        let (Kind::Own(info), Some(session)) = (&fork.kind, fork.session) else { return Err(missing()) };
        let mut merged = None;
        if merge {
            let (answer, state) = oneshot::channel();
            folder.rooms.get(&RoomId::Transient(name.to_owned())).ok_or_else(missing)?.tell(Told::State(answer));
            let state = state.await.ok().flatten().ok_or_else(missing)?;
            self.merge(&folder, &fork.root, &grant.user, session, &state).await?;
            merged = Some(state);
        }
        if !folder.forks.forget(name) {
            return Err(missing());
        }
        let reason = if merge { "This copy was merged." } else { "This copy was deleted." };
        let last = match folder.end_fork(name, reason) {
            Some(said) => said.await.ok(),
            None => None,
        };
        // What was typed there since.
        if let (Some(merged), Some(last)) = (merged, last)
            && merged != last
        {
            self.merge(&folder, &fork.root, &grant.user, session, &last).await?;
        }
        let did = if merge { "merged a copy of" } else { "deleted a copy of" };
        self.tell_of_fork(&folder, grant, name, info, Action::Delete, did);
        Ok(())
    }

    /// Merges a state into a document, which need not be open.
    async fn merge(&self, folder: &Arc<Folder>, root: &RoomId, by: &User, session: u64, state: &State) -> Result<()> {
        let asked = folder.ask_room(self.shared(), root, |answer| {
            let (by, update) = (Some(by.clone()), state.clone());
            Told::Merge { by, update, session, answer: Some(answer) }
        });
        match asked.await {
            Some(Ok(())) => Ok(()),
            Some(Err(reason)) => {
                let message = format!("This copy cannot be merged. {reason}");
                Err(ErrorBody::new(ErrorCode::BadRequest, message))
            }
            None => {
                let message = format!("{root} cannot be opened, so the copy was not merged.");
                Err(ErrorBody::new(ErrorCode::Fault, message))
            }
        }
    }

    fn tell_of_fork(&self, folder: &Folder, grant: &Grant, name: &str, info: &ForkInfo, action: Action, did: &str) {
        let path = match RoomId::parse(&info.root_roomid) {
            Some(RoomId::Document { file, .. }) => folder.ids.path(&file),
            _ => None,
        };
        let file = path.as_deref().map_or(&*info.root_roomid, |path| path.rsplit('/').next().unwrap_or(path));
        let title = if info.title.is_empty() { String::new() } else { format!(": {}", info.title) };
        let event = Event {
            level: Level::Info,
            kind: EventKind::Fork,
            action,
            room: Some(name.to_owned()),
            line: format!("{did} {file}{title}"),
            path,
            person: Some(Person::from(&grant.user)),
            // Plain data with text keys: it cannot fail.
            msg: serde_json::to_string(info).unwrap_or_default(),
        };
        self.shared().bus.emit(&folder.slug, event);
        self.shared().changes.tick();
    }
}

fn may_edit(grant: &Grant, what: &str) -> Result<()> {
    if grant.role.may_edit() {
        return Ok(());
    }
    Err(ErrorBody::new(ErrorCode::Forbidden, format!("You may view this document, not {what}.")))
}

/// Whether a room without a file is named as forks are.
fn is_name(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}
