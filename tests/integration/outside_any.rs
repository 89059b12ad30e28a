//! Any request at all: methods, addresses, headers and bodies that fit together or not, over bare sockets. The host answers or closes,
//! never fails, and nothing outside of its folder is read or written.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use server::Limits;
use std::time::Duration;
use tests::{Guest, OWNER_TOKEN, Setup, TestHost};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Requests that are tried; `COMMONPLACE_HTTP_RUNS=N` tries more.
const RUNS: u32 = 1000;

/// What is in files that are not to be reached.
const KEPT: &str = "kept from everybody";

const METHODS: [&str; 10] = ["GET", "GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "CONNECT", "get\u{7f}"];

const BASES: [&str; 22] = [
    "/",
    "/tides/",
    "/tides",
    "/elsewhere/",
    "/api",
    "/api/me",
    "/api/status",
    "/api/contents",
    "/api/contents/",
    "/files/",
    "/api/collaboration/session/",
    "/api/collaboration/room/",
    "/api/collaboration/fork/",
    "/api/collaboration/timeline/",
    "/api/collaboration/undo_redo/",
    "/api/events/subscribe",
    "/api/commonplace/file/",
    "/api/commonplace/files/live",
    "/api/commonplace/versions/",
    "/lab/tree/",
    "/lab/api/settings/",
    "/static/lab/",
];

const PARTS: [&str; 30] = [
    "a.txt",
    "n.ipynb",
    "sub",
    "b.txt",
    "new.txt",
    "..",
    ".",
    "",
    "%2e%2e",
    "%2f",
    "%00",
    "%ff",
    "%",
    "%zz",
    ".git",
    "config",
    ".hidden.txt",
    "out",
    "secret.txt",
    "\\",
    "C:",
    "CON",
    "a.txt::$DATA",
    "text:file:x",
    "json:notebook:",
    "checkpoints",
    "\u{e9}",
    "?content=1",
    "?type=directory&format=base64&hash=1",
    "?id=1&token=",
];

const HEADERS: [&str; 26] = [
    "Host: evil.example",
    "Host: ",
    "Authorization: token wrong",
    "Authorization: Basic !!",
    "Cookie: a=b; =; ;;",
    "Cookie: _xsrf=x",
    "X-XSRFToken: x",
    "Origin: http://evil.example",
    "Origin: null",
    "Sec-Fetch-Site: cross-site",
    "Range: bytes=0-0",
    "Range: bytes=99999999999999999999-",
    "If-None-Match: *",
    "If-Range: x",
    "Accept-Encoding: gzip",
    "Content-Type: text/plain",
    "Expect: 100-continue",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Content-Length: 3",
    "Content-Length: -1",
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Connection: Upgrade\r\nUpgrade: h2c",
    "X-Bad\u{1}: x",
    "NoColon",
    "X-Forwarded-For: 127.0.0.1",
];

const BODIES: [&str; 16] = [
    "",
    "{",
    "null",
    "[]",
    "{}",
    r#"{"type": "file", "format": "text", "content": "x"}"#,
    r#"{"type": "directory"}"#,
    r#"{"type": "notebook", "format": "json", "content": {"cells": 7}}"#,
    r#"{"type": "file", "format": "base64", "content": "!!"}"#,
    r#"{"path": "../struck.txt"}"#,
    r#"{"path": "renamed.txt"}"#,
    r#"{"copy_from": "../outside/secret.txt"}"#,
    r#"{"format": "text", "type": "file"}"#,
    r#"{"secret": "x", "name": "\u0000", "color": "x"}"#,
    r#"{"restore": 99999999999999999999}"#,
    "3\r\nabc\r\n0\r\n\r\n",
];

#[derive(Clone, Copy, Debug)]
enum As {
    Nobody,
    Guest,
    Owner,
}

/// A request line with headers and a body; who asks is filled in later.
fn request() -> impl Strategy<Value = (As, Vec<u8>)> {
    let who = select(vec![As::Nobody, As::Guest, As::Owner]);
    let path = (select(&BASES[..]), vec(select(&PARTS[..]), 0..5))
        .prop_map(|(base, parts)| base.to_owned() + &parts.join("/"));
    let body =
        prop_oneof![3 => select(&BODIES[..]).prop_map(|text| text.as_bytes().to_vec()), 1 => vec(any::<u8>(), 0..200)];
    let line = (select(&METHODS[..]), path, select(vec!["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/3"]));
    let ordinary = (line, vec(select(&HEADERS[..]), 0..4), any::<bool>(), body).prop_map(
        |((method, path, version), headers, whole, body)| {
            let mut bytes = format!("{method} {path} {version}\r\n").into_bytes();
            bytes.extend(headers.iter().flat_map(|header| format!("{header}\r\n").into_bytes()));
            if whole {
                bytes.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
            }
            bytes.extend(b"@WHO@\r\n");
            bytes.extend(body);
            bytes
        },
    );
    (who, prop_oneof![9 => ordinary, 1 => vec(any::<u8>(), 1..300)])
}

/// Sends bytes; what came back before the host closed or upgraded.
async fn exchange(host: &TestHost, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut stream = TcpStream::connect(host.authority()).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    let talk = async {
        let _ = stream.write_all(bytes).await;
        let mut part = [0; 16384];
        while let Ok(length @ 1..) = stream.read(&mut part).await {
            answer.extend_from_slice(&part[..length]);
            if answer.starts_with(b"HTTP/1.1 101") {
                return;
            }
        }
    };
    let ended = tokio::time::timeout(tests::DEADLINE, talk).await;
    ended.map(|()| answer).map_err(|_| "neither answered nor closed".to_owned())
}

#[test]
fn safe_40_any_request_is_answered_or_closed_and_leads_nowhere() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let quick = Duration::from_millis(100);
    let limits = Limits { head: quick, body: quick, ..Limits::default() };
    let (host, guest) = runtime.block_on(async {
        let files = [("a.txt", "a\n"), ("sub/b.txt", "b\n"), (".git/config", KEPT), (".hidden.txt", KEPT)];
        let host = TestHost::start_with(&files, Setup { limits, ..Setup::default() }).await;
        host.write("n.ipynb", tests::notebook(&[("code", "1")]));
        std::fs::create_dir(host.path("../outside")).unwrap();
        host.write("../outside/secret.txt", KEPT);
        #[cfg(unix)]
        std::os::unix::fs::symlink("../outside", host.path("out")).unwrap();
        let guest = Guest::join(&host, &host.share().await, "Ana").await;
        (host, guest)
    });
    let there = |place: &str| {
        let mut names: Vec<_> =
            std::fs::read_dir(host.path(place)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = (there(".."), there("../outside"), there(".git"));

    let seed = *b"any request at all, in one order";
    println!("seed {:?}", String::from_utf8_lossy(&seed));
    let runs = std::env::var("COMMONPLACE_HTTP_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let config = Config { cases: runs, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let ran = runner.run(&request(), |(who, bytes)| {
        let fail = |why: String| Err(TestCaseError::fail(format!("{why}: {:?}", String::from_utf8_lossy(&bytes))));
        let named = format!("Host: {}\r\n", host.authority());
        let credential = match who {
            As::Nobody => String::new(),
            As::Guest => format!("Cookie: {}\r\n", guest.cookie()),
            As::Owner => format!("Authorization: token {OWNER_TOKEN}\r\n"),
        };
        let text = format!("{named}{credential}Connection: close\r\n");
        let at = bytes.windows(5).position(|part| part == b"@WHO@");
        let sent = match at {
            Some(at) => [&bytes[..at], text.as_bytes(), &bytes[at + 5..]].concat(),
            None => bytes.clone(),
        };
        let answer = match runtime.block_on(exchange(&host, &sent)) {
            Ok(answer) => answer,
            Err(why) => return fail(why),
        };
        if !answer.is_empty() && !answer.starts_with(b"HTTP/1.") {
            return fail(format!("no HTTP: {:?}", String::from_utf8_lossy(&answer)));
        }
        if answer.get(9) == Some(&b'5') {
            return fail(format!("a fault: {}", String::from_utf8_lossy(&answer)));
        }
        if answer.windows(KEPT.len()).any(|part| part == KEPT.as_bytes()) {
            return fail(format!("a secret: {}", String::from_utf8_lossy(&answer)));
        }
        Ok(())
    });
    if let Err(error) = ran {
        panic!("{error}");
    }
    assert_eq!((there(".."), there("../outside"), there(".git")), before);
    for secret in [".git/config", ".hidden.txt", "../outside/secret.txt"] {
        assert_eq!(host.read(secret), KEPT, "{secret}");
    }
    let alive = runtime.block_on(host.owner("GET", "/api/me").send());
    assert_eq!(alive.status, 200);
    runtime.block_on(host.server.stop());
}
