//! Awareness of several clients: nobody speaks another away, nobody leaves anything behind, and nothing of it reaches the
//! document.

use super::input::Input;
use super::stage::{ANA, BEN, EVE, Stage, VIC, body, frame, number};
use protocol::DocumentKind;
use std::collections::BTreeMap;

pub(super) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut stage = Stage::new(DocumentKind::text(), b"one\n");
    stage.pass(10_000);
    let document = stage.state();
    for _ in 0..64 {
        if input.is_empty() {
            break;
        }
        let what = input.byte();
        let client = [ANA, BEN, VIC, ANA][usize::from(what & 3)];
        match what >> 2 {
            0..=15 => stage.frame(client, &frame(&[1], input.chunk())),
            16..=19 => stage.frame(client, &[3]),
            20..=23 => {
                stage.leave(client);
                stage.join(client);
            }
            24..=27 => stage.pass(u64::from(input.byte()) * 200),
            28..=31 => {
                let known = present(&mut stage, BEN);
                let mut entries = vec![known.len() as u8 & 0x7f];
                for id in known.keys().take(0x7f) {
                    entry(&mut entries, *id, u64::from(input.byte()) << (what & 0x1f), "null");
                }
                let own = |stage: &mut Stage| present(stage, EVE).len();
                let before = own(&mut stage);
                stage.frame(EVE, &frame(&[1], &entries));
                assert_eq!(own(&mut stage), before, "a stranger says that others are gone, and they are");
            }
            _ => {
                let mut entries = Vec::new();
                let count = input.byte() % 8;
                entries.push(count);
                for _ in 0..count {
                    let (id, clock, state) = (input.byte(), input.byte(), input.byte());
                    let states = [
                        "null",
                        "{}",
                        "{\"user\": {\"name\": \"x\", \"display_name\": \"X\"}}",
                        "1",
                        "{",
                        "[]",
                        "\"\"",
                        "",
                    ];
                    let clock = if clock & 1 == 0 { u64::from(clock) } else { u64::MAX - u64::from(clock >> 1) };
                    entry(&mut entries, u64::from(id), clock, states[usize::from(state) % states.len()]);
                }
                stage.frame(client, &frame(&[1], &entries));
            }
        }
    }
    assert!(present(&mut stage, BEN).len() <= 3 * 256, "more ids than three clients may speak for");
    for client in [ANA, BEN, VIC] {
        stage.leave(client);
    }
    stage.join(ANA);
    assert!(present(&mut stage, ANA).is_empty(), "somebody who left is still here");
    assert!(stage.state() == document, "the document changed");
}

fn entry(out: &mut Vec<u8>, id: u64, clock: u64, state: &str) {
    number(out, id);
    number(out, clock);
    number(out, state.len() as u64);
    out.extend_from_slice(state.as_bytes());
}

/// Who is here, as the room answers a client that asks; each state is JSON.
fn present(stage: &mut Stage, client: protocol::ClientId) -> BTreeMap<u64, serde_json::Value> {
    let stranger = client == EVE;
    if stranger {
        stage.join(EVE);
    }
    stage.sent.clear();
    stage.frame(client, &[3]);
    let mut all = BTreeMap::new();
    for (_, bytes) in stage.sent.iter().filter(|(to, bytes)| *to == Some(client) && bytes.starts_with(&[1])) {
        let mut rest = body(bytes, 1);
        for _ in 0..read(&mut rest) {
            let (id, _clock, length) = (read(&mut rest), read(&mut rest), read(&mut rest) as usize);
            let (state, after) = rest.split_at(length);
            rest = after;
            let state: serde_json::Value = serde_json::from_slice(state).expect("a state is JSON");
            if !state.is_null() {
                all.insert(id, state);
            }
        }
        assert!(rest.is_empty(), "more than it says");
    }
    all
}

fn read(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for place in 0..10 {
        let (first, rest) = bytes.split_first().expect("a number");
        *bytes = rest;
        number |= u64::from(first & 0x7f) << (7 * place);
        if *first < 0x80 {
            break;
        }
    }
    number
}
