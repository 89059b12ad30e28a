//! A host whose store another program has to itself.

use protocol::{Action, Level};
use rusqlite::Connection;
use tests::{TestHost, until};

/// Another program that writes into the store, until it is dropped.
fn locked(host: &TestHost) -> Connection {
    let other = Connection::open(host.path("../state/commonplace.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test]
async fn session_62_a_folder_that_the_store_cannot_forget_stays_whole() {
    let host = TestHost::start(&[("a.md", "one\n")]).await;
    let client = host.open_text("a.md").await.synced().await;
    let other = locked(&host);
    let refused = host.host.remove_folder(&host.slug).await.unwrap_err();
    assert!(refused.message.contains("locked"), "{refused:?}");
    drop(other);
    assert!(host.host.has_folder(&host.slug));
    client.type_at(0, "typed ");
    client.handled().await;
    host.host.remove_folder(&host.slug).await.unwrap();
    assert_eq!(client.closed().await.0, 4410);
    assert_eq!(host.read("a.md"), "typed one\n");
}

#[tokio::test]
async fn store_83_stopping_with_a_store_that_fails_says_what_is_at_stake_and_ends() {
    let host = TestHost::start(&[("a.md", "one\n"), ("b.md", "two\n")]).await;
    let mut events = host.host.events();
    let (room, session) = host.session("a.md", "text", "file").await;
    let mut client = host.join(&room, &session).await.synced().await;
    let _unchanged = host.open_text("b.md").await.synced().await;
    client.type_at(0, "stored ");
    host.saved("a.md", "stored one\n").await;
    until("all is saved", async || host.host.folders()[0].unsaved == 0).await;
    let other = locked(&host);
    client.type_at(0, "typed ");
    until("the edit", async || host.host.folders()[0].unsaved == 1).await;
    host.host.shutdown().await;
    drop(other);
    client.disconnect();
    let mut told = Vec::new();
    while let Ok(record) = events.try_recv() {
        if record.event.action == Action::Fault && record.event.line.contains("neither") {
            told.push(record.event);
        }
    }
    let [told] = &told[..] else { panic!("{told:?}") };
    assert_eq!((told.level, told.path.as_deref()), (Level::Error, Some("a.md")));
    let line = "The last edits of a.md are neither in its file nor stored; whoever has it open still has them: ";
    assert!(told.line.starts_with(line) && told.line.ends_with("locked"), "{}", told.line);
    assert_eq!(host.read("a.md"), "stored one\n");
    // Whoever has them brings them back, once.
    let host = host.restart().await;
    let path = format!("/api/collaboration/room/{room}?sessionId={session}");
    let client = client.connected(host.owner("GET", &path)).await.synced().await;
    host.saved("a.md", "typed stored one\n").await;
    assert_eq!(client.text(), "typed stored one\n");
}
