//! The rim around a room: what carries out its effects, late, in parts, or not at all. Nothing here but the room is real.

use protocol::{ClientId, Digest, DocumentKind, FileId, Model, RoomId};
use rooms::{Authors, Backing, DiskRead, DocumentRoom, Effect, Input, Job, Now, Opened, Policy, WriteOutcome};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use ydoc::State;

use super::rng::Rng;
use super::store::Batch;
use super::view::View;
use super::world::World;

/// A room and what it waits for.
pub(crate) struct Host {
    pub(crate) room: DocumentRoom,
    pub(crate) open_wanted: bool,
    pub(crate) jobs: Vec<Job>,
    pub(crate) write: Option<Write>,
    pub(crate) read_wanted: bool,
    /// What the watcher read and has not told yet.
    pub(crate) seen: Option<DiskRead>,
    /// What it had read before that; only a faulty one tells it, and then later.
    pub(crate) old: Option<DiskRead>,
    /// What the store answered and the room was not told yet.
    pub(crate) answers: VecDeque<Input>,
    pub(crate) closing: bool,
    opened: bool,
    /// A state of the room, and what it says.
    said: RefCell<Option<(State, Rc<View>)>>,
}

/// A save under way.
pub(crate) struct Write {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) expect: Option<Digest>,
    pub(crate) outcome: Option<WriteOutcome>,
}

impl Host {
    fn new(rng: &mut Rng, model: Model) -> Self {
        let kind = if model == Model::Text { DocumentKind::text() } else { DocumentKind::notebook() };
        let policy = Policy {
            save_delay: Some(Duration::from_secs(1)),
            save_at_most: Duration::from_secs(5),
            cleanup_delay: Some(Duration::from_secs(if rng.chance(50) { 2 } else { 60 })),
            keep_alive: Duration::from_secs(15),
            retry_delay: Duration::from_secs(10),
            most_edits: 512 << 20,
        };
        let document = 0x1000_0000 + rng.below(0x1000_0000) as u64;
        let authors = Authors { document, disk: document + 1, views: document + 2 };
        Self {
            room: DocumentRoom::new(RoomId::document(kind, FileId("file".to_owned())), policy, authors),
            open_wanted: false,
            jobs: Vec::new(),
            write: None,
            read_wanted: false,
            seen: None,
            old: None,
            answers: VecDeque::new(),
            closing: false,
            opened: false,
            said: RefCell::new(None),
        }
    }

    /// What the room has, and whether that was never asked before; `None` while it is not open.
    pub(crate) fn view(&self, model: Model) -> Result<Option<(Rc<View>, bool)>, String> {
        let Some(state) = self.room.state() else { return Ok(None) };
        let mut said = self.said.borrow_mut();
        if let Some((_, view)) = said.as_ref().filter(|(of, _)| *of == state) {
            return Ok(Some((Rc::clone(view), false)));
        }
        let (_, view) = said.insert((state.clone(), Rc::new(View::of_state(model, &state)?)));
        Ok(Some((Rc::clone(view), true)))
    }
}

impl World {
    /// Virtual time.
    pub(crate) fn now(&self) -> Now {
        Now { elapsed: Duration::from_millis(self.millis), unix_ms: 1_700_000_000_000 + self.millis }
    }

    /// A client's socket is there; starts a room if there is none.
    pub(crate) fn join(&mut self, client: usize) -> Result<(), String> {
        if self.host.is_none() {
            self.host = Some(Host::new(&mut self.rng, self.model));
        }
        self.connections += 1;
        let id = ClientId(self.connections);
        self.clients[client].connect(id);
        let name = self.clients[client].author.to_string();
        let user = protocol::User::new(name.clone(), name, None);
        self.tell(Input::Join { client: id, member: rooms::Member { user, role: self.clients[client].role } })
    }

    /// A client's socket ended.
    pub(crate) fn part(&mut self, client: usize) -> Result<(), String> {
        match self.clients[client].cut() {
            Some(client) => self.tell(Input::Leave { client }),
            None => Ok(()),
        }
    }

    /// Tells the room something and takes care of what it wants.
    pub(crate) fn tell(&mut self, input: Input) -> Result<(), String> {
        let now = self.now();
        let Some(host) = &mut self.host else { return Ok(()) };
        let mut effects = Vec::new();
        host.room.handle(now, input, &mut effects);
        host.opened |= host.room.is_open();
        self.room_changed = true;
        let mut batch = Batch::default();
        let mut gone = Vec::new();
        for effect in effects {
            let Some(host) = &mut self.host else { return Err("the room wants something after it was done".into()) };
            match effect {
                Effect::Send { to, frame } => self.send(|id| id == to, frame),
                Effect::Broadcast { except, frame } => self.send(|id| Some(id) != except, frame),
                Effect::Disconnect { client, .. } => gone.push(client),
                Effect::Open => host.open_wanted = true,
                Effect::Append { seq, update } => batch.append.push((seq, update)),
                Effect::SetBase(base) => batch.base = Some(base),
                Effect::Intend(intent) => batch.intent = Some(intent),
                // What is kept beside the log makes no difference to the document; nobody here puts a version back.
                Effect::Keep(_) | Effect::Remember(_) | Effect::Restored { .. } => {}
                Effect::Run(job) => host.jobs.push(job),
                Effect::Read => host.read_wanted = true,
                Effect::Write { bytes, expect, .. } => {
                    if host.write.is_some() {
                        return Err("the room writes while it writes".into());
                    }
                    host.seen = None;
                    host.write = Some(Write { bytes, expect, outcome: None });
                }
                Effect::Save | Effect::Took { .. } | Effect::Answer { .. } => return Err("there is no view".into()),
                Effect::Views => {}
                Effect::Emit(event) => self.trace.push(format!("      event {:?}: {}", event.action, event.line)),
                Effect::Done => {
                    if !batch.append.is_empty() || self.store.pending.iter().any(|batch| !batch.append.is_empty()) {
                        return Err("the room is done but holds what is not stored".into());
                    }
                    let opened = host.opened;
                    self.host = None;
                    self.store.rest();
                    if !opened {
                        self.lose_unconfirmed();
                    }
                }
            }
        }
        let early = self.store.take(batch);
        if let Some(host) = &mut self.host {
            host.answers.extend(early);
        }
        for id in gone {
            if let Some(at) = self.clients.iter().position(|c| c.connection.as_ref().is_some_and(|c| c.id == id)) {
                self.part(at)?;
            }
        }
        if self.host.is_none() {
            self.clients.iter_mut().for_each(|client| {
                client.cut();
            });
        }
        Ok(())
    }

    fn send(&mut self, to: impl Fn(ClientId) -> bool, frame: bytes::Bytes) {
        for connection in self.clients.iter_mut().filter_map(|client| client.connection.as_mut()) {
            if to(connection.id) {
                connection.down.push_back(frame.clone());
            }
        }
    }

    /// Loads what the room asked for.
    pub(crate) fn open(&mut self) -> Result<(), String> {
        let answers = self.store.commit();
        if self.rng.chance(30) {
            self.store.compact(protocol::Seq::MAX)?;
        }
        let Some(host) = &mut self.host else { return Ok(()) };
        (host.open_wanted, host.seen) = (false, None);
        host.answers.extend(answers);
        let opened = Opened {
            log: self.store.log.clone(),
            base: self.store.base.clone(),
            merges: Arc::default(),
            intent: self.store.intent,
            disk: self.disk.read(),
            path: "a/file".to_owned(),
            backing: Backing::File,
            taken: None,
        };
        if self.store.intent.is_some_and(|intent| Some(intent.digest) != self.disk.digest()) {
            self.ledger.doubt_deletions();
        }
        self.tell(Input::Opened(opened))
    }

    /// Does the long work of the room.
    pub(crate) fn run_job(&mut self) -> Result<(), String> {
        let Some(host) = &mut self.host else { return Ok(()) };
        let at = self.rng.below(host.jobs.len());
        let outcome = host.jobs.swap_remove(at).run();
        self.tell(Input::Finished(outcome))
    }

    /// The save happens, or fails.
    pub(crate) fn write(&mut self, fails: bool) -> Result<(), String> {
        let Some(write) = self.host.as_mut().and_then(|host| host.write.as_mut()) else { return Ok(()) };
        if fails {
            self.failed_write = true;
            write.outcome = Some(WriteOutcome::Failed("no space left on device".to_owned()));
            return Ok(());
        }
        let outcome = self.disk.write_if(&write.bytes, write.expect, self.fault);
        if matches!(outcome, WriteOutcome::Done(_)) {
            self.failed_write = false;
            self.file_changed = true;
            if self.torn.is_some() {
                return Err("the host wrote over a file that somebody else was writing".into());
            }
            if self.aside.is_some() {
                return Err("the host brought a file back that somebody had taken away".into());
            }
        }
        write.outcome = Some(outcome);
        Ok(())
    }

    /// The room learns how the save ended.
    pub(crate) fn wrote(&mut self) -> Result<(), String> {
        let write = self.host.as_mut().and_then(|host| host.write.take());
        match write.and_then(|write| write.outcome) {
            Some(outcome) => self.tell(Input::Wrote(outcome)),
            None => Ok(()),
        }
    }

    /// The store commits, and the room will hear of it. Its log is kept as short as it may be.
    pub(crate) fn commit(&mut self) -> Result<(), String> {
        let answers = self.store.commit();
        let Some(host) = &mut self.host else { return Ok(()) };
        host.answers.extend(answers);
        self.store.shorten(host.room.steady())
    }

    /// The room is told what the disk holds now.
    pub(crate) fn poll(&mut self) -> Result<(), String> {
        if let Some(host) = &mut self.host {
            host.read_wanted = false;
            host.seen = None;
        }
        self.tell(Input::Disk(self.disk.read()))
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, millis: u64) -> Result<(), String> {
        self.millis += millis;
        let due = self.host.as_ref().and_then(|host| host.room.deadline());
        if due.is_some_and(|due| due <= self.now().elapsed) { self.tell(Input::Tick) } else { Ok(()) }
    }
}
