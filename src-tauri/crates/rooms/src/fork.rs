//! A fork: a room without a file whose document is a copy of another's. What is edited there concerns nobody else until the copy
//! is merged back; its root's edits may flow in, and it can be made to say what an earlier version says.
//!
//! Not here: which forks there are, and merging back, which is an input of the root.

use crate::job::Found;
use crate::merge::{Merge, Merged};
use crate::{Effect, Input, Job, Now, Policy, TransientRoom};
use protocol::{Digest, Model};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use ydoc::{AuthorId, Base, Document, ParseError, State, UpdateError};

/// What a fork begins with.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Model of its root.
    pub model: Model,
    /// Its root's document.
    pub state: State,
    /// Writes what earlier versions bring; as for [`crate::Authors`].
    pub author: AuthorId,
    /// It stays although nobody is in it.
    pub kept: bool,
    /// Bytes of edits with which it may be made to show versions.
    pub turns: usize,
}

/// What makes a room a fork.
pub(crate) struct Fork {
    model: Model,
    author: AuthorId,
    kept: bool,
    /// Counts edits.
    pub(crate) edits: u64,
    /// Bytes of edits that versions may still bring: what is deleted again leaves its outline behind.
    left: usize,
    /// Versions that it is to say, in the order they were asked for: request and bytes.
    wishes: VecDeque<(u64, Arc<[u8]>)>,
    /// The one under way, and the edits there were when it began.
    turning: Option<(u64, Arc<[u8]>, u64)>,
}

/// What is said of one that took so much.
const FULL: &str = "This timeline was moved so much that it is full; open it anew.";
/// How long a copy that shows earlier versions waits for whoever wants to look.
const PATIENCE: Duration = Duration::from_secs(60);

impl Fork {
    /// How long it stays while nobody is in it; `None`: until somebody ends it.
    pub(crate) fn patience(&self) -> Option<Duration> {
        (!self.kept).then_some(PATIENCE)
    }
}

impl TransientRoom {
    /// A copy of a document, under this name. Takes as long as its document is large.
    pub fn fork(name: String, policy: Policy, seed: &Seed) -> Result<Self, UpdateError> {
        let Seed { model, state, author, kept, turns } = seed;
        let document = Document::from_state(*model, *author, state)?;
        let (model, author, kept) = (*model, *author, *kept);
        let left = *turns;
        let fork = Fork { model, author, kept, edits: 0, left, wishes: VecDeque::new(), turning: None };
        Ok(Self::around(name, policy, document, Some(fork)))
    }

    /// What only forks are told; others pass over it.
    pub(crate) fn forked(&mut self, now: Now, input: Input, effects: &mut Vec<Effect>) {
        let Some(fork) = &mut self.fork else { return };
        match input {
            Input::Merge { request, update, .. } => {
                // Of what somebody asked for, either all is taken or nothing; what flows in by itself may wait for what comes next.
                let applied = match request {
                    Some(_) => self.document.apply_whole(&update),
                    None => self.document.apply(&update),
                };
                let taken = applied.map(|applied| self.take_in(now, None, applied, effects));
                if let Some(request) = request {
                    let outcome = taken.map_err(|error| format!("What is there cannot be taken over: {error}."));
                    effects.push(Effect::Restored { request, outcome });
                }
            }
            Input::Restore { request, bytes, .. } => {
                fork.wishes.push_back((request, bytes));
                self.turn(effects);
            }
            Input::Finished(outcome) => {
                if let Found::Merged(result) = outcome.0 {
                    self.turned(now, result, effects);
                }
            }
            _ => {}
        }
    }

    /// Begins with the next version, if nothing is under way.
    fn turn(&mut self, effects: &mut Vec<Effect>) {
        let Some(fork) = &mut self.fork else { return };
        if fork.turning.is_none()
            && let Some((request, bytes)) = fork.wishes.pop_front()
        {
            fork.turning = Some((request, bytes.clone(), fork.edits));
            let (model, author) = (fork.model, fork.author);
            effects.push(Effect::Run(Job::merge(way(&self.document, model, author, bytes))));
        }
    }

    /// It is known what leads to a version.
    fn turned(&mut self, now: Now, mut result: Result<Merged, ParseError>, effects: &mut Vec<Effect>) {
        let Some(fork) = &mut self.fork else { return };
        let Some((request, bytes, edits)) = fork.turning.take() else { return };
        if result.as_ref().is_ok_and(|merged| merged.structural) && fork.edits != edits {
            result = way(&self.document, fork.model, fork.author, bytes).run();
        }
        let cost = result.as_ref().ok().and_then(|merged| merged.update.as_ref()).map_or(0, |update| update.len());
        let left = fork.left.checked_sub(cost);
        fork.left = left.unwrap_or(fork.left);
        let outcome = match result {
            Ok(_) if left.is_none() => Err(FULL.to_owned()),
            Ok(merged) => match merged.update.map(|update| self.document.apply_whole(&update)) {
                Some(Ok(applied)) => {
                    self.take_in(now, None, applied, effects);
                    Ok(())
                }
                Some(Err(error)) => Err(format!("That version cannot be shown: {error}.")),
                None => Ok(()),
            },
            Err(error) => Err(error.to_string()),
        };
        effects.push(Effect::Restored { request, outcome });
        self.turn(effects);
    }
}

/// What leads from a document to a version: a merge from the document itself.
fn way(document: &Document, model: Model, author: AuthorId, bytes: Arc<[u8]>) -> Merge {
    let state = document.state();
    let base = Base { state: state.clone(), digest: Digest::of(&state) };
    Merge { model, state, bases: vec![base], disk: bytes.clone(), like: bytes, author, typed: false }
}
