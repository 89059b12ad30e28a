//! Awareness of several clients: nobody speaks another away, nobody leaves anything behind, and nothing of it reaches the
//! document; and no stock client stops at what it hears.

use super::input::Input;
use super::stage::{ANA, BEN, EVE, Stage, VIC, body, frame, number};
use protocol::DocumentKind;
use serde_json::Value;
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
                    let clock = match clock & 3 {
                        1 => u64::from(u32::MAX) - u64::from(clock >> 2),
                        3 => u64::MAX - u64::from(clock >> 2),
                        _ => u64::from(clock),
                    };
                    let state = match usize::from(state) {
                        said if said < states.len() => states[said].to_owned(),
                        _ => said(&mut input),
                    };
                    entry(&mut entries, u64::from(id), clock, &state);
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

/// A state with parts that stock clients read, some of them in no form that they expect.
fn said(input: &mut Input<'_>) -> String {
    let values = ["null", "5", "-1", "0.5", "9007199254740992", "\"source\"", "{}", "[]", "[null]", "[\"a\"]"];
    let ids = ["{\"client\": 1, \"clock\": 2}", "{\"client\": 1}", "{\"client\": -1, \"clock\": 0}"];
    let any = |input: &mut Input<'_>| {
        let at = usize::from(input.byte());
        (if at & 0x80 == 0 { values[at % values.len()] } else { ids[at % ids.len()] }).to_owned()
    };
    let object = |input: &mut Input<'_>, keys: &[&str], value: &dyn Fn(&mut Input<'_>) -> String| {
        let which = input.byte();
        let keys = keys.iter().enumerate().filter(|(at, _)| which >> at & 1 == 0);
        let parts: Vec<String> = keys.map(|(_, key)| format!("\"{key}\": {}", value(input))).collect();
        format!("{{{}}}", parts.join(", "))
    };
    let place = |input: &mut Input<'_>| match input.byte() % 8 {
        0 => any(input),
        1 => object(input, &["item", "type", "tname", "assoc"], &any),
        2 => format!("{{\"item\": {}, \"type\": null, \"tname\": null}}", any(input)),
        _ => "{\"item\": null, \"type\": null, \"tname\": \"source\"}".to_owned(),
    };
    let caret = |input: &mut Input<'_>| match input.byte() % 8 {
        0 => any(input),
        _ => object(input, &["anchor", "head"], &place),
    };
    let carets = |input: &mut Input<'_>| match input.byte() % 8 {
        0 => any(input),
        count => format!("[{}]", (0..count % 4).map(|_| caret(input)).collect::<Vec<_>>().join(", ")),
    };
    let mut parts = Vec::new();
    for _ in 0..4 {
        parts.push(match input.byte() % 8 {
            0 => format!("\"cursors\": {}", carets(input)),
            1 => format!("\"cursor\": {}", caret(input)),
            2 => format!("\"user\": {}", object(input, &["username", "name", "initials", "color"], &any)),
            3 => format!("\"user\": {}", any(input)),
            4 => format!("\"current\": {}", any(input)),
            5 => format!("\"documents\": {}", any(input)),
            6 => format!("\"long\": \"{}\"", "x".repeat(usize::from(input.byte()) * 1024)),
            _ => format!("\"other\": {}", any(input)),
        });
    }
    format!("{{{}}}", parts.join(", "))
}

/// Goes through a state as JupyterLab's and CodeMirror's code do, and panics where they would throw.
fn read_as_stock_clients_do(state: &Value) {
    let is = |value: &Value| !matches!(value, Value::Null | Value::Bool(false)) && *value != 0 && *value != "";
    let place = |place: &Value| {
        let part = |key: &str| place.get(key).unwrap_or_else(|| panic!("{key} of {place} is undefined"));
        let id = |id: &Value| {
            assert!(id["client"].as_u64().is_some_and(|client| client < 1 << 53), "no client: {place}");
            assert!(id["clock"].is_u64(), "no clock: {place}");
        };
        match (part("item"), part("tname"), part("type")) {
            (Value::Null, Value::Null, Value::Null) => panic!("a place that is nowhere"),
            (Value::Null, Value::Null, kind) => id(kind),
            (Value::Null, name, _) => assert!(name.is_string(), "a root is named {name}"),
            (item, ..) => id(item),
        }
    };
    let caret = |caret: &Value| {
        for end in ["anchor", "head"] {
            caret.get(end).filter(|end| is(end)).map(place);
        }
    };
    if !state["cursors"].is_null() {
        for each in state["cursors"].as_array().expect("carets are a list") {
            assert!(each.is_object(), "no caret: {each}");
            caret(each);
        }
    }
    caret(&state["cursor"]);
    for part in ["username", "name", "display_name", "initials", "color", "avatar_url"] {
        let part = &state["user"][part];
        assert!(!part.is_object() && !part.is_array(), "cannot be shown: {part}");
    }
    assert!(!is(&state["current"]) || state["current"].is_string(), "cannot be split: {state}");
    if is(&state["documents"]) {
        assert!(state["documents"].as_array().expect("documents").iter().all(Value::is_string), "no paths: {state}");
    }
}

fn entry(out: &mut Vec<u8>, id: u64, clock: u64, state: &str) {
    number(out, id);
    number(out, clock);
    number(out, state.len() as u64);
    out.extend_from_slice(state.as_bytes());
}

/// Who is here, as the room answers a client that asks; each state is JSON.
fn present(stage: &mut Stage, client: protocol::ClientId) -> BTreeMap<u64, Value> {
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
            let (id, clock, length) = (read(&mut rest), read(&mut rest), read(&mut rest) as usize);
            assert!(id < 1 << 53 && clock <= u64::from(u32::MAX), "numbers that clients cannot read: {id}, {clock}");
            let (state, after) = rest.split_at(length);
            rest = after;
            let state: Value = serde_json::from_slice(state).expect("a state is JSON");
            read_as_stock_clients_do(&state);
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
