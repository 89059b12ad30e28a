//! How a host is started: every delay, limit and place is an argument.

use crate::Clocks;
use protocol::Role;
use rooms::Policy;
use std::path::PathBuf;
use std::time::Duration;

/// Configuration of a [`crate::Host`].
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// Where the host keeps things; `None`: the platform's data directory.
    pub state_dir: Option<PathBuf>,
    /// Where histories, links and events are kept.
    pub keeping: Keeping,
    /// A document's history is put together into one state when nobody edited the document for so long; `None`: only when it gets
    /// long. Its content stays.
    pub document_ttl: Option<Duration>,
    /// Name of the person at the host, as guests read it; `None`: what was used last, else the account's.
    pub host_name: Option<String>,
    /// The owner's token; `None`: what was used last, else a random one.
    pub owner_token: Option<String>,
    /// Bring back the folders of the last run; otherwise only those are served that are added now.
    pub remembered: bool,
    /// When rooms save and close.
    pub policy: Policy,
    /// How often watched files are looked at besides the system's notifications; zero: never.
    pub poll_interval: Duration,
    /// Documents can be opened together; otherwise files can only be read and saved.
    pub collaboration: bool,
    /// Front ends are told that cells are to be run by the host. It runs none yet, and says so when it is asked to.
    pub server_side_execution: bool,
    /// What new guests may do who come by a folder's first link.
    pub link_role: Role,
    /// The owner is asked about everybody who comes by a folder's first link; each link can be set otherwise.
    pub link_ask: bool,
    /// Files larger than this are neither opened as documents nor uploaded, in bytes.
    pub max_file: u64,
    /// What is deleted here goes into the trash; otherwise it is deleted for good, folders only if they are empty. Jupyter's name.
    pub delete_to_trash: bool,
    /// It goes into the system's trash where there is one; else into a folder `trash` in the state directory.
    pub system_trash: bool,
    /// Where the time is read.
    pub clocks: Clocks,
}

/// Where a host keeps what survives a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// In a file; `None`: the one in the state directory.
    File(Option<PathBuf>),
    /// In a temporary file, which is gone when the host ends, however it does.
    Temporary,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            state_dir: None,
            keeping: Keeping::File(None),
            document_ttl: None,
            host_name: None,
            owner_token: None,
            remembered: true,
            policy: Policy {
                save_delay: Some(Duration::from_secs(1)),
                save_at_most: Duration::from_secs(5),
                cleanup_delay: Some(Duration::from_secs(60)),
                keep_alive: Duration::from_secs(15),
                retry_delay: Duration::from_secs(10),
                most_edits: 512 << 20,
            },
            poll_interval: Duration::from_secs(1),
            collaboration: true,
            server_side_execution: false,
            link_role: Role::Edit,
            link_ask: false,
            max_file: 256 * 1024 * 1024,
            delete_to_trash: true,
            system_trash: true,
            clocks: Clocks::default(),
        }
    }
}
