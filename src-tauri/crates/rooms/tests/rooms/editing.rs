//! Edits of clients: SYNC and ROLE.

use crate::stage::{ANA, BEN, CEM, POLICY, Peer, Stage, frame, member, save, stored};
use bytes::Bytes;
use protocol::{ClientId, CloseCode, DocumentKind, Level, Role};
use rooms::{Input, Policy};
use serde_json::json;
use yrs::Any;

#[test]
fn sync_1_an_edit_reaches_all_others_once_and_the_log() {
    let mut stage = Stage::text("one\n");
    for client in [ANA, BEN, CEM] {
        stage.join(client);
    }
    let logged = stage.log.len();
    stage.forget();
    stage.insert(ANA, 3, " two");
    assert_eq!(stage.content(), "one two\n");
    assert_eq!((stage.peers[&BEN].text(), stage.peers[&CEM].text()), (stage.content(), stage.content()));
    assert_eq!(stage.got(ANA, &[0]).len(), 0, "the author has it already");
    assert_eq!((stage.got(BEN, &[0]).len(), stage.got(CEM, &[0]).len()), (1, 1));
    assert_eq!(stage.log.len(), logged + 1);
}

#[test]
fn sync_2_what_is_not_new_goes_nowhere() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.join(BEN);
    stage.insert(ANA, 0, "x");
    let logged = stage.log.clone();
    stage.forget();
    let again = frame(&[0, 2], &logged.last().unwrap().1);
    stage.frame(BEN, again);
    stage.frame(BEN, frame(&[0, 2], &[0, 0]));
    stage.frame(BEN, frame(&[0, 1], &[0, 0]));
    assert_eq!((stage.got(ANA, &[0]).len(), stage.log.len()), (0, logged.len()));
}

#[test]
fn sync_3_what_a_client_typed_while_away_comes_with_it() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.join(BEN);
    stage.leave(ANA);
    let mut away = stage.peers.remove(&ANA).unwrap();
    {
        use yrs::{Text, Transact};
        let text = away.doc.get_or_insert_text("source");
        text.insert(&mut away.doc.transact_mut(), 0, "away ");
    }
    stage.insert(BEN, 3, " here");
    stage.peers.insert(ANA, std::mem::replace(&mut away, crate::stage::Peer { doc: yrs::Doc::new() }));
    stage.join(ANA);
    assert_eq!(stage.content(), "away one here\n");
    assert_eq!((stage.peers[&ANA].text(), stage.peers[&BEN].text()), (stage.content(), stage.content()));
}

#[test]
fn sync_4_a_client_learns_when_its_edits_are_durable() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.frame(ANA, stored(1));
    assert_eq!(stage.answers(ANA), [json!({"type": "stored", "responseTo": 1})]);
    stage.storing = false;
    stage.insert(ANA, 0, "x");
    stage.frame(ANA, stored(2));
    let last = stage.log.last().unwrap().0;
    stage.give(Input::Stored(last - 1));
    assert_eq!(stage.answers(ANA).len(), 1);
    stage.give(Input::Stored(last));
    assert_eq!(stage.answers(ANA)[1], json!({"type": "stored", "responseTo": 2}));
}

/// Two edits of one client, of which the second builds on the first.
fn two_edits(stage: &Stage, client: protocol::ClientId) -> [Bytes; 2] {
    [0, 1].map(|at| frame(&[0, 2], &stage.peers[&client].insert(at, "x")))
}

#[test]
fn sync_111_what_waits_for_an_edit_that_is_missing_is_not_stored_and_sync_113_is_when_that_comes() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    let [first, second] = two_edits(&stage, ANA);
    stage.frame(ANA, second);
    stage.frame(ANA, stored(1));
    stage.frame(ANA, save(2));
    let [answer] = &stage.answers(ANA)[..] else { panic!("{:?}", stage.answers(ANA)) };
    assert_eq!((&answer["responseTo"], &answer["status"]), (&json!(2), &json!("failed")));
    assert!(answer["message"].as_str().unwrap().contains("not arrived"));
    assert_eq!((stage.content().as_str(), stage.file()), ("one\n", "one\n"));
    // What others sent is confirmed.
    stage.join(BEN);
    stage.insert(BEN, 0, "b");
    stage.frame(BEN, stored(3));
    assert_eq!(stage.answers(BEN), [json!({"type": "stored", "responseTo": 3})]);
    // It comes, but is not durable yet.
    stage.storing = false;
    stage.frame(ANA, first);
    assert_eq!(stage.answers(ANA).len(), 1);
    let last = stage.log.last().unwrap().0;
    stage.give(Input::Stored(last));
    assert_eq!(stage.answers(ANA)[1], json!({"type": "stored", "responseTo": 1}));
    stage.storing = true;
    stage.frame(ANA, save(4));
    assert_eq!(stage.answers(ANA)[2]["status"], json!("success"));
    assert!(stage.file().contains("xx"), "{}", stage.file());
}

#[test]
fn sync_113_what_was_missing_may_come_from_another_client() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.join(BEN);
    let [first, second] = two_edits(&stage, ANA);
    stage.frame(ANA, second);
    stage.frame(ANA, stored(1));
    assert!(stage.answers(ANA).is_empty());
    stage.frame(BEN, first);
    assert_eq!(stage.answers(ANA), [json!({"type": "stored", "responseTo": 1})]);
}

#[test]
fn sync_111_a_deletion_of_what_is_missing_is_not_stored() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.join(BEN);
    let [first, deleted] = {
        let ana = &stage.peers[&ANA];
        [ana.insert(0, "x"), ana.remove(0, 1)].map(|update| frame(&[0, 2], &update))
    };
    stage.frame(ANA, deleted);
    stage.frame(ANA, stored(1));
    assert!(stage.answers(ANA).is_empty());
    stage.frame(BEN, first);
    assert_eq!((stage.content().as_str(), stage.answers(ANA).len()), ("one\n", 1));
}

#[test]
fn sync_112_what_was_refused_is_not_stored() {
    // A viewer's.
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.join_as(BEN, Role::View);
    stage.frame(BEN, stored(1));
    assert_eq!(stage.answers(BEN).len(), 1, "it has nothing that is not here");
    stage.insert(BEN, 0, "x");
    stage.frame(BEN, stored(2));
    assert_eq!(stage.answers(BEN).len(), 1);
    // It may edit from now on: asked for what it has, it sends that again.
    stage.give(Input::Role { client: BEN, role: Role::Edit });
    assert_eq!((stage.content().as_str(), stage.answers(BEN).len()), ("xone\n", 2));
    // Deleting is editing, too.
    stage.give(Input::Role { client: BEN, role: Role::View });
    let deleted = stage.peers[&BEN].remove(0, 1);
    stage.frame(BEN, frame(&[0, 2], &deleted));
    stage.frame(BEN, stored(3));
    assert_eq!((stage.content().as_str(), stage.answers(BEN).len()), ("xone\n", 2));
    // What the document cannot hold, and what is no update.
    let into_a_value = [1, 2, 5, 0, 0x28, 1, 1, b'a', 1, b'k', 1, 126, 0x28, 0, 5, 0, 1, b'k', 1, 126, 0];
    for (number, update) in [&into_a_value[..], &[9, 9, 9]].into_iter().enumerate() {
        let mut stage = Stage::text("one\n");
        stage.join(ANA);
        stage.frame(ANA, frame(&[0, 2], update));
        stage.frame(ANA, stored(1));
        assert!(stage.answers(ANA).is_empty(), "{number}");
        // Whoever comes again is asked what it has, and begins anew.
        stage.leave(ANA);
        stage.join(ANA);
        stage.frame(ANA, stored(2));
        assert_eq!(stage.answers(ANA), [json!({"type": "stored", "responseTo": 2})]);
    }
}

#[test]
fn sync_114_what_a_cell_put_out_in_a_tab_that_was_closed_at_once_is_saved() {
    use yrs::{Array, Map, MapPrelim, Out, TextPrelim, Transact};
    let file = r#"{"cells": [{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {}, "outputs": [],
        "source": "print(1)"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"#;
    let mut stage = Stage::new(protocol::DocumentKind::notebook(), Some(file.as_bytes()));
    stage.join(ANA);
    let doc = stage.peers[&ANA].doc.clone();
    let cells = doc.get_or_insert_array("cells");
    let mut txn = doc.transact_mut();
    let Some(Out::YMap(cell)) = cells.get(&txn, 0) else { panic!("a cell") };
    let Some(Out::YArray(outputs)) = cell.get(&txn, "outputs") else { panic!("outputs") };
    let output = outputs.insert(&mut txn, 0, MapPrelim::from([("output_type", "stream"), ("name", "stdout")]));
    output.insert(&mut txn, "text", TextPrelim::new("printed\n"));
    let update = txn.encode_update_v1();
    drop(txn);
    stage.frame(ANA, frame(&[0, 2], &update));
    stage.leave(ANA);
    assert!(stage.file().contains("printed"), "{}", stage.file());
    stage.crash();
    stage.join(BEN);
    stage.pass(1000);
    assert!(stage.file().contains("printed"), "{}", stage.file());
}

#[test]
fn sync_115_a_document_of_another_history_that_says_the_same_is_refused_and_what_is_new_is_taken() {
    let first = |text: &str| {
        let peer = crate::stage::Peer::new(protocol::ClientId(50));
        frame(&[0, 1], &peer.insert(0, text))
    };
    let check = |here: &str, there: &str, expect: Option<&str>| {
        let mut stage = Stage::text(here);
        stage.join(ANA);
        stage.frame(ANA, first(there));
        assert_eq!(stage.content(), expect.unwrap_or(here), "{there:?}");
        let closed: Vec<_> = stage.closed.iter().map(|(client, code, _)| (*client, *code)).collect();
        assert_eq!(closed.is_empty(), expect.is_some(), "{there:?}");
        if expect.is_none() {
            assert_eq!(closed, [(ANA, CloseCode::UnknownSession)]);
            assert!(stage.closed[0].2.contains("\"reloadable\":true"));
            stage.frame(ANA, stored(1));
            assert!(stage.answers(ANA).is_empty());
        }
    };
    check("one\ntwo\n", "one\ntwo\n", None);
    check("one\ntwo\n", "one\ntwo\nthree\n", None);
    check("one\ntwo\nthree\n", "one\ntwo and\nthree\n", None);
    check("", "one\n", Some("one\n"));
    // Two texts that have nothing in common are both there, in either order.
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.frame(ANA, first("new\n"));
    assert!(stage.closed.is_empty() && stage.content().contains("one\n") && stage.content().contains("new\n"));
    // Who only says that something is to be saved has no document yet.
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    let early = crate::stage::Peer::new(protocol::ClientId(50)).set("dirty", Any::Bool(true));
    stage.frame(ANA, frame(&[0, 1], &early));
    assert!(stage.closed.is_empty());
}

#[test]
fn sync_5_what_cannot_be_read_is_reported_once_and_disconnects_nobody() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.forget();
    let broken: [&[u8]; 6] = [&[], &[0], &[0, 2, 3, 0xff, 0xff, 0xff], &[0, 9, 0], &[1, 2, 9], &[0x7d, 1, b'{']];
    for bytes in broken {
        stage.frame(ANA, Bytes::copy_from_slice(bytes));
    }
    assert!(stage.closed.is_empty());
    let reports: Vec<_> = stage.events.iter().filter(|event| event.level == Level::Debug).collect();
    assert_eq!(reports.len(), 1, "{reports:?}");
    stage.insert(ANA, 0, "x");
    assert_eq!(stage.content(), "xone\n");
}

#[test]
fn role_1_a_viewer_reads_and_changes_nothing() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.join_as(BEN, Role::View);
    assert_eq!(stage.peers[&BEN].text(), "one\n");
    let logged = stage.log.len();
    stage.forget();
    stage.insert(BEN, 0, "x");
    stage.set(BEN, "dirty", Any::Bool(true));
    stage.frame(BEN, save(4));
    assert_eq!((stage.content().as_str(), stage.log.len(), stage.got(ANA, &[0]).len()), ("one\n", logged, 0));
    let message = "You may view this document, not save it.";
    let answer = json!({"type": "save", "responseTo": 4, "status": "failed", "message": message});
    assert_eq!(stage.answers(BEN), [answer]);
    assert!(stage.closed.is_empty());
    stage.insert(ANA, 0, "y");
    assert!(stage.peers[&BEN].text().contains('y'));
}

#[test]
fn role_2_only_those_who_may_edit_change_a_document() {
    for (role, changes) in [(Role::View, false), (Role::Edit, true), (Role::Run, true)] {
        let mut stage = Stage::text("one\n");
        stage.join_as(ANA, role);
        stage.insert(ANA, 0, "x");
        assert_eq!(stage.content() == "xone\n", changes, "{role:?}");
    }
}

#[test]
fn an_unknown_client_is_nobody() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.forget();
    stage.frame(CEM, frame(&[0, 0], &[0]));
    stage.leave(CEM);
    stage.give(Input::Join { client: ANA, member: member(ANA, Role::Edit) });
    assert!(stage.sent.is_empty() && stage.events.is_empty());
}

#[test]
fn safe_19_what_was_edited_and_is_gone_again_does_not_fill_a_document() {
    let policy = Policy { most_edits: 400, ..POLICY };
    let mut stage = Stage::with(DocumentKind::text(), Some(b"one\n"), policy);
    stage.join(ANA);
    for number in 0..100 {
        stage.insert(ANA, 0, &format!("{number:50}"));
        let gone = stage.peers[&ANA].remove(0, 50);
        stage.frame(ANA, frame(&[0, 2], &gone));
    }
    stage.insert(ANA, 0, "last ");
    assert_eq!(stage.content(), "last one\n");
}

#[test]
fn safe_19_an_open_document_takes_so_many_bytes_of_edits_and_who_brings_more_is_told() {
    let policy = Policy { most_edits: 400, ..POLICY };
    let mut stage = Stage::with(DocumentKind::text(), Some(b"one\n"), policy);
    stage.join(ANA);
    stage.join(BEN);
    for number in 0..100 {
        stage.insert(ANA, 0, &format!("{number} "));
    }
    let (content, logged) = (stage.content(), stage.log.len());
    assert!(content.ends_with("3 2 1 0 one\n") && !content.starts_with("99 "), "{content}");
    assert_eq!(stage.peers[&BEN].text(), content);
    stage.forget();
    stage.insert(ANA, 0, "more");
    // Edits that wait for others count as well: one that builds on what is not here.
    let alone = Peer::new(ClientId(77));
    alone.insert(0, "first");
    let waiting = alone.insert(5, &"x".repeat(500));
    stage.frame(BEN, frame(&[0, 2], &waiting));
    assert_eq!((stage.content(), stage.log.len()), (content.clone(), logged));
    assert_eq!(stage.got(BEN, &[0]).len(), 0, "nobody else hears of it");
    assert_eq!(stage.got(BEN, &[2]).len(), 1, "its author is told");
    // What everybody has is no edit.
    let known = stage.log[1].1.clone();
    stage.frame(BEN, frame(&[0, 2], &known));
    assert_eq!(stage.content(), content);
}
