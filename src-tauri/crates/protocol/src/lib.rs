//! The words both sides of any boundary must agree on: ids, roles, people, events, bodies of requests, close codes.
//!
//! This crate is a leaf. It knows no runtime, no CRDT, no HTTP and no path of this machine; whatever crosses a process
//! boundary as JSON or as a frame is defined here and nowhere else.

pub mod close;
pub mod content;
pub mod contents;
pub mod error;
pub mod event;
pub mod file_state;
pub mod fork;
pub mod guest;
pub mod history;
pub mod ids;
pub mod message;
pub mod notice;
pub mod panel;
pub mod session;
pub mod user;
pub mod version;

pub use close::CloseCode;
pub use content::{Digest, DiskContent};
pub use error::{ErrorBody, ErrorCode};
pub use event::{Action, Event, EventKind, EventRecord, JupyterEvent, Level};
pub use file_state::FileState;
pub use history::{BaseAt, BaseRecord, Intent, Seq};
pub use ids::{ClientId, DocumentKind, FileId, Model, RoomId, SessionId};
pub use notice::{Conflict, Merge, MergeReport, Notice, Texts};
pub use user::{Role, User};
pub use version::{Kept, Version, VersionList, Why};

/// The one version of everything: crates, window, page and protocol answers.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
