//! What clients do to the cells of a notebook, in the operations that JupyterLab uses.

use yrs::types::ToJson;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, GetString, In, Map, MapPrelim, MapRef, Out, StateVector, Text, TextPrelim,
    TextRef, TransactionMut,
};

use super::client::edit_text;
use super::edit::{Author, Op, cut, fresh, only_tokens, units};
use super::editor::FIRST;
use super::ledger::Ledger;
use super::rng::Rng;
use super::view;

/// Somebody who edits cells.
pub(crate) struct Writer<'a> {
    pub(crate) author: Author,
    /// What the document had before.
    pub(crate) vector: &'a StateVector,
    pub(crate) rng: &'a mut Rng,
    pub(crate) ledger: &'a mut Ledger,
}

impl Writer<'_> {
    /// Writes in a cell, makes one, deletes one, runs one.
    pub(crate) fn edit(&mut self, cells: &ArrayRef, txn: &mut TransactionMut) -> Option<Op> {
        let Self { author, vector, rng, ledger } = self;
        let count = cells.len(txn);
        let at = rng.below(count as usize) as u32;
        let dice = rng.below(100);
        if dice < 10 {
            let (id, text) = (ledger.cell_id(), fresh(rng, ledger));
            cells.insert(txn, rng.below(count as usize + 1) as u32, new_cell(&id, &text));
            return Some(Op::new(&id, &only_tokens(&text), ""));
        }
        let (id, cell) = cell_at(cells, txn, at)?;
        let id = ledger.home(&id, || all_tokens(&cell, txn));
        if ledger.is_barred(*author, &id) {
            return None;
        }
        if dice < 14 && id != FIRST {
            if !ledger.may_drop(&id, vector) {
                return None;
            }
            cells.remove(txn, at);
            return Some(Op::drop_cell(&id));
        }
        let outputs = match cell.get(txn, "outputs") {
            Some(Out::YArray(outputs)) => outputs,
            _ => return Some(edit_text(&source(&cell, txn)?, txn, rng, ledger, &id)),
        };
        if dice < 26 {
            let token = ledger.token().to_string();
            let at = rng.below(outputs.len(txn) as usize + 1) as u32;
            outputs.insert(txn, at, new_output(&token, rng.chance(50)));
            return Some(Op::new(&id, &token, ""));
        }
        if dice < 34 && outputs.len(txn) > 0 {
            let at = rng.below(outputs.len(txn) as usize) as u32;
            let before = view_tokens(&outputs, txn, at);
            outputs.remove(txn, at);
            return Some(Op::new(&id, "", &before));
        }
        Some(edit_text(&source(&cell, txn)?, txn, rng, ledger, &id))
    }

    /// Moves a cell, makes it one of another kind, splits it, joins it with the next, or gives another its id.
    pub(crate) fn reshape(&mut self, cells: &ArrayRef, txn: &mut TransactionMut) -> Option<Op> {
        let Self { author, vector, rng, ledger } = self;
        let count = cells.len(txn) as usize;
        let at = rng.below(count) as u32;
        let (name, cell) = cell_at(cells, txn, at)?;
        let id = ledger.home(&name, || all_tokens(&cell, txn));
        let (text, all) = (source(&cell, txn)?.get_string(txn), all_tokens(&cell, txn));
        let dice = rng.below(100);
        if dice >= 92 && ledger.has_twins() {
            // What is called otherwise in the file is not known there by this name.
            if view::is_made(&name) || name != id {
                return None;
            }
            let fresh = fresh(rng, ledger);
            cells.insert(txn, rng.below(count + 1) as u32, new_cell(&name, &fresh));
            ledger.twin(&id);
            return Some(Op::new(&id, &only_tokens(&fresh), ""));
        }
        if ledger.is_barred(*author, &id) {
            return None;
        }
        let outputs = match cell.get(txn, "outputs") {
            Some(Out::YArray(outputs)) => Some(outputs),
            _ => None,
        };
        if dice < 55 {
            if !ledger.may_carry(&id, &all, vector) {
                return None;
            }
            let printed = outputs.as_ref().map(|outputs| clone_outputs(outputs, txn));
            let moves = dice < 38;
            let (to, clone) = match (moves, printed.is_some()) {
                (true, _) => (rng.below(count) as u32, clone_cell(&name, &text, printed)),
                (false, true) => (at, clone_cell(&name, &text, None)),
                (false, false) => (at, clone_cell(&name, &text, Some(Vec::new()))),
            };
            cells.remove(txn, at);
            cells.insert(txn, to, clone);
            let kept = if moves { &all } else { &text };
            let gone: String = all.chars().filter(|c| !kept.contains(*c)).collect();
            return Some(Op::renew(&id, kept, &gone));
        }
        if dice < 74 {
            let (head, tail) = cut(rng, &text)?;
            if !ledger.may_carry(&id, &only_tokens(&tail), vector) {
                return None;
            }
            let other = ledger.cell_id();
            let (from, whole) = (units(&head), units(&text));
            source(&cell, txn)?.remove_range(txn, from, whole - from);
            cells.insert(txn, at + 1, new_cell(&other, &tail));
            return Some(Op::carry(&id, &other, &tail));
        }
        let (next, other) = cell_at(cells, txn, at + 1)?;
        let next = ledger.home(&next, || all_tokens(&other, txn));
        let (more, everything) = (source(&other, txn)?.get_string(txn), all_tokens(&other, txn));
        let free = ledger.may_absorb(&next, &everything, vector) && !ledger.is_twin(&id);
        if next == FIRST || !free || only_tokens(&text).is_empty() || only_tokens(&more).is_empty() {
            return None;
        }
        source(&cell, txn)?.insert(txn, units(&text), &format!("\n{more}"));
        cells.remove(txn, at + 1);
        let gone: String = everything.chars().filter(|c| !more.contains(*c)).collect();
        Some(Op { dropped: true, deleted: gone, ..Op::carry(&next, &id, &more) })
    }
}

/// All unique characters of a cell.
fn all_tokens(cell: &MapRef, txn: &TransactionMut) -> String {
    let mut json = String::new();
    cell.to_json(txn).to_json(&mut json);
    only_tokens(&json)
}

fn clone_outputs(outputs: &ArrayRef, txn: &TransactionMut) -> Vec<MapPrelim> {
    let Any::Array(all) = outputs.to_json(txn) else { return Vec::new() };
    let clone = |output: &Any| {
        let mut json = String::new();
        output.to_json(&mut json);
        let stream = matches!(output, Any::Map(members) if members.contains_key("text"));
        new_output(&only_tokens(&json), stream)
    };
    all.iter().map(clone).collect()
}

fn view_tokens(outputs: &ArrayRef, txn: &TransactionMut, at: u32) -> String {
    let mut json = String::new();
    outputs.get(txn, at).map_or(Any::Null, |output| output.to_json(txn)).to_json(&mut json);
    only_tokens(&json)
}

/// A cell and its id.
pub(crate) fn cell_at(cells: &ArrayRef, txn: &TransactionMut, at: u32) -> Option<(String, MapRef)> {
    let Some(Out::YMap(cell)) = cells.get(txn, at) else { return None };
    let id = cell.get(txn, "id")?.to_string(txn);
    Some((id, cell))
}

/// The source of a cell.
pub(crate) fn source(cell: &MapRef, txn: &TransactionMut) -> Option<TextRef> {
    match cell.get(txn, "source") {
        Some(Out::YText(text)) => Some(text),
        _ => None,
    }
}

fn new_cell(id: &str, text: &str) -> MapPrelim {
    clone_cell(id, text, Some(Vec::new()))
}

/// A cell as JupyterLab makes it; without outputs it is no code.
fn clone_cell(id: &str, text: &str, outputs: Option<Vec<MapPrelim>>) -> MapPrelim {
    let kind = if outputs.is_some() { "code" } else { "markdown" };
    let mut members = vec![
        ("id", In::from(id)),
        ("cell_type", In::from(kind)),
        ("source", In::from(TextPrelim::new(text))),
        ("metadata", In::from(MapPrelim::default())),
    ];
    if let Some(outputs) = outputs {
        members.extend([
            ("execution_count", In::Any(Any::Null)),
            ("execution_state", In::from("idle")),
            ("outputs", In::from(ArrayPrelim::from(outputs))),
        ]);
    }
    members.into_iter().collect()
}

fn new_output(token: &str, stream: bool) -> MapPrelim {
    if stream {
        let text = In::from(TextPrelim::new(format!("{token}\n")));
        return MapPrelim::from([("output_type", In::from("stream")), ("name", In::from("stdout")), ("text", text)]);
    }
    let data = Any::Map(std::sync::Arc::new([("text/plain".to_owned(), Any::from(token))].into()));
    MapPrelim::from([
        ("output_type", In::from("display_data")),
        ("data", In::Any(data)),
        ("metadata", In::Any(Any::Map(Default::default()))),
    ])
}
