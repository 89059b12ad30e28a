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
    let added: Vec<&Range<usize>> = step.iter().map(|hunk| &hunk.new).collect();
    let removed: Vec<&Range<usize>> = step.iter().map(|hunk| &hunk.old).collect();
    survivors(new, &added, text) > survivors(old, &removed, text)
}

/// How many words of these stretches of a text are still whole in another one. Fewer than a quarter are chance, unless there is
/// an ideograph, which is a word by itself, that occurs only once.
fn survivors(from: &str, stretches: &[&Range<usize>], to: &str) -> usize {
    let gone: Vec<Range<usize>> = text_hunks(from, to).into_iter().map(|hunk| hunk.old).collect();
    let is_gone =
        |at: usize| gone.get(gone.partition_point(|gone| gone.end <= at)).is_some_and(|gone| gone.start <= at);
    let is_wide = |char: char| char >= '\u{2e80}';
    let rare = rare(from.chars().filter(|char| is_wide(*char)), to.chars().filter(|char| is_wide(*char)));
    let (mut all, mut kept, mut once) = (0, 0, false);
    for stretch in stretches {
        let mut in_word = false;
        let mut whole = false;
        for (at, char) in from[(*stretch).clone()].char_indices() {
            let starts = char.is_alphanumeric() && (!in_word || is_wide(char));
            if starts || !char.is_alphanumeric() {
                kept += usize::from(std::mem::take(&mut whole));
            }
            let here = !is_gone(at + stretch.start);
            all += usize::from(starts);
            whole = if starts { here } else { whole && here };
            in_word = char.is_alphanumeric() && !is_wide(char);
            once |= here && rare.contains(&char);
        }
        kept += usize::from(whole);
    }
    if once || kept * 4 >= all { kept } else { 0 }
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
