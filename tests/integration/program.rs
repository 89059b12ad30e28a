//! The headless program as a process.

use tests::{Program, Request, TestClient, until};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(place.0.path().join("tides")).unwrap();
        std::fs::write(place.file(), "hello\n").unwrap();
        place
    }

    fn file(&self) -> std::path::PathBuf {
        self.0.path().join("tides/a.txt")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    async fn serve(&self, more: &[&str]) -> Program {
        let (folder, state) = (self.0.path().join("tides"), self.0.path().join("state"));
        let mut arguments = vec![folder.to_str().unwrap(), "--state-dir", state.to_str().unwrap(), "--token", "secret"];
        arguments.extend(more);
        Program::serve(&arguments).await
    }
}

#[tokio::test]
async fn rest_13_the_program_prints_one_line_and_stops_when_told() {
    let place = Place::new();
    let program = place.serve(&["--port", "0", "--save-delay", "none"]).await;
    let authority = program.authority();
    assert_eq!(program.line, format!("http://{authority}/?token=secret"));
    assert_eq!(Request::new(&authority, "GET", "/api/me").token("secret").send().await.status, 200);
    let (room, session) = open(&authority).await;
    let client = TestClient::new().connected(join(&authority, &room, &session)).await.synced().await;
    client.type_at(0, "Oh ");
    client.handled().await;
    let (more, well) = program.stop().await;
    assert_eq!((more.as_str(), well), ("", true));
    assert_eq!(client.closed().await.0, 4510);
    assert_eq!(place.text(), "Oh hello\n");

    let help = Program::output(&["serve", "--help"]).await;
    let help = String::from_utf8(help.stdout).unwrap();
    let options = [
        "--port",
        "--bind",
        "--token",
        "--slug",
        "--state-dir",
        "--save-delay",
        "--cleanup-delay",
        "--poll-interval",
        "--host-name",
        "--max-message",
        "--max-file",
    ];
    for option in options {
        let line = help.lines().find(|line| line.trim_start().starts_with(option));
        assert!(line.is_some_and(|line| line.contains("[default: ")), "{option}: {line:?}");
    }
    let state = place.0.path().join("elsewhere");
    let refused = Program::output(&["serve", "/nowhere/at/all", "--state-dir", state.to_str().unwrap()]).await;
    assert!(!refused.status.success() && refused.stdout.is_empty());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("/nowhere/at/all"));
}

#[tokio::test]
async fn rest_15_the_program_serves_the_folders_it_is_told_and_no_others() {
    let place = Place::new();
    assert!(place.serve(&["--port", "0"]).await.stop().await.1);

    let (other, state) = (place.0.path().join("ponds"), place.0.path().join("state"));
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("b.txt"), "b\n").unwrap();
    let state = ["--state-dir", state.to_str().unwrap(), "--token", "secret", "--port", "0"];
    let program = Program::serve(&[&[other.to_str().unwrap()], &state[..]].concat()).await;
    let status = async |path| Request::new(&program.authority(), "GET", path).token("secret").send().await.status;
    assert_eq!(status("/api/contents/b.txt").await, 200);
    assert_eq!(status("/ponds/api/contents/b.txt").await, 200);
    assert_eq!(status("/tides/api/contents/a.txt").await, 404);
}

#[tokio::test]
async fn link_25_a_bound_program_shares_from_the_start_and_prints_the_link() {
    let place = Place::new();
    let program = place.serve(&["--port", "0", "--bind", "127.0.0.3", "--slug", "sea"]).await;
    let (own, link) = program.line.split_once(' ').unwrap();
    let port = own.split([':', '/']).nth(4).unwrap();
    assert_eq!(own, format!("http://127.0.0.1:{port}/sea/?token=secret"));
    let (address, secret) = link.split_once('#').unwrap();
    assert_eq!(address, format!("http://127.0.0.3:{port}/sea/"));
    let join = Request::new(&format!("127.0.0.3:{port}"), "POST", "/sea/api/commonplace/join");
    let body = serde_json::json!({ "secret": secret, "name": "Ana", "color": null });
    assert_eq!(join.body(body).send().await.status, 200);
}

#[tokio::test]
async fn sync_23_after_a_kill_nothing_is_lost_and_nothing_doubled() {
    let place = Place::new();
    let program = place.serve(&["--port", "0", "--save-delay", "0.1"]).await;
    let authority = program.authority();
    let (room, session) = open(&authority).await;
    let mut client = TestClient::new().connected(join(&authority, &room, &session)).await.synced().await;
    client.type_at(5, ", world");
    until("the edit is saved", async || place.text() == "hello, world\n").await;
    // One more that may or may not have reached the log, and the file, when the program dies.
    client.type_at(0, "Oh ");
    program.kill().await;
    assert_eq!(client.closed().await.0, 0);
    client.disconnect();
    client.type_at(0, "» ");

    let port = authority.split_once(':').unwrap().1.to_owned();
    let _program = place.serve(&["--port", &port, "--save-delay", "0.1"]).await;
    let client = client.connected(join(&authority, &room, &session)).await.synced().await;
    until("everything is saved once", async || place.text() == "» Oh hello, world\n").await;
    let (again, newest) = open(&authority).await;
    assert_eq!((&again, &newest), (&room, &session));
    let fresh = TestClient::new().connected(join(&authority, &room, &session)).await.synced().await;
    fresh.until("a new client sees the same", |seen| seen.text() == "» Oh hello, world\n").await;
    assert_eq!(client.text(), "» Oh hello, world\n");
}

async fn open(authority: &str) -> (String, String) {
    let request = Request::new(authority, "PUT", "/api/collaboration/session/a.txt").token("secret");
    let json = request.body(r#"{"format": "text", "type": "file"}"#).send().await.json();
    (format!("text:file:{}", json["fileId"].as_str().unwrap()), json["sessionId"].as_str().unwrap().to_owned())
}

fn join(authority: &str, room: &str, session: &str) -> Request {
    let path = format!("/api/collaboration/room/{room}?sessionId={session}");
    Request::new(authority, "GET", &path).token("secret")
}
