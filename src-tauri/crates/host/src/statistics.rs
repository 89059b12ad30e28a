//! What is going on, in numbers: edits of the last minute, clients, rooms. Once a minute they go into the log, in the words of the
//! reference server.

use crate::shared::Shared;
use crate::{Host, Result};
use std::sync::Arc;
use std::time::Duration;

/// How often the numbers are logged.
const MINUTE: Duration = Duration::from_secs(60);

/// The numbers of one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Edits of documents in the last minute.
    pub patches: u32,
    /// Sockets in its rooms.
    pub connections: u32,
    /// Rooms that somebody is in, by name.
    pub rooms: Vec<RoomCount>,
}

/// A room, and how many sockets are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomCount {
    /// Its name.
    pub room: String,
    /// API path of its document, `None` for a room without one.
    pub path: Option<String>,
    /// Sockets in it.
    pub clients: u32,
}

impl Host {
    /// The numbers of a folder.
    pub fn statistics(&self, slug: &str) -> Result<Statistics> {
        let folder = self.shared().folder(slug)?;
        let rooms = self.shared().clients.rooms(slug);
        Ok(Statistics {
            patches: folder.edits.in_last_minute(self.shared().clock.now().elapsed),
            connections: rooms.iter().map(|room| room.clients).sum(),
            rooms,
        })
    }

    /// Document edits in the last minute, in all folders.
    pub fn edits_per_minute(&self) -> u32 {
        edits(self.shared())
    }
}

fn edits(shared: &Shared) -> u32 {
    let elapsed = shared.clock.now().elapsed;
    shared.folders().iter().map(|folder| folder.edits.in_last_minute(elapsed)).sum()
}

/// Logs the numbers of the whole host, every minute until it ends.
pub(crate) async fn log(shared: Arc<Shared>) {
    let mut minute = tokio::time::interval(MINUTE);
    // The first tick is now.
    minute.tick().await;
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = minute.tick() => {}
        }
        tracing::info!("Processed {} Y patches in one minute", edits(&shared));
        tracing::info!("Connected Y users: {}", shared.clients.count());
    }
}

#[cfg(test)]
mod tests {
    use crate::support::{Peer, Place, owner, patiently};
    use crate::{Device, Host};
    use std::sync::{Arc, Mutex};
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};

    /// Takes the messages of this crate's log.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>);

    impl Visit for Lines {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            if field.name() == "message" {
                self.0.lock().unwrap().push(format!("{value:?}"));
            }
        }
    }

    impl tracing::Subscriber for Lines {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            metadata.target().starts_with("host::statistics")
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            event.record(&mut self.clone());
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    /// Lets time pass.
    async fn pass(milliseconds: u64) {
        tokio::time::pause();
        tokio::time::advance(std::time::Duration::from_millis(milliseconds)).await;
        tokio::time::resume();
    }

    /// One thread, so that its clock can be stopped and its log is this test's.
    #[test]
    fn seed_5_once_a_minute_the_log_says_how_many_edits_and_clients_there_were() {
        let place = Place::new(&[("a.md", ""), ("b.md", "")]);
        let lines = Lines::default();
        let _logging = tracing::subscriber::set_default(lines.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let host = Host::start(place.config()).await.unwrap();
            host.add_folder(&place.folder(), None).await.unwrap();
            pass(2_000).await;
            let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
            let mut ben = Peer::open(&host, &owner(&host), "a.md").await;
            let eva = host.join(&owner(&host), "JupyterLab:globalAwareness", "", Device::default()).await.unwrap();
            ana.type_in("x").await;
            ana.type_in("y").await;
            ben.sees("xy").await;
            let now = host.statistics("tide-pools").unwrap();
            assert_eq!((now.patches, now.connections), (2, 3));
            let rooms = now.rooms.iter().map(|room| (room.room.as_str(), room.path.as_deref(), room.clients));
            let document = format!("text:file:{}", ana.file);
            let expected = [("JupyterLab:globalAwareness", None, 1), (document.as_str(), Some("a.md"), 2)];
            assert_eq!(rooms.collect::<Vec<_>>(), expected);

            pass(58_500).await;
            let logged = async {
                while lines.0.lock().unwrap().len() < 2 {
                    tokio::task::yield_now().await
                }
            };
            patiently("the numbers", logged).await;
            drop((ana, ben, eva));
            host.shutdown().await;
        });
        assert_eq!(*lines.0.lock().unwrap(), ["Processed 2 Y patches in one minute", "Connected Y users: 3"]);
    }
}
