//! The real program when something else fails: too little time, a broken store, a disk that takes no more.

use crate::place::{Place, join, open};
use std::time::{Duration, Instant};
use tests::{Program, TestClient, frame, until};
use tokio_tungstenite::tungstenite::Message;

pub(crate) async fn joined(program: &Program, name: &str, kind: &str) -> (TestClient, String, String) {
    let authority = program.authority();
    let (room, session) = open(&authority, name, kind).await;
    let client = TestClient::new().connected(join(&authority, &room, &session)).await.synced().await;
    (client, room, session)
}

/// Waits until all that was sent is durable.
pub(crate) async fn stored(client: &TestClient) {
    client.send(frame::stored(1));
    client.until("it is stored", |seen| seen.raw.iter().any(|raw| raw["type"] == "stored")).await;
}

/// What is promised of the host's end.
const PROMISED: Duration = Duration::from_secs(3);

/// Twenty documents with an unsaved edit each, which nothing saves by itself, and who made it.
async fn twenty_unsaved(place: &Place) -> (Program, Vec<String>, Vec<TestClient>) {
    let names: Vec<String> = (0..20).map(|number| format!("{number}.md")).collect();
    names.iter().for_each(|name| place.write(name, "before\n"));
    let program = place.serve(&["--save-delay", "none"]).await;
    let mut clients = Vec::new();
    for name in &names {
        let (client, ..) = joined(&program, name, "text:file").await;
        client.type_at(0, &format!("{name} "));
        client.handled().await;
        clients.push(client);
    }
    (program, names, clients)
}

#[tokio::test]
async fn save_70_stopping_writes_twenty_documents_with_unsaved_edits_in_less_than_3_s() {
    let place = Place::new();
    let (program, names, _clients) = twenty_unsaved(&place).await;
    let begun = Instant::now();
    let (_, well) = program.stop().await;
    let lasted = begun.elapsed();
    println!("twenty documents were written and the program ended within {lasted:?}");
    assert!(well);
    for name in &names {
        assert_eq!(place.read(name), format!("{name} before\n"));
    }
    assert!(lasted < PROMISED, "{lasted:?}");
}

#[tokio::test]
async fn save_70_when_the_last_one_leaves_each_of_twenty_documents_it_is_written_at_once() {
    let place = Place::new();
    let (program, names, clients) = twenty_unsaved(&place).await;
    let begun = Instant::now();
    clients.into_iter().for_each(|mut client| client.disconnect());
    until("all are written", async || names.iter().all(|name| place.read(name) == format!("{name} before\n"))).await;
    let lasted = begun.elapsed();
    println!("twenty documents were written within {lasted:?} after the last one had left");
    assert!(lasted < PROMISED, "{lasted:?}");
    program.kill().await;
}

#[tokio::test]
async fn store_61_clients_of_a_store_that_became_unreadable_are_refused_instead_of_doubling() {
    let place = Place::new();
    place.write("a.txt", "hello\n");
    let program = place.serve(&["--save-delay", "0.05"]).await;
    let (mut client, room, session) = joined(&program, "a.txt", "text:file").await;
    client.type_at(5, ", world");
    until("it is saved", async || place.read("a.txt") == "hello, world\n").await;
    program.kill().await;
    client.closed().await;
    client.disconnect();
    let store = place.state("commonplace.sqlite");
    std::fs::write(&store, "no database, but longer than the header of one would be ".repeat(100)).unwrap();
    // What is in the log beside it belongs to a file that is no more.
    let _ = std::fs::remove_file(place.state("commonplace.sqlite-wal"));

    let program = place.serve(&["--save-delay", "0.05"]).await;
    let authority = program.authority();
    assert!(place.state("commonplace.sqlite.unreadable-1").exists());
    let (fresh, _, next) = joined(&program, "a.txt", "text:file").await;
    assert_ne!(session, next);
    let old = client.connected(join(&authority, &room, &session)).await;
    assert_eq!(old.closed().await.0, 1003);
    fresh.type_at(0, "» ");
    until("it goes on", async || place.read("a.txt") == "» hello, world\n").await;
}

#[tokio::test]
async fn store_62_a_log_whose_end_was_torn_off_costs_nothing_that_its_client_still_holds() {
    let place = Place::new();
    place.write("a.txt", "hello\n");
    let program = place.serve(&["--save-delay", "none"]).await;
    let (mut client, room, session) = joined(&program, "a.txt", "text:file").await;
    client.type_at(5, ", world");
    stored(&client).await;
    let log = place.state("commonplace.sqlite-wal");
    client.type_at(0, "Oh ");
    client.see(|seen| assert_eq!(seen.raw.len(), 1));
    client.send(frame::stored(2));
    client.until("it is stored too", |seen| seen.raw.len() == 2).await;
    program.kill().await;
    client.closed().await;
    client.disconnect();
    // The last commit is not whole any more.
    let length = std::fs::metadata(&log).unwrap().len();
    std::fs::File::options().write(true).open(&log).unwrap().set_len(length - 100).unwrap();

    let program = place.serve(&["--save-delay", "0.05"]).await;
    let client = client.connected(join(&program.authority(), &room, &session)).await.synced().await;
    until("everything is saved once", async || place.read("a.txt") == "Oh hello, world\n").await;
    assert_eq!(client.text(), "Oh hello, world\n");
}

/// A notebook whose file is much larger than its document, so that a limit on the size of files stops the one and not the
/// other: the cells are made of escapes.
#[cfg(target_os = "linux")]
fn large() -> String {
    let source = r"\u00e9".repeat(120_000);
    format!(
        r#"{{"cells": [{{"cell_type": "raw", "id": "a", "metadata": {{}}, "source": "{source}"}}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}"#
    )
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn save_71_what_cannot_be_written_is_told_once_kept_and_saved_when_it_can_be() {
    let place = Place::new();
    place.write("n.ipynb", &large());
    let program = place.serve_limited(&["--save-delay", "0.05"]).await;
    let authority = program.authority();
    let limit = async |bytes: &str| {
        let limit = format!("--fsize={bytes}:");
        let process = program.process().to_string();
        let set = tokio::process::Command::new("prlimit").args(["--pid", &process, &limit]).status().await;
        assert!(set.is_ok_and(|status| status.success()));
    };
    let mut events = tests::socket(&authority, "/api/commonplace/panel", "secret").await;
    let (client, room, session) = joined(&program, "n.ipynb", "json:notebook").await;
    limit("600000").await;
    client.type_in_cell(0, 0, "kept ");
    let mut told = Vec::new();
    // The file, or before it the store, which keeps what a save takes the place of.
    let is_failure = |line: &str| line.contains("cannot be written") || line.contains("cannot be stored here");
    lines(&mut events, &mut told, is_failure).await;
    // Asked for, it is refused or waits; either way nothing is claimed.
    client.send(frame::save(3));
    client.handled().await;
    let saved = |raw: &serde_json::Value| raw["responseTo"] == 3 && raw["status"] == "success";
    assert!(!client.see(|seen| seen.raw.iter().any(saved)));
    assert_eq!(place.read("n.ipynb"), large());
    let fresh = TestClient::new().connected(join(&authority, &room, &session)).await.synced().await;
    fresh.until("the edit is kept", |seen| seen.sources()[0].starts_with("kept é")).await;
    limit("unlimited").await;
    until("it is saved by itself", async || place.read("n.ipynb").contains("kept \\u00e9")).await;
    lines(&mut events, &mut told, |line| line.starts_with("Saved") || line.starts_with("n.ipynb, ")).await;
    let failures: Vec<&String> = told.iter().filter(|line| is_failure(line)).collect();
    assert_eq!(failures.len(), 1, "{told:?}");
}

/// Reads lines of events up to one of a kind.
pub(crate) async fn lines<S>(events: &mut S, told: &mut Vec<String>, is_last: impl Fn(&str) -> bool)
where
    S: futures_util::Stream<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
{
    use futures_util::StreamExt;
    loop {
        let message = tokio::time::timeout(tests::DEADLINE, events.next()).await;
        let text = message.unwrap_or_else(|_| panic!("only {told:?}")).unwrap().unwrap().into_text().unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        for record in json["events"].as_array().into_iter().flatten() {
            let line = record["line"].as_str().or(record["event"]["line"].as_str()).unwrap_or_default().to_owned();
            let last = is_last(&line);
            told.push(line);
            if last {
                return;
            }
        }
    }
}
