//! Carrying out what a room wants done, and taking what its child tasks bring back.

use crate::actor::Actor;
use crate::connection::{Closing, Exit};
use crate::log::Group;
use crate::opening::{self, Material};
use crate::outbox::Outbox;
use crate::registry::Entry;
use crate::shared::host_event;
use bytes::Bytes;
use protocol::{Action, ClientId, CloseCode, Event, Level, Merge, close};
use rooms::{Backing, DiskRead, Effect, Input, Outcome, WriteOutcome};
use std::sync::Arc;
use tokio::time::Instant;

/// Rows after which a log is shortened while its room goes on.
const LONG_LOG: usize = 1_000;

/// A client that is in the room.
pub(crate) struct Seat {
    pub(crate) session: u64,
    pub(crate) session_id: String,
    pub(crate) outbox: Outbox,
    pub(crate) exit: Arc<Exit>,
    pub(crate) _entry: Entry,
}

impl Seat {
    /// Its session is older than the document's history.
    pub(crate) fn refuse(self) {
        let reason = close::unknown_session_reason(&self.session_id);
        self.exit.after_frames(Closing { code: CloseCode::UnknownSession, reason });
    }
}

/// A child task ended.
pub(crate) enum Ended {
    Gathered(Result<Box<Material>, String>),
    Finished(Outcome),
    Committed { group: Group, result: store::Result<()> },
    Shortened,
    Read { read: DiskRead, backing: Backing, merges: Option<Arc<[Merge]>>, writes: u64 },
    Wrote { outcome: WriteOutcome, backing: Backing },
    FileSaved(Result<(), String>),
}

impl Actor {
    pub(crate) fn carry_out(&mut self, effect: Effect) {
        let now = Instant::now();
        match effect {
            Effect::Send { to, frame } => self.offer(to, frame),
            Effect::Broadcast { except, frame } => {
                let to: Vec<ClientId> = self.seats.keys().copied().filter(|client| Some(*client) != except).collect();
                to.into_iter().for_each(|client| self.offer(client, frame.clone()));
            }
            Effect::Disconnect { client, code, reason } => {
                self.refused |= code == CloseCode::Fault;
                if let Some(seat) = self.seats.remove(&client) {
                    seat.exit.after_frames(Closing { code, reason });
                    self.inputs.push_back(Input::Leave { client });
                }
            }
            Effect::Open => self.open(),
            Effect::Append { seq, update } => {
                self.log.append(now, seq, update);
                self.hurry_for_forks(now);
            }
            Effect::SetBase(base) => self.log.base(now, base),
            Effect::Keep(kept) => self.log.keep(now, kept),
            Effect::Remember(merge) => self.log.remember(now, merge),
            Effect::Restored { request, outcome } => {
                if let Some(answer) = self.restoring.remove(&request) {
                    drop(answer.send(outcome));
                }
            }
            Effect::Intend(intent) => self.log.intend(now, intent),
            Effect::Run(job) => {
                self.jobs.spawn_blocking(move || Ended::Finished(job.run()));
            }
            Effect::Read => self.look(),
            Effect::Write { bytes, expect, seq } => self.begin_write(bytes, expect, seq),
            Effect::Save => self.begin_save(),
            Effect::Took { view, intent } => self.log.took(now, view, intent),
            Effect::Answer { ticket, answer } => {
                if let Some(asking) = self.asking.remove(&ticket) {
                    drop(asking.send(answer));
                }
            }
            Effect::Views => self.rouse(),
            Effect::Emit(event) => self.emit(event),
            Effect::Done => self.done = true,
        }
    }

    /// Offers a frame to a client. One that does not keep up is let go: losing a single frame would make it differ silently.
    fn offer(&mut self, client: ClientId, frame: Bytes) {
        let Some(seat) = self.seats.get(&client) else { return };
        if seat.outbox.offer(frame) {
            return;
        }
        if let Some(seat) = self.seats.remove(&client) {
            let reason = "This device fell behind; it reads everything again.";
            seat.exit.at_once(Closing::new(CloseCode::FellBehind, reason));
            self.inputs.push_back(Input::Leave { client });
        }
    }

    fn open(&mut self) {
        let Some(way) = self.way() else { return };
        let status = self.status.clone();
        self.disk.reading = true;
        self.jobs.spawn(async move { Ended::Gathered(opening::gather(&way, &status).await.map(Box::new)) });
    }

    /// Reads the file, now or once nothing stands in the way.
    pub(crate) fn look(&mut self) {
        if self.since.is_none() || self.disk.reading || self.disk.writing {
            self.disk.look = true;
            return;
        }
        self.disk.look = false;
        self.begin_read();
    }

    fn look_if_wanted(&mut self) {
        if self.disk.look {
            self.look();
        }
    }

    pub(crate) fn finished(&mut self, ended: Ended) {
        if matches!(ended, Ended::Read { .. } | Ended::Wrote { .. } | Ended::FileSaved(_)) && !self.wanted {
            // The question may have come after the farewell.
            self.part();
        }
        match ended {
            Ended::Gathered(Ok(material)) => {
                let Material { since, opened } = *material;
                self.disk.reading = false;
                self.backing = opened.backing;
                self.since = Some(since);
                self.log.opened(&opened.log);
                self.refuse_older(since);
                self.inputs.push_back(Input::Opened(opened));
                std::mem::take(&mut self.foreign).into_iter().for_each(|foreign| self.merge(foreign));
                self.look_if_wanted();
            }
            Ended::Gathered(Err(error)) => self.fault = Some(error),
            Ended::Finished(outcome) => self.inputs.push_back(Input::Finished(outcome)),
            Ended::Committed { group, result: Ok(()) } => {
                self.log.committed(&group);
                self.feed_forks(&group);
                self.unstored = None;
                if let Some(seq) = group.stored() {
                    self.inputs.push_back(Input::Stored(seq));
                }
                if group.batch.intent.is_some() {
                    self.inputs.push_back(Input::Intended);
                }
                self.shorten(LONG_LOG);
            }
            Ended::Committed { group, result: Err(error) } => self.not_stored(group, &error),
            Ended::Shortened => {}
            Ended::Read { read, backing, merges, writes } => {
                self.disk.reading = false;
                if self.disk.writing || writes != self.disk.writes {
                    self.disk.look = true;
                } else {
                    self.backed(backing);
                    self.inputs.push_back(Input::Disk(read));
                    self.inputs.extend(merges.map(Input::Merges));
                }
                self.look_if_wanted();
            }
            Ended::Wrote { outcome, backing } => {
                self.disk.writing = false;
                if matches!(outcome, WriteOutcome::Done(_)) && backing == Backing::File {
                    // The file's other rooms learn of it now; the watcher would tell them later.
                    self.rouse();
                    // A primary that could not read the file may be able to now.
                    self.disk.look |= self.folder.primary_of(&self.id).is_some();
                }
                self.backed(backing);
                self.inputs.push_back(Input::Wrote(outcome));
                self.look_if_wanted();
            }
            Ended::FileSaved(result) => self.inputs.push_back(Input::FileSaved(result)),
        }
    }

    /// Who waited for the room with a session older than the document's history must not merge with it.
    fn refuse_older(&mut self, since: u64) {
        let older: Vec<ClientId> =
            self.seats.iter().filter(|(_, seat)| seat.session < since).map(|(client, _)| *client).collect();
        for client in older {
            if let Some(seat) = self.seats.remove(&client) {
                seat.refuse();
                self.inputs.push_back(Input::Leave { client });
            }
        }
    }

    fn not_stored(&mut self, group: Group, error: &store::StoreError) {
        tracing::error!(%error, room = %self.id, "edits could not be stored; trying again");
        let now = Instant::now();
        // The next start sets a damaged store aside and refuses its clients, so that a save without an intent doubles nothing.
        if error.corrupt && group.batch.intent.is_some() {
            self.inputs.push_back(Input::Intended);
        }
        if self.log.failed(now, group) {
            let kept = if error.corrupt { "only in the file" } else { "only in memory" };
            self.tell_fault(format!("Edits cannot be stored here, they are {kept} for now: {}", error.text));
        }
        self.unstored = Some(error.text.clone());
        // A room that closes does not wait for ever.
        self.done |= self.give_up.is_some_and(|at| at <= now);
    }

    /// Tells that something is wrong with this room.
    pub(crate) fn tell_fault(&self, line: String) {
        let path = self.file.as_ref().and_then(|file| self.folder.ids.path(file));
        let event = host_event(Level::Error, Action::Fault, line);
        self.emit(Event { room: Some(self.id.to_string()), path, ..event });
    }
}
