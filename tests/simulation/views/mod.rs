//! Two rooms on one file under a die: a primary with the file behind it, and a view with the primary behind it. People type in
//! both, another program writes the file, the text of the view is half JSON now and then, and the machine is killed between any
//! two steps.
//!
//! Not here: what a single room does with clients that go, viewers and awareness; the other worlds have that.

use bytes::Bytes;
use protocol::{ClientId, DocumentKind, FileId, Intent, Model, Role, RoomId, User};
use rooms::{Answer, Ask, Authors, Backing, DiskRead, DocumentRoom, Effect, Input, Job, Member, Now, Opened, Policy};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use yrs::updates::encoder::Encode;
use yrs::{Array, Doc, GetString, Map, Out, ReadTxn, Text, TextRef, Transact};

use super::Fault;
use super::disk::Disk;
use super::edit::units;
use super::rng::Rng;
use super::store::{Batch, Store};
use super::view::{self, is_token};
use super::wire::{self, Frame};

mod people;
mod rim;

const PRIMARY: usize = 0;
const VIEW: usize = 1;

/// A room, its store, and what both wait for.
struct Site {
    id: RoomId,
    store: Store,
    room: Option<DocumentRoom>,
    open_wanted: bool,
    jobs: Vec<Job>,
    /// What the store or the other room answered.
    answers: VecDeque<Input>,
    write: Option<Ask>,
    /// The file is to be looked at.
    look: bool,
    /// A question of the view is on its way, and whether it has to be asked once more.
    reading: bool,
    writing: bool,
    again: bool,
    backing: Backing,
}

/// A tab.
struct Tab {
    site: usize,
    doc: Doc,
    synced: bool,
    id: Option<ClientId>,
    up: VecDeque<Bytes>,
    down: VecDeque<Bytes>,
    /// Updates before the answer to what this tab lacks.
    early: Option<Vec<Vec<u8>>>,
}

/// Both rooms and all around them.
pub(crate) struct Two {
    model: Model,
    rng: Rng,
    millis: u64,
    fault: Option<Fault>,
    disk: Disk,
    sites: [Site; 2],
    tabs: Vec<Tab>,
    to_primary: VecDeque<Ask>,
    to_view: VecDeque<Answer>,
    /// What each ticket was for.
    tickets: u64,
    tokens: u32,
    deleted: BTreeSet<char>,
    connections: u64,
    pub(crate) trace: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait,
    Type(usize),
    Erase(usize),
    Half(usize),
    Up(usize),
    Down(usize),
    Cut(usize),
    Connect(usize),
    Save(usize),
    Open(usize),
    Job(usize),
    Answer(usize),
    Commit(usize),
    Write,
    Look,
    Ask,
    Reply,
    Disk,
    Kill,
}

impl Site {
    fn new(kind: DocumentKind, fault: Option<Fault>) -> Self {
        Self {
            id: RoomId::document(kind, FileId("file".to_owned())),
            store: Store::new(fault),
            room: None,
            open_wanted: false,
            jobs: Vec::new(),
            answers: VecDeque::new(),
            write: None,
            look: false,
            reading: false,
            writing: false,
            again: false,
            backing: Backing::Primary { saved: false },
        }
    }

    fn reset(&mut self) {
        (self.room, self.write) = (None, None);
        (self.open_wanted, self.look, self.reading, self.writing, self.again) = (false, false, false, false, false);
        self.jobs.clear();
        self.answers.clear();
    }
}

impl Two {
    pub(crate) fn new(model: Model, seed: u64, fault: Option<Fault>) -> Self {
        let rng = Rng::new(seed.wrapping_mul(3) + u64::from(model == Model::Notebook));
        let (first, kinds) = match model {
            Model::Text => {
                ("begin\nmiddle\nend\n".to_owned(), [DocumentKind::text(), DocumentKind::new("text", "unicode")])
            }
            _ => (notebook(), [DocumentKind::notebook(), DocumentKind::text()]),
        };
        let [primary, second] = kinds;
        let tab = |at: u64| Tab {
            site: (at % 2) as usize,
            doc: view::document(2000 + at),
            synced: false,
            id: None,
            up: VecDeque::new(),
            down: VecDeque::new(),
            early: None,
        };
        Self {
            model,
            rng,
            millis: 0,
            fault,
            disk: Disk::new(first.as_bytes()),
            sites: [Site::new(primary, fault), Site::new(second, fault)],
            tabs: (0..4).map(tab).collect(),
            to_primary: VecDeque::new(),
            to_view: VecDeque::new(),
            tickets: 0,
            tokens: 0,
            deleted: BTreeSet::new(),
            connections: 0,
            trace: Vec::new(),
        }
    }

    /// A whole life: turmoil, and a rest after each stretch of it.
    pub(crate) fn live(&mut self) -> Result<(), String> {
        let before = self.disk.content().cloned();
        self.rest()?;
        if before.as_ref() != self.disk.content() || self.disk.writes > 0 {
            return Err("opening a file twice changed it".into());
        }
        for _ in 0..3 {
            for _ in 0..self.rng.between(40, 120) {
                let choices = self.choices();
                if let Some(step) = self.rng.weighted(&choices) {
                    self.trace.push(format!("{:6} ms  {step:?}", self.millis));
                    self.take(step)?;
                }
            }
            self.trace.push("--- rest".to_owned());
            self.rest()?;
        }
        Ok(())
    }

    fn choices(&self) -> Vec<(usize, Step)> {
        let some = |wanted: bool, weight: usize| if wanted { weight } else { 0 };
        let mut choices = vec![(14, Step::Wait), (2, Step::Kill), (3, Step::Disk)];
        for (at, tab) in self.tabs.iter().enumerate() {
            choices.push((some(tab.synced, 6), Step::Type(at)));
            choices.push((some(tab.synced, 2), Step::Erase(at)));
            choices.push((some(tab.synced && tab.site == VIEW && self.model == Model::Notebook, 1), Step::Half(at)));
            choices.push((some(!tab.up.is_empty(), 20), Step::Up(at)));
            choices.push((some(!tab.down.is_empty(), 20), Step::Down(at)));
            match tab.id {
                Some(_) => choices.extend([(1, Step::Cut(at)), (1, Step::Save(at))]),
                None => choices.push((6, Step::Connect(at))),
            }
        }
        choices.extend(self.work());
        choices
    }

    /// What somebody waits for.
    fn work(&self) -> Vec<(usize, Step)> {
        let some = |wanted: bool, weight: usize| if wanted { weight } else { 0 };
        let mut choices = Vec::new();
        for (at, site) in self.sites.iter().enumerate() {
            choices.push((some(site.open_wanted && (at == PRIMARY || !site.reading), 20), Step::Open(at)));
            choices.push((some(!site.jobs.is_empty(), 20), Step::Job(at)));
            choices.push((some(!site.answers.is_empty(), 25), Step::Answer(at)));
            choices.push((some(!site.store.pending.is_empty(), 15), Step::Commit(at)));
        }
        let [primary, second] = &self.sites;
        choices.push((some(primary.write.is_some(), 15), Step::Write));
        choices.push((some(primary.look && primary.write.is_none(), 12), Step::Look));
        let may_look = second.room.is_some() && !second.open_wanted && !second.reading && !second.writing;
        choices.push((some((second.look && may_look) || second.write.is_some(), 20), Step::Look));
        choices.push((some(!self.to_primary.is_empty(), 20), Step::Ask));
        choices.push((some(!self.to_view.is_empty(), 20), Step::Reply));
        choices.retain(|(weight, _)| *weight > 0);
        choices
    }

    fn take(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Wait => {
                self.millis += self.rng.between(10, 800) as u64;
                self.tick()
            }
            Step::Type(at) => self.type_in(at),
            Step::Erase(at) => self.erase(at),
            Step::Half(at) => {
                let text = self.text_of_view(at);
                let now = text.get_string(&self.tabs[at].doc.transact());
                let (place, brace) = (0, "{");
                self.edit(at, |txn| {
                    if now.starts_with("{{") {
                        text.remove_range(txn, place, 1)
                    } else {
                        text.insert(txn, place, brace)
                    }
                });
                Ok(())
            }
            Step::Up(at) => {
                let tab = &mut self.tabs[at];
                let (site, id, frame) = (tab.site, tab.id, tab.up.pop_front());
                match (id, frame) {
                    (Some(client), Some(bytes)) => self.tell(site, Input::Frame { client, bytes }),
                    _ => Ok(()),
                }
            }
            Step::Down(at) => {
                let frame = self.tabs[at].down.pop_front();
                frame.map_or(Ok(()), |frame| self.tabs[at].hear(&frame))
            }
            Step::Cut(at) => self.cut(at),
            Step::Connect(at) => self.connect(at),
            Step::Save(at) => {
                self.tabs[at].up.push_back(wire::save(1));
                Ok(())
            }
            Step::Open(at) => self.open(at),
            Step::Job(at) => {
                let number = self.rng.below(self.sites[at].jobs.len());
                let outcome = self.sites[at].jobs.swap_remove(number).run();
                self.tell(at, Input::Finished(outcome))
            }
            Step::Answer(at) => {
                let input = self.sites[at].answers.pop_front();
                input.map_or(Ok(()), |input| self.tell(at, input))
            }
            Step::Commit(at) => {
                let answers = self.sites[at].store.commit();
                self.sites[at].answers.extend(answers);
                Ok(())
            }
            Step::Write => {
                let Some(Ask::Write { content, expect, .. }) = self.sites[PRIMARY].write.take() else { return Ok(()) };
                let outcome = self.disk.write_if(&content.bytes, expect, self.fault);
                self.sites[PRIMARY].answers.push_back(Input::Wrote(outcome));
                Ok(())
            }
            Step::Look => self.look(),
            Step::Ask => self.ask(),
            Step::Reply => self.reply(),
            Step::Disk => {
                self.edit_disk();
                self.sites[PRIMARY].look = true;
                Ok(())
            }
            Step::Kill => {
                for site in &mut self.sites {
                    site.reset();
                    site.store.crash(&mut self.rng);
                }
                self.to_primary.clear();
                self.to_view.clear();
                self.tabs.iter_mut().for_each(Tab::cut);
                Ok(())
            }
        }
    }

    /// Everybody comes back, half-typed JSON is finished, everything is saved; then all must say the same.
    fn rest(&mut self) -> Result<(), String> {
        for at in 0..self.tabs.len() {
            if self.tabs[at].id.is_none() {
                self.connect(at)?;
            }
        }
        self.sites[PRIMARY].look = true;
        let (mut calm, mut turns, mut asked) = (0, 0, false);
        while calm < 40 {
            turns += 1;
            if turns > 20_000 {
                return Err("it never comes to rest".into());
            }
            let mut choices = self.work();
            for (at, tab) in self.tabs.iter().enumerate() {
                choices.extend((!tab.up.is_empty()).then_some((20, Step::Up(at))));
                choices.extend((!tab.down.is_empty()).then_some((20, Step::Down(at))));
            }
            match self.rng.weighted(&choices) {
                Some(step) if !choices.is_empty() => {
                    // Now and then a room says something only to be heard.
                    calm = if matches!(step, Step::Down(_)) { calm } else { 0 };
                    self.take(step)?;
                }
                _ => {
                    calm += 1;
                    self.mend(calm == 10 && !asked);
                    asked |= calm == 10;
                    self.millis += 500;
                    self.tick()?;
                }
            }
        }
        self.check()
    }
}

/// Three cells.
fn notebook() -> String {
    let cells = ["begin", "middle", "end"].map(|word| {
        let id = word.to_uppercase();
        format!(
            "  {{\n   \"cell_type\": \"markdown\",\n   \"id\": \"{id}\",\n   \"metadata\": {{}},\n   \"source\": [\n    \"{word}\"\n   ]\n  }}"
        )
    });
    let cells = cells.join(",\n");
    format!("{{\n \"cells\": [\n{cells}\n ],\n \"metadata\": {{}},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}}\n")
}
