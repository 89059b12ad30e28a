//! What an edit is, and how one is thought up.

use super::ledger::Ledger;
use super::rng::Rng;
use super::view::{self, is_token};

/// Whose edit.
pub(crate) type Author = u32;
/// The external editor.
pub(crate) const DISK: Author = 0;

/// One edit of one cell, in unique characters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Op {
    pub(crate) cell: String,
    pub(crate) inserted: String,
    pub(crate) deleted: String,
    /// The cell itself was deleted.
    pub(crate) dropped: bool,
    /// What was taken out and put in anew.
    pub(crate) carried: Option<Carried>,
}

/// Characters that were taken out of a cell and put in anew, as every move does it.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    pub(crate) text: String,
    /// The cell they are in now.
    pub(crate) to: String,
    /// The cell is another one with the same id: what somebody else writes into the old one is gone.
    pub(crate) whole: bool,
}

impl Op {
    /// An edit of this cell that put these characters in and took those out.
    pub(crate) fn new(cell: &str, inserted: &str, deleted: &str) -> Self {
        let (inserted, deleted) = (inserted.to_owned(), deleted.to_owned());
        Self { cell: cell.to_owned(), inserted, deleted, ..Self::default() }
    }

    /// A cell that was replaced by another one with its id, which has these characters, but not those.
    pub(crate) fn renew(cell: &str, text: &str, deleted: &str) -> Self {
        let carried = Some(Carried { text: only_tokens(text), to: cell.to_owned(), whole: true });
        Self { carried, ..Self::new(cell, "", &only_tokens(deleted)) }
    }

    /// Characters that went from one cell to another.
    pub(crate) fn carry(from: &str, to: &str, text: &str) -> Self {
        let carried = Some(Carried { text: only_tokens(text), to: to.to_owned(), whole: false });
        Self { carried, ..Self::new(from, "", "") }
    }

    /// A deletion of this cell.
    pub(crate) fn drop_cell(cell: &str) -> Self {
        Self { cell: cell.to_owned(), dropped: true, ..Self::default() }
    }
}

/// A change of a text: at a character, what goes and what comes.
pub(crate) struct Change {
    pub(crate) at: usize,
    pub(crate) removed: String,
    pub(crate) inserted: String,
}

impl Change {
    /// A change that somebody might make of this text. No line is ever left blank and, unless `joins`, no line end is
    /// removed: then there is only one shortest way from the old text to the new one, and what becomes of each character
    /// is no matter of taste.
    pub(crate) fn think(rng: &mut Rng, ledger: &mut Ledger, text: &str, joins: bool) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let at = rng.below(chars.len() + 1);
        let mut end = at;
        if chars.len() > 3 && rng.chance(40) {
            end = (at + rng.between(1, 4)).min(chars.len());
            if !joins && let Some(line_end) = chars[at..end].iter().position(|c| *c == '\n') {
                end = at + line_end;
            }
            while end > at && chars.get(end) == Some(&'\n') {
                end -= 1;
            }
        }
        let removed: String = chars[at..end].iter().collect();
        let inserting = removed.is_empty() || rng.chance(20);
        Self { at, removed, inserted: if inserting { fresh(rng, ledger) } else { String::new() } }
    }

    /// The text afterwards.
    pub(crate) fn apply(&self, text: &str) -> String {
        let head: String = text.chars().take(self.at).collect();
        let tail: String = text.chars().skip(self.at + self.removed.chars().count()).collect();
        format!("{head}{}{tail}", self.inserted)
    }
}

/// Some new unique characters, perhaps with line ends between them.
pub(crate) fn fresh(rng: &mut Rng, ledger: &mut Ledger) -> String {
    let count = if rng.chance(6) { rng.between(6, 12) } else { rng.between(1, 3) };
    let mut text = ledger.token().to_string();
    for _ in 1..count {
        if rng.chance(20) {
            text.push('\n');
        }
        text.push(ledger.token());
    }
    text
}

/// Whether one text is the other with something taken out.
pub(crate) fn is_part(part: &str, whole: &str) -> bool {
    let mut whole = whole.chars();
    part.chars().all(|wanted| whole.any(|c| c == wanted))
}

/// Length in UTF-16 units, which is how clients count.
pub(crate) fn units(text: &str) -> u32 {
    text.encode_utf16().count() as u32
}

/// Only what is unique.
pub(crate) fn only_tokens(text: &str) -> String {
    text.chars().filter(|c| is_token(*c)).collect()
}

/// A text in two parts, both with something in them and without a line end at the cut; `None`: it is too short.
pub(crate) fn cut(rng: &mut Rng, text: &str) -> Option<(String, String)> {
    let chars: Vec<char> = text.chars().collect();
    let at = rng.below(chars.len() + 1);
    let head: String = chars[..at].iter().collect();
    let tail: String = chars[at..].iter().collect();
    let (head, tail) = (head.trim_end_matches('\n').to_owned(), tail.trim_start_matches('\n').to_owned());
    (view::tokens(&head).next().is_some() && view::tokens(&tail).next().is_some()).then_some((head, tail))
}
