//! Events: Jupyter's stream, and what the window is told.

use futures_util::StreamExt;
use protocol::panel::{Command, Message};
use serde_json::{Value, json};
use tests::{DEADLINE, OWNER_TOKEN, TestHost, socket};
use tokio_tungstenite::tungstenite;

/// The next events of a stream, up to one of which this is true.
async fn up_to<S>(stream: &mut S, last: impl Fn(&Value) -> bool) -> Vec<Value>
where
    S: StreamExt<Item = Result<tungstenite::Message, tungstenite::Error>> + Unpin,
{
    let mut events = Vec::new();
    let reading = async {
        while let Some(Ok(message)) = stream.next().await {
            let tungstenite::Message::Text(text) = message else { continue };
            events.push(serde_json::from_str(&text).unwrap());
            if events.last().is_some_and(&last) {
                return true;
            }
        }
        false
    };
    assert!(matches!(tokio::time::timeout(DEADLINE, reading).await, Ok(true)), "only {events:?}");
    events
}

#[tokio::test]
async fn event_30_the_stream_is_jupyters() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let mut stream = socket(&host.authority(), "/api/events/subscribe", OWNER_TOKEN).await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    let client = host.join(&room, &session).await.synced().await;
    client.type_at(0, "b");
    let mut events = up_to(&mut stream, |event| event["action"] == "save").await;
    drop(client);
    events.extend(up_to(&mut stream, |event| event["action"] == "leave").await);
    let find = |action: &str, msg: Option<&str>| {
        let same = |event: &&Value| event["action"] == action && msg.is_none_or(|msg| event["msg"] == msg);
        events.iter().find(same).unwrap_or_else(|| panic!("no {action} {msg:?} in {events:?}"))
    };
    // As recorded from the reference server.
    let session_event = |action: &str, msg: &str| {
        let schema = "https://schema.jupyter.org/jupyter_collaboration/session/v1";
        json!({ "schema_id": schema, "level": "INFO", "room": room, "path": "a.txt", "action": action, "msg": msg })
    };
    for (action, msg) in [
        ("load", "Content loaded from disk."),
        ("initialize", "Room initialized"),
        ("initialize", "New client connected."),
        ("save", "Content saved."),
    ] {
        assert_eq!(find(action, Some(msg)), &session_event(action, msg));
    }
    let schema = "https://schema.jupyter.org/jupyter_collaboration/awareness/v1";
    for action in ["join", "leave"] {
        let event = find(action, None);
        assert_eq!((&event["schema_id"], &event["roomid"]), (&json!(schema), &json!(room)));
        assert!(event["username"].as_str().is_some_and(|name| !name.is_empty()), "{event}");
    }
}

#[tokio::test]
async fn event_31_a_stream_is_of_one_folder_and_ends_with_the_access_to_it() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let other = host.add_folder("dunes").await;
    let secret = host.share().await;
    let cookie = host.redeem(&secret, "Ana").await.cookie();
    let token = cookie.split_once('=').unwrap().1;
    let authority = format!("{}:{}", tests::GUEST_ADDRESS, host.server.port());
    let mut guest = socket(&authority, "/tides/api/events/subscribe", token).await;
    let mut stream = socket(&host.authority(), &format!("/{other}/api/events/subscribe"), OWNER_TOKEN).await;
    let body = json!({ "format": "text", "type": "file" });
    let opened = host.owner("PUT", "/tides/api/collaboration/session/a.txt").body(body).send().await.json();
    let (file, session) = (opened["fileId"].as_str().unwrap(), opened["sessionId"].as_str().unwrap());
    let path = format!("/tides/api/collaboration/room/text:file:{file}?sessionId={session}");
    let client = tests::TestClient::new().connected(host.owner("GET", &path)).await.synced().await;
    up_to(&mut guest, |event| event["msg"] == "New client connected.").await;
    client.type_at(0, "b");
    host.server.command(Command::Unshare { slug: host.slug.clone() }).await.unwrap();
    let closed = async {
        loop {
            match guest.next().await {
                Some(Ok(tungstenite::Message::Close(Some(close)))) => return u16::from(close.code),
                Some(Ok(_)) => {}
                end => panic!("no close frame but {end:?}"),
            }
        }
    };
    assert_eq!(tokio::time::timeout(DEADLINE, closed).await, Ok(4410));
    host.server.stop().await;
    // All that the other folder's stream ever carried is its end.
    let first = tokio::time::timeout(DEADLINE, stream.next()).await;
    assert!(matches!(first, Ok(Some(Ok(tungstenite::Message::Close(Some(_)))))), "{first:?}");
}

#[tokio::test]
async fn event_32_the_window_gets_the_state_then_earlier_events_then_live_ones() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    drop(host.open_text("a.txt").await.synced().await);
    let mut messages = host.server.messages();
    let mut next = async || tokio::time::timeout(DEADLINE, messages.recv()).await.unwrap().unwrap();
    let Message::State { state } = next().await else { panic!("the first message is no state") };
    assert_eq!((state.folders[0].slug.as_str(), state.host.as_str()), ("tides", "Marie"));
    let Message::Events { events } = next().await else { panic!("the second message is no tail of events") };
    assert!(events.iter().any(|record| record.event.msg == "Room initialized"), "{events:?}");
    host.write("b.txt", "b\n");
    let _client = host.open_text("b.txt").await.synced().await;
    let mut seen: Vec<u64> = events.iter().map(|record| record.seq).collect();
    let mut documents = 0;
    let mut live = false;
    while !live || documents == 0 {
        match next().await {
            Message::Events { events } => {
                live |= events.iter().any(|record| record.event.path.as_deref() == Some("b.txt"));
                seen.extend(events.iter().map(|record| record.seq));
            }
            Message::State { state } => documents = state.folders[0].documents,
        }
    }
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "out of order or twice: {seen:?}");
}
