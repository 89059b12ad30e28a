//! Events: numbered, told to everybody who listens, and appended to the store. The bus owns their numbers and their order.
//!
//! While the store takes none they wait here, and whoever listens or asks for the newest ones gets them all the same.

use crate::clock::Clock;
use crate::shared::host_event;
use protocol::{Action, Event, EventRecord, Level};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Store;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::Instant;

/// Events that a listener may lag behind before it must read the store again.
const BACKLOG: usize = 1024;
/// Events that wait for a store that takes none; as many as it keeps.
const MOST_WAITING: usize = 10_000;
/// How long after a failure the store is asked again.
const AGAIN: Duration = Duration::from_secs(2);

enum Note {
    Event { folder: String, event: Event, time: u64 },
    Flush(oneshot::Sender<()>),
}

/// The way events take. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Bus {
    notes: mpsc::UnboundedSender<Note>,
    live: broadcast::Sender<EventRecord>,
    waiting: Waiting,
    store: Store,
    clock: Clock,
}

/// Events that are not stored yet, oldest first.
#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<VecDeque<EventRecord>>>);

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, VecDeque<EventRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, record: EventRecord) {
        let mut waiting = self.lock();
        if waiting.len() == MOST_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(record);
    }

    fn all(&self) -> Vec<EventRecord> {
        self.lock().iter().cloned().collect()
    }

    /// Everything up to this number is stored.
    fn stored(&self, last: u64) {
        self.lock().retain(|record| record.seq > last);
    }
}

impl Bus {
    /// Starts the task that numbers, tells and stores.
    pub(crate) async fn start(store: Store, clock: Clock) -> store::Result<Self> {
        // Unbounded: an event is small, rooms must not wait for the disk, and their number is bounded by what people do.
        let (notes, queue) = mpsc::unbounded_channel();
        let (live, _) = broadcast::channel(BACKLOG);
        let last = store.last_event().await?;
        let waiting = Waiting::default();
        let work = Work {
            store: store.clone(),
            clock: clock.clone(),
            live: live.clone(),
            waiting: waiting.clone(),
            last,
            again: None,
        };
        tokio::spawn(work.run(queue));
        Ok(Self { notes, live, waiting, store, clock })
    }

    /// Takes an event of a folder (or, with an empty slug, of the whole host).
    pub(crate) fn emit(&self, folder: &str, event: Event) {
        tracing::debug!(folder, action = ?event.action, path = event.path, "{}", event.line);
        // Fails only after the task ended at shutdown.
        drop(self.notes.send(Note::Event { folder: folder.to_owned(), event, time: self.clock.unix_ms() }));
    }

    /// Live events from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<EventRecord> {
        self.live.subscribe()
    }

    /// The newest `count` events, oldest first; of a store that cannot be read, those that wait for it.
    pub(crate) async fn recent(&self, count: usize) -> store::Result<Vec<EventRecord>> {
        // Taken first: what is stored meanwhile is there twice, and not missing.
        let waiting = self.waiting.all();
        let stored = match self.store.recent_events(count).await {
            Err(error) if waiting.is_empty() => return Err(error),
            stored => stored.unwrap_or_default(),
        };
        let all: BTreeMap<u64, EventRecord> = stored.into_iter().chain(waiting).map(|it| (it.seq, it)).collect();
        let older = all.len().saturating_sub(count);
        Ok(all.into_values().skip(older).collect())
    }

    /// The newest `count` stored events with numbers below `before`, oldest first.
    pub(crate) async fn before(&self, before: u64, count: usize) -> store::Result<Vec<EventRecord>> {
        self.store.events_before(before, count).await
    }

    /// Waits until everything emitted so far is stored, or the store refused it once more.
    pub(crate) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.notes.send(Note::Flush(done)).is_ok() {
            drop(wait.await);
        }
    }
}

/// The bus's task.
struct Work {
    store: Store,
    clock: Clock,
    live: broadcast::Sender<EventRecord>,
    waiting: Waiting,
    /// The newest number.
    last: u64,
    /// The store failed: when to ask it again.
    again: Option<Instant>,
}

impl Work {
    async fn run(mut self, mut queue: mpsc::UnboundedReceiver<Note>) {
        let mut batch = Vec::new();
        loop {
            let again = self.again;
            tokio::select! {
                count = queue.recv_many(&mut batch, 256) => if count == 0 {
                    return;
                },
                () = tokio::time::sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => {}
            }
            let mut flushed = Vec::new();
            for note in batch.drain(..) {
                match note {
                    Note::Event { folder, event, time } => self.tell(folder, event, time),
                    Note::Flush(done) => flushed.push(done),
                }
            }
            if !flushed.is_empty() || self.again.is_none_or(|again| again <= Instant::now()) {
                self.store().await;
            }
            for done in flushed {
                // Who waited may have given up.
                let _ = done.send(());
            }
        }
    }

    fn tell(&mut self, folder: String, event: Event, time: u64) {
        self.last += 1;
        let record = EventRecord { seq: self.last, time, folder, event };
        self.waiting.add(record.clone());
        drop(self.live.send(record));
    }

    async fn store(&mut self) {
        let events = self.waiting.all();
        let Some(last) = events.last().map(|record| record.seq) else { return };
        match self.store.append_events(events).await {
            Ok(()) => {
                self.waiting.stored(last);
                self.again = None;
            }
            Err(error) => {
                if self.again.replace(Instant::now() + AGAIN).is_none() {
                    tracing::error!(%error, "events cannot be stored");
                    let line = format!("Events cannot be stored at the moment, only shown: {}", error.text);
                    self.tell(String::new(), host_event(Level::Error, Action::Fault, line), self.clock.unix_ms());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clocks;

    #[tokio::test]
    async fn event_51_a_store_that_takes_no_events_hides_none_and_changes_no_number() {
        let place = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&place.path().join("store")).await.unwrap();
        let clock = Clock::start(Clocks::default(), 0);
        let bus = Bus::start(store.clone(), clock.clone()).await.unwrap();
        let mut live = bus.subscribe();
        let emit = |bus: &Bus, line: &str| bus.emit("a", host_event(Level::Info, Action::Share, line));
        let seen = |record: &EventRecord| (record.seq, record.event.line.clone());
        emit(&bus, "one");
        bus.flush().await;
        store.close().await;
        emit(&bus, "two");
        bus.flush().await;
        emit(&bus, "three");
        bus.flush().await;
        let mut told = Vec::new();
        while told.len() < 4 {
            told.push(seen(&live.recv().await.unwrap()));
        }
        assert_eq!([&told[0], &told[1], &told[3]], [&(1, "one".into()), &(2, "two".into()), &(4, "three".into())]);
        assert!(told[2].1.starts_with("Events cannot be stored at the moment, only shown: the events:"), "{told:?}");
        assert_eq!(live.try_recv(), Err(broadcast::error::TryRecvError::Empty), "that is said once");
        let recent = bus.recent(3).await.unwrap();
        assert_eq!(recent.iter().map(seen).collect::<Vec<_>>(), told[1..]);

        // The next run goes on after what was stored.
        let (store, _) = Store::open(&place.path().join("store")).await.unwrap();
        let bus = Bus::start(store, clock).await.unwrap();
        emit(&bus, "next");
        bus.flush().await;
        let recent = bus.recent(10).await.unwrap();
        assert_eq!(recent.iter().map(seen).collect::<Vec<_>>(), [(1, "one".into()), (2, "next".into())]);
    }
}
