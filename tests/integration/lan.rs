//! Which network a folder is shared on, what becomes of it, and that nothing is heard on any other. Addresses of loopback play
//! the networks; what needs two machines is in `tests/e2e/lan.test.mjs`.

use protocol::panel::{Command, Folder, Interface, InterfaceKind, Sharing};
use protocol::{Action, ErrorCode, Level};
use server::Interfaces;
use std::sync::{Arc, Mutex};
use tests::{Guest, Request, Setup, TestHost, until};

/// Networks that come and go as a test says.
#[derive(Clone, Default)]
struct Networks(Arc<Mutex<Vec<Interface>>>);

impl Networks {
    fn are(&self, now: &[(&str, &str)]) {
        let interface = |(name, address): &(&str, &str)| Interface {
            name: (*name).to_owned(),
            address: (*address).to_owned(),
            kind: InterfaceKind::Other,
        };
        *self.0.lock().unwrap() = now.iter().map(interface).collect();
    }
}

const WIFI: (&str, &str) = ("wlan0", "127.0.0.2");
const CABLE: (&str, &str) = ("eth0", "127.0.0.3");

async fn host(now: &[(&str, &str)]) -> (TestHost, Networks) {
    let networks = Networks::default();
    networks.are(now);
    let look = networks.clone();
    let interfaces = Some(Interfaces::new(move || look.0.lock().unwrap().clone()));
    let host = TestHost::start_with(&[("a.txt", "a\n")], Setup { interfaces, ..Setup::default() }).await;
    (host, networks)
}

async fn share(host: &TestHost, address: Option<&str>) -> Folder {
    let address = address.map(str::to_owned);
    host.does(Command::Share { slug: host.slug.clone(), address }).await
}

/// Whether somebody at this address of ours is answered.
async fn answers(host: &TestHost, address: &str) -> bool {
    let authority = format!("{address}:{}", host.server.port());
    Request::new(&authority, "GET", "/tides/").try_send().await.is_ok_and(|reply| reply.status == 200)
}

fn sharing(host: &TestHost) -> Sharing {
    host.folder().sharing.unwrap()
}

#[tokio::test]
async fn lan_2_the_network_that_was_chosen_is_taken_the_next_time_too() {
    let (host, networks) = host(&[WIFI, CABLE]).await;
    assert_eq!(host.server.state().interfaces.len(), 2);
    assert_eq!(share(&host, None).await.sharing.unwrap().interface.name, "wlan0");
    assert_eq!(share(&host, Some("127.0.0.3")).await.sharing.unwrap().interface.name, "eth0");
    host.does(Command::Unshare { slug: host.slug.clone() }).await;
    let host = host.restart().await;
    assert_eq!(share(&host, None).await.sharing.unwrap().interface.name, "eth0");
    host.does(Command::Unshare { slug: host.slug.clone() }).await;
    networks.are(&[WIFI]);
    assert_eq!(share(&host, None).await.sharing.unwrap().interface.name, "wlan0", "it is not there");
    host.does(Command::Unshare { slug: host.slug.clone() }).await;
    networks.are(&[WIFI, CABLE]);
    assert_eq!(share(&host, None).await.sharing.unwrap().interface.name, "eth0", "what nobody chose is not remembered");

    let other = Command::Share { slug: host.slug.clone(), address: Some("127.0.0.9".into()) };
    let error = host.server.command(other).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::CannotBind);
    assert!(error.message.contains("127.0.0.9"), "{error}");
}

#[tokio::test]
async fn lan_3_nothing_listens_on_a_network_that_was_not_chosen() {
    let (host, _) = host(&[WIFI, CABLE]).await;
    let open = async || (answers(&host, WIFI.1).await, answers(&host, CABLE.1).await);
    assert_eq!(open().await, (false, false));
    share(&host, Some(CABLE.1)).await;
    assert_eq!(open().await, (false, true));
    share(&host, Some(WIFI.1)).await;
    assert_eq!(open().await, (true, false));
    host.does(Command::Unshare { slug: host.slug.clone() }).await;
    assert_eq!(open().await, (false, false));

    // Another folder on another network: each is answered on its own alone.
    let other = host.add_folder("dunes").await;
    share(&host, Some(WIFI.1)).await;
    host.does(Command::Share { slug: other.clone(), address: Some(CABLE.1.to_owned()) }).await;
    assert_eq!(open().await, (true, false));
    host.does(Command::RemoveFolder { slug: other }).await;
    assert_eq!(open().await, (true, false));
}

#[tokio::test]
async fn lan_4_sharing_goes_with_the_network_and_comes_back_with_it() {
    let (host, networks) = host(&[WIFI]).await;
    let secret = host.share().await;
    let ana = Guest::join(&host, &secret, "Ana").await;
    let client = ana.open_text("a.txt").await;

    networks.are(&[CABLE]);
    until("it is told that the network is away", async || sharing(&host).away).await;
    assert!(!answers(&host, WIFI.1).await && !answers(&host, CABLE.1).await);
    // Somebody whose connection holds out until it is back notices nothing.
    client.type_at(0, "b");
    host.saved("a.txt", "ba\n").await;

    networks.are(&[CABLE, WIFI]);
    until("it is told that the network is back", async || !sharing(&host).away).await;
    assert!(answers(&host, WIFI.1).await);
    client.type_at(0, "c");
    host.saved("a.txt", "cba\n").await;
    assert_eq!(client.see(|seen| seen.closed_with.clone()), None);

    let moved = ("wlan0", "127.0.0.5");
    networks.are(&[moved]);
    until("it moved", async || sharing(&host).interface.address == moved.1).await;
    let now = sharing(&host);
    let port = host.server.port();
    assert_eq!(now.address, format!("127.0.0.5:{port}/tides"));
    assert_eq!(now.before, Some(format!("127.0.0.2:{port}/tides")));
    assert_eq!(now.link, Some(format!("http://127.0.0.5:{port}/tides/#{secret}")));
    assert!(answers(&host, moved.1).await && !answers(&host, WIFI.1).await);

    networks.are(&[WIFI]);
    until("it moved back", async || sharing(&host).interface.address == WIFI.1).await;
    assert_eq!(sharing(&host).before, None, "links of before are good again");
    let told = host.host.recent_events(100).await.unwrap();
    let lines = told.iter().filter(|record| record.event.action == Action::Share);
    let lines: Vec<_> = lines.map(|record| (record.event.level, record.event.line.clone())).collect();
    let line = |level, line: &str| (level, line.to_owned());
    let sharing_on = |address: &str| line(Level::Info, &format!("Sharing on wlan0, {address}:{port}"));
    let expected = [
        sharing_on("127.0.0.2"),
        line(Level::Warning, "wlan0, 127.0.0.2, is away: nobody reaches this folder until it is back"),
        line(Level::Info, "wlan0, 127.0.0.2, is back"),
        sharing_on("127.0.0.5"),
        sharing_on("127.0.0.2"),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn lan_4_a_folder_that_is_not_shared_any_more_does_not_come_back_with_its_network() {
    let (host, networks) = host(&[WIFI]).await;
    share(&host, None).await;
    networks.are(&[]);
    until("it is away", async || sharing(&host).away).await;
    host.does(Command::Unshare { slug: host.slug.clone() }).await;
    networks.are(&[WIFI]);
    assert!(!answers(&host, WIFI.1).await);
    share(&host, None).await;
    assert!(answers(&host, WIFI.1).await && !sharing(&host).away);
}

#[tokio::test]
async fn lan_7_hosts_nearby_are_looked_for_only_if_the_person_chose_it() {
    let (host, _) = host(&[WIFI]).await;
    assert!(!host.server.state().nearby.on);
    share(&host, None).await;
    let state = host.server.command(Command::ShowNearby { on: true }).await.unwrap();
    // An address of loopback is no network: nothing is announced on it.
    assert_eq!((state.nearby.on, state.nearby.hosts.len(), state.nearby.fault), (true, 0, None));
    assert_eq!(sharing(&host).name, None);
    assert_eq!(host.host.setting("nearby").await.unwrap().as_deref(), Some("on"));
    let state = host.server.command(Command::ShowNearby { on: false }).await.unwrap();
    assert!(!state.nearby.on);
}
