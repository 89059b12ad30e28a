//! Files that are gone, read-only, or not ours to read for a while: told once, nothing lost, nothing done in secret.

use crate::files_seen::{deleted, dirty, stated, until_told};
use protocol::{Action, Level};
use std::fs;
use tests::{TestHost, frame};
use yrs::{Map, Transact};

#[tokio::test]
async fn file_66_a_missing_file_keeps_its_document_until_somebody_saves_it_again() {
    let host = TestHost::start(&[("a.md", "one\n")]).await;
    let (ana, ben) = (host.open_text("a.md").await.synced().await, host.open_text("a.md").await.synced().await);
    ana.type_at(0, "saved ");
    host.saved("a.md", "saved one\n").await;
    fs::remove_file(host.path("a.md")).unwrap();
    until_told(&host, Action::Delete, Level::Warning, 1).await;
    ana.type_at(0, "typed ");
    ben.until("the document stays", |seen| seen.text() == "typed saved one\n").await;
    ana.handled().await;
    // Nothing makes it again by itself: not time, not a newcomer, not another file.
    host.write("b.md", "b\n");
    let other = host.open_text("b.md").await.synced().await;
    other.type_at(0, "b");
    host.saved("b.md", "bb\n").await;
    assert!(!host.path("a.md").exists());
    assert_eq!(deleted(&host).await, 1);
    ben.send(frame::save(3));
    ben.until("the answer", |seen| seen.raw.iter().any(|it| it["responseTo"] == 3)).await;
    assert_eq!(ben.see(|seen| seen.raw.last().map(|it| it["status"].clone())), Some("success".into()));
    assert_eq!(host.read("a.md"), "typed saved one\n");
    stated(&ana, "a.md", b"typed saved one\n").await;
    ana.type_at(0, "on ");
    host.saved("a.md", "on typed saved one\n").await;
    // Gone once more, at once: told once more.
    fs::remove_file(host.path("a.md")).unwrap();
    until_told(&host, Action::Delete, Level::Warning, 2).await;
}

#[cfg(target_os = "linux")]
#[test]
fn file_67_edits_of_a_read_only_file_are_kept_told_once_and_saved_when_it_can_be_written() {
    use std::os::unix::fs::PermissionsExt;
    crate::files_seen::unprivileged(async || {
        let host = TestHost::start(&[("a.md", "one\n")]).await;
        let may = |mode: u32| fs::set_permissions(host.path("a.md"), fs::Permissions::from_mode(mode)).unwrap();
        let client = host.open_text("a.md").await.synced().await;
        may(0o444);
        // As JupyterLab does.
        client.edit(|doc| {
            let state = doc.get_or_insert_map("state");
            state.insert(&mut doc.transact_mut(), "dirty", true);
        });
        for round in 0..3 {
            client.type_at(0, &round.to_string());
            client.send(frame::save(round));
            client.until("the answer", |seen| seen.raw.iter().any(|it| it["responseTo"] == round)).await;
            let answer = client.see(|seen| seen.raw.last().cloned().unwrap_or_default());
            assert_eq!(answer["status"], "failed", "{answer}");
        }
        until_told(&host, Action::Save, Level::Warning, 1).await;
        let events = host.host.recent_events(100).await.unwrap();
        let failed = events.iter().find(|it| it.event.action == Action::Save && it.event.level > Level::Info).unwrap();
        assert!(failed.event.line.contains("a.md") && failed.event.line.contains("read-only"), "{:?}", failed.event);
        assert_eq!(host.read("a.md"), "one\n");
        client.handled().await;
        assert!(client.see(dirty), "the host does not claim that it is saved");
        may(0o644);
        // By itself: nobody asks again.
        host.saved("a.md", "210one\n").await;
        stated(&client, "a.md", b"210one\n").await;
        until_told(&host, Action::Save, Level::Warning, 1).await;
    });
}

#[cfg(target_os = "linux")]
#[test]
fn file_68_a_permission_that_is_lost_and_returns_costs_nothing() {
    use std::os::unix::fs::PermissionsExt;
    crate::files_seen::unprivileged(async || {
        let host = TestHost::start(&[("d/a.md", "one\n")]).await;
        let may = |path: &str, mode: u32| {
            fs::set_permissions(host.path(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        let client = host.open_text("d/a.md").await.synced().await;
        // The file cannot be read any more.
        may("d/a.md", 0o000);
        client.type_at(0, "typed ");
        client.send(frame::save(1));
        client.until("the answer", |seen| seen.raw.iter().any(|it| it["responseTo"] == 1)).await;
        assert_eq!(client.see(|seen| seen.raw[0]["status"].clone()), "failed");
        assert_eq!(client.text(), "typed one\n");
        may("d/a.md", 0o644);
        host.saved("d/a.md", "typed one\n").await;
        stated(&client, "d/a.md", b"typed one\n").await;
        // Its folder neither: that is no deletion.
        may("d", 0o000);
        client.type_at(0, "more ");
        client.send(frame::save(2));
        client.until("the answer", |seen| seen.raw.iter().any(|it| it["responseTo"] == 2)).await;
        may("d", 0o755);
        host.saved("d/a.md", "more typed one\n").await;
        stated(&client, "d/a.md", b"more typed one\n").await;
        assert_eq!(deleted(&host).await, 0);
        assert_eq!(host.open_text("d/a.md").await.synced().await.text(), "more typed one\n");
    });
}
