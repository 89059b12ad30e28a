//! A notebook and its text, open at the same time: SYNC-70 and the following.

use crate::house::{House, NOTEBOOK, VIEW, notebook};
use crate::stage::{POLICY, frame, save};
use protocol::{Action, Digest, DiskContent, DocumentKind, FileId, Level, RoomId};
use rooms::{Answer, Ask, Authors, Backing, DiskRead, DocumentRoom, Effect, Input, Now, Opened};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use yrs::Any;

fn open(source: &str, save_delay: Option<Duration>) -> House {
    let mut house = House::new(&notebook(source), save_delay);
    house.join(VIEW);
    house.join(NOTEBOOK);
    house.pass(500);
    assert_eq!((house.cell().as_str(), house.text()), (source, notebook(source)));
    house
}

/// How often a word is there.
fn count(text: &str, word: &str) -> usize {
    text.matches(word).count()
}

#[test]
fn sync_70_notebook_and_text_are_in_step_while_both_are_typed_in_and_nothing_is_saved() {
    let mut house = open("end", None);
    for round in 0..40 {
        let (here, there) = (format!("<n{round}>"), format!("<t{round}>"));
        house.type_in_cell(&here);
        house.type_before("end", &there);
        // Virtual time: the rooms' own waiting.
        for _ in 0..6 {
            house.pass(50);
            house.type_in_cell(".");
            house.type_before("end", ",");
        }
        assert_eq!(count(&house.cell(), &there), 1, "{}", house.cell());
        assert_eq!(count(&house.text(), &here), 1, "{}", house.text());
    }
    assert_eq!((house.writes, house.file()), (0, notebook("end").as_str()));
    house.pass(1_000);
    assert_eq!(house.text(), notebook(&house.cell()));
    assert_eq!((count(&house.cell(), "."), count(&house.cell(), ",")), (240, 240));
    let told: Vec<_> = house.sides[VIEW].events.iter().filter(|event| event.level != Level::Info).collect();
    assert!(told.is_empty(), "{told:?}");
    let saves = house.sides.iter().flat_map(|side| &side.events).filter(|event| event.action == Action::Save);
    assert_eq!(saves.count(), 0, "what goes from room to room is no save");
}

#[test]
fn sync_71_half_typed_json_stays_in_its_view_unsaved_and_blocks_nobody() {
    let mut house = open("end", Some(Duration::from_secs(1)));
    let dirty = house.sides[VIEW].peer.set("dirty", Any::Bool(true));
    house.send(VIEW, frame(&[0, 2], &dirty));
    house.type_before("\n \"metadata\": {},", "\n \"mine\": {\"half\": ,");
    for round in 0..30 {
        house.type_in_cell(&format!("<n{round}>"));
        house.type_before(",\n \"metadata\"", " ");
        house.pass(300);
        assert_eq!(count(&house.text(), &format!("<n{round}>")), 1, "the notebook goes on");
    }
    assert_eq!(count(&house.text(), "\"half\": "), 1);
    assert_eq!(count(house.file(), "half"), 0);
    assert_eq!(count(house.file(), "<n5>"), 1, "the notebook is saved");
    assert!(house.sides[VIEW].room.is_dirty());
    assert_eq!(house.sides[VIEW].peer.state("dirty"), Some(Any::Bool(true)));
    let failures = house.sides[VIEW].events.iter().filter(|event| event.level == Level::Error);
    let lines: Vec<_> = failures.map(|event| event.line.as_str()).collect();
    assert_eq!(lines.len(), 1, "told once: {lines:?}");
    assert!(lines[0].starts_with("notes.ipynb is no readable notebook: "), "{lines:?}");
    house.send(VIEW, save(1));
    house.pass(200);
    assert_eq!(house.sides[VIEW].answers.last().unwrap()["status"], "failed");
    // The rest of it.
    house.erase("\"half\": ");
    house.type_before("                              ,\n \"metadata\"", "\"whole\": 1}");
    house.pass(3_000);
    assert_eq!(count(house.file(), "\"whole\": 1"), 1, "{}", house.file());
    assert!(!house.sides[VIEW].room.is_dirty());
    assert_eq!(house.text(), house.file());
}

#[test]
fn sync_72_a_crash_at_any_moment_between_a_view_and_its_primary_loses_and_doubles_nothing() {
    let mut fuse = 0;
    loop {
        let mut house = open("end", Some(Duration::from_secs(1)));
        house.fuse = Some(fuse);
        house.type_before("end", "<t1>");
        let mut whole = house.pass(150);
        house.type_in_cell("<n1>");
        house.type_before("end", "<t2>");
        whole = whole && house.pass(1_500);
        house.type_before("end", "<t3>");
        house.type_in_cell("<n2>");
        whole = whole && house.pass(90);
        house.crash();
        house.pass(400);
        house.type_in_cell("<n3>");
        house.pass(5_000);
        let cell = house.cell();
        for word in ["<n1>", "<n2>", "<n3>", "<t1>", "<t2>", "<t3>", "end"] {
            assert_eq!(count(&cell, word), 1, "{word} after {fuse} steps: {cell}");
        }
        assert_eq!(house.text(), notebook(&cell), "after {fuse} steps");
        assert_eq!(house.file(), notebook(&cell), "after {fuse} steps");
        if whole {
            break;
        }
        fuse += 1;
    }
    assert!(fuse > 100, "{fuse}");
}

#[test]
fn sync_73_a_save_that_is_asked_for_in_a_view_is_answered_when_the_file_is_written() {
    let mut house = open("end", None);
    house.type_before("end", "<t>");
    house.pass(1_000);
    assert!(house.sides[VIEW].room.is_dirty(), "the file lacks it");
    assert_eq!(house.writes, 0);
    house.fails.push_back("Disk is full.".to_owned());
    house.send(VIEW, save(1));
    house.pass(100);
    house.type_before("end", "<u>");
    house.send(VIEW, save(2));
    house.pass(20_000);
    let failed = json!({"type": "save", "responseTo": 1, "status": "failed", "error": "Disk is full."});
    let answers = &house.sides[VIEW].answers;
    assert_eq!(answers[0]["status"], failed["status"], "{answers:?}");
    assert!(answers[0].to_string().contains("Disk is full."), "{answers:?}");
    assert_eq!(answers[1], json!({"type": "save", "responseTo": 2, "status": "success"}));
    assert_eq!(house.file(), notebook("<t><u>end"));
    assert!(!house.sides[VIEW].room.is_dirty());
    assert!(house.sides[NOTEBOOK].answers.is_empty(), "nobody else is answered");
}

#[test]
fn sync_74_how_a_text_is_written_in_a_view_is_how_the_file_is_written() {
    let mut house = open("end", Some(Duration::from_secs(1)));
    house.type_before("\"metadata\": {},\n \"nbformat\"", "  ");
    house.pass(200);
    house.type_in_cell("x");
    house.pass(3_000);
    let expect =
        notebook("xend").replace("\n \"metadata\": {},\n \"nbformat\"", "\n   \"metadata\": {},\n \"nbformat\"");
    assert_eq!(house.file(), expect);
    assert_eq!(house.text(), expect);
}

#[test]
fn disk_100_an_edit_on_disk_comes_to_the_view_by_way_of_the_primary() {
    let mut house = open("end", Some(Duration::from_secs(1)));
    house.type_before("end", "<t>");
    house.type_in_cell("<n>");
    house.edit_disk(&notebook("end<d>"));
    house.pass(3_000);
    assert!(["<n><t>end<d>", "<t><n>end<d>"].contains(&house.cell().as_str()), "{}", house.cell());
    assert_eq!(house.text(), notebook(&house.cell()));
    assert_eq!(house.file(), house.text());
    let hash = house.sides[VIEW].peer.state("hash");
    assert_eq!(hash, Some(Any::from(Digest::of(house.text().as_bytes()).to_hex())));
    let merges =
        |side: usize| house.sides[side].events.iter().filter(|event| event.action == Action::Overwrite).count();
    assert_eq!((merges(NOTEBOOK), merges(VIEW)), (1, 0), "told where it happened");
}

#[test]
fn disk_101_a_file_that_its_primary_cannot_read_is_left_to_the_view() {
    let id = RoomId::document(DocumentKind::notebook(), FileId("f".to_owned()));
    let mut room = DocumentRoom::new(id, POLICY, Authors { document: 1, disk: 2, views: 3 });
    let now = Now { elapsed: Duration::from_secs(1), unix_ms: 1 };
    let mut tell = |input| {
        let mut effects = Vec::new();
        room.handle(now, input, &mut effects);
        effects
    };
    let opening = tell(Input::View { ticket: 7, view: "view".to_owned(), here: true, ask: Ask::Read });
    assert!(matches!(opening[..], [Effect::Open]));
    let (disk, path) = (DiskRead::Content(DiskContent::new(*b"{ broken")), "a/notes.ipynb".to_owned());
    let (merges, backing) = (Arc::default(), Backing::File);
    let opened = Opened { log: vec![], base: None, intent: None, merges, disk, path, backing, taken: None };
    let Some(Effect::Run(job)) = tell(Input::Opened(opened)).pop() else { panic!("it is rebuilt") };
    let refused = tell(Input::Finished(job.run()));
    let [Effect::Answer { ticket: 7, answer: Answer::Refused(reason) }, Effect::Done] = &refused[..] else {
        panic!("nobody is told but the view: {refused:?}");
    };
    assert!(reason.starts_with("notes.ipynb is no readable notebook: "), "{reason}");
}

#[test]
fn sync_74_a_crash_before_the_save_takes_at_most_the_way_a_text_is_written() {
    let mut house = open("end", None);
    house.type_before(",\n \"metadata\"", "\n  \n");
    house.type_before("end", "typed ");
    house.pass(2_000);
    assert_eq!(house.cell(), "typed end");
    house.crash();
    house.pass(2_000);
    house.send(VIEW, save(1));
    house.pass(2_000);
    assert_eq!((house.cell().as_str(), house.text().as_str()), ("typed end", house.file()));
    assert_eq!(count(house.file(), "typed"), 1);
}

#[test]
fn disk_110_whoever_is_in_a_view_is_told_what_was_merged_once_when_it_is_there() {
    let mut house = open("end", None);
    house.type_before("end", "typed ");
    house.pass(300);
    house.edit_disk(&notebook("the end"));
    house.type_in_cell("<n>");
    house.pass(2_000);
    for side in [NOTEBOOK, VIEW] {
        let [(merge, text)] = &house.sides[side].told[..] else { panic!("{:?}", house.sides[side].told) };
        assert_eq!((merge.path.as_str(), merge.closed, merge.report.live_edits), ("a/notes.ipynb", false, true));
        assert!(
            side == NOTEBOOK || text.contains("the ") && text.contains("typed "),
            "told before it is there: {text}"
        );
    }
    house.edit_disk(&house.text().replace("the ", "The "));
    house.pass(2_000);
    for side in &house.sides {
        assert_eq!(side.told.len(), 2);
    }
    assert_eq!(house.sides[VIEW].told[1].0, house.sides[NOTEBOOK].told[1].0);
}

#[test]
fn disk_112_who_opens_a_view_is_told_what_its_primary_merged_before() {
    let mut house = House::new(&notebook("end"), None);
    house.join(NOTEBOOK);
    house.pass(500);
    house.edit_disk(&notebook("the end"));
    house.pass(500);
    house.join(VIEW);
    house.pass(500);
    assert_eq!(house.sides[VIEW].told.len(), 1);
    assert_eq!(house.sides[VIEW].told[0].0, house.sides[NOTEBOOK].told[0].0);
}
