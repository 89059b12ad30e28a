//! How edits on disk reach a notebook.

use crate::stage::*;
use protocol::{Digest, Model};
use serde_json::{Value, json};
use ydoc::{Base, Document, ParseError, merge_disk};
use yrs::{Array, Map, Out, Text, Transact};

#[test]
fn disk_1_cells_take_what_was_typed_and_what_was_written() {
    let (mut live, base) = loaded(&file(&[("a", "x = 1\n"), ("b", "y\n")]));
    let peer = Peer::of(&live, 5);
    live.apply(&peer.types("a", "# typed\n")).unwrap();
    let merged = merge(&mut live, &base, &file(&[("a", "x = 1\nwritten\n"), ("n", "new"), ("b", "y\n")]));
    check(&live, &[("a", "# typed\nx = 1\nwritten\n"), ("n", "new"), ("b", "y\n")]);
    assert_eq!((merged.report.changed, merged.report.added, merged.report.removed), (1, 1, 0));
    assert!(!merged.structural && merged.report.live_edits);
}

#[test]
fn disk_2_without_unsaved_edits_a_notebook_becomes_what_is_on_disk() {
    for (before, disk) in UGLY.iter().flat_map(|a| UGLY.iter().map(move |b| (a, b))) {
        let (mut live, base) = loaded(before);
        merge(&mut live, &base, disk);
        assert_eq!(written(&live, disk), *disk, "from {before}");
    }
}

#[test]
fn disk_3_types_that_editors_are_bound_to_stay() {
    let (mut live, base) = loaded(&file(&[("a", "x = 1\n"), ("b", "y\n")]));
    let peer = Peer::of(&live, 5);
    merge(&mut live, &base, &file(&[("n", ""), ("a", "x = 12\n"), ("m", ""), ("b", "y\n")]));
    // A peer that has not heard of it yet types into the cells that kept their place.
    live.apply(&peer.types("a", "!")).unwrap();
    live.apply(&peer.types("b", "?")).unwrap();
    check(&live, &[("n", ""), ("a", "!x = 12\n"), ("m", ""), ("b", "?y\n")]);
}

#[test]
fn disk_4_the_cell_in_which_both_wrote_on_one_line_is_named() {
    let (mut live, base) = loaded(&file(&[("a", "1\n"), ("b", "value = 1\n")]));
    let peer = Peer::of(&live, 5);
    live.apply(&peer.types("b", "my_")).unwrap();
    let merged = merge(&mut live, &base, &file(&[("a", "1\n"), ("b", "value = 12\n")]));
    check(&live, &[("a", "1\n"), ("b", "my_value = 12\n")]);
    let [conflict] = &merged.report.conflicts[..] else { panic!("{:?}", merged.report) };
    let texts = conflict.texts.as_ref().unwrap();
    assert_eq!((conflict.number, conflict.cell.as_deref(), texts.line), (2, Some("b"), 1));
    assert_eq!([&*texts.here, &*texts.disk, &*texts.merged], ["my_value = 1", "value = 12", "my_value = 12"]);
    // The number is that of the merged notebook, also where the cell was moved here and others came on disk.
    let (mut live, base) = loaded(&file(&[("a", "1\n"), ("b", "value = 1\n")]));
    let peer = Peer::of(&live, 5);
    live.apply(&peer.moves("b", 0)).unwrap();
    live.apply(&peer.types("b", "my_")).unwrap();
    let merged = merge(&mut live, &base, &file(&[("n", "new"), ("a", "1\n"), ("b", "value = 12\n")]));
    let [conflict] = &merged.report.conflicts[..] else { panic!("{:?}", merged.report) };
    assert_eq!(conflict.texts.as_ref().unwrap().merged, "my_value = 12");
    let at = cells(&live).iter().position(|(_, source)| source == "my_value = 12\n").unwrap();
    assert_eq!(conflict.number, at + 1);
}

#[test]
fn disk_5_a_cell_deleted_on_disk_stays_if_somebody_edits_it_here() {
    let before = file(&[("a", "1\n"), ("b", "2\n"), ("c", "3\n")]);
    let (mut live, base) = loaded(&before);
    let peer = Peer::of(&live, 5);
    live.apply(&peer.types("b", "typed ")).unwrap();
    let merged = merge(&mut live, &base, &file(&[("c", "3\n")]));
    check(&live, &[("b", "typed 2\n"), ("c", "3\n")]);
    assert_eq!((merged.report.kept, merged.report.removed), (1, 1));
    assert!(merged.structural);
    // Nor does the next merge delete it, and when the disk has it again it is there once.
    let second = merge(&mut live, &merged.base, &file(&[("c", "33\n")]));
    check(&live, &[("b", "typed 2\n"), ("c", "33\n")]);
    let third = merge(&mut live, &second.base, &file(&[("b", "typed 2\n"), ("c", "33\n")]));
    check(&live, &[("b", "typed 2\n"), ("c", "33\n")]);
    merge(&mut live, &third.base, &file(&[("b", "typed 2\nmore\n"), ("c", "33\n")]));
    check(&live, &[("b", "typed 2\nmore\n"), ("c", "33\n")]);
}

#[test]
fn disk_6_a_cell_deleted_here_comes_back_if_it_was_edited_on_disk() {
    let before = file(&[("a", "1\n"), ("b", "2\n"), ("c", "3\n")]);
    let (mut live, base) = loaded(&before);
    let peer = Peer::of(&live, 5);
    live.apply(&peer.deletes("b")).unwrap();
    let merged = merge(&mut live, &base, &file(&[("a", "1\n"), ("b", "2\nwritten\n"), ("c", "4\n")]));
    check(&live, &[("a", "1\n"), ("b", "2\nwritten\n"), ("c", "4\n")]);
    assert!(merged.structural);
    merge(&mut live, &merged.base, &file(&[("a", "1\n"), ("b", "2\nwritten\nagain\n"), ("c", "4\n")]));
    check(&live, &[("a", "1\n"), ("b", "2\nwritten\nagain\n"), ("c", "4\n")]);
    // Unedited on disk, it stays deleted.
    let (mut live, base) = loaded(&before);
    let peer = Peer::of(&live, 5);
    live.apply(&peer.deletes("b")).unwrap();
    merge(&mut live, &base, &file(&[("a", "11\n"), ("b", "2\n"), ("c", "3\n")]));
    check(&live, &[("a", "11\n"), ("c", "3\n")]);
}

#[test]
fn disk_7_a_cell_moved_here_gets_what_was_written_where_it_is_now() {
    let (mut live, base) = loaded(&file(&[("a", "1\n"), ("b", "2\n"), ("c", "3\n")]));
    let peer = Peer::of(&live, 5);
    live.apply(&peer.moves("a", 2)).unwrap();
    live.apply(&peer.types("a", "typed\n")).unwrap();
    let merged = merge(&mut live, &base, &file(&[("a", "1\nwritten\n"), ("b", "2\n"), ("c", "3\n")]));
    check(&live, &[("b", "2\n"), ("c", "3\n"), ("a", "typed\n1\nwritten\n")]);
    let second = merge(&mut live, &merged.base, &file(&[("a", "1\nwritten\ntwice\n"), ("b", "2\n"), ("c", "3\n")]));
    check(&live, &[("b", "2\n"), ("c", "3\n"), ("a", "typed\n1\nwritten\ntwice\n")]);
    // Moved and untouched: the disk may delete it.
    live.apply(&Peer::of(&live, 6).types("b", "typed ")).unwrap();
    merge(&mut live, &second.base, &file(&[("b", "2\n"), ("c", "3\n")]));
    assert_eq!(cells(&live).len(), 3, "edited since");
}

#[test]
fn disk_8_cells_reordered_on_disk_move_except_those_edited_here() {
    let before = file(&[("a", "1\n"), ("b", "2\n"), ("c", "3\n"), ("d", "4\n")]);
    let reordered = file(&[("d", "4\n"), ("c", "3\n"), ("b", "2\n"), ("a", "1!\n")]);
    let (mut live, base) = loaded(&before);
    merge(&mut live, &base, &reordered);
    check(&live, &[("d", "4\n"), ("c", "3\n"), ("b", "2\n"), ("a", "1!\n")]);
    let (mut live, base) = loaded(&before);
    let peer = Peer::of(&live, 5);
    live.apply(&peer.types("a", "typed ")).unwrap();
    live.apply(&peer.types("b", "typed ")).unwrap();
    let merged = merge(&mut live, &base, &reordered);
    let after = cells(&live);
    let at = |id: &str| after.iter().position(|cell| cell.0 == id).unwrap();
    assert!(at("d") < at("c") && at("a") < at("b"), "{after:?}");
    assert_eq!((after.len(), after[at("a")].1.as_str(), after[at("b")].1.as_str()), (4, "typed 1!\n", "typed 2\n"));
    merge(&mut live, &merged.base, &file(&[("d", "4\n"), ("c", "3\n"), ("b", "2\nx\n"), ("a", "1!\ny\n")]));
    let after = cells(&live);
    let text = |id: &str| after.iter().filter(|cell| cell.0 == id).map(|cell| cell.1.as_str()).collect::<String>();
    assert_eq!((text("a").as_str(), text("b").as_str()), ("typed 1!\ny\n", "typed 2\nx\n"));
}

#[test]
fn disk_9_both_sides_doing_the_same_is_done_once() {
    let (mut live, base) = loaded(&file(&[("a", "1\n"), ("b", "2\n")]));
    let peer = Peer::of(&live, 5);
    live.apply(&peer.types("a", "same\n")).unwrap();
    live.apply(&peer.types("b", "typed\n")).unwrap();
    merge(&mut live, &base, &file(&[("a", "same\n1\n"), ("b", "2\n"), ("c", "3\n")]));
    check(&live, &[("a", "same\n1\n"), ("b", "typed\n2\n"), ("c", "3\n")]);
    // The disk has exactly what we have.
    let disk = file(&[("a", "same\n1\n"), ("b", "typed\n2\n"), ("c", "3\n")]);
    assert_eq!(merge(&mut live, &base, &disk).update, None);
}

#[test]
fn disk_10_cells_without_ids_and_with_new_ones_are_known_by_what_they_say() {
    let strip = |file: &str| {
        let mut value: Value = serde_json::from_str(file).unwrap();
        value["nbformat_minor"] = json!(4);
        for cell in value["cells"].as_array_mut().unwrap() {
            cell.as_object_mut().unwrap().shift_remove("id");
        }
        bytes(&value)
    };
    let disk = strip(&file(&[("", "import numpy\n"), ("", "x = numpy.zeros(3)\n")]));
    let (mut live, base) = loaded(&disk);
    let peer = Peer::of(&live, 5);
    let id = cells(&live);
    let ids: Vec<String> = {
        let txn = peer.doc.transact();
        peer.cells
            .iter(&txn)
            .map(|cell| {
                let Out::YMap(cell) = cell else { panic!() };
                cell.get(&txn, "id").unwrap().to_string(&txn)
            })
            .collect()
    };
    assert_eq!(id.len(), 2);
    live.apply(&peer.types(&ids[1], "# typed\n")).unwrap();
    let next = strip(&file(&[("", "import this\n"), ("", "import numpy\n"), ("", "x = numpy.zeros(3)\ny = x\n")]));
    let merged = merge(&mut live, &base, &next);
    let sources: Vec<_> = cells(&live).into_iter().map(|cell| cell.1).collect();
    assert_eq!(sources, ["import this\n", "import numpy\n", "# typed\nx = numpy.zeros(3)\ny = x\n"]);
    assert_eq!((merged.report.added, merged.report.changed), (1, 1));

    let (mut live, base) = loaded(&file(&[("a", "import numpy\n"), ("b", "x = numpy.zeros(3)\n")]));
    let peer = Peer::of(&live, 5);
    live.apply(&peer.types("b", "# typed\n")).unwrap();
    merge(&mut live, &base, &file(&[("p", "import numpy\n"), ("q", "x = numpy.zeros(30)\n")]));
    check(&live, &[("p", "import numpy\n"), ("q", "# typed\nx = numpy.zeros(30)\n")]);
}

#[test]
fn disk_11_what_is_no_notebook_is_refused_with_a_sentence() {
    let check = |bytes: &[u8], sentence: &str| {
        let error = Document::new(Model::Notebook, 7).load(bytes).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    };
    check(b"{\n \"cells\": [", "line 2: a value is expected (the file ends here)");
    check(b"", "line 1: the file is empty");
    check(b"[]", "not a notebook: the file holds JSON, but no object");
    check(b"{\"nbformat\": 4}", "not a notebook: there is no list of cells");
    check(b"{\"nbformat\": 1}", "a notebook of version 1, which is too old to be read");
    check(b"{\"cells\": [1]}", "not a notebook: cell 1 is no object");
    check(b"{\xff", "not UTF-8 text: byte 1 cannot be read");
    let (live, base) = loaded(&file(&[("a", "1")]));
    let half = merge_disk(Model::Notebook, &live.state(), &base, b"{\"cells\": [", 11);
    assert!(matches!(half, Err(ParseError::Json { line: 1, .. })));
}

#[test]
fn outputs_are_merged_one_by_one_and_streams_as_text() {
    let with = |text: &str, more: &[Value]| {
        let mut cell = code("a", "print()");
        let mut outputs = vec![json!({"name": "stdout", "output_type": "stream", "text": [text]})];
        outputs.extend_from_slice(more);
        cell["outputs"] = outputs.into();
        bytes(&notebook(&[cell]))
    };
    let (mut live, base) = loaded(&with("one", &[]));
    let peer = Peer::of(&live, 5);
    let stream = {
        let txn = peer.doc.transact();
        let (_, cell, _) = peer.cell(&txn, "a").unwrap();
        let Some(Out::YArray(outputs)) = cell.get(&txn, "outputs") else { panic!() };
        let Some(Out::YMap(stream)) = outputs.get(&txn, 0) else { panic!() };
        let Some(Out::YText(text)) = stream.get(&txn, "text") else { panic!("streams are Y texts") };
        text
    };
    let error = json!({"ename": "E", "evalue": "", "output_type": "error", "traceback": []});
    let disk = with("one two", &[error]);
    merge(&mut live, &base, &disk);
    assert_eq!(written(&live, &disk), disk);
    live.apply(&peer.edit(|txn| stream.insert(txn, 0, "zero "))).unwrap();
    assert!(written(&live, &disk).contains("zero one two"));
}

#[test]
fn disk_42_what_a_cell_put_out_on_disk_comes_although_the_old_outputs_were_cleared_here() {
    let with = |text: &str| {
        let mut cell = code("a", "x");
        cell["outputs"] = json!([{"name": "stdout", "output_type": "stream", "text": [text]}]);
        bytes(&notebook(&[cell]))
    };
    let (mut live, base) = loaded(&with("old\n"));
    let peer = Peer::of(&live, 5);
    let cleared = peer.edit(|txn| {
        let (_, cell, _) = peer.cell(txn, "a").unwrap();
        let Some(Out::YArray(outputs)) = cell.get(txn, "outputs") else { panic!("no outputs") };
        outputs.remove(txn, 0);
    });
    live.apply(&cleared).unwrap();
    merge(&mut live, &base, &with("new\n"));
    assert_eq!(written(&live, &with("new\n")), with("new\n"));
}

#[test]
fn older_shapes_are_read_and_mended_when_the_disk_says_something_new() {
    let mut live = Document::new(Model::Notebook, 7);
    let peer = Peer::of(&live, 5);
    let update = peer.edit(|txn| {
        let any = |value: &Value| yrs::Any::from_json(&value.to_string()).unwrap();
        let old = peer.cells.insert(txn, 0, yrs::MapPrelim::default());
        for (key, value) in code("a", "x = 1\ny = 2").as_object().unwrap() {
            old.insert(txn, key.as_str(), any(value));
        }
        let stream = json!([{"output_type": "stream", "name": "stdout", "text": "out\n"}]);
        old.insert(txn, "outputs", any(&stream));
        old.insert(txn, "execution_count", 1.0);
        peer.cells.insert(txn, 1, any(&code("b", "plain")));
        let meta = txn.get_map("meta").unwrap();
        meta.insert(txn, "nbformat", 4.0);
        meta.insert(txn, "nbformat_minor", any(&json!(5)));
        meta.insert(txn, "metadata", any(&json!({"k": 1.0})));
    });
    use yrs::ReadTxn as _;
    live.apply(&update).unwrap();
    let disk = written(&live, "");
    assert!(
        disk.contains("\"out\\n\"") && disk.contains("\"execution_count\": 1,") && disk.contains("\"k\": 1\n"),
        "{disk}"
    );
    let base = Base { state: live.state(), digest: Digest::of(disk.as_bytes()) };
    let next = disk.replace("x = 1", "x = 3").replace("plain", "plainer").replace("\"k\": 1\n", "\"k\": 2\n");
    merge(&mut live, &base, &next);
    assert_eq!(written(&live, &next), next);
    let peer = Peer::of(&live, 6);
    live.apply(&peer.types("a", "now a text\n")).unwrap();
    assert!(written(&live, &next).contains("now a text"));
}
