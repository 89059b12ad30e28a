//! What the host window shows and asks. The same types serve Tauri's commands and the owner's HTTP routes.

use crate::{EventRecord, Role};
use serde::{Deserialize, Serialize};

/// A network interface that sharing can bind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Interface {
    /// The system's name of it: `wlan0`, `en0`, `Ethernet 2`, …
    pub name: String,
    /// IPv4 or IPv6 address as text.
    pub address: String,
    /// What it leads to.
    pub kind: InterfaceKind,
}

/// As people call it.
impl std::fmt::Display for Interface {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            InterfaceKind::WiFi => f.write_str("Wi-Fi"),
            InterfaceKind::Wired => f.write_str("Ethernet"),
            InterfaceKind::Vpn => write!(f, "VPN {}", self.name),
            InterfaceKind::Other | InterfaceKind::Virtual => f.write_str(&self.name),
        }
    }
}

/// What an interface leads to, as far as its name and its flags tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum InterfaceKind {
    /// A wireless network.
    WiFi,
    /// A cable.
    Wired,
    /// Some network.
    Other,
    /// A private network over others: guests in the room are not on it, as a rule.
    Vpn,
    /// Made by programs for virtual machines and containers: nobody else is on it.
    Virtual,
}

/// How far sharing of a folder is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Sharing {
    /// The interface that is bound.
    pub interface: Interface,
    /// `192.168.1.20:8787/tides`: what to read aloud.
    pub address: String,
    /// Different remote addresses that have opened it since it was shared.
    pub devices: u32,
    /// The present link, the newest that is live: full URL with its secret in the fragment. `null`: there is none.
    pub link: Option<String>,
    /// The short code that leads to the present link; `null` without one.
    pub code: Option<Code>,
    /// Since when it is shared at this address, Unix milliseconds.
    pub since: u64,
    /// The interface has no network at the moment: nobody reaches the folder until it is back.
    pub away: bool,
    /// The address before the network changed, which leads nowhere now; `null`: it did not change.
    pub before: Option<String>,
    /// `ines.local:8787/tides`: the same with a name, where devices look names up on the network; `null`: none is announced.
    pub name: Option<String>,
}

/// A folder in the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Folder {
    /// Its id and the first part of its base URL.
    pub slug: String,
    /// Name to show: the directory's.
    pub name: String,
    /// Path on this machine, with the home directory as `~`.
    pub path: String,
    /// The directory exists and can be read.
    pub present: bool,
    /// `null`: only this computer can open it.
    pub sharing: Option<Sharing>,
    /// Who is in it now.
    pub people: Vec<Presence>,
    /// Its share links, the newest first; those that ended stay listed for a while.
    pub links: Vec<Link>,
    /// Who asks to come in, or to edit; the longest waiting first.
    pub knocks: Vec<Knock>,
    /// Who was removed and not let back in, the last first.
    pub removed: Vec<Removed>,
    /// API tokens, the newest first.
    pub tokens: Vec<Token>,
    /// Devices that come in without asking.
    pub remembered: Vec<Remembered>,
    /// Documents that are open now.
    pub documents: u32,
    /// Of these, documents whose file lacks edits.
    pub unsaved: u32,
}

/// A connected person. Several tabs of one person are one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Presence {
    /// Identity.
    pub username: String,
    /// Name to show.
    pub name: String,
    /// `#rrggbb` or `null`.
    pub color: Option<String>,
    /// What they may do.
    pub role: Role,
    /// The person at the host.
    pub owner: bool,
    /// Paths of the documents they have open.
    pub documents: Vec<String>,
    /// Remote address and browser: `192.168.1.34 · Safari`.
    pub device: String,
    /// Unix milliseconds of the first connection.
    pub since: u64,
    /// Open connections.
    pub connections: u32,
    /// Id of the link or API token they came by; `null`: let in without a link, or the owner.
    pub by: Option<String>,
}

/// All that the window shows besides events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct State {
    /// Version of the app.
    pub version: String,
    /// Name of the person at the host.
    pub host: String,
    /// Folders in the order they were added.
    pub folders: Vec<Folder>,
    /// Interfaces that can be shared on, the one first that guests reach most likely.
    pub interfaces: Vec<Interface>,
    /// The port in use.
    pub port: u16,
    /// Port that was asked for but taken by another program.
    pub taken_port: Option<u16>,
    /// Document edits in the last minute.
    pub edits_per_minute: u32,
    /// Whether a folder can be opened in JupyterLab.
    pub jupyterlab: bool,
    /// The host's system, as Rust names it: `linux`, `macos`, `windows`, …
    pub system: String,
    /// Other hosts on the network.
    pub nearby: Nearby,
    /// Only in the answer to [`Command::NewToken`]: the token, which is never shown again.
    pub new_token: Option<String>,
}

/// Other hosts on the networks that are shared on, and whether this one is shown to them. Nothing is sent or asked unless the
/// person chose it, and a folder is shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Nearby {
    /// The person chose it.
    pub on: bool,
    /// Those that show themselves, by name.
    pub hosts: Vec<NearbyHost>,
    /// Why it does not work, as a sentence.
    pub fault: Option<String>,
}

/// Another host on the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct NearbyHost {
    /// Name of the person at it.
    pub name: String,
    /// `192.168.1.31:8787`.
    pub address: String,
    /// Its page.
    pub url: String,
}

/// What the window is told as it happens. The first message is a `State`, then the tail of events, then live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Message {
    /// The whole state, at most four times a second.
    State {
        /// The state.
        state: State,
    },
    /// Events, oldest first.
    Events {
        /// One or more.
        events: Vec<EventRecord>,
    },
}

/// What the window asks for; the answer is the new [`State`] or an [`crate::ErrorBody`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Command {
    /// Add a folder by its path on this machine.
    AddFolder {
        /// Absolute path.
        path: String,
    },
    /// Write the sample folder (if it is not there yet) and add it.
    AddSample,
    /// Forget a folder; nothing on disk changes.
    RemoveFolder {
        /// Which.
        slug: String,
    },
    /// Share a folder on an interface.
    Share {
        /// Which.
        slug: String,
        /// Address of the interface, which is remembered; `null` takes the one that was chosen last, if it is there, else the first.
        address: Option<String>,
    },
    /// Show this host to others on the network while a folder is shared, and list those that do the same.
    ShowNearby {
        /// Whether to.
        on: bool,
    },
    /// Stop sharing; guests are disconnected, links stay for the next time.
    Unshare {
        /// Which.
        slug: String,
    },
    /// Make a link; it is the present one from now on.
    NewLink {
        /// Of which folder.
        slug: String,
        /// What it is to be.
        link: LinkWish,
        /// End all others; who came by them leaves.
        end_others: bool,
    },
    /// Change a live link; its address stays, and so does the role of those who came by it.
    ChangeLink {
        /// Of which folder.
        slug: String,
        /// Its id.
        id: String,
        /// What it is to be.
        link: LinkWish,
    },
    /// End a link; who came by it leaves.
    EndLink {
        /// Of which folder.
        slug: String,
        /// Its id.
        id: String,
    },
    /// Let somebody in who knocks, or give the role that a guest asks for.
    LetIn {
        /// To which folder.
        slug: String,
        /// Id of the knock.
        knock: String,
        /// `view` or `edit`.
        role: Role,
        /// The device may come in by itself the next time.
        remember: bool,
    },
    /// Refuse somebody who knocks.
    Refuse {
        /// At which folder.
        slug: String,
        /// Id of the knock.
        knock: String,
    },
    /// Change what a guest may do, at once.
    SetRole {
        /// In which folder.
        slug: String,
        /// [`Presence::username`].
        person: String,
        /// `view` or `edit`.
        role: Role,
    },
    /// Put a guest out; coming back takes a knock. An API token ends.
    RemovePerson {
        /// Of which folder.
        slug: String,
        /// [`Presence::username`].
        person: String,
    },
    /// Let somebody back in who was removed, with the role of before.
    LetBack {
        /// To which folder.
        slug: String,
        /// [`Removed::username`].
        person: String,
    },
    /// Make an API token; it is in the answer ([`State::new_token`]), and never shown again.
    NewToken {
        /// For which folder.
        slug: String,
        /// 1 to 40 characters; also the name under which it acts.
        name: String,
        /// `view` or `edit`.
        role: Role,
    },
    /// End an API token; who is connected by it leaves.
    EndToken {
        /// Of which folder.
        slug: String,
        /// Its id.
        id: String,
    },
    /// Have a remembered device ask again.
    ForgetDevice {
        /// In which folder.
        slug: String,
        /// Its id.
        id: String,
    },
}

/// A share link, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Link {
    /// Names it; no secret.
    pub id: String,
    /// What it is and does.
    #[serde(flatten)]
    pub wish: LinkWish,
    /// It is the one on the card: the newest that is live and can be shown.
    pub present: bool,
    /// The full URL, while the folder is shared and the link is live; `null` also for a link of an older version, whose secret
    /// nobody knows any more.
    pub url: Option<String>,
    /// When it was made, Unix milliseconds.
    pub made: u64,
    /// How many joined by it.
    pub uses: u32,
    /// When the last did, Unix milliseconds.
    pub last_used: Option<u64>,
    /// People who are here by it now.
    pub people: u32,
    /// Why nobody can join by it any more; `null`: it is live.
    pub ended: Option<Ended>,
}

/// What an owner wants of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct LinkWish {
    /// A name for the owner, as `Class`; may be empty.
    pub label: String,
    /// `view` or `edit`.
    pub role: Role,
    /// The owner is asked about everybody who comes by it.
    pub ask: bool,
    /// It ends then, in Unix milliseconds, and those who came by it leave; `null`: it is good whenever the folder is shared.
    pub expires: Option<u64>,
    /// So many may join by it; `null`: any number.
    pub most_uses: Option<u32>,
}

/// Why a link ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// The owner ended it.
    Revoked,
    /// Its time is over.
    Expired,
    /// As many joined by it as may; those are still in.
    UsedUp,
}

/// What a guest without the link types instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Code {
    /// Six digits.
    pub code: String,
    /// Another takes its place then, Unix milliseconds.
    pub until: u64,
}

/// Somebody asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Knock {
    /// Names the knock.
    pub id: String,
    /// The name they typed.
    pub name: String,
    /// `#rrggbb` or `null`.
    pub color: Option<String>,
    /// `192.168.1.62 · Chrome on Android`.
    pub device: String,
    /// The four digits that their screen shows too.
    pub code: String,
    /// What they want to do.
    pub wants: Role,
    /// Since when they wait, Unix milliseconds.
    pub since: u64,
    /// Id of the link they have; `null`: none.
    pub link: Option<String>,
    /// Why they ask.
    pub why: Purpose,
}

/// Why somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To come in.
    Join,
    /// To edit: a guest who may view.
    Edit,
    /// To come back: they were removed.
    Back,
}

/// Somebody who was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Removed {
    /// Identity.
    pub username: String,
    /// Name to show.
    pub name: String,
    /// `#rrggbb` or `null`.
    pub color: Option<String>,
    /// When, Unix milliseconds.
    pub since: u64,
}

/// A token for stock clients, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Token {
    /// Names it; no secret.
    pub id: String,
    /// Its name, and that of whoever uses it.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// When it was made, Unix milliseconds.
    pub made: u64,
    /// When it was used last, to the minute, Unix milliseconds.
    pub last_used: Option<u64>,
}

/// A device that comes in without asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Remembered {
    /// Names it; no secret.
    pub id: String,
    /// Name of whoever was let in with it.
    pub name: String,
    /// With which role it comes in.
    pub role: Role,
    /// When it was let in, Unix milliseconds.
    pub since: u64,
}
