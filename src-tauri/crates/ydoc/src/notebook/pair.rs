//! Which cell is which: by id, then by what they say and where they are.
//!
//! An id that was made of a cell's content says little: of cells that say the same, the first has the one that the others
//! would have without it.

use super::Cell;
use std::collections::HashMap;

/// More cells than this are not compared with each other.
const MOST_COMPARISONS: usize = 100_000;
/// More pairs of cells than this are not laid side by side.
const MOST_ALIGNED: usize = 4_000_000;
/// In one place, a cell is taken for the other from so much of the shorter one in it.
const LEAST_OVERLAP: f64 = 0.5;

/// For each new cell the position of the old cell that it is.
pub(crate) fn pair(old: &[Cell], new: &[Cell]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; new.len()];
    let mut free = vec![true; old.len()];
    let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, cell) in old.iter().enumerate().rev().filter(|(_, cell)| cell.own_id) {
        by_id.entry(&cell.id).or_default().push(at);
    }
    for (to, cell) in new.iter().enumerate().filter(|(_, cell)| cell.own_id) {
        if let Some(from) = by_id.get_mut(cell.id.as_str()).and_then(Vec::pop) {
            pairs[to] = Some(from);
            free[from] = false;
        }
    }
    let nameless = |from: usize, to: usize| !old[from].own_id || !new[to].own_id;
    let left: Vec<usize> = (0..old.len()).filter(|at| free[*at]).collect();
    let open: Vec<usize> = (0..new.len()).filter(|at| pairs[*at].is_none()).collect();
    for (from, to) in in_order(old, new, &left, &open) {
        pairs[to] = Some(from);
        free[from] = false;
    }
    let mut same: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (at, cell) in old.iter().enumerate().rev().filter(|(at, _)| free[*at]) {
        same.entry((&cell.kind, &cell.source)).or_default().push(at);
    }
    for (to, cell) in new.iter().enumerate().filter(|(to, _)| pairs[*to].is_none()).collect::<Vec<_>>() {
        let Some(candidates) = same.get_mut(&(cell.kind.as_str(), cell.source.as_str())) else { continue };
        // Two empty cells with names of their own are no more alike than any others.
        if candidates.last().is_some_and(|from| !cell.source.trim().is_empty() || nameless(*from, to))
            && let Some(from) = candidates.pop()
        {
            pairs[to] = Some(from);
            free[from] = false;
        }
    }
    let left: Vec<usize> = (0..old.len()).filter(|at| free[*at]).collect();
    let open: Vec<usize> = (0..new.len()).filter(|at| pairs[*at].is_none()).collect();
    if left.len() * open.len() <= MOST_COMPARISONS {
        let left: Vec<_> = left.into_iter().map(|at| (at, Grams::of(&old[at].source))).collect();
        for to in open {
            let grams = Grams::of(&new[to].source);
            let likely = left.iter().filter(|(from, _)| free[*from] && old[*from].kind == new[to].kind);
            let likely = likely.map(|(from, other)| (*from, grams.likeness(other)));
            let best = likely.fold(
                None,
                |best: Option<(usize, f64)>, next| {
                    if best.is_some_and(|best| best.1 >= next.1) { best } else { Some(next) }
                },
            );
            if let Some((from, likeness)) = best
                && likeness >= if nameless(from, to) { 0.5 } else { 0.7 }
            {
                pairs[to] = Some(from);
                free[from] = false;
            }
        }
    }
    pairs
}

/// Pairs that keep the order, of cells of which one at least has no id of its own: as much alike altogether as can be.
fn in_order(old: &[Cell], new: &[Cell], left: &[usize], open: &[usize]) -> Vec<(usize, usize)> {
    let alike = |from: usize, to: usize| {
        let (a, b) = (&old[from], &new[to]);
        match (a.kind == b.kind, a.source == b.source, a.id == b.id) {
            (false, ..) => 0,
            _ if a.own_id && b.own_id => 0,
            (_, true, true) => 6,
            (_, true, false) => 5,
            (_, false, true) => 4,
            (_, false, false) => 2,
        }
    };
    let ends = left.iter().zip(open).take_while(|(from, to)| alike(**from, **to) == 6).count();
    let mut found: Vec<(usize, usize)> = left.iter().copied().zip(open.iter().copied()).take(ends).collect();
    let (left, open) = (&left[ends..], &open[ends..]);
    if left.is_empty() || open.is_empty() || left.len() * open.len() > MOST_ALIGNED {
        return found;
    }
    // The most that the cells from here on can have in common.
    let width = open.len() + 1;
    let mut best = vec![0u32; (left.len() + 1) * width];
    for at in (0..left.len()).rev() {
        for to in (0..open.len()).rev() {
            let apart = best[(at + 1) * width + to].max(best[at * width + to + 1]);
            let alike = alike(left[at], open[to]);
            best[at * width + to] = apart.max(if alike == 0 { 0 } else { alike + best[(at + 1) * width + to + 1] });
        }
    }
    let (mut at, mut to) = (0, 0);
    while at < left.len() && to < open.len() {
        let (here, alike) = (best[at * width + to], alike(left[at], open[to]));
        if alike > 0 && here == alike + best[(at + 1) * width + to + 1] {
            let overlaps =
                || Grams::of(&old[left[at]].source).overlap(&Grams::of(&new[open[to]].source)) >= LEAST_OVERLAP;
            if alike > 2 || overlaps() {
                found.push((left[at], open[to]));
            }
            (at, to) = (at + 1, to + 1);
        } else if here == best[(at + 1) * width + to] {
            at += 1;
        } else {
            to += 1;
        }
    }
    found
}

/// Pairs of neighbouring bytes in (the beginning of) a text, counted.
struct Grams {
    counts: HashMap<(u8, u8), u32>,
    all: u32,
}

impl Grams {
    fn of(text: &str) -> Self {
        let bytes = &text.as_bytes()[..text.len().min(8192)];
        let mut counts = HashMap::new();
        for pair in bytes.windows(2) {
            *counts.entry((pair[0], pair[1])).or_default() += 1;
        }
        Self { counts, all: bytes.len().saturating_sub(1) as u32 }
    }

    /// From 0, nothing in common, to 1.
    fn likeness(&self, other: &Self) -> f64 {
        f64::from(2 * self.shared(other)) / f64::from((self.all + other.all).max(1))
    }

    /// How much of the shorter one is in the other, from 0 to 1; what says next to nothing is in everything.
    fn overlap(&self, other: &Self) -> f64 {
        match self.all.min(other.all) {
            0 => 1.0,
            shorter => f64::from(self.shared(other)) / f64::from(shorter),
        }
    }

    fn shared(&self, other: &Self) -> u32 {
        self.counts.iter().map(|(pair, count)| *count.min(other.counts.get(pair).unwrap_or(&0))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notebook::Values;

    fn cells(cells: &[(&str, &str)]) -> Vec<Cell> {
        let cell = |(id, source): &(&str, &str)| Cell {
            id: (*id).to_owned(),
            own_id: !id.starts_with('?'),
            kind: "code".into(),
            source: (*source).to_owned(),
            metadata: Values::new(),
            outputs: Vec::new(),
            rest: Values::new(),
        };
        cells.iter().map(cell).collect()
    }

    #[test]
    fn cells_are_known_by_id_and_by_likeness() {
        let check = |old: &[(&str, &str)], new: &[(&str, &str)], expect: &[Option<usize>]| {
            assert_eq!(pair(&cells(old), &cells(new)), expect, "{old:?} {new:?}");
        };
        check(&[("a", "1"), ("b", "2")], &[("b", "9"), ("a", "1")], &[Some(1), Some(0)]);
        check(&[("a", "x = 1"), ("b", "y = 2")], &[("c", "y = 2"), ("a", "x = 1")], &[Some(1), Some(0)]);
        check(&[("a", "import numpy as np\n")], &[("?", "import numpy as np\nx = 3")], &[Some(0)]);
        check(&[("a", "import numpy")], &[("b", "print('hello')")], &[None]);
        check(&[("a", ""), ("b", "")], &[("c", ""), ("?", "")], &[None, Some(1)]);
        check(&[("?1", "a"), ("?t", "t"), ("?2", "a")], &[("?x", "b"), ("?t", "t"), ("?1", "a")], &[0, 1, 2].map(Some));
        check(&[("?1", "a"), ("?2", "b")], &[("?2", "b"), ("?1", "a")], &[Some(1), Some(0)]);
        check(&[("?1", "")], &[("?x", "print('hello')")], &[Some(0)]);
        check(&[("a", "1")], &[("a", "1"), ("a", "2")], &[Some(0), None]);
    }
}
