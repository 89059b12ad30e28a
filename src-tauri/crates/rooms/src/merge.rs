//! New content of the file, merged into a document. Pure.
//!
//! Not here: when; and what the merge itself does, which is `ydoc`'s.

use protocol::{Digest, DiskContent, MergeReport, Model};
use std::collections::HashMap;
use std::sync::Arc;
use ydoc::{AuthorId, Base, Document, ParseError, State, Update};

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
    /// What the document said here, as a file would; `None` if the file says nothing new.
    pub(crate) here: Option<DiskContent>,
}

impl Merge {
    /// Merges, and looks whether the result says what the file says.
    pub(crate) fn run(self) -> Result<Merged, ParseError> {
        let Self { model, state, bases, disk, like, author } = self;
        let base = nearest(model, &bases, &disk);
        let merge = ydoc::merge_disk(model, &state, base, &disk, author)?;
        let mut live = Document::from_state(model, author, &state);
        let mut here = None;
        if let (Some(update), Ok(document)) = (merge.update.as_deref(), &mut live) {
            here = Some(DiskContent::new(document.to_bytes(&like)));
            if let Err(error) = document.apply(update) {
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

/// The candidate that these bytes were most likely made of; of equals the first.
///
/// There are two when a save was cut short: nobody knows then whether the file was edited before that write or after it, but
/// text that only one of them has gives it away. Taking the wrong one would insert what was saved a second time, or delete what
/// was not. There are more when the base is lost; then the closest is taken.
fn nearest<'a>(model: Model, bases: &'a [Base], bytes: &[u8]) -> &'a Base {
    let far = |base: &&Base| {
        // The author writes nothing here.
        Document::from_state(model, 1, &base.state)
            .map_or(u64::MAX, |document| distance(&document.to_bytes(bytes), bytes))
    };
    let written = |base: &Base| Some(Document::from_state(model, 1, &base.state).ok()?.to_bytes(bytes));
    match bases {
        [first] => first,
        [before, after] => match (written(before), written(after)) {
            (Some(old), Some(new)) if ydoc::stems_from(model, &old, &new, bytes) => after,
            _ => before,
        },
        _ => bases.iter().min_by_key(far).unwrap_or(&bases[0]),
    }
}

/// How much two contents differ: pairs of neighbouring bytes that only one of them has. Linear, and never more than a small
/// multiple of the number of edits.
fn distance(a: &[u8], b: &[u8]) -> u64 {
    const EDGE: u16 = 256;
    let mut pairs: HashMap<(u16, u16), i64> = HashMap::new();
    for (bytes, sign) in [(a, 1), (b, -1)] {
        let after = bytes.iter().map(|byte| u16::from(*byte)).chain([EDGE]);
        let before = std::iter::once(EDGE).chain(bytes.iter().map(|byte| u16::from(*byte)));
        before.zip(after).for_each(|pair| *pairs.entry(pair).or_default() += sign);
    }
    pairs.values().map(|count| count.unsigned_abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_an_edit_of_that_state_of_which_it_has_more() {
        let base = |text: &str| {
            let mut document = Document::new(Model::Text, 1);
            document.load(text.as_bytes()).unwrap();
            Base { state: document.state(), digest: Digest::of(text.as_bytes()) }
        };
        let check = |old: &str, new: &str, disk: &str, expect: &str| {
            let bases = [base(old), base(new)];
            let found = nearest(Model::Text, &bases, disk.as_bytes());
            assert_eq!(found.digest, Digest::of(expect.as_bytes()), "{disk}");
        };
        // Written, or not; both times another program wrote much more, in words that are often the same.
        let (old, new) = ("one\ntwo\n", "one\ntwo the\n");
        check(old, new, "the others and the rest of the tale\none\ntwo\n", old);
        check(old, new, "the others and the rest of the tale\none\ntwo the\n", new);
    }

    #[test]
    fn distance_tells_an_edit_before_a_write_from_one_after_it() {
        assert_eq!(distance(b"", b""), 0);
        assert_eq!(distance(b"abc", b"abc"), 0);
        assert!(distance(b"abcX", b"abcXY") < distance(b"abc", b"abcXY"));
        assert!(distance(b"abc", b"abcY") < distance(b"abcX", b"abcY"));
        assert!(distance(b"abde", b"abdeY") < distance(b"abcde", b"abdeY"));
    }
}
