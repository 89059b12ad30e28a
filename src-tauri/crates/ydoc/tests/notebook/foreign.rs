//! What other clients put into a notebook's lists and is neither a cell nor an output.

use crate::stage::*;
use protocol::Digest;
use serde_json::{Value, json};
use ydoc::{Base, Document};
use yrs::{Array, ArrayRef, Map, MapPrelim, Out, ReadTxn, Text, TransactionMut};

fn stream(text: &str) -> Value {
    json!({"name": "stdout", "output_type": "stream", "text": [text]})
}

/// A notebook of two cells; the outputs are those of the first.
fn with(outputs: &[&str], others: &[(&str, &str)]) -> String {
    let mut first = code("a", "1");
    first["outputs"] = outputs.iter().map(|text| stream(text)).collect();
    let cells: Vec<Value> = [first].into_iter().chain(others.iter().map(|(id, source)| code(id, source))).collect();
    bytes(&notebook(&cells))
}

fn outputs(peer: &Peer, txn: &impl ReadTxn) -> ArrayRef {
    let (_, cell, _) = peer.cell(txn, "a").unwrap();
    let Some(Out::YArray(outputs)) = cell.get(txn, "outputs") else { panic!("no outputs") };
    outputs
}

/// Puts numbers and texts before and between cells and outputs.
fn litter(document: &mut Document) {
    let peer = Peer::of(document, 5);
    let update = peer.edit(|txn| {
        let outputs = outputs(&peer, txn);
        for (array, at) in [(&outputs, 1), (&outputs, 0), (&peer.cells, 1), (&peer.cells, 0)] {
            let at = array.len(txn).min(at);
            array.insert(txn, at, 5);
            array.insert(txn, at, "litter");
        }
    });
    document.apply(&update).unwrap();
}

fn count(document: &Document) -> (u32, u32) {
    let peer = Peer::of(document, 6);
    let txn = yrs::Transact::transact(&peer.doc);
    (peer.cells.len(&txn), outputs(&peer, &txn).len(&txn))
}

#[test]
fn sync_65_what_is_no_cell_and_no_output_shifts_nothing_that_comes_from_disk() {
    let before = with(&["one\n", "two\n"], &[("b", "2")]);
    let disks = [
        with(&["ONE\n", "two\n", "three\n"], &[("n", "new"), ("b", "2")]),
        with(&["zero\n", "one\n", "two\n"], &[("b", "2"), ("n", "new")]),
        with(&["two\n"], &[("b", "2")]),
        with(&["one\n"], &[("n", "new")]),
        with(&[], &[]),
    ];
    for disk in disks {
        let (mut live, _) = loaded(&before);
        litter(&mut live);
        assert_eq!(written(&live, &before), before, "nothing of it is written");
        let known = count(&live);
        let base = Base { state: live.state(), digest: Digest::of(before.as_bytes()) };
        merge(&mut live, &base, &disk);
        assert_eq!(written(&live, &disk), disk);
        let (value, (cells, outputs)) = (serde_json::from_str::<Value>(&disk).unwrap(), count(&live));
        let there = |value: &Value| value.as_array().unwrap().len() as u32;
        let expect = (known.0 - 2 + there(&value["cells"]), known.1 - 2 + there(&value["cells"][0]["outputs"]));
        assert_eq!((cells, outputs), expect, "what others put there stays");
    }
}

#[test]
fn sync_65_a_conflict_names_the_cell_by_its_place_among_cells() {
    let (mut live, base) = loaded(&file(&[("a", "1"), ("b", "value = 1\n")]));
    let update = Peer::of(&live, 9).types("b", "my_");
    live.apply(&update).unwrap();
    litter(&mut live);
    let merged = merge(&mut live, &base, &file(&[("a", "1"), ("b", "value = 12\n")]));
    assert_eq!(merged.report.conflicts[0].number, 2);
}

#[test]
fn sync_65_what_both_sides_did_to_outputs_is_there_once() {
    let (mut live, base) = loaded(&with(&["one\n"], &[("b", "2")]));
    litter(&mut live);
    let peer = Peer::of(&live, 9);
    let add = |txn: &mut TransactionMut<'_>| {
        let outputs = outputs(&peer, txn);
        let at = outputs.len(txn);
        let output = outputs.insert(txn, at, MapPrelim::default());
        output.insert(txn, "name", "stdout");
        output.insert(txn, "output_type", "stream");
        output.insert(txn, "text", yrs::TextPrelim::new("two\n"));
        // Something else too, or the disk says what is here already.
        peer.cell(txn, "b").unwrap().2.push(txn, "!");
    };
    let update = peer.edit(add);
    live.apply(&update).unwrap();
    merge(&mut live, &base, &with(&["one\n", "two\n"], &[("b", "2")]));
    let both = with(&["one\n", "two\n"], &[("b", "2!")]);
    assert_eq!(written(&live, &both), both);
}
