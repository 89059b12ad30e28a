//! A room without a file.

use crate::{Effect, Here, Input, Now, Policy};
use protocol::ClientId;
use std::time::Duration;

/// A room without a file: awareness, chat, and an empty document that is never stored.
pub struct TransientRoom;

#[allow(unused_variables, clippy::todo)]
impl TransientRoom {
    /// An empty room. Its first input must be a join.
    pub fn new(name: String, policy: Policy) -> Self {
        todo!()
    }

    /// Tells the room what happened; it appends what it wants done.
    pub fn handle(&mut self, now: Now, input: Input, effects: &mut Vec<Effect>) {
        todo!()
    }

    /// [`Input::Tick`] is wanted no later than at this `Now::elapsed`.
    pub fn deadline(&self) -> Option<Duration> {
        todo!()
    }

    /// Connected clients.
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
}
