//! What is to become of each cell when the disk is merged: decided from the three notebooks, before anything is edited.

use super::ids::{Names, is_family};
use super::shape::Side;
use super::{Cell, Notebook, pair};
use crate::merge::{delete_edited, drop_disk_delete};
use std::collections::{HashMap, HashSet};
use yrs::ID;

/// Beyond this many cells, which of them stay is found without regard to who edits them.
const MOST_WEIGHED: usize = 2_000;

/// Cells that are new on either side, with one id that others have too, are the same from so much of one in the other, in
/// thousandths.
const LEAST_KEPT: usize = 500;

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
    /// What is edited in it in the base reaches the live cell.
    pub(crate) editable: bool,
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

/// Decides. `editable` says of each base cell whether an edit of it reaches the live one. A cell on disk that is one here, new on
/// either side, gets its id.
pub(crate) fn plan(
    base: &Side,
    live: &Side,
    disk: &mut Notebook,
    sources: Vec<Option<usize>>,
    editable: &[bool],
) -> Plan {
    let (before, ours) = (&base.notebook.cells, &live.notebook.cells);
    let item = |side: &Side, at: usize| side.places[at].as_ref().map(|place| place.1);
    let by_item: HashMap<ID, usize> = (0..ours.len()).filter_map(|at| Some((item(live, at)?, at))).collect();
    let known: HashSet<ID> = (0..before.len()).filter_map(|at| item(base, at)).collect();
    let same: Vec<Option<usize>> = (0..before.len()).map(|at| by_item.get(&item(base, at)?).copied()).collect();
    let gone: Vec<usize> = (0..before.len()).filter(|at| same[*at].is_none()).collect();
    let fresh = (0..ours.len()).filter(|at| item(live, *at).is_some_and(|item| !known.contains(&item)));
    let fresh: Vec<usize> = fresh.collect();
    let mut moved = HashMap::new();
    for (at, from) in
        fresh.iter().zip(pair::pair(gone.iter().map(|at| &before[*at]), fresh.iter().map(|at| &ours[*at])))
    {
        if let Some(from) = from.map(|from| gone[from]).filter(|from| before[*from].id == ours[*at].id) {
            moved.insert(from, *at);
        }
    }
    let twins = twins(live, disk, &sources, &fresh, &moved.values().copied().collect());
    let mut disk_of = vec![None; before.len()];
    for (to, from) in sources.iter().enumerate() {
        if let Some(from) = from {
            disk_of[*from] = Some(to);
        }
    }
    let mut fates: Vec<Fate> = (before.iter().enumerate())
        .map(|(at, cell)| {
            let here = match (same[at], moved.get(&at)) {
                (Some(same), _) => Here::Same(same),
                (None, Some(moved)) => Here::Moved(*moved),
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
                editable: editable[at],
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
    let may_stay =
        |from: usize, there: &Cell| before[from].kind == there.kind && (editable[from] || before[from] == *there);
    let candidates: Vec<usize> = (sources.iter().enumerate())
        .filter_map(|(to, from)| from.filter(|from| may_stay(*from, &disk.cells[to])))
        .collect();
    for at in staying(&candidates, &fates) {
        fates[at].stays = true;
    }
    Plan { fates, sources, twins }
}

/// For each cell on disk that is new there, the cell that is new here, not moved, and the same.
fn twins(
    live: &Side,
    disk: &mut Notebook,
    sources: &[Option<usize>],
    fresh: &[usize],
    moved: &HashSet<usize>,
) -> Vec<Option<usize>> {
    let ours = &live.notebook.cells;
    let fresh: Vec<usize> = fresh.iter().copied().filter(|at| !moved.contains(at)).collect();
    let is_new = |to: &usize| sources[*to].is_none() && !disk.cells[*to].given.is_empty();
    let new: Vec<usize> = (0..disk.cells.len()).filter(is_new).collect();
    let pairs = pair::pair(fresh.iter().map(|at| &ours[*at]), new.iter().map(|to| &disk.cells[*to]));
    let mut twins = vec![None; disk.cells.len()];
    for (to, at) in new.into_iter().zip(pairs) {
        let Some(at) = at.map(|at| fresh[at]) else { continue };
        let (ours, theirs) = (&ours[at], &mut disk.cells[to]);
        let same = || is_family(&ours.id, &theirs.id) && pair::kept(&ours.source, &theirs.source) >= LEAST_KEPT;
        if (ours.id == theirs.id && theirs.own_id) || same() {
            theirs.id.clone_from(&ours.id);
            twins[to] = Some(at);
        }
    }
    twins
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

/// Gives cells on disk the id of the cell that they are, where the file does not say it for sure. Of those that are new and share
/// one, the first keeps it if it is free, and the others get one that none of `here` has either.
pub(crate) fn adopt_ids(before: &[Cell], here: &[Cell], disk: &mut [Cell]) -> Vec<Option<usize>> {
    let sources = pair::pair(before, &*disk);
    let mut names = Names::default();
    before.iter().chain(here).chain(disk.iter().filter(|cell| cell.own_id)).for_each(|cell| {
        names.take(&cell.id);
    });
    for (cell, source) in disk.iter_mut().zip(&sources) {
        let source = source.map(|source| before[source].id.as_str());
        match source {
            Some(source) if cell.id == source => {}
            Some(source) if cell.given.is_empty() || is_family(&cell.given, source) => cell.id = source.to_owned(),
            _ if cell.own_id => {}
            _ if cell.given.is_empty() => {
                if !names.take(&cell.id) {
                    cell.id = names.of_content(cell);
                }
            }
            _ if names.take(&cell.given) => cell.id.clone_from(&cell.given),
            _ => cell.id = names.beside(&cell.given),
        }
    }
    sources
}
