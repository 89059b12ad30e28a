//! Errors as clients get them.

use serde::{Deserialize, Serialize};

/// What a client can act on. A code exists only if some client acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// No valid credentials, or not enough rights.
    Forbidden,
    /// The share link is unknown, expired or revoked.
    LinkEnded,
    /// The folder is not shared at the moment.
    NotShared,
    /// The host put this person out; knocking asks to come back.
    Removed,
    /// Nobody joins here without being let in: knock.
    MustAsk,
    /// The short code does not fit.
    BadCode,
    /// Too many tries, or too many at once: wait a minute.
    TooMany,
    /// The name is not 1 to 40 characters.
    BadName,
    /// The file, folder or room does not exist.
    NotFound,
    /// The request cannot be understood, or asks for something impossible (a directory as a document).
    BadRequest,
    /// Something is there already, or was changed in the same moment; nothing was done.
    Exists,
    /// More bytes than the host takes.
    TooBig,
    /// The port or address cannot be bound.
    CannotBind,
    /// Something failed here; the message says what.
    Fault,
}

/// JSON body of every error answer: Jupyter's shape (`message`, `reason`) and our code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[error("{message}")]
pub struct ErrorBody {
    /// A sentence for people that names the path, link or room.
    pub message: String,
    /// Jupyter's word for some refusals (`bad type`, `bad format`), mostly `null`; its clients expect the key.
    pub reason: Option<String>,
    /// For programs.
    pub code: ErrorCode,
    /// When what it tells of happened, Unix milliseconds; only where a page says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub at: Option<u64>,
}

impl ErrorBody {
    /// An error with a code and a sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), reason: None, code, at: None }
    }

    /// The same error with Jupyter's word for it.
    pub fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }
}
