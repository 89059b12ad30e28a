//! Differences between two sequences, and between two texts by line and then by character.
//!
//! The work is bounded by the lengths, never by a clock, so that the same input always gives the same result: what is too
//! long to compare is first cut at lines that occur once on either side, and a piece that is still too long counts as replaced.

use similar::{Algorithm, DiffOp};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;

/// Two stretches that differ; either may be empty, both never are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// In the old sequence.
    pub(crate) old: Range<usize>,
    /// In the new sequence.
    pub(crate) new: Range<usize>,
}

/// The most comparisons that one piece may need.
const MOST_WORK: usize = 16_000_000;
/// Below this likeness the characters that two stretches share are chance, and the whole stretch is replaced.
const LIKENESS: f32 = 0.4;

/// Where two sequences differ, in order.
pub(crate) fn hunks<T: Eq + Hash + Ord>(old: &[T], new: &[T]) -> Vec<Hunk> {
    let mut found = Vec::new();
    compare(old, new, 0, 0, true, &mut found);
    found
}

/// Pairs of positions of elements that both sequences have.
pub(crate) fn kept<T: Eq + Hash + Ord>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let (mut from, mut to) = (0, 0);
    let end = Hunk { old: old.len()..old.len(), new: new.len()..new.len() };
    for hunk in hunks(old, new).into_iter().chain([end]) {
        pairs.extend((from..hunk.old.start).zip(to..hunk.new.start));
        (from, to) = (hunk.old.end, hunk.new.end);
    }
    pairs
}

/// Where two texts differ; positions in bytes of the old and the new text.
pub(crate) fn text_hunks(old: &str, new: &str) -> Vec<Hunk> {
    by_lines(old, new, unlikely_replaced)
}

/// The same for a text that most of is to stay: no likeness counts as chance, and of ideographs as many stay as can.
pub(crate) fn close_hunks(old: &str, new: &str) -> Vec<Hunk> {
    by_lines(old, new, between_ideographs)
}

/// Whether this is an ideograph or the like: a word by itself.
pub(crate) fn is_wide(char: char) -> bool {
    char >= '\u{2e80}'
}

fn by_lines(old: &str, new: &str, inside: fn(&str, &str) -> Vec<Hunk>) -> Vec<Hunk> {
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let (old_starts, new_starts) = (starts(&old_lines), starts(&new_lines));
    let mut result = Vec::new();
    for hunk in hunks(&old_lines, &new_lines) {
        let old_range = old_starts[hunk.old.start]..old_starts[hunk.old.end];
        let new_range = new_starts[hunk.new.start]..new_starts[hunk.new.end];
        let found = inside(&old[old_range.clone()], &new[new_range.clone()]);
        result.extend(found.into_iter().map(|hunk| hunk.moved(old_range.start, new_range.start)));
    }
    result
}

/// The old text with everything that is new inserted and nothing removed. Lines that have no word in common stay whole, one
/// behind the other.
pub(crate) fn union(old: &str, new: &str) -> String {
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let (mut lines, mut from) = (Vec::new(), 0);
    for Hunk { old, new } in hunks(&old_lines, &new_lines) {
        lines.extend(old_lines[from..old.start].iter().map(|line| (*line).to_owned()));
        from = old.end;
        let (ours, theirs) = (&old_lines[old], &new_lines[new]);
        let (before, after) = (ours.join("\n"), theirs.join("\n"));
        let changed = text_hunks(&before, &after);
        if ours.is_empty() || theirs.is_empty() || !share_words(&before, &changed) {
            lines.extend(ours.iter().chain(theirs).map(|line| (*line).to_owned()));
        } else {
            lines.push(with_all(&before, &after, &changed));
        }
    }
    lines.extend(old_lines[from..].iter().map(|line| (*line).to_owned()));
    lines.join("\n")
}

/// Whether something that says something is in no hunk.
fn share_words(old: &str, changed: &[Hunk]) -> bool {
    let is_kept = |at: usize| !changed.iter().any(|hunk| hunk.old.contains(&at));
    old.char_indices().any(|(at, char)| char.is_alphanumeric() && is_kept(at))
}

fn with_all(old: &str, new: &str, changed: &[Hunk]) -> String {
    let mut result = String::with_capacity(old.len() + new.len());
    let mut at = 0;
    for hunk in changed {
        result.push_str(&old[at..hunk.old.end]);
        result.push_str(&new[hunk.new.clone()]);
        at = hunk.old.end;
    }
    result + &old[at..]
}

fn unlikely_replaced(old: &str, new: &str) -> Vec<Hunk> {
    let (old_chars, new_chars): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    let mut found = hunks(&old_chars, &new_chars);
    let replaced: usize = found.iter().map(|hunk| hunk.old.len() + hunk.new.len()).sum();
    let all = old_chars.len() + new_chars.len();
    let alike = 1.0 - replaced as f32 / all.max(1) as f32;
    if alike < LIKENESS && found.len() > 1 && by_chance(&old_chars, &new_chars, &found) {
        let (Some(first), Some(last)) = (found.first(), found.last()) else { return found };
        found = vec![Hunk { old: first.old.start..last.old.end, new: first.new.start..last.new.end }];
    }
    in_bytes(found, &old_chars, &new_chars)
}

fn between_ideographs(old: &str, new: &str) -> Vec<Hunk> {
    let wide =
        |text: &str| -> (Vec<usize>, Vec<char>) { text.char_indices().filter(|(_, char)| is_wide(*char)).unzip() };
    let ((old_places, old_wide), (new_places, new_wide)) = (wide(old), wide(new));
    let pairs = kept(&old_wide, &new_wide).into_iter();
    let pairs = pairs.map(|(from, to)| (old_places[from], new_places[to], old_wide[from].len_utf8()));
    let (mut found, mut from, mut to) = (Vec::new(), 0, 0);
    for (old_end, new_end, width) in pairs.chain([(old.len(), new.len(), 0)]) {
        let chars = |text: &str| text.chars().collect::<Vec<char>>();
        let (before, after) = (chars(&old[from..old_end]), chars(&new[to..new_end]));
        let between = in_bytes(hunks(&before, &after), &before, &after);
        found.extend(between.into_iter().map(|hunk| hunk.moved(from, to)));
        (from, to) = (old_end + width, new_end + width);
    }
    found
}

fn in_bytes(found: Vec<Hunk>, old: &[char], new: &[char]) -> Vec<Hunk> {
    let (old, new) = (byte_starts(old), byte_starts(new));
    let bytes =
        |hunk: Hunk| Hunk { old: old[hunk.old.start]..old[hunk.old.end], new: new[hunk.new.start]..new[hunk.new.end] };
    found.into_iter().map(bytes).collect()
}

impl Hunk {
    /// The same difference, so much further on in either.
    fn moved(self, old: usize, new: usize) -> Self {
        Self { old: self.old.start + old..self.old.end + old, new: self.new.start + new..self.new.end + new }
    }
}

/// Whether most of the characters that two stretches share occur more than once on a side. Where they do not, as in scripts
/// with many characters, those are the same ones; replacing them would bring back what was deleted here meanwhile.
fn by_chance(old: &[char], new: &[char], found: &[Hunk]) -> bool {
    let rare = rare(old.iter().copied(), new.iter().copied());
    let (mut kept, mut once, mut from) = (0, 0, 0);
    for to in found.iter().map(|hunk| &hunk.old).chain([&(old.len()..old.len())]) {
        for char in old[from..to.start].iter().filter(|char| !char.is_whitespace()) {
            kept += 1;
            once += usize::from(rare.contains(char));
        }
        from = to.end;
    }
    once * 2 <= kept
}

/// Characters that occur exactly once on either side.
pub(crate) fn rare(old: impl Iterator<Item = char>, new: impl Iterator<Item = char>) -> HashSet<char> {
    let mut counts: HashMap<char, (usize, usize)> = HashMap::new();
    old.for_each(|char| counts.entry(char).or_default().0 += 1);
    new.for_each(|char| counts.entry(char).or_default().1 += 1);
    counts.into_iter().filter(|(_, count)| *count == (1, 1)).map(|(char, _)| char).collect()
}

fn starts(lines: &[&str]) -> Vec<usize> {
    let mut at = 0;
    let ends = lines.iter().map(|line| {
        at += line.len();
        at
    });
    std::iter::once(0).chain(ends).collect()
}

fn byte_starts(chars: &[char]) -> Vec<usize> {
    let mut at = 0;
    let ends = chars.iter().map(|char| {
        at += char.len_utf8();
        at
    });
    std::iter::once(0).chain(ends).collect()
}

fn compare<T: Eq + Hash + Ord>(
    old: &[T],
    new: &[T],
    old_at: usize,
    new_at: usize,
    may_anchor: bool,
    found: &mut Vec<Hunk>,
) {
    let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[prefix..], &new[prefix..]);
    let suffix = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - suffix], &new[..new.len() - suffix]);
    let (old_at, new_at) = (old_at + prefix, new_at + prefix);
    if old.is_empty() && new.is_empty() {
        return;
    }
    let whole = Hunk { old: old_at..old_at + old.len(), new: new_at..new_at + new.len() };
    if old.is_empty() || new.is_empty() {
        push(found, whole);
        return;
    }
    let length = old.len() + new.len();
    if length.saturating_mul(length) <= MOST_WORK {
        for op in similar::capture_diff_slices(Algorithm::Myers, old, new) {
            if !matches!(op, DiffOp::Equal { .. }) {
                let (old, new) = (op.old_range(), op.new_range());
                push(found, Hunk { old, new }.moved(old_at, new_at));
            }
        }
        return;
    }
    let anchors = if may_anchor { anchors(old, new) } else { Vec::new() };
    if anchors.is_empty() {
        push(found, whole);
        return;
    }
    let (mut from, mut to) = (0, 0);
    for (old_anchor, new_anchor) in anchors.into_iter().chain([(old.len(), new.len())]) {
        compare(&old[from..old_anchor], &new[to..new_anchor], old_at + from, new_at + to, false, found);
        (from, to) = (old_anchor + 1, new_anchor + 1);
    }
}

fn push(found: &mut Vec<Hunk>, hunk: Hunk) {
    match found.last_mut() {
        Some(last) if last.old.end == hunk.old.start && last.new.end == hunk.new.start => {
            last.old.end = hunk.old.end;
            last.new.end = hunk.new.end;
        }
        _ => found.push(hunk),
    }
}

/// The longest rising run of elements that occur exactly once on either side.
fn anchors<T: Eq + Hash>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    let mut seen: HashMap<&T, (usize, usize, usize, usize)> = HashMap::new();
    for (at, element) in old.iter().enumerate() {
        let entry = seen.entry(element).or_default();
        (entry.0, entry.1) = (entry.0 + 1, at);
    }
    for (at, element) in new.iter().enumerate() {
        let entry = seen.entry(element).or_default();
        (entry.2, entry.3) = (entry.2 + 1, at);
    }
    let once = seen.values().filter(|(olds, _, news, _)| (*olds, *news) == (1, 1));
    let mut pairs: Vec<(usize, usize)> = once.map(|(_, old, _, new)| (*old, *new)).collect();
    pairs.sort_unstable();
    let news: Vec<usize> = pairs.iter().map(|(_, new)| *new).collect();
    rising(&news).into_iter().map(|at| pairs[at]).collect()
}

/// Positions of a longest strictly rising subsequence.
pub(crate) fn rising(values: &[usize]) -> Vec<usize> {
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; values.len()];
    for (at, value) in values.iter().enumerate() {
        let place = tails.partition_point(|tail| values[*tail] < *value);
        before[at] = place.checked_sub(1).map(|place| tails[place]);
        match tails.get_mut(place) {
            Some(tail) => *tail = at,
            None => tails.push(at),
        }
    }
    let mut run = Vec::with_capacity(tails.len());
    let mut next = tails.last().copied();
    while let Some(at) = next {
        run.push(at);
        next = before[at];
    }
    run.reverse();
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(old: &str, new: &str, hunks: &[Hunk]) -> String {
        let mut result = String::new();
        let mut at = 0;
        for hunk in hunks {
            result.push_str(&old[at..hunk.old.start]);
            result.push_str(&new[hunk.new.clone()]);
            at = hunk.old.end;
        }
        result + &old[at..]
    }

    #[test]
    fn text_hunks_lead_from_old_to_new() {
        let check = |old: &str, new: &str, replaced: usize| {
            let hunks = text_hunks(old, new);
            assert_eq!(patched(old, new, &hunks), new);
            assert_eq!(hunks.iter().map(|hunk| hunk.old.len()).sum::<usize>(), replaced, "{hunks:?}");
        };
        check("", "", 0);
        check("", "a\n", 0);
        check("a\nb\nc\n", "a\nc\n", 2);
        check("x = 1\ny = 2\n", "x = 1\ny = 20\n", 0);
        check("für\n", "fur\n", 2);
        check("one\ntwo\n", "zero\none\ntwo\nthree", 0);
    }

    #[test]
    fn close_hunks_keep_what_they_can() {
        let check = |old: &str, new: &str, replaced: usize| {
            let hunks = close_hunks(old, new);
            assert_eq!(patched(old, new, &hunks), new);
            assert_eq!(hunks.iter().map(|hunk| hunk.old.len()).sum::<usize>(), replaced, "{hunks:?}");
        };
        check("", "a\n", 0);
        check("a一b二c\n", "xxxx一yyyy二zzzz\n", 3);
        check("abcabcabc一\n", "一abcabcabc\n", 9);
        check("same\nxyz\n", "same\nxbz\n", 1);
    }

    #[test]
    fn a_union_has_the_lines_of_both() {
        let check = |old: &str, new: &str, expect: &str| assert_eq!(union(old, new), expect);
        check("<一>\n", "<二>\n", "<一>\n<二>\n");
        check("<一>\nsame\n", "<二>\nsame\n", "<一>\n<二>\nsame\n");
        check("一", "一二", "一二");
        check("", "one\n", "one\n");
        check("same", "same", "same");
    }

    #[test]
    fn lines_survive_where_too_much_changed_to_compare_all() {
        let old: Vec<String> = (0..20_000).map(|n| format!("old {n}\n")).collect();
        let mut new: Vec<String> = (0..20_000).map(|n| format!("new {n}\n")).collect();
        new[7_000] = old[9_000].clone();
        let kept = kept(&old, &new);
        assert_eq!(kept, [(9_000, 7_000)]);
    }

    #[test]
    fn rising_runs() {
        assert_eq!(rising(&[3, 1, 2, 0, 4]), [1, 2, 4]);
        assert_eq!(rising(&[]), [0; 0]);
    }
}
