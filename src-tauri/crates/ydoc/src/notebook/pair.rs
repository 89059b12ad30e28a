//! Which cell is which: by id, then by what they say and where they are.
//!
//! An id that was made of a cell's content says little: of cells that say the same, the first has the one that the others
//! would have without it. An id that several cells of a file have says only that each of them is one of those that were called
//! so: which one, what they say decides, and at last their order.

use super::{Cell, ids};
use crate::diff::text_hunks;
use std::collections::{BTreeMap, HashMap};

/// More cells than this are not compared with each other.
const MOST_COMPARISONS: usize = 100_000;
/// More cells than this are not compared with each other character by character.
const MOST_COMPARED_WHOLE: usize = 1_000;
/// Nor is more than the beginning of each, in bytes.
const LONGEST_COMPARED_WHOLE: usize = 2_048;
/// More pairs of cells than this are not laid side by side.
const MOST_ALIGNED: usize = 4_000_000;
/// In one place, a cell is taken for the other from so much of the shorter one in it.
const LEAST_OVERLAP: f64 = 0.5;

/// For each new cell the position of the old cell that it is.
pub(crate) fn pair<'a>(
    old: impl IntoIterator<Item = &'a Cell>,
    new: impl IntoIterator<Item = &'a Cell>,
) -> Vec<Option<usize>> {
    let (old, new): (Vec<&Cell>, Vec<&Cell>) = (old.into_iter().collect(), new.into_iter().collect());
    let (old, new) = (old.as_slice(), new.as_slice());
    let mut pairs = Pairs { old, new, from: vec![None; new.len()], free: vec![true; old.len()] };
    for (left, open) in pairs.families() {
        pairs.inside_family(left, open);
    }
    let (left, open) = pairs.rest();
    pairs.nameless_in_order(&left, &open);
    let nameless = |from: &Cell, to: &Cell| from.given.is_empty() || to.given.is_empty();
    // Two empty cells with names of their own are no more alike than any others.
    let (left, open) = pairs.rest();
    pairs.same_source(&left, &open, |from, to| !to.source.trim().is_empty() || nameless(from, to));
    let (left, open) = pairs.rest();
    pairs.alike(&left, &open, |from, to| if nameless(from, to) { 0.5 } else { 0.7 });
    pairs.from
}

/// Positions of cells of either side.
type Group = (Vec<usize>, Vec<usize>);

struct Pairs<'a> {
    old: &'a [&'a Cell],
    new: &'a [&'a Cell],
    /// For each new cell, what it is.
    from: Vec<Option<usize>>,
    /// For each old cell, whether no new one is it.
    free: Vec<bool>,
}

impl Pairs<'_> {
    fn take(&mut self, from: usize, to: usize) {
        self.from[to] = Some(from);
        self.free[from] = false;
    }

    /// What has no partner yet.
    fn rest(&self) -> Group {
        self.among(0..self.old.len(), 0..self.new.len())
    }

    fn among(&self, left: impl IntoIterator<Item = usize>, open: impl IntoIterator<Item = usize>) -> Group {
        let left = left.into_iter().filter(|at| self.free[*at]).collect();
        (left, open.into_iter().filter(|at| self.from[*at].is_none()).collect())
    }

    /// Cells that have, or had, one id; most often one on either side.
    fn families(&mut self) -> Vec<Group> {
        let made = self.old.iter().chain(self.new).any(|cell| ids::is_made(&cell.id));
        if made {
            self.spelled_out();
        }
        let key = |cell: &Cell| if made { ids::family(&cell.given) } else { cell.given.clone() };
        let mut families: BTreeMap<String, Group> = BTreeMap::new();
        let (left, open) = self.rest();
        for at in left.into_iter().filter(|at| !self.old[*at].given.is_empty()) {
            families.entry(key(self.old[at])).or_default().0.push(at);
        }
        for at in open.into_iter().filter(|at| !self.new[*at].given.is_empty()) {
            families.entry(key(self.new[at])).or_default().1.push(at);
        }
        families.into_values().collect()
    }

    /// A made id that was written down is meant.
    fn spelled_out(&mut self) {
        let is_sure = |cell: &Cell| cell.own_id && ids::is_made(&cell.id);
        let sure = self.old.iter().enumerate().filter(|(_, cell)| is_sure(cell));
        let sure: HashMap<&str, usize> = sure.map(|(at, cell)| (cell.id.as_str(), at)).collect();
        for (to, cell) in self.new.iter().enumerate().filter(|(_, cell)| is_sure(cell)) {
            if let Some(from) = sure.get(cell.id.as_str()).filter(|from| self.free[**from]) {
                self.take(*from, to);
            }
        }
    }

    /// All of them are somebody: what is left at the end is told by the order.
    fn inside_family(&mut self, left: Vec<usize>, open: Vec<usize>) {
        if left.len() > 1 || open.len() > 1 {
            // Of several that say the same, those that are called the same, else those that have as many others in front.
            let much = left.len().min(open.len()) as u64 + 1;
            let likeness = |from: usize, to: usize| match (self.old[from], self.new[to]) {
                (a, b) if a.says_the_same(b) => 3 * much,
                (a, b) if a.kind == b.kind && a.source == b.source => 2 * much,
                _ => 1,
            };
            let named = |from: usize, to: usize| u64::from(self.old[from].id == self.new[to].id);
            let weight = |from: usize, to: usize| likeness(from, to) * much + named(from, to);
            let found = in_order(&left, &open, 3 * much * much + 1, weight);
            for (from, to) in found.into_iter().filter(|it| likeness(it.0, it.1) > 1) {
                self.take(from, to);
            }
            let (left, open) = self.among(left.iter().copied(), open.iter().copied());
            self.same_source(&left, &open, |_, to| !to.source.trim().is_empty());
            let (left, open) = self.among(left, open);
            self.most_kept(&left, &open);
        }
        let (left, open) = self.among(left, open);
        for (from, to) in left.into_iter().zip(open) {
            self.take(from, to);
        }
    }

    /// Cells by how much of one text is left in the other, the most first.
    fn most_kept(&mut self, left: &[usize], open: &[usize]) {
        if left.len() * open.len() > MOST_COMPARED_WHOLE {
            return;
        }
        let each = left.iter().flat_map(|from| open.iter().map(move |to| (*from, *to)));
        let mut pairs: Vec<(usize, usize, usize)> = each
            .map(|(from, to)| (kept(&self.old[from].source, &self.new[to].source), from, to))
            .filter(|pair| pair.0 > 0)
            .collect();
        pairs.sort_by_key(|(kept, from, to)| (std::cmp::Reverse(*kept), *from, *to));
        for (_, from, to) in pairs {
            if self.free[from] && self.from[to].is_none() {
                self.take(from, to);
            }
        }
    }

    /// Pairs that keep the order, of cells of which one at least has no id: as much alike altogether as can be.
    fn nameless_in_order(&mut self, left: &[usize], open: &[usize]) {
        let (old, new) = (self.old, self.new);
        let weight = |from: usize, to: usize| {
            let (a, b) = (old[from], new[to]);
            match (a.kind == b.kind, a.source == b.source, a.id == b.id) {
                (false, ..) => 0,
                _ if !a.given.is_empty() && !b.given.is_empty() => 0,
                (_, true, true) => 6,
                (_, true, false) => 5,
                (_, false, true) => 4,
                (_, false, false) => 2,
            }
        };
        for (from, to) in in_order(left, open, 6, weight) {
            let overlaps = || Grams::of(&old[from].source).overlap(&Grams::of(&new[to].source)) >= LEAST_OVERLAP;
            if weight(from, to) > 2 || overlaps() {
                self.take(from, to);
            }
        }
    }

    /// Cells with the same text, wherever they are.
    fn same_source(&mut self, left: &[usize], open: &[usize], may: impl Fn(&Cell, &Cell) -> bool) {
        let (old, new) = (self.old, self.new);
        let mut same: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for at in left.iter().rev() {
            same.entry((&old[*at].kind, &old[*at].source)).or_default().push(*at);
        }
        for to in open {
            let Some(candidates) = same.get_mut(&(new[*to].kind.as_str(), new[*to].source.as_str())) else { continue };
            if candidates.last().is_some_and(|from| may(old[*from], new[*to]))
                && let Some(from) = candidates.pop()
            {
                self.take(from, *to);
            }
        }
    }

    /// Each new cell with the old one that is most like it, if it is as much as this says.
    fn alike(&mut self, left: &[usize], open: &[usize], least: impl Fn(&Cell, &Cell) -> f64) {
        if left.len() * open.len() > MOST_COMPARISONS {
            return;
        }
        let (old, new) = (self.old, self.new);
        let left: Vec<_> = left.iter().map(|at| (*at, Grams::of(&old[*at].source))).collect();
        for to in open.iter().copied() {
            let grams = Grams::of(&new[to].source);
            let likely = left.iter().filter(|(from, _)| self.free[*from] && old[*from].kind == new[to].kind);
            let likely = likely.map(|(from, other)| (*from, grams.likeness(other)));
            let best = likely.fold(
                None,
                |best: Option<(usize, f64)>, next| {
                    if best.is_some_and(|best| best.1 >= next.1) { best } else { Some(next) }
                },
            );
            if let Some((from, likeness)) = best
                && likeness >= least(old[from], new[to])
            {
                self.take(from, to);
            }
        }
    }
}

/// Pairs that keep the order and together have the most weight; none has weight 0, none can have more than `most`.
fn in_order(left: &[usize], open: &[usize], most: u64, weight: impl Fn(usize, usize) -> u64) -> Vec<(usize, usize)> {
    let ends = left.iter().zip(open).take_while(|(from, to)| weight(**from, **to) == most).count();
    let mut found: Vec<(usize, usize)> = left.iter().copied().zip(open.iter().copied()).take(ends).collect();
    let (left, open) = (&left[ends..], &open[ends..]);
    if left.is_empty() || open.is_empty() || left.len() * open.len() > MOST_ALIGNED {
        return found;
    }
    // The most that the cells from here on can have in common.
    let width = open.len() + 1;
    let mut best = vec![0u64; (left.len() + 1) * width];
    for at in (0..left.len()).rev() {
        for to in (0..open.len()).rev() {
            let apart = best[(at + 1) * width + to].max(best[at * width + to + 1]);
            let together = weight(left[at], open[to]);
            best[at * width + to] =
                apart.max(if together == 0 { 0 } else { together + best[(at + 1) * width + to + 1] });
        }
    }
    let (mut at, mut to) = (0, 0);
    while at < left.len() && to < open.len() {
        let (here, together) = (best[at * width + to], weight(left[at], open[to]));
        if together > 0 && here == together + best[(at + 1) * width + to + 1] {
            found.push((left[at], open[to]));
            (at, to) = (at + 1, to + 1);
        } else if here == best[(at + 1) * width + to] {
            at += 1;
        } else {
            to += 1;
        }
    }
    found
}

/// How much of two texts an edit of one to the other keeps, in thousandths.
pub(crate) fn kept(old: &str, new: &str) -> usize {
    let beginning = |text: &str| {
        let end = (0..=text.len().min(LONGEST_COMPARED_WHOLE)).rev().find(|end| text.is_char_boundary(*end));
        text[..end.unwrap_or(0)].to_owned()
    };
    let (old, new) = (&*beginning(old), &*beginning(new));
    let changed: usize = text_hunks(old, new).iter().map(|hunk| hunk.old.len() + hunk.new.len()).sum();
    let all = old.len() + new.len();
    (all - changed) * 1000 / all.max(1)
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
            given: if id.starts_with('?') { String::new() } else { (*id).to_owned() },
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
        // Of two that say the same, the one that is called so, also behind one of its family.
        let beside = format!("{}-1", ids::family("a"));
        check(&[("?", ""), ("a", "")], &[(&beside, ""), ("a", "")], &[Some(0), Some(1)]);
    }
}
