//! Why the host closes a WebSocket. Codes 44xx follow `jupyter_server_ydoc` 3; the rest of the 44xx/45xx range is ours.
//!
//! | Code | When | Reason | JupyterLab's front end |
//! |---|---|---|---|
//! | 1003 | the session is unknown, or from before the document's history began | JSON: `reason`, `sessionId`, `reloadable` | asks to reload, and stops |
//! | 1009 | a message is too large, or the room takes no more | a sentence | tries again |
//! | 4400 | the file is no document of this kind, or the room's name is none | a sentence that names it | says so and closes the tab, if it was never open |
//! | 4403 | the link ended | a sentence | tries again |
//! | 4404 | the file, or the copy of a document, is not there | a sentence that names it | as 4400 |
//! | 4410 | sharing stopped, or the folder was removed | a sentence | tries again |
//! | 4500 | the file cannot be read, or something failed here | a sentence | as 4400 |
//! | 4503 | the client fell behind, the room closed just then, or too many long messages are arriving | a sentence | tries again, and gets everything |
//! | 4510 | the host quits | a sentence | tries again |
//!
//! y-websocket 3 takes 4400 to 4499 for good and comes back after any other; version 1, JupyterLab's, comes back after every close.
//! Never sent: 1004, which is reserved (strict clients lose the reason). After a close nothing more is done for the client.

/// A reason to close, with the code that clients act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 1003: the session id is unknown; the reason is JSON that JupyterLab's front end understands.
    UnknownSession,
    /// 1009: a message exceeds the size limit, or the room takes no more.
    TooBig,
    /// 4400: the file cannot be opened as asked (broken notebook, not UTF-8, a directory).
    BadContent,
    /// 4403: removed, or the link was revoked.
    Forbidden,
    /// 4404: the file, or the copy of a document, does not exist.
    FileGone,
    /// 4410: the host stopped sharing.
    NotShared,
    /// 4500: a fault of ours.
    Fault,
    /// 4503: the client fell behind; it reconnects and resynchronises.
    FellBehind,
    /// 4510: the host is quitting. Stock clients give up after 44xx; who tries again may find the host's next life.
    Quitting,
}

/// Longest close reason that RFC 6455 allows, in bytes.
pub const MAX_REASON: usize = 123;

impl CloseCode {
    /// All of them, by code.
    pub const ALL: [Self; 9] = [
        Self::UnknownSession,
        Self::TooBig,
        Self::BadContent,
        Self::Forbidden,
        Self::FileGone,
        Self::NotShared,
        Self::Fault,
        Self::FellBehind,
        Self::Quitting,
    ];

    /// The WebSocket status code.
    pub fn code(self) -> u16 {
        match self {
            Self::UnknownSession => 1003,
            Self::TooBig => 1009,
            Self::BadContent => 4400,
            Self::Forbidden => 4403,
            Self::FileGone => 4404,
            Self::NotShared => 4410,
            Self::Fault => 4500,
            Self::FellBehind => 4503,
            Self::Quitting => 4510,
        }
    }
}

/// The JSON reason of a 1003 close. The session id is cut so that the reason stays valid JSON within [`MAX_REASON`].
pub fn unknown_session_reason(session: &str) -> String {
    let id: String = session.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(36).collect();
    format!(r#"{{"reason":"unknown_session","sessionId":"{id}","reloadable":true}}"#)
}

/// Cuts a reason for people to the length a close frame can carry, at a character border.
pub fn fit_reason(reason: &str) -> String {
    if reason.len() <= MAX_REASON {
        return reason.to_owned();
    }
    let mut end = MAX_REASON - '…'.len_utf8();
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &reason[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_2_reasons_fit_a_close_frame() {
        let cut = fit_reason(&"ä".repeat(100));
        assert!(cut.len() <= MAX_REASON && cut.ends_with('…'));
        assert_eq!(fit_reason("short"), "short");
        let json = unknown_session_reason(&"x\"\\".repeat(100));
        assert!(json.len() <= MAX_REASON);
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    }
}
