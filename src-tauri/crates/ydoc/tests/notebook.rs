//! Notebooks: what they keep of a file, and how edits on disk reach them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use protocol::{Digest, Model};
use serde_json::{Value, json};
use ydoc::{Base, Document, Merge, ParseError, merge_disk};
use yrs::updates::decoder::Decode;
use yrs::{Array, ArrayRef, GetString, Map, MapRef, OffsetKind, Options, Out, Text, TextRef, Transact, TransactionMut};

/// A peer with a notebook editor.
struct Peer {
    doc: yrs::Doc,
    cells: ArrayRef,
}

impl Peer {
    fn of(document: &Document, id: u64) -> Self {
        let mut options = Options::with_client_id(yrs::ClientID::new(id));
        options.offset_kind = OffsetKind::Utf16;
        let doc = yrs::Doc::with_options(options);
        let cells = doc.get_or_insert_array("cells");
        doc.get_or_insert_map("meta");
        doc.transact_mut().apply_update(yrs::Update::decode_v1(&document.state()).unwrap()).unwrap();
        Self { doc, cells }
    }

    fn edit(&self, run: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        run(&mut txn);
        txn.encode_update_v1()
    }

    fn cell(&self, txn: &impl yrs::ReadTxn, id: &str) -> Option<(u32, MapRef, TextRef)> {
        let mut cells = self.cells.iter(txn).enumerate();
        cells.find_map(|(at, cell)| {
            let Out::YMap(cell) = cell else { return None };
            let Some(Out::YText(text)) = cell.get(txn, "source") else { return None };
            (cell.get(txn, "id") == Some(Out::Any(id.into()))).then_some((at as u32, cell, text))
        })
    }

    /// Types at the start of a cell.
    fn types(&self, id: &str, what: &str) -> Vec<u8> {
        self.edit(|txn| {
            let (_, _, text) = self.cell(txn, id).unwrap();
            text.insert(txn, 0, what);
        })
    }

    fn deletes(&self, id: &str) -> Vec<u8> {
        self.edit(|txn| {
            let (at, ..) = self.cell(txn, id).unwrap();
            self.cells.remove(txn, at);
        })
    }

    /// Moves a cell as JupyterLab does: a deletion, and a copy with the same id.
    fn moves(&self, id: &str, to: u32) -> Vec<u8> {
        self.edit(|txn| {
            let (at, cell, text) = self.cell(txn, id).unwrap();
            let kind = cell.get(txn, "cell_type").unwrap().to_string(txn);
            let source = text.get_string(txn);
            self.cells.remove(txn, at);
            let copy = self.cells.insert(txn, to, yrs::MapPrelim::default());
            copy.insert(txn, "cell_type", kind.as_str());
            copy.insert(txn, "id", id);
            copy.insert(txn, "source", yrs::TextPrelim::new(source));
            copy.insert(txn, "metadata", yrs::MapPrelim::default());
            if kind == "code" {
                copy.insert(txn, "execution_count", yrs::Any::Null);
                copy.insert(txn, "outputs", yrs::ArrayPrelim::default());
            }
        })
    }
}

fn code(id: &str, source: &str) -> Value {
    json!({"cell_type": "code", "execution_count": null, "id": id, "metadata": {}, "outputs": [],
           "source": source.split_inclusive('\n').collect::<Vec<_>>()})
}

fn notebook(cells: &[Value]) -> Value {
    json!({"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5})
}

fn bytes(value: &Value) -> String {
    let pretty = serde_json::to_string_pretty(value).unwrap();
    let lines = pretty.lines().map(|line| {
        let text = line.trim_start();
        format!("{}{text}\n", " ".repeat((line.len() - text.len()) / 2))
    });
    lines.collect()
}

fn file(cells: &[(&str, &str)]) -> String {
    bytes(&notebook(&cells.iter().map(|(id, source)| code(id, source)).collect::<Vec<_>>()))
}

fn loaded(bytes: &str) -> (Document, Base) {
    let mut document = Document::new(Model::Notebook, 7);
    document.load(bytes.as_bytes()).unwrap();
    let base = Base { state: document.state(), digest: Digest::of(bytes.as_bytes()) };
    (document, base)
}

fn written(document: &Document, like: &str) -> String {
    String::from_utf8(document.to_bytes(like.as_bytes())).unwrap()
}

fn merge(live: &mut Document, base: &Base, disk: &str) -> Merge {
    let merge = merge_disk(Model::Notebook, &live.state(), base, disk.as_bytes(), 11).unwrap();
    if let Some(update) = &merge.update {
        live.apply(update).unwrap();
    }
    let at_base = Document::from_state(Model::Notebook, 1, &merge.base.state).unwrap();
    assert_eq!(written(&at_base, disk), disk, "the base is what is on disk");
    merge
}

/// Ids and sources of the cells of a live document, as they would be saved.
fn cells(document: &Document) -> Vec<(String, String)> {
    let value: Value = serde_json::from_slice(&document.to_bytes(b"")).unwrap();
    let cells = value["cells"].as_array().unwrap().iter();
    let text = |cell: &Value| match &cell["source"] {
        Value::Array(lines) => lines.iter().map(|line| line.as_str().unwrap()).collect(),
        other => other.as_str().unwrap().to_owned(),
    };
    cells.map(|cell| (cell["id"].as_str().unwrap_or_default().to_owned(), text(cell))).collect()
}

fn check(live: &Document, expect: &[(&str, &str)]) {
    let cells = cells(live);
    let cells: Vec<_> = cells.iter().map(|(id, source)| (id.as_str(), source.as_str())).collect();
    assert_eq!(cells, expect);
}

const UGLY: &[&str] = &[
    r#"{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[]}"#,
    "{\"cells\": [], \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 5}\n\n",
    "{\r\n\t\"nbformat\": 4,\r\n\t\"cells\": [ ]\r\n}",
    r#"{"cells":[{"cell_type":"code","source":"a\u00e9\ud800","outputs":[{"output_type":"stream","name":"stdout","text":["x\n","y"]}]}],"nbformat":4,"extra":{"a":1.0}}"#,
    r#"{"cells":[{"cell_type":"markdown","source":[],"attachments":{},"id":"a","metadata":{"trusted":true,"n":1e400}},{"cell_type":"strange","id":"a","source":7,"metadata":5},{"source":"x","x":[NaN,-Infinity,123456789012345678901234567890,1.0,-0]}],"metadata":{"signature":"s","orig_nbformat":2},"nbformat":4,"nbformat_minor":4}"#,
    r#"{"cells":[{"cell_type":"code","id":"c","execution_state":"busy","execution_count":0,"outputs":7,"source":["a"," b"],"source":["c"]}],"nbformat":4,"nbformat_minor":9,"nbformat_minor":5}"#,
    r#"{"cells":[{"cell_type":"code","id":"c","outputs":[{"output_type":"display_data","data":{"text/html":["<b>","x"],"application/json":["a","b"],"image/png":"iVBOR\n","x/y":[1]},"metadata":{}},{"output_type":"error","traceback":["a","b"]},{"output_type":"stream","text":5}],"source":""}],"nbformat":4}"#,
    "\u{feff}{\"cells\":[],\"nbformat\":4}",
    r#"{"metadata":{"name":"x"},"nbformat":3,"nbformat_minor":0,"worksheets":[{"cells":[{"cell_type":"heading","level":2,"source":["T"]},{"cell_type":"code","input":["1+1"],"outputs":[{"output_type":"pyout","prompt_number":1,"text":["2"]}],"prompt_number":1}]}]}"#,
];

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
    assert_eq!(merged.report.conflicts, [2]);
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
