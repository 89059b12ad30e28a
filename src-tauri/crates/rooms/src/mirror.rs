//! A primary room and its views: rooms of another kind on the same file, to which this room is what the file is to others.
//!
//! All views share one text, the mirror: what the file would hold if the document were saved now, or was a moment ago. They read
//! it, merge it, and write it like a file, and a write is merged here like an edit on disk. No view ever sees what this room
//! could still lose in a crash, and none is told that its text was taken before that is durable.
//!
//! Not here: what a view does with it, which is what every room does with its file.

use crate::disk::MOST_MERGES;
use crate::fault::faulty;
use crate::job::Rendered;
use crate::live::{Asker, Live};
use crate::merge::{Merge, Merged};
use crate::opening::{complaint, misfit};
use crate::place::Turn;
use crate::{Answer, Ask, Effect, Job, WriteOutcome};
use protocol::{DiskContent, Intent, Seq};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use ydoc::{Base, NOTHING, ParseError, Update};

/// An edit waits this long for others before the mirror is made anew.
const SOON: Duration = Duration::from_millis(20);
/// Time between two mirrors, at least; longer for a document whose rendering takes long, so that views come to writing.
const PERIOD: Duration = Duration::from_millis(100);
/// A view that came too late with its text has this long to come again before the mirror changes under it once more.
const TURN: Duration = Duration::from_millis(500);

/// What views see of the document. Made when the first one reads.
#[derive(Default)]
pub(crate) struct Mirror {
    text: Option<Text>,
    /// Views with somebody in them.
    views: BTreeSet<String>,
    asks: VecDeque<Asked>,
    /// Since when the document may say something else than the mirror.
    since: Option<Duration>,
    /// No new mirror before this.
    next: Duration,
    /// Since when one is being rendered, and the merges that are in it.
    rendering: Option<(Duration, Arc<[protocol::Merge]>)>,
    /// What is being rendered is of no use any more.
    outrun: bool,
    /// Rendered; waits until the log is durable so far.
    ready: Option<(Rendered, Arc<[protocol::Merge]>)>,
    taking: Option<Taking>,
    /// Texts that were taken: to be answered when the log is durable so far.
    taken: Vec<(Seq, u64, DiskContent)>,
    /// As the views know it.
    standing: Standing,
}

/// What primary and views agree on.
struct Text {
    content: DiskContent,
    /// The state of the document that it stands for.
    base: Base,
    /// Merges with the file that are in it.
    merges: Arc<[protocol::Merge]>,
}

/// A view's question that waits.
struct Asked {
    ticket: u64,
    view: String,
    ask: Ask,
}

/// A view's text that is being merged.
struct Taking {
    ticket: u64,
    view: String,
    content: DiskContent,
    /// The view's log that it stands for.
    stands_for: Seq,
    /// Where the document was when the merge began.
    seq: Seq,
    tries: u32,
}

/// How mirror and file stand to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Standing {
    /// The file holds exactly the mirror's bytes.
    Saved,
    #[default]
    Behind,
    /// The file holds something that this room cannot read: a view is better off with the file itself.
    Unreadable,
}

impl Mirror {
    /// Somebody is in a view.
    pub(crate) fn has_views(&self) -> bool {
        !self.views.is_empty()
    }

    /// No view waits for anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.asks.is_empty() && self.taking.is_none() && self.taken.is_empty()
    }

    /// The document, or the way it is written, may be another now.
    pub(crate) fn outdated(&mut self, now: Duration) {
        self.since.get_or_insert(now);
    }

    fn is_busy(&self) -> bool {
        self.rendering.is_some() || self.ready.is_some() || self.taking.is_some()
    }

    /// When the next mirror is to be made.
    pub(crate) fn due(&self) -> Option<Duration> {
        let since = self.since.filter(|_| !self.is_busy() && self.has_views() && self.text.is_some())?;
        Some((since + SOON).max(self.next))
    }
}

impl Live {
    /// A view asks for something. `here`: somebody is in it.
    pub(crate) fn asked(&mut self, turn: &mut Turn<'_>, ticket: u64, view: String, here: bool, ask: Ask) {
        if here {
            self.mirror.views.insert(view.clone());
            self.wanted_again();
        } else {
            self.view_left(turn, &view);
        }
        match ask {
            Ask::Save => self.askers.push((Asker::View(ticket), self.edited)),
            ask => self.mirror.asks.push_back(Asked { ticket, view, ask }),
        }
    }

    /// Nobody is in this view any more.
    pub(crate) fn view_left(&mut self, turn: &Turn<'_>, view: &str) {
        if self.mirror.views.remove(view) && !self.mirror.has_views() && turn.place.roster.is_empty() {
            self.abandoned(turn);
        }
    }

    fn standing(&self) -> Standing {
        let saved = |text: &Text| text.content.digest == self.seen.digest && !self.gone && self.unreadable.is_none();
        match &self.unreadable {
            Some(unreadable) if unreadable.told => Standing::Unreadable,
            _ if self.mirror.text.as_ref().is_some_and(saved) => Standing::Saved,
            _ => Standing::Behind,
        }
    }

    /// Goes on with what views wait for.
    pub(crate) fn settle_mirror(&mut self, turn: &mut Turn<'_>) {
        let stored = self.stored;
        let taking = self.mirror.taking.is_some();
        if let Some((ready, merges)) = self.mirror.ready.take_if(|(ready, _)| ready.seq <= stored && !taking) {
            self.publish(turn, ready, merges);
        }
        let standing = self.standing();
        if standing != self.mirror.standing {
            self.mirror.standing = standing;
            turn.want(Effect::Views);
        }
        let saved = standing == Standing::Saved;
        self.mirror.taken.retain(|(seq, ticket, content)| {
            let due = *seq <= stored || faulty!(TookTooEarly);
            if due {
                let outcome = WriteOutcome::Done(content.digest);
                turn.want(Effect::Answer { ticket: *ticket, answer: Answer::Wrote { outcome, saved } });
            }
            !due
        });
        while self.mirror.taking.is_none()
            && let Some(asked) = self.mirror.asks.pop_front()
        {
            if let Some(asked) = self.attend(turn, asked) {
                self.mirror.asks.push_front(asked);
                break;
            }
        }
        let first = self.mirror.text.is_none() && !self.mirror.asks.is_empty() && !self.mirror.is_busy();
        if first || self.mirror.due().is_some_and(|due| due <= turn.now.elapsed) {
            let began = (turn.now.elapsed, self.past.merges());
            (self.mirror.since, self.mirror.rendering, self.mirror.outrun) = (None, Some(began), false);
            let (state, like) = (self.document.state(), self.like.clone());
            turn.want(Effect::Run(Job::mirror(turn.place.model, state, self.seq, like)));
        }
    }

    /// Answers a view; `Some`: it has to wait.
    fn attend(&mut self, turn: &mut Turn<'_>, asked: Asked) -> Option<Asked> {
        let ticket = asked.ticket;
        let mut answer = |answer| turn.want(Effect::Answer { ticket, answer });
        if let Some(unreadable) = self.unreadable.as_ref().filter(|unreadable| unreadable.told) {
            answer(Answer::Refused(unreadable.reason.clone()));
            return None;
        }
        let Some(text) = &self.mirror.text else { return Some(asked) };
        let saved = self.mirror.standing == Standing::Saved;
        match asked.ask {
            Ask::Write { content, expect, seq } if expect == Some(text.content.digest) || faulty!(TookUnseen) => {
                if content.digest == text.content.digest {
                    answer(Answer::Wrote { outcome: WriteOutcome::Done(content.digest), saved });
                    return None;
                }
                let view = asked.view;
                let taking = Taking { ticket, view, content, stands_for: seq, seq: self.seq, tries: 1 };
                turn.want(Effect::Run(Job::take(self.merge_with(turn, &taking.content, text))));
                self.mirror.taking = Some(taking);
            }
            Ask::Write { .. } => {
                let outcome = WriteOutcome::Changed(Some(text.content.clone()));
                answer(Answer::Wrote { outcome, saved });
                self.mirror.next = turn.now.elapsed + TURN;
            }
            Ask::Read | Ask::Save => {
                answer(Answer::Read { content: text.content.clone(), saved, merges: text.merges.clone() });
            }
        }
        None
    }

    fn merge_with(&self, turn: &Turn<'_>, content: &DiskContent, text: &Text) -> Merge {
        Merge {
            model: turn.place.model,
            state: self.document.state(),
            bases: vec![text.base.clone()],
            disk: content.bytes.clone(),
            like: text.content.bytes.clone(),
            author: turn.place.authors.views,
            typed: true,
        }
    }

    /// A new mirror was rendered.
    pub(crate) fn mirrored(&mut self, turn: &mut Turn<'_>, rendered: Option<Rendered>) {
        let now = turn.now.elapsed;
        let Some((began, merges)) = self.mirror.rendering.take() else { return };
        self.mirror.next = began + PERIOD.max((now - began) * 4);
        if rendered.is_none() {
            for Asked { ticket, .. } in self.mirror.asks.drain(..) {
                let answer = Answer::Refused("The document cannot be written as a file.".to_owned());
                turn.want(Effect::Answer { ticket, answer });
            }
        }
        if !std::mem::take(&mut self.mirror.outrun) {
            self.mirror.ready = rendered.map(|rendered| (rendered, merges));
        }
    }

    fn publish(&mut self, turn: &mut Turn<'_>, rendered: Rendered, merges: Arc<[protocol::Merge]>) {
        let Rendered { content, state, .. } = rendered;
        let base = Base { state, digest: content.digest };
        let known = |text: &Text| (text.content.digest, text.merges.last().map(|merge| merge.id));
        let text = Text { content, base, merges };
        let now = known(&text);
        if self.mirror.text.replace(text).is_some_and(|text| known(&text) != now) {
            turn.want(Effect::Views);
        }
    }

    /// The merge of a view's text ended.
    pub(crate) fn took(&mut self, turn: &mut Turn<'_>, mut result: Result<Merged, ParseError>) {
        let (Some(mut taking), Some(text)) = (self.mirror.taking.take(), &self.mirror.text) else { return };
        if result.as_ref().is_ok_and(|merged| merged.structural) && self.seq != taking.seq {
            let merge = self.merge_with(turn, &taking.content, text);
            (taking.seq, taking.tries) = (self.seq, taking.tries + 1);
            if taking.tries <= MOST_MERGES {
                turn.want(Effect::Run(Job::take(merge)));
                self.mirror.taking = Some(taking);
                return;
            }
            result = merge.run();
        }
        match result {
            Ok(merged) => self.take_text(turn, taking, merged),
            Err(error) => self.unfit_text(turn, taking.ticket, complaint(turn, &error.to_string(), true)),
        }
    }

    /// A view's text is not taken.
    fn unfit_text(&mut self, turn: &mut Turn<'_>, ticket: u64, reason: String) {
        let saved = self.mirror.standing == Standing::Saved;
        let outcome = WriteOutcome::Unfit(reason);
        turn.want(Effect::Answer { ticket, answer: Answer::Wrote { outcome, saved } });
    }

    /// A view's text is in the document; it is the mirror now.
    fn take_text(&mut self, turn: &mut Turn<'_>, taking: Taking, merged: Merged) {
        let Taking { ticket, view, content, stands_for, seq, .. } = taking;
        let still = self.seq == seq;
        let new = match merged.apply_to(&mut self.document) {
            Ok(new) => new,
            Err(error) => return self.unfit_text(turn, ticket, misfit(turn, &error)),
        };
        match new {
            Some(update) => {
                self.log_own(turn, update.clone());
                self.share(turn, None, &update);
            }
            // The text is only written differently: that has a number too, so that it is saved and the receipt is kept.
            None => drop(self.log(turn, Update::from(NOTHING))),
        }
        turn.want(Effect::Took { view, intent: Intent { digest: content.digest, seq: stands_for } });
        self.edited = self.seq;
        self.touch(turn);
        (self.like, self.styled) = (content.bytes.clone(), self.seq);
        let base = match faulty!(MirrorTooNew) {
            true => Base { state: self.document.state(), ..merged.base },
            false => merged.base,
        };
        // The document says that text and nothing else; if not, what was merged with the file meanwhile is in the next one.
        let whole = merged.exact && still;
        let known = self.mirror.text.as_ref().map(|text| text.merges.clone()).unwrap_or_default();
        let merges = if whole { self.past.merges() } else { known };
        let mirror = &mut self.mirror;
        mirror.text = Some(Text { content: content.clone(), base, merges });
        (mirror.ready, mirror.outrun) = (None, mirror.rendering.is_some());
        mirror.since = (!whole).then_some(turn.now.elapsed);
        mirror.next = turn.now.elapsed + PERIOD;
        mirror.taken.push((self.seq, ticket, content));
        turn.want(Effect::Views);
    }
}
