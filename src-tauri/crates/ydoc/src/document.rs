//! [`Document`]: one Y document of any model, its state, and the updates that go in and out.
//!
//! Not here: what the bytes of a file mean (`text`, `blob`, `notebook`), nor the merge with the disk.

use crate::notebook::{read, render::render as render_notebook, shape};
use crate::{
    Applied, AuthorId, ParseError, Reach, State, StateValue, Update, UpdateError, blob, gate, guard, here, stranger,
    text,
};
use protocol::{Digest, Model};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{
    Any, ClientID, DeepObservable, Doc, ID, IdSet, Map, MapRef, OffsetKind, Options, Out, ReadTxn, StateVector,
    Transact, TransactionMut,
};

/// Changes whenever the loader makes other operations of the same bytes: histories of different loaders must not share ids.
const LOADER_VERSION: u8 = 2;

/// Updates that wait for others, at most. Whoever sent one that is dropped sends all again when it connects again.
const MOST_WAITING: usize = 1000;

/// A live shared document.
pub struct Document {
    model: Model,
    doc: Doc,
    /// Set by the observers of the roots that hold content.
    content: Arc<AtomicBool>,
    /// Updates of which a part could not be integrated yet.
    waiting: Vec<Vec<u8>>,
}

impl Document {
    /// An empty document whose own edits carry `author`.
    pub fn new(model: Model, author: AuthorId) -> Self {
        let doc = open(model, author);
        let content = Arc::new(AtomicBool::new(false));
        observe(model, &doc, &content);
        Self { model, doc, content, waiting: Vec::new() }
    }

    /// A document with this state.
    pub fn from_state(model: Model, author: AuthorId, state: &[u8]) -> Result<Self, UpdateError> {
        let document = Self::new(model, author);
        integrate(&mut document.doc.transact_mut(), state)?;
        Ok(document)
    }

    /// Kind of document.
    pub fn model(&self) -> Model {
        self.model
    }

    /// Loads a file's bytes into an empty document and returns the update that did it. The same bytes always give the same
    /// operations (their author is a hash of the loader's version, the model and the bytes).
    pub fn load(&mut self, bytes: &[u8]) -> Result<Update, ParseError> {
        let author = load_author(self.model, bytes);
        let scratch = open(self.model, author);
        let notebook = match self.model {
            Model::Notebook => Some((shape::roots(&scratch), read::file(bytes)?.notebook)),
            _ => None,
        };
        let mut txn = scratch.transact_mut();
        match self.model {
            Model::Text => text::load(&mut txn, bytes)?,
            Model::Base64 => text::load_base64(&mut txn, bytes),
            Model::Blob => blob::load(&mut txn, bytes),
            Model::Notebook => {
                if let Some((roots, notebook)) = &notebook {
                    shape::fill(&mut txn, roots, notebook);
                }
            }
        }
        let update: Update = txn.encode_update_v1().into();
        drop(txn);
        // Our own encoding of our own transaction: it always applies.
        let applied = integrate(&mut self.doc.transact_mut(), &update);
        debug_assert!(applied.is_ok(), "{applied:?}");
        Ok(update)
    }

    /// The file's bytes. Whatever is unchanged against `like` (the bytes on disk) keeps the bytes it has there; if nothing
    /// changed the result equals `like`.
    pub fn to_bytes(&self, like: &[u8]) -> Vec<u8> {
        render(self.model, &self.doc, like)
    }

    /// Applies a peer's update. Edits whose predecessors are missing wait until those arrive, and are told with them. Of an
    /// update that is refused nothing is taken.
    pub fn apply(&mut self, update: &[u8]) -> Result<Applied, UpdateError> {
        let was_dirty = self.is_dirty();
        self.content.store(false, Ordering::Relaxed);
        let mut news = Vec::new();
        let deletions = self.doc.transact().store().pending_ds().cloned();
        let blocks = guard::update(update)?;
        self.admit(update, &blocks, &mut news)?;
        let mut more = deletions.is_some() && deletions.as_ref() != self.doc.transact().store().pending_ds();
        let mut told = 0;
        // What arrived may be what others waited for.
        while told < news.len() && !self.waiting.is_empty() {
            told = news.len();
            for update in std::mem::take(&mut self.waiting) {
                // What was readable once still is.
                let _tried_before = guard::update(&update).and_then(|blocks| self.admit(&update, &blocks, &mut news));
            }
            more |= told < news.len();
        }
        let new = match news.len() {
            0 | 1 => news.pop(),
            _ => yrs::merge_updates_v1(&news).ok(),
        };
        Ok(Applied {
            update: new.map(Into::into),
            content: self.content.load(Ordering::Relaxed),
            dirtied: !was_dirty && self.is_dirty(),
            more,
            awaits: self.awaits(&blocks),
        })
    }

    /// Takes a row of a log, which may be older than today's rules: of what they refuse, and of what builds on that, nothing is
    /// taken, of the rest all. `false`: something was refused. An error: it cannot be read.
    pub fn replay(&mut self, row: &[u8]) -> Result<bool, UpdateError> {
        let Err(refused) = self.apply(row) else { return Ok(true) };
        let blocks = guard::update(row)?;
        let sound = gate::sound(row, &blocks, &mut here::Store::new(&self.doc.transact()));
        // Else it is not for the rules that it could not be taken.
        let gate::Ready::Part(part) = sound else { return Err(refused) };
        self.apply(&part).map(|_| false)
    }

    /// Applies an update that was made here, of this document: all of it or, with an error, nothing.
    pub fn apply_whole(&mut self, update: &[u8]) -> Result<Applied, UpdateError> {
        let blocks = guard::update(update)?;
        let ready = self.ready(update, &blocks)?;
        // What it deletes may come with it.
        let own = |client: u64| blocks.runs.iter().find(|run| run.client == client).and_then(|run| run.blocks.last());
        let comes = |(client, end): &Reach| own(*client).is_some_and(|last| last.ticks.end >= *end);
        if ready != gate::Ready::All || !self.awaits(&blocks).iter().all(comes) {
            return Err(UpdateError("it builds on something that is not here".to_owned()));
        }
        self.apply(update)
    }

    /// Whether the document has so much of an author.
    pub fn reaches(&self, (author, end): Reach) -> bool {
        self.doc.transact().state_vector().get(&ClientID::new(author)) >= end
    }

    /// Whether everything that an update says is in the document already.
    pub fn holds(&self, update: &[u8]) -> bool {
        let Ok(blocks) = guard::update(update) else { return false };
        if !self.awaits(&blocks).is_empty() {
            return false;
        }
        let mut deleted = IdSet::new();
        for (client, ticks) in &blocks.deleted {
            deleted.insert(ID::new(ClientID::new(*client), ticks.start), ticks.end - ticks.start);
        }
        deleted.is_empty() || deleted.diff(&self.doc.transact().snapshot().delete_set).is_empty()
    }

    /// Whether everything that was ever inserted in a state was inserted here too; either may have deleted some of it.
    pub fn descends_from(&self, state: &[u8]) -> bool {
        let here = self.doc.transact().state_vector();
        decode(state).is_ok_and(|state| state.state_vector().iter().all(|(author, end)| here.get(author) >= *end))
    }

    /// Whether an update comes from a history that shares nothing with this one, and says again what is here.
    pub fn would_double(&self, update: &[u8]) -> bool {
        let Ok(blocks) = guard::update(update) else { return false };
        let state = self.doc.transact().state_vector();
        let is_new = |run: &guard::Run| state.get(&ClientID::new(run.client)) == 0;
        if blocks.runs.is_empty() || !blocks.runs.iter().all(is_new) {
            return false;
        }
        // The author writes nothing.
        let mut other = Self::new(self.model, 1);
        other.apply_whole(update).is_ok() && stranger::says_again(self, &other)
    }

    pub(crate) fn doc(&self) -> &Doc {
        &self.doc
    }

    /// What is missing before all of an update is in the document.
    fn awaits(&self, blocks: &guard::Blocks) -> Vec<Reach> {
        let state = self.doc.transact().state_vector();
        let ends = blocks.runs.iter().filter_map(|run| Some((run.client, run.blocks.last()?.ticks.end)));
        let ends = ends.chain(blocks.deleted.iter().map(|(client, ticks)| (*client, ticks.end)));
        ends.filter(|(client, end)| state.get(&ClientID::new(*client)) < *end).collect()
    }

    fn ready(&self, update: &[u8], blocks: &guard::Blocks) -> Result<gate::Ready, UpdateError> {
        let txn = self.doc.transact();
        gate::ready(update, blocks, &mut here::Store::new(&txn))
    }

    /// Integrates what can be, in one transaction, and keeps the rest.
    fn admit(&mut self, update: &[u8], blocks: &guard::Blocks, news: &mut Vec<Vec<u8>>) -> Result<(), UpdateError> {
        let ready = self.ready(update, blocks)?;
        let mut txn = self.doc.transact_mut();
        let result = match &ready {
            gate::Ready::All => integrate(&mut txn, update),
            gate::Ready::Part(part) => integrate(&mut txn, part),
        };
        txn.commit();
        let changed = txn.has_changes();
        news.extend(changed.then(|| txn.encode_update_v1()));
        drop(txn);
        // What is in the document is told, should it ever be less than the gate let pass.
        result.or_else(|error| if changed { Ok(()) } else { Err(error) })?;
        if ready != gate::Ready::All {
            if self.waiting.len() >= MOST_WAITING {
                self.waiting.remove(0);
            }
            self.waiting.push(update.to_vec());
        }
        Ok(())
    }

    /// The whole document.
    pub fn state(&self) -> State {
        whole(&self.doc)
    }

    /// Bytes of all edits that it holds, those that wait for others included.
    pub fn size(&self) -> usize {
        self.state().len() + self.waiting.iter().map(Vec::len).sum::<usize>()
    }

    /// Whether a state says everything that was given to this document: the same edits of everybody, the same content, and
    /// nothing that still waits for a predecessor.
    pub fn is_all_of(&self, state: &[u8]) -> bool {
        let nothing_waits = {
            let txn = self.doc.transact();
            self.waiting.is_empty() && txn.store().pending_update().is_none() && txn.store().pending_ds().is_none()
        };
        let author = self.doc.client_id().get();
        nothing_waits
            && Self::from_state(self.model, author, state).is_ok_and(|other| {
                other.doc.transact().state_vector() == self.doc.transact().state_vector()
                    && other.to_bytes(b"") == self.to_bytes(b"")
            })
    }

    /// Encoded state vector.
    pub fn state_vector(&self) -> Vec<u8> {
        self.doc.transact().state_vector().encode_v1()
    }

    /// What a peer with this state vector lacks.
    pub fn diff(&self, state_vector: &[u8]) -> Result<Vec<u8>, UpdateError> {
        guard::state_vector(state_vector)?;
        let known = StateVector::decode_v1(state_vector).map_err(|error| UpdateError(error.to_string()))?;
        Ok(self.doc.transact().encode_state_as_update_v1(&known))
    }

    /// Sets keys of the `state` map in one transaction; `None` if they all have these values already.
    pub fn set_state(&mut self, values: &[(&str, StateValue)]) -> Option<Update> {
        let state = state_map(&self.doc);
        let mut txn = self.doc.transact_mut();
        for (key, value) in values {
            let value: Any = match value {
                StateValue::Bool(value) => (*value).into(),
                StateValue::Text(value) => value.as_str().into(),
            };
            if state.get(&txn, key) != Some(Out::Any(value.clone())) {
                state.insert(&mut txn, *key, value);
            }
        }
        txn.commit();
        txn.has_changes().then(|| txn.encode_update_v1().into())
    }

    /// A text in the `state` map.
    pub fn state_text(&self, key: &str) -> Option<String> {
        match state_map(&self.doc).get(&self.doc.transact(), key) {
            Some(Out::Any(Any::String(text))) => Some(text.to_string()),
            _ => None,
        }
    }

    /// `state.dirty`.
    pub fn is_dirty(&self) -> bool {
        let state = state_map(&self.doc);
        matches!(state.get(&self.doc.transact(), "dirty"), Some(Out::Any(Any::Bool(true))))
    }
}

/// An empty Y document whose own edits carry `author`, with the roots of its model in place.
pub(crate) fn open(model: Model, author: AuthorId) -> Doc {
    let mut options = Options::with_client_id(ClientID::new(author & 0xffff_ffff));
    options.offset_kind = OffsetKind::Utf16;
    let doc = Doc::with_options(options);
    state_map(&doc);
    match model {
        Model::Text | Model::Base64 => {
            text::root(&doc);
        }
        Model::Blob => {
            blob::root(&doc);
        }
        Model::Notebook => {
            shape::roots(&doc);
        }
    }
    doc
}

/// The bytes that this document stands for, written like the given ones.
pub(crate) fn render(model: Model, doc: &Doc, like: &[u8]) -> Vec<u8> {
    match model {
        Model::Text => text::render(doc, like),
        Model::Base64 => text::render_base64(doc, like),
        Model::Blob => blob::render(doc, like),
        Model::Notebook => render_notebook(&shape::side(doc).notebook, like),
    }
}

/// Decodes and applies an update.
pub(crate) fn integrate(txn: &mut TransactionMut<'_>, update: &[u8]) -> Result<(), UpdateError> {
    txn.apply_update(decode(update)?).map_err(|error| UpdateError(error.to_string()))
}

/// Decodes an update, whoever it comes from.
pub(crate) fn decode(update: &[u8]) -> Result<yrs::Update, UpdateError> {
    guard::update(update)?;
    yrs::Update::decode_v1(update).map_err(|error| UpdateError(error.to_string()))
}

/// The whole document as one update.
pub(crate) fn whole(doc: &Doc) -> State {
    doc.transact().encode_state_as_update_v1(&StateVector::default()).into()
}

/// Thirty-one bits of a hash, never 0: an author that a function of these parts has to itself.
pub(crate) fn derived_author(parts: &[&[u8]]) -> AuthorId {
    let mut joined = Vec::new();
    for part in parts {
        joined.extend((part.len() as u64).to_le_bytes());
        joined.extend_from_slice(part);
    }
    let Digest([a, b, c, d, ..]) = Digest::of(&joined);
    u64::from(u32::from_le_bytes([a, b, c, d]) >> 1).max(1)
}

fn load_author(model: Model, bytes: &[u8]) -> AuthorId {
    let model = match model {
        Model::Notebook => b"notebook".as_slice(),
        Model::Text => b"text",
        Model::Base64 => b"base64",
        Model::Blob => b"blob",
    };
    derived_author(&[&[LOADER_VERSION], model, bytes])
}

fn state_map(doc: &Doc) -> MapRef {
    doc.get_or_insert_map("state")
}

fn observe(model: Model, doc: &Doc, content: &Arc<AtomicBool>) {
    let mark = || {
        let content = Arc::clone(content);
        move |_: &TransactionMut<'_>, _: &yrs::types::Events<'_>| content.store(true, Ordering::Relaxed)
    };
    match model {
        Model::Text | Model::Base64 => text::root(doc).observe_deep("content", mark()),
        Model::Blob => blob::root(doc).observe_deep("content", mark()),
        Model::Notebook => {
            let roots = shape::roots(doc);
            roots.cells.observe_deep("content", mark());
            roots.meta.observe_deep("content", mark());
        }
    }
}
