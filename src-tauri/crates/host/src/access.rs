//! Who may come in: owner token, share links, guests' tokens.

use protocol::{Role, User};

/// What somebody may do in one folder, after authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The folder.
    pub slug: String,
    /// Who.
    pub user: User,
    /// What.
    pub role: Role,
    /// The person at the host.
    pub owner: bool,
}

/// What a share link offers before it is redeemed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkOffer {
    /// Name of the folder.
    pub folder: String,
    /// Name of the person at the host.
    pub host: String,
    /// Role it gives.
    pub role: Role,
}
