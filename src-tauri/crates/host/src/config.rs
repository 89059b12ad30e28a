//! How a host is started: every delay, limit and place is an argument.

use crate::Clocks;
use protocol::Role;
use rooms::Policy;
use std::path::PathBuf;
use std::time::Duration;

/// Configuration of a [`crate::Host`].
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// Where the store lives; `None`: the platform's data directory.
    pub state_dir: Option<PathBuf>,
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

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            state_dir: None,
            host_name: None,
            owner_token: None,
            remembered: true,
            policy: Policy {
                save_delay: Some(Duration::from_secs(1)),
                save_at_most: Duration::from_secs(5),
                cleanup_delay: Some(Duration::from_secs(60)),
                keep_alive: Duration::from_secs(15),
                retry_delay: Duration::from_secs(10),
            },
            poll_interval: Duration::from_secs(1),
            link_role: Role::Edit,
            link_ask: false,
            max_file: 256 * 1024 * 1024,
            delete_to_trash: true,
            system_trash: true,
            clocks: Clocks::default(),
        }
    }
}
