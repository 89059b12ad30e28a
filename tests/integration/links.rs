//! Share links, guests, and what only the owner may.

use futures_util::StreamExt;
use protocol::Role;
use protocol::panel::{Command, LinkWish};
use serde_json::{Value, json};
use tests::{GUEST_ADDRESS, Guest, OWNER_TOKEN, Setup, TestHost, socket, until};

#[tokio::test]
async fn link_20_only_sharing_opens_the_address_and_unsharing_closes_it() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    assert!(host.guest("GET", "/tides/").try_send().await.is_err(), "open before sharing");
    let secret = host.share().await;
    assert_eq!(host.guest("GET", "/tides/").send().await.status, 200);
    let guest = Guest::join(&host, &secret, "Ana").await;
    let client = guest.open_text("a.txt").await;
    client.type_at(0, "b");
    host.saved("a.txt", "ba\n").await;
    let local = host.open_text("a.txt").await.synced().await;

    host.server.command(Command::Unshare { slug: host.slug.clone() }).await.unwrap();
    let (code, reason) = client.closed().await;
    assert_eq!(code, 4410, "{reason}");
    assert!(host.guest("GET", "/tides/").try_send().await.is_err(), "open after sharing");
    assert_eq!(local.see(|seen| seen.closed_with.clone()), None, "the owner stays");

    // The link stays for the next time, and the guest with it.
    assert_eq!(host.share().await, secret);
    let client = guest.open_text("a.txt").await;
    assert_eq!(client.text(), "ba\n");
}

#[tokio::test]
async fn link_21_who_has_neither_link_nor_cookie_learns_nothing() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let secret = host.share().await;
    let hello = async |body: Value| host.guest("POST", "/tides/api/commonplace/hello").body(body).send().await;
    let nothing = json!({ "version": protocol::VERSION, "folder": null, "host": null, "me": null, "role": null, "ask": false, "removed": false, "sharing": false, "jupyterlab": false });
    assert_eq!(hello(json!({ "secret": null })).await.json(), nothing);
    let offered = hello(json!({ "secret": secret })).await.json();
    assert_eq!(
        (&offered["folder"], &offered["host"], &offered["role"]),
        (&json!("tides"), &json!("Marie"), &json!("edit"))
    );
    assert_eq!((&offered["me"], &offered["sharing"]), (&Value::Null, &json!(true)));
    let wrong = hello(json!({ "secret": "wrong" })).await;
    wrong.error(403);
    assert_eq!(wrong.json()["code"], "link-ended");

    let guest = Guest::join(&host, &secret, "Ana Lima").await;
    let me = guest.request("POST", "/tides/api/commonplace/hello").body(json!({ "secret": null })).send().await.json();
    assert_eq!(
        (&me["folder"], &me["me"]["name"], &me["me"]["initials"]),
        (&json!("tides"), &json!("Ana Lima"), &json!("AL"))
    );
    let identity = guest.request("GET", "/tides/api/me").send().await.json();
    assert_eq!(identity["identity"], me["me"]);
}

#[tokio::test]
async fn link_22_a_new_link_that_ends_the_others_ends_who_came_by_them() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let old = host.share().await;
    let guest = Guest::join(&host, &old, "Ana").await;
    let client = guest.open_text("a.txt").await;
    let link = LinkWish { label: String::new(), role: Role::Edit, ask: false, expires: None, most_uses: None };
    let new = Command::NewLink { slug: host.slug.clone(), link, end_others: true };
    let state = host.server.command(new).await.unwrap();
    let (code, reason) = client.closed().await;
    assert_eq!(code, 4403, "{reason}");
    guest.request("GET", "/tides/api/me").send().await.error(403);
    assert_eq!(host.redeem(&old, "Ana").await.json()["code"], "link-ended");
    let link = state.folders[0].sharing.as_ref().unwrap().link.clone().unwrap();
    let new = link.split_once('#').unwrap().1;
    assert_ne!(new, old);
    Guest::join(&host, new, "Ana").await.open_text("a.txt").await;
}

#[tokio::test]
async fn link_23_a_cookie_opens_its_own_folder_and_what_is_not_shared_does_not_exist() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let other = host.add_folder("dunes").await;
    let secret = host.share().await;
    let guest = Guest::join(&host, &secret, "Ana").await;
    for path in
        [format!("/{other}/"), format!("/{other}/api/contents"), "/nowhere/".into(), "/nowhere/api/contents".into()]
    {
        assert_eq!(guest.request("GET", &path).send().await.status, 404, "{path}");
    }
    let address = Some(GUEST_ADDRESS.to_owned());
    host.server.command(Command::Share { slug: other.clone(), address }).await.unwrap();
    let stolen = &guest.secrets()[0];
    let request = host.guest("GET", &format!("/{other}/api/contents")).token(stolen);
    request.send().await.error(403);
    let request = host.guest("GET", "/tides/api/contents").token(stolen);
    assert_eq!(request.send().await.status, 200);
}

#[tokio::test]
async fn link_24_bad_names_are_refused_and_secrets_cannot_be_tried_out() {
    let host = TestHost::start(&[]).await;
    let secret = host.share().await;
    for name in ["", "   ", &"x".repeat(41)] {
        let reply = host.redeem(&secret, name).await;
        reply.error(400);
        assert_eq!(reply.json()["code"], "bad-name");
    }
    let foreign = host.guest("POST", "/tides/api/commonplace/join").header("Origin", "http://evil.example");
    foreign.body(json!({ "secret": secret, "name": "Ana", "color": null })).send().await.error(403);
    for number in 0..20 {
        host.redeem(&format!("wrong-{number}"), "Ana").await.error(403);
    }
    host.redeem(&secret, "Ana").await.error(429);
}

#[tokio::test]
async fn role_10_a_guests_edits_and_identity_are_known_to_the_host() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let secret = host.share().await;
    let guest = Guest::join(&host, &secret, "Ana").await;
    let client = guest.open_text("a.txt").await;
    client.type_at(0, "b");
    host.saved("a.txt", "ba\n").await;
    let people = || host.server.state().folders[0].people.clone();
    until("the guest is listed", async || people().iter().any(|person| person.documents == ["a.txt"])).await;
    let person = people().into_iter().find(|person| person.name == "Ana").unwrap();
    assert!(!person.owner && person.role.may_edit(), "{person:?}");
    // Linux connects from 127.0.0.1 whatever loopback address it connects to.
    assert!(person.device.starts_with("127.0.0."), "{person:?}");
    drop(client);
    until("the guest is gone", async || people().is_empty()).await;
}

#[tokio::test]
async fn role_11_the_panel_is_the_owners_at_this_computer() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let secret = host.share().await;
    let guest = Guest::join(&host, &secret, "Ana").await;
    let command = json!({ "do": "unshare", "slug": "tides" });
    guest.request("POST", "/api/commonplace/panel").body(&command).send().await.error(403);
    let token = &guest.secrets()[0];
    host.request("POST", "/api/commonplace/panel").token(token).body(&command).send().await.error(403);
    host.guest("POST", "/api/commonplace/panel").token(OWNER_TOKEN).body(&command).send().await.error(403);
    assert_eq!(host.request("GET", "/api/commonplace/panel").token(token).connect().await.err(), Some(403));
    assert!(host.server.state().folders[0].sharing.is_some(), "somebody else unshared it");
    host.owner("POST", "/api/commonplace/panel").body(r#"{"do": "dance"}"#).send().await.error(400);
    host.owner("POST", "/api/commonplace/panel")
        .body(r#"{"do": "unshare", "slug": "nowhere"}"#)
        .send()
        .await
        .error(404);

    // The window's stream: the state first, then it changes as the owner's command says.
    let mut panel = socket(&host.authority(), "/api/commonplace/panel", OWNER_TOKEN).await;
    let first: Value = serde_json::from_str(&panel.next().await.unwrap().unwrap().into_text().unwrap()).unwrap();
    assert_eq!((&first["type"], &first["state"]["folders"][0]["slug"]), (&json!("state"), &json!("tides")));
    let state = host.owner("POST", "/api/commonplace/panel").body(&command).send().await.json();
    assert_eq!(state["folders"][0]["sharing"], Value::Null);
    let told = async {
        while let Some(Ok(message)) = panel.next().await {
            let Ok(message) = serde_json::from_str::<Value>(message.to_text().unwrap()) else { continue };
            if message["type"] == "state" && message["state"]["folders"][0]["sharing"].is_null() {
                return;
            }
        }
        panic!("the stream ended");
    };
    assert!(tokio::time::timeout(tests::DEADLINE, told).await.is_ok(), "the window is not told");
}

#[tokio::test]
async fn link_26_a_guest_is_one_person_everywhere_and_may_what_its_role_says() {
    let asked = "/tides/api/me?permissions=%7B%22contents%22%3A%5B%22read%22%2C%22write%22%5D%2C%22events%22%3A%5B%22execute%22%5D%2C%22kernels%22%3A%5B%22execute%22%5D%7D";
    for (role, may) in [(Role::View, json!(["read"])), (Role::Edit, json!(["read", "write"]))] {
        let setup = Setup { link_role: role, ..Setup::default() };
        let host = TestHost::start_with(&[("a.txt", "a\n")], setup).await;
        let guest = Guest::join(&host, &host.share().await, "Ana").await;
        let me = guest.request("GET", asked).send().await.json();
        assert_eq!(guest.request("GET", asked).send().await.json(), me);
        let (name, permissions) = (&me["identity"]["username"], &me["permissions"]);
        assert_eq!(name.as_str().map(str::len), Some(32));
        let none = json!([]);
        assert_eq!((&permissions["contents"], &permissions["kernels"]), (&may, &none));
        assert_eq!((&permissions["events"], &permissions["updatable_fields"]), (&json!(["execute"]), &none));
        // The one who chats and comes in is the same.
        let client = guest.open_text("a.txt").await;
        let owner = host.open_text("a.txt").await.synced().await;
        client.send(tests::frame::chat("1"));
        owner.until("the message", |seen| seen.chat.len() == 1).await;
        assert_eq!(owner.see(|seen| seen.chat[0]["sender"].clone()), *name);
        let events = host.host.recent_events(100).await.unwrap();
        let joined =
            events.iter().filter_map(|record| record.event.person.as_ref()).find(|person| person.name == "Ana");
        assert_eq!(joined.map(|person| json!(person.username)), Some(name.clone()));
        drop((client, owner));
        let host = host.restart().await;
        host.share().await;
        assert_eq!(guest.request("GET", asked).send().await.json(), me);
    }
}
