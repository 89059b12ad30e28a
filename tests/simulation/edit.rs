//! What an edit is, and how one is thought up.

use super::ledger::Ledger;
use super::rng::Rng;
use super::view::is_token;

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
}

impl Op {
    /// An edit of this cell that put these characters in and took those out.
    pub(crate) fn new(cell: &str, inserted: &str, deleted: &str) -> Self {
        Self { cell: cell.to_owned(), inserted: inserted.to_owned(), deleted: deleted.to_owned(), dropped: false }
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
