//! What is to become of each cell when the disk is merged: decided from the three notebooks, before anything is edited.

use super::shape::Side;
use super::{Cell, Notebook, made_id, pair};
use crate::merge::{delete_edited, drop_disk_delete};
use std::collections::{HashMap, HashSet};
use yrs::ID;

/// Beyond this many cells, which of them stay is found without regard to who edits them.
const MOST_WEIGHED: usize = 2_000;

/// What a cell of the base is in the live document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Here {
    /// The same item, at this position.
    Same(usize),
    /// Another item with the same id, at this position: somebody moved it.
    Moved(usize),
    /// Nothing.
    Gone,
}

/// A cell of the base.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    /// Its position on disk.
    pub(crate) disk: Option<usize>,
    /// What it is here.
    pub(crate) here: Here,
    /// It says something else here than in the base.
    pub(crate) edited_here: bool,
    /// It says something else on disk than in the base.
    pub(crate) edited_there: bool,
    /// It is on disk and keeps its item, so that editors stay bound to it.
    pub(crate) stays: bool,
    /// It is not on disk, but is not deleted here, because somebody edits it.
    pub(crate) kept: bool,
}

/// What is to become of all cells.
pub(crate) struct Plan {
    /// For each cell of the base.
    pub(crate) fates: Vec<Fate>,
    /// For each cell on disk, the cell of the base that it is.
    pub(crate) sources: Vec<Option<usize>>,
    /// For each cell on disk that is new there: the position of a cell here with its id.
    pub(crate) twins: Vec<Option<usize>>,
}

/// Decides. `editable` says of each base cell whether its Y types are as they should be.
pub(crate) fn plan(base: &Side, live: &Side, disk: &Notebook, sources: Vec<Option<usize>>, editable: &[bool]) -> Plan {
    let (before, ours) = (&base.notebook.cells, &live.notebook.cells);
    let known: HashSet<ID> = base.places.iter().flatten().map(|place| place.1).collect();
    let mut by_item: HashMap<ID, usize> = HashMap::new();
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    for (at, place) in live.places.iter().enumerate() {
        let item = place.as_ref().map(|place| place.1);
        by_item.extend(item.map(|item| (item, at)));
        if item.is_some_and(|item| !known.contains(&item)) {
            by_id.entry(&ours[at].id).or_insert(at);
        }
    }
    let mut disk_of = vec![None; before.len()];
    for (to, from) in sources.iter().enumerate() {
        if let Some(from) = from {
            disk_of[*from] = Some(to);
        }
    }
    let mut taken = HashSet::new();
    let mut fates: Vec<Fate> = (before.iter().enumerate())
        .map(|(at, cell)| {
            let same = base.places[at].as_ref().and_then(|place| by_item.get(&place.1));
            let here = match (same, by_id.get(cell.id.as_str())) {
                (Some(same), _) => Here::Same(*same),
                (None, Some(moved)) if taken.insert(*moved) => Here::Moved(*moved),
                _ => Here::Gone,
            };
            let edited_here = match here {
                Here::Same(here) | Here::Moved(here) => !ours[here].says_the_same(cell),
                Here::Gone => false,
            };
            let there = disk_of[at].map(|to| &disk.cells[to]);
            Fate {
                disk: disk_of[at],
                here,
                edited_here,
                edited_there: there.is_some_and(|there| !there.says_the_same(cell)),
                stays: false,
                kept: there.is_none()
                    && matches!(here, Here::Same(_) | Here::Moved(_))
                    && edited_here
                    && !delete_edited(),
            }
        })
        .collect();
    if drop_disk_delete() {
        fates.iter_mut().filter(|fate| fate.disk.is_none()).for_each(|fate| fate.kept = true);
    }
    let candidates: Vec<usize> = (sources.iter().enumerate())
        .filter_map(|(to, from)| from.filter(|from| editable[*from] && before[*from].kind == disk.cells[to].kind))
        .collect();
    for at in staying(&candidates, &fates) {
        fates[at].stays = true;
    }
    let twins = (sources.iter().zip(&disk.cells))
        .map(|(source, cell)| {
            let twin = by_id.get(cell.id.as_str()).copied().filter(|twin| !taken.contains(twin));
            twin.filter(|_| source.is_none() && cell.own_id)
        })
        .collect();
    Plan { fates, sources, twins }
}

/// Of base cells in the order of the disk, those that keep their place: as many as can, first of all those edited here.
fn staying(order: &[usize], fates: &[Fate]) -> Vec<usize> {
    if order.is_sorted() {
        return order.to_vec();
    }
    if order.len() > MOST_WEIGHED {
        return crate::diff::rising(order).into_iter().map(|at| order[at]).collect();
    }
    let weight = |cell: usize| if fates[cell].edited_here { order.len() + 1 } else { 1 };
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(order.len());
    for (at, cell) in order.iter().enumerate() {
        let before = (0..at).filter(|before| order[*before] < *cell).max_by_key(|before| best[*before].0);
        best.push((weight(*cell) + before.map_or(0, |before| best[before].0), before));
    }
    let mut next = (0..best.len()).max_by_key(|at| best[*at].0);
    let mut stay = Vec::new();
    while let Some(at) = next {
        stay.push(order[at]);
        next = best[at].1;
    }
    stay
}

/// Gives cells on disk that have no id of their own the id of the cell that they are.
pub(crate) fn adopt_ids(before: &[Cell], disk: &mut [Cell]) -> Vec<Option<usize>> {
    let sources = pair::pair(before, disk);
    let mut taken: HashSet<String> = before.iter().map(|cell| cell.id.clone()).collect();
    taken.extend(disk.iter().filter(|cell| cell.own_id).map(|cell| cell.id.clone()));
    for (cell, source) in disk.iter_mut().zip(&sources).filter(|(cell, _)| !cell.own_id) {
        match source {
            Some(source) => cell.id = before[*source].id.clone(),
            None if taken.contains(&cell.id) => cell.id = made_id(cell, &mut taken),
            None => {}
        }
    }
    sources
}
