//! Copies of an open document that people work on beside it, and its earlier states: `/api/collaboration/fork/…`,
//! `/api/collaboration/timeline/…`.
//!
//! Keys are spelled as `jupyter_server_ydoc` spells them.

use crate::SessionId;
use serde::{Deserialize, Serialize};

/// What is known of a fork.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkInfo {
    /// Name of the room that it was copied from.
    pub root_roomid: String,
    /// What is edited there comes here too (and not back).
    pub synchronize: bool,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
}

/// Body of `PUT fork/{room}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Request {
    /// As in [`ForkInfo`].
    pub synchronize: bool,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
}

/// Answer to `PUT fork/{room}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Created {
    /// The folder's newest session.
    #[serde(rename = "sessionId")]
    pub session_id: SessionId,
    /// Name of the fork's room: 32 hex digits.
    pub fork_roomid: String,
    /// What it is.
    pub fork_info: ForkInfo,
}

/// Answer to `GET timeline/{path}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeline {
    /// Name of the document's room.
    pub room_id: String,
    /// When the document was in each of its kept states, the oldest first; Unix seconds. The last is now.
    pub timestamps: Vec<f64>,
    /// Name of the room that shows them: 32 hex digits.
    pub fork_room: String,
    /// The folder's newest session.
    pub session_id: SessionId,
}
