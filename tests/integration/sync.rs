//! Edits travel between clients, to the file, and over restarts.

use tests::{TestClient, TestHost, frame, notebook, until};

#[tokio::test]
async fn sync_20_two_clients_edit_a_text_and_the_file_follows() {
    let host = TestHost::start(&[("a.txt", "one\ntwo\n")]).await;
    let (ana, ben) = (host.open_text("a.txt").await.synced().await, host.open_text("a.txt").await.synced().await);
    ana.type_at(0, "Ana: ");
    ben.type_at(7, " – Ben");
    for client in [&ana, &ben] {
        client.until("both edits", |seen| seen.text() == "Ana: one\ntwo – Ben\n").await;
    }
    host.saved("a.txt", "Ana: one\ntwo – Ben\n").await;
    let late = host.open_text("a.txt").await.synced().await;
    assert_eq!(late.text(), "Ana: one\ntwo – Ben\n");
}

#[tokio::test]
async fn sync_21_two_clients_edit_a_notebook_and_the_file_follows() {
    let host = TestHost::start(&[("n.ipynb", &notebook(&[("markdown", "# Tides"), ("code", "1 + 1")]))]).await;
    let (ana, ben) =
        (host.open_notebook("n.ipynb").await.synced().await, host.open_notebook("n.ipynb").await.synced().await);
    assert_eq!(ana.see(|seen| seen.cells())[0], ("markdown".to_owned(), "# Tides".to_owned()));
    ana.type_in_cell(0, 7, " of May");
    ben.type_in_cell(1, 5, " + 1");
    for client in [&ana, &ben] {
        client.until("both edits", |seen| seen.sources() == ["# Tides of May", "1 + 1 + 1"]).await;
    }
    until("both edits are in the file", async || {
        let text = host.read("n.ipynb");
        text.contains("# Tides of May") && text.contains("1 + 1 + 1")
    })
    .await;
    // Beside the edits nothing changed.
    let expected = notebook(&[("markdown", "# Tides of May"), ("code", "1 + 1 + 1")]);
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(json(&host.read("n.ipynb")), json(&expected));
}

#[tokio::test]
async fn sync_22_after_a_restart_yesterdays_client_merges() {
    let host = TestHost::start(&[("a.txt", "hello\n")]).await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    let mut client = host.join(&room, &session).await.synced().await;
    client.type_at(5, ", world");
    host.saved("a.txt", "hello, world\n").await;
    client.disconnect();
    let host = host.restart().await;
    // Typed while the host was away.
    client.type_at(0, "Oh ");
    let path = format!("/api/collaboration/room/{room}?sessionId={session}");
    let client = client.connected(host.owner("GET", &path)).await.synced().await;
    host.saved("a.txt", "Oh hello, world\n").await;
    let fresh = host.open_text("a.txt").await.synced().await;
    fresh.until("nothing lost, nothing doubled", |seen| seen.text() == "Oh hello, world\n").await;
    fresh.type_at(0, "» ");
    client.until("and it goes on", |seen| seen.text() == "» Oh hello, world\n").await;
    let (again, newest) = host.session("a.txt", "text", "file").await;
    assert_eq!((again, newest), (room, session));
}

#[tokio::test]
async fn sync_24_a_save_is_answered_to_who_asked_when_the_file_is_written() {
    let setup = tests::Setup { save_delay: None, ..tests::Setup::default() };
    let host = TestHost::start_with(&[("a.txt", "a\n")], setup).await;
    let (ana, ben) = (host.open_text("a.txt").await.synced().await, host.open_text("a.txt").await.synced().await);
    ana.type_at(0, "b");
    ana.send(frame::save(7));
    ana.until("the answer", |seen| !seen.raw.is_empty()).await;
    let answer = ana.see(|seen| seen.raw[0].clone());
    // As recorded from the reference server.
    assert_eq!(answer, serde_json::json!({ "type": "save", "responseTo": 7, "status": "success" }));
    assert_eq!(host.read("a.txt"), "ba\n");
    assert!(ben.see(|seen| seen.raw.is_empty()));
}

#[tokio::test]
async fn sync_25_a_chat_message_reaches_all_others_once() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let join = async || host.open_text("a.txt").await.synced().await;
    let (ana, ben, eve) = (join().await, join().await, join().await);
    ana.send(frame::chat(r#"{"text": "hé"}"#));
    ana.type_at(0, "b");
    for client in [&ben, &eve] {
        client.until("the edit after it", |seen| seen.text() == "ba\n").await;
        let chat = client.see(|seen| seen.chat.clone());
        assert_eq!(chat.len(), 1);
        assert_eq!(chat[0]["content"], serde_json::json!({ "text": "hé" }));
        assert!(chat[0]["timestamp"].is_number() && chat[0]["sender"].is_string(), "{chat:?}");
    }
    assert!(ana.see(|seen| seen.chat.is_empty()));
}

#[tokio::test]
async fn sync_26_another_programs_edit_is_merged_into_what_people_type() {
    let host = TestHost::start(&[("a.txt", "one\ntwo\nthree\n")]).await;
    let client: TestClient = host.open_text("a.txt").await.synced().await;
    client.type_at(0, "Ana: ");
    host.saved("a.txt", "Ana: one\ntwo\nthree\n").await;
    host.write("a.txt", "Ana: one\ntwo\nthree\nfour\n");
    client.type_at(5, "the ");
    let merged = "Ana: the one\ntwo\nthree\nfour\n";
    client.until("both", |seen| seen.text() == merged).await;
    host.saved("a.txt", merged).await;
}
