//! `PUT /api/collaboration/session/{path}`.

use crate::{DocumentKind, FileId, SessionId};
use serde::{Deserialize, Serialize};

/// Body of the request.
pub type Request = DocumentKind;

/// Body of the answer: status 200 if the path had an id already, 201 if it got one now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(rename = "SessionResponse"))]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// As asked.
    pub format: String,
    /// As asked.
    #[serde(rename = "type")]
    pub ty: String,
    /// The file's id.
    pub file_id: FileId,
    /// The folder's newest session.
    pub session_id: SessionId,
}
