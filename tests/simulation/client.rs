//! A client that nobody here wrote: a document of its own, awareness as y-protocols does it, and a connection that breaks.

use bytes::Bytes;
use protocol::{ClientId, Model, Role};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use yrs::{Doc, GetString, Map, ReadTxn, Text, TextRef, Transact, TransactionMut, updates::encoder::Encode};

use super::cells::{self, Writer};
use super::edit::{Author, Change, Op, only_tokens, units};
use super::ledger::{Ledger, Mark};
use super::rng::Rng;
use super::view::{self, View};
use super::wire::{self, Entry, Frame};

/// What a frame brings to the room.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Brings {
    Nothing,
    /// The edit with this number, if its predecessors are there.
    One(usize),
    /// All edits up to this number.
    All(usize),
}

/// A connection.
pub(crate) struct Connection {
    pub(crate) id: ClientId,
    /// To the room.
    pub(crate) up: VecDeque<(Bytes, Brings)>,
    /// From the room.
    pub(crate) down: VecDeque<Bytes>,
    /// The room was told everything that happened before it.
    told: bool,
    /// Updates that came before the answer to what this client lacks. They may build on what it lacks; unlike Yjs, yrs would
    /// take them all the same.
    early: Option<Vec<Vec<u8>>>,
}

/// A client, from the opening of a tab to its closing.
pub(crate) struct Client {
    pub(crate) author: Author,
    pub(crate) role: Role,
    pub(crate) doc: Doc,
    pub(crate) connection: Option<Connection>,
    /// Sends on what it hears of others, as y-websocket does.
    gossips: bool,
    synced: bool,
    clock: u32,
    others: BTreeMap<u64, (u32, bool)>,
    pub(crate) ops: Vec<Op>,
    /// How many of `ops` reached the room.
    pub(crate) reached: usize,
    /// How many of `ops` the room confirmed as durable.
    pub(crate) stored: usize,
    asked: Vec<usize>,
    /// What its document says, if that was asked since it changed.
    said: RefCell<Option<Rc<View>>>,
}

impl Client {
    pub(crate) fn new(author: Author, role: Role, gossips: bool) -> Self {
        Self {
            author,
            role,
            doc: view::document(Self::id_of(author)),
            connection: None,
            gossips,
            synced: false,
            clock: 1,
            others: BTreeMap::new(),
            ops: Vec::new(),
            reached: 0,
            stored: 0,
            asked: Vec::new(),
            said: RefCell::new(None),
        }
    }

    fn id_of(author: Author) -> u64 {
        1000 + u64::from(author)
    }

    /// Its id in documents and awareness.
    pub(crate) fn id(&self) -> u64 {
        Self::id_of(self.author)
    }

    /// Whether an id in awareness is that of any client that ever was.
    pub(crate) fn is_id(id: u64) -> bool {
        (1000..1_000_000).contains(&id)
    }

    pub(crate) fn view(&self, model: Model) -> Result<Rc<View>, String> {
        let mut said = self.said.borrow_mut();
        match &*said {
            Some(view) => Ok(Rc::clone(view)),
            None => Ok(Rc::clone(said.insert(Rc::new(View::of_doc(model, &self.doc)?)))),
        }
    }

    /// The clients it believes to be here, itself among them.
    pub(crate) fn sees(&self) -> Vec<u64> {
        let others = self.others.iter().filter(|(id, (_, here))| *here && Self::is_id(**id)).map(|(id, _)| *id);
        let mut seen: Vec<u64> = others.chain([self.id()]).collect();
        seen.sort_unstable();
        seen
    }

    pub(crate) fn connect(&mut self, id: ClientId) {
        self.connection =
            Some(Connection { id, up: VecDeque::new(), down: VecDeque::new(), told: false, early: Some(Vec::new()) });
        let vector = self.doc.transact().state_vector().encode_v1();
        self.send(wire::step1(&vector), Brings::Nothing);
        self.announce();
    }

    /// The connection broke; what was under way is lost, the document is not.
    pub(crate) fn cut(&mut self) -> Option<ClientId> {
        self.others.clear();
        self.connection.take().map(|connection| connection.id)
    }

    /// Shows itself again, as clients do every 15 s.
    pub(crate) fn renew(&mut self) {
        self.clock += 1;
        self.announce();
    }

    /// Asks which of its edits are durable.
    pub(crate) fn ask_stored(&mut self) {
        if self.connection.as_ref().is_some_and(|connection| connection.told) {
            self.asked.push(self.ops.len());
            self.send(wire::stored(self.asked.len() as u32), Brings::Nothing);
        }
    }

    /// Asks for a save.
    pub(crate) fn ask_save(&mut self) {
        self.send(wire::save(1), Brings::Nothing);
    }

    fn announce(&mut self) {
        let state = Some(format!(r#"{{"user":{{"name":"{}"}}}}"#, self.author));
        let own = Entry { id: self.id(), clock: self.clock, state };
        self.send(wire::awareness(&[own]), Brings::Nothing);
    }

    fn send(&mut self, frame: Bytes, brings: Brings) {
        if let Some(connection) = &mut self.connection {
            connection.up.push_back((frame, brings));
        }
    }

    /// A frame arrives.
    pub(crate) fn hear(&mut self, frame: &[u8]) -> Result<(), String> {
        match wire::read(frame)? {
            Frame::Step1(vector) => {
                let update = view::missing(&self.doc, &vector)?;
                self.send(wire::step2(&update), Brings::All(self.ops.len()));
                if let Some(connection) = &mut self.connection {
                    connection.told = true;
                }
            }
            Frame::Step2(update) => {
                self.said.take();
                view::apply(&self.doc, &update)?;
                self.synced = true;
                let early = self.connection.as_mut().and_then(|connection| connection.early.take());
                early.into_iter().flatten().try_for_each(|update| view::apply(&self.doc, &update))?;
            }
            Frame::Update(update) => match self.connection.as_mut().and_then(|connection| connection.early.as_mut()) {
                Some(early) => early.push(update),
                None => {
                    self.said.take();
                    view::apply(&self.doc, &update)?;
                }
            },
            Frame::Awareness(entries) => self.hear_of(entries),
            Frame::QueryAwareness => self.announce(),
            Frame::Raw(body) if body["type"] == "stored" => {
                let number = body["responseTo"].as_u64().unwrap_or(0) as usize;
                let asked = number.checked_sub(1).and_then(|at| self.asked.get(at));
                self.stored = self.stored.max(*asked.ok_or("the room confirmed what nobody asked for")?);
            }
            Frame::Raw(_) | Frame::Other => {}
        }
        Ok(())
    }

    fn hear_of(&mut self, entries: Vec<Entry>) {
        let mut news = Vec::new();
        for entry in entries {
            let me = entry.id == self.id();
            let (clock, here) =
                if me { (self.clock, true) } else { self.others.get(&entry.id).copied().unwrap_or((0, false)) };
            let newer = clock < entry.clock || (clock == entry.clock && entry.state.is_none() && here);
            match (newer, me) {
                (false, _) => {}
                (true, true) => {
                    // Nobody else may declare a client gone that is here.
                    self.clock = entry.clock + u32::from(entry.state.is_none());
                    self.announce();
                }
                (true, false) => {
                    self.others.insert(entry.id, (entry.clock, entry.state.is_some()));
                    news.push(entry);
                }
            }
        }
        if self.gossips && !news.is_empty() {
            self.send(wire::awareness(&news), Brings::Nothing);
        }
    }

    /// Edits its document, here or offline; `None` if there is nothing to edit yet. `reshape`: moves, splits or joins cells.
    pub(crate) fn edit(&mut self, rng: &mut Rng, ledger: &mut Ledger, model: Model, reshape: bool) -> Option<Op> {
        if !self.synced {
            return None;
        }
        self.said.take();
        let viewer = !self.role.may_edit();
        let doc = self.doc.clone();
        let (text, cells) = (doc.get_or_insert_text("source"), doc.get_or_insert_array("cells"));
        let state = doc.get_or_insert_map("state");
        let mut txn = doc.transact_mut();
        let vector = txn.state_vector();
        let mut writer = Writer { author: self.author, vector: &vector, rng, ledger };
        let op = match (model, viewer) {
            (Model::Text, false) => edit_text(&text, &mut txn, writer.rng, writer.ledger, view::TEXT),
            (Model::Text, true) => intrude(&text, &mut txn, writer.ledger, view::TEXT),
            (_, false) if reshape => writer.reshape(&cells, &mut txn)?,
            (_, false) => writer.edit(&cells, &mut txn)?,
            (_, true) => {
                let (id, cell) = cells::cell_at(&cells, &txn, 0)?;
                intrude(&cells::source(&cell, &txn)?, &mut txn, writer.ledger, &id)
            }
        };
        if rng.chance(30) {
            state.insert(&mut txn, "dirty", true);
        }
        let update = txn.encode_update_v1();
        drop(txn);
        let mark = Mark::Client(self.id(), doc.transact().state_vector().get(&doc.client_id()));
        ledger.edited(self.author, &op, viewer, &vector, mark);
        self.ops.push(op.clone());
        self.send(wire::update(&update), Brings::One(self.ops.len()));
        Some(op)
    }
}

pub(crate) fn edit_text(
    text: &TextRef,
    txn: &mut TransactionMut,
    rng: &mut Rng,
    ledger: &mut Ledger,
    cell: &str,
) -> Op {
    let now = text.get_string(txn);
    let change = Change::think(rng, ledger, &now, true);
    let at = units(&now.chars().take(change.at).collect::<String>());
    if !change.removed.is_empty() {
        text.remove_range(txn, at, units(&change.removed));
    }
    text.insert(txn, at, &change.inserted);
    Op::new(cell, &only_tokens(&change.inserted), &only_tokens(&change.removed))
}

/// A viewer types.
fn intrude(text: &TextRef, txn: &mut TransactionMut, ledger: &mut Ledger, cell: &str) -> Op {
    let token = ledger.token().to_string();
    text.insert(txn, 0, &token);
    Op::new(cell, &token, "")
}
