//! Attacks from the network: names, origins, lengths, silence and numbers. Paths are in `outside_paths`.

use futures_util::StreamExt;
use serde_json::json;
use server::Limits;
use std::time::Duration;
use tests::{Guest, OWNER_TOKEN, Request, Setup, TestHost};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Sends these bytes and reads whatever comes until the host closes.
async fn raw(host: &TestHost, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(host.authority()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    all(&mut stream).await
}

/// Everything until the other end closes, in its own way.
async fn all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = async {
        let mut part = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut part).await {
            answer.extend_from_slice(&part[..length]);
        }
    };
    assert!(tokio::time::timeout(tests::DEADLINE, read).await.is_ok(), "it was not closed");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn safe_1_names_that_were_made_to_point_here_are_answered_nowhere() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let secret = host.share().await;
    let port = host.server.port();
    let guest = Guest::join(&host, &secret, "Ana").await;
    let evil = format!("evil.example:{port}");
    for request in [
        host.owner("GET", "/api/contents"),
        host.request("GET", "/api"),
        guest.request("GET", "/tides/api/contents"),
        guest.request("GET", "/tides/"),
        host.guest("POST", "/tides/api/commonplace/hello").body(json!({ "secret": secret })),
    ] {
        let reply = request.header("Host", &evil).send().await;
        assert!(reply.error(403).contains("evil.example"), "{}", reply.text());
        assert!(!reply.text().contains("tides"), "{}", reply.text());
    }
    let rebound = guest.request("GET", "/tides/api/events/subscribe").header("Host", &evil);
    assert_eq!(rebound.connect().await.err(), Some(403));
    // The names that people have for this computer in their own network.
    for name in [format!("127.0.0.2:{port}"), format!("lab-pc:{port}"), format!("lab-pc.local:{port}"), "[::1]".into()]
    {
        let reply = guest.request("GET", "/tides/api/me").header("Host", &name).send().await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
    }
}

#[tokio::test]
async fn safe_2_pages_of_other_origins_can_neither_write_nor_listen_nor_read() {
    let host = TestHost::start(&[("a.txt", "a\n")]).await;
    let guest = Guest::join(&host, &host.share().await, "Ana").await;
    let port = host.server.port();
    let other_port = format!("http://127.0.0.2:{}", port.wrapping_add(1));
    for origin in ["http://evil.example", "null", "file://", "https://127.0.0.2", &other_port] {
        // As a browser sends it from such a page, if it sent our cookie at all.
        let from = |method: &str, path: &str| {
            host.guest(method, path).header("Cookie", &guest.cookie()).header("Origin", origin)
        };
        from("PUT", "/tides/api/contents/a.txt")
            .body(json!({ "type": "file", "format": "text", "content": "struck" }))
            .send()
            .await
            .error(403);
        from("DELETE", "/tides/api/contents/a.txt").send().await.error(403);
        from("POST", "/tides/api/contents").body("{}").send().await.error(403);
        from("PATCH", "/tides/api/contents/a.txt").body(json!({ "path": "b.txt" })).send().await.error(403);
        for socket in ["events/subscribe", "commonplace/files/live", "collaboration/room/board"] {
            let refused = from("GET", &format!("/tides/api/{socket}")).connect().await.err();
            assert_eq!(refused, Some(403), "{origin} {socket}");
        }
        // What it gets although it may not read it: a browser hands nothing over without these headers.
        for (method, path) in [("GET", "/tides/api/contents"), ("OPTIONS", "/tides/api/contents"), ("GET", "/tides/")] {
            let asks = from(method, path).header("Access-Control-Request-Method", "PUT");
            let reply = asks.send().await;
            let cors = reply.headers.keys().find(|name| name.starts_with("access-control"));
            assert_eq!(cors, None, "{origin} {method} {path}");
        }
    }
    assert_eq!(host.read("a.txt"), "a\n");
    assert!(!host.path("b.txt").exists());
}

#[tokio::test]
async fn safe_3_every_answer_has_the_headers_that_bind_browsers() {
    let host = TestHost::start(&[("a.txt", "a\n"), ("a.html", "<script>1</script>"), ("a.svg", "<svg/>")]).await;
    let guest = Guest::join(&host, &host.share().await, "Ana").await;
    let paths = [
        "/tides/",
        "/tides/lab",
        "/tides/api",
        "/tides/api/me",
        "/tides/api/contents/a.txt",
        "/tides/api/nothing",
        "/tides/files/a.html",
        "/tides/files/a.svg",
        "/tides/api/commonplace/file/a.html",
        "/tides/nowhere",
        "/elsewhere",
        "/tides/api/contents/%ff",
        "/tides",
    ];
    for path in paths {
        for reply in [guest.request("GET", path).send().await, host.guest("GET", path).send().await] {
            let policy = reply.header("content-security-policy");
            assert!(policy.contains("frame-ancestors 'self'"), "{path}: {policy:?}");
            assert!(policy.contains("default-src 'none'") || policy.contains("sandbox"), "{path}: {policy:?}");
            assert!(!policy.contains("allow-same-origin") && !policy.contains('*'), "{path}: {policy:?}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(reply.header("x-frame-options"), "SAMEORIGIN", "{path}");
            assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
            assert!(!reply.headers.contains_key("server"), "{path}");
        }
    }
    let policy = host.guest("GET", "/tides/").send().await.header("content-security-policy").to_owned();
    let scripts = policy.split(';').map(str::trim).find(|part| part.starts_with("script-src"));
    assert_eq!(scripts.unwrap_or("script-src 'self'"), "script-src 'self'", "{policy}");
}

#[tokio::test]
async fn safe_4_what_is_too_long_is_refused_before_it_is_kept() {
    let setup = Setup { max_message: 2 << 20, ..Setup::default() };
    let host = TestHost::start_with(&[("a.txt", "a\n")], setup).await;
    let long = "x".repeat(40 << 10);
    let head = |line: &str| format!("{line} HTTP/1.1\r\nHost: {}\r\n", host.authority());
    for request in [
        format!("{}X-Long: {long}\r\n\r\n", head("GET /api")),
        format!("{}\r\n", head(&format!("GET /{long}"))),
        format!("{}{}\r\n", head("GET /api"), "X: 1\r\n".repeat(200)),
    ] {
        let answer = raw(&host, request.as_bytes()).await;
        assert!(["HTTP/1.1 431", "HTTP/1.1 414"].iter().any(|refused| answer.starts_with(refused)), "{answer:?}");
    }
    // A body that says how long it is, one that does not, and one for an endpoint that takes little.
    let save = head("PUT /api/contents/a.txt");
    let token = format!("Authorization: token {OWNER_TOKEN}\r\n");
    let said = raw(&host, format!("{save}{token}Content-Length: 3000000\r\n\r\n").as_bytes()).await;
    assert!(said.starts_with("HTTP/1.1 413"), "{said:?}");
    let mut unsaid = format!("{save}{token}Transfer-Encoding: chunked\r\n\r\n");
    let part = "x".repeat(0x8000);
    (0..33).for_each(|_| unsaid += &format!("8000\r\n{part}\r\n"));
    let unsaid = raw(&host, unsaid.as_bytes()).await;
    assert!(unsaid.starts_with("HTTP/1.1 413"), "{unsaid:?}");
    let hello = host.owner("POST", "/api/commonplace/hello").body("x".repeat(2_100_000)).try_send().await;
    assert!(hello.is_err() || hello.is_ok_and(|reply| reply.status == 413));
    assert_eq!(host.read("a.txt"), "a\n");
    // It lives.
    assert_eq!(host.request("GET", "/api").send().await.status, 200);
}

/// A connection to the shared address from a loopback address of its own.
async fn connect_from(host: &TestHost, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(format!("127.0.0.2:{}", host.server.port()).parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn safe_10_an_address_that_opens_too_many_connections_shuts_out_itself() {
    let limits = Limits { connections: 16, per_address: 6, ..Limits::default() };
    let host = TestHost::start_with(&[], Setup { limits, ..Setup::default() }).await;
    host.share().await;
    let ask = format!("GET /tides/api HTTP/1.1\r\nHost: 127.0.0.2:{}\r\n\r\n", host.server.port());
    let answered = async |stream: &mut TcpStream| {
        let mut start = [0; 12];
        let sent = stream.write_all(ask.as_bytes()).await.is_ok();
        sent && stream.read_exact(&mut start).await.is_ok() && &start == b"HTTP/1.1 200"
    };
    let mut held = Vec::new();
    for _ in 0..6 {
        let mut stream = connect_from(&host, "127.0.0.9").await;
        assert!(answered(&mut stream).await);
        held.push(stream);
    }
    let mut seventh = connect_from(&host, "127.0.0.9").await;
    let refusal = all(&mut seventh).await;
    assert!(refusal.is_empty() || refusal.starts_with("HTTP/1.1 503 Service Unavailable"), "{refusal:?}");
    assert!(answered(&mut connect_from(&host, "127.0.0.8").await).await, "another address");
    // Many addresses together leave something for the owner.
    for other in 20..40 {
        held.push(connect_from(&host, &format!("127.0.0.{other}")).await);
    }
    assert_eq!(host.owner("GET", "/api/me").send().await.status, 200);
    // A WebSocket is a connection like any other, and each is free again when it ends.
    held.clear();
    tests::until("there is room again", async || answered(&mut connect_from(&host, "127.0.0.9").await).await).await;
}

#[tokio::test]
async fn safe_11_requests_that_do_not_arrive_are_given_up() {
    let quick = Duration::from_millis(200);
    let limits = Limits { head: quick, body: quick, ..Limits::default() };
    let host = TestHost::start_with(&[("a.txt", "a\n")], Setup { limits, ..Setup::default() }).await;
    let head = format!("GET /api HTTP/1.1\r\nHost: {}\r\n", host.authority());
    let save = format!(
        "PUT /api/contents/a.txt HTTP/1.1\r\nHost: {}\r\nAuthorization: token {OWNER_TOKEN}\r\nContent-Length: 90\r\n\r\n",
        host.authority()
    );
    let hello =
        format!("POST /api/commonplace/hello HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\n", host.authority());
    // `raw` waits until the host closes: nothing, half a line, a head without its end, a body without its end.
    for unfinished in ["", "GE", &head, &format!("{save}{{"), &format!("{hello}{{")] {
        let answer = raw(&host, unfinished.as_bytes()).await;
        assert!(!answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 5"), "{unfinished:?}: {answer:?}");
    }
    // One that is answered, and then idle.
    let idle = raw(&host, format!("{head}\r\n").as_bytes()).await;
    assert!(idle.starts_with("HTTP/1.1 200"), "{idle:?}");
    assert_eq!(host.read("a.txt"), "a\n");
}

#[tokio::test]
async fn safe_14_wrong_tokens_of_another_program_here_do_not_lock_the_owner_out() {
    let long = "a-token-that-has-as-many-bits-as-one-that-the-host-makes";
    let setup = Setup { adjust: |config| config.owner_token = Some(long_token().to_owned()), ..Setup::default() };
    assert_eq!(long, long_token());
    let host = TestHost::start_with(&[], setup).await;
    let me = |token: &str| host.request("GET", "/tides/api/me").token(token);
    for number in 0..30 {
        let reply = me(&format!("wrong-{number}")).send().await;
        assert!(matches!(reply.status, 403 | 429), "{}", reply.status);
    }
    me("wrong").send().await.error(429);
    assert_eq!(me(long).send().await.status, 200);
    let panel = host.request("GET", "/api/commonplace/panel").token(long);
    assert!(panel.connect().await.is_ok());
    let page = Request::new(&host.authority(), "GET", &format!("/tides/?token={long}")).send().await;
    assert_eq!(page.status, 302, "{}", page.text());
}

fn long_token() -> &'static str {
    "a-token-that-has-as-many-bits-as-one-that-the-host-makes"
}

/// A client's frame of a message: its first byte, and its payload unmasked by zeros.
fn frame_of(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[kind, 0xff][..], &(payload.len() as u64).to_be_bytes(), &[0; 4], payload].concat()
}

#[tokio::test]
async fn safe_13_half_received_messages_are_bounded_over_all_sockets_and_short_ones_always_pass() {
    let limits = Limits { messages: 16 << 20, patience: Duration::from_millis(300), ..Limits::default() };
    let host = TestHost::start_with(&[("a.txt", "a\n")], Setup { limits, ..Setup::default() }).await;
    let guest = Guest::join(&host, &host.share().await, "Ana").await;
    let board = "/tides/api/collaboration/room/board";
    // One address gets half: what it says it will send makes no room for more.
    let mut first = guest.request("GET", board).connect().await.unwrap();
    let mut second = guest.request("GET", board).connect().await.unwrap();
    let send = async |socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>, bytes: Vec<u8>| {
        let MaybeTlsStream::Plain(stream) = socket.get_mut() else { panic!("no plain stream") };
        stream.write_all(&bytes).await.unwrap();
    };
    send(&mut first, frame_of(0x02, &vec![9; 6 << 20])).await;
    send(&mut second, frame_of(0x82, &[9; 4 << 20])[..4096].to_vec()).await;
    let (code, reason) = closed(&mut second).await;
    assert_eq!((code, reason.contains("Try again")), (4503, true), "{reason}");
    // Another one, this computer, sends a long message meanwhile, and it is saved; and who waits still writes short ones.
    let long = "0123456789abcde\n".repeat(6 << 16);
    let ana = guest.open_text("a.txt").await;
    let owner = host.open_text("a.txt").await.synced().await;
    owner.type_at(0, &long);
    host.saved("a.txt", &format!("{long}a\n")).await;
    ana.type_at(0, "short ");
    host.saved("a.txt", &format!("short {long}a\n")).await;
    // What was whole, or ended, is free again.
    drop(first);
    tests::until("there is room again", async || {
        let mut third = guest.request("GET", board).connect().await.unwrap();
        send(&mut third, frame_of(0x02, &vec![9; 6 << 20])).await;
        let answer = tokio::time::timeout(Duration::from_millis(900), closed(&mut third)).await;
        answer.is_err()
    })
    .await;
    // Who has nothing to say may say little.
    let mut listener = guest.request("GET", "/tides/api/events/subscribe").connect().await.unwrap();
    send(&mut listener, frame_of(0x82, &[9; 80 << 10])).await;
    let ended = tokio::time::timeout(tests::DEADLINE, async { while let Some(Ok(_)) = listener.next().await {} }).await;
    assert!(ended.is_ok());
}

/// Code and reason with which a socket is closed.
async fn closed(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> (u16, String) {
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(Some(close)))) => return (close.code.into(), close.reason.to_string()),
            Some(Ok(_)) => {}
            end => panic!("no close frame but {end:?}"),
        }
    }
}

#[tokio::test]
async fn safe_41_no_address_with_a_good_token_sends_a_browser_to_another_host() {
    let host = TestHost::start(&[]).await;
    for path in ["//evil.example/", "///evil.example/x", "//evil.example", "/\\evil.example/"] {
        let reply = host.request("GET", &format!("{path}?token={OWNER_TOKEN}")).send().await;
        let location = reply.headers.get("location").cloned().unwrap_or_default();
        assert!(!location.starts_with("//") && !location.starts_with("/\\"), "{path}: {location}");
        assert!(reply.status != 302 || location.starts_with("/evil.example"), "{path}: {location}");
    }
}
