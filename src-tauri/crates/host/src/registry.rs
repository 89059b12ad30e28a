//! The rooms of one folder: name → task. Looking up, starting and entering a room is one step under one lock, and so is a
//! room's end; nothing is awaited meanwhile.

use crate::clients::Client;
use crate::connection::Exit;
use crate::outbox::Outbox;
use crate::shared::Shared;
use bytes::Bytes;
use protocol::event::Person;
use protocol::{ClientId, FileId, Role, RoomId, User};
use rooms::{Answer, Ask, Member};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Frames that may wait in a room's queue, if they are short; then its clients' readers wait.
const FRAMES: usize = 256;
/// Bytes of a frame that count as one more: 64 MiB may wait, or one frame of any length.
const LONG: usize = 256 << 10;
/// Documents that one folder may have open; one that nobody is in closes by itself.
const DOCUMENTS: usize = 1024;
/// Rooms without a file that one folder may have.
const TRANSIENT: usize = 256;

/// What a room's task is told from outside.
pub(crate) enum Told {
    Join(Joining),
    /// The slot is given back when the frame was handled.
    Frame {
        client: ClientId,
        bytes: Bytes,
        _slot: OwnedSemaphorePermit,
    },
    Leave {
        client: ClientId,
    },
    /// A client may do something else from now on.
    Role {
        client: ClientId,
        role: Role,
    },
    /// The file may have changed.
    Look,
    Moved {
        path: String,
        by: Option<Person>,
    },
    /// A view asks its primary, this room. Without an answer the room ended meanwhile.
    View {
        view: String,
        here: bool,
        ask: Ask,
        answer: oneshot::Sender<Answer>,
    },
    /// Nobody is in this view any more.
    ViewLeft {
        view: String,
    },
    Close {
        reason: String,
    },
    /// An earlier version is to be put back; the error is a sentence. Without an answer the room closed meanwhile.
    Restore {
        by: User,
        bytes: Arc<[u8]>,
        answer: oneshot::Sender<Result<(), String>>,
    },
    /// The document is to be copied for the fork of this name; the error is a sentence. Without an answer it is not open.
    Fork {
        name: String,
        answer: oneshot::Sender<Result<(), String>>,
    },
    /// What another room has becomes an edit here; the error is a sentence. `session`: the newest when it was copied from here.
    Merge {
        by: Option<User>,
        update: ydoc::Update,
        session: u64,
        answer: Option<oneshot::Sender<Result<(), String>>>,
    },
    /// This fork is over; what it said last is the answer.
    Discard {
        reason: String,
        last: oneshot::Sender<ydoc::State>,
    },
    /// The history grew old: its log is to be shortened. `done` is dropped after it, at once if that is not the time.
    Shorten {
        done: oneshot::Sender<()>,
    },
    /// The whole document, if it is open.
    State(oneshot::Sender<Option<ydoc::State>>),
    /// The room panics at the next thing it is told.
    #[cfg(test)]
    Break,
}

/// A client that comes in.
pub(crate) struct Joining {
    pub(crate) client: ClientId,
    pub(crate) member: Member,
    /// Number of the session it shows.
    pub(crate) session: u64,
    /// The id of that session, for the answer if it is too old.
    pub(crate) session_id: String,
    pub(crate) outbox: Outbox,
    pub(crate) exit: Arc<Exit>,
    pub(crate) entry: Entry,
}

/// A client's entry in the table of all clients; dropping it removes the entry, however the room ends.
pub(crate) struct Entry {
    shared: Arc<Shared>,
    client: ClientId,
}

impl Entry {
    pub(crate) fn new(shared: &Arc<Shared>, id: ClientId, client: Client) -> Self {
        shared.clients.insert(id, client);
        shared.changes.tick();
        Self { shared: shared.clone(), client: id }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.shared.clients.remove(self.client) {
            self.shared.changes.tick();
        }
    }
}

/// What the panel and the watcher want to know of a room without asking it.
#[derive(Debug, Default)]
pub(crate) struct Status {
    pub(crate) open: AtomicBool,
    pub(crate) dirty: AtomicBool,
    /// It reads and writes the file itself.
    pub(crate) direct: AtomicBool,
}

/// The way to a room's task. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Handle {
    queue: mpsc::UnboundedSender<Told>,
    slots: Arc<Semaphore>,
    pub(crate) status: Arc<Status>,
}

impl Handle {
    fn new() -> (Self, mpsc::UnboundedReceiver<Told>) {
        // Unbounded, because leaving must not wait; what is large, the frames, needs a slot first.
        let (queue, told) = mpsc::unbounded_channel();
        (Self { queue, slots: Arc::new(Semaphore::new(FRAMES)), status: Arc::default() }, told)
    }

    /// Tells the room something; `false`: it is gone.
    pub(crate) fn tell(&self, told: Told) -> bool {
        self.queue.send(told).is_ok()
    }

    /// Hands over a frame, waiting for a slot; `false`: the room is gone.
    pub(crate) async fn frame(&self, client: ClientId, bytes: Bytes) -> bool {
        let slots = (1 + bytes.len() / LONG).min(FRAMES) as u32;
        match self.slots.clone().acquire_many_owned(slots).await {
            Ok(slot) => self.tell(Told::Frame { client, bytes, _slot: slot }),
            Err(_) => false,
        }
    }
}

/// Why nobody can enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The folder is being closed.
    Closed,
    /// Too many rooms without a file, or too many documents.
    TooMany,
}

/// The rooms of one folder.
#[derive(Default)]
pub(crate) struct Rooms {
    inside: Mutex<Inside>,
    /// A room ended.
    ended: Notify,
}

#[derive(Default)]
struct Inside {
    rooms: HashMap<RoomId, Handle>,
    closed: bool,
}

impl Inside {
    /// The way to a room, which `start` starts if it is not there: its handle is in the table before it loads anything, so that
    /// two first clients meet in one room.
    fn reach(
        &mut self,
        id: &RoomId,
        start: impl FnOnce(mpsc::UnboundedReceiver<Told>, Arc<Status>),
    ) -> Result<Handle, Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        if let Some(handle) = self.rooms.get(id).filter(|handle| !handle.queue.is_closed()) {
            return Ok(handle.clone());
        }
        let transient = |id: &RoomId| matches!(id, RoomId::Transient(_));
        let most = if transient(id) { TRANSIENT } else { DOCUMENTS };
        let running = self.rooms.iter().filter(|(_, handle)| !handle.queue.is_closed());
        if running.filter(|(other, _)| transient(other) == transient(id)).count() >= most {
            return Err(Refused::TooMany);
        }
        let (handle, told) = Handle::new();
        self.rooms.insert(id.clone(), handle.clone());
        start(told, handle.status.clone());
        Ok(handle)
    }
}

impl Rooms {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a room, which `start` starts if it is not there.
    pub(crate) fn enter(
        &self,
        id: &RoomId,
        join: Joining,
        start: impl FnOnce(mpsc::UnboundedReceiver<Told>, Arc<Status>),
    ) -> Result<Handle, Refused> {
        let mut inside = self.lock();
        let handle = inside.reach(id, start)?;
        handle.tell(Told::Join(join));
        Ok(handle)
    }

    /// Tells something to a room, which `start` starts if it is not there.
    pub(crate) fn tell(
        &self,
        id: &RoomId,
        told: Told,
        start: impl FnOnce(mpsc::UnboundedReceiver<Told>, Arc<Status>),
    ) -> Result<(), Refused> {
        self.lock().reach(id, start)?.tell(told);
        Ok(())
    }

    /// Starts a room, unless it is there.
    pub(crate) fn start(
        &self,
        id: &RoomId,
        start: impl FnOnce(mpsc::UnboundedReceiver<Told>, Arc<Status>),
    ) -> Result<(), Refused> {
        self.lock().reach(id, start).map(drop)
    }

    /// As [`Rooms::tell`], and a room that is there still answers while the folder is being closed.
    pub(crate) fn ask(
        &self,
        id: &RoomId,
        told: Told,
        start: impl FnOnce(mpsc::UnboundedReceiver<Told>, Arc<Status>),
    ) -> Result<(), Refused> {
        let mut inside = self.lock();
        let there = inside.rooms.get(id).filter(|handle| !handle.queue.is_closed()).cloned();
        there.map_or_else(|| inside.reach(id, start), Ok)?.tell(told);
        Ok(())
    }

    /// A room is finished: it leaves the table, unless somebody came in meanwhile, who is answered.
    pub(crate) fn finish(&self, id: &RoomId, told: &mut mpsc::UnboundedReceiver<Told>) -> Option<Joining> {
        let mut inside = self.lock();
        while let Ok(told) = told.try_recv() {
            if let Told::Join(join) = told
                && !inside.closed
            {
                return Some(join);
            }
        }
        inside.rooms.remove(id);
        told.close();
        self.ended.notify_waiters();
        None
    }

    /// Lets nobody in any more and closes these rooms.
    pub(crate) fn close(&self, reason: &str, which: impl Fn(&RoomId) -> bool) {
        let mut inside = self.lock();
        inside.closed = true;
        for (_, room) in inside.rooms.iter().filter(|(id, _)| which(id)) {
            room.tell(Told::Close { reason: reason.to_owned() });
        }
    }

    /// Waits until none of these rooms is there.
    pub(crate) async fn ended(&self, which: impl Fn(&RoomId) -> bool) {
        loop {
            let ended = self.ended.notified();
            if !self.lock().rooms.keys().any(&which) {
                return;
            }
            ended.await;
        }
    }

    /// A room that is there now.
    pub(crate) fn get(&self, id: &RoomId) -> Option<Handle> {
        self.lock().rooms.get(id).cloned()
    }

    /// Rooms of one file, but for one.
    pub(crate) fn of_file(&self, file: &FileId, except: Option<&RoomId>) -> Vec<Handle> {
        let inside = self.lock();
        let of_file = |id: &RoomId| matches!(id, RoomId::Document { file: f, .. } if f == file) && Some(id) != except;
        inside.rooms.iter().filter(|(id, _)| of_file(id)).map(|(_, room)| room.clone()).collect()
    }

    /// Files with a room, each once; whether one of its rooms serves, and whether one has unsaved edits.
    pub(crate) fn files(&self) -> Vec<(FileId, bool, bool)> {
        let mut files: HashMap<FileId, (bool, bool)> = HashMap::new();
        for (id, room) in &self.lock().rooms {
            if let RoomId::Document { file, .. } = id {
                let entry = files.entry(file.clone()).or_default();
                entry.0 |= room.status.open.load(Ordering::Relaxed);
                entry.1 |= room.status.dirty.load(Ordering::Relaxed);
            }
        }
        files.into_iter().map(|(file, (open, dirty))| (file, open, dirty)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::DocumentKind;

    #[tokio::test]
    async fn safe_17_what_waits_for_a_room_is_counted_in_frames_and_in_bytes() {
        let frame = |length: usize| Bytes::from(vec![0; length]);
        let now = async |handle: &Handle, length: usize| {
            tokio::select! {
                biased;
                sent = handle.frame(ClientId(1), frame(length)) => sent,
                () = std::future::ready(()) => false,
            }
        };
        let (handle, mut told) = Handle::new();
        for _ in 0..FRAMES {
            assert!(now(&handle, 1).await);
        }
        assert!(!now(&handle, 1).await, "more frames than may wait");
        drop(told.recv().await);
        assert!(now(&handle, 1).await);

        let (handle, mut told) = Handle::new();
        assert!(now(&handle, LONG * FRAMES / 2).await);
        assert!(!now(&handle, LONG * FRAMES / 2).await, "more bytes than may wait");
        drop(told.recv().await);
        assert!(now(&handle, 2 * LONG * FRAMES).await, "one of any length goes, alone");
        assert!(!now(&handle, 1).await);
    }

    #[test]
    fn safe_18_a_folder_has_so_many_documents_open_and_no_more() {
        let (rooms, running) = (Rooms::default(), std::cell::RefCell::new(Vec::new()));
        let start = |id: &RoomId| rooms.start(id, |told, _| running.borrow_mut().push(told));
        let document = |number: usize| RoomId::document(DocumentKind::text(), FileId(number.to_string()));
        for number in 0..DOCUMENTS {
            assert_eq!(start(&document(number)), Ok(()));
        }
        assert_eq!(start(&document(DOCUMENTS)), Err(Refused::TooMany));
        assert_eq!(start(&document(0)), Ok(()), "one that is open");
        assert_eq!(start(&RoomId::Transient("board".to_owned())), Ok(()));
        drop(running.borrow_mut().remove(7));
        assert!(start(&document(7)).is_ok(), "one whose task ended makes room for itself");
    }
}
