//! How much there may be of what people ask for: copies of documents, delays, bytes of one message.

use futures_util::{SinkExt, StreamExt};
use host::Grant;
use protocol::{CloseCode, DocumentKind, ErrorBody, ErrorCode, Role, User, fork};
use serde_json::json;
use std::time::Duration;
use tests::{DEADLINE, OWNER_TOKEN, Program, Request, Setup, TestClient, TestHost, frame};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

const TOO_LARGE: &str = "A message is larger than this host accepts";

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

/// What somebody with this name may do.
fn editor(host: &TestHost, name: &str) -> Grant {
    let owner = host.host.authenticate("tides", OWNER_TOKEN, true).unwrap();
    Grant { user: User::new(name, name, None), role: Role::Edit, owner: false, ..owner }
}

#[tokio::test]
async fn frame_30_copies_are_limited_for_each_person_document_and_folder_and_a_refusal_says_which() {
    let host = TestHost::start(&[("a.txt", "one\n"), ("b.txt", "two\n"), ("c.txt", "three\n")]).await;
    let mut open = Vec::new();
    let mut rooms = Vec::new();
    for path in ["a.txt", "b.txt", "c.txt"] {
        let (room, session) = host.session(path, "text", "file").await;
        open.push(host.join(&room, &session).await.synced().await);
        rooms.push((room, session));
    }
    let make = async |who: &str, room: usize| {
        host.host.create_fork(&editor(&host, who), &rooms[room].0, fork::Request::default()).await
    };
    let refused = |error: ErrorBody, words: &str| {
        assert_eq!((error.code, error.message.starts_with(words)), (ErrorCode::Exists, true), "{error}");
    };
    let mut first = None;
    for _ in 0..8 {
        first = Some(make("ana", 0).await.unwrap());
        make("ben", 0).await.unwrap();
    }
    refused(make("ana", 1).await.unwrap_err(), "You have 8 copies here");
    refused(make("cem", 0).await.unwrap_err(), "This document has 16 copies");
    for _ in 0..8 {
        make("cem", 1).await.unwrap();
        make("dia", 1).await.unwrap();
    }
    refused(make("eva", 2).await.unwrap_err(), "This folder has 32 copies");
    // Who wants to look back is told the same when they enter; a client does not try that again and again.
    let eva = editor(&host, "eva");
    let kind = DocumentKind::text();
    let shown = host.host.timeline(&eva, "c.txt", &kind).await.unwrap();
    let closing = host.host.join(&eva, &shown.fork_room, &rooms[2].1, host::Device::default()).await.unwrap_err();
    assert_eq!((closing.code, closing.reason.starts_with("This folder has 32 copies")), (CloseCode::BadContent, true));
    // One that is deleted makes room, and it need not be one's own.
    host.host.delete_fork(&eva, &first.unwrap().fork_roomid, false).await.unwrap();
    make("eva", 2).await.unwrap();
    drop(open);
}

#[tokio::test]
async fn frame_31_who_asks_for_many_timelines_loses_their_own_and_nobody_elses() {
    let host = TestHost::start(&[("a.txt", "one\n")]).await;
    let (room, session) = host.session("a.txt", "text", "file").await;
    let _here = host.join(&room, &session).await.synced().await;
    let kind = DocumentKind::text();
    let ask = async |who: &str| host.host.timeline(&editor(&host, who), "a.txt", &kind).await.unwrap().fork_room;
    let still = async |who: &str, fork: &str| {
        host.host.turn(&editor(&host, who), &room, fork, host::Turn::Back(0)).await.is_ok()
    };
    let (ana, ben) = (ask("ana").await, ask("ben").await);
    for _ in 0..200 {
        ask("ana").await;
    }
    assert_eq!((still("ana", &ana).await, still("ben", &ben).await), (false, true));
    // Many people have no more in all than a few can have.
    for number in 0..100 {
        ask(&format!("guest {number}")).await;
    }
    assert!(!still("ben", &ben).await);
}

#[tokio::test]
async fn frame_32_clients_say_yes_or_no_to_saving_and_never_when() {
    let setup = Setup { save_delay: Some(Duration::from_millis(50)), ..Setup::default() };
    let host = TestHost::start_with(&[("a.txt", "one\n")], setup).await;
    let ana = host.open_text("a.txt").await.synced().await;
    let id = ana.see(|seen| seen.doc.client_id().get());
    let mut before = "one\n".to_owned();
    let said =
        [json!(1e300), json!("never"), json!({ "delay": 1e9, "off": true }), json!([false]), json!(null), json!(0)];
    for (clock, autosave) in (1..).zip(said) {
        let state = json!({ "user": {}, "autosave": autosave, "saveDelay": 1e9, "document_save_delay": null });
        ana.send(frame::awareness(id, clock, &state.to_string()));
        ana.type_at(0, &format!("{clock} "));
        before = format!("{clock} {before}");
        host.saved("a.txt", &before).await;
    }
    // With a no the save waits for somebody to ask, or for the last one to leave, which nobody can put off.
    ana.send(frame::awareness(id, 100, &json!({ "user": {}, "autosave": false }).to_string()));
    ana.type_at(0, "no ");
    ana.handled().await;
    drop(ana);
    host.saved("a.txt", &format!("no {before}")).await;
}

/// Peak of the memory that a process ever had, in MB; 0 where the system does not tell.
fn peak(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok()).unwrap_or_default() >> 10
}

/// Waits for what takes a minute on a busy machine.
async fn slowly(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    assert!(tokio::time::timeout(10 * DEADLINE, waiting).await.is_ok(), "not within the deadline: {what}");
}

/// The room of a text, of a program of its own.
async fn room_of(program: &Program, path: &str) -> Request {
    let authority = program.authority();
    let put = Request::new(&authority, "PUT", &format!("/api/collaboration/session/{path}")).token("secret");
    let json = put.body(r#"{"format": "text", "type": "file"}"#).send().await.json();
    let (file, session) = (json["fileId"].as_str().unwrap(), json["sessionId"].as_str().unwrap());
    let path = format!("/api/collaboration/room/text:file:{file}?sessionId={session}");
    Request::new(&authority, "GET", &path).token("secret")
}

#[tokio::test]
async fn frame_33_a_message_of_200_mb_passes_and_more_than_the_limit_is_refused_with_a_reason() {
    let place = tempfile::tempdir().unwrap();
    let (folder, state) = (place.path().join("tides"), place.path().join("state"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a.txt"), "").unwrap();
    let arguments =
        [folder.to_str().unwrap(), "--state-dir", state.to_str().unwrap(), "--token", "secret", "--port", "0"];
    let program = Program::serve(&arguments).await;
    let room = room_of(&program, "a.txt").await;
    let ana = TestClient::new().connected(room.clone()).await.synced().await;
    ana.handled().await;
    let idle = peak(program.process());

    // A frame that says it is larger than the limit is refused before it comes.
    let mut ben = room.clone().connect().await.unwrap();
    let MaybeTlsStream::Plain(stream) = ben.get_mut() else { panic!("no plain stream") };
    let head = [&[0x82, 0xff][..], &(300_u64 << 20).to_be_bytes(), &[0; 4]].concat();
    stream.write_all(&head).await.unwrap();
    assert_eq!(closed(&mut ben).await, (1009, TOO_LARGE.to_owned()));
    let told = peak(program.process());
    // So is one that comes in parts, as soon as they are too much.
    let mut cem = room.clone().connect().await.unwrap();
    let part = bytes::Bytes::from(vec![0x63; 32 << 20]);
    for number in 0..9 {
        let kind = if number == 0 { Data::Binary } else { Data::Continue };
        // The last ones may find the line closed.
        let _ = cem.send(Message::Frame(Frame::message(part.clone(), OpCode::Data(kind), false))).await;
    }
    assert_eq!(closed(&mut cem).await, (1009, TOO_LARGE.to_owned()));
    let parts = peak(program.process());
    drop((ben, cem));

    // What is allowed is taken, told to others, and saved; those who were there before notice nothing.
    let line = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n";
    let long = line.repeat((200 << 20) / line.len());
    let dia = TestClient::new().connected(room).await.synced().await;
    dia.type_at(0, &long);
    slowly("200 MB reach the others", || ana.text().len() == long.len()).await;
    let in_file = || std::fs::metadata(folder.join("a.txt")).is_ok_and(|file| file.len() == long.len() as u64);
    slowly("they are in the file", in_file).await;
    let taken = peak(program.process());
    println!("peak of the host: {idle} MB idle, {told} and {parts} MB after what was refused, {taken} MB after 200 MB");
    assert!(told - idle <= 32, "{told} MB");
    // Parts wait until they are too much.
    assert!(parts - told <= 256 + 128, "{parts} MB");
    assert!(taken <= 20 * 200, "{taken} MB");
    assert!(program.stop().await.1);
}
