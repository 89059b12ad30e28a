//! Connections that died while the computer slept.

use host::{Clocks, Moment};
use protocol::Action;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tests::{Setup, TestClient, TestHost, until};

#[tokio::test]
async fn session_63_on_waking_dead_connections_are_found_at_once_and_their_people_come_back() {
    let asleep = Arc::new(AtomicU64::new(0));
    let clocks = {
        let (asleep, start) = (asleep.clone(), Instant::now());
        Clocks::new(move || {
            let awake = start.elapsed();
            let whole = Some(awake + Duration::from_secs(asleep.load(Ordering::Relaxed)));
            Moment { awake, whole, unix_ms: 0 }
        })
    };
    let host = TestHost::start_with(&[("a.md", "one\n")], Setup { clocks, ..Setup::default() }).await;
    let (room, session) = host.session("a.md", "text", "file").await;
    let secret = host.share().await;
    let path = format!("/{}/api/collaboration/room/{room}?sessionId={session}", host.slug);
    let (ana, ben) = (host.redeem(&secret, "Ana").await, host.redeem(&secret, "Ben").await);
    let joining = |cookie: String| host.guest("GET", &path).header("Cookie", &cookie);
    let (anas, bens) = (joining(ana.cookie()), joining(ben.cookie()));
    let ana = TestClient::new().connected(anas).await.synced().await;
    // Never read from, so it answers nothing: as one whose network went away.
    let _dead = bens.clone().connect().await.unwrap();
    let connected = |count: usize| {
        let host = &host;
        until("the people", async move || host.host.folders()[0].people.len() == count)
    };
    connected(2).await;
    let mut events = host.host.events();
    asleep.store(720, Ordering::Relaxed);
    connected(1).await;
    let _ben = TestClient::new().connected(bens).await.synced().await;
    let woke = loop {
        let record = events.recv().await.unwrap();
        if record.event.action == Action::Wake {
            break record;
        }
    };
    assert_eq!(woke.event.line, "This computer slept 12 min; 2 people are back");
    ana.type_at(0, "here ");
    host.saved("a.md", "here one\n").await;
}
