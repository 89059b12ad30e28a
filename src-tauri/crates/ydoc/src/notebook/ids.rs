//! What cells are called: ids for cells of a file that have none, or one that an earlier cell has too.
//!
//! Whose id is whose is not decided here: a repeated id says only that a cell is one of a family, see [`super::pair`].

use super::Cell;
use crate::document::derived_author;
use std::collections::{HashMap, HashSet};

/// Names that are given away, each once.
#[derive(Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
    /// How many were made in each family.
    made: HashMap<String, u64>,
}

impl Names {
    /// Takes a name; false: it is taken.
    pub(crate) fn take(&mut self, id: &str) -> bool {
        self.taken.insert(id.to_owned())
    }

    /// A name for a cell without one: eight digits of a hash of what it says and how many said so before.
    pub(crate) fn of_content(&mut self, cell: &Cell) -> String {
        let (kind, source, id) = (cell.kind.as_bytes(), cell.source.as_bytes(), cell.given.as_bytes());
        let mut before = 0u64;
        loop {
            let id = format!("{:08x}", derived_author(&[kind, source, id, &before.to_le_bytes()]));
            if self.take(&id) {
                return id;
            }
            before += 1;
        }
    }

    /// Another name in the family of this one, whatever the cell says.
    pub(crate) fn beside(&mut self, given: &str) -> String {
        let family = family(given);
        loop {
            let made = self.made.entry(family.clone()).or_default();
            *made += 1;
            let id = format!("{family}-{made}");
            if self.take(&id) {
                return id;
            }
        }
    }
}

/// Gives every cell of a file an id of its own. Of cells that share one, the first keeps it. The same cells always get the same
/// ids.
pub(crate) fn identify(cells: &mut [Cell]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut names = Names::default();
    for cell in cells.iter_mut() {
        cell.given.clone_from(&cell.id);
        names.take(&cell.given);
        *counts.entry(cell.given.clone()).or_default() += 1;
    }
    let mut seen = HashSet::new();
    for cell in cells.iter_mut() {
        cell.own_id = !cell.given.is_empty() && counts.get(&cell.given) == Some(&1);
        if cell.given.is_empty() {
            cell.id = names.of_content(cell);
        } else if !seen.insert(cell.given.clone()) {
            cell.id = names.beside(&cell.given);
        }
    }
}

/// The eight digits that ids have in common which are made of this one, or of which this one was made.
pub(crate) fn family(id: &str) -> String {
    match made_of(id) {
        Some(family) => family.to_owned(),
        None => format!("{:08x}", derived_author(&[b"cell id", id.as_bytes()])),
    }
}

/// Whether two ids, as they are in a file and in a document, may be those of one cell.
pub(crate) fn is_family(one: &str, other: &str) -> bool {
    one == other || ((is_made(one) || is_made(other)) && family(one) == family(other))
}

/// Whether an id has the form of one that was made because another cell has the same.
pub(crate) fn is_made(id: &str) -> bool {
    made_of(id).is_some()
}

fn made_of(id: &str) -> Option<&str> {
    let (family, number) = id.split_once('-')?;
    let hex = family.len() == 8 && family.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (hex && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(family)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notebook::read;

    fn ids(given: &[&str]) -> Vec<String> {
        let cells: Vec<String> = given.iter().map(|id| format!(r#"{{"cell_type": "raw", "id": "{id}"}}"#)).collect();
        let file = read::file(format!(r#"{{"cells": [{}]}}"#, cells.join(",")).as_bytes()).unwrap();
        file.notebook.cells.into_iter().map(|cell| cell.id).collect()
    }

    #[test]
    fn of_cells_with_one_id_the_first_keeps_it_and_the_others_are_of_its_family() {
        let [first, second, third] = &ids(&["a", "a", "a"])[..] else { panic!() };
        assert_eq!(first, "a");
        assert_eq!([second, third].map(|id| family(id)), [family("a"), family("a")]);
        assert_ne!(second, third);
        // A made id that is repeated makes no family of its own, and none is given twice.
        let again = ids(&["a", second, second, "a"]);
        assert_eq!(again[1], *second);
        assert!(again[2..].iter().all(|id| family(id) == family("a")));
        assert_eq!(again.iter().collect::<HashSet<_>>().len(), 4);
    }

    #[test]
    fn only_an_id_of_that_form_counts_as_made() {
        assert!(is_made("0123abcd-7"));
        for id in ["", "0123abcd", "0123abcd-", "0123ABCD-7", "0123abcd-7f", "0123abcd-1111-2222", "x-1"] {
            assert!(!is_made(id), "{id}");
        }
    }
}
