//! Every code with which the host closes a socket, over real ones.

use futures_util::StreamExt;
use protocol::panel::{Command, LinkWish};
use protocol::{CloseCode, Role};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{OWNER_TOKEN, Setup, TestClient, TestHost, frame, notebook, socket};
use tokio_tungstenite::tungstenite::Message;

/// A guest with a text open.
async fn guest(host: &TestHost) -> TestClient {
    let cookie = host.redeem(&host.share().await, "Ana").await.cookie();
    let request = |method: &str, path: &str| host.guest(method, path).header("Cookie", &cookie);
    let kind = json!({ "format": "text", "type": "file" });
    let authority = format!("http://{}:{}", tests::GUEST_ADDRESS, host.server.port());
    let put = request("PUT", "/tides/api/collaboration/session/a.txt").header("Origin", &authority).body(kind);
    let opened = put.send().await.json();
    let (file, session) = (opened["fileId"].as_str().unwrap(), opened["sessionId"].as_str().unwrap());
    let path = format!("/tides/api/collaboration/room/text:file:{file}?sessionId={session}");
    TestClient::new().connected(request("GET", &path).header("Origin", &authority)).await.synced().await
}

/// Somebody who does not read, until it was given up.
async fn slow(host: &TestHost) -> (u16, String) {
    let (room, session) = host.session("a.txt", "text", "file").await;
    let path = format!("/api/collaboration/room/{room}?sessionId={session}");
    let mut slow = socket(&host.authority(), &path, OWNER_TOKEN).await;
    let other = host.join(&room, &session).await.synced().await;
    let connections = || host.host.folders()[0].people.iter().map(|person| person.connections).sum::<u32>();
    let much = json!({ "much": "x".repeat(200_000) }).to_string();
    let mut said = 0;
    while connections() == 2 {
        for _ in 0..20 {
            said += 1;
            other.send(frame::chat(&much));
        }
        other.handled().await;
        assert!(said < 10_000, "the slow one is never let go");
    }
    loop {
        match slow.next().await {
            Some(Ok(Message::Close(Some(close)))) => return (close.code.into(), close.reason.to_string()),
            Some(Ok(_)) => {}
            end => panic!("no close frame but {end:?}"),
        }
    }
}

#[tokio::test]
async fn frame_4_every_close_has_the_code_and_a_reason_that_the_table_says() {
    let setup = Setup { max_message: 1 << 20, ..Setup::default() };
    let files = [("a.txt", "a\n"), ("gone.txt", ""), ("broken.ipynb", "{"), ("huge.txt", "")];
    let host = TestHost::start_with(&files, setup).await;
    std::fs::File::options().write(true).open(host.path("huge.txt")).unwrap().set_len((256 << 20) + 1).unwrap();
    let (room, session) = host.session("a.txt", "text", "file").await;
    let mut seen: BTreeMap<u16, String> = BTreeMap::new();
    let mut see = |(code, reason): (u16, String)| {
        assert!(!reason.is_empty() && reason.len() <= 123, "{code}: {reason:?}");
        seen.insert(code, reason);
    };

    see(host.join(&room, "unknown").await.closed().await);
    see(host.open_notebook("broken.ipynb").await.closed().await);
    see(host.open_text("huge.txt").await.closed().await);
    let (gone, _) = host.session("gone.txt", "text", "file").await;
    std::fs::remove_file(host.path("gone.txt")).unwrap();
    see(host.join(&gone, &session).await.closed().await);
    let large = host.join(&room, &session).await.synced().await;
    large.send(vec![0x63; (1 << 20) + 1]);
    see(large.closed().await);
    drop(large);
    see(slow(&host).await);
    let ana = guest(&host).await;
    let link = LinkWish { label: String::new(), role: Role::Edit, ask: false, expires: None, most_uses: None };
    host.server.command(Command::NewLink { slug: host.slug.clone(), link, end_others: true }).await.unwrap();
    see(ana.closed().await);
    let ana = guest(&host).await;
    host.server.command(Command::Unshare { slug: host.slug.clone() }).await.unwrap();
    see(ana.closed().await);

    // What was closed opens again.
    host.write("broken.ipynb", notebook(&[("code", "1")]));
    let ana = host.open_notebook("broken.ipynb").await.synced().await;
    host.server.stop().await;
    see(ana.closed().await);

    let codes: Vec<u16> = CloseCode::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), codes);
    // 1003 is read by programs; the others by people, and those of a file name it.
    let unknown = json!({ "reason": "unknown_session", "sessionId": "unknown", "reloadable": true });
    assert_eq!(serde_json::from_str::<Value>(&seen[&1003]).unwrap(), unknown);
    for (code, name) in [(4400, "broken.ipynb"), (4404, "gone.txt"), (4500, "huge.txt")] {
        assert!(seen[&code].contains(name), "{code}: {}", seen[&code]);
    }
    // Reserved codes are not sent, nor a reason that JupyterLab would take for 1003's.
    assert!(!seen.contains_key(&1004) && seen.iter().all(|(code, reason)| *code == 1003 || !reason.starts_with('{')));
}
