//! The only place where the host reads clocks.

use rooms::Now;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Unix milliseconds.
pub(crate) fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
}

/// A monotonic clock with a fixed start; tokio's, so that tests can stop and advance it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Both clocks, as rooms want them.
    pub(crate) fn now(self) -> Now {
        Now { elapsed: self.0.elapsed(), unix_ms: unix_ms() }
    }

    /// The moment of a room's deadline.
    pub(crate) fn at(self, elapsed: std::time::Duration) -> Instant {
        self.0 + elapsed
    }
}
