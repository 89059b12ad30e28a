//! Who wrote and who deleted which character, and what must therefore be in the file at rest.
//!
//! A character stays, once, until somebody deletes it; then it is gone, and never comes back. Two deletions are not sure:
//!
//! - While the file is broken, or its primary fails again and again, the view works with the file, and so without what the primary
//!   has not saved. Who deletes that in the view deletes what the file does not have; the primary has it, and the view again. What
//!   is deleted there when the save is not yet remembered comes under the next.
//! - What another program deletes from a file that was saved, when the host stops before it remembers that save: without the deleted,
//!   the file may be as it was before the save.

use std::collections::{BTreeMap, BTreeSet};

use super::super::view::{self, is_token};

/// The book of one file.
#[derive(Default)]
pub(super) struct Book {
    made: u32,
    /// Those that may be somewhere, and whether they were deleted.
    there: BTreeMap<char, Deletion>,
    /// Those that were gone at a rest.
    dead: BTreeSet<char>,
    /// The view worked with the file since the last rest.
    direct: bool,
    /// A primary came to its end in the middle of something since then.
    stopped: bool,
}

/// Whether a character was deleted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Deletion {
    No,
    /// In the view, and the file did not have it, or it was not yet remembered that it has.
    Unsaved,
    /// On disk, and that the file was saved so was not yet remembered.
    Early,
    Sure,
}

impl Book {
    /// A character that nobody has written before.
    pub(super) fn token(&mut self) -> char {
        self.made += 1;
        let token = view::token(self.made);
        self.there.insert(token, Deletion::No);
        token
    }

    /// Somebody deletes it.
    pub(super) fn deleted(&mut self, token: char, how: Deletion) {
        let known = self.there.entry(token).or_insert(how);
        *known = if *known == Deletion::Sure { *known } else { how };
    }

    /// Somebody deleted it since the last rest.
    pub(super) fn is_deleted(&self, token: char) -> bool {
        self.there.get(&token).is_some_and(|deletion| *deletion != Deletion::No)
    }

    /// The view works with the file.
    pub(super) fn direct(&mut self) {
        self.direct = true;
    }

    /// The primary came to its end in the middle of something.
    pub(super) fn stopped(&mut self) {
        self.stopped = true;
    }

    /// What is nowhere allowed, at any time.
    pub(super) fn sound(&self, place: &str, text: &str) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for token in text.chars().filter(|c| is_token(*c)) {
            if !seen.insert(token) {
                return Err(format!("{place}: {token} is there twice:\n{text}"));
            }
            if self.dead.contains(&token) {
                return Err(format!("{place}: {token} was gone and has come back:\n{text}"));
            }
        }
        Ok(())
    }

    /// What the file says at rest is right.
    pub(super) fn check(&self, file: &str) -> Result<(), String> {
        self.sound("the file", file)?;
        for (token, deletion) in &self.there {
            let sure = match deletion {
                Deletion::No if !file.contains(*token) => {
                    return Err(format!("{token} is lost from the file:\n{file}"));
                }
                Deletion::No => false,
                Deletion::Unsaved => !self.direct,
                Deletion::Early => !self.stopped,
                Deletion::Sure => true,
            };
            if sure && file.contains(*token) {
                return Err(format!("{token} was deleted and is in the file:\n{file}"));
            }
        }
        Ok(())
    }

    /// From now on.
    pub(super) fn settle(&mut self, file: &str) {
        let gone: Vec<char> = self.there.keys().filter(|token| !file.contains(**token)).copied().collect();
        self.there.retain(|token, _| !gone.contains(token));
        self.there.values_mut().for_each(|deletion| *deletion = Deletion::No);
        self.dead.extend(gone);
        (self.direct, self.stopped) = (false, false);
    }
}
