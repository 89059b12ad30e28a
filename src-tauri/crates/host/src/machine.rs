//! Either kind of room, as its task sees it.
//!
//! Not here: what a room does; `rooms` has both.

use crate::random;
use protocol::RoomId;
use rooms::{DocumentRoom, Effect, Input, Now, TransientRoom};
use std::time::Duration;

/// Either kind of room.
pub(crate) enum Machine {
    Document(Box<DocumentRoom>),
    Transient(Box<TransientRoom>),
}

impl Machine {
    pub(crate) fn new(id: &RoomId, policy: rooms::Policy) -> Self {
        match id {
            RoomId::Document { .. } => {
                Self::Document(Box::new(DocumentRoom::new(id.clone(), policy, random::authors())))
            }
            RoomId::Transient(name) => Self::Transient(Box::new(TransientRoom::new(name.clone(), policy))),
        }
    }

    pub(crate) fn handle(&mut self, now: Now, input: Input, effects: &mut Vec<Effect>) {
        match self {
            Self::Document(room) => room.handle(now, input, effects),
            Self::Transient(room) => room.handle(now, input, effects),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Document(room) => room.deadline(),
            Self::Transient(room) => room.deadline(),
        }
    }

    pub(crate) fn state(&self) -> Option<ydoc::State> {
        match self {
            Self::Document(room) => room.state(),
            Self::Transient(room) => Some(room.state()),
        }
    }

    /// The document, to be given to others.
    pub(crate) fn copy(&self) -> Option<ydoc::State> {
        match self {
            Self::Document(room) => room.copy(),
            Self::Transient(_) => None,
        }
    }

    /// Up to here its stored log may be shortened.
    pub(crate) fn steady(&self) -> protocol::Seq {
        match self {
            Self::Document(room) => room.steady(),
            Self::Transient(_) => 0,
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        match self {
            Self::Document(room) => room.is_wanted(),
            Self::Transient(_) => true,
        }
    }

    pub(crate) fn is_open_and_dirty(&self) -> (bool, bool) {
        match self {
            Self::Document(room) => (room.is_open(), room.is_dirty()),
            Self::Transient(_) => (true, false),
        }
    }
}
