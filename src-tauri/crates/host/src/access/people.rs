//! People: who holds which token, as whom and with which role they come, how they go, and who comes back how.

use super::{AccessKey, Table, by_digest, device_key, ended_at, guest_key, token_key};
use crate::{Result, names};
use protocol::panel::Ended;
use protocol::{Digest, ErrorBody, ErrorCode, Role, User};
use std::collections::HashSet;
use store::{DeviceRow, GuestRow, LinkRow, TokenRow};

const MINUTE: u64 = 60 * 1000;
const HOUR: u64 = 60 * MINUTE;
/// For so long after a guest was here their name is not another's.
const NAMED: u64 = 24 * HOUR;
/// After so long away a guest is a stranger; as long as the cookie is kept.
const LONG_GONE: u64 = 30 * 24 * HOUR;
/// Guests that a folder keeps; those who were here last, and all who are.
const MOST_GUESTS: usize = 1000;
/// API tokens and remembered devices that a folder may have, of each.
const MOST: usize = 100;

/// Who holds a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Guest(User, Role),
    Removed(User),
    Token(User, Role),
    Nobody,
}

/// Somebody comes in.
pub(crate) struct Admission<'a> {
    /// A free one.
    pub(crate) username: String,
    /// As typed, fit.
    pub(crate) name: &'a str,
    pub(crate) color: Option<&'a str>,
    pub(crate) role: Role,
    pub(crate) link: Option<String>,
    /// Of another device than this one.
    pub(crate) address: Option<String>,
    pub(crate) token: &'a str,
    /// Usernames of those who are here.
    pub(crate) here: &'a HashSet<String>,
    /// Name of the person at the host.
    pub(crate) host: &'a str,
}

impl Table {
    /// Who holds this token now.
    pub(crate) fn holder(&mut self, token: &str, now: u64) -> Found {
        let guest = by_digest(&self.rows.guests, token, |guest| &guest.token);
        let by_token = by_digest(&self.rows.tokens, token, |row| &row.token);
        if let Some(guest) = guest.and_then(|at| self.rows.guests.get_mut(at)) {
            if guest.removed.is_some() {
                return Found::Removed(guest.user.clone());
            }
            let found = Found::Guest(guest.user.clone(), guest.role);
            // Told to the store once an hour, and more often to nobody.
            let key = (now.abs_diff(guest.seen) >= HOUR).then(|| guest_key(guest));
            if let Some(key) = key {
                guest.seen = now;
                self.changed(key);
            }
            return found;
        }
        let Some(row) = by_token.and_then(|at| self.rows.tokens.get_mut(at)) else { return Found::Nobody };
        let found = Found::Token(row.user.clone(), row.role);
        if row.last_used.is_none_or(|last| now.abs_diff(last) >= MINUTE) {
            row.last_used = Some(now);
            let key = token_key(row);
            self.changed(key);
        }
        found
    }

    /// What this person may do now; `None`: they are not in.
    pub(crate) fn role_of(&self, username: &str) -> Option<Role> {
        let guest = self.guest(username).map(|guest| guest.role);
        guest.or_else(|| self.rows.tokens.iter().find(|row| row.user.username == username).map(|row| row.role))
    }

    /// By which link or token they came.
    pub(crate) fn came_by(&self, username: &str) -> Option<String> {
        let token = || self.rows.tokens.iter().find(|row| row.user.username == username).map(|row| row.id.clone());
        self.guest(username).and_then(|guest| guest.link.clone()).or_else(token)
    }

    /// Who this is, if they are in.
    pub(crate) fn user(&self, username: &str) -> Option<User> {
        let token = || self.rows.tokens.iter().find(|row| row.user.username == username).map(|row| row.user.clone());
        self.guest(username).map(|guest| guest.user.clone()).or_else(token)
    }

    /// A guest who is in.
    pub(crate) fn guest(&self, username: &str) -> Option<&GuestRow> {
        self.rows.guests.iter().find(|guest| guest.user.username == username && guest.removed.is_none())
    }

    /// Somebody comes in: with a free name, and a colour that is one.
    pub(crate) fn admit(&mut self, admission: Admission<'_>, now: u64) -> GuestRow {
        let Admission { username, name, color, role, link, address, token, here, host } = admission;
        let names_now = |guest: &&GuestRow| {
            let recent = now.saturating_sub(guest.seen) < NAMED || here.contains(&guest.user.username);
            guest.removed.is_none() && recent
        };
        let users = || {
            let guests = self.rows.guests.iter().filter(names_now).map(|guest| &guest.user);
            guests.chain(self.rows.tokens.iter().map(|row| &row.user))
        };
        let taken: Vec<String> = users().map(|user| user.name.clone()).chain([host.to_owned()]).collect();
        let used = users().filter_map(|user| user.color.clone()).chain([names::COLORS[0].to_owned()]);
        let color = names::color(color, &used.collect::<Vec<_>>());
        let user = User::new(username, names::free(name, &taken), Some(color));
        let token = Digest::of(token.as_bytes());
        if let Some(link) = &link {
            self.link_used(link, now);
        }
        let guest = GuestRow { token, user, role, link, address, seen: now, removed: None };
        self.changed(guest_key(&guest));
        self.rows.guests.push(guest.clone());
        guest
    }

    /// Whether somebody with this cookie, or at this address, was put out: then they knock, whatever the link says.
    pub(crate) fn was_removed(&mut self, cookie: Option<&str>, address: Option<&str>, now: u64) -> bool {
        let by_cookie = cookie.is_some_and(|cookie| matches!(self.holder(cookie, now), Found::Removed(_)));
        let at = |guest: &GuestRow| guest.removed.is_some() && guest.address.as_deref() == address;
        by_cookie || (address.is_some() && self.rows.guests.iter().any(at))
    }

    /// Changes what a guest or an API token may do: who it is, unless that is what they may do already. Devices that are remembered
    /// come in with it from then on.
    pub(crate) fn set_role(&mut self, username: &str, role: Role) -> Result<Option<User>> {
        let theirs = self.rows.devices.iter_mut().filter(|it| it.user.username == username && it.role != role);
        let keys: Vec<_> = theirs
            .map(|device| {
                device.role = role;
                device_key(device)
            })
            .collect();
        keys.into_iter().for_each(|key| self.changed(key));
        let guest = self.rows.guests.iter_mut().find(|it| it.user.username == username && it.removed.is_none());
        if let Some(guest) = guest {
            let (user, key) = (guest.user.clone(), guest_key(guest));
            let changed = std::mem::replace(&mut guest.role, role) != role;
            self.changed(key);
            return Ok(changed.then_some(user));
        }
        let token = self.rows.tokens.iter_mut().find(|row| row.user.username == username);
        let token = token.ok_or_else(|| nobody(username))?;
        let (user, key) = (token.user.clone(), token_key(token));
        let changed = std::mem::replace(&mut token.role, role) != role;
        self.changed(key);
        Ok(changed.then_some(user))
    }

    /// Puts a guest out; their devices are forgotten.
    pub(crate) fn remove(&mut self, username: &str, address: Option<String>, now: u64) -> Result<User> {
        let guest = self.rows.guests.iter_mut().find(|it| it.user.username == username && it.removed.is_none());
        let guest = guest.ok_or_else(|| nobody(username))?;
        guest.removed = Some(now);
        guest.address = address.or_else(|| guest.address.take());
        let (user, key) = (guest.user.clone(), guest_key(guest));
        self.changed(key);
        let gone: Vec<_> = self.rows.devices.iter().filter(|it| it.user.username == username).map(device_key).collect();
        self.rows.devices.retain(|device| device.user.username != username);
        gone.into_iter().for_each(|key| self.changed(key));
        Ok(user)
    }

    /// Lets somebody back in; with `None` with the role of before.
    pub(crate) fn let_back(&mut self, username: &str, role: Option<Role>, now: u64) -> Result<(User, Role)> {
        let links: Vec<_> =
            self.rows.links.iter().filter(|link| link.ended.is_none()).map(|link| link.id.clone()).collect();
        let guest = self.rows.guests.iter_mut().find(|it| it.user.username == username && it.removed.is_some());
        let guest = guest.ok_or_else(|| nobody(username))?;
        guest.removed = None;
        guest.seen = now;
        guest.role = role.unwrap_or(guest.role);
        // The link may have ended meanwhile; this is the owner's word, not the link's.
        guest.link = guest.link.take().filter(|link| links.contains(link));
        let (found, key) = ((guest.user.clone(), guest.role), guest_key(guest));
        self.changed(key);
        Ok(found)
    }

    /// Guests who came by this link are none any more, but for those who were put out, who stay so.
    pub(crate) fn forget_guests_of(&mut self, link: &str) -> Vec<String> {
        let goes = |guest: &GuestRow| guest.link.as_deref() == Some(link) && guest.removed.is_none();
        self.forget_guests(goes)
    }

    fn forget_guests(&mut self, goes: impl Fn(&GuestRow) -> bool) -> Vec<String> {
        let gone: Vec<_> = self.rows.guests.iter().filter(|it| goes(it)).map(|it| it.user.username.clone()).collect();
        self.rows.guests.retain(|guest| !goes(guest));
        gone.iter().for_each(|username| self.changed(AccessKey::Guest(username.clone())));
        gone
    }

    /// Forgets those who were away for as long as a cookie is kept, and those put out so long ago.
    pub(crate) fn forget_long_gone(&mut self, now: u64) {
        let long = |since: u64| since != 0 && now.saturating_sub(since) >= LONG_GONE;
        if self.rows.guests.iter().any(|guest| long(guest.removed.unwrap_or(guest.seen))) {
            self.forget_guests(|guest| long(guest.removed.unwrap_or(guest.seen)));
        }
    }

    /// Makes room for one more guest: who was here longest ago is forgotten; an error if all are here.
    pub(crate) fn make_room(&mut self, here: &HashSet<String>) -> Result<()> {
        if self.rows.guests.len() < MOST_GUESTS {
            return Ok(());
        }
        let away = self.rows.guests.iter().filter(|it| it.removed.is_none() && !here.contains(&it.user.username));
        let Some(oldest) = away.min_by_key(|guest| guest.seen).map(|guest| guest.user.username.clone()) else {
            let message = format!("{MOST_GUESTS} people are here; nobody else can come in.");
            return Err(ErrorBody::new(ErrorCode::TooMany, message));
        };
        self.forget_guests(|guest| guest.user.username == oldest);
        Ok(())
    }

    /// A new API token, under a free name.
    pub(crate) fn new_token(
        &mut self,
        id: String,
        username: String,
        name: &str,
        token: &str,
        role: Role,
        now: u64,
    ) -> Result<User> {
        if self.rows.tokens.len() >= MOST {
            let message = format!("There are {MOST} API tokens already; end one first.");
            return Err(ErrorBody::new(ErrorCode::BadRequest, message));
        }
        let taken: Vec<String> = self.rows.tokens.iter().map(|row| row.user.name.clone()).collect();
        let used: Vec<String> = self.rows.tokens.iter().filter_map(|row| row.user.color.clone()).collect();
        let color = names::color(None, &used.into_iter().chain([names::COLORS[0].to_owned()]).collect::<Vec<_>>());
        let user = User::new(username, names::free(name, &taken), Some(color));
        let token = Digest::of(token.as_bytes());
        let row = TokenRow { id, token, user: user.clone(), role, made: now, last_used: None };
        self.changed(token_key(&row));
        self.rows.tokens.push(row);
        Ok(user)
    }

    /// Ends an API token, by its id or by the person as whom it acts.
    pub(crate) fn end_token(&mut self, which: &str) -> Result<User> {
        let is = |row: &TokenRow| row.id == which || row.user.username == which;
        let at = self.rows.tokens.iter().position(is).ok_or_else(|| nobody(which))?;
        let row = self.rows.tokens.remove(at);
        self.changed(token_key(&row));
        Ok(row.user)
    }

    /// Remembers a device, in the place of the one that was remembered longest ago if there are many.
    pub(crate) fn remember(&mut self, id: String, token: &str, user: User, role: Role, now: u64) {
        if self.rows.devices.len() >= MOST {
            let key = device_key(&self.rows.devices.remove(0));
            self.changed(key);
        }
        let row = DeviceRow { id, token: Digest::of(token.as_bytes()), user, role, since: now };
        self.changed(device_key(&row));
        self.rows.devices.push(row);
    }

    /// The remembered device with this token: its id, and the role with which it comes in.
    pub(crate) fn device(&self, token: &str) -> Option<(String, Role)> {
        let at = by_digest(&self.rows.devices, token, |device| &device.token)?;
        self.rows.devices.get(at).map(|device| (device.id.clone(), device.role))
    }

    /// A remembered device came in as this guest.
    pub(crate) fn device_came(&mut self, id: &str, user: &User) {
        if let Some(device) = self.rows.devices.iter_mut().find(|device| device.id == id) {
            device.user = user.clone();
            let key = device_key(device);
            self.changed(key);
        }
    }

    /// A device is to ask again.
    pub(crate) fn forget_device(&mut self, id: &str) -> Result<()> {
        let at = self.rows.devices.iter().position(|device| device.id == id).ok_or_else(|| nobody(id))?;
        let key = device_key(&self.rows.devices.remove(at));
        self.changed(key);
        Ok(())
    }

    /// Whether a guest's link has run out between two looks at the clock.
    pub(crate) fn link_of_guest_is_over(&self, username: &str, now: u64) -> bool {
        let link = self.guest(username).and_then(|guest| guest.link.as_deref());
        let over = |it: &&LinkRow| Some(it.id.as_str()) == link;
        self.rows
            .links
            .iter()
            .find(over)
            .is_some_and(|link| matches!(ended_at(link, now), Some(Ended::Expired | Ended::Revoked)))
    }
}

fn nobody(which: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::NotFound, format!("There is no {which} here."))
}
