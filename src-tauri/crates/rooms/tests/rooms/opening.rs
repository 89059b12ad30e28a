//! Opening: from the file, from the log, after a crash at any moment.

use crate::stage::{ANA, BEN, Stage, frame, member};
use protocol::{BaseAt, CloseCode, Digest, DocumentKind, Role};
use rooms::{Backing, DiskRead, Effect, Input, Opened};
use std::sync::Arc;
use yrs::Any;

#[test]
fn sync_7_two_first_clients_make_one_document() {
    let mut stage = Stage::text("one\n");
    stage.running = false;
    stage.join(ANA);
    stage.join(BEN);
    assert_eq!((stage.jobs.len(), stage.sent.len(), stage.room.clients().len()), (1, 0, 2));
    stage.running = true;
    stage.run_jobs();
    for client in [ANA, BEN] {
        assert_eq!(stage.peers[&client].text(), "one\n");
        assert_eq!(stage.got(client, &[0, 0]).len(), 1);
        assert_eq!(&stage.sent[&client][0][..2], [0, 0], "the room asks first");
    }
}

#[test]
fn sync_8_what_is_sent_before_the_room_is_open_counts() {
    let mut stage = Stage::text("one\n");
    stage.running = false;
    stage.join(ANA);
    stage.insert(ANA, 0, "early ");
    stage.running = true;
    stage.run_jobs();
    assert!(stage.content().contains("early ") && stage.content().contains("one\n"));
    assert_eq!(stage.peers[&ANA].text(), stage.content());
}

#[test]
fn sync_44_what_was_typed_before_the_room_is_open_stays_although_its_author_left_again() {
    let check = |role: Role, stays: bool| {
        let mut stage = Stage::text("one\n");
        stage.running = false;
        stage.join_as(ANA, role);
        stage.join(BEN);
        stage.insert(ANA, 0, "early ");
        stage.leave(ANA);
        stage.running = true;
        stage.run_jobs();
        assert_eq!((stage.content().contains("early "), stage.content().contains("one\n")), (stays, true));
        assert_eq!(stage.peers[&BEN].text(), stage.content());
    };
    check(Role::Edit, true);
    check(Role::View, false);
}

#[test]
fn sync_9_what_the_file_brought_is_in_the_log_before_anybody_sees_it() {
    let mut stage = Stage::text("one\n");
    stage.storing = false;
    stage.join(ANA);
    assert_eq!(stage.peers[&ANA].text(), "", "a crash now would load another file");
    let last = stage.log.last().unwrap().0;
    stage.give(Input::Stored(last));
    assert_eq!(stage.peers[&ANA].text(), "one\n");
    stage.join(BEN);
    stage.edit_disk("one\ntwo\n");
    stage.insert(ANA, 0, "x");
    assert_eq!(stage.peers[&BEN].text(), "one\n");
    let last = stage.log.last().unwrap().0;
    stage.give(Input::Stored(last));
    assert_eq!((stage.peers[&ANA].text(), stage.peers[&BEN].text()), (stage.content(), stage.content()));
    assert_eq!(stage.content(), "xone\ntwo\n");
}

#[test]
fn disk_20_a_file_without_history_is_loaded_and_becomes_the_base() {
    let mut stage = Stage::text("one\r\ntwo");
    stage.join(ANA);
    let base = stage.base.clone().unwrap();
    assert_eq!((base.digest, base.at), (Digest::of(b"one\r\ntwo"), BaseAt::Log(1)));
    assert_eq!(stage.log[0].0, 1);
    stage.leave(ANA);
    stage.pass(70_000);
    assert!(stage.done);
    assert_eq!((stage.writes, stage.file()), (0, "one\r\ntwo"), "opening and closing writes nothing");
}

#[test]
fn disk_21_no_history_and_no_readable_file_close_with_a_reason() {
    let mut stage = Stage::new(DocumentKind::text(), None);
    stage.join(ANA);
    assert_eq!(stage.closed, [(ANA, CloseCode::FileGone, "notes.txt does not exist.".to_owned())]);
    assert!(stage.done && stage.log.is_empty());

    let mut stage = Stage::new(DocumentKind::text(), Some(b"ok\xff"));
    stage.join(ANA);
    let (_, code, reason) = &stage.closed[0];
    assert_eq!(*code, CloseCode::BadContent);
    assert!(reason.starts_with("notes.txt is no readable text: ") && reason.contains("byte"), "{reason}");
    assert!(stage.events.iter().all(|event| event.action != protocol::Action::Join));

    let mut stage = Stage::text("");
    let mut effects = Vec::new();
    stage.room.handle(stage.now, Input::Join { client: ANA, member: member(ANA, Role::Edit) }, &mut effects);
    let disk = DiskRead::Failed("a/notes.txt cannot be read: denied".to_owned());
    let (path, backing) = ("a/notes.txt".to_owned(), Backing::File);
    let (merges, taken) = (Arc::default(), None);
    let opened = Opened { log: vec![], base: None, intent: None, merges, disk, path, backing, taken };
    stage.give(Input::Opened(opened));
    assert_eq!(stage.closed, [(ANA, CloseCode::Fault, "a/notes.txt cannot be read: denied".to_owned())]);
    assert!(matches!(effects[..], [Effect::Open]));
}

/// An entry that a milder version logged: a value, another that is in it, and then these letters in the text. Of one author, so that
/// the letters build on what is refused.
fn refused(letters: &str) -> ydoc::Update {
    let value = [&[0x28, 1, 1][..], b"a", &[1], b"k", &[1, 126]].concat();
    let inside = [&[0x28, 0, 9, 0, 1][..], b"k", &[1, 126]].concat();
    let text = [&[4, 1, 6][..], b"source", &[letters.len() as u8], letters.as_bytes()].concat();
    [vec![1, 3, 9, 0], value, inside, text, vec![0]].concat().into()
}

#[test]
fn store_120_a_log_with_an_entry_that_is_refused_now_is_mended() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    let last = stage.log.last().unwrap().0;
    stage.log.push((last + 1, refused("lost ")));
    let typed = stage.peers[&ANA].insert(0, "y");
    stage.log.push((last + 2, typed.into()));
    stage.crash();
    stage.join(ANA);
    assert_eq!(stage.closed, [], "nothing is laid aside");
    assert_eq!(stage.content(), "yxone\n");
    stage.insert(ANA, 0, "z");
    stage.pass(2_000);
    assert_eq!(stage.file(), "zyxone\n");
}

#[test]
fn store_120_what_the_file_has_of_a_refused_entry_stays_there() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.crash();
    let last = stage.log.last().unwrap().0;
    stage.log.push((last + 1, refused("lost ")));
    stage.edit_disk("lost one\n");
    stage.base = Some(protocol::BaseRecord { digest: Digest::of(b"lost one\n"), at: BaseAt::Log(last + 1) });
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    assert_eq!(stage.content(), "xlost one\n");
    stage.pass(2_000);
    assert_eq!(stage.file(), "xlost one\n");
}

#[test]
fn event_66_that_a_log_was_mended_is_told_in_one_line() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.crash();
    let last = stage.log.last().unwrap().0;
    stage.log.push((last + 1, refused("lost ")));
    stage.log.push((last + 2, refused("lost too ")));
    stage.join(ANA);
    let lines: Vec<&str> =
        stage.events.iter().map(|event| &*event.line).filter(|line| line.contains("any more")).collect();
    let line =
        "2 entries in the history of notes.txt cannot be taken any more; all that does not build on them is there";
    assert_eq!(lines, [line]);
}

#[test]
fn save_20_edits_that_the_file_lacks_are_saved_after_a_restart() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.crash();
    stage.join(ANA);
    assert_eq!((stage.content().as_str(), stage.file()), ("xone\n", "one\n"));
    assert!(stage.room.is_dirty());
    stage.pass(2_000);
    assert_eq!(stage.file(), "xone\n");
    assert!(!stage.room.is_dirty());
}

#[test]
fn save_21_a_save_cut_short_after_the_write_is_adopted() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.writing = false;
    stage.pass(2_000);
    let (bytes, expect) = stage.pending.take().unwrap();
    stage.write(&bytes, expect);
    stage.crash();
    stage.join(ANA);
    assert_eq!((stage.content().as_str(), stage.file()), ("xone\n", "xone\n"));
    assert_eq!(stage.base.clone().unwrap().digest, Digest::of(b"xone\n"));
    stage.edit_disk("xone\ntwo\n");
    stage.pass(10_000);
    assert_eq!((stage.content().as_str(), stage.file()), ("xone\ntwo\n", "xone\ntwo\n"));
}

#[test]
fn save_22_a_save_cut_short_and_an_edit_on_disk_lose_and_double_nothing() {
    // The write may have happened before the foreign edit, or not at all.
    for (happened, disk, expect) in [(true, "xone\ntwo\n", "xone\ntwo\n"), (false, "one\ntwo\n", "xone\ntwo\n")] {
        let mut stage = Stage::text("one\n");
        stage.join(ANA);
        stage.insert(ANA, 0, "x");
        stage.writing = false;
        stage.pass(2_000);
        assert!(stage.intent.is_some(), "the intent is durable before the write");
        if happened {
            let (bytes, expect) = stage.pending.take().unwrap();
            stage.write(&bytes, expect);
        }
        stage.crash();
        stage.disk = Some(disk.as_bytes().to_vec());
        stage.join(ANA);
        stage.pass(10_000);
        assert_eq!((stage.content().as_str(), stage.file()), (expect, expect), "{happened}");
        assert_eq!(stage.peers[&ANA].text(), expect);
    }
}

#[test]
fn disk_22_an_edit_made_while_away_is_merged_with_unsaved_edits() {
    let mut stage = Stage::text("one\ntwo\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.crash();
    stage.disk = Some(b"one\ntwo\nthree\n".to_vec());
    stage.join(ANA);
    stage.join(BEN);
    assert_eq!(stage.content(), "xone\ntwo\nthree\n");
    assert_eq!((stage.peers[&ANA].text(), stage.peers[&BEN].text()), (stage.content(), stage.content()));
    stage.pass(2_000);
    assert_eq!(stage.file(), "xone\ntwo\nthree\n");
}

#[test]
fn disk_23_a_lost_base_loses_and_doubles_nothing() {
    let mut stage = Stage::text("one\ntwo\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.pass(2_000);
    stage.insert(ANA, 1, "y");
    stage.crash();
    stage.base = None;
    stage.disk = Some(b"xone\ntwo\nthree\n".to_vec());
    stage.join(ANA);
    assert_eq!(stage.content(), "xyone\ntwo\nthree\n");

    stage.pass(2_000);
    stage.crash();
    stage.base = None;
    stage.join(ANA);
    assert_eq!(stage.content(), "xyone\ntwo\nthree\n");
    assert_eq!(stage.base.clone().unwrap().digest, Digest::of(b"xyone\ntwo\nthree\n"));
    assert!(!stage.room.is_dirty());
}

#[test]
fn disk_24_with_a_history_a_missing_file_is_no_loss() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.crash();
    stage.disk = None;
    stage.join(ANA);
    assert_eq!(stage.content(), "xone\n");
    assert!(stage.closed.is_empty() && stage.room.is_dirty());
    stage.pass(30_000);
    assert_eq!(stage.disk, None, "never made again by itself");
    stage.edit_disk("one\ntwo\n");
    stage.pass(2_000);
    assert_eq!((stage.content().as_str(), stage.file()), ("xone\ntwo\n", "xone\ntwo\n"));
}

#[test]
fn disk_25_with_a_history_an_unreadable_file_keeps_the_room_alive() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.crash();
    stage.disk = Some(b"\xff\xfe broken".to_vec());
    stage.join(ANA);
    stage.pass(30_000);
    assert_eq!(stage.content(), "xone\n");
    assert_eq!(stage.disk.as_deref(), Some(&b"\xff\xfe broken"[..]), "it is not replaced");
    let errors = stage.events.iter().filter(|event| event.level == protocol::Level::Error).count();
    assert_eq!(errors, 1, "{:?}", stage.told());
    stage.edit_disk("one\ntwo\n");
    stage.pass(2_000);
    assert_eq!((stage.content().as_str(), stage.file()), ("xone\ntwo\n", "xone\ntwo\n"));
}

#[test]
fn save_23_the_state_says_path_hash_and_that_all_is_saved() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    let ana = &stage.peers[&ANA];
    assert_eq!(ana.state("path"), Some(Any::from("a/notes.txt")));
    assert_eq!(ana.state("hash"), Some(Any::from(Digest::of(b"one\n").to_hex())));
    assert_eq!(ana.state("dirty"), Some(Any::Bool(false)));
    let logged = stage.log.len();
    stage.pass(10_000);
    assert_eq!((stage.writes, stage.log.len()), (0, logged), "the room's own words are no reason to save");
    stage.crash();
    stage.join(BEN);
    assert_eq!(stage.log.len(), logged, "nothing changed, nothing is said");
}

#[test]
fn too_much_before_the_room_is_open_disconnects() {
    let mut stage = Stage::text("one\n");
    stage.running = false;
    stage.give(Input::Join { client: ANA, member: member(ANA, Role::Edit) });
    stage.give(Input::Join { client: BEN, member: member(BEN, Role::Edit) });
    let big = frame(&[0, 2], &vec![0; 40 << 20]);
    stage.frame(ANA, big.clone());
    stage.frame(ANA, big);
    assert_eq!(stage.closed[0].1, CloseCode::FellBehind);
    stage.running = true;
    stage.run_jobs();
    assert_eq!(stage.room.clients(), [BEN]);
}
