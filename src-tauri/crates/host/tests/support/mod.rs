//! A host in a temporary directory, and a client of its rooms: a document and frames made by hand.
// Each test binary uses its part.
#![allow(dead_code, clippy::unwrap_used)]

use bytes::Bytes;
use host::{Closing, Connection, Device, Grant, Host, HostConfig, Outgoing, Visitor};
use protocol::guest::Join;
use protocol::{Digest, DocumentKind, EventRecord, FileId, Model};
use std::collections::VecDeque;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;
use ydoc::{Base, Document, State};

/// How long anything may take before a test fails; nothing is expected to.
const PATIENCE: Duration = Duration::from_secs(60);

/// Each client writes under an id of its own.
static NEXT_AUTHOR: AtomicU64 = AtomicU64::new(1 << 20);

/// Waits, but not for ever.
pub(crate) async fn patiently<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// A state directory and a folder with files, which outlive the hosts that run on them.
pub(crate) struct Place {
    pub(crate) directory: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(place.folder()).unwrap();
        for (path, content) in files {
            place.write(path, content);
        }
        place
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.directory.path().join("Tide pools")
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.folder().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder().join(path)).unwrap()
    }

    pub(crate) fn config(&self) -> HostConfig {
        let mut config = HostConfig {
            state_dir: Some(self.state_dir()),
            host_name: Some("Ines".to_owned()),
            poll_interval: Duration::from_millis(100),
            system_trash: false,
            ..HostConfig::default()
        };
        config.policy.save_delay = Some(Duration::from_millis(30));
        config.policy.save_at_most = Duration::from_millis(200);
        config.policy.cleanup_delay = Some(Duration::from_millis(50));
        config
    }

    /// Runs a host on this place in a runtime of its own, and ends all of it with the runtime: unless the body shut the host
    /// down, this is a kill.
    pub(crate) fn run<T>(&self, body: impl AsyncFnOnce(Host) -> T) -> T {
        self.run_with(self.config(), body)
    }

    pub(crate) fn run_with<T>(&self, config: HostConfig, body: impl AsyncFnOnce(Host) -> T) -> T {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let result = runtime.block_on(async {
            let host = Host::start(config).await.unwrap();
            if host.folders().is_empty() {
                assert_eq!(host.add_folder(&self.folder(), None).await.unwrap(), "tide-pools");
            }
            body(host).await
        });
        runtime.shutdown_timeout(PATIENCE);
        result
    }
}

/// The owner's grant for the test folder.
pub(crate) fn owner(host: &Host) -> Grant {
    host.authenticate("tide-pools", host.owner_token(), true).unwrap()
}

/// What somebody with a link sends.
pub(crate) fn by_link(secret: &str, name: &str) -> Join {
    Join { secret: Some(secret.to_owned()), code: None, name: name.to_owned(), color: None }
}

/// A guest by the test folder's link: the grant, and the token.
pub(crate) async fn guest(host: &Host, name: &str) -> (Grant, String) {
    let join = by_link(host.folders()[0].secret().unwrap(), name);
    let (tokens, _) = host.join_folder("tide-pools", join, &Visitor::default()).await.unwrap();
    let token = tokens.guest.unwrap().0;
    (host.authenticate("tide-pools", &token, true).unwrap(), token)
}

/// Waits until an event matches.
pub(crate) async fn event(
    events: &mut broadcast::Receiver<EventRecord>,
    what: &str,
    matches: impl Fn(&EventRecord) -> bool,
) -> EventRecord {
    patiently(what, async {
        loop {
            let record = events.recv().await.unwrap();
            if matches(&record) {
                return record;
            }
        }
    })
    .await
}

/// Waits until a look at the host, taken after each of its ticks, finds what is wanted.
pub(crate) async fn until(host: &Host, what: &str, mut is_so: impl FnMut(&Host) -> bool) {
    let mut changes = host.changes();
    patiently(what, async {
        while !is_so(host) {
            changes.changed().await.unwrap();
        }
    })
    .await;
}

/// A client in one text room.
pub(crate) struct Peer {
    pub(crate) connection: Connection,
    document: Document,
    author: u64,
    pub(crate) session: String,
    pub(crate) file: FileId,
    pub(crate) closed: Option<Closing>,
    /// Frames that are not sync: awareness, raw, chat.
    pub(crate) other: VecDeque<Bytes>,
    synced: bool,
}

impl Peer {
    /// Opens a text file and waits for its content.
    pub(crate) async fn open(host: &Host, grant: &Grant, path: &str) -> Self {
        Self::open_with(host, grant, path, None, None).await
    }

    /// Opens it with what a client has already, and with the session it had.
    pub(crate) async fn open_with(
        host: &Host,
        grant: &Grant,
        path: &str,
        before: Option<State>,
        session: Option<String>,
    ) -> Self {
        let (answer, _) = host.open_session(grant, path, DocumentKind::text()).await.unwrap();
        let session = session.unwrap_or(answer.session_id.0);
        let room = format!("text:file:{}", answer.file_id);
        let connection = host.join(grant, &room, &session, Device::default()).await.unwrap();
        Self::begin(connection, before, session, answer.file_id).await
    }

    /// Another room of the same file.
    pub(crate) async fn new(connection: Connection, other: &Self) -> Self {
        Self::begin(connection, None, other.session.clone(), other.file.clone()).await
    }

    async fn begin(connection: Connection, before: Option<State>, session: String, file: FileId) -> Self {
        let author = NEXT_AUTHOR.fetch_add(1, Ordering::Relaxed);
        let document = match before {
            Some(state) => Document::from_state(Model::Text, author, &state).unwrap(),
            None => Document::new(Model::Text, author),
        };
        let (closed, other, synced) = (None, VecDeque::new(), false);
        let mut peer = Self { connection, document, author, session, file, closed, other, synced };
        peer.send(0, &peer.document.state_vector()).await;
        peer.until("the content", |peer| peer.synced).await;
        peer
    }

    /// The document's text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.document.to_bytes(&[])).unwrap()
    }

    /// The whole document, to come back with.
    pub(crate) fn state(&self) -> State {
        self.document.state()
    }

    /// Types at the end.
    pub(crate) async fn type_in(&mut self, text: &str) {
        let (state, before) = (self.document.state(), self.text());
        let base = Base { state: state.clone(), digest: Digest::of(before.as_bytes()) };
        let after = before + text;
        let merge = ydoc::merge_disk(Model::Text, &state, &base, after.as_bytes(), self.author).unwrap();
        let update = merge.update.unwrap();
        self.document.apply(&update).unwrap();
        assert_eq!(self.text(), after);
        self.send(2, &update).await;
    }

    async fn send(&self, kind: u8, body: &[u8]) -> bool {
        let mut frame = vec![0, kind];
        let mut length = body.len();
        while length >= 0x80 {
            frame.push(length as u8 | 0x80);
            length >>= 7;
        }
        frame.push(length as u8);
        frame.extend_from_slice(body);
        self.connection.send(frame.into()).await
    }

    /// Takes frames until something is so, or the connection ends.
    pub(crate) async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        patiently(what, async {
            while !is_so(self) && self.closed.is_none() {
                self.next().await;
            }
        })
        .await;
    }

    /// Waits until the text is this.
    pub(crate) async fn sees(&mut self, text: &str) {
        self.until(&format!("{text:?}"), |peer| peer.text() == text).await;
        assert_eq!(self.text(), text);
    }

    /// Waits until it is disconnected.
    pub(crate) async fn end(&mut self) -> Closing {
        self.until("the end", |_| false).await;
        self.closed.clone().unwrap()
    }

    async fn next(&mut self) {
        match self.connection.receive().await {
            Some(Outgoing::Frame(frame)) => self.take(&frame).await,
            Some(Outgoing::Close(closing)) => self.closed = Some(closing),
            None => panic!("the room is gone without a word"),
        }
    }

    async fn take(&mut self, frame: &[u8]) {
        if frame[0] != 0 {
            return self.other.push_back(Bytes::copy_from_slice(frame));
        }
        let body = &frame[2..];
        let header = body.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        let body = &body[header..];
        if frame[1] == 0 {
            let update = self.document.diff(body).unwrap();
            self.send(1, &update).await;
        } else {
            self.document.apply(body).unwrap();
            self.synced |= frame[1] == 1;
        }
    }
}

/// Whether a file has this content.
pub(crate) fn holds(path: &Path, text: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|content| content == text)
}
