//! Another program that edits the file: it reads, changes and writes in one go, or leaves half of it for a while.

use protocol::Model;
use serde::Serialize;
use serde_json::{Value, json};
use yrs::StateVector;

use super::edit::{Change, DISK, Op, cut, fresh, only_tokens};
use super::ledger::{Contest, Durable, Ledger};
use super::rng::Rng;
use super::view::{self, View};

/// A cell that is never deleted, so that no notebook ends empty.
pub(crate) const FIRST: &str = "first";

/// A file to begin with.
pub(crate) fn initial(rng: &mut Rng, ledger: &mut Ledger, model: Model) -> Vec<u8> {
    let mut text = |rng: &mut Rng, cell: &str| {
        let lines: Vec<String> = (0..rng.between(1, 5)).map(|_| fresh(rng, ledger)).collect();
        let text = lines.join("\n");
        let nothing = (&Durable::new(), &StateVector::default());
        ledger.edited_on_disk(&Op::new(cell, &only_tokens(&text), ""), Contest::Clean, nothing);
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

/// The file after an edit of somebody's, and what was done. `contest` says whether a cell is being edited elsewhere. `reshape`:
/// cells are moved, split or joined.
pub(crate) fn edit(
    rng: &mut Rng,
    ledger: &mut Ledger,
    model: Model,
    bytes: &[u8],
    reshape: bool,
    contest: impl Fn(&Ledger, &str) -> Contest,
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
    if reshape {
        ops.extend(reshape_cells(rng, ledger, cells, &contest).into_iter().flatten());
    } else {
        for _ in 0..rng.between(1, 2) {
            ops.extend(edit_cells(rng, ledger, cells));
        }
    }
    let judged = ops.into_iter().map(|op| {
        let contest = contest(ledger, &op.cell);
        (op, contest)
    });
    let judged = judged.collect();
    Ok((write(&notebook, if rng.chance(80) { indent_of(bytes) } else { 1 }), judged))
}

fn edit_cells(rng: &mut Rng, ledger: &mut Ledger, cells: &mut Vec<Value>) -> Option<Op> {
    let at = rng.below(cells.len());
    let id = home_of(ledger, &cells[at]);
    let dice = rng.below(100);
    if dice < 12 {
        let (id, text) = (ledger.cell_id(), fresh(rng, ledger));
        cells.insert(rng.below(cells.len() + 1), cell(&id, &text, rng.chance(70)));
        return Some(Op::new(&id, &only_tokens(&text), ""));
    }
    if ledger.is_barred(DISK, &id) {
        return None;
    }
    if dice < 22 && id != FIRST {
        if !ledger.may_drop_on_disk(&id) {
            return None;
        }
        cells.remove(at);
        return Some(Op::drop_cell(&id));
    }
    if let Some(outputs) = cells[at]["outputs"].as_array_mut() {
        if dice < 32 {
            // Somebody may have made text of it, which has no outputs.
            if ledger.is_shaky(&id) {
                return None;
            }
            let token = ledger.token().to_string();
            outputs.insert(rng.below(outputs.len() + 1), output(&token, rng.chance(50)));
            return Some(Op::new(&id, &token, ""));
        }
        if dice < 40 && !outputs.is_empty() {
            let output = outputs.remove(rng.below(outputs.len()));
            return Some(Op::new(&id, "", &only_tokens(&output.to_string())));
        }
    }
    let text = source(&cells[at]);
    let change = Change::think(rng, ledger, &text, false);
    cells[at]["source"] = lines(&change.apply(&text));
    Some(Op::new(&id, &only_tokens(&change.inserted), &only_tokens(&change.removed)))
}

/// Moves a cell, makes it one of another kind, splits it, joins it with the next, or gives another its id.
fn reshape_cells(
    rng: &mut Rng,
    ledger: &mut Ledger,
    cells: &mut Vec<Value>,
    contest: impl Fn(&Ledger, &str) -> Contest,
) -> Option<Vec<Op>> {
    let at = rng.below(cells.len());
    let (name, id) = (id_of(&cells[at]).to_owned(), home_of(ledger, &cells[at]));
    let (text, all) = (source(&cells[at]), only_tokens(&cells[at].to_string()));
    let dice = rng.below(100);
    if dice >= 92 && ledger.has_twins() {
        if view::is_made(&name) || name != id || !ledger.may_twin_on_disk() {
            return None;
        }
        let fresh = fresh(rng, ledger);
        cells.insert(rng.below(cells.len() + 1), cell(&name, &fresh, rng.chance(70)));
        ledger.twin(&id);
        return Some(vec![Op::new(&id, &only_tokens(&fresh), "")]);
    }
    if !ledger.may_carry_on_disk(&id, &all) {
        return None;
    }
    if dice < 38 {
        let to = rng.below(cells.len());
        // Of cells that are in another order now, nobody can tell which was moved.
        let passed = &cells[at.min(to)..=at.max(to)];
        let text = |cell: &Value| only_tokens(&cell.to_string());
        if !passed.iter().all(|cell| ledger.may_carry_on_disk(&home_of(ledger, cell), &text(cell))) {
            return None;
        }
        let ops = passed.iter().map(|cell| Op::renew(&home_of(ledger, cell), &text(cell), "")).collect();
        let moved = cells.remove(at);
        cells.insert(to, moved);
        return Some(ops);
    }
    if dice < 55 {
        let code = cells[at]["outputs"].is_array();
        cells[at] = cell(&name, &text, !code);
        let gone: String = all.chars().filter(|c| !text.contains(*c)).collect();
        return Some(vec![Op::renew(&id, &text, &gone)]);
    }
    if dice < 74 {
        let (head, tail) = cut(rng, &text)?;
        let other = ledger.cell_id();
        cells[at]["source"] = lines(&head);
        cells.insert(at + 1, cell(&other, &tail, rng.chance(70)));
        return Some(vec![Op::carry(&id, &other, &tail)]);
    }
    let next = cells.get(at + 1)?;
    let (other, more, everything) = (home_of(ledger, next), source(next), only_tokens(&next.to_string()));
    let free = other != FIRST && ledger.may_carry_on_disk(&other, &everything) && ledger.may_drop_on_disk(&other);
    let clean = [&id, &other].into_iter().all(|id| contest(ledger, id) == Contest::Clean);
    if !free || !clean || only_tokens(&text).is_empty() || only_tokens(&more).is_empty() {
        return None;
    }
    cells[at]["source"] = lines(&format!("{text}\n{more}"));
    cells.remove(at + 1);
    let gone: String = everything.chars().filter(|c| !more.contains(*c)).collect();
    Some(vec![Op { dropped: true, deleted: gone, ..Op::carry(&other, &id, &more) }])
}

/// What the book calls a cell.
fn home_of(ledger: &Ledger, cell: &Value) -> String {
    ledger.home(id_of(cell), || only_tokens(&cell.to_string()))
}

fn id_of(cell: &Value) -> &str {
    cell["id"].as_str().unwrap_or_default()
}

fn source(cell: &Value) -> String {
    match &cell["source"] {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
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
