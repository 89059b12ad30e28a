//! Who is in a room.

use crate::Member;
use protocol::ClientId;

/// A client that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    /// Its connection.
    pub client: ClientId,
    /// Who, with which role.
    pub member: Member,
    /// When it joined, Unix milliseconds.
    pub since: u64,
    /// Awareness ids (Y client ids) it speaks for.
    pub awareness: Vec<u64>,
}
