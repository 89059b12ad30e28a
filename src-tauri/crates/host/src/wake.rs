//! Noticing that the computer slept, or that its clock was set. After a sleep: every folder is looked at anew, every client is asked whether it is still
//! there, and the host says so. How far the clock was set is remembered for the next run, so that ages go on evenly.
//!
//! Not here: how a folder is looked at (`watching`), how a socket is asked (whoever has it, see [`crate::Host::wakes`]).

use crate::clock::Moment;
use crate::shared::Shared;
use protocol::{Action, Level};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The setting that says by how much the clock was set, in milliseconds.
pub(crate) const LEAD: &str = "clock-lead";
/// Differences below this are no setting of a clock: clocks drift, and are put right little by little.
const DRIFT: i64 = 60_000;
/// How often the clocks are compared.
const TICK: Duration = Duration::from_secs(1);
/// A shorter sleep is none: no connection and no notification is lost by it.
const LEAST: Duration = Duration::from_secs(10);
/// How long the event waits for people to come back.
const RETURN: Duration = Duration::from_secs(30);

/// How long the computer slept between two readings of its clocks, if it did. A clock that somebody set is no sleep.
fn slept(before: Moment, now: Moment) -> Option<Duration> {
    let awake = now.awake.saturating_sub(before.awake);
    let asleep = match (before.whole, now.whole) {
        (Some(before), Some(now)) => now.saturating_sub(before).saturating_sub(awake),
        // Where the clock goes on in sleep, the tick came late.
        _ => awake.saturating_sub(TICK),
    };
    (asleep >= LEAST).then_some(asleep)
}

/// Compares the clocks until the host ends.
pub(crate) async fn watch(shared: Arc<Shared>) {
    let mut before = shared.clock.moment();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let now = shared.clock.moment();
        if let Some(span) = slept(before, now) {
            woke(&shared, span);
        }
        before = now;
        remember_lead(&shared).await;
    }
}

/// Remembers by how much the clock was set, if that is news.
pub(crate) async fn remember_lead(shared: &Shared) {
    let lead = shared.clock.lead();
    if (lead - shared.lead.load(Ordering::Relaxed)).abs() < DRIFT {
        return;
    }
    match shared.store.set_setting(LEAD, &lead.to_string()).await {
        Ok(()) => shared.lead.store(lead, Ordering::Relaxed),
        Err(error) => tracing::warn!(%error, "that the clock was set could not be remembered"),
    }
}

/// Begins everything that follows from a sleep; the folders do not wait for the people.
fn woke(shared: &Arc<Shared>, span: Duration) {
    tracing::info!(?span, "the computer slept");
    for folder in shared.folders().iter() {
        folder.rescan.notify_one();
    }
    let before = shared.clients.doubt();
    shared.wakes.tick();
    let shared = shared.clone();
    tokio::spawn(async move {
        let mut changes = shared.changes.subscribe();
        let everybody =
            async { while shared.clients.back(&before) < before.len() && changes.changed().await.is_ok() {} };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = tokio::time::timeout(RETURN, everybody) => {}
        }
        let line = line(span, before.len(), shared.clients.back(&before));
        shared.event("", Level::Info, Action::Wake, line);
    });
}

/// What the event says: who was here before, and who of them is here again.
fn line(span: Duration, before: usize, back: usize) -> String {
    let seconds = span.as_secs();
    // Nobody asks for the seconds of a long sleep.
    let span = rooms::lasting(Duration::from_secs(if seconds < 60 { seconds } else { seconds / 60 * 60 }));
    let people = match (before, back) {
        (0, _) => String::new(),
        (1, 1) => "; 1 person is back".to_owned(),
        (1, _) => "; 1 person is not back yet".to_owned(),
        (before, back) if before == back => format!("; {back} people are back"),
        (before, back) => format!("; {back} of {before} people are back"),
    };
    format!("This computer slept {span}{people}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(awake: u64, whole: Option<u64>, unix: u64) -> Moment {
        let seconds = Duration::from_secs;
        Moment { awake: seconds(awake), whole: whole.map(seconds), unix_ms: unix * 1000 }
    }

    #[test]
    fn event_50_a_sleep_is_told_from_a_clock_that_was_set() {
        let check = |before, now, expect: Option<u64>| {
            assert_eq!(slept(before, now), expect.map(Duration::from_secs), "{before:?} {now:?}");
        };
        check(moment(5, Some(7), 100), moment(6, Some(728), 821), Some(720));
        // Somebody set the clock, forward or back, awake or after a sleep.
        check(moment(5, Some(7), 100), moment(6, Some(8), 9_999_999), None);
        check(moment(5, Some(7), 9_999_999), moment(6, Some(8), 0), None);
        check(moment(5, Some(7), 9_999_999), moment(6, Some(68), 0), Some(60));
        // A tick that came late, because the machine was busy.
        check(moment(5, Some(7), 100), moment(65, Some(67), 160), None);
        check(moment(5, Some(7), 100), moment(6, Some(17), 110), None);
        // With one clock that goes on in sleep, only the late tick is left.
        check(moment(5, None, 100), moment(126, None, 221), Some(120));
        check(moment(5, None, 100), moment(6, None, 9_999_999), None);
        // Clocks that went back break nothing.
        check(moment(5, Some(7), 100), moment(0, Some(0), 0), None);
        check(moment(5, Some(7), 100), moment(6, None, 101), None);
    }

    #[test]
    fn the_line_says_who_is_back() {
        let check = |seconds, before, back, expect: &str| {
            assert_eq!(line(Duration::from_secs(seconds), before, back), format!("This computer slept {expect}"));
        };
        check(725, 3, 3, "12 min; 3 people are back");
        check(42, 0, 0, "42 s");
        check(7530, 1, 1, "2 h 5 min; 1 person is back");
        check(60, 1, 0, "1 min; 1 person is not back yet");
        check(60, 3, 1, "1 min; 1 of 3 people are back");
    }
}
