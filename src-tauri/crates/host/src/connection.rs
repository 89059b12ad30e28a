//! One client in one room, as the transport sees it: a sender in, a receiver out, leaving on drop.

use crate::outbox::Inbox;
use crate::registry::{Handle, Told};
use crate::shared::Shared;
use bytes::Bytes;
use protocol::{ClientId, CloseCode};
use std::sync::{Arc, OnceLock, Weak};
use tokio_util::sync::CancellationToken;

/// The device a client speaks from, for the panel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Remote IP address as text.
    pub address: String,
    /// Browser or program, from the `User-Agent` header: `Safari`, `Chrome`, `python`.
    pub program: String,
}

impl Device {
    /// Another machine than this one.
    pub(crate) fn is_remote(&self) -> bool {
        !self.address.is_empty()
            && !self.address.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

/// What the transport sends to its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// One binary WebSocket message.
    Frame(Bytes),
    /// Close with this, then stop.
    Close(Closing),
}

/// Why a socket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// For programs.
    pub code: CloseCode,
    /// For people, or JSON for 1003; fits a close frame.
    pub reason: String,
}

impl Closing {
    pub(crate) fn new(code: CloseCode, reason: impl AsRef<str>) -> Self {
        Self { code, reason: protocol::close::fit_reason(reason.as_ref()) }
    }
}

/// How a client's connection ends: said once, by whoever is first.
#[derive(Debug, Default)]
pub(crate) struct Exit {
    closing: OnceLock<Closing>,
    now: CancellationToken,
}

impl Exit {
    /// Ends it after the frames that wait already.
    pub(crate) fn after_frames(&self, closing: Closing) {
        drop(self.closing.set(closing));
    }

    /// Ends it at once: what waits is not sent any more, and what still comes in is not heard.
    pub(crate) fn at_once(&self, closing: Closing) {
        drop(self.closing.set(closing));
        self.now.cancel();
    }
}

/// A client's place in a room. Dropping it leaves the room.
pub struct Connection {
    /// Its id.
    pub client: ClientId,
    pub(crate) room: Handle,
    pub(crate) inbox: Inbox,
    pub(crate) exit: Arc<Exit>,
    pub(crate) shared: Weak<Shared>,
    pub(crate) ended: bool,
}

impl Connection {
    /// Hands a frame to the room; waits while the room's queue is full. `false`: the room is gone.
    pub async fn send(&self, frame: Bytes) -> bool {
        tokio::select! {
            biased;
            () = self.exit.now.cancelled() => false,
            sent = self.room.frame(self.client, frame) => sent,
        }
    }

    /// The client proved that it is there: it answered what it was asked after the computer woke.
    pub fn is_alive(&self) {
        if let Some(shared) = self.shared.upgrade()
            && shared.clients.heard(self.client)
        {
            shared.changes.tick();
        }
    }

    /// The next thing for the client; `None`: the room is gone. May be dropped and called again: nothing is lost.
    pub async fn receive(&mut self) -> Option<Outgoing> {
        if self.ended {
            return None;
        }
        tokio::select! {
            biased;
            () = self.exit.now.cancelled() => {}
            frame = self.inbox.next() => if let Some(frame) = frame { return Some(Outgoing::Frame(frame)) },
        }
        self.ended = true;
        self.exit.closing.get().cloned().map(Outgoing::Close)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Behind the client's own frames: what was typed last is heard before the leave.
        self.room.tell(Told::Leave { client: self.client });
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({:?})", self.client)
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.address.as_str(), self.program.as_str()) {
            (address, "") => f.write_str(address),
            ("", program) => f.write_str(program),
            (address, program) => write!(f, "{address} · {program}"),
        }
    }
}
