//! One file, and how it fails.

use protocol::{Digest, DiskContent};
use rooms::{DiskRead, WriteOutcome};
use std::sync::Arc;

use super::Fault;

/// The file.
pub(crate) struct Disk {
    content: Option<DiskContent>,
    /// Saves so far.
    pub(crate) writes: usize,
}

impl Disk {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self { content: Some(DiskContent::new(bytes)), writes: 0 }
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
        WriteOutcome::Done(digest)
    }
}
