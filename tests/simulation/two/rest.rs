//! What must be true after every step, when everything has come to rest, and when everybody has left.

use super::people::{BREAK, sources};
use super::*;
use crate::view::tokens;
use protocol::BaseAt;

/// Turns in which everything must come to rest.
const TURNS: usize = 20_000;

impl Two {
    /// After a step: nothing is anywhere twice, and nothing came back.
    pub(super) fn inspect(&self, step: Step) -> Result<(), String> {
        match step.kind {
            Kind::Down | Kind::Edit | Kind::Erase => self.book.sound(&format!("tab {}", step.at), &self.says(step.at)),
            Kind::Write | Kind::Fault => self.book.sound("the file", &self.file()?),
            _ => Ok(()),
        }
    }

    fn file(&self) -> Result<String, String> {
        let content = self.disk.content().ok_or("the file is gone")?;
        Ok(String::from_utf8_lossy(&content.bytes).into_owned())
    }

    /// Everybody comes back, half-typed JSON is finished, a broken file mended, everything saved; then all must say the same.
    pub(super) fn rest(&mut self) -> Result<(), String> {
        for at in 0..self.tabs.len() {
            if self.tabs[at].id.is_none() {
                self.connect(at)?;
            }
        }
        // Where nothing is saved by itself: the view mends, and then the primary has something to save.
        let mut asked = 0;
        self.calm(|two, calm| {
            two.mend();
            if calm == 10 && asked < 3 {
                asked += 1;
                two.tabs.iter_mut().for_each(|tab| tab.up.push_back(wire::save(2)));
            }
        })?;
        let file = self.file()?;
        self.book.check(&file)?;
        for at in 0..self.tabs.len() {
            self.same(&format!("tab {at}"), &self.tabs[at].doc, self.has_cells(at))?;
            let last = self.merges.last().map_or(0, |merge| merge.id);
            if self.tabs[at].told < last {
                return Err(format!("tab {at} was not told of merge {last}"));
            }
        }
        self.book.settle(&file);
        Ok(())
    }

    /// Goes on until nothing has happened for a while.
    fn calm(&mut self, mut meanwhile: impl FnMut(&mut Self, usize)) -> Result<(), String> {
        self.all_look();
        let (mut calm, mut turns) = (0, 0);
        while calm < 40 {
            turns += 1;
            if turns > TURNS {
                return Err("it never comes to rest".into());
            }
            let choices: Vec<_> = self.work().into_iter().chain(self.frames()).collect();
            match self.rng.weighted(&choices) {
                Some(step) => {
                    // Now and then a room says something only to be heard.
                    calm = if step.kind == Kind::Down { calm } else { 0 };
                    self.take(step)?;
                    self.inspect(step)?;
                }
                None => {
                    calm += 1;
                    meanwhile(self, calm);
                    self.millis += 500;
                    self.tick()?;
                }
            }
        }
        Ok(())
    }

    /// Whether a document says what the file says.
    fn same(&self, name: &str, doc: &Doc, has_cells: bool) -> Result<(), String> {
        let file = self.file()?;
        let text = doc.get_or_insert_text("source");
        let cells = has_cells.then(|| sources(doc));
        let txn = doc.transact();
        let (says, expect) = match cells {
            Some(cells) => {
                let says: String = cells.iter().map(|cell| cell.get_string(&txn)).collect();
                (tokens(&says).collect(), tokens(&file).collect())
            }
            None => (text.get_string(&txn), file),
        };
        if says == expect { Ok(()) } else { Err(format!("{name} and the file differ:\n{says}\n---\n{expect}")) }
    }

    /// After a rest everybody leaves, and both rooms close. Then the file, both logs and both bases say the same; and who comes
    /// back finds that, and nothing is written.
    pub(super) fn leave(&mut self) -> Result<(), String> {
        self.rest()?;
        for at in 0..self.tabs.len() {
            self.cut(at)?;
        }
        for _ in 0..10 {
            if self.sites.iter().any(|site| site.room.is_some()) {
                self.calm(|_, _| {})?;
            }
        }
        if self.file()?.contains(BREAK) || self.sites.iter().any(|site| site.room.is_some()) {
            return Err("a room in which nobody is does not close".into());
        }
        self.book.check(&self.file()?)?;
        for at in [PRIMARY, VIEW] {
            let (name, site) = (["the primary", "the view"][at], &self.sites[at]);
            let has_cells = at == PRIMARY && self.model == Model::Notebook;
            if !site.store.pending.is_empty() {
                return Err(format!("{name} is done and left something to be stored"));
            }
            let log = view::document(1);
            site.store.log.iter().try_for_each(|(_, update)| view::apply(&log, update))?;
            self.same(&format!("the log of {name}"), &log, has_cells)?;
            let record = site.store.base.as_ref().ok_or_else(|| format!("{name} has no base"))?;
            if Some(record.digest) != self.disk.digest() {
                return Err(format!("the base of {name} is of other bytes than the file's"));
            }
            let base = view::document(1);
            match &record.at {
                BaseAt::Copy(state) => view::apply(&base, state)?,
                BaseAt::Log(until) => {
                    let mut before = site.store.log.iter().filter(|(seq, _)| seq <= until);
                    before.try_for_each(|(_, update)| view::apply(&base, update))?;
                }
            }
            self.same(&format!("the base of {name}"), &base, has_cells)?;
        }
        let (before, writes) = (self.disk.content().cloned(), self.disk.writes);
        self.rest()?;
        if before.as_ref() != self.disk.content() || writes != self.disk.writes {
            return Err("coming back changed the file".into());
        }
        Ok(())
    }
}
