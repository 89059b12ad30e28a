//! Old histories: the log of a document that nobody edited for long is put together into one state. The document says the same
//! after it; what is gone is how it came to.
//!
//! Not here: how a log is shortened (`opening`), which also happens, at whatever age, to one that gets long.

use crate::opening;
use crate::shared::Shared;
use protocol::RoomId;
use std::sync::Arc;
use std::time::Duration;

/// Looks for expired histories until the host ends.
pub(crate) async fn watch(shared: Arc<Shared>) {
    let Some(ttl) = shared.config.document_ttl else { return };
    let mut tick = tokio::time::interval(ttl.clamp(Duration::from_secs(1), Duration::from_secs(60)));
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = tick.tick() => expire(&shared, ttl).await,
        }
    }
}

/// Shortens every log that has not grown for so long, whether its document is open or not.
pub(crate) async fn expire(shared: &Shared, ttl: Duration) {
    let now = shared.clock.unix_ms();
    let before = now.saturating_sub(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
    let expired = match shared.store.take_expired(before, now).await {
        Ok(expired) => expired,
        Err(error) => return tracing::warn!(%error, "the ages of histories cannot be read"),
    };
    for (folder, room) in expired {
        let Some(RoomId::Document { kind, .. }) = RoomId::parse(&room) else { continue };
        match opening::shorten(&shared.store, folder, &room, kind.model()).await {
            Ok(()) => tracing::debug!(room, "an old history was put together"),
            Err(error) => tracing::warn!(error, room, "an old history could not be put together"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::expire;
    use crate::support::{Peer, Place, event, owner};
    use crate::{Clocks, Moment};
    use protocol::Action;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    /// Waits until everything in the room so far is in its log.
    async fn stored(peer: &mut Peer) {
        let is_answer = |frame: &&bytes::Bytes| frame.windows(6).any(|part| part == b"stored");
        let answers = |peer: &Peer| peer.other.iter().filter(is_answer).count();
        let before = answers(peer);
        let asked = [&[2_u8, 7][..], b"stored?", &[1]].concat();
        assert!(peer.connection.send(asked.into()).await);
        peer.until("what is stored", |peer| answers(peer) > before).await;
    }

    #[test]
    fn seed_3_an_expired_history_is_one_state_and_the_document_is_unchanged() {
        const TTL: Duration = Duration::from_secs(3600);
        let place = Place::new(&[("a.md", "hello\n"), ("b.md", "")]);
        let seconds = Arc::new(AtomicU64::new(1_000_000));
        let mut config = place.config();
        let read = seconds.clone();
        config.clocks =
            Clocks::new(move || Moment { unix_ms: read.load(Ordering::Relaxed) * 1000, ..Moment::default() });
        config.policy.cleanup_delay = None;
        place.run_with(config, async |host| {
            let shared = host.shared();
            let (folder, mut events) = (shared.folder("tide-pools").unwrap(), host.events());
            let rows = async |peer: &Peer| {
                let room = format!("text:file:{}", peer.file);
                shared.store.history(folder.id, &room).await.unwrap().log.len()
            };
            let (mut ana, mut ben) =
                (Peer::open(&host, &owner(&host), "a.md").await, Peer::open(&host, &owner(&host), "b.md").await);
            for word in ["one ", "two ", "three\n"] {
                ana.type_in(word).await;
                event(&mut events, "the save", |record| record.event.action == Action::Save).await;
            }
            stored(&mut ana).await;
            let before = rows(&ana).await;
            assert!(before > 3, "{before}");

            seconds.fetch_add(3500, Ordering::Relaxed);
            expire(shared, TTL).await;
            assert_eq!(rows(&ana).await, before, "it is young enough");
            ben.type_in("young\n").await;
            event(&mut events, "the save", |record| record.event.action == Action::Save).await;
            stored(&mut ben).await;
            let young = rows(&ben).await;
            seconds.fetch_add(200, Ordering::Relaxed);
            expire(shared, TTL).await;
            assert!(rows(&ana).await < before);
            assert_eq!(rows(&ben).await, young, "each document has an age of its own");

            // Who is in it goes on, and who comes anew sees all of it.
            ana.type_in("four\n").await;
            Peer::open(&host, &owner(&host), "a.md").await.sees("hello\none two three\nfour\n").await;
            host.shutdown().await;
        });
        assert_eq!(place.read("a.md"), "hello\none two three\nfour\n");
        place.run(async |host| {
            Peer::open(&host, &owner(&host), "a.md").await.sees("hello\none two three\nfour\n").await;
            host.shutdown().await;
        });
    }
}
