//! Stores that released versions made, opened by this one.

use rusqlite::Connection;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use tests::{Setup, TestClient, TestHost};

const NOTES: &str = "# Tide pools\n\nAnemones 12\nCrabs 3\n";
const POOLS: &str = r#"{
 "cells": [
  {
   "cell_type": "code",
   "execution_count": 1,
   "id": "count",
   "metadata": {},
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "12\\n"
     ]
    }
   ],
   "source": [
    "print(12)"
   ]
  },
  {
   "cell_type": "markdown",
   "id": "where",
   "metadata": {},
   "source": [
    "At the *pier*. Low tide."
   ]
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "Python 3",
   "language": "python",
   "name": "python3"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
"#;

fn count(store: &Path, what: &str) -> i64 {
    let connection = Connection::open(store).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get(0)).unwrap()
}

/// A client in a document, by the session that the old version had issued.
async fn old_client(host: &TestHost, path: &str, kind: (&str, &str)) -> TestClient {
    let body = json!({ "format": kind.0, "type": kind.1 });
    let reply = host.owner("PUT", &format!("/api/collaboration/session/{path}")).body(body).send().await.json();
    let room = format!("{}:{}:{}", kind.0, kind.1, reply["fileId"].as_str().unwrap());
    let session = "7ea1063e-9300-4703-8592-4ab3e8ebf115";
    let join = host.owner("GET", &format!("/api/collaboration/room/{room}?sessionId={session}"));
    TestClient::new().connected(join).await.synced().await
}

#[tokio::test]
async fn store_90_the_store_of_every_released_version_opens_and_nothing_of_it_is_lost_or_doubled() {
    let stores = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stores");
    let mut versions = 0;
    for entry in std::fs::read_dir(stores).unwrap() {
        let place = tempfile::tempdir().unwrap();
        let (folder, state) = (place.path().join("tides"), place.path().join("state"));
        std::fs::create_dir(&folder).unwrap();
        std::fs::create_dir(&state).unwrap();
        let store = state.join("commonplace.sqlite");
        let sql = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let sql = sql.replace("{FOLDER}", folder.canonicalize().unwrap().to_str().unwrap());
        Connection::open(&store).unwrap().execute_batch(&sql).unwrap();
        std::fs::write(folder.join("notes.md"), NOTES).unwrap();
        std::fs::write(folder.join("pools.ipynb"), POOLS).unwrap();
        // The save that was cut short had reached the file.
        std::fs::write(folder.join("half.md"), "→ ∑ ≠ ∏\n").unwrap();
        std::fs::write(folder.join("away.md"), "zero\none\ntwo\nthree\n").unwrap();

        let host = TestHost::start_in(Arc::new(place), Setup::default()).await;
        let (text, notebook) = (("text", "file"), ("json", "notebook"));
        let notes = old_client(&host, "notes.md", text).await;
        assert_eq!(notes.text(), format!("Marie: {NOTES}"));
        let half = old_client(&host, "half.md", text).await;
        assert_eq!(half.text(), "→ ∑ ≠ ∏\n");
        let away = old_client(&host, "away.md", text).await;
        assert_eq!(away.text(), "zero\none\ntwo\nthree\n");
        let pools = old_client(&host, "pools.ipynb", notebook).await;
        assert_eq!(pools.see(|seen| seen.sources()), ["print(12)  # again", "At the *pier*. Low tide."]);
        // The link of then is good, and nobody can read its secret any more.
        let old = "8bd137b1bfd63b7f76cd60e58769fbef";
        assert_ne!(host.share().await, old);
        assert_eq!(host.redeem(old, "Ben").await.status, 200);
        half.type_at(0, "= ");
        host.saved("half.md", "= → ∑ ≠ ∏\n").await;
        host.saved("notes.md", &format!("Marie: {NOTES}")).await;
        host.saved("pools.ipynb", &POOLS.replace("print(12)", "print(12)  # again")).await;
        host.server.stop().await;

        let bytes = std::fs::read(&store).unwrap();
        assert!(!bytes.windows(old.len()).any(|part| part == old.as_bytes()), "the secret is still in the store");
        assert_eq!(count(&store, "folders WHERE slug = 'tides' AND secret = ''"), 1);
        assert_eq!(
            count(&store, "access WHERE kind = 'guest' AND row LIKE '%Ana%' AND row LIKE '%\"role\":\"edit\"%'"),
            1
        );
        assert_eq!(count(&store, "files"), 4);
        assert_eq!(count(&store, "documents WHERE room LIKE 'text:%' OR room LIKE 'json:%'"), 4);
        assert_eq!(count(&store, "sessions WHERE id = '7ea1063e-9300-4703-8592-4ab3e8ebf115'"), 1);
        assert_eq!(count(&store, "events WHERE seq <= 43"), 7);
        assert_eq!(count(&store, "settings WHERE key = 'host-name' AND value = 'Marie'"), 1);
        versions += 1;
    }
    assert!(versions > 0);
}
