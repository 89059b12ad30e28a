//! Other hosts on the network, and this one's name on it: multicast DNS and its service discovery.
//!
//! Nothing is sent, asked or heard unless the person chose it and a folder is shared, and then only on the interfaces that are
//! shared on. Not here: any name of a folder, which nobody learns without a link.

use mdns_sd::{DaemonEvent, IfKind, IfPredicate, ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo};
use protocol::panel::{Nearby, NearbyHost};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// What hosts are called in service discovery.
const SERVICE: &str = "_commonplace._tcp.local.";
/// Hosts that are listed at most.
const MOST: usize = 64;
/// Characters of a foreign name that are shown.
const LONGEST: usize = 40;
/// How long the last words to the network may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// What this host says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Announced {
    /// Name of the person at it.
    pub(crate) person: String,
    /// What it is called on the network, without `.local`.
    pub(crate) label: String,
    /// Where it listens; the interfaces of these addresses are the only ones that are used.
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) port: u16,
    /// Its pages come encrypted.
    pub(crate) secure: bool,
}

/// Who is there, and what is announced.
pub(crate) struct Discovery {
    running: tokio::sync::Mutex<Option<Running>>,
    seen: Arc<Seen>,
}

struct Running {
    announced: Announced,
    daemon: ServiceDaemon,
    service: String,
    listening: JoinHandle<()>,
}

/// What the network said; `tell` is called when it said something new.
struct Seen {
    state: Mutex<State>,
    tell: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct State {
    on: bool,
    /// `ines.local`, once nobody objected.
    name: Option<String>,
    /// By the service's full name.
    hosts: BTreeMap<String, NearbyHost>,
    fault: Option<String>,
}

impl Seen {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        (self.tell)();
    }
}

impl Discovery {
    pub(crate) fn new(on: bool, tell: impl Fn() + Send + Sync + 'static) -> Self {
        let state = Mutex::new(State { on, ..State::default() });
        Self { running: tokio::sync::Mutex::default(), seen: Arc::new(Seen { state, tell: Box::new(tell) }) }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.seen.state().on
    }

    /// The person chose it, or not any more; [`Discovery::attend`] does it.
    pub(crate) fn turn(&self, on: bool) {
        self.seen.change(|state| state.on = on);
    }

    pub(crate) fn nearby(&self) -> Nearby {
        let state = self.seen.state();
        let mut hosts: Vec<NearbyHost> = state.hosts.values().cloned().collect();
        hosts.sort_by(|a, b| (&a.name, &a.address).cmp(&(&b.name, &b.address)));
        Nearby { on: state.on, hosts, fault: state.fault.clone() }
    }

    /// The name under which this host is found, without a dot at its end.
    pub(crate) fn name(&self) -> Option<String> {
        self.seen.state().name.clone()
    }

    /// Announces this, and nothing else, from now on; `None`: is silent.
    pub(crate) async fn attend(&self, wanted: Option<Announced>) {
        let wanted = wanted.filter(|wanted| !wanted.addresses.is_empty());
        let mut running = self.running.lock().await;
        if running.as_ref().map(|running| &running.announced) == wanted.as_ref() {
            return;
        }
        if let Some(before) = running.take() {
            before.end().await;
        }
        self.seen.change(|state| {
            (state.name, state.fault) = (None, None);
            state.hosts.clear();
        });
        let Some(wanted) = wanted else { return };
        match Running::start(wanted, self.seen.clone()) {
            Ok(started) => *running = Some(started),
            Err(error) => {
                let sentence = format!("Other hosts cannot be looked for on this network: {error}");
                self.seen.change(|state| state.fault = Some(sentence));
            }
        }
    }
}

impl Running {
    fn start(announced: Announced, seen: Arc<Seen>) -> mdns_sd::Result<Self> {
        let daemon = ServiceDaemon::new()?;
        let addresses = announced.addresses.clone();
        daemon.disable_interface(IfKind::All)?;
        let chosen = IfPredicate::new(move |interface| addresses.contains(&interface.ip()));
        daemon.enable_interface(IfKind::Predicate(chosen))?;
        let host = format!("{}.local.", announced.label);
        let person = shown(&announced.person);
        let mut words = vec![("name", person.as_str())];
        if announced.secure {
            words.push(("tls", "1"));
        }
        let addresses = &announced.addresses[..];
        let info = ServiceInfo::new(SERVICE, &announced.label, &host, addresses, announced.port, &words[..])?;
        let service = info.get_fullname().to_owned();
        let said = daemon.monitor()?;
        let heard = daemon.browse(SERVICE)?;
        daemon.register(info)?;
        let own = announced.clone();
        let listening = tokio::spawn(async move {
            let mut name = host;
            loop {
                tokio::select! {
                    event = said.recv_async() => match event {
                        Ok(event) => said_by_daemon(event, &mut name, &seen),
                        Err(_) => return,
                    },
                    event = heard.recv_async() => match event {
                        Ok(event) => heard_from_others(event, &own, &seen),
                        Err(_) => return,
                    },
                }
            }
        });
        Ok(Self { announced, daemon, service, listening })
    }

    /// Says goodbye and is silent.
    async fn end(self) {
        self.listening.abort();
        let goodbye = async {
            if let Ok(told) = self.daemon.unregister(&self.service) {
                let _ = told.recv_async().await;
            }
            if let Ok(over) = self.daemon.shutdown() {
                let _ = over.recv_async().await;
            }
        };
        if tokio::time::timeout(FAREWELL, goodbye).await.is_err() {
            tracing::debug!("the network was not told in time that this host goes");
        }
    }
}

/// `name`: the host's own on the network, which changes if another one has it.
fn said_by_daemon(event: DaemonEvent, name: &mut String, seen: &Seen) {
    match event {
        DaemonEvent::NameChange(change) if change.original.eq_ignore_ascii_case(name) => {
            *name = change.new_name;
            seen.change(|state| state.name = Some(name.trim_end_matches('.').to_owned()));
        }
        DaemonEvent::Announce(..) => {
            let found = name.trim_end_matches('.').to_owned();
            if seen.state().name.as_ref() != Some(&found) {
                seen.change(|state| state.name = Some(found));
            }
        }
        DaemonEvent::Error(error) => tracing::debug!("discovery: {error}"),
        _ => {}
    }
}

fn heard_from_others(event: ServiceEvent, own: &Announced, seen: &Seen) {
    match event {
        ServiceEvent::ServiceResolved(service) => {
            let Some(host) = host_of(&service, own) else { return };
            seen.change(|state| {
                if state.hosts.len() < MOST || state.hosts.contains_key(&service.fullname) {
                    state.hosts.insert(service.fullname.clone(), host);
                }
            });
        }
        ServiceEvent::ServiceRemoved(_, service) => seen.change(|state| drop(state.hosts.remove(&service))),
        _ => {}
    }
}

/// A host as it is listed; `None`: it is this one, or cannot be reached.
fn host_of(service: &ResolvedService, own: &Announced) -> Option<NearbyHost> {
    let word = |key| service.get_property_val_str(key).unwrap_or_default();
    let label = service.fullname.split("._").next().unwrap_or_default();
    let mut addresses: Vec<IpAddr> = service.addresses.iter().map(|address| address.to_ip_addr()).collect();
    if service.port == own.port && addresses.iter().any(|address| own.addresses.contains(address)) {
        return None;
    }
    addresses.retain(|address| !matches!(address, IpAddr::V6(six) if six.is_unicast_link_local()));
    addresses.sort_by_key(|address| (address.is_ipv6(), *address));
    let address = crate::base::authority(&addresses.first()?.to_string(), service.port);
    let name = [word("name"), label].map(shown).into_iter().find(|name| !name.is_empty())?;
    let scheme = if word("tls") == "1" { "https" } else { "http" };
    Some(NearbyHost { name, url: format!("{scheme}://{address}/"), address })
}

/// A foreign name, without what could deceive an eye.
fn shown(name: &str) -> String {
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    name.trim().chars().filter(|c| !hidden(*c)).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(addresses: &[&str]) -> Vec<IpAddr> {
        addresses.iter().map(|one| one.parse().unwrap()).collect()
    }

    fn own(addresses: &[&str]) -> Announced {
        let addresses = parsed(addresses);
        Announced { person: "Ines".into(), label: "ines".into(), addresses, port: 8787, secure: false }
    }

    #[test]
    fn lan_7_a_host_nearby_is_listed_by_its_persons_name_and_this_one_is_not() {
        let here = own(&["192.168.1.20"]);
        let listed = |addresses: &[&str], words: &[(&str, &str)]| {
            let at = parsed(addresses);
            let service = ServiceInfo::new(SERVICE, "priya", "priya.local.", &at[..], 8787, words).unwrap();
            host_of(&service.as_resolved_service(), &here).map(|host| (host.name, host.address, host.url))
        };
        let expect = |name: &str, address: &str, url: &str| Some((name.to_owned(), address.to_owned(), url.to_owned()));
        let name = [("name", "Priya’s bench")];
        assert_eq!(
            listed(&["fe80::1", "2001:db8::7", "192.168.1.31"], &name),
            expect("Priya’s bench", "192.168.1.31:8787", "http://192.168.1.31:8787/")
        );
        assert_eq!(
            listed(&["fe80::1", "2001:db8::7"], &[("tls", "1")]),
            expect("priya", "[2001:db8::7]:8787", "https://[2001:db8::7]:8787/")
        );
        assert_eq!(listed(&["192.168.1.20"], &name), None, "this one");
        assert_eq!(listed(&["fe80::1"], &name), None, "nobody reaches an address of one link by its number");
        let odd = format!(" a\u{202e}\n{}", "b".repeat(100));
        let (name, ..) = listed(&["192.168.1.31"], &[("name", &odd)]).unwrap();
        assert_eq!(name, format!("a{}", "b".repeat(39)));
    }

    #[tokio::test]
    async fn lan_7_nothing_is_sent_while_there_is_nothing_to_announce() {
        let discovery = Discovery::new(true, || {});
        discovery.attend(None).await;
        discovery.attend(Some(own(&[]))).await;
        assert!(discovery.running.lock().await.is_none());
        assert_eq!((discovery.name(), discovery.nearby().hosts), (None, Vec::new()));
    }
}
