//! When to save, as arithmetic on moments. Not here: saving.

use crate::Policy;
use std::time::Duration;

/// The clock of a document's saves. A moment is a [`crate::Now::elapsed`].
#[derive(Debug, Default)]
pub(crate) struct SaveClock {
    /// First and last edit that no save has taken yet.
    pending: Option<(Duration, Duration)>,
    /// Since when the file lacks something.
    behind_since: Option<Duration>,
    /// Not before this: the last try failed.
    retry: Option<Duration>,
    failures: u32,
    told: Option<String>,
}

impl SaveClock {
    /// Somebody edited.
    pub(crate) fn edited(&mut self, now: Duration) {
        let first = self.pending.map_or(now, |(first, _)| first);
        self.pending = Some((first, now));
        self.behind_since.get_or_insert(now);
    }

    /// A save takes all edits so far.
    pub(crate) fn taken(&mut self) {
        self.pending = None;
        self.retry = None;
    }

    /// When the next save is due.
    pub(crate) fn due(&self, policy: &Policy) -> Option<Duration> {
        let delay = policy.save_delay?;
        let quiet = self.pending.map(|(first, last)| (last + delay).min(first + policy.save_at_most));
        // A try that failed is made again without any edit, and edits meanwhile do not make it more frequent.
        self.retry.or(quiet)
    }

    /// The last try failed; `None`, or when the next one may be made.
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Why the last try failed.
    pub(crate) fn complaint(&self) -> Option<&str> {
        self.told.as_deref()
    }

    /// How many tries failed in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// A save failed. Whether this kind of failure is news.
    pub(crate) fn failed(&mut self, now: Duration, policy: &Policy, reason: &str) -> bool {
        self.failures += 1;
        self.retry = Some(now + policy.retry_delay);
        let news = self.told.as_deref() != Some(reason);
        self.told = Some(reason.to_owned());
        news
    }

    /// A save ended well. How long the file had been behind, if tries had failed meanwhile.
    pub(crate) fn succeeded(&mut self, now: Duration) -> Option<Duration> {
        let waited = self.behind_since.filter(|_| self.failures > 0).map(|since| now.saturating_sub(since));
        self.behind_since = self.pending.map(|(first, _)| first);
        (self.retry, self.failures, self.told) = (None, 0, None);
        waited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        save_delay: Some(Duration::from_secs(1)),
        save_at_most: Duration::from_secs(5),
        cleanup_delay: None,
        keep_alive: Duration::from_secs(15),
        retry_delay: Duration::from_secs(10),
        most_edits: 512 << 20,
    };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn save_10_quiet_for_a_second_or_five_seconds_after_the_first_edit() {
        let check = |edits: &[u64], expect: Option<u64>| {
            let mut clock = SaveClock::default();
            edits.iter().for_each(|at| clock.edited(ms(*at)));
            assert_eq!(clock.due(&POLICY), expect.map(ms), "{edits:?}");
        };
        check(&[], None);
        check(&[0], Some(1000));
        check(&[0, 300, 600], Some(1600));
        check(&[0, 900, 1800, 2700, 3600, 4500], Some(5000));
        check(&[100, 4050], Some(5050));
    }

    #[test]
    fn save_11_without_a_delay_nothing_is_due() {
        let mut clock = SaveClock::default();
        clock.edited(ms(0));
        assert_eq!(clock.due(&Policy { save_delay: None, ..POLICY }), None);
    }

    #[test]
    fn a_failure_is_told_once_a_kind_and_tried_again() {
        let mut clock = SaveClock::default();
        clock.edited(ms(0));
        clock.taken();
        assert!(clock.failed(ms(2000), &POLICY, "full"));
        clock.edited(ms(3000));
        assert_eq!(clock.due(&POLICY), Some(ms(12_000)));
        clock.taken();
        assert!(!clock.failed(ms(12_000), &POLICY, "full"));
        assert!(clock.failed(ms(22_000), &POLICY, "denied"));
        assert_eq!(clock.failures(), 3);
        clock.taken();
        assert_eq!(clock.succeeded(ms(42_000)), Some(ms(42_000)));
        assert_eq!((clock.failures(), clock.due(&POLICY)), (0, None));
    }
}
