//! Links, guests and sharing in a running host, and the events that tell of them.

mod support;

use host::{Bound, Device, Visitor};
use protocol::panel::{Interface, InterfaceKind, LinkWish};
use protocol::{Action, CloseCode, ErrorCode, Level, Role};
use support::{Peer, Place, by_link, guest, owner, until};

fn wifi() -> Option<Bound> {
    let interface = Interface { name: "wlan0".into(), address: "192.168.1.20".into(), kind: InterfaceKind::WiFi };
    Some(Bound { interface, port: 8787 })
}

fn first_link() -> LinkWish {
    LinkWish { label: String::new(), role: Role::Edit, ask: false, expires: None, most_uses: None }
}

#[test]
fn link_1_a_link_makes_guests_whose_tokens_open_that_folder_alone() {
    let place = Place::new(&[("a.md", "hello")]);
    let token = place.run(async |host| {
        host.set_sharing("tide-pools", wifi()).await.unwrap();
        let secret = host.folders()[0].secret().unwrap().to_owned();
        assert_eq!(secret.len(), 32);
        let offered = |secret: &str| host.offer("tide-pools", Some(secret), None, &Visitor::default());
        let offer = offered(&secret).unwrap();
        assert_eq!((offer.folder.as_str(), offer.host.as_str(), offer.role), ("Tide pools", "Ines", Role::Edit));
        assert!(!offer.ask);
        assert_eq!(offered("x").unwrap_err().code, ErrorCode::LinkEnded);

        let join = async |secret: &str, name: &str| {
            host.join_folder("tide-pools", by_link(secret, name), &Visitor::default()).await
        };
        assert_eq!(join("x", "Ana").await.unwrap_err().code, ErrorCode::LinkEnded);
        assert_eq!(join(&secret, " ").await.unwrap_err().code, ErrorCode::BadName);
        let (tokens, ana) = join(&secret, " Ana ").await.unwrap();
        let token = tokens.guest.unwrap().0;
        assert_eq!((ana.me.name.as_str(), ana.role, ana.me.color.as_deref()), ("Ana", Role::Edit, Some("#ce2744")));
        let (_, other) = join(&secret, "ana").await.unwrap();
        assert_eq!((other.me.name.as_str(), other.me.color.as_deref()), ("ana 2", Some("#14501f")));

        let grant = host.authenticate("tide-pools", &token, false).unwrap();
        assert!(!grant.owner && grant.user == ana.me);
        let wrong = host.authenticate("tide-pools", &token[1..], true).unwrap_err();
        assert_eq!(wrong.code, ErrorCode::Forbidden);
        let by_secret = host.authenticate("tide-pools", &secret, true).unwrap_err();
        assert_eq!(by_secret.code, ErrorCode::Forbidden);
        assert!(host.is_owner(host.owner_token()) && !host.is_owner(&token));
        let second = place.directory.path().join("second");
        std::fs::create_dir(&second).unwrap();
        host.add_folder(&second, None).await.unwrap();
        assert_eq!(host.authenticate("second", &token, true).unwrap_err().code, ErrorCode::Forbidden);
        host.shutdown().await;
        token
    });
    // Remembered over a restart, like the owner's.
    place.run(async |host| {
        assert_eq!(host.authenticate("tide-pools", &token, true).unwrap().user.name, "Ana");
    });
}

#[test]
fn link_2_ending_a_link_lets_its_guests_go() {
    let place = Place::new(&[("a.md", "hello")]);
    place.run(async |host| {
        let before = host.folders()[0].secret().unwrap().to_owned();
        let (ana, token) = guest(&host, "Ana").await;
        let mut guest = Peer::open(&host, &ana, "a.md").await;
        let mut ines = Peer::open(&host, &owner(&host), "a.md").await;
        host.new_link("tide-pools", first_link(), true).await.unwrap();
        assert_eq!(guest.end().await.code, CloseCode::Forbidden);
        assert_ne!(host.folders()[0].secret(), Some(before.as_str()));
        let offered = host.offer("tide-pools", Some(&before), None, &Visitor::default()).unwrap_err();
        assert_eq!((offered.code, offered.reason.as_deref()), (ErrorCode::LinkEnded, Some("revoked")));
        assert_eq!(host.authenticate("tide-pools", &token, true).unwrap_err().code, ErrorCode::Forbidden);
        // Not even with a grant from before.
        let room = format!("text:file:{}", ines.file);
        let late = host.join(&ana, &room, &ines.session, Device::default()).await.unwrap_err();
        assert_eq!(late.code, CloseCode::Forbidden);
        ines.type_in(" there").await;
        let mut again = Peer::open(&host, &owner(&host), "a.md").await;
        again.sees("hello there").await;
    });
}

#[test]
fn link_3_a_folder_opens_from_elsewhere_only_while_it_is_shared() {
    let place = Place::new(&[("a.md", "hello")]);
    place.run(async |host| {
        let (ana, token) = guest(&host, "Ana").await;
        let refused = |token: &str| host.authenticate("tide-pools", token, false).unwrap_err().code;
        assert_eq!(refused(&token), ErrorCode::NotShared);
        assert_eq!(refused(host.owner_token()), ErrorCode::NotShared);
        host.set_sharing("tide-pools", wifi()).await.unwrap();
        assert!(host.authenticate("tide-pools", &token, false).is_ok());
        let mut ines = Peer::open(&host, &owner(&host), "a.md").await;
        let mut guest = Peer::open(&host, &ana, "a.md").await;
        let room = format!("text:file:{}", ines.file);
        let phone = Device { address: "192.168.1.34".into(), program: "Safari".into() };
        let mut far = host.join(&owner(&host), &room, &ines.session, phone.clone()).await.unwrap();
        until(&host, "a device", |host| host.folders()[0].devices == 1).await;

        host.set_sharing("tide-pools", None).await.unwrap();
        assert_eq!(guest.end().await.code, CloseCode::NotShared);
        let closing = loop {
            match far.receive().await {
                Some(host::Outgoing::Close(closing)) => break closing,
                Some(_) => {}
                None => panic!("gone without a word"),
            }
        };
        assert_eq!((closing.code, closing.reason.as_str()), (CloseCode::NotShared, "Ines stopped sharing."));
        assert_eq!(refused(&token), ErrorCode::NotShared);
        assert!(host.join(&owner(&host), &room, &ines.session, phone).await.is_err());
        // The person at the host goes on, and the link waits for the next time.
        ines.type_in("!").await;
        assert!(host.authenticate("tide-pools", &token, true).is_ok());
        until(&host, "one person", |host| host.folders()[0].people.len() == 1).await;
    });
}

#[test]
fn event_10_what_the_host_does_is_told_and_remembered() {
    let place = Place::new(&[("a.md", "hello")]);
    place.run(async |host| {
        host.set_sharing("tide-pools", wifi()).await.unwrap();
        host.set_sharing("tide-pools", wifi()).await.unwrap();
        let (ana, _) = guest(&host, "Ana").await;
        let device = Device { address: "192.168.1.34".into(), program: "Safari".into() };
        let _room = host.join(&ana, "presence", "", device.clone()).await.unwrap();
        let _again = host.join(&ana, "presence", "", device).await.unwrap();
        host.new_link("tide-pools", first_link(), true).await.unwrap();
        host.set_sharing("tide-pools", None).await.unwrap();
        host.remove_folder("tide-pools").await.unwrap();
        host.shutdown().await;
    });
    place.run(async |host| {
        let events = host.recent_events(100).await.unwrap();
        let told = events.iter().filter(|record| record.folder == "tide-pools" && record.event.room.is_none());
        let lines: Vec<_> = told.map(|record| (record.event.action, record.event.line.as_str())).collect();
        let expected = [
            (Action::Add, "Tide pools was added"),
            (Action::Share, "Sharing on Wi-Fi, 192.168.1.20:8787"),
            (Action::Join, "came in by the link"),
            (Action::Share, "Reached from 192.168.1.34 · Safari"),
            (Action::Revoke, "The link, used by 1 person"),
            (Action::Unshare, "Stopped sharing"),
            (Action::Remove, "Tide pools was removed from the list"),
        ];
        assert_eq!(lines[..expected.len()], expected);
        let seqs: Vec<_> = events.iter().map(|record| record.seq).collect();
        assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]));
    });
}

#[test]
fn store_32_a_store_that_cannot_be_read_is_moved_aside_and_the_host_says_so() {
    let place = Place::new(&[("a.md", "hello")]);
    let session = place.run(async |host| {
        let session = Peer::open(&host, &owner(&host), "a.md").await.session.clone();
        host.shutdown().await;
        session
    });
    for entry in std::fs::read_dir(place.state_dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name == "commonplace.sqlite") {
            std::fs::write(path, "not a database, but longer than a header of one would be: ".repeat(50)).unwrap();
        } else if path.is_file() {
            std::fs::remove_file(path).unwrap();
        }
    }
    place.run(async |host| {
        let events = host.recent_events(10).await.unwrap();
        let fault = events.iter().find(|record| record.event.action == Action::Fault).unwrap();
        assert_eq!((fault.event.level, fault.folder.as_str()), (Level::Error, ""));
        let fresh = Peer::open(&host, &owner(&host), "a.md").await;
        assert_ne!(fresh.session, session);
        let room = format!("text:file:{}", fresh.file);
        let old = host.join(&owner(&host), &room, &session, Device::default()).await.unwrap_err();
        assert_eq!(old.code, CloseCode::UnknownSession);
    });
}
