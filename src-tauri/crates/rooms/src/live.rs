//! An open document: what it holds, what was promised about it, and the one thing that is under way.
//!
//! Not here, but beside it: frames of clients (`sync`), saving (`saving`), the disk (`disk`).

use crate::frame;
use crate::job::{Found, Rendered};
use crate::lack::Lack;
use crate::mirror::Mirror;
use crate::past::{Past, Restoring, Wish};
use crate::place::{Place, Turn};
use crate::save::SaveClock;
use crate::{Backing, DiskRead, Effect, Input};
use bytes::Bytes;
use protocol::{BaseAt, BaseRecord, ClientId, CloseCode, DiskContent, FileState, Notice, Seq};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use ydoc::{Base, Document, StateValue, Update};

pub(crate) use crate::disk::{Cause, Unreadable};

/// Failed saves after which a room that nobody is in goes away all the same: its log has every edit.
const PATIENCE: u32 = 3;

/// An open document.
pub(crate) struct Live {
    pub(crate) document: Document,
    /// Last number given out for the log.
    pub(crate) seq: Seq,
    /// The log is durable up to here.
    pub(crate) stored: Seq,
    /// Number of the last edit that a save is for.
    pub(crate) edited: Seq,
    /// The file lacks edits.
    pub(crate) unsaved: bool,
    pub(crate) base: Base,
    /// Where in the log the base is that was remembered last; `None`: it is a copy.
    base_at: Option<Seq>,
    /// What the file holds, as far as it was merged: `base` stands for it.
    pub(crate) seen: DiskContent,
    /// The newest text from outside, of the file or a view: what is written is written like it.
    pub(crate) like: Arc<[u8]>,
    /// Where the log was when a view's text became that: a save that was rendered before knows another.
    pub(crate) styled: Seq,
    /// The file does not exist.
    pub(crate) gone: bool,
    /// The file holds something that is no document.
    pub(crate) unreadable: Option<Unreadable>,
    /// A write of which nobody knows whether it reached the file.
    pub(crate) doubt: Option<Rendered>,
    /// The file was read since `doubt` arose.
    pub(crate) looked: bool,
    pub(crate) work: Work,
    /// The newest news of the file that nobody looked at yet.
    pub(crate) incoming: Option<(DiskRead, Cause)>,
    /// The file changed during a write: only a new reading says what it holds.
    pub(crate) reread: bool,
    pub(crate) clock: SaveClock,
    /// How the file fares, as everybody here was told.
    told: FileState,
    /// Write the file although it is gone.
    pub(crate) anew: bool,
    /// Save without waiting for quiet.
    pub(crate) flush: bool,
    /// Who asked for a save, and the edit that must be in it.
    pub(crate) askers: Vec<(Asker, Seq)>,
    /// Clients of a view whose edits are with the primary, by the save that was asked for there.
    pub(crate) relayed: VecDeque<Vec<Asker>>,
    /// The primary cannot read what is written here; the sentence says why.
    pub(crate) unfit: Option<String>,
    /// What this room's views see.
    pub(crate) mirror: Mirror,
    pub(crate) lack: Lack,
    /// Bytes of edits, since they were last counted.
    pub(crate) taken: usize,
    /// Where the log was then.
    pub(crate) counted: Option<Seq>,
    pub(crate) past: Past,
    /// Up to here the log must be durable before the document may leave the room; see [`Live::log_own`].
    gate: Option<Seq>,
    held: Vec<Held>,
    empty_since: Option<Duration>,
    /// The room was empty for long enough.
    leaving: bool,
    closing: bool,
    /// Number of failed saves at which to give up.
    give_up: Option<u32>,
    done: bool,
}

/// What waits until the gate opens.
enum Held {
    Broadcast { except: Option<ClientId>, frame: Bytes },
    Step1 { client: ClientId, state_vector: Vec<u8> },
}

/// Who asked for a save.
pub(crate) enum Asker {
    /// A client, with its number.
    Client(ClientId, u64),
    /// A view, with its ticket.
    View(u64),
}

/// The one thing that is under way.
pub(crate) enum Work {
    Idle,
    /// The file is read, because of a doubt.
    Looking,
    /// What stands for the log so far.
    Rendering(Seq),
    Intending(Rendered),
    Writing(Rendered),
    Merging {
        content: DiskContent,
        cause: Cause,
        /// Where the document was when the merge began.
        seq: Seq,
        edited: Seq,
        tries: u32,
    },
    Restoring(Restoring),
}

/// How a document begins to live.
pub(crate) struct Start {
    pub(crate) document: Document,
    pub(crate) seq: Seq,
    pub(crate) base: Base,
    pub(crate) seen: DiskContent,
    pub(crate) unsaved: bool,
    pub(crate) written: Option<Rendered>,
}

impl Live {
    pub(crate) fn new(start: Start) -> Self {
        let Start { document, seq, base, seen, unsaved, written } = start;
        Self {
            document,
            seq,
            stored: seq,
            edited: seq,
            unsaved,
            base,
            base_at: None,
            like: seen.bytes.clone(),
            styled: 0,
            seen,
            gone: false,
            unreadable: None,
            doubt: written,
            looked: false,
            work: Work::Idle,
            incoming: None,
            reread: false,
            clock: SaveClock::default(),
            told: FileState::Fine,
            anew: false,
            flush: false,
            askers: Vec::new(),
            relayed: VecDeque::new(),
            unfit: None,
            mirror: Mirror::default(),
            lack: Lack::default(),
            taken: 0,
            counted: None,
            past: Past::default(),
            gate: None,
            held: Vec::new(),
            empty_since: None,
            leaving: false,
            closing: false,
            give_up: None,
            done: false,
        }
    }

    pub(crate) fn handle(&mut self, turn: &mut Turn<'_>, input: Input) {
        match input {
            Input::Join { client, .. } if self.closing => {
                let reason = "The host is quitting.".to_owned();
                turn.want(Effect::Disconnect { client, code: CloseCode::Quitting, reason });
            }
            Input::Join { client, member } => {
                if turn.place.roster.add(turn.now, client, member) {
                    self.wanted_again();
                    self.serve(turn, client);
                }
            }
            Input::Frame { client, bytes } => self.frame(turn, client, &bytes),
            Input::Leave { client } => {
                let empty = turn.place.roster.is_empty();
                turn.farewell(client);
                self.askers.retain(|(asker, _)| !matches!(asker, Asker::Client(asker, _) if *asker == client));
                self.lack.forget(client);
                if turn.place.roster.is_empty() && !empty && !self.mirror.has_views() {
                    self.abandoned(turn);
                }
            }
            Input::Role { client, role } => {
                let before = turn.place.roster.set_role(turn.now, client, role, turn.out);
                if before.is_some_and(|before| role.may_edit() && !before.may_edit()) {
                    // What it made while nobody took it would be missing between what it makes now.
                    turn.send(client, frame::step1(&self.document.state_vector()));
                }
            }
            Input::Disk(read) => self.heard_of_disk(turn, read),
            Input::Merges(merges) => self.past.heard(merges),
            Input::Finished(outcome) => match outcome.0 {
                Found::Rendered(rendered) => self.rendered(turn, rendered),
                Found::Merged(merged) if matches!(self.work, Work::Restoring(_)) => self.restored(turn, merged),
                Found::Merged(merged) => self.merged(turn, merged),
                Found::Mirrored(rendered) => self.mirrored(turn, rendered),
                Found::Took(merged) => self.took(turn, merged),
                Found::Rebuilt(_) => {}
            },
            Input::Intended => self.intended(turn),
            Input::Wrote(outcome) => self.wrote(turn, outcome),
            Input::Stored(seq) => self.logged(turn, seq),
            Input::Backed(backing) => {
                if std::mem::replace(&mut turn.place.backing, backing) != backing {
                    self.restate(turn);
                }
            }
            Input::FileSaved(result) => self.file_saved(turn, &result),
            Input::View { ticket, view, here, ask } => self.asked(turn, ticket, view, here, ask),
            Input::ViewLeft { view } => self.view_left(turn, &view),
            Input::Moved { path, by } if path != turn.place.path => {
                let old = std::mem::replace(&mut turn.place.path, path);
                turn.tell(|teller, _| teller.moved(&old, by));
                self.restate(turn);
            }
            Input::Restore { request, by, bytes } => self.past.wish(Wish { request, by, bytes }),
            Input::Merge { request, by, update } => self.take_from_room(turn, request, by.as_ref(), &update),
            Input::Tick => {
                let after = turn.place.policy.keep_alive;
                turn.place.roster.keep_alive(turn.now, after, turn.out);
                self.read_again(turn);
            }
            Input::Close { reason } => {
                self.closing = true;
                turn.disconnect_all(CloseCode::Quitting, &reason);
                // Now or never: no waiting for the next try.
                self.clock.taken();
                self.give_up = Some(self.clock.failures() + 1);
                self.abandoned(turn);
            }
            Input::Moved { .. } | Input::Opened(_) => {}
        }
        self.settle(turn);
    }

    /// Goes on with what is due, if nothing is under way.
    pub(crate) fn settle(&mut self, turn: &mut Turn<'_>) {
        let delay = turn.place.policy.cleanup_delay;
        if let (Some(since), Some(delay), false) = (self.empty_since, delay, self.leaving)
            && turn.now.elapsed >= since + delay
        {
            self.leaving = true;
            self.flush = self.unsaved;
            self.give_up.get_or_insert(self.clock.failures() + PATIENCE);
        }
        if matches!(self.work, Work::Idle)
            && let Some((read, cause)) = self.incoming.take()
        {
            self.take_disk(turn, read, cause);
        }
        if matches!(self.work, Work::Idle) {
            self.pass_on(turn);
            self.restore_if_wished(turn);
        }
        if matches!(self.work, Work::Idle) {
            self.save_if_due(turn);
        }
        self.settle_mirror(turn);
        let fares = self.fares();
        if fares != self.told {
            turn.broadcast(None, frame::notice(&Notice::File(fares.clone())));
            if [&fares, &self.told].contains(&&FileState::Gone) {
                let gone = (fares == FileState::Gone).then_some(turn.place.path.as_str());
                turn.broadcast(None, frame::external_change(gone));
            }
            self.told = fares;
        }
        let idle = matches!(self.work, Work::Idle) && self.incoming.is_none() && self.past.is_settled();
        let idle = idle && self.save_at(turn.place).is_none() && self.mirror.is_idle() && self.relayed.is_empty();
        if (self.leaving || self.closing) && idle && self.stored >= self.seq && !self.done {
            let line = match delay {
                Some(delay) if !self.closing => format!("Nobody here for {}; closed", crate::events::lasting(delay)),
                _ => "Closed".to_owned(),
            };
            turn.tell(|teller, _| teller.cleaned(line));
            // Views end before their primary does, so that nobody looks at the file any more.
            if turn.place.backing == Backing::File {
                turn.tell(|teller, _| teller.let_go());
            }
            turn.want(Effect::Done);
            self.done = true;
        }
    }

    /// How the file fares.
    fn fares(&self) -> FileState {
        let unreadable = self.unreadable.as_ref().filter(|unreadable| unreadable.told);
        let unreadable = unreadable.map(|it| FileState::Unreadable { reason: it.reason.clone() });
        let unfit = self.unfit.as_ref().map(|reason| FileState::Unfit { reason: reason.clone() });
        let unwritable = self.clock.complaint().map(|reason| FileState::Unwritable { reason: reason.to_owned() });
        if self.gone { FileState::Gone } else { unreadable.or(unfit).or(unwritable).unwrap_or_default() }
    }

    /// When the next tick is wanted.
    pub(crate) fn deadline(&self, place: &Place) -> Option<Duration> {
        let save = self.save_at(place).filter(|_| matches!(self.work, Work::Idle));
        let cleanup = match (self.empty_since, place.policy.cleanup_delay) {
            (Some(since), Some(delay)) if !self.leaving => Some(since + delay),
            _ => None,
        };
        save.into_iter().chain(cleanup).chain(self.read_at(place)).chain(self.mirror.due()).min()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// It has something that nobody else may have before it is durable.
    pub(crate) fn is_gated(&self) -> bool {
        self.gate.is_some()
    }

    /// The file lacks edits, as far as it is this room that writes it.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.unsaved || self.gone
    }

    /// Somebody came: it does not go away.
    pub(crate) fn wanted_again(&mut self) {
        (self.empty_since, self.leaving, self.give_up) = (None, false, None);
    }

    /// No more tries to save: too many failed for a room that nobody is in. Its log has every edit, and opening it again
    /// saves them.
    pub(crate) fn given_up(&self) -> bool {
        self.give_up.is_some_and(|most| self.clock.failures() >= most)
    }

    /// Somebody who may take part is here: asks what they have, says who is here.
    pub(crate) fn serve(&mut self, turn: &mut Turn<'_>, client: ClientId) {
        let Some(member) = turn.place.roster.member(client).cloned() else { return };
        if self.told == FileState::Gone {
            turn.send(client, frame::external_change(Some(&turn.place.path.clone())));
        }
        let first = frame::step1(&self.document.state_vector());
        turn.place.roster.serve(turn.now, client, first, turn.out);
        if self.told != FileState::Fine {
            turn.send(client, frame::notice(&Notice::File(self.told.clone())));
        }
        self.tell_past(turn, client);
        turn.tell(|teller, _| teller.joined(&member));
        turn.tell(|teller, _| teller.connected(&member));
    }

    /// The last one left.
    pub(crate) fn abandoned(&mut self, turn: &Turn<'_>) {
        self.empty_since = Some(turn.now.elapsed);
        self.flush = self.unsaved;
    }

    /// Appends to the log.
    pub(crate) fn log(&mut self, turn: &mut Turn<'_>, update: Update) -> Seq {
        self.seq += 1;
        turn.want(Effect::Append { seq: self.seq, update });
        self.seq
    }

    /// Appends what the room itself made of the file. Until it is durable no client may see it: after a crash it would be made
    /// once more, by another author, and a client that came back with the first would double it.
    pub(crate) fn log_own(&mut self, turn: &mut Turn<'_>, update: Update) {
        self.gate = Some(self.log(turn, update));
    }

    /// Remembers the base.
    pub(crate) fn agree(&mut self, turn: &mut Turn<'_>, record: BaseRecord) {
        self.base_at = match &record.at {
            BaseAt::Log(seq) => Some(*seq),
            BaseAt::Copy(_) => None,
        };
        turn.want(Effect::SetBase(record));
    }

    /// Up to here the log may be shortened: nothing that is under way, or not durable yet, stands for less of it, nor will
    /// anything that begins later.
    pub(crate) fn steady(&self) -> Seq {
        let saving = match &self.work {
            Work::Rendering(seq) => Some(*seq),
            Work::Intending(rendered) | Work::Writing(rendered) => Some(rendered.seq),
            _ => None,
        };
        let doubt = self.doubt.as_ref().map(|written| written.seq);
        [saving, doubt, self.base_at].into_iter().flatten().fold(self.stored, Seq::min)
    }

    /// Sends an update to the others.
    pub(crate) fn share(&mut self, turn: &mut Turn<'_>, except: Option<ClientId>, update: &[u8]) {
        if !turn.place.roster.has_audience(except) {
            return;
        }
        self.announce(turn, except, frame::update(update));
    }

    /// Sends a frame to the others, never before what was to be sent earlier.
    pub(crate) fn announce(&mut self, turn: &mut Turn<'_>, except: Option<ClientId>, frame: Bytes) {
        match self.gate {
            Some(_) => self.held.push(Held::Broadcast { except, frame }),
            None => turn.broadcast(except, frame),
        }
    }

    /// Answers what a client lacks. `false`: that was no state vector.
    pub(crate) fn answer(&mut self, turn: &mut Turn<'_>, client: ClientId, state_vector: &[u8]) -> bool {
        if self.gate.is_some() {
            self.held.push(Held::Step1 { client, state_vector: state_vector.to_vec() });
            return true;
        }
        let Ok(update) = self.document.diff(state_vector) else { return false };
        turn.send(client, frame::step2(&update));
        true
    }

    /// The log is durable up to here.
    fn logged(&mut self, turn: &mut Turn<'_>, seq: Seq) {
        self.stored = self.stored.max(seq);
        let stored = self.stored;
        if self.gate.is_some_and(|gate| gate <= stored) {
            self.gate = None;
            for held in std::mem::take(&mut self.held) {
                match held {
                    Held::Broadcast { except, frame } => turn.broadcast(except, frame),
                    Held::Step1 { client, state_vector } => {
                        if !self.answer(turn, client, &state_vector) {
                            turn.refused(client, &frame::Malformed("a state vector cannot be read"));
                        }
                    }
                }
            }
        }
        self.confirm(turn);
        self.answer_wishes(turn);
    }

    /// Writes what the room knows into the document's `state`, in one update: where the file is, what it holds, and that
    /// nothing is unsaved if so. Never a reason to save.
    pub(crate) fn restate(&mut self, turn: &mut Turn<'_>) {
        let mut values = vec![("path", StateValue::Text(turn.place.path.clone()))];
        let behind = turn.place.backing == Backing::Primary { saved: false };
        if !self.gone && self.unreadable.is_none() && !behind {
            values.push(("hash", StateValue::Text(self.seen.digest.to_hex())));
        }
        if !self.is_unsaved() && !behind {
            values.push(("dirty", StateValue::Bool(false)));
        }
        if let Some(update) = self.document.set_state(&values) {
            self.log(turn, update.clone());
            self.share(turn, None, &update);
        }
    }

    /// There is something to save.
    pub(crate) fn touch(&mut self, turn: &Turn<'_>) {
        self.unsaved = true;
        self.clock.edited(turn.now.elapsed);
        self.mirror.outdated(turn.now.elapsed);
    }
}
