//! Documents in a running host: opening, typing, saving, restarting.

mod support;

use host::{Device, Outgoing};
use protocol::{Action, CloseCode, DocumentKind, ErrorCode, SessionId};
use store::Store;
use support::{Peer, Place, event, owner, patiently, until};

#[test]
fn session_3_two_first_clients_meet_in_one_document() {
    let place = Place::new(&[("a.md", "hello\n")]);
    place.run(async |host| {
        let grant = owner(&host);
        let (mut ana, mut ben) = tokio::join!(Peer::open(&host, &grant, "a.md"), Peer::open(&host, &grant, "/./a.md/"));
        assert_eq!((ana.text(), ben.text()), ("hello\n".into(), "hello\n".into()));
        assert_eq!(ana.file, ben.file);
        ana.type_in("a").await;
        ben.sees("hello\na").await;
        ben.type_in("b").await;
        ana.sees("hello\nab").await;
        let events = host.recent_events(100).await.unwrap();
        let loads = events.iter().filter(|record| record.event.action == Action::Load).count();
        assert_eq!(loads, 1);
    });
}

#[test]
fn session_4_an_unknown_session_is_refused_before_anything_happens() {
    let place = Place::new(&[("a.md", "hello\n")]);
    place.run(async |host| {
        let grant = owner(&host);
        let (answer, new) = host.open_session(&grant, "a.md", DocumentKind::text()).await.unwrap();
        assert!(new);
        assert!(!host.open_session(&grant, "a.md", DocumentKind::text()).await.unwrap().1);
        let room = format!("text:file:{}", answer.file_id);
        let closing = host.join(&grant, &room, "stale", Device::default()).await.unwrap_err();
        assert_eq!(closing.code, CloseCode::UnknownSession);
        assert!(closing.reason.contains(r#""reason":"unknown_session","sessionId":"stale","reloadable":true"#));
        let closing = host.join(&grant, "text:file:nothing", answer.session_id.as_str(), Device::default()).await;
        assert_eq!(closing.unwrap_err().code, CloseCode::FileGone);
        assert_eq!(host.folders()[0].documents, 0);
        assert!(host.folders()[0].people.is_empty());

        let answer = |path| host.open_session(&grant, path, DocumentKind::text());
        assert_eq!(answer("b.md").await.unwrap_err().code, ErrorCode::NotFound);
        assert_eq!(answer("../a.md").await.unwrap_err().code, ErrorCode::NotFound);
        assert_eq!(answer("").await.unwrap_err().code, ErrorCode::BadRequest);
    });
}

#[test]
fn session_5_who_does_not_keep_up_is_disconnected_and_the_others_go_on() {
    let place = Place::new(&[("a.md", "")]);
    place.run(async |host| {
        let grant = owner(&host);
        let mut slow = Peer::open(&host, &grant, "a.md").await;
        let mut ana = Peer::open(&host, &grant, "a.md").await;
        let mut expected = String::new();
        // Nobody takes what is sent to the slow one; its outbox fills up.
        until(&host, "two", |host| host.folders()[0].people.iter().any(|person| person.connections == 2)).await;
        let mut count = 0;
        while host.folders()[0].people.iter().any(|person| person.connections == 2) {
            ana.type_in("x").await;
            expected.push('x');
            count += 1;
            assert!(count < 100_000, "the slow client is never let go");
        }
        assert_eq!(slow.end().await.code, CloseCode::FellBehind);
        assert!(!slow.connection.send(vec![0].into()).await);
        let mut again = Peer::open(&host, &grant, "a.md").await;
        again.sees(&expected).await;
        host.shutdown().await;
    });
}

#[test]
fn session_6_a_room_without_a_file_relays_presence_and_ends_with_its_last_client() {
    let place = Place::new(&[]);
    place.run(async |host| {
        let grant = owner(&host);
        let join = || host.join(&grant, "JupyterLab:globalAwareness", "", Device::default());
        let (mut ana, mut ben) = (join().await.unwrap(), join().await.unwrap());
        // Client 7, clock 1, a state.
        let state = br#"{"user":{"name":"Ana"}}"#;
        let mut frame = vec![1, state.len() as u8 + 4, 1, 7, 1, state.len() as u8];
        frame.extend_from_slice(state);
        assert!(ana.send(frame.into()).await);
        let has_state = |outgoing: &Option<host::Outgoing>| match outgoing {
            Some(host::Outgoing::Frame(frame)) => frame.windows(state.len()).any(|part| part == state),
            other => panic!("{other:?}"),
        };
        patiently("presence", async { while !has_state(&ben.receive().await) {} }).await;
        // The author hears it too: stock clients reconnect after 30 s of silence.
        patiently("the echo", async { while !has_state(&ana.receive().await) {} }).await;
        assert_eq!(host.folders()[0].documents, 0);
        drop((ana, ben));
        until(&host, "nobody", |host| host.folders()[0].people.is_empty()).await;
        let closing = host.join(&grant, "", "", Device::default()).await.unwrap_err();
        assert_eq!(closing.code, CloseCode::BadContent);
    });
}

#[test]
fn session_7_a_session_from_before_a_documents_history_is_refused() {
    let place = Place::new(&[("a.md", "hello\n"), ("b.md", "there\n")]);
    let (state, session) = place.run(async |host| {
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        Peer::open(&host, &owner(&host), "b.md").await;
        ana.type_in("ana").await;
        host.shutdown().await;
        (ana.state(), ana.session.clone())
    });
    // The history of one document is lost: it begins anew in a new session.
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (store, _) = Store::open(&place.state_dir().join("commonplace.sqlite")).await.unwrap();
        let folder = store.folders().await.unwrap().remove(0);
        store.next_session(folder.id, SessionId("newer".into())).await.unwrap();
        let file = store.files(folder.id).await.unwrap().into_iter().find(|file| file.path == "a.md").unwrap();
        store.clear_history(folder.id, &format!("text:file:{}", file.id)).await.unwrap();
        store.close().await;
    });
    place.run(async |host| {
        let grant = owner(&host);
        let mut ana = Peer::open_with(&host, &grant, "a.md", Some(state), Some(session.clone())).await;
        assert_eq!(ana.end().await.code, CloseCode::UnknownSession);
        // The other document's history goes on.
        Peer::open_with(&host, &grant, "b.md", None, Some(session)).await.sees("there\n").await;
        let mut fresh = Peer::open(&host, &grant, "a.md").await;
        fresh.sees("hello\nana").await;
    });
}

#[test]
fn session_11_a_history_that_cannot_be_read_is_laid_aside_and_begins_anew_in_a_new_session() {
    let place = Place::new(&[("a.md", "hello\n")]);
    let (file, session) = place.run(async |host| {
        let ana = Peer::open(&host, &owner(&host), "a.md").await;
        host.shutdown().await;
        (ana.file.clone(), ana.session.clone())
    });
    let room = format!("text:file:{file}");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (store, _) = Store::open(&place.state_dir().join("commonplace.sqlite")).await.unwrap();
        let folder = store.folders().await.unwrap().remove(0);
        let next = store.history(folder.id, &room).await.unwrap().log.last().unwrap().0 + 1;
        let append = vec![(next, b"no update".as_slice().into())];
        let batch = store::Batch { append, ..store::Batch::default() };
        store.commit(folder.id, &room, 1, batch).await.unwrap();
        store.close().await;
    });
    place.run(async |host| {
        let grant = owner(&host);
        let mut events = host.events();
        let mut first = host.join(&grant, &room, &session, Device::default()).await.unwrap();
        let closing = patiently("the end", async {
            loop {
                if let Outgoing::Close(closing) = first.receive().await.unwrap() {
                    return closing;
                }
            }
        });
        assert_eq!(closing.await.code, CloseCode::Fault);
        event(&mut events, "the fault", |record| record.event.action == Action::Fault).await;
        let mut again = Peer::open(&host, &grant, "a.md").await;
        again.sees("hello\n").await;
        assert_eq!(again.file, file);
        let mut old = Peer::open_with(&host, &grant, "a.md", None, Some(session)).await;
        assert_eq!(old.end().await.code, CloseCode::UnknownSession);
    });
}

#[test]
fn store_120_a_history_with_an_entry_that_is_refused_now_goes_on_in_its_session() {
    let place = Place::new(&[("a.md", "hello\n")]);
    let (file, session, state) = place.run(async |host| {
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        ana.type_in("there\n").await;
        host.shutdown().await;
        (ana.file.clone(), ana.session.clone(), ana.state())
    });
    let room = format!("text:file:{file}");
    let rows = async |entry: Option<&[u8]>| {
        let (store, _) = Store::open(&place.state_dir().join("commonplace.sqlite")).await.unwrap();
        let folder = store.folders().await.unwrap().remove(0);
        let log = store.history(folder.id, &room).await.unwrap().log;
        if let Some(entry) = entry {
            let append = vec![(log.last().unwrap().0 + 1, entry.into())];
            let batch = store::Batch { append, ..store::Batch::default() };
            store.commit(folder.id, &room, 1, batch).await.unwrap();
        }
        store.close().await;
        log
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // As a milder version logged it: a value in a map, and another in that.
    let entry =
        [&[1, 2, 9, 0, 0x28, 1, 1][..], b"a", &[1], b"k", &[1, 126, 0x28, 0, 9, 0, 1], b"k", &[1, 126, 0]].concat();
    let before = runtime.block_on(rows(Some(&entry)));
    place.run(async |host| {
        let mut events = host.events();
        let mut ana = Peer::open_with(&host, &owner(&host), "a.md", Some(state), Some(session)).await;
        event(&mut events, "what was refused", |record| record.event.line.contains("1 entry in the history of a.md"))
            .await;
        ana.type_in("again\n").await;
        Peer::open(&host, &owner(&host), "a.md").await.sees("hello\nthere\nagain\n").await;
        host.shutdown().await;
    });
    assert_eq!(place.read("a.md"), "hello\nthere\nagain\n");
    let after = runtime.block_on(rows(None));
    assert_eq!((&after[..before.len()], &*after[before.len()].1), (&before[..], &*entry), "nothing is laid aside");
}

#[test]
fn save_30_an_edit_reaches_the_file_and_stopping_the_host_waits_for_it() {
    let place = Place::new(&[("a.md", "hello\n"), ("b.md", "")]);
    let mut config = place.config();
    place.run(async |host| {
        let mut events = host.events();
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        ana.type_in("there\n").await;
        event(&mut events, "the save", |record| record.event.action == Action::Save).await;
        assert_eq!(host.edits_per_minute(), 1);
        let kind = DocumentKind::text();
        let open = host.document("tide-pools", "a.md", &kind).await.unwrap().map(|copy| copy.bytes());
        assert_eq!(open.as_deref(), Some(b"hello\nthere\n".as_slice()));
        assert!(host.document("tide-pools", "b.md", &kind).await.unwrap().is_none());
        host.shutdown().await;
    });
    assert_eq!(place.read("a.md"), "hello\nthere\n");
    // Saved by itself only in an hour: but the host stops now.
    config.policy.save_delay = Some(std::time::Duration::from_secs(3600));
    config.policy.save_at_most = std::time::Duration::from_secs(3600);
    place.run_with(config, async |host| {
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        let mut ben = Peer::open(&host, &owner(&host), "a.md").await;
        ana.type_in("last\n").await;
        ben.sees("hello\nthere\nlast\n").await;
        until(&host, "it is unsaved", |host| host.folders()[0].unsaved == 1).await;
        host.shutdown().await;
        assert_eq!(ana.end().await.code, CloseCode::Quitting);
    });
    assert_eq!(place.read("a.md"), "hello\nthere\nlast\n");
}

#[test]
fn save_31_what_was_typed_last_before_leaving_is_heard() {
    let place = Place::new(&[("a.md", "")]);
    place.run(async |host| {
        let mut events = host.events();
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        for _ in 0..300 {
            ana.type_in("x").await;
        }
        drop(ana);
        event(&mut events, "the end of the room", |record| record.event.action == Action::Clean).await;
        host.shutdown().await;
    });
    assert_eq!(place.read("a.md"), "x".repeat(300));
}

#[test]
fn store_31_a_killed_host_comes_back_with_every_edit_and_an_old_client_merges() {
    let place = Place::new(&[("a.md", "hello\n")]);
    let mut config = place.config();
    config.policy.save_delay = None;
    let (state, session) = place.run_with(config, async |host| {
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        ana.type_in("typed").await;
        let asked = [&[2_u8, 7][..], b"stored?", &[1]].concat();
        assert!(ana.connection.send(asked.into()).await);
        let is_answer = |frame: &bytes::Bytes| frame.windows(6).any(|part| part == b"stored");
        ana.until("what is stored", |peer| peer.other.iter().any(is_answer)).await;
        (ana.state(), ana.session.clone())
    });
    assert_eq!(place.read("a.md"), "hello\n", "the host was killed before it saved");
    place.run(async |host| {
        let mut events = host.events();
        let grant = owner(&host);
        let mut ben = Peer::open(&host, &grant, "a.md").await;
        assert_eq!(ben.text(), "hello\ntyped");
        // Yesterday's tab comes back with its own state and what it typed meanwhile.
        let mut ana = Peer::open_with(&host, &grant, "a.md", Some(state), Some(session)).await;
        ana.type_in(" on").await;
        ben.sees("hello\ntyped on").await;
        event(&mut events, "the save", |record| record.event.action == Action::Save).await;
        host.shutdown().await;
    });
    assert_eq!(place.read("a.md"), "hello\ntyped on");
}

#[test]
fn store_34_a_long_log_becomes_one_state_when_nobody_is_there() {
    let place = Place::new(&[("a.md", "")]);
    let (file, state, session) = place.run(async |host| {
        let mut events = host.events();
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        for _ in 0..100 {
            ana.type_in("x").await;
        }
        let (file, state, session) = (ana.file.clone(), ana.state(), ana.session.clone());
        drop(ana);
        event(&mut events, "the end of the room", |record| record.event.action == Action::Clean).await;
        host.shutdown().await;
        (file, state, session)
    });
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (store, _) = Store::open(&place.state_dir().join("commonplace.sqlite")).await.unwrap();
        let folder = store.folders().await.unwrap().remove(0);
        let history = store.history(folder.id, &format!("text:file:{file}")).await.unwrap();
        assert!(history.log.len() < 10, "{} entries", history.log.len());
        store.close().await;
    });
    place.run(async |host| {
        let mut ana = Peer::open_with(&host, &owner(&host), "a.md", Some(state), Some(session)).await;
        ana.type_in(".").await;
        host.shutdown().await;
    });
    assert_eq!(place.read("a.md"), "x".repeat(100) + ".");
}

#[test]
fn save_32_two_rooms_of_one_file_are_in_step() {
    let place = Place::new(&[("a.txt", "one\n")]);
    place.run(async |host| {
        let grant = owner(&host);
        let mut ana = Peer::open(&host, &grant, "a.txt").await;
        let room = format!("text:unicode:{}", ana.file);
        let other = host.join(&grant, &room, &ana.session, Device::default()).await.unwrap();
        let mut ben = Peer::new(other, &ana).await;
        ana.type_in("two\n").await;
        ben.sees("one\ntwo\n").await;
        ben.type_in("three\n").await;
        ana.sees("one\ntwo\nthree\n").await;
        host.shutdown().await;
    });
    assert_eq!(place.read("a.txt"), "one\ntwo\nthree\n");
}

#[test]
fn dropping_the_host_ends_its_tasks() {
    let place = Place::new(&[("a.md", "")]);
    place.run(async |host| {
        let mut ana = Peer::open(&host, &owner(&host), "a.md").await;
        drop(host);
        patiently("the end", async { while ana.connection.receive().await.is_some() {} }).await;
    });
}

#[test]
fn seed_8_every_task_of_a_host_ends_when_it_stops() {
    let names: Vec<String> = (0..20).map(|number| format!("{number}.md")).collect();
    let place = Place::new(&names.iter().map(|name| (name.as_str(), "before\n")).collect::<Vec<_>>());
    let mut config = place.config();
    config.policy.save_delay = None;
    config.document_ttl = Some(std::time::Duration::from_secs(3600));
    place.run_with(config, async |host| {
        let mut peers = Vec::new();
        for name in &names {
            let mut peer = Peer::open(&host, &owner(&host), name).await;
            peer.type_in("after\n").await;
            peers.push(peer);
        }
        let metrics = tokio::runtime::Handle::current().metrics();
        assert!(metrics.num_alive_tasks() > 20);
        host.shutdown().await;
        drop((host, peers));
        let ended = async {
            while metrics.num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
        };
        patiently("the last task", ended).await;
    });
    assert!(names.iter().all(|name| place.read(name) == "before\nafter\n"));
}
