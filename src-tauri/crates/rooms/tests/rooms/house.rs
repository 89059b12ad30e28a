//! Two rooms on one notebook with everything around them: the primary and a text view of it, each with a store and a client.
//! What they want is done one step at a time, and between any two everything may end.

use crate::stage::{ANA, BEN, POLICY, Peer, body, frame, member};
use bytes::Bytes;
use protocol::{
    BaseRecord, ClientId, Digest, DiskContent, DocumentKind, Event, FileId, Intent, Merge, Role, RoomId, Seq,
};
use rooms::{Answer, Ask, Authors, Backing, DiskRead, DocumentRoom, Effect, Input, Now, Opened, Policy, WriteOutcome};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Array, GetString, Map, Out, ReadTxn, StateVector, Text, Transact, Update};

pub(crate) const NOTEBOOK: usize = 0;
pub(crate) const VIEW: usize = 1;

const WHO: [ClientId; 2] = [ANA, BEN];

/// A notebook of one cell with this source.
pub(crate) fn notebook(source: &str) -> String {
    let cell = format!(
        "  {{\n   \"cell_type\": \"raw\",\n   \"id\": \"a\",\n   \"metadata\": {{}},\n   \"source\": [\n    \"{source}\"\n   ]\n  }}"
    );
    format!("{{\n \"cells\": [\n{cell}\n ],\n \"metadata\": {{}},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}}\n")
}

/// One room, its store, and its client.
pub(crate) struct Side {
    pub(crate) room: DocumentRoom,
    log: Vec<(Seq, ydoc::Update)>,
    base: Option<BaseRecord>,
    intent: Option<Intent>,
    backing: Backing,
    pub(crate) peer: Peer,
    pub(crate) events: Vec<Event>,
    /// RAW answers.
    pub(crate) answers: Vec<serde_json::Value>,
    /// Merges, and the text that the client had when it was told.
    pub(crate) told: Vec<(Merge, String)>,
}

/// What one call of a room wants durable, in one transaction.
#[derive(Default)]
struct Batch {
    append: Vec<(Seq, ydoc::Update)>,
    base: Option<BaseRecord>,
    intent: Option<Intent>,
    took: Option<Intent>,
}

enum Step {
    Tell(usize, Input),
    Commit(usize, Batch),
    Do(usize, Effect),
}

/// What a view asked for.
enum Errand {
    Open,
    Read,
    Write,
    Save,
}

/// Both rooms and the file.
pub(crate) struct House {
    pub(crate) sides: [Side; 2],
    pub(crate) file: Option<Vec<u8>>,
    pub(crate) writes: usize,
    /// What the next writes of the file answer.
    pub(crate) fails: VecDeque<String>,
    pub(crate) now: Now,
    taken: Option<Intent>,
    steps: VecDeque<Step>,
    errands: HashMap<u64, Errand>,
    ticket: u64,
    /// Steps until everything ends.
    pub(crate) fuse: Option<usize>,
    run: u64,
    policy: Policy,
}

impl House {
    pub(crate) fn new(file: &str, save_delay: Option<Duration>) -> Self {
        let policy = Policy { save_delay, ..POLICY };
        let side = |side: usize| Side {
            room: room(side, policy, 0),
            log: Vec::new(),
            base: None,
            intent: None,
            backing: Backing::File,
            peer: Peer::new(WHO[side]),
            events: Vec::new(),
            answers: Vec::new(),
            told: Vec::new(),
        };
        Self {
            sides: [side(NOTEBOOK), side(VIEW)],
            file: Some(file.as_bytes().to_vec()),
            writes: 0,
            fails: VecDeque::new(),
            now: Now { elapsed: Duration::from_secs(1000), unix_ms: 1_700_000_000_000 },
            taken: None,
            steps: VecDeque::new(),
            errands: HashMap::new(),
            ticket: 0,
            fuse: None,
            run: 0,
            policy,
        }
    }

    /// Everything that is not stored is lost; the clients keep what they have, and come back.
    pub(crate) fn crash(&mut self) {
        self.run += 1;
        self.steps.clear();
        self.errands.clear();
        self.fuse = None;
        for (at, side) in self.sides.iter_mut().enumerate() {
            side.room = room(at, self.policy, self.run);
            side.backing = Backing::File;
            side.events.clear();
        }
        self.join(NOTEBOOK);
        self.join(VIEW);
    }

    pub(crate) fn join(&mut self, side: usize) {
        let vector = self.sides[side].peer.doc.transact().state_vector();
        self.tell(side, Input::Join { client: WHO[side], member: member(WHO[side], Role::Edit) });
        self.send(side, frame(&[0, 0], &vector.encode_v1()));
    }

    pub(crate) fn send(&mut self, side: usize, bytes: Bytes) {
        self.tell(side, Input::Frame { client: WHO[side], bytes });
    }

    fn tell(&mut self, side: usize, input: Input) {
        self.steps.push_back(Step::Tell(side, input));
    }

    /// Somebody else writes the file.
    pub(crate) fn edit_disk(&mut self, content: &str) {
        self.file = Some(content.as_bytes().to_vec());
        let read = self.read();
        self.tell(NOTEBOOK, Input::Disk(read));
    }

    /// The client of the notebook writes at the start of the cell.
    pub(crate) fn type_in_cell(&mut self, what: &str) {
        let doc = &self.sides[NOTEBOOK].peer.doc;
        let cells = doc.get_or_insert_array("cells");
        let mut txn = doc.transact_mut();
        let Some(Out::YMap(cell)) = cells.get(&txn, 0) else { panic!("a cell") };
        let Some(Out::YText(source)) = cell.get(&txn, "source") else { panic!("a source") };
        source.insert(&mut txn, 0, what);
        let update = txn.encode_update_v1();
        drop(txn);
        self.send(NOTEBOOK, frame(&[0, 2], &update));
    }

    /// The client of the view writes before this text.
    pub(crate) fn type_before(&mut self, mark: &str, what: &str) {
        let peer = &self.sides[VIEW].peer;
        let at = peer.text().find(mark).expect("the mark is there") as u32;
        let text = peer.doc.get_or_insert_text("source");
        let mut txn = peer.doc.transact_mut();
        text.insert(&mut txn, at, what);
        let update = txn.encode_update_v1();
        drop(txn);
        self.send(VIEW, frame(&[0, 2], &update));
    }

    /// The client of the view takes this text out.
    pub(crate) fn erase(&mut self, what: &str) {
        let peer = &self.sides[VIEW].peer;
        let at = peer.text().find(what).expect("it is there") as u32;
        let text = peer.doc.get_or_insert_text("source");
        let mut txn = peer.doc.transact_mut();
        text.remove_range(&mut txn, at, what.len() as u32);
        let update = txn.encode_update_v1();
        drop(txn);
        self.send(VIEW, frame(&[0, 2], &update));
    }

    /// What the notebook's client sees in the cell.
    pub(crate) fn cell(&self) -> String {
        let doc = &self.sides[NOTEBOOK].peer.doc;
        let cells = doc.get_or_insert_array("cells");
        let txn = doc.transact();
        let Some(Out::YMap(cell)) = cells.get(&txn, 0) else { return String::new() };
        let Some(Out::YText(source)) = cell.get(&txn, "source") else { return String::new() };
        source.get_string(&txn)
    }

    /// What the view's client sees.
    pub(crate) fn text(&self) -> String {
        self.sides[VIEW].peer.text()
    }

    pub(crate) fn file(&self) -> &str {
        std::str::from_utf8(self.file.as_deref().unwrap_or_default()).unwrap()
    }

    /// Time passes. `false`: the fuse burnt down.
    pub(crate) fn pass(&mut self, ms: u64) -> bool {
        let end = self.now.elapsed + Duration::from_millis(ms);
        loop {
            while let Some(step) = self.steps.pop_front() {
                if let Some(fuse) = &mut self.fuse {
                    if *fuse == 0 {
                        return false;
                    }
                    *fuse -= 1;
                }
                self.step(step);
            }
            let next = self.sides.iter().filter_map(|side| side.room.deadline()).min().filter(|at| *at <= end);
            let to = next.unwrap_or(end).max(self.now.elapsed);
            self.now.unix_ms += (to - self.now.elapsed).as_millis() as u64;
            self.now.elapsed = to;
            if next.is_none() {
                return true;
            }
            for side in [NOTEBOOK, VIEW] {
                if self.sides[side].room.deadline().is_some_and(|at| at <= to) {
                    self.tell(side, Input::Tick);
                }
            }
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Tell(side, input) => {
                let mut effects = Vec::new();
                self.sides[side].room.handle(self.now, input, &mut effects);
                let (mut batch, mut rest) = (Batch::default(), Vec::new());
                for effect in effects {
                    match effect {
                        Effect::Append { seq, update } => batch.append.push((seq, update)),
                        Effect::SetBase(base) => batch.base = Some(base),
                        Effect::Intend(intent) => batch.intent = Some(intent),
                        Effect::Took { intent, .. } => batch.took = Some(intent),
                        other => rest.push(Step::Do(side, other)),
                    }
                }
                self.steps.extend(rest);
                self.steps.push_back(Step::Commit(side, batch));
            }
            Step::Commit(at, Batch { append, base, intent, took }) => {
                let side = &mut self.sides[at];
                let stored = append.last().map(|(seq, _)| *seq);
                side.log.extend(append);
                if base.is_some() {
                    (side.base, side.intent) = (base, None);
                }
                side.intent = intent.or(side.intent);
                self.taken = took.or(self.taken);
                if let Some(seq) = stored {
                    self.tell(at, Input::Stored(seq));
                }
                if intent.is_some() {
                    self.tell(at, Input::Intended);
                }
            }
            Step::Do(side, effect) => self.carry_out(side, effect),
        }
    }

    fn carry_out(&mut self, at: usize, effect: Effect) {
        match effect {
            Effect::Send { to, frame } if to == WHO[at] => self.deliver(at, &frame),
            Effect::Broadcast { except, frame } if except != Some(WHO[at]) => self.deliver(at, &frame),
            Effect::Open if at == VIEW => self.ask(Errand::Open, Ask::Read),
            Effect::Open => {
                let disk = self.read();
                self.opened(NOTEBOOK, disk, Backing::File, Arc::default());
            }
            Effect::Run(job) => self.tell(at, Input::Finished(job.run())),
            Effect::Read if at == VIEW => self.ask(Errand::Read, Ask::Read),
            Effect::Read => {
                let read = self.read();
                self.tell(at, Input::Disk(read));
            }
            Effect::Write { bytes, expect, seq } if at == VIEW => {
                self.ask(Errand::Write, Ask::Write { content: DiskContent::new(bytes), expect, seq });
            }
            Effect::Write { bytes, expect, .. } => {
                let outcome = match self.fails.pop_front() {
                    Some(reason) => WriteOutcome::Failed(reason),
                    None if self.file.as_deref().map(Digest::of) != expect => {
                        WriteOutcome::Changed(self.file.clone().map(DiskContent::new))
                    }
                    None => {
                        self.writes += 1;
                        self.file = Some(bytes.to_vec());
                        WriteOutcome::Done(Digest::of(&bytes))
                    }
                };
                self.tell(at, Input::Wrote(outcome));
            }
            Effect::Save => self.ask(Errand::Save, Ask::Save),
            Effect::Answer { ticket, answer } => self.answered(ticket, answer),
            Effect::Views => self.ask(Errand::Read, Ask::Read),
            Effect::Emit(event) => self.sides[at].events.push(event),
            _ => {}
        }
    }

    fn ask(&mut self, errand: Errand, ask: Ask) {
        self.ticket += 1;
        self.errands.insert(self.ticket, errand);
        self.tell(NOTEBOOK, Input::View { ticket: self.ticket, view: "view".to_owned(), here: true, ask });
    }

    fn answered(&mut self, ticket: u64, answer: Answer) {
        let Some(errand) = self.errands.remove(&ticket) else { return };
        let mut backed = |saved| {
            let backing = Backing::Primary { saved };
            self.sides[VIEW].backing = backing;
            self.steps.push_back(Step::Tell(VIEW, Input::Backed(backing)));
        };
        match (errand, answer) {
            (Errand::Open, Answer::Read { content, saved, merges }) => {
                self.opened(VIEW, DiskRead::Content(content), Backing::Primary { saved }, merges);
            }
            (Errand::Read, Answer::Read { content, saved, merges }) => {
                backed(saved);
                self.tell(VIEW, Input::Disk(DiskRead::Content(content)));
                self.tell(VIEW, Input::Merges(merges));
            }
            (Errand::Write, Answer::Wrote { outcome, saved }) => {
                backed(saved);
                self.tell(VIEW, Input::Wrote(outcome));
            }
            (Errand::Save, Answer::Saved(result)) => self.tell(VIEW, Input::FileSaved(result)),
            (_, answer) => panic!("{answer:?}"),
        }
    }

    fn opened(&mut self, at: usize, disk: DiskRead, backing: Backing, merges: Arc<[Merge]>) {
        let side = &self.sides[at];
        let taken = self.taken.filter(|_| at == VIEW);
        let (log, base, intent) = (side.log.clone(), side.base.clone(), side.intent);
        let path = "a/notes.ipynb".to_owned();
        self.tell(at, Input::Opened(Opened { log, base, intent, merges, disk, path, backing, taken }));
    }

    fn read(&self) -> DiskRead {
        self.file.as_ref().map_or(DiskRead::Gone, |bytes| DiskRead::Content(DiskContent::new(bytes.clone())))
    }

    fn deliver(&mut self, at: usize, frame: &Bytes) {
        let side = &mut self.sides[at];
        match frame[..] {
            [0, 0, ..] => {
                let vector = StateVector::decode_v1(body(frame, 2)).unwrap();
                let update = side.peer.doc.transact().encode_state_as_update_v1(&vector);
                self.send(at, self::frame(&[0, 1], &update));
            }
            [0, 1 | 2, ..] => {
                let update = Update::decode_v1(body(frame, 2)).unwrap();
                side.peer.doc.transact_mut().apply_update(update).unwrap();
            }
            [2, ..] => {
                let said: serde_json::Value = serde_json::from_slice(body(frame, 1)).unwrap();
                if said["type"] == "merged" {
                    let merges: Vec<Merge> = serde_json::from_value(said["merges"].clone()).unwrap();
                    let text = side.peer.text();
                    side.told.extend(merges.into_iter().map(|merge| (merge, text.clone())));
                }
                side.answers.extend(said.get("responseTo").is_some().then_some(said));
            }
            _ => {}
        }
    }
}

fn room(side: usize, policy: Policy, run: u64) -> DocumentRoom {
    let kind = if side == NOTEBOOK { DocumentKind::notebook() } else { DocumentKind::text() };
    let first = 10_000 * (side as u64 + 1) + 10 * run;
    let authors = Authors { document: first, disk: first + 1, views: first + 2 };
    DocumentRoom::new(RoomId::document(kind, FileId("f".to_owned())), policy, authors)
}
