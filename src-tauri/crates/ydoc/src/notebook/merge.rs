//! The merge of a notebook on disk into a live one.
//!
//! In three transactions. The first, on a fork at the base, says everything that the disk says: its update merges into the live
//! document. The second, on the fork alone, deletes what the disk deleted but people here still edit, so that the fork is exactly
//! the disk. The third, on the live document with the first, mends what an update cannot know: cells that somebody moved
//! here (a deletion and a copy with the same id) get the disk's edits in the copy, and cells that were deleted here but edited
//! there come back. Whatever is inserted in the fork is inserted in the live document too (there perhaps deleted again), so
//! that the next edits at the base find their neighbours.

use super::plan::{self, Fate, Here, Plan};
use super::shape::{self, Side, find};
use super::{Cell, Notebook, Output, edit, read};
use crate::conflict::{self, Conflicts};
use crate::document::{derived_author, integrate, open, whole};
use crate::merge::{Other, advance, can_go_on, joined, restore, transact};
use crate::{AuthorId, Base, Merge, ParseError, Update, diff, text};
use protocol::{Conflict, Digest, MergeReport, Model};
use std::collections::HashMap;
use yrs::{Array, Doc, GetString, ID, Map, MapRef, Out, ReadTxn, Text, Transact, TransactionMut};

/// Merges a file's bytes into `live`, from the state of `fork`.
pub(crate) fn merge(
    live_state: &[u8],
    (live, fork): (&Doc, &Doc),
    author: AuthorId,
    bytes: &[u8],
    digest: Digest,
    other: Other,
) -> Result<Merge, ParseError> {
    let mut disk = read::file(bytes)?.notebook;
    let (base, here) = (shape::side(fork), shape::side(live));
    let mut report = MergeReport { live_edits: base.notebook != here.notebook, ..MergeReport::default() };
    let mut as_here = disk.clone();
    plan::adopt_ids(&here.notebook.cells, &[], &mut as_here.cells);
    if as_here == here.notebook {
        // The disk caught up with us, or both sides did the same: doing it again would double it.
        return Ok(Merge { update: None, base: Base { state: whole(live), digest }, report, structural: false });
    }
    let sources = plan::adopt_ids(&base.notebook.cells, &here.notebook.cells, &mut disk.cells);
    let editable = editable(fork, live, &base, &here);
    let plan = plan::plan(&base, &here, &mut disk, sources, &editable);
    count(&plan, &mut report);

    let alive = shape::outputs(live);
    let mut in_place = false;
    let mut may_edit = |output: &MapRef| {
        let here = shape::item(output).is_some_and(|item| alive.contains(&item));
        in_place |= here;
        here
    };
    let (update, inserted) = edit_fork(fork, &base, &disk, &plan, &mut may_edit);
    let mends = mends(&plan, &base, &here, &disk, &inserted);
    let deletes = plan.fates.iter().any(|fate| fate.disk.is_none() || !fate.stays);
    let structural = deletes || in_place || mends.iter().any(|mend| !matches!(mend, Mend::Settle { .. }));
    let mended = if mends.is_empty() { None } else { mend(live_state, update.as_deref(), fork, author, &mends) };
    delete_in_fork_alone(fork, &base, &plan);
    let update = joined(update, mended);
    let (conflicts, settled) = match other {
        Other::Program => settle(&plan, &base, &here, &disk, (live, fork), update.as_deref()),
        Other::Room => Default::default(),
    };
    report.conflicts = conflicts;
    let structural = structural || settled.is_some();
    let update = joined(update, settled);
    Ok(Merge { update, base: Base { state: whole(fork), digest }, report, structural })
}

/// For each cell of the base, whether it can be edited in place so that it reaches the live one: neither has an older shape, nor
/// did anybody put another shared type in the place of one.
fn editable(fork: &Doc, live: &Doc, base: &Side, here: &Side) -> Vec<bool> {
    let (fork, live) = (fork.transact(), live.transact());
    let places = here.places.iter().flatten().map(|(map, item)| (*item, map));
    let places: HashMap<ID, &MapRef> = places.collect();
    let is_editable = |(cell, place): (&Cell, &Option<(MapRef, ID)>)| {
        let Some((map, item)) = place else { return false };
        let parts = edit::parts(&fork, map, &cell.kind);
        let same = |map: &&MapRef| edit::parts(&live, map, &cell.kind) == parts;
        parts.is_some() && places.get(item).is_none_or(same)
    };
    base.notebook.cells.iter().zip(&base.places).map(is_editable).collect()
}

fn count(plan: &Plan, report: &mut MergeReport) {
    let fates = &plan.fates;
    report.changed = fates.iter().filter(|fate| fate.edited_there).count();
    report.added = plan.sources.iter().filter(|source| source.is_none()).count();
    report.kept = fates.iter().filter(|fate| fate.kept).count();
    report.removed = fates.iter().filter(|fate| fate.disk.is_none() && !fate.kept).count();
}

/// Where both sides wrote on one line of a source, and what makes it readable. Takes the update into the copy of the live
/// document.
fn settle(
    plan: &Plan,
    base: &Side,
    here: &Side,
    disk: &Notebook,
    (live, fork): (&Doc, &Doc),
    update: Option<&[u8]>,
) -> (Vec<Conflict>, Option<Update>) {
    let mut both = Vec::new();
    for (fate, before) in plan.fates.iter().zip(&base.notebook.cells) {
        if let (Some(to), Here::Same(at) | Here::Moved(at)) = (fate.disk, fate.here) {
            let (ours, theirs) = (&here.notebook.cells[at], &disk.cells[to].source);
            if ours.source != before.source && *theirs != before.source && ours.source != *theirs {
                both.push((&before.source, ours, theirs, at));
            }
        }
    }
    if both.is_empty() {
        return (Vec::new(), None);
    }
    advance(live, update);
    let may_settle = can_go_on(live, fork);
    let cells = shape::roots(live).cells;
    let mut conflicts = Conflicts::default();
    let settled = transact(live, |txn| {
        for (before, ours, theirs, at) in both {
            let now = here.places[at].as_ref().and_then(|(_, item)| find(txn, &cells, *item));
            let now = now.or_else(|| shape::called(txn, &cells, &ours.id));
            let passed = |now: u32| cells.iter(txn).take(now as usize).filter(shape::is_one).count();
            let number = now.as_ref().map_or(at, |(now, _)| passed(*now)) + 1;
            let source = now.and_then(|(_, map)| match map.get(txn, "source") {
                Some(Out::YText(source)) => Some(source),
                _ => None,
            });
            let text = source.as_ref().map_or_else(|| ours.source.clone(), |source| source.get_string(txn));
            let met = conflict::met(before, &ours.source, theirs, || text.clone());
            conflicts.add(met.stretches, Some((number, &ours.id)));
            if let (Some(source), Some(wanted), true) = (source, met.settled, may_settle) {
                text::settle(txn, &source, &text, &wanted);
            }
        }
    });
    let mut found = conflicts.found;
    found.sort_by_key(|conflict| conflict.number);
    (found, settled)
}

/// Whether the deletion of a base cell's item must not reach the live document.
fn is_spared(fate: &Fate) -> bool {
    let both = fate.edited_here && fate.disk.is_some() && (fate.editable || !fate.edited_there);
    !fate.stays && (fate.kept || both) && matches!(fate.here, Here::Same(_))
}

/// Makes the fork say what the disk says, except for the deletions that must not reach the live document. Returns the update, and
/// the items of cells on disk that were inserted.
fn edit_fork(
    fork: &Doc,
    base: &Side,
    disk: &Notebook,
    plan: &Plan,
    may_edit: edit::MayEdit<'_>,
) -> (Option<Update>, HashMap<usize, ID>) {
    let roots = shape::roots(fork);
    let mut inserted = HashMap::new();
    let update = transact(fork, |txn| {
        edit::values(txn, &roots.meta, &base.notebook.meta, &disk.meta);
        edit::nested_values(txn, &roots.meta, "metadata", &base.notebook.metadata, &disk.metadata);
        for ((fate, place), before) in plan.fates.iter().zip(&base.places).zip(&base.notebook.cells) {
            let in_place = fate.stays || is_spared(fate);
            if let (true, Some(to), Some((map, _))) = (in_place && fate.editable, fate.disk, place) {
                edit::cell(txn, map, before, &Cell { kind: before.kind.clone(), ..disk.cells[to].clone() }, may_edit);
            }
        }
        // Behind the last cell that stays, so that a new cell is in front of what is deleted there.
        let mut at = 0;
        for (to, source) in plan.sources.iter().enumerate() {
            match source.filter(|from| plan.fates[*from].stays) {
                Some(from) => at = base.positions[from] + inserted.len() + 1,
                None => {
                    let map = shape::insert_cell(txn, &roots.cells, at as u32, &disk.cells[to]);
                    at += 1;
                    inserted.extend(shape::item(&map).map(|item| (to, item)));
                }
            }
        }
        remove(txn, &roots, base, plan, |fate| !fate.stays && !is_spared(fate) && !forgotten(fate));
    });
    (update, inserted)
}

/// With a named fault: the disk's deletion is forgotten altogether.
fn forgotten(fate: &Fate) -> bool {
    fate.disk.is_none() && crate::merge::drop_disk_delete()
}

fn delete_in_fork_alone(fork: &Doc, base: &Side, plan: &Plan) {
    let roots = shape::roots(fork);
    let _for_the_base_only = transact(fork, |txn| {
        remove(txn, &roots, base, plan, |fate| is_spared(fate) && !forgotten(fate));
    });
}

/// Removes base cells. A cell that is a plain value has no item to find it by: it is told by its id.
fn remove(
    txn: &mut TransactionMut<'_>,
    roots: &shape::Roots,
    base: &Side,
    plan: &Plan,
    doomed: impl Fn(&Fate) -> bool,
) {
    for ((fate, place), cell) in plan.fates.iter().zip(&base.places).zip(&base.notebook.cells) {
        if !doomed(fate) {
            continue;
        }
        let at = match place {
            Some((_, item)) => find(txn, &roots.cells, *item).map(|found| found.0),
            None => roots
                .cells
                .iter(txn)
                .position(|value| match value {
                    Out::Any(yrs::Any::Map(map)) => map.get("id") == Some(&yrs::Any::String(cell.id.as_str().into())),
                    _ => false,
                })
                .map(|at| at as u32),
        };
        if let Some(at) = at {
            roots.cells.remove(txn, at);
        }
    }
}

/// What only somebody who sees the live document can do.
enum Mend<'a> {
    /// Both sides did the same to this cell: once is enough.
    Settle { item: ID, source: Option<&'a str>, outputs: Option<&'a [Output]> },
    /// Merge the edits of one side into the cell that has those of the other.
    Merge { item: ID, before: Option<&'a Cell>, ours: &'a Cell, theirs: &'a Cell },
    /// Delete a cell.
    Delete(ID),
    /// Insert a cell behind the first of these that is there.
    Insert { behind: Vec<ID>, cell: &'a Cell },
}

fn mends<'a>(
    plan: &Plan,
    base: &'a Side,
    here: &'a Side,
    disk: &'a Notebook,
    inserted: &HashMap<usize, ID>,
) -> Vec<Mend<'a>> {
    let item = |at: usize| here.places[at].as_ref().map(|place| place.1);
    let mut mends = Vec::new();
    for ((fate, before), place) in plan.fates.iter().zip(&base.notebook.cells).zip(&base.places) {
        let theirs = fate.disk.map(|to| &disk.cells[to]);
        let copy = fate.disk.and_then(|to| inserted.get(&to)).copied();
        match (fate.here, theirs) {
            (Here::Same(at), Some(theirs)) => {
                let ours = &here.notebook.cells[at];
                let source = ours.source == theirs.source && ours.source != before.source;
                let outputs = ours.outputs == theirs.outputs && ours.outputs != before.outputs;
                if let Some(item) = item(at).filter(|_| (source || outputs) && (fate.stays || is_spared(fate))) {
                    let source = source.then_some(theirs.source.as_str());
                    mends.push(Mend::Settle { item, source, outputs: outputs.then_some(theirs.outputs.as_slice()) });
                }
                mends.extend(copy.filter(|_| is_spared(fate)).map(Mend::Delete));
                // The disk's cell takes its place, with what was edited here.
                let replaced = copy.filter(|_| fate.edited_here && !is_spared(fate));
                mends.extend(replaced.map(|item| Mend::Merge {
                    item,
                    before: Some(before),
                    ours: theirs,
                    theirs: ours,
                }));
            }
            (Here::Moved(at), Some(theirs)) => {
                let ours = &here.notebook.cells[at];
                mends.extend(copy.map(Mend::Delete));
                mends.extend(item(at).filter(|_| fate.edited_there).map(|item| Mend::Merge {
                    item,
                    before: Some(before),
                    ours,
                    theirs,
                }));
            }
            (Here::Gone, Some(theirs)) if fate.edited_there && copy.is_none() => {
                mends.push(Mend::Insert { behind: neighbours(fate.disk, plan, base, here, inserted), cell: theirs });
            }
            (Here::Gone, Some(_)) if !fate.edited_there && place.is_some() => mends.extend(copy.map(Mend::Delete)),
            (Here::Moved(at), None) if !fate.kept => mends.extend(item(at).map(Mend::Delete)),
            _ => {}
        }
    }
    for ((to, twin), theirs) in plan.twins.iter().enumerate().zip(&disk.cells) {
        if let (Some(at), Some(copy)) = (twin, inserted.get(&to)) {
            let ours = &here.notebook.cells[*at];
            mends.push(Mend::Delete(*copy));
            mends.extend(item(*at).filter(|_| !ours.says_the_same(theirs)).map(|item| Mend::Merge {
                item,
                before: None,
                ours,
                theirs,
            }));
        }
    }
    mends
}

/// Items in the live document of the cells before this one on disk, the nearest first.
fn neighbours(disk: Option<usize>, plan: &Plan, base: &Side, here: &Side, inserted: &HashMap<usize, ID>) -> Vec<ID> {
    let before = (0..disk.unwrap_or(0)).rev();
    let items = before.filter_map(|to| match (inserted.get(&to), plan.sources[to]) {
        (Some(item), _) => Some(*item),
        (None, Some(from)) => match plan.fates[from].here {
            Here::Same(_) => base.places[from].as_ref().map(|place| place.1),
            Here::Moved(at) => here.places[at].as_ref().map(|place| place.1),
            Here::Gone => None,
        },
        (None, None) => None,
    });
    items.collect()
}

/// Carries the mends out on the live document with the first update, and returns their own update.
fn mend(live: &[u8], first: Option<&[u8]>, fork: &Doc, author: AuthorId, mends: &[Mend<'_>]) -> Option<Update> {
    let build = |author: AuthorId| {
        let doc = restore(Model::Notebook, author, live);
        if let Some(first) = first {
            let _what_does_not_fit_waits = integrate(&mut doc.transact_mut(), first);
        }
        doc
    };
    let clock = |doc: &Doc| doc.transact().state_vector().get(&fork.client_id());
    let mut doc = build(author);
    if clock(&doc) != clock(fork) {
        // The live document lacks something that the base has. That is not for us to judge; only no id may be given twice.
        doc = build(derived_author(&[&author.to_le_bytes(), b"mend", live]));
    }
    let roots = shape::roots(&doc);
    transact(&doc, |txn| {
        for mend in mends {
            match mend {
                Mend::Settle { item, source, outputs } => {
                    let Some((_, map)) = find(txn, &roots.cells, *item) else { continue };
                    if let Some(source) = source {
                        edit::settle_source(txn, &map, source);
                    }
                    if let Some(outputs) = outputs {
                        edit::settle_outputs(txn, &map, outputs);
                    }
                }
                Mend::Merge { item, before, ours, theirs } => {
                    if let Some((_, map)) = find(txn, &roots.cells, *item) {
                        merge_cell(txn, &map, *before, ours, theirs);
                    }
                }
                Mend::Delete(item) => {
                    if let Some((at, _)) = find(txn, &roots.cells, *item) {
                        roots.cells.remove(txn, at);
                    }
                }
                Mend::Insert { behind, cell } => {
                    let at =
                        behind.iter().find_map(|item| find(txn, &roots.cells, *item)).map_or(0, |found| found.0 + 1);
                    shape::insert_cell(txn, &roots.cells, at, cell);
                }
            }
        }
    })
}

/// Merges the disk's edits of a cell into another cell with its id.
fn merge_cell(txn: &mut TransactionMut<'_>, map: &MapRef, before: Option<&Cell>, ours: &Cell, theirs: &Cell) {
    let source = match before {
        Some(before) if before.source == theirs.source => ours.source.clone(),
        _ if ours.source == theirs.source => ours.source.clone(),
        Some(before) => three_way(&before.source, &ours.source, &theirs.source),
        None => diff::union(&ours.source, &theirs.source),
    };
    edit::source(txn, map, &ours.source, &source);
    let changed = |old: Option<&super::Values>, here: &super::Values, new: &super::Values| {
        let mut merged = here.clone();
        merged.extend(
            new.iter()
                .filter(|(k, v)| old.and_then(|old| old.get(*k)) != Some(*v))
                .map(|(k, v)| (k.clone(), v.clone())),
        );
        let gone = |key: &String| old.is_some_and(|old| old.get(key) == here.get(key)) && !new.contains_key(key);
        merged.retain(|key, _| !gone(key));
        merged
    };
    let metadata = changed(before.map(|before| &before.metadata), &ours.metadata, &theirs.metadata);
    edit::nested_values(txn, map, "metadata", &ours.metadata, &metadata);
    let rest = changed(before.map(|before| &before.rest), &ours.rest, &theirs.rest);
    edit::rest(txn, map, ours, rest);
    let known = before.map(|before| before.outputs.as_slice()).unwrap_or_default();
    if known != theirs.outputs {
        let mut outputs = theirs.outputs.clone();
        if ours.outputs != known {
            let kept = ours.outputs.iter().filter(|output| !known.contains(output) || theirs.outputs.contains(output));
            let new = outputs.iter().filter(|output| !known.contains(output) && !ours.outputs.contains(output));
            outputs = kept.chain(new).cloned().collect();
        }
        edit::settle_outputs(txn, map, &outputs);
    }
}

/// The merge of two edits of one text.
fn three_way(before: &str, ours: &str, theirs: &str) -> String {
    let edited = |author: AuthorId, start: &[u8], from: &str, to: &str| {
        let doc = open(Model::Text, author);
        let _own_state = integrate(&mut doc.transact_mut(), start);
        let text = text::root(&doc);
        let update = transact(&doc, |txn| text::edit(txn, &text, from, to));
        (doc, update)
    };
    let base = open(Model::Text, 1);
    text::root(&base).insert(&mut base.transact_mut(), 0, before);
    let start = whole(&base);
    let (merged, _) = edited(2, &start, before, ours);
    if let (_, Some(update)) = edited(3, &start, before, theirs) {
        let _own_update = integrate(&mut merged.transact_mut(), &update);
    }
    let text = text::root(&merged);
    text.get_string(&merged.transact())
}
