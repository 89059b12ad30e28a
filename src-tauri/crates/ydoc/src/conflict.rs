//! Where both sides wrote on one line: the same stretch of whole lines as it was typed here, as it is on disk, and merged so that
//! it can be read. Pure.

use crate::diff::{Hunk, hunks};
use crate::lines::split;
use crate::words;
use protocol::notice::MOST_TEXT;
use protocol::{Conflict, Texts};
use std::ops::Range;

/// The conflicts of one merge, as they are found; their texts have a limit.
#[derive(Default)]
pub(crate) struct Conflicts {
    pub(crate) found: Vec<Conflict>,
    told: usize,
}

impl Conflicts {
    /// Adds the stretches of one text. `number`: of its cell, whose id is `cell`; without one, each stretch has its line's.
    pub(crate) fn add(&mut self, stretches: Vec<Texts>, cell: Option<(usize, &str)>) {
        for texts in stretches {
            let (number, cell) = cell.map_or((texts.line, None), |(number, id)| (number, Some(id.to_owned())));
            let size = texts.here.len() + texts.disk.len() + texts.merged.len();
            let fits = self.told + size <= MOST_TEXT;
            self.told += if fits { size } else { 0 };
            self.found.push(Conflict { number, cell, texts: fits.then_some(texts) });
        }
    }
}

/// Lines that both sides changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Met {
    /// Where they did not do the same, in the order of the lines.
    pub(crate) stretches: Vec<Texts>,
    /// What the whole text is to be, if that is not what the CRDT made of it.
    pub(crate) settled: Option<String>,
}

/// Where both sides changed the same lines of `before`. `merged`, what the CRDT made of it, is asked for only if they did.
pub(crate) fn met(before: &str, here: &str, disk: &str, merged: impl FnOnce() -> String) -> Met {
    let (old, ours, theirs) = (split(before), split(here), split(disk));
    let (here, disk) = (hunks(&old, &ours), hunks(&old, &theirs));
    let mut met = meeting(&here, &disk);
    if met.is_empty() {
        return Met::default();
    }
    let merged = merged();
    let both = split(&merged);
    let sides = [here, disk, hunks(&old, &both)];
    met.iter_mut().for_each(|stretch| *stretch = whole(stretch.clone(), &sides, old.len()));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for stretch in met {
        match joined.last_mut() {
            Some(last) if last.end >= stretch.start => last.end = last.end.max(stretch.end),
            _ => joined.push(stretch),
        }
    }
    let (mut stretches, mut settled, mut from) = (Vec::new(), Vec::new(), 0);
    for stretch in joined {
        let [here, disk, now] = sides.each_ref().map(|hunks| image(hunks, &stretch));
        let (here, disk, merged) = (ours[here].join("\n"), theirs[disk].join("\n"), both[now.clone()].join("\n"));
        let merged = words::merge(&old[stretch].join("\n"), &here, &disk, &merged).unwrap_or(merged);
        settled.extend(both[from..now.start].iter().map(|line| (*line).to_owned()));
        let line = settled.len() + 1;
        settled.extend(split(&merged).into_iter().map(str::to_owned));
        from = now.end;
        if here != disk {
            stretches.push(Texts { line, here, disk, merged });
        }
    }
    settled.extend(both[from..].iter().map(|line| (*line).to_owned()));
    let settled = Some(settled.join("\n")).filter(|settled| *settled != merged);
    Met { stretches, settled }
}

fn touching(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Stretches of the old lines that hunks of both sides changed.
fn meeting(ours: &[Hunk], theirs: &[Hunk]) -> Vec<Range<usize>> {
    let mut met = Vec::new();
    for ours in ours {
        let from = theirs.partition_point(|theirs| theirs.old.end <= ours.old.start);
        for theirs in theirs[from..].iter().take_while(|theirs| theirs.old.start < ours.old.end) {
            if touching(&ours.old, &theirs.old) {
                met.push(ours.old.start.min(theirs.old.start)..ours.old.end.max(theirs.old.end));
            }
        }
    }
    met
}

/// Widens a stretch until it cuts through no hunk and every side has a line in it.
fn whole(mut stretch: Range<usize>, sides: &[Vec<Hunk>; 3], lines: usize) -> Range<usize> {
    loop {
        let before = stretch.clone();
        for hunk in sides.iter().flatten().filter(|hunk| touching(&hunk.old, &before)) {
            stretch = stretch.start.min(hunk.old.start)..stretch.end.max(hunk.old.end);
        }
        if stretch != before {
            continue;
        }
        let full = sides.iter().all(|hunks| !image(hunks, &stretch).is_empty());
        match (full, stretch.start, stretch.end < lines) {
            (false, 1.., _) => stretch.start -= 1,
            (false, 0, true) => stretch.end += 1,
            _ => return stretch,
        }
    }
}

/// What became of a stretch of old lines that cuts through no hunk. Lines inserted at its ends are in it.
fn image(hunks: &[Hunk], stretch: &Range<usize>) -> Range<usize> {
    let inside = |hunk: &Hunk| hunk.old.start >= stretch.start && hunk.old.end <= stretch.end;
    let (mut start, mut end) = (stretch.start, stretch.end);
    for hunk in hunks.iter().filter(|hunk| hunk.old.end <= stretch.end) {
        let shift = |at: usize| at + hunk.new.len() - hunk.old.len();
        end = shift(end);
        if !inside(hunk) {
            start = shift(start);
        }
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, here: &str, disk: &str, merged: &str, expect: &[(usize, &str, &str, &str)]) {
        let found = met(before, here, disk, || merged.to_owned()).stretches;
        let found: Vec<_> = found.iter().map(|it| (it.line, &*it.here, &*it.disk, &*it.merged)).collect();
        assert_eq!(found, expect, "{before:?} {here:?} {disk:?}");
    }

    #[test]
    fn the_same_stretch_on_every_side() {
        check("a\nb\n", "a\nb1\n", "a2\nb\n", "a2\nb1\n", &[]);
        check("a\nb\n", "a\nb1\n", "a\nb2\n", "a\nb12\n", &[(2, "b1", "b2", "b1 b2")]);
        check("", "x", "y", "xy", &[(1, "x", "y", "x y")]);
        check("一", "一二", "一三", "一三二", &[(1, "一二", "一三", "一三二")]);
        // Lines that came before it count.
        check("b\nc", "n\nb\nc1", "b\nc2", "n\nb\nc12", &[(3, "c1", "c2", "c1 c2")]);
        // One hunk over two of the other side: one stretch.
        check("a\nb\nc\n", "1\nb\n3\n", "A\nB\nC\n", "1A\nB\n3C\n", &[(1, "1\nb\n3", "A\nB\nC", "1 A\nB\n3 C")]);
        // A side that has no line left there takes a neighbour along.
        check("a\nb\nc", "a\nb1\nc", "a\nc", "a\n1\nc", &[(1, "a\nb1", "a", "a\nb1")]);
        check("a\nb", "a1\nb", "b", "1\nb", &[(1, "a1\nb", "b", "a1\nb")]);
        // The same on both sides is nothing to choose between, and is there once.
        check("a\nb", "a\nb1", "a\nb1", "a\nb11", &[]);
        assert_eq!(met("a\nb", "a\nb1", "a\nb1", || "a\nb11".to_owned()).settled.as_deref(), Some("a\nb1"));
    }

    #[test]
    fn texts_have_a_limit_and_places_do_not() {
        let long = "x".repeat(MOST_TEXT / 3 - 1);
        let texts = |text: &str| Texts { line: 4, here: text.into(), disk: text.into(), merged: text.into() };
        let mut conflicts = Conflicts::default();
        conflicts.add(vec![texts(&long), texts(&long), texts("y")], Some((2, "c")));
        conflicts.add(vec![texts("z")], None);
        let told: Vec<_> =
            conflicts.found.iter().map(|it| (it.number, it.cell.as_deref(), it.texts.is_some())).collect();
        assert_eq!(told, [(2, Some("c"), true), (2, Some("c"), false), (2, Some("c"), true), (4, None, false)]);
    }
}
