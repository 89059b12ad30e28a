//! Copies of open documents and their earlier states, as JupyterLab asks for them.

use futures_util::StreamExt;
use protocol::{DocumentKind, ErrorCode, Role, fork};
use serde_json::{Value, json};
use tests::{OWNER_TOKEN, Reply, Setup, TestClient, TestHost, socket, until};

async fn fork_of(host: &TestHost, room: &str, body: Value) -> Reply {
    host.owner("PUT", &format!("/api/collaboration/fork/{room}")).body(body).send().await
}

async fn forks(host: &TestHost, room: &str) -> Value {
    host.owner("GET", &format!("/api/collaboration/fork/{room}")).send().await.json()
}

async fn delete(host: &TestHost, fork: &str, query: &str) -> Reply {
    host.owner("DELETE", &format!("/api/collaboration/fork/{fork}{query}")).send().await
}

async fn timeline(host: &TestHost, path: &str, kind: &str) -> Reply {
    host.owner("GET", &format!("/api/collaboration/timeline/{path}?{kind}")).send().await
}

async fn turn(host: &TestHost, room: &str, action: &str, steps: usize, fork: &str) -> Reply {
    // As JupyterLab writes it.
    let query = format!("?action={action}&&steps={steps}&&forkRoom={fork}");
    let room = room.replace(':', "%3A");
    host.owner("PUT", &format!("/api/collaboration/undo_redo/{room}{query}")).send().await
}

/// The versions that are kept of a file.
async fn kept(host: &TestHost, path: &str) -> usize {
    let reply = host.owner("GET", &format!("/api/commonplace/versions/{path}")).send().await.json();
    reply["versions"].as_array().unwrap().len()
}

/// Makes as many forks as one person may have; their names.
async fn all_forks(host: &TestHost, room: &str) -> Vec<String> {
    let mut made = Vec::new();
    let refused = loop {
        let reply = fork_of(host, room, json!({})).await;
        if reply.status != 201 {
            break reply.error(409);
        }
        made.push(text(&reply.json()["fork_roomid"]));
        assert!(made.len() <= 1000, "no end of copies");
    };
    assert_eq!(refused, "You have 8 copies here; merge or delete one, or leave a timeline.");
    assert_eq!(made.len(), 8);
    made
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn frame_5_a_fork_is_a_copy_that_concerns_nobody_until_it_is_merged() {
    let host = TestHost::start(&[("a.txt", "one\n")]).await;
    let mut stream = socket(&host.authority(), "/api/events/subscribe", OWNER_TOKEN).await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    let ana = host.join(&room, &session).await.synced().await;
    assert_eq!(forks(&host, &room).await, json!({}));
    let wanted = json!({ "synchronize": false, "title": "Shorter", "description": "" });
    let made = fork_of(&host, &room, wanted).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let info = json!({ "root_roomid": room, "synchronize": false, "title": "Shorter", "description": "" });
    assert_eq!((&made["fork_info"], &made["sessionId"]), (&info, &json!(session)));
    let fork = text(&made["fork_roomid"]);
    assert_eq!(forks(&host, &room).await, json!({ &fork: info.clone() }));

    let ben = host.join(&fork, &session).await.synced().await;
    ben.until("the copy", |seen| seen.text() == "one\n").await;
    ben.type_at(0, "ben ");
    ana.type_at(3, " ana");
    host.saved("a.txt", "one ana\n").await;
    ben.handled().await;
    assert_eq!((ana.text().as_str(), ben.text().as_str()), ("one ana\n", "ben one\n"));
    // A save is none of its business, and said to be none.
    ben.send(tests::frame::save(1));
    ben.until("an answer", |seen| seen.raw.len() == 1).await;
    assert_eq!(ben.see(|seen| seen.raw[0]["status"].clone()), "failed");

    assert_eq!(delete(&host, &fork, "?merge=true").await.status, 200);
    ana.until("the merge", |seen| seen.text() == "ben one ana\n").await;
    host.saved("a.txt", "ben one ana\n").await;
    assert_eq!(ben.closed().await, (4404, "This copy was merged.".to_owned()));
    assert_eq!(forks(&host, &room).await, json!({}));

    // All who listen were told, in Jupyter's words.
    let mut told = Vec::new();
    while told.len() < 2 {
        let Some(Ok(message)) = stream.next().await else { panic!("only {told:?}") };
        let Ok(event) = serde_json::from_slice::<Value>(&message.into_data()) else { continue };
        if event["schema_id"] == "https://schema.jupyter.org/jupyter_collaboration/fork/v1" {
            told.push(event);
        }
    }
    for (event, action) in told.iter().zip(["create", "delete"]) {
        let schema = "https://schema.jupyter.org/jupyter_collaboration/fork/v1";
        let expected = json!({ "schema_id": schema, "fork_roomid": fork, "fork_info": info, "username": "owner", "action": action });
        assert_eq!(*event, expected);
    }
}

#[tokio::test]
async fn frame_6_a_fork_that_is_deleted_leaves_its_root_alone_and_one_is_merged_also_when_nobody_has_the_file_open() {
    let setup = Setup { cleanup_delay: Some(std::time::Duration::ZERO), ..Setup::default() };
    let host = TestHost::start_with(&[("a.txt", "one\n")], setup).await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    let ana = host.join(&room, &session).await.synced().await;
    let make = async || text(&fork_of(&host, &room, json!({})).await.json()["fork_roomid"]);
    let (dropped, wanted) = (make().await, make().await);
    for (fork, typed) in [(&dropped, "no "), (&wanted, "yes ")] {
        let ben = host.join(fork, &session).await.synced().await;
        ben.type_at(0, typed);
        ben.handled().await;
    }
    assert_eq!(delete(&host, &dropped, "?merge=false").await.status, 200);
    drop(ana);
    until("the room is closed", async || host.host.folders()[0].documents == 0).await;
    // Nobody was in the copy either, and it is still there.
    assert_eq!(delete(&host, &wanted, "?merge=true").await.status, 200);
    host.saved("a.txt", "yes one\n").await;
}

#[tokio::test]
async fn frame_7_a_fork_that_follows_gets_what_is_edited_in_its_root_and_gives_nothing_back() {
    let host = TestHost::start(&[("a.txt", "one\n")]).await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    let ana = host.join(&room, &session).await.synced().await;
    let made = fork_of(&host, &room, json!({ "synchronize": true })).await.json();
    let ben = host.join(made["fork_roomid"].as_str().unwrap(), &session).await.synced().await;
    ben.type_at(0, "ben ");
    ana.type_at(3, " ana");
    ben.until("the root's edit", |seen| seen.text() == "ben one ana\n").await;
    host.saved("a.txt", "one ana\n").await;
    host.write("a.txt", "one ana\ndisk\n");
    ben.until("what came from the disk", |seen| seen.text() == "ben one ana\ndisk\n").await;
    assert_eq!(ana.text(), "one ana\ndisk\n");
}

#[tokio::test]
async fn frame_8_only_who_may_edit_makes_merges_and_turns_copies_and_anybody_here_may_look() {
    let host = TestHost::start(&[("a.txt", "one\n")]).await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    let ana = host.join(&room, &session).await.synced().await;
    let fork = text(&fork_of(&host, &room, json!({})).await.json()["fork_roomid"]);
    let shown = timeline(&host, "a.txt", "format=text&type=file").await.json();
    let mut viewer = host.host.authenticate("tides", OWNER_TOKEN, true).unwrap();
    (viewer.role, viewer.owner) = (Role::View, false);
    let refused = |error: protocol::ErrorBody| assert_eq!(error.code, ErrorCode::Forbidden, "{error:?}");
    refused(host.host.create_fork(&viewer, &room, fork::Request::default()).await.unwrap_err());
    refused(host.host.delete_fork(&viewer, &fork, true).await.unwrap_err());
    refused(host.host.timeline(&viewer, "a.txt", &DocumentKind::text()).await.unwrap_err());
    let shown = text(&shown["forkRoom"]);
    refused(host.host.turn(&viewer, &room, &shown, host::Turn::Back(1)).await.unwrap_err());
    refused(host.host.end_timeline(&viewer, &room, &shown).unwrap_err());
    assert_eq!(host.host.forks(&viewer, &room).unwrap().len(), 1);
    // Who was not let in learns nothing, and another site's page makes none.
    let path = format!("/tides/api/collaboration/fork/{room}");
    for method in ["GET", "PUT", "DELETE"] {
        host.request(method, &path).body("{}").send().await.error(403);
    }
    let secret = host.share().await;
    let cookie = host.redeem(&secret, "Eve").await.cookie();
    let forged = host.guest("PUT", &path).header("Cookie", &cookie).header("Origin", "http://elsewhere.example");
    forged.body("{}").send().await.error(403);
    let other = host.add_folder("dunes").await;
    assert_eq!(host.owner("GET", &format!("/{other}/api/collaboration/fork/{room}")).send().await.json(), json!({}));
    ana.handled().await;
    assert_eq!(ana.text(), "one\n");
}

#[tokio::test]
async fn frame_9_copies_are_few_end_with_the_host_and_who_returns_to_one_is_told() {
    let host = TestHost::start(&[("a.txt", "one\n")]).await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    let ana = host.join(&room, &session).await.synced().await;
    let made: Vec<String> = all_forks(&host, &room).await;
    // Those that are there go on, and one that is deleted makes room.
    assert_eq!(delete(&host, &made[0], "?merge=false").await.status, 200);
    assert_eq!(fork_of(&host, &room, json!({})).await.status, 201);
    let mut ben = host.join(&made[1], &session).await.synced().await;
    ben.type_at(0, "ben ");
    ben.handled().await;
    ben.disconnect();
    drop(ana);
    let host = host.restart().await;
    assert_eq!(forks(&host, &room).await, json!({}));
    let path = format!("/api/collaboration/room/{}?sessionId={session}", made[1]);
    let ben = ben.connected(host.owner("GET", &path)).await;
    assert_eq!(ben.closed().await, (4404, "This copy is not here any more.".to_owned()));
    // With what it holds it may still come to the document itself.
    let path = format!("/api/collaboration/room/{room}?sessionId={session}");
    let ben = ben.connected(host.owner("GET", &path)).await.synced().await;
    host.saved("a.txt", "ben one\n").await;
    drop(ben);
}

#[tokio::test]
async fn frame_10_a_timeline_shows_the_kept_states_and_going_back_is_an_edit_of_whoever_looked() {
    let host = TestHost::start(&[("d/a.txt", "one\n")]).await;
    let (room, session) = host.session("d/a.txt", "text", "file").await;
    let ana = host.join(&room, &session).await.synced().await;
    for (number, words) in ["two ", "three "].into_iter().enumerate() {
        ana.type_at(0, words);
        until("a version more", async || kept(&host, "d/a.txt").await == number + 1).await;
    }
    host.saved("d/a.txt", "three two one\n").await;
    let reply = timeline(&host, "d/a.txt", "format=text&&type=file").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let line = reply.json();
    assert_eq!((&line["roomId"], &line["sessionId"]), (&json!(room), &json!(session)));
    let times: Vec<f64> = line["timestamps"].as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect();
    assert!(times.len() == 3 && times.is_sorted() && times[0] > 1.7e9, "{times:?}");
    let fork = text(&line["forkRoom"]);
    assert_eq!(fork.len(), 32);

    // JupyterLab takes its document along to the fork, and back.
    let mut ben = host.join(&room, &session).await.synced().await;
    ben.until("the document", |seen| seen.text() == "three two one\n").await;
    ben.disconnect();
    let to = |room: &str| host.owner("GET", &format!("/api/collaboration/room/{room}?sessionId={session}"));
    let ben = ben.connected(to(&fork)).await.synced().await;
    let moved = async |action: &str, steps: usize, words: &str| {
        let reply = turn(&host, &room, action, steps, &fork).await;
        let status = if action == "undo" { "undone" } else { "redone" };
        assert_eq!((reply.status, reply.json()), (200, json!({ "status": status })));
        ben.until(words, |seen| seen.text() == words).await;
    };
    moved("undo", 1, "two one\n").await;
    moved("undo", 1, "one\n").await;
    let end = turn(&host, &room, "undo", 1, &fork).await;
    assert_eq!((end.status, end.json()), (200, json!({ "error": "No more undo operations available" })));
    // Meanwhile somebody types; back in the present it is there once.
    ana.type_at(0, "new ");
    host.saved("d/a.txt", "new three two one\n").await;
    moved("redo", 2, "new three two one\n").await;
    let end = turn(&host, &room, "redo", 1, &fork).await;
    assert_eq!((end.status, end.json()), (200, json!({ "error": "No more redo operations available" })));
    moved("undo", 1, "two one\n").await;
    assert_eq!(ana.text(), "new three two one\n");

    let restored = turn(&host, &room, "restore", 0, &fork).await;
    let said = json!({ "code": 200, "status": "Document restored successfully" });
    assert_eq!((restored.status, restored.json()), (200, said));
    let mut ben = ben;
    ben.disconnect();
    let ben = ben.connected(to(&room)).await.synced().await;
    ana.until("the earlier version", |seen| seen.text() == "two one\n").await;
    host.saved("d/a.txt", "two one\n").await;
    assert_eq!(ben.text(), "two one\n");
    let gone = turn(&host, &room, "undo", 1, &fork).await;
    assert_eq!((gone.status, &gone.json()["error"]), (404, &json!("Fork document not found")));
}

#[tokio::test]
async fn frame_11_asking_for_timelines_keeps_nothing_and_what_is_missing_is_answered_as_the_reference_does() {
    let host = TestHost::start(&[("a.txt", "one\n"), ("b.txt", "two\n")]).await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    let ana = host.join(&room, &session).await.synced().await;
    let ask = async || text(&timeline(&host, "a.txt", "format=text&type=file").await.json()["forkRoom"]);
    let first = ask().await;
    for _ in 0..200 {
        ask().await;
    }
    // None of them was copied: all places are free.
    all_forks(&host, &room).await;
    let missing = |reply: &Reply, error: &str| {
        assert_eq!(reply.status, 404, "{}", reply.text());
        assert_eq!((&reply.json()["code"], &reply.json()["error"]), (&json!(404), &json!(error)));
        assert_eq!(reply.error(404), error);
    };
    missing(&turn(&host, &room, "undo", 1, &first).await, "Fork document not found");
    missing(&timeline(&host, "b.txt", "format=text&type=file").await, "Room not found");
    missing(&timeline(&host, "a.txt", "format=json&type=notebook").await, "Room not found");
    missing(&fork_of(&host, "text:file:nowhere", json!({})).await, "Root room not found");
    missing(&fork_of(&host, "lobby", json!({})).await, "Root room not found");
    missing(&delete(&host, "00000000000000000000000000000000", "?merge=true").await, "Fork room not found");
    timeline(&host, "a.txt", "format=text").await.error(400);
    timeline(&host, "../a.txt", "format=text&type=file").await.error(404);
    host.owner("PUT", &format!("/api/collaboration/fork/{room}")).send().await.error(400);
    host.owner("PUT", &format!("/api/collaboration/undo_redo/{room}?action=undo")).send().await.error(400);
    let last = ask().await;
    assert_eq!(turn(&host, &room, "sideways", 1, &last).await.status, 400);
    host.owner("POST", &format!("/api/collaboration/fork/{room}")).send().await.error(405);
    // Without saying whether to merge, nothing is deleted.
    let all = forks(&host, &room).await;
    let one = all.as_object().unwrap().keys().next().unwrap();
    delete(&host, one, "").await.error(400);
    assert_eq!(forks(&host, &room).await, all);
    ana.handled().await;
    assert_eq!(ana.text(), "one\n");
}

#[tokio::test]
async fn frame_12_a_notebooks_timeline_moves_cells_and_a_state_that_is_no_notebook_is_passed_by_name() {
    let before = tests::notebook(&[("code", "1"), ("markdown", "two")]);
    let host = TestHost::start(&[("n.ipynb", &before)]).await;
    let ana = host.open_notebook("n.ipynb").await.synced().await;
    ana.type_in_cell(0, 0, "x = ");
    host.saved("n.ipynb", &before.replace("\"1\"", "\"x = 1\"")).await;
    until("a version", async || kept(&host, "n.ipynb").await == 1).await;
    let (room, session) = host.session("n.ipynb", "json", "notebook").await;
    let line = timeline(&host, "n.ipynb", "format=json&&type=notebook").await.json();
    let fork = text(&line["forkRoom"]);
    // Nobody looks yet.
    assert_eq!(turn(&host, &room, "undo", 5, &fork).await.status, 200);
    let path = format!("/api/collaboration/room/{fork}?sessionId={session}");
    let ben = TestClient::new().connected(host.owner("GET", &path)).await.synced().await;
    ben.until("the first state", |seen| seen.sources() == ["1", "two"]).await;
    assert_eq!(ana.see(|seen| seen.sources()), ["x = 1", "two"]);
}

#[tokio::test]
async fn frame_15_a_folder_has_only_so_many_rooms_without_a_file() {
    let host = TestHost::start(&[("a.txt", "one\n")]).await;
    let owner = host.host.authenticate("tides", OWNER_TOKEN, true).unwrap();
    let mut rooms = Vec::new();
    let refused = loop {
        match host.host.join(&owner, &format!("room {}", rooms.len()), "", host::Device::default()).await {
            Ok(connection) => rooms.push(connection),
            Err(closing) => break closing,
        }
        assert!(rooms.len() <= 1000, "no end of rooms");
    };
    assert_eq!((rooms.len(), refused.code.code()), (256, 4400));
    // Those that are there go on, documents open, and one that ends makes room.
    let client = host.open_text("a.txt").await.synced().await;
    client.type_at(0, "still ");
    host.saved("a.txt", "still one\n").await;
}

#[tokio::test]
async fn frame_18_a_new_notebook_has_one_empty_cell_and_opening_one_without_writes_nothing() {
    let bare = "{\n \"cells\": [],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n";
    let host = TestHost::start(&[("bare.ipynb", bare)]).await;
    let made = host.owner("POST", "/api/contents/").body(json!({ "type": "notebook" })).send().await;
    assert_eq!(made.status, 201, "{}", made.text());
    let put = host.owner("PUT", "/api/contents/put.ipynb").body(json!({ "type": "notebook" })).send().await;
    assert_eq!(put.status, 201, "{}", put.text());
    for path in ["Untitled.ipynb", "put.ipynb"] {
        let before = host.read(path);
        let notebook: Value = serde_json::from_str(&before).unwrap();
        let cell = &notebook["cells"][0];
        assert_eq!((&cell["cell_type"], &cell["source"]), (&json!("code"), &json!([])));
        assert_eq!(cell["id"].as_str().map(str::len), Some(8));
        let client = host.open_notebook(path).await.synced().await;
        client.until("the cell", |seen| seen.cells() == [("code".to_owned(), String::new())]).await;
        client.send(tests::frame::save(1));
        client.until("an answer", |seen| seen.raw.len() == 1).await;
        assert_eq!(host.read(path), before);
        // Written as Jupyter writes it: an edit changes nothing else.
        client.type_in_cell(0, 0, "x");
        host.saved(path, &before.replace("\"source\": []", "\"source\": [\n    \"x\"\n   ]")).await;
    }
    let client = host.open_notebook("bare.ipynb").await.synced().await;
    assert!(client.see(|seen| seen.cells().is_empty()));
    client.send(tests::frame::save(1));
    client.until("an answer", |seen| seen.raw.len() == 1).await;
    assert_eq!(host.read("bare.ipynb"), bare);
}
