//! What people are told of changes of the file that were merged.

use crate::stage::*;
use protocol::Digest;

/// Notices of merges that a client got.
fn notices(stage: &Stage, client: protocol::ClientId) -> Vec<Vec<protocol::Merge>> {
    let notices = stage.raw(client).filter(|answer| answer["type"] == "merged");
    notices.map(|notice| serde_json::from_value(notice["merges"].clone()).unwrap()).collect()
}

#[test]
fn disk_110_everybody_is_told_what_was_merged_after_they_have_it() {
    let mut stage = Stage::text("a\nvalue = 1\n");
    stage.join(ANA);
    stage.join_as(BEN, protocol::Role::View);
    stage.insert(ANA, 11, "77");
    stage.forget();
    stage.storing = false;
    stage.edit_disk("a\nvalue = 1.25\n");
    assert!(notices(&stage, BEN).is_empty(), "before the update that brought it");
    stage.give(rooms::Input::Stored(stage.log.last().unwrap().0));
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
    let [merge] = &merges[..] else { panic!("one merge: {merges:?}") };
    assert!(merge.closed && merge.report.live_edits && merge.report.changed == 1);
    assert_eq!(stage.content(), "typed one\nwritten\n");
}
