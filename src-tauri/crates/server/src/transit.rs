//! Bytes that are on their way, here or there: so many in all, so many for one address.
//!
//! Not here: what they are. Whoever brings or takes more than [`SMALL`] at once holds room for it.

use crate::auth::{Peer, network};
use crate::error::{Answer, Failure};
use protocol::ErrorCode;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that are counted as one.
const UNIT: usize = 64 << 10;
/// What is no longer than this is not counted: the connections are.
pub(crate) const SMALL: usize = 1 << 20;

/// Room for bytes. An eighth of it is kept for this computer, and one other address has half of it at most, so that nobody who is
/// slow on purpose keeps everybody else waiting.
pub(crate) struct Transit {
    all: Arc<Semaphore>,
    /// What others than this computer may have of it.
    others: Arc<Semaphore>,
    /// What one address may have; forgotten when it has nothing.
    addresses: Mutex<HashMap<IpAddr, Weak<Semaphore>>>,
    units: u32,
    patience: Duration,
}

impl Transit {
    /// `patience`: how long one waits for others to finish.
    pub(crate) fn new(bytes: usize, patience: Duration) -> Self {
        let units = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).max(1);
        Self {
            all: semaphore(units),
            others: semaphore(units - units / 8),
            addresses: Mutex::default(),
            units,
            patience,
        }
    }

    /// What this peer may have of it.
    pub(crate) fn of(&self, peer: Peer) -> Share {
        let (all, patience) = (self.all.clone(), self.patience);
        if peer.is_local() {
            return Share { levels: vec![all], most: self.units, patience };
        }
        let most = self.units.div_ceil(2);
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.retain(|_, one| one.strong_count() > 0);
        let known = addresses.get(&network(peer.remote)).and_then(Weak::upgrade);
        let own = known.unwrap_or_else(|| semaphore(most));
        addresses.insert(network(peer.remote), Arc::downgrade(&own));
        Share { levels: vec![own, self.others.clone(), all], most, patience }
    }
}

fn semaphore(units: u32) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(usize::try_from(units).unwrap_or(Semaphore::MAX_PERMITS)))
}

/// What one address may have.
#[derive(Clone)]
pub(crate) struct Share {
    /// Asked one after the other, always in this order.
    levels: Vec<Arc<Semaphore>>,
    most: u32,
    patience: Duration,
}

impl Share {
    /// Waits until so many bytes may be held. What is more than there can be takes all.
    pub(crate) async fn hold(self, bytes: usize) -> Answer<Held> {
        let held = self.more(bytes, 0).await;
        held.ok_or_else(|| {
            let message = "This host is sending and taking as many files as it can at once. Try again in a minute.";
            Failure::new(ErrorCode::TooMany, message)
        })
    }

    /// As [`Share::hold`], beyond the [`Held::units`] that are held already; `None`: others did not finish in time.
    pub(crate) async fn more(self, bytes: usize, held: u32) -> Option<Held> {
        let units = self.units(bytes).saturating_sub(held);
        let taking = async {
            let mut taken = Vec::new();
            for level in self.levels.into_iter().filter(|_| units > 0) {
                taken.push(level.acquire_many_owned(units).await.ok()?);
            }
            Some(Held(taken))
        };
        tokio::time::timeout(self.patience, taking).await.ok().flatten()
    }

    /// Whether so many bytes need more than is held.
    pub(crate) fn lacks(&self, bytes: usize, held: &Held) -> bool {
        self.units(bytes) > held.units()
    }

    fn units(&self, bytes: usize) -> u32 {
        if bytes <= SMALL { 0 } else { u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.most) }
    }
}

/// So many bytes, of one share; free again when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Held(Vec<OwnedSemaphorePermit>);

impl Held {
    /// How much it is.
    pub(crate) fn units(&self) -> u32 {
        self.0.first().map_or(0, |one| u32::try_from(one.num_permits()).unwrap_or(u32::MAX))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is held and what came to it, of the same share.
    pub(crate) fn add(&mut self, more: Held) {
        if self.0.is_empty() {
            *self = more;
            return;
        }
        for (one, more) in self.0.iter_mut().zip(more.0) {
            one.merge(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(remote: &str) -> Peer {
        let here = if remote == "127.0.0.1" { remote } else { "192.168.1.2" };
        Peer { remote: remote.parse().unwrap(), here: here.parse().unwrap(), secure: false }
    }

    fn transit(bytes: usize) -> Transit {
        Transit::new(bytes, Duration::from_secs(30))
    }

    #[tokio::test(start_paused = true)]
    async fn safe_15_bytes_on_their_way_are_counted_and_who_waits_too_long_is_told() {
        let transit = transit(4 * SMALL);
        let own = || transit.of(peer("127.0.0.1"));
        let half = own().hold(SMALL + 1).await.unwrap();
        let more = own().hold(2 * SMALL).await.unwrap();
        assert_eq!(own().hold(2 * SMALL).await.unwrap_err().code(), ErrorCode::TooMany);
        assert!(own().hold(SMALL).await.unwrap().is_empty(), "what is small always goes");
        drop(half);
        let whole = own().hold(usize::MAX);
        tokio::pin!(whole);
        assert!(futures_util::poll!(&mut whole).is_pending());
        drop(more);
        assert!(whole.await.is_ok(), "one that is larger than all goes alone");
    }

    #[tokio::test(start_paused = true)]
    async fn safe_15_one_address_has_half_and_all_others_leave_some_for_this_computer() {
        let transit = transit(32 * SMALL);
        let of = |remote: &str| transit.of(peer(remote));
        // However much it asks for, and whatever it holds already.
        let all = of("192.168.1.9").hold(usize::MAX).await.unwrap();
        assert_eq!(of("192.168.1.9").hold(2 * SMALL).await.unwrap_err().code(), ErrorCode::TooMany);
        let other = of("192.168.1.8").hold(12 * SMALL).await.unwrap();
        assert!(of("192.168.1.7").hold(2 * SMALL).await.is_err(), "what is kept for this computer");
        let own = of("127.0.0.1").hold(4 * SMALL).await.unwrap();
        assert!(of("127.0.0.1").hold(2 * SMALL).await.is_err(), "more than there is");
        drop((all, other, own));
        assert!(of("127.0.0.1").hold(32 * SMALL).await.is_ok());
        let _again = of("192.168.1.7");
        assert_eq!(transit.addresses.lock().unwrap().len(), 1, "who has nothing is forgotten");
    }
}
