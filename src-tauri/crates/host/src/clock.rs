//! The only place where the host reads clocks.

use rooms::Now;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// What the clocks of a machine say at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Since some start, without the time that the machine slept (on Windows with it).
    pub awake: Duration,
    /// Since some start, with the time that it slept; `None` where the system has no other clock than the one above.
    pub whole: Option<Duration>,
    /// Unix milliseconds. People set this clock; nothing is measured by it.
    pub unix_ms: u64,
}

/// Where the host reads the time: the machine's clocks, unless a test has others.
#[derive(Clone)]
pub struct Clocks(Arc<dyn Fn() -> Moment + Send + Sync>);

impl Clocks {
    /// Clocks that are read by calling this.
    pub fn new(read: impl Fn() -> Moment + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }
}

impl Default for Clocks {
    fn default() -> Self {
        let start = std::time::Instant::now();
        Self::new(move || Moment { awake: start.elapsed(), whole: whole(), unix_ms: unix_ms() })
    }
}

impl std::fmt::Debug for Clocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clocks")
    }
}

/// The clock that goes on while the machine sleeps. On Apple's systems that is the one called monotonic: `Instant` has another.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn whole() -> Option<Duration> {
    use rustix::time::{ClockId, clock_gettime};
    #[cfg(target_vendor = "apple")]
    let id = ClockId::Monotonic;
    #[cfg(not(target_vendor = "apple"))]
    let id = ClockId::Boottime;
    clock_gettime(id).try_into().ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn whole() -> Option<Duration> {
    None
}

/// 0 before 1970: a clock can be set to anything.
fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
}

/// The host's clocks: a monotonic one with a fixed start, by which everything is due (tokio's, so that tests can stop and
/// advance it), and the machine's.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
    clocks: Clocks,
}

impl Clock {
    pub(crate) fn start(clocks: Clocks) -> Self {
        Self { start: Instant::now(), clocks }
    }

    /// What rooms want to know.
    pub(crate) fn now(&self) -> Now {
        Now { elapsed: self.start.elapsed(), unix_ms: self.unix_ms() }
    }

    /// The moment of a room's deadline.
    pub(crate) fn at(&self, elapsed: Duration) -> Instant {
        self.start + elapsed
    }

    /// Unix milliseconds, to be shown; it may jump either way.
    pub(crate) fn unix_ms(&self) -> u64 {
        self.moment().unix_ms
    }

    /// What the machine's clocks say.
    pub(crate) fn moment(&self) -> Moment {
        (self.clocks.0)()
    }
}
