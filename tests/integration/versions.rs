//! What a save, a merge or a restoration takes the place of is kept, can be had, and can come back.

use protocol::{Action, ErrorCode, Role};
use serde_json::{Value, json};
use tests::{Reply, TestClient, TestHost, notebook, until};

/// The merges that a client was told of.
fn merges(client: &TestClient) -> Vec<Value> {
    client.see(|seen| {
        let told = seen.notices.iter().filter(|notice| notice["type"] == "merged");
        told.flat_map(|notice| notice["merges"].as_array().unwrap().clone()).collect()
    })
}

async fn told(client: &TestClient) -> Value {
    client.until("a merge is told", |seen| seen.notices.iter().any(|notice| notice["type"] == "merged")).await;
    merges(client).pop().unwrap()
}

async fn versions(host: &TestHost, path: &str) -> Vec<Value> {
    let reply = host.owner("GET", &format!("/api/commonplace/versions/{path}")).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["versions"].as_array().unwrap().clone()
}

/// Waits until a version with these bytes is kept; its number.
async fn kept(host: &TestHost, path: &str, why: &str, text: &str) -> u64 {
    let digest = protocol::Digest::of(text.as_bytes()).to_hex();
    let is = |version: &&Value| version["why"] == why && version["digest"] == digest.as_str();
    until(&format!("{text:?} is kept"), async || versions(host, path).await.iter().any(|version| is(&version))).await;
    let versions = versions(host, path).await;
    let version = versions.iter().find(is).unwrap();
    assert_eq!(version["size"], text.len());
    version["id"].as_u64().unwrap()
}

async fn bytes(host: &TestHost, path: &str, id: u64) -> Reply {
    host.owner("GET", &format!("/api/commonplace/versions/{path}?id={id}")).send().await
}

async fn restore(host: &TestHost, path: &str, id: u64) -> Reply {
    let request = host.owner("POST", &format!("/api/commonplace/versions/{path}"));
    request.body(json!({ "restore": id })).send().await
}

#[tokio::test]
async fn disk_110_a_pull_into_a_line_that_somebody_types_in_is_told_with_both_texts() {
    let (before, pulled) = (notebook(&[("code", "a = 1")]), notebook(&[("code", "a = 1.25")]));
    // Nothing is saved before somebody asks: the typing waits.
    let setup = tests::Setup { save_delay: None, ..tests::Setup::default() };
    let host = TestHost::start_with(&[("n.ipynb", &before)], setup).await;
    let ana = host.open_notebook("n.ipynb").await.synced().await;
    let ben = host.open_notebook("n.ipynb").await.synced().await;
    ana.type_in_cell(0, 0, "my_");
    ana.handled().await;
    host.write("n.ipynb", &pulled);
    for client in [&ana, &ben] {
        let merge = told(client).await;
        let conflict = &merge["report"]["conflicts"][0];
        assert_eq!((&conflict["number"], &conflict["cell"]), (&json!(1), &json!("cell-0")));
        let texts = json!({ "line": 1, "here": "my_a = 1", "disk": "a = 1.25", "merged": "my_a = 1.25" });
        assert_eq!(conflict["texts"], texts);
        assert_eq!(client.see(|seen| seen.sources()), ["my_a = 1.25"]);
        assert_eq!(merge["closed"], false);
    }
    // Both originals can be had, byte for byte.
    let here = before.replace("a = 1", "my_a = 1");
    for (why, text) in [("here", &here), ("disk", &pulled)] {
        let id = kept(&host, "n.ipynb", why, text).await;
        let reply = bytes(&host, "n.ipynb", id).await;
        assert_eq!((reply.status, reply.text()), (200, text.clone()));
        let digest = protocol::Digest::of(text.as_bytes()).to_hex();
        assert_eq!(merges(&ben)[0][why], digest.as_str());
    }
    let events = host.host.recent_events(100).await.unwrap();
    let lines =
        events.iter().filter(|record| record.event.action == Action::Overwrite).map(|record| &record.event.line);
    assert_eq!(
        lines.collect::<Vec<_>>(),
        ["n.ipynb changed on disk: 1 cell merged, typing kept; both wrote on one line in cell 1; both texts are there"]
    );
    // And either comes back.
    let id = kept(&host, "n.ipynb", "disk", &pulled).await;
    assert_eq!(restore(&host, "n.ipynb", id).await.status, 204);
    ben.until("the pulled text is back", |seen| seen.sources() == ["a = 1.25"]).await;
    kept(&host, "n.ipynb", "restored", &before.replace("a = 1", "my_a = 1.25")).await;
}

#[tokio::test]
async fn disk_112_who_was_away_is_told_what_was_merged_meanwhile_also_after_a_restart() {
    let host = TestHost::start(&[("a.md", "one\n")]).await;
    let mut ana = host.open_text("a.md").await.synced().await;
    let ben = host.open_text("a.md").await.synced().await;
    ana.disconnect();
    host.write("a.md", "one\ntwo\n");
    let first = told(&ben).await;
    drop(ben);
    // The host goes away, the file is edited, and another comes.
    let host = host.restart().await;
    host.write("a.md", "one\ntwo\nthree\n");
    let (room, session) = host.session("a.md", "text", "file").await;
    let path = format!("/api/collaboration/room/{room}?sessionId={session}");
    let ana = ana.connected(host.owner("GET", &path)).await.synced().await;
    told(&ana).await;
    let all = merges(&ana);
    assert_eq!((all.len(), &all[0]), (2, &first));
    assert_eq!((&all[1]["closed"], &all[1]["report"]["added"]), (&json!(true), &json!(1)));
    assert_eq!(ana.text(), "one\ntwo\nthree\n");
}

#[tokio::test]
async fn disk_114_the_bytes_before_each_save_are_kept() {
    let host = TestHost::start(&[("a.md", "\u{feff}one\r\n")]).await;
    let ana = host.open_text("a.md").await.synced().await;
    ana.type_at(0, "1");
    host.saved("a.md", "\u{feff}1one\r\n").await;
    ana.type_at(0, "2");
    host.saved("a.md", "\u{feff}21one\r\n").await;
    let first = kept(&host, "a.md", "saved", "\u{feff}one\r\n").await;
    let second = kept(&host, "a.md", "saved", "\u{feff}1one\r\n").await;
    assert!(first < second);
    assert_eq!(bytes(&host, "a.md", first).await.body, "\u{feff}one\r\n".as_bytes());
}

#[tokio::test]
async fn rest_40_what_a_put_writes_over_is_kept_whoever_has_the_file_open() {
    let before = notebook(&[("code", "a = 1")]);
    let host = TestHost::start(&[("a.txt", "one\n"), ("n.ipynb", &before)]).await;
    let put = async |text: &str| {
        let body = json!({ "type": "file", "format": "text", "content": text });
        assert_eq!(host.owner("PUT", "/api/contents/a.txt").body(body).send().await.status, 200);
    };
    put("two\n").await;
    put("two\n").await;
    put("three\n").await;
    let first = kept(&host, "a.txt", "saved", "one\n").await;
    kept(&host, "a.txt", "saved", "two\n").await;
    assert_eq!(versions(&host, "a.txt").await.len(), 2, "the same bytes again displace nothing");
    let mut model = host.owner("GET", "/api/contents/n.ipynb").send().await.json();
    model["content"]["cells"][0]["source"] = json!("a = 2");
    assert_eq!(host.owner("PUT", "/api/contents/n.ipynb").body(model).send().await.status, 200);
    kept(&host, "n.ipynb", "saved", &before).await;
    assert_eq!(restore(&host, "a.txt", first).await.status, 204);
    host.saved("a.txt", "one\n").await;
    // With typing that is not in the file: that is kept too.
    let ana = host.open_text("a.txt").await.synced().await;
    put("four\n").await;
    ana.until("it is merged", |seen| seen.text() == "four\n").await;
    kept(&host, "a.txt", "here", "one\n").await;
    kept(&host, "a.txt", "disk", "four\n").await;
    // In parts, as JupyterLab uploads, and over something large.
    let large = "x".repeat(3 << 20);
    put(&large).await;
    for (chunk, text) in [(1, "fi"), (-1, "ve\n")] {
        let body = json!({ "type": "file", "format": "text", "chunk": chunk, "content": text });
        assert_eq!(host.owner("PUT", "/api/contents/a.txt").body(body).send().await.status, 200);
    }
    let why = |version: &Value| (version["size"] == large.len()).then(|| version["id"].as_u64().unwrap());
    let id = versions(&host, "a.txt").await.iter().find_map(why).unwrap();
    assert_eq!(bytes(&host, "a.txt", id).await.text(), large);
}

#[tokio::test]
async fn rest_20_versions_are_listed_newest_first_and_saved_never_shown() {
    let host = TestHost::start(&[("d x/a.png.md", "one\n"), ("new.md", "")]).await;
    let path = "d%20x/a.png.md";
    let ana = host.open_text(path).await.synced().await;
    ana.type_at(0, "<script>");
    host.saved("d x/a.png.md", "<script>one\n").await;
    ana.type_at(0, "2");
    host.saved("d x/a.png.md", "2<script>one\n").await;
    let id = kept(&host, path, "saved", "<script>one\n").await;
    let reply = host.owner("GET", &format!("/api/commonplace/versions/{path}")).send().await.json();
    assert_eq!(reply["path"], "d x/a.png.md");
    let ids: Vec<_> = reply["versions"].as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a > b) && ids.len() == 2, "{reply}");
    let reply = bytes(&host, path, id).await;
    assert_eq!(reply.header("content-type"), "application/octet-stream");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("content-disposition"), format!("attachment; filename*=UTF-8''a.png.{id}.md"));
    assert!(reply.header("content-security-policy").contains("sandbox"));
    assert!(versions(&host, "new.md").await.is_empty());
}

#[tokio::test]
async fn rest_21_an_earlier_version_is_put_back_whether_somebody_has_the_file_open_or_not() {
    let host = TestHost::start(&[("a.md", "one\n")]).await;
    let ana = host.open_text("a.md").await.synced().await;
    ana.type_at(0, "typed ");
    host.saved("a.md", "typed one\n").await;
    let id = kept(&host, "a.md", "saved", "one\n").await;
    assert_eq!(restore(&host, "a.md", id).await.status, 204);
    ana.until("it is back", |seen| seen.text() == "one\n").await;
    host.saved("a.md", "one\n").await;
    let after = kept(&host, "a.md", "restored", "typed one\n").await;
    drop(ana);
    let host = host.restart().await;
    assert_eq!(restore(&host, "a.md", after).await.status, 204);
    host.saved("a.md", "typed one\n").await;
    // Deleted, and brought back by its last name.
    std::fs::remove_file(host.path("a.md")).unwrap();
    assert_eq!(restore(&host, "a.md", id).await.status, 204);
    host.saved("a.md", "one\n").await;
    let events = host.host.recent_events(100).await.unwrap();
    let by_owner = events.iter().filter(|record| record.event.line.starts_with("put an earlier version of a.md back"));
    assert_eq!(by_owner.filter(|record| record.event.person.is_some()).count(), 3);
}

#[tokio::test]
async fn rest_22_what_is_no_version_of_this_file_is_refused_with_its_name() {
    let host = TestHost::start(&[("a.md", "one\n"), ("b.md", "two\n"), ("n.ipynb", "{")]).await;
    let ana = host.open_text("a.md").await.synced().await;
    ana.type_at(0, "1");
    let id = kept(&host, "a.md", "saved", "one\n").await;
    for reply in [bytes(&host, "b.md", id).await, restore(&host, "b.md", id).await] {
        assert_eq!(reply.error(404), format!("b.md has no version {id} any more."));
    }
    assert!(bytes(&host, "a.md", 999).await.error(404).contains("999"));
    assert!(bytes(&host, "gone.md", id).await.error(404).contains("gone.md"));
    assert!(bytes(&host, "../a.md", id).await.status == 404);
    let odd = host.owner("GET", "/api/commonplace/versions/a.md?id=x").send().await;
    assert!(odd.error(400).contains("a.md"));
    let odd = host.owner("POST", "/api/commonplace/versions/a.md").body(json!({})).send().await;
    assert!(odd.error(400).contains("restore"));
    // A half-typed notebook that a text view saved is kept, and is no notebook to go back to.
    let text = host.open_text("n.ipynb").await.synced().await;
    text.type_at(1, "}");
    let id = kept(&host, "n.ipynb", "saved", "{").await;
    let refused = restore(&host, "n.ipynb", id).await;
    assert!(refused.status == 400 || refused.status == 500, "{}", refused.text());
    assert!(refused.error(refused.status).contains("n.ipynb"));
}

#[tokio::test]
async fn rest_23_nobody_without_a_grant_sees_versions_and_another_sites_page_puts_none_back() {
    let host = TestHost::start(&[("a.md", "one\n")]).await;
    let ana = host.open_text("a.md").await.synced().await;
    ana.type_at(0, "1");
    let id = kept(&host, "a.md", "saved", "one\n").await;
    let path = "/tides/api/commonplace/versions/a.md";
    host.request("GET", path).send().await.error(403);
    host.request("GET", &format!("{path}?id={id}")).send().await.error(403);
    host.request("POST", path).body(json!({ "restore": id })).send().await.error(403);
    let secret = host.share().await;
    let cookie = host.redeem(&secret, "Eve").await.cookie();
    let guest = |method: &str| host.guest(method, path).header("Cookie", &cookie);
    assert_eq!(guest("GET").send().await.status, 200);
    let forged = guest("POST").header("Origin", "http://elsewhere.example").body(json!({ "restore": id }));
    forged.send().await.error(403);
    let mut viewer = host.host.authenticate("tides", tests::OWNER_TOKEN, true).unwrap();
    (viewer.role, viewer.owner) = (Role::View, false);
    assert_eq!(host.host.version(&viewer, "a.md", id).await.unwrap().1, b"one\n");
    let refused = host.host.restore(&viewer, "a.md", id).await.unwrap_err();
    assert_eq!((refused.code, refused.message.contains("a.md")), (ErrorCode::Forbidden, true));
    ana.handled().await;
    assert_eq!(ana.text(), "1one\n");
}
