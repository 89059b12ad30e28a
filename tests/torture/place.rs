//! A folder and the program that serves it.

use serde_json::json;
use std::path::PathBuf;
use tests::{Program, Request};

/// A place on disk.
pub(crate) struct Place {
    place: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("tides")).unwrap();
        Self { place }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.place.path().join("tides").join(name)
    }

    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.place.path().join("state").join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        std::fs::write(self.file(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    /// Runs the program.
    pub(crate) async fn serve(&self, more: &[&str]) -> Program {
        let arguments = self.arguments(more);
        Program::serve(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    /// Runs the program so that a limit on the size of files fails its writes instead of ending it.
    pub(crate) async fn serve_limited(&self, more: &[&str]) -> Program {
        let arguments = self.arguments(more);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Program::serve_limited(&self.place.path().join("log"), &arguments).await
    }

    /// Runs the program with the folder on a disk of this size, empty at first.
    #[cfg(target_os = "linux")]
    pub(crate) async fn serve_on_small_disk(&self, bytes: u64, more: &[&str]) -> Program {
        let arguments = self.arguments(more);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Program::serve_on_small_disk(&self.place.path().join("tides"), bytes, &arguments).await
    }

    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let (folder, state) = (self.place.path().join("tides"), self.place.path().join("state"));
        let mut arguments = vec![folder.to_str().unwrap(), "--state-dir", state.to_str().unwrap(), "--token", "secret"];
        arguments.extend(["--port", "0"]);
        arguments.extend(more);
        arguments.into_iter().map(str::to_owned).collect()
    }
}

/// Room and session of a document.
pub(crate) async fn open(authority: &str, path: &str, kind: &str) -> (String, String) {
    let (format, ty) = kind.split_once(':').unwrap();
    let request = Request::new(authority, "PUT", &format!("/api/collaboration/session/{path}")).token("secret");
    let json = request.body(json!({ "format": format, "type": ty })).send().await.json();
    (format!("{kind}:{}", json["fileId"].as_str().unwrap()), json["sessionId"].as_str().unwrap().to_owned())
}

/// The request that joins a room.
pub(crate) fn join(authority: &str, room: &str, session: &str) -> Request {
    let path = format!("/api/collaboration/room/{room}?sessionId={session}");
    Request::new(authority, "GET", &path).token("secret")
}
