//! HTTP and WebSocket over the host, and the pages guests get.
//!
//! Not here: documents, the store, the window. Handlers turn a request into one call on [`host::Host`] and its answer into
//! a response.

mod app;
mod auth;
mod base;
mod checkpoints;
mod collaboration;
mod contents;
mod error;
mod events;
mod files;
mod forks;
mod guest;
mod intake;
mod lab;
mod lan;
mod limits;
mod line;
mod listen;
mod listing;
mod logging;
mod output;
mod page;
mod panel;
mod sending;
mod serving;
mod sharing;
mod socket;
mod transit;
mod versions;

pub use lan::{Interfaces, Tls};
pub use limits::Limits;
pub use logging::log_to_stderr;

use host::Host;
use protocol::panel::{Command, Interface, Message, State};
use protocol::{ErrorBody, EventRecord};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long the last close frames may take to leave when the server stops.
const FAREWELL: Duration = Duration::from_secs(3);

/// How the server listens.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Port on loopback and on shared interfaces; taken: the next free one (0: any).
    pub port: u16,
    /// Where the interfaces that are offered for sharing come from.
    pub interfaces: Interfaces,
    /// Listen on this address from the start and treat every folder as shared there (headless use).
    pub bind: Option<IpAddr>,
    /// Show this host to others on the network and list them, while a folder is shared; `None`: as the person chose last.
    pub nearby: Option<bool>,
    /// A certificate: other devices are spoken to over TLS alone; `None`: over plain HTTP.
    pub tls: Option<Tls>,
    /// Largest WebSocket message in bytes (256 MiB).
    pub max_message: usize,
    /// Directory of a JupyterLab installation (its `share/jupyter`, or what contains it); `None`: Jupyter's usual places.
    pub jupyterlab: Option<PathBuf>,
    /// How much the outside may have at once.
    pub limits: Limits,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            port: 8787,
            interfaces: Interfaces::default(),
            bind: None,
            nearby: None,
            tls: None,
            max_message: 256 * 1024 * 1024,
            jupyterlab: None,
            limits: Limits::default(),
        }
    }
}

/// The running server: one listener on loopback, one more for each shared interface.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    host: Host,
    options: ServerOptions,
    port: u16,
    taken_port: Option<u16>,
    started: OffsetDateTime,
    doors: listen::Doors,
    discovery: lan::Discovery,
    attempts: auth::Attempts,
    connections: limits::Connections,
    transit: transit::Transit,
    messages: transit::Transit,
    /// Commands run one after the other.
    commands: Mutex<()>,
    installation: lab::Installation,
    /// What visitors keep changes one at a time.
    keeping: Mutex<()>,
    /// Every folder that is shared from the beginning is.
    opened: CancellationToken,
    stopping: CancellationToken,
    sockets: TaskTracker,
}

impl Server {
    /// Binds loopback and starts to serve.
    pub async fn start(host: Host, options: ServerOptions) -> Result<Server, ErrorBody> {
        let bind = options.bind.map(|address| {
            let mut known = options.interfaces.look().into_iter().filter(|_| options.interfaces.are_real());
            let device = known.find(|interface| interface.address == address.to_string());
            (address, device.map(|interface| interface.name))
        });
        let opened = listen::open(options.port, bind)?;
        let discovery = sharing::discovery(&host, options.nearby).await?;
        let installation = lab::Installation::new(options.jupyterlab.clone());
        let server = Server(Arc::new(Inner {
            connections: limits::Connections::new(options.limits),
            transit: transit::Transit::new(options.limits.bytes, options.limits.patience),
            messages: transit::Transit::new(options.limits.messages, options.limits.patience),
            host,
            options,
            port: opened.port,
            taken_port: opened.taken_port,
            started: OffsetDateTime::now_utc(),
            doors: listen::Doors::default(),
            discovery,
            attempts: auth::Attempts::default(),
            commands: Mutex::new(()),
            installation,
            keeping: Mutex::new(()),
            opened: CancellationToken::new(),
            stopping: CancellationToken::new(),
            sockets: TaskTracker::new(),
        }));
        for (address, listeners) in opened.listeners {
            server.0.doors.serve(&server, address, listeners, true);
        }
        for folder in server.0.host.folders() {
            server.share_everywhere(&folder.slug).await?;
        }
        server.0.opened.cancel();
        server.attend().await;
        tokio::spawn(sharing::watch(Arc::downgrade(&server.0)));
        Ok(server)
    }

    /// The port in use.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// `http://127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.0.port)
    }

    /// All that the panel shows besides events.
    pub fn state(&self) -> State {
        panel::state(self)
    }

    /// Does what the panel asks; the answer is the new state.
    pub async fn command(&self, command: Command) -> Result<State, ErrorBody> {
        let _one_at_a_time = self.0.commands.lock().await;
        let host = &self.0.host;
        let mut new_token = None;
        match command {
            Command::AddFolder { path } => {
                let slug = host.add_folder(Path::new(&path), None).await?;
                self.share_everywhere(&slug).await?;
            }
            Command::AddSample => {
                let slug = host.add_sample().await?;
                self.share_everywhere(&slug).await?;
            }
            Command::RemoveFolder { slug } => {
                host.remove_folder(&slug).await?;
                self.0.doors.unshare(&slug).await;
            }
            Command::ShowNearby { on } => self.show_nearby(on).await?,
            Command::Share { slug, address } => self.share(&slug, address).await?,
            Command::Unshare { slug } => self.unshare(&slug).await?,
            Command::NewLink { slug, link, end_others } => host.new_link(&slug, link, end_others).await?,
            Command::ChangeLink { slug, id, link } => host.change_link(&slug, &id, link).await?,
            Command::EndLink { slug, id } => host.end_link(&slug, &id).await?,
            Command::LetIn { slug, knock, role, remember } => host.let_in(&slug, &knock, role, remember).await?,
            Command::Refuse { slug, knock } => host.refuse(&slug, &knock).await?,
            Command::SetRole { slug, person, role } => host.set_role(&slug, &person, role).await?,
            Command::RemovePerson { slug, person } => host.remove_person(&slug, &person).await?,
            Command::LetBack { slug, person } => host.let_back(&slug, &person).await?,
            Command::NewToken { slug, name, role } => new_token = Some(host.new_token(&slug, &name, role).await?),
            Command::EndToken { slug, id } => host.end_token(&slug, &id).await?,
            Command::ForgetDevice { slug, id } => host.forget_device(&slug, &id).await?,
        }
        self.attend().await;
        Ok(State { new_token, ..self.state() })
    }

    /// State, the tail of events, then both as they change. Drop the receiver to stop.
    pub fn messages(&self) -> mpsc::Receiver<Message> {
        panel::messages(self)
    }

    /// Up to 5,000 events with numbers below `before`, oldest first; fewer: there are no older ones.
    pub async fn events_before(&self, before: u64) -> Result<Vec<EventRecord>, ErrorBody> {
        self.0.host.events_before(before, panel::PAGE).await
    }

    /// Stops listening, disconnects everybody, writes what is unsaved.
    pub async fn stop(&self) {
        self.0.stopping.cancel();
        // Rooms end their sockets with a reason; requests under way finish meanwhile.
        tokio::join!(self.0.doors.close_all(), self.0.discovery.attend(None), self.0.host.shutdown());
        self.0.sockets.close();
        if tokio::time::timeout(FAREWELL, self.0.sockets.wait()).await.is_err() {
            tracing::debug!("{} clients did not answer the close", self.0.sockets.len());
        }
    }

    fn host(&self) -> &Host {
        &self.0.host
    }

    fn options(&self) -> &ServerOptions {
        &self.0.options
    }

    fn installation(&self) -> &lab::Installation {
        &self.0.installation
    }

    fn keeping(&self) -> &Mutex<()> {
        &self.0.keeping
    }

    fn taken_port(&self) -> Option<u16> {
        self.0.taken_port
    }

    fn started(&self) -> OffsetDateTime {
        self.0.started
    }

    fn attempts(&self) -> &auth::Attempts {
        &self.0.attempts
    }

    fn connections(&self) -> &limits::Connections {
        &self.0.connections
    }

    /// Files and what is saved, by HTTP.
    fn transit(&self) -> &transit::Transit {
        &self.0.transit
    }

    /// Messages of sockets.
    fn messages_in(&self) -> &transit::Transit {
        &self.0.messages
    }

    fn opened(&self) -> &CancellationToken {
        &self.0.opened
    }

    fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    fn sockets(&self) -> &TaskTracker {
        &self.0.sockets
    }

    fn interfaces(&self) -> Vec<Interface> {
        self.0.options.interfaces.look()
    }

    fn tls(&self) -> Option<&Tls> {
        self.0.options.tls.as_ref()
    }

    fn discovery(&self) -> &lan::Discovery {
        &self.0.discovery
    }

    fn doors(&self) -> &listen::Doors {
        &self.0.doors
    }

    fn is_bound(&self, address: IpAddr) -> bool {
        self.0.doors.is_bound(address)
    }

    fn is_shared(&self, slug: &str) -> bool {
        self.0.doors.shared(slug).is_some()
    }

    /// Whether a connection to this address of ours may see the folder.
    fn is_shared_at(&self, slug: &str, here: IpAddr) -> bool {
        let place = self.0.doors.shared(slug);
        place.is_some_and(|place| place.address == here || place.address.is_unspecified())
    }
}
