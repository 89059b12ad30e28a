//! Properties of documents that hold for any input: of bytes, of edits and of their order.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use protocol::{Digest, Model};
use serde_json::{Value, json};
use ydoc::{Base, Document, merge_disk};
use yrs::updates::decoder::Decode;
use yrs::{Array, Map, Out, Text, Transact};

const MODELS: [Model; 4] = [Model::Text, Model::Notebook, Model::Base64, Model::Blob];

fn loaded(model: Model, bytes: &[u8]) -> Option<(Document, Base)> {
    let mut document = Document::new(model, 7);
    document.load(bytes).ok()?;
    let base = Base { state: document.state(), digest: Digest::of(bytes) };
    Some((document, base))
}

/// Text with everything that lines can end in, and characters of every width.
fn ugly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n"),
        Just("\r\n"),
        Just("\r"),
        Just("a"),
        Just("bc"),
        Just("é"),
        Just("🐚"),
        Just("\u{2028}"),
        Just("\""),
        Just("\\"),
        Just("\u{1}"),
        Just("x = 1\n"),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(1)),
        Just(json!(1.5)),
        Just(json!(1.0)),
        Just(json!(9007199254740993u64)),
        Just(json!("text")),
        Just(json!({})),
        Just(json!([])),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map("[a-c]{1,2}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

fn texts(text: String, list: bool) -> Value {
    if list { json!(text.split_inclusive('\n').collect::<Vec<_>>()) } else { json!(text) }
}

fn output() -> impl Strategy<Value = Value> {
    prop_oneof![
        (ugly(), any::<bool>())
            .prop_map(|(text, list)| json!({"name": "stdout", "output_type": "stream", "text": texts(text, list)})),
        (ugly(), json_value(), any::<bool>()).prop_map(|(text, value, list)| json!({
            "data": {"application/json": value, "image/png": "iVBO\n", "text/plain": texts(text, list)}, "metadata": {},
            "output_type": "display_data"
        })),
        Just(json!({"ename": "E", "evalue": "v", "output_type": "error", "traceback": ["a", "b\n"]})),
    ]
}

fn cell() -> impl Strategy<Value = Value> {
    let id = prop_oneof![Just(None), "[a-e]".prop_map(Some)];
    (id, 0..3usize, ugly(), any::<bool>(), json_value(), prop::collection::vec(output(), 0..3)).prop_map(
        |(id, kind, source, list, value, outputs)| {
            let name = ["code", "markdown", "raw"][kind];
            let mut cell = json!({"cell_type": name, "metadata": {"k": value}});
            if let Some(id) = id {
                cell["id"] = json!(id);
            }
            if kind == 0 {
                cell["execution_count"] = json!(null);
                cell["outputs"] = json!(outputs);
            }
            cell["source"] = texts(source, list);
            cell
        },
    )
}

fn notebook() -> impl Strategy<Value = String> {
    (prop::collection::vec(cell(), 0..6), json_value(), 4..6u8, 0..3u8).prop_map(|(cells, value, minor, style)| {
        let value =
            json!({"cells": cells, "extra": value, "metadata": {"m": value}, "nbformat": 4, "nbformat_minor": minor});
        match style {
            0 => value.to_string(),
            1 => serde_json::to_string_pretty(&value).unwrap() + "\n",
            _ => serde_json::to_string_pretty(&value).unwrap().replace('\n', "\r\n"),
        }
    })
}

/// Inserts something at a place in the text of a cell.
fn type_into(document: &mut Document, author: u64, cell: usize, at: usize, what: &str) {
    let peer = yrs::Doc::with_client_id(author);
    let cells = peer.get_or_insert_array("cells");
    let mut txn = peer.transact_mut();
    txn.apply_update(yrs::Update::decode_v1(&document.state()).unwrap()).unwrap();
    let count = cells.len(&txn).max(1);
    if let Some(Out::YMap(map)) = cells.get(&txn, cell as u32 % count)
        && let Some(Out::YText(text)) = map.get(&txn, "source")
    {
        let at = if at.is_multiple_of(2) { 0 } else { text.len(&txn) };
        text.insert(&mut txn, at, what);
    }
    let update = txn.encode_update_v1();
    drop(txn);
    document.apply(&update).unwrap();
}

fn delete_or_move(document: &mut Document, author: u64, cell: usize, to: Option<usize>) {
    let peer = yrs::Doc::with_client_id(author);
    let cells = peer.get_or_insert_array("cells");
    let mut txn = peer.transact_mut();
    txn.apply_update(yrs::Update::decode_v1(&document.state()).unwrap()).unwrap();
    let count = cells.len(&txn);
    if count > 0 {
        let at = cell as u32 % count;
        let Some(Out::YMap(map)) = cells.get(&txn, at) else { panic!("a cell is a map") };
        use yrs::types::AsPrelim;
        let copy = map.as_prelim(&txn);
        cells.remove(&mut txn, at);
        if let Some(to) = to {
            cells.insert(&mut txn, to as u32 % count, copy);
        }
    }
    let update = txn.encode_update_v1();
    drop(txn);
    document.apply(&update).unwrap();
}

#[derive(Clone, Debug)]
enum Edit {
    Type(usize, usize),
    Delete(usize),
    Move(usize, usize),
    Add(usize),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        3 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(a, b)| Edit::Type(a.index(64), b.index(64))),
        1 => any::<prop::sample::Index>().prop_map(|a| Edit::Delete(a.index(64))),
        1 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(a, b)| Edit::Move(a.index(64), b.index(64))),
        1 => any::<prop::sample::Index>().prop_map(|a| Edit::Add(a.index(64))),
    ];
    prop::collection::vec(edit, 0..5)
}

/// A mark that nobody else writes.
fn mark(next: &mut u32) -> String {
    *next += 1;
    format!("<{}>\n", char::from_u32(0x4e00 + *next).unwrap())
}

/// Edits a file as a program would; returns the marks that it wrote and that are still there. `alike`: new cells have old ids.
fn edit_file(file: &str, edits: &[Edit], alike: bool, next: &mut u32) -> (String, Vec<String>) {
    let mut value: Value = serde_json::from_str(file).unwrap();
    let cells = value["cells"].as_array_mut().unwrap();
    let mut marks = Vec::new();
    for edit in edits {
        let count = cells.len();
        match edit {
            Edit::Type(cell, at) if count > 0 => {
                let source = match &cells[cell % count]["source"] {
                    Value::Array(lines) => lines.iter().map(|line| line.as_str().unwrap()).collect(),
                    source => source.as_str().unwrap().to_owned(),
                };
                let mark = mark(next);
                cells[cell % count]["source"] =
                    json!(if at % 2 == 0 { format!("{mark}{source}") } else { format!("{source}{mark}") });
                marks.push(mark);
            }
            Edit::Delete(cell) if count > 0 => {
                cells.remove(cell % count);
            }
            Edit::Move(from, to) if count > 0 => {
                let cell = cells.remove(from % count);
                cells.insert(to % count, cell);
            }
            Edit::Add(at) => {
                let mark = mark(next);
                let id = if alike { format!("c{}", at % 2) } else { format!("new{next}") };
                let cell = json!({"cell_type": "markdown", "id": id, "metadata": {}, "source": mark});
                cells.insert(at % (count + 1), cell);
                marks.push(mark);
            }
            _ => {}
        }
    }
    let text = serde_json::to_string_pretty(&value).unwrap();
    let escaped = |mark: &String| text.contains(mark.trim_end());
    let marks = marks.into_iter().filter(escaped).collect();
    (text, marks)
}

/// Cells with ids of their own, or some with the same.
fn plain_notebook(count: usize, alike: bool) -> String {
    let cells: Vec<_> = (0..count)
        .map(|at| {
            let source = format!("cell {at}\nsome text\nmore of it {at}\n");
            json!({"cell_type": "markdown", "id": format!("c{}", if alike { at % 2 } else { at }), "metadata": {}, "source": source})
        })
        .collect();
    json!({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn save_1_any_text_and_notebook_is_written_as_it_was(text in ugly(), notebook in notebook(), bytes in any::<Vec<u8>>()) {
        for (model, bytes) in [
            (Model::Text, text.as_bytes()), (Model::Notebook, notebook.as_bytes()), (Model::Base64, &bytes), (Model::Blob, &bytes),
        ] {
            let (document, _) = loaded(model, bytes).unwrap();
            let written = document.to_bytes(bytes);
            prop_assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn what_was_written_reads_as_what_was_there(notebook in notebook(), like in notebook(), cell in 0..6usize) {
        let (mut document, _) = loaded(Model::Notebook, notebook.as_bytes()).unwrap();
        type_into(&mut document, 5, cell, cell, "typed\nhere");
        let canonical = document.to_bytes(b"");
        for like in [like.as_bytes(), notebook.as_bytes(), b""] {
            let written = document.to_bytes(like);
            let (again, _) = loaded(Model::Notebook, &written).unwrap();
            prop_assert_eq!(String::from_utf8(again.to_bytes(&written)).unwrap(), String::from_utf8(written.clone()).unwrap());
            let sources = |bytes: &[u8]| {
                let value: Value = serde_json::from_slice(bytes).unwrap();
                value["cells"].as_array().unwrap().iter().map(|cell| cell["source"].clone()).collect::<Vec<_>>()
            };
            prop_assert_eq!(sources(&again.to_bytes(b"")), sources(&canonical));
        }
    }

    #[test]
    fn disk_2_any_file_becomes_any_other(model in 0..4usize, texts in [ugly(), ugly()], notebooks in [notebook(), notebook()]) {
        let model = MODELS[model];
        let [before, after] = if model == Model::Notebook { notebooks } else { texts };
        let (mut live, base) = loaded(model, before.as_bytes()).unwrap();
        let merge = merge_disk(model, &live.state(), &base, after.as_bytes(), 11).unwrap();
        if let Some(update) = &merge.update {
            live.apply(update).unwrap();
        }
        prop_assert_eq!(String::from_utf8(live.to_bytes(after.as_bytes())).unwrap(), after.clone());
        let at_base = Document::from_state(model, 1, &merge.base.state).unwrap();
        prop_assert_eq!(String::from_utf8(at_base.to_bytes(after.as_bytes())).unwrap(), after);
    }

    #[test]
    fn disk_1_no_mark_of_either_side_is_lost_or_doubled(
        count in 0..5usize,
        alike in any::<bool>(),
        rounds in prop::collection::vec((edits(), edits(), any::<bool>()), 1..5),
    ) {
        let mut disk = plain_notebook(count, alike);
        let (mut live, mut base) = loaded(Model::Notebook, disk.as_bytes()).unwrap();
        let mut next = 0;
        for (here, there, save) in rounds {
            let mut marks = Vec::new();
            for edit in here {
                next += 1;
                let author = u64::from(next) + 1000;
                match edit {
                    // Typed last, so that nothing typed is deleted by its own side.
                    Edit::Type(..) | Edit::Add(_) => {}
                    Edit::Delete(cell) => delete_or_move(&mut live, author, cell, None),
                    Edit::Move(from, to) => delete_or_move(&mut live, author, from, Some(to)),
                }
                if let Edit::Type(cell, at) = edit
                    && live.to_bytes(b"").len() > 80
                {
                    let mark = mark(&mut next);
                    let had = String::from_utf8(live.to_bytes(b"")).unwrap().contains("\"id\"");
                    type_into(&mut live, author + 500, cell, at, &mark);
                    if had {
                        marks.push(mark);
                    }
                }
            }
            let now = String::from_utf8(live.to_bytes(b"")).unwrap();
            marks.retain(|mark| now.contains(mark.trim_end()));
            let (text, written) = edit_file(&disk, &there, alike, &mut next);
            marks.extend(written);
            let merge = merge_disk(Model::Notebook, &live.state(), &base, text.as_bytes(), 11).unwrap();
            if let Some(update) = &merge.update {
                live.apply(update).unwrap();
            }
            let at_base = Document::from_state(Model::Notebook, 1, &merge.base.state).unwrap();
            prop_assert_eq!(String::from_utf8(at_base.to_bytes(text.as_bytes())).unwrap(), text.clone());
            let now = String::from_utf8(live.to_bytes(b"")).unwrap();
            for mark in marks {
                prop_assert_eq!(now.matches(mark.trim_end()).count(), 1, "{} in {}", mark, now);
            }
            (disk, base) = (text, merge.base);
            if save {
                disk = String::from_utf8(live.to_bytes(disk.as_bytes())).unwrap();
                base = Base { state: live.state(), digest: Digest::of(disk.as_bytes()) };
            }
        }
    }

    #[test]
    fn nothing_foreign_panics(bytes in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), with in any::<u8>(), notebook in notebook()) {
        for model in MODELS {
            let whole = if model == Model::Notebook { notebook.as_bytes() } else { &bytes[..] };
            let _ = loaded(model, &bytes);
            let _ = Document::from_state(model, 3, &bytes);
            let Some((mut document, base)) = loaded(model, whole).or_else(|| loaded(model, b"")) else { continue };
            let _ = document.apply(&bytes);
            let _ = document.diff(&bytes);
            let mut damaged = base.state.to_vec();
            let index = at.index(damaged.len());
            damaged[index] = with;
            let _ = document.apply(&damaged);
            let _ = merge_disk(model, &document.state(), &base, &bytes, 11);
            let _ = merge_disk(model, &bytes, &base, whole, 11);
            let wrong = Base { state: bytes.clone().into(), digest: base.digest };
            let _ = merge_disk(model, &document.state(), &wrong, whole, 11);
            if let Ok(odd) = Document::from_state(model, 3, &damaged) {
                let _ = odd.to_bytes(whole);
                let _ = merge_disk(model, &odd.state(), &base, &bytes, 11);
            }
            let _ = document.to_bytes(&bytes);
        }
    }

    #[test]
    fn documents_converge_whatever_the_order(text in notebook(), order in Just((0..6usize).collect::<Vec<_>>()).prop_shuffle()) {
        let (mut first, _) = loaded(Model::Notebook, text.as_bytes()).unwrap();
        let mut updates = vec![first.state().to_vec()];
        for at in 0..5 {
            let before = first.state_vector();
            type_into(&mut first, 50 + at as u64, at, at, "x");
            updates.push(first.diff(&before).unwrap());
        }
        let mut second = Document::new(Model::Notebook, 8);
        for at in order {
            second.apply(&updates[at]).unwrap();
        }
        let known = |document: &Document| yrs::StateVector::decode_v1(&document.state_vector()).unwrap();
        prop_assert_eq!(known(&second), known(&first));
        prop_assert_eq!(second.to_bytes(text.as_bytes()), first.to_bytes(text.as_bytes()));
    }

    #[test]
    fn disk_4_every_word_that_either_side_wrote_on_a_line_is_there_whole(
        line in prop::collection::vec("[a-c]{1,3}", 1..6),
        ours in prop::collection::vec((0..6usize, 0..3u8), 1..4),
        theirs in prop::collection::vec((0..6usize, 0..3u8), 1..4),
    ) {
        let before = line.join(" ");
        let edited = |edits: &[(usize, u8)], name: &str| {
            let (mut line, mut written) = (line.clone(), Vec::new());
            for (number, (at, how)) in edits.iter().enumerate() {
                let (at, word) = (at % line.len(), format!("{name}{number}"));
                match how {
                    0 => line[at].clone_from(&word),
                    1 => line.insert(at, word.clone()),
                    _ => line.push(word.clone()),
                }
                written.push(word);
            }
            written.retain(|word| line.contains(word));
            (line.join(" "), written)
        };
        let ((here, mut written), (disk, more)) = (edited(&ours, "here"), edited(&theirs, "disk"));
        written.extend(more);
        let (mut live, base) = loaded(Model::Text, before.as_bytes()).unwrap();
        let typed = merge_disk(Model::Text, &live.state(), &base, here.as_bytes(), 31).unwrap();
        live.apply_whole(&typed.update.unwrap()).unwrap();
        let merge = merge_disk(Model::Text, &live.state(), &base, disk.as_bytes(), 32).unwrap();
        live.apply_whole(&merge.update.unwrap()).unwrap();
        let at_base = Document::from_state(Model::Text, 1, &merge.base.state).unwrap();
        prop_assert_eq!(at_base.to_bytes(b""), disk.as_bytes());
        let now = String::from_utf8(live.to_bytes(b"")).unwrap();
        for word in &written {
            prop_assert_eq!(now.split(' ').filter(|there| there == word).count(), 1, "{} in {:?}", word, now);
        }
    }

    #[test]
    fn disk_111_one_sides_text_in_the_place_of_the_merged_one_leaves_that_sides_text(
        lines in prop::collection::vec("[a-d]{0,3}", 1..6),
        ours in (0..6usize, 0..6usize, "[a-e]{0,2}\n?[a-e]{0,2}"),
        theirs in (0..6usize, 0..6usize, "[a-e]{0,2}\n?[a-e]{0,2}"),
    ) {
        // Lines that are all different, so that which line is which is beyond doubt.
        let base: Vec<String> = lines.iter().enumerate().map(|(at, line)| format!("{at} {line}")).collect();
        let before = base.join("\n");
        let edited = |(from, to, what): &(usize, usize, String), name: &str| {
            let (from, to) = (*from.min(to) % base.len(), *from.max(to) % base.len());
            let mut lines = base.clone();
            lines.splice(from.min(to)..=from.max(to), what.split('\n').map(|line| format!("{name}{line} {from}")));
            lines.join("\n")
        };
        let (here, disk) = (edited(&ours, "here"), edited(&theirs, "disk"));
        let (mut live, base) = loaded(Model::Text, before.as_bytes()).unwrap();
        let typed = merge_disk(Model::Text, &live.state(), &base, here.as_bytes(), 31).unwrap();
        live.apply(&typed.update.unwrap()).unwrap();
        let merge = merge_disk(Model::Text, &live.state(), &base, disk.as_bytes(), 32).unwrap();
        live.apply(&merge.update.unwrap()).unwrap();
        let now = String::from_utf8(live.to_bytes(b"")).unwrap();
        prop_assert!(merge.report.conflicts.len() <= 1);
        for texts in merge.report.conflicts.iter().map(|conflict| conflict.texts.as_ref().unwrap()) {
            let at: usize = now.split_inclusive('\n').take(texts.line - 1).map(str::len).sum();
            prop_assert!(now[at..].starts_with(&texts.merged), "{:?} in {:?}", texts, now);
            let with = |side: &str| [&now[..at], side, &now[at + texts.merged.len()..]].concat();
            prop_assert_eq!(with(&texts.here), here.as_str());
            prop_assert_eq!(with(&texts.disk), disk.as_str());
        }
    }
}
