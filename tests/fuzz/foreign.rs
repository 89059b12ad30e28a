//! Updates that no sound client makes, each given to a room that people are in.

use crate::targets::edit;
use crate::targets::input::Input;
use crate::targets::stage::{ANA, BEN, Stage, VIC, frame, number};
use protocol::DocumentKind;

/// An update with blocks of client 77, each a plain value under a key of the map `state` or of what the block of this number is.
fn values(parents: &[Option<u8>]) -> Vec<u8> {
    let block = |parent: &Option<u8>| match parent {
        None => [&[0x28, 1, 5], &b"state"[..], &[1, b'k', 1, 126]].concat(),
        Some(clock) => vec![0x28, 0, 77, *clock, 1, b'k', 1, 126],
    };
    [vec![1, parents.len() as u8, 77, 0], parents.iter().flat_map(block).collect(), vec![0]].concat()
}

/// Gives the update to the room; returns how many updates are in the log then.
fn give(stage: &mut Stage, update: &[u8]) -> usize {
    stage.frame(BEN, &frame(&[0, 2], update));
    stage.log.len()
}

/// Ana types, Vic follows and asks anew, the room crashes and opens again: all have what was typed.
fn all_goes_on(mut stage: Stage) {
    for turn in 0..3u8 {
        let question = frame(&[0, 0], &stage.follower.state_vector());
        stage.frame(VIC, &question);
        let input = [1, turn * 4, 2, b'h', b'i'];
        let update = edit::update(stage.model, &stage.state(), 100, &mut Input::new(&input)).unwrap();
        let logged = stage.log.len();
        assert!(give(&mut stage, &update) > logged, "what Ana types is logged");
    }
    stage.pass(60_000);
    let file = stage.disk.clone().unwrap();
    assert_eq!(String::from_utf8_lossy(&file).matches("hi").count(), 3);
    assert_eq!(stage.follower.to_bytes(b""), file);
    stage.crash();
    stage.join(ANA);
    stage.pass(60_000);
    assert_eq!(stage.disk.clone().unwrap(), file);
    assert_eq!(stage.follower.to_bytes(b""), file);
}

#[test]
fn sync_63_what_is_in_a_value_that_holds_nothing_is_refused_whole() {
    let mut stage = Stage::new(DocumentKind::text(), b"one\n");
    let (logged, state) = (stage.log.len(), stage.state());
    // In an earlier part of the same update, and in what is here already.
    assert_eq!(give(&mut stage, &values(&[None, Some(0)])), logged);
    assert_eq!(stage.state(), state);
    assert_eq!(give(&mut stage, &values(&[None])), logged + 1);
    assert_eq!(give(&mut stage, &values(&[None, Some(0)])), logged + 1);
    // In what comes only later.
    let other = [&[1, 1, 78, 0, 0x28, 0, 77, 1, 1, b'k', 1, 126], &[0][..]].concat();
    assert_eq!(give(&mut stage, &other), logged + 1);
    assert_eq!(give(&mut stage, &values(&[None, None])), logged + 2);
    all_goes_on(stage);
}

#[test]
fn sync_64_what_builds_on_itself_or_on_what_comes_after_it_is_not_taken() {
    let mut stage = Stage::new(DocumentKind::text(), b"one\n");
    let logged = stage.log.len();
    // The first part is sound; the second needs itself, the fourth is in what can hold nothing.
    assert_eq!(give(&mut stage, &values(&[None, Some(1), Some(3), Some(1)])), logged + 1);
    let question = frame(&[0, 0], &stage.follower.state_vector());
    stage.frame(VIC, &question);
    // Somebody says soundly what those ids are.
    assert_eq!(give(&mut stage, &values(&[None, None, None])), logged + 2);
    all_goes_on(stage);
}

#[test]
fn sync_66_what_no_client_puts_anywhere_does_not_stop_the_room() {
    let mut stage = Stage::new(DocumentKind::text(), b"one\n");
    let logged = stage.log.len();
    // A list under a key of `state`, and in it a text of which a list can read a half only; also beside a sound one.
    let list = [&[0x27, 1, 5], &b"state"[..], &[1, b'k', 0]].concat();
    let text = |head: &[u8], text: &str| [head, &[text.len() as u8], text.as_bytes()].concat();
    let update =
        |start: u8, blocks: &[Vec<u8>]| [vec![1, blocks.len() as u8, 77, start], blocks.concat(), vec![0]].concat();
    assert_eq!(give(&mut stage, &update(0, &[list.clone(), text(&[4, 0, 77, 0], "🐚")])), logged);
    assert_eq!(give(&mut stage, &update(0, &[list, text(&[4, 0, 77, 0], "a")])), logged + 1);
    assert_eq!(give(&mut stage, &update(2, &[text(&[4, 0, 77, 0], "🐚")])), logged + 1);
    assert_eq!(give(&mut stage, &update(2, &[text(&[0x84, 77, 1], "🐚")])), logged + 1);
    assert_eq!(give(&mut stage, &update(2, &[text(&[0x44, 77, 1], "🐚")])), logged + 1);
    // Maps in maps, so deep that deleting the outermost would take the whole stack, at once and bit by bit.
    let deep = |start: u64, count: u64| {
        let mut bytes = vec![1];
        for value in [count, 78, start] {
            number(&mut bytes, value);
        }
        for clock in start..start + count {
            bytes.extend(if clock == 0 {
                [&[0x27, 1, 5], &b"state"[..], &[1, b'd', 1]].concat()
            } else {
                let mut block = vec![0x27, 0, 78];
                number(&mut block, clock - 1);
                [block, vec![1, b'd', 1]].concat()
            });
        }
        [bytes, vec![0]].concat()
    };
    assert_eq!(give(&mut stage, &deep(0, 100_000)), logged + 1);
    for start in 0..200 {
        give(&mut stage, &deep(start, 1));
    }
    let taken = stage.log.len() - logged - 1;
    assert!((10..100).contains(&taken), "{taken} in one another");
    give(&mut stage, &[0, 1, 78, 1, 0, 1]);
    all_goes_on(stage);
}
