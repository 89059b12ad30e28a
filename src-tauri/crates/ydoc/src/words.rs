//! Two edits of the same lines, merged word by word, so that what both wrote can be read: where both rewrote a word, both words
//! are there, whole and apart, those that were typed here first. Pure.
//!
//! Not here: what the CRDT merges well, character by character, which is all that has no words of letters.

use crate::diff::{Hunk, hunks, is_wide};

/// What `before` is with the edits of both sides; `None` if `now`, the merge that the CRDT made, has the same words.
///
/// What is new on either side is in it whole. What one side deleted is not, except where it is part of a word that the other
/// side wrote. Where it does not matter for words, things stand in the order of `now`.
pub(crate) fn merge(before: &str, here: &str, disk: &str, now: &str) -> Option<String> {
    if here == disk {
        return (now != here).then(|| here.to_owned());
    }
    let (old, here, disk) = (tokens(before), tokens(here), tokens(disk));
    let (ours, theirs) = (hunks(&old, &here), hunks(&old, &disk));
    let sides = [Side { new: &here, hunks: &ours }, Side { new: &disk, hunks: &theirs }];
    let mut spots = spots(&old, &sides);
    join(&old, &mut spots);
    let mut merged = String::new();
    let mut at = 0;
    for spot in &spots {
        merged.extend(old[at..spot.start].iter().copied());
        merged += &spot.merged(&old, &sides, now);
        at = spot.end;
    }
    merged.extend(old[at..].iter().copied());
    (words(&merged) != words(now)).then_some(merged)
}

/// The words of a text, in the order of the alphabet.
fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split(|char| !is_word(char)).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words
}

/// One side's edit.
struct Side<'a> {
    new: &'a [&'a str],
    hunks: &'a [Hunk],
}

/// A stretch of the old tokens that was changed, and by which hunks of each side.
#[derive(Clone)]
struct Spot {
    start: usize,
    end: usize,
    hunks: [Vec<usize>; 2],
}

/// Words, and single characters of any other kind. What is put on a character belongs to it.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, char) in text.char_indices() {
        let on = matches!(char, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
        let goes_on = on || last.is_some_and(|last| is_word(last) && is_word(char));
        if at > start && !goes_on {
            found.push(&text[start..at]);
            start = at;
        }
        last = if on { last } else { Some(char) };
    }
    if start < text.len() {
        found.push(&text[start..]);
    }
    found
}

fn is_word(char: char) -> bool {
    char == '_' || (char.is_alphanumeric() && !is_wide(char))
}

/// Beside another of this kind it is one thing with it, for people.
fn sticks(char: char) -> bool {
    is_word(char) || char == '.'
}

fn is_sticky(token: &str) -> bool {
    token.starts_with(sticks)
}

/// A word, or a character that is one.
fn says_something(token: &str) -> bool {
    token.starts_with(char::is_alphanumeric)
}

/// Where either side changed something; what overlaps, or would read as one word, is one spot.
fn spots(old: &[&str], sides: &[Side<'_>; 2]) -> Vec<Spot> {
    let mut all: Vec<Spot> = Vec::new();
    for (side, Side { hunks, .. }) in sides.iter().enumerate() {
        for (number, hunk) in hunks.iter().enumerate() {
            let mut spot = Spot { start: hunk.old.start, end: hunk.old.end, hunks: [Vec::new(), Vec::new()] };
            spot.hunks[side].push(number);
            all.push(spot);
        }
    }
    all.sort_by_key(|spot| (spot.start, spot.end));
    let mut found: Vec<Spot> = Vec::new();
    for spot in all {
        match found.last_mut() {
            // Two insertions in one place have no order of their own.
            Some(last) if spot.start < last.end || spot.end == last.start || glued(last, &spot, sides) => {
                last.take(spot);
            }
            _ => found.push(spot),
        }
    }
    // Whole words: what sticks to a shared spot is part of it.
    let mut at = 0;
    while at < found.len() {
        if !found[at].is_shared() || !found[at].has_word(sides) {
            at += 1;
            continue;
        }
        while at > 0 && found[at - 1].touches(&found[at], old, sides) {
            let before = found.remove(at - 1);
            at -= 1;
            found[at].take_before(before);
        }
        let least = if at > 0 { found[at - 1].end } else { 0 };
        if found[at].start > least && found[at].sticks_at_start(old, sides) && is_sticky(old[found[at].start - 1]) {
            found[at].start -= 1;
            continue;
        }
        if found.get(at + 1).is_some_and(|next| found[at].touches(next, old, sides)) {
            let next = found.remove(at + 1);
            found[at].take(next);
            continue;
        }
        let most = found.get(at + 1).map_or(old.len(), |next| next.start);
        if found[at].end < most && found[at].sticks_at_end(old, sides) && is_sticky(old[found[at].end]) {
            found[at].end += 1;
            continue;
        }
        at += 1;
    }
    found
}

/// Shared spots with no word between them are one: each side's words stay together.
fn join(old: &[&str], spots: &mut Vec<Spot>) {
    let mut at = 1;
    while at < spots.len() {
        let between = &old[spots[at - 1].end..spots[at].start];
        let apart = between.iter().any(|token| says_something(token) || *token == "\n");
        if spots[at - 1].is_shared() && spots[at].is_shared() && !apart {
            let next = spots.remove(at);
            spots[at - 1].take(next);
        } else {
            at += 1;
        }
    }
}

/// Whether two changes of different sides are one right behind the other, and would read as one word that nobody wrote.
fn glued(first: &Spot, second: &Spot, sides: &[Side<'_>; 2]) -> bool {
    if first.end != second.start {
        return false;
    }
    let ends = first.texts(sides).any(|text| text.last().is_some_and(|token| is_sticky(token)));
    let begins = second.texts(sides).any(|text| text.first().is_some_and(|token| is_sticky(token)));
    ends && begins
}

impl Spot {
    fn is_shared(&self) -> bool {
        self.hunks.iter().all(|hunks| !hunks.is_empty())
    }

    fn take(&mut self, other: Spot) {
        self.end = self.end.max(other.end);
        for (mine, more) in self.hunks.iter_mut().zip(other.hunks) {
            mine.extend(more);
        }
    }

    fn take_before(&mut self, mut other: Spot) {
        std::mem::swap(self, &mut other);
        self.take(other);
    }

    /// What its hunks put in.
    fn texts<'a>(&'a self, sides: &'a [Side<'a>; 2]) -> impl Iterator<Item = &'a [&'a str]> {
        let of = move |side: usize| {
            self.hunks[side].iter().map(move |at| &sides[side].new[sides[side].hunks[*at].new.clone()])
        };
        of(0).chain(of(1))
    }

    /// Whether somebody wrote a word here: else there is nothing to read.
    fn has_word(&self, sides: &[Side<'_>; 2]) -> bool {
        self.texts(sides).flatten().any(|token| is_sticky(token))
    }

    /// Whether the one right behind it may read as one word with it.
    fn touches(&self, next: &Self, old: &[&str], sides: &[Side<'_>; 2]) -> bool {
        self.end == next.start && self.sticks_at_end(old, sides) && next.sticks_at_start(old, sides)
    }

    fn sticks_at_start(&self, old: &[&str], sides: &[Side<'_>; 2]) -> bool {
        [0, 1].iter().any(|side| self.of(*side, old, sides).first().is_some_and(|(token, _)| is_sticky(token)))
    }

    fn sticks_at_end(&self, old: &[&str], sides: &[Side<'_>; 2]) -> bool {
        [0, 1].iter().any(|side| self.of(*side, old, sides).last().is_some_and(|(token, _)| is_sticky(token)))
    }

    /// What a side has in this place, and what of it is new.
    fn of<'a>(&self, side: usize, old: &[&'a str], sides: &[Side<'a>; 2]) -> Vec<(&'a str, bool)> {
        let Side { new, hunks } = &sides[side];
        let mut found = Vec::new();
        let mut at = self.start;
        for hunk in self.hunks[side].iter().map(|number| &hunks[*number]) {
            found.extend(old[at..hunk.old.start].iter().map(|token| (*token, false)));
            found.extend(new[hunk.new.clone()].iter().map(|token| (*token, true)));
            at = hunk.old.end;
        }
        found.extend(old[at..self.end].iter().map(|token| (*token, false)));
        found
    }

    /// Both sides' words, whole.
    fn merged(&self, old: &[&str], sides: &[Side<'_>; 2], now: &str) -> String {
        if !self.is_shared() {
            let side = usize::from(self.hunks[0].is_empty());
            return self.of(side, old, sides).iter().map(|(token, _)| *token).collect();
        }
        let [ours, theirs] = [0, 1].map(|side| written(&self.of(side, old, sides)));
        if ours.is_empty() && theirs.is_empty() {
            return self.left(old, sides);
        }
        let place = |text: &str| text.chars().find(|char| is_wide(*char)).and_then(|char| now.find(char));
        let swapped = place(&theirs).zip(place(&ours)).is_some_and(|(theirs, ours)| theirs < ours);
        let (first, second) = if swapped { (theirs, ours) } else { (ours, theirs) };
        if first == second || second.is_empty() {
            return first;
        }
        let between = match (first.contains('\n') || second.contains('\n'), glue(&first, &second)) {
            (true, true) => "\n",
            (false, true) => " ",
            _ => "",
        };
        first + between + &second
    }

    /// What neither side deleted.
    fn left(&self, old: &[&str], sides: &[Side<'_>; 2]) -> String {
        let gone = |at: usize| {
            sides.iter().zip(&self.hunks).any(|(side, hunks)| hunks.iter().any(|it| side.hunks[*it].old.contains(&at)))
        };
        (self.start..self.end).filter(|at| !gone(*at)).map(|at| old[at]).collect()
    }
}

fn glue(first: &str, second: &str) -> bool {
    first.ends_with(sticks) && second.starts_with(sticks)
}

/// What a side wrote in a place: words with something new in them, whole, and what stands between and around them.
fn written(tokens: &[(&str, bool)]) -> String {
    let (mut text, mut between, mut dropped) = (String::new(), String::new(), false);
    for chunk in tokens.chunk_by(|(a, _), (b, _)| is_sticky(a) && is_sticky(b)) {
        let whole = chunk.iter().map(|(token, _)| *token);
        if chunk.iter().any(|(_, new)| *new) {
            text += &std::mem::take(&mut between);
            text.extend(whole);
            dropped = false;
        } else if chunk.iter().any(|(token, _)| says_something(token)) {
            dropped = true;
        } else if !dropped || !text.is_empty() {
            between.extend(whole);
        }
    }
    // What is behind an old word, or all there is, goes with it.
    if dropped || text.is_empty() { text } else { text + &between }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, here: &str, disk: &str, expect: &str) {
        let merged = merge(before, here, disk, "?").unwrap_or_default();
        assert_eq!(merged, expect, "{before:?} {here:?} {disk:?}");
        assert_eq!(merge(before, here, disk, expect), None);
    }

    #[test]
    fn disk_4_where_both_rewrote_a_word_both_words_are_there_whole() {
        check("# first", "# changed by unsaved", "# changed by git", "# changed by unsaved changed by git");
        check("# changed by ", "# changed by unsaved", "# changed by git", "# changed by unsaved git");
        check("# typed by ana", "# typed by ana unsaved", "# changed by git", "# changed by git unsaved");
        check("value = 1", "value = 177", "value = 1.25", "value = 177 1.25");
        check("foo", "foobar", "foobaz", "foobar foobaz");
        check("# a b c", "# x y c", "# p q c", "# x y p q c");
        check("f(a, b)", "f(x, b)", "f(z, b)", "f(x z, b)");
        check("self.name", "self.title", "self.label", "self.title self.label");
        // An edited word is not deleted, as little as an edited cell.
        check("word", "", "words", "words");
        check("keep this word", "keep this words", "keep this sword", "keep this words sword");
        check("a foo bar", "a food bar", "a bar", "a food bar");
        check("a\nb", "a\nb1", "a", "a\nb1");
        // The same edit is made once.
        check("a = 1\nb", "a = 2\nb", "a = 2\nb", "a = 2\nb");
        // Whole lines stay lines.
        check("one", "eins\nzwei", "un", "eins\nzwei\nun");
    }

    #[test]
    fn edits_that_do_not_meet_in_a_word_are_both_made() {
        check("value = 1", "my_value = 1", "value = 12", "my_value = 12");
        check("hello world", "hello brave world", "hi world", "hi brave world");
        check("f(a, b)", "f(x, b)", "f(a, y)", "f(x, y)");
        check("one two three", "two three", "one two", "two");
    }

    #[test]
    fn what_has_no_words_of_letters_is_left_to_the_crdt() {
        let check = |before: &str, here: &str, disk: &str| assert_eq!(merge(before, here, disk, "一"), None);
        check("一二", "一三二", "一四二");
        check("一", "", "二");
        // Beside a word that is merged, it stands as it did.
        let merged = merge("a一b", "a二一b1", "a三一b2", "a三二一b21");
        assert_eq!(merged.as_deref(), Some("a三二一b1 b2"));
    }

    #[test]
    fn tokens_are_words_and_single_characters() {
        assert_eq!(tokens("my_x1 = f(é)一二"), ["my_x1", " ", "=", " ", "f", "(", "é", ")", "一", "二"]);
        assert_eq!(tokens("e\u{301}a!\u{301}"), ["e\u{301}a", "!\u{301}"]);
        assert_eq!(tokens(""), [""; 0]);
    }
}
