//! Another program that edits the file: it reads, changes and writes in one go, or leaves half of it for a while.

use protocol::Model;
use serde::Serialize;
use serde_json::{Value, json};

use super::edit::{Change, Op, fresh, only_tokens};
use super::ledger::{Contest, Ledger};
use super::rng::Rng;
use super::view::{self, View};

/// A cell that is never deleted, so that no notebook ends empty.
pub(crate) const FIRST: &str = "first";

/// A file to begin with.
pub(crate) fn initial(rng: &mut Rng, ledger: &mut Ledger, model: Model) -> Vec<u8> {
    let mut text = |rng: &mut Rng, cell: &str| {
        let lines: Vec<String> = (0..rng.between(1, 5)).map(|_| fresh(rng, ledger)).collect();
        let text = lines.join("\n");
        ledger.edited_on_disk(&Op::new(cell, &only_tokens(&text), ""), Contest::Clean);
        text
    };
    if model == Model::Text {
        let text = text(rng, view::TEXT);
        return if rng.chance(25) { text.replace('\n', "\r\n") } else { text }.into_bytes();
    }
    let cells: Vec<Value> = (0..rng.between(2, 4))
        .map(|number| {
            let id = if number == 0 { FIRST.to_owned() } else { format!("old-{number}") };
            let text = text(rng, &id);
            cell(&id, &text, rng.chance(70))
        })
        .collect();
    let metadata = json!({"kernelspec": {"name": "python3", "display_name": "Python 3"}, "z": [1.0, null], "a": {}});
    let notebook = json!({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5});
    write(&notebook, [1, 2, 4][rng.below(3)])
}

/// New content, and what was done to get there.
pub(crate) type Edited = (Vec<u8>, Vec<(Op, Contest)>);

/// The file after an edit of somebody's, and what was done. `contest` says whether a cell is being edited elsewhere.
pub(crate) fn edit(
    rng: &mut Rng,
    ledger: &mut Ledger,
    model: Model,
    bytes: &[u8],
    contest: impl Fn(&str) -> Contest,
) -> Result<Edited, String> {
    let mut ops = Vec::new();
    if model == Model::Text {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let crlf = text.contains("\r\n");
        let mut text = text.replace("\r\n", "\n");
        for _ in 0..rng.between(1, 3) {
            let change = Change::think(rng, ledger, &text, false);
            text = change.apply(&text);
            ops.push(Op::new(view::TEXT, &only_tokens(&change.inserted), &only_tokens(&change.removed)));
        }
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        return Ok((text.into_bytes(), ops.into_iter().map(|op| (op, Contest::Clean)).collect()));
    }
    let mut notebook: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let cells = notebook["cells"].as_array_mut().ok_or("no cells")?;
    for _ in 0..rng.between(1, 2) {
        ops.push(edit_cells(rng, ledger, cells));
    }
    let judged = ops.into_iter().map(|op| {
        let contest = contest(&op.cell);
        (op, contest)
    });
    let judged = judged.collect();
    Ok((write(&notebook, if rng.chance(80) { indent_of(bytes) } else { 1 }), judged))
}

fn edit_cells(rng: &mut Rng, ledger: &mut Ledger, cells: &mut Vec<Value>) -> Op {
    let at = rng.below(cells.len());
    let id = cells[at]["id"].as_str().unwrap_or_default().to_owned();
    let dice = rng.below(100);
    if dice < 12 {
        let (id, text) = (ledger.cell_id(), fresh(rng, ledger));
        cells.insert(rng.below(cells.len() + 1), cell(&id, &text, rng.chance(70)));
        return Op::new(&id, &only_tokens(&text), "");
    }
    if dice < 22 && id != FIRST {
        cells.remove(at);
        return Op::drop_cell(&id);
    }
    if let Some(outputs) = cells[at]["outputs"].as_array_mut() {
        if dice < 32 {
            let token = ledger.token().to_string();
            outputs.insert(rng.below(outputs.len() + 1), output(&token, rng.chance(50)));
            return Op::new(&id, &token, "");
        }
        if dice < 40 && !outputs.is_empty() {
            let output = outputs.remove(rng.below(outputs.len()));
            return Op::new(&id, "", &only_tokens(&output.to_string()));
        }
    }
    let source = &mut cells[at]["source"];
    let text = match &*source {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    };
    let change = Change::think(rng, ledger, &text, false);
    *source = lines(&change.apply(&text));
    Op::new(&id, &only_tokens(&change.inserted), &only_tokens(&change.removed))
}

/// What half of a file looks like, when its writer has not finished; `None`: not different from a whole one.
pub(crate) fn half(rng: &mut Rng, model: Model, bytes: &[u8]) -> Option<Vec<u8>> {
    let half = bytes[..rng.below(bytes.len())].to_vec();
    (model == Model::Notebook && View::of_file(model, &half).is_err()).then_some(half)
}

fn cell(id: &str, text: &str, code: bool) -> Value {
    if code {
        let source = lines(text);
        return json!({"cell_type": "code", "execution_count": null, "id": id, "metadata": {}, "outputs": [], "source": source});
    }
    json!({"cell_type": "markdown", "id": id, "metadata": {"tags": ["x"]}, "source": lines(text)})
}

fn output(token: &str, stream: bool) -> Value {
    if stream {
        return json!({"name": "stdout", "output_type": "stream", "text": [format!("{token}\n")]});
    }
    json!({"data": {"text/plain": [token]}, "metadata": {}, "output_type": "display_data"})
}

fn lines(text: &str) -> Value {
    Value::Array(text.split_inclusive('\n').map(Value::from).collect())
}

fn indent_of(bytes: &[u8]) -> usize {
    bytes.iter().skip(2).take_while(|byte| **byte == b' ').count().max(1)
}

fn write(notebook: &Value, indent: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let indent = " ".repeat(indent);
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    notebook.serialize(&mut serializer).expect("a value is serialised");
    bytes.push(b'\n');
    bytes
}
