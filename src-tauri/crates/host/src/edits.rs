//! How many document edits there were in the last minute.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counts edits by the second, for a minute.
#[derive(Default)]
pub(crate) struct Edits(Mutex<VecDeque<(u64, u32)>>);

impl Edits {
    /// An edit came at this moment of the monotonic clock.
    pub(crate) fn note(&self, elapsed: Duration) {
        let mut seconds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = elapsed.as_secs();
        match seconds.back_mut() {
            Some((second, count)) if *second == now => *count += 1,
            _ => seconds.push_back((now, 1)),
        }
        forget(&mut seconds, now);
    }

    /// Edits in the minute before this moment.
    pub(crate) fn in_last_minute(&self, elapsed: Duration) -> u32 {
        let mut seconds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut seconds, elapsed.as_secs());
        seconds.iter().map(|(_, count)| count).sum()
    }
}

fn forget(seconds: &mut VecDeque<(u64, u32)>, now: u64) {
    while seconds.front().is_some_and(|(second, _)| second + 60 <= now) {
        seconds.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_forgotten_after_a_minute() {
        let edits = Edits::default();
        edits.note(Duration::from_millis(1_200));
        edits.note(Duration::from_millis(1_900));
        edits.note(Duration::from_secs(30));
        assert_eq!(edits.in_last_minute(Duration::from_secs(60)), 3);
        assert_eq!(edits.in_last_minute(Duration::from_secs(61)), 1);
        assert_eq!(edits.in_last_minute(Duration::from_secs(90)), 0);
    }
}
