//! Documents of two histories: whether one says again what the other says, so that together they would say it twice.

use crate::document::Document;
use crate::notebook::shape;
use crate::{diff, lines, text};
use protocol::Model;
use std::collections::HashSet;

/// Whether both say the same, or half of `here` at least: cells with one id, or lines.
pub(crate) fn says_again(here: &Document, there: &Document) -> bool {
    match here.model() {
        Model::Notebook => {
            let ids = |document: &Document| -> HashSet<String> {
                shape::side(document.doc()).notebook.cells.into_iter().map(|cell| cell.id).collect()
            };
            !ids(here).is_disjoint(&ids(there))
        }
        Model::Text | Model::Base64 => {
            let (ours, theirs) = (text::read(here.doc()), text::read(there.doc()));
            let (ours, theirs) = (lines::split(&ours), lines::split(&theirs));
            let says = |line: &&&str| !line.trim().is_empty();
            let both = diff::kept(&ours, &theirs).into_iter().filter(|(at, _)| says(&&ours[*at])).count();
            both > 0 && both * 2 >= ours.iter().filter(says).count()
        }
        // One value takes the place of the other.
        Model::Blob => false,
    }
}
