//! `YNotebook`: a notebook in a Y document. Written in the newest shape; every older one is read.

use super::{Cell, Notebook, Output, Values, ids, read::is_stream};
use crate::json::{DEEPEST, plain};
use std::collections::HashSet;
use std::sync::Arc;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, BranchID, Doc, GetString, ID, Map, MapPrelim, MapRef, Out, ReadTxn, TextPrelim,
    Transact, TransactionMut,
};

/// The roots of a notebook's document. To be taken before a transaction begins.
#[derive(Clone)]
pub(crate) struct Roots {
    /// One map a cell.
    pub(crate) cells: ArrayRef,
    /// `nbformat`, `nbformat_minor` and the map `metadata`.
    pub(crate) meta: MapRef,
}

/// A notebook as it is in a document.
pub(crate) struct Side {
    /// In plain form.
    pub(crate) notebook: Notebook,
    /// The Y map of each cell and its id; `None` for a cell that is a plain value.
    pub(crate) places: Vec<Option<(MapRef, ID)>>,
    /// Where each cell is in the Y array, in which there may be other things.
    pub(crate) positions: Vec<usize>,
}

/// The roots, made if there are none.
pub(crate) fn roots(doc: &Doc) -> Roots {
    Roots { cells: doc.get_or_insert_array("cells"), meta: doc.get_or_insert_map("meta") }
}

/// Fills an empty document.
pub(crate) fn fill(txn: &mut TransactionMut<'_>, roots: &Roots, notebook: &Notebook) {
    for (key, value) in &notebook.meta {
        roots.meta.insert(txn, key.as_str(), value.clone());
    }
    let metadata = roots.meta.insert(txn, "metadata", MapPrelim::default());
    insert_values(txn, &metadata, &notebook.metadata);
    // From the last to the first, always in front: finding a place in the middle would walk past all cells before it.
    for cell in notebook.cells.iter().rev() {
        insert_cell(txn, &roots.cells, 0, cell);
    }
}

fn insert_values(txn: &mut TransactionMut<'_>, map: &MapRef, values: &Values) {
    for (key, value) in values {
        map.insert(txn, key.as_str(), value.clone());
    }
}

/// Inserts a cell; returns its Y map.
pub(crate) fn insert_cell(txn: &mut TransactionMut<'_>, cells: &ArrayRef, at: u32, cell: &Cell) -> MapRef {
    let map = cells.insert(txn, at, MapPrelim::default());
    map.insert(txn, "cell_type", cell.kind.as_str());
    map.insert(txn, "id", cell.id.as_str());
    let metadata = map.insert(txn, "metadata", MapPrelim::default());
    insert_values(txn, &metadata, &cell.metadata);
    map.insert(txn, "source", TextPrelim::new(cell.source.as_str()));
    insert_values(txn, &map, &cell.rest);
    if cell.kind == "code" {
        map.insert(txn, "execution_state", "idle");
        let outputs = map.insert(txn, "outputs", ArrayPrelim::default());
        for (at, output) in cell.outputs.iter().enumerate() {
            insert_output(txn, &outputs, at as u32, output);
        }
    }
    map
}

/// Inserts an output.
pub(crate) fn insert_output(txn: &mut TransactionMut<'_>, outputs: &ArrayRef, at: u32, output: &Output) {
    let map = outputs.insert(txn, at, MapPrelim::default());
    insert_values(txn, &map, &output.rest);
    if let Some(text) = &output.text {
        map.insert(txn, "text", TextPrelim::new(text.as_str()));
    }
}

/// The item that a Y map is.
pub(crate) fn item(map: &MapRef) -> Option<ID> {
    let branch: &yrs::branch::Branch = map.as_ref();
    match branch.id() {
        BranchID::Nested(id) => Some(id),
        BranchID::Root(_) => None,
    }
}

/// The items of all outputs in a document.
pub(crate) fn outputs(doc: &Doc) -> HashSet<ID> {
    let cells = roots(doc).cells;
    let txn = doc.transact();
    let arrays = cells.iter(&txn).filter_map(|cell| match cell {
        Out::YMap(cell) => match cell.get(&txn, "outputs") {
            Some(Out::YArray(outputs)) => Some(outputs),
            _ => None,
        },
        _ => None,
    });
    let outputs = arrays.flat_map(|outputs| outputs.iter(&txn).collect::<Vec<Out>>());
    outputs.filter_map(|output| if let Out::YMap(map) = output { item(&map) } else { None }).collect()
}

/// Where a cell is now.
pub(crate) fn find(txn: &impl ReadTxn, cells: &ArrayRef, wanted: ID) -> Option<(u32, MapRef)> {
    cells.iter(txn).enumerate().find_map(|(at, value)| match value {
        Out::YMap(map) if item(&map) == Some(wanted) => Some((at as u32, map)),
        _ => None,
    })
}

/// The first cell with this id.
pub(crate) fn called(txn: &impl ReadTxn, cells: &ArrayRef, id: &str) -> Option<(u32, MapRef)> {
    cells.iter(txn).enumerate().find_map(|(at, value)| match value {
        Out::YMap(map) if map.get(txn, "id") == Some(Out::Any(id.into())) => Some((at as u32, map)),
        _ => None,
    })
}

/// The notebook in a document.
pub(crate) fn side(doc: &Doc) -> Side {
    let roots = roots(doc);
    let txn = doc.transact();
    let mut notebook = Notebook::default();
    for (key, value) in roots.meta.iter(&txn) {
        match key {
            "metadata" => notebook.metadata = values(&txn, &value),
            "nbformat" | "nbformat_minor" => {
                let value = plain(&json(&txn, &value));
                let is_older =
                    matches!(&value, Any::Number(number) if number.as_i64().is_some_and(|number| number < 4));
                // Cells of this form, said to be of an older one, could not be read again.
                let value = if key == "nbformat" && is_older { Any::from(4) } else { value };
                notebook.meta.insert(key.to_owned(), value);
            }
            _ => {}
        }
    }
    let (mut places, mut positions) = (Vec::new(), Vec::new());
    for (at, value) in roots.cells.iter(&txn).enumerate() {
        match &value {
            Out::YMap(map) => {
                let get = |key: &str| map.get(&txn, key);
                notebook.cells.push(cell(&txn, &mut map.iter(&txn).map(|(key, _)| key.to_owned()), &get));
                places.push(item(map).map(|id| (map.clone(), id)));
            }
            Out::Any(Any::Map(map)) => {
                let get = |key: &str| map.get(key).map(|value| Out::Any(value.clone()));
                notebook.cells.push(cell(&txn, &mut map.keys().cloned(), &get));
                places.push(None);
            }
            // Nobody writes anything else here, and there is nothing to make of it.
            _ => continue,
        }
        positions.push(at);
    }
    let mut names = ids::Names::default();
    notebook.cells.iter().for_each(|cell| {
        names.take(&cell.id);
    });
    for cell in notebook.cells.iter_mut().filter(|cell| !cell.own_id) {
        cell.id = names.of_content(cell);
    }
    Side { notebook, places, positions }
}

fn cell<T: ReadTxn>(txn: &T, keys: &mut dyn Iterator<Item = String>, get: &dyn Fn(&str) -> Option<Out>) -> Cell {
    let string = |key: &str| get(key).and_then(|value| text(txn, &value));
    let kind = match string("cell_type").as_deref() {
        Some("code") => "code",
        Some("markdown") => "markdown",
        _ => "raw",
    };
    let id = string("id").unwrap_or_default();
    let mut cell = Cell {
        given: id.clone(),
        own_id: !id.is_empty(),
        id,
        kind: kind.to_owned(),
        source: string("source").unwrap_or_default(),
        metadata: get("metadata").map(|value| values(txn, &value)).unwrap_or_default(),
        outputs: Vec::new(),
        rest: Values::new(),
    };
    cell.metadata.remove("trusted");
    if kind == "code" {
        cell.outputs = match get("outputs") {
            Some(Out::YArray(array)) => array.iter(txn).filter_map(|value| output(txn, &value)).collect(),
            Some(Out::Any(Any::Array(array))) => {
                array.iter().filter_map(|value| output(txn, &Out::Any(value.clone()))).collect()
            }
            _ => Vec::new(),
        };
    }
    for key in keys {
        let ours = match key.as_str() {
            "id" | "cell_type" | "source" | "metadata" | "execution_state" => true,
            "outputs" => kind == "code",
            _ => false,
        };
        if !ours {
            let value = get(&key).map(|value| json(txn, &value)).filter(|value| *value != Any::Undefined);
            cell.rest.extend(value.map(|value| (key, plain(&value))));
        }
    }
    cell
}

/// Whether something among cells or outputs is one.
pub(crate) fn is_one(value: &Out) -> bool {
    matches!(value, Out::YMap(_) | Out::Any(Any::Map(_)))
}

/// An output in plain form.
pub(crate) fn output<T: ReadTxn>(txn: &T, value: &Out) -> Option<Output> {
    let mut output = Output::default();
    let mut stream = None;
    match value {
        Out::YMap(map) => {
            for (key, value) in map.iter(txn) {
                if key == "text" {
                    stream = text(txn, &value);
                }
                output.rest.insert(key.to_owned(), plain(&json(txn, &value)));
            }
        }
        Out::Any(Any::Map(map)) => {
            stream = map.get("text").and_then(|value| text(txn, &Out::Any(value.clone())));
            output.rest = map.iter().map(|(key, value)| (key.clone(), plain(value))).collect();
        }
        _ => return None,
    }
    if is_stream(&output.rest) && stream.is_some() {
        output.rest.remove("text");
        output.text = stream;
    }
    Some(output)
}

/// The text that a string, a list of strings or a Y text stands for.
fn text<T: ReadTxn>(txn: &T, value: &Out) -> Option<String> {
    match value {
        Out::YText(text) => Some(text.get_string(txn)),
        Out::YArray(_) | Out::Any(Any::Array(_)) => match json(txn, value) {
            Any::Array(lines) => {
                lines.iter().map(|line| if let Any::String(line) = line { Some(&**line) } else { None }).collect()
            }
            _ => None,
        },
        Out::Any(Any::String(string)) => Some(string.to_string()),
        _ => None,
    }
}

/// What a value stands for; undefined: for nothing that a file can say. yrs' own reading panics on an array that has less than it
/// counts, as foreign updates can make one, and goes as deep as they say.
fn json<T: ReadTxn>(txn: &T, value: &Out) -> Any {
    json_at(txn, value, 0)
}

fn json_at<T: ReadTxn>(txn: &T, value: &Out, depth: usize) -> Any {
    match value {
        Out::Any(value) => value.clone(),
        Out::YText(text) => text.get_string(txn).into(),
        Out::YArray(array) if depth < DEEPEST => {
            Any::Array(array.iter(txn).map(|value| json_at(txn, &value, depth + 1)).collect())
        }
        Out::YMap(map) if depth < DEEPEST => {
            let entries = map.iter(txn).map(|(key, value)| (key.to_owned(), json_at(txn, &value, depth + 1)));
            Any::Map(Arc::new(entries.collect()))
        }
        _ => Any::Undefined,
    }
}

fn values<T: ReadTxn>(txn: &T, value: &Out) -> Values {
    match json(txn, value) {
        Any::Map(map) => map.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        _ => Values::new(),
    }
}
