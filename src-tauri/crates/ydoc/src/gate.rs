//! What of an update may be integrated now: only edits whose predecessors are all here.
//!
//! yrs takes an edit as soon as its neighbours are there, even if an earlier edit of the same author is missing. Should that one
//! never come (its author is gone, and a crash took what had not been stored), then every later edit that builds on the gap
//! waits for ever at peers that insist on the order, as Yjs does. So the order is insisted on here, before yrs sees the update.

use crate::guard::{Block, Blocks, Run};
use std::collections::HashMap;

/// What of an update can be integrated.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    All,
    /// An update with the part that can; the whole is to be tried again.
    Part(Vec<u8>),
}

/// Splits a v1 update. `known` tells how many clock ticks of a client are here.
pub(crate) fn ready(update: &[u8], blocks: &Blocks, known: impl Fn(u64) -> u32) -> Ready {
    let all: Vec<usize> = blocks.runs.iter().map(|run| run.blocks.len()).collect();
    let mut counts = all.clone();
    while cut(&blocks.runs, &mut counts, &known) {}
    if counts == all {
        return Ready::All;
    }
    let kept = || blocks.runs.iter().zip(&counts).map(|(run, count)| (run.client, &run.blocks[..*count]));
    let mut part = Vec::with_capacity(update.len());
    write_var(&mut part, kept().filter(|(_, blocks)| !blocks.is_empty()).count() as u64);
    for (client, blocks) in kept() {
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { continue };
        for number in [blocks.len() as u64, client, u64::from(first.ticks.start)] {
            write_var(&mut part, number);
        }
        part.extend_from_slice(&update[first.bytes.start..last.bytes.end]);
    }
    // What one author did in one go is done as a whole: who moves text deletes it and inserts it anew. An update of several is
    // a whole document, in which it cannot be told what belongs together.
    if blocks.runs.len() > 1 {
        part.extend_from_slice(&update[blocks.deletions..]);
    } else {
        part.push(0);
    }
    Ready::Part(part)
}

/// Leaves out what needs something that is not there; whether there was any.
fn cut(runs: &[Run], counts: &mut [usize], known: &impl Fn(u64) -> u32) -> bool {
    let mut ends: HashMap<u64, u32> = HashMap::new();
    for (run, count) in runs.iter().zip(&*counts) {
        let last = run.blocks[..*count].last().map_or(0, |block| block.ticks.end);
        let end = ends.entry(run.client).or_insert_with(|| known(run.client));
        *end = last.max(*end);
    }
    let is_here = |(client, clock): &(u64, u32)| ends.get(client).copied().unwrap_or_else(|| known(*client)) > *clock;
    let mut any = false;
    for (run, count) in runs.iter().zip(counts) {
        let here = known(run.client);
        let mut next = here;
        let fits = |block: &&Block| {
            let is_new = block.ticks.end > here;
            let fits = !is_new || (!block.hole && block.ticks.start <= next && block.needs.iter().all(is_here));
            next = next.max(block.ticks.end);
            fits
        };
        let ready = run.blocks[..*count].iter().take_while(fits).count();
        any |= ready < *count;
        *count = ready;
    }
    any
}

fn write_var(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use yrs::updates::decoder::Decode;
    use yrs::{Doc, GetString, Map, ReadTxn, StateVector, Text, Transact, Update};

    /// An update each: `Ana` types A, Ben types B after it and, in the same update, sets a key.
    fn updates() -> [Vec<u8>; 2] {
        let doc = Doc::with_client_id(1);
        let text = doc.get_or_insert_text("source");
        text.push(&mut doc.transact_mut(), "A");
        let first = doc.transact().encode_state_as_update_v1(&StateVector::default());
        let ben = Doc::with_client_id(2);
        let (text, map) = (ben.get_or_insert_text("source"), ben.get_or_insert_map("state"));
        ben.transact_mut().apply_update(Update::decode_v1(&first).unwrap()).unwrap();
        let mut txn = ben.transact_mut();
        text.push(&mut txn, "B");
        map.insert(&mut txn, "dirty", true);
        [first, txn.encode_update_v1()]
    }

    #[test]
    fn an_edit_waits_for_what_it_builds_on_and_for_its_authors_earlier_ones() {
        let [first, second] = updates();
        let check = |update: &[u8], known: &[(u64, u32)]| {
            let known = |client: u64| known.iter().find(|(id, _)| *id == client).map_or(0, |(_, clock)| *clock);
            ready(update, &crate::guard::update(update).unwrap(), known)
        };
        assert_eq!(check(&first, &[]), Ready::All);
        assert_eq!(check(&second, &[(1, 1)]), Ready::All);
        // The key needs nothing but its author's letter, which needs Ana's.
        assert_eq!(check(&second, &[]), Ready::Part(vec![0, 0]));
        assert_eq!(check(&second, &[(2, 2)]), Ready::All, "known already");
        let both = yrs::merge_updates_v1([&first, &second]).unwrap();
        assert_eq!(check(&both, &[]), Ready::All);
    }

    #[test]
    fn sync_91_what_is_moved_is_not_deleted_before_it_is_there_again() {
        let doc = Doc::with_client_id(1);
        let text = doc.get_or_insert_text("source");
        text.push(&mut doc.transact_mut(), "A");
        text.push(&mut doc.transact_mut(), "lost");
        let mut txn = doc.transact_mut();
        text.remove_range(&mut txn, 0, 1);
        text.push(&mut txn, "A");
        let moved = txn.encode_update_v1();
        let blocks = crate::guard::update(&moved).unwrap();
        assert_eq!(ready(&moved, &blocks, |_| 1), Ready::Part(vec![0, 0]));
        assert_eq!(ready(&moved, &blocks, |_| 5), Ready::All);
    }

    #[test]
    fn the_part_that_is_ready_is_an_update() {
        let [first, second] = updates();
        // Without the clock ticks of Ana's letter there is a hole before Carl's.
        let carl = Doc::with_client_id(3);
        let text = carl.get_or_insert_text("other");
        text.push(&mut carl.transact_mut(), "C");
        let third = carl.transact().encode_state_as_update_v1(&StateVector::default());
        let both = yrs::merge_updates_v1([&second, &third]).unwrap();
        let Ready::Part(part) = ready(&both, &crate::guard::update(&both).unwrap(), |_| 0) else {
            panic!("all is ready")
        };
        let doc = Doc::new();
        let (other, source) = (doc.get_or_insert_text("other"), doc.get_or_insert_text("source"));
        doc.transact_mut().apply_update(Update::decode_v1(&part).unwrap()).unwrap();
        assert!(!doc.transact().has_missing_updates());
        assert_eq!(
            (other.get_string(&doc.transact()), source.get_string(&doc.transact())),
            ("C".into(), String::new())
        );
        doc.transact_mut().apply_update(Update::decode_v1(&first).unwrap()).unwrap();
        assert_eq!(source.get_string(&doc.transact()), "A");
    }
}
