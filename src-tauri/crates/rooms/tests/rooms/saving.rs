//! From the room to the file: SAVE.

use crate::stage::{ANA, BEN, POLICY, Stage, save};
use protocol::{Action, BaseAt, Digest, DocumentKind, Level};
use rooms::{Input, Policy, WriteOutcome};
use serde_json::json;
use yrs::Any;

#[test]
fn save_10_quiet_for_a_second_or_five_seconds_after_the_first_edit_saves() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.insert(ANA, 0, "a");
    stage.pass(990);
    assert_eq!(stage.writes, 0);
    stage.pass(20);
    assert_eq!((stage.writes, stage.file()), (1, "a"));
    for _ in 0..20 {
        stage.insert(ANA, 0, "b");
        stage.pass(300);
    }
    assert_eq!(stage.writes, 2, "typing on and on does not put it off for ever");
    stage.pass(2000);
    let before = stage.writes;
    for _ in 0..100 {
        stage.insert(ANA, 0, "c");
        stage.pass(9);
    }
    stage.pass(2000);
    assert_eq!(stage.writes, before + 1, "a hundred quick edits are one write");
}

#[test]
fn save_11_without_a_delay_somebody_must_ask_or_leave() {
    let policy = Policy { save_delay: None, ..POLICY };
    let mut stage = Stage::with(DocumentKind::text(), Some(b""), policy);
    stage.join(ANA);
    stage.insert(ANA, 0, "a");
    stage.pass(60_000);
    assert_eq!(stage.writes, 0);
    stage.frame(ANA, save(1));
    assert_eq!((stage.writes, stage.file()), (1, "a"));
    stage.insert(ANA, 1, "b");
    stage.leave(ANA);
    assert_eq!((stage.writes, stage.file()), (2, "ab"));
}

#[test]
fn save_12_who_asks_is_answered_after_the_file_was_written() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.frame(ANA, save(1));
    assert_eq!(stage.answers(ANA), [json!({"type": "save", "responseTo": 1, "status": "success"})]);
    assert_eq!(stage.writes, 0, "nothing had to be written");
    stage.insert(ANA, 0, "a");
    stage.writing = false;
    stage.frame(ANA, save(2));
    stage.insert(ANA, 1, "b");
    stage.frame(ANA, save(3));
    assert_eq!(stage.answers(ANA).len(), 1);
    stage.writing = true;
    let (bytes, expect) = stage.pending.take().unwrap();
    let outcome = stage.write(&bytes, expect);
    stage.give(Input::Wrote(outcome));
    let answered: Vec<_> = stage.answers(ANA).iter().map(|answer| answer["responseTo"].clone()).collect();
    assert_eq!(answered, [1, 2, 3]);
    assert_eq!((stage.writes, stage.file()), (2, "ab"), "the second one needed its own write");
}

#[test]
fn save_13_a_save_says_dirty_false_and_the_hash_in_one_update() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.set(ANA, "dirty", Any::Bool(true));
    stage.insert(ANA, 0, "a");
    stage.forget();
    stage.pass(1_100);
    assert_eq!(stage.got(ANA, &[0, 2]).len(), 1);
    assert_eq!(stage.peers[&ANA].state("dirty"), Some(Any::Bool(false)));
    assert_eq!(stage.peers[&ANA].state("hash"), Some(Any::from(Digest::of(b"a").to_hex())));
}

#[test]
fn save_14_edits_made_during_a_save_stay_dirty_and_are_saved_next() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.set(ANA, "dirty", Any::Bool(true));
    stage.insert(ANA, 0, "a");
    stage.writing = false;
    stage.pass(1_100);
    stage.insert(ANA, 1, "b");
    stage.writing = true;
    let (bytes, expect) = stage.pending.take().unwrap();
    let outcome = stage.write(&bytes, expect);
    stage.give(Input::Wrote(outcome));
    assert_eq!(stage.peers[&ANA].state("dirty"), Some(Any::Bool(true)));
    assert!(stage.room.is_dirty());
    let BaseAt::Log(seq) = stage.base.clone().unwrap().at else { panic!("a place in the log") };
    assert!(seq < stage.log.last().unwrap().0, "the base is what was written, not what came after");
    stage.pass(1_100);
    assert_eq!(stage.file(), "ab");
    assert_eq!(stage.peers[&ANA].state("dirty"), Some(Any::Bool(false)));
}

#[test]
fn save_15_dirty_turning_true_arms_a_save_and_other_state_does_not() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.set(ANA, "document_id", Any::from("x"));
    assert!(!stage.room.is_dirty());
    stage.set(ANA, "dirty", Any::Bool(true));
    assert!(stage.room.is_dirty());
    stage.pass(1_100);
    assert_eq!(stage.peers[&ANA].state("dirty"), Some(Any::Bool(false)));
    assert_eq!(stage.writes, 0, "the file has it all");
}

#[test]
fn save_16_a_write_that_finds_something_else_merges_and_writes_again() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.disk = Some(b"one\ntwo\n".to_vec());
    stage.pass(1_100);
    assert_eq!((stage.content().as_str(), stage.file()), ("xone\ntwo\n", "xone\ntwo\n"));
    assert!(stage.told().contains(&"Out-of-band changes while saving."), "{:?}", stage.told());
    assert!(!stage.room.is_dirty());
}

#[test]
fn save_17_a_failure_is_told_once_tried_again_and_keeps_the_edits() {
    let mut stage = Stage::text("");
    stage.write_fails.extend(["Disk is full", "Disk is full", "No permission to write"].map(str::to_owned));
    stage.join(ANA);
    stage.insert(ANA, 0, "a");
    stage.pass(25_000);
    assert!(stage.room.is_dirty());
    stage.pass(10_000);
    assert_eq!((stage.file(), stage.writes), ("a", 1));
    assert!(!stage.room.is_dirty());
    let errors: Vec<_> =
        stage.events.iter().filter(|event| event.level == Level::Error).map(|event| &*event.msg).collect();
    let said = ["Disk is full", "No permission to write"];
    assert_eq!(errors, said.map(|reason| format!("Error saving file: a/notes.txt\n{reason}")));
    let saved = stage.events.iter().find(|event| event.action == Action::Save && event.level == Level::Info);
    assert_eq!(saved.unwrap().line, "Saved, 1 B, after 31 s of waiting");
}

#[test]
fn save_18_who_asked_for_a_save_that_fails_is_told_why() {
    let mut stage = Stage::text("");
    stage.write_fails.push_back("Disk is full".to_owned());
    stage.join(ANA);
    stage.insert(ANA, 0, "a");
    stage.frame(ANA, save(9));
    let answer = json!({"type": "save", "responseTo": 9, "status": "failed", "message": "Disk is full"});
    assert_eq!(stage.answers(ANA), [answer]);
}

#[test]
fn save_19_the_last_one_to_leave_leaves_a_saved_file() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.join(BEN);
    stage.insert(ANA, 0, "a");
    stage.leave(ANA);
    assert_eq!(stage.writes, 0);
    stage.leave(BEN);
    assert_eq!((stage.writes, stage.file()), (1, "a"));
}

#[test]
fn save_24_a_write_that_was_called_failed_but_reached_the_file_is_recognised() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.writing = false;
    stage.pass(1_100);
    let (bytes, expect) = stage.pending.take().unwrap();
    stage.write(&bytes, expect);
    stage.writing = true;
    stage.give(Input::Wrote(WriteOutcome::Failed("the answer was lost".to_owned())));
    stage.insert(ANA, 0, "y");
    stage.pass(20_000);
    assert_eq!((stage.content().as_str(), stage.file()), ("yxone\n", "yxone\n"));

    // And the same when somebody edits it before it is looked at.
    stage.insert(ANA, 0, "z");
    stage.writing = false;
    stage.pass(1_100);
    let (bytes, expect) = stage.pending.take().unwrap();
    stage.write(&bytes, expect);
    stage.writing = true;
    stage.give(Input::Wrote(WriteOutcome::Failed("the answer was lost".to_owned())));
    stage.disk = Some(b"zyxone\ntwo\n".to_vec());
    stage.pass(20_000);
    assert_eq!((stage.content().as_str(), stage.file()), ("zyxone\ntwo\n", "zyxone\ntwo\n"));
}

#[test]
fn save_25_an_unsaved_document_survives_a_crash_between_any_two_steps() {
    // Confirmed or not, written or not: whatever the store and the disk hold, opening them again gives the one text.
    for wait in [0, 500, 1_100, 6_000] {
        let mut stage = Stage::text("one\n");
        stage.join(ANA);
        stage.insert(ANA, 0, "x");
        stage.pass(wait);
        stage.crash();
        stage.join(ANA);
        stage.join(BEN);
        stage.pass(10_000);
        assert_eq!((stage.content().as_str(), stage.file()), ("xone\n", "xone\n"), "{wait}");
        assert_eq!((stage.peers[&ANA].text(), stage.peers[&BEN].text()), (stage.content(), stage.content()));
    }
}
