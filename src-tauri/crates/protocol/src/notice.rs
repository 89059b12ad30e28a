//! What a room tells pages beside the document: JSON in RAW frames of our own, which stock clients ignore.
//!
//! Not here: answers to a client's own wishes (`save`, `stored?`).

use crate::event::Person;
use crate::{FileState, Role};
use serde::{Deserialize, Serialize};

/// Bytes of text that the conflicts of one merge carry at most; those beyond have no texts, and the kept versions have all.
pub const MOST_TEXT: usize = 64 * 1024;
/// Conflicts that one notice names at most.
pub const MOST_CONFLICTS: usize = 50;
/// Merges of a document that a room remembers, and tells to whoever joins.
pub const MOST_MERGES: usize = 8;

/// One RAW frame from a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Notice {
    /// The file was changed by another program, and the document has it now. To everybody when it happened (after the update
    /// that brought it), and to whoever joins all that the room remembers, the oldest first (there it may come before the
    /// document itself).
    Merged {
        /// The merges.
        merges: Vec<Merge>,
    },
    /// The host changed what you may do; to each of the person's sockets, at once.
    Role {
        /// From now on.
        role: Role,
    },
    /// How the file fares: to everybody when that changes, and to whoever joins while it is anything but fine (then it comes
    /// before the document itself).
    File(FileState),
}

/// A change of the file by another program that was merged into the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Merge {
    /// Rising, never the same for two merges of one file, also after a restart.
    pub id: u64,
    /// When, in Unix milliseconds.
    pub time: u64,
    /// API path of the file then.
    pub path: String,
    /// It happened while nobody had the document open.
    pub closed: bool,
    /// Who typed since document and file were the same last, as far as the room saw it.
    pub by: Vec<Person>,
    /// Digest (hexadecimal) of the kept version that says what the document said here.
    pub here: String,
    /// Digest (hexadecimal) of the kept version that is the file as it was found.
    pub disk: String,
    /// What was merged.
    pub report: MergeReport,
}

/// What a merge did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct MergeReport {
    /// Cells whose source, outputs or metadata were changed by the disk (for text: lines).
    pub changed: usize,
    /// Cells (lines) that the disk added.
    pub added: usize,
    /// Cells (lines) that the disk removed.
    pub removed: usize,
    /// Cells kept although the disk deleted them, because somebody edits them here.
    pub kept: usize,
    /// Where both sides wrote on one line; both texts are there.
    pub conflicts: Vec<Conflict>,
    /// The live document held edits that the file did not have.
    pub live_edits: bool,
}

/// A stretch of lines in which both sides wrote on one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Conflict {
    /// Number of the cell (in a text: of the first line) in the merged document; the first is 1.
    pub number: usize,
    /// Id of the cell; `null` in a text.
    pub cell: Option<String>,
    /// The stretch on each side; `null` where it is too long to be told.
    pub texts: Option<Texts>,
}

/// One stretch of whole lines, without the last line's end. Where `merged` is still in the cell (the text), replacing it by
/// one of the others makes that side's words stand alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Texts {
    /// First line of the stretch in the merged cell (text); the first is 1.
    pub line: usize,
    /// As it was typed here.
    pub here: String,
    /// As it was in the file.
    pub disk: String,
    /// As it is now: both.
    pub merged: String,
}

impl Notice {
    /// The JSON of its frame.
    pub fn to_json(&self) -> String {
        // Plain data with text keys: it cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn how_a_file_fares_is_flat() {
        let said = |file| serde_json::to_value(Notice::File(file)).unwrap();
        assert_eq!(said(FileState::Gone), json!({"type": "file", "state": "gone"}));
        let full = FileState::Unwritable { reason: "Full.".to_owned() };
        assert_eq!(said(full.clone()), json!({"type": "file", "state": "unwritable", "reason": "Full."}));
        assert_eq!(serde_json::from_value::<Notice>(said(full.clone())).unwrap(), Notice::File(full));
    }
}
