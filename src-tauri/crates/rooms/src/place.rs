//! What every part of a document room needs: its name, its people, its rules, and where its effects go.

use crate::events::Teller;
use crate::frame::Malformed;
use crate::roster::Roster;
use crate::{Authors, Backing, Effect, Now, Policy};
use bytes::Bytes;
use protocol::{ClientId, CloseCode, Event, Model, RoomId, close::fit_reason};
use std::time::Duration;

/// A room without its document.
pub(crate) struct Place {
    pub(crate) id: RoomId,
    /// The id as text.
    pub(crate) name: String,
    /// API path of the file; empty before it was opened.
    pub(crate) path: String,
    pub(crate) model: Model,
    pub(crate) policy: Policy,
    pub(crate) authors: Authors,
    pub(crate) roster: Roster,
    pub(crate) backing: Backing,
}

/// Quiet time before a view hands its text to the primary.
const HANDING: Duration = Duration::from_millis(60);
/// No later than this after the first edit.
const HANDING_AT_MOST: Duration = Duration::from_millis(120);

impl Place {
    /// When to save: as the folder wants it, unless all who are here have autosave off; but what a view saves goes to its primary, and is to be there soon.
    pub(crate) fn saving(&self) -> Policy {
        match self.backing {
            Backing::File => {
                Policy { save_delay: self.policy.save_delay.filter(|_| self.roster.autosave()), ..self.policy }
            }
            Backing::Primary { .. } => {
                Policy { save_delay: Some(HANDING), save_at_most: HANDING_AT_MOST, ..self.policy }
            }
        }
    }
}

/// One call of `handle`.
pub(crate) struct Turn<'a> {
    pub(crate) place: &'a mut Place,
    pub(crate) now: Now,
    pub(crate) out: &'a mut Vec<Effect>,
}

impl Turn<'_> {
    /// To one client, if it is still here.
    pub(crate) fn send(&mut self, to: ClientId, frame: Bytes) {
        self.place.roster.send(self.now, to, frame, self.out);
    }

    /// To all but one.
    pub(crate) fn broadcast(&mut self, except: Option<ClientId>, frame: Bytes) {
        self.place.roster.broadcast(self.now, except, frame, self.out);
    }

    /// Wants something done.
    pub(crate) fn want(&mut self, effect: Effect) {
        self.out.push(effect);
    }

    /// Tells the world.
    pub(crate) fn tell(&mut self, event: impl FnOnce(&Teller<'_>, &Place) -> Event) {
        let teller = Teller { room: &self.place.name, path: Some(&self.place.path) };
        let event = event(&teller, self.place);
        self.out.push(Effect::Emit(event));
    }

    /// A client left, or is made to.
    pub(crate) fn farewell(&mut self, client: ClientId) {
        let Some(left) = self.place.roster.remove(self.now, client, self.out) else { return };
        if left.served {
            self.tell(|teller, _| teller.left(&left));
        }
    }

    /// Closes a client's socket. That it left is told at once; that its socket ends later is no news then.
    pub(crate) fn disconnect(&mut self, client: ClientId, code: CloseCode, reason: &str) {
        self.out.push(Effect::Disconnect { client, code, reason: fit_reason(reason) });
        self.farewell(client);
    }

    /// Closes everybody's socket.
    pub(crate) fn disconnect_all(&mut self, code: CloseCode, reason: &str) {
        for client in self.place.roster.clients() {
            self.disconnect(client, code, reason);
        }
    }

    /// A client's frame was refused: said once for each client, and never a reason to close its socket.
    pub(crate) fn refused(&mut self, client: ClientId, why: &Malformed) {
        self.complain(client, format!("sent something that cannot be read: {}", why.0));
    }

    /// As [`Turn::refused`], in other words.
    pub(crate) fn complain(&mut self, client: ClientId, line: String) {
        if self.place.roster.report(client)
            && let Some(member) = self.place.roster.member(client).cloned()
        {
            self.tell(|teller, _| teller.refused(&member, line));
        }
    }
}
