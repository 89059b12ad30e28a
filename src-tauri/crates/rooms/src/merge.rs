//! New content of the file, merged into a document. Pure.
//!
//! Not here: when; and what the merge itself does, which is `ydoc`'s.

use protocol::{Digest, DiskContent, MergeReport, Model};
use std::sync::Arc;
use ydoc::{AuthorId, Base, Document, ParseError, State, Update, UpdateError};

/// Merges new content of the file into a document.
pub(crate) struct Merge {
    pub(crate) model: Model,
    /// The live document.
    pub(crate) state: State,
    /// What the file may have held before it was edited, the likeliest first; never empty.
    pub(crate) bases: Vec<Base>,
    pub(crate) disk: Arc<[u8]>,
    /// What the file held before, for the bytes that the live document stands for.
    pub(crate) like: Arc<[u8]>,
    pub(crate) author: AuthorId,
    /// It is what people type in another room of the file, and no program's.
    pub(crate) typed: bool,
}

/// A merge, seen from the room.
pub(crate) struct Merged {
    /// To apply to the live document.
    pub(crate) update: Option<Update>,
    pub(crate) base: Base,
    /// The merged document is exactly what the file says: it is the base.
    pub(crate) exact: bool,
    pub(crate) structural: bool,
    pub(crate) report: MergeReport,
    /// What the document said here, as a file would; `None` if there is nothing to tell: the file says nothing new, and all of
    /// it was taken.
    pub(crate) here: Option<DiskContent>,
}

/// Whether something that the file says was not taken, or not as it says it.
fn is_withstood(report: &MergeReport) -> bool {
    report.kept > 0 || !report.conflicts.is_empty()
}

impl Merged {
    /// Takes it into the live document, all of it or nothing; answers what was new.
    pub(crate) fn apply_to(&self, document: &mut Document) -> Result<Option<Update>, UpdateError> {
        match &self.update {
            Some(update) => document.apply_whole(update).map(|applied| applied.update),
            None => Ok(None),
        }
    }

    /// Whether people are to be told: it brought something, or something was withstood.
    pub(crate) fn is_told(&self, brought: bool) -> bool {
        brought || is_withstood(&self.report)
    }
}

impl Merge {
    /// Merges, and looks whether the result says what the file says.
    pub(crate) fn run(self) -> Result<Merged, ParseError> {
        let Self { model, state, bases, disk, like, author, typed } = self;
        let base = ydoc::nearest(model, &bases, &disk);
        let merge = if typed { ydoc::merge_room } else { ydoc::merge_disk };
        let merge = merge(model, &state, base, &disk, author)?;
        let mut live = Document::from_state(model, author, &state);
        let mut here = None;
        if let Ok(document) = &mut live {
            let before = || Some(DiskContent::new(document.to_bytes(&like)));
            here = if merge.update.is_some() || is_withstood(&merge.report) { before() } else { None };
            if let Some(Err(error)) = merge.update.as_deref().map(|update| document.apply_whole(update)) {
                live = Err(error);
            }
        }
        let exact = live.ok().filter(|merged| merged.to_bytes(&disk) == *disk);
        let base = match &exact {
            Some(merged) => Base { state: merged.state(), digest: Digest::of(&disk) },
            None => merge.base,
        };
        let (update, structural, report) = (merge.update, merge.structural, merge.report);
        Ok(Merged { update, base, exact: exact.is_some(), structural, report, here })
    }
}
