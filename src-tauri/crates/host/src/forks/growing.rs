//! Forks as the tasks of rooms see them: a root is copied, its edits go on into copies, a copy ends.

use crate::actor::{self, Actor};
use crate::folder::Folder;
use crate::log::Group;
use crate::machine::Machine;
use crate::random;
use crate::registry::{Refused, Told};
use crate::shared::Shared;
use protocol::{CloseCode, RoomId, User, close::fit_reason};
use rooms::{Effect, Input, Policy, Seed};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::time::Instant;
use ydoc::{State, Update};

/// Bytes of edits with which a copy may be made to show versions; one that is large, eight times its own.
const TURNS: usize = 64 << 20;

/// Something of another room that is to become an edit here.
pub(crate) struct Foreign {
    pub(crate) by: Option<User>,
    pub(crate) update: Update,
    /// The folder's newest session when it was copied from here.
    pub(crate) session: u64,
    pub(crate) answer: Option<oneshot::Sender<Result<(), String>>>,
}

/// The room of this name, if it begins as a copy.
pub(crate) async fn sprout(shared: &Shared, folder: &Folder, id: &RoomId) -> Option<Machine> {
    let RoomId::Transient(name) = id else { return None };
    let (seed, policy, name) = (folder.forks.take_seed(name)?, shared.config.policy, name.clone());
    let grown = tokio::task::spawn_blocking(move || Machine::fork(name, policy, &seed)).await;
    match grown.map_err(|error| error.to_string()).and_then(|grown| grown.map_err(|error| error.to_string())) {
        Ok(machine) => Some(machine),
        Err(error) => {
            tracing::error!(error, room = %id, "a document could not be copied");
            None
        }
    }
}

impl Machine {
    fn fork(name: String, policy: Policy, seed: &Seed) -> Result<Self, ydoc::UpdateError> {
        Ok(Self::Transient(Box::new(rooms::TransientRoom::fork(name, policy, seed)?)))
    }
}

impl Actor {
    /// This document is to be copied.
    pub(crate) fn fork(&mut self, name: String, answer: oneshot::Sender<Result<(), String>>) {
        self.forking.push((name, answer));
    }

    /// Copies the document for those who wait, unless something in it must be durable first. Without an answer it is not open.
    pub(crate) fn fork_if_settled(&mut self) {
        let RoomId::Document { kind, .. } = &self.id else { return self.forking.clear() };
        let model = kind.model();
        if !self.status.open.load(std::sync::atomic::Ordering::Relaxed) {
            return self.forking.clear();
        }
        let Some(state) = self.machine.copy() else { return };
        for (name, answer) in std::mem::take(&mut self.forking) {
            let kept = self.folder.forks.is_own(&name);
            let turns = TURNS.max(state.len().saturating_mul(8));
            let seed = Seed { model, state: state.clone(), author: random::author(), kept, turns };
            let planted = self.folder.forks.plant(&name, seed, self.folder.session().0);
            let _ = answer.send(planted.and_then(|()| start(&self.shared, &self.folder, &name)));
        }
    }

    /// Copies that follow are told of an edit once it is durable: soon.
    pub(crate) fn hurry_for_forks(&mut self, now: Instant) {
        if !self.folder.forks.followers(&self.id).is_empty() {
            self.log.hurry(now);
        }
    }

    /// What is durable here goes on into the copies that follow.
    pub(crate) fn feed_forks(&self, group: &Group) {
        if group.batch.append.is_empty() {
            return;
        }
        for name in self.folder.forks.followers(&self.id) {
            let Some(room) = self.folder.rooms.get(&RoomId::Transient(name)) else { continue };
            for (_, update) in &group.batch.append {
                let update = update.clone();
                room.tell(Told::Merge { by: None, update, session: u64::MAX, answer: None });
            }
        }
    }

    /// Something of another room becomes an edit, once it is known that it belongs to the same history.
    pub(crate) fn merge(&mut self, foreign: Foreign) {
        if self.file.is_some() && self.since.is_none() {
            // Whatever it is told makes it open.
            self.inputs.push_back(Input::Stored(0));
            return self.foreign.push(foreign);
        }
        let Foreign { by, update, session, answer } = foreign;
        if self.since.is_some_and(|since| session < since) {
            if let Some(answer) = answer {
                drop(answer.send(Err("The document's history began anew since it was copied.".to_owned())));
            }
            return;
        }
        let request = answer.map(|answer| self.expect_answer(answer));
        self.inputs.push_back(Input::Merge { request, by, update });
    }

    /// This copy is over.
    pub(crate) fn discard(&mut self, reason: String, last: oneshot::Sender<State>) {
        for client in self.seats.keys().copied().collect::<Vec<_>>() {
            self.carry_out(Effect::Disconnect { client, code: CloseCode::FileGone, reason: fit_reason(&reason) });
        }
        if let Some(state) = self.machine.state() {
            drop(last.send(state));
        }
        self.inputs.push_back(Input::Close { reason });
    }
}

/// Starts a fork's room; an error is a sentence.
fn start(shared: &Arc<Shared>, folder: &Arc<Folder>, name: &str) -> Result<(), String> {
    let id = RoomId::Transient(name.to_owned());
    let started = folder.rooms.start(&id, |told, status| {
        let task = actor::run(shared.clone(), folder.clone(), id.clone(), status, told);
        folder.tasks.spawn(task);
    });
    started.map_err(|refused| match refused {
        Refused::Closed => "This folder is being closed.".to_owned(),
        Refused::TooMany => "This folder has too many rooms without a file; leave one.".to_owned(),
    })
}
