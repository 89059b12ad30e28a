//! Where folders are shared: choosing the network, moving with it, and telling the host of both.
//!
//! Not here: links and guests (the host's), sockets (`listen`, `lan`).

use crate::listen::Place;
use crate::{Inner, Server, base, lan};
use host::{Bound, Device, Host};
use protocol::panel::{Interface, InterfaceKind};
use protocol::{ErrorBody, ErrorCode};
use std::net::IpAddr;
use std::sync::Weak;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::MissedTickBehavior;

/// How often it is looked whether a network that is shared on is still there. Systems announce it in ways of their own, not all
/// of them every time.
const LOOK: Duration = Duration::from_secs(1);
/// Setting: the interface that was chosen last.
const CHOSEN: &str = "network";
/// Setting: whether hosts nearby are looked for, `on` or `off`.
const NEARBY: &str = "nearby";

/// As the options say, else as the person chose last; off at first.
pub(crate) async fn discovery(host: &Host, asked: Option<bool>) -> Result<lan::Discovery, ErrorBody> {
    let on = match asked {
        Some(on) => on,
        None => host.setting(NEARBY).await?.as_deref() == Some("on"),
    };
    let told = host.clone();
    Ok(lan::Discovery::new(on, move || told.changed()))
}

impl Server {
    /// Shares a folder on the interface with this address, which is remembered; `None`: on the one that was chosen last, else on
    /// the best there is.
    pub(crate) async fn share(&self, slug: &str, address: Option<String>) -> Result<(), ErrorBody> {
        let host = self.host();
        if !host.has_folder(slug) {
            return Err(ErrorBody::new(ErrorCode::NotFound, format!("There is no folder {slug}")));
        }
        let offered = self.interfaces();
        let interface = match &address {
            Some(address) => offered.into_iter().find(|interface| interface.address == *address),
            None => {
                let chosen = host.setting(CHOSEN).await?.and_then(|text| serde_json::from_str(&text).ok());
                lan::preferred(&offered, chosen.as_ref()).cloned()
            }
        };
        let Some(interface) = interface else {
            let message = match address {
                Some(address) => format!("This computer has no network interface with the address {address}"),
                None => "This computer is not connected to any network".to_owned(),
            };
            return Err(ErrorBody::new(ErrorCode::CannotBind, message));
        };
        self.share_at(slug, self.place(interface.clone())?).await?;
        if address.is_some() {
            let chosen = serde_json::to_string(&interface);
            let fault = |error| ErrorBody::new(ErrorCode::Fault, format!("The network cannot be remembered: {error}"));
            host.keep_setting(CHOSEN, &chosen.map_err(fault)?).await?;
        }
        Ok(())
    }

    /// With `bind`, every folder is shared from the moment it is there.
    pub(crate) async fn share_everywhere(&self, slug: &str) -> Result<(), ErrorBody> {
        let Some(bind) = self.options().bind else { return Ok(()) };
        let mut known = self.interfaces().into_iter();
        let named = if bind.is_unspecified() {
            known.find(|interface| interface.address.contains(':') == bind.is_ipv6())
        } else {
            known.find(|interface| interface.address == bind.to_string())
        };
        let interface = named.unwrap_or_else(|| {
            let address = if bind.is_unspecified() { "127.0.0.1".to_owned() } else { bind.to_string() };
            Interface { name: address.clone(), address, kind: InterfaceKind::Other }
        });
        let place = Place { address: bind, fixed: true, ..self.place(interface)? };
        self.share_at(slug, place).await
    }

    fn place(&self, interface: Interface) -> Result<Place, ErrorBody> {
        let address = interface.address.parse::<IpAddr>().map_err(|error| {
            ErrorBody::new(ErrorCode::CannotBind, format!("{} is no address: {error}", interface.address))
        })?;
        let device = self.device(address, &interface.name);
        let since = u64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        Ok(Place { interface, address, device, since, fixed: false, away: false, before: None })
    }

    /// Scheme and authority of the pages at this address of ours, as links name them.
    pub(crate) fn origin(&self, address: &str) -> (&'static str, String) {
        match self.tls() {
            None => ("http", base::authority(address, self.port())),
            Some(tls) => ("https", base::authority(tls.host_for(address), self.port())),
        }
    }

    /// The device to bind, if the interface is one of this machine's.
    fn device(&self, address: IpAddr, name: &str) -> Option<String> {
        (self.options().interfaces.are_real() && !address.is_loopback()).then(|| name.to_owned())
    }

    async fn share_at(&self, slug: &str, place: Place) -> Result<(), ErrorBody> {
        let bound = Bound { interface: place.interface.clone(), port: self.port() };
        self.doors().share(self, slug, place).await?;
        let told = self.host().set_sharing(slug, Some(bound)).await;
        if told.is_err() {
            self.doors().unshare(slug).await;
        }
        told
    }

    /// Stops sharing a folder.
    pub(crate) async fn unshare(&self, slug: &str) -> Result<(), ErrorBody> {
        self.host().set_sharing(slug, None).await?;
        self.doors().unshare(slug).await;
        Ok(())
    }

    /// The person wants this host shown to others on the network, or not.
    pub(crate) async fn show_nearby(&self, on: bool) -> Result<(), ErrorBody> {
        self.host().keep_setting(NEARBY, if on { "on" } else { "off" }).await?;
        self.discovery().turn(on);
        Ok(())
    }

    /// Announces what there is to announce by now, if the person wants it.
    pub(crate) async fn attend(&self) {
        let there = self.doors().all_shared().into_iter().map(|(_, place)| place).filter(|place| !place.away);
        let addresses = there.filter_map(|place| place.interface.address.parse::<IpAddr>().ok());
        // Nothing is ever said to the loopback: nobody else is on it.
        let mut addresses: Vec<IpAddr> = addresses.filter(|address| !address.is_loopback()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let announced = lan::Announced {
            person: self.host().host_name().to_owned(),
            label: self.host().host_label(),
            addresses,
            port: self.port(),
            secure: self.tls().is_some(),
        };
        self.discovery().attend(self.discovery().is_on().then_some(announced)).await;
    }

    /// A request of another device came to this address of ours: for this folder, or for whatever is shared there.
    pub(crate) fn reached(&self, slug: Option<&str>, here: IpAddr, device: &Device) {
        match slug {
            Some(slug) => self.host().reached(slug, device),
            None => {
                for (slug, _) in self.doors().all_shared().iter().filter(|(slug, _)| self.is_shared_at(slug, here)) {
                    self.host().reached(slug, device);
                }
            }
        }
    }

    /// Looks what became of the networks that folders are shared on, and goes along.
    pub(crate) async fn follow(&self) {
        let _one_at_a_time = self.0.commands.lock().await;
        let now = self.interfaces();
        for (slug, place) in self.doors().all_shared() {
            // What was bound without being an interface, as all of them at once, is followed by the system alone.
            if place.address.is_unspecified() || place.address.is_loopback() && self.options().interfaces.are_real() {
                continue;
            }
            match lan::turn(&place.interface, place.away, place.fixed, &now) {
                None => {}
                Some(lan::Turn::Away) => {
                    self.doors().leave(place.address).await;
                    self.host().network_turned(&slug, &place.interface, true);
                }
                Some(lan::Turn::Back) => {
                    let place = Place { away: false, ..place };
                    let interface = place.interface.clone();
                    // An address may be there before it can be bound: then it is tried again.
                    match self.doors().share(self, &slug, place).await {
                        Ok(()) => self.host().network_turned(&slug, &interface, false),
                        Err(error) => tracing::debug!(%error, "the network is back, and cannot be used yet"),
                    }
                }
                Some(lan::Turn::Moved(interface)) => {
                    if let Err(error) = self.move_to(&slug, &place, interface).await {
                        tracing::debug!(%error, "the network changed, and cannot be used yet");
                        self.doors().leave(place.address).await;
                    }
                }
            }
        }
        self.attend().await;
    }

    async fn move_to(&self, slug: &str, from: &Place, to: Interface) -> Result<(), ErrorBody> {
        let before = Some(from.before.clone().unwrap_or_else(|| from.interface.address.clone()));
        // Back where it was when links were made: they are good again.
        let before = before.filter(|before| *before != to.address);
        self.share_at(slug, Place { before, ..self.place(to)? }).await
    }
}

/// Looks again and again, while something is shared and the server runs.
pub(crate) async fn watch(server: Weak<Inner>) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let Some(server) = server.upgrade().map(Server) else { return };
        if server.stopping().is_cancelled() {
            return;
        }
        if !server.doors().all_shared().is_empty() {
            server.follow().await;
        }
    }
}
