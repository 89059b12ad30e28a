//! What is kept of a file's past, what people are told of it, and the way back.

use crate::stage::*;
use protocol::{Digest, DiskContent, Role, Why};
use rooms::{Effect, Input};

/// Notices of merges that a client got.
fn notices(stage: &Stage, client: protocol::ClientId) -> Vec<Vec<protocol::Merge>> {
    let notices = stage.raw(client).filter(|answer| answer["type"] == "merged");
    notices.map(|notice| serde_json::from_value(notice["merges"].clone()).unwrap()).collect()
}

#[test]
fn disk_110_everybody_is_told_what_was_merged_after_they_have_it() {
    let mut stage = Stage::text("a\nvalue = 1\n");
    stage.join(ANA);
    stage.join_as(BEN, Role::View);
    stage.insert(ANA, 11, "77");
    stage.forget();
    stage.storing = false;
    stage.edit_disk("a\nvalue = 1.25\n");
    assert!(notices(&stage, BEN).is_empty(), "before the update that brought it");
    stage.give(Input::Stored(stage.log.last().unwrap().0));
    for client in [ANA, BEN] {
        let frames = &stage.sent[&client];
        let update = frames.iter().position(|frame| frame.starts_with(&[0, 2])).unwrap();
        assert!(frames.iter().position(|frame| frame.starts_with(&[2])).unwrap() > update);
        let [merges] = &notices(&stage, client)[..] else { panic!("one notice") };
        let [merge] = &merges[..] else { panic!("one merge") };
        assert_eq!((merge.time, merge.path.as_str(), merge.closed), (stage.now.unix_ms, "a/notes.txt", false));
        assert_eq!(merge.by.iter().map(|person| &*person.name).collect::<Vec<_>>(), ["Ana"]);
        assert_eq!(merge.disk, Digest::of(b"a\nvalue = 1.25\n").to_hex());
        assert_eq!(merge.here, Digest::of(b"a\nvalue = 177\n").to_hex());
        let [conflict] = &merge.report.conflicts[..] else { panic!("{:?}", merge.report) };
        let texts = conflict.texts.as_ref().unwrap();
        assert_eq!((conflict.number, texts.line), (2, 2));
        assert_eq!((&*texts.here, &*texts.disk), ("value = 177", "value = 1.25"));
        assert_eq!(format!("a\n{}\n", texts.merged), stage.peers[&client].text());
    }
}

#[test]
fn disk_112_who_comes_is_told_what_was_merged_before_also_while_nobody_was_there() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    assert!(notices(&stage, ANA).is_empty());
    for number in 0..10 {
        stage.edit_disk(&format!("one\n{number}\n"));
    }
    stage.join(BEN);
    let [merges] = &notices(&stage, BEN)[..] else { panic!("one notice") };
    assert_eq!(merges.len(), 8);
    assert!(merges.is_sorted_by(|a, b| a.id < b.id) && merges.iter().all(|merge| !merge.closed && merge.by.is_empty()));
    assert_eq!(merges[7].disk, Digest::of(b"one\n9\n").to_hex());
    // Nobody is there, and it is edited here and there.
    stage.insert(ANA, 0, "typed ");
    stage.crash();
    stage.disk = Some(b"one\nwritten\n".to_vec());
    stage.join(CEM);
    let [merges] = &notices(&stage, CEM)[..] else { panic!("one notice") };
    assert_eq!(merges.len(), 8);
    assert!(merges[..7].iter().all(|merge| !merge.closed) && merges.is_sorted_by(|a, b| a.id < b.id));
    let report = &merges[7].report;
    assert!(merges[7].closed && report.live_edits && report.changed == 1);
    assert_eq!(stage.content(), "typed one\nwritten\n");
}

#[test]
fn disk_140_a_deletion_on_disk_that_is_withstood_is_told_and_both_sides_are_kept() {
    use protocol::DocumentKind;
    use yrs::{Array, Map, Out, Text, Transact};
    let cell = |id: &str| format!(r#"{{"cell_type": "raw", "id": "{id}", "metadata": {{}}, "source": "{id}"}}"#);
    let file = |cells: &[&str]| {
        let cells: Vec<_> = cells.iter().map(|id| cell(id)).collect();
        format!(r#"{{"cells": [{}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}"#, cells.join(", "))
    };
    let mut stage = Stage::new(DocumentKind::notebook(), Some(file(&["a", "b"]).as_bytes()));
    stage.join(ANA);
    let types = |stage: &mut Stage| {
        let doc = stage.peers[&ANA].doc.clone();
        let cells = doc.get_or_insert_array("cells");
        let mut txn = doc.transact_mut();
        let Some(Out::YMap(cell)) = cells.get(&txn, 1) else { panic!("a cell") };
        let Some(Out::YText(source)) = cell.get(&txn, "source") else { panic!("a source") };
        source.insert(&mut txn, 0, "typed ");
        let update = txn.encode_update_v1();
        drop(txn);
        stage.frame(ANA, frame(&[0, 2], &update));
    };
    let check = |stage: &Stage, closed: bool| {
        let told: Vec<_> = notices(stage, ANA).concat();
        let [merge] = &told[..] else { panic!("one merge: {told:?}") };
        assert_eq!((merge.report.kept, merge.report.removed, merge.closed), (1, 0, closed));
        let [(Why::Here, here), (Why::Disk, disk)] = &kept(stage)[..] else { panic!("{:?}", kept(stage)) };
        assert!(here.contains("typed b") && *disk == file(&["a"]), "{here}\n{disk}");
        assert_eq!(
            [&merge.here, &merge.disk],
            [here, disk].map(|text| Digest::of(text.as_bytes()).to_hex()).each_ref()
        );
        let line = "1 cell kept because somebody edits here";
        assert!(stage.events.iter().any(|event| event.line.ends_with(line)), "{:?}", stage.told());
    };
    types(&mut stage);
    stage.edit_disk(&file(&["a"]));
    check(&stage, false);
    stage.pass(1000);
    assert!(stage.file().contains("typed b"));
    // Nobody has it open.
    let mut stage = Stage::new(DocumentKind::notebook(), Some(file(&["a", "b"]).as_bytes()));
    stage.join(ANA);
    types(&mut stage);
    stage.crash();
    stage.disk = Some(file(&["a"]).into_bytes());
    stage.join(ANA);
    check(&stage, true);
    // A line of a text that was rewritten here and deleted there.
    let mut stage = Stage::text("a\nb");
    stage.join(ANA);
    let removed = stage.peers[&ANA].remove(2, 1);
    stage.frame(ANA, frame(&[0, 2], &removed));
    stage.insert(ANA, 2, "mine");
    stage.edit_disk("a\n");
    assert_eq!((stage.content().as_str(), notices(&stage, ANA).len()), ("a\nmine", 1));
    assert_eq!(kept(&stage), [(Why::Here, "a\nmine"), (Why::Disk, "a\n")]);
}

/// What was kept: why, and which text.
fn kept(stage: &Stage) -> Vec<(Why, &str)> {
    stage.kept.iter().map(|kept| (kept.why, std::str::from_utf8(&kept.content.bytes).unwrap())).collect()
}

fn restore(stage: &mut Stage, request: u64, text: &str) {
    let by = member(BEN, Role::Edit).user;
    stage.give(Input::Restore { request, by, bytes: text.as_bytes().into() });
}

#[test]
fn disk_113_a_merge_keeps_both_sides_in_one_group_with_it() {
    let mut stage = Stage::text("one\r\ntwo\r\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "typed ");
    let mut effects = Vec::new();
    stage.running = false;
    stage.edit_disk("one\r\nTWO\r\n");
    let job = stage.jobs.pop().unwrap();
    stage.room.handle(stage.now, Input::Finished(job.run()), &mut effects);
    let at = |wanted: fn(&Effect) -> bool| effects.iter().filter(|effect| wanted(effect)).count();
    assert_eq!(at(|effect| matches!(effect, Effect::Append { .. } | Effect::SetBase(_))), 3, "{effects:?}");
    let texts: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Keep(kept) => Some((kept.why, kept.time, kept.content.clone())),
            _ => None,
        })
        .collect();
    let content = |text: &str| DiskContent::new(text.as_bytes());
    let expect = [(Why::Here, "typed one\r\ntwo\r\n"), (Why::Disk, "one\r\nTWO\r\n")];
    assert_eq!(texts, expect.map(|(why, text)| (why, stage.now.unix_ms, content(text))));
    // Merges of while nobody had it open keep both sides too.
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "typed ");
    stage.crash();
    stage.disk = Some(b"one\nwritten\n".to_vec());
    stage.join(BEN);
    assert_eq!(kept(&stage), [(Why::Here, "typed one\n"), (Why::Disk, "one\nwritten\n")]);
}

#[test]
fn disk_114_what_a_save_writes_over_is_kept_before() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.writing = false;
    stage.insert(ANA, 0, "a");
    stage.pass(1000);
    assert!(stage.pending.is_some());
    assert_eq!(kept(&stage), [(Why::Saved, "one\n")]);
    let (bytes, expect) = stage.pending.take().unwrap();
    let outcome = stage.write(&bytes, expect);
    stage.give(Input::Wrote(outcome));
    stage.writing = true;
    stage.insert(ANA, 0, "b");
    stage.pass(1000);
    assert_eq!(kept(&stage)[1..], [(Why::Saved, "aone\n")]);
}

#[test]
fn disk_115_an_earlier_version_comes_back_as_an_edit_and_what_was_there_is_kept() {
    let mut stage = Stage::text("one\ntwo\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "now ");
    stage.running = false;
    restore(&mut stage, 7, "zero\none\n");
    // Somebody types meanwhile: that stays.
    stage.insert(ANA, 7, "!");
    stage.running = true;
    stage.run_jobs();
    assert_eq!(stage.restored, [(7, Ok(()))]);
    assert_eq!(kept(&stage), [(Why::Restored, "now one\ntwo\n")]);
    assert_eq!((stage.content().as_str(), stage.peers[&ANA].text()), ("zero\none!\n", stage.content()));
    let event = stage.events.last().unwrap();
    assert_eq!(event.line, "put an earlier version of notes.txt back, 9 B");
    assert_eq!(event.person.as_ref().unwrap().name, "Ben");
    stage.pass(1000);
    assert_eq!(stage.file(), "zero\none!\n");
    // What it says already is no edit.
    let edits = stage.log.len();
    restore(&mut stage, 8, "zero\none!\n");
    assert_eq!((stage.restored.len(), stage.log.len()), (2, edits));
}

#[test]
fn disk_115_an_earlier_version_comes_back_byte_for_byte_if_nobody_types_meanwhile() {
    let mut stage = Stage::text("one\ntwo\n");
    stage.join(ANA);
    for version in ["\u{feff}one\r\nzwei\n", "one\r\nzwei\r\n"] {
        restore(&mut stage, 1, version);
        stage.pass(1000);
        assert_eq!(stage.file(), version);
        assert_eq!(stage.peers[&ANA].text(), "one\nzwei\n");
    }
    assert_eq!(kept(&stage).last(), Some(&(Why::Saved, "\u{feff}one\r\nzwei\n")));
}

#[test]
fn disk_116_what_is_no_document_is_not_put_back_and_why_is_said() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    let by = member(BEN, Role::Edit).user;
    stage.give(Input::Restore { request: 1, by, bytes: b"\xff"[..].into() });
    let (1, Err(reason)) = &stage.restored[0] else { panic!("{:?}", stage.restored) };
    assert!(reason.starts_with("notes.txt is no readable text"), "{reason}");
    assert_eq!(stage.content(), "one\n");
    assert!(stage.kept.is_empty() && !stage.room.is_dirty());
}

#[test]
fn disk_117_putting_a_version_of_a_deleted_file_back_writes_the_file_anew() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.disk = None;
    stage.give(Input::Disk(stage.read()));
    stage.pass(10_000);
    assert_eq!(stage.disk, None);
    // It needs nobody in the room.
    stage.crash();
    restore(&mut stage, 1, "one\n");
    stage.pass(1000);
    assert_eq!((stage.file(), stage.restored.len()), ("one\n", 1));
    // Nor need the room have heard of the deletion.
    stage.disk = None;
    restore(&mut stage, 2, "two\n");
    stage.pass(1000);
    assert_eq!((stage.file(), stage.restored.len()), ("two\n", 2));
}

#[test]
fn ui_105_putting_a_version_back_is_answered_when_it_and_what_was_kept_are_durable() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.storing = false;
    restore(&mut stage, 1, "two\n");
    assert_eq!((stage.content().as_str(), stage.restored.len(), stage.kept.len()), ("two\n", 0, 1));
    let last = stage.log.last().unwrap().0;
    stage.give(Input::Stored(last));
    assert_eq!(stage.restored, [(1, Ok(()))]);
}
