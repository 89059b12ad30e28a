//! Histories of Jupyter servers, made by the stores that those had (`tests/fixtures/ystores/make.py`).

use host::{Imported, Outcome};
use serde_json::json;
use std::path::PathBuf;
use tests::{Program, Request, Setup, TestHost};

const TIDES: &str = include_str!("../fixtures/ystores/tides.ipynb");
const STORES: [(&str, &str); 3] = [
    ("ypy", include_str!("../fixtures/ystores/ypy.sql")),
    ("pycrdt-websocket", include_str!("../fixtures/ystores/pycrdt-websocket.sql")),
    ("pycrdt-store", include_str!("../fixtures/ystores/pycrdt-store.sql")),
];
const FILE_IDS: &str = include_str!("../fixtures/ystores/file-ids.sql");

/// A database made of its dump.
fn database(directory: &tempfile::TempDir, name: &str, dump: &str) -> PathBuf {
    let path = directory.path().join(name);
    rusqlite::Connection::open(&path).unwrap().execute_batch(dump).unwrap();
    path
}

fn name(entry: &Imported) -> &str {
    entry.path.as_deref().unwrap_or(&entry.name)
}

/// The only version of a file.
async fn version(host: &TestHost, path: &str) -> String {
    let listed = host.owner("GET", &format!("/api/commonplace/versions/{path}")).send().await.json();
    let versions = listed["versions"].as_array().unwrap();
    assert_eq!((versions.len(), &versions[0]["why"]), (1, &json!("imported")), "{path}: {listed}");
    let id = versions[0]["id"].as_u64().unwrap();
    host.owner("GET", &format!("/api/commonplace/versions/{path}?id={id}")).send().await.text()
}

#[tokio::test]
async fn seed_10_edits_that_only_a_jupyter_servers_history_has_become_versions() {
    for (store, dump) in STORES {
        for with_ids in [true, false] {
            let files = [("tides.ipynb", TIDES), ("notes.txt", "one\n"), ("same.txt", "the same\n")];
            let host = TestHost::start(&files).await;
            let foreign = tempfile::tempdir().unwrap();
            let from = database(&foreign, ".jupyter_ystore.db", dump);
            let folder = std::fs::canonicalize(host.path("")).unwrap();
            let ids = FILE_IDS.replace("/srv/notebooks", folder.to_str().unwrap().trim_end_matches('/'));
            let ids = with_ids.then(|| database(&foreign, "file_id_manager.db", &ids));
            let before = std::fs::read(&from).unwrap();
            let import = async || host.host.import_history(&host.slug, &from, ids.as_deref()).await.unwrap();

            let imported = import().await;
            let outcome = |path: &str| &imported.iter().find(|entry| name(entry) == path).unwrap().outcome;
            let kept = |path: &str| matches!(outcome(path), Outcome::Kept { updates } if *updates > 1);
            assert!(kept("tides.ipynb") && kept("notes.txt"), "{store}: {imported:?}");
            assert_eq!(*outcome("same.txt"), Outcome::Known, "{store}");
            let lost = imported.iter().find(|entry| entry.path.is_none()).unwrap();
            assert_eq!((imported.len(), &lost.outcome), (4, &Outcome::NoFile), "{store}");

            let mut typed = TIDES.replace("print(12)", "print(12)  # at low tide");
            if store != "ypy" {
                // The notebook models since then put this into each document.
                let before = "\"name\": \"python3\"\n  }\n";
                assert!(typed.contains(before));
                let language = "  \"language_info\": {\n   \"name\": \"\"\n  }\n";
                typed = typed.replace(before, &format!("{},\n{language}", before.trim_end()));
            }
            assert_eq!(version(&host, "tides.ipynb").await, typed, "{store}: as the file would have been saved");
            assert_eq!(version(&host, "notes.txt").await, "one\ntwo\n");
            assert_eq!((host.read("tides.ipynb").as_str(), host.read("notes.txt").as_str()), (TIDES, "one\n"));
            // Once more: there is nothing new.
            let again = import().await;
            assert!(again.iter().all(|entry| !matches!(entry.outcome, Outcome::Kept { .. })), "{store}: {again:?}");
            assert_eq!(std::fs::read(&from).unwrap(), before);
            assert_eq!(std::fs::read_dir(foreign.path()).unwrap().count(), 1 + usize::from(with_ids));

            // It is put back like any version.
            let put_back = host.owner("POST", "/api/commonplace/versions/notes.txt");
            let listed = host.owner("GET", "/api/commonplace/versions/notes.txt").send().await.json();
            let reply = put_back.body(json!({ "restore": listed["versions"][0]["id"] })).send().await;
            assert!(reply.status < 300, "{}", reply.text());
            host.saved("notes.txt", "one\ntwo\n").await;
        }
    }
}

#[tokio::test]
async fn seed_11_the_program_imports_with_a_line_for_each_history_and_refuses_by_name() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("tides");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("notes.txt"), "one\n").unwrap();
    let from = database(&place, ".jupyter_ystore.db", STORES[1].1);
    let import = async |from: &PathBuf| {
        let state = place.path().join("state");
        let paths = [from, &folder, &state].map(|path| path.to_str().unwrap());
        let [from, folder, state] = paths;
        let arguments = ["import-history", "--from", from, "--folder", folder, "--state-dir", state];
        let output = Program::output(&arguments).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.success())
    };
    let (said, _, well) = import(&from).await;
    let lines: Vec<&str> = said.lines().collect();
    assert!(well && lines.len() == 4, "{said}");
    let kept = "notes.txt (.file:20000000-0000-4000-8000-000000000000.y): kept as a version (2 updates)";
    assert!(lines.contains(&kept), "{said}");
    assert_eq!(lines.iter().filter(|line| line.ends_with("nothing was imported")).count(), 3, "{said}");

    let refused = async |from: &PathBuf, words: &str| {
        let (_, said, well) = import(from).await;
        assert!(!well && said.contains(from.to_str().unwrap()) && said.contains(words), "{said}");
    };
    refused(&place.path().join("none.db"), "No such file").await;
    refused(&database(&place, "other.db", "CREATE TABLE cats (name TEXT)"), "holds no histories").await;
    // A transaction is under way, or was when its program died.
    std::fs::write(place.path().join(".jupyter_ystore.db-journal"), "half").unwrap();
    refused(&from, "start Jupyter and stop it first").await;
}

/// Arguments and what the program says to them: its lines, its complaints, and whether it ended well.
async fn import(arguments: &[&str]) -> (Vec<String>, String, bool) {
    let output = Program::output(&[&["import-history"], arguments].concat()).await;
    let lines = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    (lines, String::from_utf8(output.stderr).unwrap(), output.status.success())
}

#[tokio::test]
async fn seed_30_the_history_is_where_a_jupyter_configuration_says_and_goes_where_the_host_keeps_its_own() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("tides");
    std::fs::create_dir(&folder).unwrap();
    let copy = TIDES.replace("print(12)", "print(99)");
    // Only the ids say that a history is of the copy.
    for (name, text) in
        [("tides.ipynb", TIDES), ("copy.ipynb", copy.as_str()), ("notes.txt", "one\n"), ("same.txt", "the same\n")]
    {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let real = std::fs::canonicalize(&folder).unwrap();
    let ids = FILE_IDS.replace("/srv/notebooks", real.to_str().unwrap()).replace("gone.ipynb", "copy.ipynb");
    let ids = database(&place, "ids.db", &ids);
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let state = |number: usize| path(&format!("state-{number}"));
    let config = |value: serde_json::Value| {
        std::fs::write(path("jupyter_server_config.json"), value.to_string()).unwrap();
        path("jupyter_server_config.json")
    };
    let (folder, elsewhere) = (path("tides"), path("elsewhere.db"));
    std::fs::rename(database(&place, "history.db", STORES[1].1), path("tides/.jupyter_ystore.db")).unwrap();
    database(&place, "elsewhere.db", STORES[1].1);
    let kept = |lines: &[String]| lines.iter().filter(|line| line.contains(": kept as a version")).count();

    // Nothing is said of it: Jupyter's own default. Said once more, there is nothing new.
    let (lines, said, well) = import(&["--folder", &folder, "--state-dir", &state(0)]).await;
    assert!(well && kept(&lines) == 2, "{lines:?} {said}");
    let (lines, ..) = import(&["--folder", &folder, "--state-dir", &state(0)]).await;
    assert_eq!((lines.len(), kept(&lines)), (4, 0), "{lines:?}");
    // The configuration says where both databases are; a relative path starts in the folder.
    let relative = json!({ "SQLiteYStore": { "db_path": "history/y.db" }, "BaseFileIdManager": { "db_path": ids } });
    std::fs::create_dir(path("tides/history")).unwrap();
    std::fs::copy(&elsewhere, path("tides/history/y.db")).unwrap();
    std::fs::remove_file(path("tides/.jupyter_ystore.db")).unwrap();
    for (number, value) in
        [relative, json!({ "SQLiteYStore": { "db_path": elsewhere }, "ArbitraryFileIdManager": { "db_path": ids } })]
            .into_iter()
            .enumerate()
    {
        let arguments = ["--folder", &folder, "--state-dir", &state(1 + number), "--jupyter-config", &config(value)];
        let (lines, said, well) = import(&arguments).await;
        assert!(well && kept(&lines) == 3, "{lines:?} {said}");
    }
    // So does the option.
    let (lines, ..) = import(&["--folder", &folder, "--state-dir", &state(3), "--ystore-file", &elsewhere]).await;
    assert_eq!(kept(&lines), 2, "{lines:?}");
    // A file that is not Jupyter's is this host's store, by the option and by the configuration: it has the versions then.
    let ours = config(json!({ "SQLiteYStore": { "db_path": path("ours.db") } }));
    for arguments in [["--ystore-file", &path("own.db")], ["--jupyter-config", &ours]] {
        let all = ["--from", &elsewhere, "--folder", &folder, "--state-dir", &state(4)];
        let (lines, said, well) = import(&[&all[..], &arguments].concat()).await;
        assert!(well && kept(&lines) == 2, "{lines:?} {said}");
        let (lines, ..) = import(&[&all[..], &arguments].concat()).await;
        assert_eq!(kept(&lines), 0, "{lines:?}");
    }
    let serve = [&folder, "--state-dir", &state(4), "--token", "secret", "--port", "0", "--jupyter-config", &ours];
    let program = Program::serve(&serve).await;
    let listed = Request::new(&program.authority(), "GET", "/api/commonplace/versions/notes.txt").token("secret");
    assert_eq!(listed.send().await.json()["versions"][0]["why"], json!("imported"));
    assert!(program.stop().await.1);
    // A history that is nowhere is named.
    let (_, said, well) = import(&["--folder", &folder, "--state-dir", &state(5)]).await;
    assert!(!well && said.contains("tides/.jupyter_ystore.db") && said.contains("No such file"), "{said}");
}

#[tokio::test]
async fn seed_31_each_history_is_kept_whole_or_named_with_the_reason_and_keeps_no_other_from_it() {
    let setup = Setup { adjust: |config| config.max_file = 30, ..Setup::default() };
    let files = [("tides.ipynb", TIDES), ("notes.txt", "one\n"), ("same.txt", "the same\n"), ("lost.txt", "lost\n")];
    let host = TestHost::start_with(&files, setup).await;
    let foreign = tempfile::tempdir().unwrap();
    let from = database(&foreign, ".jupyter_ystore.db", STORES[1].1);
    let connection = rusqlite::Connection::open(&from).unwrap();
    connection
        .execute_batch(
            "UPDATE yupdates SET timestamp = 9e9;
             INSERT INTO yupdates SELECT '.file:0-half.y', yupdate, metadata, timestamp FROM yupdates
             WHERE path = '.file:20000000-0000-4000-8000-000000000000.y' ORDER BY rowid DESC LIMIT 1;
             INSERT INTO yupdates VALUES ('.file:0-torn.y', x'0107', x'', 1.0);
             INSERT INTO yupdates VALUES ('.file:lost.txt.y', x'0000', x'', 1.0);
             INSERT INTO yupdates VALUES ('nonsense', x'0000', x'', 1.0);",
        )
        .unwrap();
    drop(connection);
    let ids = FILE_IDS.replace("/srv/notebooks", std::fs::canonicalize(host.path("")).unwrap().to_str().unwrap());
    let ids = database(&foreign, "file_id_manager.db", &ids);
    let begun = std::time::SystemTime::now();
    let imported = host.host.import_history(&host.slug, &from, Some(&ids)).await.unwrap();
    let outcome = |of: &str| &imported.iter().find(|entry| name(entry) == of).unwrap_or_else(|| panic!("{of}")).outcome;
    assert_eq!(*outcome("notes.txt"), Outcome::Kept { updates: 2 });
    let why = |of: &str| match outcome(of) {
        Outcome::Unreadable(why) | Outcome::Failed(why) => why.clone(),
        other => panic!("{of}: {other:?}"),
    };
    assert_eq!(why(".file:0-half.y"), "some of its updates build on others that are not in it");
    assert!(!why(".file:0-torn.y").is_empty());
    assert_eq!(why("nonsense"), "nonsense is no name of a document");
    assert!(why("tides.ipynb").contains("tides.ipynb"), "the file is too large: {}", why("tides.ipynb"));
    // A history that its server emptied would only offer to empty the file.
    assert_eq!(*outcome("lost.txt"), Outcome::Known);
    for (path, count) in [("notes.txt", 1), ("tides.ipynb", 0), ("lost.txt", 0)] {
        let listed = host.owner("GET", &format!("/api/commonplace/versions/{path}")).send().await.json();
        assert_eq!(listed["versions"].as_array().unwrap().len(), count, "{path}");
        for version in listed["versions"].as_array().unwrap() {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(version["time"].as_u64().unwrap());
            assert!(time <= begun + std::time::Duration::from_secs(3600), "a clock that was ahead: {version}");
        }
    }
}
