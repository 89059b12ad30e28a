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
mod lab;
mod listen;
mod listing;
mod logging;
mod page;
mod panel;
mod sending;
mod versions;

pub use logging::log_to_stderr;

use host::{Bound, Host};
use protocol::panel::{Command, Interface, Message, State};
use protocol::{ErrorBody, ErrorCode};
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
    /// Interfaces offered for sharing; `None`: those of the machine.
    pub interfaces: Option<Vec<Interface>>,
    /// Listen on this address from the start and treat every folder as shared there (headless use).
    pub bind: Option<IpAddr>,
    /// Largest WebSocket message in bytes (256 MiB).
    pub max_message: usize,
    /// Directory of a JupyterLab installation (its `share/jupyter`, or what contains it); `None`: Jupyter's usual places.
    pub jupyterlab: Option<PathBuf>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { port: 8787, interfaces: None, bind: None, max_message: 256 * 1024 * 1024, jupyterlab: None }
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
    attempts: auth::Attempts,
    /// Commands run one after the other.
    commands: Mutex<()>,
    installation: lab::Installation,
    /// What visitors keep changes one at a time.
    keeping: Mutex<()>,
    stopping: CancellationToken,
    sockets: TaskTracker,
}

impl Server {
    /// Binds loopback and starts to serve.
    pub async fn start(host: Host, options: ServerOptions) -> Result<Server, ErrorBody> {
        let opened = listen::open(options.port, options.bind).await?;
        let installation = lab::Installation::new(options.jupyterlab.clone());
        let server = Server(Arc::new(Inner {
            host,
            options,
            port: opened.port,
            taken_port: opened.taken_port,
            started: OffsetDateTime::now_utc(),
            doors: listen::Doors::default(),
            attempts: auth::Attempts::default(),
            commands: Mutex::new(()),
            installation,
            keeping: Mutex::new(()),
            stopping: CancellationToken::new(),
            sockets: TaskTracker::new(),
        }));
        for listener in opened.listeners {
            server.0.doors.add_permanent(&server, listener);
        }
        for folder in server.0.host.folders() {
            server.share_everywhere(&folder.slug).await?;
        }
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
            Command::Share { slug, address } => self.share(&slug, address).await?,
            Command::Unshare { slug } => {
                host.set_sharing(&slug, None).await?;
                self.0.doors.unshare(&slug).await;
            }
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
        Ok(State { new_token, ..self.state() })
    }

    /// State, the tail of events, then both as they change. Drop the receiver to stop.
    pub fn messages(&self) -> mpsc::Receiver<Message> {
        panel::messages(self)
    }

    /// Stops listening, disconnects everybody, writes what is unsaved.
    pub async fn stop(&self) {
        self.0.stopping.cancel();
        // Rooms end their sockets with a reason; requests under way finish meanwhile.
        tokio::join!(self.0.doors.close_all(), self.0.host.shutdown());
        self.0.sockets.close();
        if tokio::time::timeout(FAREWELL, self.0.sockets.wait()).await.is_err() {
            tracing::debug!("{} clients did not answer the close", self.0.sockets.len());
        }
    }

    async fn share(&self, slug: &str, address: Option<String>) -> Result<(), ErrorBody> {
        if !self.0.host.has_folder(slug) {
            return Err(ErrorBody::new(ErrorCode::NotFound, format!("There is no folder {slug}")));
        }
        let offered = self.interfaces();
        let interface = match &address {
            Some(address) => offered.into_iter().find(|interface| interface.address == *address),
            None => offered.into_iter().next(),
        };
        let Some(interface) = interface else {
            let message = match address {
                Some(address) => format!("This computer has no network interface with the address {address}"),
                None => "This computer is not connected to any network".to_owned(),
            };
            return Err(ErrorBody::new(ErrorCode::CannotBind, message));
        };
        let ip = interface.address.parse::<IpAddr>().map_err(|error| {
            ErrorBody::new(ErrorCode::CannotBind, format!("{} is no address: {error}", interface.address))
        })?;
        self.share_at(slug, ip, interface).await
    }

    /// With `bind`, every folder is shared from the moment it is there.
    async fn share_everywhere(&self, slug: &str) -> Result<(), ErrorBody> {
        let Some(bind) = self.0.options.bind else { return Ok(()) };
        let mut known = self.interfaces().into_iter();
        let named = if bind.is_unspecified() {
            known.find(|interface| interface.address.contains(':') == bind.is_ipv6())
        } else {
            known.find(|interface| interface.address == bind.to_string())
        };
        let interface = named.unwrap_or_else(|| {
            let address = if bind.is_unspecified() { "127.0.0.1".to_owned() } else { bind.to_string() };
            Interface { name: address.clone(), address }
        });
        self.share_at(slug, bind, interface).await
    }

    async fn share_at(&self, slug: &str, address: IpAddr, interface: Interface) -> Result<(), ErrorBody> {
        self.0.doors.share(self, slug, address).await?;
        let told = self.0.host.set_sharing(slug, Some(Bound { interface, port: self.0.port })).await;
        if told.is_err() {
            self.0.doors.unshare(slug).await;
        }
        told
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

    fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    fn sockets(&self) -> &TaskTracker {
        &self.0.sockets
    }

    fn interfaces(&self) -> Vec<Interface> {
        self.0.options.interfaces.clone().unwrap_or_else(listen::interfaces)
    }

    fn is_bound(&self, address: IpAddr) -> bool {
        self.0.doors.is_bound(address)
    }

    fn is_shared(&self, slug: &str) -> bool {
        self.0.doors.shared(slug).is_some()
    }

    /// Whether a connection to this address of ours may see the folder.
    fn is_shared_at(&self, slug: &str, here: IpAddr) -> bool {
        self.0.doors.shared(slug).is_some_and(|address| address == here || address.is_unspecified())
    }
}
