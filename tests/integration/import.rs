//! Histories of Jupyter servers, made by the stores that those had (`tests/fixtures/ystores/make.py`).

use host::{Imported, Outcome};
use serde_json::json;
use std::path::PathBuf;
use tests::{Program, TestHost};

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
    assert!(lines.contains(&"notes.txt: kept as a version (2 updates)"), "{said}");
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
