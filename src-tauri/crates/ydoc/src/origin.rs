//! [`stems_from`]: which of two states a file was edited from, told by the words that only one of them has.
//!
//! Needed after a save that was cut short, when nobody knows whether another program edited the file before or after it.

use crate::diff::{rare, text_hunks};
use crate::notebook::{Cell, read};
use protocol::Model;
use std::ops::Range;
use yrs::Any;

/// Whether `disk` looks like an edit of `new` rather than of `old`, of which `new` is an edit itself: it has more of what only
/// `new` has than of what only `old` has. Equally much, or nothing, speaks for `old`. All three are contents of a file.
pub fn stems_from(model: Model, old: &[u8], new: &[u8], disk: &[u8]) -> bool {
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
    let added: Vec<Range<usize>> = step.iter().flat_map(|hunk| words(new, &hunk.new)).collect();
    let removed: Vec<Range<usize>> = step.iter().flat_map(|hunk| words(old, &hunk.old)).collect();
    // A word that the other state has too, somewhere, may have survived from there: it counts only if there is none that tells more.
    let own = |from: &str, words: &[Range<usize>], other: &str| -> Vec<Range<usize>> {
        words.iter().filter(|word| !other.contains(&from[(*word).clone()])).cloned().collect()
    };
    match (own(new, &added, old), own(old, &removed, new)) {
        (added_only, removed_only) if added_only.is_empty() && removed_only.is_empty() => {
            survivors(new, &added, text) > survivors(old, &removed, text)
        }
        (added, removed) => survivors(new, &added, text) > survivors(old, &removed, text),
    }
}

fn is_wide(char: char) -> bool {
    char >= '\u{2e80}'
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
    let is_gone =
        |at: usize| gone.get(gone.partition_point(|gone| gone.end <= at)).is_some_and(|gone| gone.start <= at);
    let rare = rare(from.chars().filter(|char| is_wide(*char)), to.chars().filter(|char| is_wide(*char)));
    let (mut kept, mut once) = (0, false);
    for word in words {
        let mut letters = from[word.clone()].char_indices();
        if letters.all(|(at, _)| !is_gone(word.start + at)) {
            kept += 1;
            once |= from[word.clone()].chars().any(|char| rare.contains(&char));
        }
    }
    if once || kept * 4 >= words.len() { kept } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
