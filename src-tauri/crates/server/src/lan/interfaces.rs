//! Network interfaces that a folder can be shared on, the one first that guests reach most likely.
//!
//! Which there are is asked of the machine, or of whoever starts the server: tests never see the machine's own.

use protocol::panel::{Interface, InterfaceKind};
use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Where interfaces are looked up.
#[derive(Clone, Default)]
pub struct Interfaces(Option<Arc<dyn Fn() -> Vec<Interface> + Send + Sync>>);

impl Interfaces {
    /// Those that this function answers, in its order, each time it is asked.
    pub fn new(look: impl Fn() -> Vec<Interface> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(look)))
    }

    /// Those that there are now, the best first.
    pub(crate) fn look(&self) -> Vec<Interface> {
        match &self.0 {
            Some(look) => look(),
            None => ranked(&found()),
        }
    }

    /// Whether names of interfaces are those of the machine's devices.
    pub(crate) fn are_real(&self) -> bool {
        self.0.is_none()
    }
}

impl FromIterator<Interface> for Interfaces {
    fn from_iter<T: IntoIterator<Item = Interface>>(interfaces: T) -> Self {
        let interfaces: Vec<Interface> = interfaces.into_iter().collect();
        Self::new(move || interfaces.clone())
    }
}

impl fmt::Debug for Interfaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.are_real() { "Interfaces(of the machine)" } else { "Interfaces(given)" })
    }
}

/// One address of one interface, as the system tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    /// It has a network at the moment.
    pub(crate) up: bool,
    pub(crate) point_to_point: bool,
}

fn found() -> Vec<Found> {
    let all = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!("cannot list network interfaces: {error}");
        Vec::new()
    });
    let found = |interface: if_addrs::Interface| Found {
        address: interface.ip(),
        up: interface.is_oper_up(),
        point_to_point: interface.is_p2p(),
        name: interface.name,
    };
    all.into_iter().map(found).collect()
}

/// Those that guests may reach, the most likely first: real networks before private ones over others, those before what programs
/// made for themselves, addresses that a network gave before those that a computer gave itself, IPv4 before IPv6. What has no
/// network, and what only this computer or only a program with a scope can use, is left out.
pub(crate) fn ranked(found: &[Found]) -> Vec<Interface> {
    let usable = found.iter().filter(|one| one.up && !one.address.is_loopback() && !needs_scope(one.address));
    let mut usable: Vec<(InterfaceKind, &Found)> =
        usable.map(|one| (kind(&one.name, one.point_to_point), one)).collect();
    // Stable: the system's order decides the rest.
    usable.sort_by_key(|(kind, one)| {
        (*kind >= InterfaceKind::Vpn, self_given(one.address), *kind, one.address.is_ipv6())
    });
    let mut seen = HashSet::new();
    usable.retain(|(_, one)| seen.insert((&one.name, one.address)));
    let interface = |(kind, one): (InterfaceKind, &Found)| Interface {
        name: one.name.clone(),
        address: one.address.to_string(),
        kind,
    };
    usable.into_iter().map(interface).collect()
}

/// IPv6 addresses of one link need the interface's name behind them, which browsers do not take.
fn needs_scope(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

/// A computer gives itself such an address when no network does.
fn self_given(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_link_local())
}

/// Beginnings of the names of private networks over others.
const VPN: [&str; 14] = [
    "tun",
    "tap",
    "utun",
    "wg",
    "ppp",
    "ipsec",
    "zt",
    "tailscale",
    "nordlynx",
    "proton",
    "gpd",
    "cscotun",
    "ham",
    "outline",
];
/// Words in names that people read, mostly of Windows.
const VPN_WORDS: [&str; 7] = ["vpn", "wireguard", "tailscale", "zerotier", "anyconnect", "fortinet", "hamachi"];
/// Beginnings of the names of what programs make for virtual machines, containers and devices of their own.
const VIRTUAL: [&str; 22] = [
    "docker",
    "br-",
    "veth",
    "virbr",
    "vboxnet",
    "vmnet",
    "vnet",
    "lxc",
    "lxd",
    "incus",
    "cni",
    "flannel",
    "cali",
    "podman",
    "dummy",
    "ifb",
    "vethernet",
    "awdl",
    "llw",
    "anpi",
    "bridge0",
    "kube",
];
const VIRTUAL_WORDS: [&str; 5] = ["virtualbox", "vmware", "hyper-v", "docker", "wsl"];

/// What an interface leads to, by its name.
fn kind(name: &str, point_to_point: bool) -> InterfaceKind {
    let name = name.to_lowercase();
    let begins = |list: &[&str]| list.iter().any(|start| name.starts_with(start));
    let has = |list: &[&str]| list.iter().any(|word| name.contains(word));
    // `en0` is either on a Mac; on Linux a digit never follows at once.
    let on_a_mac =
        |name: &str| name.strip_prefix("en").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    if begins(&VIRTUAL) || has(&VIRTUAL_WORDS) {
        InterfaceKind::Virtual
    } else if point_to_point || begins(&VPN) || has(&VPN_WORDS) {
        InterfaceKind::Vpn
    } else if begins(&["wl", "wi-fi", "wifi"]) {
        InterfaceKind::WiFi
    } else if begins(&["eth", "en"]) && !on_a_mac(&name) {
        InterfaceKind::Wired
    } else {
        InterfaceKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(list: &[(&str, &str)]) -> Vec<Found> {
        let one = |(name, address): &(&str, &str)| Found {
            name: (*name).to_owned(),
            address: address.parse().unwrap(),
            up: true,
            point_to_point: false,
        };
        list.iter().map(one).collect()
    }

    fn names(found: &[Found]) -> Vec<String> {
        ranked(found).into_iter().map(|one| format!("{} {}", one.name, one.address)).collect()
    }

    #[test]
    fn lan_1_the_address_that_guests_reach_most_likely_comes_first() {
        // A laptop on Linux, as `getifaddrs` tells it.
        let laptop = found(&[
            ("lo", "127.0.0.1"),
            ("docker0", "172.17.0.1"),
            ("br-1f0c", "172.18.0.1"),
            ("wg0", "10.8.0.2"),
            ("enp3s0", "169.254.7.7"),
            ("wlp2s0", "192.168.1.20"),
            ("enp3s0", "10.0.4.4"),
            ("wlp2s0", "2001:db8::20"),
            ("wlp2s0", "fe80::1"),
            ("lo", "::1"),
        ]);
        let expected = [
            "wlp2s0 192.168.1.20",
            "wlp2s0 2001:db8::20",
            "enp3s0 10.0.4.4",
            "enp3s0 169.254.7.7",
            "wg0 10.8.0.2",
            "docker0 172.17.0.1",
            "br-1f0c 172.18.0.1",
        ];
        assert_eq!(names(&laptop), expected);

        // Only what has a network counts; a tunnel is told by its flag whatever it is called.
        let mut odd =
            found(&[("corp", "10.9.9.9"), ("en0", "192.168.1.20"), ("en5", "192.168.2.2"), ("utun3", "100.64.0.7")]);
        odd[0].point_to_point = true;
        odd[2].up = false;
        assert_eq!(names(&odd), ["en0 192.168.1.20", "corp 10.9.9.9", "utun3 100.64.0.7"]);
        assert_eq!(ranked(&[]), []);
    }

    #[test]
    fn lan_1_names_of_every_system_tell_what_they_lead_to() {
        use InterfaceKind::{Other, Virtual, Vpn, WiFi, Wired};
        let known = [
            (WiFi, &["wlan0", "wlp2s0", "Wi-Fi", "Wi-Fi 2", "WLAN"][..]),
            (Wired, &["eth0", "enp3s0", "eno1", "enx00e04c", "Ethernet", "Ethernet 2"]),
            (Other, &["en0", "en10", "bridge100", "usb0", "Local Area Connection", ""]),
            (
                Vpn,
                &[
                    "tun0",
                    "tap1",
                    "utun4",
                    "wg0",
                    "tailscale0",
                    "ztabc",
                    "ppp0",
                    "Tailscale",
                    "OpenVPN TAP",
                    "NordLynx",
                ],
            ),
            (
                Virtual,
                &["docker0", "br-9a", "veth12", "virbr0", "vboxnet0", "vmnet8", "vEthernet (WSL)", "awdl0", "bridge0"],
            ),
            (Virtual, &["VirtualBox Host-Only Network", "VMware Network Adapter VMnet8", "Ethernet (Docker)"]),
        ];
        for (expected, names) in known {
            for name in names {
                assert_eq!(kind(name, false), expected, "{name}");
            }
        }
    }

    #[test]
    fn a_given_source_is_asked_each_time_and_the_machine_is_not() {
        let interface = Interface { name: "a".into(), address: "10.0.0.1".into(), kind: InterfaceKind::Other };
        let given: Interfaces = [interface.clone()].into_iter().collect();
        assert_eq!((given.look(), given.are_real()), (vec![interface], false));
        assert!(Interfaces::default().are_real());
    }
}
