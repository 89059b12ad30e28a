//! From the document to the file: render, announce, write, remember.

use crate::fault::faulty;
use crate::frame::{self, SaveAnswer};
use crate::job::Rendered;
use crate::live::{Asker, Cause, Live, Work};
use crate::place::{Place, Turn};
use crate::{Answer, Backing, DiskRead, Effect, Job, WriteOutcome};
use protocol::{BaseAt, BaseRecord, Intent, Seq, Why};
use std::time::Duration;
use ydoc::Base;

impl Live {
    /// When the room saves by itself: after quiet, at once when it is flushed, later when the last try failed. A file that is
    /// gone is not made again without being asked, and one that holds something unreadable is not replaced.
    pub(crate) fn save_at(&self, place: &Place) -> Option<Duration> {
        if !self.unsaved || (self.gone && !self.anew) || self.unreadable.is_some() || self.given_up() {
            None
        } else if self.flush {
            Some(self.clock.retry().unwrap_or(Duration::ZERO))
        } else {
            self.clock.due(&place.saving())
        }
    }

    /// Begins a save if one is due or asked for. Nothing may be under way.
    pub(crate) fn save_if_due(&mut self, turn: &mut Turn<'_>) {
        if let Some(unreadable) = self.unreadable.as_ref().filter(|unreadable| unreadable.told) {
            let reason = format!("The file on disk was changed and cannot be read: {}", unreadable.reason);
            return self.fail_askers(turn, &reason);
        }
        if !self.is_unsaved() {
            self.answer_askers(turn, self.seq);
        }
        let asked = !self.askers.is_empty() && self.unreadable.is_none();
        if !asked && self.save_at(turn.place).is_none_or(|at| at > turn.now.elapsed) {
            return;
        }
        if self.doubt.is_some() && !self.looked {
            turn.want(Effect::Read);
            self.work = Work::Looking;
            return;
        }
        self.clock.taken();
        self.flush = false;
        let (state, like) = (self.document.state(), self.like.clone());
        turn.want(Effect::Run(Job::render(turn.place.model, state, self.seq, like)));
        self.work = Work::Rendering(self.seq);
    }

    /// Leaves a save for what is on disk; it comes again after the merge.
    fn put_off(&mut self) {
        self.work = Work::Idle;
        self.flush = true;
    }

    /// The bytes to write are known.
    pub(crate) fn rendered(&mut self, turn: &mut Turn<'_>, rendered: Option<Rendered>) {
        if !matches!(self.work, Work::Rendering(_)) {
            return;
        }
        self.work = Work::Idle;
        let Some(rendered) = rendered else { return self.failed(turn, "The document cannot be written as a file.") };
        if self.incoming.is_some() && turn.place.backing == Backing::File {
            self.put_off();
        } else if !self.gone && rendered.content.bytes == self.seen.bytes {
            self.saved(turn, rendered, false);
        } else if faulty!(NoIntent) {
            self.write(turn, rendered);
        } else {
            // After a restart they are not known while the file cannot be read; nothing is written then.
            if turn.place.backing == Backing::File && !self.gone && !self.seen.bytes.is_empty() {
                self.keep(turn, Why::Saved, self.seen.clone());
            }
            turn.want(Effect::Intend(Intent { digest: rendered.content.digest, seq: rendered.seq }));
            self.work = Work::Intending(rendered);
        }
    }

    /// It is durable what is about to be written.
    pub(crate) fn intended(&mut self, turn: &mut Turn<'_>) {
        match std::mem::replace(&mut self.work, Work::Idle) {
            Work::Intending(_) if self.incoming.is_some() && turn.place.backing == Backing::File => self.put_off(),
            Work::Intending(rendered) => self.write(turn, rendered),
            other => self.work = other,
        }
    }

    fn write(&mut self, turn: &mut Turn<'_>, rendered: Rendered) {
        let expect = (!self.gone).then_some(self.seen.digest);
        // A view with news from its primary writes all the same: one that comes too late is answered with what is there, and then
        // has its turn. Putting it off might go on as long as somebody types there.
        self.reread |= self.incoming.take().is_some();
        turn.want(Effect::Write { bytes: rendered.content.bytes.clone(), expect, seq: rendered.seq });
        self.work = Work::Writing(rendered);
    }

    /// How a write ended.
    pub(crate) fn wrote(&mut self, turn: &mut Turn<'_>, outcome: WriteOutcome) {
        let rendered = match std::mem::replace(&mut self.work, Work::Idle) {
            Work::Writing(rendered) => rendered,
            other => {
                self.work = other;
                return;
            }
        };
        match outcome {
            WriteOutcome::Done(_) => self.saved(turn, rendered, true),
            WriteOutcome::Changed(content) => {
                // A write that was reported as failed may have reached the file after all.
                if content.as_ref().is_some_and(|content| content.digest == rendered.content.digest) {
                    self.saved(turn, rendered, true);
                } else {
                    let read = content.map_or(DiskRead::Gone, DiskRead::Content);
                    self.incoming = Some((read, Cause::Saving));
                    self.flush = true;
                }
            }
            WriteOutcome::Failed(reason) => {
                self.doubt = Some(rendered);
                self.looked = false;
                self.failed(turn, &reason);
            }
            WriteOutcome::Unfit(reason) => {
                if self.unfit.replace(reason.clone()).is_none() {
                    turn.tell(|teller, _| teller.save_failed(&reason));
                }
                self.flush = false;
                self.fail_askers(turn, &reason);
            }
        }
        if std::mem::take(&mut self.reread) {
            turn.want(Effect::Read);
        }
    }

    /// The file holds what was rendered: that state, and nothing newer, is the base.
    pub(crate) fn saved(&mut self, turn: &mut Turn<'_>, rendered: Rendered, wrote: bool) {
        let Rendered { content, mut state, mut seq } = rendered;
        let (digest, size) = (content.digest, content.bytes.len());
        if faulty!(BaseTooNew) {
            (state, seq) = (self.document.state(), self.seq);
        }
        if !faulty!(NoBase) {
            self.base = Base { state, digest };
            self.agree(turn, BaseRecord { digest, at: BaseAt::Log(seq) });
        }
        if self.styled <= seq {
            self.like = content.bytes.clone();
        }
        self.seen = content;
        (self.gone, self.anew, self.unreadable, self.doubt, self.unfit) = (false, false, None, None, None);
        self.unsaved = self.edited > seq;
        if !self.unsaved {
            self.past.agreed();
        }
        let waited = self.clock.succeeded(turn.now.elapsed);
        self.restate(turn);
        if wrote && turn.place.backing == Backing::File {
            turn.tell(|teller, _| teller.saved(size, waited));
        }
        self.answer_askers(turn, seq);
    }

    /// A save failed: said once for each kind of failure, and tried again.
    pub(crate) fn failed(&mut self, turn: &mut Turn<'_>, reason: &str) {
        if self.clock.failed(turn.now.elapsed, &turn.place.policy, reason) {
            turn.tell(|teller, _| teller.save_failed(reason));
        }
        // In an empty room nothing else would make it try again.
        self.flush = turn.place.roster.is_empty();
        self.fail_askers(turn, reason);
    }

    fn answer_askers(&mut self, turn: &mut Turn<'_>, seq: Seq) {
        let (due, later) =
            std::mem::take(&mut self.askers).into_iter().partition::<Vec<_>, _>(|(_, after)| *after <= seq);
        self.askers = later;
        let due: Vec<Asker> = due.into_iter().map(|(asker, _)| asker).collect();
        if due.is_empty() {
            return;
        }
        match turn.place.backing {
            Backing::File => due.into_iter().for_each(|asker| answer(turn, asker, &Ok(()))),
            // Their edits are with the primary; the file is another matter.
            Backing::Primary { .. } => {
                self.relayed.push_back(due);
                turn.want(Effect::Save);
            }
        }
    }

    /// The primary saved the file, or could not.
    pub(crate) fn file_saved(&mut self, turn: &mut Turn<'_>, result: &Result<(), String>) {
        let askers = self.relayed.pop_front().unwrap_or_default();
        askers.into_iter().for_each(|asker| answer(turn, asker, result));
    }

    /// Tells those who asked for a save that it failed.
    pub(crate) fn fail_askers(&mut self, turn: &mut Turn<'_>, reason: &str) {
        let result = Err(reason.to_owned());
        std::mem::take(&mut self.askers).into_iter().for_each(|(asker, _)| answer(turn, asker, &result));
    }
}

/// Answers one who asked for a save.
fn answer(turn: &mut Turn<'_>, asker: Asker, result: &Result<(), String>) {
    match asker {
        Asker::Client(client, id) => {
            let answer =
                result.as_ref().map_or_else(|reason| SaveAnswer::Failed(reason.clone()), |()| SaveAnswer::Success);
            turn.send(client, frame::saved(id, &answer));
        }
        Asker::View(ticket) => turn.want(Effect::Answer { ticket, answer: Answer::Saved(result.clone()) }),
    }
}
