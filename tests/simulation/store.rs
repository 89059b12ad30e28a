//! A store that remembers what it was told to remember only after a commit, and after a crash no more than the oldest part.

use protocol::{BaseAt, BaseRecord, Intent, Seq};
use rooms::Input;
use std::collections::VecDeque;
use ydoc::Update;

use super::Fault;
use super::rng::Rng;

/// What comes out of one call of a room; all of it is kept, or nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) append: Vec<(Seq, Update)>,
    pub(crate) base: Option<BaseRecord>,
    pub(crate) intent: Option<Intent>,
    /// A view's text that was taken.
    pub(crate) took: Option<Intent>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.append.is_empty() && self.base.is_none() && self.intent.is_none() && self.took.is_none()
    }
}

/// The store of one document.
#[derive(Default)]
pub(crate) struct Store {
    /// What survives a crash.
    pub(crate) log: Vec<(Seq, Update)>,
    pub(crate) base: Option<BaseRecord>,
    pub(crate) intent: Option<Intent>,
    /// The last text of the view that was taken.
    pub(crate) taken: Option<Intent>,
    /// What does not yet.
    pub(crate) pending: VecDeque<Batch>,
    /// Up to here the log is about to be shortened.
    shortening: Seq,
    fault: Option<Fault>,
}

impl Store {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self { fault, ..Self::default() }
    }

    /// Takes what one call of a room wants kept. Answers what a faulty store would answer at once.
    pub(crate) fn take(&mut self, batch: Batch) -> Vec<Input> {
        let early = self.fault == Some(Fault::StoredTooEarly);
        let answers = if early { answers(&batch) } else { Vec::new() };
        if !batch.is_empty() {
            self.pending.push_back(batch);
        }
        answers
    }

    /// Makes everything durable and answers what the room waits for.
    pub(crate) fn commit(&mut self) -> Vec<Input> {
        let batches = std::mem::take(&mut self.pending);
        batches.into_iter().flat_map(|batch| self.keep(batch)).collect()
    }

    /// Shortens the log as far as its room let it when this was called last; that takes a while. `steady`: as far as it lets it
    /// now.
    pub(crate) fn shorten(&mut self, steady: Seq) -> Result<(), String> {
        let steady = if self.fault == Some(Fault::ShortenedPastSave) { Seq::MAX } else { steady };
        let upto = std::mem::replace(&mut self.shortening, steady);
        self.compact(upto)
    }

    /// The room is no more, and nothing of it goes on.
    pub(crate) fn rest(&mut self) {
        self.shortening = 0;
    }

    /// The machine stops: some of the oldest batches made it, the rest is lost.
    pub(crate) fn crash(&mut self, rng: &mut Rng) {
        self.rest();
        let made_it = rng.between(0, self.pending.len());
        let mut batches = std::mem::take(&mut self.pending).into_iter();
        for batch in batches.by_ref().take(made_it) {
            self.keep(batch);
        }
        if self.fault == Some(Fault::SplitBatch)
            && let Some(mut half) = batches.next()
        {
            half.base = None;
            self.keep(half);
        }
    }

    fn keep(&mut self, batch: Batch) -> Vec<Input> {
        let answers = answers(&batch);
        self.log.extend(batch.append);
        if let Some(base) = batch.base {
            self.base = Some(base);
            self.intent = None;
        }
        self.taken = batch.took.or(self.taken);
        if let Some(intent) = batch.intent
            && self.fault != Some(Fault::IntentNotKept)
        {
            self.intent = Some(intent);
        }
        answers
    }

    /// Replaces the beginning of the log, up to there at most, by one state, as far as base and intent allow.
    pub(crate) fn compact(&mut self, upto: Seq) -> Result<(), String> {
        let last = self.log.last().map_or(0, |(seq, _)| *seq);
        let base = match self.base.as_ref().map(|base| &base.at) {
            Some(BaseAt::Log(seq)) => *seq,
            _ => last,
        };
        let until = upto.min(base).min(self.intent.map_or(last, |intent| intent.seq));
        let count = self.log.iter().take_while(|(seq, _)| *seq <= until).count();
        if let [_, .., (until, _)] = self.log[..count] {
            let tail = self.log.split_off(count);
            let merged = yrs::merge_updates_v1(self.log.iter().map(|(_, update)| update));
            let merged = merged.map_err(|error| format!("the log cannot be compacted: {error}"))?;
            self.log = vec![(until, merged.into())];
            self.log.extend(tail);
        }
        Ok(())
    }
}

fn answers(batch: &Batch) -> Vec<Input> {
    let stored = batch.append.last().map(|(seq, _)| Input::Stored(*seq));
    stored.into_iter().chain(batch.intent.map(|_| Input::Intended)).collect()
}
