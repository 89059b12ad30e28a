//! Events: what the panel shows, what the store keeps, and what Jupyter's event stream carries.
//!
//! One [`Event`] serves all three. `line` is for people, in the product's words; `msg` is the exact message of the
//! reference server where there is one, so that [`Event::to_jupyter`] can speak to Jupyter's clients.

use crate::fork::ForkInfo;
use serde::{Deserialize, Serialize};

/// Schema of session events.
pub const SESSION_SCHEMA: &str = "https://schema.jupyter.org/jupyter_collaboration/session/v1";
/// Schema of awareness events.
pub const AWARENESS_SCHEMA: &str = "https://schema.jupyter.org/jupyter_collaboration/awareness/v1";

/// Schema of fork events.
pub const FORK_SCHEMA: &str = "https://schema.jupyter.org/jupyter_collaboration/fork/v1";

/// How much an event matters, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// For developers.
    Debug,
    /// The usual.
    Info,
    /// A person should know. JupyterLab shows session events of this level as a modal dialog: emit rarely.
    Warning,
    /// Something failed.
    Error,
    /// The host cannot go on.
    Critical,
}

/// Which stream an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// Jupyter's session events: what happens to a document.
    Session,
    /// Jupyter's awareness events: who comes and goes.
    Awareness,
    /// Jupyter's fork events: copies of a document that are made and end.
    Fork,
    /// Our own: sharing, files, links, the machine.
    Host,
}

/// What happened. Ids; shown untranslated in exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // The names are the documentation; they are the words of the events panel.
pub enum Action {
    Initialize,
    Load,
    Save,
    Overwrite,
    Clean,
    Join,
    Leave,
    Rename,
    Delete,
    Create,
    Copy,
    Share,
    Unshare,
    Revoke,
    Knock,
    Refuse,
    Role,
    Remove,
    Add,
    Wake,
    Fault,
}

/// Something that happened in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Event {
    /// How much it matters.
    pub level: Level,
    /// Which stream.
    pub kind: EventKind,
    /// What happened.
    pub action: Action,
    /// Room id, if it happened in a room.
    pub room: Option<String>,
    /// API path of the document, if there is one.
    pub path: Option<String>,
    /// Who did it: the server-side identity.
    pub person: Option<Person>,
    /// Exact message of the reference server, or empty. Of a fork: its [`ForkInfo`] as JSON.
    pub msg: String,
    /// One sentence for people, without the person's name in front when `person` is set.
    pub line: String,
}

/// The person of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Person {
    /// `User::username`.
    pub username: String,
    /// Name to show.
    pub name: String,
    /// `#rrggbb` or `null`.
    pub color: Option<String>,
}

impl From<&crate::User> for Person {
    fn from(user: &crate::User) -> Self {
        Self { username: user.username.clone(), name: user.display_name.clone(), color: user.color.clone() }
    }
}

/// An event as the store keeps it and the panel shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct EventRecord {
    /// Rising number, unique in the store.
    pub seq: u64,
    /// Unix milliseconds.
    pub time: u64,
    /// Slug of the folder; empty for events of the whole host.
    pub folder: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// An event on Jupyter's stream: one JSON object per text frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)] // Fields of Jupyter's schemas.
pub enum JupyterEvent {
    Session {
        schema_id: &'static str,
        level: Level,
        room: String,
        path: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        action: Option<Action>,
        #[serde(skip_serializing_if = "Option::is_none")]
        msg: Option<String>,
    },
    Awareness {
        schema_id: &'static str,
        roomid: String,
        username: String,
        action: Action,
        #[serde(skip_serializing_if = "Option::is_none")]
        msg: Option<String>,
    },
    Fork {
        schema_id: &'static str,
        fork_roomid: String,
        fork_info: ForkInfo,
        username: String,
        action: Action,
    },
}

impl Event {
    /// The event on Jupyter's stream, or `None` if that stream has no place for it.
    pub fn to_jupyter(&self) -> Option<JupyterEvent> {
        let msg = (!self.msg.is_empty()).then(|| self.msg.clone());
        match self.kind {
            EventKind::Session => {
                let known = matches!(
                    self.action,
                    Action::Initialize | Action::Load | Action::Save | Action::Overwrite | Action::Clean
                );
                Some(JupyterEvent::Session {
                    schema_id: SESSION_SCHEMA,
                    level: self.level,
                    room: self.room.clone()?,
                    path: self.path.clone()?,
                    action: known.then_some(self.action),
                    msg,
                })
            }
            EventKind::Awareness => Some(JupyterEvent::Awareness {
                schema_id: AWARENESS_SCHEMA,
                roomid: self.room.clone()?,
                username: self.person.as_ref()?.username.clone(),
                action: self.action,
                msg,
            }),
            EventKind::Fork => Some(JupyterEvent::Fork {
                schema_id: FORK_SCHEMA,
                fork_roomid: self.room.clone()?,
                fork_info: serde_json::from_str(&self.msg).ok()?,
                username: self.person.as_ref()?.username.clone(),
                action: self.action,
            }),
            EventKind::Host => None,
        }
    }
}
