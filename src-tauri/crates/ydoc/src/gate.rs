//! What of an update may be integrated now: only edits whose predecessors are all here, or earlier in it; and none of an update
//! that puts something where no client would: into a value, into a list what yrs never gets past, or too deep for its recursion.
//!
//! yrs takes an edit as soon as its neighbours are there, even if an earlier edit of the same author is missing. Should that one
//! never come (its author is gone, and a crash took what had not been stored), then every later edit that builds on the gap
//! waits for ever at peers that insist on the order, as Yjs does. So the order is insisted on here, before yrs sees the update. What yrs would keep for later it would also tell others, and it
//! stops in the middle at something that is in a value; both are therefore decided here.

use crate::UpdateError;
use crate::guard::{Block, Blocks, Content, Id, Parent, Run};
use std::collections::HashMap;

/// How the words end for an update that builds on what is something else here.
pub(crate) const CANNOT_HOLD: &str = ", which can hold nothing";

/// What of an update can be integrated.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    All,
    /// An update with the part that can; the whole is to be tried again.
    Part(Vec<u8>),
}

/// Types in types, at most: yrs deletes them by recursion. Notebooks have five.
const MOST_NESTED: usize = 64;

/// What is here already.
pub(crate) trait Here {
    /// Clock ticks of a client.
    fn known(&self, client: u64) -> u32;
    /// Whether something can be in this item: it is a shared type, or deleted.
    fn can_hold(&mut self, id: Id) -> bool;
    /// Where this item is; `None` if nobody knows any more.
    fn beside(&self, id: Id) -> Option<Place>;
    /// Where things are that are in this item; `None` if it is no type.
    fn inside(&self, id: Id) -> Option<Place>;
    /// Where things are that are in this root.
    fn root(&self, name: &str) -> Place;
}

/// Where something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// In a list.
    pub(crate) list: bool,
    /// In so many types that are no roots.
    pub(crate) depth: usize,
}

/// Splits a v1 update.
pub(crate) fn ready(update: &[u8], blocks: &Blocks, here: &mut impl Here) -> Result<Ready, UpdateError> {
    let mut walk = Walk::new(&blocks.runs, here);
    walk.walk()?;
    Ok(split(update, blocks, &walk.counts))
}

/// As [`ready`], but what is refused, and what builds on it, is only left out.
pub(crate) fn sound(update: &[u8], blocks: &Blocks, here: &mut impl Here) -> Ready {
    let mut walk = Walk { spares: true, ..Walk::new(&blocks.runs, here) };
    // It refuses nothing.
    walk.walk().ok();
    split(update, blocks, &walk.counts)
}

/// The update with so many blocks of each run.
fn split(update: &[u8], blocks: &Blocks, counts: &[usize]) -> Ready {
    if blocks.runs.iter().zip(counts).all(|(run, count)| run.blocks.len() == *count) {
        return Ready::All;
    }
    let kept = || blocks.runs.iter().zip(counts).map(|(run, count)| (run.client, &run.blocks[..*count]));
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

/// Goes through the blocks in an order in which each finds what it needs.
struct Walk<'a, H> {
    runs: &'a [Run],
    here: &'a mut H,
    /// Which run is a client's.
    of: HashMap<u64, usize>,
    /// Blocks of each run that are ready.
    counts: Vec<usize>,
    /// Clock ticks of each run's client that are here with them.
    ends: Vec<u32>,
    /// Runs that wait for more of a run.
    waiting: Vec<Vec<usize>>,
    /// Where blocks are, as far as that mattered: by run and number.
    places: HashMap<(usize, usize), Option<Place>>,
    /// What stands where no client puts it is only not ready.
    spares: bool,
}

impl<'a, H: Here> Walk<'a, H> {
    fn new(runs: &'a [Run], here: &'a mut H) -> Self {
        let of = runs.iter().enumerate().map(|(at, run)| (run.client, at)).collect();
        let ends = runs.iter().map(|run| here.known(run.client)).collect();
        let (counts, waiting) = (vec![0; runs.len()], vec![Vec::new(); runs.len()]);
        Self { runs, here, of, counts, ends, waiting, places: HashMap::new(), spares: false }
    }

    fn walk(&mut self) -> Result<(), UpdateError> {
        let mut todo: Vec<usize> = (0..self.runs.len()).collect();
        while let Some(at) = todo.pop() {
            let before = self.ends[at];
            while self.takes_one(at)? {}
            if self.ends[at] > before {
                todo.append(&mut self.waiting[at]);
            }
        }
        Ok(())
    }

    /// Takes the next block of a run, if it is ready.
    fn takes_one(&mut self, at: usize) -> Result<bool, UpdateError> {
        let (run, number) = (&self.runs[at], self.counts[at]);
        let Some(block) = run.blocks.get(number) else { return Ok(false) };
        if block.ticks.end > self.here.known(run.client) && !block.ticks.is_empty() {
            if block.content == Content::Hole || block.ticks.start > self.ends[at] {
                return Ok(false);
            }
            if let Some((client, _)) = block.needs.iter().find(|id| !self.is_here(id)) {
                if let Some(other) = self.of.get(client) {
                    self.waiting[*other].push(at);
                }
                return Ok(false);
            }
            match self.check(block, (at, number)) {
                Err(_) if self.spares => return Ok(false),
                checked => checked?,
            }
        }
        self.ends[at] = self.ends[at].max(block.ticks.end);
        self.counts[at] += 1;
        Ok(true)
    }

    /// Refuses what stands where no client puts it.
    fn check(&mut self, block: &Block, at: (usize, usize)) -> Result<(), UpdateError> {
        if let Some(Parent::Item((client, clock))) = block.parent
            && !self.can_hold((client, clock))
        {
            return Err(UpdateError(format!("something is in {client}#{clock}{CANNOT_HOLD}")));
        }
        match block.content {
            // yrs counts two units, reads one character, and tries for ever to read the other.
            Content::Pairs if self.place(at).is_some_and(|place| place.list) => {
                Err(UpdateError("a text is in a list".to_owned()))
            }
            Content::Type | Content::List if self.place(at).is_some_and(|place| place.depth >= MOST_NESTED) => {
                Err(UpdateError("types are in one another too deep".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Where a block is that finds what it needs: where it says, or where its neighbours are. Those of sound clients are in the
    /// same place; of others, any counts.
    fn place(&mut self, at: (usize, usize)) -> Option<Place> {
        let (mut todo, mut passed, mut place) = (vec![at], Vec::new(), None);
        while let Some(at) = todo.pop() {
            if let Some(found) = self.places.get(&at) {
                place = join(place, *found);
                continue;
            }
            self.places.insert(at, None);
            passed.push(at);
            let block = &self.runs[at.0].blocks[at.1];
            match &block.parent {
                Some(Parent::Root(name)) => place = join(place, Some(self.here.root(name))),
                Some(Parent::Item(id)) => place = join(place, self.inside(*id)),
                None => {
                    for id in &block.needs {
                        match self.find(*id) {
                            Some(neighbour) => todo.push(neighbour),
                            None => place = join(place, self.here.beside(*id)),
                        }
                    }
                }
            }
        }
        self.places.extend(passed.into_iter().map(|at| (at, place)));
        place
    }

    fn inside(&self, id: Id) -> Option<Place> {
        let Some(at) = self.find(id) else { return self.here.inside(id) };
        // A type's own place was looked for when it was taken.
        let around = self.places.get(&at).copied().flatten()?;
        Some(Place { list: self.runs[at.0].blocks[at.1].content == Content::List, depth: around.depth + 1 })
    }

    /// The block of an id that is not here yet.
    fn find(&self, (client, clock): Id) -> Option<(usize, usize)> {
        let run = *self.of.get(&client).filter(|_| self.here.known(client) <= clock)?;
        let blocks = &self.runs[run].blocks;
        let at = blocks.partition_point(|block| block.ticks.end <= clock);
        (at < blocks.len()).then_some((run, at))
    }

    fn is_here(&self, (client, clock): &Id) -> bool {
        self.of.get(client).map_or_else(|| self.here.known(*client), |at| self.ends[*at]) > *clock
    }

    fn can_hold(&mut self, id: Id) -> bool {
        match self.find(id) {
            Some((run, at)) => {
                let content = self.runs[run].blocks[at].content;
                matches!(content, Content::Type | Content::List | Content::Gone)
            }
            None => self.here.can_hold(id),
        }
    }
}

fn join(one: Option<Place>, other: Option<Place>) -> Option<Place> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Place { list: one.list || other.list, depth: one.depth.max(other.depth) }),
        (one, other) => one.or(other),
    }
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

    /// So many ticks of each client are here, each in a root that is no list.
    struct Known<F>(F);

    impl<F: Fn(u64) -> u32> Here for Known<F> {
        fn known(&self, client: u64) -> u32 {
            (self.0)(client)
        }

        fn can_hold(&mut self, _: Id) -> bool {
            true
        }

        fn beside(&self, _: Id) -> Option<Place> {
            Some(self.root(""))
        }

        fn inside(&self, _: Id) -> Option<Place> {
            Some(Place { list: false, depth: 1 })
        }

        fn root(&self, name: &str) -> Place {
            Place { list: name == "cells", depth: 0 }
        }
    }

    fn check(update: &[u8], known: impl Fn(u64) -> u32) -> Result<Ready, UpdateError> {
        ready(update, &crate::guard::update(update).unwrap(), &mut Known(known))
    }
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
            check(update, |client| known.iter().find(|(id, _)| *id == client).map_or(0, |(_, clock)| *clock)).unwrap()
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
        assert_eq!(check(&moved, |_| 1), Ok(Ready::Part(vec![0, 0])));
        assert_eq!(check(&moved, |_| 5), Ok(Ready::All));
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
        let Ok(Ready::Part(part)) = check(&both, |_| 0) else { panic!("all is ready") };
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

    /// One client's blocks, each a value in the map `a` or in the block of the client with this clock.
    fn values(client: u8, parents: &[Option<[u8; 2]>]) -> Vec<u8> {
        let block = |parent: &Option<[u8; 2]>| match parent {
            None => vec![0x28, 1, 1, b'a', 1, b'k', 1, 126],
            Some([client, clock]) => vec![0x28, 0, *client, *clock, 1, b'k', 1, 126],
        };
        [vec![parents.len() as u8, client, 0], parents.iter().flat_map(block).collect()].concat()
    }

    #[test]
    fn what_needs_itself_or_what_comes_later_is_not_ready() {
        let check = |runs: &[Vec<u8>]| {
            let update = [vec![runs.len() as u8], runs.concat(), vec![0]].concat();
            check(&update, |_| 0)
        };
        let first = |client| [vec![1], values(client, &[None]), vec![0]].concat();
        assert_eq!(check(&[values(5, &[None, Some([5, 1])])]), Ok(Ready::Part(first(5))));
        assert_eq!(check(&[values(5, &[None, Some([5, 2]), None])]), Ok(Ready::Part(first(5))));
        let circle = check(&[values(5, &[Some([6, 0])]), values(6, &[Some([5, 0])])]);
        assert_eq!(circle, Ok(Ready::Part(vec![0, 0])));
        // What is there and holds nothing.
        assert!(check(&[values(5, &[None, Some([5, 0])])]).is_err());
        assert!(check(&[values(5, &[Some([6, 0])]), values(6, &[None])]).is_err());
    }

    #[test]
    fn two_authors_who_take_turns_are_ready_in_either_order() {
        let [ana, ben] = [1, 2].map(Doc::with_client_id);
        let mut all = vec![];
        for turn in 0..40 {
            let (from, to) = if turn % 2 == 0 { (&ana, &ben) } else { (&ben, &ana) };
            let text = from.get_or_insert_text("source");
            let mut txn = from.transact_mut();
            text.push(&mut txn, "x");
            let update = txn.encode_update_v1();
            to.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).unwrap();
            all.push(update);
        }
        let all = yrs::merge_updates_v1(&all).unwrap();
        assert_eq!(check(&all, |_| 0), Ok(Ready::All));
    }

    #[test]
    fn a_text_with_pairs_is_in_no_list() {
        let text = |head: &[u8], text: &str| [head, &[text.len() as u8], text.as_bytes()].concat();
        let cells = [&[4, 1, 5], &b"cells"[..]].concat();
        let source = [&[4, 1, 6], &b"source"[..]].concat();
        let update = |blocks: &[Vec<u8>]| [vec![1, blocks.len() as u8, 9, 0], blocks.concat(), vec![0]].concat();
        let refused = |blocks: &[Vec<u8>]| check(&update(blocks), |_| 0).is_err();
        assert!(refused(&[text(&cells, "🐚")]));
        assert!(!refused(&[text(&cells, "é"), text(&source, "🐚")]));
        // Beside something in a list, on either side, and in a list that comes with it.
        assert!(refused(&[text(&cells, "a"), text(&[0x84, 9, 0], "b"), text(&[0x84, 9, 1], "🐚")]));
        assert!(refused(&[text(&cells, "a"), vec![0, 1], text(&[0xc4, 9, 1, 9, 0], "🐚")]));
        assert!(!refused(&[text(&source, "a"), text(&[0x84, 9, 0], "🐚")]));
        let list = [vec![0x27, 1, 4], b"meta".to_vec(), vec![1, b'k', 0]].concat();
        assert!(refused(&[list.clone(), text(&[4, 0, 9, 0], "🐚")]));
        assert!(!refused(&[[&list[..list.len() - 1], &[2]].concat(), text(&[4, 0, 9, 0], "🐚")]));
    }
}
