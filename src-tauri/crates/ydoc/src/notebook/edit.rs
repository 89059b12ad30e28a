//! Edits of a notebook's Y types in place: editors are bound to them, so they are changed and never replaced.

use super::{Cell, Output, Values, shape};
use crate::{diff, text};
use yrs::branch::Branch;
use yrs::{Array, ArrayRef, BranchID, GetString, Map, MapPrelim, MapRef, Out, TransactionMut};

/// The shared types that a cell's text, metadata and outputs are edited in; `None` if it has another shape, which cannot be
/// edited in place.
pub(crate) fn parts(txn: &impl yrs::ReadTxn, cell: &MapRef, kind: &str) -> Option<Vec<BranchID>> {
    let Some(Out::YText(source)) = cell.get(txn, "source") else { return None };
    let Some(Out::YMap(metadata)) = cell.get(txn, "metadata") else { return None };
    let mut parts = vec![AsRef::<Branch>::as_ref(&source).id(), AsRef::<Branch>::as_ref(&metadata).id()];
    if kind == "code" {
        let Some(Out::YArray(outputs)) = cell.get(txn, "outputs") else { return None };
        parts.push(AsRef::<Branch>::as_ref(&outputs).id());
    }
    Some(parts)
}

/// Whether an output may be edited in place; one that people deleted meanwhile may not, as the edit would be lost with it.
pub(crate) type MayEdit<'a> = &'a mut dyn FnMut(&MapRef) -> bool;

/// Changes a cell from `old` to `new`, where they differ.
pub(crate) fn cell(txn: &mut TransactionMut<'_>, map: &MapRef, old: &Cell, new: &Cell, may_edit: MayEdit<'_>) {
    if old.id != new.id {
        map.insert(txn, "id", new.id.as_str());
    }
    source(txn, map, &old.source, &new.source);
    nested_values(txn, map, "metadata", &old.metadata, &new.metadata);
    rest(txn, map, old, new.rest.clone());
    if let Some(Out::YArray(array)) = map.get(txn, "outputs") {
        outputs(txn, &array, &old.outputs, &new.outputs, may_edit);
    }
}

/// Changes whatever else a cell has.
pub(crate) fn rest(txn: &mut TransactionMut<'_>, map: &MapRef, old: &Cell, mut new: Values) {
    // What was text elsewhere may have something of that name that is no list of outputs, and would take its place.
    new.retain(|key, _| old.kind != "code" || key != "outputs");
    values(txn, map, &old.rest, &new);
}

/// Changes a cell's text.
pub(crate) fn source(txn: &mut TransactionMut<'_>, map: &MapRef, old: &str, new: &str) {
    if old != new
        && let Some(Out::YText(source)) = map.get(txn, "source")
    {
        text::edit(txn, &source, old, new);
    }
}

/// Changes plain values under a key that holds a map.
pub(crate) fn nested_values(txn: &mut TransactionMut<'_>, map: &MapRef, key: &str, old: &Values, new: &Values) {
    if old == new {
        return;
    }
    match map.get(txn, key) {
        Some(Out::YMap(nested)) => values(txn, &nested, old, new),
        _ => {
            let nested = map.insert(txn, key, MapPrelim::default());
            values(txn, &nested, &Values::new(), new);
        }
    }
}

/// Changes plain values.
pub(crate) fn values(txn: &mut TransactionMut<'_>, map: &MapRef, old: &Values, new: &Values) {
    for (key, value) in new {
        if old.get(key) != Some(value) {
            map.insert(txn, key.as_str(), value.clone());
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        map.remove(txn, key);
    }
}

/// Changes outputs one by one; a stream that differs in its text alone is edited as text. What is in the array and no output stays.
pub(crate) fn outputs(
    txn: &mut TransactionMut<'_>,
    array: &ArrayRef,
    old: &[Output],
    new: &[Output],
    may_edit: MayEdit<'_>,
) {
    let is_one = |(at, value): (usize, Out)| shape::is_one(&value).then_some(at as u32);
    let places: Vec<u32> = array.iter(txn).enumerate().filter_map(is_one).collect();
    if places.len() != old.len() {
        return;
    }
    let mut distinct: Vec<&Output> = Vec::new();
    let mut number = |output| match distinct.iter().position(|known| *known == output) {
        Some(at) => at,
        None => {
            distinct.push(output);
            distinct.len() - 1
        }
    };
    let olds: Vec<usize> = old.iter().map(&mut number).collect();
    let news: Vec<usize> = new.iter().map(&mut number).collect();
    for hunk in diff::hunks(&olds, &news).into_iter().rev() {
        let both = hunk.old.len().min(hunk.new.len());
        let (old_rest, new_rest) = (hunk.old.start + both..hunk.old.end, hunk.new.start + both..hunk.new.end);
        let behind = old_rest.start.checked_sub(1).map_or(0, |last| places[last] + 1);
        for from in old_rest.rev() {
            array.remove(txn, places[from]);
        }
        for (at, to) in new_rest.enumerate() {
            shape::insert_output(txn, array, behind + at as u32, &new[to]);
        }
        for (from, to) in hunk.old.zip(hunk.new).take(both) {
            let at = places[from];
            if !edit_stream(txn, array, at, &old[from], &new[to], may_edit) {
                array.remove(txn, at);
                shape::insert_output(txn, array, at, &new[to]);
            }
        }
    }
}

fn edit_stream(
    txn: &mut TransactionMut<'_>,
    array: &ArrayRef,
    at: u32,
    old: &Output,
    new: &Output,
    may_edit: MayEdit<'_>,
) -> bool {
    let (Some(before), Some(after)) = (&old.text, &new.text) else { return false };
    let Some(Out::YMap(map)) = array.get(txn, at) else { return false };
    let Some(Out::YText(stream)) = map.get(txn, "text") else { return false };
    if old.rest != new.rest || stream.get_string(txn) != *before || !may_edit(&map) {
        return false;
    }
    text::edit(txn, &stream, before, after);
    true
}

/// Makes what an array of outputs holds now, whatever that is, these.
pub(crate) fn settle_outputs(txn: &mut TransactionMut<'_>, map: &MapRef, wanted: &[Output]) {
    let Some(Out::YArray(array)) = map.get(txn, "outputs") else { return };
    let now: Vec<Output> = array.iter(txn).filter_map(|value| shape::output(txn, &value)).collect();
    outputs(txn, &array, &now, wanted, &mut |_| true);
}

/// Makes what a cell's text is now, whatever that is, this.
pub(crate) fn settle_source(txn: &mut TransactionMut<'_>, map: &MapRef, wanted: &str) {
    if let Some(Out::YText(source)) = map.get(txn, "source") {
        let now = source.get_string(txn);
        text::settle(txn, &source, &now, wanted);
    }
}
