//! How much of this host the outside may have at once: connections, the time they may be silent, and bytes on their way.
//!
//! Not here: what a room or a client may hold (`rooms`, `host`), how long a message may be (`collaboration`).

use crate::auth::{Peer, network};
use crate::error::{Answer, Failure};
use protocol::ErrorCode;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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

/// Bytes that are on their way: of files to their readers, of what is saved to the disk.
pub(crate) struct Transit {
    free: Arc<Semaphore>,
    all: u32,
}

/// So many of them; free again when this is dropped.
pub(crate) type Held = Option<OwnedSemaphorePermit>;

impl Transit {
    /// Bytes that are counted as one.
    const UNIT: usize = 64 << 10;
    /// What is no longer than this is not counted: the connections are.
    pub(crate) const SMALL: usize = 1 << 20;
    /// How long one waits for others to finish.
    const PATIENCE: Duration = Duration::from_secs(30);

    pub(crate) fn new(limits: &Limits) -> Self {
        let all = u32::try_from(limits.bytes / Self::UNIT).unwrap_or(u32::MAX).max(1);
        Self { free: Arc::new(Semaphore::new(usize::try_from(all).unwrap_or(usize::MAX))), all }
    }

    /// Waits until so many bytes may be held. What is more than there can be takes all.
    pub(crate) async fn hold(&self, bytes: usize) -> Answer<Held> {
        if bytes <= Self::SMALL {
            return Ok(None);
        }
        let units = u32::try_from(bytes.div_ceil(Self::UNIT)).unwrap_or(u32::MAX).min(self.all);
        let held = tokio::time::timeout(Self::PATIENCE, self.free.clone().acquire_many_owned(units)).await;
        held.ok().and_then(Result::ok).map(Some).ok_or_else(|| {
            let message = "This host is sending and taking as many files as it can at once. Try again in a minute.";
            Failure::new(ErrorCode::TooMany, message)
        })
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

    #[tokio::test(start_paused = true)]
    async fn safe_15_bytes_on_their_way_are_counted_and_who_waits_too_long_is_told() {
        let transit = Transit::new(&Limits { bytes: 4 * Transit::SMALL, ..Limits::default() });
        let half = transit.hold(Transit::SMALL + 1).await.unwrap();
        let more = transit.hold(2 * Transit::SMALL).await.unwrap();
        assert_eq!(transit.hold(2 * Transit::SMALL).await.unwrap_err().code(), ErrorCode::TooMany);
        assert!(transit.hold(Transit::SMALL).await.unwrap().is_none(), "what is small always goes");
        drop(half);
        let whole = transit.hold(usize::MAX);
        tokio::pin!(whole);
        assert!(futures_util::poll!(&mut whole).is_pending());
        drop(more);
        assert!(whole.await.is_ok(), "one that is larger than all goes alone");
    }
}
