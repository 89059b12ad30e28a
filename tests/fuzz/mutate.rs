//! Changes bytes as a searcher would: blindly, and for parts that are JSON also as JSON.
//!
//! Everything comes from one seed: the same seed makes the same bytes on every machine.

use super::targets::BETWEEN;
use serde_json::{Value, json};

/// Splitmix64.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }
}

const WORDS: [&str; 24] = [
    "\u{feff}",
    "\r\n",
    "\r",
    "\n",
    "\u{2028}",
    "\u{85}",
    "🐚",
    "\\ud83d",
    "\\u0000",
    "1.0",
    "1e400",
    "-0",
    "\"id\":",
    "null",
    "{}",
    "[]",
    ",",
    "\"",
    "\0",
    "\u{c}",
    "\"cell_type\"",
    "\"source\"",
    "nbformat",
    "\u{7f}",
];

/// The same bytes, changed in a few places; `other` may lend a part.
pub(crate) fn mutated(dice: &mut Dice, bytes: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(3) {
        if dice.below(3) == 0 || !as_json(dice, &mut bytes) {
            blindly(dice, &mut bytes, other);
        }
    }
    bytes
}

fn blindly(dice: &mut Dice, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = dice.below(bytes.len() + 1);
    let end = (at + dice.below(16)).min(bytes.len());
    match dice.below(8) {
        0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        1 if at < bytes.len() => bytes[at] = dice.below(256) as u8,
        2 => drop(bytes.drain(at..end)),
        3 => {
            let copy = bytes[at..end].to_vec();
            let to = dice.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        4 => {
            let from = dice.below(other.len() + 1);
            let until = (from + dice.below(64)).min(other.len());
            bytes.splice(at..end, other[from..until].iter().copied());
        }
        5 => drop(bytes.splice(at..at, WORDS[dice.below(WORDS.len())].bytes())),
        6 => drop(bytes.splice(at..at, [[0xff; 4], [0x80; 4], [0; 4]][dice.below(3)])),
        _ => bytes.insert(at, dice.below(256) as u8),
    }
}

/// Changes one of the parts that are JSON; `false` if there is none.
fn as_json(dice: &mut Dice, bytes: &mut Vec<u8>) -> bool {
    let Some((first, rest)) = bytes.split_first() else { return false };
    let mut parts: Vec<Vec<u8>> = rest.split(|byte| *byte == BETWEEN).map(<[u8]>::to_vec).collect();
    let readable: Vec<(usize, Value)> =
        parts.iter().enumerate().filter_map(|(at, part)| Some((at, serde_json::from_slice(part).ok()?))).collect();
    if readable.is_empty() {
        return false;
    }
    let (at, mut value) = readable[dice.below(readable.len())].clone();
    for _ in 0..=dice.below(4) {
        change(dice, &mut value);
    }
    let text = match dice.below(4) {
        0 => value.to_string(),
        1 => serde_json::to_string_pretty(&value).unwrap_or_default().replace('\n', "\r\n"),
        _ => serde_json::to_string_pretty(&value).unwrap_or_default() + "\n",
    };
    // Often the next part becomes a change of this one: a program that edited a file.
    let to = if dice.below(2) == 0 && at + 1 < parts.len() { at + 1 } else { at };
    parts[to] = text.into_bytes();
    let all = parts.join(&BETWEEN);
    *bytes = [&[*first][..], &all].concat();
    true
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

/// The value at a position in the order of reading.
fn node<'a>(value: &'a mut Value, at: &mut usize) -> Option<&'a mut Value> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|value| node(value, at)),
        Value::Object(map) => map.values_mut().find_map(|value| node(value, at)),
        _ => None,
    }
}

fn change(dice: &mut Dice, root: &mut Value) {
    let total = count(root);
    let lent = node(root, &mut dice.below(total)).cloned().unwrap_or(Value::Null);
    let Some(value) = node(root, &mut dice.below(total)) else { return };
    let odd = [
        json!(null),
        json!(true),
        json!(0),
        json!(1.0),
        json!(-1e300),
        json!(u64::MAX),
        json!(""),
        json!([]),
        json!({}),
    ];
    match (dice.below(9), value) {
        (0, value) => *value = odd[dice.below(odd.len())].clone(),
        (1, value) if count(&lent) < 60 => *value = lent,
        (2 | 3, Value::Array(list)) if !list.is_empty() => {
            let at = dice.below(list.len());
            let copy = list[at].clone();
            list.insert(dice.below(list.len() + 1), copy);
        }
        (4 | 5, Value::Array(list)) if !list.is_empty() => drop(list.remove(dice.below(list.len()))),
        (6, Value::Array(list)) if !list.is_empty() => {
            let (one, other) = (dice.below(list.len()), dice.below(list.len()));
            list.swap(one, other);
        }
        (2..=4, Value::Object(map)) if !map.is_empty() => {
            let key = map.keys().nth(dice.below(map.len())).cloned().unwrap_or_default();
            map.remove(&key);
        }
        (_, Value::Object(map)) => {
            let keys = [
                "id",
                "metadata",
                "outputs",
                "source",
                "attachments",
                "execution_count",
                "trusted",
                "text",
                "data",
                "k",
            ];
            map.insert(keys[dice.below(keys.len())].to_owned(), lent);
        }
        (7, value) if value.is_string() => {
            *value = json!(value.as_str().unwrap_or_default().split_inclusive('\n').collect::<Vec<_>>());
        }
        (_, Value::String(string)) => {
            let places: Vec<usize> = (0..=string.len()).filter(|at| string.is_char_boundary(*at)).collect();
            let (one, other) = (places[dice.below(places.len())], places[dice.below(places.len())]);
            match dice.below(3) {
                0 => drop(string.drain(one.min(other)..one.max(other))),
                1 => {
                    let end = string.split_off(other);
                    *string = [string.as_str(), &end, &end].concat();
                }
                _ => string.insert_str(one, WORDS[dice.below(WORDS.len())]),
            }
        }
        _ => {}
    }
}
