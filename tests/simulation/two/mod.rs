//! Two rooms on one file under a die: a primary with the file behind it, and a view with the primary behind it. People type in
//! both, another program writes the file and breaks it, the text of the view is half JSON now and then, the machine is killed
//! between any two steps, and each room's task may fail alone.
//!
//! Not here: what a single room does with clients that go, viewers and awareness; the other worlds have that.

use bytes::Bytes;
use protocol::{ClientId, DocumentKind, FileId, Merge, Model, RoomId};
use rooms::{Backing, DiskRead, DocumentRoom, Input, Job};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use yrs::{Doc, GetString, Text, TextRef, Transact};

use super::Fault;
use super::disk::Disk;
use super::rng::Rng;
use super::script::{Kind, Script, Shape, Step, Turn};
use super::store::Store;
use super::{view, wire};
use book::Book;
use errand::{Errand, Question};

mod book;
mod errand;
mod people;
mod rest;
mod rim;

const PRIMARY: usize = 0;
const VIEW: usize = 1;

/// A room, its store, and what both wait for.
struct Site {
    id: RoomId,
    store: Store,
    room: Option<DocumentRoom>,
    /// Rooms of this name so far.
    life: u64,
    open_wanted: bool,
    jobs: Vec<Job>,
    /// What the store or the disk answered.
    answers: VecDeque<Input>,
    /// What is to be written.
    write: Option<Errand>,
    /// Writes that were begun.
    writes: u64,
    /// The file is to be looked at.
    look: bool,
    /// What the primary read and was not told yet, and the writes before.
    seen: Option<(DiskRead, u64)>,
    /// A question of the view is on its way.
    reading: bool,
    writing: bool,
    backing: Backing,
    /// As its primary knows it.
    wanted: bool,
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
    /// Id of the last merge that it was told of.
    told: u64,
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
    to_primary: VecDeque<Question>,
    /// Questions that the primary was asked, by ticket.
    asked: BTreeMap<u64, Question>,
    /// What it answered; `None`: it ended before.
    to_view: VecDeque<(Question, Option<rooms::Answer>)>,
    tickets: u64,
    /// What the primary merged with the file.
    merges: Arc<[Merge]>,
    book: Book,
    connections: u64,
    pub(crate) script: Script,
    pub(crate) trace: Vec<String>,
}

impl Site {
    fn new(kind: DocumentKind, fault: Option<Fault>) -> Self {
        Self {
            id: RoomId::document(kind, FileId("file".to_owned())),
            store: Store::new(fault),
            room: None,
            life: 0,
            open_wanted: false,
            jobs: Vec::new(),
            answers: VecDeque::new(),
            write: None,
            writes: 0,
            look: false,
            seen: None,
            reading: false,
            writing: false,
            backing: Backing::File,
            wanted: true,
        }
    }

    /// The room is no more.
    fn reset(&mut self) {
        (self.room, self.write, self.seen) = (None, None, None);
        (self.open_wanted, self.look, self.reading, self.writing) = (false, false, false, false);
        (self.backing, self.wanted) = (Backing::File, true);
        self.jobs.clear();
        self.answers.clear();
        self.store.rest();
    }

    fn is_wanted(&self) -> bool {
        self.room.as_ref().is_some_and(DocumentRoom::is_wanted)
    }
}

impl Two {
    pub(crate) fn new(shape: Shape, seed: u64, fault: Option<Fault>) -> Self {
        let model = shape.model();
        let rng = Rng::new(seed.wrapping_mul(3) + u64::from(model == Model::Notebook));
        let (first, [primary, second]) = match model {
            Model::Text => {
                ("begin\nmiddle\nend\n".to_owned(), [DocumentKind::text(), DocumentKind::new("text", "unicode")])
            }
            _ => (notebook(), [DocumentKind::notebook(), DocumentKind::text()]),
        };
        let tab = |at: u64| Tab {
            site: (at % 2) as usize,
            doc: view::document(2000 + at),
            synced: false,
            id: None,
            up: VecDeque::new(),
            down: VecDeque::new(),
            early: None,
            told: 0,
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
            asked: BTreeMap::new(),
            to_view: VecDeque::new(),
            tickets: 0,
            merges: Arc::default(),
            book: Book::default(),
            connections: 0,
            script: Script { shape, seed, turns: Vec::new() },
            trace: Vec::new(),
        }
    }

    /// A whole life: turmoil, a rest after each stretch of it, and an end.
    pub(crate) fn live(&mut self) -> Result<(), String> {
        self.begin()?;
        for stretch in 0..3 {
            for _ in 0..self.rng.between(40, 120) {
                let choices = self.choices();
                if let Some(step) = self.rng.weighted(&choices) {
                    self.step(step)?;
                }
            }
            self.step(if stretch == 2 { Kind::Leave.into() } else { Kind::Rest.into() })?;
        }
        Ok(())
    }

    /// A life once more, as far as its steps are possible, and its end.
    pub(crate) fn relive(&mut self, script: &Script) -> Result<(), String> {
        self.begin()?;
        for Turn { step, die } in &script.turns {
            let at_rest = matches!(step.kind, Kind::Rest | Kind::Leave);
            if at_rest || self.choices().iter().any(|(weight, it)| *weight > 0 && it == step) {
                self.rng = Rng::at(*die);
                self.step(*step)?;
            }
        }
        self.step(Kind::Leave.into())
    }

    /// Everybody comes, and nothing is written.
    fn begin(&mut self) -> Result<(), String> {
        let before = self.disk.content().cloned();
        self.rest()?;
        if before.as_ref() != self.disk.content() || self.disk.writes > 0 {
            return Err("opening a file twice changed it".into());
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), String> {
        self.trace.push(format!("{:6} ms  {:?} {}", self.millis, step.kind, step.at));
        self.script.turns.push(Turn { step, die: self.rng.state() });
        self.take(step)?;
        self.inspect(step)
    }

    fn choices(&self) -> Vec<(usize, Step)> {
        let of = Step::of;
        let some = |wanted: bool, weight: usize| if wanted { weight } else { 0 };
        let notebook = self.model == Model::Notebook;
        let mut choices = vec![
            (14, Kind::Wait.into()),
            (2, Kind::Kill.into()),
            (2, Kind::EditDisk.into()),
            (1, Kind::EraseDisk.into()),
            (some(notebook, 1), Kind::BreakDisk.into()),
        ];
        for (at, site) in self.sites.iter().enumerate() {
            choices.push((some(site.room.is_some(), 1), of(Kind::Fault, at)));
        }
        for (at, tab) in self.tabs.iter().enumerate() {
            choices.extend([
                (some(tab.synced, 6), of(Kind::Edit, at)),
                (some(tab.synced, 2), of(Kind::Erase, at)),
                (some(tab.synced && tab.site == VIEW && notebook, 1), of(Kind::Half, at)),
                (some(tab.synced && tab.site == VIEW && notebook, 1), of(Kind::Space, at)),
            ]);
            match tab.id {
                Some(_) => choices.extend([(1, of(Kind::Cut, at)), (1, of(Kind::AskSave, at))]),
                None => choices.push((6, of(Kind::Connect, at))),
            }
        }
        choices.push((some(self.disk.has_news(), 1), Kind::Miss.into()));
        choices.extend(self.work());
        choices.extend(self.frames());
        choices.retain(|(weight, _)| *weight > 0);
        choices
    }

    /// What people and rooms sent.
    fn frames(&self) -> Vec<(usize, Step)> {
        let of = |wanted: bool, kind, at| wanted.then_some((20, Step::of(kind, at)));
        let of_tab =
            |(at, tab): (usize, &Tab)| [of(!tab.up.is_empty(), Kind::Up, at), of(!tab.down.is_empty(), Kind::Down, at)];
        self.tabs.iter().enumerate().flat_map(of_tab).flatten().collect()
    }

    /// What somebody waits for.
    fn work(&self) -> Vec<(usize, Step)> {
        let some = |wanted: bool, weight: usize| if wanted { weight } else { 0 };
        let of = Step::of;
        let mut choices = Vec::new();
        for (at, site) in self.sites.iter().enumerate() {
            let is_free = site.room.is_some() && !site.open_wanted && !site.reading && !site.writing;
            choices.extend([
                (some(self.may_open(at), 20), of(Kind::Open, at)),
                (some(!site.jobs.is_empty(), 20), of(Kind::Job, at)),
                (some(!site.answers.is_empty(), 25), of(Kind::Answer, at)),
                (some(!site.store.pending.is_empty(), 15), of(Kind::Commit, at)),
                (some(site.write.is_some(), 15), of(Kind::Write, at)),
                (some(site.look && is_free && site.seen.is_none(), 15), of(Kind::Read, at)),
                (some(site.seen.is_some(), 20), of(Kind::Tell, at)),
            ]);
        }
        choices.extend([
            (some(self.disk.has_news(), 8), Kind::Look.into()),
            (some(!self.to_primary.is_empty(), 20), Kind::Ask.into()),
            (some(!self.to_view.is_empty(), 20), Kind::Reply.into()),
        ]);
        choices.retain(|(weight, _)| *weight > 0);
        choices
    }

    fn take(&mut self, step: Step) -> Result<(), String> {
        let at = step.at;
        match step.kind {
            Kind::Wait => {
                self.millis += self.rng.between(10, 800) as u64;
                self.tick()
            }
            Kind::Edit => self.type_in(at),
            Kind::Erase => self.erase(at),
            Kind::Half => self.half(at),
            Kind::Space => self.space(at),
            Kind::Up => {
                let tab = &mut self.tabs[at];
                let (site, id, frame) = (tab.site, tab.id, tab.up.pop_front());
                match (id, frame) {
                    (Some(client), Some(bytes)) => self.tell(site, Input::Frame { client, bytes }),
                    _ => Ok(()),
                }
            }
            Kind::Down => {
                let frame = self.tabs[at].down.pop_front();
                frame.map_or(Ok(()), |frame| self.tabs[at].hear(&frame))
            }
            Kind::Cut => self.cut(at),
            Kind::Connect => self.connect(at),
            Kind::AskSave => {
                self.tabs[at].up.push_back(wire::save(1));
                Ok(())
            }
            Kind::Open => self.open(at),
            Kind::Job => {
                let number = self.rng.below(self.sites[at].jobs.len());
                let outcome = self.sites[at].jobs.swap_remove(number).run();
                self.tell(at, Input::Finished(outcome))
            }
            Kind::Answer => match self.sites[at].answers.pop_front() {
                Some(Input::Wrote(outcome)) => self.wrote(at, outcome, Backing::File),
                input => input.map_or(Ok(()), |input| self.tell(at, input)),
            },
            Kind::Commit => {
                let site = &mut self.sites[at];
                let answers = site.store.commit();
                site.answers.extend(answers);
                site.store.shorten(site.room.as_ref().map_or(0, DocumentRoom::steady))
            }
            Kind::Write => {
                self.write(at);
                Ok(())
            }
            Kind::Look => {
                self.disk.report(&mut self.rng);
                self.all_look();
                Ok(())
            }
            Kind::Miss => {
                self.disk.miss(&mut self.rng);
                Ok(())
            }
            Kind::Read => {
                self.read(at);
                Ok(())
            }
            Kind::Tell => self.told(at),
            Kind::Ask => self.ask(),
            Kind::Reply => self.reply(),
            Kind::EditDisk | Kind::EraseDisk | Kind::BreakDisk => {
                self.edit_disk(step.kind);
                Ok(())
            }
            Kind::Fault => self.fail(at),
            Kind::Kill => {
                self.kill();
                Ok(())
            }
            Kind::Rest => self.rest(),
            Kind::Leave => self.leave(),
            _ => Ok(()),
        }
    }

    /// The machine stops.
    fn kill(&mut self) {
        for site in &mut self.sites {
            site.reset();
            site.store.crash(&mut self.rng);
        }
        self.to_primary.clear();
        self.asked.clear();
        self.to_view.clear();
        self.tabs.iter_mut().for_each(Tab::cut);
        self.book.stopped();
    }

    /// One room's task ends in a fault: what it had begun ends, and what waits for the store is stored.
    fn fail(&mut self, at: usize) -> Result<(), String> {
        self.write(at);
        self.sites[at].store.commit();
        self.tabs.iter_mut().filter(|tab| tab.site == at).for_each(Tab::cut);
        self.gone(at);
        if at == PRIMARY {
            self.book.stopped();
            self.rouse(PRIMARY);
            Ok(())
        } else {
            self.part()
        }
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
