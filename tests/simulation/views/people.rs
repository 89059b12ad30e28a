//! People in both rooms and a program beside them: what they write, and what must be everywhere when all rest.

use super::*;

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

    /// The texts that a tab may type in, and in which places.
    pub(super) fn texts(&self, at: usize) -> Vec<TextRef> {
        let tab = &self.tabs[at];
        if self.model == Model::Text || tab.site == VIEW {
            return vec![self.text_of_view(at)];
        }
        let cells = tab.doc.get_or_insert_array("cells");
        let txn = tab.doc.transact();
        let source = |cell: Out| match cell {
            Out::YMap(cell) => match cell.get(&txn, "source") {
                Some(Out::YText(text)) => Some(text),
                _ => None,
            },
            _ => None,
        };
        cells.iter(&txn).filter_map(source).collect()
    }

    pub(super) fn type_in(&mut self, at: usize) -> Result<(), String> {
        let texts = self.texts(at);
        let Some(text) = texts.get(self.rng.below(texts.len())).cloned() else { return Ok(()) };
        let now = text.get_string(&self.tabs[at].doc.transact());
        let Some(place) = self.place(&now) else { return Ok(()) };
        self.tokens += 1;
        let token = view::token(self.tokens).to_string();
        self.edit(at, |txn| text.insert(txn, units(&now[..place]), &token));
        Ok(())
    }

    pub(super) fn erase(&mut self, at: usize) -> Result<(), String> {
        let texts = self.texts(at);
        let Some(text) = texts.get(self.rng.below(texts.len())).cloned() else { return Ok(()) };
        let now = text.get_string(&self.tabs[at].doc.transact());
        let tokens: Vec<(usize, char)> = now.char_indices().filter(|(_, c)| is_token(*c)).collect();
        let Some((place, token)) = tokens.get(self.rng.below(tokens.len())).copied() else { return Ok(()) };
        self.deleted.insert(token);
        self.edit(at, |txn| text.remove_range(txn, units(&now[..place]), units(&token.to_string())));
        Ok(())
    }

    /// A place inside of what cells or lines say: after a word or a token.
    pub(super) fn place(&mut self, text: &str) -> Option<usize> {
        let words = ["begin", "middle", "end"].into_iter().flat_map(|word| text.match_indices(word));
        let after = words.map(|(at, word)| at + word.len());
        let tokens = text.char_indices().filter(|(_, c)| is_token(*c)).map(|(at, c)| at + c.len_utf8());
        let places: Vec<usize> = after.chain(tokens).collect();
        places.get(self.rng.below(places.len())).copied()
    }

    pub(super) fn edit_disk(&mut self) {
        let Some(content) = self.disk.content() else { return };
        let mut text = String::from_utf8_lossy(&content.bytes).into_owned();
        if let Some(place) = self.place(&text) {
            self.tokens += 1;
            text.insert(place, view::token(self.tokens));
            self.disk.put(Some(text.as_bytes()));
        }
    }

    /// Finishes half-typed JSON, and asks for a save where none is made by itself.
    pub(super) fn mend(&mut self, save: bool) {
        for at in 0..self.tabs.len() {
            if self.model == Model::Notebook && self.tabs[at].site == VIEW && self.tabs[at].synced && at == VIEW {
                let text = self.text_of_view(at);
                let now = text.get_string(&self.tabs[at].doc.transact());
                let extra = now.chars().take_while(|c| *c == '{').count();
                if extra > 1 {
                    self.edit(at, |txn| text.remove_range(txn, 0, extra as u32 - 1));
                }
            }
            if save && self.tabs[at].id.is_some() {
                self.tabs[at].up.push_back(wire::save(2));
            }
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let file = self.disk.content().map(|content| String::from_utf8_lossy(&content.bytes).into_owned());
        let file = file.ok_or("the file is gone")?;
        let count = |token: char| file.chars().filter(|c| *c == token).count();
        for number in 1..=self.tokens {
            let token = view::token(number);
            match (count(token), self.deleted.contains(&token)) {
                (1, false) | (0 | 1, true) => {}
                (0, _) => return Err(format!("{token} is lost from the file:\n{file}")),
                (times, _) => return Err(format!("{token} is in the file {times} times:\n{file}")),
            }
        }
        for (at, tab) in self.tabs.iter().enumerate() {
            if self.model == Model::Text || tab.site == VIEW {
                let text = self.text_of_view(at).get_string(&tab.doc.transact());
                if text != file {
                    return Err(format!("tab {at} and the file differ:\n{text}\n---\n{file}"));
                }
            } else {
                let texts = self.texts(at);
                let txn = tab.doc.transact();
                let cells: String = texts.iter().map(|text| text.get_string(&txn)).collect();
                let of = |text: &str| text.chars().filter(|c| is_token(*c)).collect::<Vec<_>>();
                if of(&cells) != of(&file) {
                    return Err(format!("tab {at} and the file differ:\n{cells}\n---\n{file}"));
                }
            }
        }
        Ok(())
    }
}

impl Tab {
    pub(super) fn cut(&mut self) {
        (self.id, self.early) = (None, None);
        self.up.clear();
        self.down.clear();
    }

    pub(super) fn hear(&mut self, frame: &[u8]) -> Result<(), String> {
        match wire::read(frame)? {
            Frame::Step1(vector) => self.up.push_back(wire::step2(&view::missing(&self.doc, &vector)?)),
            Frame::Step2(update) => {
                view::apply(&self.doc, &update)?;
                self.synced = true;
                self.early.take().into_iter().flatten().try_for_each(|update| view::apply(&self.doc, &update))?;
            }
            Frame::Update(update) => match &mut self.early {
                Some(early) => early.push(update),
                None => view::apply(&self.doc, &update)?,
            },
            _ => {}
        }
        Ok(())
    }
}
