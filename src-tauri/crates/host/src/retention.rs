//! Old histories: the log of a document that nobody edited for long is put together into one state. The document says the same
//! after it; what is gone is how it came to.
//!
//! Not here: how a log is shortened (`opening`), which also happens, at whatever age, to one that gets long; its room sees to both.

use crate::actor;
use crate::registry::Told;
use crate::shared::Shared;
use protocol::RoomId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

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

/// Shortens every log that has not grown for so long, whether its document is open or not; one after the other, because each
/// is loaded for it.
pub(crate) async fn expire(shared: &Arc<Shared>, ttl: Duration) {
    let now = shared.clock.steady_ms();
    let before = now.saturating_sub(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
    let expired = match shared.store.take_expired(before, now).await {
        Ok(expired) => expired,
        Err(error) => return tracing::warn!(%error, "the ages of histories cannot be read"),
    };
    for (folder, room) in expired {
        let folder = shared.folders().iter().find(|there| there.id == folder).cloned();
        let (Some(folder), Some(room @ RoomId::Document { .. })) = (folder, RoomId::parse(&room)) else { continue };
        let (done, shortened) = oneshot::channel();
        let told = folder.rooms.tell(&room, Told::Shorten { done }, |told, status| {
            let task = actor::run(shared.clone(), folder.clone(), room.clone(), status, told);
            folder.tasks.spawn(task);
        });
        if told.is_ok() {
            // Dropped, never sent.
            shortened.await.ok();
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
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
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
    fn store_125_a_clock_that_is_set_a_year_forth_or_back_expires_and_thins_nothing_and_stops_no_save() {
        const TTL: Duration = Duration::from_secs(24 * 3600);
        const YEAR: i64 = 365 * 24 * 3600;
        let place = Place::new(&[("a.md", "\n")]);
        let (passed, set) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicI64::new(50 * YEAR)));
        let mut config = place.config();
        let read = (passed.clone(), set.clone());
        config.clocks = Clocks::new(move || {
            let passed = read.0.load(Ordering::Relaxed);
            let unix_ms = passed.saturating_add_signed(read.1.load(Ordering::Relaxed)) * 1000;
            let passed = Duration::from_secs(passed);
            Moment { awake: passed, whole: Some(passed), unix_ms }
        });
        // Fifty versions, one every 70 s: all are less than an hour old, and none is of the minute of another.
        let mut text = String::from("\n");
        for (round, year) in [0, 1, -1, 0, 40].into_iter().enumerate() {
            place.run_with(config.clone(), async |host| {
                let (shared, grant, mut events) = (host.shared(), owner(&host), host.events());
                let folder = shared.folder("tide-pools").unwrap();
                let mut ana = Peer::open(&host, &grant, "a.md").await;
                let room = format!("text:file:{}", ana.file);
                let rows = async || shared.store.history(folder.id, &room).await.unwrap().log.len();
                for edit in 0..10 {
                    if edit == 5 {
                        set.store((50 + year) * YEAR, Ordering::Relaxed);
                    }
                    passed.fetch_add(70, Ordering::Relaxed);
                    let word = format!("{round}.{edit} ");
                    ana.type_in(&word).await;
                    text.push_str(&word);
                    event(&mut events, "the save", |record| record.event.action == Action::Save).await;
                    assert_eq!(place.read("a.md"), text);
                }
                stored(&mut ana).await;
                let versions = host.versions(&grant, "a.md").await.unwrap().versions.len();
                assert_eq!(versions, (round + 1) * 10, "none was thinned");
                let before = rows().await;
                expire(shared, TTL).await;
                assert_eq!(rows().await, before, "no history is as old");
                host.shutdown().await;
            });
        }
        place.run_with(config, async |host| {
            let (shared, mut ana) = (host.shared(), Peer::open(&host, &owner(&host), "a.md").await);
            ana.sees(&text).await;
            let folder = shared.folder("tide-pools").unwrap().id;
            let room = format!("text:file:{}", ana.file);
            ana.type_in("the last").await;
            stored(&mut ana).await;
            let before = shared.store.history(folder, &room).await.unwrap().log.len();
            passed.fetch_add(TTL.as_secs() + 1, Ordering::Relaxed);
            expire(shared, TTL).await;
            let after = shared.store.history(folder, &room).await.unwrap().log.len();
            assert!(after < before, "in its time it expires: {after} of {before}");
            host.shutdown().await;
        });
    }

    #[test]
    fn seed_3_an_expired_history_is_one_state_and_the_document_is_unchanged() {
        const TTL: Duration = Duration::from_secs(3600);
        let place = Place::new(&[("a.md", "hello\n"), ("b.md", "")]);
        let seconds = Arc::new(AtomicU64::new(1_000_000));
        let mut config = place.config();
        let read = seconds.clone();
        config.clocks = Clocks::new(move || {
            let passed = Duration::from_secs(read.load(Ordering::Relaxed));
            Moment { awake: passed, whole: Some(passed), unix_ms: 1_000_000_000 }
        });
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
