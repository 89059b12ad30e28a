//! What clients sent that is not in the document: edits that wait for others, and edits that were refused. Whoever sent one is
//! not told that everything is stored, nor that it is saved, before it is.
//!
//! Not here: the waiting edits themselves, which the document keeps.

use crate::frame;
use crate::live::Live;
use crate::place::Turn;
use protocol::{ClientId, Seq};
use std::collections::BTreeMap;
use ydoc::{AuthorId, Document, Reach};

/// Authors that one client's edits may wait for; with more, all of them count as refused.
const MOST_AUTHORS: usize = 256;
/// Questions of one client that wait for its edits; of more, the oldest is not answered, as the newer ones ask for more.
const MOST_QUESTIONS: usize = 64;

/// What each client sent that is not in the document, and who wants to know what is durable.
#[derive(Default)]
pub(crate) struct Lack {
    missing: BTreeMap<ClientId, Missing>,
    questions: Vec<Question>,
}

/// What one client sent that is not in the document.
#[derive(Default)]
struct Missing {
    /// It is once the document has this much of these authors.
    awaits: BTreeMap<AuthorId, u32>,
    /// Something was refused: only the client can send it again.
    refused: bool,
}

/// A client wants to know when everything that it sent before is durable.
struct Question {
    client: ClientId,
    id: u64,
    /// Answered when the log is durable up to here; `None`: it lacks something, so nobody knows.
    after: Option<Seq>,
}

impl Lack {
    /// The document lacks something that this client sent.
    pub(crate) fn is_of(&self, client: ClientId) -> bool {
        self.missing.contains_key(&client)
    }

    /// An edit of this client waits.
    pub(crate) fn awaits(&mut self, client: ClientId, reaches: &[Reach]) {
        if reaches.is_empty() {
            return;
        }
        let missing = self.missing.entry(client).or_default();
        for (author, end) in reaches {
            let known = missing.awaits.entry(*author).or_default();
            *known = (*known).max(*end);
        }
        if missing.awaits.len() > MOST_AUTHORS {
            missing.awaits.clear();
            missing.refused = true;
        }
    }

    /// An edit of this client was not taken.
    pub(crate) fn refused(&mut self, client: ClientId) {
        self.missing.entry(client).or_default().refused = true;
    }

    /// Everything that this client has is in the document, which has the log up to `seq`.
    fn all_is_here(&mut self, client: ClientId, seq: Seq) {
        if self.missing.remove(&client).is_some() {
            self.release(client, seq);
        }
    }

    /// Looks whose edits need not wait any more.
    fn settle(&mut self, document: &Document, seq: Seq) {
        let mut whole = Vec::new();
        for (client, missing) in &mut self.missing {
            missing.awaits.retain(|author, end| !document.reaches((*author, *end)));
            if missing.awaits.is_empty() && !missing.refused {
                whole.push(*client);
            }
        }
        whole.into_iter().for_each(|client| self.all_is_here(client, seq));
    }

    fn release(&mut self, client: ClientId, seq: Seq) {
        for question in self.questions.iter_mut().filter(|question| question.client == client) {
            question.after.get_or_insert(seq);
        }
    }

    /// A client left.
    pub(crate) fn forget(&mut self, client: ClientId) {
        self.missing.remove(&client);
        self.questions.retain(|question| question.client != client);
    }

    /// A client asks; the log goes up to `seq`.
    fn ask(&mut self, client: ClientId, id: u64, seq: Seq) {
        let after = (!self.is_of(client)).then_some(seq);
        let held = |question: &&Question| question.client == client && question.after.is_none();
        if after.is_none() && self.questions.iter().filter(held).count() >= MOST_QUESTIONS {
            let oldest = self.questions.iter().position(|question| held(&question));
            oldest.map(|at| self.questions.remove(at));
        }
        self.questions.push(Question { client, id, after });
    }
}

impl Live {
    /// A client wants to know when everything so far is durable; what it sent may have come by way of another.
    pub(crate) fn asked_stored(&mut self, turn: &mut Turn<'_>, client: ClientId, id: u64) {
        self.lack.ask(client, id, self.seq);
        self.confirm(turn);
    }

    /// Everything that a client has is in the document.
    pub(crate) fn all_is_here(&mut self, turn: &mut Turn<'_>, client: ClientId) {
        self.lack.all_is_here(client, self.seq);
        self.confirm(turn);
    }

    /// The document may have what edits of clients waited for.
    pub(crate) fn settle_lack(&mut self, turn: &mut Turn<'_>) {
        self.lack.settle(&self.document, self.seq);
        self.confirm(turn);
    }

    /// Tells whoever asked what is durable by now.
    pub(crate) fn confirm(&mut self, turn: &mut Turn<'_>) {
        let stored = self.stored;
        self.lack.questions.retain(|question| {
            let due = question.after.is_some_and(|after| after <= stored);
            if due {
                turn.send(question.client, frame::stored(question.id));
            }
            !due
        });
    }
}
