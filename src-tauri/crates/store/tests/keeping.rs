//! The file itself, and all that is kept beside histories.

#![allow(clippy::unwrap_used)]

use protocol::panel::{Ended, LinkWish};
use protocol::{Action, Digest, Event, EventKind, EventRecord, FileId, Level, Role, SessionId, User};
use store::{AccessKey, AccessRow, AccessRows, Batch, DeviceRow, FileRow, GuestRow, LinkRow, Store, TokenRow};

async fn both() -> [(Store, Option<tempfile::TempDir>); 2] {
    let place = tempfile::tempdir().unwrap();
    let (on_disk, _) = Store::open(&place.path().join("commonplace.db")).await.unwrap();
    [(on_disk, Some(place)), (Store::temporary().await.unwrap(), None)]
}

fn event(line: &str) -> Event {
    Event {
        level: Level::Info,
        kind: EventKind::Host,
        action: Action::Share,
        room: None,
        path: None,
        person: None,
        msg: String::new(),
        line: line.to_owned(),
    }
}

fn guest(name: &str) -> GuestRow {
    GuestRow {
        token: Digest::of(name.as_bytes()),
        user: User::new(name, name, Some("#a05028".to_owned())),
        role: Role::Edit,
        link: Some("link".to_owned()),
        address: None,
        seen: 5,
        removed: None,
    }
}

/// A row under its key, as it is to be stored.
fn kept(guest: GuestRow) -> (AccessKey, Option<AccessRow>) {
    (AccessKey::Guest(guest.user.username.clone()), Some(AccessRow::Guest(guest)))
}

#[tokio::test]
async fn store_6_an_unreadable_file_is_moved_aside_and_reported() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("commonplace.db");
    for number in 1..=2 {
        std::fs::write(
            &path,
            b"this is not a database, but it is long enough to be looked at as if it were one; ".repeat(80),
        )
        .unwrap();
        std::fs::write(place.path().join("commonplace.db-wal"), b"rest").unwrap();
        let (store, aside) = Store::open(&path).await.unwrap();
        let aside = aside.unwrap();
        assert_eq!(aside, place.path().join(format!("commonplace.db.unreadable-{number}")));
        assert!(std::fs::read(&aside).unwrap().starts_with(b"this is not"));
        store.set_setting("name", "Ada").await.unwrap();
        store.close().await;
    }
    let (store, aside) = Store::open(&path).await.unwrap();
    assert_eq!(aside, None);
    assert_eq!(store.setting("name").await.unwrap().as_deref(), Some("Ada"));
}

#[tokio::test]
async fn store_6_damage_in_the_middle_of_the_file_is_found_when_it_is_opened() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("commonplace.db");
    let (store, _) = Store::open(&path).await.unwrap();
    for number in 0..200 {
        store.set_setting(&format!("key {number}"), &"value ".repeat(40)).await.unwrap();
    }
    store.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    for page in bytes.chunks_mut(4096).skip(2) {
        page[..64].fill(0x5a);
    }
    std::fs::write(&path, bytes).unwrap();
    let (store, aside) = Store::open(&path).await.unwrap();
    assert!(aside.is_some());
    assert_eq!(store.setting("key 7").await.unwrap(), None);
}

#[tokio::test]
async fn store_7_a_file_of_a_newer_version_is_refused_and_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("commonplace.db");
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.execute_batch("PRAGMA user_version = 99; CREATE TABLE future (x);").unwrap();
    drop(newer);
    let text = Store::open(&path).await.err().unwrap().to_string();
    assert!(text.contains("newer Commonplace") && text.contains("99"), "{text}");
    let same = rusqlite::Connection::open(&path).unwrap();
    assert!(same.prepare("SELECT x FROM future").is_ok());
}

#[tokio::test]
async fn store_8_a_second_program_on_the_same_file_is_told_so() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("commonplace.db");
    let (first, _) = Store::open(&path).await.unwrap();
    let text = Store::open(&path).await.err().unwrap().to_string();
    assert!(text.contains("another Commonplace is using it"), "{text}");
    first.set_setting("name", "Ada").await.unwrap();
    first.close().await;
    let (second, _) = Store::open(&path).await.unwrap();
    assert_eq!(second.setting("name").await.unwrap().as_deref(), Some("Ada"));
}

#[cfg(unix)]
#[tokio::test]
async fn store_9_nobody_else_on_the_machine_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("state");
    let (store, _) = Store::open(&folder.join("commonplace.db")).await.unwrap();
    store.set_setting("name", "Ada").await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn store_10_a_folder_that_comes_back_has_its_ids_and_histories_but_a_new_link() {
    for (store, _place) in both().await {
        let beach = store.add_folder("/home/ada/beach", "beach").await.unwrap();
        let notes = store.add_folder("/home/ada/notes", "notes").await.unwrap();
        assert_eq!(store.add_folder("/home/ada/beach", "beach-2").await.unwrap(), beach, "it is there");
        assert!(store.add_folder("/home/eve/beach", "beach").await.is_err(), "one slug, one folder");
        let session = store.current_session(beach.id, SessionId("s".into())).await.unwrap();
        let file = FileRow {
            id: FileId("7f3c".into()),
            path: "shore.ipynb".into(),
            inode: Some((u64::MAX, 12)),
            size: 5,
            digest: Some(Digest::of(b"hello")),
            missing: false,
        };
        store.put_file(beach.id, file.clone()).await.unwrap();
        store.set_access(beach.id, vec![kept(guest("Bo"))]).await.unwrap();
        let batch = Batch { append: vec![(1, b"update".as_slice().into())], ..Batch::default() };
        store.commit(beach.id, "text:file:7f3c", 1, batch).await.unwrap();

        store.remove_folder(beach.id).await.unwrap();
        assert_eq!(store.folders().await.unwrap(), std::slice::from_ref(&notes));
        let back = store.add_folder("/home/ada/beach", "shore").await.unwrap();
        assert_eq!((back.id, back.slug.as_str(), back.secret.as_deref()), (beach.id, "shore", None));
        assert_eq!(store.folders().await.unwrap(), [notes, back]);
        assert_eq!(store.files(beach.id).await.unwrap(), [file]);
        assert_eq!(store.access(beach.id).await.unwrap(), AccessRows::default());
        assert_eq!(store.history(beach.id, "text:file:7f3c").await.unwrap().log.len(), 1);
        assert_eq!(store.current_session(beach.id, SessionId("new".into())).await.unwrap(), session);
    }
}

#[tokio::test]
async fn store_11_sessions_are_numbered_in_the_order_they_were_issued() {
    for (store, _place) in both().await {
        let folder = store.add_folder("/a", "a").await.unwrap().id;
        let other = store.add_folder("/b", "b").await.unwrap().id;
        let id = |text: &str| SessionId(text.to_owned());
        assert_eq!(store.current_session(folder, id("first")).await.unwrap(), (1, id("first")));
        assert_eq!(store.current_session(folder, id("unused")).await.unwrap(), (1, id("first")));
        assert_eq!(store.next_session(folder, id("second")).await.unwrap(), 2);
        assert_eq!(store.current_session(folder, id("unused")).await.unwrap(), (2, id("second")));
        assert_eq!(store.session_number(folder, &id("first")).await.unwrap(), Some(1));
        assert_eq!(store.session_number(folder, &id("unused")).await.unwrap(), None);
        assert_eq!(store.session_number(other, &id("first")).await.unwrap(), None);
    }
}

#[tokio::test]
async fn store_12_who_may_come_in_is_kept_changed_and_forgotten_with_what_was_kept_for_them() {
    for (store, _place) in both().await {
        let folder = store.add_folder("/a", "a").await.unwrap().id;
        let wish =
            LinkWish { label: "Class".into(), role: Role::View, ask: true, expires: Some(9), most_uses: Some(3) };
        let secret = Digest::of(b"secret");
        let link = LinkRow { id: "link".into(), secret, wish, made: 1, uses: 0, last_used: None, ended: None };
        let token = Digest::of(b"token");
        let user = guest("Robot").user;
        let robot = TokenRow { id: "t".into(), token, user: user.clone(), role: Role::Edit, made: 2, last_used: None };
        let device = DeviceRow { id: "d".into(), token, user, role: Role::View, since: 4 };
        let rows = vec![
            (AccessKey::Link("link".into()), Some(AccessRow::Link(link.clone()))),
            kept(guest("Bo")),
            kept(guest("Cy")),
            (AccessKey::Token("t".into()), Some(AccessRow::Token(robot.clone()))),
            (AccessKey::Device("d".into()), Some(AccessRow::Device(device.clone()))),
        ];
        store.set_access(folder, rows).await.unwrap();
        let mut all = AccessRows {
            links: vec![link.clone()],
            guests: vec![guest("Bo"), guest("Cy")],
            tokens: vec![robot],
            devices: vec![device],
        };
        assert_eq!(store.access(folder).await.unwrap(), all);
        let ana = guest("Bo").user.username;
        for username in [ana.as_str(), "owner"] {
            store.keep(folder, username, "theme", "dark").await.unwrap();
        }
        let used = LinkRow { uses: 2, last_used: Some(7), ended: Some((Ended::Revoked, 8)), ..link };
        let removed = GuestRow { removed: Some(6), role: Role::View, ..guest("Cy") };
        let changes = vec![
            (AccessKey::Link("link".into()), Some(AccessRow::Link(used.clone()))),
            (AccessKey::Guest(ana.clone()), None),
            kept(removed.clone()),
            (AccessKey::Token("t".into()), None),
        ];
        store.set_access(folder, changes).await.unwrap();
        (all.links, all.guests, all.tokens) = (vec![used], vec![removed], Vec::new());
        assert_eq!(store.access(folder).await.unwrap(), all);
        let theme = async |username: &str| store.kept(folder, username, "theme").await.unwrap();
        assert_eq!(theme(&ana).await, None, "what was kept for a guest goes too");
        assert_eq!(theme("owner").await.as_deref(), Some("dark"));
    }
}

#[tokio::test]
async fn store_13_the_newest_fifty_thousand_events_are_kept() {
    for (store, _place) in both().await {
        assert_eq!(store.last_event().await.unwrap(), 0);
        let record =
            |n: u64| EventRecord { seq: n + 1, time: n, folder: "beach".to_owned(), event: event(&format!("{n}")) };
        let batch = |from: u64, to: u64| (from..to).map(record).collect::<Vec<_>>();
        store.append_events(batch(0, 30_000)).await.unwrap();
        // Asked again after a failure that did store some.
        store.append_events(batch(25_000, 52_000)).await.unwrap();
        assert_eq!(store.last_event().await.unwrap(), 52_000);
        let kept = store.recent_events(60_000).await.unwrap();
        assert_eq!(kept, batch(2_000, 52_000));
        assert_eq!(store.recent_events(2).await.unwrap(), batch(51_998, 52_000));
        // Page by page, from the newest to the oldest.
        assert_eq!(store.events_before(52_000, 3).await.unwrap(), batch(51_996, 51_999));
        assert_eq!(store.events_before(2_003, 10).await.unwrap(), batch(2_000, 2_002));
        assert_eq!(store.events_before(2_001, 10).await.unwrap(), []);
    }
}

#[tokio::test]
async fn settings_are_replaced() {
    for (store, _place) in both().await {
        assert_eq!(store.setting("name").await.unwrap(), None);
        store.set_setting("name", "Ada").await.unwrap();
        store.set_setting("name", "Ada L.").await.unwrap();
        assert_eq!(store.setting("name").await.unwrap().as_deref(), Some("Ada L."));
    }
}
