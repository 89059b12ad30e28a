//! The end of one life of a room: whoever is here is told, and what waits is stored, if need be against a store that fails.
//!
//! Not here: when a life ends; its task knows that.

use crate::actor::{Actor, at};
use crate::carry::Ended;
use crate::connection::Closing;
use protocol::CloseCode;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// How long a room that ends goes on trying to store what a failing store does not take.
pub(crate) const LAST_TRIES: Duration = Duration::from_secs(8);
/// The same when it is ended by force.
const LAST_TRY: Duration = Duration::from_secs(2);

/// Rows after which a log is shortened when its room closes.
const SHORT_LOG: usize = 50;

/// How one life of a room ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is finished.
    Done,
    /// A fault of ours; the sentence says which.
    Fault(String),
    /// The host was dropped: nothing is tidied up.
    Killed,
}

impl Actor {
    /// The end of one life: whatever was begun ends, what waits is stored, whoever is here is told.
    pub(crate) async fn bury(&mut self, end: End) {
        let fault = match end {
            End::Fault(fault) => Some(fault),
            _ => None,
        };
        let reason = match fault {
            Some(_) => Closing::new(CloseCode::Fault, "Something failed here; your edits are kept. Open it again."),
            None => Closing::new(CloseCode::Quitting, "The document was closed."),
        };
        self.seats.drain().for_each(|(_, seat)| seat.exit.after_frames(reason.clone()));
        if let Some(fault) = fault {
            tracing::error!(room = %self.id, fault, "a room failed");
            self.tell_fault(format!("Something failed in {}: {fault}", self.name()));
        }
        if self.refused && !self.opened && self.log.rows > 0 {
            self.begin_anew().await;
        }
        if self.opened && self.log.is_idle() {
            self.shorten(SHORT_LOG);
        }
        // Inputs are not handled any more, but writes and commits under way must not meet the next life.
        let limit = self.give_up.unwrap_or_else(|| Instant::now() + LAST_TRIES);
        self.store_the_rest(limit).await;
        while self.jobs.join_next().await.is_some() {}
        self.status.open.store(false, Ordering::Relaxed);
        self.status.dirty.store(false, Ordering::Relaxed);
    }

    /// It was ended by force, in the middle of anything: what waits for the store gets a last chance.
    pub(crate) async fn leave(&mut self) {
        self.store_the_rest(Instant::now() + LAST_TRY).await;
    }

    /// Commits what waits, and tries again until this moment if the store fails. Then it says what is at stake.
    async fn store_the_rest(&mut self, limit: Instant) {
        while !self.log.is_idle() {
            tokio::select! {
                Some(ended) = self.jobs.join_next() => match ended {
                    Ok(Ended::Committed { group, result: Ok(()) }) => {
                        self.log.committed(&group);
                        self.unstored = None;
                    }
                    Ok(Ended::Committed { group, result: Err(error) }) => {
                        self.log.failed(Instant::now(), group);
                        self.unstored = Some(error.text);
                    }
                    _ => {}
                },
                () = at(self.log.due()) => self.commit(),
                () = tokio::time::sleep_until(limit), if self.unstored.is_some() => break,
                () = tokio::time::sleep_until(limit + LAST_TRY) => break,
            }
        }
        if self.log.is_idle() || !self.machine.is_open_and_dirty().1 {
            return;
        }
        let why = self.unstored.take().unwrap_or_else(|| "the store does not answer".to_owned());
        tracing::error!(why, room = %self.id, "the last edits could not be stored");
        self.tell_fault(format!(
            "The last edits of {} are neither in its file nor stored; whoever has it open still has them: {why}",
            self.name()
        ));
    }

    /// The room could not be rebuilt from its history.
    async fn begin_anew(&mut self) {
        let name = self.name();
        let line = match self.folder.begin_anew(&self.shared, &self.id).await {
            Ok(()) => format!("The history of {name} cannot be read and was laid aside; it begins anew from the file"),
            Err(error) => format!("The history of {name} can neither be read nor laid aside: {error}"),
        };
        self.tell_fault(line);
    }
}
