//! The past of a document: bytes that are kept when others take their place, merges that people are told of, and the way back to
//! an earlier version.
//!
//! Not here: the merge with the disk (`disk`), the lines in the events.

use crate::events::unreadable;
use crate::frame;
use crate::live::{Live, Work};
use crate::merge::{Merge as Merging, Merged};
use crate::place::Turn;
use crate::{Effect, Job};
use protocol::event::Person;
use protocol::notice::{MOST_CONFLICTS, MOST_MERGES};
use protocol::{ClientId, Digest, DiskContent, Kept, Merge, MergeReport, Notice, Seq, User, Why};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use ydoc::{Base, ParseError, UpdateError};

/// What is remembered of the time before now.
#[derive(Default)]
pub(crate) struct Past {
    /// The oldest first.
    merges: Arc<[Merge]>,
    /// Merges of the primary that those who are here may not have been told of.
    news: Option<Arc<[Merge]>>,
    /// Who typed since document and file were the same last, by username.
    writers: BTreeMap<String, Person>,
    /// Versions to be put back, in the order they were asked for.
    wishes: VecDeque<Wish>,
    /// Requests that are answered once the log is durable up to there.
    answers: Vec<(Seq, u64)>,
}

/// A version to be put back.
pub(crate) struct Wish {
    pub(crate) request: u64,
    pub(crate) by: User,
    pub(crate) bytes: Arc<[u8]>,
}

/// A version on its way back.
pub(crate) struct Restoring {
    wish: Wish,
    /// Where the document was when it began.
    edited: Seq,
    tries: u32,
}

/// A merge as it was found.
pub(crate) struct Found {
    /// What the document said, as a file.
    pub(crate) here: DiskContent,
    /// What the file said.
    pub(crate) disk: DiskContent,
    pub(crate) report: MergeReport,
    /// Nobody had the document open.
    pub(crate) closed: bool,
}

impl Past {
    pub(crate) fn new(merges: Arc<[Merge]>) -> Self {
        Self { merges: newest(merges), ..Self::default() }
    }

    /// What was merged, the oldest first.
    pub(crate) fn merges(&self) -> Arc<[Merge]> {
        self.merges.clone()
    }

    /// The primary merged this.
    pub(crate) fn heard(&mut self, merges: Arc<[Merge]>) {
        self.news = Some(newest(merges));
    }

    /// Nothing is left to be put back.
    pub(crate) fn is_settled(&self) -> bool {
        self.wishes.is_empty()
    }

    /// A version is to be put back.
    pub(crate) fn wish(&mut self, wish: Wish) {
        self.wishes.push_back(wish);
    }

    /// Somebody typed.
    pub(crate) fn wrote(&mut self, user: &User) {
        if !self.writers.contains_key(&user.username) {
            self.writers.insert(user.username.clone(), user.into());
        }
    }

    /// Document and file are the same.
    pub(crate) fn agreed(&mut self) {
        self.writers.clear();
    }

    /// Remembers a merge, and forgets one that is too long ago.
    fn add(&mut self, time: u64, path: &str, found: Found) -> Merge {
        let Found { here, disk, mut report, closed } = found;
        report.conflicts.truncate(MOST_CONFLICTS);
        let id = self.merges.last().map_or(time, |last| time.max(last.id + 1));
        let by = self.writers.values().cloned().collect();
        let (here, disk) = (here.digest.to_hex(), disk.digest.to_hex());
        let merge = Merge { id, time, path: path.to_owned(), closed, by, here, disk, report };
        self.merges = newest(self.merges.iter().cloned().chain([merge.clone()]).collect());
        merge
    }
}

/// As many as are remembered.
fn newest(merges: Arc<[Merge]>) -> Arc<[Merge]> {
    match merges.len().saturating_sub(MOST_MERGES) {
        0 => merges,
        more => merges[more..].into(),
    }
}

impl Live {
    /// Keeps bytes that others take the place of.
    pub(crate) fn keep(&self, turn: &mut Turn<'_>, why: Why, content: DiskContent) {
        turn.want(Effect::Keep(Kept { time: turn.now.unix_ms, why, content }));
    }

    /// A change of the file is in the document: both sides are kept, and everybody is told after the update that brought it.
    pub(crate) fn merged_in(&mut self, turn: &mut Turn<'_>, found: Found) {
        self.keep(turn, Why::Here, found.here.clone());
        self.keep(turn, Why::Disk, found.disk.clone());
        let merge = self.past.add(turn.now.unix_ms, &turn.place.path, found);
        turn.want(Effect::Remember(merge.clone()));
        if turn.place.roster.has_audience(None) {
            self.announce(turn, None, frame::notice(&Notice::Merged { merges: vec![merge] }));
        }
    }

    /// Tells somebody who comes in what was merged.
    pub(crate) fn tell_past(&self, turn: &mut Turn<'_>, client: ClientId) {
        if !self.past.merges.is_empty() {
            let merges = self.past.merges.to_vec();
            turn.send(client, frame::notice(&Notice::Merged { merges }));
        }
    }

    /// Tells those who are here of what the primary merged, if it is in this document. Nothing may be under way.
    pub(crate) fn pass_on(&mut self, turn: &mut Turn<'_>) {
        let Some(news) = self.past.news.take() else { return };
        let known = self.past.merges.last().map_or(0, |last| last.id);
        let merges: Vec<Merge> = news.iter().filter(|merge| merge.id > known).cloned().collect();
        if !merges.is_empty() {
            self.past.merges = news;
            if turn.place.roster.has_audience(None) {
                self.announce(turn, None, frame::notice(&Notice::Merged { merges }));
            }
        }
    }

    /// Begins to put the next version back, if there is one. Nothing may be under way.
    pub(crate) fn restore_if_wished(&mut self, turn: &mut Turn<'_>) {
        if let Some(wish) = self.past.wishes.pop_front() {
            self.restore(turn, wish, 1);
        }
    }

    fn restore(&mut self, turn: &mut Turn<'_>, wish: Wish, tries: u32) {
        turn.want(Effect::Run(Job::merge(self.way_back(turn, &wish))));
        self.work = Work::Restoring(Restoring { wish, edited: self.edited, tries });
    }

    /// What leads from the document as it is now to a version: a merge from the document itself.
    fn way_back(&self, turn: &Turn<'_>, wish: &Wish) -> Merging {
        let state = self.document.state();
        Merging {
            model: turn.place.model,
            bases: vec![Base { state: state.clone(), digest: Digest::of(&state) }],
            state,
            disk: wish.bytes.clone(),
            like: self.like.clone(),
            author: turn.place.authors.disk,
            typed: false,
        }
    }

    /// It is known what leads to the version.
    pub(crate) fn restored(&mut self, turn: &mut Turn<'_>, mut result: Result<Merged, ParseError>) {
        let Restoring { wish, edited, tries } = match std::mem::replace(&mut self.work, Work::Idle) {
            Work::Restoring(restoring) => restoring,
            other => {
                self.work = other;
                return;
            }
        };
        if result.as_ref().is_ok_and(|merged| merged.structural) && self.edited != edited {
            if tries < crate::disk::MOST_MERGES {
                return self.restore(turn, wish, tries + 1);
            }
            result = self.way_back(turn, &wish).run();
        }
        match result {
            Ok(merged) => match self.put_back(turn, &wish, merged) {
                Ok(()) => self.answer_when_stored(turn, wish.request),
                Err(error) => {
                    let outcome = Err(format!("That version cannot be put back: {error}."));
                    turn.want(Effect::Restored { request: wish.request, outcome });
                }
            },
            Err(error) => {
                let outcome = Err(unreadable(turn.place.model, &turn.place.path, &error.to_string()));
                turn.want(Effect::Restored { request: wish.request, outcome });
            }
        }
    }

    /// Answers a request once all that is in the log so far is durable.
    pub(crate) fn answer_when_stored(&mut self, turn: &mut Turn<'_>, request: u64) {
        self.past.answers.push((self.seq, request));
        self.answer_wishes(turn);
    }

    /// Answers what is durable, with the version that was kept for it: whoever asks next finds that.
    pub(crate) fn answer_wishes(&mut self, turn: &mut Turn<'_>) {
        let stored = self.stored;
        self.past.answers.retain(|(seq, request)| {
            let due = *seq <= stored;
            if due {
                turn.want(Effect::Restored { request: *request, outcome: Ok(()) });
            }
            !due
        });
    }

    fn put_back(&mut self, turn: &mut Turn<'_>, wish: &Wish, merged: Merged) -> Result<(), UpdateError> {
        let new = merged.apply_to(&mut self.document)?;
        if let Some(update) = &new {
            if let Some(here) = merged.here {
                self.keep(turn, Why::Restored, here);
            }
            self.edited = self.log(turn, update.clone());
            self.share(turn, None, update);
            self.past.wrote(&wish.by);
        }
        // Also the way it is written: without edits of others, the file has that version's very bytes again.
        self.like = wish.bytes.clone();
        if new.is_some() || self.gone || wish.bytes != self.seen.bytes {
            // Whoever wants an earlier version wants the file, also if it was deleted just now.
            self.anew = true;
            self.touch(turn);
        }
        turn.tell(|teller, _| teller.restored(&wish.by, wish.bytes.len()));
        Ok(())
    }
}
