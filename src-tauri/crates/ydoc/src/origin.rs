//! [`nearest`]: which of several states a file was edited from.
//!
//! Needed after a save that was cut short, when nobody knows whether another program edited the file before or after it, and when
//! it is not known any more what the file held. Of two states, words
//! decide that only one of the two states has, because nobody else is likely to have written them. Where they say nothing,
//! because text was only moved or has no words, the smaller difference does. So an edit is told that is small beside what the
//! save changes and writes none of its words; where lines of symbols were moved, even a small one may not be. What says nothing speaks for a save that did not happen, which
//! keeps what people typed.
//!
//! Beyond telling is, therefore: a file from which most of what the save brought was deleted again, and one into which somebody
//! else wrote some of the same at the same place. Taken wrongly, such text is there twice, or what was typed with it is deleted.

use crate::diff::{Hunk, is_wide, rare, text_hunks};
use crate::notebook::{Cell, read};
use crate::{Base, Document};
use protocol::Model;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use yrs::Any;

/// The candidate that these bytes were most likely made of; of equals the first.
///
/// There are two when a save was cut short: nobody knows then whether the file was edited before that write or after it, but
/// text that only one of them has gives it away. Taking the wrong one would insert what was saved a second time, or delete what
/// was not. There are more when the base is lost; then the closest is taken.
///
/// Panics if there is none.
pub fn nearest<'a>(model: Model, bases: &'a [Base], bytes: &[u8]) -> &'a Base {
    let far = |base: &&Base| {
        // The author writes nothing here.
        Document::from_state(model, 1, &base.state)
            .map_or(u64::MAX, |document| distance(&document.to_bytes(bytes), bytes))
    };
    let written = |base: &Base| Some(Document::from_state(model, 1, &base.state).ok()?.to_bytes(bytes));
    match bases {
        [first] => first,
        [before, after] => match (written(before), written(after)) {
            (Some(old), Some(new)) if stems_from(model, &old, &new, bytes) => after,
            _ => before,
        },
        _ => bases.iter().min_by_key(far).unwrap_or(&bases[0]),
    }
}

/// How much two contents differ: pairs of neighbouring bytes that only one of them has. Linear, and never more than a small
/// multiple of the number of edits.
fn distance(a: &[u8], b: &[u8]) -> u64 {
    const EDGE: u16 = 256;
    let mut pairs: HashMap<(u16, u16), i64> = HashMap::new();
    for (bytes, sign) in [(a, 1), (b, -1)] {
        let after = bytes.iter().map(|byte| u16::from(*byte)).chain([EDGE]);
        let before = std::iter::once(EDGE).chain(bytes.iter().map(|byte| u16::from(*byte)));
        before.zip(after).for_each(|pair| *pairs.entry(pair).or_default() += sign);
    }
    pairs.values().map(|count| count.unsigned_abs()).sum()
}

/// Whether `disk` looks like an edit of `new` rather than of `old`, of which `new` is an edit itself. Nothing that speaks for either
/// speaks for `old`. All three are contents of a file.
fn stems_from(model: Model, old: &[u8], new: &[u8], disk: &[u8]) -> bool {
    told(&content(model, old), &content(model, new), &content(model, disk))
}

/// What people wrote, without what surrounds it in the file.
fn content(model: Model, bytes: &[u8]) -> String {
    let plain = || String::from_utf8_lossy(bytes).into_owned();
    match model {
        Model::Notebook => {
            read::file(bytes).map_or_else(|_| plain(), |file| file.notebook.cells.iter().map(cell).collect())
        }
        _ => plain(),
    }
}

fn cell(cell: &Cell) -> String {
    let id: String = cell.id.chars().filter(|char| char.is_alphanumeric()).collect();
    let mut text = format!("{id}\n{}\n", cell.source);
    for output in &cell.outputs {
        text.extend(output.text.iter().map(String::as_str));
        output
            .rest
            .iter()
            .filter(|(key, _)| *key != "output_type" && *key != "name")
            .for_each(|(_, value)| leaves(value, &mut text));
        text.push('\n');
    }
    text
}

fn leaves(value: &Any, text: &mut String) {
    match value {
        Any::String(leaf) => text.push_str(leaf),
        Any::Array(values) => values.iter().for_each(|value| leaves(value, text)),
        Any::Map(values) => {
            let mut keys: Vec<&String> = values.keys().collect();
            keys.sort_unstable();
            keys.into_iter().for_each(|key| leaves(&values[key], text));
        }
        _ => {}
    }
}

fn told(old: &str, new: &str, text: &str) -> bool {
    let step = text_hunks(old, new);
    let added = step.iter().flat_map(|hunk| words(new, &hunk.new));
    let removed = step.iter().flat_map(|hunk| words(old, &hunk.old));
    // A word that the other state has too, somewhere, may have survived from there.
    let added: Vec<Range<usize>> = added.filter(|word| !old.contains(&new[word.clone()])).collect();
    let removed: Vec<Range<usize>> = removed.filter(|word| !new.contains(&old[word.clone()])).collect();
    match survivors(new, &added, text).cmp(&survivors(old, &removed, text)) {
        Ordering::Equal => {
            let (from_old, from_new) = (size(&text_hunks(old, text)), size(&text_hunks(new, text)));
            // That none of its words is left speaks against a state that is only a little nearer.
            from_new < from_old && (added.is_empty() || 2 * from_new < size(&step))
        }
        more => more == Ordering::Greater,
    }
}

/// How much a step from one text to another inserts and deletes, in bytes.
fn size(step: &[Hunk]) -> usize {
    step.iter().map(|hunk| hunk.old.len() + hunk.new.len()).sum()
}

/// The words in a stretch of a text; an ideograph is one by itself.
fn words(text: &str, stretch: &Range<usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut goes_on = false;
    for (at, char) in text[stretch.clone()].char_indices() {
        let (start, end) = (stretch.start + at, stretch.start + at + char.len_utf8());
        match found.last_mut() {
            _ if !char.is_alphanumeric() => {}
            Some(word) if goes_on && !is_wide(char) => word.end = end,
            _ => found.push(start..end),
        }
        goes_on = char.is_alphanumeric() && !is_wide(char);
    }
    found
}

/// How many of these words of a text are still whole in another one. Fewer than a quarter are chance, unless there is an
/// ideograph that occurs only once.
fn survivors(from: &str, words: &[Range<usize>], to: &str) -> usize {
    let gone: Vec<Range<usize>> = text_hunks(from, to).into_iter().map(|hunk| hunk.old).collect();
    // Of letters that were torn apart, or of which some are left, nobody knows whether they are those.
    let is_whole = |word: &Range<usize>| {
        gone.get(gone.partition_point(|gone| gone.end <= word.start)).is_none_or(|gone| gone.start >= word.end)
    };
    let rare = rare(from.chars().filter(|char| is_wide(*char)), to.chars().filter(|char| is_wide(*char)));
    let kept: Vec<&Range<usize>> = words.iter().filter(|word| is_whole(word)).collect();
    let once = kept.iter().any(|word| from[(*word).clone()].chars().any(|char| rare.contains(&char)));
    if once || kept.len() * 4 >= words.len() { kept.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Digest;

    #[test]
    fn an_edit_is_attributed_to_what_it_was_made_of() {
        let check = |old: &str, new: &str, text: &str, expect: bool| assert_eq!(told(old, new, text), expect, "{text}");
        check("one\n", "one two\n", "one two three\n", true);
        check("one\n", "one two\n", "one three\n", false);
        check("one two\n", "one\n", "one three\n", false);
        check("one two\n", "one\n", "one two three\n", false);
        check("one\n", "one two three four\n", "one four\n", true);
        check("一\n", "一二三四五六\n", "一六\n", true);
        check("same\n", "same\n", "other\n", false);
    }

    #[test]
    fn save_72_words_that_both_states_have_do_not_tell_of_which_a_file_was_made() {
        let (old, new) = ("一sea 四\n", "一s二se三a ea 四\n");
        assert!(!told(old, new, "一sea 五六七四\n"));
        assert!(told(old, new, "一s二se三a ea 五六七四\n"));
        // Unless there are no others.
        assert!(told("one two\n", "one two one\n", "one two one three\n"));
    }

    #[test]
    fn disk_123_what_was_moved_or_has_no_words_is_told_by_the_smaller_difference() {
        let check = |old: &str, new: &str, edit: fn(&str) -> String| {
            assert!(!told(old, new, &edit(old)), "{old}");
            assert!(told(old, new, &edit(new)), "{new}");
        };
        check("--\n==\n", "--\n*#*#*#\n==\n", |text| text.replace("--", "-+-"));
        check("--\n*#*#*#\n==\n", "--\n==\n", |text| text.replace("--", "-+-"));
        check("one\ntwo three\nfour\n", "two three\nfour\none\n", |text| text.replace("four", "4"));
        check("f(a, b)\n", "f((a, b))\n", |text| text.replace('\n', "\n\n"));
        // What somebody else writes beside it, however much, does not count.
        check("--\n==\n", "--\n*#\n==\n", |text| format!("{text}{}", "*#-=\n".repeat(50)));
        check("one\ntwo\n", "two\none\n", |text| format!("{text}{}", "others\n".repeat(50)));
    }

    #[test]
    fn what_surrounds_the_cells_of_a_notebook_says_nothing() {
        let notebook = |sources: &[&str]| {
            let cell = |(number, source): (usize, &&str)| {
                format!(
                    r#"{{"cell_type": "markdown", "id": "{source}{number}", "metadata": {{}}, "source": "{source}"}}"#
                )
            };
            let cells: Vec<String> = sources.iter().enumerate().map(cell).collect();
            format!(r#"{{"cells": [{}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}"#, cells.join(","))
        };
        let check = |old: &[&str], new: &[&str], disk: &[&str], expect: bool| {
            let [old, new, disk] = [old, new, disk].map(notebook);
            assert_eq!(stems_from(Model::Notebook, old.as_bytes(), new.as_bytes(), disk.as_bytes()), expect, "{disk}");
        };
        check(&["a"], &["a", "b"], &["a", "c"], false);
        check(&["a"], &["a", "b"], &["a", "b", "c"], true);
    }

    #[test]
    fn the_file_is_an_edit_of_that_state_of_which_it_has_more() {
        let base = |text: &str| {
            let mut document = Document::new(Model::Text, 1);
            document.load(text.as_bytes()).unwrap();
            Base { state: document.state(), digest: Digest::of(text.as_bytes()) }
        };
        let check = |old: &str, new: &str, disk: &str, expect: &str| {
            let bases = [base(old), base(new)];
            let found = nearest(Model::Text, &bases, disk.as_bytes());
            assert_eq!(found.digest, Digest::of(expect.as_bytes()), "{disk}");
        };
        // Written, or not; both times another program wrote much more, in words that are often the same.
        let (old, new) = ("one\ntwo\n", "one\ntwo the\n");
        check(old, new, "the others and the rest of the tale\none\ntwo\n", old);
        check(old, new, "the others and the rest of the tale\none\ntwo the\n", new);
    }

    #[test]
    fn distance_tells_an_edit_before_a_write_from_one_after_it() {
        assert_eq!(distance(b"", b""), 0);
        assert_eq!(distance(b"abc", b"abc"), 0);
        assert!(distance(b"abcX", b"abcXY") < distance(b"abc", b"abcXY"));
        assert!(distance(b"abc", b"abcY") < distance(b"abcX", b"abcY"));
        assert!(distance(b"abde", b"abdeY") < distance(b"abcde", b"abdeY"));
    }
}
