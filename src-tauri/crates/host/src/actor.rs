//! The task of one room: a loop that tells the room what happened and carries out what it answers. Nothing else touches the
//! room. Long work leaves as a child task and comes back as an input.

use crate::carry::{Ended, Seat};
use crate::ending::{End, LAST_TRIES};
use crate::folder::Folder;
use crate::forks::{Foreign, sprout};
use crate::log::Log;
use crate::machine::Machine;
use crate::opening;
use crate::registry::{Joining, Status, Told};
use crate::shared::Shared;
use protocol::{ClientId, Event, FileId, RoomId};
use rooms::{Answer, Backing, Effect, Input};
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

/// One life of a room: from its first client until it is done or broken.
pub(crate) struct Actor {
    pub(crate) shared: Arc<Shared>,
    pub(crate) folder: Arc<Folder>,
    pub(crate) id: RoomId,
    /// The file behind it.
    pub(crate) file: Option<FileId>,
    pub(crate) machine: Machine,
    pub(crate) status: Arc<Status>,
    pub(crate) seats: HashMap<ClientId, Seat>,
    pub(crate) inputs: VecDeque<Input>,
    pub(crate) log: Log,
    /// Number of the session in which the history began; `None` until the room is open.
    pub(crate) since: Option<u64>,
    pub(crate) disk: DiskWork,
    /// What the room works with.
    pub(crate) backing: Backing,
    /// Somebody wants the room, as its primary knows it.
    pub(crate) wanted: bool,
    /// Views that wait for an answer, by ticket; and the last ticket.
    pub(crate) asking: HashMap<u64, oneshot::Sender<Answer>>,
    pub(crate) ticket: u64,
    pub(crate) jobs: JoinSet<Ended>,
    pub(crate) done: bool,
    /// Those who wait for a version to be put back, by number.
    pub(crate) restoring: HashMap<u64, oneshot::Sender<Result<(), String>>>,
    /// Forks that wait for a copy of the document, by name.
    pub(crate) forking: Vec<(String, oneshot::Sender<Result<(), String>>)>,
    /// What came of other rooms before it was known in which session the history began.
    pub(crate) foreign: Vec<Foreign>,
    /// It let a client go because of a fault.
    pub(crate) refused: bool,
    /// It served.
    pub(crate) opened: bool,
    pub(crate) fault: Option<String>,
    /// It is to close, and waits no longer than this for a store that fails.
    pub(crate) give_up: Option<Instant>,
    /// Why the store did not take the last group.
    pub(crate) unstored: Option<String>,
    #[cfg(test)]
    broken: bool,
}

/// What is going on between the room and its file.
#[derive(Debug, Default)]
pub(crate) struct DiskWork {
    pub(crate) reading: bool,
    pub(crate) writing: bool,
    /// Read again once nothing of the above is going on.
    pub(crate) look: bool,
    /// Writes that were begun: a read that overlapped one is made again.
    pub(crate) writes: u64,
}

/// Runs a room until nobody wants it any more.
pub(crate) async fn run(
    shared: Arc<Shared>,
    folder: Arc<Folder>,
    id: RoomId,
    status: Arc<Status>,
    mut told: UnboundedReceiver<Told>,
) {
    let mut first = None;
    loop {
        let fork = sprout(&shared, &folder, &id).await;
        let is_fork = fork.is_some();
        let machine = fork.unwrap_or_else(|| Machine::new(&id, shared.config.policy));
        let mut actor = Actor::new(&shared, &folder, &id, &status, machine);
        if is_fork {
            // It counts from now on that nobody is in it.
            actor.inputs.push_back(Input::Tick);
        }
        let end = actor.live(first.take(), &mut told).await;
        if end == End::Killed {
            actor.leave().await;
            return;
        }
        let is_fault = matches!(end, End::Fault(_));
        actor.bury(end).await;
        first = folder.rooms.finish(&id, &mut told);
        actor.part();
        if is_fault {
            // Views of it need another.
            actor.rouse();
        }
        if first.is_none() {
            break;
        }
    }
    if let RoomId::Transient(name) = &id {
        folder.forks.forget(name);
    }
    folder.focus.notify_one();
    shared.changes.tick();
}

impl Actor {
    fn new(shared: &Arc<Shared>, folder: &Arc<Folder>, id: &RoomId, status: &Arc<Status>, machine: Machine) -> Self {
        let file = match id {
            RoomId::Document { file, .. } => Some(file.clone()),
            RoomId::Transient(_) => None,
        };
        Self {
            shared: shared.clone(),
            folder: folder.clone(),
            id: id.clone(),
            file,
            machine,
            status: status.clone(),
            seats: HashMap::new(),
            inputs: VecDeque::new(),
            log: Log::default(),
            since: None,
            disk: DiskWork::default(),
            backing: Backing::File,
            wanted: true,
            asking: HashMap::new(),
            ticket: 0,
            jobs: JoinSet::new(),
            done: false,
            restoring: HashMap::new(),
            forking: Vec::new(),
            foreign: Vec::new(),
            refused: false,
            opened: false,
            fault: None,
            give_up: None,
            unstored: None,
            #[cfg(test)]
            broken: false,
        }
    }

    async fn live(&mut self, first: Option<Joining>, told: &mut UnboundedReceiver<Told>) -> End {
        let stop = self.folder.stop.clone();
        if let Some(join) = first {
            self.join(join);
        }
        loop {
            self.settle();
            if let Some(fault) = self.fault.take() {
                return End::Fault(fault);
            }
            if self.done {
                return End::Done;
            }
            let tick = self.machine.deadline().map(|deadline| self.shared.clock.at(deadline));
            let commit = self.log.due();
            tokio::select! {
                biased;
                () = stop.cancelled() => return End::Killed,
                Some(ended) = self.jobs.join_next() => self.ended(ended),
                () = at(commit) => self.commit(),
                () = at(tick) => self.inputs.push_back(Input::Tick),
                told = told.recv() => match told {
                    Some(told) => self.told(told),
                    // The table and every client have let go.
                    None => return End::Done,
                },
            }
        }
    }

    fn told(&mut self, told: Told) {
        match told {
            Told::Join(join) => self.join(join),
            Told::Frame { client, bytes, .. } => {
                if self.seats.contains_key(&client) {
                    self.inputs.push_back(Input::Frame { client, bytes });
                    // Handled while it holds its slot.
                    self.settle();
                }
            }
            Told::Leave { client } => {
                if self.seats.remove(&client).is_some() {
                    self.inputs.push_back(Input::Leave { client });
                }
            }
            Told::Role { client, role } => {
                if self.seats.contains_key(&client) {
                    self.inputs.push_back(Input::Role { client, role });
                }
            }
            // A view that nobody wants looks when somebody comes.
            Told::Look if !self.wanted && self.folder.primary_of(&self.id).is_some() => {}
            Told::Look => self.look(),
            Told::View { view, here, ask, answer } => self.view_asks(view, here, ask, answer),
            Told::ViewLeft { view } => self.inputs.push_back(Input::ViewLeft { view }),
            Told::Moved { path, by } => self.inputs.push_back(Input::Moved { path, by }),
            Told::Close { reason } => {
                self.give_up = Some(Instant::now() + LAST_TRIES);
                self.inputs.push_back(Input::Close { reason });
            }
            Told::Restore { by, bytes, answer } => {
                let request = self.expect_answer(answer);
                self.inputs.push_back(Input::Restore { request, by, bytes });
            }
            Told::Fork { name, answer } => self.fork(name, answer),
            Told::Merge { by, update, session, answer } => self.merge(Foreign { by, update, session, answer }),
            Told::Discard { reason, last } => self.discard(reason, last),
            Told::Shorten { done } => self.expired(done),
            Told::State(answer) => drop(answer.send(self.machine.state())),
            #[cfg(test)]
            Told::Break => self.broken = true,
        }
    }

    /// Somebody waits for [`Effect::Restored`]; the number of the request.
    pub(crate) fn expect_answer(&mut self, answer: oneshot::Sender<Result<(), String>>) -> u64 {
        let request = self.restoring.keys().max().map_or(0, |last| last + 1);
        self.restoring.insert(request, answer);
        request
    }

    fn join(&mut self, join: Joining) {
        let Joining { client, member, session, session_id, outbox, exit, entry } = join;
        let seat = Seat { session, session_id, outbox, exit, _entry: entry };
        if self.since.is_some_and(|since| session < since) {
            return seat.refuse();
        }
        self.seats.insert(client, seat);
        self.inputs.push_back(Input::Join { client, member });
    }

    /// Tells the room everything that waits, and carries out all that follows.
    fn settle(&mut self) {
        while let Some(input) = self.inputs.pop_front() {
            if self.fault.is_some() {
                return;
            }
            let now = self.shared.clock.now();
            let from_client = matches!(input, Input::Frame { .. });
            let mut effects = Vec::new();
            let handled = catch_unwind(AssertUnwindSafe(|| {
                #[cfg(test)]
                assert!(!self.broken, "broken on purpose");
                self.machine.handle(now, input, &mut effects);
            }));
            if let Err(panic) = handled {
                self.fault = Some(panic_text(&*panic));
                return;
            }
            if from_client && effects.iter().any(|effect| matches!(effect, Effect::Append { .. })) {
                self.folder.edits.note(now.elapsed);
            }
            // Nothing is committed in between: what one input led to is in one group.
            for effect in effects {
                self.carry_out(effect);
            }
            self.show();
            self.show_wanted();
        }
        if !self.forking.is_empty() {
            self.fork_if_settled();
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.machine.is_wanted()
    }

    /// Keeps the room's status as others see it.
    fn show(&mut self) {
        let (open, dirty) = self.machine.is_open_and_dirty();
        let opened = self.status.open.swap(open, Ordering::Relaxed) != open;
        let dirtied = self.status.dirty.swap(dirty, Ordering::Relaxed) != dirty;
        if opened {
            self.folder.focus.notify_one();
            // Views that had to do without.
            self.rouse();
        }
        self.opened |= open;
        if opened || dirtied {
            self.shared.changes.tick();
        }
    }

    pub(crate) fn commit(&mut self) {
        let (Some(mut group), Some(since)) = (self.log.take(), self.since) else { return };
        group.batch.at = self.shared.clock.steady_ms();
        let (store, folder, room) = (self.shared.store.clone(), self.folder.id, self.id.to_string());
        self.jobs.spawn(async move {
            let result = store.commit(folder, &room, since, group.batch.clone()).await;
            Ended::Committed { group, result }
        });
    }

    /// Shortens the stored log if it grew by more than this since the last time.
    pub(crate) fn shorten(&mut self, longest: usize) {
        if self.log.is_long(longest) {
            self.begin_to_shorten(None);
        }
    }

    /// Shortens the stored log, as far as nothing under way needs it. `done` is dropped after it.
    fn begin_to_shorten(&mut self, done: Option<oneshot::Sender<()>>) {
        let RoomId::Document { kind, .. } = &self.id else { return };
        let (store, folder, room) = (self.shared.store.clone(), self.folder.id, self.id.to_string());
        let (model, upto) = (kind.model(), self.machine.steady());
        self.jobs.spawn(async move {
            if let Err(error) = opening::shorten(&store, folder, &room, model, upto).await {
                tracing::warn!(error, room, "a log could not be shortened");
            }
            drop(done);
            Ended::Shortened
        });
    }

    /// The log grew old.
    fn expired(&mut self, done: oneshot::Sender<()>) {
        if self.since.is_some() {
            if self.log.is_long(1) {
                self.begin_to_shorten(Some(done));
            }
        } else if !self.disk.reading {
            // Nobody is here, and it was not opened: this is all there is to do.
            self.begin_to_shorten(Some(done));
            self.done = true;
        }
    }

    fn ended(&mut self, ended: Result<Ended, JoinError>) {
        match ended {
            Ok(ended) => self.finished(ended),
            Err(error) => {
                let text = if error.is_panic() { panic_text(&*error.into_panic()) } else { error.to_string() };
                self.fault = Some(text);
            }
        }
    }

    /// The file's path, for people.
    pub(crate) fn name(&self) -> String {
        let path = self.file.as_ref().and_then(|file| self.folder.ids.path(file));
        path.unwrap_or_else(|| "a room without a file".to_owned())
    }

    /// A room's event.
    pub(crate) fn emit(&self, event: Event) {
        self.shared.bus.emit(&self.folder.slug, event);
    }
}

/// Sleeps until a moment; without one, for ever.
pub(crate) async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::registry::Told;
    use crate::support::{Peer, Place, event, owner};
    use protocol::{Action, CloseCode, DocumentKind, RoomId};

    #[test]
    fn store_33_a_fault_in_a_room_is_told_and_the_next_to_come_finds_every_edit() {
        let place = Place::new(&[("a.md", "hello\n"), ("b.md", "")]);
        place.run(async |host| {
            let grant = owner(&host);
            let mut events = host.events();
            let mut ana = Peer::open(&host, &grant, "a.md").await;
            let mut ben = Peer::open(&host, &grant, "b.md").await;
            ana.type_in("typed").await;
            let id = RoomId::document(DocumentKind::text(), ana.file.clone());
            let room = host.shared().folder("tide-pools").unwrap().rooms.get(&id).unwrap();
            // Seen by another, so it was handled.
            Peer::open(&host, &grant, "a.md").await.sees("hello\ntyped").await;
            room.tell(Told::Break);
            ana.type_in("lost here, kept by its client").await;
            assert_eq!(ana.end().await.code, CloseCode::Fault);
            let fault = event(&mut events, "the fault", |record| record.event.action == Action::Fault).await;
            assert_eq!(fault.event.line, "Something failed in a.md: broken on purpose");
            ben.type_in("goes on").await;

            let session = ana.session.clone();
            let mut again = Peer::open_with(&host, &grant, "a.md", Some(ana.state()), Some(session)).await;
            again.type_in(".").await;
            host.shutdown().await;
        });
        assert_eq!(place.read("a.md"), "hello\ntypedlost here, kept by its client.");
        assert_eq!(place.read("b.md"), "goes on");
    }

    #[test]
    fn store_100_a_room_that_does_not_close_in_time_stores_what_waits_for_its_group() {
        let place = Place::new(&[("a.md", "one\n")]);
        let mut config = place.config();
        config.policy.save_delay = None;
        place.run_with(config, async |host| {
            let grant = owner(&host);
            let mut ana = Peer::open(&host, &grant, "a.md").await;
            ana.type_in("typed\n").await;
            // Seen by another, so it was handled.
            Peer::open(&host, &grant, "a.md").await.sees("one\ntyped\n").await;
            let folder = host.shared().folder("tide-pools").unwrap();
            folder.close_within(std::time::Duration::ZERO, "No time.").await;
            assert_eq!(place.read("a.md"), "one\n", "by force: nothing is saved");
            host.shutdown().await;
        });
        place.run(async |host| {
            let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
            ana.sees("one\ntyped\n").await;
            host.shutdown().await;
        });
    }

    #[test]
    fn sync_72_a_fault_of_a_primary_takes_nothing_from_its_views() {
        let place = Place::new(&[("a.txt", "one\n")]);
        place.run(async |host| {
            let grant = owner(&host);
            let mut ana = Peer::open(&host, &grant, "a.txt").await;
            let view = format!("text:unicode:{}", ana.file);
            let joined = host.join(&grant, &view, &ana.session, Device::default()).await.unwrap();
            let mut ben = Peer::new(joined, &ana).await;
            ana.type_in("two\n").await;
            ben.sees("one\ntwo\n").await;
            let id = RoomId::document(DocumentKind::text(), ana.file.clone());
            let room = host.shared().folder("tide-pools").unwrap().rooms.get(&id).unwrap();
            room.tell(Told::Break);
            ben.type_in("three\n").await;
            assert_eq!(ana.end().await.code, CloseCode::Fault);
            let mut again = Peer::open(&host, &grant, "a.txt").await;
            again.sees("one\ntwo\nthree\n").await;
            again.type_in("four\n").await;
            ben.sees("one\ntwo\nthree\nfour\n").await;
            host.shutdown().await;
        });
        assert_eq!(place.read("a.txt"), "one\ntwo\nthree\nfour\n");
    }
}
