//! What a notebook keeps of its file.

use crate::stage::*;
use yrs::{Map, Out};

#[test]
fn save_1_an_unchanged_notebook_gives_the_same_bytes() {
    for case in UGLY {
        assert_eq!(written(&loaded(case).0, case), *case);
    }
    let plain = file(&[("a", "x = 1\n"), ("b", "")]);
    assert_eq!(written(&loaded(&plain).0, &plain), plain);
    assert_eq!(written(&loaded(&plain).0, ""), plain, "the canonical form");
}

#[test]
fn save_2_a_change_leaves_the_bytes_of_everything_else() {
    let disk = r#"{
    "nbformat": 4, "nbformat_minor": 5,
    "zoo": [1.0, 2e0,   "\u00e9"],
    "metadata": {"b": 1.50, "a": "\/"},
    "cells": [
        {"id": "a", "cell_type": "code", "metadata": {"trusted": true}, "source": "x = 1", "outputs": [], "execution_count": null},
        {"id": "b", "cell_type": "markdown", "metadata": { }, "source": ["one\n", "two"]}
    ]
}"#;
    let (mut document, _) = loaded(disk);
    let peer = Peer::of(&document, 5);
    document.apply(&peer.types("a", "é")).unwrap();
    let with_a = disk.replace("\"x = 1\"", "\"\\u00e9x = 1\"");
    assert_eq!(written(&document, disk), with_a);
    document.apply(&peer.types("b", "zero\n")).unwrap();
    assert_eq!(written(&document, disk), with_a.replace(r#"["one\n", "two"]"#, r#"["zero\n", "one\n", "two"]"#));
    document.apply(&peer.deletes("a")).unwrap();
    let without = "    \"cells\": [\n        {\"id\": \"b\"";
    let now = written(&document, disk);
    assert!(now.contains(without) && now.starts_with(&disk[..100]), "{now}");
}

#[test]
fn save_3_nothing_that_the_file_lacks_is_added_to_it() {
    let disk = r#"{"cells":[{"cell_type":"code","source":"1"},{"cell_type":"code","source":"2"}],"nbformat":4,"nbformat_minor":5}"#;
    let (mut document, _) = loaded(disk);
    let peer = Peer::of(&document, 5);
    let id = cells(&document)[1].0.clone();
    document.apply(&peer.types(&id, "4")).unwrap();
    assert_eq!(written(&document, disk), disk.replace("\"2\"", "\"42\""));
    let empty = r#"{"cells":[],"nbformat":4}"#;
    assert!(cells(&loaded(empty).0).is_empty());
}

#[test]
fn save_4_what_clients_note_for_themselves_is_not_written() {
    let disk = file(&[("a", "1")]);
    let (mut document, _) = loaded(&disk);
    let peer = Peer::of(&document, 5);
    let update = peer.edit(|txn| {
        let (_, cell, _) = peer.cell(txn, "a").unwrap();
        cell.insert(txn, "execution_state", "running");
        let Some(Out::YMap(metadata)) = cell.get(txn, "metadata") else { panic!() };
        metadata.insert(txn, "trusted", true);
    });
    assert!(document.apply(&update).unwrap().content);
    assert_eq!(written(&document, &disk), disk);
}

#[test]
fn save_5_the_same_bytes_give_the_same_operations_for_notebooks_too() {
    for case in UGLY {
        let (first, mut second) = (loaded(case).0, loaded(case).0);
        assert_eq!(second.apply(&first.state()).unwrap().update, None);
        assert_eq!(first.state_vector(), second.state_vector());
    }
}
