//! Listeners: the one on loopback, and one more for each interface that a folder is shared on.

use crate::Server;
use crate::app;
use crate::auth::Peer;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use protocol::panel::Interface;
use protocol::{ErrorBody, ErrorCode};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How many ports after the wanted one are tried.
const TRIES: u16 = 50;
/// How long requests under way may take when the server stops.
const GRACE: Duration = Duration::from_secs(3);

/// What the server starts with.
pub(crate) struct Opened {
    pub(crate) port: u16,
    /// The wanted port, if another program had it.
    pub(crate) taken_port: Option<u16>,
    pub(crate) listeners: Vec<TcpListener>,
}

/// Binds loopback, and `bind` as well if it is given, to one port: the wanted one or the next that is free.
pub(crate) async fn open(wanted: u16, bind: Option<IpAddr>) -> Result<Opened, ErrorBody> {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let addresses = match bind {
        Some(all) if all.is_unspecified() => vec![all],
        Some(other) if other != loopback => vec![loopback, other],
        _ => vec![loopback],
    };
    let mut port = wanted;
    for _ in 0..TRIES {
        match bind_all(&addresses, port).await {
            Ok((port, listeners)) => {
                let taken_port = (wanted != 0 && port != wanted).then_some(wanted);
                return Ok(Opened { port, taken_port, listeners });
            }
            Err((_, error)) if error.kind() == io::ErrorKind::AddrInUse && port < u16::MAX => {
                port = if wanted == 0 { 0 } else { port + 1 };
            }
            Err((address, error)) => return Err(cannot_bind(address, port, &error)),
        }
    }
    Err(ErrorBody::new(ErrorCode::CannotBind, format!("None of the ports {wanted} to {port} is free")))
}

async fn bind_all(addresses: &[IpAddr], wanted: u16) -> Result<(u16, Vec<TcpListener>), (IpAddr, io::Error)> {
    let (mut port, mut listeners) = (wanted, Vec::new());
    for address in addresses {
        let listener = TcpListener::bind((*address, port)).await.map_err(|error| (*address, error))?;
        port = listener.local_addr().map_err(|error| (*address, error))?.port();
        listeners.push(listener);
    }
    Ok((port, listeners))
}

fn cannot_bind(address: IpAddr, port: u16, error: &io::Error) -> ErrorBody {
    let place = SocketAddr::new(address, port);
    ErrorBody::new(ErrorCode::CannotBind, format!("Cannot listen on {place}: {error}"))
}

/// Interfaces that guests can reach, IPv4 first.
pub(crate) fn interfaces() -> Vec<Interface> {
    let found = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!("cannot list network interfaces: {error}");
        Vec::new()
    });
    let reachable = found.into_iter().filter(|interface| !interface.is_loopback() && !interface.is_link_local());
    let mut addresses: Vec<(IpAddr, String)> = reachable.map(|interface| (interface.ip(), interface.name)).collect();
    addresses.sort_by_key(|(address, _)| address.is_ipv6());
    addresses.into_iter().map(|(address, name)| Interface { name, address: address.to_string() }).collect()
}

/// Which listeners are open, and which folder is shared where.
#[derive(Default)]
pub(crate) struct Doors(Mutex<State>);

#[derive(Default)]
struct State {
    open: HashMap<IpAddr, Door>,
    /// Slug to the address its folder is shared on; unspecified: on all.
    shared: HashMap<String, IpAddr>,
}

/// One listener being served.
struct Door {
    /// Opened at the start: stays when nothing is shared on it.
    permanent: bool,
    stop: CancellationToken,
    closed: oneshot::Receiver<()>,
    serving: JoinHandle<()>,
}

impl Door {
    /// When this returns, the address refuses connections.
    async fn close(self) -> JoinHandle<()> {
        self.stop.cancel();
        let _ = self.closed.await;
        self.serving
    }
}

impl Doors {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Serves a listener that is there from the start.
    pub(crate) fn add_permanent(&self, server: &Server, listener: TcpListener) {
        self.serve(server, listener, true);
    }

    fn serve(&self, server: &Server, listener: TcpListener, permanent: bool) {
        let Ok(address) = listener.local_addr() else { return };
        let stop = CancellationToken::new();
        let (open, closed) = oneshot::channel();
        let app = app::router(server.clone()).into_make_service_with_connect_info::<Peer>();
        let serving = axum::serve(Watched { listener, _open: open }, app);
        let serving = serving.with_graceful_shutdown(stop.clone().cancelled_owned());
        let serving = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!("the listener on {address} failed: {error}");
            }
        });
        self.state().open.insert(address.ip(), Door { permanent, stop, closed, serving });
    }

    /// Listens on `address`, unless it does already, for this folder.
    pub(crate) async fn share(&self, server: &Server, slug: &str, address: IpAddr) -> Result<(), ErrorBody> {
        if !self.is_bound(address) {
            let port = server.port();
            let listener = TcpListener::bind((address, port)).await;
            let listener = listener.map_err(|error| cannot_bind(address, port, &error))?;
            self.serve(server, listener, false);
        }
        let before = self.state().shared.insert(slug.to_owned(), address);
        if let Some(before) = before.filter(|before| *before != address) {
            self.close_if_idle(before).await;
        }
        Ok(())
    }

    /// Forgets where a folder is shared; a listener that no folder needs any more is closed.
    pub(crate) async fn unshare(&self, slug: &str) {
        let before = self.state().shared.remove(slug);
        if let Some(address) = before {
            self.close_if_idle(address).await;
        }
    }

    async fn close_if_idle(&self, address: IpAddr) {
        let door = {
            let mut state = self.state();
            let idle = !state.shared.values().any(|other| *other == address)
                && state.open.get(&address).is_some_and(|door| !door.permanent);
            if idle { state.open.remove(&address) } else { None }
        };
        if let Some(door) = door {
            door.close().await;
        }
    }

    /// Stops accepting everywhere, then lets requests under way finish.
    pub(crate) async fn close_all(&self) {
        let doors: Vec<Door> = {
            let mut state = self.state();
            state.shared.clear();
            state.open.drain().map(|(_, door)| door).collect()
        };
        let mut serving = Vec::new();
        for door in doors {
            serving.push(door.close().await);
        }
        for task in serving {
            let abort = task.abort_handle();
            if tokio::time::timeout(GRACE, task).await.is_err() {
                abort.abort();
            }
        }
    }

    /// Whether connections to this address reach us.
    pub(crate) fn is_bound(&self, address: IpAddr) -> bool {
        self.state().open.keys().any(|open| *open == address || open.is_unspecified())
    }

    /// The address a folder is shared on.
    pub(crate) fn shared(&self, slug: &str) -> Option<IpAddr> {
        self.state().shared.get(slug).copied()
    }
}

/// A listener that says when it is closed: its other half is dropped with it.
struct Watched {
    listener: TcpListener,
    _open: oneshot::Sender<()>,
}

impl Listener for Watched {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Keystrokes are small messages that must not wait for each other.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("cannot set TCP_NODELAY: {error}");
        }
        (stream, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Watched>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Watched>) -> Self {
        // Unknown is treated as from outside.
        let here = stream.io().local_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip());
        Peer { remote: stream.remote_addr().ip().to_canonical(), here: here.to_canonical() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_and_the_next_one_used() {
        let first = open(0, None).await.unwrap();
        assert_eq!(first.taken_port, None);
        let second = open(first.port, None).await.unwrap();
        assert_eq!(second.taken_port, Some(first.port));
        assert_ne!(second.port, first.port);
    }

    #[tokio::test]
    async fn an_address_of_another_computer_cannot_be_bound() {
        // 192.0.2.0/24 is for documentation: no computer has it.
        let error = open(0, Some("192.0.2.1".parse().unwrap())).await.err().unwrap();
        assert_eq!(error.code, ErrorCode::CannotBind);
        assert!(error.message.contains("192.0.2.1"), "{error}");
    }
}
