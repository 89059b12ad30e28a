//! Everything there is: a room, clients, a file, a store, an editor, and a die that says whose turn it is.

use protocol::{Model, Role};
use rooms::{DiskRead, Input};
use std::collections::BTreeSet;
use std::rc::Rc;

use super::Fault;
use super::client::{Brings, Client};
use super::disk::Disk;
use super::edit::{Author, Op, is_part};
use super::editor;
use super::host::Host;
use super::ledger::{Contest, Ledger};
use super::rng::Rng;
use super::store::Store;
use super::view::{self, View};

/// The world.
pub(crate) struct World {
    pub(crate) model: Model,
    pub(crate) rng: Rng,
    pub(crate) millis: u64,
    pub(crate) fault: Option<Fault>,
    pub(crate) disk: Disk,
    pub(crate) store: Store,
    pub(crate) host: Option<Host>,
    pub(crate) clients: Vec<Client>,
    /// Edits of clients that are gone for good, which reached the room and were not confirmed.
    orphans: Vec<(Author, Op)>,
    /// What the editor will have written when it has finished.
    pub(crate) torn: Option<Vec<u8>>,
    /// The file, taken away.
    pub(crate) aside: Option<Vec<u8>>,
    /// What the editor read a while ago.
    copy: Option<Vec<u8>>,
    pub(crate) ledger: Ledger,
    /// Clients ask for saves. Else the file may be taken away, which is not made again unless somebody asks.
    asks: bool,
    pub(crate) trace: Vec<String>,
    pub(crate) connections: u64,
    authors: Author,
    pub(crate) room_changed: bool,
    pub(crate) file_changed: bool,
    pub(crate) client_changed: Option<usize>,
}

/// A step; the number is that of a client.
#[derive(Clone, Copy, Debug)]
enum Step {
    Edit(usize),
    Up(usize),
    Down(usize),
    Cut(usize),
    Connect(usize),
    Quit(usize),
    Renew(usize),
    AskStored(usize),
    AskSave(usize),
    Open,
    Job,
    Commit,
    Answer,
    Write,
    FailWrite,
    Wrote,
    Look,
    Tell,
    Read,
    Wait,
    EditDisk,
    CopyDisk,
    StaleDisk,
    FinishDisk,
    TakeAway,
    PutBack,
    Kill,
    Close,
}

impl World {
    /// A world with a file and clients that have not come yet.
    pub(crate) fn new(model: Model, seed: u64, fault: Option<Fault>) -> Self {
        let mut rng = Rng::new(seed.wrapping_mul(2) + u64::from(model == Model::Notebook));
        let mut ledger = Ledger::default();
        let disk = Disk::new(&editor::initial(&mut rng, &mut ledger, model));
        let mut world = Self {
            model,
            rng,
            millis: 0,
            fault,
            disk,
            store: Store::new(fault),
            host: None,
            clients: Vec::new(),
            orphans: Vec::new(),
            torn: None,
            aside: None,
            copy: None,
            ledger,
            asks: seed.is_multiple_of(2),
            trace: Vec::new(),
            connections: 0,
            authors: 0,
            room_changed: false,
            file_changed: true,
            client_changed: None,
        };
        for _ in 0..world.rng.between(2, 3) {
            let client = world.newcomer(Role::Edit);
            world.clients.push(client);
        }
        if world.rng.chance(50) {
            let client = world.newcomer(Role::View);
            world.clients.push(client);
        }
        world
    }

    /// A new tab.
    pub(crate) fn newcomer(&mut self, role: Role) -> Client {
        self.authors += 1;
        Client::new(self.authors, role, self.rng.chance(25))
    }

    /// A whole life: stretches of turmoil, and a rest after each.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        let before = self.disk.content().cloned();
        self.rest()?;
        if before.as_ref() != self.disk.content() || self.disk.writes > 0 {
            return Err("opening a file and closing it changed it".into());
        }
        for stretch in 0..4 {
            for _ in 0..self.rng.between(50, 150) {
                self.step()?;
                self.inspect()?;
            }
            self.trace.push(format!("--- rest {stretch}"));
            self.rest()?;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), String> {
        let choices = self.choices();
        let Some(step) = self.rng.weighted(&choices) else { return Ok(()) };
        self.trace.push(format!("{:6} ms  {step:?}", self.millis));
        self.take(step)
    }

    fn choices(&self) -> Vec<(usize, Step)> {
        let some = |wanted: bool, weight: usize| if wanted { weight } else { 0 };
        let mut choices = vec![(20, Step::Wait), (1, Step::Kill)];
        let closing = self.host.as_ref().is_some_and(|host| host.closing);
        for (at, client) in self.clients.iter().enumerate() {
            choices.extend([(some(client.role.may_edit(), 9) + 3, Step::Edit(at)), (1, Step::Quit(at))]);
            match &client.connection {
                Some(connection) => choices.extend([
                    (some(!connection.up.is_empty(), 20), Step::Up(at)),
                    (some(!connection.down.is_empty(), 20), Step::Down(at)),
                    (2, Step::Cut(at)),
                    (3, Step::AskStored(at)),
                    (some(self.asks, 2), Step::AskSave(at)),
                    (1, Step::Renew(at)),
                ]),
                None => choices.push((some(!closing, 7), Step::Connect(at))),
            }
        }
        match (&self.torn, &self.aside) {
            (Some(_), _) => choices.push((12, Step::FinishDisk)),
            (_, Some(_)) => choices.push((6, Step::PutBack)),
            _ => choices.extend([
                (7, Step::EditDisk),
                (1, Step::CopyDisk),
                (1, Step::StaleDisk),
                (some(!self.asks, 1), Step::TakeAway),
            ]),
        }
        choices.push((some(!self.store.pending.is_empty(), 20), Step::Commit));
        let Some(host) = &self.host else { return choices };
        choices.extend([
            (some(host.open_wanted, 25), Step::Open),
            (some(!host.jobs.is_empty(), 20), Step::Job),
            (some(!host.answers.is_empty(), 25), Step::Answer),
            (some(!host.closing, 1), Step::Close),
        ]);
        match &host.write {
            Some(write) if write.outcome.is_some() => choices.extend([(18, Step::Wrote), (6, Step::Kill)]),
            Some(_) => choices.extend([(18, Step::Write), (2, Step::FailWrite)]),
            None => choices.extend([
                (some(host.read_wanted, 18), Step::Read),
                (4, Step::Look),
                (some(host.seen.is_some(), 10), Step::Tell),
            ]),
        }
        choices
    }

    fn take(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Edit(at) => {
                self.client_changed = Some(at);
                let op = self.clients[at].edit(&mut self.rng, &mut self.ledger, self.model);
                self.trace.push(format!("      {op:?}"));
                Ok(())
            }
            Step::Up(at) => (0..self.rng.between(1, 3)).try_for_each(|_| self.up(at)),
            Step::Down(at) => (0..self.rng.between(1, 3)).try_for_each(|_| self.down(at)),
            Step::Cut(at) => self.part(at),
            Step::Connect(at) => self.join(at),
            Step::Quit(at) => self.quit(at),
            Step::Renew(at) => {
                self.clients[at].renew();
                Ok(())
            }
            Step::AskStored(at) => {
                self.clients[at].ask_stored();
                Ok(())
            }
            Step::AskSave(at) => {
                self.clients[at].ask_save();
                Ok(())
            }
            Step::Open => self.open(),
            Step::Job => self.run_job(),
            Step::Commit => {
                self.commit();
                Ok(())
            }
            Step::Answer => match self.host.as_mut().and_then(|host| host.answers.pop_front()) {
                Some(answer) => self.tell(answer),
                None => Ok(()),
            },
            Step::Write => self.write(false),
            Step::FailWrite => self.write(true),
            Step::Wrote => self.wrote(),
            Step::Look => {
                let seen = self.disk.read();
                self.host.iter_mut().for_each(|host| host.seen = Some(seen.clone()));
                Ok(())
            }
            Step::Tell => match self.host.as_mut().and_then(|host| host.seen.take()) {
                Some(seen) => self.tell(Input::Disk(seen)),
                None => Ok(()),
            },
            Step::Read => self.poll(),
            Step::Wait => {
                let millis = self.rng.between(10, 2500) as u64;
                self.wait(millis)
            }
            Step::EditDisk => self.edit_disk(),
            Step::CopyDisk => {
                self.copy = self.disk.content().map(|content| content.bytes.to_vec());
                Ok(())
            }
            Step::StaleDisk => self.write_stale_copy(),
            Step::FinishDisk => {
                self.finish_disk();
                Ok(())
            }
            Step::TakeAway => {
                self.aside = self.disk.content().map(|content| content.bytes.to_vec());
                self.disk.put(None);
                Ok(())
            }
            Step::PutBack => {
                self.put_back();
                Ok(())
            }
            Step::Kill => self.kill(),
            Step::Close => {
                self.host.iter_mut().for_each(|host| host.closing = true);
                self.tell(Input::Close { reason: "The host stops.".to_owned() })
            }
        }
    }

    /// One frame of a client arrives at the room.
    pub(crate) fn up(&mut self, at: usize) -> Result<(), String> {
        let client = &mut self.clients[at];
        let Some(connection) = &mut client.connection else { return Ok(()) };
        let Some((bytes, brings)) = connection.up.pop_front() else { return Ok(()) };
        match brings {
            Brings::All(count) => client.reached = client.reached.max(count),
            Brings::One(number) if client.reached + 1 == number => client.reached = number,
            Brings::One(_) | Brings::Nothing => {}
        }
        let client = connection.id;
        self.tell(Input::Frame { client, bytes })
    }

    /// One frame of the room arrives at a client.
    pub(crate) fn down(&mut self, at: usize) -> Result<(), String> {
        let client = &mut self.clients[at];
        let frame = client.connection.as_mut().and_then(|connection| connection.down.pop_front());
        self.client_changed = Some(at);
        frame.map_or(Ok(()), |frame| client.hear(&frame))
    }

    /// A tab is closed for good; another one is opened.
    fn quit(&mut self, at: usize) -> Result<(), String> {
        self.part(at)?;
        let newcomer = self.newcomer(self.clients[at].role);
        let gone = std::mem::replace(&mut self.clients[at], newcomer);
        for (number, op) in gone.ops.into_iter().enumerate() {
            if number >= gone.stored.max(gone.reached) {
                self.ledger.unsure(gone.author, &op);
            } else if number >= gone.stored {
                self.orphans.push((gone.author, op));
            }
        }
        Ok(())
    }

    /// The host is killed: of what it had not stored, only the oldest part is there when it starts again.
    fn kill(&mut self) -> Result<(), String> {
        self.host = None;
        self.clients.iter_mut().for_each(|client| {
            client.cut();
        });
        self.store.crash(&mut self.rng);
        let doc = view::document(1);
        self.store.log.iter().try_for_each(|(_, update)| view::apply(&doc, update))?;
        let durable: BTreeSet<char> = View::of_doc(self.model, &doc)?.tokens().collect();
        for client in self.clients.iter().filter(|client| client.role.may_edit()) {
            let confirmed = client.ops[..client.stored].iter().flat_map(|op| op.inserted.chars());
            if let Some(lost) = confirmed.into_iter().find(|c| self.ledger.untouched(*c) && !durable.contains(c)) {
                return Err(format!("{lost} was confirmed as stored, and is lost after a kill"));
            }
        }
        self.ledger.killed(&durable);
        self.lose_unconfirmed();
        // What was lost together with its author, a viewer may still have; nobody takes it from there. It loads the page again.
        for at in 0..self.clients.len() {
            if !self.clients[at].role.may_edit() {
                self.clients[at] = self.newcomer(Role::View);
            }
        }
        Ok(())
    }

    /// What the room heard and had not stored may be lost.
    pub(crate) fn lose_unconfirmed(&mut self) {
        for (author, op) in std::mem::take(&mut self.orphans) {
            self.ledger.unsure(author, &op);
        }
        for client in &mut self.clients {
            client.reached = client.reached.min(client.stored);
        }
    }

    /// At rest, whoever was gone for good has nothing left to lose, and old copies are thrown away.
    pub(crate) fn forget(&mut self) {
        self.orphans.clear();
        self.copy = None;
    }

    fn edit_disk(&mut self) -> Result<(), String> {
        let Some(now) = self.disk.content().cloned() else { return Ok(()) };
        let room = self.room_view()?;
        let views: Vec<Rc<View>> =
            self.clients.iter().map(|client| client.view(self.model)).collect::<Result<_, _>>()?;
        let file = View::of_file(self.model, &now.bytes)?;
        let alive: BTreeSet<char> = file.tokens().collect();
        let free: BTreeSet<char> =
            room.iter().flat_map(|room| room.tokens()).filter(|c| self.ledger.undisturbed(*c)).collect();
        let contest = |id: &str| {
            let there = file.cell(id);
            let Some(room) = &room else { return Contest::Unclear };
            let new = room.cell(id).and_then(|cell| cell.tokens().find(|c| !alive.contains(c) && free.contains(c)));
            match new {
                Some(new) => Contest::Edited(new),
                None if room.cell(id) == there && views.iter().all(|view| view.cell(id) == there) => Contest::Clean,
                None => Contest::Unclear,
            }
        };
        let (bytes, ops) = editor::edit(&mut self.rng, &mut self.ledger, self.model, &now.bytes, contest)?;
        for (op, contest) in &ops {
            self.trace.push(format!("      {op:?} {contest:?}"));
            self.ledger.edited_on_disk(op, *contest);
        }
        let half = if self.rng.chance(10) { editor::half(&mut self.rng, self.model, &bytes) } else { None };
        match half {
            Some(half) => {
                self.disk.put(Some(&half));
                self.torn = Some(bytes);
            }
            None => self.disk.put(Some(&bytes)),
        }
        self.file_changed = true;
        Ok(())
    }

    /// Another program saves an old copy of a text. That looks exactly like a person who deleted what came since.
    fn write_stale_copy(&mut self) -> Result<(), String> {
        let saving = self.host.as_ref().is_none_or(|host| host.write.is_some());
        let (Some(now), Some(copy)) = (self.disk.content().cloned(), self.copy.take()) else { return Ok(()) };
        if self.model == Model::Notebook {
            return Ok(());
        }
        let (old, new) = (String::from_utf8_lossy(&copy), String::from_utf8_lossy(&now.bytes));
        if !saving && is_part(&old, &new) {
            let newer: String = view::tokens(&new).filter(|c| !old.contains(*c)).collect();
            self.trace.push(format!("      takes back {newer}"));
            self.ledger.edited_on_disk(&Op::new(view::TEXT, "", &newer), Contest::Clean);
            self.disk.put(Some(&copy));
            self.file_changed = true;
        }
        Ok(())
    }

    pub(crate) fn finish_disk(&mut self) {
        if let Some(bytes) = self.torn.take() {
            self.disk.put(Some(&bytes));
        }
    }

    pub(crate) fn put_back(&mut self) {
        if let Some(bytes) = self.aside.take() {
            self.disk.put(Some(&bytes));
        }
    }

    /// What the room has; `None` while it is not open.
    pub(crate) fn room_view(&self) -> Result<Option<Rc<View>>, String> {
        let Some(host) = &self.host else { return Ok(None) };
        Ok(host.view(self.model)?.map(|(view, _)| view))
    }

    /// Whether the disk can be read as a whole.
    pub(crate) fn disk_is_whole(&self) -> bool {
        self.torn.is_none() && matches!(self.disk.read(), DiskRead::Content(_))
    }
}
