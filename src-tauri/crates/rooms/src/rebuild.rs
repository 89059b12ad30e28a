//! A room's document from what survived: log, base, intent and file. Pure, and the same after a crash at any moment.
//!
//! Not here: telling anybody.

use crate::events::unreadable;
use crate::job::Rendered;
use crate::merge::{Merge, Merged};
use crate::past::Found;
use crate::{Authors, Backing, DiskRead, Opened};
use protocol::{BaseAt, BaseRecord, CloseCode, Digest, DiskContent, Intent, Model, Seq};
use std::collections::HashMap;
use std::sync::Arc;
use ydoc::{Base, Document, State, Update, UpdateError};

/// Log entries at which a lost base is looked for at most.
const MOST_GUESSES: usize = 64;

/// What to rebuild from.
pub(crate) struct Rebuild {
    pub(crate) model: Model,
    pub(crate) authors: Authors,
    pub(crate) opened: Opened,
}

/// What came of it.
pub(crate) enum Rebuilt {
    Ready(Box<Ready>),
    /// It cannot be opened.
    Refused {
        code: CloseCode,
        reason: String,
    },
}

/// A document that can be served.
pub(crate) struct Ready {
    pub(crate) document: Document,
    /// Last number of the log as it was found.
    pub(crate) seq: Seq,
    pub(crate) source: Source,
    /// Already in the document, not yet in the log.
    pub(crate) append: Option<Update>,
    pub(crate) base: Base,
    /// To be remembered, together with `append`.
    pub(crate) record: Option<BaseRecord>,
    /// What the file holds, as far as it was merged.
    pub(crate) seen: DiskContent,
    pub(crate) unsaved: bool,
    pub(crate) trouble: Option<Trouble>,
    /// A save that may or may not have reached the file.
    pub(crate) written: Option<Rendered>,
    /// Entries of the log that today's rules refuse, at least in part.
    pub(crate) refused: usize,
}

/// Where the document came from.
pub(crate) enum Source {
    File,
    /// `ahead`: entries that the file lacks, if known.
    Log {
        ahead: Option<u64>,
        merged: Option<Found>,
    },
}

/// Why the file is not merged although the room is open.
pub(crate) enum Trouble {
    Gone,
    Unreadable {
        digest: Option<Digest>,
        reason: String,
    },
    /// What the file says cannot be merged.
    Misfit {
        digest: Digest,
        error: UpdateError,
    },
}

impl Rebuild {
    pub(crate) fn run(self) -> Rebuilt {
        if self.opened.log.is_empty() { self.load() } else { self.replay() }
    }

    /// No history: the file is all there is.
    fn load(self) -> Rebuilt {
        let path = &self.opened.path;
        let content = match self.opened.disk {
            DiskRead::Content(content) => content,
            DiskRead::Gone => {
                let reason = format!("{} does not exist.", crate::events::name(path));
                return Rebuilt::Refused { code: CloseCode::FileGone, reason };
            }
            DiskRead::Failed(reason) => return Rebuilt::Refused { code: CloseCode::Fault, reason },
        };
        let mut document = Document::new(self.model, self.authors.document);
        let update = match document.load(&content.bytes) {
            Ok(update) => update,
            Err(error) => {
                let reason = unreadable(self.model, path, &error.to_string());
                return Rebuilt::Refused { code: CloseCode::BadContent, reason };
            }
        };
        let base = Base { state: document.state(), digest: content.digest };
        Rebuilt::Ready(Box::new(Ready {
            document,
            seq: 0,
            source: Source::File,
            append: Some(update),
            record: Some(BaseRecord { digest: content.digest, at: BaseAt::Log(1) }),
            base,
            seen: content,
            unsaved: false,
            trouble: None,
            written: None,
            refused: 0,
        }))
    }

    /// There is a history: it is never rebuilt from the file; the file is merged into it.
    fn replay(self) -> Rebuilt {
        let Self { model, authors, opened } = self;
        let Opened { log, base, intent, disk, path, backing, taken, .. } = opened;
        let base_at = base.as_ref().and_then(|base| match &base.at {
            BaseAt::Log(seq) => Some(*seq),
            BaseAt::Copy(_) => None,
        });
        let wanted: Vec<Seq> = base_at.into_iter().chain(intent.map(|intent| intent.seq)).collect();
        let (mut document, mut states, refused) = match prefixes(model, authors, &log, &wanted) {
            Ok(Prefixes { document, states, refused }) => (document, states, refused),
            Err(error) => {
                let reason = format!("The history of {} cannot be read: {error}", crate::events::name(&path));
                return Rebuilt::Refused { code: CloseCode::Fault, reason };
            }
        };
        let last = log.last().map_or(0, |(seq, _)| *seq);
        let mut state_at = |seq: Seq| states.remove(&seq);
        let written = intent.and_then(|Intent { digest, seq }| {
            // Of the bytes only the digest is known, and only that is compared.
            let content = DiskContent { bytes: Arc::from([]), digest };
            Some(Rendered { content, state: state_at(seq)?, seq })
        });
        let before = base.and_then(|base| match base.at {
            // Of another history, what changed since it cannot be told here: it counts as lost.
            BaseAt::Copy(state) if !document.descends_from(&state) => None,
            BaseAt::Copy(state) => Some((None, Base { state, digest: base.digest })),
            // Both may be the same place in the log.
            BaseAt::Log(seq) => {
                let same = written.as_ref().filter(|written| written.seq == seq).map(|written| written.state.clone());
                let state = same.or_else(|| state_at(seq))?;
                Some((Some(seq), Base { state, digest: base.digest }))
            }
        });
        // Of a view's save that was cut short its primary knows whether it happened. Of any other it has to be found out.
        let by_primary = backing != Backing::File;
        let happened = by_primary && intent.is_some() && taken == intent;
        let known = match &written {
            Some(Rendered { content, state, seq }) if happened => {
                Some((Some(*seq), Base { state: state.clone(), digest: content.digest }))
            }
            _ => before,
        };
        let ahead = known.as_ref().map_or(Some(last), |(at, _)| *at).map(|at| last.saturating_sub(at));
        let unmerged = |document: Document, written, trouble| {
            // Nothing can be compared now. Without any base the log itself is taken: should the file come back, its text is
            // followed, edits made from now on stay, and the log keeps the rest.
            let base = known.clone().map(|(_, base)| base).unwrap_or_else(|| {
                let digest = Digest::of(&document.to_bytes(&[]));
                Base { state: document.state(), digest }
            });
            let seen = DiskContent { bytes: Arc::from([]), digest: base.digest };
            let source = Source::Log { ahead, merged: None };
            Rebuilt::Ready(Box::new(Ready {
                document,
                seq: last,
                source,
                append: None,
                base,
                record: None,
                seen,
                unsaved: ahead != Some(0),
                trouble: Some(trouble),
                written,
                refused,
            }))
        };
        let content = match disk {
            DiskRead::Content(content) => content,
            DiskRead::Gone => return unmerged(document, written, Trouble::Gone),
            DiskRead::Failed(reason) => {
                return unmerged(document, written, Trouble::Unreadable { digest: None, reason });
            }
        };

        // The file as it was left, by a confirmed save or by one that a crash cut short: nothing is merged, so nothing that
        // was saved is inserted a second time. What the file has of refused entries is merged: else the next save would take it
        // out.
        let is_sound = |state: &State| refused == 0 || says(model, state, &content.bytes);
        let adopted = match (&known, &written) {
            (Some((at, base)), _) if base.digest == content.digest && !happened && is_sound(&base.state) => {
                Some((*at, base.clone(), None))
            }
            (_, Some(written)) if written.content.digest == content.digest && is_sound(&written.state) => {
                Some(agreed(Some(written.seq), written.state.clone(), content.digest))
            }
            (None, _) if *document.to_bytes(&content.bytes) == *content.bytes => {
                Some(agreed(Some(last), document.state(), content.digest))
            }
            _ => None,
        };
        if let Some((at, base, record)) = adopted {
            let unsaved = *document.to_bytes(&content.bytes) != *content.bytes;
            let ahead = if unsaved { at.map(|at| last.saturating_sub(at)) } else { Some(0) };
            return Rebuilt::Ready(Box::new(Ready {
                document,
                seq: last,
                source: Source::Log { ahead, merged: None },
                append: None,
                base,
                record,
                seen: content,
                unsaved,
                trouble: None,
                written: None,
                refused,
            }));
        }

        // It was edited while we were away, either since the base or since the save that was cut short. If there is neither,
        // the file was written from some place in the log, and most likely from the one that it resembles most.
        let after = written
            .as_ref()
            .filter(|_| !by_primary)
            .map(|written| Base { state: written.state.clone(), digest: written.content.digest });
        let mut bases: Vec<Base> = known.iter().map(|(_, base)| base.clone()).chain(after).collect();
        if bases.is_empty() {
            bases = guesses(model, authors, &log, &content.bytes);
        }
        // What the file held before is not known any more.
        let like = content.bytes.clone();
        let (state, disk) = (document.state(), content.bytes.clone());
        let merge = Merge { model, state, bases, disk, like, author: authors.disk, typed: by_primary };
        let digest = content.digest;
        match merge.run() {
            Ok(merged) => match merged.apply_to(&mut document) {
                Ok(append) => {
                    let ready = adopt(document, append, last, content, merged, ahead);
                    Rebuilt::Ready(Box::new(Ready { refused, ..ready }))
                }
                Err(error) => unmerged(document, written, Trouble::Misfit { digest, error }),
            },
            Err(error) => {
                let trouble = Trouble::Unreadable { digest: Some(digest), reason: error.to_string() };
                unmerged(document, written, trouble)
            }
        }
    }
}

/// A base in the log, to be used and to be remembered.
fn agreed(at: Option<Seq>, state: State, digest: Digest) -> (Option<Seq>, Base, Option<BaseRecord>) {
    let record = at.map(|at| BaseRecord { digest, at: BaseAt::Log(at) });
    (at, Base { state, digest }, record)
}

/// A document that nobody has seen yet, with a merge that is in it and has brought `append`.
fn adopt(
    document: Document,
    append: Option<Update>,
    last: Seq,
    seen: DiskContent,
    merged: Merged,
    ahead: Option<u64>,
) -> Ready {
    let seq = last + u64::from(append.is_some());
    let at = if merged.exact { BaseAt::Log(seq) } else { BaseAt::Copy(merged.base.state.clone()) };
    let ahead = if merged.report.live_edits { ahead } else { Some(0) };
    let told = merged.is_told(append.is_some());
    let (report, disk) = (merged.report, seen.clone());
    let here = merged.here.filter(|_| told);
    let found = here.map(|here| Found { here, disk, report, closed: true });
    Ready {
        document,
        seq: last,
        source: Source::Log { ahead, merged: found },
        append,
        record: Some(BaseRecord { digest: seen.digest, at }),
        base: merged.base,
        seen,
        unsaved: !merged.exact,
        trouble: None,
        written: None,
        refused: 0,
    }
}

/// Whether this is the state of a document that says these bytes.
fn says(model: Model, state: &State, bytes: &[u8]) -> bool {
    // The author writes nothing here.
    Document::from_state(model, 1, state).is_ok_and(|document| *document.to_bytes(bytes) == *bytes)
}

/// A log, replayed.
struct Prefixes {
    document: Document,
    /// Its state at each wanted number.
    states: HashMap<Seq, State>,
    /// Entries that today's rules refuse, at least in part.
    refused: usize,
}

/// Replays the log; also answers its state at each wanted number that it reaches. The first entry may stand for all before it,
/// so that a number below it cannot be reached. Of what is refused now, because rules were milder when it was logged, the sound
/// part is taken.
fn prefixes(model: Model, authors: Authors, log: &[(Seq, Update)], wanted: &[Seq]) -> Result<Prefixes, UpdateError> {
    let mut document = Document::new(model, authors.document);
    let (mut states, mut refused) = (HashMap::new(), 0);
    for (seq, update) in log {
        refused += usize::from(!document.replay(update)?);
        if wanted.contains(seq) {
            states.insert(*seq, document.state());
        }
    }
    if refused > 0 {
        // What builds on it would wait for ever.
        document = Document::from_state(model, authors.document, &document.state())?;
    }
    Ok(Prefixes { document, states, refused })
}

/// Places in the log at which the file may have been written, the newest first.
fn guesses(model: Model, authors: Authors, log: &[(Seq, Update)], bytes: &[u8]) -> Vec<Base> {
    let step = log.len().div_ceil(MOST_GUESSES).max(1);
    let wanted: Vec<Seq> = log.iter().rev().step_by(step).map(|(seq, _)| *seq).collect();
    let mut states = prefixes(model, authors, log, &wanted).map(|found| found.states).unwrap_or_default();
    let base = |state: State| {
        let document = Document::from_state(model, authors.document, &state).ok()?;
        Some(Base { digest: Digest::of(&document.to_bytes(bytes)), state })
    };
    wanted.iter().filter_map(|seq| base(states.remove(seq)?)).collect()
}
