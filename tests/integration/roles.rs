//! What each role may do, over sockets and requests, and how it changes while somebody is here.

use protocol::Role;
use protocol::panel::Command;
use serde_json::{Value, json};
use tests::{Guest, OWNER_TOKEN, Request, TestClient, TestHost, frame};

#[tokio::test]
async fn role_15_a_change_of_role_is_felt_at_once_without_a_reload() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    host.share().await;
    let secret = host.new_link(Role::View, false).await;
    let ana = Guest::join(&host, &secret, "Ana").await;
    let client = ana.open_text("a.txt").await;
    client.type_at(0, "v");
    client.handled().await;
    let owner = host.open_text("a.txt").await.synced().await;
    assert_eq!(owner.text(), "a\n");
    let put = || {
        let request = ana.request("PUT", "/tides/api/contents/b.txt");
        request.body(json!({ "type": "file", "format": "text", "content": "b" })).send()
    };
    put().await.error(403);
    let person = host.folder().people.iter().find(|person| person.name == "Ana").unwrap().username.clone();
    let set = |role| Command::SetRole { slug: host.slug.clone(), person: person.clone(), role };
    let folder = host.does(set(Role::Edit)).await;
    let shown = folder.people.iter().find(|it| it.username == person).unwrap().role;
    assert_eq!(shown, Role::Edit);
    client.until("the page is told", |seen| seen.notices.contains(&json!({ "type": "role", "role": "edit" }))).await;
    // What was typed before is there too: the host asked for it.
    owner.until("it comes", |seen| seen.text() == "va\n").await;
    client.type_at(0, "e");
    host.saved("a.txt", "eva\n").await;
    assert_eq!(put().await.status, 201);

    host.does(set(Role::View)).await;
    client
        .until("the page is told", |seen| seen.notices.last() == Some(&json!({ "type": "role", "role": "view" })))
        .await;
    client.type_at(0, "n");
    client.handled().await;
    assert_eq!(owner.text(), "eva\n");
    put().await.error(403);
    assert_eq!(client.see(|seen| seen.closed_with.clone()), None, "it stays connected");
    let host = host.restart().await;
    host.share().await;
    let me = ana.request("POST", "/tides/api/commonplace/hello").body("{}").send().await.json();
    assert_eq!(me["role"], "view", "and is remembered");
    assert!(host.server.command(Command::SetRole { slug: host.slug.clone(), person, role: Role::Run }).await.is_err());
}

#[tokio::test]
async fn role_16_two_sockets_of_different_roles_keep_them_in_either_order() {
    for viewer_first in [true, false] {
        let host = TestHost::start(&[("a.txt", "a\n")]).await;
        let edits = host.share().await;
        let views = host.new_link(Role::View, false).await;
        let (viewer, editor) = (Guest::join(&host, &views, "Vera").await, Guest::join(&host, &edits, "Edna").await);
        let (viewer, editor) = if viewer_first {
            let viewer = viewer.open_text("a.txt").await;
            (viewer, editor.open_text("a.txt").await)
        } else {
            let editor = editor.open_text("a.txt").await;
            (viewer.open_text("a.txt").await, editor)
        };
        viewer.type_at(0, "v");
        viewer.handled().await;
        editor.type_at(0, "e");
        viewer.announce("Vera");
        editor.until("she is seen", |seen| seen.users() == ["Vera"]).await;
        host.saved("a.txt", "ea\n").await;
        let looks = host.open_text("a.txt").await.synced().await;
        assert_eq!(looks.text(), "ea\n", "viewer first: {viewer_first}");
    }
}

/// Somebody who asks, by whatever they show.
enum Who<'a> {
    Guest(&'a Guest),
    Token(&'a str),
}

impl Who<'_> {
    fn asks(&self, host: &TestHost, method: &str, path: &str) -> Request {
        match self {
            Self::Guest(guest) => guest.request(method, path),
            Self::Token(token) => host.guest(method, path).token(token),
        }
    }
}

#[tokio::test]
async fn role_17_each_role_may_exactly_what_the_table_says() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let edits = host.share().await;
    let views = host.new_link(Role::View, false).await;
    let (viewer, editor) = (Guest::join(&host, &views, "Vera").await, Guest::join(&host, &edits, "Edna").await);
    let removed = Guest::join(&host, &edits, "Rem").await;
    let _here = removed.open_text("a.txt").await;
    let person = host.folder().people.iter().find(|person| person.name == "Rem").unwrap().username.clone();
    host.does(Command::RemovePerson { slug: host.slug.clone(), person }).await;
    let token = async |role: Role| {
        let new = Command::NewToken { slug: host.slug.clone(), name: "Token".to_owned(), role };
        host.server.command(new).await.unwrap().new_token.unwrap()
    };
    let (view_token, edit_token) = (token(Role::View).await, token(Role::Edit).await);
    let file = json!({ "type": "file", "format": "text", "content": "x" });
    let panel = json!({ "do": "unshare", "slug": "tides" });
    // What is asked, and whether it takes more than viewing.
    let requests: [(&str, &str, Value, &str); 13] = [
        ("GET", "api/contents", Value::Null, "view"),
        ("GET", "api/contents/a.txt", Value::Null, "view"),
        ("GET", "files/a.txt", Value::Null, "view"),
        ("GET", "api/commonplace/files", Value::Null, "view"),
        ("GET", "api/commonplace/file/a.txt", Value::Null, "view"),
        ("GET", "api/me", Value::Null, "view"),
        ("GET", "api/contents/a.txt/checkpoints", Value::Null, "view"),
        ("PUT", "api/collaboration/session/a.txt", json!({ "format": "text", "type": "file" }), "view"),
        ("PUT", "api/contents/NAME.txt", file.clone(), "edit"),
        ("PATCH", "api/contents/NAME.txt", json!({ "path": "NAME-2.txt" }), "edit"),
        ("POST", "api/contents/NAME-2.txt/checkpoints", Value::Null, "edit"),
        ("DELETE", "api/contents/NAME-2.txt", Value::Null, "edit"),
        ("POST", "api/commonplace/panel", panel, "owner"),
    ];
    let people: [(&str, Who<'_>, u8); 6] = [
        ("viewer", Who::Guest(&viewer), 1),
        ("view token", Who::Token(&view_token), 1),
        ("editor", Who::Guest(&editor), 2),
        ("edit token", Who::Token(&edit_token), 2),
        // From outside, the owner's token edits; what concerns everything is for this computer.
        ("owner elsewhere", Who::Token(OWNER_TOKEN), 2),
        ("removed", Who::Guest(&removed), 0),
    ];
    for (name, who, level) in &people {
        for (method, path, body, takes) in &requests {
            let needed = ["view", "edit", "owner"].iter().position(|it| it == takes).unwrap() as u8 + 1;
            let own = |text: &str| text.replace("NAME", &name.replace(' ', "-"));
            let (path, body) = (format!("/tides/{}", own(path)), own(&body.to_string()));
            let request = who.asks(&host, method, &path);
            let request = if body == "null" { request } else { request.body(body) };
            let status = request.send().await.status;
            assert_eq!(status < 300, *level >= needed, "{name}: {method} {path}: {status}");
            assert!(status < 300 || status == 403, "{name}: {method} {path}: {status}");
        }
        if *level == 0 {
            assert_eq!(who.asks(&host, "GET", "/tides/api/events/subscribe").connect().await.err(), Some(403));
            assert_eq!(who.asks(&host, "GET", "/tides/api/collaboration/room/x").connect().await.err(), Some(403));
        }
    }

    // And over a room's socket: everybody reads, chats and is seen; edits and saves are by role.
    for (name, who, level) in people.iter().filter(|(.., level)| *level > 0) {
        let (room, session) = host.session("a.txt", "text", "file").await;
        let path = format!("/tides/api/collaboration/room/{room}?sessionId={session}");
        let other = host.join(&room, &session).await.synced().await;
        let client = TestClient::new().connected(who.asks(&host, "GET", &path)).await.synced().await;
        let before = other.text();
        assert_eq!(client.text(), before, "{name} reads");
        client.announce(name);
        client.send(frame::save(1));
        client.type_at(0, "+");
        client.handled().await;
        other.until("they are seen", |seen| seen.users() == [*name]).await;
        let edits = *level >= 2;
        if edits {
            other.until("the edit comes", |seen| seen.text() != before).await;
        }
        assert_eq!(host.open_text("a.txt").await.synced().await.text() != before, edits, "{name} edits");
        client.until("the save is answered", |seen| !seen.raw.is_empty()).await;
        let saved = client.see(|seen| seen.raw[0]["status"].clone());
        assert_eq!(saved == "success", edits, "{name} saves: {saved}");
    }
    host.saved("a.txt", "+++a\n").await;
    assert!(host.server.state().folders[0].sharing.is_some());
}
