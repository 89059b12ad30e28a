//! Who wrote and who deleted what, and therefore what must be there when everything has come to rest.
//!
//! The rules, for one stretch between two moments of rest:
//! - a character is there unless somebody deleted it; a viewer's is nowhere;
//! - a cell that a client deleted is gone, with what others write into it; unless the disk edited it too: either;
//! - a cell that the disk deleted is gone, unless the room had text in it that the disk did not have: then it stays;
//!   unless a client had written into it elsewhere, or does so afterwards: either;
//! - what a client did that is gone for good and had no confirmation may be lost.

use std::collections::{BTreeMap, BTreeSet};

use super::edit::{Author, DISK, Op};
use super::view::{View, token};

/// What is expected of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    Present,
    Absent,
    Either,
}

struct Token {
    cell: String,
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
    made: u32,
    made_cells: u32,
}

impl Ledger {
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

    /// A client's edit. A viewer's is void.
    pub(crate) fn edited(&mut self, author: Author, op: &Op, void: bool) {
        self.note(author, op, void);
        let cell = self.cells.entry(op.cell.clone()).or_default();
        if op.dropped {
            cell.deletions.push((author, true));
        } else if !void && cell.deleted_on_disk == Some(Contest::Clean) {
            cell.deleted_on_disk = Some(Contest::Unclear);
        }
    }

    /// An edit on disk.
    pub(crate) fn edited_on_disk(&mut self, op: &Op, contest: Contest) {
        self.note(DISK, op, false);
        let cell = self.cells.entry(op.cell.clone()).or_default();
        if !op.dropped {
            cell.edited_on_disk = true;
            return;
        }
        cell.deleted_on_disk = Some(contest);
        // Should the cell stay, then perhaps without what the disk did to it before, unseen.
        for token in self.tokens.values_mut().filter(|token| token.cell == op.cell) {
            token.lost |= token.new && token.author == DISK;
            token.doubt(DISK);
        }
    }

    fn note(&mut self, author: Author, op: &Op, void: bool) {
        for c in op.inserted.chars() {
            let deletions = Vec::new();
            let token = Token { cell: op.cell.clone(), author, lost: false, void, new: true, deletions };
            self.tokens.insert(c, token);
        }
        for c in op.deleted.chars() {
            if let Some(token) = self.tokens.get_mut(&c) {
                token.deletions.push((author, true));
            }
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
    }

    /// The host lost what was not durable: what spoke against a deletion on disk may have been among it.
    pub(crate) fn killed(&mut self, durable: &BTreeSet<char>) {
        for cell in self.cells.values_mut() {
            if let Some(Contest::Edited(guard)) = cell.deleted_on_disk
                && !durable.contains(&guard)
            {
                cell.deleted_on_disk = Some(Contest::Unclear);
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
            (false, _) if cell.edited_on_disk || !sure => Expect::Either,
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
        match self.cell_stays(&token.cell) {
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
    pub(crate) fn settle(&mut self, view: &View) {
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
        }
        self.cells.clear();
    }
}
