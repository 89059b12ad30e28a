//! One client in one room, as the transport sees it: a sender in, a receiver out, leaving on drop.

use bytes::Bytes;
use protocol::{ClientId, CloseCode};
use tokio::sync::mpsc;

/// The device a client speaks from, for the panel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Remote IP address as text.
    pub address: String,
    /// Browser or program, from the `User-Agent` header: `Safari`, `Chrome`, `python`.
    pub program: String,
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

/// A client's place in a room. Dropping it leaves the room.
pub struct Connection {
    /// Its id.
    pub client: ClientId,
    pub(crate) inbox: mpsc::Sender<(ClientId, Bytes)>,
    pub(crate) outbox: mpsc::Receiver<Outgoing>,
}

impl Connection {
    /// Hands a frame to the room; waits while the room's queue is full. `false`: the room is gone.
    pub async fn send(&self, frame: Bytes) -> bool {
        self.inbox.send((self.client, frame)).await.is_ok()
    }

    /// The next thing for the client; `None`: the room is gone.
    pub async fn receive(&mut self) -> Option<Outgoing> {
        self.outbox.recv().await
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
