//! What somebody may do to a cell so that afterwards it is still known what must be there. Only questions; the book is in `ledger`.

use yrs::StateVector;

use super::{Ledger, Mark, Token, known};
use crate::edit::{Author, DISK};
use crate::view;

impl Ledger {
    /// Whether anything was made anew since the last rest.
    pub(crate) fn has_moves(&self) -> bool {
        self.tokens.values().any(|token| token.carried.is_some())
            || self.cells.values().any(|cell| cell.replaced.is_some())
    }

    /// Whether it is unclear where this cell is.
    pub(crate) fn is_shaky(&self, id: &str) -> bool {
        self.is_twin(id) || self.cells.get(id).is_some_and(|cell| cell.replaced.is_some())
    }

    /// Whether this author may not touch the cell, because the other side has carried all of it away.
    pub(crate) fn is_barred(&self, author: Author, id: &str) -> bool {
        let absorbed = self.cells.get(id).and_then(|cell| cell.absorbed);
        absorbed.is_some_and(|by| (by == DISK) != (author == DISK))
    }

    /// Whether somebody who knows this much may delete the cell: not if something of it is on its way elsewhere.
    pub(crate) fn may_drop(&self, id: &str, vector: &StateVector) -> bool {
        self.cells.get(id).is_none_or(|cell| !cell.robbed && known(cell.replaced, vector))
    }

    /// Whether somebody who knows this much may carry this text out of the cell: not if another has done so unseen.
    pub(crate) fn may_carry(&self, id: &str, text: &str, vector: &StateVector) -> bool {
        let cell = self.cells.get(id).is_none_or(|cell| {
            let gone = !cell.deletions.is_empty() || cell.deleted_on_disk.is_some() || cell.absorbed.is_some();
            !gone && known(cell.replaced, vector)
        });
        let mut tokens = view::tokens(text).map(|c| self.tokens.get(&c));
        let at_home = |token: &Token| token.cell == id && token.or_in.is_none() && known(token.carried, vector);
        cell && !self.is_twin(id) && tokens.all(|token| token.is_some_and(at_home))
    }

    /// Whether somebody who knows this much may carry all of the cell to another and delete it: not if the disk, which does not
    /// know that, has edited it and would bring it back.
    pub(crate) fn may_absorb(&self, id: &str, text: &str, vector: &StateVector) -> bool {
        let calm = self.cells.get(id).is_none_or(|cell| !cell.edited_on_disk);
        calm && self.may_carry(id, text, vector) && self.may_drop(id, vector)
    }

    /// The external editor knows of no client's move, and leaves alone what a client has moved.
    pub(crate) fn may_carry_on_disk(&self, id: &str, text: &str) -> bool {
        let replaced = self.cells.get(id).is_some_and(|cell| cell.replaced.is_some());
        let by_client =
            |c| self.tokens.get(&c).is_none_or(|t| matches!(t.carried, Some(Mark::Client(..))) || t.cell != id);
        let free = self.cells.get(id).is_none_or(|cell| cell.absorbed.is_none() && cell.deletions.is_empty());
        !replaced && free && !self.is_twin(id) && !view::tokens(text).any(by_client)
    }

    /// Whether the disk may delete the cell.
    pub(crate) fn may_drop_on_disk(&self, id: &str) -> bool {
        // One that came with an id that was taken may be for what is gone.
        !self.nameless && self.cells.get(id).is_none_or(|cell| !cell.robbed)
    }
}
