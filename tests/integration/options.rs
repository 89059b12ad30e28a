//! Options of the program that Jupyter's collaboration has too, as one sees them work.

use serde_json::{Value, json};
use std::path::PathBuf;
use tests::{Program, Request, TestClient, until};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for directory in ["tides", "temporary"] {
            std::fs::create_dir(place.path(directory)).unwrap();
        }
        std::fs::write(place.path("tides/a.txt"), "hello\n").unwrap();
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    /// The arguments of a program that serves the folder.
    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let (folder, state) = (self.path("tides"), self.path("state"));
        let own =
            [folder.to_str().unwrap(), "--state-dir", state.to_str().unwrap(), "--token", "secret", "--port", "0"];
        own.iter().chain(more).map(|argument| (*argument).to_owned()).collect()
    }

    async fn serve(&self, more: &[&str]) -> Program {
        let arguments = self.arguments(more);
        Program::serve(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    /// A configuration file.
    fn config(&self, config: Value) -> String {
        let path = self.path("jupyter_server_config.json");
        std::fs::write(&path, config.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn left_in(&self, directory: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path(directory)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

async fn open(program: &Program, path: &str) -> TestClient {
    let authority = program.authority();
    let put = Request::new(&authority, "PUT", &format!("/api/collaboration/session/{path}")).token("secret");
    let json = put.body(r#"{"format": "text", "type": "file"}"#).send().await.json();
    let (file, session) = (json["fileId"].as_str().unwrap(), json["sessionId"].as_str().unwrap());
    let path = format!("/api/collaboration/room/text:file:{file}?sessionId={session}");
    TestClient::new().connected(Request::new(&authority, "GET", &path).token("secret")).await.synced().await
}

#[tokio::test]
async fn seed_1_a_jupyter_configuration_is_obeyed_and_the_command_line_counts_more() {
    let place = Place::new();
    let config = place.config(json!({
        "ServerApp": { "port": 8888 },
        "YDocExtension": { "document_save_delay": null, "document_cleanup_delay": 0, "file_poll_interval": 0 },
    }));
    let program = place.serve(&["--jupyter-config", &config]).await;
    let client = open(&program, "a.txt").await;
    client.type_at(0, "Oh ");
    client.handled().await;
    // No save by itself; but the last one leaves, and the room ends at once.
    assert_eq!(place.text("tides/a.txt"), "hello\n");
    drop(client);
    until("the last one left", async || place.text("tides/a.txt") == "Oh hello\n").await;
    assert!(program.stop().await.1);

    let program = place.serve(&["--jupyter-config", &config, "--YDocExtension.document_save_delay=0"]).await;
    let client = open(&program, "a.txt").await;
    client.type_at(0, "» ");
    until("it is saved at once", async || place.text("tides/a.txt") == "» Oh hello\n").await;
    drop(client);
    assert!(program.stop().await.1);
}

#[tokio::test]
async fn seed_1_the_options_are_shown_by_all_names_and_what_cannot_be_obeyed_is_refused() {
    let place = Place::new();
    let config =
        place.config(json!({ "YDocExtension": { "ystore_class": "jupyter_server_ydoc.stores.TempFileYStore" } }));
    let output = Program::output(&["serve", "--show-config", "--jupyter-config", &config, "--save-delay=none"]).await;
    assert!(output.status.success());
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({ "save-delay": null, "cleanup-delay": 60.0, "poll-interval": 1.0, "ystore": "temp",
        "ystore-file": null, "document-ttl": null, "disable-rtc": false, "server-side-execution": false });
    assert_eq!(shown["commonplace-host"], expected);
    assert_eq!(shown["YDocExtension"]["document_save_delay"], json!(null));
    assert_eq!(shown["ServerApp"]["tornado_settings"]["collaborative_ystore_class"], json!("temp"));
    assert_eq!(shown["SQLiteYStore"]["document_ttl"], json!(null));
    // What means nothing here is told with the reason, and is no fault: the file is Jupyter's too.
    let later = place.config(json!({
        "YDocExtension": { "document_load_progressively": true, "unheard_of": 1 },
        "SQLiteYStore": { "squash_after_inactivity_of": 60, "cleanup_when_db_size_above": 100 },
    }));
    let output = Program::output(&["serve", "--show-config", "--jupyter-config", &later]).await;
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.success(), &shown["commonplace-host"]["document-ttl"]), (true, &json!(60.0)));
    let said = String::from_utf8(output.stderr).unwrap();
    for words in [
        "YDocExtension.document_load_progressively has no effect: every document opens whole and at once",
        "YDocExtension.unheard_of has no effect: it is not known here",
        "SQLiteYStore.cleanup_when_db_size_above has no effect: no history is dropped for being old",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("squash_after"), "{said}");

    let refused = async |arguments: &[&str], words: &[&str]| {
        let output = Program::output(&[&["serve", "--show-config"], arguments].concat()).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && words.iter().all(|word| said.contains(word)), "{said}");
    };
    let bad = place.config(json!({ "YDocExtension": { "document_cleanup_delay": "soon" } }));
    refused(&["--jupyter-config", &bad], &[&bad, "YDocExtension.document_cleanup_delay", "expected seconds"]).await;
    refused(&["--jupyter-config", "/a/jupyter_server_config.py"], &["/a/jupyter_server_config.py", ".json"]).await;
    refused(&["--jupyter-config", "/nowhere/at/all.json"], &["/nowhere/at/all.json cannot be read"]).await;
    refused(&["--YDocExtension.file_poll_interval=often"], &["--poll-interval", "expected seconds"]).await;
}

#[tokio::test]
async fn seed_4_a_temporary_store_leaves_nothing_behind_stopped_or_killed() {
    let place = Place::new();
    for kill in [false, true] {
        let arguments = place.arguments(&["--ystore", "temp", "--save-delay", "0.05"]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let program = Program::serve_with_temporary(&place.path("temporary"), &arguments).await;
        let client = open(&program, "a.txt").await;
        // More than SQLite keeps in memory.
        client.type_at(0, &"0123456789\n".repeat(1_000_000));
        until("it is saved", async || place.text("tides/a.txt").starts_with("0123456789\n")).await;
        client.type_at(0, "more");
        client.handled().await;
        match kill {
            true => program.kill().await,
            false => assert!(program.stop().await.1),
        }
        for directory in ["temporary", "state"] {
            assert_eq!(place.left_in(directory), Vec::<PathBuf>::new());
        }
        std::fs::write(place.path("tides/a.txt"), "hello\n").unwrap();
    }
}

#[tokio::test]
async fn seed_1_the_file_of_the_store_can_be_named_and_one_of_another_program_is_left_alone() {
    let place = Place::new();
    let store = place.path("elsewhere/history.db");
    let program = place.serve(&["--SQLiteYStore.db_path", store.to_str().unwrap()]).await;
    open(&program, "a.txt").await;
    assert!(program.stop().await.1);
    assert!(store.exists());
    assert_eq!(place.left_in("state"), [place.path("state/keys")]);

    let foreign = place.path(".jupyter_ystore.db");
    let connection = rusqlite::Connection::open(&foreign).unwrap();
    connection.execute_batch(include_str!("../fixtures/ystores/pycrdt-websocket.sql")).unwrap();
    drop(connection);
    let before = std::fs::read(&foreign).unwrap();
    let arguments = place.arguments(&["--ystore-file", foreign.to_str().unwrap()]);
    let arguments: Vec<&str> = ["serve"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    let output = Program::output(&arguments).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains(".jupyter_ystore.db: another program made it"), "{said}");
    assert_eq!(std::fs::read(&foreign).unwrap(), before);
    assert!(!place.path(".jupyter_ystore.db.lock").exists());
}

#[tokio::test]
async fn seed_8_ctrl_c_ends_the_program_with_twenty_rooms_open_and_everything_saved() {
    let place = Place::new();
    let names: Vec<String> = (0..20).map(|number| format!("{number}.txt")).collect();
    names.iter().for_each(|name| std::fs::write(place.path("tides").join(name), "before\n").unwrap());
    let program = place.serve(&["--save-delay", "none"]).await;
    let mut clients = Vec::new();
    for name in &names {
        let client = open(&program, name).await;
        client.type_at(0, "typed ");
        client.handled().await;
        clients.push(client);
    }
    let begun = std::time::Instant::now();
    assert!(program.interrupt().await.1);
    println!("ended within {:?}", begun.elapsed());
    for (name, client) in names.iter().zip(&clients) {
        assert_eq!(client.closed().await.0, 4510);
        assert_eq!(place.text(&format!("tides/{name}")), "typed before\n");
    }
}
