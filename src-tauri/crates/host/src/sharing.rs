//! Sharing and access: the host's methods over the folders' links and guests.

use crate::access::{Grant, LinkOffer, same_secret};
use crate::connection::Closing;
use crate::shared::{host_event, store_fault};
use crate::{Bound, Host, Result, names, random};
use protocol::guest::{Join, Joined};
use protocol::{Action, CloseCode, Digest, ErrorBody, ErrorCode, Event, Level, Role, User};
use store::GuestRow;

/// Id of the person at the host.
const OWNER: &str = "owner";

impl Host {
    /// Tells the host that the server bound (or, with `None`, unbound) an address for this folder. Unsharing disconnects
    /// every guest with `NotShared`.
    pub async fn set_sharing(&self, slug: &str, bound: Option<Bound>) -> Result<()> {
        let folder = self.shared().folder(slug)?;
        let before = std::mem::replace(&mut folder.access.lock().bound, bound.clone());
        match (before, bound) {
            (before, Some(bound)) if before.as_ref() != Some(&bound) => {
                if before.is_none() {
                    self.shared().clients.forget_devices(slug);
                }
                let line = format!("Sharing on {}, {}:{}", bound.interface.name, bound.interface.address, bound.port);
                self.shared().event(slug, Level::Info, Action::Share, line);
            }
            (Some(_), None) => {
                let closing = Closing::new(CloseCode::NotShared, format!("{} stopped sharing.", self.host_name()));
                let leaving = |client: &crate::clients::Client| {
                    client.grant.slug == slug && (!client.grant.owner || client.device.is_remote())
                };
                let line = match self.shared().clients.close(&closing, leaving) {
                    0 => "Stopped sharing".to_owned(),
                    1 => "Stopped sharing; 1 person left".to_owned(),
                    count => format!("Stopped sharing; {count} people left"),
                };
                self.shared().event(slug, Level::Info, Action::Unshare, line);
            }
            _ => {}
        }
        Ok(())
    }

    /// Ends the folder's link, disconnects who came by it, and makes a new one.
    pub async fn renew_link(&self, slug: &str) -> Result<()> {
        let folder = self.shared().folder(slug)?;
        let secret = random::secret();
        // In memory first: nobody gets in by the old link while the store is busy. If the store fails, the old one is still
        // dead in this run, and the caller learns of it.
        {
            let mut access = folder.access.lock();
            access.secret.clone_from(&secret);
            access.guests.clear();
        }
        let stored = self.shared().store.set_secret(folder.id, &secret).await;
        let by_link = |client: &crate::clients::Client| client.grant.slug == slug && !client.grant.owner;
        let closing = Closing::new(CloseCode::Forbidden, "The link you came by has ended.");
        let count = self.shared().clients.close(&closing, by_link);
        let who = if count == 1 { "1 person".to_owned() } else { format!("{count} people") };
        self.shared().event(
            slug,
            Level::Info,
            Action::Revoke,
            format!("New link; the old one, used by {who}, has ended"),
        );
        stored.map_err(store_fault)
    }

    /// The owner's token, for the local pages and for stock clients.
    pub fn owner_token(&self) -> &str {
        &self.shared().owner_token
    }

    /// Name of the person at the host.
    pub fn host_name(&self) -> &str {
        &self.shared().host_name
    }

    /// Who holds this token, in this folder. Constant-time. `local`: the request came over loopback; a folder that is not
    /// shared opens for nobody else.
    pub fn authenticate(&self, slug: &str, token: &str, local: bool) -> Result<Grant> {
        let folder = self.shared().folder(slug)?;
        if !local && !folder.access.is_shared() {
            return Err(ErrorBody::new(ErrorCode::NotShared, "This folder is not shared at the moment."));
        }
        if self.is_owner(token) {
            let user = User::new(OWNER, self.host_name(), Some(names::COLORS[0].to_owned()));
            return Ok(Grant { slug: slug.to_owned(), user, role: Role::Run, owner: true });
        }
        let (user, role) = folder
            .access
            .guest(token)
            .ok_or_else(|| ErrorBody::new(ErrorCode::Forbidden, "You need a link to open this folder."))?;
        Ok(Grant { slug: slug.to_owned(), user, role, owner: false })
    }

    /// Whether this is the owner's token. Constant-time.
    pub fn is_owner(&self, token: &str) -> bool {
        same_secret(&self.shared().owner_token, token)
    }

    /// What a link's secret offers in this folder.
    pub fn link_offer(&self, slug: &str, secret: &str) -> Result<LinkOffer> {
        let folder = self.shared().folder(slug)?;
        folder.access.check_secret(secret)?;
        Ok(LinkOffer {
            folder: folder.name.clone(),
            host: self.host_name().to_owned(),
            role: self.shared().config.link_role,
        })
    }

    /// Redeems a link: a new guest, and the token for its cookie.
    pub async fn join_folder(&self, slug: &str, join: Join) -> Result<(String, Joined)> {
        let folder = self.shared().folder(slug)?;
        folder.access.check_secret(&join.secret)?;
        let name = names::person(&join.name)?;
        let token = random::secret();
        let guest = {
            let mut access = folder.access.lock();
            let of_guests = |what: fn(&User) -> Option<String>| {
                access.guests.iter().filter_map(|guest| what(&guest.user)).collect::<Vec<_>>()
            };
            let mut taken = of_guests(|user| Some(user.name.clone()));
            taken.push(self.host_name().to_owned());
            let mut colors = of_guests(|user| user.color.clone());
            colors.push(names::COLORS[0].to_owned());
            let color = names::color(join.color.as_deref(), &colors);
            let user = User::new(random::username(), names::free(name, &taken), Some(color));
            let (token, link) = (Digest::of(token.as_bytes()), Digest::of(join.secret.as_bytes()));
            let guest = GuestRow { token, user, role: self.shared().config.link_role, link };
            access.guests.push(guest.clone());
            guest
        };
        self.shared().store.add_guest(folder.id, guest.clone()).await.map_err(store_fault)?;
        // The link may have been renewed while the guest was being stored.
        folder.access.check_secret(&join.secret)?;
        let event = host_event(Level::Info, Action::Join, "came in by the link");
        self.shared().bus.emit(slug, Event { person: Some((&guest.user).into()), ..event });
        Ok((token, Joined { me: guest.user, role: guest.role }))
    }
}
