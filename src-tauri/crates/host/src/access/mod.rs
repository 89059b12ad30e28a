//! Who may come in: one folder's links, guests, API tokens, remembered devices, knocks and short code. Tables and decisions
//! with the time as an argument.
//!
//! Not here: sockets, files, the store, randomness; the host's methods over this are in `sharing`, `entering` and `people`.

mod codes;
mod knocks;
mod links;
mod people;
mod shown;

pub(crate) use codes::{Codes, Try};
pub(crate) use knocks::{Asking, Knocks, Verdict};
pub(crate) use links::{check_wish, ended_at};
pub(crate) use people::{Admission, Found};

use crate::Bound;
use crate::shared::Changes;
use protocol::{Digest, ErrorBody, ErrorCode, Role, User};
use rooms::Now;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::{AccessKey, AccessRow, AccessRows, DeviceRow, GuestRow, LinkRow, TokenRow};
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
    /// Whoever asks must knock.
    pub ask: bool,
}

/// Whether two secrets are the same; how long this takes says nothing about where they differ.
pub(crate) fn same_secret(a: &str, b: &str) -> bool {
    Digest::of(a.as_bytes()).0.ct_eq(&Digest::of(b.as_bytes()).0).into()
}

/// One folder's access: the table, and who waits for it to change.
pub(crate) struct Access {
    table: Mutex<Table>,
    /// Storing, one at a time: what is stored last is what is true last.
    pub(crate) storing: tokio::sync::Mutex<()>,
    /// Ticks when a knock was answered.
    pub(crate) answers: Changes,
}

impl Access {
    pub(crate) fn new(rows: AccessRows) -> Self {
        let table = Mutex::new(Table { rows, ..Table::default() });
        Self { table, storing: tokio::sync::Mutex::default(), answers: Changes::new() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.lock().bound.is_some()
    }
}

/// Everything that decides who may come in.
#[derive(Default)]
pub(crate) struct Table {
    /// What survives a restart.
    pub(crate) rows: AccessRows,
    /// `Some` while shared.
    pub(crate) bound: Option<Bound>,
    pub(crate) knocks: Knocks,
    pub(crate) codes: Codes,
    /// Rows that changed and are not on their way to the store yet.
    pub(crate) unstored: BTreeSet<AccessKey>,
}

/// What time alone brought about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Links that expired: label and the guests who came by it.
    pub(crate) expired: Vec<(String, Vec<String>)>,
    /// Somebody who waited is not waited for any more.
    pub(crate) knocks: bool,
    /// Something else that the panel shows is not as it was.
    pub(crate) other: bool,
}

impl Table {
    /// Ends what is over, and renews the short code (`make` gives six digits).
    pub(crate) fn pass(&mut self, now: Now, make: impl FnOnce() -> String) -> Passed {
        let expired = self.expire_links(now.unix_ms);
        self.forget_long_gone(now.unix_ms);
        let knocks = self.knocks.pass(now.elapsed);
        let leads = self.bound.is_some() && self.rows.links.iter().any(|link| ended_at(link, now.unix_ms).is_none());
        let other = if leads { self.codes.renew(now, make) } else { self.codes.stop() };
        Passed { expired, knocks, other }
    }

    /// The rows of these keys as they are now; `None`: forgotten.
    pub(crate) fn take_unstored(&mut self) -> Vec<(AccessKey, Option<AccessRow>)> {
        let keys = std::mem::take(&mut self.unstored);
        keys.into_iter().map(|key| (key.clone(), self.row(&key))).collect()
    }

    fn row(&self, key: &AccessKey) -> Option<AccessRow> {
        let rows = &self.rows;
        match key {
            AccessKey::Link(id) => rows.links.iter().find(|it| it.id == *id).cloned().map(AccessRow::Link),
            AccessKey::Guest(id) => {
                rows.guests.iter().find(|it| it.user.username == *id).cloned().map(AccessRow::Guest)
            }
            AccessKey::Token(id) => rows.tokens.iter().find(|it| it.id == *id).cloned().map(AccessRow::Token),
            AccessKey::Device(id) => rows.devices.iter().find(|it| it.id == *id).cloned().map(AccessRow::Device),
        }
    }

    fn changed(&mut self, key: AccessKey) {
        self.unstored.insert(key);
    }
}

/// Keys of rows.
fn link_key(row: &LinkRow) -> AccessKey {
    AccessKey::Link(row.id.clone())
}

fn guest_key(row: &GuestRow) -> AccessKey {
    AccessKey::Guest(row.user.username.clone())
}

fn token_key(row: &TokenRow) -> AccessKey {
    AccessKey::Token(row.id.clone())
}

fn device_key(row: &DeviceRow) -> AccessKey {
    AccessKey::Device(row.id.clone())
}

/// The row with this secret. Every row is compared, and in constant time.
fn by_digest<T>(rows: &[T], secret: &str, digest: impl Fn(&T) -> &Digest) -> Option<usize> {
    let secret = Digest::of(secret.as_bytes());
    let mut found = None;
    for (index, row) in rows.iter().enumerate() {
        if bool::from(digest(row).0.ct_eq(&secret.0)) {
            found = Some(index);
        }
    }
    found
}

/// `run` is nobody's to give: nothing is executed on the host.
pub(crate) fn check_role(role: Role) -> Result<(), ErrorBody> {
    match role {
        Role::View | Role::Edit => Ok(()),
        Role::Run => {
            let message = "Running code on the host is not offered; the role is to be view or edit.";
            Err(ErrorBody::new(ErrorCode::BadRequest, message))
        }
    }
}

#[cfg(test)]
mod tests;
