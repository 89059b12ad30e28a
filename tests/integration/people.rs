//! Coming in and being put out: knocks, the short code, remembered devices, removing, letting back, API tokens.

use protocol::panel::{Command, Folder};
use protocol::{Action, Role};
use serde_json::json;
use tests::{GUEST_ADDRESS, Guest, OWNER_TOKEN, Request, TestClient, TestHost, until};

fn asks(secret: Option<&str>, name: &str, wants: &str) -> serde_json::Value {
    json!({ "secret": secret, "name": name, "color": null, "wants": wants })
}

fn let_in(host: &TestHost, role: Role, remember: bool) -> Command {
    let knock = host.folder().knocks[0].id.clone();
    Command::LetIn { slug: host.slug.clone(), knock, role, remember }
}

fn named(folder: &Folder, name: &str) -> String {
    folder.people.iter().find(|person| person.name == name).unwrap().username.clone()
}

#[tokio::test]
async fn link_40_the_host_is_asked_and_both_screens_show_one_code() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    host.share().await;
    let secret = host.new_link(Role::Edit, true).await;
    let mut wen = Guest::stranger(&host);
    let hello = wen.post("hello", json!({ "secret": secret })).await.json();
    assert_eq!((&hello["role"], &hello["ask"]), (&json!("edit"), &json!(true)));
    let join = wen.post("join", json!({ "secret": secret, "name": "Wen", "color": null })).await;
    join.error(403);
    assert_eq!(join.json()["code"], "must-ask");

    let (ticket, code) = wen.knock(asks(Some(&secret), "Wen", "edit")).await;
    let folder = host.folder();
    let knock = &folder.knocks[0];
    assert_eq!((knock.name.as_str(), &knock.code, knock.wants), ("Wen", &code, Role::Edit));
    assert_eq!(knock.link.as_ref(), Some(&folder.links[0].id));
    assert!(code.len() == 4 && knock.device.starts_with("127.0.0."), "{knock:?}");
    wen.request("GET", "/tides/api/contents").send().await.error(403);
    let (waited, ()) = tokio::join!(wen.wait(&ticket), async {
        host.does(let_in(&host, Role::View, false)).await;
    });
    assert_eq!(
        (&waited["state"], &waited["me"]["name"], &waited["role"]),
        (&json!("let-in"), &json!("Wen"), &json!("view"))
    );
    assert_eq!(wen.request("GET", "/tides/api/contents").send().await.status, 200);
    assert_eq!(host.folder().knocks, []);
    // The answer that got lost on the way is there once more.
    let before = wen.secrets();
    wen.forget_cookies();
    assert_eq!(wen.wait(&ticket).await, waited);
    assert_eq!(wen.secrets(), before);

    let mut eve = Guest::stranger(&host);
    let (ticket, _) = eve.knock(asks(Some(&secret), "Eve", "view")).await;
    let refuse = Command::Refuse { slug: host.slug.clone(), knock: host.folder().knocks[0].id.clone() };
    let (waited, _) = tokio::join!(eve.wait(&ticket), host.does(refuse.clone()));
    assert_eq!(waited, json!({ "state": "refused" }));
    assert!(host.server.command(refuse).await.is_err(), "answered once");

    let (ticket, _) = eve.knock(asks(Some(&secret), "Eve", "edit")).await;
    assert_eq!(eve.post("knock/stop", json!({ "ticket": ticket })).await.status, 204);
    assert_eq!(host.folder().knocks, []);
    let (ticket, _) = eve.knock(asks(Some(&secret), "Eve", "edit")).await;
    let (mut waiting, stop) = (eve.clone(), Command::Unshare { slug: host.slug.clone() });
    let waits = tokio::spawn(async move { waiting.wait(&ticket).await });
    until("she waits", async || host.folder().knocks.len() == 1).await;
    host.does(stop).await;
    assert_eq!(host.folder().knocks, []);
    drop(waits.await);
}

#[tokio::test]
async fn link_41_without_a_link_one_types_the_code_or_knocks_and_learns_no_names() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    host.share().await;
    let shown = host.folder().sharing.unwrap().code.unwrap();
    assert!(shown.code.len() == 6 && shown.code.bytes().all(|digit| digit.is_ascii_digit()));
    let mut wen = Guest::stranger(&host);
    let reply = wen.post("knock", asks(None, "Wen", "edit")).await;
    let text = reply.text();
    assert!(reply.status == 200 && !text.contains("tides") && !text.contains("Marie"), "{text}");
    assert_eq!((host.folder().knocks[0].link.as_ref(), host.folder().knocks[0].wants), (None, Role::Edit));
    let wrong = if shown.code == "000000" { "000001" } else { "000000" };
    let refused = wen.post("hello", json!({ "code": wrong })).await;
    refused.error(403);
    assert_eq!(refused.json()["code"], "bad-code");
    let offered = wen.post("hello", json!({ "code": shown.code })).await.json();
    assert_eq!(
        (&offered["folder"], &offered["role"], &offered["ask"]),
        (&json!("tides"), &json!("edit"), &json!(false))
    );
    let joined = wen.post("join", json!({ "code": shown.code, "name": "Wen", "color": null })).await;
    assert_eq!(joined.status, 200, "{}", joined.text());
    assert_eq!(host.folder().links[0].uses, 1);
    // The code leads to the present link, whichever that is.
    host.new_link(Role::View, true).await;
    let offered = Guest::stranger(&host).post("hello", json!({ "code": shown.code })).await.json();
    assert_eq!((&offered["role"], &offered["ask"]), (&json!("view"), &json!(true)));
    for link in host.folder().links {
        host.does(Command::EndLink { slug: host.slug.clone(), id: link.id }).await;
    }
    let sharing = host.folder().sharing.unwrap();
    assert_eq!((sharing.link, sharing.code), (None, None), "there is nothing to lead to");
}

#[tokio::test]
async fn link_42_a_remembered_device_comes_in_without_asking_until_it_is_forgotten() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    host.share().await;
    let secret = host.new_link(Role::Edit, true).await;
    let mut wen = Guest::stranger(&host);
    let (ticket, _) = wen.knock(asks(Some(&secret), "Wen", "edit")).await;
    host.does(let_in(&host, Role::Edit, true)).await;
    assert_eq!(wen.wait(&ticket).await["state"], "let-in");
    assert_eq!(host.folder().remembered[0].name, "Wen");
    for (with, name) in [(Some(secret.as_str()), "Wen"), (None, "Wen again")] {
        // The guest's own cookie is gone; the device's stays.
        wen.keep_cookies("device");
        let again = wen.post("knock", asks(with, name, "edit")).await.json();
        assert_eq!((&again["state"], &again["role"]), (&json!("let-in"), &json!("edit")), "{again}");
    }
    wen.keep_cookies("device");
    let hello = wen.post("hello", json!({ "secret": secret })).await.json();
    assert_eq!(hello["ask"], false);
    let id = host.folder().remembered[0].id.clone();
    let folder = host.does(Command::ForgetDevice { slug: host.slug.clone(), id }).await;
    assert_eq!(folder.remembered, []);
    wen.knock(asks(Some(&secret), "Wen", "edit")).await;
}

#[tokio::test]
async fn link_43_who_is_removed_is_out_at_once_and_must_knock_to_come_back() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let secret = host.share().await;
    let mut ana = Guest::join(&host, &secret, "Ana").await;
    let ben = Guest::join(&host, &secret, "Ben").await;
    let (client, other) = (ana.open_text("a.txt").await, ben.open_text("a.txt").await);
    client.announce("Ana");
    other.until("Ana is seen", |seen| seen.users() == ["Ana"]).await;
    let person = named(&host.folder(), "Ana");
    let folder = host.does(Command::RemovePerson { slug: host.slug.clone(), person: person.clone() }).await;
    assert_eq!(client.closed().await, (4403, "Marie removed you from tides.".to_owned()));
    other.until("Ana is gone", |seen| seen.users().is_empty()).await;
    assert_eq!(folder.people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["Ben"]);
    assert_eq!(folder.removed[0].username, person);
    let refused = ana.request("GET", "/tides/api/contents").send().await;
    refused.error(403);
    assert_eq!(refused.json()["code"], "removed");
    let hello = ana.post("hello", json!({ "secret": secret })).await.json();
    assert_eq!((&hello["removed"], &hello["folder"], &hello["me"]), (&json!(true), &json!("tides"), &json!(null)));
    let join = ana.post("join", json!({ "secret": secret, "name": "Ana", "color": null })).await;
    assert_eq!((join.status, &join.json()["code"]), (403, &json!("must-ask")), "although the link asks nobody");
    assert_eq!(ben.request("GET", "/tides/api/contents").send().await.status, 200);

    let (ticket, _) = ana.knock(asks(None, "whatever", "edit")).await;
    assert_eq!(serde_json::to_value(host.folder().knocks[0].why).unwrap(), "back");
    host.does(let_in(&host, Role::View, false)).await;
    let back = ana.wait(&ticket).await;
    assert_eq!((&back["me"]["username"], &back["role"]), (&json!(person), &json!("view")), "{back}");
    assert_eq!(ana.open_text("a.txt").await.text(), "a\n");
    assert_eq!(host.folder().removed, []);
    host.does(Command::RemovePerson { slug: host.slug.clone(), person: person.clone() }).await;
    host.does(Command::LetBack { slug: host.slug.clone(), person: person.clone() }).await;
    assert_eq!(ana.request("GET", "/tides/api/contents").send().await.status, 200);
    // After a restart it is as the owner said last.
    host.does(Command::RemovePerson { slug: host.slug.clone(), person }).await;
    let host = host.restart().await;
    host.share().await;
    assert_eq!(ana.request("GET", "/tides/api/contents").send().await.json()["code"], "removed");
    for person in ["owner", "nobody"] {
        let remove = Command::RemovePerson { slug: host.slug.clone(), person: person.to_owned() };
        assert!(host.server.command(remove).await.is_err(), "{person}");
    }
}

#[tokio::test]
async fn link_44_api_tokens_open_one_folder_with_one_role_until_they_end() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    host.share().await;
    let token = async |name: &str, role: Role| {
        let new = Command::NewToken { slug: host.slug.clone(), name: name.to_owned(), role };
        host.server.command(new).await.unwrap().new_token.unwrap()
    };
    let (robot, reader) = (token("Robot", Role::Edit).await, token("Reader", Role::View).await);
    assert_eq!(host.server.state().new_token, None, "shown once");
    let folder = host.folder();
    assert_eq!(
        folder.tokens.iter().map(|it| (it.name.as_str(), it.last_used)).collect::<Vec<_>>(),
        [("Reader", None), ("Robot", None)]
    );
    // As Jupyter's clients send tokens.
    let me = host.guest("GET", "/tides/api/me").token(&robot).send().await.json();
    assert_eq!(me["identity"]["name"], "Robot");
    let bearer = host.guest("GET", "/tides/api/me").header("Authorization", &format!("Bearer {robot}")).send().await;
    let query = host.guest("GET", &format!("/tides/api/me?token={robot}")).send().await;
    assert_eq!((bearer.json(), query.json()), (me.clone(), me));
    assert!(host.folder().tokens[1].last_used.is_some());
    let put = |token: &str| {
        let request = host.guest("PUT", "/tides/api/contents/b.txt").token(token);
        request.body(json!({ "type": "file", "format": "text", "content": "b" })).send()
    };
    assert_eq!((put(&robot).await.status, put(&reader).await.status), (201, 403));

    let (room, session) = host.session("a.txt", "text", "file").await;
    let path = format!("/tides/api/collaboration/room/{room}?sessionId={session}");
    let client = TestClient::new().connected(host.guest("GET", &path).token(&robot)).await.synced().await;
    client.type_at(0, "r");
    host.saved("a.txt", "ra\n").await;
    let robots = host.folder();
    assert_eq!((robots.people[0].name.as_str(), robots.people[0].by.as_ref()), ("Robot", Some(&robots.tokens[1].id)));
    host.does(Command::EndToken { slug: host.slug.clone(), id: robots.tokens[1].id.clone() }).await;
    assert_eq!(client.closed().await.0, 4403);
    host.guest("GET", "/tides/api/me").token(&robot).send().await.error(403);
    assert_eq!(host.guest("GET", "/tides/api/me").token(&reader).send().await.status, 200);
    let other = host.add_folder("dunes").await;
    assert_eq!(host.guest("GET", &format!("/{other}/api/me")).token(&reader).send().await.status, 404);
    host.request("GET", &format!("/{other}/api/me")).token(&reader).send().await.error(403);
    let run = Command::NewToken { slug: host.slug.clone(), name: "Runner".to_owned(), role: Role::Run };
    assert!(host.server.command(run).await.is_err(), "running is not offered");
    let host = host.restart().await;
    assert_eq!(host.request("GET", "/tides/api/me").token(&reader).send().await.status, 200);
}

#[tokio::test]
async fn link_46_wrong_tokens_are_counted_by_address_and_known_guests_go_on() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let secret = host.share().await;
    let ana = Guest::join(&host, &secret, "Ana").await;
    let me = |token: &str| {
        Request::new(&format!("{GUEST_ADDRESS}:{}", host.server.port()), "GET", "/tides/api/me").token(token).send()
    };
    for _ in 0..30 {
        me("one that has ended").await.error(403);
    }
    assert_eq!(me(OWNER_TOKEN).await.status, 200, "the same one again is no other try");
    for number in 0..19 {
        me(&format!("guess-{number}")).await.error(403);
    }
    me("one more").await.error(429);
    me(OWNER_TOKEN).await.error(429);
    assert_eq!(ana.request("GET", "/tides/api/me").send().await.status, 200);
}

#[tokio::test]
async fn event_60_who_comes_and_goes_and_by_whose_word_is_told() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    host.share().await;
    let link = host.folder().links[0].clone();
    let wish = protocol::panel::LinkWish { label: "Class".to_owned(), ..link.wish };
    host.does(Command::ChangeLink { slug: host.slug.clone(), id: link.id.clone(), link: wish }).await;
    let secret = host.share().await;
    let ana = Guest::join(&host, &secret, "Ana").await;
    let _room = ana.open_text("a.txt").await;
    let person = named(&host.folder(), "Ana");
    let slug = || host.slug.clone();
    host.does(Command::SetRole { slug: slug(), person: person.clone(), role: Role::View }).await;
    let mut asks_more = ana.clone();
    asks_more.knock(asks(None, "", "edit")).await;
    host.does(let_in(&host, Role::Edit, false)).await;
    host.does(Command::RemovePerson { slug: slug(), person: person.clone() }).await;
    host.does(Command::LetBack { slug: slug(), person }).await;
    let mut wen = Guest::stranger(&host);
    wen.knock(asks(None, "Wen", "view")).await;
    host.does(let_in(&host, Role::View, false)).await;
    wen.forget_cookies();
    wen.knock(asks(None, "Eve", "view")).await;
    let knock = host.folder().knocks[0].id.clone();
    host.does(Command::Refuse { slug: slug(), knock }).await;
    host.does(Command::EndLink { slug: slug(), id: link.id }).await;
    let told = async || {
        let events = host.host.recent_events(100).await.unwrap();
        let of_people = [Action::Join, Action::Knock, Action::Refuse, Action::Role, Action::Remove, Action::Revoke];
        let lines = events
            .into_iter()
            .map(|record| record.event)
            .filter(|event| event.room.is_none() && of_people.contains(&event.action));
        let line = |event: protocol::Event| {
            let who = event.person.map_or(String::new(), |person| person.name + " ");
            format!("{}: {who}{}", serde_json::to_value(event.action).unwrap().as_str().unwrap(), event.line)
        };
        lines.map(line).collect::<Vec<_>>()
    };
    until("all is told", async || told().await.iter().any(|line| line.starts_with("revoke"))).await;
    let expected = [
        "join: Ana came in by the link “Class”",
        "role: Ana may view now",
        "knock: Ana asks to edit",
        "role: Ana may edit now",
        "remove: Ana by you",
        "join: Ana let back in by you, may edit",
        "knock: Wen at 127.0.0.1 asks to come in",
        "join: Wen let in by you, may view",
        "knock: Eve at 127.0.0.1 asks to come in",
        "refuse: Eve by you",
        "revoke: Link “Class”, used by 0 people",
    ];
    assert_eq!(told().await, expected);
}
