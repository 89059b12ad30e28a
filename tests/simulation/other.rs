//! The other program, which edits the file whenever it likes.

use protocol::Model;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::edit::{Op, is_part};
use super::editor;
use super::ledger::{Contest, Ledger};
use super::view::{self, View};
use super::world::World;

impl World {
    /// It edits the file: writes in it, or moves cells.
    pub(crate) fn edit_disk(&mut self, reshape: bool) -> Result<(), String> {
        let Some(now) = self.disk.content().cloned() else { return Ok(()) };
        if self.is_in_doubt() && self.ledger.has_moves() {
            return Ok(());
        }
        let room = self.room_view()?;
        let views: Vec<Rc<View>> =
            self.clients.iter().map(|client| client.view(self.model)).collect::<Result<_, _>>()?;
        let file = View::of_file(self.model, &now.bytes)?;
        let alive: BTreeSet<char> = file.tokens().collect();
        let free: BTreeSet<char> =
            room.iter().flat_map(|room| room.tokens()).filter(|c| self.ledger.undisturbed(*c)).collect();
        let contest = |ledger: &Ledger, id: &str| {
            if ledger.is_shaky(id) {
                return Contest::Unclear;
            }
            let there = file.cell(id);
            let Some(room) = &room else { return Contest::Unclear };
            let new = room.cell(id).and_then(|cell| cell.tokens().find(|c| !alive.contains(c) && free.contains(c)));
            match new {
                Some(new) => Contest::Edited(new),
                None if room.cell(id) == there && views.iter().all(|view| view.cell(id) == there) => Contest::Clean,
                None => Contest::Unclear,
            }
        };
        let (bytes, ops) = editor::edit(&mut self.rng, &mut self.ledger, self.model, &now.bytes, reshape, contest)?;
        let (durable, vector) = self.durable()?;
        for (op, contest) in &ops {
            self.trace.push(format!("      {op:?} {contest:?}"));
            self.ledger.edited_on_disk(op, *contest, (&durable, &vector));
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

    /// Whether a save was cut short, and nobody has looked yet whether it happened. With an edit on disk on top of that the host
    /// has to guess; with text in it that was moved, it may guess wrong and bring it twice. That does not happen here.
    pub(crate) fn is_in_doubt(&self) -> bool {
        let open = self.host.as_ref().is_some_and(|host| host.room.is_open());
        self.failed_write || (!open && self.store.intent.is_some())
    }

    /// Whether somebody else has edited the file since the save that was cut short, or is being written.
    pub(crate) fn is_murky(&self) -> bool {
        let mut intents =
            self.store.pending.iter().filter_map(|batch| batch.intent).chain(self.store.intent).peekable();
        let bases = self.store.pending.iter().filter_map(|batch| batch.base.as_ref()).chain(&self.store.base);
        let known: Vec<_> = bases.map(|base| base.digest).collect();
        let doubt = intents.peek().is_some() || self.failed_write;
        doubt && !intents.map(|intent| intent.digest).chain(known).any(|known| Some(known) == self.disk.digest())
    }

    /// Another program saves an old copy of a text. That looks exactly like a person who deleted what came since.
    pub(crate) fn write_stale_copy(&mut self) -> Result<(), String> {
        let saving = self.host.as_ref().is_none_or(|host| host.write.is_some());
        let (Some(now), Some(copy)) = (self.disk.content().cloned(), self.copy.take()) else { return Ok(()) };
        if self.model == Model::Notebook {
            return Ok(());
        }
        let (old, new) = (String::from_utf8_lossy(&copy), String::from_utf8_lossy(&now.bytes));
        if !saving && is_part(&old, &new) {
            let newer: String = view::tokens(&new).filter(|c| !old.contains(*c)).collect();
            self.trace.push(format!("      takes back {newer}"));
            let (durable, vector) = self.durable()?;
            let op = Op::new(view::TEXT, "", &newer);
            self.ledger.edited_on_disk(&op, Contest::Clean, (&durable, &vector));
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
}
