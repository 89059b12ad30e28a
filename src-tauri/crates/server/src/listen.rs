//! Listeners: the one on loopback, and one more for each interface that a folder is shared on.

use crate::{Server, app, lan, serving};
use protocol::panel::Interface;
use protocol::{ErrorBody, ErrorCode};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::TcpListener;
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
    /// The sockets of each address.
    pub(crate) listeners: Bound,
}

/// Binds loopback, and `bind` as well if it is given (an address and its device), to one port: the wanted one or the next that is
/// free.
pub(crate) fn open(wanted: u16, bind: Option<(IpAddr, Option<String>)>) -> Result<Opened, ErrorBody> {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let addresses = match bind {
        Some((all, _)) if all.is_unspecified() => vec![(all, None)],
        Some((other, device)) if other != loopback => vec![(loopback, None), (other, device)],
        _ => vec![(loopback, None)],
    };
    let mut port = wanted;
    for _ in 0..TRIES {
        match bind_all(&addresses, port) {
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

type Bound = Vec<(IpAddr, Vec<TcpListener>)>;

fn bind_all(addresses: &[(IpAddr, Option<String>)], wanted: u16) -> Result<(u16, Bound), (IpAddr, io::Error)> {
    let (mut port, mut bound) = (wanted, Vec::new());
    for (address, device) in addresses {
        let listeners = lan::listen(*address, port, device.as_deref()).map_err(|error| (*address, error))?;
        if let Some(first) = listeners.first() {
            port = first.local_addr().map_err(|error| (*address, error))?.port();
        }
        bound.push((*address, listeners));
    }
    Ok((port, bound))
}

fn cannot_bind(address: IpAddr, port: u16, error: &io::Error) -> ErrorBody {
    let place = SocketAddr::new(address, port);
    ErrorBody::new(ErrorCode::CannotBind, format!("Cannot listen on {place}: {error}"))
}

/// Where a folder is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// As people see it.
    pub(crate) interface: Interface,
    /// What is bound; unspecified: everything.
    pub(crate) address: IpAddr,
    /// The device that is bound too, where the system can.
    pub(crate) device: Option<String>,
    /// Since when, Unix milliseconds.
    pub(crate) since: u64,
    /// Asked for by its address when the server started: it is that one or none.
    pub(crate) fixed: bool,
    /// The interface has no network: nothing is bound meanwhile.
    pub(crate) away: bool,
    /// The address before the network changed.
    pub(crate) before: Option<String>,
}

/// Which listeners are open, and which folder is shared where.
#[derive(Default)]
pub(crate) struct Doors(Mutex<State>);

#[derive(Default)]
struct State {
    open: HashMap<IpAddr, Door>,
    /// By slug.
    shared: HashMap<String, Place>,
}

/// One address being served.
struct Door {
    /// Opened at the start: stays when nothing is shared on it.
    permanent: bool,
    stop: CancellationToken,
    /// One for each of its sockets.
    sockets: Vec<(oneshot::Receiver<()>, JoinHandle<()>)>,
}

impl Door {
    /// When this returns, the address refuses connections.
    async fn close(self) -> Vec<JoinHandle<()>> {
        self.stop.cancel();
        let mut serving = Vec::new();
        for (closed, task) in self.sockets {
            let _ = closed.await;
            serving.push(task);
        }
        serving
    }
}

impl Doors {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Serves an address. `permanent`: also while no folder is shared on it.
    pub(crate) fn serve(&self, server: &Server, address: IpAddr, listeners: Vec<TcpListener>, permanent: bool) {
        let stop = CancellationToken::new();
        let serve = |listener| {
            let (open, closed) = oneshot::channel();
            let app = app::router(server.clone());
            let serving =
                serving::serve(listener, app, server.connections().clone(), server.tls().cloned(), stop.clone(), open);
            (closed, tokio::spawn(serving))
        };
        let sockets = listeners.into_iter().map(serve).collect();
        self.state().open.insert(address, Door { permanent, stop, sockets });
    }

    /// Listens on a place, unless it is listened on already, for this folder; its place before is left if nothing else needs it.
    pub(crate) async fn share(&self, server: &Server, slug: &str, place: Place) -> Result<(), ErrorBody> {
        let (address, port) = (place.address, server.port());
        if !place.away && !self.is_bound(address) {
            let listeners = lan::listen(address, port, place.device.as_deref());
            let listeners = listeners.map_err(|error| cannot_bind(address, port, &error))?;
            self.serve(server, address, listeners, place.fixed);
        }
        let before = self.state().shared.insert(slug.to_owned(), place);
        if let Some(before) = before.filter(|before| before.address != address) {
            self.close_if_idle(before.address).await;
        }
        Ok(())
    }

    /// Forgets where a folder is shared; a listener that no folder needs any more is closed.
    pub(crate) async fn unshare(&self, slug: &str) {
        let before = self.state().shared.remove(slug);
        if let Some(before) = before {
            self.close_if_idle(before.address).await;
        }
    }

    /// The network of an address is gone: nothing is bound until it is back, for whoever has the address then may be another one.
    /// Connections that came by it are left alone.
    pub(crate) async fn leave(&self, address: IpAddr) {
        let door = {
            let mut state = self.state();
            for place in state.shared.values_mut().filter(|place| place.address == address) {
                place.away = true;
            }
            state.open.remove(&address)
        };
        if let Some(door) = door {
            door.close().await;
        }
    }

    async fn close_if_idle(&self, address: IpAddr) {
        let door = {
            let mut state = self.state();
            let idle = !state.shared.values().any(|other| other.address == address)
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
            serving.extend(door.close().await);
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

    /// Where a folder is shared.
    pub(crate) fn shared(&self, slug: &str) -> Option<Place> {
        self.state().shared.get(slug).cloned()
    }

    /// Every folder that is shared, by its slug.
    pub(crate) fn all_shared(&self) -> Vec<(String, Place)> {
        let mut all: Vec<_> = self.state().shared.iter().map(|(slug, place)| (slug.clone(), place.clone())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_and_the_next_one_used() {
        let first = open(0, None).unwrap();
        assert_eq!(first.taken_port, None);
        let second = open(first.port, None).unwrap();
        assert_eq!(second.taken_port, Some(first.port));
        assert_ne!(second.port, first.port);
    }

    #[tokio::test]
    async fn an_address_of_another_computer_cannot_be_bound() {
        // 192.0.2.0/24 is for documentation: no computer has it.
        let error = open(0, Some(("192.0.2.1".parse().unwrap(), None))).err().unwrap();
        assert_eq!(error.code, ErrorCode::CannotBind);
        assert!(error.message.contains("192.0.2.1"), "{error}");
    }
}
