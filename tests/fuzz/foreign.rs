//! Updates that no sound client makes, each given to a room that people are in.

use crate::targets::edit;
use crate::targets::input::Input;
use crate::targets::stage::{ANA, BEN, Stage, VIC, frame};
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
