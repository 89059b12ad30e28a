//! A whole host in this process: a real folder, a real store, real sockets on loopback.

use crate::http::{Reply, Request};
use crate::{TestClient, until};
use host::{Clocks, Host, HostConfig};
use protocol::Role;
use protocol::panel::{Command, Folder, Interface, InterfaceKind, LinkWish};
use server::{Interfaces, Limits, Server, ServerOptions, Tls};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The owner's token in tests.
pub const OWNER_TOKEN: &str = "owner-token";
/// Stands for the address on the local network: loopback too, but not the listener that only this computer reaches.
pub const GUEST_ADDRESS: &str = "127.0.0.2";

/// How a host is to be started.
#[derive(Clone)]
pub struct Setup {
    /// Wanted port; 0: any.
    pub port: u16,
    /// Largest message in bytes.
    pub max_message: usize,
    /// When documents are closed after their last client left.
    pub cleanup_delay: Option<Duration>,
    /// Seconds of quiet before a save.
    pub save_delay: Option<Duration>,
    /// What guests may do.
    pub link_role: Role,
    /// Where JupyterLab is; `None`: where this machine has it, if it does.
    pub jupyterlab: Option<PathBuf>,
    /// How much the outside may have at once.
    pub limits: Limits,
    /// What is deleted goes into the trash.
    pub delete_to_trash: bool,
    /// Where the host reads the time.
    pub clocks: Clocks,
    /// The networks that there are; `None`: one, at [`GUEST_ADDRESS`].
    pub interfaces: Option<Interfaces>,
    /// A certificate for guests.
    pub tls: Option<Tls>,
    /// What else is set.
    pub adjust: fn(&mut HostConfig),
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            port: 0,
            max_message: 64 * 1024 * 1024,
            cleanup_delay: Some(Duration::from_secs(60)),
            save_delay: Some(Duration::from_millis(50)),
            link_role: Role::Edit,
            jupyterlab: None,
            limits: Limits::default(),
            delete_to_trash: true,
            clocks: Clocks::default(),
            interfaces: None,
            tls: None,
            adjust: |_| {},
        }
    }
}

/// The secret of a shared folder's present link.
fn secret_of(folder: &Folder) -> String {
    let link = folder.sharing.as_ref().unwrap().link.as_ref().unwrap();
    link.split_once('#').unwrap().1.to_owned()
}

/// A running host with one folder, `tides`. Dropping it stops it.
pub struct TestHost {
    /// The library below the server.
    pub host: Host,
    /// The server.
    pub server: Server,
    /// The folder's slug.
    pub slug: String,
    place: Arc<TempDir>,
    jupyterlab: Option<PathBuf>,
    interfaces: Interfaces,
}

impl TestHost {
    /// Starts with these files (path, content) in its folder.
    pub async fn start(files: &[(&str, &str)]) -> Self {
        Self::start_with(files, Setup::default()).await
    }

    /// As [`TestHost::start`], set up otherwise.
    pub async fn start_with(files: &[(&str, &str)], setup: Setup) -> Self {
        let place = Arc::new(tempfile::tempdir().unwrap());
        std::fs::create_dir(place.path().join("tides")).unwrap();
        let host = Self::start_in(place, setup).await;
        for (path, content) in files {
            host.write(path, content);
        }
        host
    }

    /// Starts in a place that has a folder `tides`, and perhaps a `state`.
    pub async fn start_in(place: Arc<TempDir>, setup: Setup) -> Self {
        let mut config = HostConfig {
            state_dir: Some(place.path().join("state")),
            host_name: Some("Marie".to_owned()),
            owner_token: Some(OWNER_TOKEN.to_owned()),
            poll_interval: Duration::from_millis(100),
            delete_to_trash: setup.delete_to_trash,
            system_trash: false,
            clocks: setup.clocks,
            ..HostConfig::default()
        };
        config.link_role = setup.link_role;
        config.policy.save_delay = setup.save_delay;
        config.policy.cleanup_delay = setup.cleanup_delay;
        (setup.adjust)(&mut config);
        let host = Host::start(config).await.unwrap();
        let slug = host.add_folder(&place.path().join("tides"), None).await.unwrap();
        let interface =
            Interface { name: "test".to_owned(), address: GUEST_ADDRESS.to_owned(), kind: InterfaceKind::Other };
        let interfaces = setup.interfaces.unwrap_or_else(|| [interface].into_iter().collect());
        let jupyterlab = setup.jupyterlab.clone();
        let options = ServerOptions {
            port: setup.port,
            interfaces: interfaces.clone(),
            bind: None,
            nearby: Some(false),
            tls: setup.tls,
            max_message: setup.max_message,
            jupyterlab: setup.jupyterlab,
            limits: setup.limits,
        };
        let server = Server::start(host.clone(), options).await.unwrap();
        Self { host, server, slug, place, jupyterlab, interfaces }
    }

    /// Stops, and starts again over the same folder and state.
    pub async fn restart(self) -> Self {
        let setup = Setup {
            port: self.server.port(),
            jupyterlab: self.jupyterlab.clone(),
            interfaces: Some(self.interfaces.clone()),
            ..Setup::default()
        };
        let place = self.place.clone();
        self.server.stop().await;
        drop(self);
        Self::start_in(place, setup).await
    }

    /// Adds a second folder beside the first; its slug.
    pub async fn add_folder(&self, name: &str) -> String {
        let path = self.place.path().join(name);
        std::fs::create_dir(&path).unwrap();
        let state =
            self.server.command(Command::AddFolder { path: path.to_string_lossy().into_owned() }).await.unwrap();
        state.folders.last().unwrap().slug.clone()
    }

    /// The place of a file on disk.
    pub fn path(&self, path: &str) -> PathBuf {
        self.place.path().join("tides").join(path)
    }

    /// Writes a file as another program would.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// A file's content on disk.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    /// Waits until a file has this content on disk.
    pub async fn saved(&self, path: &str, content: &str) {
        until(&format!("{path} is {content:?}"), async || {
            std::fs::read_to_string(self.path(path)).is_ok_and(|now| now == content)
        })
        .await;
    }

    /// `127.0.0.1:PORT`.
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }

    /// A request over loopback, without credentials.
    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(&self.authority(), method, path)
    }

    /// A request over loopback by the owner.
    pub fn owner(&self, method: &str, path: &str) -> Request {
        self.request(method, path).token(OWNER_TOKEN)
    }

    /// A request over the shared address, without credentials.
    pub fn guest(&self, method: &str, path: &str) -> Request {
        Request::new(&format!("{GUEST_ADDRESS}:{}", self.server.port()), method, path)
    }

    /// What the owner does in the window; the folder after it.
    pub async fn does(&self, command: Command) -> Folder {
        self.server.command(command).await.unwrap();
        self.folder()
    }

    /// The folder as the window shows it.
    pub fn folder(&self) -> Folder {
        self.server.state().folders.into_iter().find(|folder| folder.slug == self.slug).unwrap()
    }

    /// Shares the folder on [`GUEST_ADDRESS`]; the secret of its link.
    pub async fn share(&self) -> String {
        let address = Some(GUEST_ADDRESS.to_owned());
        secret_of(&self.does(Command::Share { slug: self.slug.clone(), address }).await)
    }

    /// Makes a link with this role, which asks the owner about everybody or not; its secret.
    pub async fn new_link(&self, role: Role, ask: bool) -> String {
        let link = LinkWish { label: String::new(), role, ask, expires: None, most_uses: None };
        secret_of(&self.does(Command::NewLink { slug: self.slug.clone(), link, end_others: false }).await)
    }

    /// Redeems a link as a browser would.
    pub async fn redeem(&self, secret: &str, name: &str) -> Reply {
        let body = serde_json::json!({ "secret": secret, "name": name, "color": null });
        self.guest("POST", &format!("/{}/api/commonplace/join", self.slug)).body(body).send().await
    }

    /// `PUT session` by the owner: room name and session id.
    pub async fn session(&self, path: &str, format: &str, ty: &str) -> (String, String) {
        let body = serde_json::json!({ "format": format, "type": ty });
        let reply = self.owner("PUT", &format!("/api/collaboration/session/{path}")).body(body).send().await;
        assert!(matches!(reply.status, 200 | 201), "{path}: {}", reply.text());
        let json = reply.json();
        let text = |key: &str| json[key].as_str().unwrap().to_owned();
        (format!("{format}:{ty}:{}", text("fileId")), text("sessionId"))
    }

    /// The owner opens a text file.
    pub async fn open_text(&self, path: &str) -> TestClient {
        let (room, session) = self.session(path, "text", "file").await;
        self.join(&room, &session).await
    }

    /// The owner opens a notebook.
    pub async fn open_notebook(&self, path: &str) -> TestClient {
        let (room, session) = self.session(path, "json", "notebook").await;
        self.join(&room, &session).await
    }

    /// The owner joins a room with a new document.
    pub async fn join(&self, room: &str, session: &str) -> TestClient {
        let path = format!("/api/collaboration/room/{room}?sessionId={session}");
        TestClient::new().connected(self.owner("GET", &path)).await
    }
}

impl Drop for TestHost {
    fn drop(&mut self) {
        let (server, place) = (self.server.clone(), self.place.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                server.stop().await;
                drop(place);
            });
        }
    }
}
