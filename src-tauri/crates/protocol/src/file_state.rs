//! How a document's file fares, as the document's room tells it with [`crate::Notice::File`].

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
    /// What is typed in this view is no document of the file's kind yet; it reaches the file once it is.
    Unfit {
        /// Why.
        reason: String,
    },
    /// It holds something that is no document of its kind, and is left alone until it does again.
    Unreadable {
        /// Why.
        reason: String,
    },
}
