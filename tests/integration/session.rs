//! Opening documents, and why rooms close.

use serde_json::json;
use tests::{Setup, TestClient, TestHost, notebook};
use tokio_tungstenite::tungstenite::Message;

const TEXT: &str = r#"{"format": "text", "type": "file"}"#;

#[tokio::test]
async fn session_20_a_path_has_one_id_however_its_slashes_are_written() {
    let host = TestHost::start(&[("d x/b c.txt", "b\n")]).await;
    let put = async |path: &str| {
        let request = host.owner("PUT", &format!("/api/collaboration/session/{path}")).body(TEXT);
        // JupyterLab sends JSON under this name.
        request.header("Content-Type", "text/plain;charset=UTF-8").send().await
    };
    let first = put("d%20x/b%20c.txt").await;
    assert_eq!(first.status, 201);
    let answer = first.json();
    let keys: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    // As recorded from the reference server.
    assert_eq!(keys, ["format", "type", "fileId", "sessionId"]);
    assert_eq!((&answer["format"], &answer["type"]), (&json!("text"), &json!("file")));
    assert_eq!(answer["fileId"].as_str().map(str::len), Some(36));
    for path in ["d%20x%2Fb%20c.txt", "/d%20x/b%20c.txt", "d%20x/./b%20c.txt"] {
        let again = put(path).await;
        assert_eq!((again.status, again.json()), (200, answer.clone()), "{path}");
    }
}

#[tokio::test]
async fn session_21_what_cannot_be_opened_is_refused_with_a_sentence() {
    let host = TestHost::start(&[("a.txt", "a\n"), ("sub/b.txt", "b\n")]).await;
    host.write("../secret.txt", "secret");
    let put = |path: &str, body: &str| host.owner("PUT", &format!("/api/collaboration/session/{path}")).body(body);
    let missing = put("none.txt", TEXT).send().await.error(404);
    assert!(missing.contains("none.txt"), "{missing}");
    for outside in ["%2E%2E/secret.txt", "..%2Fsecret.txt", "sub%2F..%2F..%2Fsecret.txt", "%2Fetc%2Fpasswd"] {
        put(outside, TEXT).send().await.error(404);
    }
    for directory in ["sub", "sub/", ""] {
        put(directory, TEXT).send().await.error(400);
    }
    for body in ["", "{", "[]", r#"{"format": "text"}"#, r#"{"format": 1, "type": 2}"#] {
        put("a.txt", body).send().await.error(400);
    }
    put("%ff.txt", TEXT).send().await.error(400);
}

#[cfg(unix)]
#[tokio::test]
async fn session_21_a_link_out_of_the_folder_leads_nowhere() {
    let host = TestHost::start(&[]).await;
    host.write("../secret.txt", "secret");
    std::os::unix::fs::symlink(host.path("../secret.txt"), host.path("link.txt")).unwrap();
    let put = host.owner("PUT", "/api/collaboration/session/link.txt").body(TEXT);
    put.send().await.error(404);
    host.owner("GET", "/api/contents/link.txt").send().await.error(404);
}

#[tokio::test]
async fn session_22_an_unknown_session_closes_1003_with_jupyters_reason() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let (room, _) = host.session("a.txt", "text", "file").await;
    let unknown = "11111111-2222-3333-4444-555555555555";
    let (code, reason) = host.join(&room, unknown).await.closed().await;
    // As recorded from the reference server.
    let recorded = json!({ "reason": "unknown_session", "sessionId": unknown, "reloadable": true });
    assert_eq!((code, serde_json::from_str(&reason).ok()), (1003, Some(recorded)));
    assert_eq!(host.join(&room, "").await.closed().await.0, 1003);
}

#[tokio::test]
async fn session_3_fifty_first_clients_at_once_meet_in_one_document_that_was_loaded_once() {
    let host = TestHost::start(&[("a.txt", "hello\n")]).await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    let joining = (0..50).map(|_| async { host.join(&room, &session).await.synced().await });
    let clients = futures_util::future::join_all(joining).await;
    for (number, client) in clients.iter().enumerate() {
        client.type_at(0, &format!("<{number}>"));
    }
    let all = |text: &str| (0..50).all(|number| text.matches(&format!("<{number}>")).count() == 1);
    for client in &clients {
        client.until("everybody's edit", |seen| all(&seen.text())).await;
        assert!(client.text().ends_with("hello\n") && client.text().matches("hello").count() == 1);
    }
    let events = host.host.recent_events(1000).await.unwrap();
    let told = |words: &str| events.iter().filter(|record| record.event.msg == words).count();
    assert_eq!((told("Room initialized"), host.host.folders()[0].documents), (1, 1));
}

#[tokio::test]
async fn session_23_a_file_that_cannot_be_loaded_closes_with_a_reason_to_read() {
    let host = TestHost::start(&[("broken.ipynb", "{ not a notebook"), ("bytes.txt", "x"), ("gone.txt", "x")]).await;
    host.write("bytes.txt", [0xff, 0xfe, 0x00, 0x9f]);
    let (code, reason) = host.open_notebook("broken.ipynb").await.closed().await;
    assert_eq!(code, 4400, "{reason}");
    assert!(reason.contains("broken.ipynb") && reason.len() <= 123, "{reason}");
    let (code, reason) = host.open_text("bytes.txt").await.closed().await;
    assert_eq!(code, 4400, "{reason}");
    assert!(reason.contains("bytes.txt"), "{reason}");
    let (room, session) = host.session("gone.txt", "text", "file").await;
    std::fs::remove_file(host.path("gone.txt")).unwrap();
    let (code, reason) = host.join(&room, &session).await.closed().await;
    assert_eq!(code, 4404, "{reason}");
    assert!(reason.contains("gone.txt"), "{reason}");
    let (code, _) = host.join("text:file:99999999-2222-3333-4444-555555555555", &session).await.closed().await;
    assert_eq!(code, 4404);
    // Repaired, it opens.
    host.write("broken.ipynb", notebook(&[("code", "1")]));
    let client = host.open_notebook("broken.ipynb").await.synced().await;
    client.until("the cell is there", |seen| seen.sources() == ["1"]).await;
}

#[tokio::test]
async fn session_24_room_names_are_decoded_and_an_empty_one_is_refused() {
    let host = TestHost::start(&[("a.txt", "hello\n")]).await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    for name in [room.clone(), room.replace(':', "%3A"), format!("x/y/{room}")] {
        let client = host.join(&name, &session).await.synced().await;
        client.until("the text is there", |seen| seen.text() == "hello\n").await;
    }
    host.owner("GET", "/api/collaboration/room/").send().await.error(400);
    host.owner("GET", &format!("/api/collaboration/room/{room}")).send().await.error(400);
}

#[tokio::test]
async fn session_25_malformed_frames_harm_nobody() {
    let host = TestHost::start(&[("a.txt", "hello\n")]).await;
    let (rude, other) = (host.open_text("a.txt").await.synced().await, host.open_text("a.txt").await.synced().await);
    let malformed: [&[u8]; 12] = [
        b"",
        b"\x00",
        b"\x00\x09",
        b"\x00\x00\x05\x01",
        b"\x00\x02\x03\xff\xff\xff",
        b"\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x01",
        b"\x01\x05\xff\xff\xff\xff\xff",
        b"\x01\x08\x01\x6f\x01\x04{no}",
        b"\x02\x04sav",
        b"\x7d\x03no!",
        b"\x63\x01\x02\x03",
    ];
    for bytes in malformed {
        rude.send(bytes);
    }
    rude.send_message(Message::text("hello?"));
    rude.type_at(0, "still here: ");
    other.until("the edit arrives", |seen| seen.text() == "still here: hello\n").await;
    host.saved("a.txt", "still here: hello\n").await;
    assert_eq!(rude.see(|seen| seen.closed_with.clone()), None);
}

#[tokio::test]
async fn session_26_a_message_beyond_the_limit_closes_1009_and_no_other_client() {
    let setup = Setup { max_message: 64 * 1024, ..Setup::default() };
    let host = TestHost::start_with(&[("a.txt", "a\n")], setup).await;
    let (large, other) = (host.open_text("a.txt").await.synced().await, host.open_text("a.txt").await.synced().await);
    large.send(vec![0x63; 64 * 1024 + 1]);
    assert_eq!(large.closed().await.0, 1009);
    other.type_at(0, "b");
    host.saved("a.txt", "ba\n").await;
    assert_eq!(other.see(|seen| seen.closed_with.clone()), None);
}

#[tokio::test]
async fn session_27_a_transient_room_needs_no_session_and_carries_awareness() {
    let host = TestHost::start(&[]).await;
    let join = async || {
        let request = host.owner("GET", "/api/collaboration/room/JupyterLab:globalAwareness");
        TestClient::new().connected(request).await
    };
    let first = join().await;
    first.announce("Ana");
    let second = join().await;
    second.until("who is here already", |seen| seen.users() == ["Ana"]).await;
    second.announce("Ben");
    first.until("who comes", |seen| seen.users() == ["Ana", "Ben"]).await;
    drop(second);
    first.until("who leaves without a word", |seen| seen.users() == ["Ana"]).await;
}

#[tokio::test]
async fn session_28_stopping_saves_and_tells_everybody() {
    let setup = Setup { save_delay: None, ..Setup::default() };
    let host = TestHost::start_with(&[("a.txt", "a\n")], setup).await;
    let client = host.open_text("a.txt").await.synced().await;
    client.type_at(0, "b");
    client.handled().await;
    host.server.stop().await;
    assert_eq!(client.closed().await.0, 4510);
    assert_eq!(host.read("a.txt"), "ba\n");
    assert!(host.request("GET", "/api").try_send().await.is_err(), "still listening");
}
