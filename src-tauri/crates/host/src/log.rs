//! The durable side of one room: gathers what is appended and commits it in groups. Pure; the room's task does the commits.

use protocol::{BaseRecord, Intent, Kept, Merge, Seq};
use std::time::Duration;
use store::Batch;
use tokio::time::Instant;
use ydoc::Update;

/// How long an append may wait for others to share its commit.
const GATHER: Duration = Duration::from_millis(100);
/// The same while a fork follows: it is told what is durable, and people look at both.
const SOON: Duration = Duration::from_millis(20);
/// How long after a failed commit it is tried again.
const AGAIN: Duration = Duration::from_secs(2);
/// Bytes after which a stored log is shortened, however few rows they are.
const LONG_BYTES: usize = 16 << 20;

/// What waits to be committed.
#[derive(Default)]
pub(crate) struct Log {
    batch: Batch,
    /// When it is to be committed; `None`: nothing waits.
    due: Option<Instant>,
    committing: bool,
    failures: u32,
    /// Rows that came into the stored log since it was shortened last.
    pub(crate) rows: usize,
    /// Their bytes.
    bytes: usize,
}

/// A group on its way to the store.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) batch: Batch,
}

impl Group {
    /// Everything up to here is durable once the group is.
    pub(crate) fn stored(&self) -> Option<Seq> {
        self.batch.append.last().map(|(seq, _)| *seq)
    }
}

impl Log {
    /// The log as it was loaded.
    pub(crate) fn opened(&mut self, log: &[(Seq, Update)]) {
        self.rows += log.len();
        // The first may be a whole state.
        self.bytes += log.iter().skip(1).map(|(_, update)| update.len()).sum::<usize>();
    }

    /// Whether the stored log grew by more than so many rows, or by very many bytes; if so, it counts from here.
    pub(crate) fn is_long(&mut self, rows: usize) -> bool {
        let is_long = self.rows > rows || self.bytes > LONG_BYTES;
        if is_long {
            (self.rows, self.bytes) = (0, 0);
        }
        is_long
    }

    pub(crate) fn append(&mut self, now: Instant, seq: Seq, update: Update) {
        self.batch.append.push((seq, update));
        self.want(now + GATHER);
    }

    /// What waits is wanted soon.
    pub(crate) fn hurry(&mut self, now: Instant) {
        self.want(now + SOON);
    }

    pub(crate) fn base(&mut self, now: Instant, base: BaseRecord) {
        self.batch.base = Some(base);
        // A base forgets the intent before it.
        self.batch.intent = None;
        // Clients wait to see what was merged.
        self.want(now);
    }

    /// A view waits for it, as for an intent.
    pub(crate) fn took(&mut self, now: Instant, view: String, intent: Intent) {
        self.batch.took.push((view, intent));
        self.want(now);
    }

    /// An intent is waited for: it is committed at once, with everything before it.
    pub(crate) fn intend(&mut self, now: Instant, intent: Intent) {
        self.batch.intent = Some(intent);
        self.want(now);
    }

    pub(crate) fn keep(&mut self, now: Instant, kept: Kept) {
        self.batch.keep.push(kept);
        self.want(now + GATHER);
    }

    pub(crate) fn remember(&mut self, now: Instant, merge: Merge) {
        self.batch.merges.push(merge);
        self.want(now + GATHER);
    }

    fn want(&mut self, at: Instant) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// When [`Log::take`] is wanted; `None`: nothing waits, or a commit is under way.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due.filter(|_| !self.committing)
    }

    /// The next group to commit. One at a time, so that they stay in order.
    pub(crate) fn take(&mut self) -> Option<Group> {
        if self.committing || self.due.take().is_none() {
            return None;
        }
        self.committing = true;
        Some(Group { batch: std::mem::take(&mut self.batch) })
    }

    /// The group is durable.
    pub(crate) fn committed(&mut self, group: &Group) {
        self.committing = false;
        self.failures = 0;
        self.rows += group.batch.append.len();
        self.bytes += group.batch.append.iter().map(|(_, update)| update.len()).sum::<usize>();
    }

    /// The group could not be committed: it goes back to the front. `true` for the first failure in a row.
    pub(crate) fn failed(&mut self, now: Instant, mut group: Group) -> bool {
        self.committing = false;
        self.failures += 1;
        let later = std::mem::take(&mut self.batch);
        group.batch.append.extend(later.append);
        group.batch.took.extend(later.took);
        group.batch.keep.extend(later.keep);
        group.batch.merges.extend(later.merges);
        // A later base forgets the earlier intent.
        if later.base.is_some() {
            group.batch.base = later.base;
            group.batch.intent = None;
        }
        group.batch.intent = later.intent.or(group.batch.intent);
        self.batch = group.batch;
        self.due = Some(now + AGAIN);
        self.failures == 1
    }

    /// Nothing waits and nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.due.is_none() && !self.committing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{BaseAt, Digest, DiskContent, Why};

    fn update(text: &str) -> Update {
        text.as_bytes().into()
    }

    #[test]
    fn store_30_appends_are_gathered_for_100_ms_and_an_intent_takes_all_before_it_along() {
        let start = Instant::now();
        let mut log = Log::default();
        assert_eq!(log.due(), None);
        log.append(start, 1, update("a"));
        log.append(start + Duration::from_millis(60), 2, update("b"));
        assert_eq!(log.due(), Some(start + GATHER));
        log.hurry(start + Duration::from_millis(60));
        assert_eq!(log.due(), Some(start + Duration::from_millis(60) + SOON));
        let kept = Kept { time: 1, why: Why::Saved, content: DiskContent::new(&b"before"[..]) };
        log.keep(start + Duration::from_millis(70), kept.clone());
        log.intend(start + Duration::from_millis(70), Intent { digest: Digest::of(b"x"), seq: 2 });
        assert_eq!(log.due(), Some(start + Duration::from_millis(70)));
        let group = log.take().unwrap();
        assert_eq!((group.batch.append.len(), group.stored()), (2, Some(2)));
        assert!(group.batch.intent.is_some());
        assert_eq!(group.batch.keep, [kept], "what a save writes over is durable with its intent");
        // One commit at a time.
        log.append(start, 3, update("c"));
        assert_eq!(log.due(), None);
        assert!(log.take().is_none());
        log.committed(&group);
        assert_eq!(log.take().unwrap().stored(), Some(3));
    }

    #[test]
    fn a_failed_group_comes_before_later_appends() {
        let mut log = Log::default();
        let now = Instant::now();
        let kept = |time| Kept { time, why: Why::Saved, content: DiskContent::new(&b"before"[..]) };
        log.append(now, 1, update("a"));
        log.keep(now, kept(1));
        log.intend(now, Intent { digest: Digest::of(b"x"), seq: 1 });
        let group = log.take().unwrap();
        log.append(now, 2, update("b"));
        log.keep(now, kept(2));
        log.base(now, BaseRecord { digest: Digest::of(b"x"), at: BaseAt::Log(2) });
        assert!(log.failed(now, group));
        let group = log.take().unwrap();
        assert_eq!(group.batch.append.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(group.batch.keep, [kept(1), kept(2)]);
        assert!(group.batch.intent.is_none() && group.batch.base.is_some());
        assert!(!log.failed(now, group), "the second failure in a row is not told again");
    }
}
