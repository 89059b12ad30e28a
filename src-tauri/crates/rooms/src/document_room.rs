//! A room with a file behind it.

use crate::{Authors, Effect, Here, Input, Now, Policy};
use protocol::{ClientId, RoomId};
use std::time::Duration;
use ydoc::State;

/// A room with a file behind it.
pub struct DocumentRoom;

#[allow(unused_variables, clippy::todo)]
impl DocumentRoom {
    /// A room that has not opened its file yet. `id` must be [`RoomId::Document`] (anything else is served as text).
    pub fn new(id: RoomId, policy: Policy, authors: Authors) -> Self {
        todo!()
    }

    /// Tells the room what happened; it appends what it wants done, in order.
    pub fn handle(&mut self, now: Now, input: Input, effects: &mut Vec<Effect>) {
        todo!()
    }

    /// [`Input::Tick`] is wanted no later than at this `Now::elapsed`.
    pub fn deadline(&self) -> Option<Duration> {
        todo!()
    }

    /// Its name.
    pub fn id(&self) -> &RoomId {
        todo!()
    }

    /// API path of the file; empty before it was opened.
    pub fn path(&self) -> &str {
        todo!()
    }

    /// Connected clients, also those that wait for the room to open.
    pub fn clients(&self) -> Vec<ClientId> {
        todo!()
    }

    /// Who is here.
    pub fn people(&self) -> Vec<Here> {
        todo!()
    }

    /// Nobody is here.
    pub fn is_empty(&self) -> bool {
        todo!()
    }

    /// Opened and serving.
    pub fn is_open(&self) -> bool {
        todo!()
    }

    /// The file lacks edits that the room has.
    pub fn is_dirty(&self) -> bool {
        todo!()
    }

    /// The whole document as one update; `None` until it is open.
    pub fn state(&self) -> Option<State> {
        todo!()
    }
}
