//! One file, how it fails, and what the watcher reports of it: late, twice, out of order, several as one, or not at all.

use protocol::{Digest, DiskContent};
use rooms::{DiskRead, WriteOutcome};
use std::sync::Arc;

use super::Fault;
use super::rng::Rng;

/// The file.
pub(crate) struct Disk {
    content: Option<DiskContent>,
    /// Saves so far.
    pub(crate) writes: usize,
    /// Changes that nobody was told of, by number: a report says that something changed, and nothing else.
    news: Vec<usize>,
    changes: usize,
}

impl Disk {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self { content: Some(DiskContent::new(bytes)), writes: 0, news: Vec::new(), changes: 0 }
    }

    /// What is there.
    pub(crate) fn read(&self) -> DiskRead {
        self.content.clone().map_or(DiskRead::Gone, DiskRead::Content)
    }

    pub(crate) fn content(&self) -> Option<&DiskContent> {
        self.content.as_ref()
    }

    pub(crate) fn digest(&self) -> Option<Digest> {
        self.content.as_ref().map(|content| content.digest)
    }

    /// Somebody else's program writes (or removes) the file.
    pub(crate) fn put(&mut self, bytes: Option<&[u8]>) {
        self.content = bytes.map(DiskContent::new);
        self.changed();
    }

    fn changed(&mut self) {
        self.changes += 1;
        self.news.push(self.changes);
    }

    /// The watcher has something to report.
    pub(crate) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// One of the changes is reported, whichever: once, or not for the last time, or together with the others. Its number.
    pub(crate) fn report(&mut self, rng: &mut Rng) -> usize {
        let at = rng.below(self.news.len());
        let change = self.news.get(at).copied().unwrap_or_default();
        match rng.below(100) {
            0..20 => {}
            20..45 => self.news.clear(),
            _ => drop(self.news.drain(at..(at + 1).min(self.news.len()))),
        }
        change
    }

    /// The report of one is lost.
    pub(crate) fn miss(&mut self, rng: &mut Rng) {
        let at = rng.below(self.news.len());
        self.news.drain(at..(at + 1).min(self.news.len()));
    }

    /// The host saves.
    pub(crate) fn write_if(&mut self, bytes: &Arc<[u8]>, expect: Option<Digest>, fault: Option<Fault>) -> WriteOutcome {
        if self.digest() != expect && fault != Some(Fault::SaveWithoutCompare) {
            return WriteOutcome::Changed(self.content.clone());
        }
        let content = DiskContent::new(Arc::clone(bytes));
        let digest = content.digest;
        self.content = Some(content);
        self.writes += 1;
        self.changed();
        WriteOutcome::Done(digest)
    }
}
