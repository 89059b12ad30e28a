//! How a document's file fares, as the document's room tells our page: a RAW frame, sent to everybody when it changes and to
//! each who joins while it is anything but fine. Stock clients ignore it.

use serde::{Deserialize, Serialize};

/// How a document's file fares. A reason is a sentence for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum FileState {
    /// It is there, and takes what is saved.
    #[default]
    Fine,
    /// It was deleted. It is written anew only when somebody asks for a save.
    Gone,
    /// The last save failed; it is tried again.
    Unwritable {
        /// Why.
        reason: String,
    },
    /// It holds something that is no document of its kind, and is left alone until it does again.
    Unreadable {
        /// Why.
        reason: String,
    },
}

/// The frame's JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "type", rename = "file")]
pub struct FileMessage {
    /// How the file fares now.
    #[serde(flatten)]
    pub file: FileState,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn messages_are_flat() {
        let said = |file| serde_json::to_value(FileMessage { file }).unwrap();
        assert_eq!(said(FileState::Gone), json!({"type": "file", "state": "gone"}));
        let full = FileState::Unwritable { reason: "Full.".to_owned() };
        assert_eq!(said(full.clone()), json!({"type": "file", "state": "unwritable", "reason": "Full."}));
        let read: FileMessage = serde_json::from_value(said(full.clone())).unwrap();
        assert_eq!(read.file, full);
    }
}
