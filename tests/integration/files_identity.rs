//! A document stays with its file, whatever other programs do to names: the id, the history, and what `state` says.

use crate::files_seen::{deleted, git, state, stated};
use std::fs;
use tests::{TestClient, TestHost, until};

/// Types at the beginning and waits until that is in the file of this path: the document is still the file's.
async fn still_writes(host: &TestHost, client: &TestClient, path: &str) {
    let expected = format!("+{}", client.text());
    client.type_at(0, "+");
    host.saved(path, &expected).await;
    stated(client, path, expected.as_bytes()).await;
}

#[tokio::test]
async fn file_60_a_document_follows_its_file_to_any_new_name() {
    let host = TestHost::start(&[("notes.md", "one\n"), ("data/x.md", "x\n")]).await;
    let (room, _) = host.session("notes.md", "text", "file").await;
    let (deep, _) = host.session("data/x.md", "text", "file").await;
    let client = host.open_text("notes.md").await.synced().await;
    let below = host.open_text("data/x.md").await.synced().await;
    stated(&client, "notes.md", b"one\n").await;
    let steps = [
        ("renamed", "notes.md", "log.md"),
        ("in case only", "log.md", "Log.md"),
        ("into a folder", "Log.md", "data/Log.md"),
        ("with its folder", "data", "Data 2"),
    ];
    for (what, from, to) in steps {
        fs::rename(host.path(from), host.path(to)).unwrap();
        let path = if from == "data" { "Data 2/Log.md" } else { to };
        client.until(what, |seen| state(seen, "path") == path).await;
        still_writes(&host, &client, path).await;
        assert_eq!(host.session(&path.replace(' ', "%20"), "text", "file").await.0, room, "{what}");
        assert!(!host.path(from).exists(), "{what}: nothing is made again");
    }
    below.until("its folder's new name", |seen| state(seen, "path") == "Data 2/x.md").await;
    still_writes(&host, &below, "Data 2/x.md").await;
    assert_eq!(host.session("Data%202/x.md", "text", "file").await.0, deep);
    // Somebody else may have the old name.
    host.write("notes.md", "another\n");
    assert_ne!(host.session("notes.md", "text", "file").await.0, room);
    let other = host.open_text("notes.md").await.synced().await;
    assert_eq!(other.text(), "another\n");
}

#[tokio::test]
async fn file_61_editors_that_write_beside_and_rename_keep_the_document() {
    let host = TestHost::start(&[("a.md", "one\n")]).await;
    let (room, _) = host.session("a.md", "text", "file").await;
    let client = host.open_text("a.md").await.synced().await;
    let mut text = "one\n".to_owned();
    // Hidden, visible, the old content put aside, and removed first.
    for round in 0..4 {
        text += &format!("{round}\n");
        match round {
            0 | 1 => {
                let beside = [".a.md.swp", "a.md.tmp"][round];
                host.write(beside, &text);
                fs::rename(host.path(beside), host.path("a.md")).unwrap();
            }
            2 => {
                fs::rename(host.path("a.md"), host.path("a.md~")).unwrap();
                host.write("a.md", &text);
            }
            _ => {
                fs::remove_file(host.path("a.md")).unwrap();
                host.write("a.md", &text);
            }
        }
        client.until("what the editor wrote", |seen| seen.text() == text).await;
        stated(&client, "a.md", text.as_bytes()).await;
        still_writes(&host, &client, "a.md").await;
        text = client.text();
        assert_eq!(host.session("a.md", "text", "file").await.0, room);
    }
    assert_eq!(deleted(&host).await, 0, "a replaced file was never gone");
}

#[tokio::test]
async fn file_62_another_branch_and_back_keeps_documents_ids_and_typing() {
    let host = TestHost::start(&[("both.md", "alpha\nbeta\ngamma\n"), ("main.md", "only on main\n")]).await;
    git(&host, &["init", "-q", "-b", "main"]);
    git(&host, &["add", "-A"]);
    git(&host, &["commit", "-qm", "main"]);
    git(&host, &["checkout", "-qb", "other"]);
    host.write("both.md", "alpha\nbeta\ngamma, changed\n");
    fs::remove_file(host.path("main.md")).unwrap();
    host.write("other.md", "only on other\n");
    git(&host, &["add", "-A"]);
    git(&host, &["commit", "-qm", "other"]);
    git(&host, &["checkout", "-q", "main"]);

    let ids = (host.session("both.md", "text", "file").await.0, host.session("main.md", "text", "file").await.0);
    let both = host.open_text("both.md").await.synced().await;
    let main = host.open_text("main.md").await.synced().await;
    for _ in 0..2 {
        git(&host, &["checkout", "-q", "other"]);
        both.until("the other branch", |seen| seen.text().ends_with("gamma, changed\n")).await;
        until("the deletion is told", async || deleted(&host).await > 0).await;
        assert_eq!(main.text(), "only on main\n", "its document stays, and is no other file's");
        let other = host.session("other.md", "text", "file").await.0;
        assert!(other != ids.0 && other != ids.1);
        assert!(!host.path("main.md").exists(), "nothing is made again");
        git(&host, &["checkout", "-q", "main"]);
        both.until("back", |seen| seen.text().ends_with("gamma\n")).await;
        assert_eq!(main.text(), "only on main\n");
        assert_eq!(host.session("main.md", "text", "file").await.0, ids.1);
        stated(&main, "main.md", b"only on main\n").await;
        assert_eq!(host.session("both.md", "text", "file").await.0, ids.0);
    }
    // Typed here, changed there: both, in one document.
    both.type_at(0, "typed ");
    host.saved("both.md", "typed alpha\nbeta\ngamma\n").await;
    git(&host, &["commit", "-qam", "typed"]);
    git(&host, &["merge", "-q", "-m", "both", "other"]);
    both.until("the merge", |seen| seen.text() == "typed alpha\nbeta\ngamma, changed\n").await;
    stated(&both, "both.md", b"typed alpha\nbeta\ngamma, changed\n").await;
    still_writes(&host, &both, "both.md").await;
}

#[tokio::test]
async fn file_63_a_deleted_file_that_comes_back_has_its_id_and_history() {
    let host = TestHost::start(&[("a.md", "hello\n")]).await;
    let (room, session) = host.session("a.md", "text", "file").await;
    let mut client = host.open_text("a.md").await.synced().await;
    client.type_at(5, ", world");
    host.saved("a.md", "hello, world\n").await;
    client.disconnect();
    // The tab is away, the host is restarted, the file is gone and comes back: one history throughout.
    let kept = fs::read(host.path("a.md")).unwrap();
    fs::remove_file(host.path("a.md")).unwrap();
    let host = host.restart().await;
    host.owner("PUT", "/api/collaboration/session/a.md")
        .body(r#"{"format":"text","type":"file"}"#)
        .send()
        .await
        .error(404);
    assert!(!host.path("a.md").exists());
    host.write("a.md", kept);
    assert_eq!(host.session("a.md", "text", "file").await, (room.clone(), session.clone()));
    client.type_at(0, "Oh ");
    let path = format!("/api/collaboration/room/{room}?sessionId={session}");
    let client = client.connected(host.owner("GET", &path)).await.synced().await;
    host.saved("a.md", "Oh hello, world\n").await;
    assert_eq!(client.text(), "Oh hello, world\n");
}

#[cfg(unix)]
#[tokio::test]
async fn file_64_a_link_inside_is_another_name_of_one_document() {
    use std::os::unix::fs::symlink;
    let host = TestHost::start(&[("real/a.md", "one\n")]).await;
    host.write("../secret.md", "secret\n");
    symlink("real/a.md", host.path("link.md")).unwrap();
    symlink("real", host.path("folder")).unwrap();
    let ids = [
        host.session("link.md", "text", "file").await,
        host.session("real/a.md", "text", "file").await,
        host.session("folder/a.md", "text", "file").await,
    ];
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let through = host.open_text("link.md").await.synced().await;
    let direct = host.open_text("real/a.md").await.synced().await;
    stated(&through, "real/a.md", b"one\n").await;
    through.type_at(0, "typed ");
    direct.until("one document", |seen| seen.text() == "typed one\n").await;
    host.saved("real/a.md", "typed one\n").await;
    assert!(host.path("link.md").is_symlink() && host.path("folder").is_symlink(), "links stay links");
    // Another program writes through the link.
    host.write("link.md", "typed one\ntwo\n");
    for client in [&through, &direct] {
        client.until("once", |seen| seen.text() == "typed one\ntwo\n").await;
    }
    // What leads out, or becomes so, is not there.
    symlink(host.path("../secret.md"), host.path("out.md")).unwrap();
    symlink(host.path(".."), host.path("up")).unwrap();
    for path in ["out.md", "up/secret.md"] {
        let put = host.owner("PUT", &format!("/api/collaboration/session/{path}"));
        put.body(r#"{"format":"text","type":"file"}"#).send().await.error(404);
    }
    fs::remove_file(host.path("real/a.md")).unwrap();
    symlink(host.path("../secret.md"), host.path("real/a.md")).unwrap();
    direct.type_at(0, "more ");
    until("it is told", async || deleted(&host).await > 0).await;
    assert_eq!(fs::read_to_string(host.path("../secret.md")).unwrap(), "secret\n");
    assert_eq!(direct.text(), "more typed one\ntwo\n");
}

#[tokio::test]
async fn file_65_a_new_file_is_not_taken_for_a_deleted_one() {
    let host = TestHost::start(&[("a.md", "the first file, which is deleted\n")]).await;
    let (room, _) = host.session("a.md", "text", "file").await;
    let client = host.open_text("a.md").await.synced().await;
    // File systems give the number of a deleted file to the next one.
    fs::remove_file(host.path("a.md")).unwrap();
    host.write("b.md", "something else entirely\n");
    until("the deletion is told", async || deleted(&host).await == 1).await;
    assert_ne!(host.session("b.md", "text", "file").await.0, room);
    let other = host.open_text("b.md").await.synced().await;
    assert_eq!(other.text(), "something else entirely\n");
    assert_eq!(client.text(), "the first file, which is deleted\n");
    assert_eq!(client.see(|seen| state(seen, "path")), "a.md");
    assert!(!host.path("a.md").exists());
}
