//! Who may come in: the folder's share link and its guests' tokens. Tables and comparisons; the host's methods are in
//! `sharing`.

use crate::{Bound, Result};
use protocol::{Digest, ErrorBody, ErrorCode, Role, User};
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::GuestRow;
use subtle::ConstantTimeEq;

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

/// Whether two secrets are the same; how long this takes says nothing about where they differ.
pub(crate) fn same_secret(a: &str, b: &str) -> bool {
    Digest::of(a.as_bytes()).0.ct_eq(&Digest::of(b.as_bytes()).0).into()
}

/// One folder's link, guests and sharing.
pub(crate) struct Access(Mutex<Inside>);

pub(crate) struct Inside {
    /// The link's secret.
    pub(crate) secret: String,
    /// `Some` while shared.
    pub(crate) bound: Option<Bound>,
    pub(crate) guests: Vec<GuestRow>,
}

impl Access {
    pub(crate) fn new(secret: String, guests: Vec<GuestRow>) -> Self {
        Self(Mutex::new(Inside { secret, bound: None, guests }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The guest with this token. Every guest is compared, and in constant time.
    pub(crate) fn guest(&self, token: &str) -> Option<(User, Role)> {
        let token = Digest::of(token.as_bytes());
        let inside = self.lock();
        let mut found = None;
        for guest in &inside.guests {
            if bool::from(guest.token.0.ct_eq(&token.0)) {
                found = Some((guest.user.clone(), guest.role));
            }
        }
        found
    }

    /// Whether this person still is a guest.
    pub(crate) fn knows(&self, username: &str) -> bool {
        self.lock().guests.iter().any(|guest| guest.user.username == username)
    }

    /// An error unless this is the link's secret.
    pub(crate) fn check_secret(&self, secret: &str) -> Result<()> {
        if same_secret(&self.lock().secret, secret) {
            return Ok(());
        }
        Err(ErrorBody::new(ErrorCode::LinkEnded, "This link has ended. Ask for a new one."))
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.lock().bound.is_some()
    }
}
