//! The real program on a disk that is really full: a small one of its own, in a mount namespace.

use crate::faults::{joined, lines};
use crate::place::{Place, join};
use std::io::Write;
use tests::{TestClient, frame, until};

const DISK: u64 = 1 << 20;

#[tokio::test]
async fn save_84_on_a_full_disk_edits_are_kept_told_once_and_saved_when_there_is_room() {
    let place = Place::new();
    let program = place.serve_on_small_disk(DISK, &["--save-delay", "0.05"]).await;
    let file = program.seen(&place.file("a.txt"));
    std::fs::write(&file, "hello\n").unwrap();
    let (client, room, session) = joined(&program, "a.txt", "text:file").await;
    let authority = program.authority();
    let mut events = tests::socket(&authority, "/api/commonplace/panel", "secret").await;
    let filler = program.seen(&place.file("filler.bin"));
    let mut full = std::fs::File::create(&filler).unwrap();
    let refused = (0..).find_map(|_| full.write_all(&[0x5a; 4096]).err()).unwrap();
    assert_eq!(refused.kind(), std::io::ErrorKind::StorageFull);

    client.type_at(5, ", world");
    let mut told = Vec::new();
    lines(&mut events, &mut told, |line| line.contains("a.txt cannot be written")).await;
    // Tried again, and refused again, with the reason.
    client.send(frame::save(3));
    client.until("an answer", |seen| seen.raw.iter().any(|raw| raw["responseTo"] == 3)).await;
    let answer = client.see(|seen| seen.raw.last().cloned().unwrap_or_default());
    assert_eq!(answer["status"], "failed", "{answer}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "hello\n");
    let fresh = TestClient::new().connected(join(&authority, &room, &session)).await.synced().await;
    fresh.until("the edit is kept", |seen| seen.text() == "hello, world\n").await;
    assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 2, "no half a file is left");

    drop(full);
    std::fs::remove_file(&filler).unwrap();
    until("it is saved by itself", async || std::fs::read_to_string(&file).unwrap() == "hello, world\n").await;
    lines(&mut events, &mut told, |line| line.starts_with("Saved")).await;
    let failures: Vec<&String> = told.iter().filter(|line| line.contains("cannot be written")).collect();
    assert_eq!(failures.len(), 1, "{told:?}");
}
