//! How much of this host the outside may have at once: connections, and the numbers of everything else.
//!
//! Not here: bytes on their way (`transit`), what a room or a client may hold (`rooms`, `host`).

use crate::auth::{Peer, network};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What one server gives. The numbers of [`Limits::default`] are those of `src-tauri/docs/SECURITY.md`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections in all. An eighth of them is kept for this computer, so that its owner can always come in.
    pub connections: usize,
    /// Connections of one other address; of IPv6, of one network.
    pub per_address: usize,
    /// How long a connection may take for the head of a request, and be idle between two.
    pub head: Duration,
    /// How long the body of a request may pause.
    pub body: Duration,
    /// How long the other end may take nothing of what it is sent.
    pub stall: Duration,
    /// Bytes of files and of what is saved over HTTP that are on their way at once.
    pub bytes: usize,
    /// Bytes of long messages that are arriving at once, and of those that have arrived and wait for their room.
    pub messages: usize,
    /// How long one waits until there is room for such bytes.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512.min(files_at_once() / 2),
            per_address: 128,
            head: Duration::from_secs(30),
            body: Duration::from_secs(30),
            stall: Duration::from_secs(60),
            bytes: 1 << 30,
            messages: 1 << 30,
            patience: Duration::from_secs(30),
        }
    }
}

/// Files and connections that the system lets this process have: those without which nothing could be saved are not given away.
fn files_at_once() -> usize {
    #[cfg(unix)]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        limit.current.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX))
    }
    #[cfg(not(unix))]
    usize::MAX
}

/// The connections that are open.
#[derive(Clone)]
pub(crate) struct Connections {
    limits: Limits,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    all: usize,
    /// By address; those of this computer are not in it.
    others: HashMap<IpAddr, usize>,
}

impl Connections {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, open: Arc::default() }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A place for one more; `None`: there is none.
    pub(crate) fn take(&self, peer: Peer) -> Option<Place> {
        let mut open = lock(&self.open);
        let address = (!peer.is_local()).then(|| network(peer.remote));
        let kept = if address.is_some() { self.limits.connections / 8 } else { 0 };
        let theirs = address.and_then(|address| open.others.get(&address)).copied().unwrap_or(0);
        if open.all + kept >= self.limits.connections || theirs >= self.limits.per_address {
            return None;
        }
        open.all += 1;
        if let Some(address) = address {
            open.others.insert(address, theirs + 1);
        }
        Some(Place { open: self.open.clone(), address })
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One connection's place, free again when this is dropped.
pub(crate) struct Place {
    open: Arc<Mutex<Open>>,
    address: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        open.all -= 1;
        let Some(address) = self.address else { return };
        match open.others.get_mut(&address) {
            Some(more) if *more > 1 => *more -= 1,
            _ => drop(open.others.remove(&address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(remote: &str, here: &str) -> Peer {
        Peer { remote: remote.parse().unwrap(), here: here.parse().unwrap(), secure: false }
    }

    #[test]
    fn safe_10_one_address_cannot_take_all_places_nor_all_others_the_owners() {
        let limits = Limits { connections: 16, per_address: 4, ..Limits::default() };
        let connections = Connections::new(limits);
        let of = |remote: &str| connections.take(peer(remote, "192.168.1.2"));
        let mut held: Vec<Place> = (0..4).map(|_| of("192.168.1.9").unwrap()).collect();
        assert!(of("192.168.1.9").is_none(), "a fifth of one address");
        held.extend((0..4).map(|_| of("2001:db8::1").unwrap()));
        assert!(of("2001:db8::ffff").is_none(), "a fifth of one IPv6 network");
        for other in 10..16 {
            held.push(of(&format!("192.168.1.{other}")).unwrap());
        }
        assert!(of("192.168.1.77").is_none(), "what is kept for this computer");
        let own: Vec<Place> = (0..2).map(|_| connections.take(peer("127.0.0.1", "127.0.0.1")).unwrap()).collect();
        assert!(connections.take(peer("127.0.0.1", "127.0.0.1")).is_none(), "more than there are");

        drop((held, own));
        assert!(lock(&connections.open).others.is_empty() && lock(&connections.open).all == 0);
        assert!(of("192.168.1.9").is_some());
    }
}
