//! [`merge_disk`]: what changed on disk since the base becomes edits made at the base, and the CRDT merges them into the live
//! document.
//!
//! The fork starts at the base, never at the live document: an edit computed against the live text would take back whatever was
//! typed here meanwhile. Only the edits' own transactions go into the update, because a difference of state vectors carries
//! the whole delete set and with it deletions that were left out on purpose.
//!
//! The CRDT merges character by character. Where that makes something of a word that nobody can read, because both sides wrote in
//! it, the live document, and it alone, is settled: both words are there, whole. Not so between two rooms of one file: whoever types
//! there sees the other's letters come, as in one room.

use crate::conflict::{self, Conflicts};
use crate::document::{decode, derived_author, integrate, open, render, whole};
use crate::{AuthorId, Base, Merge, ParseError, Update, blob, diff, lines, notebook, text};
use protocol::{Digest, MergeReport, Model};
use yrs::{ClientID, Doc, ReadTxn, Transact};

/// Merges what is on disk into a live document: a three-way merge with `base`. Nothing typed here or written there is lost.
///
/// `live` holds every operation of `base`. `author` writes what the disk says; it must not be the author of anything else. If
/// the live document has operations of that author that the base lacks, another one is derived, so that ids never collide.
pub fn merge_disk(model: Model, live: &[u8], base: &Base, disk: &[u8], author: AuthorId) -> Result<Merge, ParseError> {
    merge(model, live, base, disk, author, Other::Program)
}

/// As [`merge_disk`], of what people type at the same time in another room of the file: letters of both stay in one word, and
/// nothing is a conflict.
pub fn merge_room(model: Model, live: &[u8], base: &Base, text: &[u8], author: AuthorId) -> Result<Merge, ParseError> {
    merge(model, live, base, text, author, Other::Room)
}

/// Who wrote what is merged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    /// Somebody who saw nothing of what was typed here.
    Program,
    /// People who see it as they type.
    Room,
}

fn merge(
    model: Model,
    live: &[u8],
    base: &Base,
    disk: &[u8],
    author: AuthorId,
    other: Other,
) -> Result<Merge, ParseError> {
    let start = if fork_from_live() { live } else { &base.state };
    let author = free_author(live, start, base, disk, author);
    let live_doc = restore(model, author, live);
    let fork = restore(model, author, start);
    let digest = Digest::of(disk);
    match model {
        Model::Text | Model::Base64 => Ok(merge_text(model, &live_doc, &fork, disk, digest, other)?),
        Model::Blob => Ok(merge_blob(&live_doc, &fork, disk, digest)),
        Model::Notebook => notebook::merge::merge(live, (&live_doc, &fork), author, disk, digest, other),
    }
}

fn merge_text(
    model: Model,
    live: &Doc,
    fork: &Doc,
    disk: &[u8],
    digest: Digest,
    other: Other,
) -> Result<Merge, ParseError> {
    let theirs = if model == Model::Text { text::parse(disk)? } else { text::to_base64(disk) };
    let (ours, before) = (text::read(live), text::read(fork));
    let mut report = MergeReport { live_edits: ours != before, ..MergeReport::default() };
    if ours == theirs {
        // The disk caught up with us, or both sides did the same: doing it again would double it.
        return Ok(Merge { update: None, base: Base { state: whole(live), digest }, report, structural: false });
    }
    for hunk in diff::hunks(&lines::split(&before), &lines::split(&theirs)) {
        let both = hunk.old.len().min(hunk.new.len());
        report.changed += both;
        report.added += hunk.new.len() - both;
        report.removed += hunk.old.len() - both;
    }
    let text = text::root(fork);
    let update = transact(fork, |txn| {
        let kept;
        let theirs = if drop_disk_delete() {
            kept = diff::union(&before, &theirs);
            &kept
        } else {
            &theirs
        };
        text::edit(txn, &text, &before, theirs);
    });
    let (mut update, mut structural) = (update, false);
    // Nobody can read digits, nor choose between them.
    if report.live_edits && model == Model::Text && other == Other::Program {
        advance(live, update.as_deref());
        let now = text::read(live);
        let met = conflict::met(&before, &ours, &theirs, || now.clone());
        let settled = met.settled.filter(|_| can_go_on(live, fork));
        let settled = settled.and_then(|wanted| {
            let text = text::root(live);
            transact(live, |txn| text::settle(txn, &text, &now, &wanted))
        });
        structural = settled.is_some();
        update = joined(update, settled);
        let mut conflicts = Conflicts::default();
        conflicts.add(met.stretches, None);
        report.conflicts = conflicts.found;
    }
    Ok(Merge { update, base: Base { state: whole(fork), digest }, report, structural })
}

fn merge_blob(live: &Doc, fork: &Doc, disk: &[u8], digest: Digest) -> Merge {
    let (ours, before) = (render(Model::Blob, live, &[]), render(Model::Blob, fork, &[]));
    let mut report = MergeReport { live_edits: ours != before, ..MergeReport::default() };
    if ours == disk {
        return Merge { update: None, base: Base { state: whole(live), digest }, report, structural: false };
    }
    let update = transact(fork, |txn| blob::load(txn, disk));
    report.changed = usize::from(update.is_some());
    Merge { update, base: Base { state: whole(fork), digest }, report, structural: false }
}

/// Runs one transaction and returns its own update.
pub(crate) fn transact(doc: &Doc, run: impl FnOnce(&mut yrs::TransactionMut<'_>)) -> Option<Update> {
    let mut txn = doc.transact_mut();
    run(&mut txn);
    txn.commit();
    txn.has_changes().then(|| txn.encode_update_v1().into())
}

/// Takes the disk's edits into a copy of the live document.
pub(crate) fn advance(live: &Doc, update: Option<&[u8]>) {
    if let Some(update) = update {
        let _our_own_update = integrate(&mut live.transact_mut(), update);
    }
}

/// Whether what is written into the live document next continues what was written into the fork: no id is given twice.
pub(crate) fn can_go_on(live: &Doc, fork: &Doc) -> bool {
    let clock = |doc: &Doc| doc.transact().state_vector().get(&fork.client_id());
    clock(live) >= clock(fork)
}

/// Two of our own updates as one.
pub(crate) fn joined(first: Option<Update>, second: Option<Update>) -> Option<Update> {
    match (first, second) {
        (Some(first), Some(second)) => {
            // Both were just encoded here; should they not be readable all the same, the first is whole without the second.
            Some(yrs::merge_updates_v1([&first, &second]).map_or(first, Update::from))
        }
        (first, second) => first.or(second),
    }
}

/// A document with a state that was one of ours; a state that cannot be read leaves it empty.
pub(crate) fn restore(model: Model, author: AuthorId, state: &[u8]) -> Doc {
    let doc = open(model, author);
    let _unreadable = integrate(&mut doc.transact_mut(), state);
    doc
}

/// An author with whom an edit at `start` cannot take an id that the live document has given to something else.
fn free_author(live: &[u8], start: &[u8], base: &Base, disk: &[u8], author: AuthorId) -> AuthorId {
    let clocks = |state: &[u8]| decode(state).map(|update| update.state_vector()).unwrap_or_default();
    let (live, start) = (clocks(live), clocks(start));
    let clocks = |author: AuthorId| (live.get(&ClientID::new(author)), start.get(&ClientID::new(author)));
    let mut candidate = author & 0xffff_ffff;
    loop {
        let (here, there) = clocks(candidate);
        if here == there && candidate != 0 {
            return candidate;
        }
        let seed = [candidate.to_le_bytes(), u64::from(here).to_le_bytes()].concat();
        candidate = derived_author(&[&seed, &base.digest.0, disk]);
    }
}

#[cfg(feature = "mutations")]
fn is_active(mutation: crate::mutation::Mutation) -> bool {
    crate::mutation::active(mutation)
}

macro_rules! fault {
    ($(#[$doc:meta])* $name:ident, $mutation:ident) => {
        $(#[$doc])*
        #[inline]
        pub(crate) fn $name() -> bool {
            #[cfg(feature = "mutations")]
            return is_active(crate::mutation::Mutation::$mutation);
            #[cfg(not(feature = "mutations"))]
            false
        }
    };
}

fault!(fork_from_live, ForkFromLive);
fault!(drop_disk_delete, DropDiskDelete);
fault!(delete_edited, DeleteEdited);
