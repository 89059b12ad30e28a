//! What happened to a document that people who were elsewhere want to know: which changes of the file were merged into it.
//!
//! Not here: the merge itself (`disk`), and the line in the events.

use crate::frame;
use crate::live::Live;
use crate::place::Turn;
use protocol::event::Person;
use protocol::notice::{MOST_CONFLICTS, MOST_MERGES};
use protocol::{ClientId, Digest, Merge, MergeReport, Notice, User};
use std::collections::{BTreeMap, VecDeque};

/// What is remembered of the time before now.
#[derive(Default)]
pub(crate) struct Past {
    /// The oldest first.
    merges: VecDeque<Merge>,
    /// Who typed since document and file were the same last, by username.
    writers: BTreeMap<String, Person>,
}

/// A merge as it was found.
pub(crate) struct Found {
    /// Digest of what the document said.
    pub(crate) here: Digest,
    /// Digest of what the file said.
    pub(crate) disk: Digest,
    pub(crate) report: MergeReport,
    /// Nobody had the document open.
    pub(crate) closed: bool,
}

impl Past {
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
    fn add(&mut self, time: u64, path: &str, found: Found) -> &Merge {
        let Found { here, disk, mut report, closed } = found;
        report.conflicts.truncate(MOST_CONFLICTS);
        let id = self.merges.back().map_or(time, |last| time.max(last.id + 1));
        let (here, disk, by) = (here.to_hex(), disk.to_hex(), self.writers.values().cloned().collect());
        if self.merges.len() == MOST_MERGES {
            self.merges.pop_front();
        }
        self.merges.push_back(Merge { id, time, path: path.to_owned(), closed, by, here, disk, report });
        &self.merges[self.merges.len() - 1]
    }
}

impl Live {
    /// A change of the file is in the document: remembered, and told to everybody after the update that brought it.
    pub(crate) fn merged_in(&mut self, turn: &mut Turn<'_>, found: Found) {
        let merge = self.past.add(turn.now.unix_ms, &turn.place.path, found).clone();
        if turn.place.roster.has_audience(None) {
            let frame = frame::notice(&Notice::Merged { merges: vec![merge] });
            self.announce(turn, None, frame);
        }
    }

    /// Tells somebody who comes in what was merged.
    pub(crate) fn tell_past(&self, turn: &mut Turn<'_>, client: ClientId) {
        if !self.past.merges.is_empty() {
            let merges = self.past.merges.iter().cloned().collect();
            turn.send(client, frame::notice(&Notice::Merged { merges }));
        }
    }
}
