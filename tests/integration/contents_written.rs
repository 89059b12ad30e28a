//! Making, saving, moving and deleting over HTTP: open documents, the folder's edges, and what is told.

use crate::files_seen::{state, stated};
use protocol::{Action, EventRecord, Level};
use serde_json::{Value, json};
use tests::{GUEST_ADDRESS, Setup, TestHost, notebook, until};

/// The newest event of a kind about a path, once it is there.
async fn event(host: &TestHost, action: Action, path: &str) -> EventRecord {
    let find = async || {
        let events = host.host.recent_events(10_000).await.unwrap();
        events.into_iter().rev().find(|it| it.event.action == action && it.event.path.as_deref() == Some(path))
    };
    until(&format!("{action:?} of {path} is told"), async || find().await.is_some()).await;
    find().await.unwrap()
}

/// A host that saves only when it is asked to.
async fn unhurried(files: &[(&str, &str)]) -> TestHost {
    TestHost::start_with(files, Setup { save_delay: None, ..Setup::default() }).await
}

#[tokio::test]
async fn rest_31_a_save_of_an_open_document_is_merged_into_it_and_nothing_typed_is_lost() {
    let host =
        unhurried(&[("a.txt", "one\ntwo\n"), ("b.ipynb", &notebook(&[("code", "1"), ("markdown", "words")]))]).await;
    let text = host.open_text("a.txt").await.synced().await;
    text.type_at(0, "typed ");
    text.handled().await;
    let body = json!({ "type": "file", "format": "text", "content": "one\ntwo\nthree\n" });
    assert_eq!(host.owner("PUT", "/api/contents/a.txt").body(body).send().await.status, 200);
    text.until("both are there", |seen| seen.text() == "typed one\ntwo\nthree\n").await;
    assert_eq!(host.read("a.txt"), "one\ntwo\nthree\n");

    let book = host.open_notebook("b.ipynb").await.synced().await;
    book.type_in_cell(0, 1, " + 1");
    book.handled().await;
    let mut model = host.owner("GET", "/api/contents/b.ipynb").send().await.json();
    assert_eq!(model["content"]["cells"][0]["metadata"], json!({ "trusted": false }));
    model["content"]["cells"][1]["source"] = json!("other words");
    let before = host.read("b.ipynb");
    assert_eq!(host.owner("PUT", "/api/contents/b.ipynb").body(model).send().await.status, 200);
    book.until("both are there", |seen| seen.sources() == ["1 + 1", "other words"]).await;
    // Nothing else in the file changed, and no mark of trust got into it.
    assert_eq!(host.read("b.ipynb"), before.replace("words", "other words"));
}

#[tokio::test]
async fn rest_32_an_open_document_that_is_renamed_has_its_new_path_at_once_and_is_saved_there() {
    let host = TestHost::start(&[("a.txt", "one\n"), ("sub/b.txt", "b\n"), ("taken.txt", "t\n")]).await;
    let client = host.open_text("a.txt").await.synced().await;
    let other = host.open_text("sub/b.txt").await.synced().await;
    let (room, _) = host.session("a.txt", "text", "file").await;
    host.owner("PATCH", "/api/contents/a.txt").body(json!({ "path": "taken.txt" })).send().await.error(409);
    assert_eq!(host.read("taken.txt"), "t\n");
    let renamed = host.owner("PATCH", "/api/contents/a.txt").body(json!({ "path": "sub/new.txt" })).send().await;
    assert_eq!((renamed.status, renamed.json()["path"].as_str()), (200, Some("sub/new.txt")));
    client.until("its path is new", |seen| state(seen, "path") == "sub/new.txt").await;
    client.type_at(0, "still ");
    host.saved("sub/new.txt", "still one\n").await;
    assert_eq!(host.session("sub/new.txt", "text", "file").await.0, room);
    let told = event(&host, Action::Rename, "sub/new.txt").await.event;
    assert_eq!((told.line.as_str(), told.person.unwrap().name.as_str()), ("renamed a.txt to new.txt", "Marie"));

    let moved = host.owner("PATCH", "/api/contents/sub").body(json!({ "path": "dir" })).send().await;
    assert_eq!((moved.status, moved.json()["type"].as_str()), (200, Some("directory")));
    other.until("its path is new", |seen| state(seen, "path") == "dir/b.txt").await;
    other.type_at(0, "also ");
    stated(&other, "dir/b.txt", b"also b\n").await;
    stated(&client, "dir/new.txt", b"still one\n").await;
    assert!(!host.path("a.txt").exists() && !host.path("sub").exists());
    let told = event(&host, Action::Rename, "dir").await.event;
    assert_eq!((told.line.as_str(), told.person.unwrap().name.as_str()), ("renamed sub to dir", "Marie"));
    // Nobody was told that a file is gone.
    let events = host.host.recent_events(10_000).await.unwrap();
    assert!(events.iter().all(|it| it.event.action != Action::Delete), "{events:?}");
}

#[tokio::test]
async fn rest_33_what_is_deleted_is_in_the_trash_and_an_open_document_of_it_stays() {
    let host = TestHost::start(&[("a.txt", "one\n"), ("full/in/b.txt", "b\n")]).await;
    let client = host.open_text("a.txt").await.synced().await;
    assert_eq!(host.owner("DELETE", "/api/contents/a.txt").send().await.status, 204);
    assert_eq!(host.owner("DELETE", "/api/contents/full").send().await.status, 204);
    assert!(!host.path("a.txt").exists() && !host.path("full").exists());
    let lines = async || {
        let events = host.host.recent_events(10_000).await.unwrap();
        let deleted = events.into_iter().filter(|it| it.event.action == Action::Delete);
        deleted.map(|it| (it.event.level, it.event.line)).collect::<Vec<_>>()
    };
    let kept = (Level::Warning, "a.txt was deleted on disk; kept open for 1 person".to_owned());
    until("the room tells", async || lines().await.contains(&kept)).await;
    let by = event(&host, Action::Delete, "full").await.event;
    assert_eq!((by.line.as_str(), by.person.unwrap().name.as_str()), ("moved full to the trash", "Marie"));
    assert_eq!(client.text(), "one\n");
    client.type_at(0, "still here, ");
    client.handled().await;
    host.owner("GET", "/api/contents/a.txt").send().await.error(404);
    // Somebody saves it again.
    let body = json!({ "type": "file", "format": "text", "content": "one\ntwo\n" });
    assert_eq!(host.owner("PUT", "/api/contents/a.txt").body(body).send().await.status, 201);
    host.saved("a.txt", "still here, one\ntwo\n").await;
    client.until("it is one document", |seen| seen.text() == "still here, one\ntwo\n").await;
}

#[tokio::test]
async fn rest_34_a_guest_writes_with_the_cookie_only_from_our_own_page() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let secret = host.share().await;
    let cookie = host.redeem(&secret, "Ana").await.cookie();
    let own = format!("http://{GUEST_ADDRESS}:{}", host.server.port());
    for (method, path, body) in [
        ("POST", "", json!({ "type": "file", "ext": ".txt" })),
        ("PUT", "/b.txt", json!({ "type": "file", "format": "text", "content": "b\n" })),
        ("PATCH", "/b.txt", json!({ "path": "c.txt" })),
        ("DELETE", "/c.txt", Value::Null),
    ] {
        let ask = || {
            let request = host.guest(method, &format!("/tides/api/contents{path}")).header("Cookie", &cookie);
            if body.is_null() { request } else { request.body(&body) }
        };
        ask().header("Origin", "http://evil.example").send().await.error(403);
        let done = ask().header("Origin", &own).send().await;
        assert!(matches!(done.status, 200..=204), "{method} {path}: {} {}", done.status, done.text());
        host.guest(method, &format!("/tides/api/contents{path}")).send().await.error(403);
    }
    let told = event(&host, Action::Create, "untitled.txt").await.event;
    assert_eq!((told.line.as_str(), told.person.unwrap().name.as_str()), ("made untitled.txt", "Ana"));
    let told = event(&host, Action::Rename, "c.txt").await.event;
    assert_eq!(told.line, "renamed b.txt to c.txt");
}

#[tokio::test]
async fn rest_35_an_upload_in_parts_is_at_its_path_when_it_is_whole_and_has_a_limit() {
    let setup = Setup { max_message: 2_000, ..Setup::default() };
    let host = TestHost::start_with(&[("there.txt", "old\n")], setup).await;
    let put = async |path: &str, content: &str, chunk: Value| {
        let body = json!({ "type": "file", "format": "text", "content": content, "chunk": chunk });
        host.owner("PUT", &format!("/api/contents/{path}")).body(body).send().await
    };
    for path in ["new.txt", "there.txt"] {
        let first = put(path, "one ", json!(1)).await;
        assert!(matches!(first.status, 200 | 201), "{}", first.text());
        assert_eq!(first.json()["size"], 4);
        assert_eq!(put(path, "two ", json!(2)).await.status, 200);
        assert!(!host.path("new.txt").exists() || path != "new.txt");
        assert_eq!(host.read("there.txt"), "old\n");
        put(path, "four ", json!(4)).await.error(400);
        let last = put(path, "three\n", json!(-1)).await;
        assert_eq!((last.status, last.json()["size"].as_u64()), (200, Some(14)));
        assert_eq!(host.read(path), "one two three\n");
        host.write("there.txt", "old\n");
    }
    put("big.txt", &"x".repeat(3_000), Value::Null).await.error(413);
    assert!(!host.path("big.txt").exists());
}

#[tokio::test]
async fn rest_36_nothing_is_written_outside_hidden_or_under_a_name_that_some_system_cannot_keep() {
    let host = TestHost::start(&[("a.txt", "a\n"), (".secret", "s"), ("sub/b.txt", "b\n")]).await;
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", host.path("up")).unwrap();
    let text = json!({ "type": "file", "format": "text", "content": "x" });
    for path in ["..%2Fout.txt", "%2E%2E/out.txt", "sub/..%2F..%2Fout.txt", "up/out.txt"] {
        host.owner("PUT", &format!("/api/contents/{path}")).body(&text).send().await.error(404);
        host.owner("DELETE", &format!("/api/contents/{path}")).send().await.error(404);
        let to = path.replace("%2F", "/").replace("%2E", ".");
        host.owner("PATCH", "/api/contents/a.txt").body(json!({ "path": to })).send().await.error(404);
    }
    for name in [".secret", ".git/config", "con", "AUX.txt", "a%00b", "a%0Ab", "trailing.", "a%5Cb"] {
        let message = host.owner("PUT", &format!("/api/contents/{name}")).body(&text).send().await.error(400);
        assert!(message.starts_with('“'), "{message}");
    }
    host.owner("POST", "/api/contents").body(json!({ "type": "file", "ext": "/../x" })).send().await.error(400);
    host.owner("POST", "/api/contents").body(json!({ "copy_from": ".secret" })).send().await.error(400);
    host.owner("DELETE", "/api/contents/.secret").send().await.error(400);
    assert_eq!((host.read(".secret"), host.read("a.txt")), ("s".to_owned(), "a\n".to_owned()));
    assert!(!host.path("../out.txt").exists());
    // A link inside is another name of one file.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("a.txt", host.path("link.txt")).unwrap();
        assert_eq!(host.owner("PUT", "/api/contents/link.txt").body(&text).send().await.status, 200);
        assert_eq!(host.read("a.txt"), "x");
        assert_eq!(host.owner("DELETE", "/api/contents/link.txt").send().await.status, 204);
        assert_eq!(host.read("a.txt"), "x");
    }
}

#[tokio::test]
async fn rest_37_files_are_shown_by_their_type_in_a_sandbox_or_saved() {
    let host = TestHost::start(&[("page.html", "<script>1</script>"), ("a b.txt", "ü\n"), ("n.ipynb", "{}")]).await;
    let page = host.owner("GET", "/tides/files/page.html").send().await;
    assert_eq!((page.status, page.text().as_str()), (200, "<script>1</script>"));
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("sandbox allow-scripts;") && policy.contains("connect-src 'none'"), "{policy}");
    assert_eq!((page.header("x-content-type-options"), page.header("content-disposition")), ("nosniff", ""));
    let secret = host.request("GET", &format!("/files/page.html?token={}", tests::OWNER_TOKEN)).send().await;
    assert!(secret.header("content-security-policy").starts_with("sandbox; "), "{:?}", secret.headers);
    let text = host.owner("GET", "/files/a%20b.txt?download=1").send().await;
    assert_eq!((text.text().as_str(), text.header("content-type")), ("ü\n", "text/plain; charset=utf-8"));
    assert_eq!(text.header("content-disposition"), "attachment; filename*=utf-8''a%20b.txt");
    let book = host.owner("GET", "/files/n.ipynb").send().await;
    assert_eq!(book.header("content-disposition"), "attachment; filename*=utf-8''n.ipynb");
    host.request("GET", "/files/page.html").send().await.error(403);
    host.owner("GET", "/files/..%2Fx").send().await.error(404);
}

#[tokio::test]
async fn rest_41_a_range_of_a_file_is_sent_alone_and_only_of_the_content_that_is_meant() {
    let host = TestHost::start(&[("a.txt", &"0123456789".repeat(1000)), ("p.png", "0123456789")]).await;
    let get = |headers: &[(&str, &str)]| {
        let gzip = host.owner("GET", "/files/a.txt").header("Accept-Encoding", "gzip");
        headers.iter().fold(gzip, |request, (name, value)| request.header(name, value)).send()
    };
    let whole = get(&[]).await;
    assert_eq!((whole.status, whole.body.len(), whole.header("accept-ranges")), (200, 10_000, "bytes"));
    // A compressed file would have other bytes under the same tag.
    assert_eq!((whole.header("content-encoding"), whole.header("content-length")), ("", "10000"));
    let tag = whole.header("etag");
    let part = get(&[("Range", "bytes=4-6")]).await;
    assert_eq!((part.status, part.text().as_str(), part.header("etag")), (206, "456", tag));
    assert_eq!((part.header("content-range"), part.header("content-length")), ("bytes 4-6/10000", "3"));
    assert!(part.header("content-security-policy").starts_with("sandbox "), "{:?}", part.headers);
    assert_eq!(get(&[("Range", "bytes=-2"), ("If-Range", tag)]).await.text(), "89");
    for odd in [("Range", "bytes=0-1,4-5"), ("Range", "lines=1-2"), ("Range", "bytes=9-1")] {
        assert_eq!(get(&[odd]).await.status, 200, "{odd:?}");
    }
    let beyond = get(&[("Range", "bytes=10000-")]).await;
    assert_eq!((beyond.status, beyond.header("content-range"), beyond.body.len()), (416, "bytes */10000", 0));
    host.write("a.txt", "new");
    let changed = get(&[("Range", "bytes=4-6"), ("If-Range", tag)]).await;
    assert_eq!((changed.status, changed.text().as_str()), (200, "new"));
    let picture = host.owner("GET", "/api/commonplace/file/p.png").header("Range", "bytes=2-").send().await;
    assert_eq!(
        (picture.status, picture.text().as_str(), picture.header("content-type")),
        (206, "23456789", "image/png")
    );
}

#[tokio::test]
async fn rest_42_a_file_that_a_browser_has_is_not_sent_again_until_its_content_changes() {
    let host = TestHost::start(&[("a.txt", "one\n")]).await;
    let get = |tags: &str| host.owner("GET", "/files/a.txt").header("If-None-Match", tags).send();
    let tag = get("\"other\"").await.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", protocol::Digest::of(b"one\n").to_hex()));
    for tags in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let same = get(&tags).await;
        assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, tag.as_str()), "{tags}");
        assert_eq!(same.header("cache-control"), "no-cache");
    }
    // Written anew with the same bytes it is the same; of the same length with others it is not.
    host.write("a.txt", "one\n");
    assert_eq!(get(&tag).await.status, 304);
    host.write("a.txt", "two\n");
    let other = get(&tag).await;
    assert_eq!((other.status, other.text().as_str()), (200, "two\n"));
    assert_ne!(other.header("etag"), tag);
}

#[tokio::test]
async fn rest_43_without_a_trash_files_and_empty_folders_are_deleted_for_good_and_full_ones_are_not() {
    let setup = Setup { delete_to_trash: false, ..Setup::default() };
    let host = TestHost::start_with(&[("a.txt", "one\n"), ("full/b.txt", "b\n")], setup).await;
    let client = host.open_text("a.txt").await.synced().await;
    let delete = async |path: &str| host.owner("DELETE", &format!("/api/contents/{path}")).send().await;
    assert_eq!(delete("a.txt").await.status, 204);
    // The room tells too that its file is gone, before or after.
    until("it is told who did it", async || {
        let events = host.host.recent_events(10_000).await.unwrap();
        events.iter().any(|it| it.event.line == "deleted a.txt for good")
    })
    .await;
    assert_eq!(client.text(), "one\n", "who has it open keeps it");
    let refused = delete("full").await.error(400);
    assert!(refused.contains("full is not empty"), "{refused}");
    assert_eq!(host.read("full/b.txt"), "b\n");
    assert_eq!((delete("full/b.txt").await.status, delete("full").await.status), (204, 204));
    assert!(!host.path("a.txt").exists() && !host.path("full").exists());
    assert!(!host.path("../state/trash").exists());
}

#[tokio::test]
async fn rest_38_a_checkpoint_lasts_and_going_back_to_it_is_a_save() {
    let host = unhurried(&[("a.txt", "one\ntwo\n"), ("other.txt", "x\n")]).await;
    let none = host.owner("GET", "/api/contents/a.txt/checkpoints").send().await;
    assert_eq!((none.status, none.json()), (200, json!([])));
    let made = host.owner("POST", "/tides/api/contents/a.txt/checkpoints").send().await;
    assert_eq!((made.status, made.header("location")), (201, "/tides/api/contents/a.txt/checkpoints/checkpoint"));
    let made = made.json();
    host.write("a.txt", "one\ntwo\nthree\n");
    let client = host.open_text("a.txt").await.synced().await;
    client.until("it is open", |seen| seen.text() == "one\ntwo\nthree\n").await;
    client.type_at(0, "typed ");
    client.handled().await;
    let moved = host.owner("PATCH", "/api/contents/a.txt").body(json!({ "path": "b.txt" })).send().await;
    assert_eq!(moved.status, 200);
    assert_eq!(host.owner("GET", "/api/contents/b.txt/checkpoints").send().await.json(), json!([made]));
    let back = host.owner("POST", "/api/contents/b.txt/checkpoints/checkpoint").send().await;
    assert_eq!(back.status, 204, "{}", back.text());
    client.until("it is merged", |seen| seen.text() == "typed one\ntwo\n").await;
    let told = event(&host, Action::Save, "b.txt").await.event;
    assert_eq!(told.line, "went back to the checkpoint of b.txt");
    let names = std::fs::read_dir(host.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<std::collections::BTreeSet<_>>(), ["b.txt", "other.txt"].map(Into::into).into());

    drop(client);
    assert_eq!(host.owner("DELETE", "/api/contents/b.txt").send().await.status, 204);
    let host = host.restart().await;
    assert_eq!(host.owner("POST", "/api/contents/b.txt/checkpoints/checkpoint").send().await.status, 204);
    assert_eq!(host.read("b.txt"), "one\ntwo\n");
    host.owner("POST", "/api/contents/b.txt/checkpoints/other").send().await.error(404);
    assert_eq!(host.owner("DELETE", "/api/contents/b.txt/checkpoints/checkpoint").send().await.status, 204);
    host.owner("DELETE", "/api/contents/b.txt/checkpoints/checkpoint").send().await.error(404);
    host.request("POST", "/api/contents/b.txt/checkpoints").send().await.error(403);
}
