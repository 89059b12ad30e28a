//! Events: appended to the store, then told to everybody who listens. The bus owns their order.

use protocol::{Event, EventRecord};
use store::Store;
use tokio::sync::{broadcast, mpsc, oneshot};

/// Events that a listener may lag behind before it must read the store again.
const BACKLOG: usize = 1024;

enum Note {
    Event { folder: String, event: Event, time: u64 },
    Flush(oneshot::Sender<()>),
}

/// The way events take. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Bus {
    notes: mpsc::UnboundedSender<Note>,
    live: broadcast::Sender<EventRecord>,
}

impl Bus {
    /// Starts the task that numbers, stores and tells.
    pub(crate) fn start(store: Store) -> Self {
        // Unbounded: an event is small, rooms must not wait for the disk, and their number is bounded by what people do.
        let (notes, mut queue) = mpsc::unbounded_channel();
        let (live, _) = broadcast::channel(BACKLOG);
        let out = live.clone();
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while queue.recv_many(&mut batch, 256).await > 0 {
                let mut flushed = Vec::new();
                let mut events = Vec::new();
                for note in batch.drain(..) {
                    match note {
                        Note::Event { folder, event, time } => events.push((time, folder, event)),
                        Note::Flush(done) => flushed.push(done),
                    }
                }
                if !events.is_empty() {
                    match store.append_events(events).await {
                        Ok(records) => records.into_iter().for_each(|record| drop(out.send(record))),
                        Err(error) => tracing::error!(%error, "events could not be stored"),
                    }
                }
                for done in flushed {
                    // Who waited may have given up.
                    let _ = done.send(());
                }
            }
        });
        Self { notes, live }
    }

    /// Takes an event of a folder (or, with an empty slug, of the whole host).
    pub(crate) fn emit(&self, folder: &str, event: Event) {
        tracing::debug!(folder, action = ?event.action, path = event.path, "{}", event.line);
        // Fails only after the task ended at shutdown.
        drop(self.notes.send(Note::Event { folder: folder.to_owned(), event, time: crate::clock::unix_ms() }));
    }

    /// Live events from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<EventRecord> {
        self.live.subscribe()
    }

    /// Waits until everything emitted so far is stored.
    pub(crate) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.notes.send(Note::Flush(done)).is_ok() {
            drop(wait.await);
        }
    }
}
