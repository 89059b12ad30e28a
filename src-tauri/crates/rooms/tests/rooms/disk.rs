//! From the file to the room: DISK.

use crate::stage::{ANA, BEN, Peer, Stage, member, save};
use protocol::{Action, BaseAt, BaseRecord, Digest, FileState, Level, Model, Role};
use rooms::{DiskRead, Input, WriteOutcome};
use serde_json::json;
use ydoc::Document;
use yrs::Any;

#[test]
fn disk_23_a_base_of_another_history_counts_as_lost() {
    // The base has a line that the log never had.
    let strange = |stage: &mut Stage, file: &str| {
        let mut document = Document::new(Model::Text, 99);
        document.apply(&stage.log[0].1).unwrap();
        let peer = Peer::of(&document.state());
        document.apply(&peer.insert(4, "zwei\n")).unwrap();
        let at = BaseAt::Copy(document.state());
        stage.base = Some(BaseRecord { digest: Digest::of(file.as_bytes()), at });
    };
    for (base, file, expect) in [
        ("one\nzwei\n", "one\nzwei\ndrei\n", "typed one\nzwei\ndrei\n"),
        // The file as it is said to have been agreed on: it has what the document lacks.
        ("one\nzwei\n", "one\nzwei\n", "typed one\nzwei\n"),
        ("one\nzwei\n", "one\n", "typed one\n"),
    ] {
        let mut stage = Stage::text("one\n");
        stage.join(ANA);
        stage.insert(ANA, 0, "typed ");
        strange(&mut stage, base);
        stage.crash();
        stage.disk = Some(file.as_bytes().to_vec());
        stage.join(ANA);
        assert_eq!(stage.content(), expect);
        // People and programs go on.
        stage.insert(ANA, 0, "x");
        stage.edit_disk(&format!("{file}five\n"));
        stage.pass(60_000);
        let expect = format!("x{expect}five\n");
        assert_eq!((stage.content(), stage.file()), (expect.clone(), expect.as_str()));
    }
}

#[test]
fn disk_26_an_edit_on_disk_reaches_everybody_and_is_the_new_base() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.join(BEN);
    stage.forget();
    stage.edit_disk("one\ntwo\n");
    assert_eq!((stage.peers[&ANA].text(), stage.peers[&BEN].text()), (stage.content(), stage.content()));
    assert_eq!(stage.content(), "one\ntwo\n");
    let base = stage.base.clone().unwrap();
    assert_eq!(base.digest, Digest::of(b"one\ntwo\n"));
    assert!(matches!(base.at, BaseAt::Log(_)), "the log up to the merge is what the file says");
    assert_eq!(stage.peers[&ANA].state("hash"), Some(Any::from(base.digest.to_hex())));
    assert!(stage.told().contains(&"Out-of-band changes. Overwriting the room."));
    stage.pass(10_000);
    assert_eq!(stage.writes, 0, "nothing is left to save");
}

#[test]
fn disk_27_a_known_content_is_no_news() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.pass(1_100);
    stage.forget();
    let logged = stage.log.len();
    stage.give(Input::Disk(stage.read()));
    assert!(stage.sent.is_empty() && stage.events.is_empty());
    assert_eq!(stage.log.len(), logged);
}

#[test]
fn disk_28_unsaved_typing_survives_an_edit_on_disk() {
    let mut stage = Stage::text("one\ntwo\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.edit_disk("one\ntwo\nthree\n");
    assert_eq!(stage.content(), "xone\ntwo\nthree\n");
    assert!(stage.room.is_dirty());
    assert!(matches!(stage.base.clone().unwrap().at, BaseAt::Copy(_)), "no place in the log is what the file says");
    stage.crash();
    stage.join(ANA);
    assert_eq!(stage.content(), "xone\ntwo\nthree\n");
    stage.pass(1_100);
    assert_eq!(stage.file(), "xone\ntwo\nthree\n");
}

#[test]
fn disk_29_what_is_typed_during_a_merge_stays() {
    let mut stage = Stage::text("one\ntwo\n");
    stage.join(ANA);
    stage.running = false;
    stage.edit_disk("one\ntwo\nthree\n");
    stage.insert(ANA, 0, "x");
    stage.running = true;
    stage.run_jobs();
    assert_eq!((stage.content(), stage.peers[&ANA].text()), ("xone\ntwo\nthree\n".into(), stage.content()));
    assert!(stage.room.is_dirty());
    stage.pass(1_100);
    assert_eq!(stage.file(), "xone\ntwo\nthree\n");
}

#[test]
fn disk_30_an_edit_on_disk_during_a_save_is_merged_first() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.running = false;
    stage.pass(1_100);
    stage.edit_disk("one\ntwo\n");
    stage.running = true;
    stage.run_jobs();
    assert_eq!((stage.content().as_str(), stage.file()), ("xone\ntwo\n", "xone\ntwo\n"));
    assert_eq!(stage.writes, 1);
}

#[test]
fn disk_31_news_from_before_the_end_of_a_write_are_looked_at_again() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.writing = false;
    stage.pass(1_100);
    let before = stage.read();
    let (bytes, expect) = stage.pending.take().unwrap();
    stage.writing = true;
    stage.give(Input::Disk(before));
    let outcome = stage.write(&bytes, expect);
    stage.give(Input::Wrote(outcome));
    assert_eq!((stage.content().as_str(), stage.file()), ("xone\n", "xone\n"));
}

#[test]
fn disk_32_a_deleted_file_keeps_its_document_and_comes_back_by_asking() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.disk = None;
    stage.give(Input::Disk(DiskRead::Gone));
    stage.give(Input::Disk(DiskRead::Gone));
    let told: Vec<_> = stage.events.iter().filter(|event| event.action == Action::Delete).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].line, "notes.txt was deleted on disk; kept open for 1 person");
    stage.insert(ANA, 0, "x");
    stage.pass(30_000);
    assert_eq!(stage.disk, None);
    stage.frame(ANA, save(1));
    assert_eq!(stage.file(), "xone\n");
    assert_eq!(stage.answers(ANA), [json!({"type": "save", "responseTo": 1, "status": "success"})]);
    assert!(!stage.room.is_dirty());
}

#[test]
fn disk_33_a_half_written_file_is_read_again_before_anybody_is_bothered() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.forget();
    stage.disk = Some(b"one\xff".to_vec());
    stage.give(Input::Disk(stage.read()));
    stage.pass(300);
    stage.disk = Some(b"one\ntwo\n".to_vec());
    stage.pass(1_000);
    assert_eq!(stage.content(), "one\ntwo\n");
    assert!(stage.events.iter().all(|event| event.level < Level::Error));

    stage.disk = Some(b"one\xff".to_vec());
    stage.give(Input::Disk(stage.read()));
    stage.insert(ANA, 0, "x");
    stage.frame(ANA, save(1));
    stage.pass(60_000);
    let errors: Vec<_> = stage.events.iter().filter(|event| event.level == Level::Error).collect();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].msg.starts_with("Error loading content from file: a/notes.txt\n"), "{}", errors[0].msg);
    assert_eq!(stage.answers(ANA)[0]["status"], "failed");
    assert_eq!(stage.disk.as_deref(), Some(&b"one\xff"[..]));
    assert!(stage.room.is_open() && stage.closed.is_empty());
    stage.edit_disk("one\ntwo\n");
    stage.pass(2_000);
    assert_eq!((stage.content().as_str(), stage.file()), ("xone\ntwo\n", "xone\ntwo\n"));
}

#[test]
fn disk_34_a_file_that_moved_keeps_its_room() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.forget();
    stage.give(Input::Moved { path: "b/log.txt".to_owned(), by: None });
    assert_eq!(stage.room.path(), "b/log.txt");
    assert_eq!(stage.peers[&ANA].state("path"), Some(Any::from("b/log.txt")));
    assert_eq!(stage.told(), ["notes.txt is now log.txt"]);
    let by = Some((&member(ANA, Role::Edit).user).into());
    stage.give(Input::Moved { path: "log.txt".to_owned(), by });
    assert_eq!(stage.told(), ["notes.txt is now log.txt", "renamed b/log.txt to log.txt"]);
    assert!(!stage.room.is_dirty());
}

#[test]
fn disk_35_an_edit_on_disk_is_not_doubled_by_a_crash_before_it_was_logged() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    let (log, base) = (stage.log.clone(), stage.base.clone());
    stage.storing = false;
    stage.edit_disk("one\ntwo\n");
    // The transaction with the merge never reached the store.
    (stage.log, stage.base) = (log, base);
    stage.crash();
    stage.join(ANA);
    assert_eq!((stage.content(), stage.peers[&ANA].text()), ("one\ntwo\n".into(), "one\ntwo\n".into()));
}

#[test]
fn ui_100_a_page_is_told_how_the_file_fares_when_that_changes_and_when_it_joins() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    assert_eq!(stage.fared(ANA), []);
    stage.disk = None;
    stage.give(Input::Disk(DiskRead::Gone));
    stage.give(Input::Disk(DiskRead::Gone));
    stage.join_as(BEN, Role::View);
    assert_eq!((stage.fared(ANA), stage.fared(BEN)), (vec![FileState::Gone], vec![FileState::Gone]));
    stage.frame(ANA, save(1));
    assert_eq!(stage.fared(BEN), [FileState::Gone, FileState::Fine]);

    stage.forget();
    stage.write_fails.extend(["Full.", "Full.", "Denied."].map(str::to_owned));
    stage.insert(ANA, 0, "x");
    stage.pass(40_000);
    let unwritable = |reason: &str| FileState::Unwritable { reason: reason.to_owned() };
    assert_eq!(stage.fared(BEN), [unwritable("Full."), unwritable("Denied."), FileState::Fine]);

    stage.forget();
    stage.disk = Some(b"one\xff".to_vec());
    stage.give(Input::Disk(stage.read()));
    assert_eq!(stage.fared(ANA), [], "it may be half-written");
    stage.pass(10_000);
    let [FileState::Unreadable { reason }] = &stage.fared(ANA)[..] else { panic!("{:?}", stage.fared(ANA)) };
    assert!(reason.starts_with("notes.txt is no readable text: "), "{reason}");
    stage.edit_disk("one\n");
    assert_eq!(stage.fared(ANA).last(), Some(&FileState::Fine));
}

#[test]
fn ui_106_a_page_is_told_that_its_text_is_no_document_until_it_is_one() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.writing = false;
    stage.insert(ANA, 0, "{");
    stage.pass(1_100);
    stage.give(Input::Wrote(WriteOutcome::Unfit("Half.".to_owned())));
    assert_eq!(stage.fared(ANA), [FileState::Unfit { reason: "Half.".to_owned() }]);
    stage.writing = true;
    stage.insert(ANA, 0, "}");
    stage.pass(1_100);
    assert_eq!((stage.fared(ANA).last(), stage.file()), (Some(&FileState::Fine), "}{one\n"));
}
