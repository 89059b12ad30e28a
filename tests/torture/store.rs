//! The real program when its store fails: locked by another program, on a full disk, damaged. The document goes on, people are
//! told once, and in the end every edit is there once.

use crate::faults::{joined, lines, stored};
use crate::place::{Place, join};
use rusqlite::Connection;
use std::os::unix::fs::FileExt;
use tests::{Program, TestClient, frame, until};

/// What a failing store is told as.
fn failures(told: &[String]) -> usize {
    told.iter().filter(|line| line.contains("Edits cannot be stored here")).count()
}

async fn limit(program: &Program, bytes: &str) {
    let arguments = ["--pid", &program.process().to_string(), &format!("--fsize={bytes}:")].map(str::to_owned);
    let set = tokio::process::Command::new("prlimit").args(arguments).status().await;
    assert!(set.is_ok_and(|status| status.success()));
}

/// Kills the program and starts it again: everything must be there once, for yesterday's client and for a new one.
async fn is_whole_after_a_kill(place: &Place, program: Program, mut client: TestClient, at: (&str, &str), text: &str) {
    program.kill().await;
    client.closed().await;
    client.disconnect();
    let program = place.serve(&["--save-delay", "0.05"]).await;
    let authority = program.authority();
    let client = client.connected(join(&authority, at.0, at.1)).await.synced().await;
    client.type_at(0, "» ");
    let expected = format!("» {text}");
    until("it is saved once", async || place.read("a.txt") == expected).await;
    let fresh = TestClient::new().connected(join(&authority, at.0, at.1)).await.synced().await;
    fresh.until("a new client has it once", |seen| seen.text() == expected).await;
    assert_eq!(client.text(), expected);
}

#[tokio::test]
async fn store_80_a_locked_store_is_told_once_and_stores_everything_when_it_is_free() {
    let place = Place::new();
    place.write("a.txt", "hello\n");
    let program = place.serve(&["--save-delay", "0.05"]).await;
    let mut events = tests::socket(&program.authority(), "/api/commonplace/panel", "secret").await;
    let (client, room, session) = joined(&program, "a.txt", "text:file").await;
    stored(&client).await;
    let other = Connection::open(place.state("commonplace.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    client.type_at(5, ", world");
    let mut told = Vec::new();
    lines(&mut events, &mut told, |line| line.contains("Edits cannot be stored here")).await;
    // Live for everybody, and told live, though nothing of it is stored.
    let ben = TestClient::new().connected(join(&program.authority(), &room, &session)).await.synced().await;
    ben.type_at(0, "Oh ");
    client.until("the other's edit", |seen| seen.text() == "Oh hello, world\n").await;
    lines(&mut events, &mut told, |line| line.contains("Events cannot be stored")).await;
    client.send(frame::stored(2));
    client.handled().await;
    assert!(client.see(|seen| seen.raw.iter().all(|raw| raw["responseTo"] != 2)), "it does not claim to be stored");
    other.execute_batch("ROLLBACK").unwrap();
    client.until("it is stored", |seen| seen.raw.iter().any(|raw| raw["responseTo"] == 2)).await;
    until("it is in the file", async || place.read("a.txt") == "Oh hello, world\n").await;
    lines(&mut events, &mut told, |line| line.starts_with("a.txt, ") || line.starts_with("Saved")).await;
    assert_eq!(failures(&told), 1, "{told:?}");
    // All events are in the store now, each once.
    let mut again = tests::socket(&program.authority(), "/api/commonplace/panel", "secret").await;
    let mut remembered = Vec::new();
    lines(&mut again, &mut remembered, |line| line.starts_with("a.txt, ") || line.starts_with("Saved")).await;
    assert_eq!(failures(&remembered), 1, "{remembered:?}");
    drop(ben);
    is_whole_after_a_kill(&place, program, client, (&room, &session), "Oh hello, world\n").await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn store_81_a_store_on_a_full_disk_is_told_once_and_stores_everything_when_there_is_room() {
    let place = Place::new();
    place.write("a.txt", "hello\n");
    let program = place.serve_limited(&["--save-delay", "0.05"]).await;
    let mut events = tests::socket(&program.authority(), "/api/commonplace/panel", "secret").await;
    let (client, room, session) = joined(&program, "a.txt", "text:file").await;
    stored(&client).await;
    limit(&program, "1").await;
    client.type_at(5, ", world");
    let mut told = Vec::new();
    lines(&mut events, &mut told, |line| line.contains("Edits cannot be stored here")).await;
    let ben = TestClient::new().connected(join(&program.authority(), &room, &session)).await.synced().await;
    ben.type_at(0, "Oh ");
    client.until("the other's edit", |seen| seen.text() == "Oh hello, world\n").await;
    assert_eq!(place.read("a.txt"), "hello\n");
    limit(&program, "unlimited").await;
    client.send(frame::stored(2));
    client.until("it is stored", |seen| seen.raw.iter().any(|raw| raw["responseTo"] == 2)).await;
    until("it is in the file", async || place.read("a.txt") == "Oh hello, world\n").await;
    lines(&mut events, &mut told, |line| line.starts_with("a.txt, ") || line.starts_with("Saved")).await;
    assert_eq!(failures(&told), 1, "{told:?}");
    drop(ben);
    is_whole_after_a_kill(&place, program, client, (&room, &session), "Oh hello, world\n").await;
}

#[tokio::test]
async fn store_82_a_store_that_is_damaged_while_in_use_is_told_and_set_aside_by_the_next_start() {
    let place = Place::new();
    place.write("a.txt", "hello\n");
    let program = place.serve(&["--save-delay", "0.05"]).await;
    let (client, room, session) = joined(&program, "a.txt", "text:file").await;
    client.type_at(5, ", world");
    until("it is saved", async || place.read("a.txt") == "hello, world\n").await;
    // Everything into the one file, so that what is damaged there is what counts.
    let store = place.state("commonplace.sqlite");
    let other = Connection::open(&store).unwrap();
    let busy = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    until("the log is in the file", async || {
        other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], busy).is_ok_and(|busy| busy == 0)
    })
    .await;
    drop(other);
    let mut events = tests::socket(&program.authority(), "/api/commonplace/panel", "secret").await;
    let file = std::fs::File::options().write(true).open(&store).unwrap();
    let length = file.metadata().unwrap().len();
    // All but the page that says what is where.
    file.write_all_at(&vec![0x5a; usize::try_from(length).unwrap() - 4096], 4096).unwrap();
    client.type_at(0, "Oh ");
    let mut told = Vec::new();
    lines(&mut events, &mut told, |line| line.contains("Edits cannot be stored here")).await;
    assert!(told.last().unwrap().contains("only in the file for now"), "{told:?}");
    until("it is saved all the same", async || place.read("a.txt") == "Oh hello, world\n").await;
    let ben = TestClient::new().connected(join(&program.authority(), &room, &session)).await;
    assert_eq!(ben.closed().await.0, 4500, "what cannot be known is not guessed");
    assert!(!place.state("commonplace.sqlite.unreadable-1").exists(), "nothing is begun anew in secret");
    client.type_at(0, "» ");
    until("it goes on", async || place.read("a.txt") == "» Oh hello, world\n").await;
    assert!(program.stop().await.1);

    let program = place.serve(&["--save-delay", "0.05"]).await;
    assert!(place.state("commonplace.sqlite.unreadable-1").exists());
    assert!(!place.state("commonplace.sqlite.damaged").exists());
    let old = TestClient::new().connected(join(&program.authority(), &room, &session)).await;
    assert_eq!(old.closed().await.0, 1003);
    let (fresh, ..) = joined(&program, "a.txt", "text:file").await;
    assert_eq!(fresh.text(), "» Oh hello, world\n");
}
