//! What becomes of a network while a folder is shared on it. Pure: who looks, and what is done about it, is in `sharing`.

use protocol::panel::{Interface, InterfaceKind};

/// A change of the network that a folder is shared on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The interface is gone, switched off, or has no address.
    Away,
    /// It is there again as it was.
    Back,
    /// The interface has another address now.
    Moved(Interface),
}

/// The interface to take when none is asked for: the one that was chosen last, if it is there, maybe with another address; else the
/// first that others can be on.
pub(crate) fn preferred<'a>(offered: &'a [Interface], chosen: Option<&Interface>) -> Option<&'a Interface> {
    let same = |chosen: &Interface| {
        offered
            .iter()
            .find(|one| one.name == chosen.name && one.address == chosen.address)
            .or_else(|| heir(offered, chosen))
    };
    let first = || offered.iter().find(|one| one.kind != InterfaceKind::Virtual);
    chosen.and_then(same).or_else(first)
}

/// What changed for a folder that is shared on `at`. `fixed`: it is to be this address or none.
pub(crate) fn turn(at: &Interface, away: bool, fixed: bool, now: &[Interface]) -> Option<Turn> {
    if now.iter().any(|one| one.name == at.name && one.address == at.address) {
        return away.then_some(Turn::Back);
    }
    match heir(now, at).filter(|_| !fixed) {
        Some(heir) => Some(Turn::Moved(heir.clone())),
        None => (!away).then_some(Turn::Away),
    }
}

/// The same interface with another address of its kind. An address that another interface has now is nothing that was chosen.
fn heir<'a>(now: &'a [Interface], before: &Interface) -> Option<&'a Interface> {
    let six = |one: &Interface| one.address.contains(':');
    now.iter().find(|one| one.name == before.name && six(one) == six(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, address: &str) -> Interface {
        Interface { name: name.into(), address: address.into(), kind: InterfaceKind::Other }
    }

    #[test]
    fn lan_2_the_network_that_was_chosen_last_is_taken_if_it_is_there() {
        let offered =
            [interface("wlan0", "192.168.1.20"), interface("eth0", "10.0.0.4"), interface("eth0", "2001:db8::4")];
        let take = |chosen: Option<Interface>| preferred(&offered, chosen.as_ref()).map(|one| one.address.as_str());
        assert_eq!(take(None), Some("192.168.1.20"));
        assert_eq!(take(Some(interface("eth0", "10.0.0.4"))), Some("10.0.0.4"));
        assert_eq!(take(Some(interface("eth0", "10.0.0.99"))), Some("10.0.0.4"), "another address by now");
        assert_eq!(take(Some(interface("eth0", "2001:db8::9"))), Some("2001:db8::4"));
        assert_eq!(take(Some(interface("eth1", "10.0.0.4"))), Some("192.168.1.20"), "another interface has it");
        let docker = [Interface { kind: InterfaceKind::Virtual, ..interface("docker0", "172.17.0.1") }];
        assert_eq!(preferred(&docker, None), None, "nobody else is on it");
        assert_eq!(preferred(&docker, docker.first()), docker.first());
        assert_eq!(preferred(&[], Some(&interface("eth0", "10.0.0.4"))), None);
    }

    #[test]
    fn lan_4_a_network_goes_comes_back_or_changes() {
        let at = interface("wlan0", "192.168.1.20");
        let other = interface("eth0", "10.0.0.4");
        let moved = interface("wlan0", "192.168.7.3");
        let check = |away, fixed, now: &[&Interface]| {
            turn(&at, away, fixed, &now.iter().map(|one| (*one).clone()).collect::<Vec<_>>())
        };
        assert_eq!(check(false, false, &[&other, &at]), None);
        assert_eq!(check(false, false, &[&other]), Some(Turn::Away));
        assert_eq!(check(true, false, &[&other]), None, "told once");
        assert_eq!(check(true, false, &[&at]), Some(Turn::Back));
        assert_eq!(check(false, false, &[&other, &moved]), Some(Turn::Moved(moved.clone())));
        assert_eq!(check(true, false, &[&moved]), Some(Turn::Moved(moved.clone())));
        assert_eq!(check(false, true, &[&moved]), Some(Turn::Away), "asked for by its address");
        // Its address is that of another interface now, which nobody chose.
        assert_eq!(check(false, false, &[&interface("tun0", "192.168.1.20")]), Some(Turn::Away));
        assert_eq!(check(false, false, &[&interface("wlan0", "2001:db8::1")]), Some(Turn::Away));
    }
}
