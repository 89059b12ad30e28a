//! Secrets are said where they are shown and nowhere else.

use serde_json::{Value, json};
use tests::{Program, Reply, Request};

/// A request to the program; what it answers goes onto the pile.
async fn ask(pile: &mut Vec<String>, request: Request) -> Reply {
    let reply = request.send().await;
    pile.push(reply.text());
    reply
}

#[tokio::test]
async fn link_45_no_secret_is_in_a_log_an_error_an_event_or_a_state() {
    let place = tempfile::tempdir().unwrap();
    let (folder, state, log) = (place.path().join("tides"), place.path().join("state"), place.path().join("log"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a.txt"), "a\n").unwrap();
    let owner = "owner-token-that-nobody-may-read";
    let arguments =
        ["--port", "0", "--bind", "127.0.0.2", "--ask", "--token", owner, "--state-dir", state.to_str().unwrap()];
    let program = Program::serve_logged(&log, &[&[folder.to_str().unwrap()], &arguments[..]].concat()).await;
    let port = program.authority().split_once(':').unwrap().1.to_owned();
    let link = program.line.split('#').nth(1).unwrap().to_owned();
    let (here, there) = (format!("127.0.0.1:{port}"), format!("127.0.0.2:{port}"));
    let panel =
        |command: Value| Request::new(&here, "POST", "/api/commonplace/panel").token(owner).body(command).send();
    let guest =
        |what: &str, body: Value| Request::new(&there, "POST", &format!("/tides/api/commonplace/{what}")).body(body);
    let mut pile = Vec::new();

    let shown = panel(json!({ "do": "add-folder", "path": folder })).await.json();
    let code = shown["folders"][0]["sharing"]["code"]["code"].as_str().unwrap().to_owned();
    ask(&mut pile, guest("hello", json!({ "secret": link }))).await;
    ask(&mut pile, guest("hello", json!({ "code": code }))).await;
    ask(&mut pile, guest("join", json!({ "secret": link, "name": "Ana", "color": null }))).await.error(403);
    ask(&mut pile, guest("join", json!({ "secret": link, "name": "", "color": 1 }))).await.error(400);
    ask(&mut pile, guest("hello", json!({ "secret": format!("{link}x") }))).await.error(403);
    let asks = json!({ "secret": link, "name": "Wen", "color": null, "wants": "edit" });
    // The waiting page itself gets its ticket.
    let knocked = guest("knock", asks).send().await.json();
    let ticket = knocked["ticket"].as_str().unwrap().to_owned();
    let shown = panel(json!({ "do": "add-folder", "path": folder })).await;
    pile.push(without_links(shown.json()));
    let knock = shown.json()["folders"][0]["knocks"][0]["id"].clone();
    let answer =
        panel(json!({ "do": "let-in", "slug": "tides", "knock": knock, "role": "edit", "remember": true })).await;
    pile.push(without_links(answer.json()));
    let let_in = ask(&mut pile, guest("knock/wait", json!({ "ticket": ticket }))).await;
    let cookies: Vec<String> =
        let_in.cookies.iter().map(|cookie| cookie.split(';').next().unwrap().to_owned()).collect();
    assert_eq!(cookies.len(), 3, "{:?}", let_in.cookies);
    let answer = panel(json!({ "do": "new-token", "slug": "tides", "name": "Robot", "role": "edit" })).await.json();
    let token = answer["new_token"].as_str().unwrap().to_owned();

    // Used well and badly.
    let header = cookies.join("; ");
    let mut get = async |path: &str, request: fn(Request, &str) -> Request, secret: &str| {
        ask(&mut pile, request(Request::new(&there, "GET", path), secret)).await.status
    };
    let by_cookie = |request: Request, cookie: &str| request.header("Cookie", cookie);
    for path in
        ["/tides/api/contents", "/tides/api/contents/nowhere.txt", "/tides/api/nothing", "/nowhere/api/contents"]
    {
        get(path, by_cookie, &header).await;
        get(path, Request::token, &token).await;
        get(path, Request::token, owner).await;
        get(&format!("{path}?token={token}"), |request, _| request, "").await;
        get(&format!("{path}?token={owner}"), |request, _| request, "").await;
        get(path, Request::token, &format!("{token}x")).await;
    }
    assert_eq!(get("/tides/api/me", by_cookie, &header).await, 200);
    assert_eq!(get("/tides/api/me", Request::token, &token).await, 200);
    let room = format!("/tides/api/collaboration/room/board?token={token}");
    drop(Request::new(&there, "GET", &room).connect().await.unwrap());
    // The window's stream, which may show the links and nothing else.
    let mut stream = tests::socket(&here, "/api/commonplace/panel", owner).await;
    for _ in 0..2 {
        let message = futures_util::StreamExt::next(&mut stream).await.unwrap().unwrap();
        pile.push(without_links(serde_json::from_str(message.to_text().unwrap()).unwrap()));
    }
    drop(stream);
    let (rest, ended_well) = program.stop().await;
    assert!(ended_well);
    pile.push(rest);

    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.contains("TRACE") || logged.contains("DEBUG"), "it was to log everything");
    pile.push(logged);
    let mut secrets = vec![("link", link), ("ticket", ticket), ("token", token), ("owner's token", owner.to_owned())];
    secrets.extend(cookies.iter().map(|cookie| ("cookie", cookie.split_once('=').unwrap().1.to_owned())));
    for (what, secret) in &secrets {
        assert!(secret.len() >= 32, "a short {what} may be anywhere");
        for text in &pile {
            let at = text.find(secret.as_str());
            assert_eq!(at, None, "the {what} is in: {}", at.map_or("", |at| &text[at.saturating_sub(200)..at]));
        }
    }
    // The code is short; what speaks of it would say so.
    let said = pile.iter().find(|text| text.contains(&format!("\"{code}\"")) || text.contains(&format!("code={code}")));
    assert_eq!(said, None, "the code is said");

    // And what is kept: digests, but for the owner's own file.
    for entry in std::fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.ends_with("keys") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for (what, secret) in &secrets {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "the {what} is in {}", path.display());
        }
    }
}

/// A state without what is the owner's to see: links, and the code.
fn without_links(mut state: Value) -> String {
    let folders = match state.get_mut("folders") {
        Some(folders) => Some(folders),
        None => state.get_mut("state").and_then(|state| state.get_mut("folders")),
    };
    for folder in folders.and_then(Value::as_array_mut).into_iter().flatten() {
        folder["sharing"]["link"] = Value::Null;
        folder["sharing"]["code"] = Value::Null;
        for link in folder["links"].as_array_mut().into_iter().flatten() {
            link["url"] = Value::Null;
        }
    }
    state.to_string()
}
