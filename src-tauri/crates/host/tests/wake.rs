//! A computer that slept, clocks that were set, a disk that was unplugged, and a host that is dropped.

mod support;

use host::{Clocks, Host, Moment};
use protocol::{Action, Level};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::{Peer, Place, event, guest, holds, owner, patiently, until};

/// Clocks that a test sets.
#[derive(Clone, Default)]
struct Set {
    /// Seconds that the computer slept so far.
    asleep: Arc<AtomicU64>,
    /// Unix milliseconds.
    unix_ms: Arc<AtomicU64>,
}

impl Set {
    fn clocks(&self) -> Clocks {
        let (start, set) = (Instant::now(), self.clone());
        Clocks::new(move || {
            let awake = start.elapsed();
            let asleep = Duration::from_secs(set.asleep.load(Ordering::Relaxed));
            Moment { awake, whole: Some(awake + asleep), unix_ms: set.unix_ms.load(Ordering::Relaxed) }
        })
    }

    fn sleep(&self, seconds: u64) {
        self.asleep.fetch_add(seconds, Ordering::Relaxed);
    }

    fn wall(&self, unix_ms: u64) {
        self.unix_ms.store(unix_ms, Ordering::Relaxed);
    }
}

#[test]
fn sync_80_what_changed_on_disk_unnoticed_during_a_sleep_is_merged_on_waking() {
    let place = Place::new(&[("a.md", "one\n"), ("b.md", "two\n")]);
    // Written by its other name, outside of the folder, the file changes without a notification; nor is it polled.
    let outside = place.directory.path().join("outside.md");
    std::fs::hard_link(place.folder().join("a.md"), &outside).unwrap();
    let set = Set::default();
    let mut config = place.config();
    config.poll_interval = Duration::ZERO;
    config.clocks = set.clocks();
    place.run_with(config, async |host| {
        let (grant, _) = guest(&host, "Ana").await;
        let mut events = host.events();
        let mut ana = Peer::open(&host, &grant, "a.md").await;
        std::fs::write(&outside, "one\nwritten meanwhile\n").unwrap();
        set.sleep(720);
        // Nobody proved to be there yet, and the file does not wait for that.
        ana.sees("one\nwritten meanwhile\n").await;
        let merged = event(&mut events, "the merge", |record| record.event.action == Action::Overwrite).await;
        assert_eq!(merged.event.path.as_deref(), Some("a.md"));
        ana.connection.is_alive();
        let woke = event(&mut events, "the waking", |record| record.event.action == Action::Wake).await;
        assert_eq!((woke.folder.as_str(), woke.event.level), ("", Level::Info));
        assert_eq!(woke.event.line, "This computer slept 12 min; 1 person is back");
        host.shutdown().await;
    });
}

#[test]
fn event_52_on_waking_the_host_says_how_long_it_slept_and_who_is_back() {
    let place = Place::new(&[("a.md", "one\n")]);
    let set = Set::default();
    let mut config = place.config();
    config.clocks = set.clocks();
    place.run_with(config, async |host| {
        let mut events = host.events();
        let mut wakes = host.wakes();
        set.sleep(42);
        let woke = event(&mut events, "the waking", |record| record.event.action == Action::Wake).await;
        assert_eq!(woke.event.line, "This computer slept 42 s");
        wakes.mark_unchanged();

        let _host_itself = Peer::open(&host, &owner(&host), "a.md").await;
        let (ana, ben) = (guest(&host, "Ana").await.0, guest(&host, "Ben").await.0);
        let anas = Peer::open(&host, &ana, "a.md").await;
        let bens = Peer::open(&host, &ben, "a.md").await;
        set.sleep(7530);
        patiently("the waking", wakes.changed()).await.unwrap();
        // One answers; the other's connection died and is begun anew.
        anas.connection.is_alive();
        drop(bens);
        let _again = Peer::open(&host, &ben, "a.md").await;
        let woke = event(&mut events, "the second waking", |record| record.event.action == Action::Wake).await;
        assert_eq!(woke.event.line, "This computer slept 2 h 5 min; 2 people are back");
        host.shutdown().await;
    });
}

#[test]
fn event_53_a_clock_that_is_set_changes_no_order_no_access_and_no_save() {
    const HOUR: u64 = 3_600_000;
    let place = Place::new(&[("a.md", "one\n")]);
    let set = Set::default();
    set.wall(500_000 * HOUR);
    let mut config = place.config();
    config.clocks = set.clocks();
    let (mut shown, mut token) = (String::from("one\n"), String::new());
    for (round, hour) in [500_000, 3, 499_998, 0].into_iter().enumerate() {
        place.run_with(config.clone(), async |host| {
            let mut events = host.events();
            if token.is_empty() {
                token = guest(&host, "Ana").await.1;
            }
            let grant = host.authenticate("tide-pools", &token, true).unwrap();
            let mut ana = Peer::open(&host, &grant, "a.md").await;
            set.wall(hour * HOUR);
            let typed = format!("{round}\n");
            ana.type_in(&typed).await;
            shown += &typed;
            let saved = event(&mut events, "the save", |record| record.event.action == Action::Save).await;
            assert_eq!(saved.time, hour * HOUR);
            assert!(holds(&place.folder().join("a.md"), &shown));
            drop(ana);
            let left = event(&mut events, "the leaving", |record| record.event.action == Action::Leave).await;
            let seconds = left.event.line.strip_prefix("after ").and_then(|line| line.strip_suffix(" s"));
            assert!(seconds.is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{:?}", left.event.line);
            let recent = host.recent_events(1_000).await.unwrap();
            assert!(recent.is_sorted_by_key(|record| record.seq));
            assert!(recent.iter().all(|record| record.event.action != Action::Wake));
            host.shutdown().await;
        });
    }
}

#[test]
fn session_60_an_unplugged_disk_is_no_deletion_and_comes_back() {
    let place = Place::new(&[("a.md", "one\n"), ("x/b.md", "two\n")]);
    let mut config = place.config();
    config.policy.retry_delay = Duration::from_millis(200);
    let away = place.directory.path().join("away");
    place.run_with(config, async |host| {
        let mut events = host.events();
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        drop(Peer::open(&host, &owner(&host), "x/b.md").await);
        // As a mount point is left behind: another directory, with nothing in it.
        std::fs::rename(place.folder(), &away).unwrap();
        std::fs::create_dir(place.folder()).unwrap();
        ana.type_in("typed\n").await;
        until(&host, "the absence", |host| !host.folders()[0].present).await;
        let told = event(&mut events, "the absence", |record| record.event.level == Level::Warning).await;
        assert_eq!(told.event.line, "Tide pools is not there; its disk may be unplugged. It comes back by itself");
        assert!(std::fs::read_dir(place.folder()).unwrap().next().is_none(), "nothing is written where it was");

        std::fs::remove_dir(place.folder()).unwrap();
        std::fs::rename(&away, place.folder()).unwrap();
        event(&mut events, "the return", |record| record.event.line == "Tide pools is there again").await;
        event(&mut events, "the save", |record| {
            record.event.action == Action::Save && record.event.level == Level::Info
        })
        .await;
        assert_eq!(place.read("a.md"), "one\ntyped\n");
        let recent = host.recent_events(1_000).await.unwrap();
        let count = |is: &dyn Fn(&protocol::Event) -> bool| recent.iter().filter(|record| is(&record.event)).count();
        assert_eq!(count(&|event| event.action == Action::Delete), 0);
        assert_eq!(count(&|event| event.line.starts_with("Tide pools is not there")), 1);
        // What is really deleted is told as that.
        std::fs::remove_dir_all(place.folder().join("x")).unwrap();
        std::fs::remove_file(place.folder().join("a.md")).unwrap();
        event(&mut events, "the deletion", |record| record.event.action == Action::Delete).await;
        assert!(host.folders()[0].present);
        host.shutdown().await;
    });
}

#[test]
fn session_61_a_folder_whose_disk_is_away_at_the_start_is_waited_for() {
    let place = Place::new(&[("a.md", "one\n")]);
    let file = place.run(async |host| {
        let file = Peer::open(&host, &owner(&host), "a.md").await.file.clone();
        host.shutdown().await;
        file
    });
    let away = place.directory.path().join("away");
    std::fs::rename(place.folder(), &away).unwrap();
    std::fs::create_dir(place.folder()).unwrap();
    place.run(async |host| {
        assert!(!host.folders()[0].present);
        std::fs::remove_dir(place.folder()).unwrap();
        std::fs::rename(&away, place.folder()).unwrap();
        until(&host, "the folder", |host| host.folders()[0].present).await;
        assert_eq!(Peer::open(&host, &owner(&host), "a.md").await.file, file);
        host.shutdown().await;
    });
}

#[test]
fn store_84_a_host_that_is_dropped_in_the_middle_stores_what_waits_for_its_group() {
    let place = Place::new(&[("a.md", "one\n")]);
    let mut config = place.config();
    config.policy.save_delay = None;
    place.run_with(config, async |host| {
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        ana.type_in("typed\n").await;
        until(&host, "the edit", |host| host.folders()[0].unsaved == 1).await;
        drop((ana, host));
        // Its store is free when the last of its tasks is done.
        let next = patiently("the store", async {
            loop {
                match Host::start(place.config()).await {
                    Ok(host) => return host,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        });
        let host = next.await;
        assert_eq!(Peer::open(&host, &owner(&host), "a.md").await.text(), "one\ntyped\n");
        host.shutdown().await;
    });
}
