//! HTTP and WebSocket over the host, and the pages guests get.
//!
//! Not here: documents, the store, the window. Handlers turn a request into one call on [`host::Host`] and its answer into
//! a response.

use host::Host;
use protocol::ErrorBody;
use protocol::panel::{Command, Interface, Message, State};
use std::net::IpAddr;
use tokio::sync::mpsc;

/// How the server listens.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Port on loopback and on shared interfaces; taken: the next free one (0: any).
    pub port: u16,
    /// Interfaces offered for sharing; `None`: those of the machine.
    pub interfaces: Option<Vec<Interface>>,
    /// Listen on this address from the start and treat every folder as shared there (headless use).
    pub bind: Option<IpAddr>,
    /// Largest WebSocket message in bytes (256 MiB).
    pub max_message: usize,
}

/// The running server: one listener on loopback, one more for each shared interface.
#[derive(Clone)]
pub struct Server;

#[allow(unused_variables, clippy::todo)]
impl Server {
    /// Binds loopback and starts to serve.
    pub async fn start(host: Host, options: ServerOptions) -> Result<Server, ErrorBody> {
        todo!()
    }

    /// The port in use.
    pub fn port(&self) -> u16 {
        todo!()
    }

    /// `http://127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        todo!()
    }

    /// All that the panel shows besides events.
    pub fn state(&self) -> State {
        todo!()
    }

    /// Does what the panel asks; the answer is the new state.
    pub async fn command(&self, command: Command) -> Result<State, ErrorBody> {
        todo!()
    }

    /// State, the tail of events, then both as they change. Drop the receiver to stop.
    pub fn messages(&self) -> mpsc::Receiver<Message> {
        todo!()
    }

    /// Stops listening, disconnects everybody, writes what is unsaved.
    pub async fn stop(&self) {
        todo!()
    }
}
