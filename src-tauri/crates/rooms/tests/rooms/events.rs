//! What the world is told: EVENT.

use crate::stage::{ANA, BEN, Stage};
use protocol::{Action, Event, EventKind, Level, Role};
use rooms::Input;

fn people(events: &[Event]) -> Vec<(Action, &str)> {
    let awareness = events.iter().filter(|event| event.kind == EventKind::Awareness);
    awareness.map(|event| (event.action, &*event.person.as_ref().unwrap().username)).collect()
}

#[test]
fn event_1_opening_is_told_in_the_words_of_the_reference_server() {
    let mut stage = Stage::text("one\n");
    stage.join(ANA);
    let came = "opened notes.txt";
    assert_eq!(stage.told(), ["Content loaded from disk.", "Room initialized", came, "New client connected."]);
    let ready = &stage.events[1];
    assert_eq!((ready.level, ready.kind, ready.action), (Level::Info, EventKind::Session, Action::Initialize));
    assert_eq!((ready.room.as_deref(), ready.path.as_deref()), (Some("text:file:f"), Some("a/notes.txt")));
    assert_eq!(ready.line, "Room ready");

    stage.insert(ANA, 0, "x");
    stage.crash();
    stage.disk = Some(b"one\ntwo\n".to_vec());
    stage.join(ANA);
    let store = "Content loaded from the store SQLiteYStore";
    assert_eq!(stage.told()[..3], [store, "The file is out-of-sync with the ystore.", "Room initialized"]);
    assert!(stage.events[0].line.starts_with("notes.txt from the log, with "), "{}", stage.events[0].line);
}

#[test]
fn event_2_a_save_is_told() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.forget();
    stage.insert(ANA, 0, "a");
    stage.pass(1_100);
    assert_eq!(stage.told(), ["Content saved."]);
    assert_eq!((stage.events[0].action, stage.events[0].line.as_str()), (Action::Save, "notes.txt, 1 B"));
}

#[test]
fn event_3_who_joined_leaves_and_nobody_else() {
    let mut stage = Stage::text("");
    stage.running = false;
    stage.join(ANA);
    stage.join_as(BEN, Role::View);
    stage.leave(ANA);
    assert_eq!(people(&stage.events), []);
    stage.running = true;
    stage.run_jobs();
    stage.pass(339_000);
    stage.leave(BEN);
    stage.leave(BEN);
    assert_eq!(people(&stage.events), [(Action::Join, "ben"), (Action::Leave, "ben")]);
    let lines: Vec<_> = stage.events.iter().filter(|event| event.kind == EventKind::Awareness).collect();
    assert_eq!((&*lines[0].line, &*lines[1].line), ("opened notes.txt, may view", "after 5 min 39 s"));
}

#[test]
fn event_4_closing_tells_that_all_left() {
    let mut stage = Stage::text("");
    stage.join(ANA);
    stage.join(BEN);
    stage.give(Input::Close { reason: "bye".to_owned() });
    stage.leave(ANA);
    stage.leave(BEN);
    let left = people(&stage.events).into_iter().filter(|(action, _)| *action == Action::Leave).count();
    assert_eq!(left, 2);
    assert!(stage.told().ends_with(&["Room deleted.", "Loader deleted."]), "{:?}", stage.told());
}

#[test]
fn event_5_an_edit_on_disk_says_what_was_merged() {
    let mut stage = Stage::text("one\ntwo\n");
    stage.join(ANA);
    stage.insert(ANA, 0, "x");
    stage.forget();
    stage.edit_disk("one\ntwo\nthree\n");
    let event = &stage.events[0];
    assert_eq!((event.level, event.action), (Level::Info, Action::Overwrite));
    assert_eq!(event.line, "notes.txt changed on disk: 1 line merged, typing kept");
}

#[test]
fn event_54_a_clock_that_is_set_changes_no_span_and_no_deadline() {
    for jump in [0, 1_000, 1_700_000_000_000 + 7 * 3_600_000, u64::MAX] {
        let mut stage = Stage::text("");
        stage.join(ANA);
        stage.now.unix_ms = jump;
        stage.forget();
        stage.insert(ANA, 0, "a");
        let due = stage.room.deadline();
        stage.now.unix_ms = jump / 2;
        assert_eq!(stage.room.deadline(), due);
        stage.pass(1_100);
        assert_eq!(stage.told(), ["Content saved."]);
        stage.write_fails.push_back("Disk is full.".to_owned());
        stage.insert(ANA, 0, "b");
        stage.pass(1_100);
        stage.now.unix_ms = 0;
        stage.pass(30_000);
        let saved = stage.events.last().map(|event| event.line.clone());
        assert_eq!(saved.as_deref(), Some("Saved, 2 B, after 11 s of waiting"));
        stage.give(Input::Frame { client: ANA, bytes: bytes::Bytes::from_static(&[4, 2, 1, b'"', b'"']) });
        stage.leave(ANA);
        let left = stage.events.iter().find(|event| event.action == Action::Leave).map(|event| event.line.clone());
        assert_eq!(left.as_deref(), Some("after 32 s"));
    }
}
