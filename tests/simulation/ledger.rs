//! Who wrote and who deleted what, and therefore what must be there when everything has come to rest.
//!
//! The rules, for one stretch between two moments of rest:
//! - a character is there unless somebody deleted it; a viewer's is nowhere;
//! - a cell that a client deleted is gone, with what others write into it; unless the disk edited it too: either;
//! - a cell that the disk deleted is gone, unless the room had text in it that the disk did not have: then it stays;
//!   unless a client had written into it elsewhere, or does so afterwards: either;
//! - what a client did that is gone for good and had no confirmation may be lost;
//! - whoever moves a cell, or text from one to another, takes it out and makes it anew: what others write into the old one, or
//!   delete there, without having seen that, may be lost. Nobody moves what another has moved unseen;
//! - cells that share an id are one in this book: if one of them is deleted, all of them may be.

mod allowed;

use std::collections::{BTreeMap, BTreeSet};

use yrs::StateVector;
use yrs::block::ClientID;

use super::edit::{Author, Carried, DISK, Op};
use super::script::Shape;
use super::view::{self, View, token};

/// Where the log has a character for sure.
pub(crate) type Durable = BTreeMap<char, String>;

/// What is expected of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    Present,
    Absent,
    Either,
}

/// Who made something anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A client, in the edit after which its document was as far as this.
    Client(u64, u32),
    /// The external editor. When others have seen it is not known before the next rest.
    Disk,
}

impl Mark {
    /// Whether a document that is so far has it.
    fn is_in(self, vector: &StateVector) -> bool {
        match self {
            Self::Client(client, clock) => vector.get(&ClientID::new(client)) >= clock,
            Self::Disk => false,
        }
    }
}

/// Whether a document that is so far has nothing to learn about something.
fn known(mark: Option<Mark>, vector: &StateVector) -> bool {
    mark.is_none_or(|mark| mark.is_in(vector))
}

struct Token {
    cell: String,
    /// Or there, if it was carried away by somebody whose edit may be lost.
    or_in: Option<String>,
    carried: Option<Mark>,
    author: Author,
    /// Its insertion may have been lost.
    lost: bool,
    /// Nobody but its author may ever see it.
    void: bool,
    /// Written since the last rest.
    new: bool,
    /// Who deleted it, and whether that is sure.
    deletions: Vec<(Author, bool)>,
}

impl Token {
    /// This author's deletions may be lost.
    fn doubt(&mut self, author: Author) {
        doubt(&mut self.deletions, author);
    }
}

fn doubt(deletions: &mut [(Author, bool)], author: Author) {
    deletions.iter_mut().filter(|(by, _)| *by == author).for_each(|(_, sure)| *sure = false);
}

#[derive(Default)]
struct Cell {
    deletions: Vec<(Author, bool)>,
    edited_on_disk: bool,
    deleted_on_disk: Option<Contest>,
    /// It is another one with the same id now.
    replaced: Option<Mark>,
    /// Something was carried to another cell.
    robbed: bool,
    /// By the disk: lines that are mostly gone may be taken for rewritten, with what was deleted in them here.
    rewritten: bool,
    /// All was carried to another cell, by this author; the other side does not touch it.
    absorbed: Option<Author>,
}

/// Whether a cell that the disk deletes was being edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contest {
    /// Everybody has what the file has.
    Clean,
    /// The room has this character, which the file does not have.
    Edited(char),
    /// Somebody has edited it, but the room may not know.
    Unclear,
}

/// The book.
#[derive(Default)]
pub(crate) struct Ledger {
    tokens: BTreeMap<char, Token>,
    cells: BTreeMap<String, Cell>,
    dead: BTreeSet<char>,
    /// New cells may have the id of another.
    with_twins: bool,
    /// Ids that several cells have.
    twins: BTreeSet<String>,
    /// What a cell is called here, if it is called otherwise in the room or in the file.
    homes: BTreeMap<String, String>,
    /// The external editor made a cell with an id that was taken.
    nameless: bool,
    made: u32,
    made_cells: u32,
}

impl Ledger {
    /// An empty one, for a world of this kind.
    pub(crate) fn of(shape: Shape) -> Self {
        Self { with_twins: shape == Shape::Twins, ..Self::default() }
    }

    /// A new unique character.
    pub(crate) fn token(&mut self) -> char {
        self.made += 1;
        token(self.made)
    }

    /// A new cell id.
    pub(crate) fn cell_id(&mut self) -> String {
        self.made_cells += 1;
        format!("cell-{}", self.made_cells)
    }

    /// Whether new cells may have the id of another.
    pub(crate) fn has_twins(&self) -> bool {
        self.with_twins
    }

    /// There is another cell with this id now.
    pub(crate) fn twin(&mut self, home: &str) {
        self.twins.insert(home.to_owned());
    }

    /// Whether several cells have this id.
    pub(crate) fn is_twin(&self, home: &str) -> bool {
        self.twins.contains(home)
    }

    /// What the cell with this id is called here. One that the host has just made is known by the text.
    pub(crate) fn home(&self, id: &str, text: impl Fn() -> String) -> String {
        if let Some(home) = self.homes.get(id) {
            return home.clone();
        }
        let by_text = || view::tokens(&text()).find_map(|c| self.tokens.get(&c)).map(|token| token.cell.clone());
        Some(()).filter(|()| view::is_made(id)).and_then(|()| by_text()).unwrap_or_else(|| id.to_owned())
    }

    /// Whether the external editor may make a cell with an id that is taken; see [`Ledger::may_drop_on_disk`].
    pub(crate) fn may_twin_on_disk(&mut self) -> bool {
        let may = self.cells.values().all(|cell| cell.deleted_on_disk.is_none());
        self.nameless |= may;
        may
    }

    /// A client's edit, of which `mark` tells; `vector` says what it knew before. A viewer's is void.
    pub(crate) fn edited(&mut self, author: Author, op: &Op, void: bool, vector: &StateVector, mark: Mark) {
        self.note(author, op, void, vector);
        if let Some(carried) = &op.carried {
            self.carry(author, op, carried, mark, None);
            self.carried_into(carried, vector);
        }
        let cell = self.cells.entry(op.cell.clone()).or_default();
        if op.dropped {
            cell.deletions.push((author, known(cell.replaced, vector)));
        } else if !void && cell.deleted_on_disk == Some(Contest::Clean) {
            cell.deleted_on_disk = Some(Contest::Unclear);
        }
    }

    /// An edit on disk. `durable`: what the log has for sure, and how far it is.
    pub(crate) fn edited_on_disk(&mut self, op: &Op, contest: Contest, durable: (&Durable, &StateVector)) {
        self.note(DISK, op, false, durable.1);
        if let Some(carried) = &op.carried {
            self.carry(DISK, op, carried, Mark::Disk, Some(durable.0));
            let client = self.cells.get(&carried.to).is_some_and(|cell| cell.replaced != Some(Mark::Disk));
            if client {
                self.carried_into(carried, durable.1);
            }
        }
        let twin = self.is_twin(&op.cell);
        let cell = self.cells.entry(op.cell.clone()).or_default();
        if !op.dropped {
            cell.edited_on_disk = true;
            return;
        }
        cell.deleted_on_disk = Some(if twin { Contest::Unclear } else { contest });
        // Should the cell stay, then perhaps without what the disk did to it before, unseen.
        for token in self.tokens.values_mut().filter(|token| token.cell == op.cell) {
            token.lost |= (token.new && token.author == DISK) || token.carried == Some(Mark::Disk);
            token.doubt(DISK);
        }
    }

    fn note(&mut self, author: Author, op: &Op, void: bool, vector: &StateVector) {
        let lost = self
            .cells
            .get(&op.cell)
            .is_some_and(|cell| !self_made(author, cell.replaced) && !known(cell.replaced, vector));
        for c in op.inserted.chars() {
            let (deletions, cell) = (Vec::new(), op.cell.clone());
            let token = Token { cell, or_in: None, carried: None, author, lost, void, new: true, deletions };
            self.tokens.insert(c, token);
        }
        let cell = self.cells.get(&op.cell);
        let (replaced, rewritten) = cell.map_or((None, false), |cell| (cell.replaced, cell.rewritten));
        let edited_before = cell.is_some_and(|cell| cell.edited_on_disk);
        for c in op.deleted.chars() {
            if let Some(token) = self.tokens.get_mut(&c) {
                // What a client carried is at another place than on disk, unless it is there as a whole.
                let placed = match replaced {
                    _ if author != DISK => !rewritten,
                    None => !matches!(token.carried, Some(Mark::Client(..))),
                    // Of what the disk wrote before, the copy has nothing: that it is not rewritten as a whole cannot be told.
                    Some(mark) => mark != Mark::Disk && Some(mark) == token.carried && !edited_before,
                };
                let seen = self_made(author, token.carried) || known(token.carried, vector);
                let there = token.cell == op.cell && placed && seen;
                token.deletions.push((author, there));
            }
        }
    }

    /// What comes to a cell that somebody has replaced unseen may be lost.
    fn carried_into(&mut self, carried: &Carried, vector: &StateVector) {
        let Some(cell) = self.cells.get_mut(&carried.to).filter(|_| !carried.whole) else { return };
        cell.deleted_on_disk = cell.deleted_on_disk.map(|_| Contest::Unclear);
        if !known(cell.replaced, vector) {
            for c in carried.text.chars() {
                self.tokens.entry(c).and_modify(|token| token.lost = true);
            }
        }
    }

    /// `durable`: of what the disk replaces, this much the room has for sure, and spares.
    fn carry(&mut self, author: Author, op: &Op, carried: &Carried, mark: Mark, durable: Option<&Durable>) {
        for (c, token) in self.tokens.iter_mut().filter(|(_, token)| token.cell == op.cell) {
            let there = durable.map(|durable| durable.get(c) == Some(&op.cell));
            if carried.text.contains(*c) {
                (token.cell, token.carried) = (carried.to.clone(), Some(mark));
                if !(carried.whole && there == Some(false)) {
                    token.deletions.iter_mut().for_each(|(_, sure)| *sure = false);
                }
            } else if carried.whole && !op.deleted.contains(*c) && there != Some(true) {
                token.lost = true;
            } else if !carried.whole && author == DISK {
                token.deletions.iter_mut().for_each(|(_, sure)| *sure = false);
            }
        }
        let cell = self.cells.entry(op.cell.clone()).or_default();
        if carried.whole {
            cell.replaced = Some(mark);
            cell.deletions.iter_mut().for_each(|(_, sure)| *sure = false);
            cell.deleted_on_disk = cell.deleted_on_disk.map(|_| Contest::Unclear);
        } else {
            cell.robbed = true;
            cell.rewritten |= author == DISK;
            cell.absorbed = op.dropped.then_some(author);
            self.cells.entry(carried.to.clone()).or_default().edited_on_disk |= author == DISK;
        }
    }

    /// A client's edit may be lost.
    pub(crate) fn unsure(&mut self, author: Author, op: &Op) {
        for c in op.inserted.chars() {
            if let Some(token) = self.tokens.get_mut(&c) {
                token.lost = true;
            }
        }
        for c in op.deleted.chars() {
            if let Some(token) = self.tokens.get_mut(&c) {
                token.doubt(author);
            }
        }
        if op.dropped
            && let Some(cell) = self.cells.get_mut(&op.cell)
        {
            doubt(&mut cell.deletions, author);
        }
        for c in op.carried.iter().flat_map(|carried| carried.text.chars()) {
            if let Some(token) = self.tokens.get_mut(&c) {
                token.or_in = Some(op.cell.clone());
            }
        }
    }

    /// The host lost what was not durable: what spoke against a deletion on disk may have been among it, and what comes once
    /// more may come after the cell it belongs to was replaced.
    pub(crate) fn killed(&mut self, durable: &Durable, vector: &StateVector) {
        for (id, cell) in &mut self.cells {
            if let Some(Contest::Edited(guard)) = cell.deleted_on_disk
                && !durable.contains_key(&guard)
            {
                cell.deleted_on_disk = Some(Contest::Unclear);
            }
            let Some(mark) = cell.replaced.filter(|mark| !mark.is_in(vector)) else { continue };
            for (c, token) in self.tokens.iter_mut().filter(|(_, token)| token.cell == *id) {
                let there = durable.get(c) == Some(id);
                if there {
                    token.deletions.iter_mut().for_each(|(_, sure)| *sure = false);
                }
                token.lost |= if mark == Mark::Disk { !there } else { token.new && token.author == DISK };
            }
        }
    }

    /// The host cannot know whether its last save happened before the last edit on disk: with the wrong guess, a deletion
    /// there is overlooked, or one here is taken for text that the disk brought. Nothing may be lost or doubled all the same.
    pub(crate) fn doubt_deletions(&mut self) {
        for cell in self.cells.values_mut().filter(|cell| cell.deleted_on_disk.is_some()) {
            cell.deleted_on_disk = Some(Contest::Unclear);
        }
        let deletions = self.tokens.values_mut().flat_map(|token| &mut token.deletions);
        let cells = self.cells.values_mut().flat_map(|cell| &mut cell.deletions);
        deletions.chain(cells).for_each(|(_, sure)| *sure = false);
    }

    fn cell_stays(&self, id: &str) -> Expect {
        let Some(cell) = self.cells.get(id) else { return Expect::Present };
        let sure = cell.deletions.iter().any(|(_, sure)| *sure);
        match (cell.deletions.is_empty(), cell.deleted_on_disk) {
            (false, _) if cell.edited_on_disk || !sure || self.is_twin(id) => Expect::Either,
            (false, _) => Expect::Absent,
            (true, None) => Expect::Present,
            (true, Some(Contest::Clean)) => Expect::Absent,
            (true, Some(Contest::Edited(guard))) if self.undisturbed(guard) => Expect::Present,
            (true, Some(_)) => Expect::Either,
        }
    }

    /// Whether nobody deleted it and its author's word stands.
    pub(crate) fn undisturbed(&self, c: char) -> bool {
        self.tokens.get(&c).is_some_and(|token| !token.lost && token.deletions.is_empty())
    }

    /// What is expected of a character.
    pub(crate) fn expect(&self, c: char) -> Expect {
        let Some(token) = self.tokens.get(&c) else { return Expect::Absent };
        let sure = token.deletions.iter().any(|(_, sure)| *sure);
        let stays = self.cell_stays(&token.cell);
        let stays = match token.or_in.as_ref().map(|cell| self.cell_stays(cell)) {
            Some(other) if other != stays => Expect::Either,
            _ => stays,
        };
        match stays {
            Expect::Present if token.void || sure => Expect::Absent,
            Expect::Present if token.lost || !token.deletions.is_empty() => Expect::Either,
            _ if token.void => Expect::Absent,
            other => other,
        }
    }

    /// Whether a character that should be durable by now is expected for sure, whatever happens next.
    pub(crate) fn untouched(&self, c: char) -> bool {
        let cell = self.tokens.get(&c).and_then(|token| self.cells.get(&token.cell));
        self.undisturbed(c) && cell.is_none_or(|cell| cell.deletions.is_empty() && cell.deleted_on_disk.is_none())
    }

    /// Whether this was typed by a viewer who is not this one.
    pub(crate) fn is_void_for(&self, reader: Author, c: char) -> bool {
        self.tokens.get(&c).is_some_and(|token| token.void && token.author != reader)
    }

    /// Whether this is a viewer's.
    pub(crate) fn is_void(&self, c: char) -> bool {
        self.is_void_for(DISK, c)
    }

    /// Whether this was gone at the last rest, and may never come back.
    pub(crate) fn is_dead(&self, c: char) -> bool {
        self.dead.contains(&c)
    }

    /// Compares with what is there at rest.
    pub(crate) fn check(&self, view: &View) -> Result<(), String> {
        let there: BTreeSet<char> = view.tokens().collect();
        for (c, token) in &self.tokens {
            let trace = || format!("in {} (deleted by {:?}, at rest: {:?})", token.cell, token.deletions, view);
            match (self.expect(*c), there.contains(c)) {
                (Expect::Present, false) => return Err(format!("{c} is lost {}", trace())),
                (Expect::Absent, true) => return Err(format!("{c} should be gone {}", trace())),
                _ => {}
            }
        }
        match there.iter().find(|c| !self.tokens.contains_key(c)) {
            Some(c) => Err(format!("{c} was never written or has come back")),
            None => Ok(()),
        }
    }

    /// All is quiet and agreed: what is there is alive, the rest is dead.
    pub(crate) fn settle(&mut self, view: &View, file: &View) {
        self.twins = view.twins().chain(file.twins()).map(str::to_owned).collect();
        self.nameless = false;
        let there: BTreeSet<char> = view.tokens().collect();
        let (kept, gone) =
            std::mem::take(&mut self.tokens).into_iter().partition(|(c, token)| token.void || there.contains(c));
        self.tokens = kept;
        let gone: BTreeMap<char, Token> = gone;
        self.dead.extend(gone.into_keys());
        for token in self.tokens.values_mut() {
            token.deletions.clear();
            token.lost = false;
            token.new = false;
            (token.carried, token.or_in) = (None, None);
        }
        self.cells.clear();
        self.homes.clear();
        for (cell, written) in view.cells.iter().zip(&file.cells) {
            let home = if self.is_twin(&written.id) { &written.id } else { &cell.id };
            for id in [&cell.id, &written.id].into_iter().filter(|id| *id != home) {
                self.homes.insert(id.clone(), home.clone());
            }
            // What is known by its name from now on is not looked for by its text, which somebody may carry away.
            if view::is_made(&cell.id) {
                self.homes.entry(cell.id.clone()).or_insert_with(|| home.clone());
            }
            for c in cell.tokens() {
                self.tokens.entry(c).and_modify(|token| token.cell.clone_from(home));
            }
        }
    }
}

/// Whether the external editor, which reads what it wrote, made this anew itself.
fn self_made(author: Author, mark: Option<Mark>) -> bool {
    author == DISK && mark == Some(Mark::Disk)
}
