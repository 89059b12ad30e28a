//! Cells that share an id, as git merges and copied cells leave them; and cells in a shape that cannot be edited in place.

use crate::stage::*;
use protocol::{Digest, Model};
use serde_json::json;
use ydoc::{Base, Document};
use yrs::{Any, Array, GetString, Map, MapPrelim, Out, TextPrelim};

const ONE: &str = "import numpy as np\nx = np.zeros(3)\n";
const TWO: &str = "for row in table:\n    print(row)\n";

fn sources(live: &Document) -> Vec<String> {
    cells(live).into_iter().map(|cell| cell.1).collect()
}

/// The ids that the cells have in the room.
fn ids(live: &Document) -> Vec<String> {
    cells(live).into_iter().map(|cell| cell.0).collect()
}

#[test]
fn disk_120_repeated_ids_stay_as_they_are_and_only_what_is_edited_changes() {
    let disk = file(&[("a", ONE), ("b", "b"), ("a", TWO), ("a", ONE)]);
    let (mut live, _) = loaded(&disk);
    assert_eq!(written(&live, &disk), disk);
    let ids = ids(&live);
    assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 4, "in the room each has its own: {ids:?}");
    live.apply(&Peer::of(&live, 5).types(&ids[2], "typed\n")).unwrap();
    let typed = format!("typed\n{TWO}");
    assert_eq!(written(&live, &disk), file(&[("a", ONE), ("b", "b"), ("a", &typed), ("a", ONE)]));
    // What is left of them may keep the id that it has in the file.
    live.apply(&Peer::of(&live, 6).deletes("a")).unwrap();
    assert_eq!(written(&live, &disk), file(&[("b", "b"), ("a", &typed), ("a", ONE)]));
}

#[test]
fn disk_121_of_cells_with_one_id_each_gets_its_own_edits() {
    let check = |disk: &[(&str, &str)], expect: &[&str]| {
        let (mut live, base) = loaded(&file(&[("a", ONE), ("b", "b"), ("a", TWO)]));
        live.apply(&Peer::of(&live, 5).types(&ids(&live)[2], "typed\n")).unwrap();
        let merged = merge(&mut live, &base, &file(disk));
        assert_eq!(sources(&live), expect);
        // Once more on top of that, and back.
        let second = merge(&mut live, &merged.base, &file(&[disk, &[("a", "last\n")]].concat()));
        assert_eq!(sources(&live), [expect, &["last\n"]].concat());
        merge(&mut live, &second.base, &file(disk));
        assert_eq!(sources(&live), expect);
    };
    let typed = format!("typed\n{TWO}");
    let (one, two) = (format!("{ONE}y = x\n"), format!("{TWO}print()\n"));
    let both = format!("typed\n{two}");
    check(&[("a", &one), ("b", "b"), ("a", TWO)], &[&one, "b", &typed]);
    check(&[("a", &one), ("b", "b"), ("a", &two)], &[&one, "b", &both]);
    check(&[("b", "b"), ("a", &two)], &["b", &both]);
    check(&[("a", &two), ("b", "b")], &[&both, "b"]);
    check(&[("a", "new\n"), ("a", ONE), ("b", "b"), ("a", TWO)], &["new\n", ONE, "b", &typed]);
    check(&[("a", ONE), ("b", "b")], &[ONE, "b", &typed]);
    check(&[("a", &two), ("a", ONE), ("b", "b")], &[&both, ONE, "b"]);
}

#[test]
fn disk_121_cells_that_say_the_same_are_told_by_their_order() {
    let (mut live, base) = loaded(&file(&[("a", ONE), ("a", ONE), ("a", ONE)]));
    live.apply(&Peer::of(&live, 5).types(&ids(&live)[1], "typed\n")).unwrap();
    let one = format!("{ONE}y = x\n");
    merge(&mut live, &base, &file(&[("a", &one), ("a", ONE), ("a", &one)]));
    assert_eq!(sources(&live), [one.clone(), format!("typed\n{ONE}"), one]);
}

#[test]
fn disk_121_a_cell_moved_here_is_found_behind_a_new_one_with_its_id() {
    let (mut live, base) = loaded(&file(&[("a", ONE), ("b", "b")]));
    live.apply(&Peer::of(&live, 5).moves("a", 1)).unwrap();
    let peer = Peer::of(&live, 6);
    let copied = peer.edit(|txn| {
        let copy = peer.cells.insert(txn, 0, MapPrelim::default());
        copy.insert(txn, "cell_type", "markdown");
        copy.insert(txn, "id", "a");
        copy.insert(txn, "source", TextPrelim::new("of its own"));
        copy.insert(txn, "metadata", MapPrelim::default());
    });
    live.apply(&copied).unwrap();
    let one = format!("{ONE}y = x\n");
    merge(&mut live, &base, &file(&[("a", &one), ("b", "b")]));
    assert_eq!(sources(&live), ["of its own", "b", one.as_str()]);
}

/// A document with a cell whose text is a plain string.
fn plain_cell(source: &str) -> (Document, Base, String) {
    let mut live = Document::new(Model::Notebook, 7);
    let peer = Peer::of(&live, 5);
    let made = peer.edit(|txn| {
        let cell = peer.cells.insert(txn, 0, MapPrelim::default());
        for (key, value) in code("a", source).as_object().unwrap() {
            cell.insert(txn, key.as_str(), Any::from_json(&value.to_string()).unwrap());
        }
        cell.insert(txn, "source", source);
    });
    live.apply(&made).unwrap();
    let disk = written(&live, "");
    let base = Base { state: live.state(), digest: Digest::of(disk.as_bytes()) };
    (live, base, disk)
}

/// The first cell's text becomes what this makes of it, as another value in its place.
fn replaces(live: &Document, with: impl FnOnce(&str) -> yrs::In) -> Vec<u8> {
    let peer = Peer::of(live, 9);
    peer.edit(|txn| {
        let Some(Out::YMap(cell)) = peer.cells.get(txn, 0) else { panic!("a cell is a map") };
        let now = match cell.get(txn, "source") {
            Some(Out::YText(text)) => text.get_string(txn),
            other => other.unwrap().to_string(txn),
        };
        cell.insert(txn, "source", with(&now));
    })
}

#[test]
fn disk_122_a_cell_whose_text_is_a_plain_string_takes_the_edits_of_both_sides() {
    let (mut live, base, disk) = plain_cell("x = 1\ny = 2\n");
    live.apply(&replaces(&live, |now| format!("# typed\n{now}").into())).unwrap();
    let disk = disk.replace("y = 2", "y = 20").replace("\"execution_count\": null", "\"execution_count\": 3");
    let merged = merge(&mut live, &base, &disk);
    assert_eq!(sources(&live), ["# typed\nx = 1\ny = 20\n"]);
    assert!(written(&live, &disk).contains("\"execution_count\": 3"));
    merge(&mut live, &merged.base, &disk.replace("y = 20", "y = 200"));
    assert_eq!(sources(&live), ["# typed\nx = 1\ny = 200\n"]);
    // The same edit on both sides is one, and what the disk left alone is left alone.
    let (mut live, base, disk) = plain_cell("x = 1\ny = 2\n");
    live.apply(&replaces(&live, |now| format!("# typed\n{now}").into())).unwrap();
    let with = |disk: &str| {
        let mut value: serde_json::Value = serde_json::from_str(disk).unwrap();
        value["metadata"] = json!({"k": 1});
        bytes(&value)
    };
    merge(&mut live, &base, &with(&disk));
    assert_eq!(sources(&live), ["# typed\nx = 1\ny = 2\n"]);
    let same = disk.replace("\"x = 1\\n\"", "\"# typed\\n\",\n    \"x = 1\\n\"");
    assert_ne!(same, disk);
    merge(&mut live, &base, &with(&same));
    assert_eq!(sources(&live), ["# typed\nx = 1\ny = 2\n"]);
}

#[test]
fn disk_122_a_text_that_was_put_in_the_place_of_another_takes_the_edits_of_the_disk() {
    let (mut live, base) = loaded(&file(&[("a", "x = 1\ny = 2\n")]));
    live.apply(&replaces(&live, |now| TextPrelim::new(format!("# typed\n{now}")).into())).unwrap();
    let merged = merge(&mut live, &base, &file(&[("a", "x = 1\ny = 20\n")]));
    assert_eq!(sources(&live), ["# typed\nx = 1\ny = 20\n"]);
    merge(&mut live, &merged.base, &file(&[("a", "x = 10\ny = 20\n")]));
    assert_eq!(sources(&live), ["# typed\nx = 10\ny = 20\n"]);
}
