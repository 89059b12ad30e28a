//! From the file to the document: merge, remember, tell; and what to do with a file that is gone or cannot be read.

use crate::events::{OUT_OF_BAND, OUT_OF_BAND_SAVING};
use crate::fault::faulty;
use crate::live::{Live, Work};
use crate::merge::{Merge, Merged};
use crate::opening::{complaint, misfit};
use crate::past::Found;
use crate::place::{Place, Turn};
use crate::{Backing, DiskRead, Effect, Job};
use protocol::{BaseAt, BaseRecord, Digest, DiskContent};
use std::time::Duration;
use ydoc::{Base, ParseError};

/// Readings of a file that seems half-written before that is reported.
const MOST_TRIES: u32 = 3;
/// Wait before the second reading; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Merges against a document whose structure moves on before one is made on the spot.
pub(crate) const MOST_MERGES: u32 = 3;

/// How the room came to know what the file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The watcher, or a reading.
    Watching,
    /// A write that found something else.
    Saving,
}

/// A file that holds something that is no document.
#[derive(Debug)]
pub(crate) struct Unreadable {
    digest: Option<Digest>,
    /// A sentence.
    pub(crate) reason: String,
    tries: u32,
    /// When to read it again.
    next: Option<Duration>,
    /// It was reported.
    pub(crate) told: bool,
}

impl Live {
    /// News of the file.
    pub(crate) fn heard_of_disk(&mut self, turn: &mut Turn<'_>, read: DiskRead) {
        match self.work {
            // It may have been read before that write ended, and taking it for newer would undo what was written.
            Work::Writing(_) => self.reread = true,
            Work::Looking => {
                self.work = Work::Idle;
                if let DiskRead::Failed(reason) = read {
                    self.failed(turn, &reason);
                } else {
                    self.looked = true;
                    self.incoming = Some((read, Cause::Watching));
                }
            }
            Work::Merging { .. } => self.incoming = Some((read, Cause::Watching)),
            // Most often our own write; whatever was reported before is over.
            _ if self.holds(&read) => self.incoming = None,
            _ => self.incoming = Some((read, Cause::Watching)),
        }
    }

    /// The file is as the room knows it.
    fn holds(&self, read: &DiskRead) -> bool {
        let known = matches!(read, DiskRead::Content(content) if content.digest == self.seen.digest);
        known && !self.gone && self.unreadable.is_none() && self.doubt.is_none()
    }

    /// Looks at what the file holds. Nothing may be under way.
    pub(crate) fn take_disk(&mut self, turn: &mut Turn<'_>, read: DiskRead, cause: Cause) {
        match read {
            DiskRead::Gone => self.gone(turn),
            DiskRead::Failed(reason) => self.cannot_read(turn, None, reason),
            DiskRead::Content(content) if content.digest == self.seen.digest => self.as_before(turn, content),
            DiskRead::Content(content) => {
                if let Some(written) = self.doubt.take_if(|written| written.content.digest == content.digest) {
                    let written = crate::job::Rendered { content, ..written };
                    self.saved(turn, written, true);
                } else if let Some(same) = self.unreadable.as_ref().filter(|it| it.digest == Some(content.digest)) {
                    let reason = same.reason.clone();
                    self.still_unreadable(turn, Some(content.digest), reason);
                } else {
                    let merge = self.merge_of(turn, &content);
                    turn.want(Effect::Run(Job::merge(merge)));
                    let (seq, edited) = (self.seq, self.edited);
                    self.work = Work::Merging { content, cause, seq, edited, tries: 1 };
                }
            }
        }
    }

    /// The file holds what is known.
    fn as_before(&mut self, turn: &mut Turn<'_>, content: DiskContent) {
        if self.like.is_empty() {
            self.like = content.bytes.clone();
        }
        self.seen = content;
        self.doubt = None;
        let back = std::mem::take(&mut self.gone) | self.unreadable.take().is_some();
        if back {
            self.restate(turn);
            if self.unsaved {
                self.touch(turn);
            }
        }
    }

    fn merge_of(&self, turn: &Turn<'_>, content: &DiskContent) -> Merge {
        let written = self.doubt.as_ref().map(|it| Base { state: it.state.clone(), digest: it.content.digest });
        Merge {
            model: turn.place.model,
            state: self.document.state(),
            bases: std::iter::once(self.base.clone()).chain(written).collect(),
            disk: content.bytes.clone(),
            like: self.like.clone(),
            author: turn.place.authors.disk,
            typed: turn.place.backing != Backing::File,
        }
    }

    /// A merge ended.
    pub(crate) fn merged(&mut self, turn: &mut Turn<'_>, result: Result<Merged, ParseError>) {
        let (content, cause, mut seq, mut edited, tries) = match std::mem::replace(&mut self.work, Work::Idle) {
            Work::Merging { content, cause, seq, edited, tries } => (content, cause, seq, edited, tries),
            other => {
                self.work = other;
                return;
            }
        };
        let mut result = result;
        if result.as_ref().is_ok_and(|merged| merged.structural) && self.edited != edited {
            let merge = self.merge_of(turn, &content);
            (seq, edited) = (self.seq, self.edited);
            if tries < MOST_MERGES {
                turn.want(Effect::Run(Job::merge(merge)));
                self.work = Work::Merging { content, cause, seq, edited, tries: tries + 1 };
                return;
            }
            result = merge.run();
        }
        match result {
            Ok(merged) => self.take_merge(turn, content, cause, merged, (self.seq == seq, self.edited == edited)),
            Err(error) => {
                let reason = complaint(turn, &error.to_string(), true);
                self.still_unreadable(turn, Some(content.digest), reason);
            }
        }
    }

    /// Takes a merge into the document. `still`: whether the log, and whether the edits, are where they were when it began.
    fn take_merge(
        &mut self,
        turn: &mut Turn<'_>,
        content: DiskContent,
        cause: Cause,
        merged: Merged,
        still: (bool, bool),
    ) {
        let new = match merged.apply_to(&mut self.document) {
            Ok(new) => new,
            Err(error) => {
                let reason = misfit(turn, &error);
                return self.still_unreadable(turn, Some(content.digest), reason);
            }
        };
        if let Some(update) = &new {
            if !faulty!(UnloggedMerge) {
                self.log_own(turn, update.clone());
            }
            self.share(turn, None, update);
        }
        // Only if nothing came in between, the log up to here is exactly what the file says.
        let at = match merged.exact && still.0 && !(faulty!(UnloggedMerge) && new.is_some()) {
            true => BaseAt::Log(self.seq),
            false => BaseAt::Copy(merged.base.state.clone()),
        };
        self.agree(turn, BaseRecord { digest: content.digest, at });
        let told = merged.is_told(new.is_some());
        self.base = merged.base;
        self.like = content.bytes.clone();
        self.seen = content;
        self.mirror.outdated(turn.now.elapsed);
        (self.gone, self.unreadable, self.doubt) = (false, None, None);
        self.unsaved = !(merged.exact && still.1);
        // What comes from the primary of a view is no news of the file.
        if told && turn.place.backing == Backing::File {
            let msg = if cause == Cause::Saving { OUT_OF_BAND_SAVING } else { OUT_OF_BAND };
            turn.tell(|teller, place| teller.overwritten(msg, place.model, &merged.report));
            if let Some(here) = merged.here {
                let (disk, report) = (self.seen.clone(), merged.report);
                self.merged_in(turn, Found { here, disk, report, closed: false });
            }
        }
        if !self.unsaved {
            self.past.agreed();
        }
        self.restate(turn);
        if self.unsaved {
            self.edited = self.seq;
            self.touch(turn);
        } else {
            self.clock.taken();
            self.clock.succeeded(turn.now.elapsed);
            self.flush = false;
            self.unfit = None;
        }
    }

    /// The file does not exist. The document stays, and is not written again by itself.
    pub(crate) fn gone(&mut self, turn: &mut Turn<'_>) {
        self.unreadable = None;
        if !std::mem::replace(&mut self.gone, true) {
            turn.tell(|teller, place| teller.deleted(place.roster.clients().len()));
            self.fail_askers(turn, "The file was deleted on disk. Saving once more writes it anew.");
        }
    }

    /// The file holds no document (or, without a digest, could not be read at all).
    pub(crate) fn cannot_read(&mut self, turn: &mut Turn<'_>, digest: Option<Digest>, reason: String) {
        let reason = complaint(turn, &reason, digest.is_some());
        self.still_unreadable(turn, digest, reason);
    }

    /// As [`Live::cannot_read`], with the whole sentence. It may be half-written: it is read again before anything is said.
    pub(crate) fn still_unreadable(&mut self, turn: &mut Turn<'_>, digest: Option<Digest>, reason: String) {
        let before = self.unreadable.take().filter(|it| !it.told || it.digest == digest);
        let tries = before.as_ref().map_or(0, |it| it.tries) + 1;
        let mut told = before.is_some_and(|it| it.told);
        let wait = if tries <= MOST_TRIES {
            FIRST_WAIT * (1 << (tries - 1))
        } else {
            if !told {
                turn.tell(|teller, _| teller.load_failed(&reason, reason.clone()));
            }
            told = true;
            turn.place.policy.retry_delay
        };
        let next = Some(turn.now.elapsed + wait);
        self.unreadable = Some(Unreadable { digest, reason, tries, next, told });
    }

    /// When an unreadable file is read again. Later than the first tries only while somebody is here to whom it matters.
    pub(crate) fn read_at(&self, place: &Place) -> Option<Duration> {
        let unreadable = self.unreadable.as_ref()?;
        unreadable.next.filter(|_| !unreadable.told || !place.roster.is_empty())
    }

    /// Reads an unreadable file again if that is due.
    pub(crate) fn read_again(&mut self, turn: &mut Turn<'_>) {
        if self.read_at(turn.place).is_some_and(|at| at <= turn.now.elapsed) {
            if let Some(unreadable) = &mut self.unreadable {
                unreadable.next = None;
            }
            turn.want(Effect::Read);
        }
    }
}
