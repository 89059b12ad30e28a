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
/// advance it), the machine's, and one for ages.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
    clocks: Clocks,
    /// What the machine's clocks said at the start.
    first: Moment,
    /// What the clock for ages said then.
    steady: u64,
}

impl Clock {
    /// `lead`: [`Clock::lead`] as it was last, in an earlier run of the host.
    pub(crate) fn start(clocks: Clocks, lead: i64) -> Self {
        let first = (clocks.0)();
        Self {
            start: Instant::now(),
            clocks,
            first,
            steady: first.unix_ms.saturating_add_signed(lead.saturating_neg()),
        }
    }

    /// Milliseconds of a clock that nobody sets, for ages. It begins as the one that people are shown, and goes on evenly when
    /// that is set; what it was set by while no host ran nobody knows.
    pub(crate) fn steady_ms(&self) -> u64 {
        let since = |moment: Moment| moment.whole.unwrap_or(moment.awake);
        self.steady + since(self.moment()).saturating_sub(since(self.first)).as_millis() as u64
    }

    /// Milliseconds by which people's clock was set forward all in all.
    pub(crate) fn lead(&self) -> i64 {
        self.unix_ms() as i64 - self.steady_ms() as i64
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Mutex, PoisonError};

    #[test]
    fn store_125_ages_go_on_evenly_when_the_clock_is_set() {
        const YEAR: u64 = 365 * 24 * 3_600_000;
        let now = Arc::new(Mutex::new(Moment { unix_ms: 50 * YEAR, ..Moment::default() }));
        let read = now.clone();
        let clocks = Clocks::new(move || *read.lock().unwrap_or_else(PoisonError::into_inner));
        let pass = |seconds: u64, set: i64| {
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            let (span, ms) = (Duration::from_secs(seconds), seconds * 1000);
            now.awake += span;
            now.whole = Some(now.whole.unwrap_or_default() + span);
            now.unix_ms = (now.unix_ms + ms).saturating_add_signed(set);
        };
        let clock = Clock::start(clocks.clone(), 0);
        let check = |clock: &Clock, seconds: u64, lead: i64| {
            assert_eq!((clock.steady_ms(), clock.lead()), (50 * YEAR + seconds * 1000, lead));
        };
        check(&clock, 0, 0);
        pass(60, YEAR as i64);
        check(&clock, 60, YEAR as i64);
        // The next run of the host.
        let clock = Clock::start(clocks.clone(), clock.lead());
        check(&clock, 60, YEAR as i64);
        pass(60, -2 * YEAR as i64);
        check(&clock, 120, -(YEAR as i64));
        let clock = Clock::start(clocks, clock.lead());
        pass(60, YEAR as i64);
        check(&clock, 180, 0);
    }
}
