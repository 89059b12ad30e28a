//! People and what they may do.

use serde::{Deserialize, Serialize};

/// What a client may do in a folder. Each role includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read, download, presence, chat.
    View,
    /// Also change documents and files.
    Edit,
    /// Also execute code on the host. Never implied by a link.
    Run,
}

impl Role {
    /// Whether document-changing frames and requests are accepted.
    pub fn may_edit(self) -> bool {
        self >= Self::Edit
    }
}

/// A person as `/api/me` and awareness states describe one (Jupyter's identity object).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct User {
    /// Unique id: 32 hex digits for guests, `owner` for the person at the host.
    pub username: String,
    /// Full name.
    pub name: String,
    /// Name to show.
    pub display_name: String,
    /// One to three letters.
    pub initials: String,
    /// `#rrggbb`, or `null`: the client chooses.
    pub color: Option<String>,
    /// Always `null` from us.
    pub avatar_url: Option<String>,
}

impl User {
    /// A person with this id and name; initials from the first letters of the first two words.
    pub fn new(username: impl Into<String>, name: impl Into<String>, color: Option<String>) -> Self {
        let name = name.into();
        let mut words = name.split_whitespace();
        let initials: String = match (words.next(), words.next()) {
            (Some(a), Some(b)) => a.chars().take(1).chain(b.chars().take(1)).collect(),
            (Some(a), None) => a.chars().take(2).collect(),
            _ => String::new(),
        };
        Self {
            username: username.into(),
            display_name: name.clone(),
            initials: initials.to_uppercase(),
            name,
            color,
            avatar_url: None,
        }
    }
}
