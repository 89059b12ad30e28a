//! What Jupyter's own front ends say and act on beside the document: FRAME.

use crate::stage::{ANA, BEN, CEM, POLICY, Stage, aware, body, frame, member, save};
use bytes::Bytes;
use protocol::{ClientId, CloseCode, Model, Role, User};
use rooms::{Effect, Input, Now, Seed, TransientRoom};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use yrs::updates::decoder::Decode;
use yrs::{Doc, GetString, Map, Out, ReadTxn, StateVector, Text, TextPrelim, Transact, Update};

const OFF: &str = r#"{"user":{"name":"a"},"autosave":false}"#;
const ON: &str = r#"{"user":{"name":"a"},"autosave":true}"#;

#[test]
fn frame_1_with_autosave_off_for_all_nothing_is_saved_before_somebody_asks_or_the_last_one_leaves() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.join(BEN);
    stage.frame(ANA, aware(1, 1, OFF));
    stage.frame(BEN, aware(2, 1, OFF));
    stage.insert(ANA, 0, "a");
    stage.pass(60_000);
    assert_eq!(stage.writes, 0);
    stage.frame(BEN, save(1));
    assert_eq!((stage.writes, stage.file()), (1, "a"));
    stage.insert(ANA, 1, "b");
    stage.pass(60_000);
    assert_eq!(stage.writes, 1);
    // One who wants it is enough.
    stage.frame(BEN, aware(2, 2, ON));
    stage.pass(1_000);
    assert_eq!((stage.writes, stage.file()), (2, "ab"));
    stage.frame(BEN, aware(2, 3, OFF));
    stage.insert(ANA, 2, "c");
    stage.pass(60_000);
    assert_eq!(stage.writes, 2);
    stage.leave(ANA);
    stage.leave(BEN);
    assert_eq!((stage.writes, stage.file()), (3, "abc"));
}

/// An edit inside the first thing that client 77 made: elsewhere a text.
fn out_of_place() -> Vec<u8> {
    let elsewhere = Doc::with_client_id(77);
    let root = elsewhere.get_or_insert_map("odd");
    root.insert(&mut elsewhere.transact_mut(), "t", TextPrelim::new(""));
    let all = elsewhere.transact().encode_state_as_update_v1(&StateVector::default());
    let author = Doc::with_client_id(78);
    let root = author.get_or_insert_map("odd");
    author.transact_mut().apply_update(Update::decode_v1(&all).unwrap()).unwrap();
    let Some(Out::YText(text)) = root.get(&author.transact(), "t") else { panic!("no text") };
    let mut txn = author.transact_mut();
    text.insert(&mut txn, 0, "z");
    txn.encode_update_v1()
}

#[test]
fn frame_2_an_edit_that_has_no_place_here_is_told_to_its_author_alone_and_once() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.join(BEN);
    // Here the first tick of client 77 is a letter.
    let letter = Doc::with_client_id(77);
    let source = letter.get_or_insert_text("source");
    source.insert(&mut letter.transact_mut(), 0, "letters");
    let update = letter.transact().encode_state_as_update_v1(&StateVector::default());
    stage.frame(BEN, frame(&[0, 2], &update));
    stage.forget();
    let before = stage.content();
    for _ in 0..3 {
        stage.frame(ANA, frame(&[0, 2], &out_of_place()));
    }
    assert_eq!(stage.raw(ANA).collect::<Vec<_>>(), [json!({ "type": "conflict" })]);
    assert_eq!((stage.raw(BEN).count(), stage.content()), (0, before));
    // What makes no sense at all is nobody's conflict.
    stage.forget();
    stage.frame(BEN, frame(&[0, 2], &[9, 9, 9]));
    assert_eq!(stage.raw(BEN).count(), 0);
    // And all goes on.
    stage.insert(BEN, 0, "still ");
    assert!(stage.content().contains("still "));
}

#[test]
fn frame_3_a_deleted_file_is_told_in_jupyters_words_too_and_that_it_is_back() {
    let external = |stage: &Stage, client| {
        stage.raw(client).filter(|json| json["type"] == "external-change").map(|json| json["change"].clone()).collect()
    };
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    assert_eq!(external(&stage, ANA), Vec::<Value>::new(), "nothing is told while all is well");
    stage.disk = None;
    stage.give(Input::Disk(stage.read()));
    let deleted = json!({ "originalPath": "a/notes.txt", "reason": "deleted" });
    assert_eq!(external(&stage, ANA), vec![deleted.clone()]);
    // Who joins hears it before the document.
    stage.join(BEN);
    assert_eq!(external(&stage, BEN), vec![deleted.clone()]);
    assert_eq!(stage.got(BEN, &[])[0][0], 2);
    stage.frame(BEN, save(1));
    assert_eq!(stage.file(), "one\n");
    assert_eq!(
        (external(&stage, ANA), external(&stage, BEN)),
        (vec![deleted.clone(), Value::Null], vec![deleted, Value::Null])
    );
}

/// Runs what a room wants run, until it wants nothing more; what else it wanted.
fn tell(room: &mut TransientRoom, now: Now, input: Input) -> Vec<Effect> {
    let mut effects = Vec::new();
    room.handle(now, input, &mut effects);
    let mut rest = Vec::new();
    for effect in effects {
        match effect {
            Effect::Run(job) => rest.extend(tell(room, now, Input::Finished(job.run()))),
            other => rest.push(other),
        }
    }
    rest
}

fn at(seconds: u64) -> Now {
    Now { elapsed: Duration::from_secs(seconds), unix_ms: 1_700_000_000_000 }
}

fn text_of(state: &[u8]) -> String {
    let doc = Doc::new();
    let text = doc.get_or_insert_text("source");
    doc.transact_mut().apply_update(Update::decode_v1(state).unwrap()).unwrap();
    text.get_string(&doc.transact())
}

fn typed(client: u64, state: &[u8], at: u32, what: &str) -> Vec<u8> {
    let doc = Doc::with_client_id(client);
    let text = doc.get_or_insert_text("source");
    doc.transact_mut().apply_update(Update::decode_v1(state).unwrap()).unwrap();
    let mut txn = doc.transact_mut();
    text.insert(&mut txn, at, what);
    txn.encode_update_v1()
}

fn fork_of(stage: &Stage, kept: bool) -> TransientRoom {
    let state = stage.room.copy().unwrap();
    let seed = Seed { model: Model::Text, state, author: 9_000, kept, turns: 1 << 16 };
    TransientRoom::fork("0123456789abcdef0123456789abcdef".to_owned(), POLICY, &seed).unwrap()
}

#[test]
fn frame_6_a_fork_concerns_nobody_until_it_is_merged_and_then_its_edits_are_like_any_others() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    let mut fork = fork_of(&stage, true);
    tell(&mut fork, at(0), Input::Join { client: BEN, member: member(BEN, Role::Edit) });
    let update = typed(500, &fork.state(), 0, "forked ");
    tell(&mut fork, at(1), Input::Frame { client: BEN, bytes: frame(&[0, 2], &update) });
    stage.insert(ANA, 3, " more");
    stage.pass(2_000);
    assert_eq!((stage.file(), text_of(&fork.state()).as_str()), ("one more\n", "forked one\n"));
    stage.forget();
    stage.storing = false;
    let by = Some(User::new("ben", "Ben", None));
    stage.give(Input::Merge { request: Some(4), by: by.clone(), update: fork.state() });
    assert!(stage.restored.is_empty(), "answered when it is durable");
    stage.give(Input::Stored(stage.log.last().unwrap().0));
    assert_eq!(stage.restored, [(4, Ok(()))]);
    stage.storing = true;
    assert_eq!(
        (stage.content().as_str(), stage.peers[&ANA].text().as_str()),
        ("forked one more\n", "forked one more\n")
    );
    let logged = stage.log.len();
    stage.give(Input::Merge { request: Some(5), by, update: fork.state() });
    assert_eq!((stage.log.len(), stage.content().as_str()), (logged, "forked one more\n"), "once");
    stage.pass(2_000);
    assert_eq!(stage.file(), "forked one more\n");
    // What comes before the room is open counts.
    stage.crash();
    let more = typed(501, &fork.state(), 0, "again ");
    stage.give(Input::Merge { request: None, by: None, update: more.into() });
    assert_eq!(stage.content(), "again forked one more\n");
}

#[test]
fn frame_7_a_fork_takes_what_its_root_got() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    let mut fork = fork_of(&stage, true);
    tell(&mut fork, at(0), Input::Join { client: BEN, member: member(BEN, Role::Edit) });
    stage.insert(ANA, 0, "root ");
    let update = stage.log.last().unwrap().1.clone();
    let effects = tell(&mut fork, at(1), Input::Merge { request: None, by: None, update });
    assert!(matches!(&effects[..], [Effect::Broadcast { except: None, .. }]));
    assert_eq!(text_of(&fork.state()), "root one\n");
}

#[test]
fn frame_9_a_fork_that_shows_earlier_versions_goes_with_who_looks_and_ones_own_stays() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    let (mut shown, mut own) = (fork_of(&stage, false), fork_of(&stage, true));
    assert!(tell(&mut shown, at(0), Input::Tick).is_empty());
    assert_eq!(shown.deadline(), Some(Duration::from_secs(60)), "nobody came");
    tell(&mut shown, at(10), Input::Join { client: ANA, member: member(ANA, Role::Edit) });
    tell(&mut shown, at(500), Input::Leave { client: ANA });
    assert!(matches!(tell(&mut shown, at(560), Input::Tick)[..], [Effect::Done]));
    tell(&mut own, at(0), Input::Tick);
    assert_eq!(own.deadline(), None);
}

#[test]
fn frame_10_a_fork_says_an_earlier_version_and_whoever_looks_brings_it_to_the_root() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "now ");
    let mut fork = fork_of(&stage, false);
    let by = || User::new("ana", "Ana", None);
    let effects = tell(&mut fork, at(1), Input::Restore { request: 3, by: by(), bytes: b"one\n".as_slice().into() });
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Restored { request: 3, outcome: Ok(()) })));
    assert_eq!((text_of(&fork.state()).as_str(), stage.content().as_str()), ("one\n", "now one\n"));
    // Meanwhile others type; a client of the fork comes back to the room with all it has.
    stage.insert(ANA, 8, "two\n");
    let taken = stage.content();
    assert_eq!(taken, "now one\ntwo\n");
    stage.give(Input::Join { client: CEM, member: member(CEM, Role::Edit) });
    stage.frame(CEM, frame(&[0, 1], &fork.state()));
    assert_eq!(stage.content(), "one\ntwo\n");
    // No document of its kind: said, and nothing happens.
    let bad = Input::Restore { request: 4, by: by(), bytes: [0xff].as_slice().into() };
    let effects = tell(&mut fork, at(2), bad);
    assert!(matches!(&effects[..], [Effect::Restored { request: 4, outcome: Err(_) }]));
    assert_eq!(text_of(&fork.state()), "one\n");
}

#[test]
fn frame_31_a_timeline_that_was_moved_too_much_says_so_and_stays_where_it_is() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    let mut fork = fork_of(&stage, false);
    let long: Arc<[u8]> = "0123456789\n".repeat(1 << 10).into_bytes().into();
    let mut turn = |request: u64, bytes: Arc<[u8]>| {
        let by = User::new("ana", "Ana", None);
        let effects = tell(&mut fork, at(1), Input::Restore { request, by, bytes });
        let outcome = effects.into_iter().find_map(|effect| match effect {
            Effect::Restored { request: answered, outcome } if answered == request => Some(outcome),
            _ => None,
        });
        (outcome.unwrap(), text_of(&fork.state()))
    };
    let mut turned = 0;
    let refused = loop {
        if let (Err(refused), text) = turn(turned, long.clone()) {
            assert_eq!(text, "one\n");
            break refused;
        }
        turned += 1;
        assert!(turned < 100, "no end of it");
        assert_eq!(turn(1000 + turned, b"one\n".as_slice().into()).1, "one\n");
    };
    assert_eq!((turned, refused.as_str()), (5, "This timeline was moved so much that it is full; open it anew."));
}

#[test]
fn frame_15_a_room_without_a_file_takes_only_so_much() {
    let mut room = TransientRoom::new("lobby".to_owned(), POLICY);
    let join = |client: ClientId| Input::Join { client, member: member(client, Role::Edit) };
    tell(&mut room, at(0), join(ANA));
    tell(&mut room, at(0), join(BEN));
    let piece = "x".repeat(5 << 20);
    let mut closed = None;
    for number in 0..4 {
        let bytes = frame(&[0, 2], &typed(900 + number, &room.state(), 0, &piece));
        let effects = tell(&mut room, at(1), Input::Frame { client: ANA, bytes });
        let end = effects.into_iter().find_map(|effect| match effect {
            Effect::Disconnect { client, code, reason } => Some((client, code, reason.len() <= 123)),
            _ => None,
        });
        closed = closed.or(end.map(|end| (number, end)));
    }
    assert_eq!(closed, Some((3, (ANA, CloseCode::TooBig, true))));
    assert_eq!(room.clients(), [BEN]);
    assert_eq!(text_of(&room.state()).len(), 15 << 20);
}

/// Bytes from a recording.
fn hex(text: &str) -> Bytes {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect::<Vec<_>>().into()
}

#[test]
fn frame_16_what_was_recorded_of_the_reference_server_is_said_here_too() {
    let mut stage = Stage::text("line1\nline2\n");
    stage.join(ANA);
    stage.join(BEN);
    stage.forget();
    // An awareness state comes back to its author and goes to the others, byte for byte.
    let state =
        "0132016f012e7b2275736572223a207b226e616d65223a2022416c222c2022646973706c61795f6e616d65223a2022416c227d7d";
    stage.frame(ANA, hex(state));
    assert_eq!((stage.got(ANA, &[1]), stage.got(BEN, &[1])), (vec![hex(state)], vec![hex(state)]));
    // A save, and its answer.
    stage.frame(BEN, hex("02047361766507"));
    let answered = serde_json::from_slice::<Value>(body(
        &hex(
            "02367b2274797065223a202273617665222c2022726573706f6e7365546f223a20372c2022737461747573223a202273756363657373227d",
        ),
        1,
    ));
    assert_eq!((stage.answers(BEN), stage.answers(ANA)), (vec![answered.unwrap()], vec![]));
    // Another word, a wrong byte, nothing at all: no answer, and nobody goes.
    stage.forget();
    for ignored in ["02056f74686572", "7e0102", "000203ffffff", "000900", "00", "", "0100", "01ff", "7d05706c61696e"] {
        stage.frame(BEN, hex(ignored));
    }
    assert!(stage.sent.is_empty() && stage.closed.is_empty());
    // Chat, which the reference server breaks at: to all others, once; the sender stays.
    stage.frame(BEN, hex("7d0e7b2274657874223a20226869227d"));
    let said: Value = serde_json::from_slice(body(&stage.got(ANA, &[0x7d])[0], 1)).unwrap();
    assert_eq!((&said["content"], &said["sender"]), (&json!({ "text": "hi" }), &json!("ben")));
    assert!(said["timestamp"].is_f64() && stage.got(BEN, &[0x7d]).is_empty());
    // An update on the state before it, both as they went over that server's wire.
    let state = "0001780208aa88c7dc0100010106736f757263650e210105737461746505646972747902816f000ea1aa88c7dc010f02816f011da1aa88c7dc011f0184aa88c7dc013c0e6c696e65310d0a6c696e65320d0aa8aa88c7dc013d0179026f0081aa88c7dc010d0181aa88c7dc011d0102aa88c7dc0101003e6f010002";
    let seed = Seed { model: Model::Text, state: body(&hex(state), 2).into(), author: 1, kept: true, turns: 1 << 16 };
    let mut room = TransientRoom::fork("r".to_owned(), POLICY, &seed).unwrap();
    tell(&mut room, at(0), Input::Join { client: ANA, member: member(ANA, Role::Edit) });
    let before = text_of(&room.state());
    tell(&mut room, at(1), Input::Frame { client: ANA, bytes: hex("00020e01016f0284aa88c7dc014b015800") });
    assert_eq!(text_of(&room.state()), format!("{before}X"));
}
