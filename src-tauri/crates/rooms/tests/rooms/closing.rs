//! The end of a room.

use crate::stage::{ANA, BEN, POLICY, Stage};
use protocol::{CloseCode, DocumentKind};
use rooms::{Input, Policy};

fn close() -> Input {
    Input::Close { reason: "Ines stopped sharing".to_owned() }
}

#[test]
fn save_26_an_empty_room_goes_when_all_is_saved_and_stored() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.leave(ANA);
    stage.pass(59_000);
    stage.join(ANA);
    stage.pass(60_000);
    assert!(!stage.done, "whoever comes in time finds the room");
    stage.insert(ANA, 0, "a");
    stage.storing = false;
    stage.leave(ANA);
    stage.pass(59_900);
    assert!(!stage.done && stage.room.is_open());
    stage.pass(200);
    assert!(!stage.done, "the log is not durable yet");
    stage.give(Input::Stored(stage.log.last().unwrap().0));
    assert!(stage.done && !stage.room.is_open());
    assert_eq!(stage.file(), "a");
    assert!(stage.told().ends_with(&["Room deleted.", "Loader deleted."]), "{:?}", stage.told());
}

#[test]
fn save_27_a_room_that_cannot_save_tries_a_few_times_and_leaves_its_edits_in_the_log() {
    let mut stage = Stage::text("");
    stage.write_fails.extend(std::iter::repeat_n("Disk is full".to_owned(), 50));
    stage.join(ANA);
    stage.insert(ANA, 0, "a");
    stage.leave(ANA);
    stage.pass(65_000);
    assert!(!stage.done);
    stage.pass(60_000);
    assert!(stage.done);
    stage.write_fails.clear();
    stage.crash();
    stage.join(BEN);
    stage.pass(2_000);
    assert_eq!((stage.content().as_str(), stage.file()), ("a", "a"));
}

#[test]
fn save_28_closing_disconnects_everybody_and_saves() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.join(BEN);
    stage.insert(ANA, 0, "a");
    stage.give(close());
    let reason = "Ines stopped sharing".to_owned();
    assert_eq!(stage.closed, [(ANA, CloseCode::Quitting, reason.clone()), (BEN, CloseCode::Quitting, reason)]);
    assert_eq!((stage.file(), stage.done), ("a", true));
}

#[test]
fn save_29_closing_does_not_wait_for_a_disk_that_fails() {
    let mut stage = Stage::text("");
    stage.write_fails.push_back("Disk is full".to_owned());
    stage.join(ANA);
    stage.insert(ANA, 0, "a");
    stage.give(close());
    assert!(stage.done);
    stage.crash();
    stage.join(ANA);
    assert_eq!(stage.content(), "a");
}

#[test]
fn closing_before_the_room_is_open_ends_it() {
    let mut stage = Stage::text("");
    stage.running = false;
    stage.join(ANA);
    stage.give(close());
    assert!(stage.done);
    assert_eq!(stage.closed[0].1, CloseCode::Quitting);
    stage.run_jobs();
    assert!(stage.log.is_empty() && !stage.room.is_open());
    stage.join(BEN);
    assert_eq!(stage.closed[1].1, CloseCode::FellBehind);
}

#[test]
fn without_a_delay_an_empty_room_stays() {
    let mut stage = Stage::with(DocumentKind::text(), Some(b""), Policy { cleanup_delay: None, ..POLICY });
    stage.join(ANA);
    stage.leave(ANA);
    stage.pass(1_000_000);
    assert!(!stage.done);
    assert_eq!(stage.room.deadline(), None);
}
