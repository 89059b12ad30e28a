//! Sharing a folder, its links, and what time alone ends: the host's methods over the folder's access.

use crate::access::{check_wish, ended_at};
use crate::clients::Client;
use crate::connection::{Closing, Device};
use crate::folder::Folder;
use crate::shared::{Shared, store_fault};
use crate::{Bound, Host, Result, random};
use protocol::panel::{Ended, Interface, Link, LinkWish};
use protocol::{Action, CloseCode, ErrorBody, ErrorCode, Level};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How often it is looked whether something is over.
const LOOK: Duration = Duration::from_secs(1);

impl Host {
    /// Tells the host that the server bound (or, with `None`, unbound) an address for this folder. Unsharing disconnects
    /// every guest with `NotShared`.
    pub async fn set_sharing(&self, slug: &str, bound: Option<Bound>) -> Result<()> {
        let shared = self.shared();
        let folder = shared.folder(slug)?;
        let before = {
            let mut access = folder.access.lock();
            if bound.is_none() {
                access.knocks.stop(shared.clock.now().elapsed);
            }
            std::mem::replace(&mut access.bound, bound.clone())
        };
        folder.access.answers.tick();
        match (before, bound) {
            (before, Some(bound)) if before.as_ref() != Some(&bound) => {
                if before.is_none() {
                    shared.clients.forget_devices(slug);
                    self.ensure_link(&folder).await?;
                }
                let line = format!("Sharing on {}, {}:{}", bound.interface, bound.interface.address, bound.port);
                shared.event(slug, Level::Info, Action::Share, line);
            }
            (Some(_), None) => {
                let closing = Closing::new(CloseCode::NotShared, format!("{} stopped sharing.", self.host_name()));
                let leaving =
                    |client: &Client| client.grant.slug == slug && (!client.grant.owner || client.device.is_remote());
                let line = match shared.clients.close(&closing, leaving) {
                    0 => "Stopped sharing".to_owned(),
                    1 => "Stopped sharing; 1 person left".to_owned(),
                    count => format!("Stopped sharing; {count} people left"),
                };
                shared.event(slug, Level::Info, Action::Unshare, line);
            }
            _ => {}
        }
        shared.pass(&folder).await;
        Ok(())
    }

    /// Tells the host that a request from this device came to the address that the folder is shared on.
    pub fn reached(&self, slug: &str, device: &Device) {
        let shared = self.shared();
        if device.is_remote() && shared.clients.reached(slug, &device.address) {
            shared.event(slug, Level::Info, Action::Share, format!("Reached from {device}"));
        }
    }

    /// Tells the host that the network a folder is shared on went away, or came back. Nobody is disconnected for it: connections
    /// of networks that were away for a moment go on.
    pub fn network_turned(&self, slug: &str, interface: &Interface, away: bool) {
        let address = &interface.address;
        let (level, line) = if away {
            (Level::Warning, format!("{interface}, {address}, is away: nobody reaches this folder until it is back"))
        } else {
            (Level::Info, format!("{interface}, {address}, is back"))
        };
        self.shared().event(slug, level, Action::Share, line);
    }

    /// Makes a link, which is the present one from now on; `end_others`: ends all others, and who came by them leaves.
    pub async fn new_link(&self, slug: &str, wish: LinkWish, end_others: bool) -> Result<()> {
        let shared = self.shared();
        let folder = shared.folder(slug)?;
        let now = shared.clock.unix_ms();
        check_wish(&wish, now)?;
        let others: Vec<String> = {
            let mut access = folder.access.lock();
            let live = access.rows.links.iter().filter(|link| end_others && link.ended.is_none());
            let others = live.map(|link| link.id.clone()).collect();
            let id = random::id();
            access.new_link(id.clone(), &shared.keys.link_secret(&id), wish, now)?;
            others
        };
        for id in others {
            self.ended(&folder, &id, now);
        }
        shared.keep_access(&folder).await
    }

    /// Changes a link that has not ended; the role of those who came by it stays.
    pub async fn change_link(&self, slug: &str, id: &str, wish: LinkWish) -> Result<()> {
        let shared = self.shared();
        let folder = shared.folder(slug)?;
        let now = shared.clock.unix_ms();
        check_wish(&wish, now)?;
        folder.access.lock().change_link(id, wish, now)?;
        shared.keep_access(&folder).await
    }

    /// Ends a link: nobody comes in by it any more, and who did leaves.
    pub async fn end_link(&self, slug: &str, id: &str) -> Result<()> {
        let folder = self.shared().folder(slug)?;
        if !self.ended(&folder, id, self.shared().clock.unix_ms()) {
            return Err(ErrorBody::new(ErrorCode::NotFound, format!("There is no live link {id} of {}.", folder.name)));
        }
        self.shared().keep_access(&folder).await
    }

    /// Ends a link in memory, so that nobody gets in by it while the store is busy; whether there was one.
    fn ended(&self, folder: &Folder, id: &str, now: u64) -> bool {
        let Ok((label, guests)) = folder.access.lock().end_link(id, Ended::Revoked, now) else { return false };
        folder.access.answers.tick();
        let shared = self.shared();
        let closing = Closing::new(CloseCode::Forbidden, "The link you came by has ended: it was taken back.");
        let count = shared.leave(folder, &guests, &closing);
        let who = if count == 1 { "1 person".to_owned() } else { format!("{count} people") };
        shared.event(&folder.slug, Level::Info, Action::Revoke, format!("{}, used by {who}", called(&label)));
        true
    }

    /// A folder that is to be shared has a link to show.
    pub(crate) async fn ensure_link(&self, folder: &Folder) -> Result<()> {
        let shared = self.shared();
        let now = shared.clock.unix_ms();
        {
            let mut access = folder.access.lock();
            if access.present_link(now, |id| shared.keys.link_secret(id)).is_some() {
                return Ok(());
            }
            let id = random::id();
            let wish = shared.first_wish();
            access.new_link(id.clone(), &shared.keys.link_secret(&id), wish, now)?;
        }
        shared.keep_access(folder).await
    }

    /// The folder's links as the owner sees them, the newest first, each with its secret if it is live and known. The first of
    /// those is the present one.
    pub(crate) fn links(&self, folder: &Folder) -> Vec<(Link, Option<String>)> {
        let shared = self.shared();
        let now = shared.clock.unix_ms();
        let here = shared.clients.usernames(&folder.slug);
        let access = folder.access.lock();
        let present = access.present_link(now, |id| shared.keys.link_secret(id)).map(|(link, _)| link.id.clone());
        let shown = |link: &store::LinkRow| {
            let ended = ended_at(link, now);
            let secret = shared.keys.link_secret(&link.id);
            let known = ended.is_none() && protocol::Digest::of(secret.as_bytes()) == link.secret;
            let by_it = |guest: &&store::GuestRow| guest.link.as_deref() == Some(&link.id);
            let people = access.rows.guests.iter().filter(by_it).filter(|it| here.contains(&it.user.username)).count();
            let link = Link {
                id: link.id.clone(),
                wish: link.wish.clone(),
                present: present.as_ref() == Some(&link.id),
                url: None,
                made: link.made,
                uses: link.uses,
                last_used: link.last_used,
                people: people as u32,
                ended,
            };
            (link, known.then_some(secret))
        };
        access.rows.links.iter().rev().map(shown).collect()
    }
}

/// A link, for an event.
fn called(label: &str) -> String {
    if label.is_empty() { "The link".to_owned() } else { format!("Link “{label}”") }
}

impl Shared {
    /// What a folder's first link is like.
    pub(crate) fn first_wish(&self) -> LinkWish {
        let (role, ask) = (self.config.link_role, self.config.link_ask);
        LinkWish { label: String::new(), role, ask, expires: None, most_uses: None }
    }

    /// Stores what changed in a folder's access. What is stored last is what is true last, whoever changed what when.
    pub(crate) async fn keep_access(&self, folder: &Folder) -> Result<()> {
        self.changes.tick();
        let _one_at_a_time = folder.access.storing.lock().await;
        let rows = folder.access.lock().take_unstored();
        if rows.is_empty() {
            return Ok(());
        }
        let keys: Vec<_> = rows.iter().map(|(key, _)| key.clone()).collect();
        let kept = self.store.set_access(folder.id, rows).await;
        if kept.is_err() {
            // With the next change, or at the next look.
            folder.access.lock().unstored.extend(keys);
        }
        kept.map_err(store_fault)
    }

    /// Disconnects these guests; how many were here.
    pub(crate) fn leave(&self, folder: &Folder, guests: &[String], closing: &Closing) -> usize {
        self.clients.close(closing, |client| {
            client.grant.slug == folder.slug && !client.grant.owner && guests.contains(&client.grant.user.username)
        })
    }

    /// Ends what is over in a folder.
    pub(crate) async fn pass(&self, folder: &Folder) {
        let now = self.clock.now();
        let passed = folder.access.lock().pass(now, random::digits::<6>);
        for (label, guests) in &passed.expired {
            let closing = Closing::new(CloseCode::Forbidden, "The link you came by has ended: its time is over.");
            self.leave(folder, guests, &closing);
            self.event(&folder.slug, Level::Info, Action::Revoke, format!("{}: its time is over", called(label)));
        }
        if passed.knocks || !passed.expired.is_empty() {
            folder.access.answers.tick();
        }
        if passed.knocks || passed.other || !passed.expired.is_empty() {
            self.changes.tick();
        }
        if !folder.access.lock().unstored.is_empty()
            && let Err(error) = self.keep_access(folder).await
        {
            tracing::warn!(%error, folder = folder.slug, "who may come in could not be stored; it is tried again");
        }
    }
}

/// Looks again and again whether something is over, until the host stops.
pub(crate) async fn watch(shared: Arc<Shared>) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = look.tick() => {}
        }
        let folders = shared.folders().clone();
        for folder in folders {
            shared.pass(&folder).await;
        }
    }
}
