//! People in both rooms and a program beside them: what they write.

use super::book::Deletion;
use super::*;
use crate::edit::units;
use crate::view::is_token;
use yrs::{Array, Map, Out};

/// What makes a notebook unreadable.
pub(super) const BREAK: &str = "<<<<<<< ";

impl Two {
    /// One transaction, and what it says to the room.
    pub(super) fn edit(&mut self, at: usize, edit: impl FnOnce(&mut yrs::TransactionMut<'_>)) {
        let tab = &mut self.tabs[at];
        let mut txn = tab.doc.transact_mut();
        edit(&mut txn);
        let update = txn.encode_update_v1();
        drop(txn);
        if tab.id.is_some() {
            tab.up.push_back(wire::update(&update));
        }
    }

    pub(super) fn text_of_view(&self, at: usize) -> TextRef {
        self.tabs[at].doc.get_or_insert_text("source")
    }

    /// Whether this tab shows cells.
    pub(super) fn has_cells(&self, at: usize) -> bool {
        self.model == Model::Notebook && self.tabs[at].site == PRIMARY
    }

    /// The texts that a tab may type in.
    fn texts(&self, at: usize) -> Vec<TextRef> {
        if self.has_cells(at) { sources(&self.tabs[at].doc) } else { vec![self.text_of_view(at)] }
    }

    /// All that a tab shows.
    pub(super) fn says(&self, at: usize) -> String {
        let (texts, txn) = (self.texts(at), self.tabs[at].doc.transact());
        texts.iter().map(|text| text.get_string(&txn)).collect()
    }

    pub(super) fn type_in(&mut self, at: usize) -> Result<(), String> {
        let texts = self.texts(at);
        let Some(text) = texts.get(self.rng.below(texts.len())).cloned() else { return Ok(()) };
        let now = text.get_string(&self.tabs[at].doc.transact());
        let Some(place) = self.place(&now) else { return Ok(()) };
        let token = self.book.token().to_string();
        self.trace.push(format!("      {token}"));
        self.edit(at, |txn| text.insert(txn, units(&now[..place]), &token));
        Ok(())
    }

    pub(super) fn erase(&mut self, at: usize) -> Result<(), String> {
        let texts = self.texts(at);
        let Some(text) = texts.get(self.rng.below(texts.len())).cloned() else { return Ok(()) };
        let now = text.get_string(&self.tabs[at].doc.transact());
        let Some((place, token)) = self.victim(&now, |_| true) else { return Ok(()) };
        let saved = self.disk.content().is_some_and(|file| String::from_utf8_lossy(&file.bytes).contains(token));
        let unsaved = self.tabs[at].site == VIEW && (!saved || self.is_early());
        self.book.deleted(token, if unsaved { Deletion::Unsaved } else { Deletion::Sure });
        self.edit(at, |txn| text.remove_range(txn, units(&now[..place]), units(&token.to_string())));
        Ok(())
    }

    /// The file is not as the primary, should it come to its end now, knows for sure.
    fn is_early(&self) -> bool {
        self.sites[PRIMARY].store.base.as_ref().map(|base| base.digest) != self.disk.digest()
    }

    /// A save was announced, and its end is not remembered.
    fn is_doubtful(&self) -> bool {
        let store = &self.sites[PRIMARY].store;
        store.intent.is_some() || store.pending.iter().any(|batch| batch.intent.is_some())
    }

    /// A character that is to go, and where it is.
    fn victim(&mut self, text: &str, may_go: impl Fn(char) -> bool) -> Option<(usize, char)> {
        let tokens: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| is_token(*c) && may_go(*c)).collect();
        let (place, token) = tokens.get(self.rng.below(tokens.len())).copied()?;
        self.trace.push(format!("      without {token}"));
        Some((place, token))
    }

    pub(super) fn half(&mut self, at: usize) -> Result<(), String> {
        let text = self.text_of_view(at);
        let now = text.get_string(&self.tabs[at].doc.transact());
        self.edit(at, |txn| {
            if now.starts_with("{{") {
                text.remove_range(txn, 0, 1);
            } else {
                text.insert(txn, 0, "{");
            }
        });
        Ok(())
    }

    pub(super) fn space(&mut self, at: usize) -> Result<(), String> {
        let text = self.text_of_view(at);
        let now = text.get_string(&self.tabs[at].doc.transact());
        let Some(place) = now.find("\"nbformat_minor\"") else { return Ok(()) };
        self.edit(at, |txn| match now[..place].ends_with("\n  ") {
            true => text.remove_range(txn, units(&now[..place]) - 1, 1),
            false => text.insert(txn, units(&now[..place]), " "),
        });
        Ok(())
    }

    /// A place inside of what cells or lines say: after a word or a character of ours.
    fn place(&mut self, text: &str) -> Option<usize> {
        let words = ["begin", "middle", "end"].into_iter().flat_map(|word| text.match_indices(word));
        let after = words.map(|(at, word)| at + word.len());
        let tokens = text.char_indices().filter(|(_, c)| is_token(*c)).map(|(at, c)| at + c.len_utf8());
        let places: Vec<usize> = after.chain(tokens).collect();
        places.get(self.rng.below(places.len())).copied()
    }

    /// The other program writes in the file, deletes, or leaves a mark in it that no notebook may have.
    pub(super) fn edit_disk(&mut self, kind: Kind) {
        let Some(content) = self.disk.content() else { return };
        let mut text = String::from_utf8_lossy(&content.bytes).into_owned();
        match kind {
            Kind::BreakDisk if text.contains(BREAK) => text = text.replace(BREAK, ""),
            Kind::BreakDisk => text = text.replacen("\"cells\"", &format!("{BREAK}\"cells\""), 1),
            Kind::EraseDisk => {
                // Nobody can tell then whether the save happened: that it deletes the very same does not happen here.
                let doubtful: String = match self.is_doubtful() {
                    true => text.chars().filter(|c| self.book.is_deleted(*c)).collect(),
                    false => String::new(),
                };
                let Some((place, token)) = self.victim(&text, |c| !doubtful.contains(c)) else { return };
                self.book.deleted(token, if self.is_early() { Deletion::Early } else { Deletion::Sure });
                text.remove(place);
            }
            _ => {
                let Some(place) = self.place(&text) else { return };
                let token = self.book.token();
                self.trace.push(format!("      {token}"));
                text.insert(place, token);
            }
        }
        self.disk.put(Some(text.as_bytes()));
    }

    /// Finishes half-typed JSON, and takes the mark out again.
    pub(super) fn mend(&mut self) {
        let at = VIEW;
        if self.model != Model::Notebook || !self.tabs[at].synced {
            return;
        }
        let text = self.text_of_view(at);
        let now = text.get_string(&self.tabs[at].doc.transact());
        let extra = now.chars().take_while(|c| *c == '{').count();
        if extra > 1 {
            self.edit(at, |txn| text.remove_range(txn, 0, extra as u32 - 1));
        } else if let Some(mark) = now.find(BREAK) {
            self.edit(at, |txn| text.remove_range(txn, units(&now[..mark]), units(BREAK)));
        }
    }
}

/// The sources of all cells.
pub(super) fn sources(doc: &Doc) -> Vec<TextRef> {
    let cells = doc.get_or_insert_array("cells");
    let txn = doc.transact();
    let source = |cell: Out| match cell {
        Out::YMap(cell) => match cell.get(&txn, "source") {
            Some(Out::YText(text)) => Some(text),
            _ => None,
        },
        _ => None,
    };
    cells.iter(&txn).filter_map(source).collect()
}
