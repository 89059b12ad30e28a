//! Everything there is: a room, clients, a file, a store, another program.
//!
//! Not here: whose turn it is (`steps`), and what must be true (`check`).

use protocol::{Model, Role};
use rooms::{DiskRead, Input};
use std::rc::Rc;
use yrs::{ReadTxn, StateVector, Transact};

use super::Fault;
use super::client::{Brings, Client};
use super::disk::Disk;
use super::edit::{Author, Op};
use super::editor;
use super::host::Host;
use super::ledger::{Durable, Ledger};
use super::rng::Rng;
use super::script::{Script, Shape};
use super::store::Store;
use super::view::{self, View};

/// The world.
pub(crate) struct World {
    pub(crate) shape: Shape,
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
    pub(crate) copy: Option<Vec<u8>>,
    pub(crate) ledger: Ledger,
    /// A save failed, and none has succeeded since.
    pub(crate) failed_write: bool,
    /// Clients ask for saves. Else the file may be taken away, which is not made again unless somebody asks.
    pub(crate) asks: bool,
    /// Every step so far.
    pub(crate) script: Script,
    pub(crate) trace: Vec<String>,
    pub(crate) connections: u64,
    authors: Author,
    pub(crate) room_changed: bool,
    pub(crate) file_changed: bool,
    pub(crate) client_changed: Option<usize>,
}

impl World {
    /// A world with a file and clients that have not come yet.
    pub(crate) fn new(shape: Shape, seed: u64, fault: Option<Fault>) -> Self {
        let model = shape.model();
        let mut rng = Rng::new(seed.wrapping_mul(2) + u64::from(model == Model::Notebook));
        let mut ledger = Ledger::of(shape);
        let disk = Disk::new(&editor::initial(&mut rng, &mut ledger, model));
        let mut world = Self {
            shape,
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
            failed_write: false,
            asks: seed.is_multiple_of(2),
            script: Script { shape, seed, turns: Vec::new() },
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
    pub(crate) fn quit(&mut self, at: usize) -> Result<(), String> {
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
    pub(crate) fn kill(&mut self) -> Result<(), String> {
        if self.is_murky() && self.ledger.has_moves() {
            return Ok(());
        }
        self.failed_write = false;
        self.host = None;
        self.clients.iter_mut().for_each(|client| {
            client.cut();
        });
        self.store.crash(&mut self.rng);
        let (durable, vector) = self.durable()?;
        for client in self.clients.iter().filter(|client| client.role.may_edit()) {
            let confirmed = client.ops[..client.stored].iter().flat_map(|op| op.inserted.chars());
            if let Some(lost) = confirmed.into_iter().find(|c| self.ledger.untouched(*c) && !durable.contains_key(c)) {
                return Err(format!("{lost} was confirmed as stored, and is lost after a kill"));
            }
        }
        self.ledger.killed(&durable, &vector);
        self.lose_unconfirmed();
        // What was lost together with its author, a viewer may still have; nobody takes it from there. It loads the page again.
        for at in 0..self.clients.len() {
            if !self.clients[at].role.may_edit() {
                self.clients[at] = self.newcomer(Role::View);
            }
        }
        Ok(())
    }

    /// What the log has for sure, and how far it is.
    pub(crate) fn durable(&self) -> Result<(Durable, StateVector), String> {
        let doc = view::document(1);
        self.store.log.iter().try_for_each(|(_, update)| view::apply(&doc, update))?;
        let vector = doc.transact().state_vector();
        let view = View::of_doc(self.model, &doc)?;
        let home = |cell: &view::Cell| self.ledger.home(&cell.id, || cell.tokens().collect());
        let places = view.cells.iter().flat_map(|cell| cell.tokens().map(move |c| (c, home(cell))));
        Ok((places.collect(), vector))
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
        (self.copy, self.failed_write) = (None, false);
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
